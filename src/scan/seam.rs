//! Non-overlapping matches across chunk borders.
//!
//! Every worker walks through its chunk as if no match came before it. That is wrong when the last match of the chunk
//! before reaches over the border, or ends exactly at it where an empty match would follow. The true walk is then
//! redone from that match's end, one match at a time, until it meets a match that the worker found too: from there on
//! the two agree, since the next match depends on nothing but where the last one ended. On a file of only `a`, with a
//! pattern of several, they may never meet before the next border; then the chunk is walked once more and no worse.

use std::ops::Range;

use super::{
    ordered::{Joined, Stages},
    window::Window,
};
use crate::{
    error::Error,
    mapping::Mapping,
    matcher::{Cache, Cursor, Matcher, Reach},
    span::{Match, PatternId, Span},
};

/// How many matches go out in one piece.
const PIECE: usize = 1 << 16;

pub(crate) struct MatchStages<'a> {
    matcher: &'a Matcher,
    mapping: &'a Mapping,
}

/// Where the last match ended.
#[derive(Default)]
pub(crate) struct Seam {
    end: Option<u64>,
}

/// The matches of one part of a file, in the order in which they are to come out.
#[derive(Default)]
pub(crate) struct Matches {
    /// What was found anew where parts meet; it replaces as many as `skip` of the others.
    redone: Vec<Match>,
    found: Vec<Match>,
    skip: usize,
    emitted: usize,
}

impl Matches {
    /// Brings what a worker found in agreement with the walk over the parts before, whose last match ended at `end`. The
    /// matches may start in `owned`. `walk` goes over the matches from a place on behind a match that ended there, until it
    /// is told to stop.
    pub(crate) fn reconcile<E>(
        found: Vec<Match>,
        end: Option<u64>,
        owned: &Range<u64>,
        walk: impl FnOnce(u64, &mut dyn FnMut(Match) -> bool) -> Result<(), E>,
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
        // What is left of the worker's matches begins behind the last one so far. Only in a file that is being changed can
        // one begin before it that was not found anew.
        if let Some(resumed) = redone.last().map(|m| m.end).or(end) {
            while found.get(skip).is_some_and(|f| f.start < resumed || (f.is_empty() && f.start == resumed)) {
                skip += 1;
            }
        }
        Ok(Matches { redone, found, skip, emitted: 0 })
    }

    /// Where the last match ends.
    pub(crate) fn end(&self) -> Option<u64> {
        self.found.get(self.skip..).and_then(<[Match]>::last).or(self.redone.last()).map(|m| m.end)
    }

    /// True where the walk agrees with all that was found.
    pub(crate) fn is_as_found(&self) -> bool {
        self.redone.is_empty() && self.skip == 0
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.redone.len() + self.found.len() - self.skip
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Match> {
        self.redone.iter().chain(self.found.iter().skip(self.skip))
    }

    /// All of them, in the worker's memory where that can be had.
    pub(crate) fn into_vec(mut self) -> Vec<Match> {
        self.found.splice(..self.skip, self.redone);
        self.found
    }
}

impl<'a> MatchStages<'a> {
    pub(crate) fn new(matcher: &'a Matcher, mapping: &'a Mapping) -> Self {
        MatchStages { matcher, mapping }
    }

    /// Finds the matches that start in a chunk, as if none came before.
    pub(crate) fn find(&self, cache: &mut Cache, chunk: &Range<usize>, matches: &mut Vec<Match>) -> Result<(), Error> {
        let part = self.part(chunk)?;
        if part.owned.start < part.owned.end {
            self.walk(cache, &part, part.owned.start, None, |m| {
                matches.push(m);
                true
            })?;
        }
        Ok(())
    }

    /// Brings what was found in a chunk in agreement with the walk before it, whose last match ended at `end`.
    pub(crate) fn reconcile(
        &self,
        found: Vec<Match>,
        end: Option<u64>,
        chunk: &Range<usize>,
    ) -> Result<Matches, Error> {
        let part = self.part(chunk)?;
        Matches::reconcile(found, end, &part.owned, |from, each| {
            self.walk(&mut self.matcher.cache(), &part, from, Some(from), each)
        })
    }

    fn window(&self, chunk: &Range<usize>) -> Window<'_> {
        Window::Mapped { mapping: self.mapping, range: chunk.clone(), terminator: self.matcher.terminator() }
    }

    /// Walks over the matches that start in the chunk, from `from` on, behind a match that ended at `after`.
    fn walk(
        &self,
        cache: &mut Cache,
        part: &Part,
        from: u64,
        after: Option<u64>,
        mut each: impl FnMut(Match) -> bool,
    ) -> Result<(), Error> {
        let base = part.haystack.start;
        self.mapping.read_before_fault(base as usize..part.haystack.end as usize, |haystack| {
            let mut cursor = match after {
                Some(end) if end >= base => Cursor::after((end - base) as usize),
                _ => Cursor::new((from - base) as usize),
            };
            while let Some((span, pattern)) = cursor.next(self.matcher, cache, haystack) {
                let found = absolute(base, span, pattern);
                if found.start >= part.owned.end || !each(found) {
                    return;
                }
            }
        })
    }

    /// What a worker looks at to find the matches that start in a chunk.
    fn part(&self, chunk: &Range<usize>) -> Result<Part, Error> {
        let len = self.mapping.len() as u64;
        let (start, end) = (chunk.start as u64, chunk.end as u64);
        // At the very end of the file an empty match belongs to the last chunk.
        let owned_end = |end: u64| if end == len { len + 1 } else { end };
        let look_behind = |start: u64| start.saturating_sub(Reach::LOOK_BEHIND as u64);
        Ok(match self.matcher.reach() {
            Reach::Line => {
                let lines = self.window(chunk).lines()?;
                // Where no line starts, not even the end of the file is the chunk's.
                let end = if lines.is_empty() { lines.end } else { owned_end(lines.end) };
                Part { owned: lines.start..end, haystack: look_behind(lines.start)..lines.end }
            }
            Reach::Bytes(reach) => Part {
                owned: start..owned_end(end),
                haystack: look_behind(start)..len.min(end.saturating_add(reach as u64)),
            },
            Reach::Unbounded => unreachable!("such patterns are not run in chunks"),
        })
    }
}

/// The bytes that decide about the matches of a chunk, and the offsets at which these matches may start.
struct Part {
    haystack: Range<u64>,
    owned: Range<u64>,
}

fn absolute(base: u64, span: Span, pattern: PatternId) -> Match {
    Match { start: base + span.start as u64, end: base + span.end as u64, pattern }
}

impl Stages for MatchStages<'_> {
    type Item = Range<usize>;
    type Found = Vec<Match>;
    type Plan = Matches;
    type Seam = Seam;
    type Worker = (Cache, Vec<Match>);
    type Output = Vec<Match>;

    fn worker(&self) -> Self::Worker {
        (self.matcher.cache(), vec![])
    }

    fn scan(&self, (cache, spare): &mut Self::Worker, chunk: &Range<usize>) -> Result<Vec<Match>, Error> {
        self.window(chunk).read_ahead();
        let mut matches = std::mem::take(spare);
        matches.clear();
        self.find(cache, chunk, &mut matches)?;
        Ok(matches)
    }

    fn join(&self, seam: &mut Seam, chunk: &Range<usize>, found: Vec<Match>) -> Result<Joined<Matches>, Error> {
        let matches = self.reconcile(found, seam.end, chunk)?;
        seam.end = matches.end().or(seam.end);
        Ok(Joined { plan: Some(matches), last: false })
    }

    fn format(
        &self,
        _: &mut Self::Worker,
        _: &Range<usize>,
        plan: &mut Matches,
        output: &mut Vec<Match>,
    ) -> Result<bool, Error> {
        output.extend(plan.iter().skip(plan.emitted).take(PIECE).copied());
        plan.emitted += output.len();
        Ok(plan.emitted < plan.len())
    }

    fn found_size(&self, found: &Vec<Match>) -> usize {
        found.capacity() * size_of::<Match>()
    }

    fn recycle(&self, worker: &mut Self::Worker, plan: Matches) {
        worker.1 = plan.found;
    }
}
