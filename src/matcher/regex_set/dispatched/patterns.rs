//! The patterns of a long list, by the way in which each is found, and what their search changes.

use std::sync::{Arc, OnceLock};

use regex_syntax::hir::Hir;

use crate::{
    matcher::{
        literals::Literals,
        regex::engine::{self, Regexes},
        regex_set::{
            confirm::{Caches, Confirming},
            owned::{OwnedLiterals, Seen},
        },
        terminator::LineTerminator,
    },
    span::{Match, PatternId},
};

#[derive(Clone, Debug)]
pub(crate) struct Dispatched(pub(super) Arc<Patterns>);

#[derive(Debug)]
pub(super) struct Patterns {
    pub(super) patterns: Vec<Pattern>,
    /// Those of all patterns that have some.
    pub(super) literals: OwnedLiterals,
    /// Those that are patterns by themselves.
    pub(super) alone: Option<Literals>,
    pub(super) others: Option<Others>,
    /// All patterns as one automaton, for lines on which many could match. None where that is too large.
    pub(super) whole: OnceLock<Option<Regexes>>,
    /// All matches are of pattern 0.
    pub(super) merge: bool,
    pub(super) terminator: LineTerminator,
}

#[derive(Debug)]
pub(super) enum Pattern {
    /// It is a few literals, and nothing else.
    Alone(Hir),
    /// It has to be run where a literal of it is.
    Confirmed(Confirming),
    /// It has no literal.
    Other(Hir),
}

/// The patterns without a literal, told apart.
#[derive(Debug)]
pub(super) struct Others {
    pub(super) regexes: Regexes,
    pub(super) ids: Vec<PatternId>,
}

/// What a search changes.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    pub(super) seen: Seen,
    /// Patterns that have to be run on the line.
    pub(super) candidates: Vec<PatternId>,
    /// A place on the line at which a pattern starts that is a literal.
    pub(super) alone: Option<usize>,
    /// The next match of each of the candidates.
    pub(super) nexts: Vec<Match>,
    pub(super) confirming: Caches,
    pub(super) others: Option<Box<engine::Cache>>,
    pub(super) whole: Option<Box<engine::Cache>>,
}

impl Dispatched {
    pub(crate) fn create_cache(&self) -> Cache {
        Cache {
            seen: Seen::default(),
            candidates: vec![],
            alone: None,
            nexts: vec![],
            confirming: Caches::default(),
            others: self.0.others.as_ref().map(|others| Box::new(others.regexes.create_cache())),
            whole: None,
        }
    }

    pub(crate) fn description(&self) -> String {
        let count = |is: fn(&Pattern) -> bool| self.0.patterns.iter().filter(|pattern| is(pattern)).count();
        let alone = count(|pattern| matches!(pattern, Pattern::Alone(_)));
        let confirmed = count(|pattern| matches!(pattern, Pattern::Confirmed(_)));
        let others = count(|pattern| matches!(pattern, Pattern::Other(_)));
        format!(
            "{} patterns: {alone} by a literal alone, {confirmed} by a regex where a literal of theirs is, {others} by \
             a meta engine for all such; literals: {}",
            self.0.patterns.len(),
            self.0.literals.description()
        )
    }
}

impl Pattern {
    pub(super) fn hir(&self) -> &Hir {
        match self {
            Pattern::Alone(hir) | Pattern::Other(hir) => hir,
            Pattern::Confirmed(confirming) => confirming.hir(),
        }
    }
}

impl Cache {
    pub(super) fn start_line(&mut self) {
        self.candidates.clear();
        self.alone = None;
        self.seen.restart();
    }

    /// A pattern may have several literals on a line.
    pub(super) fn forget_doubles(&mut self) {
        self.candidates.sort_unstable();
        self.candidates.dedup();
    }
}
