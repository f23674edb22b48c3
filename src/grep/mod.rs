//! Lines: which ones are selected, their numbers, the context around them, and how many are wanted.
//!
//! [`Grep`] turns the matches of a [`Matcher`](crate::matcher::Matcher) into line events, in parallel within one file
//! and in file order. A chunk of the file owns the lines that start in it. Workers find those of them that match and
//! count line ends; a serial step adds up the counts and carries from chunk to chunk what context is still due and how
//! many lines may still be selected; workers then format the lines, and the caller receives the bytes.
//!
//! # Examples
//!
//! Every line that mentions a word, with its number, in file order:
//!
//! ```
//! use std::ops::ControlFlow;
//! use mapgrep::{
//!     grep::{GrepBuilder, Plain},
//!     matcher::MatcherBuilder,
//!     scan::Pool,
//! };
//!
//! let matcher = MatcherBuilder::new().by_line(true).build(["needle"])?;
//! let grep = GrepBuilder::new().build(matcher)?;
//! let text = "hay\nneedle\nhay\nneedles\n";
//! let mut out = vec![];
//! let summary = grep.search_reader(text.as_bytes(), &Plain, &Pool::inline(), &mut |bytes| {
//!     out.extend_from_slice(bytes);
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(out, b"needle\nneedles\n");
//! assert_eq!(summary.matched_lines, 2);
//! # Ok::<(), mapgrep::Error>(())
//! ```

mod binary;
mod core;
mod events;
mod format;
mod lines;
mod long;
mod mapped;
mod mode;
mod options;
mod order;
mod output;
mod path;
mod pieces;
mod plan;
mod range;
mod resume;
mod run;
mod search;
mod shifted;
mod sparse;
mod streamed;
mod summary;
mod view;

pub use crate::scan::stream::InMemory;

pub use self::{
    format::{Format, Line, LineKind, LongMatches, Plain},
    options::{Binary, Goal, GrepBuilder},
    path::search_lines,
    search::Grep,
    shifted::Shifted,
    summary::Summary,
};
