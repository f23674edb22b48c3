//! The command `mapgrep-index`: building indexes, and looking after them.

pub(crate) mod advice;
mod args;
pub(crate) mod command;
mod files;
mod one;
mod report;
mod run;
mod usage;
