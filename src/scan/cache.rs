//! Leaving the system's page cache as it was.
//!
//! A search of a file that is larger than memory drives out of the cache what other programs have there. With
//! [`CachePolicy::Drop`], a search lets go of the pages that it brought in, and leaves those that were there before.
//! Which these are has to be known before the search begins, since the system reads far ahead of it.

use std::{
    fs::File,
    io::{self, Read, Seek},
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use crate::mapping::{Mapping, Residency, map_to_ask};

/// What is let go of together. The system does not let go of a part of a large folio, so that what lies across a step's
/// border goes with the next one.
const STEP: usize = 8 << 20;

/// How long the end of a search waits in all for pages that are still being read, none of which anybody wants any more.
const PATIENCE: Duration = Duration::from_millis(500);

/// What becomes of the pages that a search brings into the system's page cache.
///
/// # Examples
///
/// ```
/// use mapgrep::{mapping::{Access, MapOptions}, matcher::MatcherBuilder, scan::{CachePolicy, Scanner}};
///
/// let path = std::env::temp_dir().join(format!("mapgrep-doc-cache-{}", std::process::id()));
/// std::fs::write(&path, "searched once, and not soon again")?;
/// let file = std::fs::File::open(&path)?;
/// // SAFETY: nobody changes the file while this example has it mapped.
/// let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&file)? };
/// let mut scanner = Scanner::new(MatcherBuilder::new().build(["on"])?);
/// assert_eq!(scanner.page_cache(CachePolicy::Drop).count(&mapping)?, 2);
/// # drop(mapping);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CachePolicy {
    /// The system keeps them for as long as it sees fit.
    #[default]
    Keep,
    /// They are let go of behind the search, and those that were in memory before stay. So do pages that somebody else
    /// has mapped or is using at the moment, and those that have not been written to the medium. What another program
    /// reads of the file meanwhile goes too.
    ///
    /// Of a file that this process neither owns nor may write, the system does not tell what is in memory, and all of
    /// it stays. It can be done on Linux, for mappings with [`Access::Read`](crate::mapping::Access::Read) that keep a
    /// descriptor; all else is searched as with `Keep`.
    Drop,
}

/// Lets go of the pages of a file that were not in memory before: while the file is read, of those behind, and of all
/// when it is dropped, also of what the system has read ahead.
///
/// Searches make their own, as [`CachePolicy`] says. A program that looks at a mapping before it searches that makes
/// one around it. Otherwise the search takes the pages that this brought in for pages that were there before.
///
/// # Examples
///
/// ```
/// use mapgrep::{mapping::{Access, MapOptions}, scan::{CacheKeeper, CachePolicy}};
///
/// # let path = std::env::temp_dir().join(format!("mapgrep-doc-keeper-{}", std::process::id()));
/// # std::fs::write(&path, "is this text?")?;
/// # let file = std::fs::File::open(&path)?;
/// // SAFETY: nobody changes the file while this example has it mapped.
/// let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&file)? };
/// let keeper = CacheKeeper::of_mapping(CachePolicy::Drop, &mapping, 0);
/// let is_text = mapping.guarded(.., |bytes| !bytes.contains(&0))?;
/// // What was read is let go of.
/// drop(keeper);
/// assert!(is_text);
/// # drop(mapping);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CacheKeeper<'m> {
    /// Nothing with [`CachePolicy::Keep`], or where the system does not tell what is in memory.
    dropping: Option<Dropping<'m>>,
}

struct Dropping<'m> {
    /// Through which the file is searched; it has pages of the file in the address space. A file that is read has none.
    searched: Option<&'m Mapping>,
    /// The whole file: the system reads ahead beyond what is mapped too.
    file: Mapping,
    before: Residency,
    /// Where in the file the search begins.
    base: u64,
    /// How far the pages that go stay behind what is done.
    lag: u64,
    /// Up to where in the file pages were let go of.
    dropped: AtomicUsize,
    /// The same from where on, for what is searched backwards.
    dropped_from: AtomicUsize,
}

impl<'m> CacheKeeper<'m> {
    /// Looks which pages of the file behind a mapping are in memory. It has to be made before anything is read through
    /// the mapping, and dropped when nobody reads the file any more. While the file is read, pages stay that are at
    /// most `lag` bytes back.
    pub fn of_mapping(policy: CachePolicy, mapping: &'m Mapping, lag: usize) -> Self {
        let file = (policy == CachePolicy::Drop).then(|| mapping.map_whole_file()).flatten();
        Self::new(Some(mapping), file, mapping.offset(), lag)
    }

    /// The same for a file that is read from `base` on.
    pub(crate) fn of_file(policy: CachePolicy, file: &File, base: u64) -> Self {
        let file = (policy == CachePolicy::Drop).then(|| map_to_ask(file)).flatten();
        Self::new(None, file, base, 0)
    }

    fn new(searched: Option<&'m Mapping>, file: Option<Mapping>, base: u64, lag: usize) -> Self {
        let dropping = file.and_then(|file| {
            let before = file.residency(..).ok()?;
            let dropped = AtomicUsize::new(base as usize / STEP * STEP);
            let dropped_from = AtomicUsize::new(file.len().next_multiple_of(STEP));
            Some(Dropping { searched, file, before, base, lag: lag as u64, dropped, dropped_from })
        });
        CacheKeeper { dropping }
    }

    /// Called when everything before `offset`, counted from where the search begins, is done with.
    pub(crate) fn done_upto(&self, offset: u64) {
        if let Some(dropping) = &self.dropping {
            dropping.done_upto(offset);
        }
    }

    /// Called when everything from `offset` on, counted from where the search begins, is done with.
    pub(crate) fn done_from(&self, offset: u64) {
        if let Some(dropping) = &self.dropping {
            dropping.done_from(offset);
        }
    }

    /// Called when nobody is going to look at a range again, counted from where the search begins, or not soon.
    pub(crate) fn done_with(&self, range: Range<usize>) {
        if let Some(dropping) = &self.dropping {
            let place = |offset: usize| dropping.base as usize + offset;
            dropping.drop_pages(place(range.start).saturating_sub(STEP)..place(range.end));
        }
    }
}

impl Dropping<'_> {
    fn done_upto(&self, offset: u64) {
        let done = (self.base + offset.saturating_sub(self.lag)) as usize / STEP * STEP;
        let dropped = self.dropped.fetch_max(done, Ordering::Relaxed);
        if dropped < done {
            // A folio across the border of the step before can go now.
            self.drop_pages(dropped.saturating_sub(STEP)..done);
        }
    }

    fn done_from(&self, offset: u64) {
        let done = (self.base.saturating_add(offset).saturating_add(self.lag) as usize).next_multiple_of(STEP);
        let dropped = self.dropped_from.fetch_min(done, Ordering::Relaxed);
        if done < dropped {
            // A folio across the border of the step behind can go now.
            self.drop_pages(done..self.file.len().min(dropped + STEP));
        }
    }

    fn finish(&self) {
        let all = 0..self.file.len();
        let mut pause = Duration::from_millis(1);
        let mut waited = Duration::ZERO;
        loop {
            // The system cannot let go of what is being read, and that may be there a moment later.
            let is_loading = self.absent(all.clone()).any(|run| self.file.is_loading(run));
            self.drop_pages(all.clone());
            if !is_loading || waited >= PATIENCE {
                return;
            }
            thread::sleep(pause);
            waited += pause;
            pause *= 2;
        }
    }

    /// Lets go of what was not there before. What cannot be done is left undone.
    fn drop_pages(&self, range: Range<usize>) {
        if let Some(mapping) = self.searched {
            // The system lets go of no page that is mapped.
            let place = |offset: usize| offset.saturating_sub(mapping.offset() as usize).min(mapping.len());
            mapping.release(place(range.start)..place(range.end));
        }
        for run in self.absent(range) {
            let _ = self.file.evict(run);
        }
    }

    /// The parts of a range that were not in memory before.
    fn absent(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        self.before.runs(range).filter(|(_, is_resident)| !is_resident).map(|(run, _)| run)
    }
}

impl Drop for CacheKeeper<'_> {
    fn drop(&mut self) {
        if let Some(dropping) = &self.dropping {
            dropping.finish();
        }
    }
}

/// A file that is read from its cursor on, with a [`CachePolicy`]: for what takes a [`Read`]. Dropping it ends the
/// search.
///
/// # Examples
///
/// ```
/// use std::io::Read;
/// use mapgrep::scan::{CachePolicy, CacheReader};
///
/// let path = std::env::temp_dir().join(format!("mapgrep-doc-cache-reader-{}", std::process::id()));
/// std::fs::write(&path, "read once")?;
/// let mut text = String::new();
/// CacheReader::new(std::fs::File::open(&path)?, CachePolicy::Drop).read_to_string(&mut text)?;
/// assert_eq!(text, "read once");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct CacheReader {
    keeper: CacheKeeper<'static>,
    file: File,
    read: u64,
}

impl CacheReader {
    /// Looks what is in memory of the file. What is no regular file, and has no pages that could go, is read as it is.
    pub fn new(mut file: File, policy: CachePolicy) -> Self {
        let is_regular = policy == CachePolicy::Drop && file.metadata().is_ok_and(|metadata| metadata.is_file());
        let policy = if is_regular { policy } else { CachePolicy::Keep };
        let base = if is_regular { file.stream_position().unwrap_or(0) } else { 0 };
        CacheReader { keeper: CacheKeeper::of_file(policy, &file, base), file, read: 0 }
    }
}

impl CacheReader {
    /// The file: to ask for its attributes, or to skip a part of it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{fs::File, io::{Read, Seek, SeekFrom}};
    /// use mapgrep::scan::{CachePolicy, CacheReader};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-cache-file-{}", std::process::id()));
    /// std::fs::write(&path, "read not all")?;
    /// let mut reader = CacheReader::new(File::open(&path)?, CachePolicy::Drop);
    /// assert_eq!(reader.file().metadata()?.len(), 12);
    /// reader.file().seek(SeekFrom::Start(9))?;
    /// let mut rest = String::new();
    /// reader.read_to_string(&mut rest)?;
    /// assert_eq!(rest, "all");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Read for CacheReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.read += n as u64;
        self.keeper.done_upto(self.read);
        Ok(n)
    }
}

impl std::fmt::Debug for CacheReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheReader").field("file", &self.file).field("read", &self.read).finish_non_exhaustive()
    }
}
