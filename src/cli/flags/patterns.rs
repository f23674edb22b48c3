//! Patterns, and what counts as a match.

use std::{ffi::OsString, path::PathBuf};

use crate::cli::flags::flag::{self, Takes};
use mapgrep::matcher::Case;

/// What is searched for.
#[derive(Debug, Default)]
pub(crate) struct PatternOptions {
    /// Where patterns come from, in the order in which they were given. It decides between matches that start at the
    /// same byte.
    pub(crate) sources: Vec<PatternSource>,
    pub(crate) fixed_strings: bool,
    pub(crate) longest: bool,
    pub(crate) case: Case,
    pub(crate) boundary: Boundary,
    pub(crate) multiline: bool,
    pub(crate) multiline_dotall: bool,
}

/// Where patterns come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PatternSource {
    Text(OsString),
    File(PathBuf),
}

/// What has to be around a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Boundary {
    #[default]
    Any,
    /// No word character on either side.
    Word,
    /// The line's start and its end.
    Line,
}

type Flag = flag::Flag<PatternOptions>;

/// The flags, in the order of `--help`.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::bytes(
        "regexp",
        Takes::Any,
        "PATTERN",
        "A pattern to search for; may be given many times. Also for patterns that begin with a dash",
        |o, v| {
            o.sources.push(PatternSource::Text(v.into()));
            Ok(())
        },
    )
    .short('e'),
    Flag::bytes(
        "file",
        Takes::Path,
        "FILE",
        "A file with one pattern per line; \"-\" is standard input. May be given many times",
        |o, v| {
            o.sources.push(PatternSource::File(v.into()));
            Ok(())
        },
    )
    .short('f'),
    Flag::switch(
        "fixed-strings",
        "Take patterns as plain strings, which may have any bytes. Of strings that match at the same place, the \
         first in the order in which they were given is the match; see --longest",
        |o| o.fixed_strings = true,
    )
    .short('F'),
    Flag::switch(
        "longest",
        "With -F, of strings that match at the same place the longest is the match: what -o, --column, \
         --count-matches and --pattern-ids tell. Which lines are selected does not depend on it",
        |o| o.longest = true,
    )
    .requires("fixed-strings"),
    Flag::switch("ignore-case", "Letters match both their cases", |o| o.case = Case::Insensitive).short('i'),
    Flag::switch("case-sensitive", "Letters match their own case; the default", |o| o.case = Case::Sensitive)
        .short('s'),
    Flag::switch("smart-case", "Letters match both cases unless the pattern has an upper-case one", |o| {
        o.case = Case::Smart
    })
    .short('S'),
    Flag::switch("word-regexp", "Only matches with no word character on either side", |o| o.boundary = Boundary::Word)
        .short('w'),
    Flag::switch("line-regexp", "Only matches that are a whole line", |o| o.boundary = Boundary::Line).short('x'),
    Flag::switch("multiline", "Matches may go over several lines; all lines of a match are selected", |o| {
        o.multiline = true
    })
    .short('U'),
    Flag::switch("multiline-dotall", "With -U, have \".\" match line ends too", |o| o.multiline_dotall = true),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::flag::parse;

    fn options(args: &[&str]) -> PatternOptions {
        parse(&[FLAGS], args).unwrap()
    }

    #[test]
    fn patterns_keep_their_order() {
        let text = |s: &str| PatternSource::Text(s.into());
        let sources = options(&["-e", "a", "-f", "b", "-e", "-c"]).sources;
        assert_eq!(sources, [text("a"), PatternSource::File("b".into()), text("-c")]);
    }

    #[test]
    fn the_last_of_several_cases_counts() {
        assert_eq!(options(&["-i", "-s"]).case, Case::Sensitive);
        assert_eq!(options(&["-i", "-S"]).case, Case::Smart);
        assert_eq!(options(&["-S", "-i", "-i"]).case, Case::Insensitive);
    }

    #[test]
    fn the_last_of_several_boundaries_counts() {
        assert_eq!(options(&["-x", "-w"]).boundary, Boundary::Word);
        assert_eq!(options(&["-wx"]).boundary, Boundary::Line);
    }
}
