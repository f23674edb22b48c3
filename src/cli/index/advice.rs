//! What to do about an index that cannot be used. The library says what is wrong, the commands add what helps.

use std::error::Error as StdError;

use mapgrep::{
    Error,
    index::{IndexFault, Stale},
};

/// The text of an error, and what to do about it if it is about an index.
pub(crate) fn explained(error: &Error) -> String {
    format!("{error}{}", error.source().map_or("", advice))
}

/// Why an index cannot be used, and what to do about it.
pub(crate) fn of_stale(stale: Stale) -> String {
    format!("{stale}{}", advice(&stale))
}

/// The advice that follows the text of an error with this source.
fn advice(source: &(dyn StdError + 'static)) -> &'static str {
    match (source.downcast_ref(), source.downcast_ref()) {
        (Some(IndexFault::Missing), _) => ": mapgrep-index build makes one",
        (Some(IndexFault::Damaged(_)), _) => "; mapgrep-index build makes a new one",
        (Some(IndexFault::OtherVersion { .. } | IndexFault::UnknownSection { .. }), _) => " with mapgrep-index build",
        (_, Some(Stale::Replaced | Stale::Shrunk)) => " (mapgrep-index build indexes it anew)",
        (_, Some(Stale::Changed)) => " (mapgrep-index verify tells where, mapgrep-index build indexes it anew)",
        (_, Some(Stale::Touched)) => " (mapgrep-index verify finds out)",
        (_, Some(Stale::Foreign | Stale::Exposed)) => " (mapgrep-index build makes another)",
        _ => "",
    }
}
