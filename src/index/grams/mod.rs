//! Grams: the short byte strings at each offset of a text by which it is indexed, and those of a literal.
//!
//! The first bytes of a gram decide how long it is. So a gram has the same length wherever it stands, and a literal has
//! the same grams whatever stands around it:
//!
//! | the text | bytes | why |
//! |---|---|---|
//! | words | 4 | they tell words apart |
//! | decimal or hexadecimal numbers | 6 | every block has most numbers of 4 digits |
//! | numbers with a dot in each half, such as addresses | 8 | they begin alike |
//! | a number that starts at the second or third byte | 5 | for literals that end within the number |
//! | DNA | 12 | every block has all words of 8 letters; one gram in 5 is kept, to bound the size |
//!
//! The default scheme also has all grams of 3 bytes, for literals with hardly any other. `docs/measurements.md` has
//! what this mix costs and saves.
//!
//! The loops are plain Rust. The compiler makes vector code of them for each set of instructions.

mod class;
pub(crate) mod collect;
mod dna;
pub(crate) mod hash;
mod literal;
