//! Whether indexes are used, and where they are.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::flags::flag::{self, Takes, parse_word, set, word};

/// Which indexes are used.
#[derive(Debug, Default)]
pub(crate) struct IndexOptions {
    pub(crate) use_index: IndexUse,
    /// Where they are, if not beside their files.
    pub(crate) directory: Option<PathBuf>,
}

/// Whether indexes are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum IndexUse {
    #[default]
    Auto,
    Require,
    Never,
}

type Flag = flag::Flag<IndexOptions>;

/// The flags, in the order of `--help`.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::text(
        "index",
        word::<IndexUse>("auto"),
        "HOW",
        "Whether indexes, made by mapgrep-index, are used: \"auto\" uses those that can be relied on, and says when \
         one cannot, but with -q or --no-messages; with \"require\" a file of 1 MiB or more that has none is an \
         error, and so are -v, --passthru, --null-data and matches across lines, with which none is of use",
        |o, v| set(&mut o.use_index, parse_word(v)),
    ),
    Flag::bytes("index-dir", Takes::Path, "DIR", "Where indexes are, if not beside their files", |o, v| {
        set(&mut o.directory, Ok(Some(v.into())))
    }),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::flag::parse;

    #[test]
    fn the_last_use_counts() {
        let options = |args: &[&str]| parse::<IndexOptions>(&[FLAGS], args).unwrap();
        assert_eq!(options(&[]).use_index, IndexUse::Auto);
        assert_eq!(options(&["--index=never", "--index", "require"]).use_index, IndexUse::Require);
        assert_eq!(options(&["--index-dir=d"]).directory, Some("d".into()));
    }
}
