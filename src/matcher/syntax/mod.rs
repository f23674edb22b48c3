//! Syntax trees of regexes: how they are parsed and rewritten, and what every match of one contains.

pub(crate) mod fold;
pub(crate) mod required;
pub(crate) mod sequence;
pub(crate) mod translate;
