//! Regexes with look-around and backreferences, run by PCRE2.
//!
//! It backtracks, so that a search may take time that grows exponentially with the text; it gives up at a limit. What
//! it gave up at is kept until it is asked for ([`Pcre2::failure`]); nothing is found from there on.
//!
//! Where matches are confined to lines, each line is searched by itself, without its terminator: no pattern sees more.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use memchr::{memchr, memrchr};
use pcre2::bytes::{CaptureLocations, Regex, RegexBuilder};

use crate::{
    error::Error,
    matcher::{
        parse::{Case, PatternOptions},
        terminator::LineTerminator,
    },
    span::{Match, PatternId, Span},
};

/// How many bytes the stack of compiled code may grow to.
const MOST_STACK: usize = 10 << 20;

/// Compiled patterns. A clone fails by itself.
pub(crate) struct Pcre2 {
    patterns: Arc<Patterns>,
    failure: OnceLock<String>,
}

struct Patterns {
    /// One for each pattern, or one for all where they were made one.
    regexes: Vec<Regex>,
    /// What the lines end with that matches are confined to.
    by_line: Option<LineTerminator>,
    /// The groups of all patterns, without those that stand for whole matches.
    groups: Vec<Option<String>>,
}

/// What groups captured.
pub(crate) struct Groups {
    spans: CaptureLocations,
    /// How many groups the patterns before have.
    before: usize,
}

impl Clone for Pcre2 {
    fn clone(&self) -> Self {
        Pcre2 { patterns: self.patterns.clone(), failure: OnceLock::new() }
    }
}

impl fmt::Debug for Pcre2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.patterns.regexes.iter().map(Regex::as_str);
        f.debug_struct("Pcre2").field("patterns", &patterns.collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// The version of PCRE2, and whether it compiles patterns to machine code.
#[expect(clippy::unnecessary_wraps, reason = "there is none in a build without PCRE2")]
pub(crate) fn version() -> Option<String> {
    let (major, minor) = pcre2::version();
    let jit = if pcre2::is_jit_available() { "with" } else { "without" };
    Some(format!("{major}.{minor}, {jit} JIT"))
}

impl Pcre2 {
    /// # Errors
    ///
    /// [`is_pattern`](Error::is_pattern) when a pattern is not valid.
    pub(crate) fn new<P: AsRef<[u8]>>(patterns: &[P], options: &PatternOptions) -> Result<Self, Error> {
        let mut texts = vec![];
        for (index, pattern) in patterns.iter().enumerate() {
            let text = crate::matcher::syntax::translate::text(pattern.as_ref());
            texts.push(text.map_err(|error| error.with_pattern_index(index))?);
        }
        let regexes = match texts.len() > 1 && options.merge {
            true => {
                let all: Vec<_> = texts.iter().map(|text| format!("(?:{text})")).collect();
                let compiled = compile(&all.join("|"), options, ignores_case(&texts, options));
                // One that is wrong is told by itself, with the place in it.
                vec![compiled.or_else(|error| compile_each(&texts, options).and(Err(error)))?]
            }
            false => compile_each(&texts, options)?,
        };
        let names = |regex: &Regex| regex.capture_names()[1..].to_vec();
        let groups = regexes.iter().flat_map(names).collect();
        let by_line = options.by_line.then_some(options.terminator);
        Ok(Pcre2 { patterns: Arc::new(Patterns { regexes, by_line, groups }), failure: OnceLock::new() })
    }

    /// Why a search has found nothing more, if it was given up.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.get().map(|text| Error::pattern(text.clone()))
    }

    /// The first match that starts at or after `at`.
    pub(crate) fn find_at(&self, haystack: &[u8], at: usize) -> Option<Match> {
        let Some(terminator) = self.patterns.by_line else { return self.find_in(haystack, at) };
        let mut start = memrchr(terminator.byte(), &haystack[..at]).map_or(0, |end| end + 1);
        let mut at = at;
        loop {
            let end = memchr(terminator.byte(), &haystack[at..]).map(|end| at + end + 1);
            let line = terminator.strip(&haystack[start..end.unwrap_or(haystack.len())]);
            if at - start <= line.len()
                && let Some(m) = self.find_in(line, at - start)
            {
                return Some(Match { start: start + m.start, end: start + m.end, ..m });
            }
            (start, at) = (end?, end?);
        }
    }

    /// The first match in a text that starts at or after `at`, whatever its lines are.
    fn find_in(&self, text: &[u8], at: usize) -> Option<Match> {
        if self.failure.get().is_some() {
            return None;
        }
        let mut first: Option<Match> = None;
        for (index, regex) in self.patterns.regexes.iter().enumerate() {
            match regex.find_at(text, at) {
                Ok(Some(m)) if first.is_none_or(|first| m.start() < first.start) => {
                    // `\K` can put the start behind the end.
                    let end = m.end().max(m.start());
                    first = Some(Match { start: m.start(), end, pattern: PatternId::new(index) });
                }
                Ok(_) => {}
                Err(error) => {
                    let _ = self.failure.set(error.to_string());
                    return None;
                }
            }
        }
        first
    }

    /// The names of the groups of all patterns, in order.
    pub(crate) fn group_names(&self) -> &[Option<String>] {
        &self.patterns.groups
    }

    /// The groups of a match that a search found that began at `from`. None if there is no such match.
    pub(crate) fn groups(&self, line: &[u8], from: usize, found: Span) -> Option<Groups> {
        let mut before = 0;
        for regex in &self.patterns.regexes {
            let mut spans = regex.capture_locations();
            // `\K` takes what was looked at out of the match, so that it is not found from its start.
            for at in [from, found.start] {
                let is_found = matches!(regex.captures_read_at(&mut spans, line, at), Ok(Some(_)));
                if is_found && spans.get(0) == Some((found.start, found.end)) {
                    return Some(Groups { spans, before });
                }
            }
            before += regex.captures_len() - 1;
        }
        None
    }

    /// What it is, in one line for people.
    pub(crate) fn description(&self) -> String {
        let how = if self.patterns.by_line.is_some() { "line by line" } else { "the whole text at once" };
        match self.patterns.regexes.len() {
            1 => format!("one regex: PCRE2, {how}"),
            count => format!("{count} regexes: PCRE2, one after the other, {how}"),
        }
    }
}

impl Groups {
    /// What a group captured, counted through all patterns, from 1.
    pub(crate) fn get(&self, group: usize) -> Option<Span> {
        let (start, end) = self.spans.get(group.checked_sub(self.before).filter(|&group| group > 0)?)?;
        Some(Span::new(start, end))
    }
}

fn compile_each(texts: &[&str], options: &PatternOptions) -> Result<Vec<Regex>, Error> {
    let ignore_case = ignores_case(texts, options);
    let compile = |(index, text): (usize, &&str)| {
        compile(text, options, ignore_case).map_err(|error| error.with_pattern_index(index))
    };
    texts.iter().enumerate().map(compile).collect()
}

fn compile(text: &str, options: &PatternOptions, ignore_case: bool) -> Result<Regex, Error> {
    let wrapped = match (options.whole_line, options.word) {
        (true, _) => format!("(?m:^)(?:{text})(?m:$)"),
        (false, true) => format!(r"(?<!\w)(?:{text})(?!\w)"),
        (false, false) => text.to_owned(),
    };
    RegexBuilder::new()
        .multi_line(true)
        .dotall(options.dot_matches_newline)
        .crlf(options.terminator == LineTerminator::Crlf)
        .caseless(ignore_case)
        .utf(!options.ascii)
        .ucp(!options.ascii)
        .jit_if_available(true)
        .max_jit_stack_size(Some(MOST_STACK))
        .build(&wrapped)
        .map_err(|error| Error::pattern(error.to_string()))
}

/// Whether case is ignored, about which all patterns decide together.
fn ignores_case(texts: &[&str], options: &PatternOptions) -> bool {
    match options.case {
        Case::Sensitive => false,
        Case::Insensitive => true,
        Case::Smart => !texts.iter().any(|text| has_upper_case(text)),
    }
}

/// Whether a pattern has an upper-case letter that is no escape.
fn has_upper_case(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        if char == '\\' {
            chars.next();
        } else if char.is_uppercase() {
            return true;
        }
    }
    false
}
