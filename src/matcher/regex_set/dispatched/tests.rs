//! Tests of long lists of patterns.

use proptest::prelude::*;

use super::choose::{LEAST_MIXED_PATTERNS, LEAST_PATTERNS};
use crate::{
    matcher::{
        builder::MatcherBuilder,
        parse::Case,
        parse::Limits,
        regex::{corrections::Corrections, engine::Regexes},
        search::{Cursor, Matcher},
        strategy::Strategy,
        terminator::LineTerminator,
    },
    span::Match,
};

/// Regexes with literals, words, and regexes without literals, which share parts and overlap.
const PATTERNS: &[&str] = &[
    r"user1\b.*latency=17\d+ms",
    r"user12\b.*latency=17\d+ms",
    r"user1.*?latency",
    "user",
    "user12",
    "ser1(?:2|23)?",
    r"\w+user1",
    "latency(?:=1)??",
    r"\bser\b|latency",
    "^user1|ms$",
    "(?i)LATENCY",
    "stra\u{df}e",
    "\u{434}\u{43e}\u{43c}",
    "kiss",
    r"[a-z]+=\d",
    r"\d{3}",
    r"us.*ms",
    r"user\B",
    r"(?-u:\xFF)user",
    "12 latency",
];

const WORDS: &[&[u8]] = &[
    b"user1",
    b"user12",
    b"user",
    b" ",
    b" ",
    b"\n",
    b"\n",
    b"latency=171",
    b"LATENCY",
    b"=17",
    b"ms",
    b"ser",
    b"17",
    b"\xFF",
    b"\r\n",
    b"12",
    "stra\u{df}e".as_bytes(),
    "STRA\u{1e9e}E".as_bytes(),
    "\u{434}\u{41e}\u{43c}".as_bytes(),
    b"ki",
    "\u{17F}\u{17F}".as_bytes(),
    "\u{212A}i\u{17F}s".as_bytes(),
    b"\xB0",
    "\u{e9}".as_bytes(),
    b"\0",
    b"filler7",
];

fn options(options: usize) -> MatcherBuilder {
    let mut builder = MatcherBuilder::new();
    builder.by_line(true).merge(options.is_multiple_of(2));
    builder.word(options / 2 % 3 == 1).whole_line(options / 2 % 3 == 2);
    builder.line_terminator([LineTerminator::Lf, LineTerminator::Crlf, LineTerminator::Nul][options / 6 % 3]);
    builder.case([Case::Sensitive, Case::Insensitive, Case::Smart][options / 18 % 3]);
    builder
}

/// The same patterns as one automaton.
fn whole(builder: &MatcherBuilder, patterns: &[String]) -> Matcher {
    let hirs = builder.options.parse(patterns).unwrap();
    let regexes = Regexes::new(&hirs, patterns.len(), builder.options.terminator, true, Limits::default()).unwrap();
    let corrections = Corrections::of_lines(&hirs, builder.options.terminator);
    Matcher { strategy: Strategy::Regexes(regexes), streams: None, corrections, ..builder.build(["x+"]).unwrap() }
}

/// The matches on every line by itself.
fn wanted(whole: &Matcher, text: &[u8]) -> Vec<Match> {
    let (mut cache, mut at, mut wanted) = (whole.create_cache(), 0, vec![]);
    for line in text.split_inclusive(|&byte| byte == whole.terminator()) {
        let found = whole.find_iter(&mut cache, whole.line_terminator().strip(line));
        wanted.extend(found.map(|m| m.behind(at)));
        at += line.len();
    }
    wanted
}

/// The first match from a place on, of every line by itself.
fn wanted_at(whole: &Matcher, text: &[u8], at: usize) -> Option<Match> {
    let mut cache = whole.create_cache();
    let mut from = 0;
    for line in text.split_inclusive(|&byte| byte == whole.terminator()) {
        let content = whole.line_terminator().strip(line);
        if at <= from + content.len()
            && let Some(m) = whole.find_at(&mut cache, content, at.saturating_sub(from))
        {
            return Some(m.behind(from));
        }
        from += line.len();
    }
    None
}

fn agree(matcher: &Matcher, whole: &Matcher, text: &[u8]) -> Result<(), TestCaseError> {
    let wanted = wanted(whole, text);
    let mut cache = matcher.create_cache();
    let found: Vec<_> = matcher.find_iter(&mut cache, text).collect();
    prop_assert_eq!(&found, &wanted);
    let mut found = vec![];
    matcher.each_match(&mut cache, text, Cursor::new(0), |m| {
        found.push(m);
        true
    });
    prop_assert_eq!(&found, &wanted);
    let line_of = |at: usize| text[..at].iter().filter(|&&byte| byte == matcher.terminator()).count();
    let mut lines = vec![];
    matcher.each_place(&mut cache, text, |place| {
        lines.push(line_of(place));
        true
    });
    lines.dedup();
    let mut wanted_lines: Vec<_> = wanted.iter().map(|m| line_of(m.start)).collect();
    wanted_lines.dedup();
    prop_assert_eq!(lines, wanted_lines);
    for at in 0..=text.len() {
        let wanted = wanted_at(whole, text, at);
        prop_assert_eq!(matcher.find_at(&mut cache, text, at), wanted, "from {}", at);
        let place = matcher.find_on_line(&mut cache, text, at);
        prop_assert_eq!(place.map(line_of), wanted.map(|m| line_of(m.start)), "from {}", at);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_one_automaton_finds(
        chosen in prop::collection::vec(prop::sample::select(PATTERNS), 1..30),
        fillers in prop::collection::vec(0..400_usize, 520),
        at in 0..520_usize,
        texts in prop::collection::vec(prop::collection::vec(prop::sample::select(WORDS), 0..24), 6),
        given in 0..54_usize,
    ) {
        let builder = options(given);
        let mut patterns: Vec<String> = fillers.iter().map(|i| format!("filler{i}[xy]?")).collect();
        patterns.splice(at..at, chosen.iter().map(|pattern| pattern.to_string()));
        let matcher = builder.build(&patterns).unwrap();
        let is_expected = matches!(matcher.strategy, Strategy::Dispatched(_) | Strategy::Literals(_));
        // Line ends of two bytes are a matter of their own.
        prop_assert!(is_expected || builder.options.terminator == LineTerminator::Crlf, "{}", matcher.description());
        let whole = whole(&builder, &patterns);
        for text in texts {
            agree(&matcher, &whole, &text.concat())?;
        }
    }
}

#[test]
fn lines_with_many_candidates_are_searched_by_one_automaton() {
    let mut builder = MatcherBuilder::new();
    let mut patterns: Vec<String> = (0..100).map(|i| format!("needle[0-9]{{{}}}x", 1 + i % 7)).collect();
    patterns.extend((0..30).map(|i| format!("pin{i}[a-z]")));
    for merge in [false, true] {
        let matcher = builder.by_line(true).merge(merge).build(&patterns).unwrap();
        let Strategy::Dispatched(dispatched) = &matcher.strategy else { panic!("{}", matcher.description()) };
        let whole = whole(&builder, &patterns);
        agree(&matcher, &whole, b"pin7a pin7\n\npin17x").unwrap();
        assert!(dispatched.0.whole.get().is_none());
        agree(&matcher, &whole, b"needle\nneedle123x pin3z\nneedle1 needle77777x needle1x\npin7").unwrap();
        assert!(dispatched.0.whole.get().is_some());
    }
}

#[test]
fn a_list_of_a_few_or_with_what_may_be_empty_is_one_automaton() {
    let is_dispatched = |patterns: &[String], by_line| {
        let matcher = MatcherBuilder::new().by_line(by_line).build(patterns).unwrap();
        matches!(matcher.strategy, Strategy::Dispatched(_))
    };
    let mut patterns: Vec<String> = (0..LEAST_MIXED_PATTERNS).map(|i| format!("word{i}[a-z]")).collect();
    assert!(!is_dispatched(&patterns[..LEAST_PATTERNS - 1], true));
    assert!(is_dispatched(&patterns[..LEAST_PATTERNS], true));
    assert!(!is_dispatched(&patterns, false));
    patterns.push("[0-9]".to_owned());
    assert!(is_dispatched(&patterns, true));
    assert!(!is_dispatched(&patterns[LEAST_MIXED_PATTERNS - 100..], true));
    patterns.push("x*".to_owned());
    assert!(!is_dispatched(&patterns, true));
}
