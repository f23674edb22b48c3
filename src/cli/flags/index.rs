//! Whether indexes are used, and where they are.

use crate::cli::flags::{
    flag::{Flag, Section},
    options::IndexUse,
    values::{set, word},
};

/// The flags about indexes.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::value(
        Section::Index,
        ("index", "HOW"),
        "Whether indexes are used",
        "When to use the indexes that mapgrep-index makes. \"auto\" uses fresh ones, and says when an index cannot be \
         used, unless -q or --no-messages is given. With \"require\", a file of 1 MiB or more without a fresh index \
         is an error, and so are -v, --passthru, --null-data and matches across lines, for which an index is no help.",
        |o, v| {
            let meanings = [IndexUse::Auto, IndexUse::Require, IndexUse::Never];
            set(&mut o.index.use_index, word(v, &["auto", "require", "never"], &meanings))
        },
    )
    .words(&["auto", "require", "never"]),
    Flag::value(
        Section::Index,
        ("index-dir", "DIR"),
        "Where indexes are, if not beside their files",
        "Where indexes are, if not beside their files.",
        |o, v| set(&mut o.index.directory, Ok(Some(v.into()))),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::parsed;

    #[test]
    fn the_last_use_counts() {
        let options = |args: &[&str]| parsed(args).unwrap().index;
        assert_eq!(options(&[]).use_index, IndexUse::Auto);
        assert_eq!(options(&["--index=never", "--index", "require"]).use_index, IndexUse::Require);
        assert_eq!(options(&["--index-dir=d"]).directory, Some("d".into()));
    }
}
