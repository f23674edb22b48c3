//! The options for building indexes, and the calls that build, update, verify and remove them.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use super::{
    claim::{Claims, cannot_write, open_same},
    commit::Committer,
    compare,
    indexing::Indexing,
    outcome::{Done, Outcome, Verified},
    renames,
    segment::Maker,
    storage::Disk,
    text::Text,
};
use crate::{
    error::Error,
    index::{
        fault::IndexFault,
        format::{layout::BLOCK, manifest::Manifest, scheme::Scheme},
        open::{
            freshness::SAMPLES_AFTER_CHANGE,
            index::Index,
            place,
            segment::Segment,
            stale::{Freshness, Stale},
            unfit::LEAST_SIZE,
        },
    },
    mapping::Mapping,
    scan::{Cancel, Pool, Progress},
};

/// Options for building indexes.
///
/// # Examples
///
/// See [`Index`].
#[derive(Clone, Debug, Default)]
pub struct IndexBuilder {
    small: bool,
    directory: Option<PathBuf>,
    progress: Option<Progress>,
    cancel: Option<Cancel>,
    waiting: Option<fn(&Path)>,
    least_size: Option<u64>,
    patient: bool,
    quick: bool,
    compare_all: bool,
}

impl IndexBuilder {
    /// Builds indexes of 7 to 9 % of the size of the text, beside the text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Builds smaller indexes, of about two thirds of the size. They leave more blocks to search, and are of no help
    /// for literals of three bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::IndexBuilder, scan::Pool};
    /// use mapgrep::index::Outcome;
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-small-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// let pool = Pool::new(2);
    /// let Outcome::Written(large) = IndexBuilder::new().build(&path, &pool)? else { panic!() };
    /// let Outcome::Written(small) = IndexBuilder::new().small(true).build(&path, &pool)? else { panic!() };
    /// assert!(small.is_small && small.bytes < large.bytes);
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn small(&mut self, yes: bool) -> &mut Self {
        self.small = yes;
        self
    }

    /// The directory for indexes. Without one, the index of FILE is `FILE.mgx`, or a file in the user's cache directory
    /// if that cannot be written. A symbolic link has the index of its target.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::IndexBuilder, scan::Pool};
    /// use mapgrep::index::Index;
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-directory-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// let indexes = path.with_file_name("indexes");
    /// let mut builder = IndexBuilder::new();
    /// builder.directory(indexes.clone()).build(&path, &Pool::new(2))?;
    /// assert_eq!(std::fs::read_dir(&indexes)?.count(), 1);
    /// // Whoever opens the index has to be told, too.
    /// assert!(Index::open(&path, None)?.is_none() && Index::open(&path, Some(&indexes))?.is_some());
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn directory(&mut self, directory: impl Into<Option<PathBuf>>) -> &mut Self {
        self.directory = directory.into();
        self
    }

    /// Counts the bytes of text that are done. None unless set. See [`Progress`] for an example.
    pub fn progress(&mut self, progress: impl Into<Option<Progress>>) -> &mut Self {
        self.progress = progress.into();
        self
    }

    /// Stops the work when the token is cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::IndexBuilder, scan::Pool};
    /// use mapgrep::{index::Outcome, scan::Cancel};
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-index-cancel-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// let cancel = Cancel::new();
    /// cancel.cancel();
    /// assert_eq!(IndexBuilder::new().cancel(cancel).build(&path, &Pool::new(2))?, Outcome::Cancelled);
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel(&mut self, token: impl Into<Option<Cancel>>) -> &mut Self {
        self.cancel = token.into();
        self
    }

    /// Called with the path of an index that another process is writing, before waiting for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::IndexBuilder, scan::Pool};
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-waiting-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// let mut builder = IndexBuilder::new();
    /// builder.waiting(|index| eprintln!("{}: waiting for somebody else", index.display()));
    /// builder.build(&path, &Pool::new(2))?;
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn waiting(&mut self, tell: fn(&Path)) -> &mut Self {
        self.waiting = Some(tell);
        self
    }

    /// Indexes files of fewer bytes than [`LEAST_SIZE`](crate::index::LEAST_SIZE), too.
    #[cfg(feature = "__test-hooks")]
    pub fn least_size(&mut self, bytes: u64) -> &mut Self {
        self.least_size = Some(bytes);
        self
    }

    /// Makes updates leave an index as it is while its text is being written to and has no new block. For programs that
    /// update often: a commit for each line of a log would be too much.
    ///
    /// # Examples
    ///
    /// ```
    /// mapgrep::index::IndexBuilder::new().patient(true);
    /// ```
    pub fn patient(&mut self, yes: bool) -> &mut Self {
        self.patient = yes;
        self
    }

    /// Makes [`verify`](IndexBuilder::verify) compare only hashes: those of the blocks show whether the file has
    /// changed, those of the index whether it was damaged. The content of the index is not compared with the file, and
    /// so is trusted.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::IndexBuilder, scan::Pool};
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-quick-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// let (mut builder, pool) = (IndexBuilder::new(), Pool::new(2));
    /// builder.build(&path, &pool)?;
    /// assert!(builder.quick(true).verify(&path, &pool)?.changed.is_empty());
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn quick(&mut self, yes: bool) -> &mut Self {
        self.quick = yes;
        self
    }

    /// Makes [`update`](IndexBuilder::update) compare all indexed blocks with their hashes, instead of some. That finds
    /// changes in the middle of a file that has also grown, and takes as long as reading the file.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::IndexBuilder, scan::Pool};
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-compare-all-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// let (mut builder, pool) = (IndexBuilder::new(), Pool::new(2));
    /// builder.build(&path, &pool)?;
    /// let more = "a changed line \n".repeat(1) + &"a line of a log\n".repeat(200_000);
    /// std::fs::write(&path, more)?;
    /// assert!(builder.compare_all(true).update(&path, &pool).is_err());
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compare_all(&mut self, yes: bool) -> &mut Self {
        self.compare_all = yes;
        self
    }

    /// Indexes a file, in place of an index that it may have. Where the file of another index in its directory was
    /// renamed, that index goes along, and is updated, before its name is used.
    ///
    /// The file is mapped while others may write to it. Appended text is left to the next update. Truncation or
    /// replacement is an error. After an overwrite the index may describe the old or the new bytes; it counts as stale,
    /// because the file has a newer time. That is memory-safe: see [`Mapping::open`].
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is not a regular file, or is truncated or replaced meanwhile; when the index
    /// cannot be written, or a file that is not an index has its name. The old index is then unchanged.
    ///
    /// # Complexity
    ///
    /// Linear in the file. Memory is at most 150 MiB, and 4 MiB for each thread.
    ///
    /// # Examples
    ///
    /// See [`Index`].
    pub fn build(&self, text: &Path, pool: &Pool) -> Result<Outcome, Error> {
        let opened = Text::open(text)?;
        self.follow_renames(&opened, pool);
        if let Some(outcome) = self.passed_over(&opened)? {
            return Ok(outcome);
        }
        let new = self.claims().create(&opened)?;
        // Another process may have written the index meanwhile.
        let opened = Text::open(text)?;
        let Some(mapping) = opened.map()?.filter(|_| !self.is_too_small(&opened)) else { return Ok(Outcome::TooSmall) };
        let scheme = if self.small { Scheme::Small } else { Scheme::Default };
        let indexing = self.indexing(&opened, &mapping, scheme, pool);
        indexing.build(new.storage, &new.path)?.outcome(&new.path)
    }

    pub(crate) fn indexing<'a>(
        &'a self,
        opened: &'a Text,
        text: &'a Mapping,
        scheme: Scheme,
        pool: &'a Pool,
    ) -> Indexing<'a> {
        let maker = Maker::new(scheme, pool, self.cancel.as_ref());
        Indexing { opened, text, maker, progress: self.progress.as_ref(), is_patient: self.patient }
    }

    pub(crate) fn claims(&self) -> Claims<'_> {
        Claims { directory: self.directory.as_deref(), waiting: self.waiting }
    }

    /// The outcome for a file that is not indexed.
    fn passed_over(&self, opened: &Text) -> Result<Option<Outcome>, Error> {
        Ok(match opened.unfit()? {
            Some(unfit) => Some(Outcome::Unfit(unfit)),
            None => self.is_too_small(opened).then_some(Outcome::TooSmall),
        })
    }

    /// Renames indexes after their files. Updates then make those of renamed files usable again.
    fn follow_renames(&self, opened: &Text, pool: &Pool) {
        let is_worthwhile = !self.is_too_small(opened);
        for text in renames::follow(&opened.path, &opened.attributes(), self.directory.as_deref(), is_worthwhile) {
            // An error is reported when that file is worked on.
            let _ = self.update_in_place(&text, pool);
        }
    }

    /// Indexes what was appended to a file since it was indexed. Where it has no index, builds one.
    ///
    /// # Errors
    ///
    /// As [`build`](IndexBuilder::build), and when the file has changed otherwise than by growing: then it must be
    /// built anew.
    ///
    /// # Complexity
    ///
    /// Linear in the appended text, plus a part of the index that is at most that of 256 MiB of text; from time to time
    /// plus a copy of the index. 64 of the old blocks are compared with their hashes, or as many as are new if that is
    /// more. All are compared if the attributes of the file do not show that it has only grown, or with
    /// [`compare_all`](IndexBuilder::compare_all).
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::IndexBuilder, scan::Pool};
    /// use std::io::Write;
    /// use mapgrep::index::Outcome;
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-update-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// let (builder, pool) = (IndexBuilder::new(), Pool::new(2));
    /// let Outcome::Written(before) = builder.update(&path, &pool)? else { panic!("it had none") };
    /// let mut file = std::fs::File::options().append(true).open(&path)?;
    /// file.write_all("one more line\n".repeat(10_000).as_bytes())?;
    /// let Outcome::Written(after) = builder.update(&path, &pool)? else { panic!("it has grown") };
    /// assert!(after.covered > before.covered);
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn update(&self, text: &Path, pool: &Pool) -> Result<Outcome, Error> {
        self.follow_renames(&Text::open(text)?, pool);
        match self.update_in_place(text, pool)? {
            Some(outcome) => Ok(outcome),
            None => self.build(text, pool),
        }
    }

    /// Updates the index of a file, if there is one.
    fn update_in_place(&self, text: &Path, pool: &Pool) -> Result<Option<Outcome>, Error> {
        self.claims().with_index(text, |index, opened| self.update_locked(index, &opened, pool))
    }

    fn update_locked(&self, index: Index, opened: &Text, pool: &Pool) -> Result<Outcome, Error> {
        if let Some(outcome) = self.passed_over(opened)? {
            return Ok(outcome);
        }
        let Some(mapping) = opened.map()? else { return Ok(Outcome::TooSmall) };
        let path = index.path().to_owned();
        let done = match self.judge(&index, opened, &mapping, pool)? {
            Judged::Same => Done::UpToDate,
            Judged::Cancelled => Done::Cancelled,
            Judged::Stale(stale) => {
                return Err(Error::caused("the index cannot be updated", stale).with_path(&opened.path));
            }
            Judged::ToUpdate => {
                let indexing = self.indexing(opened, &mapping, index.manifest().scheme, pool);
                indexing.update(index, open_same, || Disk::create(&path, &opened.file))?
            }
        };
        done.outcome(&path)
    }

    /// Decides whether an index can be updated: by the attributes of the text, then by its blocks.
    fn judge(&self, index: &Index, opened: &Text, text: &Mapping, pool: &Pool) -> Result<Judged, Error> {
        let by_attributes = index.freshness_by_attributes(opened.identity);
        match by_attributes {
            // Nothing will be written, so nothing has to be checked yet.
            Freshness::Grown if self.waits_for_more(index, opened) => return Ok(Judged::Same),
            Freshness::Stale(Stale::Changed | Stale::Touched) => {}
            Freshness::Stale(stale) => return Ok(Judged::Stale(stale)),
            Freshness::Same | Freshness::Grown if self.compare_all => {}
            Freshness::Same | Freshness::Grown => {
                let added = (opened.identity.size / BLOCK).saturating_sub(index.manifest().blocks());
                // Frequent updates compare as many blocks in the end.
                let least = if self.patient { 1 } else { SAMPLES_AFTER_CHANGE };
                return Ok(match index.freshness_of(&opened.attributes(), text, added.max(least))? {
                    Freshness::Same => Judged::Same,
                    Freshness::Grown => Judged::ToUpdate,
                    Freshness::Stale(stale) => Judged::Stale(stale),
                });
            }
        }
        let changed = self.changed_hashes(index, Some(text), pool)?;
        Ok(match by_attributes {
            _ if self.is_cancelled() => Judged::Cancelled,
            _ if !changed.is_empty() => Judged::Stale(Stale::Changed),
            Freshness::Same => Judged::Same,
            _ => Judged::ToUpdate,
        })
    }

    /// Whether nothing can be added to an index yet, and its text is being written to.
    fn waits_for_more(&self, index: &Index, opened: &Text) -> bool {
        self.patient && opened.is_being_written() && opened.identity.size / BLOCK <= index.manifest().blocks()
    }

    /// Compares all indexed blocks of a file with their hashes, and the content of the index with the blocks unless
    /// [`quick`](IndexBuilder::quick) is set. If nothing has changed, the index is fresh from then on. If the work is
    /// cancelled, nothing is written, and the result is about the blocks that were compared so far.
    ///
    /// # Errors
    ///
    /// When there is no index, when it is damaged or wrong, and those of [`build`](IndexBuilder::build).
    ///
    /// # Complexity
    ///
    /// That of [`build`](IndexBuilder::build). With [`quick`](IndexBuilder::quick), linear in the file and the index at
    /// the speed of memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::IndexBuilder, scan::Pool};
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-verify-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// let (builder, pool) = (IndexBuilder::new(), Pool::new(2));
    /// builder.build(&path, &pool)?;
    /// let mut text = std::fs::read(&path)?;
    /// text[1_000_000] = b'X';
    /// std::fs::write(&path, text)?;
    /// let changed = builder.verify(&path, &pool)?.changed;
    /// assert!(changed.len() == 1 && changed[0].contains(&1_000_000));
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self, text: &Path, pool: &Pool) -> Result<Verified, Error> {
        let verified = self.claims().with_index(text, |index, opened| self.verify_locked(&index, &opened, pool))?;
        verified.ok_or_else(|| Error::from(IndexFault::Missing).with_path(text))
    }

    fn verify_locked(&self, index: &Index, opened: &Text, pool: &Pool) -> Result<Verified, Error> {
        let path = index.path();
        index.read(|reader| reader.segments.iter().try_for_each(Segment::verify))?;
        let changed = match opened.map()? {
            Some(text) if !self.quick => {
                let maker = Maker::new(index.manifest().scheme, pool, self.cancel.as_ref()).exact();
                let compared = compare::changed_blocks(index, &text, &maker, |bytes| self.advance(bytes))?;
                compared.unwrap_or_default()
            }
            text => self.changed_hashes(index, text.as_ref(), pool)?,
        };
        if changed.is_empty() && !self.is_cancelled() && index.manifest().identity != opened.identity {
            let mut committer =
                Committer::resume(open_same(index).map_err(|error| cannot_write(error, path))?, *index.header());
            let manifest = Manifest { identity: opened.identity, seen_at: opened.seen_at, ..index.manifest().clone() };
            committer.commit(&manifest, 0).map_err(|error| cannot_write(error, path))?;
        }
        Ok(Verified { changed, stat: Index::reopen(path)?.stat() })
    }

    fn changed_hashes(&self, index: &Index, text: Option<&Mapping>, pool: &Pool) -> Result<Vec<Range<u64>>, Error> {
        compare::changed_hashes(index, text, pool, self.cancel.as_ref(), |bytes| self.advance(bytes))
    }

    /// Removes the index of a file from all places where it may be. False if there is none.
    ///
    /// # Errors
    ///
    /// The error of the system. Other indexes of the file are removed all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::IndexBuilder, scan::Pool};
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-remove-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// let builder = IndexBuilder::new();
    /// builder.build(&path, &Pool::new(2))?;
    /// assert!(builder.remove(&path)?);
    /// assert!(!builder.remove(&path)?);
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&self, text: &Path) -> Result<bool, Error> {
        let mut result = Ok(false);
        for path in place::places(text, self.directory.as_deref()) {
            match path.and_then(|path| self.claims().remove_at(&path)) {
                Ok(removed) => result = result.map(|before| before || removed),
                Err(error) => result = result.and(Err(error)),
            }
        }
        result
    }

    /// Whether a file has an index that can neither be used nor updated.
    ///
    /// # Errors
    ///
    /// As [`build`](IndexBuilder::build).
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{index::IndexBuilder, scan::Pool};
    ///
    /// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-stale-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let path = directory.join("log");
    /// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
    /// let builder = IndexBuilder::new();
    /// builder.build(&path, &Pool::new(2))?;
    /// assert!(!builder.is_stale(&path)?);
    /// std::fs::write(&path, "another file\n".repeat(100_000))?;
    /// assert!(builder.is_stale(&path)?);
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_stale(&self, text: &Path) -> Result<bool, Error> {
        let opened = Text::open(text)?;
        let attributes = opened.attributes();
        let Some(index) = Index::open_of(text, Some(&attributes), self.directory.as_deref())? else { return Ok(false) };
        let Some(mapping) = opened.map()? else { return Ok(true) };
        Ok(matches!(index.freshness_of(&attributes, &mapping, SAMPLES_AFTER_CHANGE)?, Freshness::Stale(_)))
    }

    /// Whether a file has an index of another file, or of a longer one, by its attributes.
    ///
    /// # Errors
    ///
    /// As [`build`](IndexBuilder::build).
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::index::IndexBuilder;
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-replaced-{}", std::process::id()));
    /// std::fs::write(&path, "never indexed")?;
    /// assert!(!IndexBuilder::new().is_replaced(&path)?);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_replaced(&self, text: &Path) -> Result<bool, Error> {
        let attributes = Text::open(text)?.attributes();
        let index = Index::open_of(text, Some(&attributes), self.directory.as_deref())?;
        let freshness = index.map(|index| index.freshness_by_attributes(attributes.identity));
        Ok(matches!(freshness, Some(Freshness::Stale(Stale::Replaced | Stale::Shrunk))))
    }

    fn is_too_small(&self, text: &Text) -> bool {
        text.identity.size < self.least_size.unwrap_or(LEAST_SIZE)
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(Cancel::is_cancelled)
    }

    fn advance(&self, bytes: u64) {
        if let Some(progress) = &self.progress {
            progress.advance(bytes);
        }
    }
}

/// The decision about an index.
enum Judged {
    Same,
    ToUpdate,
    Stale(Stale),
    Cancelled,
}
