//! The mapping keeps its rules, which are those of CPython 3.13's mmap.
//!
//! One test for each numbered rule, named after it, with outcomes that were worked out by hand. Where a call can do
//! nothing and still answer well, as an advice or a flush can, the kernel is asked what came of it. Transcripts of
//! CPython are replayed in `mapping_oracle.rs`; what is so on Windows alone is in `mapping_windows.rs`.
#![allow(unsafe_code)] // Files are mapped.

#[path = "mapping/constructor.rs"]
mod constructor;
#[path = "mapping/content.rs"]
mod content;
#[path = "mapping/faces.rs"]
mod faces;
#[path = "mapping/raw.rs"]
mod raw;
#[path = "mapping/resize.rs"]
mod resize;
#[cfg(target_os = "linux")]
#[path = "mapping/small_reads.rs"]
mod small_reads;
#[path = "mapping/support.rs"]
mod support;
#[path = "mapping/system.rs"]
mod system;
