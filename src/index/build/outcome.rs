//! What became of work on an index, and what is known of one.

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

/// What became of a request to build or update an index.
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
    /// It says all that it can say of the file. What it knows of the file's times may have been written.
    UpToDate(Stat),
    /// The file has less than 1 MiB, for which an index is not worth its while. None was made.
    TooSmall,
    /// An index of the file would be of no use. None was made, nor changed.
    Unfit(Unfit),
    /// It was cancelled. What was there before is there still.
    Cancelled,
}

/// What is known of an index.
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
    /// Where it is.
    pub path: PathBuf,
    /// How many bytes it has.
    pub bytes: u64,
    /// How many of them are of no more use.
    pub dead: u64,
    /// How many bytes the text had when it was indexed.
    pub text: u64,
    /// How many of them are indexed; what is behind is searched as a file without an index is.
    pub covered: u64,
    /// How many lines end in them.
    pub lines: u64,
    /// How many blocks, of about 64 KiB, these are.
    pub blocks: u64,
    /// In how many segments.
    pub segments: usize,
    /// It was made with [`IndexBuilder::small`](crate::index::IndexBuilder::small).
    pub is_small: bool,
}

/// Which blocks of a file have changed since they were indexed.
///
/// # Examples
///
/// See [`IndexBuilder::verify`](crate::index::IndexBuilder::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The ranges of the file in which bytes are not what they were. With none, the index can be relied on again.
    pub changed: Vec<Range<u64>>,
    /// The index.
    pub stat: Stat,
}

/// What became of the work on an index.
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

    /// What is known of it.
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
