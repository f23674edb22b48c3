//! `-P`, and the engine behind it. `cargo test --features pcre2 --test pcre2` runs the tests of the engine; without the
//! feature, there are those of what is said instead.

#[path = "../support/commands.rs"]
#[allow(dead_code)]
mod commands;

#[cfg(feature = "pcre2")]
mod command;
#[cfg(feature = "pcre2")]
mod engine;
mod messages;
#[cfg(feature = "pcre2")]
mod peer;
