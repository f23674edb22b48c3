//! What a mapping allows.

/// What may be done with the mapped bytes, and who sees changes: Python's `ACCESS_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// What flags and protection say; without any, as [`Access::Write`].
    #[default]
    Default,
    /// Reading only.
    Read,
    /// Reading and writing; changes go to the file and to everyone else who maps it.
    Write,
    /// Reading and writing; changes stay in this mapping, the file keeps its bytes.
    Copy,
}
