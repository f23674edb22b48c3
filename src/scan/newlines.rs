//! Counting line ends, as fast as memory allows.
//!
//! Numbering lines means counting all line ends before them, so this runs over whole files. It adds up comparisons lane
//! by lane, in bytes, and sums the lanes before they can overflow; that leaves one comparison and one subtraction for
//! each vector, where counting set bits of masks takes several instructions more. The loop is plain Rust that the
//! compiler turns into vector code; it is compiled twice, once for the vectors that every machine of the architecture
//! has, and once for AVX2.
#![allow(unsafe_code)]

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{cache::CacheKeeper, cancel::Cancel, chunk::Chunks, pool::Pool};
use crate::{error::Error, mapping::Mapping};

/// How many lanes are added up side by side.
const LANES: usize = 128;

/// How often a lane can be added to before it has to be summed.
const ROUNDS: usize = 255;

/// How much of a file is counted in one step.
const STEP: usize = 4 << 20;

/// How many line ends there are in a part of a file, counted by all threads of a pool. When it is cancelled the number means
/// nothing.
///
/// # Errors
///
/// When the file was truncated.
pub(crate) fn count_in(
    mapping: &Mapping,
    range: Range<usize>,
    terminator: u8,
    pool: &Pool,
    cancel: Option<&Cancel>,
    keeper: &CacheKeeper<'_>,
) -> Result<u64, Error> {
    let (total, failed) = (AtomicU64::new(0), Mutex::new(None));
    let chunks = Mutex::new(Chunks::within(range.clone(), STEP));
    let work = || {
        let lock = || chunks.lock().unwrap_or_else(PoisonError::into_inner);
        // The lock is held for as long as it takes to get the next chunk.
        while !cancel.is_some_and(Cancel::is_cancelled)
            && let Some(chunk) = { lock().next() }
        {
            match mapping.guarded(chunk.clone(), |bytes| count(bytes, terminator)) {
                Ok(count) => {
                    total.fetch_add(count, Ordering::Relaxed);
                    keeper.done_with(chunk);
                }
                Err(error) => {
                    *lock() = Chunks::within(0..0, STEP);
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        }
    };
    if pool.threads() == 1 || range.len() <= STEP {
        work();
    } else {
        let work = &work;
        pool.in_place_scope(|scope| {
            for _ in 0..pool.threads() {
                scope.spawn(move |_| work());
            }
        });
    }
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(total.into_inner()),
    }
}

/// How many line ends there are.
///
/// # Complexity
///
/// Linear, at several bytes a cycle.
pub(crate) fn count(bytes: &[u8], terminator: u8) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { count_avx2(bytes, terminator) };
    }
    count_lanes(bytes, terminator)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn count_avx2(bytes: &[u8], terminator: u8) -> u64 {
    count_lanes(bytes, terminator)
}

#[inline(always)]
fn count_lanes(bytes: &[u8], terminator: u8) -> u64 {
    let mut total = 0;
    let mut blocks = bytes.chunks_exact(LANES * ROUNDS);
    for block in &mut blocks {
        total += count_block(block, terminator);
    }
    let rest = blocks.remainder();
    let (whole, tail) = rest.split_at(rest.len() - rest.len() % LANES);
    total + count_block(whole, terminator) + tail.iter().filter(|&&byte| byte == terminator).count() as u64
}

/// Counts in at most [`ROUNDS`] whole groups of lanes.
#[inline(always)]
fn count_block(block: &[u8], terminator: u8) -> u64 {
    let mut lanes = [0u8; LANES];
    for group in block.chunks_exact(LANES) {
        for (lane, &byte) in lanes.iter_mut().zip(group) {
            *lane += u8::from(byte == terminator);
        }
    }
    lanes.iter().map(|&lane| u64::from(lane)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(bytes: &[u8]) -> u64 {
        bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
    }

    #[test]
    fn no_lane_overflows() {
        for len in [0, 1, LANES - 1, LANES, LANES + 1, LANES * ROUNDS, LANES * ROUNDS + 77, 3 * LANES * ROUNDS - 1] {
            let bytes = vec![b'\n'; len];
            assert_eq!(count(&bytes, b'\n'), len as u64);
            assert_eq!(count_lanes(&bytes, b'\n'), len as u64);
        }
    }

    proptest! {
        #[test]
        fn counts_as_one_would_by_hand(
            text in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..3000),
            start in 0..64_usize,
        ) {
            let text = &text[start.min(text.len())..];
            prop_assert_eq!(count(text, b'\n'), naive(text));
            prop_assert_eq!(count_lanes(text, b'\n'), naive(text));
        }
    }
}
