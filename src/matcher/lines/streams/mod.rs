//! Lines that a regex matches, found by *parallel bit streams*: the text becomes one bit for each byte, 64 bytes are
//! one number, and a step of the regex is one operation on such numbers.
//!
//! An automaton looks at one byte after the other. Here a class of bytes is a stream of bits, made by a byte shuffle
//! for 32 bytes at once, and what the regex has matched so far is a stream of *markers*: bit `i` is one where a match
//! may go on with byte `i`. To match a class is to keep the markers that stand at one of its bytes, and to shift them
//! by one; to repeat it is one addition, whose carries run through the bytes of the class. `[A-Z][a-z]+` takes three
//! operations for 64 bytes.
//!
//! Which lines have a match follows from the last markers as in [`literal`](super::literal). See docs/bit-streams.md.
//! The method is that of R. D. Cameron et al., "Bitwise data parallelism in regular expression matching" (PACT 2014).
//!
//! Bytes beyond ASCII are in no stream of a class. A line that has one, and on which nothing else matches, is given to
//! the regex engine, where the regex can match such a byte.

mod compile;
mod pace;
mod program;
mod run;

#[cfg(test)]
mod tests;

pub(super) use self::run::{Stop, search};
pub(crate) use self::{pace::Pace, program::Program};
