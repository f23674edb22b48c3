//! Several regexes that all contain a literal: the lines that have one of these are looked for first.
//!
//! A literal prefilter of the engine stands at the start of a match. Where matches stay on their lines, it may stand anywhere: the line
//! around it is searched, and nothing else.

use std::ops::ControlFlow;

use memchr::{memchr, memrchr};
use regex_syntax::hir::Hir;

use super::{
    regex::{self, Regexes},
    required,
    set::PatternSet,
};
use crate::{
    error::Error,
    span::{PatternId, Span},
};

#[derive(Clone, Debug)]
pub(super) struct Filtered {
    literals: PatternSet,
    regexes: Regexes,
    terminator: u8,
}

impl Filtered {
    /// Takes the regexes, or gives them back where they have no literals or do not need them.
    pub(super) fn new(patterns: &[Hir], regexes: Regexes, terminator: u8) -> Result<Result<Self, Regexes>, Error> {
        if regexes.given() < 2 || regexes.is_accelerated() {
            return Ok(Err(regexes));
        }
        let Some(literals) = required::of_all(patterns) else { return Ok(Err(regexes)) };
        let literals = PatternSet::builder().build(literals)?;
        Ok(Ok(Filtered { literals, regexes, terminator }))
    }

    pub(super) fn cache(&self) -> regex::Cache {
        self.regexes.cache()
    }

    pub(super) fn find_at(&self, cache: &mut regex::Cache, haystack: &[u8], at: usize) -> Option<(Span, PatternId)> {
        self.find_on_lines(haystack, at, |start, end| self.regexes.find_within(cache, haystack, start, end))
    }

    /// The end of some match on the first line that has one.
    pub(super) fn find_end(&self, cache: &mut regex::Cache, haystack: &[u8], at: usize) -> Option<usize> {
        self.find_on_lines(haystack, at, |start, end| self.regexes.find_end_within(cache, haystack, start, end))
    }

    /// The first result of `find` on a line with a literal, or on the part of it from `at` on.
    fn find_on_lines<T>(
        &self,
        haystack: &[u8],
        at: usize,
        mut find: impl FnMut(usize, usize) -> Option<T>,
    ) -> Option<T> {
        let mut from = at;
        let found = self.literals.for_each(haystack, at..haystack.len(), |place, _| {
            if place.start >= from {
                let start = memrchr(self.terminator, &haystack[from..place.start]).map_or(from, |end| from + end + 1);
                let end = memchr(self.terminator, &haystack[place.end..]);
                // An assertion at the end of a line looks at what ends it.
                let end = end.map_or(haystack.len(), |end| place.end + end);
                if let Some(found) = find(start, end) {
                    return ControlFlow::Break(found);
                }
                from = end;
            }
            ControlFlow::Continue(())
        });
        found.break_value()
    }

    pub(super) fn description(&self) -> String {
        format!("{}, on lines with a literal of theirs; {}", self.regexes.description(), self.literals.description())
    }
}
