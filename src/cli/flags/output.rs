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
        "Show the number of selected lines of each file that has any. With -U, all lines of each match count. With \
         -o, the matches are counted.",
        |o, _| o.output.mode = Mode::Count,
    )
    .short('c'),
    Flag::switch(
        Section::Mode,
        "count-matches",
        "Show how many matches there are in each file",
        "Show the number of matches of each file that has any. With -v, the lines that do not match are counted.",
        |o, _| o.output.mode = Mode::CountMatches,
    ),
    Flag::switch(
        Section::Mode,
        "count-by-pattern",
        "Show on how many lines each pattern matches",
        "Show on how many lines of each file each pattern matches, as \"COUNT:PATTERN\", in the order of the \
         patterns. A line counts for every pattern that matches on it. A pattern that is given twice is counted once. \
         An empty pattern matches every line. Cannot be used with -v and -U.",
        |o, _| o.output.mode = Mode::CountByPattern,
    ),
    Flag::switch(
        Section::Mode,
        "total",
        "Show the sum of the counts of all files",
        "Show only the sum of the counts of all files: of selected lines, or of matches with --count-matches.",
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
        "Show counts of zero, too, with -c, --count-matches and --count-by-pattern.",
        |o, on| o.output.include_zero = on,
    )
    .negation("no-include-zero"),
    Flag::switch(
        Section::Output,
        "pattern-ids",
        "Show the numbers of the patterns that match",
        "Show the numbers of the patterns that match, separated by commas, before each selected line. With -o it is \
         the one pattern of the match, the first of several. With --count-by-pattern, the number stands before the \
         count.\n\nPatterns are numbered from 1 in the order in which they were given. Each line of a file given with \
         -f is a pattern, also an empty line. A pattern that is given again keeps its first number. Cannot be used \
         with -v and -U.",
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
        "Show a JSON message for each line, for the beginning and end of each file with lines, and at the end one \
         with statistics. Flags about the look of lines have no effect.",
        |o, on| match (on, o.output.mode) {
            (true, _) => o.output.mode = Mode::Json,
            (false, Mode::Json) => o.output.mode = Mode::Lines,
            (false, _) => {}
        },
    )
    .negation("no-json"),
    Flag::switch(
        Section::Mode,
        "files",
        "List the files that would be searched",
        "Show the names of the files that would be searched, and search none. All arguments are paths. With -q, only \
         the exit status tells whether there is one. Files that mapgrep-index made are not among them.",
        |o, _| o.output.mode = Mode::Files,
    ),
    Flag::switch(
        Section::Mode,
        "type-list",
        "Show the types of files, and their globs",
        "Show all types of files that -t and -T know, and the globs of each. --type-add and --type-clear change them.",
        |o, _| o.output.mode = Mode::Types,
    ),
    Flag::switch(
        Section::Output,
        "quiet",
        "Show nothing; stop at the first selected line",
        "Show nothing, and stop at the first selected line. The exit status tells whether there is one.",
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
