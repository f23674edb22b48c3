//! Walks over the matches of a set: candidates of all tiers, block by block, and which of them count; or an automaton
//! where that is faster.

use std::ops::ControlFlow;

use super::{
    automaton::{Automata, Automaton, Hits, Stretch},
    borders::Borders,
    kind::MatchKind,
    table::{self, Findings, Found, word},
    tiers::{Enough, Tier},
    walk::Walk,
};
use crate::span::{Match, PatternId, Span};

pub(super) const FIRST_BLOCK: usize = 1 << 9;
const MAX_BLOCK: usize = 1 << 14;
/// About how many matches are kept at once.
pub(super) const MANY: usize = 1 << 14;
/// After how much work on a block it is looked whether an automaton would have done less.
const MUCH: u64 = 1 << 16;
/// What it takes to report a match, and to sort one where there are several tiers, in the unit of work.
const REPORTED: u64 = 10;
const SORTED: u64 = 15;
/// What is searched for candidates to see whether they pay again.
const TRIAL: usize = 1 << 8;
/// How much has to be left of a haystack for an automaton to be of use.
const LEAST_FOR_AUTOMATON: usize = 1 << 14;

/// One search: a set whose bytes have been asked for, and a haystack.
pub(super) struct Search<'s, 'h> {
    pub(super) haystack: &'h [u8],
    pub(super) kind: MatchKind,
    pub(super) borders: Borders,
    pub(super) patterns: u32,
    /// The ids of empty patterns.
    pub(super) empty: &'s [[u8; 4]],
    pub(super) tiers: Vec<Option<Tier<'s>>>,
    pub(super) automata: Option<&'s Automata>,
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
        let (mut now, mut block, mut found, mut stretch) =
            (*walk, FIRST_BLOCK, Findings::default(), Stretch::default());
        while now.at < upto {
            let (from, mut matches) = (now.at, 0);
            let end = self.gather(from, upto.min(from + block), &mut found);
            let mut counted = |m| {
                matches += 1;
                each(m)
            };
            self.report_found(&mut now, end, &found.list, &mut counted)?;
            // Blocks are short at first, for who wants the first match.
            block = (block * 2).min(MAX_BLOCK);
            if upto.saturating_sub(now.at) < LEAST_FOR_AUTOMATON {
                continue;
            }
            match self.automaton(found.work, now.at - from, matches) {
                Some(automaton) => {
                    let end = upto.min(now.at + stretch.next().max(automaton.block()));
                    self.walk_by(automaton, &mut now, end, &mut found.list, &mut each)?;
                    block = TRIAL;
                }
                None => stretch = Stretch::default(),
            }
        }
        *walk = now;
        ControlFlow::Continue(())
    }

    /// The automaton to go on with, if so many matches in so many bytes took more work than it would have. None as long
    /// as none is built.
    fn automaton(&self, work: u64, bytes: usize, matches: usize) -> Option<&'s Automaton> {
        self.automata?.instead(
            self.kind_of_automaton(),
            self.tiers.iter().flatten().map(Tier::table),
            self.patterns,
            (work, bytes, matches),
        )
    }

    /// Where more decides than the automaton knows, it finds all matches.
    pub(super) fn kind_of_automaton(&self) -> MatchKind {
        if self.is_simple() { self.kind } else { MatchKind::Overlapping }
    }

    /// Whether matches do not overlap, and no borders or empty patterns decide which of them count.
    fn is_simple(&self) -> bool {
        self.kind != MatchKind::Overlapping && self.borders.is_none() && self.empty.is_empty()
    }

    /// As [`walk`](Search::walk), by an automaton.
    pub(super) fn walk_by<B>(
        &self,
        automaton: &Automaton,
        walk: &mut Walk,
        upto: usize,
        found: &mut Vec<Found>,
        each: &mut impl FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if self.is_simple() {
            return automaton.walk(self.haystack, walk, upto, each);
        }
        let mut hits = Hits::default();
        while walk.at < upto {
            let base = walk.at;
            let end = automaton.gather(self.haystack, base..upto.min(base + automaton.block()), &mut hits);
            if self.borders.is_none() && self.empty.is_empty() {
                for &hit in &hits.list {
                    match automaton.match_of(base, hit) {
                        Some(m) => each(m)?,
                        None => self.report(base, automaton.found(hit), &mut *each)?,
                    }
                }
                walk.at = end;
                continue;
            }
            found.clear();
            found.extend(hits.list.iter().map(|&hit| automaton.found(hit)).filter(|found| {
                let start = base + found.start as usize;
                let end = start + found.len as usize;
                self.borders.starts(self.haystack, start) && self.borders.ends(self.haystack, end)
            }));
            self.report_found(walk, end, found, each)?;
        }
        ControlFlow::Continue(())
    }

    /// Reports what was found between the walk and `end`, and moves the walk there, or to the end of the last match.
    #[inline]
    fn report_found<B>(
        &self,
        walk: &mut Walk,
        end: usize,
        found: &[Found],
        each: &mut impl FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let base = walk.at;
        if !self.empty.is_empty() {
            return self.report_with_empty(walk, end, found, each);
        }
        match self.kind {
            MatchKind::Overlapping => {
                for &found in found {
                    self.report(base, found, &mut *each)?;
                }
                walk.at = end;
            }
            MatchKind::LeftmostFirst | MatchKind::LeftmostLongest => {
                let mut next = base;
                let mut rest = found;
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
    fn gather(&self, base: usize, mut end: usize, found: &mut Findings) -> usize {
        found.list.clear();
        found.work = 0;
        for tier in self.tiers.iter().flatten() {
            let to = end.min(self.haystack.len());
            let enough = Enough { found: found.list.len() + MANY, work: found.work + MUCH };
            let reached = tier.find(self.haystack, base, to, enough, found);
            if reached < to {
                end = reached;
            }
        }
        found.work += REPORTED * found.list.len() as u64;
        if self.tiers.len() > 1 {
            found.work += SORTED * found.list.len() as u64;
            found.list.retain(|found| base + (found.start as usize) < end);
            // Sequences that ascend, which a stable sort finds and merges. Later tiers have longer patterns.
            found.list.sort_by_key(|found| (found.start, found.tier));
        }
        end
    }

    /// As [`report_found`](Search::report_found), where empty patterns match at every place that has borders.
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
