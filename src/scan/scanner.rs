//! Searching a mapping: the options, and the ways to take matches.

use std::{
    ops::{ControlFlow, Range, RangeBounds},
    time::{Duration, Instant},
};

use super::{
    cache::{CacheKeeper, CachePolicy},
    cancel::Cancel,
    chunk::{Chunks, DEFAULT_CHUNK_SIZE},
    feed::Feed,
    holes, ordered,
    pool::Pool,
    seam::{MatchStages, Seam},
    sequential::{self, Walk},
    sink::Sink,
};
use crate::{
    error::Error,
    mapping::{Advice, Lent, Mapping, page_size},
    matcher::{Matcher, Reach},
    span::{FileMatch, range_of},
};

/// Finds all matches of a matcher in mapped files, in parallel and in file order.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use mapgrep::{FileMatch, mapping::MapOptions, matcher::MatcherBuilder, scan::Scanner};
///
/// let mut memory = MapOptions::new().len(12).map_anonymous()?;
/// memory.set_slice(.., b"one two one.")?;
/// let scanner = Scanner::new(MatcherBuilder::new().build(["one"])?);
/// let mut starts = vec![];
/// let stats = scanner.for_each(&memory, |m: FileMatch| {
///     starts.push(m.start);
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(starts, [0, 8]);
/// assert_eq!((stats.matches, stats.chunks, stats.bytes_scanned), (2, 1, 12));
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scanner {
    pub(super) matcher: Matcher,
    pub(super) chunk_size: usize,
    pub(super) range: Range<u64>,
    pub(super) cancel: Option<Cancel>,
    pub(super) cache: CachePolicy,
}

/// What a scan has done.
///
/// # Examples
///
/// See [`Scanner`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// How many bytes were searched: from the start of the file, or of the range, up to where the scan went. When it
    /// was stopped, that includes what had been searched ahead of the last match that was delivered.
    pub bytes_scanned: u64,
    /// How many matches were delivered.
    pub matches: u64,
    /// How many chunks were searched. A pattern of unbounded length is run on all bytes as one.
    pub chunks: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Scanner {
    /// A scanner for these patterns.
    pub fn new(matcher: Matcher) -> Self {
        Scanner { matcher, chunk_size: DEFAULT_CHUNK_SIZE, range: 0..u64::MAX, cancel: None, cache: CachePolicy::Keep }
    }

    /// How many bytes of a file one step of a worker covers, 1 at least; a multiple of the page size does best. The
    /// results do not depend on it.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{mapping::MapOptions, matcher::MatcherBuilder, scan::Scanner};
    ///
    /// let mut memory = MapOptions::new().len(8).map_anonymous()?;
    /// memory.set_slice(.., b"aaaa aaa")?;
    /// let mut scanner = Scanner::new(MatcherBuilder::new().build(["aa"])?);
    /// assert_eq!(scanner.count(&memory)?, 3);
    /// assert_eq!(scanner.chunk_size(1).count(&memory)?, 3);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn chunk_size(&mut self, bytes: usize) -> &mut Self {
        self.chunk_size = bytes.max(1);
        self
    }

    /// Only matches that start in this range of offsets. They may reach past its end, and assertions such as `\b` see
    /// the bytes before its start. What lies outside is not searched.
    ///
    /// Which matches there are can depend on where a search begins: in `aaaa`, a search for `aa` from 1 on finds 1..3,
    /// and one from 0 on finds 0..2 and 2..4. The matches are those of a search that begins where the range does, as
    /// if none came before it. With patterns that are [by line](crate::matcher::MatcherBuilder::by_line) they are
    /// exactly those of a search of the whole file: it begins where the line does that the range begins in. So a file
    /// can be searched range by range with the results of one search, with those patterns in any ranges, and with
    /// others in ranges that begin where no match of the range before reaches.
    ///
    /// An empty match at the very end of a file starts at the file's length, which `5..` contains and `5..len` does
    /// not.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{mapping::MapOptions, matcher::MatcherBuilder, scan::Scanner};
    ///
    /// let mut memory = MapOptions::new().len(8).map_anonymous()?;
    /// memory.set_slice(.., b"aaaa aaa")?;
    /// let mut scanner = Scanner::new(MatcherBuilder::new().by_line(true).build(["aa"])?);
    /// assert_eq!(scanner.count(&memory)?, 3);
    /// assert_eq!(scanner.range(..2).count(&memory)?, 1);
    /// assert_eq!(scanner.range(1..).count(&memory)?, 2);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn range(&mut self, offsets: impl RangeBounds<u64>) -> &mut Self {
        self.range = range_of(offsets, u64::MAX);
        self
    }

    /// A token that stops the scan when it is cancelled, as if the sink had had enough.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{mapping::MapOptions, matcher::MatcherBuilder, scan::{Cancel, Scanner}};
    ///
    /// let mut memory = MapOptions::new().len(8).map_anonymous()?;
    /// memory.set_slice(.., b"aaaa aaa")?;
    /// let mut scanner = Scanner::new(MatcherBuilder::new().build(["aa"])?);
    /// let cancel = Cancel::new();
    /// cancel.cancel();
    /// assert_eq!(scanner.cancel(cancel).count(&memory)?, 0);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn cancel(&mut self, token: Cancel) -> &mut Self {
        self.cancel = Some(token);
        self
    }

    /// What becomes of the pages that a search brings into memory; they are kept unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{mapping::Mapping, matcher::MatcherBuilder, scan::{CachePolicy, Scanner}};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-page-cache-{}", std::process::id()));
    /// std::fs::write(&path, "read once")?;
    /// let text = Mapping::open(&path)?;
    /// let mut scanner = Scanner::new(MatcherBuilder::new().build(["once"])?);
    /// assert_eq!(scanner.page_cache(CachePolicy::Drop).count(&text)?, 1);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn page_cache(&mut self, policy: CachePolicy) -> &mut Self {
        self.cache = policy;
        self
    }

    /// The compiled patterns.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// Gives `sink` each match that does not overlap an earlier one, in file order, until it returns
    /// [`ControlFlow::Break`]. Runs on the rayon pool that the calling thread belongs to, and otherwise on threads of
    /// its own, which have ended when it returns.
    ///
    /// # Errors
    ///
    /// [`is_truncated`](Error::is_truncated) when the file became shorter meanwhile; the matches before have been
    /// delivered then.
    ///
    /// # Panics
    ///
    /// Passes on a panic of `sink`, after all workers have stopped.
    ///
    /// # Complexity
    ///
    /// That of one search over the file, and at most a second one where matches chain from chunk to chunk. Memory is
    /// bounded by the number of threads, whatever the number of matches; with patterns that are confined to lines, the
    /// matches of one line that is longer than a chunk are collected.
    ///
    /// # Examples
    ///
    /// See [`Scanner`].
    pub fn for_each(&self, mapping: &Mapping, sink: impl Sink<FileMatch>) -> Result<Stats, Error> {
        self.for_each_in(&Pool::for_call(mapping.len() / self.chunk_size), mapping, sink)
    }

    /// The same on another pool.
    ///
    /// # Errors, panics and complexity
    ///
    /// As [`for_each`](Scanner::for_each).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{FileMatch, mapping::MapOptions, matcher::MatcherBuilder, scan::{Pool, Scanner}};
    ///
    /// let mut memory = MapOptions::new().len(8).map_anonymous()?;
    /// memory.set_slice(.., b"one, two")?;
    /// let scanner = Scanner::new(MatcherBuilder::new().build(["[a-z]+"])?);
    /// let mut first = None;
    /// scanner.for_each_in(&Pool::new(2), &memory, |found: FileMatch| {
    ///     first = Some(found.start..found.end);
    ///     ControlFlow::Break(())
    /// })?;
    /// assert_eq!(first, Some(0..3));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn for_each_in(&self, pool: &Pool, mapping: &Mapping, mut sink: impl Sink<FileMatch>) -> Result<Stats, Error> {
        let mut delivered = 0;
        let stats = self.run(pool, mapping, &mut |matches| {
            for m in matches {
                delivered += 1;
                if sink.accept(*m).is_break() {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(Stats { matches: delivered, ..stats })
    }

    /// As [`for_each`](Scanner::for_each), for bytes in memory. They are not copied.
    ///
    /// # Errors, panics and complexity
    ///
    /// As [`for_each`](Scanner::for_each).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{FileMatch, matcher::MatcherBuilder, scan::Scanner};
    ///
    /// let scanner = Scanner::new(MatcherBuilder::new().build(["[0-9]+"])?);
    /// let mut found = vec![];
    /// scanner.for_each_of(b"a1 b22", |m: FileMatch| {
    ///     found.push(m.start..m.end);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [1..2, 4..6]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn for_each_of(&self, bytes: &[u8], sink: impl Sink<FileMatch>) -> Result<Stats, Error> {
        self.for_each(Lent::new(bytes)?.mapping(), sink)
    }

    /// How many matches there are that do not overlap.
    ///
    /// # Errors, panics and complexity
    ///
    /// As [`for_each`](Scanner::for_each).
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{mapping::MapOptions, matcher::MatcherBuilder, scan::Scanner};
    ///
    /// let mut memory = MapOptions::new().len(12).map_anonymous()?;
    /// memory.guarded_mut(0..12, |bytes| bytes.copy_from_slice(b"abcabcabcabc"))?;
    /// assert_eq!(Scanner::new(MatcherBuilder::new().build(["ca"])?).count(&memory)?, 3);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn count(&self, mapping: &Mapping) -> Result<u64, Error> {
        Ok(self.for_each(mapping, |_| ControlFlow::Continue(()))?.matches)
    }

    /// Emits the matches many at a time. What is emitted is counted by whoever takes it.
    pub(super) fn run(
        &self,
        pool: &Pool,
        mapping: &Mapping,
        emit: &mut dyn FnMut(&[FileMatch]) -> ControlFlow<()>,
    ) -> Result<Stats, Error> {
        let Some(left) = self.without_holes(mapping) else { return self.run_on(pool, mapping, emit) };
        let mut shown = vec![];
        let scanner = self.of_left(&left);
        scanner.run_on(pool, &left, &mut |matches| {
            shown.clear();
            shown.extend(matches.iter().map(|&m| in_file(m, &left)));
            emit(&shown)
        })
    }

    /// The file without the middle of its holes, if that is what is to be searched.
    pub(super) fn without_holes(&self, mapping: &Mapping) -> Option<Mapping> {
        holes::without(mapping, &self.matcher, &[self.range.start, self.range.end])
    }

    /// The same search of a file without the middle of its holes.
    pub(super) fn of_left(&self, left: &Mapping) -> Self {
        let place = |offset: u64| left.cuts().map_or(offset, |cuts| cuts.left_before(offset));
        let range = place(self.range.start)..place(self.range.end);
        Scanner { range, ..self.clone() }
    }

    /// The same, with the holes of a file.
    fn run_on(
        &self,
        pool: &Pool,
        mapping: &Mapping,
        emit: &mut dyn FnMut(&[FileMatch]) -> ControlFlow<()>,
    ) -> Result<Stats, Error> {
        let started = Instant::now();
        let keeper = CacheKeeper::of_mapping(self.cache, mapping, self.chunk_size);
        // Advice is no more than that: a kernel that does not take it searches as well.
        let _ = mapping.advise(Advice::Sequential);
        let own = self.matcher.for_one_search();
        let matcher = own.as_ref().unwrap_or(&self.matcher);
        let stages = MatchStages::new(matcher, mapping, self.range.clone()).keeping(&keeper);
        let chunks = stages.chunks(self.chunk_size)?;
        let cancel = self.cancel.as_ref();
        if self.matcher.reach() == Reach::Unbounded {
            sequential::run(&stages, Walk::new(chunks, self.matcher.create_cache()), cancel, emit)?;
        } else {
            let inline = Pool::inline();
            let is_one = chunks.clone().nth(1).is_none();
            let pool = if is_one { &inline } else { pool };
            let feed = Feed::direct(chunks.map(Ok));
            let emit = &mut |matches: &Vec<FileMatch>| emit(matches);
            ordered::run(&stages, feed, Seam::default(), pool, cancel, emit)?;
        }
        let (chunks, bytes_scanned) = stages.counted();
        Ok(Stats { bytes_scanned, matches: 0, chunks, elapsed: started.elapsed() })
    }

    pub(super) fn stages<'a>(&'a self, mapping: &'a Mapping) -> MatchStages<'a> {
        MatchStages::new(&self.matcher, mapping, self.range.clone())
    }
}

/// A match in a file without the middle of its holes, in offsets of the file.
pub(super) fn in_file(found: FileMatch, left: &Mapping) -> FileMatch {
    let Some(cuts) = left.cuts() else { return found };
    let start = cuts.in_file(found.start);
    FileMatch { start, end: start + (found.end - found.start), ..found }
}

/// Unmaps a file with all threads of a pool. For a file of gigabytes one thread takes a tenth of the time of a search;
/// dropping the mapping does the same, on the calling thread.
///
/// # Examples
///
/// ```
/// use mapgrep::{mapping::MapOptions, scan::{Pool, unmap}};
///
/// let mapping = MapOptions::new().len(1 << 20).map_anonymous()?;
/// unmap(mapping, &Pool::new(2));
/// # Ok::<(), mapgrep::Error>(())
/// ```
pub fn unmap(mapping: Mapping, pool: &Pool) {
    const WORTHWHILE: usize = 64 << 20;
    let mapping = &mapping;
    if pool.threads() > 1
        && mapping.len() >= WORTHWHILE
        && let Some(crew) = pool.crew()
    {
        let part = mapping.len().div_ceil(crew.threads()).next_multiple_of(page_size());
        crew.in_place_scope(|scope| {
            for range in Chunks::new(mapping.len(), part) {
                scope.spawn(move |_| mapping.release(range));
            }
        });
    }
}
