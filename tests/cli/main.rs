//! The commands, as users and other programs meet them.

#[path = "../oracle/mod.rs"]
mod oracle;

mod command;
mod definition;
mod index_command;
#[cfg(unix)]
mod interrupt;
mod pattern_ids;
mod total;
