//! Vectors of bytes, by the instructions of the architecture.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

/// A vector of bytes.
///
/// # Safety
///
/// * The processor must have the instructions of the implementation, for every call.
pub(crate) trait Vector: Copy {
    /// How many bytes a vector has.
    const LANES: usize;

    /// How far apart the bits of a mask are.
    const LANE_BITS: usize;

    unsafe fn splat(byte: u8) -> Self;

    /// Loads the bytes from `start` on, which must all be readable.
    unsafe fn load(start: *const u8) -> Self;

    /// Stores the bytes from `start` on, which must all be writable.
    unsafe fn store(self, start: *mut u8);

    /// All ones in lanes that are equal, zeros elsewhere.
    unsafe fn eq(self, other: Self) -> Self;
    unsafe fn and(self, other: Self) -> Self;
    unsafe fn or(self, other: Self) -> Self;

    /// One more in each lane of ones, if the others are zeros.
    unsafe fn count(self, ones: Self) -> Self;

    /// One bit for every lane of ones, the first lane's lowest.
    unsafe fn mask(self) -> u64;

    /// One bit for every lane of ones, the first lane's lowest and without any between, of vectors of 64 bytes in all.
    unsafe fn mask_of_block<const PARTS: usize>(parts: [Self; PARTS]) -> u64;
}

/// Ones in the lanes of `PARTS` vectors from `start` on that equal this byte, which is in all lanes.
///
/// # Safety
///
/// * The processor must have the instructions of `V`.
/// * All bytes of the vectors must be readable.
#[inline(always)]
pub(crate) unsafe fn equal_lanes<V: Vector, const PARTS: usize>(start: *const u8, byte: V) -> [V; PARTS] {
    let mut lanes = [byte; PARTS];
    for (i, lanes) in lanes.iter_mut().enumerate() {
        // SAFETY: the contract promises the instructions, and that the bytes of all `PARTS` vectors are readable.
        *lanes = unsafe { V::load(start.add(i * V::LANES)).eq(byte) };
    }
    lanes
}

/// True when a lane of these vectors, of which there is one, has ones.
///
/// # Safety
///
/// * The processor must have the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn any<V: Vector>(vectors: &[V]) -> bool {
    let mut joined = vectors[0];
    for &vector in &vectors[1..] {
        // SAFETY: the contract of this function promises the instructions of `V`, which are all that `or` needs.
        joined = unsafe { joined.or(vector) };
    }
    // SAFETY: the contract of this function promises the instructions of `V`, which are all that `mask` needs.
    unsafe { joined.mask() != 0 }
}

/// Implements [`Vector`] by the instructions of one architecture.
macro_rules! vector {
    (
        $type:ty, lane_bits: $lane_bits:literal, splat: |$byte:ident| $splat:expr, load: |$start:ident| $load:expr,
        store: |$stored:ident, $to:ident| $store:expr, sub: $sub:ident,
        eq: $eq:ident, and: $and:ident, or: $or:ident, mask: |$lanes:ident| $mask:expr,
        mask_of_block: |$parts:ident| $mask_of_block:expr,
    ) => {
        #[allow(unused_unsafe)] // SSE2 and NEON are always there: their instructions are safe to call.
        impl super::Vector for $type {
            const LANES: usize = size_of::<$type>();
            const LANE_BITS: usize = $lane_bits;

            #[inline(always)]
            unsafe fn splat($byte: u8) -> Self {
                // SAFETY: the trait's contract says that the processor has these instructions.
                unsafe { $splat }
            }

            #[inline(always)]
            unsafe fn load($start: *const u8) -> Self {
                // SAFETY: the trait's contract says that the processor has this instruction, that of `load` that the
                // bytes are readable.
                unsafe { $load }
            }

            #[inline(always)]
            unsafe fn store(self, $to: *mut u8) {
                let $stored = self;
                // SAFETY: the trait's contract says that the processor has this instruction, that of `store` that the
                // bytes are writable.
                unsafe { $store }
            }

            #[inline(always)]
            unsafe fn eq(self, other: Self) -> Self {
                // SAFETY: the trait's contract says that the processor has these instructions.
                unsafe { $eq(self, other) }
            }

            #[inline(always)]
            unsafe fn and(self, other: Self) -> Self {
                // SAFETY: the trait's contract says that the processor has these instructions.
                unsafe { $and(self, other) }
            }

            #[inline(always)]
            unsafe fn or(self, other: Self) -> Self {
                // SAFETY: the trait's contract says that the processor has these instructions.
                unsafe { $or(self, other) }
            }

            #[inline(always)]
            unsafe fn count(self, ones: Self) -> Self {
                // SAFETY: the trait's contract says that the processor has these instructions.
                unsafe { $sub(self, ones) }
            }

            #[inline(always)]
            unsafe fn mask(self) -> u64 {
                let $lanes = self;
                // SAFETY: the trait's contract says that the processor has these instructions.
                unsafe { $mask }
            }

            #[inline(always)]
            unsafe fn mask_of_block<const PARTS: usize>($parts: [Self; PARTS]) -> u64 {
                debug_assert_eq!(PARTS * Self::LANES, 64);
                // SAFETY: the trait's contract says that the processor has these instructions.
                unsafe { $mask_of_block }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::*;

    vector! {
        __m128i, lane_bits: 1,
        splat: |byte| _mm_set1_epi8(byte.cast_signed()),
        load: |start| _mm_loadu_si128(start.cast()),
        store: |lanes, start| _mm_storeu_si128(start.cast(), lanes), sub: _mm_sub_epi8,
        eq: _mm_cmpeq_epi8, and: _mm_and_si128, or: _mm_or_si128,
        mask: |lanes| u64::from(_mm_movemask_epi8(lanes).cast_unsigned()),
        mask_of_block: |parts| super::join_masks(parts),
    }

    vector! {
        __m256i, lane_bits: 1,
        splat: |byte| _mm256_set1_epi8(byte.cast_signed()),
        load: |start| _mm256_loadu_si256(start.cast()),
        store: |lanes, start| _mm256_storeu_si256(start.cast(), lanes), sub: _mm256_sub_epi8,
        eq: _mm256_cmpeq_epi8, and: _mm256_and_si256, or: _mm256_or_si256,
        mask: |lanes| u64::from(_mm256_movemask_epi8(lanes).cast_unsigned()),
        mask_of_block: |parts| super::join_masks(parts),
    }
}

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod aarch64 {
    use std::arch::aarch64::*;

    // NEON has no movemask. Shifting pairs of lanes to the right by half a lane leaves four bits of each.
    vector! {
        uint8x16_t, lane_bits: 4,
        splat: |byte| vdupq_n_u8(byte),
        load: |start| vld1q_u8(start),
        store: |lanes, start| vst1q_u8(start, lanes), sub: vsubq_u8,
        eq: vceqq_u8, and: vandq_u8, or: vorrq_u8,
        mask: |lanes| {
            let nibbles = vshrn_n_u16::<4>(vreinterpretq_u16_u8(lanes));
            vget_lane_u64::<0>(vreinterpret_u64_u8(nibbles)) & 0x8888_8888_8888_8888
        },
        mask_of_block: |parts| {
            // Each lane keeps the bit that is its own in a byte of the result. Adding up neighbours three times puts
            // eight lanes into one.
            let own = vreinterpretq_u8_u64(vdupq_n_u64(0x8040_2010_0804_0201));
            let bits = |i: usize| vandq_u8(parts[i], own);
            let halves = [vpaddq_u8(bits(0), bits(1)), vpaddq_u8(bits(2), bits(3))];
            let quarters = vpaddq_u8(halves[0], halves[1]);
            vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(quarters, quarters)))
        },
    }
}

/// The masks of parts that have a bit for each lane, one behind the other.
///
/// # Safety
///
/// * The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn join_masks<V: Vector, const PARTS: usize>(parts: [V; PARTS]) -> u64 {
    let mut joined = 0;
    for (i, part) in parts.into_iter().enumerate() {
        // SAFETY: the contract of this function promises the instructions of `V`, which are all that `mask` needs.
        joined |= unsafe { part.mask() } << (i * V::LANES);
    }
    joined
}

/// Eight bytes in one number, the first lowest, for processors without vectors that we know how to use.
#[derive(Clone, Copy)]
#[cfg_attr(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")), allow(dead_code))]
pub(crate) struct Word(u64);

impl Vector for Word {
    const LANES: usize = 8;
    const LANE_BITS: usize = 1;

    #[inline(always)]
    unsafe fn splat(byte: u8) -> Self {
        Word(u64::from_ne_bytes([byte; 8]))
    }

    #[inline(always)]
    unsafe fn load(start: *const u8) -> Self {
        // SAFETY: the contract of `load` promises eight readable bytes; arrays of bytes need no alignment.
        Word(u64::from_le_bytes(unsafe { *start.cast() }))
    }

    #[inline(always)]
    unsafe fn store(self, start: *mut u8) {
        // SAFETY: the contract of `store` promises eight writable bytes; arrays of bytes need no alignment.
        unsafe { *start.cast() = self.0.to_le_bytes() };
    }

    #[inline(always)]
    unsafe fn eq(self, other: Self) -> Self {
        const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);
        let differs = self.0 ^ other.0;
        // The highest bit of each lane, which no carry leaves: set where the lane is not zero.
        let nonzero = (((differs & LOW) + LOW) | differs) & !LOW;
        Word(((!LOW ^ nonzero) >> 7) * 0xff)
    }

    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        Word(self.0 & other.0)
    }

    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        Word(self.0 | other.0)
    }

    #[inline(always)]
    unsafe fn count(self, ones: Self) -> Self {
        // Counts stay far below what a lane can hold.
        Word(self.0.wrapping_add(ones.0 & u64::from_ne_bytes([1; 8])))
    }

    #[inline(always)]
    unsafe fn mask(self) -> u64 {
        // The lowest bit of lane `i` times two to the power of `56 - 7 * i` is bit 56, and `i` more.
        (self.0 & u64::from_ne_bytes([1; 8])).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }

    #[inline(always)]
    unsafe fn mask_of_block<const PARTS: usize>(parts: [Self; PARTS]) -> u64 {
        // SAFETY: the masks of numbers take no instruction that a processor may lack.
        unsafe { join_masks(parts) }
    }
}
