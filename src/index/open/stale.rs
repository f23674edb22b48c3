//! How an index and its file go together, and why an index cannot be relied on.

use std::fmt;

/// How an index and a file go together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// The file is the one that was indexed.
    Same,
    /// The file has become longer since, and what was compared of the rest has not changed.
    Grown,
    /// The index cannot be relied on.
    Stale(Stale),
}

/// Why an index cannot be relied on. Its text says it. It is the [`source`](std::error::Error::source) of the errors
/// of [`Index::check`] and others.
///
/// [`Index::check`]: crate::index::Index::check
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stale {
    /// It is of another file, which had this name.
    Replaced,
    /// The file is shorter than it was.
    Shrunk,
    /// The file was written to, and has the size that it had, or what was compared is not what it was.
    Changed,
    /// Something about the file was changed: its name, or who may read it. Its content may be.
    Touched,
    /// It belongs to somebody else than whoever runs this, root, or the owner of the file.
    Foreign,
    /// It may be written by somebody who may not write the file.
    Exposed,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stale::Replaced => "the file was replaced since it was indexed",
            Stale::Shrunk => "the file has become shorter since it was indexed",
            Stale::Changed => "the file was changed since it was indexed",
            Stale::Touched => {
                "the file was renamed, or its permissions changed, since it was indexed, and its content may have been"
            }
            Stale::Foreign => {
                "the index belongs to somebody else than you, root or the owner of the file, who may have left lines \
                 out of it"
            }
            Stale::Exposed => {
                "the index may be written by others than may write the file, who may have left lines out of it"
            }
        })
    }
}

impl std::error::Error for Stale {}
