//! Mappings and streams, searched in parallel, with results in order.
//!
//! [`Scanner`] delivers every match of a [`Matcher`] in a mapped file, in file order, as if one thread had walked
//! through it. The file is cut into page-aligned chunks; a chunk owns the matches that start in it. What a match has to
//! see of its neighbours decides how far a worker looks past its chunk:
//!
//! * literals and other patterns of bounded length look that far, and matches that reach over a border are reconciled
//!   where the chunks meet;
//! * patterns that are confined to lines ([`by_line`](crate::matcher::MatcherBuilder::by_line)) are run on the lines
//!   that start in the chunk;
//! * patterns that may match any number of bytes across lines are run by one thread.
//!
//! # Examples
//!
//! Every match of a regex in a file, in order:
//!
//! ```
//! use mapgrep::{mapping::{Access, MapOptions}, matcher::MatcherBuilder, scan::{Flow, Scanner}};
//!
//! let path = std::env::temp_dir().join(format!("mapgrep-doc-scan-{}", std::process::id()));
//! std::fs::write(&path, "id=17 id=4 id=2026")?;
//! // SAFETY: nobody changes the file while this example has it mapped.
//! let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&std::fs::File::open(&path)?)? };
//! let scanner = Scanner::new(MatcherBuilder::new().build(["id=[0-9]{1,9}"])?);
//! let mut found = vec![];
//! scanner.for_each(&mapping, |m| {
//!     found.push(m.start..m.end);
//!     Flow::Continue
//! })?;
//! assert_eq!(found, [0..5, 6..10, 11..18]);
//! # drop(mapping);
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod cache;
pub(crate) mod chunk;
pub(crate) mod feed;
mod find;
pub(crate) mod newlines;
pub(crate) mod ordered;
mod pool;
mod seam;
mod sequential;
pub(crate) mod stream;
pub(crate) mod window;

use self::{
    cache::CacheKeeper,
    chunk::Chunks,
    feed::Feed,
    seam::{MatchStages, Seam},
};
pub use self::{
    cache::{CachePolicy, CacheReader},
    ordered::Flow,
    pool::Pool,
};
use crate::{
    error::Error,
    mapping::{Advice, Mapping, page_size},
    matcher::{Matcher, Reach},
    span::Match,
};

/// How many bytes of a file one step of a worker covers unless told otherwise.
pub(crate) const DEFAULT_CHUNK_SIZE: usize = 1 << 20;

/// Finds all matches of a matcher in mapped files, in parallel and in file order.
#[derive(Clone, Debug)]
pub struct Scanner {
    matcher: Matcher,
    chunk_size: usize,
    cache: CachePolicy,
}

impl Scanner {
    /// A scanner for these patterns.
    pub fn new(matcher: Matcher) -> Self {
        Scanner { matcher, chunk_size: DEFAULT_CHUNK_SIZE, cache: CachePolicy::Keep }
    }

    /// How many bytes of a file one step of a worker covers, 1 at least; a multiple of the page size does best. The
    /// results do not depend on it.
    pub fn chunk_size(&mut self, bytes: usize) -> &mut Self {
        self.chunk_size = bytes.max(1);
        self
    }

    /// What becomes of the pages that a search brings into memory; they are kept unless set.
    pub fn cache(&mut self, policy: CachePolicy) -> &mut Self {
        self.cache = policy;
        self
    }

    /// The compiled patterns.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// Calls `sink` with each match that does not overlap an earlier one, in file order, until it returns
    /// [`Flow::Stop`]. Runs on the current rayon pool.
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
    pub fn for_each(&self, mapping: &Mapping, sink: impl FnMut(Match) -> Flow) -> Result<(), Error> {
        self.for_each_in(&Pool::current(), mapping, sink)
    }

    /// The same on another pool.
    ///
    /// # Errors, panics and complexity
    ///
    /// As [`for_each`](Scanner::for_each).
    pub fn for_each_in(
        &self,
        pool: &Pool,
        mapping: &Mapping,
        mut sink: impl FnMut(Match) -> Flow,
    ) -> Result<(), Error> {
        let size = self.chunk_size;
        let keeper = CacheKeeper::of_mapping(self.cache, mapping, size);
        // Advice is no more than that: a kernel that does not take it searches as well.
        let _ = mapping.advise(Advice::Sequential);
        if self.matcher.reach() == Reach::Unbounded {
            return sequential::for_each(&self.matcher, mapping, &keeper, &mut sink);
        }
        let inline = Pool::inline();
        let pool = if mapping.len() <= size { &inline } else { pool };
        let stages = MatchStages::new(&self.matcher, mapping, &keeper);
        ordered::run(
            &stages,
            Feed::direct(Chunks::new(mapping.len(), size).map(Ok)),
            Seam::default(),
            pool,
            &mut |matches: &Vec<Match>| {
                for m in matches {
                    if sink(*m) == Flow::Stop {
                        return Flow::Stop;
                    }
                }
                Flow::Continue
            },
        )?;
        Ok(())
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
        let mut count = 0;
        self.for_each(mapping, |_| {
            count += 1;
            Flow::Continue
        })?;
        Ok(count)
    }
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
    if pool.threads() > 1 && mapping.len() >= WORTHWHILE {
        let part = mapping.len().div_ceil(pool.threads()).next_multiple_of(page_size());
        pool.in_place_scope(|scope| {
            for range in Chunks::new(mapping.len(), part) {
                scope.spawn(move |_| mapping.release(range));
            }
        });
    }
}

impl<T: Send> ordered::Output for Vec<T> {
    fn size(&self) -> usize {
        self.len() * size_of::<T>()
    }

    fn clear(&mut self) {
        self.clear();
    }
}
