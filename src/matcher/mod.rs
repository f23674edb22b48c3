//! Patterns, and where they match in one slice of bytes.
//!
//! A [`Matcher`] knows no file, no thread and no line numbers. [`MatcherBuilder`] picks the strategy: one literal goes
//! to a SIMD substring search, several literals to a [`set`], everything else to the regex engine, which has help for
//! a regex of few states. Of a long list of regexes, those are tried on a line whose literals are there. The choice can
//! be asked for with [`Matcher::description`].
//!
//! State that changes during a search lives in a [`Cache`], of which every worker has its own: a matcher that is
//! shared between threads is never a point of contention.
//!
//! # Examples
//!
//! ```
//! use mapgrep::matcher::MatcherBuilder;
//!
//! let matcher = MatcherBuilder::new().build([r"\bfoo[0-9]+", "bar"])?;
//! let mut cache = matcher.create_cache();
//! let matches = matcher.find_iter(&mut cache, b"a foo12 and a bar");
//! let found: Vec<_> = matches.map(|m| (m.range(), m.pattern.index())).collect();
//! assert_eq!(found, [(2..7, 0), (14..17, 1)]);
//! # Ok::<(), mapgrep::Error>(())
//! ```

mod builder;
mod frequency;
pub(crate) mod lines;
pub mod literal;
mod literals;
mod parse;
mod reach;
mod regex;
pub mod regex_set;
mod search;
pub mod set;
mod strategy;
pub(crate) mod syntax;
mod terminator;

pub use self::{
    builder::MatcherBuilder,
    parse::{Case, Engine},
    reach::Reach,
    regex::captures::Replacer,
    search::{Cache, Matcher},
    terminator::LineTerminator,
};

/// The version of [PCRE2](Engine::Pcre2), and whether it compiles patterns to machine code, for people. None where
/// it is not in the build.
///
/// # Examples
///
/// ```
/// assert_eq!(mapgrep::matcher::pcre2_version().is_some(), cfg!(feature = "pcre2"));
/// ```
pub fn pcre2_version() -> Option<String> {
    regex::pcre2::version()
}

pub(crate) use self::{
    literal::tuning::Tuning,
    search::{Ahead, Cursor},
};
