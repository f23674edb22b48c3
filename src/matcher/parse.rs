//! From pattern texts to syntax trees: what the options make of them.

use regex_syntax::{
    ast::Ast,
    hir::{Hir, Look},
};

use crate::{
    error::Error,
    matcher::{
        set::Borders,
        syntax::translate::{self, Groups, LetterCase},
        terminator::LineTerminator,
    },
};

/// How many bytes patterns may have in all that are parsed. A tree takes 100 times as much memory as its text.
const MOST: usize = 4 << 20;

/// The same where case is ignored. A tree takes 360 times as much then.
const MOST_IGNORING_CASE: usize = 2 << 20;

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

/// What runs patterns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Our own searches for literals, and finite automata for regexes: the time is linear in the text, whatever the
    /// pattern.
    #[default]
    Default,
    /// PCRE2, for patterns with look-around and backreferences, by the rules of Perl. It backtracks, and gives up at a
    /// limit of steps: see [`Matcher::failure`](crate::matcher::Matcher::failure). Needs the cargo feature `pcre2`.
    Pcre2,
}

/// What patterns mean, and which of their matches count: see the setters of
/// [`MatcherBuilder`](crate::matcher::MatcherBuilder).
#[derive(Clone, Debug, Default)]
pub(crate) struct PatternOptions {
    pub(crate) fixed_strings: bool,
    pub(crate) case: Case,
    pub(crate) word: bool,
    pub(crate) whole_line: bool,
    pub(crate) by_line: bool,
    pub(crate) terminator: LineTerminator,
    pub(crate) dot_matches_newline: bool,
    pub(crate) refuse_nul: bool,
    pub(crate) merge: bool,
    pub(crate) longest: bool,
    /// Classes, case and words are those of ASCII.
    pub(crate) ascii: bool,
    pub(crate) limits: Limits,
    pub(crate) engine: Engine,
}

/// How much memory engines may take, in bytes, if not as much as by default.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// A compiled regex.
    pub(crate) regex: Option<usize>,
    /// The cache of a lazy automaton, of each worker.
    pub(crate) cache: Option<usize>,
}

/// The texts of patterns that may have groups, and their options: what a replacer is compiled from.
#[derive(Debug)]
pub(crate) struct Grouped {
    pub(crate) options: PatternOptions,
    pub(crate) patterns: Vec<Vec<u8>>,
}

impl Grouped {
    /// None where no pattern has a group.
    pub(crate) fn new<P: AsRef<[u8]>>(options: &PatternOptions, patterns: &[P]) -> Option<Self> {
        let may_have_group = |pattern: &P| pattern.as_ref().contains(&b'(');
        if options.fixed_strings || !patterns.iter().any(may_have_group) {
            return None;
        }
        let patterns = patterns.iter().map(|pattern| pattern.as_ref().to_vec()).collect();
        Some(Grouped { options: options.clone(), patterns })
    }
}

impl PatternOptions {
    /// Whether PCRE2 runs the patterns. Plain strings need it never.
    pub(crate) fn is_pcre2(&self) -> bool {
        self.engine == Engine::Pcre2 && !self.fixed_strings
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
        let ignores_case = match self.case {
            Case::Sensitive => false,
            Case::Insensitive => true,
            Case::Smart => is_all_lower(strings),
        };
        // Sets know the case and the words of Unicode.
        (!self.ascii || !(self.word || ignores_case)).then_some(ignores_case)
    }

    /// The syntax trees of the patterns, with all options applied.
    pub(crate) fn parse<P: AsRef<[u8]>>(&self, patterns: &[P]) -> Result<Vec<Hir>, Error> {
        Ok(self.wrap(self.parse_confined(patterns)?))
    }

    /// The syntax trees, with all options applied but those that say what has to be around a match.
    pub(crate) fn parse_confined<P: AsRef<[u8]>>(&self, patterns: &[P]) -> Result<Vec<Hir>, Error> {
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

    pub(crate) fn wrap_one(&self, hir: Hir) -> Hir {
        let (before, after) = match (self.whole_line, self.word) {
            (true, _) => translate::line_ends(self.terminator),
            (false, true) if self.ascii => (Look::WordStartHalfAscii, Look::WordEndHalfAscii),
            (false, true) => (Look::WordStartHalfUnicode, Look::WordEndHalfUnicode),
            (false, false) => return hir,
        };
        Hir::concat(vec![Hir::look(before), hir, Hir::look(after)])
    }

    /// How the trees of the patterns are translated.
    pub(crate) fn syntax(&self, ignore_case: bool) -> translate::Syntax {
        translate::Syntax {
            ignore_case,
            terminator: self.terminator,
            dot_matches_newline: self.dot_matches_newline,
            unicode: !self.ascii,
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

pub(crate) fn is_literal(hir: &Hir) -> bool {
    hir.properties().is_alternation_literal()
}
