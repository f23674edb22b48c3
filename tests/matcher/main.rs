//! Matches in one piece of text: engines and sets of patterns, against other engines and naive searches.

#[path = "../oracle/mod.rs"]
mod oracle;

mod ascii;
mod engines;
mod pattern_set;
