//! What a search that is told where to look looks at.

use std::ops::Range;

/// A part of a file that may hold lines that are selected. It begins where a line does, and ends with a line or the
/// file.
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
    /// Where it lies in the file.
    pub range: Range<u64>,
    /// How many line ends there are before it.
    pub newlines: u64,
}
