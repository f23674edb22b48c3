//! The lines that have a literal, and the matches on them.

use std::{collections::VecDeque, ops::ControlFlow};

use memchr::memrchr;
use regex_automata::Input;
use regex_syntax::hir::Hir;

use super::patterns::{Cache, Dispatched, Pattern, Patterns};
use crate::{
    matcher::{
        parse::Limits,
        reach::Reach,
        regex::engine::Regexes,
        regex_set::{
            candidate_lines::{CandidateLines, each_candidate_line},
            confirm::Confirming,
        },
        terminator::line_at,
    },
    span::{Match, PatternId, Span},
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
    /// Calls `visit` with the candidate lines from `at` on; candidates are in the cache.
    fn lines<B>(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        at: usize,
        visit: impl FnMut(&mut Cache, Line) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut lines = Lines { patterns: self, cache, haystack, visit };
        each_candidate_line(&mut lines, &self.literals, self.terminator.byte(), haystack, at)
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
            Regexes::new(&hirs, self.patterns.len(), self.terminator, true, Limits::default()).ok()
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

/// One search for lines.
struct Lines<'a, V> {
    patterns: &'a Patterns,
    cache: &'a mut Cache,
    haystack: &'a [u8],
    visit: V,
}

impl<B, V: FnMut(&mut Cache, Line) -> ControlFlow<B>> CandidateLines for Lines<'_, V> {
    type Noted = (Vec<PatternId>, Option<usize>);
    type Stop = B;

    fn start_line(&mut self) {
        self.cache.start_line();
    }

    #[inline]
    fn note(&mut self, offset: usize, literal: PatternId) {
        let Cache { seen, candidates, alone, .. } = &mut *self.cache;
        self.patterns.literals.see(seen, literal, |id| match self.patterns.patterns[id.index()] {
            Pattern::Alone(_) => *alone = alone.or(Some(offset)),
            _ => candidates.push(id),
        });
    }

    fn take_noted(&mut self) -> Self::Noted {
        (std::mem::take(&mut self.cache.candidates), self.cache.alone.take())
    }

    fn put_noted(&mut self, noted: Self::Noted) {
        (self.cache.candidates, self.cache.alone) = noted;
    }

    fn next_other(&mut self, at: usize) -> Option<Span> {
        let (others, cache) = (self.patterns.others.as_ref()?, self.cache.others.as_mut()?);
        if at >= self.haystack.len() {
            return None;
        }
        let offset = others.regexes.find_earliest_end(cache, self.haystack, at)?;
        Some(line_at(self.patterns.terminator.byte(), self.haystack, at, offset))
    }

    fn visit(&mut self, line: Span, is_other: bool) -> ControlFlow<B> {
        (self.visit)(self.cache, Line { from: line.start, end: line.end, has_others: is_other })
    }
}
