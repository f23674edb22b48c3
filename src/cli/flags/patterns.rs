//! Patterns, and what counts as a match.

use crate::cli::flags::{
    flag::{Flag, Section},
    options::{Boundary, PatternSource},
};
use mapgrep::matcher::Case;

/// The flags about patterns.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::value(
        Section::Input,
        ("regexp", "PATTERN"),
        "A pattern to search for",
        "A pattern to search for. May be given many times: a line is selected where any of them matches. Also for \
         patterns that begin with a dash. With it, or with -f, no argument is a pattern: all are paths.",
        |o, v| {
            o.patterns.sources.push(PatternSource::Text(v.into()));
            Ok(())
        },
    )
    .short('e'),
    Flag::value(
        Section::Input,
        ("file", "FILE"),
        "Search for the patterns in FILE, one a line",
        "Search for the patterns in FILE, one a line. \"-\" is standard input. May be given many times. An empty \
         file has no patterns, and none of its lines match; an empty line is a pattern that matches every line.",
        |o, v| {
            o.patterns.sources.push(PatternSource::File(v.into()));
            Ok(())
        },
    )
    .short('f'),
    Flag::switch(
        Section::Search,
        "fixed-strings",
        "Take patterns as plain strings",
        "Take patterns as plain strings, which may have any bytes. Of strings that match at the same place, the \
         first in the order in which they were given is the match; see --longest.",
        |o, on| o.patterns.fixed_strings = on,
    )
    .short('F')
    .negation("no-fixed-strings"),
    Flag::switch(
        Section::Search,
        "longest",
        "With -F, the longest string is the match",
        "With -F, of strings that match at the same place the longest is the match: what -o, --column, \
         --count-matches and --pattern-ids tell. Which lines are selected does not depend on it.",
        |o, _| o.patterns.longest = true,
    ),
    Flag::switch(
        Section::Search,
        "ignore-case",
        "Letters match both their cases",
        "Letters match both their cases. Of -i, -s and -S the last counts.",
        |o, _| o.patterns.case = Case::Insensitive,
    )
    .short('i'),
    Flag::switch(
        Section::Search,
        "case-sensitive",
        "Letters match their own case (the default)",
        "Letters match their own case. This is the default. Of -i, -s and -S the last counts.",
        |o, _| o.patterns.case = Case::Sensitive,
    )
    .short('s'),
    Flag::switch(
        Section::Search,
        "smart-case",
        "-i, unless a pattern has an upper-case letter",
        "Letters match both their cases, unless a pattern has an upper-case one that stands for itself. Of -i, -s \
         and -S the last counts.",
        |o, _| o.patterns.case = Case::Smart,
    )
    .short('S'),
    Flag::switch(
        Section::Search,
        "word-regexp",
        "Only matches that are whole words",
        "Only matches with no word character on either side. Of -w and -x the last counts.",
        |o, _| o.patterns.boundary = Boundary::Word,
    )
    .short('w'),
    Flag::switch(
        Section::Search,
        "line-regexp",
        "Only matches that are a whole line",
        "Only matches that are a whole line. Of -w and -x the last counts.",
        |o, _| o.patterns.boundary = Boundary::Line,
    )
    .short('x'),
    Flag::switch(
        Section::Search,
        "multiline",
        "Matches may go over several lines",
        "Matches may go over several lines; all lines of a match are selected. \".\" does not match a line end \
         without --multiline-dotall, and \"\\n\" and \"\\s\" do.",
        |o, on| o.patterns.multiline = on,
    )
    .short('U')
    .negation("no-multiline"),
    Flag::switch(
        Section::Search,
        "multiline-dotall",
        "With -U, \".\" matches line ends too",
        "With -U, \".\" matches line ends too.",
        |o, on| o.patterns.multiline_dotall = on,
    )
    .negation("no-multiline-dotall"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::{options::PatternOptions, parsed};

    fn options(args: &[&str]) -> PatternOptions {
        parsed(args).unwrap().patterns
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
