//! From pattern texts to a [`Matcher`].

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::{
    LineTerminator, Matcher, Reach, Strategy, literal,
    literals::Literals,
    regex::Regexes,
    syntax::{self, LetterCase},
};
use crate::{error::Error, span::PatternId};

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
/// let mut cache = matcher.cache();
/// assert!(matcher.is_match(&mut cache, b"An ERROR occurred"));
/// assert!(!matcher.is_match(&mut cache, b"errors"));
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MatcherBuilder {
    fixed_strings: bool,
    case: Case,
    word: bool,
    whole_line: bool,
    by_line: bool,
    terminator: LineTerminator,
    dot_matches_newline: bool,
    refuse_nul: bool,
    merge: bool,
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

    /// Takes all patterns as alternatives of one, so that every match is of pattern 0. What matches stays the same. Regex
    /// engines pay for telling patterns apart: with thousands of regexes this makes a search faster by orders of
    /// magnitude.
    pub fn merge(&mut self, yes: bool) -> &mut Self {
        self.merge = yes;
        self
    }

    /// Compiles the patterns. With none at all, nothing ever matches.
    ///
    /// # Errors
    ///
    /// [`is_pattern`](Error::is_pattern) when a pattern is not valid or too large; the text shows the position. With
    /// [`by_line`](MatcherBuilder::by_line) also when a pattern needs a line terminator.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the patterns for literals. A regex can take time and memory in proportion to the
    /// product of its nested repetitions; there is a limit on the memory.
    pub fn build<P: AsRef<str>>(&self, patterns: impl IntoIterator<Item = P>) -> Result<Matcher, Error> {
        let patterns: Vec<P> = patterns.into_iter().collect();
        let parsed = self.parse(&patterns)?;
        let reach = self.reach(&parsed);
        let matches_empty = parsed.iter().any(|hir| hir.properties().minimum_len() == Some(0));
        let looks_at_words = parsed.iter().any(|hir| hir.properties().look_set().contains_word_unicode());
        Ok(Matcher {
            strategy: self.choose(parsed, patterns.len())?,
            reach,
            by_line: self.by_line.then_some(self.terminator),
            matches_empty,
            looks_at_words,
        })
    }

    fn parse<P: AsRef<str>>(&self, patterns: &[P]) -> Result<Vec<Hir>, Error> {
        // Without folding, a fixed string is its own syntax tree; a million of them need no parser.
        if self.fixed_strings && self.case == Case::Sensitive {
            let literals = patterns.iter().map(|p| self.confine(Hir::literal(p.as_ref().as_bytes())));
            return Ok(self.wrap(literals.collect::<Result<Vec<_>, _>>()?));
        }
        let asts = patterns
            .iter()
            .map(|p| match self.fixed_strings {
                true => syntax::parse(&regex_syntax::escape(p.as_ref())),
                false => syntax::parse(p.as_ref()),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let fold = match self.case {
            Case::Sensitive => false,
            Case::Insensitive => true,
            Case::Smart => asts.iter().fold(LetterCase::default(), |case, (_, ast)| case.and(ast)).is_all_lower(),
        };
        let confined = asts.iter().map(|(text, ast)| self.confine(self.syntax(fold).translate(text, ast)?));
        Ok(self.wrap(confined.collect::<Result<Vec<_>, _>>()?))
    }

    /// Applies the options that say what may be part of a match.
    fn confine(&self, hir: Hir) -> Result<Hir, Error> {
        if self.refuse_nul {
            syntax::refuse_nul(&hir)?;
        }
        match self.by_line {
            true => syntax::keep_within_line(hir, self.terminator),
            false => Ok(syntax::without_captures(hir)),
        }
    }

    /// Applies the options that say what has to be around a match, after the patterns were made one where that is
    /// wanted: one pair of assertions is cheaper than a pair for each of them. Plain literals stay apart, for an engine
    /// of their own.
    fn wrap(&self, mut patterns: Vec<Hir>) -> Vec<Hir> {
        let plain = !self.whole_line && !self.word && patterns.iter().all(is_literal);
        if self.merge && patterns.len() > 1 && !plain {
            patterns = vec![Hir::alternation(patterns)];
        }
        let (before, after) = match (self.whole_line, self.word) {
            (true, _) => syntax::line_ends(self.terminator),
            (false, true) => (Look::WordStartHalfUnicode, Look::WordEndHalfUnicode),
            (false, false) => return patterns,
        };
        let wrap = |hir| Hir::concat(vec![Hir::look(before), hir, Hir::look(after)]);
        patterns.into_iter().map(wrap).collect()
    }

    fn syntax(&self, ignore_case: bool) -> syntax::Syntax {
        syntax::Syntax { ignore_case, terminator: self.terminator, dot_matches_newline: self.dot_matches_newline }
    }

    fn choose(&self, patterns: Vec<Hir>, given: usize) -> Result<Strategy, Error> {
        if patterns.is_empty() {
            return Ok(Strategy::Never);
        }
        let mut literals = vec![];
        for (index, hir) in patterns.iter().enumerate() {
            let id = PatternId::new(if self.merge { 0 } else { index });
            if !push_literals(hir, id, &mut literals) {
                return Ok(Strategy::Regexes(Regexes::new(&patterns, given, self.terminator, self.by_line)?));
            }
        }
        match &literals[..] {
            [(needle, id)] => Ok(Strategy::Literal(Box::new(literal::Finder::new(needle).into_owned()), *id)),
            _ => Ok(Strategy::Literals(Literals::new(&literals)?)),
        }
    }

    fn reach(&self, patterns: &[Hir]) -> Reach {
        if self.by_line && !patterns.iter().all(is_literal) {
            return Reach::Line;
        }
        let longest = patterns.iter().map(|hir| hir.properties().maximum_len()).try_fold(0, |a, b| Some(a.max(b?)));
        match longest {
            // An assertion at the end of a match looks at one more scalar value.
            Some(len) => Reach::Bytes(len + if patterns.iter().all(is_literal) { 0 } else { Reach::LOOK_BEHIND }),
            None => Reach::Unbounded,
        }
    }
}

fn is_literal(hir: &Hir) -> bool {
    hir.properties().is_alternation_literal()
}

/// Adds the literals that `hir` is an alternation of; false when it is anything else, or when one of them is empty.
fn push_literals(hir: &Hir, id: PatternId, literals: &mut Vec<(Vec<u8>, PatternId)>) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => {
            literals.push((literal.0.to_vec(), id));
            true
        }
        // The parser turns `a|b` and `[ab]` into the same thing; single ASCII characters stay literals.
        HirKind::Class(Class::Bytes(class)) => match class.literal() {
            Some(literal) => {
                literals.push((literal, id));
                true
            }
            None => false,
        },
        HirKind::Alternation(branches) => branches.iter().all(|branch| push_literals(branch, id, literals)),
        _ => false,
    }
}
