//! Where one of a few patterns could start: vectors that look up the halves of bytes.
//!
//! The patterns are put into eight buckets, each of which is a bit. For each of the first bytes of a pattern there are two tables of
//! 16 bytes: which buckets have a pattern with this lower half of the byte, and with this upper half. A byte shuffle looks
//! up as many bytes of the haystack as a vector has; where the bits of all the lookups have one in common, a pattern of
//! its bucket may start. (Hyperscan calls this *Teddy*.)
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use super::{super::vector::Vector, places::Places};

/// Up to how many patterns this can be made of.
pub(in crate::matcher) const MAX: usize = 96;
/// How many bytes of a pattern are looked at, at most.
pub(in crate::matcher) const DEPTH: usize = 4;
const BUCKETS: usize = 8;

#[derive(Clone, Debug)]
pub(in crate::matcher) struct Packed {
    /// How many bytes from a place on are looked at.
    depth: usize,
    /// For each of these bytes, the buckets for lower halves and for upper halves.
    halves: [[[u8; 16]; 2]; DEPTH],
    /// The same for whole bytes.
    whole: Box<[[u8; 256]; DEPTH]>,
    /// Buckets with a pattern that ends before this byte.
    shorter: [u8; DEPTH],
}

impl Packed {
    /// A filter for these patterns, none of which is empty; they are lower case where case is ignored.
    pub(super) fn new(patterns: &[&[u8]], fold: bool) -> Self {
        debug_assert!(patterns.len() <= MAX && patterns.iter().all(|pattern| !pattern.is_empty()));
        let depth = patterns.iter().map(|pattern| pattern.len()).max().unwrap_or(1).min(DEPTH);
        Packed::of_buckets(buckets(patterns.iter().map(|pattern| Bucket::of(pattern, fold)).collect(), depth), depth)
    }

    /// A filter for bytes of these classes, one behind the other.
    pub(in crate::matcher) fn of_classes(classes: &[[Vec<u8>; DEPTH]]) -> Self {
        debug_assert!(classes.len() <= MAX);
        Packed::of_buckets(buckets(classes.iter().map(Bucket::of_classes).collect(), DEPTH), DEPTH)
    }

    fn of_buckets(buckets: Vec<Bucket>, depth: usize) -> Self {
        let mut packed =
            Packed { depth, halves: Default::default(), whole: Box::new([[0; 256]; DEPTH]), shorter: [0; DEPTH] };
        for (i, bucket) in buckets.iter().enumerate() {
            for (at, halves) in bucket.halves.iter().enumerate().take(depth) {
                for half in 0..16 {
                    packed.halves[at][0][half] |= u8::from(halves[0] >> half & 1 != 0) << i;
                    packed.halves[at][1][half] |= u8::from(halves[1] >> half & 1 != 0) << i;
                }
                packed.shorter[at] |= u8::from(bucket.shortest <= at) << i;
            }
        }
        for at in 0..depth {
            for byte in 0..256 {
                packed.whole[at][byte] = packed.halves[at][0][byte & 15] & packed.halves[at][1][byte >> 4];
            }
        }
        packed
    }

    /// Adds places in `from..to` at which a pattern could start, as [`Windows::find`](super::filter::Windows::find) does.
    pub(in crate::matcher) fn find(&self, haystack: &[u8], from: usize, to: usize, places: &mut Places) -> usize {
        #[cfg(target_arch = "x86_64")]
        let from = match std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            true => unsafe { self.find_avx2(haystack, from, to, places) },
            false => from,
        };
        #[cfg(target_arch = "x86_64")]
        let from = match std::arch::is_x86_feature_detected!("ssse3") {
            // SAFETY: the processor has SSSE3.
            true => unsafe { self.find_ssse3(haystack, from, to, places) },
            false => from,
        };
        #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
        // SAFETY: every such processor has NEON.
        let from = unsafe { self.find_vectors::<std::arch::aarch64::uint8x16_t>(haystack, from, to, places) };
        self.find_scalar(haystack, from, to, places)
    }

    fn find_scalar(&self, haystack: &[u8], from: usize, to: usize, places: &mut Places) -> usize {
        for at in from..to {
            if places.room() == 0 {
                return at;
            }
            let mut buckets = u8::MAX;
            for i in 0..self.depth {
                buckets &= match haystack.get(at + i) {
                    Some(&byte) => self.whole[i][usize::from(byte)],
                    None => self.shorter[i],
                };
            }
            if buckets != 0 {
                places.push(at);
            }
        }
        to
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn find_avx2(&self, haystack: &[u8], from: usize, to: usize, places: &mut Places) -> usize {
        // SAFETY: the processor has AVX2.
        unsafe { self.find_vectors::<std::arch::x86_64::__m256i>(haystack, from, to, places) }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "ssse3")]
    fn find_ssse3(&self, haystack: &[u8], from: usize, to: usize, places: &mut Places) -> usize {
        // SAFETY: the processor has SSSE3.
        unsafe { self.find_vectors::<std::arch::x86_64::__m128i>(haystack, from, to, places) }
    }

    /// As [`find_scalar`](Packed::find_scalar), as far as whole vectors go.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn find_vectors<V: Nibbles>(&self, haystack: &[u8], from: usize, to: usize, places: &mut Places) -> usize {
        // SAFETY: the caller vouches for the processor.
        unsafe {
            match self.depth {
                1 => self.find_deep::<V, 1>(haystack, from, to, places),
                2 => self.find_deep::<V, 2>(haystack, from, to, places),
                3 => self.find_deep::<V, 3>(haystack, from, to, places),
                _ => self.find_deep::<V, 4>(haystack, from, to, places),
            }
        }
    }

    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn find_deep<V: Nibbles, const DEEP: usize>(
        &self,
        haystack: &[u8],
        from: usize,
        to: usize,
        places: &mut Places,
    ) -> usize {
        const PARTS: usize = 2;
        let stride = PARTS * V::LANES;
        // SAFETY: the caller vouches for the processor, and each table has 16 bytes.
        let tables: [[V; 2]; DEEP] =
            std::array::from_fn(|i| unsafe { [V::table(&self.halves[i][0]), V::table(&self.halves[i][1])] });
        let mut at = from;
        while at + stride <= to && at + stride + DEPTH <= haystack.len() && places.room() >= stride {
            // SAFETY: the caller vouches for the processor. `stride + DEPTH` bytes are left.
            let hits: [V; PARTS] = std::array::from_fn(|part| unsafe {
                let start = haystack.as_ptr().add(at + part * V::LANES);
                let mut buckets = V::look_up(tables[0], V::load(start));
                for (i, table) in tables.iter().enumerate().skip(1) {
                    buckets = buckets.and(V::look_up(*table, V::load(start.add(i))));
                }
                buckets
            });
            // SAFETY: the caller vouches for the processor.
            let masks = unsafe {
                let any = hits[0].or(hits[1]);
                if any.nonzero() == 0 { [0; PARTS] } else { [hits[0].nonzero(), hits[1].nonzero()] }
            };
            for (part, mut mask) in masks.into_iter().enumerate() {
                while mask != 0 {
                    let lane = mask.trailing_zeros() as usize / V::LANE_BITS;
                    mask &= mask - 1;
                    places.push(at + part * V::LANES + lane);
                }
            }
            at += stride;
        }
        at
    }
}

/// Vectors that look up halves of bytes in tables of 16.
///
/// # Safety
///
/// * The processor must have the instructions of the implementation, for every call.
trait Nibbles: Vector {
    unsafe fn table(bytes: &[u8; 16]) -> Self;

    /// What the first table has for the lower halves of the bytes and the second for their upper halves, as far as both
    /// agree.
    unsafe fn look_up(tables: [Self; 2], bytes: Self) -> Self;

    /// A mask of lanes that are not zero, of one bit each.
    unsafe fn nonzero(self) -> u64;
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::*;

    use super::{Nibbles, Vector};

    #[allow(unsafe_op_in_unsafe_fn)] // Each function is an instruction or two, and asks for what the trait asks.
    impl Nibbles for __m128i {
        #[inline(always)]
        unsafe fn table(bytes: &[u8; 16]) -> Self {
            _mm_loadu_si128(bytes.as_ptr().cast())
        }

        #[inline(always)]
        unsafe fn look_up([lower, upper]: [Self; 2], bytes: Self) -> Self {
            let half = Self::splat(0x0F);
            let low = _mm_shuffle_epi8(lower, bytes.and(half));
            low.and(_mm_shuffle_epi8(upper, _mm_srli_epi16::<4>(bytes).and(half)))
        }

        #[inline(always)]
        unsafe fn nonzero(self) -> u64 {
            self.eq(Self::splat(0)).mask() ^ 0xFFFF
        }
    }

    #[allow(unsafe_op_in_unsafe_fn)] // As above.
    impl Nibbles for __m256i {
        #[inline(always)]
        unsafe fn table(bytes: &[u8; 16]) -> Self {
            _mm256_broadcastsi128_si256(__m128i::table(bytes))
        }

        #[inline(always)]
        unsafe fn look_up([lower, upper]: [Self; 2], bytes: Self) -> Self {
            let half = Self::splat(0x0F);
            let low = _mm256_shuffle_epi8(lower, bytes.and(half));
            low.and(_mm256_shuffle_epi8(upper, _mm256_srli_epi16::<4>(bytes).and(half)))
        }

        #[inline(always)]
        unsafe fn nonzero(self) -> u64 {
            self.eq(Self::splat(0)).mask() ^ 0xFFFF_FFFF
        }
    }
}

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod aarch64 {
    use std::arch::aarch64::*;

    use super::{Nibbles, Vector};

    #[allow(unsafe_op_in_unsafe_fn)] // Each function is an instruction or two, and asks for what the trait asks.
    impl Nibbles for uint8x16_t {
        #[inline(always)]
        unsafe fn table(bytes: &[u8; 16]) -> Self {
            vld1q_u8(bytes.as_ptr())
        }

        #[inline(always)]
        unsafe fn look_up([lower, upper]: [Self; 2], bytes: Self) -> Self {
            let low = vqtbl1q_u8(lower, bytes.and(Self::splat(0x0F)));
            low.and(vqtbl1q_u8(upper, vshrq_n_u8::<4>(bytes)))
        }

        #[inline(always)]
        unsafe fn nonzero(self) -> u64 {
            vtstq_u8(self, self).mask()
        }
    }
}

/// What patterns of a bucket begin with.
#[derive(Clone, Debug)]
struct Bucket {
    /// For each of the first bytes, a bit for each lower half that occurs, and for each upper half.
    halves: [[u16; 2]; DEPTH],
    shortest: usize,
}

impl Bucket {
    fn of(pattern: &[u8], fold: bool) -> Self {
        let halves = std::array::from_fn(|at| match pattern.get(at) {
            None => [u16::MAX; 2],
            Some(&byte) => {
                let bits = |byte: u8| [1 << (byte & 15), 1 << (byte >> 4)];
                let (one, other) = (bits(byte), bits(if fold { byte.to_ascii_uppercase() } else { byte }));
                [one[0] | other[0], one[1] | other[1]]
            }
        });
        Bucket { halves, shortest: pattern.len() }
    }

    fn of_classes(classes: &[Vec<u8>; DEPTH]) -> Self {
        let half = |bytes: &[u8], shift: u8| bytes.iter().fold(0, |all, byte| all | 1 << (byte >> shift & 15));
        let halves = std::array::from_fn(|at| [half(&classes[at], 0), half(&classes[at], 4)]);
        Bucket { halves, shortest: DEPTH }
    }

    fn merged(&self, other: &Self) -> Self {
        let or = |at: usize, half: usize| self.halves[at][half] | other.halves[at][half];
        let halves = std::array::from_fn(|at| [or(at, 0), or(at, 1)]);
        Bucket { halves, shortest: self.shortest.min(other.shortest) }
    }

    /// How much is let through, as far as that can be known without the haystack.
    fn cost(&self, depth: usize) -> u64 {
        self.halves[..depth].iter().flatten().map(|half| u64::from(half.count_ones())).product()
    }
}

/// Puts patterns into buckets, again and again those together that cost the least.
fn buckets(mut buckets: Vec<Bucket>, depth: usize) -> Vec<Bucket> {
    while buckets.len() > BUCKETS {
        let pairs = (0..buckets.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
        let cost = |&(i, j): &(usize, usize)| {
            let apart = buckets[i].cost(depth) + buckets[j].cost(depth);
            buckets[i].merged(&buckets[j]).cost(depth).saturating_sub(apart)
        };
        let Some((i, j)) = pairs.min_by_key(cost) else { break };
        let other = buckets.swap_remove(j);
        buckets[i] = buckets[i].merged(&other);
    }
    buckets
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// All vectors find the same as the loop, and all that there is to be found.
        #[test]
        fn places_are_found(
            patterns in prop::collection::vec(prop::collection::vec(prop_oneof![b'a'..b'e', any::<u8>()], 1..6), 1..20),
            haystack in prop::collection::vec(prop_oneof![b'a'..b'e', any::<u8>()], 0..300),
            from in 0..100_usize,
            fold in any::<bool>(),
        ) {
            let mut patterns = patterns;
            if fold {
                patterns.iter_mut().for_each(|pattern| pattern.make_ascii_lowercase());
            }
            let borrowed: Vec<&[u8]> = patterns.iter().map(|pattern| &pattern[..]).collect();
            let packed = Packed::new(&borrowed, fold);
            let (from, to) = (from.min(haystack.len()), haystack.len());
            let (mut found, mut scalar) = (Places::new(0), Places::new(0));
            prop_assert_eq!(packed.find(&haystack, from, to, &mut found), to);
            prop_assert_eq!(packed.find_scalar(&haystack, from, to, &mut scalar), to);
            prop_assert_eq!(found.as_slice(), scalar.as_slice());
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("ssse3") {
                let mut found = Places::new(0);
                // SAFETY: the processor has SSSE3.
                let at = unsafe { packed.find_ssse3(&haystack, from, to, &mut found) };
                packed.find_scalar(&haystack, at, to, &mut found);
                prop_assert_eq!(found.as_slice(), scalar.as_slice());
            }
            for at in from..to {
                let starts = |pattern: &Vec<u8>| {
                    let text = haystack[at..].get(..pattern.len());
                    text.is_some_and(|text| if fold { text.eq_ignore_ascii_case(pattern) } else { text == pattern })
                };
                prop_assert!(!patterns.iter().any(starts) || found.as_slice().contains(&(at as u32)));
            }
        }
    }
}
