//! Searches for lines: against their definition, and against grep-searcher.

#[path = "../oracle/mod.rs"]
mod oracle;

mod events;
mod in_vain;
mod modes;
mod parts;
mod searcher;
