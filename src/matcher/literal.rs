//! Searching forwards for one literal: memchr's substring search, which has vectors for that. Backwards it has none; see
//! [`reverse`](super::reverse).

use memchr::memmem;

use super::probes::Probes;

/// A literal to search for from the start of a haystack.
///
/// # Examples
///
/// ```
/// use mapgrep::matcher::literal::Finder;
///
/// assert_eq!(Finder::new(b"error: ").find(b"error: one\nerror: two\n"), Some(0));
/// ```
#[derive(Clone, Debug)]
pub struct Finder<'n> {
    finder: memmem::Finder<'n>,
    /// What to look for where lines that have the literal are found by other means.
    pub(super) probes: Probes,
    /// Whether occurrences can overlap; assumed of long needles.
    pub(super) overlaps: bool,
}

impl<'n> Finder<'n> {
    /// Makes a finder of a needle, which may be empty.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the needle.
    pub fn new(needle: &'n [u8]) -> Self {
        Finder { finder: memmem::Finder::new(needle), probes: Probes::guess(needle), overlaps: may_overlap(needle) }
    }

    /// The start of the first occurrence. An empty needle is found at the start of the haystack.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes up to the end of the occurrence.
    pub fn find(&self, haystack: &[u8]) -> Option<usize> {
        self.finder.find(haystack)
    }

    /// The literal that this searches for.
    pub fn needle(&self) -> &[u8] {
        self.finder.needle()
    }

    /// The same finder, with a needle of its own.
    pub fn into_owned(self) -> Finder<'static> {
        Finder { finder: self.finder.into_owned(), ..self }
    }
}

fn may_overlap(needle: &[u8]) -> bool {
    let overlaps = |shift: usize| needle[shift..] == needle[..needle.len() - shift];
    needle.len() > 64 || (1..needle.len()).any(overlaps)
}
