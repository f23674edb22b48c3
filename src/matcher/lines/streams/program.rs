//! What is done to streams of bits to find the lines of a regex.

/// Operations on streams, one after the other. Each makes a stream out of the text or of streams before it.
///
/// # Invariants
///
/// * A step refers to streams of earlier steps only.
/// * The first step finds the ends of lines.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(super) steps: Vec<Step>,
    /// The stream that has a bit on each line with a match: in it, or on its terminator.
    pub(super) hits: Id,
    pub(super) beyond: Beyond,
    /// What ends a line.
    pub(super) terminator: u8,
    /// No prefilter of the regex engine can be faster.
    pub(super) is_always_best: bool,
}

/// The number of a stream: that of the step that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(pub(super) u8);

/// How a stream is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// Where this byte is.
    Byte(u8),
    /// Where a byte from the first to the last is.
    Range(u8, u8),
    /// Where a byte of ASCII is that belongs to a set: bit `h` at index `l` is for the byte whose upper half is `h` and
    /// whose lower half is `l`.
    Set([u8; 16]),
    Not(Id),
    And(Id, Id),
    Or(Id, Id),
    Xor(Id, Id),
    /// One byte further. The flag is what comes before the first byte.
    Advance(Id, bool),
    /// The first, the markers, and wherever they come by going through bytes of the second.
    Through(Id, Id),
}

/// What a byte beyond ASCII means for the line that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Beyond {
    /// Nothing: no match has one.
    Nothing,
    /// A match may have one. A match without one is a match.
    MayMatch,
    /// It decides about matches beside it.
    Decides,
}

impl Program {
    /// How many streams there are.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// The same beside a regex engine that has a prefilter or has none.
    pub(crate) fn beside(mut self, has_prefilter: bool) -> Self {
        self.is_always_best |= !has_prefilter;
        self
    }

    /// What it is, for people.
    pub(crate) fn description(&self) -> String {
        let lines = if self.is_always_best { "lines" } else { "lines that are close together" };
        format!("{lines} by {} parallel bit streams", self.len())
    }
}
