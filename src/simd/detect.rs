//! The one place that asks which instructions the processor has.

use std::sync::atomic::{AtomicU8, Ordering};

/// Whether the processor has AVX2, and BMI1, BMI2, LZCNT and POPCNT, as all known processors with AVX2 have.
#[inline(always)]
pub(crate) fn has_avx2() -> bool {
    level() == AVX2
}

/// Whether the processor has SSSE3, which brought the byte shuffle.
#[inline(always)]
pub(crate) fn has_ssse3() -> bool {
    level() >= SSSE3
}

const UNKNOWN: u8 = 0;
const SSE2: u8 = 1;
const SSSE3: u8 = 2;
const AVX2: u8 = 3;

/// The highest of these levels that the processor has.
#[inline(always)]
fn level() -> u8 {
    /// All threads find the same, so it does not matter which of them is first.
    static LEVEL: AtomicU8 = AtomicU8::new(UNKNOWN);

    #[cold]
    fn detect() -> u8 {
        use std::is_x86_feature_detected as has;
        let avx2 = has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt");
        let level = match (avx2, has!("ssse3")) {
            (true, _) => AVX2,
            (false, true) => SSSE3,
            (false, false) => SSE2,
        };
        LEVEL.store(level, Ordering::Relaxed);
        level
    }

    match LEVEL.load(Ordering::Relaxed) {
        UNKNOWN => detect(),
        level => level,
    }
}
