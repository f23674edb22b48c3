//! Patterns, and what counts as a match.

use std::ffi::OsStr;

use crate::cli::flags::{
    flag::{Flag, Section},
    numbers::parse_bytes,
    options::{Boundary, Engine, PatternSource},
    values::{set, text, word},
};
use mapgrep::matcher::Case;

/// The flags about patterns.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::value(
        Section::Input,
        ("regexp", "PATTERN"),
        "A pattern to search for",
        "A pattern to search for. May be given many times: a line is selected if any of them matches. The pattern may \
         begin with a dash. With this flag or -f, all other arguments are paths.",
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
        "Search for the patterns in FILE, one on each line. \"-\" is standard input. May be given many times. An \
         empty file has no patterns, so no line matches. An empty line is a pattern that matches every line.",
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
        "Patterns are plain strings of any bytes. Of strings that match at the same offset, the first that was given \
         is the match; see --longest.",
        |o, on| o.patterns.fixed_strings = on,
    )
    .short('F')
    .negation("no-fixed-strings"),
    Flag::switch(
        Section::Search,
        "longest",
        "With -F, the longest string is the match",
        "With -F, of strings that match at the same offset the longest is the match. This changes what -o, --column, \
         --count-matches and --pattern-ids show, and not which lines are selected.",
        |o, _| o.patterns.longest = true,
    ),
    Flag::switch(
        Section::Search,
        "ignore-case",
        "Letters match both their cases",
        "Letters match both cases. The last of -i, -s and -S counts.",
        |o, _| o.patterns.case = Case::Insensitive,
    )
    .short('i'),
    Flag::switch(
        Section::Search,
        "case-sensitive",
        "Letters match their own case (the default)",
        "Letters match only their own case. This is the default. The last of -i, -s and -S counts.",
        |o, _| o.patterns.case = Case::Sensitive,
    )
    .short('s'),
    Flag::switch(
        Section::Search,
        "smart-case",
        "-i, unless a pattern has an upper-case letter",
        "Letters match both cases, unless a pattern has an upper-case letter that stands for itself. The last of -i, \
         -s and -S counts.",
        |o, _| o.patterns.case = Case::Smart,
    )
    .short('S'),
    Flag::switch(
        Section::Search,
        "word-regexp",
        "Only matches that are whole words",
        "Select only matches without a word character on either side. The last of -w and -x counts.",
        |o, _| o.patterns.boundary = Boundary::Word,
    )
    .short('w'),
    Flag::switch(
        Section::Search,
        "line-regexp",
        "Only matches that are a whole line",
        "Select only matches that are a whole line. The last of -w and -x counts.",
        |o, _| o.patterns.boundary = Boundary::Line,
    )
    .short('x'),
    Flag::switch(
        Section::Search,
        "multiline",
        "Matches may go over several lines",
        "Matches may span several lines, all of which are selected. \"\\n\" and \"\\s\" match line ends; \".\" does \
         so only with --multiline-dotall.",
        |o, on| {
            o.patterns.multiline = on;
            o.selection.stop_on_nonmatch &= !on;
        },
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
    Flag::switch(
        Section::Search,
        "no-unicode",
        "Classes, case and words are those of ASCII",
        "Classes, case and words are those of ASCII: \\w is [0-9A-Za-z_], and \".\" matches a byte. (?u) in a pattern \
         has Unicode back.",
        |o, on| o.patterns.no_unicode = on,
    )
    .negation("unicode"),
    Flag::switch(
        Section::Search,
        "no-pcre2-unicode",
        "The same as --no-unicode",
        "The same as --no-unicode.",
        |o, on| o.patterns.no_unicode = on,
    )
    .negation("pcre2-unicode")
    .hidden(),
    Flag::value(
        Section::Search,
        ("regex-size-limit", "SIZE"),
        "How large a compiled regex may be",
        "How large a compiled regex may be: bytes, or a number with K, M or G. The default is 100M.",
        |o, v| set(&mut o.patterns.regex_size_limit, size(v)),
    ),
    Flag::value(
        Section::Search,
        ("dfa-size-limit", "SIZE"),
        "How large the cache of an automaton may be",
        "How large the cache of a lazy automaton may be, for each thread: bytes, or a number with K, M or G. A regex \
         for which it is too small is slow. The default depends on the patterns.",
        |o, v| set(&mut o.patterns.dfa_size_limit, size(v)),
    ),
    Flag::value(
        Section::Search,
        ("engine", "ENGINE"),
        "Which engine runs regexes",
        "Which engine runs regexes: \"default\"; \"pcre2\", which knows look-around and backreferences; or \"auto\", \
         which is the default one unless a pattern needs the other. PCRE2 is in builds with the cargo feature \
         pcre2 alone; --pcre2-version tells.",
        |o, v| {
            let meanings = [Engine::Default, Engine::Pcre2, Engine::Auto];
            set(&mut o.patterns.engine, word(v, ENGINES, &meanings))
        },
    )
    .words(ENGINES),
    Flag::switch(
        Section::Search,
        "pcre2",
        "The same as --engine=pcre2",
        "The same as --engine=pcre2: regexes with look-around and backreferences, by the rules of Perl. It is \
         slower, and may give a search up. It is in builds with the cargo feature pcre2 alone; --pcre2-version tells.",
        |o, on| o.patterns.engine = if on { Engine::Pcre2 } else { Engine::Default },
    )
    .short('P')
    .negation("no-pcre2"),
    Flag::switch(
        Section::Search,
        "auto-hybrid-regex",
        "The same as --engine=auto",
        "The same as --engine=auto.",
        |o, on| o.patterns.engine = if on { Engine::Auto } else { Engine::Default },
    )
    .negation("no-auto-hybrid-regex")
    .hidden(),
];

const ENGINES: &[&str] = &["default", "pcre2", "auto"];

/// A limit in bytes.
fn size(value: &OsStr) -> Result<Option<usize>, String> {
    let size = text(value).and_then(parse_bytes)?;
    Ok(Some(usize::try_from(size).unwrap_or(usize::MAX)))
}

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
