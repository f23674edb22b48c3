//! Which lines are selected, and which are shown around them.

use crate::cli::flags::{
    flag::{self, Takes, set},
    numbers::parse_number,
    ranges::{ByteRange, LineRange, parse_lines, parse_range},
};

/// Which lines of a file are shown.
#[derive(Debug, Default)]
pub(crate) struct SelectionOptions {
    pub(crate) invert_match: bool,
    pub(crate) max_count: Option<u64>,
    pub(crate) context: Context,
    pub(crate) part: Part,
    /// Only the last lines that are selected, this many.
    pub(crate) last: Option<u64>,
    pub(crate) reverse: bool,
}

/// The lines that are shown besides those that are selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    Around(Around),
    /// All lines.
    All,
}

/// How many lines around each selected one are shown: `both`, unless a side has a number of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Around {
    before: Option<usize>,
    after: Option<usize>,
    both: Option<usize>,
}

/// The part of each file that is searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    #[default]
    All,
    Bytes(ByteRange),
    Lines(LineRange),
}

impl SelectionOptions {
    /// Whether a file has to be there as a whole, or is searched from its end.
    pub(crate) fn needs_mapping(&self) -> bool {
        self.last.is_some() || self.reverse || self.part != Part::All
    }
}

impl Default for Context {
    fn default() -> Self {
        Context::Around(Around::default())
    }
}

impl Context {
    /// How many lines are shown before each selected one, and how many after it; none where all lines are shown.
    pub(crate) fn sizes(self) -> (usize, usize) {
        let Context::Around(Around { before, after, both }) = self else { return (0, 0) };
        (before.or(both).unwrap_or(0), after.or(both).unwrap_or(0))
    }

    /// The numbers of lines, which take the place of showing all.
    fn around(&mut self) -> &mut Around {
        if *self == Context::All {
            *self = Context::default();
        }
        match self {
            Context::Around(around) => around,
            Context::All => unreachable!("it was replaced"),
        }
    }
}

impl Part {
    /// The range of bytes, where one was given.
    pub(crate) fn bytes(self) -> Option<ByteRange> {
        if let Part::Bytes(range) = self { Some(range) } else { None }
    }

    /// The range of lines, where one was given.
    pub(crate) fn lines(self) -> Option<LineRange> {
        if let Part::Lines(range) = self { Some(range) } else { None }
    }
}

type Flag = flag::Flag<SelectionOptions>;

/// Whether lines match or not.
pub(crate) const INVERT: &[Flag] =
    &[Flag::switch("invert-match", "Select the lines that do not match", |o| o.invert_match = true).short('v')];

/// How many lines, and which are around them.
pub(crate) const LIMITS: &[Flag] = &[
    Flag::text(
        "max-count",
        Takes::Number,
        "NUM",
        "Stop in each file after NUM selected lines. What is shown behind the last of them is context, whether or \
         not it matches",
        |o, v| set(&mut o.max_count, parse_number(v).map(Some)),
    )
    .short('m'),
    Flag::text("after-context", Takes::Number, "NUM", "Show NUM lines after each selected one", |o, v| {
        set(&mut o.context.around().after, parse_number(v).map(Some))
    })
    .short('A')
    .overrides(&["passthru"]),
    Flag::text("before-context", Takes::Number, "NUM", "Show NUM lines before each selected one", |o, v| {
        set(&mut o.context.around().before, parse_number(v).map(Some))
    })
    .short('B')
    .overrides(&["passthru"]),
    Flag::text(
        "context",
        Takes::Number,
        "NUM",
        "Show NUM lines before and after each selected one. -A and -B go before it",
        |o, v| set(&mut o.context.around().both, parse_number(v).map(Some)),
    )
    .short('C')
    .overrides(&["passthru"]),
    Flag::switch(
        "passthru",
        "Show the lines that are not selected too, marked as context is. Of this and -A, -B and -C the last counts",
        |o| o.context = Context::All,
    )
    .alias("passthrough")
    .overrides(&["after-context", "before-context", "context"]),
];

/// Which part of a file.
pub(crate) const RANGES: &[Flag] = &[
    Flag::text(
        "range",
        Takes::Any,
        "START..END",
        "Search only the lines that start in these bytes of each file, or with -o (but not with -r, --trim or \
         --pattern-ids) the matches: START..END, from 0, without END itself. Bytes are counted as by -b. Either may \
         be left out. 64K and 64KiB are 64 times 1024 bytes, 64KB is 64 times 1000; M, G and T likewise; 1.5G is a \
         number too. -1G is 1 GiB before the end of the file, and 10% a tenth of its length. Offsets and line \
         numbers stay those of the file; context stays in the range. With -U, a match that begins in the range is \
         shown to its end. The outputs of ranges that follow each other are that of one search, but with -U",
        |o, v| set(&mut o.part, parse_range(v).map(Part::Bytes)),
    ),
    Flag::text(
        "lines",
        Takes::Any,
        "FIRST..LAST",
        "Search only these lines of each file: FIRST..LAST, counted from 1, with LAST itself. Either may be left \
         out, and NUM is one line. -1 is the last line, so that -10.. are the last ten. Without -e and -f, and with \
         one positional argument at most, that is a path, and the lines are shown as they are; with more, the first \
         is the pattern. Line numbers stay those of the file; context stays in the range. With -U, a match that \
         begins on these lines is shown to its end. With an index they are found at once, otherwise line ends are \
         counted up to them",
        |o, v| set(&mut o.part, parse_lines(v).map(Part::Lines)),
    )
    .conflicts(&["range"]),
];

/// What goes from the end of a file.
pub(crate) const FROM_THE_END: &[Flag] = &[
    Flag::text(
        "last",
        Takes::Number,
        "NUM",
        "Show the last NUM selected lines of each file, in file order. It is searched from its end on, as far as it \
         has to be; a stream is read to its end into memory first, and so is a binary file in a directory, which \
         ends with its first NUL. With -m, the first of these lines. Not with matches across lines",
        |o, v| set(&mut o.last, parse_number(v).map(Some)),
    ),
    Flag::switch(
        "reverse",
        "Show the selected lines of each file from the last to the first, without context; with -m NUM, the last \
         NUM. A stream is read to its end into memory first. Not with matches across lines",
        |o| o.reverse = true,
    )
    .conflicts(&["after-context", "before-context", "context", "passthru"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::flag::parse;

    fn options(args: &[&str]) -> SelectionOptions {
        parse(&[INVERT, LIMITS, RANGES, FROM_THE_END], args).unwrap()
    }

    fn error(args: &[&str]) -> String {
        parse::<SelectionOptions>(&[INVERT, LIMITS, RANGES, FROM_THE_END], args).unwrap_err()
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
