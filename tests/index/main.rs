//! Indexes: what they leave out, where they are, and what becomes of them when files and processes come to grief.

#![allow(unsafe_code)] // Files are mapped.

#[path = "../../datasets/generator/mod.rs"]
mod generator;
#[path = "../oracle/mod.rs"]
mod oracle;
#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod crash;
#[cfg(unix)]
mod damage;
#[cfg(unix)]
mod files;
mod indexed;
#[cfg(unix)]
mod sections;
mod text;
