//! Many patterns at once, told apart: which of them match on a line.
//!
//! Automata for many regexes are large, and slow where they have to say which of them matched. But most regexes that people
//! write contain a literal: a search for all of these at once, which is fast, leaves few lines, and on each the few
//! regexes whose literal is there. Of those without one, many have a shape: classes of bytes, one behind the other, that are
//! rare. The rest are run together on everything.
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

use std::{fmt, ops::ControlFlow, sync::OnceLock};

use memchr::{memchr, memrchr};
use regex_automata::{
    Anchored, Input, MatchKind as EngineKind, PatternSet as EngineSet,
    meta::{self, Regex},
    nfa::thompson::WhichCaptures,
};
use regex_syntax::hir::Hir;

use super::{
    Case, LineTerminator, MatcherBuilder,
    regex::refused,
    required::{self, Required},
    set::{MatchKind, PatternSet},
    shapes::{Found, Shape, Shapes},
};
use crate::{
    error::Error,
    span::{PatternId, Span},
};

/// How much memory the states of one regex may take for each worker. There may be thousands of regexes.
const LAZY_DFA_CACHE: usize = 256 << 10;

/// How much memory those without a literal may take together.
const LAZY_DFA_CACHE_OF_ALL: usize = 16 << 20;

/// No regex.
const NONE: u32 = u32::MAX;

/// How many literals may be seen on a line before those are looked for that were seen before.
const MANY: usize = 1024;

/// Patterns that are told apart; built with [`MatcherBuilder::build_set`]. Each is looked for on every line by itself.
pub struct RegexSet {
    /// What has to be run where a literal of a pattern is, unless the literal is the pattern.
    regexes: Vec<Confirming>,
    /// For each pattern, which of these; [`NONE`] without one.
    confirm: Vec<u32>,
    /// All literals.
    literals: PatternSet,
    /// Whose literal each is: those of literal `i` are `owners[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    owners: Vec<PatternId>,
    others: Option<Others>,
    terminator: LineTerminator,
}

/// A regex that is compiled when it is run for the first time: of a hundred thousand words, few are ever seen.
struct Confirming {
    hir: Hir,
    compiled: OnceLock<Regex>,
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

/// The patterns without a literal, as one engine.
struct Others {
    regex: Regex,
    hirs: Vec<Hir>,
    /// Tells which of them is the first that matches at a place.
    first: OnceLock<Regex>,
    ids: Vec<PatternId>,
    /// Where it has to be run, if each of the patterns has a shape.
    shapes: Option<Shapes>,
}

/// The lines on which patterns without a literal may match, as a walk comes to them.
struct OtherLines {
    /// The next one.
    line: Option<Span>,
    found: Option<Found>,
}

/// What a search with a [`RegexSet`] changes. Each thread has its own.
pub struct SetCache {
    /// Made when the regex is run for the first time.
    regexes: Vec<Option<Box<meta::Cache>>>,
    others: Option<(meta::Cache, EngineSet)>,
    first_of_others: Option<Box<meta::Cache>>,
    /// Patterns of which a literal was seen on the line.
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
    pub fn build_set<P: AsRef<str>>(&self, patterns: impl IntoIterator<Item = P>) -> Result<RegexSet, Error> {
        let patterns: Vec<P> = patterns.into_iter().collect();
        let mut apart = self.clone();
        let hirs = apart.by_line(true).merge(false).parse(&patterns)?;
        let required =
            |fold: bool| -> Vec<Option<Required>> { hirs.iter().map(|hir| Required::of(hir, fold)).collect() };
        // With case ignored, more patterns may have a literal, or be one.
        let mut fold = self.case != Case::Sensitive;
        let mut all = required(fold);
        let without = |all: &[Option<Required>]| all.iter().filter(|required| required.is_none()).count();
        let unsure = |all: &[Option<Required>]| all.iter().flatten().filter(|required| !required.is_all).count();
        if without(&all) + unsure(&all) > 0 {
            let other = required(!fold);
            let (ours, others) = ((without(&all), unsure(&all)), (without(&other), unsure(&other)));
            // Fewer lines have a literal where case counts.
            if others < ours || (others == ours && fold) {
                (fold, all) = (!fold, other);
            }
        }
        RegexSet::new(&hirs, all, fold, self.terminator)
    }
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
        for (index, (hir, required)) in hirs.iter().zip(required).enumerate() {
            let id = PatternId::new(index);
            let needs_regex = required.as_ref().is_some_and(|required| !required.is_all);
            confirm.push(if needs_regex { regexes.len() as u32 } else { NONE });
            if needs_regex {
                regexes.push(Confirming::new(hir.clone(), terminator)?);
            }
            match required {
                Some(required) => owned.extend(required.literals.into_iter().map(|literal| (literal, id))),
                None => others.push(id),
            }
        }
        required::without_longer(&mut owned, |id| confirm[id.index()] != NONE);
        owned.sort_unstable();
        owned.dedup();
        let mut starts = vec![];
        let mut literals: Vec<&[u8]> = vec![];
        for (at, (literal, _)) in owned.iter().enumerate() {
            if literals.last() != Some(&&literal[..]) {
                literals.push(literal);
                starts.push(at as u32);
            }
        }
        starts.push(owned.len() as u32);
        let mut builder = PatternSet::builder();
        let literals = builder.kind(MatchKind::Overlapping).ascii_case_insensitive(fold).build(&literals)?;
        let others = match others.is_empty() {
            true => None,
            false => {
                let hirs: Vec<&Hir> = others.iter().map(|id| &hirs[id.index()]).collect();
                let shapes: Option<Vec<Shape>> = hirs.iter().map(|hir| Shape::of(hir)).collect();
                let regex = compile(&hirs, LAZY_DFA_CACHE_OF_ALL, EngineKind::All, terminator)?;
                let hirs = hirs.into_iter().cloned().collect();
                let shapes = shapes.and_then(Shapes::new);
                Some(Others { regex, hirs, first: OnceLock::new(), ids: others, shapes })
            }
        };
        let owners = owned.into_iter().map(|(_, id)| id).collect();
        Ok(RegexSet { regexes, confirm, literals, starts, owners, others, terminator })
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
            regexes: vec![None; self.regexes.len()],
            others: (self.others.as_ref())
                .map(|others| (others.regex.create_cache(), EngineSet::new(others.regex.pattern_len()))),
            first_of_others: None,
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
    /// assert!(set.description().starts_with("3 patterns told apart: 1 by a literal alone, 1 by a literal and a regex, 1 by an engine"));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn description(&self) -> String {
        let others = self.others.as_ref().map_or(0, |others| others.ids.len());
        let confirmed = self.regexes.len();
        let alone = self.len() - others - confirmed;
        format!(
            "{} patterns told apart: {alone} by a literal alone, {confirmed} by a literal and a regex, {others} by an engine \
             for all such; literals: {}",
            self.len(),
            self.literals.description()
        )
    }

    /// The patterns that match on a line, in order. The line may come with its terminator.
    ///
    /// # Complexity
    ///
    /// One pass for all literals and all places where they are, and one pass for each pattern whose literal is there; patterns
    /// without a literal are run together.
    pub fn matching<'c>(&self, cache: &'c mut SetCache, line: &[u8]) -> &'c [PatternId] {
        let content = self.terminator.strip(line);
        cache.start_line();
        let _ = self.literals.for_each(content, 0..content.len() + 1, |_, literal| {
            self.see(cache, literal);
            ControlFlow::<()>::Continue(())
        });
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

    /// The first of the patterns on a line, in the order of the list, that matches at a place in it: where the patterns are searched
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
        let _ = self.literals.for_each(content, place..place + 1, |_, literal| {
            let is_alone = |id: &&PatternId| self.confirm[id.index()] == NONE;
            first = self.owners_of(literal).iter().find(is_alone).copied().into_iter().chain(first).min();
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

    fn is_match(&self, caches: &mut [Option<Box<meta::Cache>>], id: PatternId, input: &Input<'_>) -> bool {
        let index = self.confirm[id.index()] as usize;
        let regex = self.regexes[index].get(self.terminator);
        let cache = caches[index].get_or_insert_with(|| Box::new(regex.create_cache()));
        regex.search_half_with(cache, &input.clone().earliest(true)).is_some()
    }

    /// Whose literal one is.
    fn owners_of(&self, literal: PatternId) -> &[PatternId] {
        &self.owners[self.starts[literal.index()] as usize..self.starts[literal.index() + 1] as usize]
    }

    /// Calls `each` with the lines on which patterns match, and with these patterns, in order, until it says that it wants no
    /// more. The text consists of whole lines; the last one need not have a terminator.
    ///
    /// # Complexity
    ///
    /// One pass for all literals and all places where they are, the lines where there are some once for each pattern of them, and one pass for all
    /// patterns without a literal.
    pub fn for_each_line<B>(
        &self,
        cache: &mut SetCache,
        text: &[u8],
        mut each: impl FnMut(Span, &[PatternId]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let found = self.others.as_ref().and_then(|others| others.shapes.as_ref()).map(|shapes| shapes.start(0));
        let mut other = OtherLines { line: None, found };
        self.next_other(cache, text, 0, &mut other);
        let mut line = Span::new(0, 0);
        cache.start_line();
        self.literals.for_each(text, 0..text.len() + 1, |place, literal| {
            if place.start >= line.end {
                self.flush(cache, text, line, &mut other, &mut each)?;
                line = self.line_at(text, line.end, place.start);
                cache.start_line();
            }
            self.see(cache, literal);
            ControlFlow::Continue(())
        })?;
        self.flush(cache, text, line, &mut other, &mut each)?;
        while let Some(line) = other.line {
            cache.start_line();
            self.report(cache, text, line, true, &mut each)?;
            self.next_other(cache, text, line.end, &mut other);
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
        let mut has_others = false;
        if other.line.is_some_and(|other| other.start <= line.start) {
            let candidates = std::mem::take(&mut cache.candidates);
            while let Some(before) = other.line.filter(|other| other.start < line.start) {
                self.report(cache, text, before, true, each)?;
                self.next_other(cache, text, before.end, other);
            }
            has_others = other.line == Some(line);
            if has_others {
                self.next_other(cache, text, line.end, other);
            }
            cache.candidates = candidates;
        }
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
        cache.candidates.extend_from_slice(self.owners_of(literal));
        if cache.candidates.len() >= cache.limit {
            cache.forget_doubles();
        }
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
            others.regex.which_overlapping_matches_with(engine, &Input::new(content), found);
            cache.ids.extend(found.iter().map(|id| others.ids[id.as_usize()]));
        }
        cache.ids.sort_unstable();
    }

    /// Goes on to the next line from `at` on that one of the patterns without a literal may match.
    fn next_other(&self, cache: &mut SetCache, text: &[u8], at: usize, other: &mut OtherLines) {
        other.line = self.find_other(cache, text, at, &mut other.found);
    }

    fn find_other(&self, cache: &mut SetCache, text: &[u8], at: usize, found: &mut Option<Found>) -> Option<Span> {
        let (others, (engine, _)) = (self.others.as_ref()?, cache.others.as_mut()?);
        if at >= text.len() {
            return None;
        }
        let place = match (&others.shapes, found) {
            (Some(shapes), Some(found)) => shapes.next(found, text, at)?,
            _ => others.regex.search_half_with(engine, &Input::new(text).range(at..).earliest(true))?.offset(),
        };
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

/// An engine that tells which pattern matched.
fn compile(hirs: &[&Hir], cache: usize, kind: EngineKind, terminator: LineTerminator) -> Result<Regex, Error> {
    let config = Regex::config()
        .utf8_empty(false)
        .line_terminator(terminator.byte())
        .nfa_size_limit(Some(super::regex::NFA_SIZE_LIMIT))
        .hybrid_cache_capacity(cache)
        .match_kind(kind)
        .which_captures(WhichCaptures::Implicit);
    Regex::builder().configure(config).build_many_from_hir(hirs).map_err(|e| refused(&e))
}

impl Confirming {
    /// # Errors
    ///
    /// When the pattern is too large. One that matches few bytes never is, and is compiled later.
    fn new(hir: Hir, terminator: LineTerminator) -> Result<Self, Error> {
        const FEW: usize = 64;
        let compiled = OnceLock::new();
        if hir.properties().maximum_len().is_none_or(|len| len > FEW) {
            let _ = compiled.set(compile(&[&hir], LAZY_DFA_CACHE, EngineKind::LeftmostFirst, terminator)?);
        }
        Ok(Confirming { hir, compiled })
    }

    fn get(&self, terminator: LineTerminator) -> &Regex {
        self.compiled.get_or_init(|| {
            compile(&[&self.hir], LAZY_DFA_CACHE, EngineKind::LeftmostFirst, terminator).expect("a small pattern")
        })
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

impl SetCache {
    fn start_line(&mut self) {
        self.candidates.clear();
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
    use crate::matcher::{Case, Matcher};

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
            options in 0..16_usize,
        ) {
            let mut builder = MatcherBuilder::new();
            builder.case([Case::Sensitive, Case::Insensitive][options % 2]);
            builder.line_terminator([LineTerminator::Lf, LineTerminator::Crlf][options / 2 % 2]);
            builder.word(options / 4 % 2 == 1).whole_line(options / 8 == 1);
            agree(&builder, &patterns, words.concat().as_bytes())?;
        }
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
    }
}
