//! Several literals at once: a [`PatternSet`], and whose literals they are.

use std::ops::ControlFlow;

use super::set::{MatchKind, PatternSet};
use crate::{
    error::Error,
    span::{PatternId, Span},
};
/// How many spellings a plain string may have, and how many all of them may have on average, where case is ignored.
const MOST_SPELLINGS: usize = 64;
const MOST_ON_AVERAGE: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct Literals {
    set: PatternSet,
    owners: Owners,
}

/// The pattern that each literal came from: an alternation such as `foo|bar` is one pattern of two literals.
#[derive(Clone, Debug)]
enum Owners {
    /// Each is a pattern of its own.
    Themselves,
    /// All are one pattern.
    One,
    Each(Vec<PatternId>),
}

impl Literals {
    pub(super) fn new(literals: &[(Vec<u8>, PatternId)]) -> Result<Self, Error> {
        let set = PatternSet::builder().build(literals.iter().map(|(bytes, _)| bytes))?;
        let ids = || literals.iter().map(|(_, id)| *id);
        let owners = match () {
            () if ids().enumerate().all(|(index, id)| id.index() == index) => Owners::Themselves,
            () if ids().all(|id| id.index() == 0) => Owners::One,
            () => Owners::Each(ids().collect()),
        };
        Ok(Literals { set, owners })
    }

    /// Those of plain strings, without a syntax tree for each: there may be a million. None where one of them is empty, or
    /// where case is ignored of letters that have many spellings.
    pub(super) fn of_strings<P: AsRef<str>>(
        strings: &[P],
        ignore_case: bool,
        merge: bool,
    ) -> Result<Option<Self>, Error> {
        let texts = || strings.iter().map(|string| string.as_ref().as_bytes());
        if texts().any(|text| text.is_empty() || (ignore_case && !text.is_ascii())) {
            return Ok(None);
        }
        let mut builder = PatternSet::builder();
        builder.kind(MatchKind::LeftmostFirst).ascii_case_insensitive(ignore_case);
        let has_more_spellings =
            ignore_case && texts().any(|text| text.iter().any(|&byte| other_spelling(byte).is_some()));
        if !has_more_spellings {
            let owners = if merge { Owners::One } else { Owners::Themselves };
            return Ok(Some(Literals { set: builder.build(texts())?, owners }));
        }
        let (mut spelt, mut owners) = (vec![], vec![]);
        for (index, text) in texts().enumerate() {
            let before = spelt.len();
            if !spell(text, &mut spelt) {
                return Ok(None);
            }
            let id = PatternId::new(if merge { 0 } else { index });
            owners.extend((before..spelt.len()).map(|_| id));
            if spelt.len() > MOST_SPELLINGS + MOST_ON_AVERAGE * strings.len() {
                return Ok(None);
            }
        }
        let owners = if merge { Owners::One } else { Owners::Each(owners) };
        Ok(Some(Literals { set: builder.build(&spelt)?, owners }))
    }

    pub(super) fn find_at(&self, haystack: &[u8], at: usize) -> Option<(Span, PatternId)> {
        let mut first = None;
        self.each(haystack, at, |span, id| {
            first = Some((span, id));
            false
        });
        first
    }

    /// Calls `each` with the matches from `at` on, until it returns false.
    #[inline]
    pub(super) fn each(&self, haystack: &[u8], at: usize, mut each: impl FnMut(Span, PatternId) -> bool) {
        let _ =
            self.set.for_each(haystack, at..haystack.len(), |span, literal| match each(span, self.owner(literal)) {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            });
    }

    /// All matches.
    pub(super) fn find_iter<'a>(&'a self, haystack: &'a [u8]) -> impl Iterator<Item = (Span, PatternId)> + 'a {
        self.set.find_iter(haystack).map(|(span, literal)| (span, self.owner(literal)))
    }

    #[inline]
    fn owner(&self, literal: PatternId) -> PatternId {
        match &self.owners {
            Owners::Themselves => literal,
            Owners::One => PatternId::new(0),
            Owners::Each(owners) => owners[literal.index()],
        }
    }

    /// The length of the longest.
    pub(super) fn longest(&self) -> usize {
        self.set.max_len()
    }

    pub(super) fn description(&self) -> String {
        let description = self.set.description();
        format!("literals: {description}")
    }
}

/// The character beyond ASCII that Unicode takes for another case of a letter.
fn other_spelling(byte: u8) -> Option<&'static str> {
    match byte {
        b'k' | b'K' => Some("\u{212A}"),
        b's' | b'S' => Some("\u{17F}"),
        _ => None,
    }
}

/// Appends all spellings of an ASCII string, but for the case of ASCII letters. False when there are too many.
fn spell(text: &[u8], spelt: &mut Vec<Vec<u8>>) -> bool {
    let mut spellings = vec![Vec::with_capacity(text.len())];
    for &byte in text {
        let others = match other_spelling(byte) {
            Some(_) if 2 * spellings.len() > MOST_SPELLINGS => return false,
            Some(other) => spellings.iter().map(|spelling| [&spelling[..], other.as_bytes()].concat()).collect(),
            None => vec![],
        };
        spellings.iter_mut().for_each(|spelling| spelling.push(byte));
        spellings.extend(others);
    }
    spelt.extend(spellings);
    true
}

#[cfg(test)]
mod tests {
    use crate::matcher::{Case, MatcherBuilder};

    #[test]
    fn plain_strings_match_as_their_syntax_trees_do() {
        let strings = ["needle", "Kiss", "a", "sk", "SSKK", "nee", "\u{212A}"];
        let text = "A needle, a ki\u{17F}s, a \u{212A}ISS, sK, \u{17F}k, needles, ssk\u{212A}, NEE".repeat(3);
        for count in 2..=strings.len() {
            for case in [Case::Sensitive, Case::Insensitive, Case::Smart] {
                for merge in [false, true] {
                    let mut builder = MatcherBuilder::new();
                    builder.case(case).merge(merge);
                    let plain = builder.clone().fixed_strings(true).build(&strings[..count]).unwrap();
                    let trees =
                        builder.build(strings[..count].iter().map(|string| format!("(?:{string}){{1}}"))).unwrap();
                    let found = |matcher: &crate::matcher::Matcher| -> Vec<_> {
                        matcher.find_iter(&mut matcher.cache(), text.as_bytes()).collect()
                    };
                    assert_eq!(found(&plain), found(&trees), "{count} {case:?} {merge}");
                }
            }
        }
    }
}
