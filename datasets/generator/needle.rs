//! Needles: strings that occur at known lines and nowhere else.

/// A string and the lines on which it occurs.
pub(super) struct Needle {
    /// The needle occurs once in so many lines.
    rate: u64,
    /// The word in a log.
    pub(super) word: &'static str,
    /// The motif in a DNA sequence.
    pub(super) motif: &'static str,
}

/// Every needle. No two of them ever fall on one line.
static NEEDLES: [Needle; 4] = [
    Needle { rate: 1_000, word: "plover", motif: "GATTACACATCCGTAAGCTTGGATCCTA" },
    Needle { rate: 10_000, word: "heron", motif: "CCTAGGTTTAAACGCGGCCGCATTAGCA" },
    Needle { rate: 100_000, word: "osprey", motif: "TGCAGGCATGCGTCGACTCTAGAGGATC" },
    Needle { rate: 1_000_000, word: "kestrel", motif: "ACGTTGCAACCGGTTCGCGATATCGGCC" },
];

/// The needle that belongs on a line, counted from 1.
///
/// That is where the line number is `rate / 4 + 7` modulo the rate. The offset
/// puts needles into small files as well, and off the round numbers.
pub(super) fn on_line(number: u64) -> Option<&'static Needle> {
    NEEDLES.iter().find(|needle| number % needle.rate == needle.rate / 4 + 7)
}
