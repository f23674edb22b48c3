//! Making indexes, and keeping them up to date.

use std::{
    fs::File,
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError, mpsc::sync_channel},
};

use memchr::memrchr;

use super::{
    commit::Committer,
    compare,
    lock::Lock,
    renames,
    segment::{Made, Maker},
    storage::{Disk, Storage, follow_permissions},
};
use crate::{
    error::Error,
    index::{
        format::{
            layout::{BLOCK, MOST_BLOCKS},
            manifest::{Entry, Identity, Manifest},
            scheme::Scheme,
        },
        open::{
            file,
            freshness::{COARSE, SAMPLES_AFTER_CHANGE, is_unchanged},
            identity::{Attributes, now},
            index::Index,
            owner::Owner,
            place::{self, NEW, with_suffix},
            segment::Segment,
            stale::{Freshness, Stale},
            unfit::{LEAST_SIZE, Unfit},
        },
    },
    mapping::Mapping,
    scan::{Cancel, Pool, Progress, has_room_for_thread, unordered::each_chunk},
};

/// An index of which a larger part than 3 in 10 is of no more use is written anew.
const DEAD_OF_TEN: u64 = 3;

/// What became of a request to build or update an index.
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
    /// It was made with [`IndexBuilder::small`].
    pub is_small: bool,
}

/// Which blocks of a file have changed since they were indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The ranges of the file in which bytes are not what they were. With none, the index can be relied on again.
    pub changed: Vec<Range<u64>>,
    /// The index.
    pub stat: Stat,
}

/// Options for making indexes.
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
    /// An index of 7 to 9 % of the text, beside it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an index of about two thirds of the size, which leaves more blocks to search, and knows nothing of literals of three
    /// bytes.
    pub fn small(&mut self, yes: bool) -> &mut Self {
        self.small = yes;
        self
    }

    /// A directory for indexes. Without one, the index of FILE is `FILE.mgx`, or in the user's cache directory if that cannot
    /// be written. A symbolic link has the index of the file it leads to.
    pub fn directory(&mut self, directory: Option<PathBuf>) -> &mut Self {
        self.directory = directory;
        self
    }

    /// A count of the bytes of text that are done with; none unless set. See [`Progress`] for an example.
    pub fn progress(&mut self, progress: impl Into<Option<Progress>>) -> &mut Self {
        self.progress = progress.into();
        self
    }

    /// A token that stops the work when it is cancelled.
    pub fn cancel(&mut self, token: Cancel) -> &mut Self {
        self.cancel = Some(token);
        self
    }

    /// What is called with the path of an index that somebody else is writing, before that is waited for.
    pub fn waiting(&mut self, tell: fn(&Path)) -> &mut Self {
        self.waiting = Some(tell);
        self
    }

    /// Files of fewer bytes are not indexed. For tests: searches do not look for the index of a small file.
    #[doc(hidden)]
    pub fn least_size(&mut self, bytes: u64) -> &mut Self {
        self.least_size = Some(bytes);
        self
    }

    /// Has updates that add no block leave the index as it is while the text is being written to. For those who come again and again,
    /// as a commit for each line of a log is too much.
    #[cfg(feature = "cli")]
    pub(crate) fn patient(&mut self, yes: bool) -> &mut Self {
        self.patient = yes;
        self
    }

    /// Has [`verify`](IndexBuilder::verify) look at hashes alone: those of the blocks of the file, which tell whether it has changed, and
    /// those of the index, which tell whether it was damaged. What the index says is not compared with the file, so that it is
    /// taken on trust from whoever made it.
    pub fn quick(&mut self, yes: bool) -> &mut Self {
        self.quick = yes;
        self
    }

    /// Has [`update`](IndexBuilder::update) compare all indexed blocks of the file with their hashes, in place of some of them. It finds
    /// changes in the middle of a file that has also grown, and takes as long as to read the file.
    pub fn compare_all(&mut self, yes: bool) -> &mut Self {
        self.compare_all = yes;
        self
    }

    /// Indexes a file, in place of an index that it may have. Where the file of another index in its directory was renamed, that index goes
    /// along, and is updated, before its name is used.
    ///
    /// The file is mapped, and others may write to it meanwhile: what is appended is left to the next update; a file that is cut or
    /// replaced is an error. Of bytes that are overwritten meanwhile the index may tell the old or the new. It is not relied on
    /// then, as the file's times tell that it was changed after it was looked at. That is sound: mapped bytes are
    /// read as [`Mapping::open`] describes, by code that stays within its bounds whatever they are.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is no regular file, or is truncated or replaced meanwhile; when the index cannot be
    /// written, or a file that is no index has its name. What was there before is there still then.
    ///
    /// # Complexity
    ///
    /// Linear in the file. Memory is bounded, by some 150 MiB and 4 MiB for each thread.
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
        let new = self.create(&opened)?;
        // Another writer may have been waited for.
        let opened = Text::open(text)?;
        let Some(mapping) = opened.map()?.filter(|_| !self.is_too_small(&opened)) else { return Ok(Outcome::TooSmall) };
        let scheme = if self.small { Scheme::Small } else { Scheme::Default };
        let work = Work {
            builder: self,
            opened: &opened,
            text: &mapping,
            maker: Maker::new(scheme, pool, self.cancel.as_ref()),
        };
        work.build(new.storage, &new.path)?.outcome(&new.path)
    }

    /// What becomes of a file that is not indexed.
    fn passed_over(&self, opened: &Text) -> Result<Option<Outcome>, Error> {
        Ok(match opened.unfit()? {
            Some(unfit) => Some(Outcome::Unfit(unfit)),
            None => self.is_too_small(opened).then_some(Outcome::TooSmall),
        })
    }

    /// Gives indexes the names of their files. Those whose files were renamed can be relied on again when they are updated.
    fn follow_renames(&self, opened: &Text, pool: &Pool) {
        let is_worthwhile = !self.is_too_small(opened);
        for text in renames::follow(&opened.path, &opened.attributes(), self.directory.as_deref(), is_worthwhile) {
            // Where that fails it is told by whoever has to do with that file.
            let _ = self.update_in_place(&text, pool);
        }
    }

    /// Indexes what was appended to a file since it was indexed. Where it has no index, builds one.
    ///
    /// # Errors
    ///
    /// As [`build`](IndexBuilder::build); and when the file is not one that has only grown: it has to be built anew.
    ///
    /// # Complexity
    ///
    /// Linear in what was appended, plus a part of the index that is never larger than for 256 MiB of text; every now and then,
    /// plus a copy of the index. Of the blocks that were indexed before, 64 are compared with their hashes, or as many as are
    /// added; and all, where the attributes of the file do not tell that it has only grown, or when
    /// [that is wanted](IndexBuilder::compare_all).
    pub fn update(&self, text: &Path, pool: &Pool) -> Result<Outcome, Error> {
        self.follow_renames(&Text::open(text)?, pool);
        match self.update_in_place(text, pool)? {
            Some(outcome) => Ok(outcome),
            None => self.build(text, pool),
        }
    }

    /// Updates the index of a file, if there is one.
    fn update_in_place(&self, text: &Path, pool: &Pool) -> Result<Option<Outcome>, Error> {
        let Some(Writing { index, opened, _lock }) = self.open_to_write(text)? else { return Ok(None) };
        if let Some(outcome) = self.passed_over(&opened)? {
            return Ok(Some(outcome));
        }
        let Some(mapping) = opened.map()? else { return Ok(Some(Outcome::TooSmall)) };
        let path = index.path().to_owned();
        let done = match self.judge(&index, &opened, &mapping, pool)? {
            Judged::Same => Done::UpToDate,
            Judged::Cancelled => Done::Cancelled,
            Judged::Stale(stale) => {
                return Err(Error::invalid_input(format!("the index cannot be updated: {stale}")).with_path(text));
            }
            Judged::ToUpdate => {
                let maker = Maker::new(index.manifest().scheme, pool, self.cancel.as_ref());
                let work = Work { builder: self, opened: &opened, text: &mapping, maker };
                work.update(index, open_same, || Disk::create(&path, &opened.file))?
            }
        };
        done.outcome(&path).map(Some)
    }

    /// Whether an index can be updated. What the attributes of the text leave open, its blocks tell.
    fn judge(&self, index: &Index, opened: &Text, text: &Mapping, pool: &Pool) -> Result<Judged, Error> {
        let by_attributes = index.freshness_by_attributes(opened.identity);
        match by_attributes {
            // It will not be written to, so that nothing has to be known of it yet.
            Freshness::Grown if self.waits_for_more(index, opened) => return Ok(Judged::Same),
            Freshness::Stale(Stale::Changed | Stale::Touched) => {}
            Freshness::Stale(stale) => return Ok(Judged::Stale(stale)),
            Freshness::Same | Freshness::Grown if self.compare_all => {}
            Freshness::Same | Freshness::Grown => {
                let added = (opened.identity.size / BLOCK).saturating_sub(index.manifest().blocks());
                // Whoever comes again and again compares as many in the end.
                let least = if self.patient { 1 } else { SAMPLES_AFTER_CHANGE };
                return Ok(match index.freshness_of(&opened.attributes(), text, added.max(least))? {
                    Freshness::Same => Judged::Same,
                    Freshness::Grown => Judged::ToUpdate,
                    Freshness::Stale(stale) => Judged::Stale(stale),
                });
            }
        }
        let changed = self.changed_blocks(index, Some(text), pool)?;
        Ok(match by_attributes {
            _ if self.is_cancelled() => Judged::Cancelled,
            _ if !changed.is_empty() => Judged::Stale(Stale::Changed),
            Freshness::Same => Judged::Same,
            _ => Judged::ToUpdate,
        })
    }

    /// Whether there is nothing to be added to an index yet, and its text is being written to.
    fn waits_for_more(&self, index: &Index, opened: &Text) -> bool {
        self.patient && opened.is_being_written() && opened.identity.size / BLOCK <= index.manifest().blocks()
    }

    /// Compares all indexed blocks of a file with what they were, and what the index says of them with what is in them, unless it is to
    /// be [quick](IndexBuilder::quick). If none has changed, the index can be relied on from then on. When it is cancelled nothing
    /// changes, and what is returned tells of the blocks that were compared by then.
    ///
    /// # Errors
    ///
    /// When there is no index, or one that is damaged or says what is not so, and those of [`build`](IndexBuilder::build).
    ///
    /// # Complexity
    ///
    /// That of [`build`](IndexBuilder::build); when it is quick, linear in the file and the index at the speed of memory.
    pub fn verify(&self, text: &Path, pool: &Pool) -> Result<Verified, Error> {
        let none =
            || Error::invalid_input("there is no index of this file: mapgrep-index build makes one").with_path(text);
        let Writing { index, opened, _lock } = self.open_to_write(text)?.ok_or_else(none)?;
        let path = index.path();
        index.read(|reader| reader.segments.iter().try_for_each(Segment::verify))?;
        let changed = match opened.map()? {
            Some(text) if !self.quick => {
                let maker = Maker::new(index.manifest().scheme, pool, self.cancel.as_ref());
                let compared = compare::changed_blocks(&index, &text, &maker, |bytes| self.advance(bytes))?;
                compared.unwrap_or_default()
            }
            text => self.changed_blocks(&index, text.as_ref(), pool)?,
        };
        if changed.is_empty() && !self.is_cancelled() && index.manifest().identity != opened.identity {
            let mut committer =
                Committer::resume(open_same(&index).map_err(|error| cannot_write(error, path))?, *index.header());
            let manifest = Manifest { identity: opened.identity, seen_at: opened.seen_at, ..index.manifest().clone() };
            committer.commit(&manifest, 0).map_err(|error| cannot_write(error, path))?;
        }
        Ok(Verified { changed, stat: Index::reopen(path)?.stat() })
    }

    /// The ranges of blocks that are not what they were.
    fn changed_blocks(&self, index: &Index, text: Option<&Mapping>, pool: &Pool) -> Result<Vec<Range<u64>>, Error> {
        let blocks = index.manifest().blocks();
        let Some(text) = text else { return Ok(std::iter::once(0..index.covered()).collect()) };
        index.read(|reader| {
            let work = |changed: &mut Vec<Range<u64>>, blocks: Range<usize>| {
                for block in blocks {
                    let (own, record) = reader.block(block as u64)?;
                    self.advance(own.end.saturating_sub(own.start));
                    if !is_unchanged(text, own.clone(), &record)? {
                        changed.push(own);
                    }
                }
                Ok(true)
            };
            const BLOCKS: usize = 16;
            let changed = each_chunk(0..blocks as usize, BLOCKS, pool, self.cancel.as_ref(), Vec::new, work)?;
            let mut changed: Vec<Range<u64>> = changed.into_iter().flatten().collect();
            changed.sort_unstable_by_key(|range| range.start);
            changed.dedup_by(|next, last| {
                let follows = last.end == next.start;
                if follows {
                    last.end = next.end;
                }
                follows
            });
            Ok(changed)
        })
    }

    /// Removes the index of a file, wherever it may be. False where it has none.
    ///
    /// # Errors
    ///
    /// What the system says. What can be removed is removed all the same.
    pub fn remove(&self, text: &Path) -> Result<bool, Error> {
        let mut result = Ok(false);
        for path in place::places(text, self.directory.as_deref()) {
            match path.and_then(|path| self.remove_at(&path)) {
                Ok(removed) => result = result.map(|before| before || removed),
                Err(error) => result = result.and(Err(error)),
            }
        }
        result
    }

    fn remove_at(&self, path: &Path) -> Result<bool, Error> {
        let is_there = |path: &Path| path.symlink_metadata().is_ok();
        if !is_there(path) && !is_there(&with_suffix(path, NEW)) {
            return Ok(false);
        }
        let _lock = self.lock(path, None)?;
        if place::is_other(path) {
            return Ok(false);
        }
        match std::fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("cannot remove the index", error).with_path(path)),
        }
    }

    /// Whether a file has an index that can neither be relied on nor be updated.
    ///
    /// # Errors
    ///
    /// As [`build`](IndexBuilder::build).
    pub fn is_stale(&self, text: &Path) -> Result<bool, Error> {
        let opened = Text::open(text)?;
        let attributes = opened.attributes();
        let Some(index) = Index::open_of(text, Some(&attributes), self.directory.as_deref())? else { return Ok(false) };
        let Some(mapping) = opened.map()? else { return Ok(true) };
        Ok(matches!(index.freshness_of(&attributes, &mapping, SAMPLES_AFTER_CHANGE)?, Freshness::Stale(_)))
    }

    /// Whether a file has an index that is of another file, or of a longer one, as its attributes tell.
    ///
    /// # Errors
    ///
    /// As [`build`](IndexBuilder::build).
    #[cfg(feature = "cli")]
    pub(crate) fn is_replaced(&self, text: &Path) -> Result<bool, Error> {
        let attributes = Text::open(text)?.attributes();
        let index = Index::open_of(text, Some(&attributes), self.directory.as_deref())?;
        let freshness = index.map(|index| index.freshness_by_attributes(attributes.identity));
        Ok(matches!(freshness, Some(Freshness::Stale(Stale::Replaced | Stale::Shrunk))))
    }

    /// The index of a text, if it has one, and the right to write it. Who may read it is who may read the text from here on.
    fn open_to_write(&self, text: &Path) -> Result<Option<Writing>, Error> {
        loop {
            let attributes = Attributes::at(text).ok();
            let open = |attributes: Option<&Attributes>| Index::open_of(text, attributes, self.directory.as_deref());
            let Some(index) = open(attributes.as_ref())? else { return Ok(None) };
            let path = index.path().to_owned();
            let lock = self.lock(&path, attributes.as_ref().map(|attributes| &attributes.owner))?;
            // The text may be longer by now, and somebody may have written the index meanwhile, or taken it away.
            let opened = Text::open(text)?;
            if let Some(index) = open(Some(&opened.attributes()))?.filter(|index| index.path() == path) {
                if let Ok((file, _)) = file::read(&path) {
                    follow_permissions(&path, &file, &opened.file).map_err(|error| cannot_write(error, &path))?;
                }
                return Ok(Some(Writing { index, opened, _lock: lock }));
            }
        }
    }

    /// The right to write an index, and nothing else there of an earlier one who had it.
    fn lock(&self, path: &Path, text: Option<&Owner>) -> Result<Lock, Error> {
        let lock = Lock::acquire(path, text, || {
            if let Some(tell) = self.waiting {
                tell(path);
            }
        })?;
        // Left by somebody who was killed. Where it cannot be removed, it is only in the way of those who make a new one.
        let _ = std::fs::remove_file(with_suffix(path, NEW));
        Ok(lock)
    }

    /// A new file for the index of a text, in the first place that can be written.
    fn create(&self, text: &Text) -> Result<NewFile, Error> {
        let mut refused = None;
        for (i, path) in place::places(&text.path, self.directory.as_deref()).enumerate() {
            let path = &path?;
            // The directory of the text is there; others are made.
            let directory = path.parent().filter(|_| i > 0 || self.directory.is_some());
            let there_is =
                directory.map_or(Ok(()), place::make_directory).and_then(|()| match place::is_held_by_another(path) {
                    true => {
                        let message = "a file of somebody else has its name, and cannot be replaced in this directory";
                        Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
                    }
                    false => Ok(()),
                });
            let there_is = there_is.map_err(|error| cannot_write(error, path));
            let made = there_is.and_then(|()| self.lock(path, Some(&text.owner))).and_then(|lock| {
                if place::is_other(path) {
                    let message = "this file is no index, and is not overwritten";
                    let error = io::Error::new(io::ErrorKind::AlreadyExists, message);
                    return Err(Error::io("", error).with_path(path));
                }
                let storage = Disk::create(path, &text.file).map_err(|error| cannot_write(error, path))?;
                Ok(NewFile { storage, path: path.clone(), _lock: lock })
            });
            match made {
                Ok(made) => return Ok(made),
                Err(error) if error.io_error().is_some_and(place::is_unwritable) => {
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| {
            Error::io("", io::Error::new(io::ErrorKind::NotFound, "there is no place for the index"))
        }))
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

/// A new index. What is not given its name goes away before others may write one.
struct NewFile {
    storage: Disk,
    path: PathBuf,
    _lock: Lock,
}

/// What of an index is to be written.
struct Writing {
    index: Index,
    opened: Text,
    _lock: Lock,
}

/// What is to be done with an index.
enum Judged {
    Same,
    ToUpdate,
    Stale(Stale),
    Cancelled,
}

/// Opens the file of an index to append to it, and no other that has its name by now.
fn open_same(index: &Index) -> io::Result<Disk> {
    let disk = Disk::open(index.path())?;
    let file = Identity::of(Some(disk.file()), &disk.file().metadata()?).file();
    match file == index.attributes().identity.file() {
        true => Ok(disk),
        false => Err(io::Error::other("another file has its name by now")),
    }
}

fn cannot_write(error: io::Error, path: &Path) -> Error {
    Error::io("cannot write the index", error).with_path(path)
}

/// A text that is to be indexed.
struct Text {
    path: PathBuf,
    file: File,
    identity: Identity,
    owner: Owner,
    /// When that was asked for.
    seen_at: i64,
}

impl Text {
    fn open(path: &Path) -> Result<Self, Error> {
        let cannot = |error| Error::io("", error).with_path(path);
        let file = file::open_text(path).map_err(cannot)?;
        let seen_at = now();
        let metadata = file.metadata().map_err(cannot)?;
        if metadata.is_dir() {
            return Err(cannot(io::ErrorKind::IsADirectory.into()));
        }
        if !metadata.is_file() {
            return Err(Error::invalid_input("only regular files can be indexed").with_path(path));
        }
        let Attributes { identity, owner } = Attributes::of(Some(&file), &metadata);
        Ok(Text { path: path.to_owned(), file, identity, owner, seen_at })
    }

    fn attributes(&self) -> Attributes {
        Attributes { identity: self.identity, owner: self.owner.clone() }
    }

    /// Why an index would be of no use, if so.
    fn unfit(&self) -> Result<Option<Unfit>, Error> {
        Unfit::of_file(&self.file).map_err(|error| Error::io("", error).with_path(&self.path))
    }

    /// Whether it was written to so shortly before it was looked at that more is to be expected.
    fn is_being_written(&self) -> bool {
        self.seen_at.saturating_sub(self.identity.modified) < COARSE
    }

    /// None where it is empty.
    fn map(&self) -> Result<Option<Mapping>, Error> {
        let Some(len) = usize::try_from(self.identity.size).ok().filter(|&len| len > 0) else { return Ok(None) };
        Mapping::open_start(&self.file, len).map(Some).map_err(|error| error.with_path(&self.path))
    }

    /// Fails when the path names another file by now, or the file is shorter, or was changed otherwise than by appending to it.
    fn check_same(&self) -> Result<(), Error> {
        let now = Attributes::at(&self.path).map(|attributes| attributes.identity);
        match now {
            Ok(now) if now.file() != self.identity.file() => {
                let message = "the file was replaced while it was indexed: index it again";
                Err(Error::invalid_input(message).with_path(&self.path))
            }
            Ok(now) if now.size < self.identity.size => Err(Error::truncated(now.size).with_path(&self.path)),
            // When more was appended, its time had to change.
            Ok(now) if now.size == self.identity.size && now.modified != self.identity.modified => {
                let message = "the file was changed while it was indexed: index it again";
                Err(Error::invalid_input(message).with_path(&self.path))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(Error::io("the file went away while it was indexed", error).with_path(&self.path)),
        }
    }
}

/// What became of the work on an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Written,
    UpToDate,
    Cancelled,
}

impl Done {
    fn outcome(self, index: &Path) -> Result<Outcome, Error> {
        let stat = || Index::reopen(index).map(|index| index.stat());
        Ok(match self {
            Done::Written => Outcome::Written(stat()?),
            Done::UpToDate => Outcome::UpToDate(stat()?),
            Done::Cancelled => Outcome::Cancelled,
        })
    }
}

/// The work on one index.
struct Work<'a> {
    builder: &'a IndexBuilder,
    opened: &'a Text,
    text: &'a Mapping,
    maker: Maker<'a>,
}

impl Work<'_> {
    /// How many blocks can be indexed, and where they end: behind the last line, or as close to it as a block begins with a line.
    fn extent(&self) -> Result<(u64, u64), Error> {
        const STEP: usize = 1 << 20;
        let mut end = self.text.len();
        loop {
            if let Some(hole) = end.checked_sub(1).and_then(|last| self.maker.holes(self.text).around(last)) {
                end = hole.start;
                if end == 0 {
                    return Ok((0, 0));
                }
                continue;
            }
            let start = end.saturating_sub(STEP);
            let newline = self.guarded(start..end, |bytes| memrchr(b'\n', bytes))?;
            if let Some(newline) = newline {
                // The last line starts there, or the file ends; other lines of that block may start before.
                let line = (start + newline) as u64 + 1;
                let block = line / BLOCK;
                if block == 0 {
                    return Ok((0, 0));
                }
                let from = (block * BLOCK - 1) as usize;
                let first = self.guarded(from..line as usize, |bytes| memchr::memchr(b'\n', bytes))?;
                return Ok((block, first.map_or(line, |at| (from + at) as u64 + 1)));
            }
            if start == 0 || self.builder.is_cancelled() {
                return Ok((0, 0));
            }
            end = start;
        }
    }

    fn guarded<T>(&self, range: Range<usize>, read: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        self.text.guarded(range, read).map_err(|error| error.with_path(&self.opened.path))
    }

    fn manifest(&self, covered: u64, newlines: u64, segments: Vec<Entry>) -> Manifest {
        let Text { identity, seen_at, .. } = *self.opened;
        Manifest { identity, seen_at, scheme: self.maker.scheme, covered, newlines, segments }
    }

    fn build(&self, storage: impl Storage, path: &Path) -> Result<Done, Error> {
        let (blocks, covered) = self.extent()?;
        let mut committer = Committer::create(storage);
        let made = self.write_new(&mut committer, path, 0..blocks, 0)?;
        let Some((segments, newlines)) = made.filter(|_| !self.builder.is_cancelled()) else {
            return Ok(Done::Cancelled);
        };
        self.opened.check_same()?;
        let manifest = self.manifest(covered, newlines, segments);
        committer.commit(&manifest, 0).map_err(|error| cannot_write(error, path))?;
        Ok(Done::Written)
    }

    /// Indexes some blocks, and writes segments while the next are made.
    fn write_new<S: Storage>(
        &self,
        committer: &mut Committer<S>,
        path: &Path,
        blocks: Range<u64>,
        newlines: u64,
    ) -> Result<Option<(Vec<Entry>, u64)>, Error> {
        let scheme = self.maker.scheme;
        let entries = Mutex::new(vec![]);
        let failed = Mutex::new(None);
        let writer = Mutex::new(committer);
        // Writes a segment; false when that failed.
        let write = |made: &Made| {
            let mut committer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            let written = committer.add(made, scheme).and_then(|entry| {
                entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
                // What is on the disk by now need not be waited for in the end.
                committer.sync()
            });
            match written {
                Ok(()) => true,
                Err(error) => {
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    false
                }
            }
        };
        let mut newlines = newlines;
        let is_whole = std::thread::scope(|scope| {
            let (send, receive) = sync_channel::<Made>(0);
            let write_all = move || _ = receive.into_iter().all(|made| write(&made));
            let start =
                || std::thread::Builder::new().name("mapgrep-write".to_owned()).spawn_scoped(scope, write_all).ok();
            let thread = has_room_for_thread().then(start).flatten();
            let mut first = blocks.start;
            let mut is_whole = true;
            while first < blocks.end {
                let end = blocks.end.min(first + MOST_BLOCKS as u64);
                let made = self.maker.index(self.text, first..end, newlines, |bytes| self.builder.advance(bytes));
                let made = made.map_err(|error| error.with_path(&self.opened.path))?;
                let Some(made) = made else {
                    is_whole = false;
                    break;
                };
                newlines = made.newlines;
                first = end;
                // Where the system refuses a thread to write, this one does.
                let goes_on = if thread.is_some() { send.send(made).is_ok() } else { write(&made) };
                if !goes_on {
                    break;
                }
            }
            drop(send);
            if let Some(thread) = thread {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
            Ok::<_, Error>(is_whole)
        })?;
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(cannot_write(error, path)),
            None => {
                let entries = entries.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(is_whole.then_some((entries, newlines)))
            }
        }
    }

    /// `open` opens the file of the index, and `create` makes one that is to replace it.
    fn update<S: Storage>(
        &self,
        index: Index,
        open: impl FnOnce(&Index) -> io::Result<S>,
        create: impl FnOnce() -> io::Result<S>,
    ) -> Result<Done, Error> {
        let old = index.manifest();
        let path = &index.path().to_owned();
        let cannot = |error| cannot_write(error, path);
        let (blocks, covered) = self.extent()?;
        if self.builder.is_cancelled() {
            return Ok(Done::Cancelled);
        }
        // The last line may not be complete, or too little was added for a block. Then only the attributes of the text are kept, by
        // which its next change is judged.
        let is_more = blocks > old.blocks();
        if !is_more && self.builder.patient && self.opened.is_being_written() {
            return Ok(Done::UpToDate);
        }
        let (blocks, covered) = if is_more { (blocks, covered) } else { (old.blocks(), old.covered) };
        let new = old.blocks()..blocks;
        // The last segments are made one with what is new, as long as that is not small beside them.
        let mut kept = old.segments.clone();
        let mut merged = vec![];
        let mut count = (new.end - new.start) as usize;
        while let Some(last) = kept.last()
            && last.blocks() + count <= MOST_BLOCKS
            && last.blocks() < 2 * count
        {
            count += last.blocks();
            merged.push(*last);
            kept.pop();
        }
        merged.reverse();
        let mut dead: u64 = merged.iter().map(|entry| entry.len).sum();
        let header = index.header();
        let is_mostly_dead = (header.dead + dead) * 10 > header.end * DEAD_OF_TEN;
        let mut committer = match is_mostly_dead {
            true => Committer::create(create().map_err(cannot)?),
            false => Committer::resume(open(&index).map_err(cannot)?, *header),
        };
        if is_mostly_dead {
            dead = 0;
            kept = self.copy(&index, &kept, &mut committer)?;
        }
        let newlines = if merged.is_empty() {
            let Some((entries, newlines)) = self.write_new(&mut committer, path, new, old.newlines)? else {
                return Ok(Done::Cancelled);
            };
            kept.extend(entries);
            newlines
        } else {
            let made = self.maker.index(self.text, new, old.newlines, |bytes| self.builder.advance(bytes));
            let Some(made) = made.map_err(|error| error.with_path(&self.opened.path))? else {
                return Ok(Done::Cancelled);
            };
            let whole = index.read(|reader| {
                let is_merged = |segment: &&Segment<'_>| merged.contains(&segment.entry);
                let mut parts: Vec<Segment<'_>> = reader.segments.iter().filter(is_merged).copied().collect();
                parts.push(Segment::new(&made.bytes, made.entry, self.maker.scheme)?);
                self.maker.merge(&parts)
            })?;
            let Some(whole) = whole else { return Ok(Done::Cancelled) };
            kept.push(committer.add(&whole, self.maker.scheme).map_err(cannot)?);
            made.newlines
        };
        self.opened.check_same()?;
        // Windows does not replace a file that is mapped.
        drop(index);
        committer.commit(&self.manifest(covered, newlines, kept), dead).map_err(cannot)?;
        Ok(if is_more { Done::Written } else { Done::UpToDate })
    }

    /// Copies segments to a new file.
    fn copy<S: Storage>(&self, index: &Index, kept: &[Entry], to: &mut Committer<S>) -> Result<Vec<Entry>, Error> {
        index.read(|reader| {
            let segments = reader.segments.iter().filter(|segment| kept.contains(&segment.entry));
            segments
                .map(|segment| {
                    let offset = to.append(segment.bytes()).map_err(|error| cannot_write(error, index.path()))?;
                    Ok(segment.entry_at(offset))
                })
                .collect()
        })
    }
}

impl Index {
    fn reopen(path: &Path) -> Result<Self, Error> {
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

#[cfg(test)]
mod cancelled;
#[cfg(all(test, unix))]
mod changes;
#[cfg(test)]
mod crash;
