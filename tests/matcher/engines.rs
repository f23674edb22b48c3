//! A regex finds the same with the engine that is chosen for it as with the meta engine of regex-automata.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use crate::oracle::engines::Engines;

fn cases() -> u32 {
    std::env::var("MAPGREP_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(64)
}

/// Regexes that are searched for in ways of their own.
const REGEXES: &[&str] = &[
    "[0-9]+",
    "[0-9]{3}",
    r"\w+\s+\w+",
    "[A-Z][a-z]+",
    r"[0-9]+\.[0-9]+",
    "[a-z]{4}[0-9]{3}[A-Z]",
    "[a-z]{20}",
    r"\bs0\b|aab?",
    "(?i)ababab0",
    "^a+$",
    "(?m)^[^a]+?b",
    r"\Aa|b\z",
    r"(?-u:\b)a+?",
    "a|ab|abc",
    "(?:ab)+|aba",
    "[ab]{0,5}0",
    "(?s:.)a",
    "é+a?",
    r"(?-u)[\x80-\xFF]+",
];

/// So long that an engine that has given up is tried again.
#[test]
fn in_long_texts_too() {
    let mut state = 1_u64;
    let mut number = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    // Parts of ASCII alone, and parts that are not.
    let mut text = vec![];
    for part in 0..12 {
        let piece = crate::oracle::grammar::text((0..2500).map(|_| number()));
        text.extend(piece.into_iter().filter(|byte| byte.is_ascii() || part % 3 == 2));
    }
    for regex in REGEXES {
        for options in [0x5C, 0x5D, 0x1D] {
            if let Some(mut engines) = Engines::new(regex, options) {
                engines.compare_walks(&text);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn any_regex_finds_what_the_meta_engine_finds(
        numbers in prop::collection::vec(any::<u8>(), 60),
        parts in 1..9_usize,
        options in any::<u8>(),
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 8),
    ) {
        let mut numbers = numbers.into_iter().cycle();
        let regex = crate::oracle::grammar::regex(&mut || numbers.next().unwrap_or(0), parts);
        if let Some(mut engines) = Engines::new(&regex, options) {
            for text in texts {
                let text = crate::oracle::grammar::text(text);
                let compared = catch_unwind(AssertUnwindSafe(|| engines.compare(&text)));
                prop_assert!(compared.is_ok(), "{regex:?} with options {options:#x}");
            }
        }
    }

    #[test]
    fn these_regexes_find_what_the_meta_engine_finds(
        regex in prop::sample::select(REGEXES),
        options in any::<u8>(),
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 8),
    ) {
        if let Some(mut engines) = Engines::new(regex, options) {
            texts.into_iter().for_each(|text| engines.compare(&crate::oracle::grammar::text(text)));
        }
    }
}
