//! The transition function of a small DFA as byte shuffles.
//!
//! A shuffle looks up 16 bytes at once in a table of 16. [`Steps`] makes it the step of a DFA of 16 states: a table for
//! each byte says what becomes of each state, so that the next state is the shuffle of the byte's table by the state.
//! What one step waits for is a single instruction then, where it is a load from memory otherwise; the tables of all
//! the bytes to come are loaded meanwhile. (Hyperscan calls this *sheng*.)
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, unused_variables))] // No DFA has steps there.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

#[cfg(target_arch = "x86_64")]
use crate::simd::byteset::load;
use crate::simd::dispatch::Avx2;

/// The steps of an automaton of at most 16 states.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    /// For each byte, the state that follows on each state, with [`Steps::STOP`] where the walk is to stop.
    next: Box<[Row; 256]>,
    /// What lets [`walk`](Steps::walk) use its instructions.
    _avx2: Avx2,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(16))]
struct Row([u8; 16]);

impl Steps {
    /// The largest number of states.
    pub(crate) const STATES: usize = 16;

    /// A bit that the shuffle does not look at.
    const STOP: u8 = 0x10;

    /// How many steps are made before it is looked whether one of them led to a stop. The sum of as many stops as this
    /// is to be no more than zero in a byte that overflows.
    const BLOCK: usize = 16;

    /// Steps of an automaton with this many states, unless they are too many, or there are no vectors. A state before
    /// `stops` must lead to itself, whatever the byte.
    pub(crate) fn new(states: usize, stops: u8, next: impl Fn(u8, u8) -> u8) -> Option<Self> {
        let avx2 = Avx2::detect().filter(|_| states <= Self::STATES)?;
        let row = |byte| {
            Row(std::array::from_fn(|state| {
                let to = if state < states { next(state as u8, byte) } else { 0 };
                if to < stops { to | Self::STOP } else { to }
            }))
        };
        Some(Steps { next: Box::new(std::array::from_fn(|byte| row(byte as u8))), _avx2: avx2 })
    }

    /// Goes from `at` on, in `state`, and says where it came to a stop: the state, and the place behind the byte that
    /// led there. Without a stop it comes to a place from which less than a block is left.
    #[inline]
    pub(crate) fn walk(&self, state: u8, haystack: &[u8], at: usize) -> (u8, usize) {
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: the field `_avx2` exists only on a processor that has AVX2.
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
        let step = |states, byte: u8| _mm_shuffle_epi8(load(&self.next[usize::from(byte)].0), states);
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
}
