//! The lines that have a literal, and the matches on them.

use std::{collections::VecDeque, ops::ControlFlow};

use memchr::{memchr, memrchr};
use regex_automata::Input;
use regex_syntax::hir::Hir;

use super::patterns::{Cache, Dispatched, Pattern, Patterns};
use crate::{
    matcher::{reach::Reach, regex::engine::Regexes, regex_set::confirm::Confirming},
    span::{Match, PatternId},
};

/// On lines with more candidates than this, an automaton for all patterns is faster; and more for each so many
/// patterns, since the more they are, the less well it does.
const MOST_CANDIDATES: usize = 8;
const PATTERNS_PER_CANDIDATE: usize = 16;

/// A line on which there may be a match, or the part of it from `from` on, which is what is searched.
#[derive(Clone, Copy, Debug)]
struct Line {
    from: usize,
    /// Behind its terminator.
    end: usize,
    /// One of the patterns without a literal may match.
    has_others: bool,
}

impl Dispatched {
    pub(crate) fn find_at(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<Match> {
        self.walk(cache, haystack, at, ControlFlow::Break).break_value()
    }

    /// Calls `each` with the matches that do not overlap, from `at` on, until it returns false.
    pub(crate) fn each(&self, cache: &mut Cache, haystack: &[u8], at: usize, mut each: impl FnMut(Match) -> bool) {
        let _ = self.walk(cache, haystack, at, |m| match each(m) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        });
    }

    /// Appends the matches on the first line from `at` on that has some, and says where the next line begins.
    pub(crate) fn next_line(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        at: usize,
        matches: &mut VecDeque<Match>,
    ) -> Option<usize> {
        self.0
            .lines(cache, haystack, at, |cache, line| {
                let _ = self.0.each_on_line(cache, haystack, line, |m| {
                    matches.push_back(self.given(m));
                    ControlFlow::<()>::Continue(())
                });
                if matches.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(line.end) }
            })
            .break_value()
    }

    fn walk<B>(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        at: usize,
        mut each: impl FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.0.lines(cache, haystack, at, |cache, line| {
            self.0.each_on_line(cache, haystack, line, |m| each(self.given(m)))
        })
    }

    /// The pattern as which a match is reported.
    fn given(&self, m: Match) -> Match {
        if self.0.merge { Match { pattern: PatternId::new(0), ..m } } else { m }
    }

    /// Some place of a match on the first line from `at` on that has one.
    pub(crate) fn find_on_line(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<usize> {
        self.0
            .lines(cache, haystack, at, |cache, line| match self.0.place_on_line(cache, haystack, line) {
                Some(place) => ControlFlow::Break(place),
                None => ControlFlow::Continue(()),
            })
            .break_value()
    }

    /// Calls `each` with some place of a match on each line that has one, until it returns false.
    pub(crate) fn each_line(&self, cache: &mut Cache, haystack: &[u8], mut each: impl FnMut(usize) -> bool) {
        let _ = self.0.lines(cache, haystack, 0, |cache, line| match self.0.place_on_line(cache, haystack, line) {
            Some(place) if !each(place) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
    }
}

impl Patterns {
    /// Calls `visit` with the lines on which there is a literal, or a match of a pattern without one, and with their
    /// candidates in the cache.
    fn lines<B>(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        at: usize,
        mut visit: impl FnMut(&mut Cache, Line) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut other = self.next_other(cache, haystack, at);
        let mut line = Line { from: at, end: at, has_others: false };
        cache.start_line();
        self.literals.each_place(haystack, at..haystack.len(), |place, literal| {
            if place >= line.end {
                self.flush(cache, haystack, line, &mut other, &mut visit)?;
                line = self.line_at(haystack, line.end, place);
                cache.start_line();
            }
            self.see(cache, place, literal);
            ControlFlow::Continue(())
        })?;
        self.flush(cache, haystack, line, &mut other, &mut visit)?;
        cache.start_line();
        while let Some(line) = other {
            visit(cache, line)?;
            other = self.next_other(cache, haystack, line.end);
        }
        ControlFlow::Continue(())
    }

    /// Visits a line all of whose literals were seen, and before it those on which none was seen.
    fn flush<B>(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        mut line: Line,
        other: &mut Option<Line>,
        visit: &mut impl FnMut(&mut Cache, Line) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if line.from == line.end {
            return ControlFlow::Continue(());
        }
        let candidates = std::mem::take(&mut cache.candidates);
        let alone = cache.alone.take();
        while let Some(before) = other.filter(|other| other.from < line.from) {
            visit(cache, before)?;
            *other = self.next_other(cache, haystack, before.end);
        }
        (cache.candidates, cache.alone) = (candidates, alone);
        line.has_others = other.is_some_and(|other| other.from == line.from);
        visit(cache, line)?;
        if line.has_others {
            *other = self.next_other(cache, haystack, line.end);
        }
        ControlFlow::Continue(())
    }

    /// Notes whose literal starts at a place.
    #[inline]
    fn see(&self, cache: &mut Cache, place: usize, literal: PatternId) {
        let Cache { seen, candidates, alone, .. } = cache;
        self.literals.see(seen, literal, |id| match self.patterns[id.index()] {
            Pattern::Alone(_) => *alone = alone.or(Some(place)),
            _ => candidates.push(id),
        });
    }

    /// The next line on which one of the patterns without a literal may match.
    fn next_other(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<Line> {
        let (others, cache) = (self.others.as_ref()?, cache.others.as_mut()?);
        if at >= haystack.len() {
            return None;
        }
        let place = others.regexes.find_earliest_end(cache, haystack, at)?;
        Some(Line { has_others: true, ..self.line_at(haystack, at, place) })
    }

    /// The line that a place is on, or the part of it from `from` on.
    fn line_at(&self, haystack: &[u8], from: usize, place: usize) -> Line {
        let terminator = self.terminator.byte();
        let from = memrchr(terminator, &haystack[from..place]).map_or(from, |end| from + end + 1);
        let end = memchr(terminator, &haystack[place..]).map_or(haystack.len(), |end| place + end + 1);
        Line { from, end, has_others: false }
    }

    /// The text of a line, and where it begins. Behind `from` it is whole; before that there is what assertions look
    /// at.
    fn content<'h>(&self, haystack: &'h [u8], line: Line) -> (usize, &'h [u8]) {
        let end = line.from + self.terminator.strip(&haystack[line.from..line.end]).len();
        let near = line.from.saturating_sub(Reach::LOOK_BEHIND);
        let start = memrchr(self.terminator.byte(), &haystack[near..line.from]).map_or(near, |end| near + end + 1);
        (start, &haystack[start..end])
    }

    /// Some place of a match on the line.
    fn place_on_line(&self, cache: &mut Cache, haystack: &[u8], line: Line) -> Option<usize> {
        if cache.alone.is_some() {
            return cache.alone;
        }
        let (base, content) = self.content(haystack, line);
        let from = line.from - base;
        cache.forget_doubles();
        if let Some(whole) = self.whole_for(cache) {
            let cache = cache.whole.get_or_insert_with(|| Box::new(whole.create_cache()));
            return Some(base + whole.find_end_within(cache, content, from, content.len())?);
        }
        let Cache { candidates, confirming, others, .. } = cache;
        let input = Input::new(content).range(from..);
        let end = candidates.iter().find_map(|id| self.confirming(*id)?.find_end(confirming, id.index(), &input));
        let end = end.or_else(|| {
            let (ours, cache) = (self.others.as_ref().filter(|_| line.has_others)?, others.as_mut()?);
            ours.regexes.find_end_within(cache, content, from, content.len())
        });
        Some(base + end?)
    }

    /// Calls `each` with the matches on the line that do not overlap.
    fn each_on_line<B>(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        line: Line,
        mut each: impl FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let (base, content) = self.content(haystack, line);
        let mut at = line.from - base;
        cache.forget_doubles();
        if let Some(whole) = self.whole_for(cache) {
            let cache = cache.whole.get_or_insert_with(|| Box::new(whole.create_cache()));
            while let Some(m) = whole.find_within(cache, content, at, content.len()) {
                each(m.behind(base))?;
                at = m.end;
            }
            return ControlFlow::Continue(());
        }
        let Cache { candidates, alone, nexts, confirming, others, .. } = cache;
        let mut confirmed = |id: PatternId, at: usize| {
            let span = self.confirming(id)?.find(confirming, id.index(), &Input::new(content).range(at..))?;
            Some(Match::new(span, id))
        };
        let mut other = |at: usize| {
            let (ours, cache) = (self.others.as_ref().filter(|_| line.has_others)?, others.as_mut()?);
            let m = ours.regexes.find_within(cache, content, at, content.len())?;
            Some(Match { pattern: ours.ids[m.pattern.index()], ..m })
        };
        let literal = |at: usize| self.alone.as_ref().filter(|_| alone.is_some())?.find_at(content, at);
        nexts.clear();
        nexts.extend(candidates.iter().filter_map(|&id| confirmed(id, at)));
        let (mut next_literal, mut next_other) = (literal(at), other(at));
        while let Some(m) =
            nexts.iter().copied().chain(next_literal).chain(next_other).min_by_key(|m| (m.start, m.pattern))
        {
            each(m.behind(base))?;
            at = m.end;
            nexts.retain_mut(|next| match next.start >= at {
                true => true,
                false => confirmed(next.pattern, at).map(|m| *next = m).is_some(),
            });
            let is_passed = |next: &Option<Match>| next.is_some_and(|m| m.start < at);
            if is_passed(&next_literal) {
                next_literal = literal(at);
            }
            if is_passed(&next_other) {
                next_other = other(at);
            }
        }
        ControlFlow::Continue(())
    }

    /// An automaton for all patterns, if that is the way to search a line with these candidates.
    fn whole_for(&self, cache: &Cache) -> Option<&Regexes> {
        if cache.candidates.len() <= MOST_CANDIDATES + self.patterns.len() / PATTERNS_PER_CANDIDATE {
            return None;
        }
        let build = || {
            let hirs: Vec<Hir> = self.patterns.iter().map(|pattern| pattern.hir().clone()).collect();
            let hirs = if self.merge { vec![Hir::alternation(hirs)] } else { hirs };
            Regexes::new(&hirs, self.patterns.len(), self.terminator, true).ok()
        };
        self.whole.get_or_init(build).as_ref()
    }

    fn confirming(&self, id: PatternId) -> Option<&Confirming> {
        match &self.patterns[id.index()] {
            Pattern::Confirmed(confirming) => Some(confirming),
            Pattern::Alone(_) | Pattern::Other(_) => None,
        }
    }
}
