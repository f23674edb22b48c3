//! What an error of the library means to people: what happened, and which flag changes that.
//!
//! The library says what is wrong and knows no flags. Where a flag helps, this file adds it.

use std::path::Path;

use crate::cli::flags::Options;
use mapgrep::{Error, matcher::LineTerminator};

/// What is said of patterns that the library refused.
pub(crate) fn pattern_error(error: &Error, options: &Options) -> String {
    let is_regex = !options.patterns.fixed_strings;
    let lines_end = options.text.terminator != LineTerminator::Nul;
    match () {
        () if error.is_nul_in_pattern() => format!("{error}: use -a/--text to search them like any other"),
        () if error.is_terminator_in_pattern() && lines_end => {
            format!("{error}; -U/--multiline searches across lines")
        }
        () if error.is_pattern_too_large() && is_regex => {
            format!("{error}; -F takes patterns as plain strings, of which there may be more")
        }
        () if error.is_perl_pattern() => format!("{error}\n-P/--pcre2 has look-around and backreferences"),
        () => error.to_string(),
    }
}

/// What is said of a file whose search failed, with its name.
pub(crate) fn file_error(path: &Path, error: anyhow::Error) -> String {
    let shown = path.display();
    let error = match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => return format!("{shown}: {error}"),
    };
    if let (true, Some(at)) = (error.is_truncated(), error.offset()) {
        return format!("{shown}: {}", truncated(at));
    }
    let error = error.with_path(path);
    match error.is_out_of_memory() {
        true => format!("{error}; a file that is mapped takes no such memory; without -a, a NUL ends a line"),
        false => error.to_string(),
    }
}

/// What is said of a file that became shorter while it was searched.
pub(crate) fn truncated(at: u64) -> String {
    format!("truncated while searching, at byte {at}")
}
