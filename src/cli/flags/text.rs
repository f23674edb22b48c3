//! What the bytes of a file are: where its lines end, and whether it is text.

use crate::cli::flags::{
    flag::{Flag, Section},
    options::BinaryFiles,
};
use mapgrep::matcher::LineTerminator;

/// The flags about the bytes of files.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::switch(
        Section::Search,
        "crlf",
        "Lines end with \\r\\n, or with \\n alone",
        "Lines end with \\r\\n or with \\n alone. \"^\" and \"$\" match at both, and \".\" does not match \\r. A \
         single \\r ends no line, but where matches may span lines \"$\" matches before it.",
        |o, on| match (on, o.text.terminator) {
            (true, _) => o.text.terminator = LineTerminator::Crlf,
            (false, LineTerminator::Crlf) => o.text.terminator = LineTerminator::Lf,
            (false, _) => {}
        },
    )
    .negation("no-crlf"),
    Flag::switch(
        Section::Search,
        "null-data",
        "Lines end with NUL",
        "Lines end with NUL and may contain \\n, which \".\" matches. No file counts as binary.",
        |o, _| o.text.terminator = LineTerminator::Nul,
    ),
    Flag::switch(
        Section::Search,
        "text",
        "Search binary files as if they were text",
        "Search binary files, those with a NUL, as if they were text: their lines are shown as they are.",
        |o, on| o.text.binary = if on { BinaryFiles::Text } else { BinaryFiles::Auto },
    )
    .short('a')
    .negation("no-text"),
    Flag::switch(
        Section::Filter,
        "binary",
        "Search binary files in directories too",
        "Search binary files in directories like those that were named: a match is reported, but the line is not \
         shown. Without this flag the search of a file in a directory ends at its first NUL.",
        |o, on| o.text.binary = if on { BinaryFiles::Search } else { BinaryFiles::Auto },
    )
    .negation("no-binary"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::parsed;

    #[test]
    fn the_last_of_several_line_ends_counts() {
        let options = |args: &[&str]| parsed(args).unwrap().text;
        assert_eq!(options(&[]).terminator, LineTerminator::Lf);
        assert_eq!(options(&["--null-data", "--crlf"]).terminator, LineTerminator::Crlf);
        assert_eq!(options(&["--crlf", "--null-data"]).terminator, LineTerminator::Nul);
        assert!(options(&["--null-data"]).is_all_text() && !options(&["--null-data", "--crlf"]).is_all_text());
        assert_eq!(options(&["-a", "--binary"]).binary, BinaryFiles::Search);
        assert!(options(&["--binary", "-a"]).is_all_text());
    }
}
