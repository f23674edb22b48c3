//! Grams: the few bytes at each place of a text by which it is indexed, and those of a literal.
//!
//! How many bytes a gram has depends on the first of them, so that it is the same wherever it stands, and known of a
//! literal without the text around it. Words are told apart by four bytes. Numbers are not, as every block has most
//! short ones: of what looks like a number or an identifier in hexadecimal six are taken, of addresses eight, and five
//! where a number begins behind the first byte or the second, for literals that end within it. In DNA, where every
//! block has all words of eight letters, twelve, of which one in eight is kept to bound the size. Besides, the default
//! has all grams of three bytes, for literals that have hardly any other. What this mix costs and saves was measured:
//! see ARCHITECTURE.md.
//!
//! The loops are plain Rust that the compiler turns into code for each kind of vectors.

mod class;
pub(crate) mod collect;
pub(crate) mod hash;
mod literal;
