//! What can be wrong with an index file.

use std::fmt;

use crate::error::Error;

/// Why an index cannot be used. [`Display`](fmt::Display) gives the reason in words.
///
/// It is the [`source`](std::error::Error::source) of errors of [`Index::open`](crate::index::Index::open) and of
/// calls on an index.
///
/// # Examples
///
/// ```
/// use std::error::Error;
/// use mapgrep::index::{Index, IndexFault};
///
/// # let path = std::env::temp_dir().join(format!("mapgrep-doc-fault-{}", std::process::id()));
/// # std::fs::write(&path, "a text")?;
/// # let index = path.with_extension("mgx");
/// std::fs::write(&index, "")?;
/// let error = Index::open(&path, None).unwrap_err();
/// let fault = error.source().and_then(|source| source.downcast_ref::<IndexFault>());
/// assert!(matches!(fault, Some(IndexFault::Damaged(_))));
/// # std::fs::remove_file(&path)?;
/// # std::fs::remove_file(&index)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexFault {
    /// The file has none.
    Missing,
    /// It is damaged, for this reason.
    Damaged(String),
    /// It was written by a version of this library with another format.
    OtherVersion {
        /// The version of its format.
        found: u32,
        /// The version that this library reads.
        read: u32,
    },
    /// It has a section that this library does not know, and without which it must not be used.
    UnknownSection {
        /// The name of the section.
        name: String,
    },
    /// A file that is not an index has its name.
    NoIndex,
}

impl fmt::Display for IndexFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IndexFault::Missing => f.write_str("there is no index of this file"),
            IndexFault::Damaged(what) => write!(f, "the index is damaged: {what}"),
            IndexFault::OtherVersion { found, read } => {
                write!(f, "the index is of version {found}, and this program reads version {read}: build it anew")
            }
            IndexFault::UnknownSection { name } => {
                write!(f, "the index has a section `{name}`, which this program does not know: build it anew")
            }
            IndexFault::NoIndex => f.write_str("this is not an index: the magic number is missing"),
        }
    }
}

impl std::error::Error for IndexFault {}

impl From<IndexFault> for Error {
    fn from(fault: IndexFault) -> Self {
        Error::caused("", fault)
    }
}

/// The error of an index that is damaged: `what` says how.
pub(crate) fn damaged(what: impl Into<String>) -> Error {
    IndexFault::Damaged(what.into()).into()
}
