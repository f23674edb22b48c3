//! Writes to standard output and standard error.

pub(crate) mod closed;
pub(crate) mod log;
pub(crate) mod messages;
pub(crate) mod notes;
pub(crate) mod progress;
pub(crate) mod stdout;
