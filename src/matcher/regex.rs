//! One or several regexes: the meta engine of regex-automata, which picks among its own strategies.

use regex_automata::{
    Input,
    meta::{self, Regex},
};
use regex_syntax::hir::Hir;

use super::LineTerminator;
use crate::{
    error::Error,
    span::{PatternId, Span},
};

/// How much memory a compiled pattern may take before it is refused.
pub(super) const NFA_SIZE_LIMIT: usize = 100 << 20;

/// How much memory each worker's lazily built automaton may take before its states are thrown away and built anew.
const LAZY_DFA_CACHE: usize = 16 << 20;

#[derive(Clone, Debug)]
pub(super) struct Regexes {
    regex: Regex,
    /// How many patterns it was made of, also where they were made one.
    patterns: usize,
}

/// Why the engine did not take a pattern.
pub(super) fn refused(error: &meta::BuildError) -> Error {
    let cause = match error.size_limit() {
        Some(limit) => format!("it takes more than the {} MiB that are allowed", limit >> 20),
        None => error.to_string(),
    };
    Error::pattern(format!("cannot compile the pattern: {cause}"))
}

impl Regexes {
    pub(super) fn new(patterns: &[Hir], given: usize, terminator: LineTerminator) -> Result<Self, Error> {
        // Empty matches may split a UTF-8 sequence, since a haystack may hold any bytes. The limits for the one-pass
        // and the full DFA are above the engine's defaults, because a pattern is built once and then runs over
        // gigabytes.
        let config = Regex::config()
            .utf8_empty(false)
            .line_terminator(terminator.byte())
            .nfa_size_limit(Some(NFA_SIZE_LIMIT))
            .hybrid_cache_capacity(LAZY_DFA_CACHE)
            .onepass_size_limit(Some(10 << 20))
            .dfa_size_limit(Some(1 << 20))
            .dfa_state_limit(Some(1_000));
        let regex = Regex::builder().configure(config).build_many_from_hir(patterns).map_err(|e| refused(&e))?;
        Ok(Regexes { regex, patterns: given })
    }

    pub(super) fn cache(&self) -> meta::Cache {
        self.regex.create_cache()
    }

    pub(super) fn find_at(&self, cache: &mut meta::Cache, haystack: &[u8], at: usize) -> Option<(Span, PatternId)> {
        let found = self.regex.search_with(cache, &Input::new(haystack).range(at..))?;
        Some((Span::new(found.start(), found.end()), PatternId::new(found.pattern().as_usize())))
    }

    /// The end of some match: of the one that can be told first when reading from `at` on.
    pub(super) fn find_earliest_end(&self, cache: &mut meta::Cache, haystack: &[u8], at: usize) -> Option<usize> {
        let input = Input::new(haystack).range(at..).earliest(true);
        Some(self.regex.search_half_with(cache, &input)?.offset())
    }

    pub(super) fn description(&self) -> String {
        let prefilter = if self.regex.is_accelerated() { "with a literal prefilter" } else { "without a prefilter" };
        match (self.patterns, self.regex.pattern_len()) {
            (1, _) => format!("one regex: meta engine, {prefilter}"),
            (n, 1) => format!("{n} patterns as one regex: meta engine, {prefilter}"),
            (n, _) => format!("{n} regexes: meta engine, {prefilter}"),
        }
    }
}
