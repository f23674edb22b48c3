//! Pattern sets, and a search for them that is so simple that it is unlikely to be wrong.

use std::{convert::Infallible, ops::ControlFlow};

use mapgrep::matcher::set::{MatchKind, PatternSet, Walk};

/// Start, end and id.
pub(crate) type Matches = Vec<(usize, usize, usize)>;

/// What [`PatternSet`] promises to find.
pub(crate) fn naive(kind: MatchKind, fold: bool, patterns: &[Vec<u8>], haystack: &[u8]) -> Matches {
    let starts_with = |at: usize, pattern: &[u8]| match haystack[at..].get(..pattern.len()) {
        Some(text) => {
            if fold {
                text.eq_ignore_ascii_case(pattern)
            } else {
                text == pattern
            }
        }
        None => false,
    };
    let mut found = vec![];
    let (mut at, mut last_end) = (0, None);
    while at <= haystack.len() {
        let here = patterns.iter().enumerate().filter(|(_, pattern)| starts_with(at, pattern));
        let mut here: Vec<_> = here.map(|(id, pattern)| (at, at + pattern.len(), id)).collect();
        match kind {
            MatchKind::Overlapping => {
                here.sort_unstable();
                found.append(&mut here);
                at += 1;
                continue;
            }
            MatchKind::LeftmostFirst => here.truncate(1),
            MatchKind::LeftmostLongest => here.sort_by_key(|&(_, end, id)| (usize::MAX - end, id)),
        }
        match here.first() {
            None => at += 1,
            Some(&(_, end, _)) if end == at => {
                if last_end != Some(at) {
                    found.push(here[0]);
                }
                at += 1;
            }
            Some(&(_, end, _)) => {
                found.push(here[0]);
                (at, last_end) = (end, Some(end));
            }
        }
    }
    found
}

/// All matches by the iterator.
pub(crate) fn all(set: &PatternSet, haystack: &[u8]) -> Matches {
    set.find_iter(haystack).map(|m| (m.start, m.end, m.pattern.index())).collect()
}

/// All matches of a walk that stops at each of these places, which ascend.
pub(crate) fn in_parts(set: &PatternSet, haystack: &[u8], stops: &[usize]) -> Matches {
    let (mut walk, mut found) = (Walk::default(), vec![]);
    for &stop in stops.iter().chain([&(haystack.len() + 1)]) {
        let ControlFlow::Continue(()) = set.walk(haystack, &mut walk, stop, |m| {
            found.push((m.start, m.end, m.pattern.index()));
            ControlFlow::<Infallible>::Continue(())
        });
    }
    found
}

/// Compares everything that can be asked of a set of these patterns with what it should be.
pub(crate) fn compare(kind: MatchKind, fold: bool, patterns: &[Vec<u8>], haystack: &[u8], stops: &[usize]) {
    let set = PatternSet::builder().kind(kind).ascii_case_insensitive(fold).build(patterns).unwrap();
    let expected = naive(kind, fold, patterns, haystack);
    let what = || format!("{kind:?}, case ignored: {fold}, {}", set.description());
    assert_eq!(all(&set, haystack), expected, "{}", what());
    assert_eq!(in_parts(&set, haystack, stops), expected, "in parts up to {stops:?}: {}", what());
    assert_eq!(set.is_match(haystack), !expected.is_empty(), "{}", what());

    let mut stored = vec![0; 1];
    stored.extend_from_slice(set.as_bytes());
    // One byte off: nothing may depend on how the bytes are aligned.
    struct Shifted(Vec<u8>);
    impl AsRef<[u8]> for Shifted {
        fn as_ref(&self) -> &[u8] {
            &self.0[1..]
        }
    }
    let opened = PatternSet::from_bytes(Shifted(stored)).unwrap();
    assert_eq!(all(&opened, haystack), expected, "opened: {}", what());
    assert_eq!((opened.len(), opened.description()), (patterns.len(), set.description()));
    for (id, pattern) in patterns.iter().enumerate() {
        assert_eq!(opened.pattern(mapgrep::PatternId::new(id)), pattern);
    }
}
