//! [`Grep`] reports what ripgrep's own crates report, whatever the chunk size and the number of threads.
//!
//! The text is searched twice: by this crate, with a [`Format`] that prints as grep-printer does, and by grep-searcher
//! with grep-printer. `MAPGREP_CASES` sets how many random cases each property is tried with.
//!
//! Deliberate differences, which the cases leave out:
//!
//! * With a limit on selected lines, grep-searcher reports and counts matching lines in the context behind the last of
//!   them as selected ones, also where only a count is wanted. Here they are context.
//! * An empty match behind the last byte of a text without a line end is a match like others here. grep-searcher
//!   selects the line for it, and grep-printer does not see it.
//! * A limit of no lines at all is a matter of the command.
//! * When lines are selected that do not match, grep-searcher goes on to the end of its buffer after a sink has asked
//!   it to stop, and then with the next one, so that in a binary file its number of selected lines and its breaks mean
//!   nothing.
//! * `\A` and `\z` are the ends of the line. grep-searcher selects lines in that sense as well, but grep-printer looks
//!   for the matches in them in another.
//! * Context is kept in the 64 KiB buffer of grep-searcher, which shifts its reads, and with them where a stream starts
//!   to count as binary.
//! * A line that begins with a stray UTF-8 continuation byte: word boundaries next to it depend on whether the line
//!   before was selected, because grep-searcher cuts off there.

use std::{
    fmt,
    io::{self, Read},
    ops::ControlFlow,
};

use grep_printer::{StandardBuilder, SummaryBuilder, SummaryKind};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder};
use mapgrep::{
    Error,
    grep::{Binary, Format, Goal, Grep, GrepBuilder, Line, LineKind, Plain, Summary},
    matcher::{Case, MatcherBuilder},
};
use proptest::{prelude::*, sample::select, test_runner::TestCaseError};

use crate::oracle::{
    lines,
    memory::{memory, pool},
};

const PATTERNS: &[&str] = &[
    "foo",
    "a",
    "foo|bar",
    "fo+",
    "[a-c]",
    "^",
    "$",
    "^$",
    "",
    "x*",
    "a*",
    "o??",
    r"\b",
    r"\B",
    r"\bfoo\b",
    "^foo",
    "foo$",
    "^a+$",
    r"\w+",
    r"\s",
    "(?i)FOO",
    "Foo",
    ".",
    "(?s)foo.*bar",
    "[^a]",
    "é|É",
    r"\Afoo",
    r"foo\z|a\z",
    "\r$",
    "o\r?$",
    ".{5,20}r",
    "x+",
    "(f)(o+)?",
    "foo bar",
    "needle",
];

/// Bytes, shown as an expression that can be pasted, in which runs of equal lines are short.
#[derive(Clone, PartialEq, Eq)]
struct Text(Vec<u8>);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.split_inclusive(|&byte| byte == b'\n').collect();
        write!(f, "[")?;
        for run in lines.chunk_by(|a, b| a == b) {
            write!(f, "b\"{}\".repeat({}), ", run[0].escape_ascii(), run.len())?;
        }
        write!(f, "].concat()")
    }
}

#[derive(Clone, Debug)]
struct Patterns {
    texts: Vec<String>,
    fixed: bool,
    case: Case,
    word: bool,
    whole_line: bool,
}

#[derive(Clone, Debug, Default)]
struct Options {
    invert: bool,
    before: usize,
    after: usize,
    max_count: Option<u64>,
    numbers: bool,
    offsets: bool,
    columns: bool,
    only_matching: bool,
    binary: Binary,
}

/// How the text gets to the search, and how that is cut up.
#[derive(Clone, Copy, Debug)]
struct Way {
    mapped: bool,
    chunk: usize,
    threads: usize,
}

/// What was reported and counted.
#[derive(Clone, Default, PartialEq, Eq)]
struct Report {
    out: Vec<u8>,
    lines: Option<u64>,
    matches: Option<u64>,
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lines, matches) = (self.lines, self.matches);
        write!(f, "{lines:?} lines, {matches:?} matches, b\"{}\"", self.out.escape_ascii())
    }
}

impl Patterns {
    fn of(text: &str) -> Self {
        Patterns { texts: vec![text.to_owned()], fixed: false, case: Case::Sensitive, word: false, whole_line: false }
    }

    fn grep(&self, builder: &GrepBuilder) -> Grep {
        let matcher = MatcherBuilder::new()
            .by_line(true)
            .fixed_strings(self.fixed)
            .case(self.case)
            .word(self.word)
            .whole_line(self.whole_line)
            .build(&self.texts)
            .unwrap();
        builder.build(matcher).unwrap()
    }

    fn oracle(&self) -> RegexMatcher {
        RegexMatcherBuilder::new()
            .multi_line(true)
            .line_terminator(Some(b'\n'))
            .fixed_strings(self.fixed)
            .case_insensitive(self.case == Case::Insensitive)
            .case_smart(self.case == Case::Smart)
            .word(self.word)
            .whole_line(self.whole_line)
            .build_many(&self.texts)
            .unwrap()
    }

    fn has_text_anchors(&self) -> bool {
        self.texts.iter().any(|pattern| pattern.contains(r"\A") || pattern.contains(r"\z"))
    }

    /// There may be an empty match behind the last byte.
    fn may_match_behind(&self, text: &[u8]) -> bool {
        let empty = |pattern: &String| {
            let tree = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern);
            pattern.is_empty() || (!self.fixed && tree.is_ok_and(|tree| tree.properties().minimum_len() == Some(0)))
        };
        text.last() != Some(&b'\n') && self.texts.iter().any(empty)
    }

    /// The last of the deliberate differences.
    fn has_odd_neighbour(&self, text: &[u8]) -> bool {
        let assertion = self.word || self.texts.iter().any(|pattern| pattern.contains(r"\B"));
        assertion && text.windows(2).any(|pair| matches!(pair[0], b'\n' | 0) && pair[1] & 0xC0 == 0x80)
    }
}

impl Options {
    fn builder(&self, chunk: usize) -> GrepBuilder {
        let mut builder = GrepBuilder::new();
        builder
            .invert_match(self.invert)
            .before_context(self.before)
            .after_context(self.after)
            .max_count(self.max_count)
            .line_numbers(self.numbers)
            .binary_detection(self.binary)
            .chunk_size(chunk);
        builder
    }

    fn searcher(&self) -> Searcher {
        SearcherBuilder::new()
            .bom_sniffing(false)
            .invert_match(self.invert)
            .before_context(self.before)
            .after_context(self.after)
            .max_matches(self.max_count)
            .line_number(self.numbers)
            .binary_detection(match self.binary {
                Binary::Text => BinaryDetection::none(),
                Binary::Suppress => BinaryDetection::convert(0),
                Binary::Quit => BinaryDetection::quit(0),
            })
            .build()
    }
}

/// Prints as grep-printer's `Standard` does without a path and without colours.
struct Printer<'a>(&'a Options);

impl Printer<'_> {
    fn print(&self, line: &Line<'_>, column: Option<usize>, offset: u64, text: &[u8], out: &mut Vec<u8>) {
        let separator = if line.kind == LineKind::Match { ':' } else { '-' };
        let column = column.filter(|_| self.0.columns).map(|column| column as u64 + 1);
        for field in [line.number, column, Some(offset).filter(|_| self.0.offsets)].into_iter().flatten() {
            out.extend_from_slice(format!("{field}{separator}").as_bytes());
        }
        out.extend_from_slice(text);
        if !text.ends_with(b"\n") {
            out.push(b'\n');
        }
    }
}

impl Format for Printer<'_> {
    fn wants_matches(&self) -> bool {
        self.0.columns || self.0.only_matching
    }

    fn only_matches(&self) -> bool {
        self.0.only_matching
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        if !self.0.only_matching || line.matches.is_empty() {
            let column = line.matches.first().map(|span| span.start);
            return self.print(line, column, line.offset, line.bytes, out);
        }
        for span in line.matches {
            self.print(
                line,
                Some(line.skipped as usize + span.start),
                line.offset + span.start as u64,
                &line.bytes[span.range()],
                out,
            );
        }
    }

    fn context_break(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--\n");
    }
}

/// A reader that hands out a few bytes at first, `step` at once from then on, and an error at the end, if there is one.
struct Steps {
    text: Vec<u8>,
    at: usize,
    first: usize,
    step: usize,
    error: Option<io::ErrorKind>,
}

impl Steps {
    fn new(text: &[u8], step: usize) -> Self {
        Steps { text: text.to_vec(), at: 0, first: 0, step, error: None }
    }

    /// The reads that grep-searcher makes: its decoder looks at three bytes to see whether they are a byte order mark,
    /// and hands out these three by themselves.
    fn peeked(text: &[u8]) -> Self {
        Steps { first: 3, ..Steps::new(text, usize::MAX) }
    }

    fn failing(self, error: io::ErrorKind) -> Self {
        Steps { error: Some(error), ..self }
    }
}

impl Read for Steps {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.text[self.at..];
        if let Some(error) = self.error.filter(|_| rest.is_empty()) {
            return Err(error.into());
        }
        let most = if self.at < self.first { self.first - self.at } else { self.step };
        let count = buffer.len().min(rest.len()).min(most);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

fn search(grep: &Grep, format: &dyn Format, text: &[u8], way: Way) -> (Vec<u8>, Summary) {
    let mut out = vec![];
    let mut emit = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        ControlFlow::Continue(())
    };
    let summary = match way.mapped {
        true => grep.search_mapping(&memory(text), format, pool(way.threads), &mut emit),
        false => grep.search_reader(Steps::peeked(text), format, pool(way.threads), &mut emit),
    };
    (out, summary.unwrap())
}

fn search_stream(grep: &Grep, format: &dyn Format, reader: Steps, threads: usize) -> (Vec<u8>, Result<Summary, Error>) {
    let mut out = vec![];
    let summary = grep.search_reader(reader, format, pool(threads), &mut |bytes| {
        out.extend_from_slice(bytes);
        ControlFlow::Continue(())
    });
    (out, summary)
}

/// What the command would show of the lines: with a message where the file is binary.
fn our_lines(patterns: &Patterns, options: &Options, text: &[u8], way: Way) -> Report {
    let format = Printer(options);
    let (mut out, summary) = search(&patterns.grep(&options.builder(way.chunk)), &format, text, way);
    if let Some(offset) = summary.binary.filter(|_| summary.matched_lines > 0) {
        let what = match options.binary {
            Binary::Quit => "WARNING: stopped searching binary file after match",
            _ => "binary file matches",
        };
        out.extend_from_slice(format!("{what} (found \"\\0\" byte around offset {offset})\n").as_bytes());
    }
    let countable = !(options.invert && options.binary != Binary::Text);
    Report {
        out,
        lines: countable.then_some(summary.matched_lines),
        matches: (countable && format.wants_matches()).then_some(summary.matches),
    }
}

fn their_lines(patterns: &Patterns, options: &Options, text: &[u8], way: Way) -> Report {
    let matcher = patterns.oracle();
    let mut printer = StandardBuilder::new()
        .path(false)
        .stats(true)
        .byte_offset(options.offsets)
        .column(options.columns)
        .only_matching(options.only_matching)
        .build_no_color(vec![]);
    let mut sink = printer.sink(&matcher);
    match way.mapped {
        true => options.searcher().search_slice(&matcher, text, &mut sink),
        false => options.searcher().search_reader(&matcher, text, &mut sink),
    }
    .unwrap();
    let countable = !(options.invert && options.binary != Binary::Text);
    let wants_matches = options.columns || options.only_matching;
    let lines = countable.then_some(sink.match_count());
    let matches = (countable && wants_matches).then_some(sink.stats().unwrap().matches());
    Report { out: printer.into_inner().into_inner(), lines, matches }
}

/// Fails with the lines around the first difference.
fn same(what: &dyn fmt::Debug, ours: &Report, theirs: &Report) -> Result<(), TestCaseError> {
    if ours == theirs {
        return Ok(());
    }
    let at = ours.out.iter().zip(&theirs.out).take_while(|(l, r)| l == r).count();
    let near = |report: &Report| {
        let out = report.out[at.saturating_sub(40)..report.out.len().min(at + 80)].to_vec();
        Report { out, ..*report }
    };
    Err(TestCaseError::fail(format!("{what:?}, from byte {at}:\n  ours {:?}\ntheirs {:?}", near(ours), near(theirs))))
}

fn agree_on_lines(patterns: &Patterns, options: &Options, text: &[u8], ways: &[Way]) -> Result<(), TestCaseError> {
    prop_assume!(!text.is_empty() && !patterns.has_odd_neighbour(text));
    for &way in ways {
        let options = comparable(options, patterns, text, way);
        let ours = our_lines(patterns, &options, text, way);
        same(&(way, &options), &ours, &their_lines(patterns, &options, text, way))?;
    }
    Ok(())
}

/// The options without those in which the two differ on purpose.
fn comparable(options: &Options, patterns: &Patterns, text: &[u8], way: Way) -> Options {
    let mut options = options.clone();
    if patterns.has_text_anchors() {
        (options.columns, options.only_matching) = (false, false);
    }
    if options.max_count.is_some() {
        options.after = 0;
    }
    if patterns.may_match_behind(text) {
        (options.columns, options.only_matching) = (false, false);
    }
    if !way.mapped && text.len() >= 64 << 10 && options.binary != Binary::Text && text.contains(&0) {
        (options.before, options.after) = (0, 0);
    }
    if !way.mapped && options.invert && options.binary == Binary::Suppress && text.contains(&0) {
        (options.before, options.after) = (0, 0);
    }
    // With anchors of the text theirs goes line by line, and takes one more than it shows: a NUL on that one counts.
    if !way.mapped && patterns.has_text_anchors() && options.binary == Binary::Suppress && text.contains(&0) {
        options.max_count = None;
    }
    options
}

fn agree_on_counts(patterns: &Patterns, options: &Options, text: &[u8], ways: &[Way]) -> Result<(), TestCaseError> {
    prop_assume!(!text.is_empty() && !patterns.has_odd_neighbour(text));
    let options = &Options { before: 0, after: 0, ..options.clone() };
    for &way in ways {
        let goals = [(Goal::CountLines, SummaryKind::Count), (Goal::CountMatches, SummaryKind::CountMatches)];
        for (goal, kind) in goals {
            if goal == Goal::CountMatches && (patterns.has_text_anchors() || patterns.may_match_behind(text)) {
                continue;
            }
            let grep = patterns.grep(options.builder(way.chunk).goal(goal));
            let (_, summary) = search(&grep, &Plain, text, way);
            let filtered = options.binary == Binary::Quit && summary.binary.is_some();
            let ours = match goal {
                _ if filtered => 0,
                Goal::CountMatches => summary.matches,
                _ => summary.matched_lines,
            };
            let matcher = patterns.oracle();
            let mut printer = SummaryBuilder::new().kind(kind).exclude_zero(false).build_no_color(vec![]);
            let mut sink = printer.sink(&matcher);
            match way.mapped {
                true => options.searcher().search_slice(&matcher, text, &mut sink),
                false => options.searcher().search_reader(&matcher, text, &mut sink),
            }
            .unwrap();
            let is_match = sink.has_match();
            let shown = String::from_utf8(printer.into_inner().into_inner()).unwrap();
            let theirs = if shown.is_empty() { 0 } else { shown.trim().parse().unwrap() };
            prop_assert_eq!(ours, theirs, "{:?} {:?} {:?}", goal, way, options);
            if options.binary == Binary::Text {
                let grep = patterns.grep(options.builder(way.chunk).goal(Goal::AnyLine));
                prop_assert_eq!(search(&grep, &Plain, text, way).1.matched_lines > 0, is_match);
            }
        }
    }
    Ok(())
}

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("MAPGREP_CASES").map_or(cases, |n| n.parse().expect("MAPGREP_CASES is a number"));
    ProptestConfig { cases, max_shrink_iters: 5_000, ..ProptestConfig::default() }
}

fn patterns() -> impl Strategy<Value = Patterns> {
    let text = || select(PATTERNS).prop_map(str::to_owned);
    let texts = prop_oneof![3 => prop::collection::vec(text(), 1), 1 => prop::collection::vec(text(), 2..=3)];
    let case = prop_oneof![4 => Just(Case::Sensitive), 1 => Just(Case::Insensitive), 1 => Just(Case::Smart)];
    let rare = || prop::bool::weighted(0.15);
    (texts, rare(), case, rare(), rare()).prop_map(|(texts, fixed, case, word, whole_line)| Patterns {
        texts,
        fixed,
        case,
        word,
        whole_line,
    })
}

fn options() -> impl Strategy<Value = Options> {
    let lines = || prop_oneof![2 => Just(0), 2 => 1..=4_usize];
    let max_count = prop_oneof![3 => Just(None), 1 => (1..=6_u64).prop_map(Some)];
    let binary = select(&[Binary::Text, Binary::Suppress, Binary::Quit][..]);
    let rare = || prop::bool::weighted(0.25);
    (any::<[bool; 2]>(), lines(), lines(), max_count, rare(), rare(), rare(), binary).prop_map(
        |([numbers, offsets], before, after, max_count, invert, columns, only_matching, binary)| Options {
            invert,
            before,
            after,
            max_count,
            numbers,
            offsets,
            columns,
            only_matching,
            binary,
        },
    )
}

/// Both ways, each cut up somehow.
fn ways(chunks: &'static [usize]) -> impl Strategy<Value = Vec<Way>> {
    let one =
        move |mapped| (select(chunks), 1..=8_usize).prop_map(move |(chunk, threads)| Way { mapped, chunk, threads });
    (one(true), one(false)).prop_map(|(mapped, stream)| vec![mapped, stream])
}

fn line(nul: bool) -> impl Strategy<Value = Vec<u8>> {
    let words: &[&str] = &["foo", "Foo", "bar", "a", "b", " ", "x", "é", "\t", "foo bar", "\r"];
    let texts = prop::collection::vec(select(words), 0..=6).prop_map(|words| words.concat().into_bytes());
    let whole: &[&[u8]] = &[b"foo", b"needle", b"a foo b", b"foo\r", b"aaa", b"\xFFfoo", b"\xA9foo", b"a\xC3 foo"];
    let long = (select(&["x", "a ", "foo", "\u{e9}"][..]), 1..400_usize, any::<bool>())
        .prop_map(|(word, n, needle)| [word.repeat(n).as_bytes(), if needle { b"needle" } else { b"" }].concat());
    let with_nul: &[&[u8]] = &[b"a\0foo", b"\0", b"foo\0", b"\0\0 needle"];
    prop_oneof![
        4 => texts,
        3 => select(whole).prop_map(<[u8]>::to_vec),
        2 => Just(vec![]),
        1 => long,
        u32::from(nul) => select(with_nul).prop_map(<[u8]>::to_vec),
    ]
}

/// Lines, with runs of the same one, with or without a line end at the end.
fn text(nul: bool) -> impl Strategy<Value = Text> {
    let run = prop_oneof![5 => Just(1), 1 => 2..=8_usize];
    (prop::collection::vec((line(nul), run), 1..=25), any::<bool>()).prop_map(|(runs, ended)| {
        let mut text = vec![];
        for (line, count) in runs {
            text.extend_from_slice(&[&line[..], b"\n"].concat().repeat(count));
        }
        if !ended {
            text.pop();
        }
        Text(text)
    })
}

/// A text that does not fit in one read: filled up with lines that rarely match, or with one long line, between two
/// shorter texts.
fn long_text() -> impl Strategy<Value = Text> {
    let filler = prop_oneof![
        2 => Just(&b"some line that is not of interest to anybody, \
            and goes on like that for eighty bytes or more\n"[..]),
        1 => Just(&b"................................................\
            ................................................."[..]),
        1 => Just(&b"\n\nq\n"[..]),
    ];
    let size = prop_oneof![1 => 60_000..70_000_usize, 1 => 130_000..210_000_usize, 1 => 0..260_000_usize];
    let nul = prop::bool::weighted(0.4);
    let middle = nul.prop_flat_map(text);
    (text(false), filler, size.clone(), middle, size, text(false)).prop_map(
        |(first, filler, size, middle, more, last)| {
            let fill = |size: usize| filler.repeat(if filler.len() < 10 { size / 10 } else { size } / filler.len());
            Text([first.0, fill(size), middle.0, b"\n".to_vec(), fill(more / 2), last.0].concat())
        },
    )
}

const SMALL_CHUNKS: &[usize] = &[1, 2, 3, 7, 16, 64, 200, 4096, 1 << 20];
const LARGE_CHUNKS: &[usize] = &[1000, 4096, 64 << 10, 1 << 20];

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn lines(patterns in patterns(), options in options(), text in text(true), ways in ways(SMALL_CHUNKS)) {
        agree_on_lines(&patterns, &options, &text.0, &ways)?;
    }

    #[test]
    fn counts(patterns in patterns(), options in options(), text in text(true), ways in ways(SMALL_CHUNKS)) {
        agree_on_counts(&patterns, &options, &text.0, &ways)?;
    }

    #[test]
    fn lines_by_definition(
        patterns in patterns(),
        options in options(),
        text in text(true),
        ways in ways(SMALL_CHUNKS),
    ) {
        let patterns = Patterns { case: Case::Sensitive, word: false, ..patterns };
        prop_assume!(!text.0.is_empty() && !patterns.has_odd_neighbour(&text.0));
        let each = patterns.texts.iter().map(|text| if patterns.fixed { regex::escape(text) } else { text.clone() });
        let each: Vec<_> = each.map(|text| if patterns.whole_line { format!("^(?:{text})$") } else { text }).collect();
        let regex = regex::bytes::RegexSetBuilder::new(&each).multi_line(true).build().unwrap();
        let Options { invert, before, after, max_count, .. } = options;
        let wanted = lines::Wanted { invert, before, after, max_count };
        let (out, lines) = lines::report(&text.0, |line| regex.is_match(line), wanted);
        let options = Options {
            numbers: true,
            offsets: true,
            columns: false,
            only_matching: false,
            binary: Binary::Text,
            ..options
        };
        let wanted = Report { out, lines: Some(lines), matches: None };
        for way in ways {
            same(&way, &our_lines(&patterns, &options, &text.0, way), &wanted)?;
        }
    }

    #[test]
    fn a_slow_reader_gives_the_same_lines(
        patterns in patterns(),
        options in options(),
        text in text(false),
        chunk in select(SMALL_CHUNKS),
        threads in 1..=8_usize,
        step in prop_oneof![Just(1), 1..=50_usize],
    ) {
        let grep = patterns.grep(&options.builder(chunk));
        let format = Printer(&options);
        let (slow, summary) = search_stream(&grep, &format, Steps::new(&text.0, step), threads);
        let (fast, wanted) = search_stream(&grep, &format, Steps::new(&text.0, usize::MAX), 1);
        let (summary, wanted) = (summary.unwrap(), wanted.unwrap());
        prop_assert_eq!((summary.matched_lines, summary.matches), (wanted.matched_lines, wanted.matches));
        prop_assert_eq!(Text(slow), Text(fast));
    }
}

proptest! {
    #![proptest_config(config(20))]

    #[test]
    fn lines_of_long_texts(
        patterns in patterns(),
        options in options(),
        text in long_text(),
        ways in ways(LARGE_CHUNKS),
    ) {
        agree_on_lines(&patterns, &options, &text.0, &ways)?;
    }

    #[test]
    fn counts_of_long_texts(
        patterns in patterns(),
        options in options(),
        text in long_text(),
        ways in ways(LARGE_CHUNKS),
    ) {
        agree_on_counts(&patterns, &options, &text.0, &ways)?;
    }

    /// As grep-searcher does, which searches what it has read before it reads on.
    #[test]
    fn what_was_read_before_an_error_is_reported(
        patterns in patterns(),
        options in options(),
        text in prop_oneof![text(false), long_text()],
        chunk in select(LARGE_CHUNKS),
        threads in 1..=4_usize,
        step in select(&[1000, 50_000, usize::MAX][..]),
    ) {
        let options = Options { binary: Binary::Text, max_count: None, ..options };
        // Of fewer bytes than a byte order mark has, grep-searcher sees none.
        prop_assume!(text.0.len() > 3 && !patterns.has_odd_neighbour(&text.0) && !patterns.has_text_anchors());
        prop_assume!(!patterns.may_match_behind(&text.0));
        let failing = || Steps::new(&text.0, step).failing(io::ErrorKind::ConnectionReset);
        let grep = patterns.grep(&options.builder(chunk));
        let (out, outcome) = search_stream(&grep, &Printer(&options), failing(), threads);
        let matcher = patterns.oracle();
        let mut printer = StandardBuilder::new()
            .path(false)
            .byte_offset(options.offsets)
            .column(options.columns)
            .only_matching(options.only_matching)
            .build_no_color(vec![]);
        let theirs = options.searcher().search_reader(&matcher, failing(), printer.sink(&matcher));
        prop_assert!(theirs.is_err());
        prop_assert_eq!(outcome.unwrap_err().io_error().unwrap().kind(), io::ErrorKind::ConnectionReset);
        let report = |out| Report { out, ..Report::default() };
        same(&"an error", &report(out), &report(printer.into_inner().into_inner()))?;
    }
}

#[test]
fn an_interrupted_read_is_tried_again() {
    struct Interrupted(Steps, bool);

    impl Read for Interrupted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(buffer) }
        }
    }

    let grep = Patterns::of("b").grep(&GrepBuilder::new());
    for threads in [1, 2] {
        let mut out = vec![];
        let reader = Interrupted(Steps::new(b"a\nb\nab\n", 2), false);
        let summary = grep.search_reader(reader, &Plain, pool(threads), &mut |bytes| {
            out.extend_from_slice(bytes);
            ControlFlow::Continue(())
        });
        assert_eq!((summary.unwrap().matched_lines, &out[..]), (2, &b"b\nab\n"[..]));
    }
}

/// Lines that were read in whole reads are reported even when a window of them was not full yet.
#[test]
fn lines_of_a_window_that_an_error_cut_short_are_reported() {
    let text = b"foo\n".repeat(6 * (64 << 10) / 4);
    let grep = Patterns::of("foo").grep(&GrepBuilder::new());
    for threads in [1, 2] {
        let reader = Steps::new(&text, usize::MAX).failing(io::ErrorKind::BrokenPipe);
        let (out, outcome) = search_stream(&grep, &Plain, reader, threads);
        assert!(outcome.unwrap_err().is_io());
        assert_eq!(out.len(), text.len(), "on {threads} threads");
    }
}

#[test]
fn one_line_of_many_chunks() {
    let mut text = b"hay ".repeat(2 << 20);
    let middle = text.len() / 2;
    text[middle..middle + 6].copy_from_slice(b"needle");
    text.extend_from_slice(b"needle");
    let options = Options { offsets: true, only_matching: true, numbers: true, ..Options::default() };
    let wanted = format!("1:{middle}:needle\n1:{}:needle\n", text.len() - 6);
    for pattern in ["needle", "n[e]{2}dle$|needle", r"\bneedle\B|needle"] {
        for (mapped, chunk, threads) in [(true, 4096, 2), (true, 1 << 20, 3), (false, 1 << 20, 2), (false, 4096, 1)] {
            let way = Way { mapped, chunk, threads };
            let report = our_lines(&Patterns::of(pattern), &options, &text, way);
            assert_eq!(String::from_utf8(report.out).unwrap(), wanted, "{pattern} {way:?}");
            assert_eq!((report.lines, report.matches), (Some(1), Some(2)));
        }
    }
}

/// To the regex engine, a stray continuation byte is no neighbour at all, and some assertions fail next to it, unless
/// there is any character within three bytes before it, such as the line end. Whether there is must not depend on how
/// the text is cut up, nor on what became of the line before.
#[test]
fn broken_utf8_at_the_start_of_a_line_is_the_same_in_every_chunk() {
    let text = b"\n\xA9foo\nfoo\n\xA9foo\n\n\xA9foo\n";
    for (pattern, word) in [("foo", true), (r"\B\W?foo", false), (r"\Bf", false)] {
        let patterns = Patterns { word, ..Patterns::of(pattern) };
        let options = Options { numbers: true, columns: true, ..Options::default() };
        let report = |mapped, chunk| our_lines(&patterns, &options, text, Way { mapped, chunk, threads: 1 });
        let whole = report(true, 1 << 20);
        for chunk in 1..=text.len() {
            for mapped in [true, false] {
                assert_eq!(report(mapped, chunk), whole, "{pattern:?} mapped {mapped} chunk {chunk}");
            }
        }
    }
}

/// In a stream, a NUL counts from the read on in which it is found. A line that fills the buffer makes grep-searcher's
/// three times as long, and so its next read.
#[test]
fn a_nul_behind_a_line_that_does_not_fit_in_a_read() {
    let mut failures = vec![];
    for binary in [Binary::Suppress, Binary::Quit] {
        for length in [65_000, 65_536, 100_000, 131_070, 140_000, 196_600, 250_000, 589_820, 600_000] {
            let text = [&b"x".repeat(length)[..], b"\n", &b"y\n".repeat(20), b"x\0\n", &b"x\n".repeat(9)].concat();
            let way = Way { mapped: false, chunk: 1 << 20, threads: 1 };
            let options = Options { binary, offsets: true, ..Options::default() };
            if let Err(error) = agree_on_lines(&Patterns::of("x"), &options, &text, &[way]) {
                failures.push(format!("a line of {length} bytes: {error}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// A line whose NUL ends the search takes the break before it along. Where lines are only suppressed, and before lines
/// of context, the break is there.
#[test]
fn the_break_before_a_line_that_turns_out_to_be_binary() {
    let mut failures = vec![];
    for binary in [Binary::Suppress, Binary::Quit] {
        for (before, after, line) in [(0, 1, "foo\0\n"), (1, 0, "foo\0\n"), (1, 0, "\0\nfoo\n"), (1, 2, "\0\nfoo\n")] {
            let text = [b"foo\n", &b"bar\n".repeat(20_000)[..], line.as_bytes(), b"bar\n"].concat();
            let way = Way { mapped: true, chunk: 4096, threads: 2 };
            let options = Options { binary, before, after, ..Options::default() };
            if let Err(error) = agree_on_lines(&Patterns::of("foo"), &options, &text, &[way]) {
                failures.push(format!("{line:?}: {error}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// A mapped file that turns out to be binary late is found out by the lines that count, as by those that are shown.
#[test]
fn a_count_of_a_mapped_file_that_is_left_when_it_turns_out_to_be_binary() {
    let text = [&b"bar\n".repeat(20_000)[..], b"foo\nfoo\0\n"].concat();
    let options = Options { binary: Binary::Quit, ..Options::default() };
    for goal in [Goal::Lines, Goal::CountLines, Goal::CountMatches] {
        let grep = Patterns::of("foo").grep(options.builder(4096).goal(goal));
        let (_, summary) = search(&grep, &Plain, &text, Way { mapped: true, chunk: 4096, threads: 2 });
        assert_eq!(summary.binary, Some(text.len() as u64 - 2), "{goal:?}");
    }
}

/// The output of a search that was told to stop is the beginning of the whole output.
#[test]
fn a_stopped_search_emits_nothing_more() {
    let text = b"foo bar\n".repeat(50_000);
    let mapping = memory(&text);
    for threads in [1, 4] {
        let grep = Patterns::of("foo").grep(GrepBuilder::new().chunk_size(4096));
        let (mut out, mut calls) = (vec![], 0);
        grep.search_mapping(&mapping, &Plain, pool(threads), &mut |bytes| {
            out.extend_from_slice(bytes);
            calls += 1;
            if calls == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        assert_eq!(calls, 3);
        assert!(text.starts_with(&out) && out.ends_with(b"\n") && out.len() < text.len());
    }
}

#[test]
fn a_panic_in_a_reader_or_in_a_format_reaches_the_caller() {
    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("out of order")
        }
    }

    impl Format for Broken {
        fn line(&self, line: &Line<'_>, _: &mut Vec<u8>) {
            assert!(line.offset < 100_000, "out of order");
        }
    }

    let grep = Patterns::of("foo").grep(GrepBuilder::new().chunk_size(4096));
    let mapping = memory(&b"foo\n".repeat(50_000));
    for threads in [1, 2, 4] {
        let search = || grep.search_reader(Broken, &Plain, pool(threads), &mut |_| ControlFlow::Continue(()));
        let payload = std::panic::catch_unwind(search).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"out of order"));
        let search = || grep.search_mapping(&mapping, &Broken, pool(threads), &mut |_| ControlFlow::Continue(()));
        let payload = std::panic::catch_unwind(search).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"out of order"));
    }
}
