//! One or several regexes: the meta engine of regex-automata, which picks among its own strategies; and for one regex
//! of few states an automaton of our own, which is faster where matches are close together.

use std::{
    ops::{ControlFlow, Range},
    sync::{Arc, OnceLock},
};

use memchr::{memchr, memrchr};
use regex_automata::{
    Input,
    meta::{self, Regex},
};
use regex_syntax::hir::Hir;

use crate::{
    error::Error,
    matcher::{
        parse::Limits,
        regex::{
            dfa::{Dfa, GaveUp},
            horizon::{Horizon, Sight},
            pieces,
        },
        syntax::{required, translate},
        terminator::{LineTerminator, broken_line},
    },
    span::{Match, PatternId, Span},
};

/// How much memory a compiled pattern may take before it is refused.
pub(crate) const NFA_SIZE_LIMIT: usize = 100 << 20;

/// How much memory each worker's lazily built automaton may take before its states are thrown away and built anew: this
/// at least, more for each pattern, as long as it is not too much for all workers together.
const LAZY_DFA_CACHE: usize = 16 << 20;
const LAZY_DFA_CACHE_PER_PATTERN: usize = 64 << 10;
const LAZY_DFA_CACHES: usize = 1 << 30;

#[derive(Clone, Debug)]
pub(crate) struct Regexes {
    regex: Regex,
    /// How many patterns it was made of, also where they were made one.
    patterns: usize,
    dense: Option<Arc<Lazy>>,
    /// The byte that no match contains.
    terminator: Option<u8>,
    /// What ends a line, where a match may have looked at the line before, see `corrections`.
    looks_before: Option<u8>,
}

/// An automaton that is built when there is enough to do for it.
#[derive(Debug)]
struct Lazy {
    hir: Hir,
    terminator: LineTerminator,
    built: OnceLock<Option<Dfa>>,
}

/// What a search with [`Regexes`] changes.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    meta: meta::Cache,
    /// What the meta engine did before the automaton was built.
    done: usize,
    finding: Pace,
    selecting: Pace,
}

/// How much memory the automaton of a worker may take for so many patterns.
fn lazy_dfa_cache(patterns: usize) -> usize {
    let wanted = patterns.saturating_mul(LAZY_DFA_CACHE_PER_PATTERN);
    if wanted <= LAZY_DFA_CACHE {
        // Asking for the number of cores takes longer than compiling a simple pattern.
        return LAZY_DFA_CACHE;
    }
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    wanted.min(LAZY_DFA_CACHES / workers).max(LAZY_DFA_CACHE)
}

/// Why the engine did not take a pattern.
pub(crate) fn refused(error: &meta::BuildError) -> Error {
    match error.size_limit() {
        Some(limit) => {
            let allowed = match limit >> 20 {
                0 => format!("{limit} bytes"),
                mebibytes => format!("{mebibytes} MiB"),
            };
            let what = "cannot compile the pattern: it takes more than";
            Error::pattern_too_large(format!("{what} the {allowed} that are allowed"))
        }
        None => Error::pattern(format!("cannot compile the pattern: {error}")),
    }
}

impl Regexes {
    /// How much the meta engine does before the automaton is built, or how much there has to be at once, in bytes. With
    /// less, building takes longer than it saves.
    const BEFORE: usize = 512 << 10;

    pub(crate) fn new(
        patterns: &[Hir],
        given: usize,
        terminator: LineTerminator,
        by_line: bool,
        limits: Limits,
    ) -> Result<Self, Error> {
        // Empty matches may split a UTF-8 sequence, since a haystack may hold any bytes. The limits for the one-pass
        // and the full DFA are above the engine's defaults, because a pattern is built once and then runs over
        // gigabytes.
        let alternatives = patterns.iter().map(|hir| required::alternatives(hir).len()).sum::<usize>();
        let config = Regex::config()
            .utf8_empty(false)
            .line_terminator(terminator.byte())
            .nfa_size_limit(Some(limits.regex.unwrap_or(NFA_SIZE_LIMIT)))
            .hybrid_cache_capacity(limits.cache.unwrap_or_else(|| lazy_dfa_cache(alternatives.max(given))))
            .onepass_size_limit(Some(10 << 20))
            .dfa_size_limit(Some(1 << 20))
            .dfa_state_limit(Some(1_000));
        let regex = Regex::builder().configure(config).build_many_from_hir(patterns).map_err(|e| refused(&e))?;
        let dense = match patterns {
            [hir] if !translate::may_be_empty(hir) => {
                Some(Arc::new(Lazy { hir: hir.clone(), terminator, built: OnceLock::new() }))
            }
            _ => None,
        };
        let terminator = by_line.then_some(terminator.byte());
        let looks_before = terminator.filter(|_| translate::looks_at_words(patterns));
        Ok(Regexes { regex, patterns: given, dense, terminator, looks_before })
    }

    pub(crate) fn create_cache(&self) -> Cache {
        let is_accelerated = self.regex.is_accelerated();
        Cache {
            meta: self.regex.create_cache(),
            done: 0,
            finding: Pace::new(if is_accelerated { 256 } else { usize::MAX }),
            selecting: Pace::new(if is_accelerated { 64 } else { usize::MAX }),
        }
    }

    /// How many patterns it was made of.
    pub(crate) fn given(&self) -> usize {
        self.patterns
    }

    /// Whether the engine has a literal prefilter.
    pub(crate) fn is_accelerated(&self) -> bool {
        self.regex.is_accelerated()
    }

    /// The first match in a part of the haystack, by the meta engine.
    pub(crate) fn find_within(&self, cache: &mut Cache, haystack: &[u8], start: usize, end: usize) -> Option<Match> {
        Some(to_match(&self.regex.search_with(&mut cache.meta, &Input::new(haystack).range(start..end))?))
    }

    /// The end of some match there: of the one that can be told first.
    pub(crate) fn find_end_within(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        start: usize,
        end: usize,
    ) -> Option<usize> {
        let input = Input::new(haystack).range(start..end).earliest(true);
        Some(self.regex.search_half_with(&mut cache.meta, &input)?.offset())
    }

    /// The first match from `at` on, by the meta engine.
    fn find_from(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<Match> {
        let Some(terminator) = self.looks_before else { return self.find_within(cache, haystack, at, haystack.len()) };
        pieces::search(terminator, haystack, at, |start, end| {
            self.find_within(cache, haystack, start, end).map(|m| (m.start, m))
        })
    }

    /// The end of some match from `at` on, by the meta engine.
    fn find_end_from(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<usize> {
        let Some(terminator) = self.looks_before else {
            return self.find_end_within(cache, haystack, at, haystack.len());
        };
        pieces::search(terminator, haystack, at, |start, end| {
            self.find_end_within(cache, haystack, start, end).map(|found| (found, found))
        })
    }

    pub(crate) fn find_at(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<Match> {
        let Some(dense) = self.dense(cache.done, &cache.finding, &haystack[at..]) else {
            let found = self.find_from(cache, haystack, at);
            let upto = found.map_or(haystack.len(), |m| m.end);
            cache.done += cache.finding.went_by_meta(upto - at);
            return found;
        };
        self.find_by_automaton(cache, dense, haystack, at).map(|span| Match::new(span, PatternId::new(0)))
    }

    /// The first match that starts at or after `at`, by the automaton of our own and, where that gives up, by the meta
    /// engine.
    #[inline(always)]
    fn find_by_automaton(&self, cache: &mut Cache, dense: &Dfa, haystack: &[u8], at: usize) -> Option<Span> {
        let found = match dense.find(haystack, at) {
            Ok(found) => found,
            Err(gave_up) => {
                cache.finding.gave_up();
                self.find_behind(cache, dense, haystack, gave_up).map(|m| m.span())
            }
        };
        cache.finding.went(found.map_or(haystack.len(), |span| span.end) - at);
        found
    }

    /// Calls `each` with the matches from `at` on for as long as the automaton of our own is the way to find them, and
    /// finds none that is to be corrected. Continues with the end of the last one where
    /// [`find_next`](Regexes::find_next) is to go on; breaks where there are no more, or when `each` returns false.
    ///
    /// Where matches are dense, a call of `find_next` for each of them would take as long as finding it.
    #[inline]
    pub(crate) fn each_by_automaton(
        &self,
        cache: &mut Cache,
        horizon: &mut Horizon,
        haystack: &[u8],
        mut at: usize,
        each: &mut impl FnMut(Match) -> bool,
    ) -> ControlFlow<(), usize> {
        let rest = haystack.get(at..).unwrap_or_default();
        let Some(dense) = self.dense(cache.done, &cache.finding, rest) else { return ControlFlow::Continue(at) };
        // It is there for patterns only that match nothing empty: a match begins where the one before ended, or behind.
        while cache.finding.is_for_dense() && !horizon.is_known(at) {
            let Some(span) = self.find_by_automaton(cache, dense, haystack, at) else { return ControlFlow::Break(()) };
            if let Some(terminator) = self.looks_before
                && broken_line(terminator, haystack, span.start).is_some()
            {
                break;
            }
            horizon.note(|| Some(dense), haystack, at, span);
            if !each(Match::new(span, PatternId::new(0))) {
                return ControlFlow::Break(());
            }
            at = span.end;
        }
        ControlFlow::Continue(at)
    }

    /// As [`find_at`](Regexes::find_at), for matches one behind the other: what the walk has learnt of the text keeps
    /// it linear.
    pub(crate) fn find_next(
        &self,
        cache: &mut Cache,
        horizon: &mut Horizon,
        haystack: &[u8],
        mut at: usize,
    ) -> Option<Match> {
        let dense = || self.dense.as_ref()?.get();
        if horizon.is_known(at)
            && let Some(dense) = dense()
        {
            match horizon.find(dense, haystack, at) {
                Sight::Match(span) => return Some(Match::new(span, PatternId::new(0))),
                Sight::Nothing { upto } => at = upto,
                Sight::Lost => {}
            }
        }
        let found = self.find_at(cache, haystack, at)?;
        horizon.note(dense, haystack, at, found.span());
        Some(found)
    }

    /// The first match that starts where the automaton gave up or behind that.
    #[cold]
    fn find_behind(&self, cache: &mut Cache, dense: &Dfa, haystack: &[u8], GaveUp { mut at }: GaveUp) -> Option<Match> {
        while cache.finding.pause == 0 {
            // Where none ends, none starts; and by line, none starts on the lines before the one on which the first
            // ends.
            let place = match dense.find_end(haystack, at) {
                Ok(None) => return None,
                Ok(Some(end)) => end,
                Err(GaveUp { at }) => {
                    cache.finding.gave_up();
                    at
                }
            };
            let line = self.line_around(haystack, at, place);
            let found = self.find_within(cache, haystack, line.start, line.end);
            if found.is_some() || line.end == haystack.len() {
                return found;
            }
            at = line.end;
        }
        self.find_from(cache, haystack, at)
    }

    /// The end of some match: of the one that can be told first when reading from `at` on.
    pub(crate) fn find_earliest_end(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<usize> {
        let dense = self.dense(cache.done, &cache.selecting, &haystack[at..]);
        // Without vectors, it is no match for a prefilter.
        let Some(dense) = dense.filter(|dense| dense.is_vectorized() || !self.regex.is_accelerated()) else {
            let found = self.find_end_from(cache, haystack, at);
            cache.done += cache.selecting.went_by_meta(found.unwrap_or(haystack.len()) - at);
            return found;
        };
        let mut from = at;
        loop {
            let found = match dense.find_end(haystack, from) {
                Ok(end) => end,
                Err(gave_up) => {
                    let Span { start, end } = self.line_around(haystack, from, gave_up.at);
                    cache.selecting.went(start - from);
                    cache.selecting.gave_up();
                    if cache.selecting.pause > 0 {
                        let found = self.find_end_from(cache, haystack, start);
                        cache.selecting.went(found.unwrap_or(haystack.len()) - start);
                        return found;
                    }
                    let found = self.find_end_within(cache, haystack, start, end);
                    if found.is_none() && end < haystack.len() {
                        from = end;
                        continue;
                    }
                    found
                }
            };
            cache.selecting.went(found.unwrap_or(haystack.len()) - from);
            return found;
        }
    }

    pub(crate) fn description(&self) -> String {
        let prefilter = if self.regex.is_accelerated() { "with a literal prefilter" } else { "without a prefilter" };
        let dense = self.dense.as_ref().and_then(|lazy| lazy.get());
        let dense = dense.map_or(String::new(), |dense| format!(", or {} where that is faster", dense.description()));
        match (self.patterns, self.regex.pattern_len()) {
            (1, _) => format!("one regex: meta engine, {prefilter}{dense}"),
            (n, 1) => format!("{n} patterns as one regex: meta engine, {prefilter}{dense}"),
            (n, _) => format!("{n} regexes: meta engine, {prefilter}{dense}"),
        }
    }

    /// The automaton, when there is one and it pays.
    #[inline]
    fn dense(&self, done: usize, pace: &Pace, haystack: &[u8]) -> Option<&Dfa> {
        let is_worth_building = done >= Self::BEFORE || haystack.len() >= Self::BEFORE;
        if is_worth_building && pace.is_for_dense() { self.dense.as_ref()?.get() } else { None }
    }

    /// From the start of the line on which `place` is, but not before `from`, to behind its end, or to the end of the
    /// haystack where that is far. Where matches are not confined to lines, all that there is from `from` on is one
    /// line.
    pub(crate) fn line_around(&self, haystack: &[u8], from: usize, place: usize) -> Span {
        /// Looking further for the end of a line, for each of its matches, would be quadratic.
        const FAR: usize = 64 << 10;
        let Some(terminator) = self.terminator else { return Span::new(from, haystack.len()) };
        let near = &haystack[place..haystack.len().min(place + FAR)];
        Span::new(
            memrchr(terminator, &haystack[from..place]).map_or(from, |newline| from + newline + 1),
            memchr(terminator, near).map_or(haystack.len(), |newline| place + newline + 1),
        )
    }
}

pub(super) fn to_match(found: &regex_automata::Match) -> Match {
    Match { start: found.start(), end: found.end(), pattern: PatternId::new(found.pattern().as_usize()) }
}

impl Lazy {
    #[inline]
    fn get(&self) -> Option<&Dfa> {
        self.built.get_or_init(|| Dfa::new(&self.hir, self.terminator)).as_ref()
    }
}

/// Whether the automaton of our own pays, judged by the searches so far. Each of them counts for the bytes that it went
/// over and for some more, [`Pace::CALL`], that the meta engine could search while it is called.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// How far apart matches are when the meta engine is the faster one: it is when it has a literal prefilter, which
    /// skips what lies between.
    far: usize,
    /// How far a search went of late, on average.
    distance: usize,
    /// What the automaton has done of late, less what giving up has cost.
    credit: usize,
    /// How much is left to the meta engine before the automaton is tried again.
    pause: usize,
}

impl Pace {
    const CALL: usize = 64;

    /// What it costs when the automaton gives up.
    const GIVING_UP: usize = 400;

    /// The credit that there is at first, and the most that there can be.
    const CREDIT: Range<usize> = 8 * Self::GIVING_UP..64 * Self::GIVING_UP;

    const PAUSE: usize = 256 << 10;

    fn new(far: usize) -> Self {
        Pace { far, distance: far.min(1 << 10), credit: Self::CREDIT.start, pause: 0 }
    }

    #[inline]
    fn is_for_dense(&self) -> bool {
        self.pause == 0 && self.distance < self.far
    }

    /// The automaton went over this many bytes.
    #[inline]
    fn went(&mut self, bytes: usize) {
        self.distance = (7 * self.distance + bytes.min(1 << 14)) / 8;
        self.credit = (self.credit + Self::CALL + bytes).min(Self::CREDIT.end);
    }

    /// The meta engine went over this many bytes. Says what that counts for.
    #[inline]
    fn went_by_meta(&mut self, bytes: usize) -> usize {
        self.distance = (7 * self.distance + bytes.min(1 << 14)) / 8;
        self.pause = self.pause.saturating_sub(Self::CALL + bytes);
        Self::CALL + bytes
    }

    /// Begins a pause where giving up has used the credit up.
    fn gave_up(&mut self) {
        match self.credit.checked_sub(Self::GIVING_UP) {
            Some(credit) => self.credit = credit,
            None => (self.credit, self.pause) = (Self::CREDIT.start, Self::PAUSE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_automata_follows_the_patterns_and_is_shared_out() {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        assert_eq!(lazy_dfa_cache(1), LAZY_DFA_CACHE);
        for patterns in [2, 300, 3_000, usize::MAX] {
            let one = lazy_dfa_cache(patterns);
            assert!(one >= LAZY_DFA_CACHE && (one == LAZY_DFA_CACHE || one * workers <= LAZY_DFA_CACHES));
        }
    }
}
