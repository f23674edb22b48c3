//! Tests of searches by an automaton, against searches for candidates.

use std::ops::ControlFlow;

use proptest::prelude::*;

use super::{Borders, MatchKind, PatternSet, Walk, automaton::Automaton, tiers::Tier};
use crate::{matcher::LineTerminator, span::Match};

const KINDS: [MatchKind; 3] = [MatchKind::LeftmostFirst, MatchKind::LeftmostLongest, MatchKind::Overlapping];

/// All matches, found in parts that end at these places: by an automaton, or without one.
fn walk(set: &PatternSet, haystack: &[u8], parts: &[usize], by_automaton: bool) -> Vec<Match> {
    let mut search = set.search(haystack);
    search.automata = None;
    let kind = search.kind_of_automaton();
    let tables = search.tiers.iter().flatten().map(Tier::table);
    let Some(automaton) = Automaton::new(kind, tables, search.patterns, parts.len().is_multiple_of(2)) else {
        return vec![];
    };
    let (mut walk, mut found) = (Walk::new(0), vec![]);
    for &upto in parts.iter().chain([&(haystack.len() + 1)]) {
        let mut each = |m| {
            found.push(m);
            ControlFlow::<()>::Continue(())
        };
        let _ = match by_automaton {
            true => search.walk_by(&automaton, &mut walk, upto.min(haystack.len() + 1), &mut vec![], &mut each),
            false => search.walk(&mut walk, upto, each),
        };
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_automaton_finds_what_candidates_lead_to(
        patterns in prop::collection::vec("[abAB _]{0,6}|a{1,40}b?|[a-h]{1,3}", 1..150),
        haystack in prop::collection::vec("[abAB _\n]{0,9}|a{0,60}|[a-h]{0,9}", 0..40),
        parts in prop::collection::vec(0..400_usize, 0..4),
        kind in prop::sample::select(&KINDS[..]),
        fold in any::<bool>(),
        has_empty in prop::bool::weighted(0.2),
        borders in prop::sample::select(vec![
            Borders::None, Borders::None, Borders::Word { line: None }, Borders::Line(LineTerminator::Lf),
        ]),
    ) {
        let (mut parts, haystack) = (parts, haystack.concat().into_bytes());
        parts.sort_unstable();
        let patterns: Vec<_> = patterns.into_iter().filter(|pattern| has_empty || !pattern.is_empty()).collect();
        let set = PatternSet::builder().kind(kind).ascii_case_insensitive(fold).build(&patterns).unwrap();
        let set = set.with_borders(borders);
        let wanted = walk(&set, &haystack, &parts, false);
        let found = walk(&set, &haystack, &parts, true);
        if patterns.iter().any(|pattern| !pattern.is_empty()) {
            prop_assert_eq!(found, wanted);
        }
    }
}

/// Runs in which everything is a candidate, and text with few of them.
#[test]
fn an_automaton_is_built_and_left_again() {
    let run = [&b"a".repeat(300 << 10)[..], b"b"].concat();
    let text = b"some words, and no run of anything aaab\n".repeat(8 << 10);
    let haystack = [&run[..], &text, &run, &text].concat();
    let patterns: Vec<Vec<u8>> = (1..200).map(|n| [&b"a".repeat(n)[..], b"b"].concat()).collect();
    for kind in KINDS {
        let set = PatternSet::builder().kind(kind).build(&patterns).unwrap();
        let found: Vec<_> = set.find_iter(&haystack).map(|m| (m.end, m.pattern.index())).collect();
        let mut wanted = vec![];
        for end in (1..=haystack.len()).filter(|&end| haystack[end - 1] == b'b') {
            let run = haystack[..end - 1].iter().rev().take(199).take_while(|&&byte| byte == b'a').count();
            // Patterns with an a less end there too, where matches overlap: the longest begins first.
            let least = if kind == MatchKind::Overlapping { 1 } else { run };
            wanted.extend((least..=run).rev().map(|n| (end, n - 1)));
        }
        assert!(found == wanted, "{kind:?} {} {}", found.len(), wanted.len());
        assert!(set.automata.is_built(), "{kind:?}");
    }
    let set = PatternSet::builder().build(&patterns).unwrap();
    assert_eq!(set.find_iter(&text).count(), 8 << 10);
    assert!(!set.automata.is_built());
}
