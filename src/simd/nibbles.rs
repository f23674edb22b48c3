//! Looking up the halves of bytes in tables of 16, by byte shuffles.
#![allow(unsafe_code)] // Vector instructions.

use super::vector::Vector;

/// Vectors that look up halves of bytes in tables of 16.
///
/// # Safety
///
/// * The processor must have the instructions of the implementation, for every call.
pub(crate) trait Nibbles: Vector {
    unsafe fn table(bytes: &[u8; 16]) -> Self;

    /// The lower halves of bytes, and the upper halves.
    unsafe fn halves(bytes: Self) -> [Self; 2];

    /// What the first table has for the lower halves of the bytes and the second for their upper halves, as far as both
    /// agree.
    unsafe fn look_up(tables: [Self; 2], halves: [Self; 2]) -> Self;

    /// A mask of lanes that are not zero, of one bit each.
    unsafe fn nonzero(self) -> u64;

    /// All ones in lanes whose byte is `first` or at most `more` further, zeros elsewhere.
    unsafe fn in_range(self, first: Self, more: Self) -> Self;
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::*;

    use super::Nibbles;
    use crate::simd::vector::Vector;

    #[allow(unused_unsafe)] // SSE2 and NEON are always there: their instructions are safe to call.
    impl Nibbles for __m128i {
        #[inline(always)]
        unsafe fn table(bytes: &[u8; 16]) -> Self {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
        }

        #[inline(always)]
        unsafe fn halves(bytes: Self) -> [Self; 2] {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe {
                let half = Self::splat(0x0F);
                [bytes.and(half), _mm_srli_epi16::<4>(bytes).and(half)]
            }
        }

        #[inline(always)]
        unsafe fn look_up([lower, upper]: [Self; 2], [low, high]: [Self; 2]) -> Self {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { _mm_shuffle_epi8(lower, low).and(_mm_shuffle_epi8(upper, high)) }
        }

        #[inline(always)]
        unsafe fn nonzero(self) -> u64 {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { self.eq(Self::splat(0)).mask() ^ 0xFFFF }
        }

        #[inline(always)]
        unsafe fn in_range(self, first: Self, more: Self) -> Self {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe {
                let further = _mm_sub_epi8(self, first);
                further.eq(_mm_min_epu8(further, more))
            }
        }
    }

    #[allow(unused_unsafe)] // SSE2 and NEON are always there: their instructions are safe to call.
    impl Nibbles for __m256i {
        #[inline(always)]
        unsafe fn table(bytes: &[u8; 16]) -> Self {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { _mm256_broadcastsi128_si256(__m128i::table(bytes)) }
        }

        #[inline(always)]
        unsafe fn halves(bytes: Self) -> [Self; 2] {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe {
                let half = Self::splat(0x0F);
                [bytes.and(half), _mm256_srli_epi16::<4>(bytes).and(half)]
            }
        }

        #[inline(always)]
        unsafe fn look_up([lower, upper]: [Self; 2], [low, high]: [Self; 2]) -> Self {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { _mm256_shuffle_epi8(lower, low).and(_mm256_shuffle_epi8(upper, high)) }
        }

        #[inline(always)]
        unsafe fn nonzero(self) -> u64 {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { self.eq(Self::splat(0)).mask() ^ 0xFFFF_FFFF }
        }

        #[inline(always)]
        unsafe fn in_range(self, first: Self, more: Self) -> Self {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe {
                let further = _mm256_sub_epi8(self, first);
                further.eq(_mm256_min_epu8(further, more))
            }
        }
    }
}

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod aarch64 {
    use std::arch::aarch64::*;

    use super::Nibbles;
    use crate::simd::vector::Vector;

    #[allow(unused_unsafe)] // SSE2 and NEON are always there: their instructions are safe to call.
    impl Nibbles for uint8x16_t {
        #[inline(always)]
        unsafe fn table(bytes: &[u8; 16]) -> Self {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { vld1q_u8(bytes.as_ptr()) }
        }

        #[inline(always)]
        unsafe fn halves(bytes: Self) -> [Self; 2] {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { [bytes.and(Self::splat(0x0F)), vshrq_n_u8::<4>(bytes)] }
        }

        #[inline(always)]
        unsafe fn look_up([lower, upper]: [Self; 2], [low, high]: [Self; 2]) -> Self {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { vqtbl1q_u8(lower, low).and(vqtbl1q_u8(upper, high)) }
        }

        #[inline(always)]
        unsafe fn nonzero(self) -> u64 {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { vtstq_u8(self, self).mask() }
        }

        #[inline(always)]
        unsafe fn in_range(self, first: Self, more: Self) -> Self {
            // SAFETY: the trait's contract says that the processor has these instructions.
            unsafe { vcleq_u8(vsubq_u8(self, first), more) }
        }
    }
}
