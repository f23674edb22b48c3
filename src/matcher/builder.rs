//! From pattern texts to a [`Matcher`].

use std::sync::Arc;

use regex_syntax::hir::Hir;

use crate::{
    error::Error,
    matcher::{
        lines::streams::Program,
        literals::Literals,
        parse::{Case, Engine, Grouped, PatternOptions, is_literal},
        reach::Reach,
        regex::{corrections::Corrections, pcre2::Pcre2},
        regex_set::dispatched::{Choice, Dispatched},
        search::Matcher,
        set::{Borders, MatchKind},
        strategy::Strategy,
        syntax::translate,
        terminator::LineTerminator,
    },
};

/// A single plain string that is longer is searched for as a set of one, which takes no syntax tree where case is
/// ignored.
const LONG: usize = 64 << 10;

/// Options for compiling patterns.
///
/// The syntax is that of the `regex` crate, with `^` and `$` matching at line ends.
///
/// # Examples
///
/// ```
/// use mapgrep::matcher::{Case, MatcherBuilder};
///
/// let matcher = MatcherBuilder::new().case(Case::Insensitive).word(true).build(["error"])?;
/// let mut cache = matcher.create_cache();
/// assert!(matcher.is_match(&mut cache, b"An ERROR occurred"));
/// assert!(!matcher.is_match(&mut cache, b"errors"));
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MatcherBuilder {
    pub(crate) options: PatternOptions,
}

impl MatcherBuilder {
    /// Regexes, case-sensitive, that may match line terminators.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes patterns as plain strings in which no character is special.
    pub fn fixed_strings(&mut self, yes: bool) -> &mut Self {
        self.options.fixed_strings = yes;
        self
    }

    /// Whether letters match their other case.
    pub fn case(&mut self, case: Case) -> &mut Self {
        self.options.case = case;
        self
    }

    /// Only matches with no word character right before and right after them.
    pub fn word(&mut self, yes: bool) -> &mut Self {
        self.options.word = yes;
        self
    }

    /// Only matches that cover a whole line; goes before [`word`](MatcherBuilder::word).
    pub fn whole_line(&mut self, yes: bool) -> &mut Self {
        self.options.whole_line = yes;
        self
    }

    /// Matches lie within one line: no part of a pattern matches its terminator, and `\A` and `\z` mean the ends of the
    /// line.
    pub fn by_line(&mut self, yes: bool) -> &mut Self {
        self.options.by_line = yes;
        self
    }

    /// What ends a line, for `^`, `$` and [`by_line`](MatcherBuilder::by_line).
    pub fn line_terminator(&mut self, terminator: LineTerminator) -> &mut Self {
        self.options.terminator = terminator;
        self
    }

    /// Has `.` match `\n` too, as `(?s)` in a pattern does.
    pub fn dot_matches_newline(&mut self, yes: bool) -> &mut Self {
        self.options.dot_matches_newline = yes;
        self
    }

    /// Patterns that can only match a NUL byte are refused, as is right where files with such bytes are not searched.
    pub fn refuse_nul(&mut self, yes: bool) -> &mut Self {
        self.options.refuse_nul = yes;
        self
    }

    /// Takes all patterns as alternatives of one, so that every match is of pattern 0. What matches stays the same.
    /// Regex engines pay for telling patterns apart: with thousands of regexes this makes a search faster by orders of
    /// magnitude.
    pub fn merge(&mut self, yes: bool) -> &mut Self {
        self.options.merge = yes;
        self
    }

    /// Of plain strings that match at the same place, the longest one is the match, not the one that comes first in the
    /// list: [`MatchKind::LeftmostLongest`](super::set::MatchKind::LeftmostLongest). Regexes have no longest match; see
    /// [`fixed_strings`](MatcherBuilder::fixed_strings).
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::MatcherBuilder;
    ///
    /// let find = |yes| {
    ///     let matcher = MatcherBuilder::new().fixed_strings(true).longest(yes).build(["net", "network"]).unwrap();
    ///     matcher.find_at(&mut matcher.create_cache(), b"networks", 0).map(|m| (m.range(), m.pattern.index()))
    /// };
    /// assert_eq!(find(false), Some((0..3, 0)));
    /// assert_eq!(find(true), Some((0..7, 1)));
    /// ```
    pub fn longest(&mut self, yes: bool) -> &mut Self {
        self.options.longest = yes;
        self
    }

    /// Whether classes, case and words are those of Unicode (the default), or of ASCII: `\w` is `[0-9A-Za-z_]` then,
    /// and `.` matches a byte. `(?u)` in a pattern has it back.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::MatcherBuilder;
    ///
    /// let find = |yes| {
    ///     let matcher = MatcherBuilder::new().unicode(yes).build([r"\w+"]).unwrap();
    ///     matcher.find_at(&mut matcher.create_cache(), "wörd".as_bytes(), 0).map(|m| m.range())
    /// };
    /// assert_eq!((find(true), find(false)), (Some(0..5), Some(0..1)));
    /// ```
    pub fn unicode(&mut self, yes: bool) -> &mut Self {
        self.options.ascii = !yes;
        self
    }

    /// How many bytes a compiled regex may take at most; `None` is the default, 100 MiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::MatcherBuilder;
    ///
    /// let error = MatcherBuilder::new().size_limit(1000).build([r"\w{50}"]).unwrap_err();
    /// assert!(error.is_pattern_too_large());
    /// ```
    pub fn size_limit(&mut self, bytes: impl Into<Option<usize>>) -> &mut Self {
        self.options.limits.regex = bytes.into();
        self
    }

    /// How many bytes the cache of a lazy automaton may take at most, for each worker. A search with too little is
    /// slow. `None` is the default, which depends on the patterns.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::MatcherBuilder;
    ///
    /// let matcher = MatcherBuilder::new().dfa_size_limit(1 << 20).build([r"\w+ing"])?;
    /// assert!(matcher.is_match(&mut matcher.create_cache(), b"a string"));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn dfa_size_limit(&mut self, bytes: impl Into<Option<usize>>) -> &mut Self {
        self.options.limits.cache = bytes.into();
        self
    }

    /// What runs the patterns. Those of [`Engine::Pcre2`] have the syntax of Perl; of the options,
    /// [`refuse_nul`](MatcherBuilder::refuse_nul) and the limits of size do not concern them, and all groups of merged
    /// patterns are counted through, in references too.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::{Engine, MatcherBuilder, pcre2_version};
    ///
    /// let built = MatcherBuilder::new().engine(Engine::Pcre2).build([r"(\w)\1(?=es)"]);
    /// match pcre2_version() {
    ///     Some(_) => {
    ///         let matcher = built?;
    ///         assert!(matcher.is_match(&mut matcher.create_cache(), b"classes"));
    ///     }
    ///     None => assert!(built.unwrap_err().is_pattern()),
    /// }
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn engine(&mut self, engine: Engine) -> &mut Self {
        self.options.engine = engine;
        self
    }

    /// Compiles the patterns. With none at all, nothing ever matches. Regexes are UTF-8; plain strings may have any
    /// bytes.
    ///
    /// # Errors
    ///
    /// [`is_pattern`](Error::is_pattern) when a pattern is not valid or too large; the text shows the position, and
    /// [`pattern_index`](Error::pattern_index) says which pattern it is. With
    /// [`by_line`](MatcherBuilder::by_line) also when a pattern needs a line terminator. With
    /// [`longest`](MatcherBuilder::longest) when the patterns are not plain strings, or have to be compiled as regexes:
    /// with a line end in one of several, and where case is ignored of letters with too many spellings.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the patterns for literals. A regex can take time and memory in proportion to the
    /// product of its nested repetitions; there is a limit on the memory, and one on the length of all patterns that
    /// are no plain strings: 4 MiB, or 2 where case is ignored.
    pub fn build<P: AsRef<[u8]>>(&self, patterns: impl IntoIterator<Item = P>) -> Result<Matcher, Error> {
        let patterns: Vec<P> = patterns.into_iter().collect();
        if self.options.is_pcre2() && !patterns.is_empty() {
            return self.build_with_pcre2(&patterns);
        }
        if let Some(matcher) = self.build_from_strings(&patterns)? {
            return Ok(matcher);
        }
        self.refuse_longest(patterns.len())?;
        let grouped = Grouped::new(&self.options, &patterns).map(Arc::new);
        Ok(Matcher { grouped, ..self.build_from_trees(&patterns)? })
    }

    /// Nothing is known of such patterns, so that anything is taken for possible.
    fn build_with_pcre2<P: AsRef<[u8]>>(&self, patterns: &[P]) -> Result<Matcher, Error> {
        self.refuse_longest(patterns.len())?;
        let by_line = self.options.by_line;
        Ok(Matcher {
            reach: if by_line { Reach::Line } else { Reach::Unbounded },
            crosses_lines: !by_line,
            matches_empty: true,
            ..self.matcher(Strategy::Pcre2(Pcre2::new(patterns, &self.options)?))
        })
    }

    /// A matcher whose patterns are confined to lines and match nothing empty.
    fn matcher(&self, strategy: Strategy) -> Matcher {
        Matcher {
            strategy,
            streams: None,
            reach: Reach::Line,
            longest: None,
            by_line: self.options.by_line,
            terminator: self.options.terminator,
            crosses_lines: false,
            matches_empty: false,
            looks_at_words: false,
            misses_nuls: false,
            corrections: Corrections::default(),
            grouped: None,
        }
    }

    /// Patterns that need syntax trees.
    fn build_from_trees<P: AsRef<[u8]>>(&self, patterns: &[P]) -> Result<Matcher, Error> {
        let parsed = match self.dispatch(self.options.parse_confined(patterns)?)? {
            Ok(matcher) => return Ok(matcher),
            Err(confined) => self.options.wrap(confined),
        };
        let (by_line, terminator) = (self.options.by_line, self.options.terminator);
        let longest = longest(&parsed);
        let corrections = match by_line {
            true => Corrections::of_lines(&parsed, terminator),
            false => Corrections::default(),
        };
        // Literals are found faster.
        let wants_streams = by_line && !parsed.iter().all(is_literal);
        let streams = if wants_streams { Program::new(&parsed, terminator) } else { None };
        let matcher = Matcher {
            reach: self.reach(&parsed, longest),
            longest,
            crosses_lines: !by_line && parsed.iter().any(|hir| translate::crosses_lines(hir, terminator)),
            matches_empty: parsed.iter().any(translate::may_be_empty),
            looks_at_words: translate::looks_at_words(&parsed),
            misses_nuls: misses_nuls(&parsed),
            corrections,
            ..self.matcher(Strategy::choose(parsed, patterns.len(), &self.options)?)
        };
        let streams = match &matcher.strategy {
            Strategy::Regexes(regexes) => streams.map(|streams| streams.beside(regexes.is_accelerated())),
            Strategy::Filtered(_) => streams.map(|streams| streams.beside(true)),
            _ => None,
        };
        Ok(Matcher { streams: streams.map(Arc::new), ..matcher })
    }

    /// A long list of patterns, each of which is tried where a literal of it is. Gives them back where that is not the
    /// way.
    fn dispatch(&self, confined: Vec<Hir>) -> Result<Result<Matcher, Vec<Hir>>, Error> {
        let is_wrapped = self.options.word || self.options.whole_line;
        // Plain literals alone are a set in any case.
        if !self.options.by_line || (!is_wrapped && confined.iter().all(is_literal)) {
            return Ok(Err(confined));
        }
        let (apart, confined) = match is_wrapped {
            true => (confined.iter().map(|hir| self.options.wrap_one(hir.clone())).collect(), Some(confined)),
            false => (confined, None),
        };
        if Corrections::concern_lone_cr(&apart, self.options.terminator) {
            return Ok(Err(confined.unwrap_or(apart)));
        }
        let (longest, misses_nuls) = (longest(&apart), misses_nuls(&apart));
        let strategy = match Dispatched::choose(apart, &self.options)? {
            Choice::Dispatched(dispatched) => Strategy::Dispatched(dispatched),
            Choice::Literals(literals) => Strategy::Literals(literals),
            Choice::Refused(apart) => return Ok(Err(confined.unwrap_or(apart))),
        };
        // Each line is searched by itself, so that no border looks at the line before.
        Ok(Ok(Matcher { longest, misses_nuls, ..self.matcher(strategy) }))
    }

    /// Several plain strings, which need no syntax trees. None where something about them does.
    fn build_from_strings<P: AsRef<[u8]>>(&self, strings: &[P]) -> Result<Option<Matcher>, Error> {
        if let [] | [_] = strings
            && strings.iter().all(|string| string.as_ref().len() <= LONG)
        {
            return Ok(None);
        }
        let Some(ignore_case) = self.options.ignores_case_of_plain(strings) else { return Ok(None) };
        let borders = self.options.borders();
        let kind = if self.options.longest { MatchKind::LeftmostLongest } else { MatchKind::LeftmostFirst };
        let literals = Literals::of_strings(strings, ignore_case, kind, self.options.merge, borders)?;
        Ok(literals.map(|literals| {
            let has_borders = borders != Borders::None;
            let matches_empty = literals.has_empty();
            // A border behind a match is decided by one more character.
            let longest = literals.longest() + if has_borders { Reach::LOOK_BEHIND } else { 0 };
            let is_confined = self.options.by_line && (has_borders || matches_empty);
            Matcher {
                misses_nuls: !matches_empty && !strings.iter().any(|string| string.as_ref().contains(&0)),
                reach: if is_confined { Reach::Line } else { Reach::Bytes(longest) },
                longest: Some(longest),
                matches_empty,
                // By line, borders in front of matches never depend on the line before.
                looks_at_words: self.options.word && !self.options.whole_line && !self.options.by_line,
                ..self.matcher(Strategy::Literals(literals))
            }
        }))
    }

    /// # Errors
    ///
    /// When the longest match of several patterns is wanted: a regex engine finds the first one.
    pub(crate) fn refuse_longest(&self, patterns: usize) -> Result<(), Error> {
        if !self.options.longest || patterns < 2 {
            return Ok(());
        }
        Err(Error::pattern(match self.options.fixed_strings {
            false => "the longest of several matches is known of plain strings only, not of regexes",
            true => {
                "the longest of several matches cannot be told: one of the strings has a line end, or with case \
                 ignored the strings have too many spellings"
            }
        }))
    }

    fn reach(&self, patterns: &[Hir], longest: Option<usize>) -> Reach {
        match longest {
            _ if self.options.by_line && !patterns.iter().all(is_literal) => Reach::Line,
            Some(longest) => Reach::Bytes(longest),
            None => Reach::Unbounded,
        }
    }
}

/// How many bytes decide about a match at most.
fn longest(patterns: &[Hir]) -> Option<usize> {
    let longest = patterns.iter().map(|hir| hir.properties().maximum_len()).try_fold(0, |a, b| Some(a.max(b?)))?;
    // An assertion at the end of a match looks at one more scalar value.
    Some(longest + if patterns.iter().all(is_literal) { 0 } else { Reach::LOOK_BEHIND })
}

/// Whether every match has a byte, and none is a NUL.
fn misses_nuls(patterns: &[Hir]) -> bool {
    !patterns.iter().any(|hir| translate::may_be_empty(hir) || translate::has_byte(hir, 0))
}
