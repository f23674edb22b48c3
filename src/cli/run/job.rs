//! One search of one file: what all steps of it take.

use mapgrep::{grep::Grep, scan::Pool};

use crate::cli::run::haystack::Haystack;

/// A file, and what searches it.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) haystack: &'a Haystack,
    pub(crate) grep: &'a Grep,
    pub(crate) pool: &'a Pool,
}
