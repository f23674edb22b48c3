//! Streams against the regex crate, line by line.

use proptest::prelude::*;

use super::{program::Beyond, *};
use crate::{
    matcher::{
        builder::MatcherBuilder,
        lines::{
            select,
            sinks::{Counting, LineCounts, flip},
        },
        search::Matcher,
        terminator::LineTerminator,
    },
    span::Span,
};

/// The lines that match, by the engine alone and by streams; none where there are no streams.
fn both(matcher: &Matcher, text: &[u8], invert: bool) -> Option<[Vec<Span>; 2]> {
    let program = matcher.streams.as_ref()?;
    let terminator = matcher.line_terminator();
    let (mut start, mut wanted) = (0, vec![]);
    for line in text.split_inclusive(|&byte| byte == terminator.byte()) {
        if matcher.is_match(&mut matcher.create_cache(), terminator.strip(line)) != invert {
            wanted.push(Span::new(start, start + line.len()));
        }
        start += line.len();
    }
    let mut found = vec![];
    let always = Program { is_always_best: true, ..(**program).clone() };
    let matcher = Matcher { streams: Some(always.into()), ..matcher.clone() };
    select::select(&matcher, &mut matcher.create_cache(), text, invert, |line| {
        found.push(line);
        true
    });
    Some([wanted, found])
}

/// The lines that match and the matches in them, by definition and as they are found.
fn with_matches(matcher: &Matcher, text: &[u8]) -> [Vec<(Span, Vec<Span>)>; 2] {
    let terminator = matcher.line_terminator();
    let (mut start, mut wanted) = (0, vec![]);
    for line in text.split_inclusive(|&byte| byte == terminator.byte()) {
        let mut cache = matcher.create_cache();
        let matches: Vec<Span> = matcher.find_iter(&mut cache, terminator.strip(line)).map(|m| m.span()).collect();
        if !matches.is_empty() {
            wanted.push((Span::new(start, start + line.len()), matches));
        }
        start += line.len();
    }
    let (mut found, mut matches) = (vec![], vec![]);
    select::select_with_matches(matcher, &mut matcher.create_cache(), text, &mut matches, |line, matches| {
        found.push((line, matches.to_vec()));
        true
    });
    [wanted, found]
}

fn program(pattern: &str) -> Option<Program> {
    let matcher = MatcherBuilder::new().by_line(true).build([pattern]).unwrap();
    matcher.streams.map(|streams| (*streams).clone())
}

#[test]
fn regexes_that_repeat_single_bytes_have_streams() {
    for (pattern, steps, beyond) in [
        ("[a-z]", 2, Beyond::Nothing),
        ("[A-Z][a-z]+", 5, Beyond::Nothing),
        ("[a-z]{3,9}", 6, Beyond::Nothing),
        (";$", 4, Beyond::Nothing),
        (r"^\s*#", 7, Beyond::MayMatch),
        (r"\d", 3, Beyond::MayMatch),
        (r"a.*[bc]", 8, Beyond::MayMatch),
        (r"\b[ab]\b", 9, Beyond::Decides),
        (r"[ab]{2}|x[yz]?", 6, Beyond::Nothing),
        ("(?:ab|c)+", 7, Beyond::Nothing),
    ] {
        let program = program(pattern).unwrap_or_else(|| panic!("{pattern:?} has streams"));
        assert_eq!((program.len(), program.beyond), (steps, beyond), "{pattern:?}: {program:?}");
    }
    for pattern in ["x(?:ab)+y", "a*", "[ab]{99}", "abc", "é"] {
        assert!(program(pattern).is_none(), "{pattern:?}");
    }
    let crlf = MatcherBuilder::new().by_line(true).line_terminator(LineTerminator::Crlf).build(["[a-z]$"]).unwrap();
    assert!(crlf.streams.is_none());
    assert!(MatcherBuilder::new().build(["[a-z]"]).unwrap().streams.is_none());
}

#[test]
fn matches_at_all_offsets_of_lines_of_all_lengths() {
    for (pattern, line) in [("[0-9]x*[a-c]$", "7xxxxxxb"), ("^[a-c]+[0-9]", "abcab0"), (r"[a-f]\b", "f")] {
        let matcher = MatcherBuilder::new().by_line(true).build([pattern]).unwrap();
        for before in (0..140).chain(2030..2060) {
            for behind in ["", "\n", "\n\n", "q", "\nzz"] {
                let text = [&"-".repeat(before), "\n", line, behind].concat();
                let [wanted, found] = both(&matcher, text.as_bytes(), false).unwrap();
                assert_eq!(found, wanted, "{pattern:?} behind {before}");
                let text = [&"-".repeat(before), line, behind, &"\n".repeat(300)].concat();
                let [wanted, found] = both(&matcher, text.as_bytes(), true).unwrap();
                assert_eq!(found, wanted, "{pattern:?} behind {before}");
            }
        }
    }
}

#[test]
fn a_search_gives_up_where_most_lines_have_to_be_confirmed() {
    let matcher = MatcherBuilder::new().by_line(true).build([r"\d\d\d"]).unwrap();
    let mut counting = Counting { counts: LineCounts::default(), flip: flip(false), limit: u64::MAX };
    let text = "née\n".repeat(100_000);
    let mut confirmed = 0;
    let stop = search(matcher.streams.as_ref().unwrap(), text.as_bytes(), &mut counting, |line| {
        assert_eq!(line, "née".as_bytes());
        confirmed += 1;
        false
    });
    assert!(matches!(stop, Stop::GaveUp { at } if at % 5 == 0 && at < 32 << 10 && at / 5 <= confirmed), "{stop:?}");
    assert_eq!(counting.counts.lines, 0);
    let [wanted, found] = both(&matcher, [&text, "123\n", &text, "é 567"].concat().as_bytes(), false).unwrap();
    assert_eq!((found.len(), found), (2, wanted));
}

/// Parts of regexes; what is put together of them may have streams or not.
const ATOMS: &[&str] = &[
    "a",
    "b",
    "ab",
    "[ab]",
    "[^a]",
    ".",
    r"\d",
    r"\w",
    r"\W",
    r"\s",
    "^",
    "$",
    r"\b",
    r"\B",
    "é",
    "[a-é]",
    "(?-u:\\b)",
    r"\b{start}",
    r"\b{end-half}",
    "[[:cntrl:]]",
    "[b-d0-7]",
    "",
];
const TIMES: &[&str] = &["", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}"];

fn regex() -> impl Strategy<Value = String> {
    let atom = (prop::sample::select(ATOMS), prop::sample::select(TIMES)).prop_map(|(atom, times)| {
        let can_be_repeated = !atom.is_empty();
        if can_be_repeated { format!("(?:{atom}){times}") } else { atom.to_owned() }
    });
    atom.prop_recursive(3, 10, 4, |part| {
        prop_oneof![
            3 => prop::collection::vec(part.clone(), 1..5).prop_map(|parts| parts.concat()),
            1 => prop::collection::vec(part.clone(), 2..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            1 => (part, prop::sample::select(TIMES)).prop_map(|(part, times)| format!("(?:{part}){times}")),
        ]
    })
}

const WORDS: &[&str] = &["a", "b", "ab", " ", "\n", "\n", "0", "9", "é", "-", "\t", "_", "\0"];

/// How often a word is repeated. What is the same for more than a number of 64 bits is carried over it.
const RUNS: &[usize] = &[1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 64, 70, 200];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn as_the_engine_on_each_line(
        patterns in prop::collection::vec(regex(), 1..3),
        words in prop::collection::vec((prop::sample::select(WORDS), prop::sample::select(RUNS)), 0..200),
        broken in prop::bool::weighted(0.2),
        filling in prop::sample::select(vec![0, 1, 63, 64, 2_000, 2_048]),
        options in 0..8_usize,
    ) {
        let words: String = words.iter().map(|(word, run)| word.repeat(*run)).collect();
        let mut text = [&b"#".repeat(filling)[..], words.as_bytes()].concat();
        if broken {
            text.iter_mut().step_by(13).for_each(|byte| *byte |= 0x80);
        }
        let mut builder = MatcherBuilder::new();
        builder.by_line(true).merge(true).word(options % 2 == 1);
        builder.line_terminator([LineTerminator::Lf, LineTerminator::Nul][options / 4]);
        let matcher = builder.build(&patterns).unwrap();
        if let Some([wanted, found]) = both(&matcher, &text, options / 2 % 2 == 1) {
            prop_assert_eq!(found, wanted);
            let [wanted, found] = with_matches(&matcher, &text);
            let matches = found.iter().map(|(_, matches)| matches.len() as u64).sum::<u64>();
            prop_assert_eq!(&found, &wanted);
            let counts = select::count(&matcher, &mut matcher.create_cache(), &text, false, true, u64::MAX);
            prop_assert_eq!((counts.lines, counts.matches), (found.len() as u64, matches));
        }
    }
}
