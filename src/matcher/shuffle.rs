//! What the byte shuffle of a vector unit does for an automaton.
//!
//! A shuffle looks up 16 bytes at once in a table of 16. [`ByteSet`] asks with it for 32 bytes of a haystack whether
//! they belong to a set. [`Steps`] makes it the step of an automaton of 16 states: a table for each byte says what
//! becomes of each state, so that the next state is the shuffle of the byte's table by the state. What one step waits
//! for is a single instruction then, where it is a load from memory otherwise; the tables of all the bytes to come are
//! loaded meanwhile. (Hyperscan calls this *sheng*.)
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, unused_variables))] // No automaton has steps there.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// A set of bytes, to find the first byte of a haystack that is in it.
#[derive(Clone, Debug)]
pub(super) struct ByteSet {
    member: [bool; 256],
    /// Bit `h` at index `l` is for the byte whose upper half is `h` and whose lower half is `l`.
    #[cfg(target_arch = "x86_64")]
    low: [u8; 16],
    /// The same for upper halves from 8 on, with 8 subtracted.
    #[cfg(target_arch = "x86_64")]
    high: [u8; 16],
}

impl ByteSet {
    pub(super) fn new(is_member: impl Fn(u8) -> bool) -> Self {
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
    pub(super) fn find(&self, haystack: &[u8], at: usize) -> Option<usize> {
        #[cfg(target_arch = "x86_64")]
        if haystack[at..].len() >= 16 && has_vectors() {
            // SAFETY: the processor has AVX2, and 16 bytes of the haystack are left.
            return unsafe { self.find_avx2(haystack, at) };
        }
        self.find_scalar(haystack, at)
    }

    fn find_scalar(&self, haystack: &[u8], at: usize) -> Option<usize> {
        Some(at + haystack[at..].iter().position(|&byte| self.member[usize::from(byte)])?)
    }

    /// # Safety
    ///
    /// * The processor must have AVX2.
    /// * At least 16 bytes must be left from `at` on.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    unsafe fn find_avx2(&self, haystack: &[u8], mut at: usize) -> Option<usize> {
        debug_assert!(haystack.len() - at >= 16);
        // SAFETY: both are arrays of 16 bytes.
        let (low, high) = unsafe { (load(&self.low), load(&self.high)) };
        let (low2, high2) = (_mm256_broadcastsi128_si256(low), _mm256_broadcastsi128_si256(high));
        let bits = _mm_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
        let bits2 = _mm256_broadcastsi128_si256(bits);
        while haystack.len() - at >= 32 {
            // SAFETY: 32 bytes are left.
            let bytes = unsafe { _mm256_loadu_si256(haystack.as_ptr().add(at).cast()) };
            // A shuffle yields zero where the top bit of the index is set, and looks at its lower half otherwise.
            let lower = _mm256_shuffle_epi8(low2, bytes);
            let upper = _mm256_shuffle_epi8(high2, _mm256_xor_si256(bytes, _mm256_set1_epi8(i8::MIN)));
            let which = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0F));
            let bit = _mm256_shuffle_epi8(bits2, which);
            let hit = _mm256_and_si256(_mm256_or_si256(lower, upper), bit);
            let mask = _mm256_movemask_epi8(_mm256_cmpeq_epi8(hit, bit)) as u32;
            if mask != 0 {
                return Some(at + mask.trailing_zeros() as usize);
            }
            at += 32;
        }
        // The last vectors may overlap, and what was seen before is not seen again as there was no member.
        while at < haystack.len() {
            let place = at.min(haystack.len() - 16);
            // SAFETY: the haystack has at least 16 bytes, and as many from this place on.
            let bytes = unsafe { _mm_loadu_si128(haystack.as_ptr().add(place).cast()) };
            let lower = _mm_shuffle_epi8(low, bytes);
            let upper = _mm_shuffle_epi8(high, _mm_xor_si128(bytes, _mm_set1_epi8(i8::MIN)));
            let which = _mm_and_si128(_mm_srli_epi16::<4>(bytes), _mm_set1_epi8(0x0F));
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

fn has_vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx2")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// # Safety
///
/// * The processor must have SSE2, as every x86-64 has.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: the array has as many bytes as the vector, and the load asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// The steps of an automaton of at most 16 states.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// For each byte, the state that follows on each state, with [`Steps::STOP`] where the walk is to stop.
    next: Box<[Row; 256]>,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(16))]
struct Row([u8; 16]);

impl Steps {
    /// The largest number of states.
    pub(super) const STATES: usize = 16;

    /// A bit that the shuffle does not look at.
    const STOP: u8 = 0x10;

    /// How many steps are made before it is looked whether one of them led to a stop. The sum of as many stops as this
    /// is to be no more than zero in a byte that overflows.
    const BLOCK: usize = 16;

    /// Steps of an automaton with this many states, unless they are too many, or there are no vectors. A state before
    /// `stops` must lead to itself, whatever the byte.
    pub(super) fn new(states: usize, stops: u8, next: impl Fn(u8, u8) -> u8) -> Option<Self> {
        if states > Self::STATES || !has_vectors() {
            return None;
        }
        let row = |byte| {
            Row(std::array::from_fn(|state| {
                let to = if state < states { next(state as u8, byte) } else { 0 };
                if to < stops { to | Self::STOP } else { to }
            }))
        };
        Some(Steps { next: Box::new(std::array::from_fn(|byte| row(byte as u8))) })
    }

    /// Goes from `at` on, in `state`, and says where it came to a stop: the state, and the place behind the byte that led
    /// there. Without a stop it comes to a place from which less than a block is left.
    #[inline]
    pub(super) fn walk(&self, state: u8, haystack: &[u8], at: usize) -> (u8, usize) {
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: the processor has AVX2, or there would be no `self`.
            unsafe { self.walk_avx2(state, haystack, at) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            (state, at)
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn walk_avx2(&self, state: u8, haystack: &[u8], mut at: usize) -> (u8, usize) {
        let step = |states, byte: u8| {
            // SAFETY: every x86-64 has SSE2.
            _mm_shuffle_epi8(unsafe { load(&self.next[usize::from(byte)].0) }, states)
        };
        // All lanes are the same state.
        let first = |states| _mm_cvtsi128_si32(states) as u8;
        let mut states = _mm_set1_epi8(state as i8);
        let (blocks, _) = haystack[at..].as_chunks::<{ Self::BLOCK }>();
        for block in blocks {
            let mut stops = _mm_setzero_si128();
            for &byte in block {
                states = step(states, byte);
                stops = _mm_add_epi8(stops, _mm_and_si128(states, _mm_set1_epi8(Self::STOP as i8)));
            }
            if first(states) & Self::STOP != 0 {
                // There is at least one; if all of them do, the sum has become zero.
                let others = usize::from(0_u8.wrapping_sub(first(stops)) / Self::STOP);
                return (first(states) & !Self::STOP, at + others + 1);
            }
            at += Self::BLOCK;
        }
        (first(states), at)
    }
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

        #[test]
        fn steps_go_to_the_first_stop(
            table in prop::collection::vec(0..16_u8, 16 * 4),
            stops in 0..4_u8,
            haystack in prop::collection::vec(0..4_u8, 0..300),
            at in 0..300_usize,
        ) {
            let next = |state: u8, byte: u8| match state < stops {
                true => state,
                false => table[usize::from(state * 4 + byte % 4)],
            };
            let Some(steps) = Steps::new(Steps::STATES, stops, next) else { return Ok(()) };
            let at = at.min(haystack.len());
            let mut states = vec![15];
            for &byte in &haystack[at..] {
                states.push(next(states[states.len() - 1], byte));
            }
            let (state, upto) = steps.walk(15, &haystack, at);
            prop_assert_eq!(states[upto - at], state);
            prop_assert!(states[..upto - at].iter().all(|&state| state >= stops));
            if state >= stops {
                prop_assert!(haystack.len() - upto < Steps::BLOCK);
            }
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
