//! How far a match reaches.

/// How far around its first byte a match has to look, which is what decides how a file can be cut into pieces that are
/// searched in parallel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A match never contains a line terminator, and whether there is one depends on its line alone.
    Line,
    /// A match that starts at a byte is decided by at most this many bytes from there on, and by at most
    /// [`Reach::LOOK_BEHIND`] bytes before it.
    Bytes(usize),
    /// A match may have any length.
    Unbounded,
}

impl Reach {
    /// How many bytes before the start of a match its assertions can look at: one scalar value in UTF-8.
    pub const LOOK_BEHIND: usize = 4;
}
