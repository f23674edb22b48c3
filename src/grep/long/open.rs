//! A long line of which not all parts have come yet.

/// A long line of which not all parts have come yet.
#[derive(Clone, Debug)]
pub(crate) struct OpenLine {
    pub(crate) start: u64,
    pub(crate) number: u64,
    /// It has a match.
    pub(crate) any: bool,
    /// How many matches were found in it, where every one is wanted.
    pub(crate) matches: u64,
    /// Where the last of them ended.
    pub(crate) match_end: Option<u64>,
    /// Its matches are being reported.
    pub(crate) reported: bool,
    /// It has a NUL and is not to be reported as text.
    pub(crate) has_nul: bool,
}

impl OpenLine {
    pub(crate) fn new(start: u64, number: u64) -> Self {
        OpenLine { start, number, any: false, matches: 0, match_end: None, reported: false, has_nul: false }
    }
}
