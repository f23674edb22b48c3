//! An index that describes the text that is searched.

use std::{fs::Metadata, ops::Deref, path::Path};

use super::{
    identity::Attributes,
    index::Index,
    reader::{is_linked, start_of},
    stale::Freshness,
    unfit::LEAST_SIZE,
};
use crate::{error::Error, index::format::manifest::Entry, mapping::Mapping};

/// An index that was found to describe a text, made by [`Index::check`]. Only a fresh index tells where lines are.
///
/// # Examples
///
/// See [`Index`].
#[derive(Debug)]
pub struct Fresh {
    index: Index,
    /// The length of the mapped text, in bytes.
    text_len: u64,
}

impl Index {
    /// Checks that the index describes this text. `metadata` are the attributes that the open file had before it was
    /// mapped. Text after the indexed part counts as not indexed.
    ///
    /// # Errors
    ///
    /// When the index is stale: the [`source`](std::error::Error::source) is a [`Stale`](crate::index::Stale). Also the
    /// errors of [`freshness`](Index::freshness), which describes what is promised, and what it costs.
    ///
    /// # Examples
    ///
    /// See [`Index`].
    pub fn check(self, metadata: &Metadata, text: &Mapping) -> Result<Fresh, Error> {
        match self.freshness(metadata, text)? {
            Freshness::Same | Freshness::Grown => Ok(Fresh::new(self, text)),
            Freshness::Stale(stale) => Err(Error::caused("", stale)),
        }
    }

    /// As [`check`](Index::check), without looking at the text.
    #[cfg(feature = "__test-hooks")]
    pub fn assume_fresh(self, text: &Mapping) -> Fresh {
        Fresh::new(self, text)
    }
}

impl Fresh {
    fn new(index: Index, text: &Mapping) -> Fresh {
        Fresh { index, text_len: text.len() as u64 }
    }

    /// Opens the index of a mapped file, if there is one, and [checks](Index::check) it. `metadata` are the attributes
    /// that the open file had before it was mapped. Files of less than 1 MiB are taken to have no index: searching them
    /// is faster than opening one.
    ///
    /// # Errors
    ///
    /// As [`Index::open`] and [`Index::check`]. A program that only wants to be faster ignores the error and searches
    /// without the index.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::{Fresh, IndexBuilder, Query}, mapping::Mapping, scan::Pool};
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-fresh-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// IndexBuilder::new().build(&path, &Pool::new(2))?;
    ///
    /// let file = std::fs::File::open(&path)?;
    /// let metadata = file.metadata()?;
    /// let text = Mapping::open_file(&file)?;
    /// let index = Fresh::open(&path, &metadata, &text, None)?.expect("it was built");
    /// assert_eq!(index.candidates(&Query::literal("a needle"), 0)?.blocks(), 0);
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(
        path: &Path,
        metadata: &Metadata,
        text: &Mapping,
        directory: Option<&Path>,
    ) -> Result<Option<Self>, Error> {
        if metadata.len() < LEAST_SIZE {
            return Ok(None);
        }
        let index = Index::open_of(path, Some(&Attributes::of(text.file(), metadata)), directory)?;
        index.map(|index| index.check(metadata, text)).transpose()
    }

    /// How many bytes of the text are mapped.
    pub(crate) fn text_len(&self) -> u64 {
        self.text_len
    }

    /// Whether the indexed part of the text has a NUL byte. Binary files have some, text has none.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::{Fresh, IndexBuilder}, mapping::Mapping, scan::Pool};
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-has-nul-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, b"zero \0 in a line\n".repeat(100_000))?;
    /// IndexBuilder::new().build(&path, &Pool::new(2))?;
    /// let file = std::fs::File::open(&path)?;
    /// let (metadata, text) = (file.metadata()?, Mapping::open_file(&file)?);
    /// assert!(Fresh::open(&path, &metadata, &text, None)?.expect("it was built").has_nul());
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn has_nul(&self) -> bool {
        self.manifest().segments.iter().any(|entry| entry.flags & Entry::NUL != 0)
    }

    /// Where to start reading to reach a line: returns a line start and a number of lines to skip from there. The line
    /// is the one with `lines` line ends before it. For a line after the indexed part, the line start is the end of
    /// that part.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    ///
    /// # Complexity
    ///
    /// Logarithmic. At most one block lies between the two, or one line.
    ///
    /// # Examples
    ///
    /// See [`Index`].
    pub fn before_line(&self, lines: u64) -> Result<(u64, u64), Error> {
        let manifest = self.manifest();
        if lines >= manifest.newlines {
            return Ok((manifest.covered, lines - manifest.newlines));
        }
        self.read(|reader| {
            let mut block = reader.block_of_line(lines)?;
            let mut record = reader.record(block)?;
            // The line may start in an earlier block.
            while is_linked(&record) && block > 0 {
                block -= 1;
                record = reader.record(block)?;
            }
            Ok((start_of(block, &record), lines.saturating_sub(record.newlines)))
        })
    }
}

impl Deref for Fresh {
    type Target = Index;

    fn deref(&self) -> &Index {
        &self.index
    }
}
