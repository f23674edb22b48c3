//! Compiled patterns, and their searches in one slice of bytes.

use std::{collections::VecDeque, ops::ControlFlow, sync::Arc};

use crate::{
    error::Error,
    matcher::{
        lines::{
            literal::LiteralLines,
            streams::{Pace, Program},
        },
        literal::forward::Finder,
        parse::Grouped,
        reach::Reach,
        regex::{corrections::Corrections, engine, horizon::Horizon},
        regex_set::dispatched,
        set::Walk,
        strategy::{State, Strategy},
        terminator::{LineTerminator, begins_broken},
    },
    span::Match,
};

/// Compiled patterns.
///
/// Where several patterns match, the match that starts first wins; among those that start at the same byte, the
/// pattern that comes first in the list (leftmost-first, as in Perl).
#[derive(Clone, Debug)]
pub struct Matcher {
    pub(crate) strategy: Strategy,
    /// How lines that match are found beside, where matches are confined to lines.
    pub(crate) streams: Option<Arc<Program>>,
    pub(crate) reach: Reach,
    /// How many bytes decide about a match that starts at a given one, where that is bounded.
    pub(crate) longest: Option<usize>,
    pub(crate) by_line: bool,
    pub(crate) terminator: LineTerminator,
    pub(crate) crosses_lines: bool,
    pub(crate) matches_empty: bool,
    pub(crate) looks_at_words: bool,
    /// Every match has a byte, and none is a NUL.
    pub(crate) misses_nuls: bool,
    pub(crate) corrections: Corrections,
    /// What replacers are compiled from, where patterns have groups.
    pub(crate) grouped: Option<Arc<Grouped>>,
}

/// What a search changes while it runs. Make one for each thread with [`Matcher::create_cache`], and use it with the
/// matcher that made it only.
#[derive(Clone, Debug)]
pub struct Cache {
    state: State,
    /// Whether parallel bit streams pay.
    pub(super) pace: Pace,
}

impl Matcher {
    /// A cache for this matcher.
    pub fn create_cache(&self) -> Cache {
        Cache { state: self.strategy.state(), pace: Pace::default() }
    }

    /// The first match that starts at or after `at`, with the pattern that it is of. Assertions such as `\b` see the
    /// bytes before `at`.
    ///
    /// # Panics
    ///
    /// Panics when `at` is greater than the length of the haystack, or when the cache is another matcher's.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes up to the end of the match, times the size of the patterns for regexes that the engine
    /// cannot run as an automaton.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::MatcherBuilder;
    ///
    /// let matcher = MatcherBuilder::new().build(["ab"])?;
    /// let mut cache = matcher.create_cache();
    /// let m = matcher.find_at(&mut cache, b"abab", 1).unwrap();
    /// assert_eq!(m.range(), 2..4);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn find_at(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<Match> {
        match &self.strategy {
            Strategy::Never => None,
            Strategy::Literal(finder, id) => {
                let start = at + cache.find(finder, &haystack[at..])?;
                Some(Match { start, end: start + finder.needle().len(), pattern: *id })
            }
            Strategy::Literals(literals) => literals.find_at(haystack, at),
            Strategy::Regexes(regexes) => {
                self.corrections.find(haystack, at, |text, at| regexes.find_at(cache.regex(), text, at))
            }
            Strategy::Filtered(filtered) => {
                self.corrections.find(haystack, at, |text, at| filtered.find_at(cache.regex(), text, at))
            }
            Strategy::Pcre2(pcre2) => pcre2.find_at(haystack, at),
            Strategy::Dispatched(dispatched) => dispatched.find_at(cache.dispatched(), haystack, at),
        }
    }

    /// An offset on the first line at or after `at` that has a match; cheaper than [`find_at`](Matcher::find_at),
    /// because it need not tell where the match begins.
    ///
    /// The offset lies in a match or at its end. It means something only where matches contain no line terminator,
    /// which [`is_by_line`](Matcher::is_by_line) tells.
    ///
    /// # Panics and complexity
    ///
    /// As [`find_at`](Matcher::find_at).
    pub fn find_on_line(&self, cache: &mut Cache, haystack: &[u8], at: usize) -> Option<usize> {
        match &self.strategy {
            Strategy::Never => None,
            Strategy::Literal(finder, _) => Some(at + cache.find(finder, &haystack[at..])?),
            Strategy::Literals(literals) => literals.find_at(haystack, at).map(|m| m.start),
            Strategy::Regexes(regexes) => {
                self.corrections.find_end(haystack, at, |text, at| regexes.find_earliest_end(cache.regex(), text, at))
            }
            Strategy::Filtered(filtered) => {
                self.corrections.find_end(haystack, at, |text, at| filtered.find_end(cache.regex(), text, at))
            }
            Strategy::Pcre2(pcre2) => pcre2.find_at(haystack, at).map(|m| m.start),
            Strategy::Dispatched(dispatched) => dispatched.find_on_line(cache.dispatched(), haystack, at),
        }
    }

    /// True when there is a match anywhere in the haystack.
    ///
    /// # Complexity
    ///
    /// As [`find_at`](Matcher::find_at).
    ///
    /// # Examples
    ///
    /// ```
    /// let matcher = mapgrep::matcher::MatcherBuilder::new().build(["needle", "pin"])?;
    /// assert!(matcher.is_match(&mut matcher.create_cache(), b"a pincushion"));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn is_match(&self, cache: &mut Cache, haystack: &[u8]) -> bool {
        self.find_on_line(cache, haystack, 0).is_some()
    }

    /// All matches that do not overlap, from left to right. After an empty match the search goes on one byte further,
    /// and an empty match right behind another match does not count.
    ///
    /// # Complexity
    ///
    /// As [`find_at`](Matcher::find_at) for each match; linear in the haystack for literals.
    pub fn find_iter<'a>(&'a self, cache: &'a mut Cache, haystack: &'a [u8]) -> impl Iterator<Item = Match> + 'a {
        let mut literals = match &self.strategy {
            Strategy::Literals(literals) => Some(literals.find_iter(haystack)),
            _ => None,
        };
        let (mut cursor, mut ahead) = (Cursor::default(), Ahead::default());
        let (mut of_line, mut line) = (VecDeque::new(), Some(0));
        std::iter::from_fn(move || match (&mut literals, &self.strategy) {
            (Some(matches), _) => matches.next(),
            (None, Strategy::Dispatched(dispatched)) => {
                if of_line.is_empty() {
                    line = dispatched.next_line(cache.dispatched(), haystack, line?, &mut of_line);
                }
                of_line.pop_front()
            }
            (None, _) => cursor.next(self, cache, haystack, &mut ahead),
        })
    }

    /// Calls `each` with the matches from where a walk stands, until it returns false. Where the patterns are literals,
    /// or many, this is much faster than asking for one match after the other.
    #[inline]
    pub(crate) fn each_match(
        &self,
        cache: &mut Cache,
        haystack: &[u8],
        mut cursor: Cursor,
        mut each: impl FnMut(Match) -> bool,
    ) {
        match &self.strategy {
            Strategy::Literals(literals) => {
                return literals.each(haystack, Walk::resume(cursor.at, cursor.last_end), each);
            }
            Strategy::Dispatched(dispatched) => return dispatched.each(cache.dispatched(), haystack, cursor.at, each),
            _ => {}
        }
        let mut ahead = Ahead::default();
        loop {
            if let Strategy::Regexes(regexes) = &self.strategy
                && !self.corrections.has_lone_cr()
            {
                match regexes.each_by_automaton(cache.regex(), &mut ahead.0, haystack, cursor.at, &mut each) {
                    ControlFlow::Continue(at) if at == cursor.at => {}
                    ControlFlow::Continue(at) => cursor = Cursor::after(at),
                    ControlFlow::Break(()) => return,
                }
            }
            match cursor.next(self, cache, haystack, &mut ahead) {
                Some(m) if each(m) => {}
                _ => return,
            }
        }
    }

    /// True when [`each_place`](Matcher::each_place) is the way to find lines. An empty match behind the last line end
    /// is on no line then.
    pub(crate) fn is_for_all_lines(&self) -> bool {
        matches!(self.strategy, Strategy::Literals(_) | Strategy::Dispatched(_)) && self.is_sure_of_lines()
    }

    /// Calls `each` with a place on each line that has a match, and maybe with more of them there, until it returns
    /// false. The places ascend.
    pub(crate) fn each_place(&self, cache: &mut Cache, haystack: &[u8], mut each: impl FnMut(usize) -> bool) {
        match &self.strategy {
            Strategy::Dispatched(dispatched) => dispatched.each_line(cache.dispatched(), haystack, each),
            _ => self.each_match(cache, haystack, Cursor::new(0), |m| each(m.start)),
        }
    }

    /// How far a match reaches.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// How many bytes from its first one on decide about a match, at most; none where a match may have any length.
    /// Unlike [`reach`](Matcher::reach) this tells it of patterns that are confined to lines, too.
    pub fn longest(&self) -> Option<usize> {
        self.longest
    }

    /// True when matches were confined to single lines with
    /// [`MatcherBuilder::by_line`](crate::matcher::MatcherBuilder::by_line).
    pub fn is_by_line(&self) -> bool {
        self.by_line
    }

    /// True when a match could contain a line terminator, or depends on where the haystack begins or ends: lines cannot
    /// be looked at one by one then. Never true when matches were confined to lines.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::MatcherBuilder;
    ///
    /// assert!(MatcherBuilder::new().build([r"a\s+b"])?.crosses_lines());
    /// assert!(!MatcherBuilder::new().build(["a +b"])?.crosses_lines());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn crosses_lines(&self) -> bool {
        self.crosses_lines
    }

    /// What ends a line.
    pub fn line_terminator(&self) -> LineTerminator {
        self.terminator
    }

    /// The last byte of a line.
    pub(crate) fn terminator(&self) -> u8 {
        self.terminator.byte()
    }

    /// True for one literal that is confined to lines: its lines are found several times as fast as others.
    pub(crate) fn is_one_literal(&self) -> bool {
        self.literal_lines().is_some()
    }

    /// The search for lines, if the patterns are one literal, and confined to lines.
    pub(super) fn literal_lines(&self) -> Option<LiteralLines<'_>> {
        match &self.strategy {
            Strategy::Literal(finder, _) if self.by_line => Some(LiteralLines::new(finder, self.terminator())),
            _ => None,
        }
    }

    /// True when an empty match is possible, as for `x*`.
    pub fn matches_empty(&self) -> bool {
        self.matches_empty
    }

    /// Whether every match has a byte, and none is a NUL.
    pub(crate) fn misses_nuls(&self) -> bool {
        self.misses_nuls
    }

    /// False when the engine may report a match on a line that, taken by itself, has none. Where matches are not
    /// confined to lines, one may have looked at the line before, as [`Corrections`] says; and between the two bytes of
    /// a terminator there is room for an empty match, which is on no line.
    pub(crate) fn is_sure_of_line(&self, line: &[u8]) -> bool {
        (!self.looks_across_lines() || !begins_broken(line))
            && (!self.matches_in_terminators() || !line.ends_with(b"\r\n"))
    }

    /// True when no such line exists.
    pub(crate) fn is_sure_of_lines(&self) -> bool {
        !self.looks_across_lines() && !self.matches_in_terminators()
    }

    fn looks_across_lines(&self) -> bool {
        self.looks_at_words && !self.by_line
    }

    fn matches_in_terminators(&self) -> bool {
        self.matches_empty && self.terminator == LineTerminator::Crlf
    }

    /// Why searches with this matcher have found nothing more, where the engine gave one up: that of
    /// [`Engine::Pcre2`](crate::matcher::Engine::Pcre2) does at a limit of steps. A [`Grep`](crate::Grep) and a
    /// [`Scanner`](crate::scan::Scanner) return it as their error. Nothing is found by this matcher from then on; a
    /// clone of it is not concerned.
    ///
    /// # Examples
    ///
    /// ```
    /// let matcher = mapgrep::matcher::MatcherBuilder::new().build(["(a|aa)+b"])?;
    /// assert!(!matcher.is_match(&mut matcher.create_cache(), &[b'a'; 1000]));
    /// assert!(matcher.failure().is_none());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn failure(&self) -> Option<Error> {
        match &self.strategy {
            Strategy::Pcre2(pcre2) => pcre2.failure(),
            _ => None,
        }
    }

    /// A matcher for one search, if a search can be given up, so that no other ends with it.
    pub(crate) fn for_one_search(&self) -> Option<Self> {
        match &self.strategy {
            Strategy::Pcre2(_) => Some(self.clone()),
            _ => None,
        }
    }

    /// What was chosen to run the patterns, in one line for people.
    ///
    /// # Examples
    ///
    /// ```
    /// let matcher = mapgrep::matcher::MatcherBuilder::new().build(["needle"])?;
    /// assert_eq!(matcher.description(), "one literal of 6 bytes: SIMD substring search (memmem)");
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn description(&self) -> String {
        match &self.streams {
            Some(streams) => format!("{}; {}", self.strategy.description(), streams.description()),
            None => self.strategy.description(),
        }
    }
}

impl Cache {
    /// What stands in for a cache that was moved elsewhere.
    pub(crate) fn none() -> Self {
        Cache { state: State::None, pace: Pace::default() }
    }

    fn find(&mut self, finder: &Finder<'_>, haystack: &[u8]) -> Option<usize> {
        match &mut self.state {
            // The bytes of another needle would be looked for where this one has others.
            State::Literal(tuning) if tuning.is_of(finder.needle()) => finder.find_tuned(tuning, haystack),
            _ => finder.find(haystack),
        }
    }

    fn regex(&mut self) -> &mut engine::Cache {
        match &mut self.state {
            State::Regexes(cache) => cache,
            _ => panic!("a cache made by the matcher that it is used with"),
        }
    }

    fn dispatched(&mut self) -> &mut dispatched::Cache {
        match &mut self.state {
            State::Dispatched(cache) => cache,
            _ => panic!("a cache made by the matcher that it is used with"),
        }
    }
}

/// What a walk has learnt of the text before it, so that all its searches together are linear.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ahead(Horizon);

/// Where a walk over non-overlapping matches stands. Two walks with equal cursors find the same matches from there on,
/// which is what lets a parallel search agree with a sequential one again after a chunk border.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    at: usize,
    last_end: Option<usize>,
}

impl Cursor {
    /// A walk that starts at `at`, with no match before it.
    pub(crate) fn new(at: usize) -> Self {
        Cursor { at, last_end: None }
    }

    /// A walk that goes on behind a match that ended at `end`.
    pub(crate) fn after(end: usize) -> Self {
        Cursor { at: end, last_end: Some(end) }
    }

    /// The next match. `ahead` is that of this walk over this haystack.
    pub(crate) fn next(
        &mut self,
        matcher: &Matcher,
        cache: &mut Cache,
        haystack: &[u8],
        ahead: &mut Ahead,
    ) -> Option<Match> {
        while self.at <= haystack.len() {
            let m = match &matcher.strategy {
                Strategy::Regexes(regexes) if !matcher.corrections.has_lone_cr() => {
                    let m = regexes.find_next(cache.regex(), &mut ahead.0, haystack, self.at)?;
                    match matcher.corrections.concern(haystack, m.start) {
                        true => matcher.find_at(cache, haystack, self.at)?,
                        false => m,
                    }
                }
                _ => matcher.find_at(cache, haystack, self.at)?,
            };
            if !m.is_empty() {
                *self = Cursor::after(m.end);
                return Some(m);
            }
            self.at = m.end + 1;
            if self.last_end != Some(m.end) {
                self.last_end = Some(m.end);
                return Some(m);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::builder::MatcherBuilder;
    use crate::span::Span;

    fn spans(patterns: &[&str], haystack: &[u8]) -> Vec<(usize, usize, usize)> {
        let matcher = MatcherBuilder::new().build(patterns).unwrap();
        let mut cache = matcher.create_cache();
        matcher.find_iter(&mut cache, haystack).map(|m| (m.start, m.end, m.pattern.index())).collect()
    }

    #[test]
    fn the_strategy_follows_from_the_patterns() {
        let chosen = |patterns: &[&str]| {
            let matcher = MatcherBuilder::new().build(patterns).unwrap();
            match matcher.strategy {
                Strategy::Never => "never",
                Strategy::Literal(..) => "literal",
                Strategy::Literals(_) => "literals",
                Strategy::Regexes(_) => "regexes",
                Strategy::Filtered(_) => "filtered",
                Strategy::Pcre2(_) => "pcre2",
                Strategy::Dispatched(_) => "dispatched",
            }
        };
        assert_eq!(chosen(&[]), "never");
        assert_eq!(chosen(&["abc"]), "literal");
        assert_eq!(chosen(&["abc", "d"]), "literals");
        assert_eq!(chosen(&["abc|defg"]), "literals");
        assert_eq!(chosen(&["abc", "d.f"]), "regexes");
        assert_eq!(chosen(&[""]), "regexes");
    }

    #[test]
    fn the_description_tells_of_the_automaton() {
        let description = |patterns: &[&str]| MatcherBuilder::new().build(patterns).unwrap().description();
        assert!(description(&["[0-9]+"]).starts_with("one regex: meta engine, without a prefilter, or a DFA of "));
        assert!(description(&[r"\w+ing"]).contains(" states for ASCII"));
        for without in [&["[0-9]*"][..], &["[0-9]{900}"], &["[0-9]", "[a-z]"]] {
            assert!(!description(without).contains("DFA"), "{without:?}");
        }
    }

    #[test]
    fn patterns_made_one_match_the_same() {
        let patterns = ["b+", "ab", r"\bc", "xyz|x"];
        for (word, whole_line) in [(false, false), (true, false), (false, true)] {
            let build = |merge| {
                let mut builder = MatcherBuilder::new();
                builder.word(word).whole_line(whole_line).merge(merge).build(patterns).unwrap()
            };
            let (apart, one) = (build(false), build(true));
            for text in ["abbb", "ab", "c abb xyzx", "xy\nbb\n", "x\nab\n c"] {
                let spans = |matcher: &Matcher| -> Vec<Span> {
                    matcher.find_iter(&mut matcher.create_cache(), text.as_bytes()).map(|m| m.span()).collect()
                };
                assert_eq!(spans(&one), spans(&apart), "{text:?}");
                assert!(one.find_iter(&mut one.create_cache(), text.as_bytes()).all(|m| m.pattern.index() == 0));
            }
        }
    }

    #[test]
    fn non_overlapping_matches_and_empty_ones() {
        assert_eq!(spans(&["aa"], b"aaaaa"), [(0, 2, 0), (2, 4, 0)]);
        assert_eq!(spans(&["x*"], b"axxb"), [(0, 0, 0), (1, 3, 0), (4, 4, 0)]);
        assert_eq!(spans(&[""], b"ab"), [(0, 0, 0), (1, 1, 0), (2, 2, 0)]);
        assert_eq!(spans(&["b", "ab", "abc"], b"abc"), [(0, 2, 1)]);
        assert_eq!(spans(&["foo|bar", "qux"], b"quxbarfoo"), [(0, 3, 1), (3, 6, 0), (6, 9, 0)]);
    }

    #[test]
    fn find_iter_agrees_with_the_regex_crate() {
        for pattern in ["x*", "a|b*", r"\b", "(?m)^", "(?m)$", "[a-c]+", "a??", "é*"] {
            for haystack in ["", "a", "xxaxx", "ab bb\n\nabc\n", "é xéé x"] {
                let oracle = ::regex::bytes::RegexBuilder::new(pattern).build().unwrap();
                let wanted: Vec<_> = oracle.find_iter(haystack.as_bytes()).map(|m| (m.start(), m.end(), 0)).collect();
                let found = spans(&[pattern], haystack.as_bytes());
                // The regex crate never splits a UTF-8 sequence; we report empty matches inside of one.
                let whole: Vec<_> = found.into_iter().filter(|m| haystack.is_char_boundary(m.0)).collect();
                let wanted: Vec<_> = wanted.into_iter().filter(|m| haystack.is_char_boundary(m.0)).collect();
                assert_eq!(whole, wanted, "{pattern:?} in {haystack:?}");
            }
        }
    }
}
