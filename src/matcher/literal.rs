//! Searching forwards for one literal: memchr's substring search, which has vectors for that. Backwards it has none; see
//! [`reverse`](super::reverse).

use memchr::memmem;

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
pub struct Finder<'n>(memmem::Finder<'n>);

impl<'n> Finder<'n> {
    /// Makes a finder of a needle, which may be empty.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the needle.
    pub fn new(needle: &'n [u8]) -> Self {
        Finder(memmem::Finder::new(needle))
    }

    /// The start of the first occurrence. An empty needle is found at the start of the haystack.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes up to the end of the occurrence.
    pub fn find(&self, haystack: &[u8]) -> Option<usize> {
        self.0.find(haystack)
    }

    /// The literal that this searches for.
    pub fn needle(&self) -> &[u8] {
        self.0.needle()
    }

    /// The same finder, with a needle of its own.
    pub fn into_owned(self) -> Finder<'static> {
        Finder(self.0.into_owned())
    }
}
