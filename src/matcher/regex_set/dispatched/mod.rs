//! Long lists of patterns: of each line, those patterns are tried whose literals are on it, and no others.
//!
//! An automaton for thousands of regexes has more states than memory has room for: they are thrown away and made again
//! all the time. But nearly every regex of such a list has a literal that every match of it contains. One search for
//! all these literals leaves few lines, and on each a few regexes, which are run one by one. What is a literal itself
//! is found by a search for literals; what has none is run together with all others of that kind.
//!
//! Which match counts is the same as for one automaton: the one that starts first, and of those that start at the same
//! byte that of the pattern that comes first in the list.

mod choose;
mod patterns;
mod search;

#[cfg(test)]
mod tests;

pub(crate) use self::{
    choose::Choice,
    patterns::{Cache, Dispatched},
};
