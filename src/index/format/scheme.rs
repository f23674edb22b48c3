//! The grams for which an index has rows, and the number of rows.

/// The number of rows that share a checksum.
pub(crate) const ROW_GROUP: usize = 32;
/// The binary logarithm of the number of rows for grams. It is low for fuzzing, so that an index is small.
pub(crate) const BITS: u32 = if cfg!(fuzzing) { 11 } else { 17 };
/// The same for small indexes, and for grams of three bytes.
pub(crate) const SMALL_BITS: u32 = BITS - 1;
pub(crate) const BITS_OF_THREE: u32 = BITS - 2;

/// Which grams are indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Default,
    /// Half as many rows, and no grams of three bytes, five or eight.
    Small,
}

impl Scheme {
    pub(crate) fn number(self) -> u32 {
        match self {
            Scheme::Default => 0,
            Scheme::Small => 1,
        }
    }

    pub(crate) fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Scheme::Default),
            1 => Some(Scheme::Small),
            _ => None,
        }
    }

    /// The binary logarithm of the number of rows for grams.
    pub(crate) fn bits(self) -> u32 {
        match self {
            Scheme::Default => BITS,
            Scheme::Small => SMALL_BITS,
        }
    }

    /// The same for grams of three bytes.
    pub(crate) fn bits_of_three(self) -> Option<u32> {
        match self {
            Scheme::Default => Some(BITS_OF_THREE),
            Scheme::Small => None,
        }
    }

    /// Whether grams of five bytes replace those of four that end with the start of a number, and grams of eight bytes
    /// those of six in an address.
    pub(crate) fn is_large(self) -> bool {
        self == Scheme::Default
    }

    /// The number of rows for grams.
    pub(crate) fn rows(self) -> usize {
        (1 << self.bits()) + self.bits_of_three().map_or(0, |bits| 1 << bits)
    }

    /// The number of groups of 32 rows, with the group that is not for grams.
    pub(crate) fn row_groups(self) -> usize {
        self.rows() / ROW_GROUP + 1
    }

    /// The row of the blocks that begin within a line.
    pub(crate) fn row_of_links(self) -> usize {
        self.rows()
    }

    /// Whether a row is for grams of three bytes. If more than half of the blocks have one, the row is stored as full:
    /// it would tell little.
    pub(crate) fn is_of_three(self, row: usize) -> bool {
        row >= 1 << self.bits()
    }
}
