//! Which grams an index has rows for, and how many rows that are.

/// How many rows share a checksum.
pub(crate) const ROW_GROUP: usize = 32;
/// The binary logarithm of how many rows there are for grams by default. Fuzzing has few, so that an index is small.
pub(crate) const BITS: u32 = if cfg!(fuzzing) { 11 } else { 17 };
/// The same with half as many rows, and for grams of three bytes.
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

    /// The binary logarithm of how many rows there are for grams.
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

    /// Whether grams of five bytes take the place of those of four with the start of a number, and those of eight of
    /// those of six of an address.
    pub(crate) fn is_large(self) -> bool {
        self == Scheme::Default
    }

    /// How many rows of grams there are.
    pub(crate) fn rows(self) -> usize {
        (1 << self.bits()) + self.bits_of_three().map_or(0, |bits| 1 << bits)
    }

    /// How many times 32 rows, with those that are of no gram.
    pub(crate) fn row_groups(self) -> usize {
        self.rows() / ROW_GROUP + 1
    }

    /// The row of the blocks that begin within a line.
    pub(crate) fn row_of_links(self) -> usize {
        self.rows()
    }

    /// True for the rows of grams of three bytes. Those that are in more than half of the blocks are full: they tell
    /// little.
    pub(crate) fn is_of_three(self, row: usize) -> bool {
        row >= 1 << self.bits()
    }
}
