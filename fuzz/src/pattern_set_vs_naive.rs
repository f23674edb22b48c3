//! Sets of patterns against a naive search: all kinds of matches, with case and without, whole and in parts, built and
//! opened.

use std::fmt;

use arbitrary::Arbitrary;
use mapgrep::matcher::set::MatchKind;

#[derive(Arbitrary)]
pub struct Case {
    kind: u8,
    fold: bool,
    letters: u8,
    shortest: u8,
    /// More patterns that are parts of the haystack, as sets of different sizes are searched for in different ways.
    more: u8,
    patterns: Vec<Vec<u8>>,
    stops: Vec<u8>,
    haystack: Vec<u8>,
}

impl Case {
    fn kind(&self) -> MatchKind {
        [MatchKind::LeftmostFirst, MatchKind::LeftmostLongest, MatchKind::Overlapping][usize::from(self.kind) % 3]
    }

    /// Few letters, as otherwise hardly anything matches.
    fn text(&self, bytes: &[u8]) -> Vec<u8> {
        let letters = [1, 2, 3, 5, 20, 60, 120, 255][usize::from(self.letters) % 8];
        bytes.iter().map(|&byte| (byte % letters).wrapping_add(b'A')).collect()
    }

    fn haystack(&self) -> Vec<u8> {
        let mut haystack = self.text(&self.haystack);
        haystack.truncate(400);
        haystack
    }

    fn patterns(&self) -> Vec<Vec<u8>> {
        let haystack = self.haystack();
        let mut patterns: Vec<Vec<u8>> = self.patterns.iter().map(|pattern| self.text(pattern)).collect();
        let mut at = usize::from(self.more);
        for i in 0..usize::from(self.more) {
            at = (at * 31 + i) % (haystack.len() + 1);
            let end = haystack.len().min(at + usize::from(self.shortest) % 16 + i % 5);
            patterns.push(haystack[at..end].to_vec());
        }
        patterns.truncate(300);
        patterns.retain(|pattern| pattern.len() >= usize::from(self.shortest) % 16);
        patterns
    }

    fn stops(&self) -> Vec<usize> {
        let mut stops: Vec<usize> = self.stops.iter().take(5).map(|&stop| usize::from(stop)).collect();
        stops.sort_unstable();
        stops
    }
}

/// A test that fails as the target did.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "let patterns: Vec<Vec<u8>> = [")?;
        for pattern in self.patterns() {
            write!(f, "&b\"{}\"[..], ", pattern.escape_ascii())?;
        }
        writeln!(f, "].map(<[u8]>::to_vec).to_vec();")?;
        let (kind, fold, stops, haystack) = (self.kind(), self.fold, self.stops(), self.haystack());
        write!(f, "compare(MatchKind::{kind:?}, {fold}, &patterns, b\"{}\", &{stops:?});", haystack.escape_ascii())
    }
}

/// Checks one case.
pub fn check(case: Case) {
    super::oracle::patterns::compare(case.kind(), case.fold, &case.patterns(), &case.haystack(), &case.stops());
}
