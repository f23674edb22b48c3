//! From pattern texts to a [`Matcher`].

use std::sync::Arc;

use regex_syntax::{
    ast::Ast,
    hir::{Hir, Look},
};

use crate::{
    error::Error,
    matcher::{
        literals::Literals,
        reach::Reach,
        regex::engine::LoneCr,
        regex_set::dispatched::{Choice, Dispatched},
        search::Matcher,
        set::{Borders, MatchKind},
        strategy::{Options, Strategy},
        syntax::translate::{self, Groups, LetterCase},
        terminator::LineTerminator,
    },
};

/// How many bytes patterns may have in all that are parsed. A tree takes 100 times as much memory as its text.
const MOST: usize = 4 << 20;

/// The same where case is ignored. A tree takes 360 times as much then.
const MOST_IGNORING_CASE: usize = 2 << 20;

/// A single plain string that is longer is searched for as a set of one, which takes no syntax tree where case is
/// ignored.
const LONG: usize = 64 << 10;

/// Whether letters match their other case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// Letters match themselves alone.
    #[default]
    Sensitive,
    /// Letters match both cases, by Unicode's simple folding.
    Insensitive,
    /// [`Case::Insensitive`] when the patterns have a literal letter and none of their literals is upper case.
    Smart,
}

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
    pub(crate) fixed_strings: bool,
    pub(crate) case: Case,
    word: bool,
    whole_line: bool,
    pub(crate) by_line: bool,
    pub(crate) terminator: LineTerminator,
    dot_matches_newline: bool,
    refuse_nul: bool,
    pub(crate) merge: bool,
    pub(crate) longest: bool,
}

impl MatcherBuilder {
    /// Regexes, case-sensitive, that may match line terminators.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes patterns as plain strings in which no character is special.
    pub fn fixed_strings(&mut self, yes: bool) -> &mut Self {
        self.fixed_strings = yes;
        self
    }

    /// Whether letters match their other case.
    pub fn case(&mut self, case: Case) -> &mut Self {
        self.case = case;
        self
    }

    /// Only matches with no word character right before and right after them.
    pub fn word(&mut self, yes: bool) -> &mut Self {
        self.word = yes;
        self
    }

    /// Only matches that cover a whole line; goes before [`word`](MatcherBuilder::word).
    pub fn whole_line(&mut self, yes: bool) -> &mut Self {
        self.whole_line = yes;
        self
    }

    /// Matches lie within one line: no part of a pattern matches its terminator, and `\A` and `\z` mean the ends of the
    /// line.
    pub fn by_line(&mut self, yes: bool) -> &mut Self {
        self.by_line = yes;
        self
    }

    /// What ends a line, for `^`, `$` and [`by_line`](MatcherBuilder::by_line).
    pub fn line_terminator(&mut self, terminator: LineTerminator) -> &mut Self {
        self.terminator = terminator;
        self
    }

    /// Has `.` match `\n` too, as `(?s)` in a pattern does.
    pub fn dot_matches_newline(&mut self, yes: bool) -> &mut Self {
        self.dot_matches_newline = yes;
        self
    }

    /// Patterns that can only match a NUL byte are refused, as is right where files with such bytes are not searched.
    pub fn refuse_nul(&mut self, yes: bool) -> &mut Self {
        self.refuse_nul = yes;
        self
    }

    /// Takes all patterns as alternatives of one, so that every match is of pattern 0. What matches stays the same.
    /// Regex engines pay for telling patterns apart: with thousands of regexes this makes a search faster by orders of
    /// magnitude.
    pub fn merge(&mut self, yes: bool) -> &mut Self {
        self.merge = yes;
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
        self.longest = yes;
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
        if let Some(matcher) = self.build_from_strings(&patterns)? {
            return Ok(matcher);
        }
        self.refuse_longest(patterns.len())?;
        let parsed = match self.dispatch(self.parse_confined(&patterns)?)? {
            Ok(matcher) => return Ok(matcher),
            Err(confined) => self.wrap(confined),
        };
        let longest = longest(&parsed);
        let reach = self.reach(&parsed, longest);
        let crosses_lines = !self.by_line && parsed.iter().any(|hir| translate::crosses_lines(hir, self.terminator));
        let matches_empty = parsed.iter().any(translate::may_be_empty);
        let looks_at_words = parsed.iter().any(|hir| hir.properties().look_set().contains_word_unicode());
        let misses_nuls = misses_nuls(&parsed);
        let lone_cr = if self.by_line { LoneCr::new(&parsed, self.terminator) } else { None };
        Ok(Matcher {
            lone_cr: lone_cr.map(Arc::new),
            strategy: Strategy::choose(parsed, patterns.len(), self.options())?,
            reach,
            longest,
            by_line: self.by_line,
            terminator: self.terminator,
            crosses_lines,
            matches_empty,
            looks_at_words,
            misses_nuls,
        })
    }

    /// A long list of patterns, each of which is tried where a literal of it is. Gives them back where that is not the
    /// way.
    fn dispatch(&self, confined: Vec<Hir>) -> Result<Result<Matcher, Vec<Hir>>, Error> {
        let is_wrapped = self.word || self.whole_line;
        // Plain literals alone are a set in any case.
        if !self.by_line || (!is_wrapped && confined.iter().all(is_literal)) {
            return Ok(Err(confined));
        }
        let (apart, confined) = match is_wrapped {
            true => (confined.iter().map(|hir| self.wrap_one(hir.clone())).collect(), Some(confined)),
            false => (confined, None),
        };
        if LoneCr::matters(&apart, self.terminator) {
            return Ok(Err(confined.unwrap_or(apart)));
        }
        let (longest, misses_nuls) = (longest(&apart), misses_nuls(&apart));
        let strategy = match Dispatched::choose(apart, self.case != Case::Sensitive, self.merge, self.terminator)? {
            Choice::Dispatched(dispatched) => Strategy::Dispatched(dispatched),
            Choice::Literals(literals) => Strategy::Literals(literals),
            Choice::Refused(apart) => return Ok(Err(confined.unwrap_or(apart))),
        };
        Ok(Ok(Matcher {
            lone_cr: None,
            strategy,
            reach: Reach::Line,
            longest,
            by_line: true,
            terminator: self.terminator,
            crosses_lines: false,
            matches_empty: false,
            // Each line is searched by itself.
            looks_at_words: false,
            misses_nuls,
        }))
    }

    /// Several plain strings, which need no syntax trees. None where something about them does.
    fn build_from_strings<P: AsRef<[u8]>>(&self, strings: &[P]) -> Result<Option<Matcher>, Error> {
        if let [] | [_] = strings
            && strings.iter().all(|string| string.as_ref().len() <= LONG)
        {
            return Ok(None);
        }
        let Some(ignore_case) = self.ignores_case_of_plain(strings) else { return Ok(None) };
        let borders = self.borders();
        let kind = if self.longest { MatchKind::LeftmostLongest } else { MatchKind::LeftmostFirst };
        let literals = Literals::of_strings(strings, ignore_case, kind, self.merge, borders)?;
        Ok(literals.map(|literals| {
            let has_borders = borders != Borders::None;
            let matches_empty = literals.has_empty();
            // A border behind a match is decided by one more character.
            let longest = literals.longest() + if has_borders { Reach::LOOK_BEHIND } else { 0 };
            Matcher {
                lone_cr: None,
                misses_nuls: !matches_empty && !strings.iter().any(|string| string.as_ref().contains(&0)),
                reach: if self.by_line && (has_borders || matches_empty) { Reach::Line } else { Reach::Bytes(longest) },
                longest: Some(longest),
                strategy: Strategy::Literals(literals),
                by_line: self.by_line,
                terminator: self.terminator,
                crosses_lines: false,
                matches_empty,
                // By line, borders in front of matches never depend on the line before.
                looks_at_words: self.word && !self.whole_line && !self.by_line,
            }
        }))
    }

    /// # Errors
    ///
    /// When the longest match of several patterns is wanted: a regex engine finds the first one.
    pub(crate) fn refuse_longest(&self, patterns: usize) -> Result<(), Error> {
        if !self.longest || patterns < 2 {
            return Ok(());
        }
        Err(Error::pattern(match self.fixed_strings {
            false => "the longest of several matches is known of plain strings only, not of regexes",
            true => {
                "the longest of several matches cannot be told: one of the strings has a line end, or with case \
                 ignored the strings have too many spellings"
            }
        }))
    }

    /// What has to be around a match.
    pub(crate) fn borders(&self) -> Borders {
        match (self.whole_line, self.word) {
            (true, _) => Borders::Line(self.terminator),
            (false, true) => Borders::Word { line: self.by_line.then_some(self.terminator.byte()) },
            (false, false) => Borders::None,
        }
    }

    /// Whether case is ignored of strings that need no syntax trees, because no character in them has a meaning of its
    /// own. None where something about them does.
    pub(crate) fn ignores_case_of_plain<P: AsRef<[u8]>>(&self, strings: &[P]) -> Option<bool> {
        // With a line end in one, matches cross lines, or it is to be refused.
        let is_banned = |byte: &u8| {
            self.terminator.bytes().contains(byte) || (*byte == 0 && self.refuse_nul && !self.fixed_strings)
        };
        let is_string = |text: &[u8]| self.fixed_strings || (!self.longest && translate::is_plain(text));
        let is_plain = |text: &[u8]| is_string(text) && !text.iter().any(is_banned);
        if !strings.iter().all(|string| is_plain(string.as_ref())) {
            return None;
        }
        Some(match self.case {
            Case::Sensitive => false,
            Case::Insensitive => true,
            Case::Smart => is_all_lower(strings),
        })
    }

    /// The syntax trees of the patterns, with all options applied.
    pub(crate) fn parse<P: AsRef<[u8]>>(&self, patterns: &[P]) -> Result<Vec<Hir>, Error> {
        Ok(self.wrap(self.parse_confined(patterns)?))
    }

    /// The syntax trees, with all options applied but those that say what has to be around a match.
    fn parse_confined<P: AsRef<[u8]>>(&self, patterns: &[P]) -> Result<Vec<Hir>, Error> {
        let ignore_case = self.ignores_case(patterns)?;
        let syntax = self.syntax(ignore_case);
        // Trees of the parser are large, and each goes as soon as it was translated.
        each_pattern(patterns, |pattern| {
            let text = pattern.as_ref();
            if self.is_own_tree(text, ignore_case) {
                return self.confine(Hir::literal(text), Groups::Drop);
            }
            let (text, ast) = self.ast(text)?;
            self.confine(syntax.translate(&text, &ast)?, Groups::Drop)
        })
    }

    /// The texts, escaped where they are plain strings, with their trees.
    pub(crate) fn asts<P: AsRef<[u8]>>(&self, patterns: &[P]) -> Result<Vec<(String, Ast)>, Error> {
        each_pattern(patterns, |pattern| self.ast(pattern.as_ref()))
    }

    fn ast(&self, pattern: &[u8]) -> Result<(String, Ast), Error> {
        match self.fixed_strings {
            true => translate::parse(&translate::escape(pattern)),
            false => translate::parse(translate::text(pattern)?),
        }
    }

    /// Whether a pattern matches its own text alone, so that no parser is needed.
    fn is_own_tree(&self, pattern: &[u8], ignore_case: bool) -> bool {
        !ignore_case && (self.fixed_strings || translate::is_plain(pattern))
    }

    /// Whether case is ignored, about which all patterns decide together.
    ///
    /// # Errors
    ///
    /// When the patterns are too large to parse them, or, where that is needed to decide, one is not valid.
    pub(crate) fn ignores_case<P: AsRef<[u8]>>(&self, patterns: &[P]) -> Result<bool, Error> {
        let texts = || patterns.iter().map(AsRef::as_ref);
        let check = |ignore_case: bool| {
            let len: usize = texts().filter(|text| !self.is_own_tree(text, ignore_case)).map(<[u8]>::len).sum();
            let limit = if ignore_case { MOST_IGNORING_CASE } else { MOST };
            if len <= limit {
                return Ok(ignore_case);
            }
            let what =
                if ignore_case { "patterns whose case is ignored" } else { "patterns that are no plain strings" };
            Err(Error::pattern_too_large(format!(
                "the patterns are too large: {len} bytes, where {what} may have {} MiB in all",
                limit >> 20
            )))
        };
        let ignore_case = check(self.case == Case::Insensitive)?;
        if self.case != Case::Smart {
            return Ok(ignore_case);
        }
        let mut case = LetterCase::default();
        for (index, text) in texts().enumerate() {
            case = match self.is_own_tree(text, false) {
                true => case.and_plain(text),
                false => case.and(&self.ast(text).map_err(|error| error.with_pattern_index(index))?.1),
            };
        }
        check(case.is_all_lower())
    }

    /// Applies the options that say what may be part of a match.
    pub(crate) fn confine(&self, hir: Hir, groups: Groups) -> Result<Hir, Error> {
        // A plain string that cannot be found is no mistake of its author.
        if self.refuse_nul && !self.fixed_strings {
            translate::refuse_nul(&hir)?;
        }
        match self.by_line {
            true => translate::keep_within_line(hir, groups, self.terminator),
            false => Ok(translate::with_groups(hir, groups, self.terminator)),
        }
    }

    /// Applies the options that say what has to be around a match, after the patterns were made one where that is
    /// wanted: one pair of assertions is cheaper than a pair for each of them. Plain literals stay apart, for an engine
    /// of their own.
    pub(crate) fn wrap(&self, mut patterns: Vec<Hir>) -> Vec<Hir> {
        let plain = !self.whole_line && !self.word && patterns.iter().all(is_literal);
        if self.merge && patterns.len() > 1 && !plain {
            patterns = vec![Hir::alternation(patterns)];
        }
        patterns.into_iter().map(|hir| self.wrap_one(hir)).collect()
    }

    fn wrap_one(&self, hir: Hir) -> Hir {
        let (before, after) = match (self.whole_line, self.word) {
            (true, _) => translate::line_ends(self.terminator),
            (false, true) => (Look::WordStartHalfUnicode, Look::WordEndHalfUnicode),
            (false, false) => return hir,
        };
        Hir::concat(vec![Hir::look(before), hir, Hir::look(after)])
    }

    /// How the trees of the patterns are translated.
    pub(crate) fn syntax(&self, ignore_case: bool) -> translate::Syntax {
        translate::Syntax { ignore_case, terminator: self.terminator, dot_matches_newline: self.dot_matches_newline }
    }

    fn options(&self) -> Options {
        Options { merge: self.merge, by_line: self.by_line, terminator: self.terminator }
    }

    fn reach(&self, patterns: &[Hir], longest: Option<usize>) -> Reach {
        match longest {
            _ if self.by_line && !patterns.iter().all(is_literal) => Reach::Line,
            Some(longest) => Reach::Bytes(longest),
            None => Reach::Unbounded,
        }
    }
}

/// What is made of each of the patterns.
///
/// # Errors
///
/// The first one, which says of which pattern it is.
fn each_pattern<P, T>(patterns: &[P], make: impl Fn(&P) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    let made = patterns.iter().enumerate();
    made.map(|(index, pattern)| make(pattern).map_err(|error| error.with_pattern_index(index))).collect()
}

/// Whether plain strings have a character, and none that is upper case.
fn is_all_lower<P: AsRef<[u8]>>(strings: &[P]) -> bool {
    let chunks = || strings.iter().flat_map(|string| string.as_ref().utf8_chunks());
    let chars = || chunks().flat_map(|chunk| chunk.valid().chars());
    chars().next().is_some() && !chars().any(char::is_uppercase)
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

fn is_literal(hir: &Hir) -> bool {
    hir.properties().is_alternation_literal()
}
