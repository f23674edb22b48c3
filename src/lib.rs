//! Search huge files with all cores: every match of a pattern, or every line that matches, in file order.
//!
//! Files are mapped into memory, cut into chunks, and searched in parallel; results arrive in the order of the file,
//! the same for any number of threads, in bounded memory. Five lines find every match of a regex in a file of 50 GB:
//!
//! ```
//! use std::{fs::File, sync::Arc};
//! use mapgrep::{mapping::{Access, MapOptions}, matcher::MatcherBuilder, scan::Scanner};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = std::env::temp_dir().join(format!("mapgrep-doc-crate-{}", std::process::id()));
//! # std::fs::write(&path, "GET /a 200\nGET /b 500\nGET /c 503\n")?;
//! # let mut found = vec![];
//! // SAFETY: nobody changes the file while it is mapped.
//! let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&File::open(&path)?)? };
//! let scanner = Scanner::new(MatcherBuilder::new().build([r"5[0-9]{2}"])?);
//! for m in scanner.par_find_iter(Arc::new(mapping)) {
//!     let m = m?;
//!     println!("a match at {}..{}", m.start, m.end);
//! #   found.push(m.start);
//! }
//! # assert_eq!(found, [18, 29]);
//! # std::fs::remove_file(&path)?;
//! # Ok(())
//! # }
//! ```
//!
//! [`scan`] has other ways to take them: a closure or a [`Sink`](scan::Sink) that borrows the mapping, and an iterator
//! that runs on the calling thread. Each can be confined to a range of the file, and cancelled.
//!
//! # Modules
//!
//! * [`mapping`]: files and anonymous memory in the address space.
//! * [`matcher`]: patterns, and where they match in a slice.
//! * [`scan`]: every match in a mapping, in parallel and in order.
//! * [`index`]: which parts of a huge file can match at all.
//! * [`grep`]: lines that match, with numbers and context, formatted in parallel.

#[cfg(target_family = "wasm")]
compile_error!(
    "mapgrep maps files into memory, and WebAssembly has no way to do that: build it for a system with mmap"
);

// The commands name the library as any other program does, and a test compiles them as one.
#[cfg(feature = "cli")]
extern crate self as mapgrep;

mod bytes;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod error;
pub mod grep;
pub mod index;
pub mod mapping;
pub mod matcher;
pub mod memory;
pub mod scan;
mod simd;
mod span;

pub use crate::{
    error::Error,
    grep::{Grep, GrepBuilder, search_lines},
    index::Index,
    mapping::{MapOptions, Mapping},
    matcher::{MatcherBuilder, set::PatternSet},
    scan::Scanner,
    span::{Match, PatternId, Span},
};

/// The examples of the README, so that they are run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
