//! Globs of the command line that choose files.

use anyhow::Context;
use ignore::overrides::{Override, OverrideBuilder};

/// The globs that a flag gave.
pub(crate) struct Globs<'a> {
    pub(crate) flag: &'static str,
    pub(crate) globs: &'a [String],
    /// Letters match both their cases.
    pub(crate) ignore_case: bool,
}

/// What globs choose, those of later flags before those of earlier ones; all files where there are none.
///
/// # Errors
///
/// When a glob is not valid: which one.
pub(crate) fn overrides(flags: &[Globs<'_>]) -> anyhow::Result<Override> {
    if flags.iter().all(|flag| flag.globs.is_empty()) {
        return Ok(Override::empty());
    }
    let directory = std::env::current_dir().context("cannot tell the current directory")?;
    let mut builder = OverrideBuilder::new(directory);
    for Globs { flag, globs, ignore_case } in flags {
        builder.case_insensitive(*ignore_case)?;
        for glob in *globs {
            builder.add(glob).with_context(|| format!("{flag} {glob}"))?;
        }
    }
    Ok(builder.build()?)
}
