//! Literals, and the patterns that have each: which patterns may match on a line.
//!
//! A line can have far more occurrences of literals than there are literals, since one may begin with others: a
//! thousand of the kind `abab...` occur half a million times on a line of a thousand bytes. So of the literals that
//! start at a place only the longest is looked for. All others that start there are what it begins with, which is known
//! beforehand; and what was seen on the line already has been followed before.
//!
//! Where borders have to be around literals, as for whole words, all that start at a place are looked for: what the
//! longest begins with may have the borders that it lacks. There are few, since one border is in front of all.

use std::ops::{ControlFlow, Range};

use crate::{
    error::Error,
    matcher::set::{Borders, MatchKind, PatternSet},
    span::PatternId,
};

/// No literal, or no pattern.
const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub(crate) struct OwnedLiterals {
    set: PatternSet,
    /// Whose literal each is: those of literal `i` are `owners[starts[i]..starts[i + 1]]`, ascending.
    starts: Vec<u32>,
    owners: Vec<PatternId>,
    /// For each literal, the longest other one that it begins with; none where borders are around them.
    parents: Vec<u32>,
    has_borders: bool,
}

/// Which literals were seen since the last restart. One for each worker.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// When each was seen last.
    when: Vec<u32>,
    now: u32,
}

impl OwnedLiterals {
    /// # Errors
    ///
    /// As [`PatternSetBuilder::build`](crate::matcher::set::PatternSetBuilder::build).
    pub(crate) fn new(mut owned: Vec<(Vec<u8>, PatternId)>, fold: bool, borders: Borders) -> Result<Self, Error> {
        let has_borders = borders != Borders::None;
        if fold {
            // Spellings that differ in case alone are one literal.
            owned.iter_mut().for_each(|(literal, _)| literal.make_ascii_lowercase());
        }
        owned.sort_unstable();
        owned.dedup();
        let (mut starts, mut parents) = (vec![], vec![]);
        let mut literals: Vec<&[u8]> = vec![];
        // What the last one begins with, itself included.
        let mut prefixes: Vec<u32> = vec![];
        for (at, (literal, _)) in owned.iter().enumerate() {
            if literals.last() == Some(&&literal[..]) {
                continue;
            }
            while prefixes.pop_if(|&mut last| !literal.starts_with(literals[last as usize])).is_some() {}
            parents.push(prefixes.last().copied().filter(|_| !has_borders).unwrap_or(NONE));
            prefixes.push(literals.len() as u32);
            literals.push(literal);
            starts.push(at as u32);
        }
        starts.push(owned.len() as u32);
        let set = PatternSet::builder().kind(MatchKind::Overlapping).ascii_case_insensitive(fold).build(&literals)?;
        let set = set.with_borders(borders);
        let owners = owned.iter().map(|(_, id)| *id).collect();
        Ok(OwnedLiterals { set, starts, owners, parents, has_borders })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// How many patterns have literals, each counted for each of its literals.
    #[cfg(test)]
    pub(crate) fn owners(&self) -> usize {
        self.owners.len()
    }

    /// Calls `each` with the places in a range at which literals start, and the longest of those there; with a few more
    /// of them now and then.
    pub(crate) fn each_place<B>(
        &self,
        haystack: &[u8],
        starts: Range<usize>,
        mut each: impl FnMut(usize, PatternId) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match self.has_borders {
            true => self.set.for_each(haystack, starts, |m| each(m.start, m.pattern)),
            false => self.set.longest_at_each(haystack, starts, |m| each(m.start, m.pattern)),
        }
    }

    /// Calls `each` with the patterns that have a literal, or one that it begins with, unless that was seen already.
    ///
    /// # Complexity
    ///
    /// What is seen once costs nothing more until the restart: linear in the patterns reported.
    #[inline]
    pub(crate) fn see(&self, seen: &mut Seen, literal: PatternId, mut each: impl FnMut(PatternId)) {
        let mut literal = literal.index();
        while seen.is_new(literal, self.parents.len()) {
            self.owners_of(literal).iter().for_each(|&id| each(id));
            match self.parents[literal] {
                NONE => return,
                parent => literal = parent as usize,
            }
        }
    }

    /// Calls `each` with the patterns that have a literal, or one that it begins with.
    pub(crate) fn each_owner(&self, literal: PatternId, mut each: impl FnMut(PatternId)) {
        let mut literal = literal.index() as u32;
        while literal != NONE {
            self.owners_of(literal as usize).iter().for_each(|&id| each(id));
            literal = self.parents[literal as usize];
        }
    }

    /// The length of a literal, and the first of the patterns that have it.
    pub(crate) fn len_and_owner(&self, literal: PatternId) -> (usize, PatternId) {
        (self.set.pattern(literal).len(), self.owners_of(literal.index())[0])
    }

    fn owners_of(&self, literal: usize) -> &[PatternId] {
        &self.owners[self.starts[literal] as usize..self.starts[literal + 1] as usize]
    }

    pub(crate) fn description(&self) -> String {
        self.set.description()
    }
}

impl Seen {
    /// Nothing was seen.
    pub(crate) fn restart(&mut self) {
        self.now = self.now.wrapping_add(1);
        if self.now == 0 {
            self.when.fill(0);
            self.now = 1;
        }
    }

    #[inline]
    fn is_new(&mut self, literal: usize, of: usize) -> bool {
        if self.when.is_empty() {
            self.when.resize(of, 0);
            self.now = self.now.max(1);
        }
        std::mem::replace(&mut self.when[literal], self.now) != self.now
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// The patterns on a text, and how many places and patterns were reported for them.
    fn found(literals: &OwnedLiterals, seen: &mut Seen, text: &[u8]) -> (BTreeSet<usize>, usize) {
        let (mut found, mut steps) = (BTreeSet::new(), 0);
        seen.restart();
        let _ = literals.each_place(text, 0..text.len() + 1, |_, literal| {
            steps += 1;
            literals.see(seen, literal, |id| {
                steps += 1;
                found.insert(id.index());
            });
            ControlFlow::<()>::Continue(())
        });
        (found, steps)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_patterns_are_those_whose_literals_are_there(
            literals in prop::collection::vec(("[abAB]{1,5}|[a-c]{1,2}x?", 0..20_usize), 1..120),
            texts in prop::collection::vec("[abcxAB ]{0,40}", 4),
            fold in any::<bool>(),
        ) {
            let owned: Vec<_> =
                literals.iter().map(|(literal, id)| (literal.clone().into_bytes(), PatternId::new(*id))).collect();
            let set = OwnedLiterals::new(owned, fold, Borders::None).unwrap();
            let mut seen = Seen::default();
            let folded = |text: &str| if fold { text.to_ascii_lowercase() } else { text.to_owned() };
            for text in &texts {
                let has = |literal: &str| folded(text).contains(&folded(literal));
                let wanted: BTreeSet<usize> =
                    literals.iter().filter(|(literal, _)| has(literal)).map(|(_, id)| *id).collect();
                prop_assert_eq!(found(&set, &mut seen, text.as_bytes()).0, wanted);
            }
        }
    }

    #[test]
    fn the_work_does_not_depend_on_the_number_of_occurrences() {
        let text = b"ab".repeat(500);
        let suffixes = (0..text.len()).map(|at| (text[at..].to_vec(), PatternId::new(at))).collect();
        let set = OwnedLiterals::new(suffixes, false, Borders::None).unwrap();
        let mut seen = Seen::default();
        let (patterns, steps) = found(&set, &mut seen, &text);
        assert_eq!(patterns.len(), text.len());
        assert!(steps < 10 * text.len(), "{steps} for {} occurrences", text.len() * text.len() / 4);
    }

    #[test]
    fn time_may_run_out() {
        let literals = OwnedLiterals::new(vec![(b"ab".to_vec(), PatternId::new(0))], false, Borders::None).unwrap();
        let mut seen = Seen { when: vec![1], now: u32::MAX };
        assert_eq!(found(&literals, &mut seen, b"ab").0.len(), 1);
        assert_eq!(seen.now, 1);
    }
}
