//! Vector instructions, and what is built on them alone.

pub(crate) mod byteset;
pub(crate) mod vector;
