//! Running a kernel by the best vectors of the processor.
//!
//! A [`Kernel`] is generic over its [`Vector`]. [`dispatch`] runs it by the widest vectors of the processor. A function
//! with the attribute `target_feature` is never inlined into one without it. So a kernel contains its loop: one call
//! of `dispatch` for a haystack or a block of it, not for each vector.
#![allow(unsafe_code)] // Calls of functions that are compiled for some processors only.

#[cfg(target_arch = "x86_64")]
use super::detect::has_avx2;
use super::vector::Vector;

/// Work that is compiled once for each kind of vectors.
pub(crate) trait Kernel {
    type Output;

    /// Does the work. `OF_32` vectors have 32 bytes (one, where a vector has more), and `OF_64` vectors have 64.
    ///
    /// Implementations are `#[inline(always)]`, as is what they call: only then are they compiled for the processor.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    unsafe fn run<V: Vector, const OF_32: usize, const OF_64: usize>(self) -> Self::Output;
}

/// Runs a kernel by the best vectors of this processor.
#[inline(always)]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    Vectors::best().run(kernel)
}

/// Loops in plain Rust, which the compiler turns into code for each kind of vectors.
pub(crate) trait Loops {
    type Output;

    /// Does the work. Implementations are `#[inline(always)]`, as is what they call.
    fn run(self) -> Self::Output;
}

/// Runs loops that are compiled for the best vectors of this processor.
#[inline(always)]
pub(crate) fn vectorize<L: Loops>(loops: L) -> L::Output {
    struct Vectorized<L>(L);

    impl<L: Loops> Kernel for Vectorized<L> {
        type Output = L::Output;

        #[inline(always)]
        unsafe fn run<V: Vector, const OF_32: usize, const OF_64: usize>(self) -> L::Output {
            self.0.run()
        }
    }

    dispatch(Vectorized(loops))
}

/// A kind of vectors.
///
/// # Invariants
///
/// * The processor has the instructions for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vectors(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code)] // Each architecture uses its own, and tests use words besides.
enum Kind {
    /// Numbers of 64 bits.
    Words,
    #[cfg(target_arch = "x86_64")]
    Sse2,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
    Neon,
}

impl Vectors {
    #[inline(always)]
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        let best = if has_avx2() { Kind::Avx2 } else { Kind::Sse2 };
        #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
        let best = Kind::Neon;
        #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
        let best = Kind::Words;
        Vectors(best)
    }

    /// All kinds that this processor has.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let others = [Some(Kind::Sse2), has_avx2().then_some(Kind::Avx2)];
        #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
        let others = [Some(Kind::Neon)];
        #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
        let others: [Option<Kind>; 0] = [];
        std::iter::once(Kind::Words).chain(others.into_iter().flatten()).map(Vectors).collect()
    }

    /// Runs a kernel by these vectors.
    #[inline(always)]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            // SAFETY: numbers are for every processor.
            Kind::Words => unsafe { kernel.run::<super::vector::Word, 4, 8>() },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: every x86-64 has SSE2.
            Kind::Sse2 => unsafe { kernel.run::<std::arch::x86_64::__m128i, 2, 4>() },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this kind exists only where `has_avx2` is true, which names all features of the function.
            Kind::Avx2 => unsafe { run_avx2(kernel) },
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            // SAFETY: every AArch64 that the standard library runs on has NEON.
            Kind::Neon => unsafe { kernel.run::<std::arch::aarch64::uint8x16_t, 2, 4>() },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: this function is for processors that have AVX2.
    unsafe { kernel.run::<std::arch::x86_64::__m256i, 1, 2>() }
}
