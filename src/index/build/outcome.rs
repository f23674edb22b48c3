//! The results of work on indexes, and the facts about one.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use crate::{
    error::Error,
    index::{
        format::scheme::Scheme,
        open::{file, index::Index, unfit::Unfit},
    },
};

/// The result of building or updating an index.
///
/// # Examples
///
/// ```
/// use mapgrep::{index::{IndexBuilder, Outcome}, scan::Pool};
///
/// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-outcome-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// # let path = directory.join("log");
/// std::fs::write(&path, "a small file")?;
/// let builder = IndexBuilder::new();
/// assert_eq!(builder.build(&path, &Pool::inline())?, Outcome::TooSmall);
/// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
/// let Outcome::Written(stat) = builder.build(&path, &Pool::inline())? else { panic!() };
/// // Nothing was appended since.
/// assert_eq!(builder.update(&path, &Pool::inline())?, Outcome::UpToDate(stat));
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The index was written.
    Written(Stat),
    /// The index has all that it can have of the file. The times of the file that it stores may have been updated.
    UpToDate(Stat),
    /// The file has less than 1 MiB, for which an index is not worth it. None was made.
    TooSmall,
    /// An index of the file would be useless. None was made or changed.
    Unfit(Unfit),
    /// The work was cancelled. The old index is unchanged.
    Cancelled,
}

/// Facts about an index.
///
/// # Examples
///
/// ```
/// use mapgrep::{index::{Index, IndexBuilder}, scan::Pool};
///
/// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-stat-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// # let path = directory.join("log");
/// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
/// IndexBuilder::new().build(&path, &Pool::new(2))?;
/// let stat = Index::open(&path, None)?.expect("it was built").stat();
/// assert_eq!((stat.text, stat.blocks, stat.segments), (1_600_000, 24, 1));
/// // The rest is less than a block.
/// assert_eq!((stat.covered, stat.lines), (24 * 65_536, 24 * 4_096));
/// assert!(stat.bytes < stat.text / 10 && stat.dead == 0 && !stat.is_small);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stat {
    /// Its path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The number of these bytes that are of no more use.
    pub dead: u64,
    /// The size of the text when it was indexed, in bytes.
    pub text: u64,
    /// The number of indexed bytes of the text. The rest is searched as without an index.
    pub covered: u64,
    /// The number of lines that end in the indexed part.
    pub lines: u64,
    /// The number of indexed blocks, of about 64 KiB each.
    pub blocks: u64,
    /// The number of segments that hold the blocks.
    pub segments: usize,
    /// Whether it was built with [`IndexBuilder::small`](crate::index::IndexBuilder::small).
    pub is_small: bool,
}

/// The blocks of a file that have changed since they were indexed.
///
/// # Examples
///
/// See [`IndexBuilder::verify`](crate::index::IndexBuilder::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The ranges of the file with changed bytes. If there are none, the index is fresh again.
    pub changed: Vec<Range<u64>>,
    /// The index.
    pub stat: Stat,
}

/// What happened to an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Written,
    UpToDate,
    Cancelled,
}

impl Done {
    pub(crate) fn outcome(self, index: &Path) -> Result<Outcome, Error> {
        let stat = || Index::reopen(index).map(|index| index.stat());
        Ok(match self {
            Done::Written => Outcome::Written(stat()?),
            Done::UpToDate => Outcome::UpToDate(stat()?),
            Done::Cancelled => Outcome::Cancelled,
        })
    }
}

impl Index {
    pub(crate) fn reopen(path: &Path) -> Result<Self, Error> {
        let opened = file::read(path).map_err(|error| Error::io("cannot open the index", error));
        let index = opened.and_then(|(file, metadata)| Self::from_file(file, &metadata, path));
        index.map_err(|error| error.with_path(path))
    }

    /// Facts about the index.
    pub fn stat(&self) -> Stat {
        let manifest = self.manifest();
        Stat {
            path: self.path().to_owned(),
            bytes: self.header().end,
            dead: self.header().dead,
            text: manifest.identity.size,
            covered: manifest.covered,
            lines: manifest.newlines,
            blocks: manifest.blocks(),
            segments: manifest.segments.len(),
            is_small: manifest.scheme == Scheme::Small,
        }
    }
}
