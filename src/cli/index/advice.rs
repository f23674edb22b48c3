//! What to do about an index that cannot be used: the library says what is wrong with it, and the commands what helps.

use std::error::Error as StdError;

use mapgrep::{
    Error,
    index::{IndexFault, Stale},
};

/// An error in words, with what to do about it if it is of an index.
pub(crate) fn explained(error: &Error) -> String {
    format!("{error}{}", error.source().map_or("", advice))
}

/// Why an index cannot be relied on, and what to do about it.
pub(crate) fn of_stale(stale: Stale) -> String {
    format!("{stale}{}", advice(&stale))
}

/// What is said behind the text of the source of an error.
fn advice(source: &(dyn StdError + 'static)) -> &'static str {
    match (source.downcast_ref(), source.downcast_ref()) {
        (Some(IndexFault::Missing), _) => ": mapgrep-index build makes one",
        (Some(IndexFault::Damaged(_)), _) => "; mapgrep-index build makes a new one",
        (Some(IndexFault::OtherVersion { .. }), _) => " with mapgrep-index build",
        (_, Some(Stale::Replaced | Stale::Shrunk)) => " (mapgrep-index build indexes it anew)",
        (_, Some(Stale::Changed)) => " (mapgrep-index verify tells where, mapgrep-index build indexes it anew)",
        (_, Some(Stale::Touched)) => " (mapgrep-index verify finds out)",
        (_, Some(Stale::Foreign | Stale::Exposed)) => " (mapgrep-index build makes another)",
        _ => "",
    }
}
