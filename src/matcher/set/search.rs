//! Walks over the matches of a set: candidates of all tiers, block by block, and which of them count.
//!
//! A strategy that finds matches without candidates, as an automaton does, is a second implementation of
//! [`Search::walk`]: `PatternSet::walk` and `longest_at_each` are all that call it.

use std::ops::ControlFlow;

use super::{
    borders::Borders,
    kind::MatchKind,
    table::{self, Found, word},
    tiers::Tier,
};
use crate::span::{Match, PatternId, Span};

/// Where a walk over the matches of a haystack stands.
///
/// Searching a range of starts moves it to where the next range begins, such that the matches of all ranges are those
/// of the whole haystack.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use mapgrep::matcher::set::{PatternSet, Walk};
///
/// let set = PatternSet::builder().build(["aa"])?;
/// let (mut walk, mut starts) = (Walk::new(0), vec![]);
/// for upto in [1, 3, 6] {
///     let each = |m: mapgrep::Match| { starts.push(m.start); ControlFlow::<()>::Continue(()) };
///     let _ = set.walk(b"aaaaa", &mut walk, upto, each);
/// }
/// assert_eq!(starts, [0, 2]);
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    pub(super) at: usize,
    pub(super) last_end: Option<usize>,
}

impl Walk {
    /// A walk that begins with matches that start at `at`, and with no match before.
    pub fn new(at: usize) -> Self {
        Walk { at, last_end: None }
    }

    /// A walk that goes on behind a match that ended at `end`.
    pub(crate) fn after(end: usize) -> Self {
        Walk::resume(end, Some(end))
    }

    /// A walk that goes on at `at`, where the last match before ended at `last_end`.
    pub(crate) fn resume(at: usize, last_end: Option<usize>) -> Self {
        Walk { at, last_end }
    }

    /// The first place at which the next match can start.
    pub fn at(&self) -> usize {
        self.at
    }
}

pub(super) const FIRST_BLOCK: usize = 1 << 9;
const MAX_BLOCK: usize = 1 << 14;
/// About how many matches are kept at once.
pub(super) const MANY: usize = 1 << 14;

/// One search: a set whose bytes have been asked for, and a haystack.
pub(super) struct Search<'s, 'h> {
    pub(super) haystack: &'h [u8],
    pub(super) kind: MatchKind,
    pub(super) borders: Borders,
    pub(super) patterns: u32,
    /// The ids of empty patterns.
    pub(super) empty: &'s [[u8; 4]],
    pub(super) tiers: Vec<Option<Tier<'s>>>,
}

impl<'s, 'h> Search<'s, 'h> {
    /// Reports what starts before `upto`, and moves the walk there, unless `each` has stopped it.
    pub(super) fn walk<B>(
        &self,
        walk: &mut Walk,
        upto: usize,
        mut each: impl FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let upto = upto.min(self.haystack.len() + 1);
        let (mut now, mut block, mut found) = (*walk, FIRST_BLOCK, vec![]);
        while now.at < upto {
            let end = upto.min(now.at + block);
            self.block(&mut now, end, &mut found, &mut each)?;
            // Blocks are short at first, for who wants the first match.
            block = (block * 2).min(MAX_BLOCK);
        }
        *walk = now;
        ControlFlow::Continue(())
    }

    /// Reports what starts between the walk and `end`, and moves the walk there, or to the end of the last match. Where
    /// there are many matches, it does not get that far.
    #[inline]
    pub(super) fn block<B>(
        &self,
        walk: &mut Walk,
        end: usize,
        found: &mut Vec<Found>,
        each: &mut impl FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let (base, end) = (walk.at, self.gather(walk.at, end, found));
        if !self.empty.is_empty() {
            return self.report_with_empty(walk, end, found, each);
        }
        match self.kind {
            MatchKind::Overlapping => {
                for &found in &*found {
                    self.report(base, found, &mut *each)?;
                }
                walk.at = end;
            }
            MatchKind::LeftmostFirst | MatchKind::LeftmostLongest => {
                let mut next = base;
                let mut rest = &found[..];
                while let Some(&first) = rest.first() {
                    let here = rest.iter().take_while(|found| found.start == first.start).count();
                    let start = base + first.start as usize;
                    if start >= next
                        && let Some(best) = self.best(base, &rest[..here])
                    {
                        each(best)?;
                        next = best.end;
                        walk.last_end = Some(next);
                    }
                    rest = &rest[here..];
                }
                walk.at = end.max(next);
            }
        }
        ControlFlow::Continue(())
    }

    /// Collects what is found between `base` and `end`, in order. Returns up to where it got, which is less than `end`
    /// where there are many.
    fn gather(&self, base: usize, mut end: usize, found: &mut Vec<Found>) -> usize {
        found.clear();
        for tier in self.tiers.iter().flatten() {
            let to = end.min(self.haystack.len());
            let before = found.len();
            let reached = tier.find(self.haystack, base, to, before + MANY, found);
            if reached < to {
                end = reached;
            }
        }
        if self.tiers.len() > 1 {
            found.retain(|found| base + (found.start as usize) < end);
            // Sequences that ascend, which a stable sort finds and merges. Later tiers have longer patterns.
            found.sort_by_key(|found| (found.start, found.tier));
        }
        end
    }

    /// As [`block`](Search::block), where empty patterns match at every place that has borders.
    fn report_with_empty<B>(
        &self,
        walk: &mut Walk,
        end: usize,
        found: &[Found],
        each: &mut dyn FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let base = walk.at;
        let mut rest = found;
        let mut next_empty = None;
        while walk.at < end {
            let before = rest.iter().take_while(|found| base + (found.start as usize) < walk.at).count();
            rest = &rest[before..];
            let empty_at = match next_empty {
                Some(place) if place >= walk.at => place,
                _ => *next_empty.insert(self.borders.next_empty(self.haystack, walk.at, end)),
            };
            let at = rest.first().map_or(end, |found| base + found.start as usize).min(empty_at);
            walk.at = at;
            if at >= end {
                break;
            }
            let here = rest.iter().take_while(|found| base + found.start as usize == at).count();
            let (here, empty, is_empty_here) = (&rest[..here], Span::new(at, at), empty_at == at);
            if self.kind == MatchKind::Overlapping {
                let empties = if is_empty_here { self.empty } else { &[] };
                for id in empties.iter().map(|id| word(id, 0)).filter(|&id| id < self.patterns) {
                    each(Match::new(empty, PatternId::new(id as usize)))?;
                }
                for &found in here {
                    self.report(base, found, &mut *each)?;
                }
                walk.at = at + 1;
                continue;
            }
            let first_empty = PatternId::new(word(&self.empty[0], 0) as usize);
            let is_better = |id| self.kind != MatchKind::LeftmostFirst || !is_empty_here || id < first_empty;
            let best = self.best(base, here).filter(|best| is_better(best.pattern));
            match best {
                Some(best) => {
                    each(best)?;
                    *walk = Walk::after(best.end);
                }
                None => {
                    if is_empty_here && walk.last_end != Some(at) && first_empty.index() < self.patterns as usize {
                        each(Match::new(empty, first_empty))?;
                    }
                    walk.at = at + 1;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Of matches that start at one place, the one that counts where matches do not overlap.
    fn best(&self, base: usize, here: &[Found]) -> Option<Match> {
        let matches = here.iter().filter_map(|found| {
            let id = self.table(found.tier)?.first_id(found.rank);
            self.found(base, found, id)
        });
        match self.kind {
            MatchKind::LeftmostLongest => matches.max_by_key(|m| m.end),
            _ => matches.min_by_key(|m| m.pattern),
        }
    }

    /// Reports all ids of a pattern.
    #[inline(always)]
    fn report<B>(&self, base: usize, found: Found, mut each: impl FnMut(Match) -> ControlFlow<B>) -> ControlFlow<B> {
        for id in self.table(found.tier).into_iter().flat_map(|table| table.ids(found.rank)) {
            if let Some(found) = self.found(base, &found, id) {
                each(found)?;
            }
        }
        ControlFlow::Continue(())
    }

    #[inline(always)]
    pub(super) fn table(&self, tier: u32) -> Option<&table::Table<'s>> {
        self.tiers.get(tier as usize)?.as_ref().map(Tier::table)
    }

    /// The match, unless tables that are damaged have led to one that cannot be.
    #[inline(always)]
    pub(super) fn found(&self, base: usize, found: &Found, id: u32) -> Option<Match> {
        let start = base + found.start as usize;
        let end = start + found.len as usize;
        (end <= self.haystack.len() && id < self.patterns).then(|| Match {
            start,
            end,
            pattern: PatternId::new(id as usize),
        })
    }
}
