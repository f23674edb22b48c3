//! The command `mapgrep-index`: building indexes, and keeping them up to date.

pub(crate) mod advice;
mod args;
pub(crate) mod command;
mod files;
mod one;
mod report;
mod run;
mod usage;
