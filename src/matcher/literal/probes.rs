//! Which bytes of a needle to look for in front of comparing the whole: those that are seldom seen.
//!
//! The first choice is a guess from a table. Where that turns out to be a bad one, some of the haystack is sampled, and
//! the choice is made anew: what is rare in prose is common in source code, and what is rare in both fills some log.
//! Bytes that are rare can still come together, as those of a word that is like the needle but for an ending. So the
//! first byte is the rarest of the sample, and each of the others is the one that dismisses most of the places which
//! those before it left.
//!
//! A sample has to pay for itself in a search of some KiB. So few places are looked at, and all bytes of the needle are
//! compared with what is there at once.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use std::ops::Range;

use crate::simd::{
    dispatch::{Kernel, dispatch},
    vector::{Vector, equal_lanes},
};

/// Some bytes of the needle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probes {
    /// Where they are in it. The first two are searched for everywhere, the others where those are found. Each byte of
    /// a needle of up to four is among the first four, some of them twice.
    pub(crate) offsets: [usize; Probes::COUNT],
    /// How many are worth searching for everywhere.
    pub(crate) everywhere: Everywhere,
}

/// How many of the probed bytes are searched for at every place, as those before them are found so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Everywhere {
    Two,
    Three,
    /// Of an alphabet of four letters, three are found in two of three blocks, but six in one of sixty-four.
    Six,
}

/// How many places are looked at as one number.
const BLOCK: usize = 64;

/// How many bytes are compared at once.
const LANES: usize = 32;

impl Probes {
    /// How many bytes are probed.
    pub(crate) const COUNT: usize = 6;

    /// How much haystack a [`sample`](Probes::sample) is taken of, so that no page far away is touched.
    pub(crate) const SAMPLED: usize = 64 << 10;

    /// How many runs of neighbours a sample has. Single bytes at regular strides would all come from the same column of
    /// a table.
    const RUNS: usize = 8;

    /// At how many places of a run all bytes are compared, and in how many blocks the first byte is looked for. In as
    /// many more the choice is tried out.
    const COUNTED: usize = 30;
    const LOOKED_AT: usize = 2;

    /// How many places that have the first byte are kept of a block, and of all.
    const KEPT: usize = 2;
    const PLACES: usize = Self::KEPT * Self::LOOKED_AT * (Self::RUNS + 1) + 1;

    /// Where a third byte would dismiss no more places than that, where it is tried out, it need not be searched for
    /// everywhere; and so for three more.
    const SELDOM_TWO: u32 = 0;
    const SELDOM_THREE: u32 = 3;

    /// Picks bytes by what is usual in text.
    pub(crate) fn guess(needle: &[u8]) -> Self {
        let Some(last) = needle.len().checked_sub(1) else {
            return Probes { offsets: [0; Self::COUNT], everywhere: Everywhere::Two };
        };
        let first = rarest(needle, guess);
        // Equal bytes come in runs, where one tells nothing that the other does not.
        let others = (0..=last).filter(|&offset| needle[offset] != needle[first]);
        let second = others.min_by_key(|&offset| guess(needle[offset])).unwrap_or(last);
        // These lie where words that begin or end alike differ.
        let mut others = [last, 0, needle.len() / 2, needle.len() / 4].into_iter();
        let mut others = others.by_ref().filter(|offset| ![first, second].contains(offset));
        let third = others.next().unwrap_or(first);
        let fourth = others.next().unwrap_or(third);
        Probes { offsets: [first, second, third, fourth, first, second], everywhere: Everywhere::Two }
    }

    /// Picks bytes by what they are worth in these bytes, of which [`SAMPLED`](Probes::SAMPLED) are many enough.
    pub(crate) fn sample(needle: &[u8], bytes: &[u8]) -> Self {
        Self::sample_at(needle, bytes, 0..bytes.len(), 0)
    }

    /// Picks bytes by what they are worth in a part of the haystack. In the two blocks from `known` on are places that
    /// had the bytes that were picked before.
    pub(crate) fn sample_at(needle: &[u8], haystack: &[u8], part: Range<usize>, known: usize) -> Self {
        match needle.is_empty() {
            true => Self::guess(needle),
            false => dispatch(Sample { needle, haystack, part, known }),
        }
    }

    /// As [`sample_at`](Probes::sample_at), with one kind of vector, of which `PARTS` compare [`LANES`] bytes, and of a
    /// needle that is not empty.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn sample_with<V: Vector, const PARTS: usize, const BLOCK_PARTS: usize>(
        needle: &[u8],
        haystack: &[u8],
        part: Range<usize>,
        known: usize,
    ) -> Self {
        const { assert!(Probes::RUNS * Probes::COUNTED <= u8::MAX as usize) };
        let stride = part.len() / Self::RUNS;
        let mut ranking = Ranking::new(needle);
        let mut runs = [part.start; Self::RUNS];
        for (which, run) in runs.iter_mut().enumerate() {
            *run += which * stride;
        }
        // SAFETY: the contract of this function promises the instructions of `V`; `count` looks only at offsets that
        // are in the haystack.
        unsafe { ranking.count::<V, PARTS>(haystack, &runs, Self::COUNTED.min(stride)) };
        let first = ranking.rarest();
        // Some places that have the first byte.
        let mut places = [0; Self::PLACES];
        let mut kept = 0;
        for from in runs.into_iter().chain([known]) {
            for block in 0..Self::LOOKED_AT {
                let base = from + block * BLOCK;
                // SAFETY: the contract of this function promises the instructions of `V`; `together` compares no
                // bounds that it has not checked.
                let mut found = unsafe { together::<V, BLOCK_PARTS>(needle, &[first], haystack, base) };
                // Without a branch, which nobody could foresee.
                for _ in 0..Self::KEPT {
                    places[kept] = base + found.trailing_zeros() as usize;
                    kept += usize::from(found != 0);
                    found &= found.wrapping_sub(1);
                }
            }
        }
        let mut places = &mut places[..kept];
        let mut offsets = [first; Self::COUNT];
        for offset in &mut offsets[1..] {
            ranking.forget();
            // SAFETY: the contract of this function promises the instructions of `V`; `count` looks only at offsets
            // that are in the haystack.
            unsafe { ranking.count::<V, PARTS>(haystack, places, 1) };
            let Some(best) = ranking.best() else { break };
            *offset = best;
            let mut kept = 0;
            for which in 0..places.len() {
                let place = places[which];
                places[kept] = place;
                kept += usize::from(haystack.get(place + best) == Some(&needle[best]));
            }
            places = &mut places[..kept];
        }
        // SAFETY: the contract of this function promises the instructions of `V`.
        let everywhere = unsafe { Self::count_dismissed::<V, BLOCK_PARTS>(needle, haystack, &offsets, runs) };
        Probes { offsets, everywhere }
    }

    /// Which probes are to be made everywhere: those that dismiss much. It is counted behind each of `runs`.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn count_dismissed<V: Vector, const BLOCK_PARTS: usize>(
        needle: &[u8],
        haystack: &[u8],
        offsets: &[usize; Self::COUNT],
        runs: [usize; Self::RUNS],
    ) -> Everywhere {
        // What the others would dismiss is counted elsewhere: of few places that were picked by, fewer are left than of
        // others. Occurrences are not dismissed by any.
        let (mut by_third, mut by_others) = (0, 0);
        for run in runs {
            if by_others > Self::SELDOM_THREE {
                break;
            }
            for block in Self::LOOKED_AT..2 * Self::LOOKED_AT {
                let base = run + block * BLOCK;
                // SAFETY: the contract of this function promises the instructions of `V`; `together` checks that the
                // block is in the haystack.
                let two = unsafe { together::<V, BLOCK_PARTS>(needle, &offsets[..2], haystack, base) };
                if two != 0 {
                    // SAFETY: the contract of this function promises the instructions of `V`; `together` checks that
                    // the block is in the haystack.
                    let three = two & unsafe { together::<V, BLOCK_PARTS>(needle, &offsets[2..3], haystack, base) };
                    by_third += (two ^ three).count_ones();
                    if three != 0 {
                        // SAFETY: the contract of this function promises the instructions of `V`; `together` checks
                        // that the block is in the haystack.
                        let all = unsafe { together::<V, BLOCK_PARTS>(needle, &offsets[3..], haystack, base) };
                        by_others += (three & !all).count_ones();
                    }
                }
            }
        }
        if by_others > Self::SELDOM_THREE {
            Everywhere::Six
        } else if by_third > Self::SELDOM_TWO {
            Everywhere::Three
        } else {
            Everywhere::Two
        }
    }
}

/// What [`Probes::sample_at`] is called with.
#[derive(Clone)]
struct Sample<'a> {
    needle: &'a [u8],
    haystack: &'a [u8],
    part: Range<usize>,
    known: usize,
}

impl Kernel for Sample<'_> {
    type Output = Probes;

    #[inline(always)]
    unsafe fn run<V: Vector, const OF_32: usize, const OF_64: usize>(self) -> Probes {
        // SAFETY: the contract of `Kernel::run` is that of `sample_with`: that the processor has the instructions of
        // `V`.
        unsafe { Probes::sample_with::<V, OF_32, OF_64>(self.needle, self.haystack, self.part, self.known) }
    }
}

/// At which places of a block all of these bytes of the needle are found; nowhere if the haystack is not so long.
///
/// # Safety
///
/// * The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn together<V: Vector, const PARTS: usize>(
    needle: &[u8],
    offsets: &[usize],
    haystack: &[u8],
    base: usize,
) -> u64 {
    const { assert!(PARTS * V::LANES == BLOCK) };
    let mut found = u64::MAX;
    for &offset in offsets {
        if haystack.len() < base + offset + BLOCK {
            return 0;
        }
        // SAFETY: the contract of this function promises the instructions of `V`. The comparison above says that
        // `BLOCK` bytes follow, which `PARTS` vectors make.
        unsafe {
            let parts = equal_lanes::<V, PARTS>(haystack.as_ptr().add(base + offset), V::splat(needle[offset]));
            found &= V::mask_of_block(parts);
        }
    }
    found
}

/// What bytes of a needle are worth: the first, and if there are more of them, the last.
struct Ranking<'a> {
    needle: &'a [u8],
    /// The bytes, of which the last ones start at `tail`, and how many of the two, and of each, are of use.
    bytes: [[u8; LANES]; 2],
    tail: usize,
    halves: usize,
    lanes: usize,
    /// At how many places each was found.
    counts: [[u8; LANES]; 2],
    /// What those are worth that were found equally often, the best lowest, with the numbers of the lanes lowest.
    ranks: [[u32; LANES]; 2],
}

impl<'a> Ranking<'a> {
    const LANE_BITS: u32 = 6;
    /// A byte that is equal to another that was picked tells little, and one that was picked, nothing.
    const KNOWN: u32 = 1 << 17;
    const COUNT_SHIFT: u32 = 18;
    const PICKED: u32 = u32::MAX;

    #[inline(always)]
    fn new(needle: &'a [u8]) -> Self {
        let len = needle.len().min(LANES);
        let tail = needle.len() - len;
        let mut bytes = [[0; LANES]; 2];
        bytes[0][..len].copy_from_slice(&needle[..len]);
        bytes[1][..len].copy_from_slice(&needle[tail..]);
        let mut ranks = [[Self::PICKED; LANES]; 2];
        let halves = if tail == 0 { 1 } else { 2 };
        for lane in 0..len {
            ranks[0][lane] = guess(bytes[0][lane]) << Self::LANE_BITS | lane as u32;
            // No offset twice.
            if tail + lane >= LANES {
                ranks[1][lane] = guess(bytes[1][lane]) << Self::LANE_BITS | (LANES + lane) as u32;
            }
        }
        Ranking { needle, bytes, tail, halves, lanes: len, counts: [[0; LANES]; 2], ranks }
    }

    /// Counts the bytes that are at their offsets, if the needle is put at so many places from each of these on.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn count<V: Vector, const PARTS: usize>(&mut self, haystack: &[u8], places: &[usize], len: usize) {
        const { assert!(PARTS * V::LANES == LANES) };
        for half in 0..self.halves {
            let offset = half * self.tail;
            let counts = self.counts[half].as_mut_ptr();
            let bytes = self.bytes[half].as_ptr();
            // SAFETY: the contract of this function promises the instructions of `V`. `counts` and `bytes` have
            // `LANES` bytes, which `PARTS` vectors make; the comparison says that `LANES + len` bytes of the haystack
            // follow.
            unsafe {
                for part in 0..PARTS {
                    let at = part * V::LANES;
                    let wanted = V::load(bytes.add(at));
                    let mut count = V::load(counts.add(at));
                    for &place in places {
                        if haystack.len() >= place + offset + LANES + len {
                            let start = haystack.as_ptr().add(place + offset + at);
                            for i in 0..len {
                                count = count.count(V::load(start.add(i)).eq(wanted));
                            }
                        }
                    }
                    count.store(counts.add(at));
                }
            }
        }
    }

    fn forget(&mut self) {
        self.counts = [[0; LANES]; 2];
    }

    /// Picks the byte that was found most seldom. How often each was found, is a part of its rank from now on.
    #[inline(always)]
    fn rarest(&mut self) -> usize {
        for half in 0..self.halves {
            for (rank, &count) in self.ranks[half][..self.lanes].iter_mut().zip(&self.counts[half]) {
                *rank = rank.saturating_add(u32::from(count) << (Self::LANE_BITS + 3));
            }
        }
        self.forget();
        self.best().unwrap_or(0)
    }

    /// Picks the byte that was found most seldom, and the rarest of those.
    #[inline(always)]
    fn best(&mut self) -> Option<usize> {
        let mut least = Self::PICKED;
        for half in 0..self.halves {
            for (&rank, &count) in self.ranks[half][..self.lanes].iter().zip(&self.counts[half]) {
                least = least.min(rank | u32::from(count) << Self::COUNT_SHIFT);
            }
        }
        if least == Self::PICKED {
            return None;
        }
        let which = least as usize % (2 * LANES);
        let (half, lane) = (which / LANES, which % LANES);
        let offset = lane + half * self.tail;
        let byte = self.needle[offset];
        for half in 0..self.halves {
            for (rank, &other) in self.ranks[half][..self.lanes].iter_mut().zip(&self.bytes[half]) {
                *rank |= if other == byte { Self::KNOWN } else { 0 };
            }
        }
        self.ranks[half][lane] = Self::PICKED;
        Some(offset)
    }
}

/// The offset of the byte that is least common.
fn rarest(needle: &[u8], commonness: impl Fn(u8) -> u32) -> usize {
    (0..needle.len()).min_by_key(|&offset| commonness(needle[offset])).unwrap_or(0)
}

/// A guess of how common a byte is, from 0 to 7, in text, logs, source code and tables alike.
fn guess(byte: u8) -> u32 {
    static TABLE: [u8; 256] = const {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = class(byte as u8);
            byte += 1;
        }
        table
    };
    u32::from(TABLE[usize::from(byte)])
}

const fn class(byte: u8) -> u8 {
    match byte {
        b' ' | b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | 0 => 7,
        b'l' | b'c' | b'd' | b'u' | b'h' | b'm' | b'p' | b'0'..=b'2' | b'\n' => 6,
        b'f' | b'g' | b'b' | b'3'..=b'9' | b'.' | b',' | b'-' | b'_' | b'/' | b':' => 5,
        b'w' | b'y' | b'v' | b'k' | b'=' | b'"' | b'(' | b')' | b'\t' | b'\r' | 0xff => 4,
        b'A' | b'C'..=b'F' | b'I' | b'L'..=b'P' | b'R'..=b'T' | 0x80..=0xbf => 3,
        b'x' | b'j' | b'A'..=b'Z' | b'\'' | b';' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'*' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::dispatch::Vectors;

    /// Bytes that are all rare, but come together, say nothing.
    #[test]
    fn a_sample_picks_what_tells_a_word_from_one_that_is_like_it() {
        let text = "the quick brown dfs.DataNode$PacketResponder jumps over the lazy dog. ".repeat(1_000);
        let needle = b"dfs.DataNode$PacketResponser";
        let Probes { offsets, everywhere } = Probes::sample(needle, text.as_bytes());
        assert!(offsets[..2].contains(&25), "{offsets:?}");
        assert_eq!(everywhere, Everywhere::Two);
    }

    #[test]
    fn a_pair_of_common_bytes_is_known_as_such() {
        let text = |letters: &[u8]| -> Vec<u8> {
            let numbers = std::iter::successors(Some(1_u64), |last| Some(last.wrapping_mul(0x5851_f42d_4c95_7f2d) + 1));
            numbers.map(|number| letters[(number >> 40) as usize % letters.len()]).take(64 << 10).collect()
        };
        let english = "it was the best of times, it was the worst of times, ".repeat(1_000);
        assert_eq!(Probes::sample(b"zebra stripes", english.as_bytes()).everywhere, Everywhere::Two);
        assert_eq!(Probes::sample(b"0a1b2c3d", &text(b"0123456789abcdef")).everywhere, Everywhere::Three);
        assert_eq!(Probes::sample(b"GATTACAGATTACA", &text(b"ACGT")).everywhere, Everywhere::Six);
    }

    /// Of a long needle, the first and the last bytes are compared.
    #[test]
    fn a_sample_picks_what_differs_at_either_end_of_a_long_needle() {
        let line = "a long line that is there again and again, with an ending of its own: fifty-two. ";
        let text = line.repeat(1_000);
        for changed in [2, 30, line.len() - 30, line.len() - 2] {
            let mut needle = line.as_bytes().to_vec();
            needle[changed] = if needle[changed] == b'n' { b't' } else { b'n' };
            let Probes { offsets, everywhere } = Probes::sample(&needle, text.as_bytes());
            assert!(offsets[..2].contains(&changed), "{changed}: {offsets:?}");
            assert_eq!(everywhere, Everywhere::Two);
        }
    }

    #[test]
    fn every_kind_of_vector_picks_the_same() {
        let text = b"It was the best of times, it was the worst of times, it was the age of wisdom. ".repeat(100);
        for needle_len in 1..100 {
            let needle = &text[text.len() - needle_len..];
            for len in [needle_len, 100, 500, 5_000] {
                let haystack = &text[..len];
                for known in [0, len / 2, len] {
                    let picked = Probes::sample_at(needle, haystack, len / 3..len, known);
                    for vectors in Vectors::all() {
                        let by_these = vectors.run(Sample { needle, haystack, part: len / 3..len, known });
                        assert_eq!(by_these, picked, "{vectors:?}: {needle_len} in {len}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_sample_of_anything_is_of_offsets_in_the_needle() {
        for len in [0, 1, 2, 5, 63, 64, 65, 255, 256, 5_000] {
            for needle_len in [0, 1, 2, 3, 64, 65, 300] {
                let Probes { offsets, .. } = Probes::sample(&vec![7; needle_len], &vec![7; len]);
                assert!(offsets.iter().all(|&offset| offset < needle_len.max(1)), "{needle_len} in {len}: {offsets:?}");
            }
        }
    }

    #[test]
    fn no_byte_of_a_short_needle_is_left_out() {
        for len in 1..=4_u32 {
            for letters in 0..4_u32.pow(len) {
                let needle: Vec<u8> = (0..len).map(|i| b"aeqz"[(letters / 4_u32.pow(i) % 4) as usize]).collect();
                for Probes { offsets, .. } in
                    [Probes::guess(&needle), Probes::sample(&needle, b"quiz"), Probes::sample(&needle, b"")]
                {
                    let first = &offsets[..needle.len().next_power_of_two()];
                    assert!((0..needle.len()).all(|offset| first.contains(&offset)), "{needle:?}: {offsets:?}");
                }
            }
        }
    }
}
