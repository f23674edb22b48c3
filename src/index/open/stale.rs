//! Whether an index describes its file, and why it does not.

use std::fmt;

/// Whether an index describes a file.
///
/// # Examples
///
/// ```
/// use mapgrep::{index::{Freshness, Index, IndexBuilder, Stale}, mapping::Mapping, scan::Pool};
///
/// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-freshness-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// # let path = directory.join("log");
/// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
/// IndexBuilder::new().build(&path, &Pool::new(2))?;
/// let freshness = || -> Result<_, Box<dyn std::error::Error>> {
///     let file = std::fs::File::open(&path)?;
///     // The attributes are read before the content.
///     let metadata = file.metadata()?;
///     let index = Index::open(&path, None)?.expect("it was built");
///     Ok(index.freshness(&metadata, &Mapping::open_file(&file)?)?)
/// };
/// assert_eq!(freshness()?, Freshness::Same);
/// std::fs::write(&path, "a line of a log\n".repeat(100_001))?;
/// assert_eq!(freshness()?, Freshness::Grown);
/// std::fs::write(&path, "shorter\n".repeat(150_000))?;
/// assert_eq!(freshness()?, Freshness::Stale(Stale::Shrunk));
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// The file is the one that was indexed.
    Same,
    /// The file has grown since. The blocks that were compared have not changed.
    Grown,
    /// The index must not be used.
    Stale(Stale),
}

/// Why an index must not be used. [`Display`](fmt::Display) gives the reason in words. It is the
/// [`source`](std::error::Error::source) of errors of [`Index::check`] and others.
///
/// [`Index::check`]: crate::index::Index::check
///
/// # Examples
///
/// ```
/// use mapgrep::index::Stale;
///
/// assert_eq!(Stale::Replaced.to_string(), "the file was replaced since it was indexed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stale {
    /// It describes another file that had this name.
    Replaced,
    /// The file is shorter than it was.
    Shrunk,
    /// The file was written to without growing, or a block that was compared has changed.
    Changed,
    /// Attributes of the file have changed, such as its name or permissions. Its content may have changed, too.
    Touched,
    /// It belongs neither to the user, nor to root, nor to the owner of the file.
    Foreign,
    /// Somebody can write it who cannot write the file.
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
                "the index belongs to another user than you, root or the owner of the file, and could lack lines"
            }
            Stale::Exposed => "the index can be written by users who cannot write the file, and could lack lines",
        })
    }
}

impl std::error::Error for Stale {}
