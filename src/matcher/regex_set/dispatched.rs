//! Long lists of patterns: of each line, those patterns are tried whose literals are on it, and no others.
//!
//! An automaton for thousands of regexes has more states than memory has room for: they are thrown away and made again
//! all the time. But nearly every regex of such a list has a literal that every match of it contains. One search for
//! all these literals leaves few lines, and on each a few regexes, which are run one by one. What is a literal itself
//! is found by a search for literals; what has none is run together with all others of that kind.
//!
//! Which match counts is the same as for one automaton: the one that starts first, and of those that start at the same
//! byte that of the pattern that comes first in the list.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{Arc, OnceLock},
};

use memchr::{memchr, memrchr};
use regex_automata::Input;
use regex_syntax::hir::Hir;

use crate::{
    error::Error,
    matcher::{
        literals::Literals,
        reach::Reach,
        regex::engine::{self, Regexes},
        regex_set::{
            confirm::{Caches, Confirming},
            owned::{OwnedLiterals, Seen},
        },
        set::Borders,
        syntax::{
            required::{self, Required},
            translate,
        },
        terminator::LineTerminator,
    },
    span::{PatternId, Span},
};

/// Shorter lists are one automaton, which is small enough.
const LEAST_PATTERNS: usize = 64;

/// Shorter lists are one automaton if there are patterns without a literal, for which there has to be one in any case.
const LEAST_MIXED_PATTERNS: usize = 512;

/// How rare a literal has to be, in bits, for its pattern to be tried wherever it is.
const LEAST_BITS: u32 = 6;

/// On lines with more candidates than this, an automaton for all patterns is faster; and more for each so many
/// patterns, since the more they are, the less well it does.
const MOST_CANDIDATES: usize = 8;
const PATTERNS_PER_CANDIDATE: usize = 16;

#[derive(Clone, Debug)]
pub(crate) struct Dispatched(Arc<Patterns>);

/// How a list of patterns is to be searched for.
#[derive(Debug)]
pub(crate) enum Choice {
    Dispatched(Dispatched),
    /// All of them are literals, and nothing else: a set.
    Literals(Literals),
    /// They are few, too many of them have no literal, or one of them may be empty, which matches on every line.
    Refused(Vec<Hir>),
}

#[derive(Debug)]
struct Patterns {
    patterns: Vec<Pattern>,
    /// Those of all patterns that have some.
    literals: OwnedLiterals,
    /// Those that are patterns by themselves.
    alone: Option<Literals>,
    others: Option<Others>,
    /// All patterns as one automaton, for lines on which many could match. None where that is too large.
    whole: OnceLock<Option<Regexes>>,
    /// All matches are of pattern 0.
    merge: bool,
    terminator: LineTerminator,
}

#[derive(Debug)]
enum Pattern {
    /// It is a few literals, and nothing else.
    Alone(Hir),
    /// It has to be run where a literal of it is.
    Confirmed(Confirming),
    /// It has no literal.
    Other(Hir),
}

/// The patterns without a literal, told apart.
#[derive(Debug)]
struct Others {
    regexes: Regexes,
    ids: Vec<PatternId>,
}

/// What a search changes.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    seen: Seen,
    /// Patterns that have to be run on the line.
    candidates: Vec<PatternId>,
    /// A place on the line at which a pattern starts that is a literal.
    alone: Option<usize>,
    /// The next match of each of the candidates.
    nexts: Vec<(Span, PatternId)>,
    confirming: Caches,
    others: Option<Box<engine::Cache>>,
    whole: Option<Box<engine::Cache>>,
}

/// A line on which there may be a match, or the part of it from `from` on, which is what is searched.
#[derive(Clone, Copy, Debug)]
struct Line {
    from: usize,
    /// Behind its terminator.
    end: usize,
    /// One of the patterns without a literal may match.
    has_others: bool,
}

impl Dispatched {
    /// How to search for patterns.
    ///
    /// # Errors
    ///
    /// When a pattern is too large.
    pub(crate) fn choose(
        patterns: Vec<Hir>,
        fold: bool,
        merge: bool,
        terminator: LineTerminator,
    ) -> Result<Choice, Error> {
        if patterns.len() < LEAST_PATTERNS || patterns.iter().any(translate::may_be_empty) {
            return Ok(Choice::Refused(patterns));
        }
        let (fold, required) = required::choose(&patterns, fold, LEAST_BITS);
        let without = required.iter().filter(|required| required.is_none()).count();
        if without > 0 && (patterns.len() < LEAST_MIXED_PATTERNS || without > patterns.len() / 2) {
            return Ok(Choice::Refused(patterns));
        }
        let mut all = Vec::with_capacity(patterns.len());
        let (mut owned, mut alone, mut others) = (vec![], vec![], vec![]);
        for (index, (hir, required)) in patterns.into_iter().zip(required).enumerate() {
            let id = PatternId::new(index);
            let Some(Required { literals, is_all, also }) = required else {
                others.push((hir.clone(), id));
                all.push(Pattern::Other(hir));
                continue;
            };
            if is_all {
                alone.extend(literals.iter().map(|literal| (literal.clone(), id)));
            }
            all.push(match is_all {
                true => Pattern::Alone(hir),
                false => Pattern::Confirmed(Confirming::new(hir, also, terminator)?),
            });
            owned.extend(literals.into_iter().map(|literal| (literal, id)));
        }
        if all.iter().all(|pattern| matches!(pattern, Pattern::Alone(_))) {
            let id = |id| if merge { PatternId::new(0) } else { id };
            let alone: Vec<_> = alone.into_iter().map(|(literal, of)| (literal, id(of))).collect();
            return Ok(Choice::Literals(Literals::new(&alone, fold)?));
        }
        required::without_longer(&mut owned, |id| matches!(all[id.index()], Pattern::Confirmed(_)));
        let literals = OwnedLiterals::new(owned, fold, Borders::None)?;
        let alone = if alone.is_empty() { None } else { Some(Literals::new(&alone, fold)?) };
        let others = match others.is_empty() {
            true => None,
            false => {
                let (hirs, ids): (Vec<Hir>, _) = others.into_iter().unzip();
                Some(Others { regexes: Regexes::new(&hirs, hirs.len(), terminator, true)?, ids })
            }
        };
        let whole = OnceLock::new();
        Ok(Choice::Dispatched(Dispatched(Arc::new(Patterns {
            patterns: all,
            literals,
            alone,
            others,
            whole,
            merge,
            terminator,
        }))))
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache {
            seen: Seen::default(),
            candidates: vec![],
            alone: None,
            nexts: vec![],
            confirming: Caches::default(),
            others: self.0.others.as_ref().map(|others| Box::new(others.regexes.cache())),
            whole: None,
        }
    }

    pub(crate) fn find_at(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<(Span, PatternId)> {
        self.walk(cache, haystack, at, ControlFlow::Break).break_value()
    }

    /// Calls `each` with the matches that do not overlap, from `at` on, until it returns false.
    pub(crate) fn each(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        at: usize,
        mut each: impl FnMut(Span, PatternId) -> bool,
    ) {
        let _ = self.walk(cache, haystack, at, |(span, id)| match each(span, id) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        });
    }

    /// Appends the matches on the first line from `at` on that has some, and says where the next line begins.
    pub(crate) fn next_line(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        at: usize,
        matches: &mut VecDeque<(Span, PatternId)>,
    ) -> Option<usize> {
        self.0
            .lines(cache, haystack, at, |cache, line| {
                let _ = self.0.each_on_line(cache, haystack, line, |span, id| {
                    matches.push_back((span, self.given(id)));
                    ControlFlow::<()>::Continue(())
                });
                if matches.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(line.end) }
            })
            .break_value()
    }

    fn walk<B>(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        at: usize,
        mut each: impl FnMut((Span, PatternId)) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.0.lines(cache, haystack, at, |cache, line| {
            self.0.each_on_line(cache, haystack, line, |span, id| each((span, self.given(id))))
        })
    }

    /// The pattern as which a match is reported.
    fn given(&self, id: PatternId) -> PatternId {
        if self.0.merge { PatternId::new(0) } else { id }
    }

    /// Some place of a match on the first line from `at` on that has one.
    pub(crate) fn find_on_line(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<usize> {
        self.0
            .lines(cache, haystack, at, |cache, line| match self.0.place_on_line(cache, haystack, line) {
                Some(place) => ControlFlow::Break(place),
                None => ControlFlow::Continue(()),
            })
            .break_value()
    }

    /// Calls `each` with some place of a match on each line that has one, until it returns false.
    pub(crate) fn each_line(&self, cache: &mut Cache, haystack: &[u8], mut each: impl FnMut(usize) -> bool) {
        let _ = self.0.lines(cache, haystack, 0, |cache, line| match self.0.place_on_line(cache, haystack, line) {
            Some(place) if !each(place) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
    }

    pub(crate) fn description(&self) -> String {
        let count = |is: fn(&Pattern) -> bool| self.0.patterns.iter().filter(|pattern| is(pattern)).count();
        let alone = count(|pattern| matches!(pattern, Pattern::Alone(_)));
        let confirmed = count(|pattern| matches!(pattern, Pattern::Confirmed(_)));
        let others = count(|pattern| matches!(pattern, Pattern::Other(_)));
        format!(
            "{} patterns: {alone} by a literal alone, {confirmed} by a regex where a literal of theirs is, {others} by a meta \
             engine for all such; literals: {}",
            self.0.patterns.len(),
            self.0.literals.description()
        )
    }
}

impl Patterns {
    /// Calls `visit` with the lines on which there is a literal, or a match of a pattern without one, and with their
    /// candidates in the cache.
    fn lines<B>(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        at: usize,
        mut visit: impl FnMut(&mut Cache, Line) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut other = self.next_other(cache, haystack, at);
        let mut line = Line { from: at, end: at, has_others: false };
        cache.start_line();
        self.literals.each_place(haystack, at..haystack.len(), |place, literal| {
            if place >= line.end {
                self.flush(cache, haystack, line, &mut other, &mut visit)?;
                line = self.line_at(haystack, line.end, place);
                cache.start_line();
            }
            self.see(cache, place, literal);
            ControlFlow::Continue(())
        })?;
        self.flush(cache, haystack, line, &mut other, &mut visit)?;
        cache.start_line();
        while let Some(line) = other {
            visit(cache, line)?;
            other = self.next_other(cache, haystack, line.end);
        }
        ControlFlow::Continue(())
    }

    /// Visits a line all of whose literals were seen, and before it those on which none was seen.
    fn flush<B>(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        mut line: Line,
        other: &mut Option<Line>,
        visit: &mut impl FnMut(&mut Cache, Line) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if line.from == line.end {
            return ControlFlow::Continue(());
        }
        let candidates = std::mem::take(&mut cache.candidates);
        let alone = cache.alone.take();
        while let Some(before) = other.filter(|other| other.from < line.from) {
            visit(cache, before)?;
            *other = self.next_other(cache, haystack, before.end);
        }
        (cache.candidates, cache.alone) = (candidates, alone);
        line.has_others = other.is_some_and(|other| other.from == line.from);
        visit(cache, line)?;
        if line.has_others {
            *other = self.next_other(cache, haystack, line.end);
        }
        ControlFlow::Continue(())
    }

    /// Notes whose literal starts at a place.
    #[inline]
    fn see(&self, cache: &mut Cache, place: usize, literal: PatternId) {
        let Cache { seen, candidates, alone, .. } = cache;
        self.literals.see(seen, literal, |id| match self.patterns[id.index()] {
            Pattern::Alone(_) => *alone = alone.or(Some(place)),
            _ => candidates.push(id),
        });
    }

    /// The next line on which one of the patterns without a literal may match.
    fn next_other(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<Line> {
        let (others, cache) = (self.others.as_ref()?, cache.others.as_mut()?);
        if at >= haystack.len() {
            return None;
        }
        let place = others.regexes.find_earliest_end(cache, haystack, at)?;
        Some(Line { has_others: true, ..self.line_at(haystack, at, place) })
    }

    /// The line that a place is on, or the part of it from `from` on.
    fn line_at(&self, haystack: &[u8], from: usize, place: usize) -> Line {
        let terminator = self.terminator.byte();
        let from = memrchr(terminator, &haystack[from..place]).map_or(from, |end| from + end + 1);
        let end = memchr(terminator, &haystack[place..]).map_or(haystack.len(), |end| place + end + 1);
        Line { from, end, has_others: false }
    }

    /// The text of a line, and where it begins. Behind `from` it is whole; before that there is what assertions look
    /// at.
    fn content<'h>(&self, haystack: &'h [u8], line: Line) -> (usize, &'h [u8]) {
        let end = line.from + self.terminator.strip(&haystack[line.from..line.end]).len();
        let near = line.from.saturating_sub(Reach::LOOK_BEHIND);
        let start = memrchr(self.terminator.byte(), &haystack[near..line.from]).map_or(near, |end| near + end + 1);
        (start, &haystack[start..end])
    }

    /// Some place of a match on the line.
    fn place_on_line(&self, cache: &mut Cache, haystack: &[u8], line: Line) -> Option<usize> {
        if cache.alone.is_some() {
            return cache.alone;
        }
        let (base, content) = self.content(haystack, line);
        let from = line.from - base;
        cache.forget_doubles();
        if let Some(whole) = self.whole_for(cache) {
            let cache = cache.whole.get_or_insert_with(|| Box::new(whole.cache()));
            return Some(base + whole.find_end_within(cache, content, from, content.len())?);
        }
        let Cache { candidates, confirming, others, .. } = cache;
        let input = Input::new(content).range(from..);
        let end = candidates.iter().find_map(|id| self.confirming(*id)?.find_end(confirming, id.index(), &input));
        let end = end.or_else(|| {
            let (ours, cache) = (self.others.as_ref().filter(|_| line.has_others)?, others.as_mut()?);
            ours.regexes.find_end_within(cache, content, from, content.len())
        });
        Some(base + end?)
    }

    /// Calls `each` with the matches on the line that do not overlap.
    fn each_on_line<B>(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        line: Line,
        mut each: impl FnMut(Span, PatternId) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let (base, content) = self.content(haystack, line);
        let mut at = line.from - base;
        let mut report = |span: Span, id| each(Span::new(base + span.start, base + span.end), id);
        cache.forget_doubles();
        if let Some(whole) = self.whole_for(cache) {
            let cache = cache.whole.get_or_insert_with(|| Box::new(whole.cache()));
            while let Some((span, id)) = whole.find_within(cache, content, at, content.len()) {
                report(span, id)?;
                at = span.end;
            }
            return ControlFlow::Continue(());
        }
        let Cache { candidates, alone, nexts, confirming, others, .. } = cache;
        let mut confirmed = |id: PatternId, at: usize| {
            self.confirming(id)?.find(confirming, id.index(), &Input::new(content).range(at..))
        };
        let mut other = |at: usize| {
            let (ours, cache) = (self.others.as_ref().filter(|_| line.has_others)?, others.as_mut()?);
            let (span, id) = ours.regexes.find_within(cache, content, at, content.len())?;
            Some((span, ours.ids[id.index()]))
        };
        let literal = |at: usize| self.alone.as_ref().filter(|_| alone.is_some())?.find_at(content, at);
        nexts.clear();
        nexts.extend(candidates.iter().filter_map(|&id| Some((confirmed(id, at)?, id))));
        let (mut next_literal, mut next_other) = (literal(at), other(at));
        while let Some((span, id)) =
            nexts.iter().copied().chain(next_literal).chain(next_other).min_by_key(|&(span, id)| (span.start, id))
        {
            report(span, id)?;
            at = span.end;
            nexts.retain_mut(|(next, id)| match next.start >= at {
                true => true,
                false => confirmed(*id, at).map(|span| *next = span).is_some(),
            });
            let is_passed = |next: &Option<(Span, PatternId)>| next.is_some_and(|(span, _)| span.start < at);
            if is_passed(&next_literal) {
                next_literal = literal(at);
            }
            if is_passed(&next_other) {
                next_other = other(at);
            }
        }
        ControlFlow::Continue(())
    }

    /// An automaton for all patterns, if that is the way to search a line with these candidates.
    fn whole_for(&self, cache: &Cache) -> Option<&Regexes> {
        if cache.candidates.len() <= MOST_CANDIDATES + self.patterns.len() / PATTERNS_PER_CANDIDATE {
            return None;
        }
        let build = || {
            let hirs: Vec<Hir> = self.patterns.iter().map(|pattern| pattern.hir().clone()).collect();
            let hirs = if self.merge { vec![Hir::alternation(hirs)] } else { hirs };
            Regexes::new(&hirs, self.patterns.len(), self.terminator, true).ok()
        };
        self.whole.get_or_init(build).as_ref()
    }

    fn confirming(&self, id: PatternId) -> Option<&Confirming> {
        match &self.patterns[id.index()] {
            Pattern::Confirmed(confirming) => Some(confirming),
            Pattern::Alone(_) | Pattern::Other(_) => None,
        }
    }
}

impl Pattern {
    fn hir(&self) -> &Hir {
        match self {
            Pattern::Alone(hir) | Pattern::Other(hir) => hir,
            Pattern::Confirmed(confirming) => confirming.hir(),
        }
    }
}

impl Cache {
    fn start_line(&mut self) {
        self.candidates.clear();
        self.alone = None;
        self.seen.restart();
    }

    /// A pattern may have several literals on a line.
    fn forget_doubles(&mut self) {
        self.candidates.sort_unstable();
        self.candidates.dedup();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::matcher::{
        builder::{Case, MatcherBuilder},
        regex::engine::LoneCr,
        search::{Cursor, Matcher},
        strategy::Strategy,
    };

    /// Regexes with literals, words, and regexes without literals, which share parts and overlap.
    const PATTERNS: &[&str] = &[
        r"user1\b.*latency=17\d+ms",
        r"user12\b.*latency=17\d+ms",
        r"user1.*?latency",
        "user",
        "user12",
        "ser1(?:2|23)?",
        r"\w+user1",
        "latency(?:=1)??",
        r"\bser\b|latency",
        "^user1|ms$",
        "(?i)LATENCY",
        "stra\u{df}e",
        "\u{434}\u{43e}\u{43c}",
        "kiss",
        r"[a-z]+=\d",
        r"\d{3}",
        r"us.*ms",
        r"user\B",
        r"(?-u:\xFF)user",
        "12 latency",
    ];

    const WORDS: &[&[u8]] = &[
        b"user1",
        b"user12",
        b"user",
        b" ",
        b" ",
        b"\n",
        b"\n",
        b"latency=171",
        b"LATENCY",
        b"=17",
        b"ms",
        b"ser",
        b"17",
        b"\xFF",
        b"\r\n",
        b"12",
        "stra\u{df}e".as_bytes(),
        "STRA\u{1e9e}E".as_bytes(),
        "\u{434}\u{41e}\u{43c}".as_bytes(),
        b"ki",
        "\u{17F}\u{17F}".as_bytes(),
        "\u{212A}i\u{17F}s".as_bytes(),
        b"\xB0",
        "\u{e9}".as_bytes(),
        b"\0",
        b"filler7",
    ];

    fn options(options: usize) -> MatcherBuilder {
        let mut builder = MatcherBuilder::new();
        builder.by_line(true).merge(options.is_multiple_of(2));
        builder.word(options / 2 % 3 == 1).whole_line(options / 2 % 3 == 2);
        builder.line_terminator([LineTerminator::Lf, LineTerminator::Crlf, LineTerminator::Nul][options / 6 % 3]);
        builder.case([Case::Sensitive, Case::Insensitive, Case::Smart][options / 18 % 3]);
        builder
    }

    /// The same patterns as one automaton.
    fn whole(builder: &MatcherBuilder, patterns: &[String]) -> Matcher {
        let hirs = builder.parse(patterns).unwrap();
        let regexes = Regexes::new(&hirs, patterns.len(), builder.terminator, true).unwrap();
        let lone_cr = LoneCr::new(&hirs, builder.terminator).map(Arc::new);
        Matcher { strategy: Strategy::Regexes(regexes), lone_cr, ..builder.build(["x+"]).unwrap() }
    }

    /// The matches on every line by itself.
    fn wanted(whole: &Matcher, text: &[u8]) -> Vec<(Span, PatternId)> {
        let (mut cache, mut at, mut wanted) = (whole.cache(), 0, vec![]);
        for line in text.split_inclusive(|&byte| byte == whole.terminator()) {
            let found = whole.find_iter(&mut cache, whole.line_terminator().strip(line));
            wanted.extend(found.map(|(span, id)| (Span::new(at + span.start, at + span.end), id)));
            at += line.len();
        }
        wanted
    }

    /// The first match from a place on, of every line by itself.
    fn wanted_at(whole: &Matcher, text: &[u8], at: usize) -> Option<(Span, PatternId)> {
        let mut cache = whole.cache();
        let mut from = 0;
        for line in text.split_inclusive(|&byte| byte == whole.terminator()) {
            let content = whole.line_terminator().strip(line);
            if at <= from + content.len()
                && let Some((span, id)) = whole.find_at(&mut cache, content, at.saturating_sub(from))
            {
                return Some((Span::new(from + span.start, from + span.end), id));
            }
            from += line.len();
        }
        None
    }

    fn agree(matcher: &Matcher, whole: &Matcher, text: &[u8]) -> Result<(), TestCaseError> {
        let wanted = wanted(whole, text);
        let mut cache = matcher.cache();
        let found: Vec<_> = matcher.find_iter(&mut cache, text).collect();
        prop_assert_eq!(&found, &wanted);
        let mut found = vec![];
        matcher.each_match(&mut cache, text, Cursor::new(0), |span, id| {
            found.push((span, id));
            true
        });
        prop_assert_eq!(&found, &wanted);
        let line_of = |at: usize| text[..at].iter().filter(|&&byte| byte == matcher.terminator()).count();
        let mut lines = vec![];
        matcher.each_place(&mut cache, text, |place| {
            lines.push(line_of(place));
            true
        });
        lines.dedup();
        let mut wanted_lines: Vec<_> = wanted.iter().map(|(span, _)| line_of(span.start)).collect();
        wanted_lines.dedup();
        prop_assert_eq!(lines, wanted_lines);
        for at in 0..=text.len() {
            let wanted = wanted_at(whole, text, at);
            prop_assert_eq!(matcher.find_at(&mut cache, text, at), wanted, "from {}", at);
            let place = matcher.find_on_line(&mut cache, text, at);
            prop_assert_eq!(place.map(line_of), wanted.map(|(span, _)| line_of(span.start)), "from {}", at);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_found_is_what_one_automaton_finds(
            chosen in prop::collection::vec(prop::sample::select(PATTERNS), 1..30),
            fillers in prop::collection::vec(0..400_usize, 520),
            at in 0..520_usize,
            texts in prop::collection::vec(prop::collection::vec(prop::sample::select(WORDS), 0..24), 6),
            given in 0..54_usize,
        ) {
            let builder = options(given);
            let mut patterns: Vec<String> = fillers.iter().map(|i| format!("filler{i}[xy]?")).collect();
            patterns.splice(at..at, chosen.iter().map(|pattern| pattern.to_string()));
            let matcher = builder.build(&patterns).unwrap();
            let is_expected = matches!(matcher.strategy, Strategy::Dispatched(_) | Strategy::Literals(_));
            // Line ends of two bytes are a matter of their own.
            prop_assert!(is_expected || builder.terminator == LineTerminator::Crlf, "{}", matcher.description());
            let whole = whole(&builder, &patterns);
            for text in texts {
                agree(&matcher, &whole, &text.concat())?;
            }
        }
    }

    #[test]
    fn lines_with_many_candidates_are_searched_by_one_automaton() {
        let mut builder = MatcherBuilder::new();
        let mut patterns: Vec<String> = (0..100).map(|i| format!("needle[0-9]{{{}}}x", 1 + i % 7)).collect();
        patterns.extend((0..30).map(|i| format!("pin{i}[a-z]")));
        for merge in [false, true] {
            let matcher = builder.by_line(true).merge(merge).build(&patterns).unwrap();
            let Strategy::Dispatched(dispatched) = &matcher.strategy else { panic!("{}", matcher.description()) };
            let whole = whole(&builder, &patterns);
            agree(&matcher, &whole, b"pin7a pin7\n\npin17x").unwrap();
            assert!(dispatched.0.whole.get().is_none());
            agree(&matcher, &whole, b"needle\nneedle123x pin3z\nneedle1 needle77777x needle1x\npin7").unwrap();
            assert!(dispatched.0.whole.get().is_some());
        }
    }

    #[test]
    fn a_list_of_a_few_or_with_what_may_be_empty_is_one_automaton() {
        let is_dispatched = |patterns: &[String], by_line| {
            let matcher = MatcherBuilder::new().by_line(by_line).build(patterns).unwrap();
            matches!(matcher.strategy, Strategy::Dispatched(_))
        };
        let mut patterns: Vec<String> = (0..LEAST_MIXED_PATTERNS).map(|i| format!("word{i}[a-z]")).collect();
        assert!(!is_dispatched(&patterns[..LEAST_PATTERNS - 1], true));
        assert!(is_dispatched(&patterns[..LEAST_PATTERNS], true));
        assert!(!is_dispatched(&patterns, false));
        patterns.push("[0-9]".to_owned());
        assert!(is_dispatched(&patterns, true));
        assert!(!is_dispatched(&patterns[LEAST_MIXED_PATTERNS - 100..], true));
        patterns.push("x*".to_owned());
        assert!(!is_dispatched(&patterns, true));
    }
}
