//! What is shown of a file: its lines, their number, or its name.

use crate::cli::flags::flag;

/// What is shown of a file.
#[derive(Debug, Default)]
pub(crate) struct OutputOptions {
    pub(crate) mode: Mode,
    pub(crate) include_zero: bool,
    /// The sum of the counts is shown, and no file's own.
    pub(crate) total: bool,
    pub(crate) pattern_ids: bool,
    pub(crate) quiet: bool,
}

/// The kinds of output. Nothing is printed of any of them with `quiet`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Lines,
    Count,
    CountMatches,
    CountByPattern,
    FilesWithMatches,
    FilesWithoutMatch,
    Json,
}

/// The flags that set the mode.
const MODES: &[&str] =
    &["count", "count-matches", "count-by-pattern", "files-with-matches", "files-without-match", "json"];

type Flag = flag::Flag<OutputOptions>;

/// The flags, in the order of `--help`.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::switch(
        "count",
        "Show how many lines are selected, for each file that has any; with -U, all lines of each match count",
        |o| o.mode = Mode::Count,
    )
    .short('c')
    .overrides(MODES),
    Flag::switch("count-matches", "Show how many matches there are, for each file that has any", |o| {
        o.mode = Mode::CountMatches
    })
    .overrides(MODES),
    Flag::switch(
        "count-by-pattern",
        "Show for each pattern on how many lines it matches, whether or not others match there too: \
         \"COUNT:PATTERN\", in the order in which they were given, for each file. A pattern that is given again is \
         not counted again; an empty one matches every line",
        |o| o.mode = Mode::CountByPattern,
    )
    .overrides(MODES)
    .conflicts(&["invert-match", "multiline"]),
    Flag::switch(
        "total",
        "Show one number, the sum of the counts of all files: of selected lines, or of matches with --count-matches",
        |o| {
            o.total = true;
            if o.mode == Mode::Lines {
                o.mode = Mode::Count;
            }
        },
    )
    .conflicts(&["count-by-pattern", "files-with-matches", "files-without-match", "json"]),
    Flag::switch("include-zero", "With -c, --count-matches and --count-by-pattern, show counts of zero too", |o| {
        o.include_zero = true
    }),
    Flag::switch(
        "pattern-ids",
        "Show which patterns match, by their numbers: in front of each selected line, with commas between them, or \
         with -o the one that found the match, which of several that match there is the first. With \
         --count-by-pattern, in front of the count. The number of a pattern is its place among all that were given, \
         from 1, where each line of a file given with -f is one, also an empty line. A pattern that is given again \
         keeps the number that it had",
        |o| o.pattern_ids = true,
    )
    .conflicts(&["invert-match", "multiline"]),
    Flag::switch("files-with-matches", "Show only the names of files with selected lines", |o| {
        o.mode = Mode::FilesWithMatches
    })
    .short('l')
    .overrides(MODES),
    Flag::switch("files-without-match", "Show only the names of files without selected lines", |o| {
        o.mode = Mode::FilesWithoutMatch
    })
    .overrides(MODES),
    Flag::switch(
        "json",
        "Show a message in JSON for each line, and for the beginning and the end of each file with any; at the end \
         one with statistics. What is said of how lines look does not count then",
        |o| o.mode = Mode::Json,
    )
    .overrides(MODES),
    Flag::switch("quiet", "Show nothing; stop at the first selected line", |o| o.quiet = true).short('q'),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::flag::parse;

    #[test]
    fn the_last_mode_counts() {
        let mode = |args: &[&str]| parse::<OutputOptions>(&[FLAGS], args).unwrap().mode;
        assert_eq!(mode(&[]), Mode::Lines);
        assert_eq!(mode(&["-c", "-l"]), Mode::FilesWithMatches);
        assert_eq!(mode(&["-l", "-c"]), Mode::Count);
        assert_eq!(mode(&["-l", "--json"]), Mode::Json);
        assert_eq!(mode(&["--json", "--count-by-pattern"]), Mode::CountByPattern);
        assert_eq!(mode(&["--total"]), Mode::Count);
        assert_eq!(mode(&["--total", "--count-matches"]), Mode::CountMatches);
        assert_eq!(mode(&["--count-matches", "--total"]), Mode::CountMatches);
    }
}
