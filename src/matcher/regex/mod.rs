//! Regexes: the engines that run them, and what groups captured.

pub(crate) mod captures;
pub(crate) mod dfa;
pub(crate) mod engine;
pub(crate) mod filtered;
pub(crate) mod horizon;
pub(crate) mod steps;
