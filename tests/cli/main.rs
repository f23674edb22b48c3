//! The commands, as users and other programs meet them.

#[path = "../oracle/mod.rs"]
mod oracle;

/// The commands once more, as a program that has the library for a dependency: this compiles as long as they use
/// nothing of it that is not public.
#[path = "../../src/cli/mod.rs"]
#[allow(dead_code, unreachable_pub, unused_imports)]
mod cli;

#[path = "../support/commands.rs"]
#[allow(dead_code)]
mod commands;

mod command;
mod control_characters;
mod definition;
mod index_command;
#[cfg(unix)]
mod interrupt;
mod names;
mod pattern_ids;
mod total;
mod walk;
