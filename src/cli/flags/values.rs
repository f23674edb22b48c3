//! The values of flags.

use std::{ffi::OsStr, num::ParseIntError, str::FromStr};

use crate::cli::flags::numbers::parse_number;

/// A value that has to be text.
pub(crate) fn text(value: &OsStr) -> Result<&str, String> {
    value.to_str().ok_or_else(|| format!("this has to be valid UTF-8, and is {value:?}"))
}

/// A value that has to be a number.
pub(crate) fn number<N: FromStr<Err = ParseIntError>>(value: &OsStr) -> Result<Option<N>, String> {
    text(value).and_then(parse_number).map(Some)
}

/// Sets an option to a value that was parsed.
pub(crate) fn set<V>(option: &mut V, parsed: Result<V, String>) -> Result<(), String> {
    *option = parsed?;
    Ok(())
}

/// What a word stands for, among those that a flag takes.
pub(crate) fn word<E: Copy>(value: &OsStr, words: &[&str], meanings: &[E]) -> Result<E, String> {
    let place = words.iter().position(|word| value == *word);
    let known = || format!("the values are {}", words.join(", "));
    place.and_then(|place| meanings.get(place).copied()).ok_or_else(known)
}

/// Bytes with the escapes of a string of Rust in them.
pub(crate) fn unescape(value: &OsStr) -> Result<Vec<u8>, String> {
    Ok(grep_cli::unescape_os(value))
}
