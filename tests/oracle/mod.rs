//! What matches and lines are by definition: searches so simple that they are unlikely to be wrong.
//!
//! Shared by the tests and the fuzz targets; each binary uses some of them.

#![allow(dead_code)]

pub(crate) mod command;
pub(crate) mod engines;
pub(crate) mod grammar;
pub(crate) mod lines;
pub(crate) mod matches;
pub(crate) mod memory;
pub(crate) mod modes;
pub(crate) mod patterns;
pub(crate) mod regexes;
