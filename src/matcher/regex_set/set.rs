//! A set of regexes, and which of them match on one line.

use std::{fmt, ops::ControlFlow, sync::OnceLock};

use memchr::memchr;
use regex_automata::{Anchored, Input, MatchKind as EngineKind, PatternSet as EngineSet, meta::Regex};
use regex_syntax::hir::Hir;

use super::{
    cache::{MANY, SetCache},
    confirm::{Caches, Confirming, compile},
    owned::{OwnedLiterals, Seen},
    sequences::{Found, Sequences},
};
use crate::{matcher::terminator::LineTerminator, span::PatternId};

/// How much memory those without a literal may take together.
pub(super) const LAZY_DFA_CACHE_OF_ALL: usize = 16 << 20;

/// No regex.
pub(super) const NONE: u32 = u32::MAX;

/// Patterns that are told apart; built with [`MatcherBuilder::build_set`](crate::matcher::MatcherBuilder::build_set).
/// Each is looked for on every line by itself.
pub struct RegexSet {
    /// What has to be run where a literal or a shape of a pattern is, unless the literal is the pattern.
    pub(super) regexes: Vec<Confirming>,
    /// For each pattern, which of these; [`NONE`] without one.
    pub(super) confirm: Vec<u32>,
    pub(super) literals: OwnedLiterals,
    /// Of patterns that match at a place, the longest match is wanted. All of them are literals then.
    pub(super) longest: bool,
    /// Sequences, of patterns that are no literals.
    pub(super) shapes: Option<Sequences>,
    pub(super) others: Option<Others>,
    pub(super) terminator: LineTerminator,
}

/// The patterns that match on a line: [`RegexSet::on_line`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinePatterns {
    ids: Vec<PatternId>,
    /// Those of them that are more than a literal.
    confirmed: Vec<PatternId>,
}

impl LinePatterns {
    /// All of them, in the order of the list.
    pub fn ids(&self) -> &[PatternId] {
        &self.ids
    }
}

/// The patterns with neither a literal nor a shape, as one engine.
pub(super) struct Others {
    pub(super) regex: Regex,
    /// Tells them apart on a line by itself, where the one above takes a lone `\r` for the end of a line.
    pub(super) one_line: Option<Regex>,
    /// The patterns for a line by itself.
    pub(super) hirs: Vec<Hir>,
    /// Tells which of them is the first that matches at a place.
    pub(super) first: OnceLock<Regex>,
    pub(super) ids: Vec<PatternId>,
}

impl fmt::Debug for RegexSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RegexSet").field(&self.description()).finish()
    }
}

impl RegexSet {
    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.confirm.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What ends a line.
    pub fn line_terminator(&self) -> LineTerminator {
        self.terminator
    }

    /// A cache for this set.
    pub fn create_cache(&self) -> SetCache {
        SetCache {
            regexes: Caches::default(),
            seen: Seen::default(),
            others: (self.others.as_ref())
                .map(|others| (others.regex.create_cache(), EngineSet::new(others.regex.pattern_len()))),
            first_of_others: None,
            found: self.shapes.as_ref().map(|_| Box::new(Found::new())),
            candidates: vec![],
            limit: MANY,
            ids: vec![],
        }
    }

    /// What was chosen to run the patterns, in one line for people.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = mapgrep::matcher::MatcherBuilder::new().build_set(["needle", r"pin\d", "[0-9]x?"])?;
    /// let kinds = "3 patterns told apart: 1 by a literal alone, 1 by a shape or a literal and a regex, 1 by";
    /// assert!(set.description().starts_with(kinds));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn description(&self) -> String {
        let others = self.others.as_ref().map_or(0, |others| others.ids.len());
        let confirmed = self.regexes.len();
        let alone = self.len() - others - confirmed;
        let shapes = self.shapes.as_ref().map_or(0, Sequences::len);
        format!(
            "{} patterns told apart: {alone} by a literal alone, {confirmed} by a shape or a literal and a regex, \
             {others} by an engine for all such; {shapes} shapes; literals: {}",
            self.len(),
            self.literals.description()
        )
    }

    /// The patterns that match on a line, in order. The line may come with its terminator.
    ///
    /// # Complexity
    ///
    /// One pass for all literals and all offsets where they are, and one pass for each pattern whose literal is there;
    /// patterns without a literal are run together.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = mapgrep::matcher::MatcherBuilder::new().build_set(["[a-z]+", "b", "c"])?;
    /// let ids = set.matches(&mut set.create_cache(), b"1 ab\n").to_vec();
    /// assert_eq!(ids.iter().map(|id| id.index()).collect::<Vec<_>>(), [0, 1]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn matches<'c>(&self, cache: &'c mut SetCache, line: &[u8]) -> &'c [PatternId] {
        let content = self.terminator.strip(line);
        cache.start_line();
        let _ = self.literals.each_place(content, 0..content.len() + 1, |_, literal| {
            self.see(cache, literal);
            ControlFlow::<()>::Continue(())
        });
        if let (Some(shapes), Some(mut found)) = (&self.shapes, cache.found.take()) {
            found.restart();
            let mut at = 0;
            while let Some((place, which)) = shapes.next(&mut found, content, at) {
                cache.see(shapes.owners_of(which));
                at = place + 1;
            }
            cache.found = Some(found);
        }
        self.confirm(cache, content, true);
        &cache.ids
    }

    /// The patterns that match on a line, to be kept. The line may come with its terminator.
    ///
    /// # Complexity
    ///
    /// As [`matches`](RegexSet::matches).
    pub fn on_line(&self, cache: &mut SetCache, line: &[u8]) -> LinePatterns {
        let ids = self.matches(cache, line).to_vec();
        let is_confirmed = |id: &PatternId| self.confirm[id.index()] != NONE;
        let confirmed = ids.iter().copied().filter(is_confirmed).collect();
        LinePatterns { ids, confirmed }
    }

    /// The first of the patterns on a line, in the order of the list, that matches at a place in it, or the longest one
    /// with [`longest`](crate::matcher::MatcherBuilder::longest): where the patterns are searched
    /// for as one and a match begins there, it is this one's. The line comes as for [`on_line`](RegexSet::on_line).
    ///
    /// # Complexity
    ///
    /// One search, which begins and ends at the place, for each of the patterns that is more than a literal.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = mapgrep::matcher::MatcherBuilder::new().build_set(["[a-z]+", "b", "ab"])?;
    /// let mut cache = set.create_cache();
    /// let patterns = set.on_line(&mut cache, b"1 ab");
    /// assert_eq!(patterns.ids().len(), 3);
    /// assert_eq!(set.first_at(&mut cache, b"1 ab", 2, &patterns).map(|id| id.index()), Some(0));
    /// assert_eq!(set.first_at(&mut cache, b"1 ab", 0, &patterns), None);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn first_at(
        &self,
        cache: &mut SetCache,
        line: &[u8],
        place: usize,
        patterns: &LinePatterns,
    ) -> Option<PatternId> {
        let content = self.terminator.strip(line);
        let place = place.min(content.len());
        let input = Input::new(content).range(place..).anchored(Anchored::Yes);
        let mut first: Option<PatternId> = None;
        let mut longest = 0;
        let _ = self.literals.each_place(content, place..place + 1, |_, literal| {
            if self.longest {
                let (len, owner) = self.literals.len_and_owner(literal);
                if first.is_none() || len > longest {
                    (first, longest) = (Some(owner), len);
                }
                return ControlFlow::<()>::Continue(());
            }
            self.literals.each_owner(literal, |id| {
                if self.confirm[id.index()] == NONE && first.is_none_or(|first| id < first) {
                    first = Some(id);
                }
            });
            ControlFlow::<()>::Continue(())
        });
        for &id in patterns.confirmed.iter().take_while(|&&id| first.is_none_or(|first| id < first)) {
            if self.is_match(&mut cache.regexes, id, &input) {
                first = Some(id);
                break;
            }
        }
        let Some(others) = &self.others else { return first };
        if first.is_some_and(|first| first < others.ids[0]) {
            return first;
        }
        let regex = others.first(self.terminator);
        let cache = cache.first_of_others.get_or_insert_with(|| Box::new(regex.create_cache()));
        // Of patterns that match at the same place the engine takes the first.
        let found = regex.search_half_with(cache, &input).map(|found| others.ids[found.pattern().as_usize()]);
        found.into_iter().chain(first).min()
    }

    fn is_match(&self, caches: &mut Caches, id: PatternId, input: &Input<'_>) -> bool {
        let index = self.confirm[id.index()] as usize;
        self.regexes[index].is_match(caches, index, input)
    }

    /// Notes whose literal was seen on the line.
    pub(super) fn see(&self, cache: &mut SetCache, literal: PatternId) {
        let SetCache { seen, candidates, .. } = cache;
        self.literals.see(seen, literal, |id| candidates.push(id));
    }

    /// Leaves in `cache.ids` which of the candidates match on a line, and which of the other patterns.
    pub(super) fn confirm(&self, cache: &mut SetCache, content: &[u8], has_others: bool) {
        cache.ids.clear();
        cache.forget_doubles();
        for &id in &cache.candidates {
            let input = Input::new(content);
            let matches = self.confirm[id.index()] == NONE || self.is_match(&mut cache.regexes, id, &input);
            if matches {
                cache.ids.push(id);
            }
        }
        if let (true, Some(others), Some((engine, found))) = (has_others, &self.others, &mut cache.others) {
            found.clear();
            let input = Input::new(content);
            match &others.one_line {
                Some(one_line) if memchr(b'\r', content).is_some() => one_line.which_overlapping_matches(&input, found),
                _ => others.regex.which_overlapping_matches_with(engine, &input, found),
            }
            cache.ids.extend(found.iter().map(|id| others.ids[id.as_usize()]));
        }
        cache.ids.sort_unstable();
    }
}

impl Others {
    fn first(&self, terminator: LineTerminator) -> &Regex {
        self.first.get_or_init(|| {
            let hirs: Vec<&Hir> = self.hirs.iter().collect();
            compile(&hirs, LAZY_DFA_CACHE_OF_ALL, EngineKind::LeftmostFirst, terminator)
                .expect("what was compiled for other matches of the same patterns")
        })
    }
}
