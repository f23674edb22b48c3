//! Patterns whose classes, case and words are those of ASCII: one at a time, and as sets of plain strings, which have
//! engines of their own.

use mapgrep::matcher::{Case, MatcherBuilder};

/// What is found in a text, by patterns with these options.
fn found(patterns: &[&str], ignore_case: bool, word: bool, fixed: bool, text: &str) -> Vec<Vec<u8>> {
    let mut builder = MatcherBuilder::new();
    builder.unicode(false).by_line(true).word(word).fixed_strings(fixed).merge(true);
    builder.case(if ignore_case { Case::Insensitive } else { Case::Sensitive });
    let matcher = builder.build(patterns).unwrap();
    let mut cache = matcher.create_cache();
    matcher.find_iter(&mut cache, text.as_bytes()).map(|m| text.as_bytes()[m.range()].to_vec()).collect()
}

#[test]
fn classes_and_boundaries() {
    assert_eq!(found(&[r"\w+"], false, false, false, "wörd x"), [&b"w"[..], b"rd", b"x"]);
    assert_eq!(found(&["."], false, false, false, "é"), [b"\xC3", b"\xA9"]);
    assert_eq!(found(&[r"(?u)\w+"], false, false, false, "wörd"), ["wörd".as_bytes()]);
    assert_eq!(found(&[r"\bfoo\b"], false, false, false, "éfoo afoo"), [b"foo"]);
    assert_eq!(found(&["é"], false, false, false, "éÉ"), ["é".as_bytes()]);
}

#[test]
fn words_and_case_of_one_and_of_many() {
    for others in [&[][..], &["bar"], &["bar", "quux", "zap"]] {
        let patterns = |first: &'static str| [&[first], others].concat();
        for fixed in [false, true] {
            // To Unicode, neither would be a word.
            assert_eq!(found(&patterns("foo"), false, true, fixed, "éfoo fooé xfoo foox"), [b"foo", b"foo"]);
            // To Unicode, the Kelvin sign is another k, and the long s another s.
            assert_eq!(found(&patterns("ks"), true, false, fixed, "ks KS \u{212A}s k\u{17F}"), [b"ks", b"KS"]);
            assert_eq!(found(&patterns("é"), true, false, fixed, "éÉ"), ["é".as_bytes()]);
        }
    }
}
