//! All flags of `mapgrep`.

use crate::cli::flags::{
    files, flag::Flag, format, index, messages, other, output, patterns, performance, selection, text,
};

/// All flags, theme by theme.
pub(crate) fn all() -> impl Iterator<Item = &'static Flag> {
    let themes = [
        patterns::FLAGS,
        text::FLAGS,
        selection::FLAGS,
        output::FLAGS,
        format::FLAGS,
        files::FLAGS,
        index::FLAGS,
        performance::FLAGS,
        messages::FLAGS,
        other::FLAGS,
    ];
    themes.into_iter().flatten()
}
