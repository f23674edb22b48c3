//! How lines look: names, numbers, colours, what is left out.

use crate::cli::flags::{
    flag::{Flag, Section},
    numbers::parse_number,
    values::{set, text},
    when::When,
};

/// The flags about how lines look.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::switch(
        Section::Output,
        "line-number",
        "Show line numbers",
        "Show line numbers. This is the default on a terminal.",
        |o, _| o.format.line_number = Some(true),
    )
    .short('n'),
    Flag::switch(
        Section::Output,
        "no-line-number",
        "Show no line numbers",
        "Show no line numbers. This is the default if the output does not go to a terminal.",
        |o, _| o.format.line_number = Some(false),
    )
    .short('N'),
    Flag::switch(
        Section::Output,
        "only-matching",
        "Show only what matches",
        "Show only the matches, each on a line of its own. Matches do not overlap. Of patterns that match at the same \
         offset, the first that was given is shown, or with -F --longest the longest.",
        |o, _| o.format.only_matching = true,
    )
    .short('o'),
    Flag::value(
        Section::Output,
        ("replace", "TEXT"),
        "Show TEXT in place of each match",
        "Show TEXT instead of each match. In TEXT, $1 or ${1} is the text of the first group, $name or ${name} that \
         of the group with this name, $0 the whole match, and $$ a dollar sign. With -U, replacing a line end joins \
         the lines. Files are not changed.",
        |o, v| set(&mut o.format.replace, Ok(Some(v.into()))),
    )
    .short('r'),
    Flag::switch(
        Section::Output,
        "byte-offset",
        "Show the offset of each line",
        "Show the offset of each line, or with -o of each match, in bytes from the start of the file. For a file in \
         UTF-16 with a byte order mark, it is the offset in the text in UTF-8, without the mark.",
        |o, on| o.format.byte_offset = on,
    )
    .short('b')
    .negation("no-byte-offset"),
    Flag::switch(
        Section::Output,
        "column",
        "Show the column of the first match in a line",
        "Show the column of the first match in a line, in bytes, counted from 1. Implies -n.",
        |o, on| o.format.column = Some(on),
    )
    .negation("no-column"),
    Flag::switch(
        Section::Output,
        "with-filename",
        "Show the name of the file with each line",
        "Show the name of the file with each line. This is the default when several files may be searched.",
        |o, _| o.format.file_name = Some(true),
    )
    .short('H'),
    Flag::switch(
        Section::Output,
        "no-filename",
        "Show no file names",
        "Show no file names. This is the default for one file.",
        |o, _| o.format.file_name = Some(false),
    )
    .short('I'),
    Flag::switch(
        Section::Output,
        "heading",
        "Show the name of a file once, above its lines",
        "Show the name of a file once, above its lines. This is the default on a terminal.",
        |o, on| o.format.heading = Some(on),
    )
    .negation("no-heading"),
    Flag::value(
        Section::Output,
        ("color", "WHEN"),
        "When to use colours",
        "When to use colours: on a terminal (auto, the default), always, or never.",
        |o, v| set(&mut o.format.color, When::of(v)),
    )
    .words(When::WORDS),
    Flag::switch(
        Section::Output,
        "trim",
        "Leave out white space at the start of lines",
        "Leave out white space at the start of lines, and with -o matches in it.",
        |o, on| o.format.trim = on,
    )
    .negation("no-trim"),
    Flag::value(
        Section::Output,
        ("max-columns", "NUM"),
        "Leave out lines longer than NUM bytes",
        "Show a note instead of lines longer than NUM bytes; 0 is no limit.",
        |o, v| set(&mut o.format.max_columns, text(v).and_then(parse_number).map(Some)),
    )
    .short('M'),
    Flag::switch(
        Section::Output,
        "max-columns-preview",
        "Show the beginning of lines that -M leaves out",
        "Show the beginning of lines that -M leaves out.",
        |o, on| o.format.max_columns_preview = on,
    )
    .negation("no-max-columns-preview"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::parsed;

    #[test]
    fn a_flag_and_its_negation() {
        let options = |args: &[&str]| parsed(args).unwrap().format;
        assert_eq!(options(&[]).line_number, None);
        assert_eq!(options(&["-n", "-n", "-N"]).line_number, Some(false));
        assert_eq!(options(&["-N", "-n"]).line_number, Some(true));
        assert_eq!(options(&["-I", "-H", "--heading", "--no-heading"]).file_name, Some(true));
        assert_eq!(options(&["--color=always", "--color", "never"]).color, When::Never);
    }
}
