//! Files that are cut short, extended and written to while they are mapped and searched.
//!
//! What a search reports as complete has to be what the file had, and nothing may bring the process down. What happens
//! when is up to the system, so the tests ask for what holds whatever the order; where one needs an order, its threads
//! and processes wait for each other. An ordinary run does few rounds of the random ones, and
//! `MAPGREP_TORTURE=1` five thousand.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)] // Files are mapped, and signals handled.

#[cfg(feature = "cli")]
mod command;
mod poison;
mod rewrite;
mod signals;
mod support;
mod torture;
