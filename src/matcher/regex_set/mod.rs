//! Many patterns at once, told apart: which of them match on a line.
//!
//! Automata for many regexes are large, and slow where they have to say which of them matched. But most regexes that
//! people write contain a literal, or at least a shape: classes of bytes, one behind the other, that are rare. A search
//! for all of these at once, which is fast, leaves few lines, and on each the few regexes whose literal or shape is
//! there. The rest are run together on everything.
//!
//! # Examples
//!
//! ```
//! use std::ops::ControlFlow;
//! use mapgrep::matcher::MatcherBuilder;
//!
//! let set = MatcherBuilder::new().build_set([r"AKIA[0-9A-Z]{16}", r"ghp_\w{36}", "password"])?;
//! let mut cache = set.cache();
//! let text = b"nothing here\npassword = AKIAIOSFODNN7EXAMPLE\n";
//! let mut found = vec![];
//! let _ = set.for_each_line(&mut cache, text, |line, ids| {
//!     found.push((line.range(), ids.iter().map(|id| id.index()).collect::<Vec<_>>()));
//!     ControlFlow::<()>::Continue(())
//! });
//! assert_eq!(found, [(13..45, vec![0, 2])]);
//! # Ok::<(), mapgrep::Error>(())
//! ```

pub(crate) mod confirm;
pub(crate) mod dispatched;
pub(crate) mod owned;
pub(crate) mod sequences;

use std::{fmt, ops::ControlFlow, sync::OnceLock};

use memchr::{memchr, memrchr};
use regex_automata::{
    Anchored, Input, MatchKind as EngineKind, PatternSet as EngineSet,
    meta::{self, Regex},
};
use regex_syntax::hir::Hir;

use crate::{
    error::Error,
    matcher::{
        builder::{Case, MatcherBuilder},
        literals,
        regex_set::{
            confirm::{Caches, Confirming, compile},
            owned::{OwnedLiterals, Seen},
            sequences::{Found, Sequences, Which},
        },
        set::Borders,
        syntax::{
            required::{self, Required},
            sequence::Sequence,
            translate,
        },
        terminator::LineTerminator,
    },
    span::{PatternId, Span},
};

/// How much memory those without a literal may take together.
const LAZY_DFA_CACHE_OF_ALL: usize = 16 << 20;

/// No regex.
const NONE: u32 = u32::MAX;

/// How many candidates may be seen on a line before those are looked for that were seen before.
const MANY: usize = 1024;

/// Patterns that are told apart; built with [`MatcherBuilder::build_set`]. Each is looked for on every line by itself.
pub struct RegexSet {
    /// What has to be run where a literal or a shape of a pattern is, unless the literal is the pattern.
    regexes: Vec<Confirming>,
    /// For each pattern, which of these; [`NONE`] without one.
    confirm: Vec<u32>,
    literals: OwnedLiterals,
    /// Of patterns that match at a place, the longest match is wanted. All of them are literals then.
    longest: bool,
    /// Sequences, of patterns that are no literals.
    shapes: Option<Sequences>,
    others: Option<Others>,
    terminator: LineTerminator,
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
struct Others {
    regex: Regex,
    /// Tells them apart on a line by itself, where the one above takes a lone `\r` for the end of a line.
    one_line: Option<Regex>,
    /// The patterns for a line by itself.
    hirs: Vec<Hir>,
    /// Tells which of them is the first that matches at a place.
    first: OnceLock<Regex>,
    ids: Vec<PatternId>,
}

/// The lines on which patterns without a literal may match, as a walk comes to them.
#[derive(Default)]
struct OtherLines {
    /// The next one.
    line: Option<Span>,
    /// The next place with shapes, and which.
    shapes: Option<(usize, Which)>,
    /// The next line on which one of the others matches.
    others: Option<Span>,
}

/// What a search with a [`RegexSet`] changes. Each thread has its own.
pub struct SetCache {
    regexes: Caches,
    /// Literals that were seen on the line.
    seen: Seen,
    others: Option<(meta::Cache, EngineSet)>,
    first_of_others: Option<Box<meta::Cache>>,
    /// Candidates where shapes may be.
    found: Option<Box<Found>>,
    /// Patterns of which a literal or a shape was seen on the line.
    candidates: Vec<PatternId>,
    /// How many of them there may be before each is looked for among the others.
    limit: usize,
    ids: Vec<PatternId>,
}

impl fmt::Debug for RegexSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RegexSet").field(&self.description()).finish()
    }
}

impl fmt::Debug for SetCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCache").finish_non_exhaustive()
    }
}

impl MatcherBuilder {
    /// Compiles patterns that are told apart. Matches lie within one line, whether or not
    /// [`by_line`](MatcherBuilder::by_line) says so.
    ///
    /// # Errors
    ///
    /// Those of [`build`](MatcherBuilder::build) with `by_line`.
    ///
    /// # Complexity
    ///
    /// As [`build`](MatcherBuilder::build); a million plain literals take about a second.
    pub fn build_set<P: AsRef<[u8]>>(&self, patterns: impl IntoIterator<Item = P>) -> Result<RegexSet, Error> {
        let patterns: Vec<P> = patterns.into_iter().collect();
        let mut apart = self.clone();
        apart.by_line(true).merge(false);
        if let Some(set) = apart.set_of_strings(&patterns)? {
            return Ok(set);
        }
        self.refuse_longest(patterns.len())?;
        let hirs = apart.parse(&patterns)?;
        // With case ignored, more patterns may have a literal, or be one.
        let (fold, all) = required::choose(&hirs, self.case != Case::Sensitive, required::LEAST_BITS);
        RegexSet::new(&hirs, all, fold, self.terminator)
    }

    /// A set of plain strings, which need no regexes, whatever has to be around them. None where something about them
    /// does.
    fn set_of_strings<P: AsRef<[u8]>>(&self, strings: &[P]) -> Result<Option<RegexSet>, Error> {
        let Some(ignore_case) = self.ignores_case_of_plain(strings) else { return Ok(None) };
        let borders = self.borders();
        // Without borders, an empty string would be seen at every place of every line.
        if borders == Borders::None && strings.iter().any(|string| string.as_ref().is_empty()) {
            return Ok(None);
        }
        let Some(literals) = literals::spellings(strings, ignore_case) else { return Ok(None) };
        let parts = Parts { confirm: vec![NONE; strings.len()], borders, longest: self.longest, ..Parts::default() };
        RegexSet::assemble(parts, literals, ignore_case, self.terminator).map(Some)
    }
}

/// What a [`RegexSet`] is made of beside its literals.
#[derive(Default)]
struct Parts {
    regexes: Vec<Confirming>,
    confirm: Vec<u32>,
    borders: Borders,
    longest: bool,
    shapes: Option<Sequences>,
    others: Option<Others>,
}

impl RegexSet {
    fn new(
        hirs: &[Hir],
        required: Vec<Option<Required>>,
        fold: bool,
        terminator: LineTerminator,
    ) -> Result<Self, Error> {
        let (mut regexes, mut confirm) = (vec![], vec![]);
        let mut owned: Vec<(Vec<u8>, PatternId)> = vec![];
        let mut others = vec![];
        let (shapes, has_shapes) = shapes(hirs, &required);
        for (index, (hir, required)) in hirs.iter().zip(required).enumerate() {
            let id = PatternId::new(index);
            let needs_regex = has_shapes[index] || required.as_ref().is_some_and(|required| !required.is_all);
            confirm.push(if needs_regex { regexes.len() as u32 } else { NONE });
            if needs_regex {
                let also = required.as_ref().map_or(vec![], |required| required.also.clone());
                regexes.push(Confirming::new(translate::for_one_line(hir.clone(), terminator), also, terminator)?);
            }
            match required {
                _ if has_shapes[index] => {}
                Some(required) => owned.extend(required.literals.into_iter().map(|literal| (literal, id))),
                None => others.push(id),
            }
        }
        required::without_longer(&mut owned, |id| confirm[id.index()] != NONE);
        let others = match others.is_empty() {
            true => None,
            false => {
                let hirs: Vec<&Hir> = others.iter().map(|id| &hirs[id.index()]).collect();
                let compile = |hirs: &[&Hir]| compile(hirs, LAZY_DFA_CACHE_OF_ALL, EngineKind::All, terminator);
                let regex = compile(&hirs)?;
                let has_crlf_end = hirs.iter().any(|hir| translate::has_crlf_end(hir, terminator));
                let one_line = |hir: &Hir| translate::for_one_line(hir.clone(), terminator);
                let hirs: Vec<Hir> = hirs.into_iter().map(one_line).collect();
                let one_line = has_crlf_end.then(|| compile(&hirs.iter().collect::<Vec<_>>())).transpose()?;
                Some(Others { regex, one_line, hirs, first: OnceLock::new(), ids: others })
            }
        };
        let parts = Parts { regexes, confirm, shapes, others, ..Parts::default() };
        RegexSet::assemble(parts, owned, fold, terminator)
    }

    /// A set of these literals and what is to be run where they are.
    fn assemble(
        parts: Parts,
        owned: Vec<(Vec<u8>, PatternId)>,
        fold: bool,
        terminator: LineTerminator,
    ) -> Result<Self, Error> {
        let Parts { regexes, confirm, borders, longest, shapes, others } = parts;
        let literals = OwnedLiterals::new(owned, fold, borders)?;
        Ok(RegexSet { regexes, confirm, literals, longest, shapes, others, terminator })
    }

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
    pub fn cache(&self) -> SetCache {
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
    /// let kinds = "3 patterns told apart: 1 by a literal alone, 1 by a shape or a literal and a regex, 1 by an engine for all such";
    /// assert!(set.description().starts_with(kinds));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn description(&self) -> String {
        let others = self.others.as_ref().map_or(0, |others| others.ids.len());
        let confirmed = self.regexes.len();
        let alone = self.len() - others - confirmed;
        let shapes = self.shapes.as_ref().map_or(0, Sequences::len);
        format!(
            "{} patterns told apart: {alone} by a literal alone, {confirmed} by a shape or a literal and a regex, {others} by an engine \
             for all such; {shapes} shapes; literals: {}",
            self.len(),
            self.literals.description()
        )
    }

    /// The patterns that match on a line, in order. The line may come with its terminator.
    ///
    /// # Complexity
    ///
    /// One pass for all literals and all places where they are, and one pass for each pattern whose literal is there;
    /// patterns without a literal are run together.
    pub fn matching<'c>(&self, cache: &'c mut SetCache, line: &[u8]) -> &'c [PatternId] {
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
    /// As [`matching`](RegexSet::matching).
    pub fn on_line(&self, cache: &mut SetCache, line: &[u8]) -> LinePatterns {
        let ids = self.matching(cache, line).to_vec();
        let is_confirmed = |id: &PatternId| self.confirm[id.index()] != NONE;
        let confirmed = ids.iter().copied().filter(is_confirmed).collect();
        LinePatterns { ids, confirmed }
    }

    /// The first of the patterns on a line, in the order of the list, that matches at a place in it, or the longest one
    /// with [`longest`](MatcherBuilder::longest): where the patterns are searched
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
    /// let mut cache = set.cache();
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

    /// Calls `each` with the lines on which patterns match, and with these patterns, in order, until it says that it
    /// wants no more. The text consists of whole lines; the last one need not have a terminator.
    ///
    /// # Complexity
    ///
    /// One pass for all literals and all places where they are, the lines where there are some once for each pattern of
    /// them, and one pass for all patterns without a literal.
    pub fn for_each_line<B>(
        &self,
        cache: &mut SetCache,
        text: &[u8],
        mut each: impl FnMut(Span, &[PatternId]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if let Some(found) = &mut cache.found {
            found.restart();
        }
        let mut other = OtherLines::default();
        self.next_other(cache, text, 0, &mut other);
        let mut line = Span::new(0, 0);
        cache.start_line();
        if !self.literals.is_empty() {
            self.literals.each_place(text, 0..text.len() + 1, |place, literal| {
                if place >= line.end {
                    self.flush(cache, text, line, &mut other, &mut each)?;
                    line = self.line_at(text, line.end, place);
                    cache.start_line();
                }
                self.see(cache, literal);
                ControlFlow::Continue(())
            })?;
            self.flush(cache, text, line, &mut other, &mut each)?;
        }
        while let Some(line) = other.line {
            cache.start_line();
            self.report_other(cache, text, line, &mut other, &mut each)?;
        }
        ControlFlow::Continue(())
    }

    /// Reports the lines before `line` that only patterns without a literal match, and that line.
    fn flush<B>(
        &self,
        cache: &mut SetCache,
        text: &[u8],
        line: Span,
        other: &mut OtherLines,
        each: &mut impl FnMut(Span, &[PatternId]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if line.is_empty() {
            return ControlFlow::Continue(());
        }
        if other.line.is_some_and(|other| other.start < line.start) {
            let candidates = std::mem::take(&mut cache.candidates);
            while let Some(before) = other.line.filter(|other| other.start < line.start) {
                cache.start_line();
                self.report_other(cache, text, before, other, each)?;
            }
            cache.candidates = candidates;
        }
        match other.line == Some(line) {
            true => self.report_other(cache, text, line, other, each),
            false => self.report(cache, text, line, false, each),
        }
    }

    /// Reports the next of the other lines, and goes on to that behind it.
    fn report_other<B>(
        &self,
        cache: &mut SetCache,
        text: &[u8],
        line: Span,
        other: &mut OtherLines,
        each: &mut impl FnMut(Span, &[PatternId]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        while let (Some(shapes), Some((place, which))) = (&self.shapes, other.shapes)
            && place < line.end
        {
            cache.see(shapes.owners_of(which));
            other.shapes = cache.found.as_mut().and_then(|found| shapes.next(found, text, place + 1));
        }
        let has_others = other.others == Some(line);
        self.next_other(cache, text, line.end, other);
        self.report(cache, text, line, has_others, each)
    }

    fn report<B>(
        &self,
        cache: &mut SetCache,
        text: &[u8],
        line: Span,
        has_others: bool,
        each: &mut impl FnMut(Span, &[PatternId]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.confirm(cache, self.terminator.strip(&text[line.range()]), has_others);
        if cache.ids.is_empty() { ControlFlow::Continue(()) } else { each(line, &cache.ids) }
    }

    /// Notes whose literal was seen on the line.
    fn see(&self, cache: &mut SetCache, literal: PatternId) {
        let SetCache { seen, candidates, .. } = cache;
        self.literals.see(seen, literal, |id| candidates.push(id));
    }

    /// Leaves in `cache.ids` which of the candidates match on a line, and which of the other patterns.
    fn confirm(&self, cache: &mut SetCache, content: &[u8], has_others: bool) {
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

    /// Goes on to the next line from `at` on that one of the patterns without a literal may match. Lines from there on
    /// have not been passed by.
    fn next_other(&self, cache: &mut SetCache, text: &[u8], at: usize, other: &mut OtherLines) {
        if let (Some(shapes), Some(found)) = (&self.shapes, &mut cache.found)
            && (at == 0 || other.shapes.is_some_and(|(place, _)| place < at))
        {
            other.shapes = shapes.next(found, text, at);
        }
        if at == 0 || other.others.is_some_and(|line| line.start < at) {
            other.others = self.find_other(cache, text, at);
        }
        let with_shapes = other.shapes.map(|(place, _)| self.line_at(text, at, place));
        other.line = with_shapes.into_iter().chain(other.others).min_by_key(|line| line.start);
    }

    /// The next line that one of the patterns with neither a literal nor a shape matches.
    fn find_other(&self, cache: &mut SetCache, text: &[u8], at: usize) -> Option<Span> {
        let (others, (engine, _)) = (self.others.as_ref()?, cache.others.as_mut()?);
        if at >= text.len() {
            return None;
        }
        let place = others.regex.search_half_with(engine, &Input::new(text).range(at..).earliest(true))?.offset();
        let line = self.line_at(text, at, place);
        (!line.is_empty()).then_some(line)
    }

    /// The line that a place from the line start `from` on is on.
    fn line_at(&self, text: &[u8], from: usize, place: usize) -> Span {
        let terminator = self.terminator.byte();
        let start = memrchr(terminator, &text[from..place]).map_or(from, |end| from + end + 1);
        Span::new(start, memchr(terminator, &text[place..]).map_or(text.len(), |end| place + end + 1))
    }
}

/// A search for the shapes of the patterns that are more than a literal, and which patterns it is for. If all such are
/// too many, then for those that have no literal.
fn shapes(hirs: &[Hir], required: &[Option<Required>]) -> (Option<Sequences>, Vec<bool>) {
    /// With more patterns, there are too many shapes in any case.
    const MANY: usize = 1000;
    for without_literal in [false, true] {
        let wants_shapes = |required: &Option<Required>| match required {
            Some(required) => !without_literal && !required.is_all,
            None => true,
        };
        let wanting = (0..hirs.len()).filter(|&index| wants_shapes(&required[index]));
        if wanting.clone().count() > MANY {
            continue;
        }
        let of: Vec<(PatternId, Vec<Sequence>)> =
            wanting.filter_map(|index| Some((PatternId::new(index), Sequence::of(&hirs[index])?))).collect();
        if let Some(shapes) = Sequences::new(&of) {
            let mut has_shapes = vec![false; hirs.len()];
            of.iter().for_each(|(id, _)| has_shapes[id.index()] = true);
            return (Some(shapes), has_shapes);
        }
    }
    (None, vec![false; hirs.len()])
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

impl SetCache {
    /// Notes patterns that may match on the line.
    fn see(&mut self, ids: impl Iterator<Item = PatternId>) {
        self.candidates.extend(ids);
        if self.candidates.len() >= self.limit {
            self.forget_doubles();
        }
    }

    fn start_line(&mut self) {
        self.candidates.clear();
        self.seen.restart();
        self.limit = MANY;
    }

    fn forget_doubles(&mut self) {
        self.candidates.sort_unstable();
        self.candidates.dedup();
        self.limit = MANY.max(2 * self.candidates.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::matcher::{builder::Case, search::Matcher};

    const PATTERNS: &[&str] = &[
        "foobar",
        "bar",
        "oo",
        "fo+bar",
        "[a-f]+",
        r"\bfoo\b",
        "^foo",
        "bar$",
        "^$",
        "",
        "x*",
        "(?i)fooBAR",
        "(?i)bar[0-9]",
        r"\w+bar",
        "foo|barbar",
        "f.o.b",
        "[0-9]{2}",
        "foo[0-9]?bar",
        "é",
        r"\W",
        "(?-u:\\xFF)",
        "b.*r.*f",
        "zzzzz|yyyyy",
    ];

    fn naive(matchers: &[Matcher], line: &[u8]) -> Vec<usize> {
        let is_match = |matcher: &Matcher| matcher.is_match(&mut matcher.cache(), line);
        (0..matchers.len()).filter(|&id| is_match(&matchers[id])).collect()
    }

    fn agree(builder: &MatcherBuilder, patterns: &[&str], text: &[u8]) -> Result<(), TestCaseError> {
        let set = builder.build_set(patterns).unwrap();
        let mut cache = set.cache();
        let one = |pattern: &&str| builder.clone().by_line(true).build([pattern]).unwrap();
        let matchers: Vec<Matcher> = patterns.iter().map(one).collect();
        let mut wanted = vec![];
        let mut at = 0;
        for line in text.split_inclusive(|&byte| byte == set.terminator.byte()) {
            let ids = naive(&matchers, set.terminator.strip(line));
            let found: Vec<usize> = set.matching(&mut cache, line).iter().map(|id| id.index()).collect();
            prop_assert_eq!(&found, &ids);
            if !ids.is_empty() {
                wanted.push((Span::new(at, at + line.len()), ids));
            }
            at += line.len();
        }
        for limit in [usize::MAX, 1, 3] {
            let mut found = vec![];
            let _ = set.for_each_line(&mut cache, text, |line, ids| {
                found.push((line, ids.iter().map(|id| id.index()).collect::<Vec<_>>()));
                if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            prop_assert_eq!(&found[..], &wanted[..wanted.len().min(limit)]);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn each_pattern_is_looked_for_by_itself(
            patterns in prop::collection::vec(prop::sample::select(PATTERNS), 0..8),
            words in prop::collection::vec(
                prop::sample::select(vec!["foo", "bar", "FOO", "Bar", " ", "\n", "\n\n", "0", "12", "x", "é", "\r\n", "yyyyy"]),
                0..40,
            ),
            given in 0..16_usize,
        ) {
            agree(&options(given), &patterns, words.concat().as_bytes())?;
        }
    }

    /// Regexes that have a shape, most of them without a literal.
    const WITH_SHAPES: &[&str] = &[
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        r"\b[0-9]{4}-[0-9]{2}\b",
        r"(?i)key\s*[:=]\s*[0-9]+",
        r"(?i)\bpass(?:word)?=",
        r#"["'][0-9A-F]{6}["']"#,
        r"[MN][a-z]{3}\.[a-z]{2}\.[0-9]{3}",
        r"^[0-9]{4}-",
        r"[a-z]+://[^/ ]+@",
        "-[0-9]{2}-[0-9]{2}$",
        "<[0-9a-f]{2}>|[0-9]{4}-[0-9]{2}",
        "(?:X-[0-9]{3})+",
    ];

    fn options(options: usize) -> MatcherBuilder {
        let mut builder = MatcherBuilder::new();
        builder.case([Case::Sensitive, Case::Insensitive][options % 2]);
        builder.line_terminator([LineTerminator::Lf, LineTerminator::Crlf][options / 2 % 2]);
        builder.word(options / 4 % 2 == 1).whole_line(options / 8 == 1);
        builder
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        /// All by shapes alone, or next to literals and patterns that have neither.
        #[test]
        fn patterns_with_shapes_are_looked_for_where_these_are(
            patterns in prop::collection::vec(prop::sample::select(WITH_SHAPES), 1..8),
            others in prop::collection::vec(prop::sample::select(PATTERNS), 0..3),
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "2024-01-02", "2024-01", "Key : 17", "\u{212A}ey=1", "pass=", "PA\u{17F}\u{17F}WORD=", "'01AF99'", "\"01AF9", "Mabc.de.123",
                    "http://a@", "<0f>", "X-123X-456", "foo", "bar", " ", "\n", "\n\n", "0", "12", "-", "\r\n", "é", "\n",
                ]),
                0..40,
            ),
            given in 0..16_usize,
        ) {
            let builder = options(given);
            let patterns = [&patterns[..], &others].concat();
            if others.is_empty() {
                let set = builder.build_set(&patterns).unwrap();
                prop_assert!(set.shapes.is_some() && set.literals.is_empty() && set.others.is_none());
            }
            agree(&builder, &patterns, words.concat().as_bytes())?;
        }
    }

    #[test]
    fn patterns_with_too_many_shapes_are_looked_for_by_their_literals() {
        let mut patterns: Vec<String> = (0..200).map(|i| format!("word{i:03}[a-z]")).collect();
        patterns.push(WITH_SHAPES[0].to_owned());
        let patterns: Vec<&str> = patterns.iter().map(|pattern| &pattern[..]).collect();
        let set = MatcherBuilder::new().build_set(&patterns).unwrap();
        assert!(set.shapes.is_some() && set.literals.owners() == 200);
        let text = "word007a word199z 2024-01-02\n2024-01-02\nword007a\n\n word199 word199a\n";
        agree(&MatcherBuilder::new(), &patterns, text.as_bytes()).unwrap();
    }

    #[test]
    fn bytes_that_are_no_text() {
        let text = b"\xFFfoo\n\xC3\n\0bar\xE9\n\xFF";
        for word in [false, true] {
            agree(MatcherBuilder::new().word(word), PATTERNS, text).unwrap();
        }
        agree(MatcherBuilder::new().line_terminator(LineTerminator::Nul), &["foo", "^bar", "[a-z]$"], text).unwrap();
    }

    #[test]
    fn fixed_strings_need_no_engine() {
        let mut builder = MatcherBuilder::new();
        let set = builder.fixed_strings(true).build_set(["a.b", "c", "a.b"]).unwrap();
        assert!(set.regexes.is_empty() && set.others.is_none());
        let mut cache = set.cache();
        let ids = set.matching(&mut cache, b"xa.bx");
        assert_eq!(ids, [PatternId::new(0), PatternId::new(2)]);
        for (word, whole_line, wanted) in [(true, false, vec![0, 1, 3]), (false, true, vec![1])] {
            let set = builder.word(word).whole_line(whole_line).build_set(["a.b", "a.b c", "b c.", "c", "a"]).unwrap();
            assert!(set.regexes.is_empty() && set.others.is_none());
            let found = |line: &[u8]| -> Vec<usize> {
                set.matching(&mut set.cache(), line).iter().map(|id| id.index()).collect()
            };
            assert_eq!(found(b"a.b c"), if whole_line { wanted } else { vec![0, 1, 3, 4] });
            assert_eq!(found(b"xa.b"), [0; 0]);
        }
    }
}
