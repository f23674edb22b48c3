//! Every mode of [`Grep`] against its definition, whatever the chunk size, the number of threads and the way in which
//! the text is had: lines, matches across lines, only matches, context, all lines, limits, ranges, from the end.
//!
//! `MAPGREP_CASES` sets how many random cases each property is tried with.

use std::{
    fmt,
    ops::ControlFlow,
    panic::AssertUnwindSafe,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use mapgrep::{
    grep::{Format, Goal, Line, LongMatches, Summary},
    matcher::LineTerminator,
    scan::Cancel,
};
use proptest::{prelude::*, sample::select, test_runner::TestCaseError};

use crate::oracle::modes::{Counts, Mode, Printer, Way, ended};
use crate::oracle::regexes::{REGEXES, REGEXES_BY_LINE};

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("MAPGREP_CASES").map_or(cases, |n| n.parse().expect("MAPGREP_CASES is a number"));
    ProptestConfig { cases, max_shrink_iters: 5_000, max_global_rejects: 4 * cases, ..ProptestConfig::default() }
}

const TERMINATORS: &[LineTerminator] =
    &[LineTerminator::Lf, LineTerminator::Lf, LineTerminator::Crlf, LineTerminator::Nul];

fn mode() -> impl Strategy<Value = Mode> {
    mode_of(any::<bool>())
}

fn mode_of(multiline: impl Strategy<Value = bool>) -> impl Strategy<Value = Mode> {
    let rare = || prop::bool::weighted(0.2);
    let lines = || prop_oneof![2 => Just(0), 1 => 1..=3_usize];
    let limit = || prop_oneof![4 => Just(None), 1 => (1..=5_u64).prop_map(Some)];
    let pattern = (multiline, select(REGEXES), select(REGEXES_BY_LINE), select(TERMINATORS)).prop_map(
        |(multiline, across, within, terminator)| {
            let pattern = if multiline { across } else { within };
            let mode = Mode { multiline, terminator, ..Mode::of(pattern) };
            (multiline, pattern, if mode.is_defined() { terminator } else { LineTerminator::Lf })
        },
    );
    (pattern, (rare(), rare(), rare(), rare()), lines(), lines(), limit(), limit()).prop_map(
        |(
            (multiline, pattern, terminator),
            (invert, passthru, only_matches, reverse),
            before,
            after,
            max_count,
            last,
        )| {
            let reverse = reverse && !multiline;
            let no_context = reverse || passthru;
            Mode {
                patterns: vec![pattern.to_owned()],
                multiline,
                terminator,
                invert,
                before: if no_context { 0 } else { before },
                after: if no_context { 0 } else { after },
                passthru: passthru && !reverse,
                max_count,
                only_matches: only_matches && !invert,
                range: None,
                last: last.filter(|_| !multiline),
                reverse,
            }
        },
    )
}

/// Bytes, shown as an expression that can be pasted.
#[derive(Clone)]
struct Text(Vec<u8>);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

fn text() -> impl Strategy<Value = Text> {
    let words: &[&[u8]] = &[
        b"a",
        b"a",
        b"b",
        b"ab",
        b"aa",
        b"foo",
        b" ",
        b"\n",
        b"\n",
        b"\n",
        b"\r",
        b"\xC3\xA9",
        b"\xC3",
        b"\xA9",
        b"x",
    ];
    let long = (select(&["a", "ab", "x", "foo "][..]), 1..60_usize).prop_map(|(word, n)| word.repeat(n).into_bytes());
    let word = prop_oneof![8 => select(words).prop_map(<[u8]>::to_vec), 1 => long];
    prop::collection::vec(word, 1..60).prop_map(|words| Text(words.concat()))
}

fn way() -> impl Strategy<Value = Way> {
    let chunk = select(&[1_usize, 2, 3, 5, 8, 16, 64, 200, 1 << 20][..]);
    let step = select(&[1, 7, usize::MAX][..]);
    (prop::bool::weighted(0.7), chunk, 1..=4_usize, step).prop_map(|(mapped, chunk, threads, step)| Way {
        mapped,
        chunk,
        threads,
        step,
    })
}

/// When a search ends before its end.
#[derive(Clone, Copy)]
struct Stop {
    /// How many pieces are taken.
    calls: usize,
    /// The search is cancelled then, and otherwise the last piece is answered with a stop.
    cancels: bool,
}

impl Stop {
    fn search(self, mode: &Mode, text: &[u8], way: Way) -> (String, Summary) {
        let cancel = Cancel::new();
        let grep = mode.grep(mode.builder(way.chunk).cancel(cancel.clone()));
        let (mut out, mut emitted) = (vec![], 0);
        let summary = way.search(&grep, text, &mode.printer(), &mut |bytes| {
            emitted += 1;
            assert!(emitted <= self.calls, "a piece after the search was stopped");
            out.extend_from_slice(bytes);
            match emitted == self.calls {
                true if self.cancels => cancel.cancel(),
                true => return ControlFlow::Break(()),
                false => {}
            }
            ControlFlow::Continue(())
        });
        (String::from_utf8(out).unwrap(), summary.unwrap())
    }
}

/// The records of an output, each with the offset that it tells of.
fn records(out: &str) -> Vec<(usize, &str)> {
    let mut records: Vec<(usize, &str)> = vec![];
    let mut at = 0;
    for line in out.split_inclusive('\n') {
        let start = at;
        at += line.len();
        match (line.starts_with(' '), records.last_mut()) {
            (true, Some((_, record))) => *record = &out[start - record.len()..at],
            _ => {
                let offset = line.split([':', '-']).nth(1).expect("a number and an offset");
                records.push((offset.parse().unwrap(), line));
            }
        }
    }
    records
}

/// Panics where a line is formatted, from a certain one on.
struct Panicking {
    printer: Printer,
    left: AtomicUsize,
}

impl Panicking {
    fn count(&self) {
        let left = self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        assert!(left.is_ok_and(|left| left > 1), "out of order");
    }
}

impl Format for Panicking {
    fn wants_matches(&self) -> bool {
        true
    }

    fn only_matches(&self) -> bool {
        self.printer.only_matches()
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        self.count();
        self.printer.line(line, out);
    }

    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        self.count();
        self.printer.long_line(line, matches, emit);
    }
}

/// Catches a panic without a word, if it is one that was ordered.
fn quietly<T>(run: impl FnOnce() -> T) -> std::thread::Result<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref::<&str>() != Some(&"out of order") {
                report(info);
            }
        }));
    });
    std::panic::catch_unwind(AssertUnwindSafe(run))
}

fn agree(mode: &Mode, text: &[u8], way: Way) -> Result<(), TestCaseError> {
    let (out, summary) = mode.search(&mode.builder(way.chunk), text, way);
    let (wanted, counts) = mode.expected(text);
    prop_assert_eq!(out, wanted, "{:?}", text.escape_ascii().to_string());
    prop_assert_eq!(Counts { lines: summary.matched_lines, matches: summary.matches }, counts);
    Ok(())
}

fn agree_on_counts(mode: &Mode, text: &[u8], way: Way) -> Result<(), TestCaseError> {
    let wanted = mode.expected_counts(text, true);
    prop_assert_eq!(mode.count(text, way), wanted, "{:?}", text.escape_ascii().to_string());
    let mut builder = mode.builder(way.chunk);
    let (_, summary) = mode.search(builder.goal(Goal::CountLines), text, way);
    prop_assert_eq!(summary.matched_lines, mode.expected_counts(text, false).lines);
    let (_, summary) = mode.search(builder.goal(Goal::AnyLine).max_count(None), text, way);
    let any = Mode { max_count: None, ..mode.clone() }.expected_counts(text, false).lines > 0;
    prop_assert_eq!(summary.matched_lines > 0, any);
    Ok(())
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn every_mode_is_as_defined(mode in mode(), text in text(), way in way()) {
        let text = ended(&text.0, mode.terminator);
        agree(&mode, &text, way)?;
    }

    #[test]
    fn counts_are_as_defined(mode in mode(), text in text(), way in way()) {
        let text = ended(&text.0, mode.terminator);
        agree_on_counts(&mode, &text, way)?;
    }

    /// The outputs of ranges, one after the other, are the output of one search.
    #[test]
    fn ranges_add_up(
        mode in mode_of(Just(false)),
        text in text(),
        cuts in prop::collection::vec(0..400_u64, 0..4),
        way in way(),
    ) {
        let text = ended(&text.0, mode.terminator);
        let mode = Mode { max_count: None, last: None, reverse: false, before: 0, after: 0, ..mode };
        let whole = mode.search(&mode.builder(way.chunk), &text, way).0;
        let mut cuts = [&[0][..], &cuts, &[u64::MAX]].concat();
        cuts.sort_unstable();
        let mut parts = String::new();
        for pair in cuts.windows(2) {
            let mode = Mode { range: Some(pair[0]..pair[1]), ..mode.clone() };
            parts.push_str(&mode.search(&mode.builder(way.chunk), &text, way).0);
        }
        prop_assert_eq!(parts, whole);
    }

    /// What was emitted before a search was stopped, or had all that it wanted, and what a search finds that begins
    /// where it was stopped, are the whole output. Only of a line that was emitted in part, what was emitted comes once
    /// more.
    #[test]
    fn a_stopped_search_can_be_taken_up_again(
        mode in mode_of(Just(false)),
        text in text(),
        way in way(),
        calls in prop_oneof![Just(usize::MAX), 1..10_usize],
        cancels in any::<bool>(),
    ) {
        let text = ended(&text.0, mode.terminator);
        let way = Way { mapped: true, ..way };
        let passthru = mode.max_count.is_none() && mode.passthru;
        let mode = Mode { last: None, reverse: false, before: 0, after: 0, passthru, ..mode };
        let whole = Mode { max_count: None, ..mode.clone() };
        let (whole_out, _) = whole.search(&whole.builder(way.chunk), &text, way);
        let stop = Stop { calls, cancels };
        let (out, summary) = stop.search(&mode, &text, way);
        prop_assert!(whole_out.starts_with(&out), "{out:?} is no part of {whole_out:?}");
        let Some(at) = summary.stopped_at else {
            prop_assert_eq!(out, whole_out);
            return Ok(());
        };
        let line_of = |offset: usize| {
            let line = text[..offset].iter().rposition(|&byte| byte == mode.terminator.byte());
            line.map_or(0, |end| end + 1) as u64
        };
        // Where nothing but matches is shown, each is dealt with by itself.
        let dealt_with = |offset: usize| match mode.only_matches && !mode.passthru {
            true => (offset as u64) < at,
            false => line_of(offset) < at,
        };
        let whole_records = records(&whole_out);
        let before = whole_records.iter().take_while(|(offset, _)| dealt_with(*offset));
        let before: String = before.map(|(_, text)| *text).collect();
        let rest = Mode { range: Some(at..u64::MAX), ..whole };
        let (rest, _) = rest.search(&rest.builder(way.chunk), &text, way);
        prop_assert_eq!(format!("{before}{rest}"), whole_out.clone(), "stopped at {}", at);
        prop_assert!(out.starts_with(&before), "stopped at {at} after {out:?}");
        if !mode.only_matches {
            let next = &whole_out[before.len()..];
            let next = records(next).first().map_or(0, |(_, text)| text.len());
            prop_assert!(next == 0 || out.len() - before.len() < next, "stopped at {at} after {out:?}");
        }
    }

    /// Whoever stops a search, or cancels it, gets what comes first of its output, and nothing more.
    #[test]
    fn a_search_can_be_stopped_in_every_mode(
        mode in mode(),
        text in text(),
        way in way(),
        calls in 1..6_usize,
        cancels in any::<bool>(),
    ) {
        let text = ended(&text.0, mode.terminator);
        let (whole, _) = mode.expected(&text);
        let (out, _) = Stop { calls, cancels }.search(&mode, &text, way);
        prop_assert!(whole.starts_with(&out), "{out:?} is no part of {whole:?}");
    }

    /// A panic reaches the caller in every mode, and there is an end to it.
    #[test]
    fn a_panic_reaches_the_caller_in_every_mode(
        mode in mode(),
        text in text(),
        way in way(),
        calls in 1..6_usize,
        in_emit in any::<bool>(),
    ) {
        let text = ended(&text.0, mode.terminator);
        let left = AtomicUsize::new(if in_emit { usize::MAX } else { calls });
        let format = Panicking { printer: mode.printer(), left };
        let grep = mode.grep(&mode.builder(way.chunk));
        let mut emitted = 0;
        let outcome = quietly(|| {
            way.search(&grep, &text, &format, &mut |_| {
                emitted += 1;
                assert!(!in_emit || emitted < calls, "out of order");
                ControlFlow::Continue(())
            })
        });
        match outcome {
            Ok(summary) => {
                let panicked = if in_emit { emitted >= calls } else { format.left.into_inner() == 0 };
                prop_assert!(!panicked && summary.is_ok());
            }
            Err(payload) => prop_assert_eq!(payload.downcast_ref::<&str>(), Some(&"out of order")),
        }
    }

    #[test]
    fn ranges_are_as_defined(
        mode in mode_of(Just(false)),
        text in text(),
        range in (0..200_u64, 0..300_u64),
        way in way(),
    ) {
        let text = ended(&text.0, mode.terminator);
        let mode = Mode { range: Some(range.0..range.0 + range.1), ..mode };
        agree(&mode, &text, way)?;
        agree_on_counts(&mode, &text, way)?;
    }
}

fn mapped(chunk: usize) -> Way {
    Way { mapped: true, chunk, threads: 2, step: 1 }
}

/// The search of a long line for its matches took no notice of the limit, and reported the first part of the line as a
/// line.
#[test]
fn a_long_line_behind_the_limit_of_passthru_is_shown_as_a_whole() {
    let text = b"bbbb\naaaaaaaa\nb\naaaaaaaaaaaaaaaaaaaaaaaa\nb\n";
    for max_count in [1, 2, 3] {
        let mode = Mode { passthru: true, only_matches: true, max_count: Some(max_count), ..Mode::of("a") };
        for chunk in 1..10 {
            agree(&mode, text, mapped(chunk)).unwrap();
        }
    }
}

/// Between two matches of a part lies one more where they chain, and each part has to be told where the last match of
/// the one before it ended.
#[test]
fn matches_that_chain_over_all_parts_of_a_long_line() {
    let line = b"a".repeat(5_000);
    for text in [line.clone(), [&line[..], b"\n"].concat(), [b"b\n", &line[..], b"\r\nb\naaaa"].concat()] {
        for pattern in ["aaa", "aa", "a{7}", "aa|aaaa", "(?:aaa){1,5}", "a{2}|b"] {
            let mode = Mode { only_matches: true, ..Mode::of(pattern) };
            for chunk in [1, 2, 3, 7, 64, 1000] {
                agree(&mode, &text, mapped(chunk)).unwrap();
                agree_on_counts(&mode, &text, mapped(chunk)).unwrap();
            }
        }
    }
}

#[test]
fn empty_matches_at_the_borders_of_chunks_in_a_long_line() {
    let text = "ab aab \u{e9}b ".repeat(20);
    for end in ["", "\n", "\r\n", "\n\n"] {
        let text = [text.as_bytes(), end.as_bytes()].concat();
        for pattern in ["", "x*", "a*", "b*", "a??", r"\b", r"\B", "$", "^", "ab|", "(?:ab)?", "a{0,2}"] {
            let mode = Mode { only_matches: true, ..Mode::of(pattern) };
            for chunk in 1..30 {
                agree(&mode, &text, mapped(chunk)).unwrap();
                agree_on_counts(&mode, &text, mapped(chunk)).unwrap();
            }
        }
    }
}

/// Whoever searches from within a pool of one thread has no other thread to wait for.
#[test]
fn a_search_from_within_a_pool_of_one_thread_comes_to_an_end() {
    let text = [&b"ab\n".repeat(500)[..], &b"aab".repeat(500), b"\nb\n"].concat();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let base = Mode::of("aa?b");
    let modes = [
        base.clone(),
        Mode { only_matches: true, ..base.clone() },
        Mode { multiline: true, ..Mode::of("b\na") },
        Mode { multiline: true, ..Mode::of("b\n+a*") },
        Mode { before: 2, after: 1, max_count: Some(100), ..base.clone() },
        Mode { reverse: true, ..base.clone() },
        Mode { last: Some(100), ..base.clone() },
        Mode { passthru: true, invert: true, ..base },
    ];
    for mode in modes {
        for mapped in [true, false] {
            for threads in [1, 2, 4] {
                let way = Way { mapped, chunk: 16, threads, step: 10 };
                pool.install(|| agree(&mode, &text, way)).unwrap();
                pool.install(|| agree_on_counts(&mode, &text, way)).unwrap();
            }
        }
    }
}

/// The least length of a regex with a class of nothing in it is not known, and that was taken for one that is not 0:
/// the search went on for ever with the empty match behind the last line end.
#[test]
fn a_class_of_nothing_does_not_hide_that_matches_may_be_empty() {
    let text = b"asa\nb\n";
    for patterns in [&["[a&&b]", "x*"][..], &[r"[^\s\S]", "(?i)s", "x*"], &["[a&&b]*"], &["[a&&b]|a*"], &["[a&&b]"]] {
        for only_matches in [false, true] {
            for multiline in [false, true] {
                let patterns = patterns.iter().map(ToString::to_string).collect();
                let mode = Mode { patterns, only_matches, multiline, ..Mode::of("") };
                for chunk in [1, 2, 3, 100] {
                    agree(&mode, text, mapped(chunk)).unwrap();
                    agree_on_counts(&mode, text, mapped(chunk)).unwrap();
                }
            }
        }
    }
}

/// Where a range cut one of the lines that are searched at once, the others were not selected for an empty match behind
/// the last byte of the text.
#[test]
fn an_empty_match_behind_the_last_byte_counts_where_a_range_cuts_another_line() {
    let text = b"ab\na";
    for (range, chunk) in (0..5).flat_map(|start| [1, 3, 100].map(|chunk| (start..5, chunk))) {
        let mode = Mode { range: Some(range), ..Mode::of("$") };
        agree_on_counts(&mode, text, mapped(chunk)).unwrap();
        agree(&Mode { only_matches: true, ..mode }, text, mapped(chunk)).unwrap();
    }
}
