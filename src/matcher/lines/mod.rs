//! Selecting and counting lines.

pub(crate) mod literal;
pub(crate) mod select;
