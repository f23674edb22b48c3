//! A piece of a file that is searched.

use std::ops::Range;

use crate::mapping::Mapping;

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// What is searched of it. It begins where a line does.
    pub(crate) range: Range<usize>,
    /// Whole lines, among them all of which a byte is searched. To a search for lines there is nothing else in the
    /// file.
    pub(crate) within: Range<usize>,
    /// How many line ends there are before the range, where that is of interest.
    pub(crate) newlines: u64,
}

impl Piece {
    /// All of a file.
    pub(crate) fn whole(mapping: &Mapping) -> Self {
        Piece { range: 0..mapping.len(), within: 0..mapping.len(), newlines: 0 }
    }

    /// All of a file from an offset on: what lies before is no part of the text.
    pub(crate) fn from(mapping: &Mapping, start: usize) -> Self {
        let range = start.min(mapping.len())..mapping.len();
        Piece { range: range.clone(), within: range, newlines: 0 }
    }

    /// Whether it is all of a file, of which a range may be searched.
    pub(crate) fn is_whole(&self, mapping: &Mapping) -> bool {
        self.within == (0..mapping.len())
    }
}
