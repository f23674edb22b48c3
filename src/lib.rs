//! Search huge files with all cores: every match of a pattern, or every line that matches, in file order.
//!
//! A file is mapped into memory, cut into chunks, and searched in parallel. Results arrive in the order of the file,
//! are the same for any number of threads, and take bounded memory. This prints the lines of a file that match, of any
//! size:
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! # let path = std::env::temp_dir().join(format!("mapgrep-doc-crate-{}", std::process::id()));
//! # std::fs::write(&path, "GET /a 200\nGET /b 500\nGET /c 503\n")?;
//! let summary = mapgrep::search_lines("5[0-9]{2}", &path, |line| {
//!     println!("{}: {}", line.number.unwrap(), String::from_utf8_lossy(line.bytes));
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(summary.matched_lines, 2);
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Contents
//!
//! * [Which part do I need](#which-part-do-i-need): a table from what you have to what you call.
//! * [One search, from a line to an index](#one-search-from-a-line-to-an-index): the same patterns in larger and larger
//!   texts.
//! * [Modules](#modules), [what all of them share](#what-all-parts-share), and [features and
//!   platforms](#features-and-platforms).
//!
//! # Which part do I need
//!
//! | you have | you want | call |
//! |---|---|---|
//! | the path of a file | its lines that match | [`search_lines`], or [`Grep::search_path`] with options |
//! | a mapped file | its lines that match, as values | [`Grep::for_each_line`] |
//! | a mapped file | its lines, formatted by all cores | [`Grep::search_mapping`] with a [`Format`](grep::Format) |
//! | a pipe, or another stream | its lines that match | [`Grep::search_reader`] |
//! | a mapped file | every match, in a closure | [`Scanner::for_each`] |
//! | a mapped file | every match, as an iterator | [`Scanner::par_find_iter`]; on this thread [`Scanner::find_iter`] |
//! | a mapped file | how many matches it has | [`Scanner::count`] |
//! | a mapped file | the first or last place of a string | [`Mapping::find_in`], [`Mapping::rfind_in`] |
//! | a slice | where patterns match | [`Matcher::find_iter`](matcher::Matcher::find_iter) |
//! | a slice | its lines that match | [`Grep::for_each_line_of`] |
//! | a million strings | where they match | [`PatternSet::par_find_iter`]; in a slice [`PatternSet::find_iter`] |
//! | many strings | how often each matches | [`PatternSet::count_each`] |
//! | many regexes | on how many lines each matches | [`RegexSet::count_each`] |
//! | a line | which of many patterns match on it | [`RegexSet::matches`] |
//! | a file to search often | to read only what can match | [`IndexBuilder::build`], then [`Grep::search_path`] |
//! | an index | the parts of its file that can match | [`Fresh::candidates`](index::Fresh::candidates) |
//! | a file | its bytes as memory | [`Mapping::open`], or [`MapOptions`] to write, or for a part of it |
//!
//! [`RegexSet::matches`]: matcher::regex_set::RegexSet::matches
//! [`RegexSet::count_each`]: matcher::regex_set::RegexSet::count_each
//! [`IndexBuilder::build`]: index::IndexBuilder::build
//!
//! Most programs need [`search_lines`], [`Grep`] or [`Scanner`]. The other parts are public for programs that put a
//! search together in their own way.
//!
//! # One search, from a line to an index
//!
//! The patterns are compiled once. A [`MatcherBuilder`] has the options for what they mean.
//!
//! **A line in memory.** All threads share a matcher. What a search writes to is in a cache; each thread has its own.
//!
//! ```
//! use mapgrep::MatcherBuilder;
//!
//! let matcher = MatcherBuilder::new().by_line(true).build(["timeout after [0-9]+ ms"])?;
//! let mut cache = matcher.create_cache();
//! let line = b"12:00:07 db: timeout after 250 ms";
//! let found: Vec<_> = matcher.find_iter(&mut cache, line).map(|found| found.range()).collect();
//! assert_eq!(found, [13..33]);
//! # Ok::<(), mapgrep::Error>(())
//! ```
//!
//! **A file.** It is mapped, and not copied. This iterator runs on the calling thread, and searches only as far as it
//! is asked:
//!
//! ```
//! use std::sync::Arc;
//! use mapgrep::{Mapping, MatcherBuilder, Scanner};
//!
//! # let path = std::env::temp_dir().join(format!("mapgrep-doc-crate-file-{}", std::process::id()));
//! # std::fs::write(&path, "12:00:07 db: timeout after 250 ms\n12:00:08 db: ok\n")?;
//! let matcher = MatcherBuilder::new().by_line(true).build(["timeout after [0-9]+ ms"])?;
//! let log = Arc::new(Mapping::open(&path)?);
//! let first = Scanner::new(matcher).find_iter(Arc::clone(&log)).next().transpose()?;
//! assert_eq!(first.map(|found| (found.start, found.end)), Some((13, 33)));
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **All cores.** A [`Pool`](scan::Pool) says how many. The closure runs on the calling thread and gets the matches in
//! file order. It ends the search with [`ControlFlow::Break`](std::ops::ControlFlow::Break).
//!
//! ```
//! use std::ops::ControlFlow;
//! use mapgrep::{FileMatch, Mapping, MatcherBuilder, Scanner, scan::Pool};
//!
//! # let path = std::env::temp_dir().join(format!("mapgrep-doc-crate-cores-{}", std::process::id()));
//! # std::fs::write(&path, "12:00:07 db: timeout after 250 ms\n12:00:08 db: ok\n".repeat(1000))?;
//! let matcher = MatcherBuilder::new().by_line(true).build(["timeout after [0-9]+ ms"])?;
//! let log = Mapping::open(&path)?;
//! let mut starts = vec![];
//! Scanner::new(matcher).for_each_in(&Pool::new(4), &log, |found: FileMatch| {
//!     starts.push(found.start);
//!     if starts.len() < 10 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
//! })?;
//! assert_eq!((starts.len(), starts[0]), (10, 13));
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Lines.** [`Grep`] adds line numbers, context, limits, inverted matches and counts:
//!
//! ```
//! use std::ops::ControlFlow;
//! use mapgrep::{GrepBuilder, MatcherBuilder, scan::Pool};
//!
//! # let path = std::env::temp_dir().join(format!("mapgrep-doc-crate-lines-{}", std::process::id()));
//! # std::fs::write(&path, "12:00:06 db: ok\n12:00:07 db: timeout after 250 ms\n12:00:08 db: ok\n")?;
//! let grep = GrepBuilder::new()
//!     .line_numbers(true)
//!     .before_context(1)
//!     .compile(&MatcherBuilder::new(), &["timeout after [0-9]+ ms"])?;
//! let mut numbers = vec![];
//! grep.search_path(&path, &Pool::new(4), &mut |line| {
//!     numbers.push(line.number.unwrap());
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(numbers, [1, 2]);
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **An index.** Once it is built, the same call reads only the blocks that can match. The lines are the same with an
//! index and without.
//!
//! ```
//! use std::ops::ControlFlow;
//! use mapgrep::{GrepBuilder, MatcherBuilder, index::IndexBuilder, scan::Pool};
//!
//! # let directory = std::env::temp_dir().join(format!("mapgrep-doc-crate-index-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! # let path = directory.join("log");
//! # let lines = "12:00:06 db: ok\n".repeat(100_000) + "12:00:07 db: timeout after 250 ms\n";
//! # std::fs::write(&path, lines)?;
//! IndexBuilder::new().build(&path, &Pool::new(4))?;
//! let grep = GrepBuilder::new().compile(&MatcherBuilder::new(), &["timeout after [0-9]+ ms"])?;
//! let summary = grep.search_path(&path, &Pool::new(4), &mut |_| ControlFlow::Continue(()))?;
//! assert_eq!(summary.matched_lines, 1);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//!
//! * [`mapping`]: files and anonymous memory in the address space.
//! * [`matcher`]: patterns, and where they match in a slice.
//! * [`scan`]: every match in a mapping, in parallel and in order.
//! * [`index`]: which parts of a huge file can match at all.
//! * [`grep`]: lines that match, with numbers and context, formatted in parallel.
//! * [`memory`]: for global allocators: which requests for memory may fail without ending the process.
//!
//! # What all parts share
//!
//! * A closure stops a search with [`ControlFlow::Break`](std::ops::ControlFlow::Break). Another thread stops it with a
//!   [`Cancel`](scan::Cancel), and watches it with a [`Progress`](scan::Progress).
//! * Offsets are in bytes. In a slice they are `usize` ([`Span`], [`Match`]), in a file `u64` ([`FileMatch`]).
//! * A file that another program cuts during a search gives an error with the offset, and no signal:
//!   [`Error::is_truncated`].
//! * [`CachePolicy::Drop`](scan::CachePolicy::Drop) leaves the page cache as a search found it.
//!
//! # Features and platforms
//!
//! | feature | what it adds |
//! |---|---|
//! | `cli` (default) | the commands `mapgrep` and `mapgrep-index`, and the crates that only they need |
//! | `pcre2` | [`Engine::Pcre2`](matcher::Engine::Pcre2), and `-P` of the command: a library in C |
//!
//! A program depends on the library with `default-features = false`.
//!
//! The tests run on Linux on x86-64. The code is written for other Unix systems, Windows and other processors too.
//! Kernels use AVX2 or SSSE3 on x86-64, chosen when the program runs, and NEON on 64-bit Arm; other processors run the
//! same loops without them. Some parts need Linux: [residency](Mapping::residency) and [eviction](Mapping::evict) of
//! pages, and with them [`CachePolicy::Drop`](scan::CachePolicy::Drop). WebAssembly has no mappings: compiling for it
//! is an error.

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
    span::{FileMatch, Match, PatternId, Span},
};

/// The examples of the README, so that they are run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
