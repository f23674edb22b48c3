//! Sets of patterns find what a naive search finds, and what aho-corasick finds.

use aho_corasick::AhoCorasick;
use mapgrep::{
    PatternId,
    matcher::set::{MatchKind, PatternSet},
};
use proptest::prelude::*;

use crate::oracle::patterns::{Matches, all, compare, in_parts, naive};

const KINDS: [MatchKind; 3] = [MatchKind::LeftmostFirst, MatchKind::LeftmostLongest, MatchKind::Overlapping];

fn cases() -> u32 {
    std::env::var("MAPGREP_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(64)
}

fn build(kind: MatchKind, fold: bool, patterns: &[impl AsRef<[u8]>]) -> PatternSet {
    PatternSet::builder().kind(kind).ascii_case_insensitive(fold).build(patterns).unwrap()
}

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }

    /// Bytes of an alphabet of so many letters, which begins at `A`.
    fn text(&mut self, len: usize, letters: usize) -> Vec<u8> {
        (0..len).map(|_| (usize::from(b'A') + self.below(letters)) as u8).collect()
    }

    /// A haystack and patterns, many of which are parts of it, of one another, or equal.
    fn task(&mut self, count: usize, len: usize, letters: usize, longest: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut haystack = self.text(len, letters);
        let mut patterns: Vec<Vec<u8>> = vec![];
        for _ in 0..count {
            let wanted = match self.below(4) {
                0 => 1 + self.below(longest.min(4)),
                1 => 1 + self.below(longest.min(12)),
                _ => 1 + self.below(longest),
            };
            let part = |numbers: &mut Self, of: &[u8]| {
                let from = numbers.below(of.len());
                of[from..of.len().min(from + wanted)].to_vec()
            };
            let pattern = match (self.below(6), patterns.is_empty()) {
                (0, _) => self.text(wanted, letters),
                (1 | 2, false) => {
                    let of = patterns[self.below(patterns.len())].clone();
                    match self.below(4) {
                        0 => of,
                        1 => [of, self.text(wanted, letters)].concat(),
                        2 => of[..1 + self.below(of.len())].to_vec(),
                        _ => part(self, &of),
                    }
                }
                _ => part(self, &haystack),
            };
            patterns.push(pattern);
        }
        for _ in 0..4 {
            let pattern = &patterns[self.below(patterns.len())];
            let at = self.below(haystack.len());
            let end = haystack.len().min(at + pattern.len());
            haystack[at..end].copy_from_slice(&pattern[..end - at]);
        }
        (patterns, haystack)
    }
}

#[test]
fn random_sets_are_found_as_naively() {
    for seed in 0..u64::from(cases()) {
        let mut numbers = Numbers(seed);
        let letters = [1, 2, 3, 4, 26, 60, 256][numbers.below(7)];
        let count = [1, 2, 3, 10, 40, 64, 65, 100, 400][numbers.below(9)];
        let longest = [3, 8, 20, 300][numbers.below(4)];
        let len = [1, 20, 200, 400][numbers.below(4)];
        let (mut patterns, haystack) = numbers.task(count, len, letters, longest);
        if numbers.below(8) == 0 {
            let at = numbers.below(count);
            patterns[at].clear();
        }
        if numbers.below(2) == 0 {
            // Tiers of long patterns only.
            let shortest = 4 + numbers.below(8);
            patterns.retain(|pattern| pattern.len() >= shortest);
        }
        let mut stops: Vec<usize> = (0..numbers.below(4)).map(|_| numbers.below(haystack.len() + 1)).collect();
        stops.sort_unstable();
        for kind in KINDS {
            for fold in [false, true] {
                compare(kind, fold, &patterns, &haystack, &stops);
            }
        }
    }
}

#[test]
fn every_alignment_and_every_split_gives_the_same() {
    let mut numbers = Numbers(7);
    for (count, shortest) in [(1, 3), (6, 1), (6, 5), (30, 2), (80, 1), (80, 4), (80, 7), (80, 8), (80, 11)] {
        let (mut patterns, text) = numbers.task(count, 150, 3, 20);
        for pattern in &mut patterns {
            let missing = shortest.max(pattern.len()) - pattern.len();
            pattern.extend(numbers.text(missing, 3));
        }
        for kind in KINDS {
            let set = build(kind, false, &patterns);
            for from in 0..40 {
                let haystack = &text[from..];
                assert_eq!(
                    all(&set, haystack),
                    naive(kind, false, &patterns, haystack),
                    "{} from {from}",
                    set.description()
                );
                let haystack = &text[..text.len() - from];
                assert_eq!(
                    all(&set, haystack),
                    naive(kind, false, &patterns, haystack),
                    "{} less {from}",
                    set.description()
                );
            }
            let expected = naive(kind, false, &patterns, &text);
            for stop in 0..=text.len() + 1 {
                assert_eq!(in_parts(&set, &text, &[stop]), expected, "{} at {stop}", set.description());
            }
            for part in [1, 7, 33] {
                let stops: Vec<usize> = (0..text.len()).step_by(part).collect();
                assert_eq!(in_parts(&set, &text, &stops), expected, "{} by {part}", set.description());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn bytes_of_all_kinds(
        patterns in prop::collection::vec(
            prop::collection::vec(prop_oneof![any::<u8>(), Just(b'a'), Just(b'A')], 0..10),
            0..90,
        ),
        haystack in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'a'), Just(b'A')], 0..200),
        stop in 0..200_usize,
        fold in any::<bool>(),
    ) {
        for kind in KINDS {
            compare(kind, fold, &patterns, &haystack, &[stop.min(haystack.len())]);
        }
    }
}

/// What aho-corasick finds, in the order of ours.
fn aho_corasick(kind: MatchKind, fold: bool, patterns: &[Vec<u8>], haystack: &[u8]) -> Matches {
    let its_kind = match kind {
        MatchKind::LeftmostFirst => aho_corasick::MatchKind::LeftmostFirst,
        MatchKind::LeftmostLongest => aho_corasick::MatchKind::LeftmostLongest,
        MatchKind::Overlapping => aho_corasick::MatchKind::Standard,
    };
    let automaton = AhoCorasick::builder().match_kind(its_kind).ascii_case_insensitive(fold).build(patterns).unwrap();
    let tuple = |m: aho_corasick::Match| (m.start(), m.end(), m.pattern().as_usize());
    match kind {
        MatchKind::Overlapping => {
            let mut found: Matches = automaton.find_overlapping_iter(haystack).map(tuple).collect();
            found.sort_unstable();
            found
        }
        _ => automaton.find_iter(haystack).map(tuple).collect(),
    }
}

#[test]
fn large_sets_are_found_as_by_aho_corasick() {
    for (seed, count, letters) in [(1, 50, 26), (2, 3_000, 4), (3, 5_000, 26), (4, 2_000, 2)] {
        let mut numbers = Numbers(seed);
        let (patterns, haystack) = numbers.task(count, 30_000, letters, 40);
        let mut stops: Vec<usize> = (0..20).map(|_| numbers.below(haystack.len())).collect();
        stops.sort_unstable();
        for kind in KINDS {
            for fold in [false, true] {
                let set = build(kind, fold, &patterns);
                let expected = aho_corasick(kind, fold, &patterns, &haystack);
                assert!(all(&set, &haystack) == expected, "{seed}, {kind:?}, {}", set.description());
                assert!(in_parts(&set, &haystack, &stops) == expected, "{seed}, {kind:?}, {}", set.description());
            }
        }
    }
}

/// Not compared with aho-corasick 1.1, which leaves out some of them.
#[test]
fn empty_patterns_as_in_the_regex_crate() {
    for patterns in [&[""][..], &["", "a"], &["a", ""], &["ab", "", "a", ""], &["", ""]] {
        let regex = regex::bytes::Regex::new(&patterns.join("|")).unwrap();
        let patterns: Vec<Vec<u8>> = patterns.iter().map(|pattern| pattern.as_bytes().to_vec()).collect();
        for haystack in ["", "a", "ab", "aab", "bba"] {
            let set = build(MatchKind::LeftmostFirst, false, &patterns);
            let found: Vec<_> = set.find_iter(haystack.as_bytes()).map(|m| m.range()).collect();
            let expected: Vec<_> = regex.find_iter(haystack.as_bytes()).map(|found| found.range()).collect();
            assert_eq!(found, expected, "{patterns:?} {haystack:?}");
            for kind in KINDS {
                compare(kind, false, &patterns, haystack.as_bytes(), &[1.min(haystack.len())]);
            }
        }
    }
}

#[test]
fn no_patterns_match_nothing() {
    for kind in KINDS {
        compare(kind, false, &[], b"text", &[2]);
    }
    let set = PatternSet::builder().build_lines(b"").unwrap();
    assert!(set.is_empty());
    assert_eq!(set.description(), "0 patterns of 0 bytes (leftmost-first): nothing can match");
}

#[test]
fn lines_are_patterns() {
    let lines = |text: &[u8]| -> Vec<Vec<u8>> {
        let set = PatternSet::builder().build_lines(text).unwrap();
        (0..set.len()).map(|id| set.pattern(PatternId::new(id)).to_vec()).collect()
    };
    assert_eq!(lines(b"a\nb"), [b"a", b"b"]);
    assert_eq!(lines(b"a\r\nb\r\n"), [b"a", b"b"]);
    assert_eq!(lines(b"a\r\r\n\n\nb\r"), [&b"a\r"[..], b"", b"", b"b\r"]);
    assert_eq!(lines(b"\n"), [b""]);
}

/// Patterns that begin alike: one bucket of the tables has them all.
#[test]
fn nested_patterns_and_common_prefixes() {
    let mut patterns: Vec<Vec<u8>> = (8..=300).map(|len| vec![b'a'; len]).collect();
    patterns.extend((0..300).map(|i| format!("aaaaaaaa{:03}{}", i % 200, "b".repeat(i % 3)).into_bytes()));
    patterns.reverse();
    let mut haystack = vec![b'a'; 700];
    for at in [100, 333, 399, 560] {
        haystack[at..at + 5].copy_from_slice(b"199bb");
    }
    for kind in KINDS {
        compare(kind, false, &patterns, &haystack, &[9, 350, 650]);
        compare(kind, true, &patterns, &haystack, &[9, 350, 650]);
    }
}

#[test]
fn the_longest_patterns_reach_over_blocks() {
    let long: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(i) / 7) as u8).collect();
    let patterns = [long.clone(), long[..50_000].to_vec(), long[10..20].to_vec()];
    let haystack = [b"xyz", &long[..], b"xyz", &long[..99_999]].concat();
    for kind in KINDS {
        compare(kind, false, &patterns, &haystack, &[4, 60_000, 100_005]);
    }
}

/// Of all matches, none of which is empty, those of a kind.
fn select(kind: MatchKind, all: &Matches) -> Matches {
    let mut next = 0;
    let groups = all.chunk_by(|a, b| a.0 == b.0).filter_map(|here| {
        let best = match kind {
            MatchKind::LeftmostFirst => here.iter().min_by_key(|&&(_, _, id)| id),
            _ => here.iter().max_by_key(|&&(_, end, id)| (end, usize::MAX - id)),
        };
        let best = *best.filter(|best| best.0 >= next)?;
        next = best.1;
        Some(best)
    });
    if kind == MatchKind::Overlapping { all.clone() } else { groups.collect() }
}

/// So many matches that not all of them are kept at once.
#[test]
fn many_matches() {
    let patterns: Vec<Vec<u8>> = (1..=60).map(|len| vec![b'a'; len]).collect();
    let haystack = [&b"b".repeat(3000)[..], &b"a".repeat(3000), b"b"].concat();
    let expected = naive(MatchKind::Overlapping, false, &patterns, &haystack);
    for kind in KINDS {
        let more: Vec<Vec<u8>> = (0..70).map(|i| vec![b'c'; i + 1]).collect();
        for patterns in [patterns.clone(), [patterns.clone(), more].concat()] {
            let set = build(kind, false, &patterns);
            assert!(all(&set, &haystack) == select(kind, &expected), "{kind:?}");
            assert!(in_parts(&set, &haystack, &[3500]) == select(kind, &expected), "{kind:?}");
        }
    }
}

/// A million words, some of which are in the haystack.
#[test]
#[cfg_attr(debug_assertions, ignore = "takes long without optimisation")]
fn a_million_patterns() {
    let mut numbers = Numbers(9);
    let haystack = numbers.text(1 << 20, 26);
    let mut patterns: Vec<Vec<u8>> = (0..1_000_000)
        .map(|_| {
            let len = 8 + numbers.below(13);
            numbers.text(len, 26)
        })
        .collect();
    for i in 0..20_000 {
        let at = numbers.below(haystack.len() - 20);
        patterns[i * 50] = haystack[at..at + 8 + numbers.below(13)].to_vec();
    }
    let overlapping = aho_corasick(MatchKind::Overlapping, false, &patterns, &haystack);
    for kind in KINDS {
        let set = build(kind, false, &patterns);
        let expected = select(kind, &overlapping);
        assert!(all(&set, &haystack) == expected, "{kind:?}");
        let opened = PatternSet::from_bytes(set.as_bytes().to_vec()).unwrap();
        assert!(all(&opened, &haystack) == expected, "{kind:?}");
    }
}

/// Sets of each kind of strategy, to be damaged.
fn samples() -> Vec<PatternSet> {
    let mut numbers = Numbers(3);
    let mut samples = vec![];
    for count in [0, 1, 20, 300] {
        let patterns = if count == 0 { vec![vec![]] } else { numbers.task(count, 100, 3, 12).0 };
        for (kind, fold) in KINDS.into_iter().zip([false, true, false]) {
            samples.push(build(kind, fold, &patterns));
        }
    }
    samples.push(build(MatchKind::Overlapping, false, &(8..40).map(|len| vec![b'A'; len]).collect::<Vec<_>>()));
    samples
}

#[test]
fn damage_is_noticed() {
    for set in samples() {
        let bytes = set.as_bytes();
        let mut numbers = Numbers(bytes.len() as u64);
        for len in [0, 1, 8, 31, 32, 127, 128, bytes.len() - 1] {
            assert!(PatternSet::from_bytes(bytes[..len.min(bytes.len() - 1)].to_vec()).unwrap_err().is_invalid_input());
        }
        assert!(PatternSet::from_bytes([bytes, b"x"].concat()).is_err());
        for at in (0..bytes.len().min(400)).chain((0..100).map(|_| numbers.below(bytes.len()))) {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 1 << (at % 8);
            assert!(PatternSet::from_bytes(damaged).is_err(), "byte {at}");
        }
    }
}
