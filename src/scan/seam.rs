//! Non-overlapping matches across chunk borders.
//!
//! Every worker walks through its chunk as if no match came before it. That is wrong when the last match of the chunk
//! before reaches over the border, or ends exactly at it where an empty match would follow. The true walk is then
//! redone from that match's end, one match at a time, until it meets a match that the worker found too: from there on
//! the two agree, since the next match depends on nothing but where the last one ended. On a file of only `a`, with a
//! pattern of several, they may never meet before the next border; then the chunk is walked once more and no worse.

use std::ops::Range;

use super::{
    cache::CacheKeeper,
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

pub(super) struct MatchStages<'a> {
    matcher: &'a Matcher,
    mapping: &'a Mapping,
    keeper: &'a CacheKeeper<'a>,
}

/// Where the last match ended.
#[derive(Default)]
pub(super) struct Seam {
    end: Option<u64>,
}

/// The matches of one chunk, in the order in which they are to come out.
pub(super) struct Matches {
    /// What was found anew where chunks meet; it replaces as many as `skip` of the others.
    redone: Vec<Match>,
    found: Vec<Match>,
    skip: usize,
    emitted: usize,
}

impl<'a> MatchStages<'a> {
    pub(super) fn new(matcher: &'a Matcher, mapping: &'a Mapping, keeper: &'a CacheKeeper<'a>) -> Self {
        MatchStages { matcher, mapping, keeper }
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
        let part = self.part(chunk)?;
        if part.owned.start < part.owned.end {
            self.walk(cache, &part, part.owned.start, None, |m| {
                matches.push(m);
                true
            })?;
        }
        Ok(matches)
    }

    fn join(&self, seam: &mut Seam, chunk: &Range<usize>, found: Vec<Match>) -> Result<Joined<Matches>, Error> {
        let mut matches = Matches { redone: vec![], found, skip: 0, emitted: 0 };
        let part = self.part(chunk)?;
        if let Some(end) = seam.end.filter(|&end| end >= part.owned.start) {
            let Matches { redone, found, skip, .. } = &mut matches;
            if end < part.owned.end {
                let mut cache = self.matcher.cache();
                self.walk(&mut cache, &part, end, Some(end), |m| {
                    while found.get(*skip).is_some_and(|f| f.start < m.start) {
                        *skip += 1;
                    }
                    if found.get(*skip) == Some(&m) {
                        return false;
                    }
                    redone.push(m);
                    true
                })?;
            }
        }
        // What is left of the worker's matches begins behind the last one so far. Only in a file that is being changed can
        // one begin before it that was not found anew.
        if let Some(resumed) = matches.redone.last().map(|m| m.end).or(seam.end) {
            let Matches { found, skip, .. } = &mut matches;
            while found.get(*skip).is_some_and(|f| f.start < resumed || (f.is_empty() && f.start == resumed)) {
                *skip += 1;
            }
        }
        let last = matches.found.get(matches.skip..).and_then(<[Match]>::last).or(matches.redone.last());
        seam.end = last.map(|m| m.end).or(seam.end);
        self.keeper.done_upto(chunk.end as u64);
        Ok(Joined { plan: Some(matches), last: false })
    }

    fn format(
        &self,
        _: &mut Self::Worker,
        _: &Range<usize>,
        plan: &mut Matches,
        output: &mut Vec<Match>,
    ) -> Result<bool, Error> {
        let rest = plan.redone.iter().chain(plan.found.iter().skip(plan.skip)).skip(plan.emitted);
        output.extend(rest.take(PIECE).copied());
        plan.emitted += output.len();
        Ok(plan.emitted < plan.redone.len() + plan.found.len() - plan.skip)
    }

    fn found_size(&self, found: &Vec<Match>) -> usize {
        found.capacity() * size_of::<Match>()
    }

    fn recycle(&self, worker: &mut Self::Worker, plan: Matches) {
        worker.1 = plan.found;
    }
}
