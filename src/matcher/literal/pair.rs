//! Comparing bytes of a needle with a block of haystack.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use super::{probes::Probes, tuning::Tuning};
use crate::simd::vector::{Vector, any};

/// How many places are looked at as one number.
pub(super) const BLOCK: usize = 64;

/// What is compared with blocks of haystack.
pub(super) struct Pair<V, const PARTS: usize, const PROBES: usize> {
    /// The haystack.
    pub(super) start: *const u8,
    /// The haystack from the offset of each of the probes on that are made everywhere.
    pub(super) from: [*const u8; PROBES],
    /// The bytes that are probed there, each in all lanes.
    pub(super) bytes: [V; PROBES],
    /// How many places there are.
    pub(super) places: usize,
}

impl<V: Vector, const PARTS: usize, const PROBES: usize> Pair<V, PARTS, PROBES> {
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn new(haystack: &[u8], needle: &[u8], tuning: &Tuning) -> Self {
        let start = haystack.as_ptr();
        let offsets = tuning.probes.offsets;
        debug_assert!(offsets.iter().all(|&offset| offset < needle.len()));
        // SAFETY: the contract of this function promises the instructions of `V`. Probes are offsets in the needle,
        // which fits into the haystack: the pointers are inside of it.
        unsafe {
            // Loops, as a closure would not be compiled for the same processor.
            let mut from = [start.add(offsets[0]); PROBES];
            let mut bytes = [V::splat(tuning.bytes[0]); PROBES];
            for which in 1..PROBES {
                from[which] = start.add(offsets[which]);
                bytes[which] = V::splat(tuning.bytes[which]);
            }
            Pair { start, from, bytes, places: haystack.len() + 1 - needle.len() }
        }
    }

    /// How far behind a border of vectors the first probed byte lies, if a start is at `place`.
    #[inline(always)]
    pub(super) fn misalignment(&self, place: usize) -> usize {
        (self.from[0].addr() + place) % V::LANES
    }

    /// Ones in the lanes that have the bytes that are probed everywhere, if the first lane is a start at `base`.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * There must be a block of places from `base` on.
    #[inline(always)]
    pub(super) unsafe fn candidates(&self, base: usize) -> [V; PARTS] {
        debug_assert!(base + PARTS * V::LANES <= self.places);
        // SAFETY: the contract of this function promises the instructions of `V`. An offset of a probe is inside of
        // the needle, and so inside of the haystack in each lane of a block of places.
        unsafe {
            let mut found = [self.bytes[0]; PARTS];
            for (part, lanes) in found.iter_mut().enumerate() {
                let at = base + part * V::LANES;
                *lanes = V::load(self.from[0].add(at)).eq(self.bytes[0]);
                for which in 1..PROBES {
                    *lanes = lanes.and(V::load(self.from[which].add(at)).eq(self.bytes[which]));
                }
            }
            found
        }
    }

    /// Goes to the next two blocks with candidates, or to where fewer than two blocks are left. Returns the lanes of
    /// the last two that were looked at, and whether there are candidates in them.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * There must be two blocks of places at least.
    #[inline(always)]
    pub(super) unsafe fn pass<const BACKWARDS: bool>(
        &self,
        at: &mut usize,
        end: &mut usize,
    ) -> ([[V; PARTS]; 2], bool) {
        debug_assert!(*end - *at >= 2 * BLOCK);
        loop {
            let base = if BACKWARDS { *end - 2 * BLOCK } else { *at };
            // SAFETY: the contract of this function promises the instructions of `V`, and two blocks of places are
            // left: the loop goes on, and was begun, only then.
            let pairs = unsafe { [self.candidates(base), self.candidates(base + BLOCK)] };
            if BACKWARDS {
                *end = base
            } else {
                *at = base + 2 * BLOCK
            }
            // SAFETY: the contract of this function promises the instructions of `V`, which are all that `or` and
            // `mask` need.
            let is_found = unsafe { any(pairs.as_flattened()) };
            if is_found || *end - *at < 2 * BLOCK {
                return (pairs, is_found);
            }
        }
    }

    /// The mask of those lanes of a pair at the same place that may have the needle. Where there are many, they have
    /// the other two bytes as well.
    ///
    /// # Safety
    ///
    /// * As [`candidates`](Pair::candidates); and the tuning must be the one that this was made with.
    #[inline(always)]
    pub(super) unsafe fn confirm(&self, mut pairs: [V; PARTS], base: usize, tuning: &Tuning) -> u64 {
        // SAFETY: this function has the contract of `candidates`; the tuning's offsets are inside of the needle, and
        // so inside of the haystack in each lane.
        unsafe {
            let candidates = V::mask_of_block(pairs);
            if PROBES > 1 && PROBES + 2 <= Probes::COUNT && candidates & candidates.wrapping_sub(1) != 0 {
                let rest = [PROBES, PROBES + 1];
                let bytes = [V::splat(tuning.bytes[rest[0]]), V::splat(tuning.bytes[rest[1]])];
                let from = [
                    self.start.add(tuning.probes.offsets[rest[0]] + base),
                    self.start.add(tuning.probes.offsets[rest[1]] + base),
                ];
                for (part, lanes) in pairs.iter_mut().enumerate() {
                    let at = part * V::LANES;
                    let rest = V::load(from[0].add(at)).eq(bytes[0]).and(V::load(from[1].add(at)).eq(bytes[1]));
                    *lanes = lanes.and(rest);
                }
                return V::mask_of_block(pairs);
            }
            candidates
        }
    }
}

/// Whether two slices of the same length, of two bytes at least, are equal. Needles are short; and a call,
/// as of `memcmp`, would cost all vectors of the loop that this is in.
#[inline(always)]
pub(super) fn equal(one: &[u8], other: &[u8]) -> bool {
    debug_assert!(one.len() == other.len() && one.len() >= 2);
    let len = one.len();
    let (one, other) = (one.as_ptr(), other.as_ptr());
    // SAFETY: each length is compared with the widest number that is read: its bytes lie within both slices, which
    // have the same length; and arrays of bytes need no alignment.
    unsafe {
        let differ = |at: usize| u64::from_ne_bytes(*one.add(at).cast()) ^ u64::from_ne_bytes(*other.add(at).cast());
        let differ_half =
            |at: usize| u32::from_ne_bytes(*one.add(at).cast()) ^ u32::from_ne_bytes(*other.add(at).cast());
        let differ_quarter =
            |at: usize| u16::from_ne_bytes(*one.add(at).cast()) ^ u16::from_ne_bytes(*other.add(at).cast());
        if len < 4 {
            return differ_quarter(0) | differ_quarter(len - 2) == 0;
        }
        if len < 8 {
            return differ_half(0) | differ_half(len - 4) == 0;
        }
        let mut at = 0;
        while at + 8 < len {
            if differ(at) != 0 {
                return false;
            }
            at += 8;
        }
        differ(len - 8) == 0
    }
}
