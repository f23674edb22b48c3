//! Tests of sets of regexes.

use proptest::prelude::*;

use std::ops::ControlFlow;

use crate::{
    matcher::{builder::MatcherBuilder, parse::Case, search::Matcher, terminator::LineTerminator},
    span::{PatternId, Span},
};

const PATTERNS: &[&str] = &[
    "foobar",
    "bar",
    "oo",
    "fo+bar",
    "[a-f]+",
    r"\bfoo\b",
    "^foo",
    "bar$",
    "^$",
    "",
    "x*",
    "(?i)fooBAR",
    "(?i)bar[0-9]",
    r"\w+bar",
    "foo|barbar",
    "f.o.b",
    "[0-9]{2}",
    "foo[0-9]?bar",
    "é",
    r"\W",
    "(?-u:\\xFF)",
    "b.*r.*f",
    "zzzzz|yyyyy",
];

fn naive(matchers: &[Matcher], line: &[u8]) -> Vec<usize> {
    let is_match = |matcher: &Matcher| matcher.is_match(&mut matcher.create_cache(), line);
    (0..matchers.len()).filter(|&id| is_match(&matchers[id])).collect()
}

fn agree(builder: &MatcherBuilder, patterns: &[&str], text: &[u8]) -> Result<(), TestCaseError> {
    let set = builder.build_set(patterns).unwrap();
    let mut cache = set.create_cache();
    let one = |pattern: &&str| builder.clone().by_line(true).build([pattern]).unwrap();
    let matchers: Vec<Matcher> = patterns.iter().map(one).collect();
    let mut wanted = vec![];
    let mut at = 0;
    for line in text.split_inclusive(|&byte| byte == set.terminator.byte()) {
        let ids = naive(&matchers, set.terminator.strip(line));
        let found: Vec<usize> = set.matches(&mut cache, line).iter().map(|id| id.index()).collect();
        prop_assert_eq!(&found, &ids);
        if !ids.is_empty() {
            wanted.push((Span::new(at, at + line.len()), ids));
        }
        at += line.len();
    }
    for limit in [usize::MAX, 1, 3] {
        let mut found = vec![];
        let _ = set.for_each_line(&mut cache, text, |line, ids| {
            found.push((line, ids.iter().map(|id| id.index()).collect::<Vec<_>>()));
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        prop_assert_eq!(&found[..], &wanted[..wanted.len().min(limit)]);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_pattern_is_looked_for_by_itself(
        patterns in prop::collection::vec(prop::sample::select(PATTERNS), 0..8),
        words in prop::collection::vec(
            prop::sample::select(vec!["foo", "bar", "FOO", "Bar", " ", "\n", "\n\n", "0", "12", "x", "é", "\r\n",
                "yyyyy"]),
            0..40,
        ),
        given in 0..16_usize,
    ) {
        agree(&options(given), &patterns, words.concat().as_bytes())?;
    }
}

/// Regexes that have a shape, most of them without a literal.
const WITH_SHAPES: &[&str] = &[
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    r"\b[0-9]{4}-[0-9]{2}\b",
    r"(?i)key\s*[:=]\s*[0-9]+",
    r"(?i)\bpass(?:word)?=",
    r#"["'][0-9A-F]{6}["']"#,
    r"[MN][a-z]{3}\.[a-z]{2}\.[0-9]{3}",
    r"^[0-9]{4}-",
    r"[a-z]+://[^/ ]+@",
    "-[0-9]{2}-[0-9]{2}$",
    "<[0-9a-f]{2}>|[0-9]{4}-[0-9]{2}",
    "(?:X-[0-9]{3})+",
];

fn options(options: usize) -> MatcherBuilder {
    let mut builder = MatcherBuilder::new();
    builder.case([Case::Sensitive, Case::Insensitive][options % 2]);
    builder.line_terminator([LineTerminator::Lf, LineTerminator::Crlf][options / 2 % 2]);
    builder.word(options / 4 % 2 == 1).whole_line(options / 8 == 1);
    builder
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// All by shapes alone, or next to literals and patterns that have neither.
    #[test]
    fn patterns_with_shapes_are_looked_for_where_these_are(
        patterns in prop::collection::vec(prop::sample::select(WITH_SHAPES), 1..8),
        others in prop::collection::vec(prop::sample::select(PATTERNS), 0..3),
        words in prop::collection::vec(
            prop::sample::select(vec![
                "2024-01-02", "2024-01", "Key : 17", "\u{212A}ey=1", "pass=", "PA\u{17F}\u{17F}WORD=", "'01AF99'",
                "\"01AF9", "Mabc.de.123",
                "http://a@", "<0f>", "X-123X-456", "foo", "bar", " ", "\n", "\n\n", "0", "12", "-", "\r\n", "é", "\n",
            ]),
            0..40,
        ),
        given in 0..16_usize,
    ) {
        let builder = options(given);
        let patterns = [&patterns[..], &others].concat();
        if others.is_empty() {
            let set = builder.build_set(&patterns).unwrap();
            prop_assert!(set.shapes.is_some() && set.literals.is_empty() && set.others.is_none());
        }
        agree(&builder, &patterns, words.concat().as_bytes())?;
    }
}

#[test]
fn patterns_with_too_many_shapes_are_looked_for_by_their_literals() {
    let mut patterns: Vec<String> = (0..200).map(|i| format!("word{i:03}[a-z]")).collect();
    patterns.push(WITH_SHAPES[0].to_owned());
    let patterns: Vec<&str> = patterns.iter().map(|pattern| &pattern[..]).collect();
    let set = MatcherBuilder::new().build_set(&patterns).unwrap();
    assert!(set.shapes.is_some() && set.literals.owners() == 200);
    let text = "word007a word199z 2024-01-02\n2024-01-02\nword007a\n\n word199 word199a\n";
    agree(&MatcherBuilder::new(), &patterns, text.as_bytes()).unwrap();
}

#[test]
fn bytes_that_are_no_text() {
    let text = b"\xFFfoo\n\xC3\n\0bar\xE9\n\xFF";
    for word in [false, true] {
        agree(MatcherBuilder::new().word(word), PATTERNS, text).unwrap();
    }
    agree(MatcherBuilder::new().line_terminator(LineTerminator::Nul), &["foo", "^bar", "[a-z]$"], text).unwrap();
}

#[test]
fn fixed_strings_need_no_engine() {
    let mut builder = MatcherBuilder::new();
    let set = builder.fixed_strings(true).build_set(["a.b", "c", "a.b"]).unwrap();
    assert!(set.regexes.is_empty() && set.others.is_none());
    let mut cache = set.create_cache();
    let ids = set.matches(&mut cache, b"xa.bx");
    assert_eq!(ids, [PatternId::new(0), PatternId::new(2)]);
    for (word, whole_line, wanted) in [(true, false, vec![0, 1, 3]), (false, true, vec![1])] {
        let set = builder.word(word).whole_line(whole_line).build_set(["a.b", "a.b c", "b c.", "c", "a"]).unwrap();
        assert!(set.regexes.is_empty() && set.others.is_none());
        let found = |line: &[u8]| -> Vec<usize> {
            set.matches(&mut set.create_cache(), line).iter().map(|id| id.index()).collect()
        };
        assert_eq!(found(b"a.b c"), if whole_line { wanted } else { vec![0, 1, 3, 4] });
        assert_eq!(found(b"xa.b"), [0; 0]);
    }
}
