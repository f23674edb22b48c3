//! Running a kernel by the best vectors of the processor: all that the crate does about processors goes through here.
//!
//! A [`Kernel`] is generic over its [`Vector`]. [`dispatch`] runs it by the widest vectors of the processor. A
//! [`ShuffleKernel`] looks up halves of bytes besides, which not all processors can: [`Shuffles`] runs it. A kernel of
//! AVX2 alone is called with the proof [`Avx2`] at hand.
//!
//! A function with the attribute `target_feature` is never inlined into one without it. So a kernel contains its loop:
//! one call of `dispatch` for a haystack or a block of it, not for each vector.
#![allow(unsafe_code)] // Calls of functions that are compiled for some processors only.

#[cfg(target_arch = "x86_64")]
use super::detect::{has_avx2, has_ssse3};
use super::{nibbles::Nibbles, vector::Vector};

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
    // SAFETY: the attribute lets this function be called only where the processor has AVX2, all that the vector needs.
    unsafe { kernel.run::<std::arch::x86_64::__m256i, 1, 2>() }
}

/// Work that is compiled once for each kind of vectors with a byte shuffle.
pub(crate) trait ShuffleKernel {
    type Output;

    /// Does the work. `OF_64` vectors have 64 bytes. Implementations are `#[inline(always)]`, as is what they call.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    unsafe fn run<V: Nibbles, const OF_64: usize>(self) -> Self::Output;
}

/// A kind of vectors with a byte shuffle.
///
/// # Invariants
///
/// * The processor has the instructions for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shuffles(ShuffleKind);

#[derive(Clone, Copy, Debug)]
#[allow(dead_code)] // Each architecture uses its own.
enum ShuffleKind {
    Ssse3,
    Avx2,
    Neon,
}

impl Shuffles {
    /// The kinds that this processor has, the widest first.
    #[inline(always)]
    pub(crate) fn widest_first() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let kinds = [has_avx2().then_some(ShuffleKind::Avx2), has_ssse3().then_some(ShuffleKind::Ssse3)];
        #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
        let kinds = [Some(ShuffleKind::Neon)];
        #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
        let kinds: [Option<ShuffleKind>; 0] = [];
        kinds.into_iter().flatten().map(Shuffles)
    }

    /// Runs a kernel by these vectors.
    #[inline(always)]
    pub(crate) fn run<K: ShuffleKernel>(self, kernel: K) -> K::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this kind exists only where `has_ssse3` is true.
            ShuffleKind::Ssse3 => unsafe { shuffle_ssse3(kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this kind exists only where `has_avx2` is true, which names all features of the function.
            ShuffleKind::Avx2 => unsafe { shuffle_avx2(kernel) },
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            // SAFETY: every AArch64 that the standard library runs on has NEON.
            ShuffleKind::Neon => unsafe { kernel.run::<std::arch::aarch64::uint8x16_t, 4>() },
            #[allow(unreachable_patterns)] // One of the three is never made.
            _ => unreachable!("vectors of another architecture"),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "ssse3")]
fn shuffle_ssse3<K: ShuffleKernel>(kernel: K) -> K::Output {
    // SAFETY: the attribute lets this function be called only where the processor has SSSE3, which has the shuffle.
    unsafe { kernel.run::<std::arch::x86_64::__m128i, 4>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn shuffle_avx2<K: ShuffleKernel>(kernel: K) -> K::Output {
    // SAFETY: the attribute lets this function be called only where the processor has AVX2, all that the vector needs.
    unsafe { kernel.run::<std::arch::x86_64::__m256i, 2>() }
}

/// Proof that the processor has AVX2.
///
/// # Invariants
///
/// * A value exists only on such a processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// None where the processor has no AVX2.
    #[inline(always)]
    pub(crate) fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let has_avx2 = has_avx2();
        #[cfg(not(target_arch = "x86_64"))]
        let has_avx2 = false;
        has_avx2.then_some(Avx2(()))
    }
}
