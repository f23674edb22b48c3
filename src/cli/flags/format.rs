//! How lines look: names, numbers, colours, what is left out.

use std::ffi::OsString;

use crate::cli::flags::{
    flag::{self, Takes, parse_word, set, word},
    numbers::parse_number,
    when::When,
};

/// How lines look. `None` is the default, which depends on the terminal and on the number of files.
#[derive(Debug, Default)]
pub(crate) struct FormatOptions {
    pub(crate) line_number: Option<bool>,
    pub(crate) file_name: Option<bool>,
    pub(crate) heading: Option<bool>,
    pub(crate) only_matching: bool,
    pub(crate) replace: Option<OsString>,
    pub(crate) byte_offset: bool,
    pub(crate) column: bool,
    pub(crate) color: When,
    pub(crate) trim: bool,
    pub(crate) max_columns: Option<u64>,
    pub(crate) max_columns_preview: bool,
}

type Flag = flag::Flag<FormatOptions>;

/// Line numbers.
pub(crate) const NUMBERS: &[Flag] = &[
    Flag::switch("line-number", "Show line numbers; the default on a terminal", |o| o.line_number = Some(true))
        .short('n'),
    Flag::switch("no-line-number", "Show no line numbers", |o| o.line_number = Some(false)).short('N'),
];

/// What is shown of matches, and where they are.
pub(crate) const MATCHES: &[Flag] = &[
    Flag::switch(
        "only-matching",
        "Show only what matches, each match on a line of its own. Matches do not overlap; of patterns that match at \
         the same place, the first in the order in which they were given is shown, and with -F --longest the longest",
        |o| o.only_matching = true,
    )
    .short('o'),
    Flag::bytes(
        "replace",
        Takes::Any,
        "TEXT",
        "Show TEXT in place of each match. In it, $1 or ${1} is what the first group of the pattern matched, $name \
         or ${name} what the group of that name did, $0 the whole match, and $$ a dollar sign. With -U, lines are \
         joined where the end of one is replaced. Files are not changed",
        |o, v| set(&mut o.replace, Ok(Some(v.into()))),
    )
    .short('r'),
    Flag::switch(
        "byte-offset",
        "Show the offset of each line, or with -o of each match, in bytes from the start of the file. In UTF-16, \
         which a byte order mark tells, this is the offset in the text as it is searched: in UTF-8 and without the \
         mark",
        |o| o.byte_offset = true,
    )
    .short('b'),
    Flag::switch("column", "Show the column of the first match in a line, in bytes, counted from 1. Implies -n", |o| {
        o.column = true
    }),
];

/// File names, colours, and how much of a line is shown.
pub(crate) const LINES: &[Flag] = &[
    Flag::switch(
        "with-filename",
        "Show the name of the file with each line; the default when several files may be searched",
        |o| o.file_name = Some(true),
    )
    .short('H'),
    Flag::switch("no-filename", "Show no file names; the default for one file", |o| o.file_name = Some(false))
        .short('I'),
    Flag::switch("heading", "Show the name of a file once, above its lines; the default on a terminal", |o| {
        o.heading = Some(true)
    }),
    Flag::switch("no-heading", "Show the name of the file on each of its lines", |o| o.heading = Some(false)),
    Flag::text("color", word::<When>("auto"), "WHEN", "When to use colours", |o, v| set(&mut o.color, parse_word(v))),
    Flag::switch("trim", "Leave out the white space at the start of lines, with -o the matches in it", |o| {
        o.trim = true
    }),
    Flag::text(
        "max-columns",
        Takes::Number,
        "NUM",
        "Leave out lines longer than NUM bytes, and say so; 0 is no limit",
        |o, v| set(&mut o.max_columns, parse_number(v).map(Some)),
    )
    .short('M'),
    Flag::switch("max-columns-preview", "Show the beginning of lines that -M leaves out", |o| {
        o.max_columns_preview = true
    }),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::flag::parse;

    #[test]
    fn a_flag_and_its_negation() {
        let options = |args: &[&str]| parse::<FormatOptions>(&[NUMBERS, MATCHES, LINES], args).unwrap();
        assert_eq!(options(&[]).line_number, None);
        assert_eq!(options(&["-n", "-n", "-N"]).line_number, Some(false));
        assert_eq!(options(&["-N", "-n"]).line_number, Some(true));
        assert_eq!(options(&["-I", "-H", "--heading", "--no-heading"]).file_name, Some(true));
        assert_eq!(options(&["--color=always", "--color", "never"]).color, When::Never);
    }
}
