//! What the bytes of a file are: where its lines end, and whether it is text.

use crate::cli::flags::flag;
use mapgrep::matcher::LineTerminator;

/// How the bytes of a file are understood.
#[derive(Debug, Default)]
pub(crate) struct TextOptions {
    pub(crate) terminator: LineTerminator,
    pub(crate) binary: BinaryFiles,
}

/// What is done with files that have a NUL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BinaryFiles {
    /// Those that were named are searched as with `Search`, and those in directories up to the NUL.
    #[default]
    Auto,
    /// All are searched; that a line matches is told, and the line is not shown.
    Search,
    /// They are text.
    Text,
}

impl TextOptions {
    /// Whether every file is text.
    pub(crate) fn is_all_text(&self) -> bool {
        self.binary == BinaryFiles::Text || self.terminator == LineTerminator::Nul
    }
}

type Flag = flag::Flag<TextOptions>;

/// Where lines end.
pub(crate) const LINE_ENDS: &[Flag] = &[
    Flag::switch(
        "crlf",
        "Lines end with \\r\\n or with \\n alone; \"^\" and \"$\" match at both, and \".\" does not match \\r. A \\r \
         alone ends no line, though where matches may go over several lines, \"$\" matches before it",
        |o| o.terminator = LineTerminator::Crlf,
    ),
    Flag::switch(
        "null-data",
        "Lines end with NUL and may contain \\n, which \".\" matches. No file is taken for binary then",
        |o| o.terminator = LineTerminator::Nul,
    ),
];

/// What is done with binary files.
pub(crate) const BINARY: &[Flag] = &[
    Flag::switch("text", "Search binary files as if they were text", |o| o.binary = BinaryFiles::Text).short('a'),
    Flag::switch(
        "binary",
        "Search binary files in directories too; that a line matches is told, the line is not shown",
        |o| o.binary = BinaryFiles::Search,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::flag::parse;

    #[test]
    fn the_last_of_several_line_ends_counts() {
        let options = |args: &[&str]| parse::<TextOptions>(&[LINE_ENDS, BINARY], args).unwrap();
        assert_eq!(options(&[]).terminator, LineTerminator::Lf);
        assert_eq!(options(&["--null-data", "--crlf"]).terminator, LineTerminator::Crlf);
        assert_eq!(options(&["--crlf", "--null-data"]).terminator, LineTerminator::Nul);
        assert!(options(&["--null-data"]).is_all_text() && !options(&["--null-data", "--crlf"]).is_all_text());
        assert_eq!(options(&["-a", "--binary"]).binary, BinaryFiles::Search);
        assert!(options(&["--binary", "-a"]).is_all_text());
    }
}
