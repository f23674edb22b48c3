//! Hashes of grams, and the row of each.

use super::class::LINE_END;
use crate::index::format::scheme::Scheme;

/// The longest gram, in bytes.
pub(crate) const LONGEST: usize = 12;
/// Characters that Unicode takes for another case of an ASCII letter. Each is a gram by itself: queries that ignore
/// case look for them.
pub(crate) const ODD: [&[u8]; 2] = ["\u{17F}".as_bytes(), "\u{212A}".as_bytes()];

impl Scheme {
    pub(crate) fn row(self, hash: u64) -> usize {
        (hash >> (64 - self.bits())) as usize
    }

    /// The row of a gram of DNA. These have the first rows only: most of the letters of DNA begin no gram that is kept,
    /// and fuller rows take fewer bytes for each gram.
    pub(crate) fn row_of_dna(self, hash: u64) -> usize {
        match self {
            Scheme::Default => self.row(hash) * 3 / 8,
            Scheme::Small => self.row(hash) / 2,
        }
    }

    pub(crate) fn row_of_three(self, gram: &[u8]) -> Option<usize> {
        let bits = self.bits_of_three()?;
        Some((1 << self.bits()) + (hash_of_bytes(word(gram)) >> (64 - bits)) as usize)
    }
}

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Up to eight bytes, padded with zeros.
pub(crate) fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// The hash of a gram of up to eight bytes, padded with zeros.
#[inline]
pub(crate) fn hash_of_bytes(bytes: u64) -> u64 {
    bytes.wrapping_mul(FACTOR)
}

pub(crate) fn hash_of_odd(letter: &[u8]) -> u64 {
    hash_of_bytes(word(letter) | 1 << 56)
}

/// The hash of a DNA gram of twelve letters, if it lies within a line.
pub(crate) fn dna_hash(bytes: &[u8]) -> Option<u64> {
    let (word, end) = bytes.split_first_chunk::<8>()?;
    let end = u32::from_le_bytes(end.try_into().ok()?);
    let hash = (hash_of_bytes(u64::from_le_bytes(*word)).rotate_left(32) ^ u64::from(end)).wrapping_mul(FACTOR);
    (!bytes.contains(&LINE_END)).then_some(hash)
}
