//! What the command prints against its definition: numbers, offsets, counts, patterns told apart, with patterns that
//! are equal, empty, or given twice.
//!
//! `MAPGREP_CASES` sets how many random cases are tried.

use std::fs;

use mapgrep::matcher::LineTerminator;
use proptest::{prelude::*, sample::select};
use tempfile::TempDir;

use crate::oracle::command::{CommandLine, Printed, Shows};
use crate::oracle::modes::{Mode, ended};
use crate::oracle::regexes::{REGEXES, REGEXES_BY_LINE};

/// What it prints, and what it should.
fn both(line: &CommandLine, text: &[u8]) -> (Printed, Printed) {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("f");
    fs::write(&file, text).unwrap();
    (line.run(&file), line.expected(text))
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    // Few, so that some come twice; and one that is another in other words.
    let pattern = prop_oneof![3 => select(REGEXES_BY_LINE), 1 => select(&["", "a", "[a]", "(?:a)", "b|a"][..])];
    prop::collection::vec(pattern.prop_map(str::to_owned), 1..6)
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] = &[b"a", b"a", b"b", b"ab", b"foo", b" ", b"\n", b"\n", b"\r", b"\xC3\xA9", b"\xC3", b"x"];
    let long = (select(&["a", "ab", "x "][..]), 1..60_usize).prop_map(|(word, n)| word.repeat(n).into_bytes());
    let word = prop_oneof![8 => select(words).prop_map(<[u8]>::to_vec), 1 => long];
    prop::collection::vec(word, 0..50).prop_map(|words| words.concat())
}

fn command_line() -> impl Strategy<Value = CommandLine> {
    let shows = select(
        &[
            Shows::Lines,
            Shows::Lines,
            Shows::Ids,
            Shows::Count,
            Shows::CountMatches,
            Shows::CountByPattern { numbers: false, zero: false },
            Shows::CountByPattern { numbers: true, zero: true },
        ][..],
    );
    let terminator = select(&[LineTerminator::Lf, LineTerminator::Nul, LineTerminator::Nul, LineTerminator::Crlf][..]);
    let rare = || prop::bool::weighted(0.2);
    let limit = || prop_oneof![4 => Just(None), 1 => (1..=5_u64).prop_map(Some)];
    let range = prop_oneof![1 => Just(None), 1 => (0..120_u64, 0..200_u64).prop_map(|(at, len)| Some(at..at + len))];
    let ways = (any::<bool>(), select(&[1_usize, 3, 16, 200, 1 << 20][..]), 1..=3_usize);
    (patterns(), select(REGEXES), shows, terminator, (rare(), any::<bool>(), rare()), 0..3_usize, limit(), range, ways)
        .prop_map(|(patterns, across, shows, terminator, flags, after, max_count, range, (maps, chunk, threads))| {
            let (invert, only_matches, multiline) = flags;
            let tells_apart = !matches!(shows, Shows::Lines | Shows::Count | Shows::CountMatches);
            let multiline = multiline && !tells_apart;
            let invert = invert && !tells_apart;
            let patterns = if multiline { vec![across.to_owned()] } else { patterns };
            let mut mode = Mode {
                patterns,
                multiline,
                terminator,
                invert,
                after: if only_matches || max_count.is_none() { 0 } else { after },
                max_count,
                only_matches: only_matches && !invert,
                range: range.filter(|_| !multiline),
                ..Mode::of("")
            };
            if !mode.is_defined() || mode.patterns.iter().any(|pattern| pattern.contains("(?R")) {
                (mode.terminator, mode.multiline, mode.patterns) = (LineTerminator::Lf, false, vec!["a".to_owned()]);
            }
            CommandLine { mode, shows, maps, chunk, threads }
        })
}

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("MAPGREP_CASES").map_or(cases, |n| n.parse().expect("MAPGREP_CASES is a number"));
    ProptestConfig { cases, max_shrink_iters: 2_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn the_command_prints_what_is_defined(line in command_line(), text in text()) {
        let text = ended(&text, line.mode.terminator);
        let (printed, wanted) = both(&line, &text);
        prop_assert_eq!(printed, wanted, "{:?} in {:?}", line.args("f".as_ref()), text.escape_ascii().to_string());
    }
}

#[test]
fn a_pattern_that_is_given_again_keeps_its_number() {
    let patterns = ["a", "", "a", "[a]", ""].map(str::to_owned).to_vec();
    let line = |shows, only_matches| CommandLine {
        mode: Mode { patterns: patterns.clone(), only_matches, ..Mode::of("") },
        shows,
        maps: true,
        chunk: 1,
        threads: 1,
    };
    let printed = |line: CommandLine| {
        let (printed, wanted) = both(&line, b"ab\nb\n");
        assert_eq!(printed, wanted, "{line:?}");
        String::from_utf8(printed.out).unwrap()
    };
    assert_eq!(printed(line(Shows::Ids, false)), "1:0:1,2,4:ab\n2:3:2:b\n");
    assert_eq!(printed(line(Shows::Ids, true)), "1:0:1:a\n1:2:2:\n2:3:2:\n2:4:2:\n");
    let counts = Shows::CountByPattern { numbers: true, zero: true };
    assert_eq!(printed(line(counts, false)), "1:1:a\n2:2:\n4:1:[a]\n");
}
