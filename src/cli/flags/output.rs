//! What is shown of a file: its lines, their number, or its name.

use crate::cli::flags::{
    flag::{Flag, Section},
    options::Mode,
};

/// The flags about what is shown of a file.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::switch(
        Section::Mode,
        "count",
        "Show how many lines are selected in each file",
        "Show how many lines are selected, for each file that has any; with -U, all lines of each match count. With \
         -o, the matches are counted.",
        |o, _| o.output.mode = Mode::Count,
    )
    .short('c'),
    Flag::switch(
        Section::Mode,
        "count-matches",
        "Show how many matches there are in each file",
        "Show how many matches there are, for each file that has any. With -v, the lines that do not match are \
         counted.",
        |o, _| o.output.mode = Mode::CountMatches,
    ),
    Flag::switch(
        Section::Mode,
        "count-by-pattern",
        "Show on how many lines each pattern matches",
        "Show for each pattern on how many lines it matches, whether or not others match there too: \
         \"COUNT:PATTERN\", in the order in which they were given, for each file. A pattern that is given again is \
         not counted again; an empty one matches every line. Not with -v and -U.",
        |o, _| o.output.mode = Mode::CountByPattern,
    ),
    Flag::switch(
        Section::Mode,
        "total",
        "Show the sum of the counts of all files",
        "Show one number, the sum of the counts of all files: of selected lines, or of matches with --count-matches.",
        |o, _| {
            o.output.total = true;
            if o.output.mode == Mode::Lines {
                o.output.mode = Mode::Count;
            }
        },
    ),
    Flag::switch(
        Section::Output,
        "include-zero",
        "Show counts of zero too",
        "With -c, --count-matches and --count-by-pattern, show counts of zero too.",
        |o, on| o.output.include_zero = on,
    )
    .negation("no-include-zero"),
    Flag::switch(
        Section::Output,
        "pattern-ids",
        "Show the numbers of the patterns that match",
        "Show which patterns match, by their numbers: in front of each selected line, with commas between them, or \
         with -o the one that found the match, which of several that match there is the first. With \
         --count-by-pattern, in front of the count.\n\n\
         The number of a pattern is its place among all that were given, from 1, where each line of a file given \
         with -f is one, also an empty line. A pattern that is given again keeps the number that it had. Not with -v \
         and -U.",
        |o, _| o.output.pattern_ids = true,
    ),
    Flag::switch(
        Section::Mode,
        "files-with-matches",
        "Show only the names of files with selected lines",
        "Show only the names of files with selected lines.",
        |o, _| o.output.mode = Mode::FilesWithMatches,
    )
    .short('l'),
    Flag::switch(
        Section::Mode,
        "files-without-match",
        "Show only the names of files without any",
        "Show only the names of files without selected lines.",
        |o, _| o.output.mode = Mode::FilesWithoutMatch,
    ),
    Flag::switch(
        Section::Mode,
        "json",
        "Show a message in JSON for each line",
        "Show a message in JSON for each line, and for the beginning and the end of each file with any; at the end \
         one with statistics. What is said of how lines look does not count then.",
        |o, on| o.output.mode = if on { Mode::Json } else { Mode::Lines },
    )
    .negation("no-json"),
    Flag::switch(
        Section::Output,
        "quiet",
        "Show nothing; stop at the first selected line",
        "Show nothing; stop at the first selected line. The exit status tells whether there was one.",
        |o, _| o.output.quiet = true,
    )
    .short('q'),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::parsed;

    #[test]
    fn the_last_mode_counts() {
        let mode = |args: &[&str]| parsed(args).unwrap().output.mode;
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
