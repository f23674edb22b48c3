//! Many patterns at once, told apart: which of them match on a line.
//!
//! Automata for many regexes are large, and slow where they have to say which of them matched. But most regexes that
//! people write contain a literal, or at least a shape: classes of bytes, one behind the other, that are rare. A search
//! for all of these at once, which is fast, leaves few lines, and on each the few regexes whose literal or shape is
//! there. The rest are run together on everything.
//!
//! # Examples
//!
//! ```
//! use std::ops::ControlFlow;
//! use mapgrep::matcher::MatcherBuilder;
//!
//! let set = MatcherBuilder::new().build_set([r"AKIA[0-9A-Z]{16}", r"ghp_\w{36}", "password"])?;
//! let mut cache = set.create_cache();
//! let text = b"nothing here\npassword = AKIAIOSFODNN7EXAMPLE\n";
//! let mut found = vec![];
//! let _ = set.for_each_line(&mut cache, text, |line, ids| {
//!     found.push((line.range(), ids.iter().map(|id| id.index()).collect::<Vec<_>>()));
//!     ControlFlow::<()>::Continue(())
//! });
//! assert_eq!(found, [(13..45, vec![0, 2])]);
//! # Ok::<(), mapgrep::Error>(())
//! ```

mod build;
mod cache;
mod candidate_lines;
pub(crate) mod confirm;
pub(crate) mod dispatched;
mod lines;
pub(crate) mod owned;
pub(crate) mod sequences;
mod set;

#[cfg(test)]
mod tests;

pub use self::{
    cache::SetCache,
    set::{LinePatterns, RegexSet},
};
