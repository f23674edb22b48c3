//! A search that is told which parts of a file to look at has the result of one of the whole file, whatever parts it is
//! told that have all that can be selected in them, and it looks at nothing else.
//!
//! `MAPGREP_CASES` sets how many random cases each property is tried with.

use std::{fmt, fmt::Write as _, ops::ControlFlow};

use mapgrep::{
    Error,
    grep::{Binary, Format, Goal, Grep, GrepBuilder, Line, LineKind, LongMatches, Plain, Summary},
    index::Part,
    mapping::Mapping,
    matcher::{LineTerminator, Matcher, MatcherBuilder},
    scan::{Cancel, Pool, Progress},
};
use proptest::{prelude::*, sample::select, test_runner::TestCaseError};

use crate::oracle::memory::{memory, pool};
use crate::oracle::regexes::REGEXES_BY_LINE;

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("MAPGREP_CASES").map_or(cases, |n| n.parse().expect("MAPGREP_CASES is a number"));
    ProptestConfig { cases, max_shrink_iters: 5_000, ..ProptestConfig::default() }
}

/// Bytes, shown as an expression that can be pasted.
#[derive(Clone)]
struct Text(Vec<u8>);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// What is asked for, of text with these line ends.
#[derive(Clone, Debug)]
struct Options {
    pattern: &'static str,
    terminator: LineTerminator,
    goal: Goal,
    only_matches: bool,
    before: usize,
    after: usize,
    line_numbers: bool,
    max_count: Option<u64>,
    range: Option<(u64, u64)>,
    last: Option<u64>,
    reverse: bool,
    binary: Binary,
}

impl Options {
    fn of(pattern: &'static str) -> Self {
        Options {
            pattern,
            terminator: LineTerminator::Lf,
            goal: Goal::Lines,
            only_matches: false,
            before: 0,
            after: 0,
            line_numbers: true,
            max_count: None,
            range: None,
            last: None,
            reverse: false,
            binary: Binary::Text,
        }
    }

    fn matcher(&self) -> Matcher {
        MatcherBuilder::new().by_line(true).line_terminator(self.terminator).build([self.pattern]).unwrap()
    }

    fn builder(&self, chunk: usize) -> GrepBuilder {
        let mut builder = GrepBuilder::new();
        builder
            .goal(self.goal)
            .before_context(self.before)
            .after_context(self.after)
            .line_numbers(self.line_numbers)
            .max_count(self.max_count)
            .last(self.last)
            .reverse(self.reverse)
            .binary_detection(self.binary)
            .chunk_size(chunk);
        if let Some((start, len)) = self.range {
            builder.range(start..start + len);
        }
        builder
    }
}

/// All that a line comes with, in one line.
struct Printer {
    only_matches: bool,
}

impl Format for Printer {
    fn wants_matches(&self) -> bool {
        true
    }

    fn only_matches(&self) -> bool {
        self.only_matches
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        let mark = if line.kind == LineKind::Match { ':' } else { '-' };
        let mut text = String::new();
        let number = line.number.unwrap_or(0);
        if self.only_matches && mark == ':' {
            for m in line.matches {
                let (at, bytes) = (line.offset + m.start as u64, line.bytes[m.range()].escape_ascii());
                writeln!(text, "{at}{mark}{number}{mark}{}{mark}{bytes}", line.skipped + m.start as u64).unwrap();
            }
        } else {
            write!(text, "{}{mark}{number}{mark}{}", line.offset, line.bytes.escape_ascii()).unwrap();
            line.matches.iter().for_each(|m| write!(text, " {}..{}", m.start, m.end).unwrap());
            text.push('\n');
        }
        out.extend_from_slice(text.as_bytes());
    }

    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        let (mut out, matches) = (vec![], matches.collect());
        self.line(&Line { matches: &matches, ..*line }, &mut out);
        out.chunks(50).for_each(emit);
    }

    fn context_break(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--\n");
    }
}

/// Where the lines of a text are that can be selected, whatever the limits.
fn selectable(options: &Options, text: &[u8]) -> Vec<bool> {
    let matcher = options.matcher();
    let mut cache = matcher.create_cache();
    text.split_inclusive(|&byte| byte == b'\n')
        .map(|line| matcher.is_match(&mut cache, options.terminator.strip(line)))
        .collect()
}

/// Parts that have all lines that can be selected, those behind them that may be context, and as many around as chance
/// has it.
fn parts_of(options: &Options, text: &[u8], more: &[u8]) -> Vec<Part> {
    let wanted = selectable(options, text);
    let mut is_in = vec![false; wanted.len()];
    for index in 0..wanted.len() {
        let chance = more[index % more.len()];
        if wanted[index] {
            let (before, behind) = if chance.is_multiple_of(3) { (chance / 40, chance / 30 % 7) } else { (0, 0) };
            let end = wanted.len().min(index + 1 + options.after + behind as usize);
            is_in[index.saturating_sub(before as usize)..end].fill(true);
        }
        is_in[index] |= chance.is_multiple_of(11);
    }
    let mut parts: Vec<Part> = vec![];
    let (mut at, mut goes_on) = (0, false);
    for (newlines, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let end = at + line.len() as u64;
        if is_in[newlines] {
            match parts.last_mut().filter(|_| goes_on) {
                Some(part) => part.range.end = end,
                None => parts.push(Part { range: at..end, newlines: newlines as u64 }),
            }
        }
        (at, goes_on) = (end, is_in[newlines]);
    }
    parts
}

/// The text with other bytes where none are to be looked at: outside of the parts, but for line ends, NULs, and lines
/// that may be context before a line.
fn elsewhere_changed(options: &Options, text: &[u8], parts: &[Part]) -> Vec<u8> {
    let mut kept = vec![false; text.len()];
    for part in parts {
        let (mut start, end) = (part.range.start as usize, part.range.end as usize);
        for _ in 0..options.before {
            start = text[..start.saturating_sub(1)].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        }
        kept[start..end].fill(true);
    }
    let change = |(&byte, kept): (&u8, bool)| match byte {
        b'\n' | 0 => byte,
        _ if kept => byte,
        _ => b'a',
    };
    text.iter().zip(kept).map(change).collect()
}

/// How the search goes.
#[derive(Clone, Copy, Debug)]
struct Way {
    chunk: usize,
    threads: usize,
}

/// When a search is stopped, and how.
#[derive(Clone, Copy, Debug)]
struct Stop {
    calls: usize,
    cancels: bool,
}

struct Ended {
    out: String,
    summary: Summary,
    progress: u64,
}

/// Searches parts of a text, or the whole.
fn search(options: &Options, text: &[u8], parts: Option<&[Part]>, way: Way, stop: Option<Stop>) -> Ended {
    let (cancel, progress) = (Cancel::new(), Progress::new());
    let mut builder = options.builder(way.chunk);
    let grep = builder.cancel(cancel.clone()).progress(progress.clone()).build(options.matcher()).unwrap();
    let (mut out, mut calls) = (vec![], 0);
    let mut emit = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        calls += 1;
        match stop {
            Some(stop) if stop.calls == calls && stop.cancels => cancel.cancel(),
            Some(stop) if stop.calls == calls => return ControlFlow::Break(()),
            _ => {}
        }
        ControlFlow::Continue(())
    };
    let (mapping, printer) = (memory(text), Printer { only_matches: options.only_matches });
    let summary = match parts {
        Some(parts) => grep.search_parts(&mapping, parts, &printer, pool(way.threads), &mut emit),
        None => grep.search_mapping(&mapping, &printer, pool(way.threads), &mut emit),
    };
    Ended { out: String::from_utf8(out).unwrap(), summary: summary.unwrap(), progress: progress.bytes() }
}

fn agree(options: &Options, text: &[u8], more: &[u8], way: Way) -> Result<(), TestCaseError> {
    let whole = search(options, text, None, way, None);
    let parts = parts_of(options, text, more);
    let text = elsewhere_changed(options, text, &parts);
    let found = search(options, &text, Some(&parts), way, None);
    prop_assert_eq!(&found.out, &whole.out, "{:?} of {:?}", parts, Text(text));
    prop_assert_eq!(found.summary, whole.summary, "{:?} of {:?}", parts, Text(text));
    if found.summary.stopped_at.is_none()
        && found.summary.binary.is_none()
        && options.goal == Goal::Lines
        && options.max_count.is_none()
    {
        prop_assert_eq!(found.progress, whole.progress, "{:?} of {:?}", parts, Text(text));
    }
    Ok(())
}

fn options() -> impl Strategy<Value = Options> {
    let rare = || prop::bool::weighted(0.2);
    let lines = || prop_oneof![2 => Just(0), 1 => 1..=3_usize];
    let limit = || prop_oneof![3 => Just(None), 1 => (1..=5_u64).prop_map(Some)];
    let range = prop_oneof![2 => Just(None), 1 => (0..200_u64, 0..300_u64).prop_map(Some)];
    let goal =
        select(&[Goal::Lines, Goal::Lines, Goal::Lines, Goal::CountLines, Goal::CountMatches, Goal::AnyLine][..]);
    let binary = select(&[Binary::Text, Binary::Text, Binary::Suppress, Binary::Quit][..]);
    let what = (select(REGEXES_BY_LINE), rare(), goal, rare(), rare(), prop::bool::weighted(0.7));
    (what, lines(), lines(), limit(), range, limit(), binary).prop_map(
        |(
            (pattern, crlf, goal, only_matches, reverse, line_numbers),
            before,
            after,
            max_count,
            range,
            last,
            binary,
        )| {
            let (before, after) = if reverse { (0, 0) } else { (before, after) };
            let terminator = if crlf { LineTerminator::Crlf } else { LineTerminator::Lf };
            Options {
                pattern,
                terminator,
                goal,
                only_matches,
                before,
                after,
                line_numbers,
                max_count,
                range,
                last,
                reverse,
                binary,
            }
        },
    )
}

fn text() -> impl Strategy<Value = Text> {
    let words: &[&[u8]] =
        &[b"a", b"b", b"x", b"x", b"ab", b"foo", b" ", b"\n", b"\n", b"\n", b"\n", b"\r\n", b"\xC3\xA9", b"\xC3"];
    let long = (select(&["a", "ab", "x", "foo ", "x\n", "xx\n"][..]), 1..60_usize)
        .prop_map(|(word, n)| word.repeat(n).into_bytes());
    let word = prop_oneof![60 => select(words).prop_map(<[u8]>::to_vec), 6 => long, 1 => Just(vec![0])];
    prop::collection::vec(word, 1..80).prop_map(|words| Text(words.concat()))
}

fn way() -> impl Strategy<Value = Way> {
    let chunk = select(&[1_usize, 2, 3, 5, 8, 16, 64, 200, 1 << 20][..]);
    (chunk, 1..=3_usize).prop_map(|(chunk, threads)| Way { chunk, threads })
}

/// What chance has it that the parts have more than they need.
fn more() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(vec![1]), prop::collection::vec(any::<u8>(), 1..40)]
}

/// Where a record of an output is, if it is no break.
fn offset_of(record: &str) -> Option<u64> {
    record.split([':', '-']).next().and_then(|offset| offset.parse().ok())
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn parts_have_the_result_of_the_whole(options in options(), text in text(), more in more(), way in way()) {
        agree(&options, &text.0, &more, way)?;
    }

    /// What was emitted before a search was stopped, or had all that it wanted, and what a search finds that begins
    /// where it was stopped, are the whole output. Only of a line that was emitted in part, what was emitted comes once
    /// more.
    #[test]
    fn a_stopped_search_can_be_taken_up_again(
        options in options(),
        text in text(),
        more in more(),
        way in way(),
        stop in prop_oneof![Just(None), (1..10_usize, any::<bool>()).prop_map(Some)],
    ) {
        let options = Options {
            goal: Goal::Lines,
            before: 0,
            after: 0,
            range: None,
            last: None,
            reverse: false,
            binary: Binary::Text,
            ..options
        };
        let stop = stop.map(|(calls, cancels)| Stop { calls, cancels });
        let all = Options { max_count: None, ..options.clone() };
        let whole = search(&all, &text.0, None, way, None).out;
        let parts = parts_of(&options, &text.0, &more);
        let Ended { out, summary, .. } = search(&options, &text.0, Some(&parts), way, stop);
        prop_assert!(whole.starts_with(&out), "{out:?} is no part of {whole:?}");
        let Some(at) = summary.stopped_at else {
            prop_assert_eq!(out, whole);
            prop_assert_eq!(summary.bytes_searched, text.0.len() as u64);
            return Ok(());
        };
        prop_assert!(at < text.0.len() as u64);
        let line_of = |offset: u64| {
            text.0[..offset as usize].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end as u64 + 1)
        };
        // Where nothing but matches is shown, each is dealt with by itself.
        let dealt_with = |record: &&str| {
            let offset = offset_of(record).unwrap();
            if options.only_matches { offset < at } else { line_of(offset) < at }
        };
        let before: String = whole.split_inclusive('\n').take_while(dealt_with).collect();
        let rest = Options { range: Some((at, 1 << 40)), ..all };
        let rest = search(&rest, &text.0, Some(&parts), way, None).out;
        prop_assert_eq!(format!("{before}{rest}"), whole, "stopped at {} of {:?}", at, parts);
        prop_assert!(out.starts_with(&before), "stopped at {at} after {out:?}");
    }

    /// Whoever stops a search, or cancels it, gets what comes first of its output.
    #[test]
    fn a_search_can_be_stopped(
        options in options(),
        text in text(),
        more in more(),
        way in way(),
        calls in 1..6_usize,
        cancels in any::<bool>(),
    ) {
        let whole = search(&options, &text.0, None, way, None).out;
        let parts = parts_of(&options, &text.0, &more);
        let out = search(&options, &text.0, Some(&parts), way, Some(Stop { calls, cancels })).out;
        prop_assert!(whole.starts_with(&out), "{out:?} is no part of {whole:?}");
    }
}

fn lines(grep: &Grep, mapping: &Mapping, parts: &[Part]) -> Result<(String, Summary), Error> {
    let mut out = vec![];
    let summary = grep.search_parts(mapping, parts, &Plain, &Pool::inline(), &mut |bytes| {
        out.extend_from_slice(bytes);
        ControlFlow::Continue(())
    })?;
    Ok((String::from_utf8(out).unwrap(), summary))
}

#[test]
#[allow(clippy::single_range_in_vec_init)] // A part is meant.
fn lines_outside_of_the_parts_are_not_reported() {
    let text = b"a 1\na 2\na 3\na 4\na 5";
    let grep = GrepBuilder::new().build(Options::of("a").matcher()).unwrap();
    let mapping = memory(text);
    let found = |parts: &[std::ops::Range<u64>]| {
        let parts: Vec<_> =
            parts.iter().map(|range| Part { range: range.clone(), newlines: range.start / 4 }).collect();
        lines(&grep, &mapping, &parts).unwrap()
    };
    assert_eq!(found(&[]).0, "");
    assert_eq!(found(&[]).1.bytes_searched, text.len() as u64);
    assert_eq!(found(&[4..8]).0, "a 2\n");
    assert_eq!(found(&[0..4, 8..12, 16..19]).0, "a 1\na 3\na 5\n");
    assert_eq!(found(&[0..4, 8..12]).1.bytes_searched, text.len() as u64);
    assert_eq!(found(&[0..19]).0.lines().count(), 5);
    // Parts that follow each other are as good as one.
    assert_eq!(found(&[4..8, 8..12]).0, "a 2\na 3\n");
}

/// The context that is due behind a line is in the same part, and where it is not, there is none.
#[test]
fn parts_without_their_context_do_no_harm() {
    let text = b"a 1\nb 2\nb 3\na 4\nb 5\n";
    let mapping = memory(text);
    for chunk in 1..30 {
        for max_count in [None, Some(1), Some(2)] {
            let options = Options { after: 3, before: 1, max_count, ..Options::of("a") };
            let grep = options.builder(chunk).build(options.matcher()).unwrap();
            let parts = [Part { range: 0..4, newlines: 0 }, Part { range: 12..16, newlines: 3 }];
            let (out, _) = lines(&grep, &mapping, &parts).unwrap();
            assert!(out.starts_with("a 1\n"), "{out:?}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_an_error() {
    let mapping = memory(b"a\nb\nc\n");
    let part = |range| Part { range, newlines: 0 };
    let by_line = || Options::of("a").matcher();
    let search = |grep: Grep, parts: &[Part]| lines(&grep, &mapping, parts);
    let builder = GrepBuilder::new();
    for parts in [&[part(2..4), part(0..2)][..], &[part(0..4), part(2..6)], &[part(2..2)], &[part(0..7)]] {
        let error = search(builder.build(by_line()).unwrap(), parts).unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
    }
    let nul = MatcherBuilder::new().by_line(true).line_terminator(LineTerminator::Nul).build(["a"]).unwrap();
    let across = MatcherBuilder::new().build(["a"]).unwrap();
    let inverted = builder.clone().invert_match(true).build(by_line()).unwrap();
    let all = builder.clone().passthru(true).build(by_line()).unwrap();
    for grep in [builder.build(nul).unwrap(), builder.build(across).unwrap(), inverted, all] {
        let error = search(grep, &[part(0..2)]).unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
    }
}

/// A range that ended on a long line was said to have been left before its end.
#[test]
fn a_range_that_ends_on_a_long_line_is_searched_to_its_end() {
    let text = [&b"b\n"[..], &b"a".repeat(500), b"\nb\n"].concat();
    for end in [3, 100, 400] {
        let options = Options { only_matches: true, range: Some((0, end)), ..Options::of("a") };
        for chunk in [7, 64, 1000] {
            let whole = search(&options, &text, None, Way { chunk, threads: 2 }, None);
            assert_eq!((whole.summary.stopped_at, whole.summary.bytes_searched), (None, end));
            assert_eq!(whole.out.lines().count() as u64, end - 2);
        }
    }
}

/// In the chunk in which the range began or ended, the first line with a NUL that had a match ended the count.
#[test]
fn a_range_of_a_binary_file_is_counted_to_its_end() {
    let text = b"a\na\nb\0\na\0\na a\n".as_slice();
    for chunk in [1, 4, 1000] {
        for (text, binary) in [(text.to_vec(), Some(5)), ([&b"b".repeat(70_000), text].concat(), None)] {
            let start = text.len() as u64 - 13;
            let options = Options {
                goal: Goal::CountMatches,
                binary: Binary::Suppress,
                range: Some((start, 100)),
                ..Options::of("a")
            };
            let Summary { matches, binary: found, .. } =
                search(&options, &text, None, Way { chunk, threads: 2 }, None).summary;
            assert_eq!((matches, found), (4, binary), "{chunk}");
        }
    }
}
