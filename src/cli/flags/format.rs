//! How lines look: names, numbers, colours, what is left out.

use grep_printer::{ColorError, HyperlinkFormatError};

use crate::cli::flags::{
    flag::{Flag, Section},
    options::{Buffering, UseColor},
    values::{number, set, text, unescape, word},
};

const COLOR_WORDS: &[&str] = &["never", "auto", "always", "ansi"];

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
        "When to use colours: on a terminal (auto, the default), always, or never. \"ansi\" is always, with the \
         sequences of ANSI on every system. NO_COLOR and TERM=dumb in the environment count where WHEN is auto.",
        |o, v| {
            let meanings = [UseColor::Never, UseColor::Auto, UseColor::Always, UseColor::Ansi];
            set(&mut o.format.color, word(v, COLOR_WORDS, &meanings))
        },
    )
    .words(COLOR_WORDS),
    Flag::value(
        Section::Output,
        ("colors", "SPEC"),
        "Which colour something has",
        "Which colour or style something has: WHAT:fg:COLOR, WHAT:bg:COLOR, WHAT:style:STYLE, or WHAT:none for nothing \
         at all. WHAT is path, line, column, match, or highlight (the lines with matches). COLOR is red, blue, green, \
         cyan, magenta, yellow, white, black, a number from 0 to 255, or three of them for red, green and blue \
         (0xFF,0x80,0). STYLE is bold, nobold, intense, nointense, underline, nounderline, italic or noitalic. May be \
         given many times.",
        |o, v| {
            o.format.colors.push(
                text(v)?.parse().map_err(|error: ColorError| error.to_string().trim_end_matches('.').to_owned())?,
            );
            Ok(())
        },
    ),
    Flag::value(
        Section::Output,
        ("hyperlink-format", "FORMAT"),
        "Which links the names of files are on a terminal",
        "Which links the names of files, and the numbers of lines, are on a terminal that knows links, where colours \
         are on. FORMAT is a URL with {path} in it, and {line}, {column}, {host} and {wslprefix} where they are \
         wanted, or a name for one: none (the default), default, file, vscode, vscode-insiders, vscodium, cursor, \
         kitty, macvim, textmate or grep+.",
        |o, v| set(&mut o.format.hyperlinks, text(v)?.parse().map_err(|error: HyperlinkFormatError| error.to_string())),
    ),
    Flag::value(
        Section::Output,
        ("hostname-bin", "COMMAND"),
        "The program that tells the name of this machine",
        "The program that tells the name of this machine, for {host} in --hyperlink-format. Without it the system is \
         asked.",
        |o, v| set(&mut o.format.hostname_bin, Ok(Some(v.into()))),
    ),
    Flag::switch(
        Section::Output,
        "pretty",
        "The same as --color=always --heading -n",
        "The same as --color=always --heading --line-number: output that looks as on a terminal, for a pager.",
        |o, _| {
            o.format.color = UseColor::Always;
            o.format.heading = Some(true);
            o.format.line_number = Some(true);
        },
    )
    .short('p'),
    Flag::switch(
        Section::Output,
        "vimgrep",
        "A line for each match, as vim reads them",
        "Show a line for each match, in the form that vim reads: file, line, column, and the line itself; a line with \
         several matches is shown as often. Of a match over several lines the first is shown.",
        |o, _| o.format.vimgrep = true,
    ),
    Flag::switch(
        Section::Output,
        "null",
        "End the names of files with NUL",
        "End the names of files with a NUL byte, in place of what would stand behind them. For names with any bytes, \
         and programs such as xargs -0.",
        |o, _| o.format.null = true,
    )
    .short('0'),
    Flag::value(
        Section::Output,
        ("path-separator", "SEP"),
        "What stands between directories in names",
        "The byte that stands between the directories in the names of files. Escapes such as \\x2F are understood; \
         nothing is what the system has.",
        |o, v| {
            let separator = unescape(v)?;
            match separator[..] {
                [] => o.format.separators.path = None,
                [byte] => o.format.separators.path = Some(byte),
                _ => {
                    // Of MSYS and Cygwin.
                    let shells = "; some shells on Windows make a path of '/', but not of '//'";
                    let hint = if cfg!(windows) { shells } else { "" };
                    return Err(format!("this has to be one byte, and has {}{hint}", separator.len()));
                }
            }
            Ok(())
        },
    ),
    Flag::value(
        Section::Output,
        ("context-separator", "SEP"),
        "What stands between blocks of context",
        "The line that stands between lines that do not follow each other, where context is shown: \"--\" unless it \
         is given. Escapes such as \\t and \\x7F are understood.",
        |o, v| set(&mut o.format.separators.context, unescape(v).map(Some)),
    )
    .negation_of_value("no-context-separator", |o| o.format.separators.context = None),
    Flag::value(
        Section::Output,
        ("field-match-separator", "SEP"),
        "What stands between fields of selected lines",
        "What stands between the name, the number and so on of selected lines: \":\" unless it is given. Escapes such \
         as \\t and \\x7F are understood.",
        |o, v| set(&mut o.format.separators.match_field, unescape(v)),
    ),
    Flag::value(
        Section::Output,
        ("field-context-separator", "SEP"),
        "What stands between fields of context",
        "What stands between the name, the number and so on of lines of context: \"-\" unless it is given. Escapes \
         such as \\t and \\x7F are understood.",
        |o, v| set(&mut o.format.separators.context_field, unescape(v)),
    ),
    Flag::switch(
        Section::Output,
        "line-buffered",
        "Let each line leave at once",
        "Let what is found leave at once, line by line, wherever output goes. This is the default on a terminal. For \
         tail -f FILE | mapgrep --line-buffered PATTERN | OTHER.",
        |o, on| o.format.buffering = if on { Buffering::Line } else { Buffering::Auto },
    )
    .negation("no-line-buffered"),
    Flag::switch(
        Section::Output,
        "block-buffered",
        "Let lines leave many together",
        "Let lines leave many together, wherever output goes. This is the default where output does not go to a \
         terminal.",
        |o, on| o.format.buffering = if on { Buffering::Block } else { Buffering::Auto },
    )
    .negation("no-block-buffered"),
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
        |o, v| set(&mut o.format.max_columns, number(v)),
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
        assert_eq!(options(&["--color=always", "--color", "never"]).color, UseColor::Never);
    }
}
