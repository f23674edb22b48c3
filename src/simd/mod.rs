//! Vector instructions, and what is built on them alone.

pub(crate) mod byteset;
#[cfg(target_arch = "x86_64")]
mod detect;
pub(crate) mod dispatch;
pub(crate) mod newlines;
pub(crate) mod nibbles;
pub(crate) mod vector;
