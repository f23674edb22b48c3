//! Non-overlapping matches across chunk borders.
//!
//! Every worker walks through its chunk as if no match came before it. That is wrong when the last match of the chunk
//! before reaches over the border, or ends exactly at it where an empty match would follow. The true walk is then
//! redone from that match's end, one match at a time, until it meets a match that the worker found too: from there on
//! the two agree, since the next match depends on nothing but where the last one ended. On a file of only `a`, with a
//! pattern of several, they may never meet before the next border; then the chunk is walked once more and no worse.

use std::{
    iter::Chain,
    ops::Range,
    option,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    cache::CacheKeeper,
    chunk::Chunks,
    ordered::{Joined, Stages},
    window::Window,
};
use crate::{
    error::Error,
    mapping::Mapping,
    matcher::{Cache, Cursor, Matcher, Reach},
    span::FileMatch,
};

/// How many matches go out in one piece.
const PIECE: usize = 1 << 16;

/// The chunks of a range, and a last one of no bytes where the range has but the end of the file.
pub(super) type RangeChunks = Chain<Chunks, option::IntoIter<Range<usize>>>;

pub(crate) struct MatchStages<'a> {
    matcher: &'a Matcher,
    mapping: &'a Mapping,
    /// Where matches may start that are wanted.
    range: Range<u64>,
    chunks: AtomicU64,
    bytes: AtomicU64,
    keeper: Option<&'a CacheKeeper<'a>>,
}

/// What is carried from chunk to chunk.
#[derive(Default)]
pub(crate) struct Seam {
    /// Where the last match ended.
    end: Option<u64>,
    /// For what is found anew.
    cache: Option<Cache>,
}

/// The matches of one part of a file, in the order in which they are to come out.
#[derive(Default)]
pub(crate) struct Matches {
    /// What was found anew where parts meet; it replaces as many as `skip` of the others.
    redone: Vec<FileMatch>,
    found: Vec<FileMatch>,
    skip: usize,
    emitted: usize,
}

impl Matches {
    /// Brings what a worker found in agreement with the walk over the parts before, whose last match ended at `end`.
    /// The matches may start in `owned`. `walk` goes over the matches from a place on behind a match that ended there,
    /// until it is told to stop.
    pub(crate) fn reconcile<E>(
        found: Vec<FileMatch>,
        end: Option<u64>,
        owned: &Range<u64>,
        walk: impl FnOnce(u64, &mut dyn FnMut(FileMatch) -> bool) -> Result<(), E>,
    ) -> Result<Matches, E> {
        let (mut redone, mut skip) = (vec![], 0);
        if let Some(end) = end.filter(|end| owned.contains(end)) {
            walk(end, &mut |m| {
                while found.get(skip).is_some_and(|f| f.start < m.start) {
                    skip += 1;
                }
                if found.get(skip) == Some(&m) {
                    return false;
                }
                redone.push(m);
                true
            })?;
        }
        // What is left of the worker's matches begins behind the last one so far. Only in a file that is being changed
        // can one begin before it that was not found anew.
        if let Some(resumed) = redone.last().map(|m| m.end).or(end) {
            while found.get(skip).is_some_and(|f| f.start < resumed || (f.is_empty() && f.start == resumed)) {
                skip += 1;
            }
        }
        Ok(Matches { redone, found, skip, emitted: 0 })
    }

    /// Where the last match ends.
    pub(crate) fn end(&self) -> Option<u64> {
        self.found.get(self.skip..).and_then(<[FileMatch]>::last).or(self.redone.last()).map(|m| m.end)
    }

    /// Leaves out the matches that do not start in a range.
    pub(crate) fn retain_within(&mut self, range: &Range<u64>) {
        self.redone.retain(|m| range.contains(&m.start));
        self.found.drain(..self.skip);
        self.skip = 0;
        self.found.retain(|m| range.contains(&m.start));
    }

    /// True where the walk agrees with all that was found.
    pub(crate) fn is_as_found(&self) -> bool {
        self.redone.is_empty() && self.skip == 0
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.redone.len() + self.found.len() - self.skip
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &FileMatch> {
        self.redone.iter().chain(self.found.iter().skip(self.skip))
    }

    /// All of them, in the worker's memory where that can be had.
    pub(crate) fn into_vec(mut self) -> Vec<FileMatch> {
        self.found.splice(..self.skip, self.redone);
        self.found
    }
}

impl<'a> MatchStages<'a> {
    pub(crate) fn new(matcher: &'a Matcher, mapping: &'a Mapping, range: Range<u64>) -> Self {
        MatchStages { matcher, mapping, range, chunks: AtomicU64::new(0), bytes: AtomicU64::new(0), keeper: None }
    }

    /// Has the keeper of the page cache told how far the search has come.
    pub(super) fn keeping(self, keeper: &'a CacheKeeper<'a>) -> Self {
        MatchStages { keeper: Some(keeper), ..self }
    }

    /// What lies before an offset is done with.
    pub(super) fn done_upto(&self, offset: u64) {
        if let Some(keeper) = self.keeper {
            keeper.done_upto(offset);
        }
    }

    /// The chunks in which the matches lie that are wanted. For patterns that are confined to lines they begin where
    /// the first line does; for those of unbounded length there is one.
    pub(super) fn chunks(&self, size: usize) -> Result<RangeChunks, Error> {
        let len = self.mapping.len();
        let start = usize::try_from(self.range.start).unwrap_or(usize::MAX);
        let end = usize::try_from(self.range.end).unwrap_or(usize::MAX);
        if start > len || start >= end {
            return Ok(Chunks::within(0..0, size).chain(None));
        }
        let first = match self.matcher.is_by_line() {
            true => self.window(&(0..len)).line_start(start as u64)? as usize,
            false => start,
        };
        let size = if self.matcher.reach() == Reach::Unbounded { usize::MAX } else { size };
        // Where there is no byte left there may be an empty match still.
        let nothing = (first == len).then_some(len..len);
        Ok(Chunks::within(first..end.min(len), size).chain(nothing))
    }

    /// Has the system read on, and says what is to be looked at for a chunk.
    pub(super) fn enter(&self, chunk: &Range<usize>) -> Result<Part, Error> {
        self.window(chunk).read_ahead();
        self.part(chunk)
    }

    /// Whether a match lies on the line that the range begins in, before it.
    pub(super) fn is_early(&self, found: &FileMatch) -> bool {
        found.start < self.range.start
    }

    fn leave_out(&self, matches: &mut Matches) {
        matches.redone.retain(|m| !self.is_early(m));
        let rest = matches.found.get(matches.skip..).unwrap_or_default();
        matches.skip += rest.iter().take_while(|m| self.is_early(m)).count();
    }

    /// Counts what was searched, with what was left out of the file there.
    pub(super) fn count(&self, chunks: u64, range: Range<u64>) {
        let in_file = |at: u64| self.mapping.cuts().map_or(at, |cuts| cuts.in_file(at));
        self.chunks.fetch_add(chunks, Ordering::Relaxed);
        self.bytes.fetch_add(in_file(range.end).saturating_sub(in_file(range.start)), Ordering::Relaxed);
    }

    /// How many chunks and how many bytes were searched.
    pub(super) fn counted(&self) -> (u64, u64) {
        (self.chunks.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// Finds the matches that start in a chunk, as if none came before.
    pub(crate) fn find(
        &self,
        cache: &mut Cache,
        chunk: &Range<usize>,
        matches: &mut Vec<FileMatch>,
    ) -> Result<(), Error> {
        self.find_in(cache, &self.part(chunk)?, matches)
    }

    fn find_in(&self, cache: &mut Cache, part: &Part, matches: &mut Vec<FileMatch>) -> Result<(), Error> {
        if part.owned.start < part.owned.end {
            self.walk(cache, part, part.owned.start, None, |m| {
                matches.push(m);
                true
            })?;
        }
        Ok(())
    }

    /// Brings what was found in a chunk in agreement with the walk before it, whose last match ended at `end`.
    pub(crate) fn reconcile(
        &self,
        found: Vec<FileMatch>,
        end: Option<u64>,
        chunk: &Range<usize>,
    ) -> Result<Matches, Error> {
        let part = self.part(chunk)?;
        Matches::reconcile(found, end, &part.owned, |from, each| {
            self.walk(&mut self.matcher.create_cache(), &part, from, Some(from), each)
        })
    }

    fn window(&self, chunk: &Range<usize>) -> Window<'_> {
        Window::of_whole(self.mapping, chunk.clone(), self.matcher.terminator())
    }

    /// Walks over the matches that start in the chunk, from `from` on, behind a match that ended at `after`, until
    /// `each` wants no more.
    pub(super) fn walk(
        &self,
        cache: &mut Cache,
        part: &Part,
        from: u64,
        after: Option<u64>,
        mut each: impl FnMut(FileMatch) -> bool,
    ) -> Result<(), Error> {
        let base = part.haystack.start;
        self.mapping.read_before_fault(base as usize..part.haystack.end as usize, |haystack| {
            let cursor = match after {
                Some(end) if end >= base => Cursor::after((end - base) as usize),
                _ => Cursor::new((from - base) as usize),
            };
            self.matcher.each_match(cache, haystack, cursor, |m| {
                let found = m.in_file(base);
                found.start < part.owned.end && each(found)
            });
        })
    }

    /// What a worker looks at to find the matches that start in a chunk.
    fn part(&self, chunk: &Range<usize>) -> Result<Part, Error> {
        let len = self.mapping.len() as u64;
        let (start, end) = (chunk.start as u64, chunk.end as u64);
        // At the very end of the file an empty match belongs to the last chunk.
        let owned_end = |end: u64| if end == len { len + 1 } else { end }.min(self.range.end);
        let look_behind = |start: u64| start.saturating_sub(Reach::LOOK_BEHIND as u64);
        Ok(match self.matcher.reach() {
            Reach::Line => {
                let lines = self.window(chunk).lines()?;
                // Where no line starts, not even the end of the file is the chunk's, unless it has nothing else.
                let end = if lines.is_empty() && start < len { lines.end } else { owned_end(lines.end) };
                Part { owned: lines.start..end, haystack: look_behind(lines.start)..lines.end }
            }
            Reach::Bytes(reach) => Part {
                owned: start..owned_end(end),
                haystack: look_behind(start)..len.min(end.saturating_add(reach as u64)),
            },
            Reach::Unbounded => Part { owned: start..owned_end(end), haystack: 0..len },
        })
    }
}

/// The bytes that decide about the matches of a chunk, and the offsets at which these matches may start.
#[derive(Debug)]
pub(super) struct Part {
    haystack: Range<u64>,
    pub(super) owned: Range<u64>,
}

impl Stages for MatchStages<'_> {
    type Item = Range<usize>;
    type Found = Vec<FileMatch>;
    type Plan = Matches;
    type Seam = Seam;
    type Worker = (Cache, Vec<FileMatch>);
    type Output = Vec<FileMatch>;

    fn worker(&self) -> Self::Worker {
        (self.matcher.create_cache(), vec![])
    }

    fn failure(&self) -> Option<Error> {
        self.matcher.failure()
    }

    fn scan(&self, (cache, spare): &mut Self::Worker, chunk: &Range<usize>) -> Result<Vec<FileMatch>, Error> {
        let mut matches = std::mem::take(spare);
        matches.clear();
        let part = self.enter(chunk)?;
        self.find_in(cache, &part, &mut matches)?;
        self.count(1, chunk.start as u64..chunk.end as u64);
        Ok(matches)
    }

    fn join(&self, seam: &mut Seam, chunk: &Range<usize>, found: Vec<FileMatch>) -> Result<Joined<Matches>, Error> {
        let part = self.part(chunk)?;
        let mut matches = Matches::reconcile(found, seam.end, &part.owned, |from, each| {
            let cache = seam.cache.get_or_insert_with(|| self.matcher.create_cache());
            self.walk(cache, &part, from, Some(from), each)
        })?;
        seam.end = matches.end().or(seam.end);
        self.leave_out(&mut matches);
        self.done_upto(chunk.end as u64);
        Ok(Joined { plan: Some(matches), last: false })
    }

    fn format(
        &self,
        _: &mut Self::Worker,
        _: &Range<usize>,
        plan: &mut Matches,
        output: &mut Vec<FileMatch>,
    ) -> Result<bool, Error> {
        output.extend(plan.iter().skip(plan.emitted).take(PIECE).copied());
        plan.emitted += output.len();
        Ok(plan.emitted < plan.len())
    }

    fn found_size(&self, found: &Vec<FileMatch>) -> usize {
        found.capacity() * size_of::<FileMatch>()
    }

    fn recycle(&self, worker: &mut Self::Worker, plan: Matches) {
        worker.1 = plan.found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mapping::MapOptions, matcher::MatcherBuilder};

    /// In a file of one letter no chunk agrees with the one before it, so that all of it is walked over twice, and not
    /// more often, whatever the size of the chunks. Each match is one call of the matcher, and each walk one more.
    #[test]
    fn what_is_found_anew_at_seams_is_one_more_walk_at_most() {
        let len = 20_000;
        let mut mapping = MapOptions::new().len(len).map_anonymous().unwrap();
        mapping.guarded_mut(.., |bytes| bytes.fill(b'a')).unwrap();
        for pattern in ["aaa", "a{3}", "a{7}", "(?:aaa){1,5}", "a|b"] {
            let matcher = MatcherBuilder::new().build([pattern]).unwrap();
            let wanted = matcher.find_iter(&mut matcher.create_cache(), &vec![b'a'; len]).count();
            for size in [1, 2, 3, 4, 10, 64, 1000, 4096] {
                let stages = MatchStages::new(&matcher, &mapping, 0..u64::MAX);
                let (mut worker, mut seam) = (stages.worker(), Seam::default());
                let (mut found, mut redone, mut out) = (0, 0, 0);
                for chunk in stages.chunks(size).unwrap() {
                    let matches = stages.scan(&mut worker, &chunk).unwrap();
                    // A worker's matches begin in its own chunk, so they are as many as fit.
                    found += matches.len();
                    let plan = stages.join(&mut seam, &chunk, matches).unwrap().plan.unwrap();
                    redone += plan.redone.len();
                    out += plan.redone.len() + plan.found.len() - plan.skip;
                }
                assert_eq!(out, wanted, "{pattern} in chunks of {size}");
                let chunks = stages.counted().0 as usize;
                assert_eq!((chunks, stages.counted().1), (len.div_ceil(size), len as u64));
                assert!(found <= wanted + chunks, "{pattern} in chunks of {size}: {found} found for {wanted}");
                assert!(redone <= wanted, "{pattern} in chunks of {size}: {redone} anew for {wanted}");
            }
        }
    }
}
