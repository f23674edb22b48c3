//! Runs the commands, in directories, with limits, and counts their work. Each binary of tests uses some of it.

#![allow(dead_code)]

pub(crate) mod commands;
pub(crate) mod indexes;
#[cfg(target_os = "linux")]
pub(crate) mod limits;
#[cfg(unix)]
pub(crate) mod worked;
