//! Selecting and counting lines.

mod kernel;
pub(crate) mod literal;
pub(crate) mod select;
mod sinks;
pub(crate) mod streams;

pub(crate) use self::sinks::LineCounts;
