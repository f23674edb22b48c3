//! Where a search looks that does not look everywhere.

use std::ops::Range;

/// A part of a file that may have selected lines. It begins where a line begins, and ends with a line or the file.
///
/// # Examples
///
/// ```
/// use mapgrep::index::Part;
///
/// // Ten lines stand before the part.
/// let part = Part { range: 500..900, newlines: 10 };
/// assert_eq!(part.range.end - part.range.start, 400);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its range in the file.
    pub range: Range<u64>,
    /// The number of line ends before it.
    pub newlines: u64,
}
