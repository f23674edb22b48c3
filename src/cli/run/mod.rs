//! Runs a search: what the flags ask for, done with the library.

pub(crate) mod ahead;
pub(crate) mod bom;
pub(crate) mod command;
pub(crate) mod compressed;
pub(crate) mod convert;
pub(crate) mod directory;
pub(crate) mod explain;
pub(crate) mod globs;
pub(crate) mod haystack;
pub(crate) mod hints;
pub(crate) mod indexes;
pub(crate) mod input;
pub(crate) mod job;
pub(crate) mod list;
pub(crate) mod many;
pub(crate) mod open;
pub(crate) mod order;
pub(crate) mod part;
pub(crate) mod patterns;
pub(crate) mod search;
pub(crate) mod setup;
mod small;
pub(crate) mod stop;
pub(crate) mod unsearched;
pub(crate) mod walk;
