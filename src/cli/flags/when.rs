//! When to do what a terminal may or may not want.

use std::ffi::OsStr;

use clap::ValueEnum;

use crate::cli::flags::values::word;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    #[default]
    Auto,
    Always,
    Never,
}

impl When {
    /// The words for it.
    pub(crate) const WORDS: &[&str] = &["auto", "always", "never"];

    /// What a word stands for.
    pub(crate) fn of(value: &OsStr) -> Result<Self, String> {
        word(value, Self::WORDS, &[When::Auto, When::Always, When::Never])
    }
}
