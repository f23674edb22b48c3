//! The mapping keeps its rules, which are those of CPython 3.13's mmap.
//!
//! One test for each numbered rule, named after it, with outcomes that were worked out by hand. Where a call can do
//! nothing and still answer well, as an advice or a flush can, the kernel is asked what came of it. Transcripts of
//! CPython are replayed in `transcripts`; what is so on Windows alone is in `windows.rs`.
#![allow(unsafe_code)] // Files are mapped.

mod constructor;
mod content;
mod faces;
mod raw;
mod resize;
#[cfg(target_os = "linux")]
mod small_reads;
mod support;
mod system;
#[cfg(target_os = "linux")]
mod transcripts;
#[cfg(windows)]
mod windows;
