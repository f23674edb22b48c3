//! Counting line terminators, as fast as memory allows.
//!
//! Comparisons are added up lane by lane, in bytes, and the lanes are summed before they can overflow. That leaves one
//! comparison and one subtraction for each vector; counting set bits of masks takes several instructions more. The loop
//! is plain Rust, which the compiler turns into code for each kind of vectors.

use super::dispatch::{Loops, vectorize};

/// How many lanes are added up side by side.
const LANES: usize = 128;

/// How often a lane can be added to before it has to be summed.
const ROUNDS: usize = 255;

/// How many line ends there are.
///
/// # Complexity
///
/// Linear, at several bytes a cycle.
///
/// # Examples
///
/// ```
/// assert_eq!(mapgrep::scan::newlines::count(b"one\ntwo\nthree", b'\n'), 2);
/// ```
pub fn count(bytes: &[u8], terminator: u8) -> u64 {
    vectorize(Count { bytes, terminator })
}

struct Count<'a> {
    bytes: &'a [u8],
    terminator: u8,
}

impl Loops for Count<'_> {
    type Output = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        count_lanes(self.bytes, self.terminator)
    }
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
