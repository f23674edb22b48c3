//! What a search that is told where to look looks at.

use std::ops::Range;

/// A part of a file that may hold lines that are selected. It begins where a line does, and ends with a line or the
/// file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it lies in the file.
    pub range: Range<u64>,
    /// How many line ends there are before it.
    pub newlines: u64,
}
