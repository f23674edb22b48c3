//! Regexes: the engines that run them, and what groups captured.

pub(crate) mod captures;
pub(crate) mod corrections;
pub(crate) mod dfa;
pub(crate) mod engine;
pub(crate) mod filtered;
pub(crate) mod horizon;
#[cfg_attr(not(feature = "pcre2"), path = "no_pcre2.rs")]
pub(crate) mod pcre2;
mod pieces;
pub(crate) mod steps;
