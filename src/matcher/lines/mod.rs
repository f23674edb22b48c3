//! Finding and counting lines.

pub(crate) mod literal;
