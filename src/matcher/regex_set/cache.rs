//! What a search with a set of regexes changes.

use std::fmt;

use regex_automata::{PatternSet as EngineSet, meta};

use super::{confirm::Caches, owned::Seen, sequences::Found};
use crate::span::PatternId;

/// How many candidates may be seen on a line before those are looked for that were seen before.
pub(super) const MANY: usize = 1024;

/// What a search with a [`RegexSet`](super::RegexSet) changes. Each thread has its own.
pub struct SetCache {
    pub(super) regexes: Caches,
    /// Literals that were seen on the line.
    pub(super) seen: Seen,
    pub(super) others: Option<(meta::Cache, EngineSet)>,
    pub(super) first_of_others: Option<Box<meta::Cache>>,
    /// Candidates where shapes may be.
    pub(super) found: Option<Box<Found>>,
    /// Patterns of which a literal or a shape was seen on the line.
    pub(super) candidates: Vec<PatternId>,
    /// How many of them there may be before each is looked for among the others.
    pub(super) limit: usize,
    pub(super) ids: Vec<PatternId>,
}

impl fmt::Debug for SetCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCache").finish_non_exhaustive()
    }
}

impl SetCache {
    /// Notes patterns that may match on the line.
    pub(super) fn see(&mut self, ids: impl Iterator<Item = PatternId>) {
        self.candidates.extend(ids);
        if self.candidates.len() >= self.limit {
            self.forget_doubles();
        }
    }

    pub(super) fn start_line(&mut self) {
        self.candidates.clear();
        self.seen.restart();
        self.limit = MANY;
    }

    pub(super) fn forget_doubles(&mut self) {
        self.candidates.sort_unstable();
        self.candidates.dedup();
        self.limit = MANY.max(2 * self.candidates.len());
    }
}
