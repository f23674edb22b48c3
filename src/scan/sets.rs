//! Sets of patterns over mapped files, with all threads.

use std::{
    iter::Chain,
    ops::{ControlFlow, Range},
    option,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    cancel::Cancel,
    chunk::{Chunks, DEFAULT_CHUNK_SIZE},
    feed::Feed,
    iter::ParFindIter,
    ordered::{self, Joined, Stages},
    pool::Pool,
    seam::Matches,
    unordered::each_chunk,
    window::Window,
};
use crate::{
    error::Error,
    mapping::{Advice, Mapping},
    matcher::{
        regex_set::RegexSet,
        set::{MatchKind, PatternSet, Walk},
    },
    span::{FileMatch, PatternId},
};

/// How many matches are emitted at once.
const PIECE: usize = 16 << 10;

/// How much of a file is searched in one step where the order does not matter.
const STEP: usize = 4 << 20;

/// What a search of all of a mapping runs on.
fn pool_for(mapping: &Mapping) -> Pool {
    Pool::for_call(mapping.len() / DEFAULT_CHUNK_SIZE)
}

/// Searches of mapped files.
impl PatternSet {
    /// The matches in a mapping, in the order that the [`MatchKind`] tells, found by as many threads as the current
    /// rayon pool has, or the machine has cores, ahead of whoever takes them. The threads are the iterator's own;
    /// where nobody takes matches they rest. Where the system starts no thread, matches are found when they are asked
    /// for.
    ///
    /// # Errors
    ///
    /// Items may be errors: [`is_truncated`](Error::is_truncated) when the file became shorter meanwhile, behind the
    /// matches of the chunks before. An error is the last item.
    ///
    /// # Panics
    ///
    /// `next` passes on a panic of the threads.
    ///
    /// # Complexity
    ///
    /// That of [`for_each`](PatternSet::for_each). Memory is bounded by the number of threads, not by the number of
    /// matches.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use mapgrep::{mapping::MapOptions, matcher::set::{MatchKind, PatternSet}};
    ///
    /// let mut memory = MapOptions::new().len(6).map_anonymous()?;
    /// memory.set_slice(.., b"ushers")?;
    /// let set = PatternSet::builder().kind(MatchKind::Overlapping).build(["she", "he", "hers"])?;
    /// let matches = set.par_find_iter(Arc::new(memory));
    /// let found: Result<Vec<_>, _> = matches.map(|m| m.map(|m| m.pattern.index())).collect();
    /// assert_eq!(found?, [0, 1, 2]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn par_find_iter(&self, mapping: Arc<Mapping>) -> ParFindIter {
        let (stop, set, pool) = (Cancel::new(), self.clone(), Pool::like_current());
        let cancel = stop.clone();
        let alone = Alone::new(self.clone(), Arc::clone(&mapping));
        ParFindIter::drive(stop, alone, move |emit| SetStages::new(&set, &mapping).run(&pool, Some(&cancel), emit))
    }

    /// How many matches of each pattern there are in a mapping, at the pattern's place in the list. Runs on the rayon
    /// pool that the calling thread belongs to, or on threads that end with the call.
    ///
    /// # Errors
    ///
    /// [`is_truncated`](Error::is_truncated) when the file became shorter meanwhile.
    ///
    /// # Complexity
    ///
    /// That of [`for_each`](PatternSet::for_each), and 8 bytes of memory for each pattern and thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{mapping::MapOptions, matcher::set::{MatchKind, PatternSet}};
    ///
    /// let mut memory = MapOptions::new().len(5).map_anonymous()?;
    /// memory.set_slice(.., b"aabab")?;
    /// let set = PatternSet::builder().kind(MatchKind::Overlapping).build(["a", "ab", "c"])?;
    /// assert_eq!(set.count_each(&memory)?, [3, 2, 0]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn count_each(&self, mapping: &Mapping) -> Result<Vec<u64>, Error> {
        let pool = pool_for(mapping);
        let stages = SetStages::new(self, mapping);
        if self.kind() != MatchKind::Overlapping {
            let mut counts = vec![0; self.len()];
            stages.run(&pool, None, &mut |matches| {
                matches.iter().for_each(|m| counts[m.pattern.index()] += 1);
                ControlFlow::Continue(())
            })?;
            return Ok(counts);
        }
        let _ = mapping.advise(Advice::Sequential);
        let counts = each_chunk(
            0..mapping.len(),
            STEP,
            &pool,
            None,
            || vec![0; self.len()],
            |counts, chunk| {
                stages.each_start(&chunk, |id| {
                    counts[id.index()] += 1;
                    true
                })?;
                Ok(true)
            },
        )?;
        // There is a place for an empty pattern where there is no byte.
        let nothing = (mapping.is_empty() && self.min_len() == 0).then(|| self.count_in_nothing());
        Ok(add_up(counts.into_iter().chain(nothing), self.len()))
    }

    /// The patterns that occur in a mapping, in the order of the list: those that would have a match if they were
    /// alone. Runs on the rayon pool that the calling thread belongs to, or on threads that end with the call, and
    /// ends as soon as all patterns were found.
    ///
    /// # Errors
    ///
    /// [`is_truncated`](Error::is_truncated) when the file became shorter meanwhile.
    ///
    /// # Complexity
    ///
    /// As [`count_each`](PatternSet::count_each), but for a byte of memory for each pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{PatternId, mapping::MapOptions, matcher::set::PatternSet};
    ///
    /// let mut memory = MapOptions::new().len(5).map_anonymous()?;
    /// memory.set_slice(.., b"aabab")?;
    /// let set = PatternSet::builder().build(["ab", "b", "c"])?;
    /// assert_eq!(set.matching_ids(&memory)?, [PatternId::new(0), PatternId::new(1)]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn matching_ids(&self, mapping: &Mapping) -> Result<Vec<PatternId>, Error> {
        let _ = mapping.advise(Advice::Sequential);
        let seen = Seen::new(self.len());
        let every = self.with_kind(MatchKind::Overlapping);
        let stages = SetStages::new(&every, mapping);
        let work = |(): &mut (), chunk: Range<usize>| {
            stages.each_start(&chunk, |id| !seen.add(id))?;
            Ok(!seen.is_full())
        };
        each_chunk(0..mapping.len(), STEP, &pool_for(mapping), None, || (), work)?;
        if mapping.is_empty() {
            every.count_in_nothing().iter().enumerate().filter(|(_, count)| **count > 0).for_each(|(index, _)| {
                seen.add(PatternId::new(index));
            });
        }
        Ok(seen.ids())
    }

    fn count_in_nothing(&self) -> Vec<u64> {
        let mut counts = vec![0; self.len()];
        let _ = self.for_each(b"", 0..1, |m| {
            counts[m.pattern.index()] += 1;
            ControlFlow::<()>::Continue(())
        });
        counts
    }
}

/// Searches of mapped files.
impl RegexSet {
    /// On how many lines of a mapping each pattern matches, at the pattern's place in the list. Runs on the rayon pool
    /// that the calling thread belongs to, or on threads that end with the call.
    ///
    /// # Errors
    ///
    /// [`is_truncated`](Error::is_truncated) when the file became shorter meanwhile.
    ///
    /// # Complexity
    ///
    /// That of [`for_each_line`](RegexSet::for_each_line), and 8 bytes of memory for each pattern and thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{mapping::MapOptions, matcher::MatcherBuilder};
    ///
    /// let mut memory = MapOptions::new().len(13).map_anonymous()?;
    /// memory.set_slice(.., b"a1 a2\nb3\na4\nc")?;
    /// let set = MatcherBuilder::new().build_set(["a[0-9]", "[0-9]", "d"])?;
    /// assert_eq!(set.count_each(&memory)?, [2, 3, 0]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn count_each(&self, mapping: &Mapping) -> Result<Vec<u64>, Error> {
        let counts = self.each_line(
            mapping,
            || vec![0; self.len()],
            |counts, ids| {
                ids.iter().for_each(|id| counts[id.index()] += 1);
                true
            },
        )?;
        Ok(add_up(counts, self.len()))
    }

    /// The patterns that match on any line of a mapping, in the order of the list. Runs on the rayon pool that the
    /// calling thread belongs to, or on threads that end with the call, and ends as soon as all patterns were found.
    ///
    /// # Errors
    ///
    /// [`is_truncated`](Error::is_truncated) when the file became shorter meanwhile.
    ///
    /// # Complexity
    ///
    /// As [`count_each`](RegexSet::count_each), but for a byte of memory for each pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{PatternId, mapping::MapOptions, matcher::MatcherBuilder};
    ///
    /// let mut memory = MapOptions::new().len(5).map_anonymous()?;
    /// memory.set_slice(.., b"a1\nb2")?;
    /// let set = MatcherBuilder::new().build_set(["c", "b[0-9]"])?;
    /// assert_eq!(set.matching_ids(&memory)?, [PatternId::new(1)]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn matching_ids(&self, mapping: &Mapping) -> Result<Vec<PatternId>, Error> {
        let seen = Seen::new(self.len());
        self.each_line(
            mapping,
            || (),
            |(), ids| {
                ids.iter().for_each(|id| _ = seen.add(*id));
                !seen.is_full()
            },
        )?;
        Ok(seen.ids())
    }

    /// Goes over the lines on which patterns match, in any order, until `each` wants no more.
    fn each_line<S: Send>(
        &self,
        mapping: &Mapping,
        start: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, &[PatternId]) -> bool + Sync,
    ) -> Result<Vec<S>, Error> {
        let _ = mapping.advise(Advice::Sequential);
        let terminator = self.line_terminator().byte();
        let start = || (self.create_cache(), start());
        let work = |(cache, state): &mut (_, S), range: Range<usize>| {
            let window = Window::of_whole(mapping, range, terminator);
            let found = window.read(window.lines()?, |lines| {
                self.for_each_line(cache, lines, |_, ids| match each(state, ids) {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                })
            })?;
            Ok(found.is_continue())
        };
        let states = each_chunk(0..mapping.len(), STEP, &pool_for(mapping), None, start, work)?;
        Ok(states.into_iter().map(|(_, state)| state).collect())
    }
}

fn add_up(counts: impl IntoIterator<Item = Vec<u64>>, len: usize) -> Vec<u64> {
    counts.into_iter().fold(vec![0; len], |mut sum, counts| {
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        sum
    })
}

/// Which patterns were found so far, by any thread.
struct Seen {
    found: Vec<AtomicBool>,
    left: std::sync::atomic::AtomicUsize,
}

impl Seen {
    fn new(patterns: usize) -> Self {
        Seen { found: (0..patterns).map(|_| AtomicBool::new(false)).collect(), left: patterns.into() }
    }

    /// Adds one. True when all have been found.
    fn add(&self, id: PatternId) -> bool {
        let found = &self.found[id.index()];
        if !found.load(Ordering::Relaxed) && !found.swap(true, Ordering::Relaxed) {
            return self.left.fetch_sub(1, Ordering::Relaxed) == 1;
        }
        self.is_full()
    }

    fn is_full(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    fn ids(self) -> Vec<PatternId> {
        let found = self.found.into_iter().enumerate();
        found.filter(|(_, found)| found.load(Ordering::Relaxed)).map(|(index, _)| PatternId::new(index)).collect()
    }
}

/// The chunks of a mapping of `len` bytes.
fn chunks_of(len: usize, size: usize) -> Chain<Chunks, option::IntoIter<Range<usize>>> {
    // There is a place for an empty pattern where there is no byte.
    let nothing = (len == 0).then_some(0..0);
    Chunks::new(len, size).chain(nothing)
}

/// The matches in order, found on the calling thread: those of one chunk at a time.
struct Alone {
    set: PatternSet,
    mapping: Arc<Mapping>,
    chunks: Chain<Chunks, option::IntoIter<Range<usize>>>,
    /// Where the last match ended.
    seam: Option<u64>,
}

impl Alone {
    fn new(set: PatternSet, mapping: Arc<Mapping>) -> Self {
        let chunks = chunks_of(mapping.len(), DEFAULT_CHUNK_SIZE);
        Alone { set, mapping, chunks, seam: None }
    }
}

impl Iterator for Alone {
    type Item = Result<Vec<FileMatch>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let chunk = self.chunks.next()?;
        let stages = SetStages::new(&self.set, &self.mapping);
        let found = stages.scan(&mut (), &chunk).and_then(|found| stages.join(&mut self.seam, &chunk, found));
        Some(found.map(|joined| joined.plan.map_or_else(Vec::new, |(matches, _)| matches.iter().copied().collect())))
    }
}

/// The stages of a search for matches in order. A chunk owns the matches that start in it.
struct SetStages<'a> {
    set: &'a PatternSet,
    mapping: &'a Mapping,
    chunk_size: usize,
}

impl<'a> SetStages<'a> {
    fn new(set: &'a PatternSet, mapping: &'a Mapping) -> Self {
        SetStages { set, mapping, chunk_size: DEFAULT_CHUNK_SIZE }
    }

    fn run(
        &self,
        pool: &Pool,
        cancel: Option<&Cancel>,
        emit: &mut dyn FnMut(&[FileMatch]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let _ = self.mapping.advise(Advice::Sequential);
        let len = self.mapping.len();
        let chunks = chunks_of(len, self.chunk_size).map(Ok);
        ordered::run(self, Feed::direct(chunks), None, pool, cancel, &mut |matches: &Vec<FileMatch>| emit(matches))?;
        Ok(())
    }

    /// What a chunk owns, and what is to be looked at for it.
    fn part(&self, chunk: &Range<usize>) -> (Range<u64>, Range<usize>) {
        let len = self.mapping.len();
        let end = if chunk.end == len { len + 1 } else { chunk.end };
        let behind = chunk.end.saturating_add(self.set.max_len()).min(len);
        (chunk.start as u64..end as u64, chunk.start..behind)
    }

    /// Walks over the matches that a chunk owns, behind a match that ended at `after`.
    fn walk(
        &self,
        chunk: &Range<usize>,
        after: Option<u64>,
        each: &mut dyn FnMut(FileMatch) -> bool,
    ) -> Result<(), Error> {
        let (owned, haystack) = self.part(chunk);
        let base = haystack.start as u64;
        self.mapping.read_before_fault(haystack, |haystack| {
            let mut walk = match after {
                Some(end) if end >= base => Walk::after((end - base) as usize),
                _ => Walk::new(0),
            };
            let _ = self.set.walk(haystack, &mut walk, (owned.end - base) as usize, |m| {
                if each(m.in_file(base)) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
        })
    }

    /// Calls `each` with the patterns that start in a chunk, each for every place where it does, until it wants no
    /// more. For matches that overlap.
    fn each_start(&self, chunk: &Range<usize>, mut each: impl FnMut(PatternId) -> bool) -> Result<(), Error> {
        let (owned, haystack) = self.part(chunk);
        let starts = 0..(owned.end - owned.start) as usize;
        self.mapping.guarded(haystack, |haystack| {
            let _ = self.set.for_each(haystack, starts, |m| match each(m.pattern) {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            });
        })
    }
}

impl Stages for SetStages<'_> {
    type Item = Range<usize>;
    type Found = Vec<FileMatch>;
    type Plan = (Matches, usize);
    /// Where the last match ended.
    type Seam = Option<u64>;
    type Worker = ();
    type Output = Vec<FileMatch>;

    fn worker(&self) {}

    fn scan(&self, (): &mut (), chunk: &Range<usize>) -> Result<Vec<FileMatch>, Error> {
        let mut matches = vec![];
        self.walk(chunk, None, &mut |m| {
            matches.push(m);
            true
        })?;
        Ok(matches)
    }

    fn join(
        &self,
        end: &mut Option<u64>,
        chunk: &Range<usize>,
        found: Vec<FileMatch>,
    ) -> Result<Joined<(Matches, usize)>, Error> {
        let before = end.filter(|_| self.set.kind() != MatchKind::Overlapping);
        let owned = self.part(chunk).0;
        let matches = Matches::reconcile(found, before, &owned, |from, each| self.walk(chunk, Some(from), each))?;
        *end = matches.end().or(*end);
        Ok(Joined { plan: Some((matches, 0)), last: false })
    }

    fn format(
        &self,
        (): &mut (),
        _: &Range<usize>,
        (matches, emitted): &mut (Matches, usize),
        output: &mut Vec<FileMatch>,
    ) -> Result<bool, Error> {
        output.extend(matches.iter().skip(*emitted).take(PIECE).copied());
        *emitted += output.len();
        Ok(*emitted < matches.len())
    }

    fn found_size(&self, found: &Vec<FileMatch>) -> usize {
        found.capacity() * size_of::<FileMatch>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{mapping::MapOptions, matcher::MatcherBuilder};

    fn memory(text: &[u8]) -> Mapping {
        let mut mapping = MapOptions::new().len(text.len()).map_anonymous().unwrap();
        mapping.guarded_mut(.., |bytes| bytes.copy_from_slice(text)).unwrap();
        mapping
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        /// What chunks give, one after the other, is what the whole gives.
        #[test]
        fn chunks_make_no_difference(
            patterns in prop::collection::vec("[ab]{0,5}|c[ab]{20}", 0..12),
            text in "([ab]{0,30}c){0,6}",
            chunk_size in 1..20_usize,
            threads in 1..3_usize,
            kind in prop::sample::select(vec![
                MatchKind::LeftmostFirst, MatchKind::LeftmostLongest, MatchKind::Overlapping,
            ]),
        ) {
            prop_assume!(!text.is_empty());
            let set = PatternSet::builder().kind(kind).build(&patterns).unwrap();
            let mapping = memory(text.as_bytes());
            let stages = SetStages { chunk_size, ..SetStages::new(&set, &mapping) };
            let whole = set.find_iter(text.as_bytes()).map(|m| (m.start as u64, m.end as u64, m.pattern));
            let whole: Vec<_> = whole.collect();
            let mut found = vec![];
            stages.run(&Pool::new(threads), None, &mut |matches| {
                found.extend(matches.iter().map(|m| (m.start, m.end, m.pattern)));
                ControlFlow::Continue(())
            }).unwrap();
            prop_assert_eq!(&found, &whole);
            let mut counts = vec![0; set.len()];
            whole.iter().for_each(|(_, _, id)| counts[id.index()] += 1);
            prop_assert_eq!(set.count_each(&mapping).unwrap(), counts);
            let mut every = vec![0; set.len()];
            let all = set.with_kind(MatchKind::Overlapping);
            let stages = SetStages { chunk_size, ..SetStages::new(&all, &mapping) };
            for chunk in Chunks::new(text.len(), chunk_size) {
                stages.each_start(&chunk, |id| { every[id.index()] += 1; true }).unwrap();
            }
            let occurs = |pattern: &String| (0..=text.len()).filter(|&at| text[at..].starts_with(pattern)).count();
            prop_assert_eq!(every, patterns.iter().map(occurs).collect::<Vec<_>>());
            let ids: Vec<_> = set.matching_ids(&mapping).unwrap().iter().map(|id| id.index()).collect();
            prop_assert_eq!(ids, (0..patterns.len()).filter(|&id| occurs(&patterns[id]) > 0).collect::<Vec<_>>());
        }
    }

    #[test]
    fn there_is_one_place_in_nothing() {
        let nothing = MapOptions::new().len(0).map_anonymous();
        let Ok(nothing) = nothing else { return };
        let set = PatternSet::builder().build(["", "a"]).unwrap();
        assert_eq!(set.count_each(&nothing).unwrap(), [1, 0]);
        assert_eq!(set.matching_ids(&nothing).unwrap(), [PatternId::new(0)]);
    }

    #[test]
    fn lines_are_counted_across_the_borders_of_steps() {
        let line = "some words, and a needle 7 on each line\n";
        let text = line.repeat((2 * STEP + 1000) / line.len());
        let set = MatcherBuilder::new().build_set(["needle [0-9]", "7", "[^a-z]on", "none [0-9]", "xyz"]).unwrap();
        let lines = (text.len() / line.len()) as u64;
        let mapping = memory(text.as_bytes());
        assert_eq!(set.count_each(&mapping).unwrap(), [lines, lines, lines, 0, 0]);
        let ids = set.matching_ids(&mapping).unwrap();
        assert_eq!(ids.iter().map(|id| id.index()).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
