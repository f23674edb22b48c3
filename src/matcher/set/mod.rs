//! One to a million byte strings and more, searched for at once.
//!
//! A [`PatternSet`] finds every occurrence of every pattern ([`MatchKind::Overlapping`]), or matches that do not
//! overlap, in one of two senses. Its size decides how: one pattern is a substring search; up to 64 are looked up with
//! byte shuffles, 32 bytes of the haystack at once; of more, a few bytes at every place, or at every second or fourth,
//! are hashed and looked up in a bitmap. What passes is compared with the patterns that have the same hash of their
//! first bytes. So building is fast, and a built set is little larger than its patterns. Text on which nearly all
//! passes is left to an automaton, which is built when it is first worth it.
//!
//! A built set is one piece of bytes, which can be [written](PatternSet::as_bytes) to a file and mapped into memory
//! [again](PatternSet::from_bytes) without being built anew.
//!
//! # How a search is chosen, and where another one would go
//!
//! A set is put into tiers by length (`tiers`). Each tier has a prefilter, chosen when the set is opened from what the
//! builder wrote: the closed enum `Prepared` of `tiers` has one variant for each (a substring search, Teddy of `teddy`,
//! `windows`). A prefilter appends candidates, ascending, until there is no more room, and says how far it came;
//! `table` confirms them. To add one: a file with such a `find`, a variant, and a line in `Prepared::new`.
//! `search::Search::walk` goes on with an automaton (`automaton`) where candidates have cost more than that would.
//!
//! # Examples
//!
//! ```
//! use mapgrep::matcher::set::{MatchKind, PatternSet};
//!
//! let set = PatternSet::builder().kind(MatchKind::Overlapping).build(["she", "he", "hers"])?;
//! let found: Vec<_> = set.find_iter(b"ushers").map(|m| (m.range(), m.pattern.index())).collect();
//! assert_eq!(found, [(1..4, 0), (2..4, 1), (2..6, 2)]);
//! # Ok::<(), mapgrep::Error>(())
//! ```

mod automaton;
mod borders;
mod builder;
pub(crate) mod candidates;
mod format;
mod kind;
mod pattern_set;
mod search;
mod table;
pub(crate) mod teddy;
#[cfg(test)]
mod tests;
mod tiers;
mod walk;
mod windows;

pub(crate) use self::borders::Borders;
pub use self::{
    builder::PatternSetBuilder,
    kind::MatchKind,
    pattern_set::{FindIter, PatternSet},
    walk::Walk,
};

/// Writes the checksum that these bytes should have, so that tests can damage the rest of a serialised set.
#[cfg(feature = "__test-hooks")]
pub fn seal(bytes: &mut [u8]) {
    format::seal(bytes);
}
