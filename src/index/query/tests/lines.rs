//! A line that matches has what the patterns need.

use proptest::prelude::*;

use super::{builder, holds};
use crate::{index::query::patterns::Query, matcher::LineTerminator};

#[test]
fn what_stands_around_a_repetition() {
    let times = ["", "?", "*", "+", "{0}", "{2}", "{1,3}", "{2,3}", "{2,}", "{0,2}", "{3}?"];
    for before in ["", "x", "foo", ".", "(a|foo.*)"] {
        for part in ["bar", "ab|cde", "q", "[ab]c?", "bar.*r", "(?i:sk)"] {
            for (times, after) in times.iter().flat_map(|times| ["", "y", "baz"].map(|after| (times, after))) {
                let pattern = format!("{before}(?:{part}){times}{after}");
                let matcher = builder("").build([&pattern]).unwrap();
                let query = Query::new(&builder(""), &[&pattern]).unwrap();
                let repeated = ["bar", "abcde", "cdeab", "q", "ac", "SK", "bar-r"].into_iter();
                let inner = repeated.flat_map(|part| (0..5).map(|times| part.repeat(times)));
                let around = ["", "x", "foo", "a"].into_iter().flat_map(|a| ["", "y", "baz"].map(|b| (a, b)));
                for (inner, (before, after)) in inner.flat_map(|inner| around.clone().map(move |a| (inner.clone(), a)))
                {
                    let line = format!("{before}{inner}{after}").into_bytes();
                    if matcher.is_match(&mut matcher.create_cache(), &line) {
                        assert!(holds(&query.condition, &line), "{pattern}: {query}: {}", line.escape_ascii());
                    }
                }
            }
        }
    }
}

/// A part of a pattern, of which matches can be made.
#[derive(Clone, Debug)]
enum Part {
    /// As it is in a pattern and in a text.
    Text(&'static str),
    /// What it is in a pattern, and texts that it matches.
    Class(&'static str, &'static [&'static [u8]]),
    Concat(Vec<Part>),
    Alternation(Vec<Part>),
    Repetition(Box<Part>, &'static str, std::ops::RangeInclusive<usize>),
}

impl Part {
    fn pattern(&self) -> String {
        let all = |parts: &[Part]| parts.iter().map(Part::pattern).collect::<Vec<_>>();
        match self {
            Part::Text(text) => regex_syntax::escape(text),
            Part::Class(pattern, _) => pattern.to_string(),
            Part::Concat(parts) => all(parts).concat(),
            Part::Alternation(parts) => format!("({})", all(parts).join("|")),
            Part::Repetition(part, times, _) => format!("(?:{}){times}", part.pattern()),
        }
    }

    /// A text that it matches, but for what assertions ask for.
    fn text(&self, numbers: &mut impl FnMut() -> usize) -> Vec<u8> {
        match self {
            Part::Text(text) => text.as_bytes().to_vec(),
            Part::Class(_, texts) => texts[numbers() % texts.len()].to_vec(),
            Part::Concat(parts) => parts.iter().flat_map(|part| part.text(numbers)).collect(),
            Part::Alternation(parts) => parts[numbers() % parts.len()].text(numbers),
            Part::Repetition(part, _, times) => {
                let times = times.start() + numbers() % (times.end() - times.start() + 1);
                (0..times).flat_map(|_| part.text(numbers)).collect()
            }
        }
    }
}

fn parts() -> impl Strategy<Value = Part> {
    let texts = prop::sample::select(vec![
        "a", "b", "ab", "Ab", "sk", "kiss", "SASK", "foo", "Foobar", "é", "É", "ß", "дом", "\u{17F}", "\u{212A}",
        "a.b", "-", " ",
    ]);
    let classes = prop::sample::select(vec![
        Part::Class("[ab]", &[b"a", b"b"]),
        Part::Class("[a-z]", &[b"a", b"k", b"s", b"z"]),
        Part::Class("[^a]", &[b"b", b"K", b"\xC5\xBF"]),
        Part::Class("(?i:[ks])", &[b"K", b"s", b"\xC5\xBF", b"\xE2\x84\xAA"]),
        Part::Class("(?i:kiss)", &[b"KISS", b"ki\xC5\xBFs", b"\xE2\x84\xAAiss"]),
        Part::Class("(?i-u:ask)", &[b"ask", b"ASK"]),
        Part::Class("[0-9]", &[b"0", b"7"]),
        Part::Class("[sx\u{17F}]", &[b"s", b"x", b"\xC5\xBF"]),
        Part::Class("[x\u{17F}]", &[b"x", b"\xC5\xBF"]),
        Part::Class("(?i:é)", &[b"\xC3\xA9", b"\xC3\x89"]),
        Part::Class("(?i:дом)", &[b"\xD0\xB4\xD0\x9E\xD0\xBC", b"\xD0\x94\xD0\xBE\xD0\xBC"]),
        Part::Class(r"(?-u:\xC5)", &[b"\xC5"]),
        Part::Class(r"(?-u:[\xBF\xC0])", &[b"\xBF", b"\xC0"]),
        Part::Class(r"(?s-u:.)", &[b"\xFF", b"\xBF", b"a"]),
        Part::Class(r"\w", &[b"a", b"S", b"\xC3\x89"]),
        Part::Class(".", &[b"-", b"k", b"\xC5\xBF"]),
        Part::Class(r"\b", &[b""]),
        Part::Class(r"\B", &[b""]),
        Part::Class("^", &[b""]),
        Part::Class("$", &[b""]),
        Part::Class("", &[b""]),
    ]);
    let leaf = prop_oneof![2 => texts.prop_map(Part::Text), 1 => classes];
    leaf.prop_recursive(4, 16, 4, |inner| {
        let times = prop::sample::select(vec![
            ("?", 0..=1),
            ("*", 0..=3),
            ("+", 1..=3),
            ("{2}", 2..=2),
            ("{3,}", 3..=4),
            ("{0}", 0..=0),
            ("{0,2}?", 0..=2),
            ("{1,3}", 1..=3),
            ("{2,3}", 2..=3),
            ("{12}", 12..=12),
        ]);
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 2..6).prop_map(Part::Concat),
            2 => prop::collection::vec(inner.clone(), 1..5).prop_map(Part::Alternation),
            2 => (inner, times).prop_map(|(part, (text, times))| Part::Repetition(Box::new(part), text, times)),
        ]
    })
}

/// Writes some letters in another case, changes some bytes, and puts something around it.
fn change(mut text: Vec<u8>, numbers: &mut impl FnMut() -> usize) -> Vec<u8> {
    const PIECES: &[&[u8]] = &[b"", b"a", b" ", b"k", b"foo", b"\xBF", b"\xC5", "ſ".as_bytes(), "\u{212A}".as_bytes()];
    match numbers() % 4 {
        0 => {
            text = text
                .iter()
                .flat_map(|&byte| match (byte, numbers() % 4) {
                    (b's' | b'S', 0) => "ſ".as_bytes().to_vec(),
                    (b'k' | b'K', 0) => "\u{212A}".as_bytes().to_vec(),
                    (_, 1 | 2) => vec![byte.to_ascii_uppercase()],
                    _ => vec![byte],
                })
                .collect()
        }
        1 => text = String::from_utf8_lossy(&text).to_uppercase().into_bytes(),
        2 if !text.is_empty() => {
            let at = numbers() % text.len();
            text[at] = PIECES[1..][numbers() % (PIECES.len() - 1)][0];
        }
        _ => {}
    }
    match numbers() % 2 {
        0 => text,
        _ => [PIECES[numbers() % PIECES.len()], &text, PIECES[numbers() % PIECES.len()]].concat(),
    }
}

const FLAGS: &[&str] = &["", "i", "S", "w", "wi", "x", "xi", "wS", "U", "Ui", "F", "Fi", "FS", "Fwi", "Fxi", "FUi"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// A line that matches has what the patterns need.
    #[test]
    fn no_line_that_matches_is_missed(
        parts in prop::collection::vec(parts(), 1..3),
        flags in prop::sample::select(FLAGS),
        merge in any::<bool>(),
        terminator in prop::sample::select(vec![LineTerminator::Lf, LineTerminator::Crlf, LineTerminator::Nul]),
        numbers in prop::collection::vec(any::<u16>(), 64),
    ) {
        let mut at = 0;
        let mut number = || {
            at += 1;
            usize::from(numbers[at % numbers.len()].rotate_left((at / numbers.len()) as u32))
        };
        let mut builder = builder(flags);
        builder.merge(merge).line_terminator(terminator);
        // A plain string is one of the texts.
        let patterns: Vec<String> = parts.iter().map(|part| match flags.contains('F') {
            true => String::from_utf8_lossy(&part.text(&mut number)).into_owned(),
            false => part.pattern(),
        }).collect();
        let matcher = builder.build(&patterns).unwrap();
        let query = Query::new(&builder, &patterns).unwrap();
        let mut cache = matcher.create_cache();
        for _ in 0..24 {
            let part = number() % parts.len();
            let text = match flags.contains('F') {
                true => patterns[part].clone().into_bytes(),
                false => parts[part].text(&mut number),
            };
            let line = change(text, &mut number);
            if !line.contains(&terminator.byte()) && matcher.is_match(&mut cache, &line) {
                prop_assert!(
                    holds(&query.condition, &line),
                    "{:?} {:?} on {:?}: {}", flags, patterns, line.escape_ascii().to_string(), query,
                );
            }
        }
    }
}
