//! The matches that [`Scanner`] delivers do not depend on how a text is cut up or on how many threads search it.
//!
//! Three ways must agree: chunks in parallel, one sequential pass of the [`Matcher`], and an oracle that shares no code
//! with either. `MAPGREP_CASES` sets how many random cases each property is tried with.

use std::{
    collections::BTreeSet,
    fmt,
    io::Write,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use mapgrep::{
    FileMatch,
    mapping::{Access, MapOptions, Mapping, page_size},
    matcher::{Case, Matcher, MatcherBuilder},
    scan::Scanner,
};
use proptest::{prelude::*, sample::select, test_runner::TestCaseError};

use crate::oracle::matches::{self, Found};
use crate::oracle::memory::{memory, pool};
use crate::oracle::regexes::{REGEXES, REGEXES_BY_LINE};

const PAGE: usize = 4096;

/// What texts are made of: few different bytes, so that everything occurs.
const ALPHABETS: &[&[&str]] = &[
    &["a", "b", "\n"],
    &["a"],
    &["a", "a", "a", "\n"],
    &["a", "b"],
    &["x", "a", " ", "\n"],
    &["foo", " ", "a", "\n"],
    &["é", "a", " ", "\n"],
    &["é", "€", "😀"],
    &["\r\n", "a", "\r", "\n"],
    &["a", "b", "ab", "aba", "\n\n", "foo bar\n"],
];

/// Bytes, shown as a literal that can be pasted.
#[derive(Clone)]
struct Text(Vec<u8>);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// How a text is searched.
#[derive(Clone, Copy, Debug)]
struct Cut {
    chunk: usize,
    threads: usize,
}

/// Which patterns are searched for.
#[derive(Clone, Debug, Default)]
struct Patterns {
    texts: Vec<String>,
    fixed: bool,
    by_line: bool,
    ignore_case: bool,
    word: bool,
    whole_line: bool,
}

impl Patterns {
    fn matcher(&self) -> Matcher {
        MatcherBuilder::new()
            .fixed_strings(self.fixed)
            .by_line(self.by_line)
            .case(if self.ignore_case { Case::Insensitive } else { Case::Sensitive })
            .word(self.word)
            .whole_line(self.whole_line)
            .build(&self.texts)
            .unwrap()
    }

    fn oracle(&self, text: &[u8]) -> Vec<Found> {
        let plain = !self.ignore_case && !self.word && !self.whole_line;
        if self.fixed && plain && !self.texts.iter().any(String::is_empty) {
            return matches::literals(&self.texts, text);
        }
        let wrapped: Vec<_> = self.texts.iter().map(|pattern| self.wrapped(pattern)).collect();
        let regex = matches::one_regex(&wrapped);
        match self.by_line {
            true => matches::regexes_by_line(&regex, text),
            false => matches::regexes(&regex, text),
        }
    }

    fn wrapped(&self, pattern: &str) -> String {
        let pattern = if self.fixed { regex::escape(pattern) } else { pattern.to_owned() };
        let flags = if self.ignore_case { "i" } else { "" };
        match (self.whole_line, self.word) {
            (true, _) => format!("(?m:^)(?{flags}:{pattern})(?m:$)"),
            (false, true) => format!(r"\b{{start-half}}(?{flags}:{pattern})\b{{end-half}}"),
            (false, false) => format!("(?{flags}:{pattern})"),
        }
    }
}

fn found(m: FileMatch) -> Found {
    (m.start as usize, m.end as usize, m.pattern.index())
}

fn scan(matcher: &Matcher, mapping: &Mapping, cut: Cut) -> Vec<Found> {
    let mut all = vec![];
    let mut scanner = Scanner::new(matcher.clone());
    scanner
        .chunk_size(cut.chunk)
        .for_each_in(pool(cut.threads), mapping, |m| {
            all.push(found(m));
            ControlFlow::Continue(())
        })
        .unwrap();
    all
}

fn sequential(matcher: &Matcher, text: &[u8]) -> Vec<Found> {
    matcher.find_iter(&mut matcher.create_cache(), text).map(|m| (m.start, m.end, m.pattern.index())).collect()
}

/// Fails with the first difference, because lists of thousands of matches are not read by anybody.
fn same(what: &str, left: &[Found], right: &[Found]) -> Result<(), TestCaseError> {
    if left == right {
        return Ok(());
    }
    let at = left.iter().zip(right).position(|(l, r)| l != r).unwrap_or(left.len().min(right.len()));
    let near = |list: &[Found]| format!("{:?}", &list[at.saturating_sub(1)..list.len().min(at + 3)]);
    let (from, counts) = (at.saturating_sub(1), (left.len(), right.len()));
    Err(TestCaseError::fail(format!("{what}, {counts:?} matches, from {from}: {} != {}", near(left), near(right))))
}

fn agree(patterns: &Patterns, text: &[u8], cuts: &[Cut]) -> Result<(), TestCaseError> {
    let matcher = patterns.matcher();
    let whole = sequential(&matcher, text);
    same("one pass != oracle", &whole, &patterns.oracle(text))?;
    let mapping = memory(text);
    for &cut in cuts {
        same(&format!("{cut:?} != one pass"), &scan(&matcher, &mapping, cut), &whole)?;
    }
    Ok(())
}

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("MAPGREP_CASES").map_or(cases, |n| n.parse().expect("MAPGREP_CASES is a number"));
    ProptestConfig { cases, max_shrink_iters: 20_000, ..ProptestConfig::default() }
}

fn alphabet() -> impl Strategy<Value = Vec<&'static [u8]>> {
    let utf8 = select(ALPHABETS).prop_map(|pieces| pieces.iter().map(|piece| piece.as_bytes()).collect());
    let broken = Just(vec![&b"\xC3"[..], b"\xA9", b"\xFF", b"a", b" ", b"\n"]);
    prop_oneof![9 => utf8, 1 => broken]
}

/// A text of at most `runs` runs, each of one piece that is repeated up to `repeat` times.
fn text(runs: usize, repeat: usize) -> impl Strategy<Value = Text> {
    (alphabet(), prop::collection::vec((any::<prop::sample::Index>(), 1..=repeat), 1..=runs)).prop_map(
        |(pieces, runs)| {
            Text(runs.iter().flat_map(|(piece, count)| pieces[piece.index(pieces.len())].repeat(*count)).collect())
        },
    )
}

/// A text of several pages: a short one, over and over, with other things in between.
fn long_text() -> impl Strategy<Value = Text> {
    (text(30, 3), text(8, 40), text(2, 5000), 1..2000_usize).prop_map(|(often, once, runs, times)| {
        let many = often.0.repeat(times.min(12_000 / often.0.len() + 1));
        Text([&many[..], &once.0, &runs.0[..runs.0.len().min(9000)], &many[..many.len() / 2]].concat())
    })
}

fn literals() -> impl Strategy<Value = Patterns> {
    let needle = prop_oneof![
        3 => select(&["a", "aa", "ab", "aba", "abab", "aab", "b", "foo", "é", "x"][..]).prop_map(str::to_owned),
        2 => "[ab\n]{1,6}",
        1 => select(&["\n", "\na", "b\n", "\n\n", "a\nb", "\u{20ac}", "\r\n"][..]).prop_map(str::to_owned),
    ];
    (prop::collection::vec(needle, 1..=4), any::<[bool; 5]>()).prop_map(|(texts, [lines, case, word, whole, plain])| {
        let by_line = lines && !texts.iter().any(|text| text.contains('\n'));
        let ignore_case = !plain && case;
        Patterns { texts, fixed: true, by_line, ignore_case, word: !plain && word, whole_line: !plain && word && whole }
    })
}

fn regexes() -> impl Strategy<Value = Patterns> {
    let list = |from: &'static [&'static str]| {
        // Mostly one.
        let one = || select(from).prop_map(str::to_owned);
        prop_oneof![3 => prop::collection::vec(one(), 1), 1 => prop::collection::vec(one(), 2..=3)]
    };
    let plain = prop_oneof![3 => Just(true), 1 => Just(false)];
    let anywhere = (list(REGEXES), Just(false));
    let by_line = (list(REGEXES_BY_LINE), Just(true));
    (prop_oneof![anywhere, by_line], any::<[bool; 3]>(), plain).prop_map(
        |((texts, by_line), [case, word, whole], plain)| {
            let ignore_case = !plain && case;
            Patterns { texts, fixed: false, by_line, ignore_case, word: !plain && word, whole_line: !plain && whole }
        },
    )
}

fn small_cuts() -> impl Strategy<Value = Vec<Cut>> {
    prop::collection::vec(cut(prop_oneof![1..=4_usize, 1..=300_usize]), 3)
}

fn large_cuts() -> impl Strategy<Value = Vec<Cut>> {
    prop::collection::vec(cut(prop_oneof![Just(PAGE), Just(1 << 20), 64..=9000_usize]), 2)
}

fn cut(chunk: impl Strategy<Value = usize>) -> impl Strategy<Value = Cut> {
    (chunk, 1..=8_usize).prop_map(|(chunk, threads)| Cut { chunk, threads })
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn literals_in_small_chunks(patterns in literals(), text in text(60, 4), cuts in small_cuts()) {
        agree(&patterns, &text.0, &cuts)?;
    }

    #[test]
    fn regexes_in_small_chunks(patterns in regexes(), text in text(60, 4), cuts in small_cuts()) {
        agree(&patterns, &text.0, &cuts)?;
    }
}

proptest! {
    #![proptest_config(config(50))]

    #[test]
    fn literals_in_pages(patterns in literals(), text in long_text(), cuts in large_cuts()) {
        agree(&patterns, &text.0, &cuts)?;
    }

    #[test]
    fn regexes_in_pages(patterns in regexes(), text in long_text(), cuts in large_cuts()) {
        agree(&patterns, &text.0, &cuts)?;
    }

    #[test]
    fn a_stopped_scan_delivers_as_many_as_were_taken(
        patterns in prop_oneof![literals(), regexes()],
        text in text(60, 4),
        cut in cut(1..=100_usize),
        share in 0.0..1.0_f64,
    ) {
        let matcher = patterns.matcher();
        let whole = sequential(&matcher, &text.0);
        let wanted = (whole.len() as f64 * share) as usize + 1;
        let mut taken = vec![];
        Scanner::new(matcher)
            .chunk_size(cut.chunk)
            .for_each_in(pool(cut.threads), &memory(&text.0), |m| {
                taken.push(found(m));
                if taken.len() == wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        same("stopped", &taken, &whole[..wanted.min(whole.len())])?;
    }
}

/// To the regex engine, a stray continuation byte is no neighbour at all, and some assertions fail next to it, unless
/// there is any character within three bytes before it, such as the line end. A line has the matches that it has alone.
#[test]
fn broken_utf8_at_the_start_of_a_line_whose_chunk_begins_there() {
    let text = b"\n\xA9 foo\n\xA9foo\n";
    let mapping = memory(text);
    for (pattern, word) in [(r"\B", false), (r"\B ", false), ("foo", true)] {
        let matcher = MatcherBuilder::new().by_line(true).word(word).build([pattern]).unwrap();
        let whole = sequential(&matcher, text);
        for chunk in 1..=text.len() {
            let chunked = scan(&matcher, &mapping, Cut { chunk, threads: 1 });
            assert_eq!(chunked, whole, "{pattern:?} in chunks of {chunk}");
        }
    }
}

/// Matches chain through all of the file, and no two chunks agree on where they stand.
#[test]
fn three_letters_in_a_file_of_one_letter() {
    let text = b"a".repeat(1 << 20);
    let mapping = memory(&text);
    let wanted: Vec<_> = (0..text.len() / 3).map(|n| (3 * n, 3 * n + 3, 0)).collect();
    for (patterns, fixed) in [("aaa", true), ("a{3}", false), ("a[a]a|b", false)] {
        let matcher = MatcherBuilder::new().fixed_strings(fixed).build([patterns]).unwrap();
        for threads in [1, 3] {
            let all = scan(&matcher, &mapping, Cut { chunk: PAGE, threads });
            assert!(all == wanted, "{patterns} on {threads} threads: {} matches", all.len());
        }
    }
}

/// One line of many chunks: its owner alone searches it, and the other chunks do not search it again.
#[test]
fn a_line_of_many_chunks_is_searched_once() {
    let text = [b"x".repeat(1 << 20), b"\nab\n".to_vec()].concat();
    let mapping = memory(&text);
    let matcher = MatcherBuilder::new().by_line(true).build([r"[a-c][^c]$"]).unwrap();
    let started = Instant::now();
    assert_eq!(scan(&matcher, &mapping, Cut { chunk: 64, threads: 2 }), [(text.len() - 3, text.len() - 1, 0)]);
    // 16,384 chunks; a search of the line from each of them would take minutes.
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_panic_in_the_sink_reaches_the_caller() {
    let mapping = memory(&b"ab".repeat(50_000));
    let mut scanner = Scanner::new(MatcherBuilder::new().build(["b"]).unwrap());
    scanner.chunk_size(PAGE);
    for threads in [1, 2, 8] {
        let mut seen = 0;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            scanner.for_each_in(pool(threads), &mapping, |_| {
                seen += 1;
                assert!(seen < 20_000, "the sink has had enough");
                ControlFlow::Continue(())
            })
        }));
        let payload = outcome.unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"the sink has had enough"));
        assert_eq!(seen, 20_000);
        // The pool is as good as before.
        let mut count = 0;
        let counted = scanner.for_each_in(pool(threads), &mapping, |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        assert!(counted.is_ok() && count == 50_000);
    }
}

/// The caller is the only worker that there is, so whatever it waits for it has to do itself.
#[test]
fn called_by_the_only_worker_of_a_pool() {
    let mapping = memory(&b"ab\n".repeat(50_000));
    let mut scanner = Scanner::new(MatcherBuilder::new().build(["b\na"]).unwrap());
    scanner.chunk_size(PAGE);
    let only = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(only.install(|| scanner.count(&mapping)).unwrap(), 49_999);
    // Also when the scan runs on another pool than the caller's.
    let mut count = 0;
    let scanned = only.install(|| {
        scanner.for_each_in(pool(2), &mapping, |_| {
            count += 1;
            ControlFlow::Continue(())
        })
    });
    assert!(scanned.is_ok() && count == 49_999);
}

/// Both workers of a pool are callers, and each may end up with jobs of the other.
#[test]
fn called_by_every_worker_of_a_pool_at_once() {
    let mapping = memory(&b"ab\n".repeat(50_000));
    let mut scanner = Scanner::new(MatcherBuilder::new().build(["b\na"]).unwrap());
    scanner.chunk_size(PAGE);
    let two = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let count = || scanner.count(&mapping).unwrap();
    for _ in 0..20 {
        let ((a, b), (c, d)) = two.install(|| rayon::join(|| rayon::join(count, count), || rayon::join(count, count)));
        assert_eq!([a, b, c, d], [49_999; 4]);
    }
}

/// A sink may search as well, on the same pool.
#[test]
fn a_scan_within_the_sink_of_another() {
    let mapping = memory(&b"ab\n".repeat(5_000));
    let mut outer = Scanner::new(MatcherBuilder::new().build(["a"]).unwrap());
    outer.chunk_size(PAGE);
    let mut inner = Scanner::new(MatcherBuilder::new().build(["b"]).unwrap());
    inner.chunk_size(1000);
    let mut counts = BTreeSet::new();
    let mut seen = 0;
    outer
        .for_each_in(pool(2), &mapping, |_| {
            seen += 1;
            if seen % 500 == 0 {
                let mut count = 0;
                inner
                    .for_each_in(pool(2), &mapping, |_| {
                        count += 1;
                        ControlFlow::Continue(())
                    })
                    .unwrap();
                counts.insert(count);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((seen, counts), (5_000, BTreeSet::from([5_000])));
}

#[test]
fn a_file_on_disk() {
    let text = b"one needle in a hay\nstack of needles\n".repeat(2_000);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&text).unwrap();
    #[allow(unsafe_code)]
    // SAFETY: the temporary file belongs to this test alone, which does not change it any more.
    let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&file) }.unwrap();
    let patterns = ["needle", "stack of", "y\ns"];
    let matcher = MatcherBuilder::new().fixed_strings(true).build(patterns).unwrap();
    let wanted = matches::literals(&patterns, &text);
    for (chunk, threads) in [(page_size(), 1), (page_size(), 4), (1 << 20, 4), (777, 2)] {
        assert_eq!(scan(&matcher, &mapping, Cut { chunk, threads }), wanted);
    }
    assert_eq!(Scanner::new(matcher).count(&mapping).unwrap(), wanted.len() as u64);
}

#[cfg(unix)] // Windows does not cut a file that is mapped.
#[test]
fn a_file_that_became_shorter_is_an_error_behind_the_matches_before() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&b"needle\n".repeat(10_000)).unwrap();
    #[allow(unsafe_code)]
    // SAFETY: the file is cut off while nothing reads it.
    let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&file) }.unwrap();
    file.set_len(3 * page_size() as u64).unwrap();
    let mut scanner = Scanner::new(MatcherBuilder::new().build(["needle"]).unwrap());
    scanner.chunk_size(page_size());
    for threads in [1, 3] {
        let mut last = 0;
        let outcome = scanner.for_each_in(pool(threads), &mapping, |m: FileMatch| {
            assert!(m.start >= last);
            last = m.end;
            ControlFlow::Continue(())
        });
        assert!(outcome.unwrap_err().is_truncated());
        // The chunk at the end of what is left looks past it, so only those before it are sure to be searched.
        assert!(last > page_size() as u64 && last <= 3 * page_size() as u64, "{last}");
    }
}

#[test]
fn no_patterns_match_nothing() {
    let matcher = MatcherBuilder::new().build::<&str>([]).unwrap();
    assert_eq!(scan(&matcher, &memory(b"some text\n"), Cut { chunk: 2, threads: 2 }), []);
}
