//! One literal, forwards and backwards, against comparing at every place.

use std::fmt;

use arbitrary::Arbitrary;
use mapgrep::matcher::{
    MatcherBuilder,
    literal::{Finder, ReverseFinder},
};

/// A haystack of parts that are repeated, so that it can be long, and costly.
#[derive(Arbitrary)]
pub struct Case {
    needle: Vec<u8>,
    needle_repeated: u8,
    parts: Vec<Part>,
    align: u8,
}

#[derive(Arbitrary)]
enum Part {
    Bytes(Vec<u8>),
    Repeated(Vec<u8>, u16),
    Needle,
    /// The needle, but for one byte.
    Nearly(u16, u8, u8),
}

impl Case {
    fn needle(&self) -> Vec<u8> {
        self.needle.repeat(1 + usize::from(self.needle_repeated) % 8)
    }

    fn haystack(&self) -> Vec<u8> {
        let needle = self.needle();
        let mut haystack = vec![];
        for part in &self.parts {
            match part {
                Part::Bytes(bytes) => haystack.extend(bytes),
                Part::Repeated(bytes, times) => haystack.extend(bytes.repeat(usize::from(*times) % 4_096)),
                Part::Needle => haystack.extend(&needle),
                Part::Nearly(at, byte, times) => {
                    let mut nearly = needle.clone();
                    let len = nearly.len().max(1);
                    if let Some(changed) = nearly.get_mut(usize::from(*at) % len) {
                        *changed = *byte;
                    }
                    haystack.extend(nearly.repeat(1 + usize::from(*times)));
                }
            }
            if haystack.len() > 1 << 16 {
                break;
            }
        }
        haystack.truncate(1 << 16);
        haystack
    }
}

/// A test that fails as the target did.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "check(b\"{}\", b\"{}\");", self.haystack().escape_ascii(), self.needle().escape_ascii())
    }
}

/// Occurrences that do not overlap, from the start and from the end.
fn naive(haystack: &[u8], needle: &[u8]) -> (Vec<usize>, Vec<usize>) {
    let starts =
        || (0..(haystack.len() + 1).saturating_sub(needle.len())).filter(|&at| haystack[at..].starts_with(needle));
    let (mut forwards, mut backwards) = (vec![], vec![]);
    for at in starts() {
        if forwards.last().is_none_or(|last| last + needle.len() <= at) {
            forwards.push(at);
        }
    }
    for at in starts().rev() {
        if backwards.last().is_none_or(|&last| at + needle.len() <= last) {
            backwards.push(at);
        }
    }
    (forwards, backwards)
}

/// Checks one case.
pub fn check(case: Case) {
    let (needle, haystack) = (case.needle(), case.haystack());
    // Vectors may care about alignment, results may not.
    let mut aligned = vec![0; haystack.len() + 128];
    let start = aligned.as_ptr().align_offset(64) + usize::from(case.align % 64);
    aligned[start..start + haystack.len()].copy_from_slice(&haystack);
    let haystack = &aligned[start..start + haystack.len()];
    let (forwards, backwards) = naive(haystack, &needle);
    let (finder, reverse) = (Finder::new(&needle), ReverseFinder::new(&needle));
    for (finder, reverse) in
        [(finder.clone(), reverse.clone()), (finder.tuned_to(haystack), reverse.tuned_to(haystack))]
    {
        assert_eq!(finder.find(haystack), forwards.first().copied(), "find");
        assert_eq!(reverse.rfind(haystack), backwards.first().copied(), "rfind");
        assert_eq!(finder.find_iter(haystack).collect::<Vec<_>>(), forwards, "find_iter");
        assert_eq!(reverse.rfind_iter(haystack).collect::<Vec<_>>(), backwards, "rfind_iter");
    }
    // With what a cache remembers from one match to the next.
    if let Ok(needle) = std::str::from_utf8(&needle)
        && !needle.is_empty()
    {
        let matcher = MatcherBuilder::new().fixed_strings(true).build([needle]).expect("a literal");
        let mut cache = matcher.create_cache();
        let found: Vec<_> = matcher.find_iter(&mut cache, haystack).map(|m| m.start).collect();
        assert_eq!(found, forwards, "a matcher");
    }
}
