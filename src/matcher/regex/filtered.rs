//! Several regexes that all contain a literal: the lines that have one of these are looked for first.
//!
//! A literal prefilter of the engine stands at the start of a match. Where matches stay on their lines, it may stand
//! anywhere: the line around it is searched, and nothing else.

use std::ops::ControlFlow;

use regex_syntax::hir::Hir;

use crate::{
    error::Error,
    matcher::{
        regex::engine::{self, Regexes},
        set::PatternSet,
        syntax::required,
    },
    span::Match,
};

#[derive(Clone, Debug)]
pub(crate) struct Filtered {
    literals: PatternSet,
    regexes: Regexes,
}

impl Filtered {
    /// Takes the regexes, or gives them back where they have no literals or do not need them.
    pub(crate) fn new(patterns: &[Hir], regexes: Regexes) -> Result<Result<Self, Regexes>, Error> {
        if regexes.given() < 2 || regexes.is_accelerated() {
            return Ok(Err(regexes));
        }
        let Some(literals) = required::of_all(patterns) else { return Ok(Err(regexes)) };
        let literals = PatternSet::builder().build(literals)?;
        Ok(Ok(Filtered { literals, regexes }))
    }

    pub(crate) fn create_cache(&self) -> engine::Cache {
        self.regexes.create_cache()
    }

    pub(crate) fn find_at(&self, cache: &mut engine::Cache, haystack: &[u8], at: usize) -> Option<Match> {
        self.find_on_lines(haystack, at, |start, end| self.regexes.find_within(cache, haystack, start, end))
    }

    /// The end of some match on the first line that has one.
    pub(crate) fn find_end(&self, cache: &mut engine::Cache, haystack: &[u8], at: usize) -> Option<usize> {
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
        let found = self.literals.for_each(haystack, at..haystack.len(), |place| {
            if place.start >= from {
                let line = self.regexes.line_around(haystack, from, place.start);
                if let Some(found) = find(line.start, line.end) {
                    return ControlFlow::Break(found);
                }
                from = line.end;
            }
            ControlFlow::Continue(())
        });
        found.break_value()
    }

    pub(crate) fn description(&self) -> String {
        format!("{}, on lines with a literal of theirs; {}", self.regexes.description(), self.literals.description())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::matcher::{builder::MatcherBuilder, parse::Case, strategy::Strategy, terminator::LineTerminator};

    const PATTERNS: &[&str] = &[
        r"\w+foobar",
        r"[a-z]*bazqux\b",
        r"^.*foobar$",
        r"(?:foobar|bazqux)[0-9]+x?",
        r"\d\d-foobar",
        r"[^ ]foobar[^ ]",
        r".foobar.bazqux",
        r"\Bbazqux",
        r"x*foobar",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_found_is_what_the_engine_alone_finds(
            patterns in prop::collection::vec(prop::sample::select(PATTERNS), 2..5),
            words in prop::collection::vec(
                prop::sample::select(vec!["foobar", "bazqux", " ", "\n", "12", "-", "x", "ab", "\u{e9}", "\r\n",
                    "fooba"]),
                0..40,
            ),
            options in 0..16_usize,
        ) {
            let text = words.concat();
            let mut builder = MatcherBuilder::new();
            builder.by_line(true).merge(options % 2 == 0).word(options / 2 % 2 == 1);
            builder.line_terminator([LineTerminator::Lf, LineTerminator::Crlf][options / 4 % 2]);
            builder.case([Case::Sensitive, Case::Insensitive][options / 8 % 2]);
            let matcher = builder.build(&patterns).unwrap();
            let mut plain = matcher.clone();
            if let Strategy::Filtered(filtered) = &matcher.strategy {
                plain.strategy = Strategy::Regexes(filtered.regexes.clone());
            }
            let (mut cache, mut plain_cache) = (matcher.create_cache(), plain.create_cache());
            let found: Vec<_> = matcher.find_iter(&mut cache, text.as_bytes()).collect();
            let wanted: Vec<_> = plain.find_iter(&mut plain_cache, text.as_bytes()).collect();
            prop_assert_eq!(found, wanted);
            let line_of = |at: usize| text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
            for at in 0..=text.len() {
                let found = matcher.find_on_line(&mut cache, text.as_bytes(), at).map(line_of);
                let wanted = plain.find_on_line(&mut plain_cache, text.as_bytes(), at).map(line_of);
                prop_assert_eq!(found, wanted, "{}", at);
            }
        }
    }

    #[test]
    fn it_is_taken_where_every_pattern_has_a_literal_that_is_not_in_front() {
        let is_filtered = |patterns: &[&str], by_line| {
            let matcher = MatcherBuilder::new().by_line(by_line).merge(true).build(patterns).unwrap();
            matches!(matcher.strategy, Strategy::Filtered(_))
        };
        assert!(is_filtered(&[r"\w+foobar", r"[0-9]+bazqux"], true));
        assert!(!is_filtered(&[r"\w+foobar", r"[0-9]+"], true));
        assert!(!is_filtered(&[r"\w+foobar"], true));
        assert!(!is_filtered(&[r"\w+foobar", r"[0-9]+bazqux"], false));
    }
}
