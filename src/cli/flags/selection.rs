//! Which lines are selected, and which are shown around them.

use crate::cli::flags::{
    flag::{Flag, Section},
    options::{Context, Part},
    ranges::{parse_lines, parse_range},
    values::{number, set, text},
};

/// The flags about which lines are shown.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::switch(
        Section::Search,
        "invert-match",
        "Select the lines that do not match",
        "Select the lines that do not match.",
        |o, on| o.selection.invert_match = on,
    )
    .short('v')
    .negation("no-invert-match"),
    Flag::value(
        Section::Search,
        ("max-count", "NUM"),
        "Stop in each file after NUM selected lines",
        "Stop in each file after NUM selected lines. Lines after the last of them are context, whether or not they \
         match.",
        |o, v| set(&mut o.selection.max_count, number(v)),
    )
    .short('m'),
    Flag::switch(
        Section::Search,
        "stop-on-nonmatch",
        "Stop behind the first run of selected lines",
        "Stop in each file at the first line that is not selected behind one that is: in a sorted file nothing is \
         selected behind it. Lines are read one by one. Of -U and this the last counts.",
        |o, _| {
            o.selection.stop_on_nonmatch = true;
            o.patterns.multiline = false;
        },
    ),
    Flag::value(
        Section::Output,
        ("after-context", "NUM"),
        "Show NUM lines after each selected one",
        "Show NUM lines after each selected one. Takes precedence over -C. The last of --passthru and this flag \
         counts.",
        |o, v| set(&mut o.selection.context.around().after, number(v)),
    )
    .short('A'),
    Flag::value(
        Section::Output,
        ("before-context", "NUM"),
        "Show NUM lines before each selected one",
        "Show NUM lines before each selected one. Takes precedence over -C. The last of --passthru and this flag \
         counts.",
        |o, v| set(&mut o.selection.context.around().before, number(v)),
    )
    .short('B'),
    Flag::value(
        Section::Output,
        ("context", "NUM"),
        "Show NUM lines around each selected one",
        "Show NUM lines before and after each selected one. -A and -B take precedence. The last of --passthru and \
         this flag counts.",
        |o, v| set(&mut o.selection.context.around().both, number(v)),
    )
    .short('C'),
    Flag::switch(
        Section::Output,
        "passthru",
        "Show the lines that are not selected too",
        "Show lines that are not selected, too, marked as context. The last of this flag and -A, -B, -C counts.",
        |o, _| o.selection.context = Context::All,
    )
    .aliases(&["passthrough"]),
    Flag::value(
        Section::Part,
        ("range", "START..END"),
        "Search only the lines that start in these bytes",
        "Search only the lines that start in these bytes of each file, or with -o (but not with -r, --trim or \
         --pattern-ids) the matches. START..END counts from 0 and excludes END. Bytes are counted as by -b. START or \
         END may be left out. 64K and 64KiB are 64 times 1024 bytes, 64KB is 64 times 1000; M, G and T likewise. \
         Fractions such as 1.5G are allowed. -1G is 1 GiB before the end of the file, and 10% is a tenth of its \
         length.\n\nOffsets and line numbers are those of the file. Context does not leave the range. With -U, a \
         match that begins in the range is shown to its end. The outputs of adjacent ranges add up to that of one \
         search, except with -U.",
        |o, v| o.selection.take_part(text(v).and_then(parse_range).map(Part::Bytes)),
    ),
    Flag::value(
        Section::Part,
        ("lines", "FIRST..LAST"),
        "Search only these lines",
        "Search only these lines of each file. FIRST..LAST counts from 1 and includes LAST. FIRST or LAST may be left \
         out, and NUM is one line. -1 is the last line, so -10.. are the last ten.\n\nWithout -e and -f, a single \
         argument is a path, and the lines are shown as they are; of several arguments, the first is the pattern. \
         Line numbers are those of the file. Context does not leave the range. With -U, a match that begins on these \
         lines is shown to its end. With an index the lines are found at once, otherwise by counting line ends.",
        |o, v| o.selection.take_part(text(v).and_then(parse_lines).map(Part::Lines)),
    ),
    Flag::value(
        Section::Part,
        ("last", "NUM"),
        "Show the last NUM selected lines",
        "Show the last NUM selected lines of each file, in file order. Only the necessary part of the file is \
         searched, from its end. A stream is first read into memory, and so is a binary file in a directory, which \
         ends at its first NUL. With -m, show the first of these lines. Cannot be used with matches across lines.",
        |o, v| set(&mut o.selection.last, number(v)),
    ),
    Flag::switch(
        Section::Part,
        "reverse",
        "Show selected lines from the last to the first",
        "Show the selected lines of each file from the last to the first, without context; with -m NUM, the last NUM. \
         A stream is first read into memory. Cannot be used with matches across lines.",
        |o, _| o.selection.reverse = true,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::{options::SelectionOptions, parsed};

    fn options(args: &[&str]) -> SelectionOptions {
        parsed(args).unwrap().selection
    }

    fn error(args: &[&str]) -> String {
        parsed(args).unwrap_err()
    }

    #[test]
    fn a_flag_may_be_given_twice() {
        assert_eq!(options(&["-m1", "-m2"]).max_count, Some(2));
    }

    #[test]
    fn a_and_b_go_before_c_in_any_order() {
        assert_eq!(options(&["-A1", "-C3"]).context.sizes(), (3, 1));
        assert_eq!(options(&["-C3", "-B2"]).context.sizes(), (2, 3));
    }

    #[test]
    fn the_last_of_context_and_all_lines_counts() {
        assert_eq!(options(&["-A1", "-C2", "--passthru"]).context, Context::All);
        assert_eq!(options(&["-C2", "--passthrough", "-A1"]).context.sizes(), (0, 1));
    }

    #[test]
    fn ranges_may_begin_with_a_dash() {
        assert!(error(&["--range", "5..1"]).contains("END before START"));
        assert_eq!(options(&["--range=..500M"]).part.bytes(), parse_range("..500M").ok());
        assert_eq!(options(&["--range", "-1G.."]).part.bytes(), parse_range("-1G..").ok());
        assert_eq!(options(&["--lines", "-10.."]).part.lines(), parse_lines("-10..").ok());
        assert!(error(&["--lines=1", "--range=1.."]).contains("cannot be used with"));
    }

    #[test]
    fn a_search_from_the_end_has_no_context() {
        let from_end = options(&["--last", "3", "--reverse"]);
        assert_eq!((from_end.last, from_end.reverse), (Some(3), true));
        for flag in ["-A1", "-B1", "-C1", "--passthru"] {
            assert!(error(&["--reverse", flag]).contains("cannot be used with"), "{flag}");
        }
        assert_eq!(options(&["--last=1", "-C2"]).context.sizes(), (2, 2));
    }

    #[test]
    fn negative_numbers_are_wrong_numbers() {
        assert!(error(&["-m", "-1"]).contains("a whole number"));
    }
}
