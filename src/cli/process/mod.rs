//! What concerns the process as a whole: signals, panics, memory and limits.

pub(crate) mod interrupt;
pub(crate) mod panics;
pub(crate) mod resources;
