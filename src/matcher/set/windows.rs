//! Where a pattern of a large tier could start: a bitmap of hashed windows.
//!
//! The first windows of all patterns are hashed into a bitmap. (Or some later ones, where all patterns begin
//! alike.) Of the haystack only every `step`-th window is looked up there:
//! if `step` windows of each pattern are in the bitmap, at neighbouring offsets, then one of them lies where it is
//! looked for, wherever the pattern occurs. So the shortest pattern of a tier has `window + step - 1` bytes at least.
//! Few long steps are fast; short windows, and the many that long steps need, are found more often where no pattern is.
//!
//! Each window has two bits in one word of 32: a window that is not in the set has to find both of them set to be
//! let through, and one load from memory tells.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use super::{candidates::Candidates, format::TierLayout};
#[cfg(target_arch = "x86_64")]
use crate::simd::dispatch::Avx2;

const FACTORS: [u32; 3] = [0x9e37_79b1, 0x85eb_ca6b, 0xc2b2_ae35];

/// What a filter looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sampling {
    /// Bytes of a window, 1 to 8.
    pub(super) window: u32,
    /// How far apart windows are in the haystack: 1, 2 or 4.
    pub(super) step: u32,
    /// How many bits choose a word.
    pub(super) word_bits: u32,
    /// Where in a pattern the first of its windows begins.
    pub(super) offset: u32,
    pub(super) fold: bool,
}

impl Sampling {
    /// What is written of a tier, if it has a bitmap of windows.
    pub(super) fn of(tier: &TierLayout) -> Option<Self> {
        let TierLayout { window, step, word_bits, offset, .. } = *tier;
        tier.has_windows().then_some(Sampling { window, step, word_bits, offset, fold: false })
    }

    /// The bitmap of all windows of the patterns that a search has to know.
    pub(super) fn build<'p>(self, patterns: impl Iterator<Item = &'p [u8]>) -> Vec<u32> {
        let mut words = vec![0; 1 << self.word_bits];
        for pattern in patterns {
            for offset in 0..self.step as usize {
                let hash = self.hash(super::table::first_bytes(pattern, self.offset as usize + offset));
                words[hash.word(self.word_bits)] |= hash.bits();
            }
        }
        words
    }

    /// The hash of the window at the start of eight bytes.
    #[inline(always)]
    fn hash(self, bytes: u64) -> Hash {
        let bytes = if self.fold { bytes | 0x2020_2020_2020_2020 } else { bytes };
        let (first, second) = self.halves();
        let mixed = (bytes as u32 & first).wrapping_mul(FACTORS[0]);
        let mixed = match second {
            0 => mixed,
            _ => mixed.wrapping_add(((bytes >> (8 * second)) as u32).wrapping_mul(FACTORS[1])),
        };
        Hash((mixed ^ (mixed >> 15)).wrapping_mul(FACTORS[2]))
    }

    /// A mask for the first four bytes, and the offset at which four more are loaded; 0 for no more.
    fn halves(self) -> (u32, usize) {
        match self.window {
            window @ 0..4 => ((1 << (8 * window)) - 1, 0),
            window => (u32::MAX, window as usize - 4),
        }
    }
}

#[derive(Clone, Copy)]
struct Hash(u32);

impl Hash {
    #[inline(always)]
    fn word(self, bits: u32) -> usize {
        (self.0 >> (32 - bits)) as usize
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        0x8000_0000 >> (self.0 & 31) | 0x8000_0000 >> (self.0 >> 5 & 31)
    }
}

/// A filter over the bitmap of a tier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows<'s> {
    shape: Sampling,
    words: &'s [[u8; 4]],
}

impl<'s> Windows<'s> {
    /// A filter, unless the bitmap is not as large as the shape says.
    pub(super) fn new(shape: Sampling, words: &'s [[u8; 4]]) -> Option<Self> {
        (words.len() == 1 << shape.word_bits).then_some(Windows { shape, words })
    }

    /// Adds places in `from..to` at which a pattern could start, ascending, until there is no more room. Says from
    /// where to go on.
    ///
    /// What was added lies before that, and all of it has been looked at.
    pub(super) fn find(&self, haystack: &[u8], from: usize, to: usize, places: &mut Candidates) -> usize {
        match self.shape.step {
            1 => self.find_by::<1>(haystack, from, to, places),
            2 => self.find_by::<2>(haystack, from, to, places),
            _ => self.find_by::<4>(haystack, from, to, places),
        }
    }

    fn find_by<const STEP: usize>(&self, haystack: &[u8], from: usize, to: usize, places: &mut Candidates) -> usize {
        #[cfg(target_arch = "x86_64")]
        let from = match (Avx2::detect(), self.shape.window > 4) {
            // SAFETY: an `Avx2` exists only on a processor that has it.
            (Some(_), true) => unsafe { self.find_avx2::<STEP, true>(haystack, from, to, places) },
            // SAFETY: an `Avx2` exists only on a processor that has it.
            (Some(_), false) => unsafe { self.find_avx2::<STEP, false>(haystack, from, to, places) },
            (None, _) => from,
        };
        self.find_scalar::<STEP>(haystack, from, to, places)
    }

    fn find_scalar<const STEP: usize>(
        &self,
        haystack: &[u8],
        from: usize,
        to: usize,
        places: &mut Candidates,
    ) -> usize {
        let mut at = from;
        while at < to {
            if places.room() < STEP {
                return at;
            }
            // The window for this and the places that follow, up to `STEP` of them, lies at the last of them.
            let window = at + STEP - 1 + self.shape.offset as usize;
            if window + self.shape.window as usize > haystack.len() {
                // Where that is too far, no pattern fits from here on.
                return to;
            }
            let hash = self.shape.hash(super::table::first_bytes(haystack, window));
            let bits = hash.bits();
            if u32::from_le_bytes(self.words[hash.word(self.shape.word_bits)]) & bits == bits {
                match to - at < STEP {
                    true => (at..to).for_each(|place| places.push(place)),
                    false => places.push_run::<STEP>(at),
                }
            }
            at += STEP;
        }
        to
    }

    /// As [`find_scalar`](Windows::find_scalar), as far as whole vectors go.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn find_avx2<const STEP: usize, const LONG: bool>(
        &self,
        haystack: &[u8],
        from: usize,
        to: usize,
        places: &mut Candidates,
    ) -> usize {
        use std::arch::x86_64::*;
        // As many places as have their answers in one mask of 32 bits.
        let stride: usize = if STEP == 4 { 128 } else { 32 };
        let (first, second) = self.shape.halves();
        let first = _mm256_set1_epi32(first.cast_signed());
        let fold = _mm256_set1_epi8(if self.shape.fold { 0x20 } else { 0 });
        let [factor, factor2, factor3] = FACTORS.map(|factor| _mm256_set1_epi32(factor.cast_signed()));
        let shift = _mm_cvtsi32_si128((32 - self.shape.word_bits).cast_signed());
        let words = self.words.as_ptr().cast::<i32>();
        // All ones, but for the lowest bits, in lanes whose window is in the bitmap; their highest bit tells.
        let look = |at: usize| {
            // SAFETY: the loop below goes on only where 32 bytes from the last window on, and four more for `second`,
            // are in the haystack. The shift leaves no more bits of the hash than choose one of the words, of which
            // there are as many as `new` made sure of.
            unsafe {
                let start = haystack.as_ptr().add(at);
                let a = _mm256_or_si256(_mm256_loadu_si256(start.cast()), fold);
                let mut hash = match LONG {
                    true => _mm256_mullo_epi32(a, factor),
                    false => _mm256_mullo_epi32(_mm256_and_si256(a, first), factor),
                };
                if LONG {
                    let b = _mm256_or_si256(_mm256_loadu_si256(start.add(second).cast()), fold);
                    hash = _mm256_add_epi32(hash, _mm256_mullo_epi32(b, factor2));
                }
                hash = _mm256_mullo_epi32(_mm256_xor_si256(hash, _mm256_srli_epi32::<15>(hash)), factor3);
                let word = _mm256_i32gather_epi32::<4>(words, _mm256_srl_epi32(hash, shift));
                let low = _mm256_set1_epi32(31);
                let one = _mm256_sllv_epi32(word, _mm256_and_si256(hash, low));
                let two = _mm256_sllv_epi32(word, _mm256_and_si256(_mm256_srli_epi32::<5>(hash), low));
                _mm256_and_si256(one, two)
            }
        };
        let signs = |lanes: __m256i| _mm256_movemask_ps(_mm256_castsi256_ps(lanes)).cast_unsigned();
        let ahead = STEP - 1 + self.shape.offset as usize;
        let mut at = from;
        while at + stride <= to && at + stride + ahead + 8 <= haystack.len() && places.room() >= stride {
            let window = at + ahead;
            let mut mask = match STEP {
                4 => {
                    let part = |i: usize| signs(look(window + 32 * i)) << (8 * i);
                    part(0) | part(1) | part(2) | part(3)
                }
                2 => {
                    // The second half of each lane of four bytes is for the second of two windows.
                    let (even, odd) =
                        (_mm256_srai_epi32::<31>(look(window)), _mm256_srai_epi32::<31>(look(window + 2)));
                    let both = _mm256_blend_epi16::<0b1010_1010>(even, odd);
                    _mm256_movemask_epi8(both).cast_unsigned() & 0x5555_5555
                }
                _ => {
                    // Each byte of a lane is for one of four windows.
                    let byte = |i: usize| _mm256_srli_epi32::<24>(_mm256_srai_epi32::<31>(look(window + i)));
                    let low = _mm256_or_si256(byte(0), _mm256_slli_epi32::<8>(byte(1)));
                    let high = _mm256_or_si256(_mm256_slli_epi32::<16>(byte(2)), _mm256_slli_epi32::<24>(byte(3)));
                    _mm256_movemask_epi8(_mm256_or_si256(low, high)).cast_unsigned()
                }
            };
            while mask != 0 {
                let bit = mask.trailing_zeros() as usize;
                mask &= mask - 1;
                let place = if STEP == 4 { at + 4 * bit } else { at + bit };
                places.push_run::<STEP>(place);
            }
            at += stride;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Vectors find the same as the loop, and all that there is to be found.
        #[test]
        fn windows_are_found(
            patterns in prop::collection::vec(prop::collection::vec(b'a'..b'e', 16), 1..5),
            haystack in prop::collection::vec(b'a'..b'e', 0..400),
            window in 1..=8_u32,
            offset in 0..=4_u32,
            from in 0..200_usize,
            fold in any::<bool>(),
        ) {
            for step in [1, 2, 4] {
                let shape = Sampling { window, step, word_bits: 8, offset, fold };
                let words = shape.build(patterns.iter().map(|pattern| &pattern[..]));
                let words: Vec<[u8; 4]> = words.into_iter().map(u32::to_le_bytes).collect();
                let windows = Windows::new(shape, &words).unwrap();
                let to = haystack.len().saturating_sub(15);
                let from = from.min(to);
                let (mut found, mut scalar) = (Candidates::new(0), Candidates::new(0));
                prop_assert_eq!(windows.find(&haystack, from, to, &mut found), to);
                let end = match step {
                    1 => windows.find_scalar::<1>(&haystack, from, to, &mut scalar),
                    2 => windows.find_scalar::<2>(&haystack, from, to, &mut scalar),
                    _ => windows.find_scalar::<4>(&haystack, from, to, &mut scalar),
                };
                prop_assert_eq!(end, to);
                prop_assert_eq!(found.as_slice(), scalar.as_slice());
                for at in from..to {
                    let starts = patterns.iter().any(|pattern| haystack[at..].starts_with(pattern));
                    prop_assert!(!starts || found.as_slice().contains(&(at as u32)));
                }
            }
        }
    }
}
