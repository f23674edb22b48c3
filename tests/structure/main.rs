//! The rules of the house about the source itself: what may import what, and how large a file and a function may be.
//!
//! The tests read files and run nothing. Each failure names the file, the line and the rule.

mod imports;
mod map;
mod sizes;
mod tree;
