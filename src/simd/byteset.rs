//! Sets of bytes, found with byte shuffles.
//!
//! A shuffle looks up 16 bytes at once in a table of 16. [`ByteSet`] asks with it for 32 bytes of a haystack whether
//! they belong to a set.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, unused_variables))] // No DFA has steps there.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

#[cfg(target_arch = "x86_64")]
use super::dispatch::Avx2;

/// A set of bytes, to find the first byte of a haystack that is in it.
#[derive(Clone, Debug)]
pub(crate) struct ByteSet {
    member: [bool; 256],
    /// Bit `h` at index `l` is for the byte whose upper half is `h` and whose lower half is `l`.
    #[cfg(target_arch = "x86_64")]
    low: [u8; 16],
    /// The same for upper halves from 8 on, with 8 subtracted.
    #[cfg(target_arch = "x86_64")]
    high: [u8; 16],
}

impl ByteSet {
    pub(crate) fn new(is_member: impl Fn(u8) -> bool) -> Self {
        let member: [bool; 256] = std::array::from_fn(|byte| is_member(byte as u8));
        #[cfg(target_arch = "x86_64")]
        let half = |from: u8| {
            std::array::from_fn(|low| {
                let has = |upper: u8| u8::from(member[usize::from(((from + upper) << 4) | low as u8)]) << upper;
                (0..8).map(has).sum()
            })
        };
        ByteSet {
            member,
            #[cfg(target_arch = "x86_64")]
            low: half(0),
            #[cfg(target_arch = "x86_64")]
            high: half(8),
        }
    }

    /// The first place at or after `at` whose byte is in the set.
    #[inline]
    pub(crate) fn find(&self, haystack: &[u8], at: usize) -> Option<usize> {
        #[cfg(target_arch = "x86_64")]
        if haystack[at..].len() >= 16 && Avx2::detect().is_some() {
            // SAFETY: an `Avx2` exists only on a processor that has it.
            return unsafe { self.find_avx2(haystack, at) };
        }
        self.find_scalar(haystack, at)
    }

    fn find_scalar(&self, haystack: &[u8], at: usize) -> Option<usize> {
        Some(at + haystack[at..].iter().position(|&byte| self.member[usize::from(byte)])?)
    }

    /// At least 16 bytes must be left from `at` on.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn find_avx2(&self, haystack: &[u8], at: usize) -> Option<usize> {
        let (low, high) = (load(&self.low), load(&self.high));
        let (low2, high2) = (_mm256_broadcastsi128_si256(low), _mm256_broadcastsi128_si256(high));
        let bits = _mm_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
        let bits2 = _mm256_broadcastsi128_si256(bits);
        let (blocks, rest) = haystack[at..].as_chunks::<32>();
        for (i, block) in blocks.iter().enumerate() {
            // SAFETY: the block has the 32 bytes that are loaded, and the load asks for no alignment.
            let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
            // A shuffle yields zero where the top bit of the index is set, and looks at its lower half otherwise.
            let lower = _mm256_shuffle_epi8(low2, bytes);
            let upper = _mm256_shuffle_epi8(high2, _mm256_xor_si256(bytes, _mm256_set1_epi8(i8::MIN)));
            let which = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0F));
            let bit = _mm256_shuffle_epi8(bits2, which);
            let hit = _mm256_and_si256(_mm256_or_si256(lower, upper), bit);
            let mask = _mm256_movemask_epi8(_mm256_cmpeq_epi8(hit, bit)) as u32;
            if mask != 0 {
                return Some(at + 32 * i + mask.trailing_zeros() as usize);
            }
        }
        // The last vectors may overlap, and what was seen before is not seen again as there was no member.
        let mut at = haystack.len() - rest.len();
        while at < haystack.len() {
            let place = at.min(haystack.len() - 16);
            let lanes = load(haystack[place..].first_chunk().expect("16 bytes"));
            let lower = _mm_shuffle_epi8(low, lanes);
            let upper = _mm_shuffle_epi8(high, _mm_xor_si128(lanes, _mm_set1_epi8(i8::MIN)));
            let which = _mm_and_si128(_mm_srli_epi16::<4>(lanes), _mm_set1_epi8(0x0F));
            let bit = _mm_shuffle_epi8(bits, which);
            let hit = _mm_and_si128(_mm_or_si128(lower, upper), bit);
            let mask = _mm_movemask_epi8(_mm_cmpeq_epi8(hit, bit)) as u32 >> (at - place);
            if mask != 0 {
                return Some(at + mask.trailing_zeros() as usize);
            }
            at = place + 16;
        }
        None
    }
}

/// A vector of 16 bytes.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: every x86-64 has SSE2; the array has the 16 bytes that are loaded, and the load asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_member_is_found(
            members in prop::collection::vec(any::<u8>(), 0..9),
            inverted in any::<bool>(),
            haystack in prop::collection::vec(prop_oneof![any::<u8>(), 0..4_u8], 0..200),
            at in 0..200_usize,
        ) {
            let set = ByteSet::new(|byte| members.contains(&byte) != inverted);
            let at = at.min(haystack.len());
            let naive = (at..haystack.len()).find(|&place| members.contains(&haystack[place]) != inverted);
            prop_assert_eq!(set.find(&haystack, at), naive);
            prop_assert_eq!(set.find_scalar(&haystack, at), naive);
        }
    }

    #[test]
    fn every_byte_can_be_in_a_set_and_in_no_set() {
        for byte in 0..=u8::MAX {
            let set = ByteSet::new(|b| b == byte);
            let all: Vec<u8> = (0..=u8::MAX).collect();
            assert_eq!(set.find(&all, 0), Some(usize::from(byte)));
            assert_eq!(set.find(&all, usize::from(byte) + 1), None);
        }
    }
}
