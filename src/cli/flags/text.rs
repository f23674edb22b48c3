//! What the bytes of a file are: where its lines end, and whether it is text.

use std::ffi::OsStr;

use crate::cli::flags::{
    flag::{Flag, Section},
    options::{BinaryFiles, Encoding},
    values::{set, text},
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
    Flag::value(
        Section::Search,
        ("encoding", "ENCODING"),
        "How files are encoded",
        "How files are encoded: a name such as utf-16le, latin1 or shift_jis, of those that browsers know. They are \
         searched as UTF-8; offsets are those of that text. A byte order mark goes before this flag. \"auto\", the \
         default, heeds marks alone; with \"none\" the bytes are searched as they are, and a mark is text.",
        |o, v| set(&mut o.text.encoding, encoding(v)),
    )
    .short('E')
    .negation_of_value("no-encoding", |o| o.text.encoding = Encoding::Auto),
    Flag::value(
        Section::Input,
        ("pre", "COMMAND"),
        "Search what COMMAND makes of each file",
        "Search what COMMAND writes, which is run for each file with its path, and with the file as standard input: to \
         search PDF files, for instance. It is run without a shell, and found as the system finds programs. To start a \
         program for each file takes long: see --pre-glob. An empty COMMAND takes the flag back. Not with -z.",
        |o, v| {
            o.text.pre = (!v.is_empty()).then(|| v.into());
            o.text.search_zip &= o.text.pre.is_none();
            Ok(())
        },
    )
    .negation_of_value("no-pre", |o| o.text.pre = None),
    Flag::value(
        Section::Input,
        ("pre-glob", "GLOB"),
        "The files that --pre is for",
        "The files that --pre is for: those whose path matches GLOB, or with \"!\" before it, those whose path does \
         not. Others are searched as they are. May be given many times.",
        |o, v| text(v).map(|glob| o.text.pre_globs.push(glob.to_owned())),
    ),
    Flag::switch(
        Section::Input,
        "search-zip",
        "Search in compressed files",
        "Search in compressed files: those whose names end as gzip, bzip2, xz, LZ4, LZMA, Brotli, Zstandard or \
         compress have them. They are decompressed by the programs gzip, bzip2, xz, lz4, brotli, zstd and \
         uncompress. Not with --pre.",
        |o, on| {
            o.text.search_zip = on;
            if on {
                o.text.pre = None;
            }
        },
    )
    .short('z')
    .negation("no-search-zip"),
];

/// The encoding of a name.
fn encoding(name: &OsStr) -> Result<Encoding, String> {
    match text(name)? {
        "auto" => Ok(Encoding::Auto),
        "none" => Ok(Encoding::None),
        name => encoding_rs::Encoding::for_label_no_replacement(name.as_bytes())
            .map(Encoding::Of)
            .ok_or_else(|| "there is no encoding of this name".to_owned()),
    }
}

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
