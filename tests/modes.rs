//! Every mode of [`Grep`] against its definition, whatever the chunk size, the number of threads and the way in which the
//! text is had: lines, matches across lines, only matches, context, all lines, limits, ranges, from the end.
//!
//! `MAPGREP_CASES` sets how many random cases each property is tried with.

#[path = "oracle/memory.rs"]
mod memory;
#[path = "oracle/modes.rs"]
mod modes;
#[path = "oracle/regexes.rs"]
mod regexes;

use mapgrep::{grep::Goal, matcher::LineTerminator};
use modes::{Counts, Mode, Way, ended};
use proptest::{prelude::*, sample::select, test_runner::TestCaseError};
use regexes::{REGEXES, REGEXES_BY_LINE};

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("MAPGREP_CASES").map_or(cases, |n| n.parse().expect("MAPGREP_CASES is a number"));
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 5_000,
        max_global_rejects: 4 * cases,
        ..ProptestConfig::default()
    }
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
            // The oracle's dot is not ours where lines end with NUL, and it has no way to leave out `\r`.
            let fits =
                terminator == LineTerminator::Lf || (!multiline && !pattern.contains(['.', 's', 'W', '^', '[', 'R']));
            (multiline, pattern, if fits { terminator } else { LineTerminator::Lf })
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

fn text() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] =
        &[b"a", b"a", b"b", b"ab", b"aa", b"foo", b" ", b"\n", b"\n", b"\n", b"\xC3\xA9", b"\xC3", b"\xA9", b"x"];
    let long = (select(&["a", "ab", "x", "foo "][..]), 1..60_usize).prop_map(|(word, n)| word.repeat(n).into_bytes());
    let word = prop_oneof![8 => select(words).prop_map(<[u8]>::to_vec), 1 => long];
    prop::collection::vec(word, 1..60).prop_map(|words| words.concat())
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
        let text = ended(&text, mode.terminator);
        agree(&mode, &text, way)?;
    }

    #[test]
    fn counts_are_as_defined(mode in mode(), text in text(), way in way()) {
        let text = ended(&text, mode.terminator);
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
        let text = ended(&text, mode.terminator);
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

    #[test]
    fn ranges_are_as_defined(mode in mode_of(Just(false)), text in text(), range in (0..200_u64, 0..300_u64), way in way()) {
        let text = ended(&text, mode.terminator);
        let mode = Mode { range: Some(range.0..range.0 + range.1), ..mode };
        agree(&mode, &text, way)?;
        agree_on_counts(&mode, &text, way)?;
    }
}

fn mapped(chunk: usize) -> Way {
    Way { mapped: true, chunk, threads: 2, step: 1 }
}

/// The search of a long line for its matches took no notice of the limit, and reported the first part of the line as a line.
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
