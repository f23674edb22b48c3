//! The loop that finds a literal and the ends of lines, block by block.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use std::hint::select_unpredictable;

use memchr::memchr;

use super::sinks::{BLOCK, Blocks, Sink, from, up_to, up_to_lowest};
use crate::{
    matcher::literal::{forward::Finder, probes::Probes},
    simd::vector::{Vector, any, equal_lanes},
};

/// How many blocks go through one step after the other: enough for a step to be a loop of its own, with its variables
/// in registers, and little to be looked at around a hit that stands alone.
const BATCH: usize = 8;

/// Where a search stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    /// The start of the next block.
    pub(super) at: usize,
    /// The line that the next block begins on has a hit before.
    pub(super) hit: bool,
    /// The end of the last match, where matches are asked for.
    pub(super) match_end: usize,
}

impl State {
    /// Tells the sink of some blocks, and goes on behind them.
    #[inline(always)]
    pub(super) fn pass<const COUNT: usize, S: Sink>(&mut self, blocks: &mut Blocks<COUNT>, sink: &mut S) -> bool {
        for i in 0..COUNT {
            let (sum, overflow) = (!blocks.ends[i]).overflowing_add(blocks.hits[i]);
            let (sum, carried_over) = sum.overflowing_add(u64::from(self.hit));
            self.hit = overflow | carried_over;
            blocks.hit[i] = sum & blocks.ends[i];
        }
        let at = self.at;
        self.at += COUNT * BLOCK;
        sink.blocks(at, blocks)
    }

    /// The hits in a block without those that overlap the one before.
    #[inline(always)]
    fn apart(&mut self, at: usize, mut hits: u64, needle_len: usize) -> u64 {
        let mut apart = 0;
        hits &= from(self.match_end.saturating_sub(at));
        while hits != 0 {
            let bit = hits.trailing_zeros();
            apart |= 1 << bit;
            let next = bit as usize + needle_len;
            self.match_end = at + next;
            hits &= from(next);
        }
        apart
    }
}

/// Why a search came to a stop.
pub(super) enum Stop {
    AtEnd,
    Refused,
    /// The next block is to be searched by other means, or with other probes.
    TooCostly,
}

/// One way to look for a needle in lines.
pub(super) struct Search<'a, V, const PARTS: usize, const PROBES: usize> {
    pub(super) needle: &'a [u8],
    /// Occurrences of the needle may overlap.
    overlaps: bool,
    pub(super) lines: &'a [u8],
    pub(super) probes: Probes,
    /// The probed bytes, each in all lanes.
    pub(super) bytes: [V; PROBES],
    pub(super) terminator: u8,
    /// The terminator, in all lanes.
    terminators: V,
}

impl<'a, V: Vector, const PARTS: usize, const PROBES: usize> Search<'a, V, PARTS, PROBES> {
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn new(finder: &'a Finder<'static>, terminator: u8, probes: Probes, lines: &'a [u8]) -> Self {
        const { assert!(PARTS * V::LANES == BLOCK) };
        let (needle, overlaps) = (finder.needle(), finder.overlaps);
        // SAFETY: the contract of this function promises the instructions of `V`, which are all that `splat` needs.
        let (terminators, mut bytes) = unsafe { (V::splat(terminator), [V::splat(0); PROBES]) };
        for (byte, offset) in bytes.iter_mut().zip(probes.offsets) {
            // SAFETY: the contract of this function promises the instructions of `V`, and an offset of a probe is
            // below the needle's length.
            *byte = unsafe { V::splat(needle[offset]) };
        }
        Search { needle, overlaps, lines, probes, bytes, terminator, terminators }
    }

    /// Goes through the lines from where the state stands.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * There must be as many bytes as in a block, and in what is left of a needle without its first byte.
    #[inline(always)]
    pub(super) unsafe fn run<S: Sink>(&self, state: &mut State, sampled: bool, sink: &mut S) -> Stop {
        let mut budget = Budget { start: state.at, sampled, spent: 0 };
        let len = self.lines.len();
        let mut density = Density::default();
        // SAFETY: the contract of this function promises the instructions of `V`, which are all that a comparison is
        // made with.
        let comparison = unsafe { Comparison::new(self.needle) };
        // Up to where whole batches may start.
        let batches = (len + 1).saturating_sub(BATCH * BLOCK - 1 + comparison.len);
        while state.at < batches {
            let may_skip = !density.is_high() && !state.hit && sink.skips();
            if may_skip {
                let start = state.at;
                // SAFETY: the contract of this function promises the instructions of `V`. `at` is below `batches`, so
                // a whole batch follows, and at its last byte the needle fits: `comparison.len` is at least as long.
                while unsafe { !any([self.pairs(state.at), self.pairs(state.at + BLOCK)].as_flattened()) } {
                    state.at += 2 * BLOCK;
                    if state.at >= batches {
                        break;
                    }
                }
                density.skipped(state.at - start);
                if state.at >= batches {
                    break;
                }
            }
            let mut blocks = Blocks::<BATCH>::EMPTY;
            // SAFETY: the contract of this function promises the instructions of `V`, and `at` is below `batches`: the
            // needle fits at each byte of the batch.
            unsafe { self.probe_batch(state.at, &mut blocks) };
            // SAFETY: the contract of this function promises the instructions of `V`, and `at` is below `batches`:
            // `comparison.len` bytes follow each byte of the batch.
            if !unsafe { self.confirm_batch::<S>(&comparison, state.at, &mut blocks, &mut budget) } {
                return Stop::TooCostly;
            }
            let found = blocks.hits != [0; BATCH];
            density.passed(found);
            if !self.pass(state, &mut blocks, sink) {
                return Stop::Refused;
            }
            if may_skip && !found && !budget.spend(Budget::DOUBT, state.at) {
                return Stop::TooCostly;
            }
            if !S::MATCHES && state.hit && blocks.ends == [0; BATCH] {
                // On a line that has the needle, there is nothing to be found but its end.
                let rest = &self.lines[state.at..];
                state.at += memchr(self.terminator, rest).unwrap_or(rest.len()) / BLOCK * BLOCK;
            }
        }
        let last_start = len - (self.needle.len() + BLOCK - 1);
        while state.at < len {
            // SAFETY: the contract promises the instructions of `V`. All blocks at or before `last_start` can be
            // probed; as there are at least as many bytes as in a block, the last of them can be looked at.
            let (candidates, ends) = unsafe {
                let start = state.at.min(last_start);
                let candidates = self.rest(self.pairs(start), start).unbounded_shr((state.at - start) as u32);
                let start = state.at.min(len - BLOCK);
                (candidates, self.ends(start) >> (state.at - start))
            };
            let Some(hits) = self.confirm_each::<S>(state.at, candidates, ends, &mut budget) else {
                return Stop::TooCostly;
            };
            if !self.pass(state, &mut Blocks { ends: [ends], hits: [hits], hit: [0] }, sink) {
                return Stop::Refused;
            }
        }
        Stop::AtEnd
    }

    /// Tells the sink of some blocks, and goes on behind them.
    #[inline(always)]
    pub(super) fn pass<const COUNT: usize, S: Sink>(
        &self,
        state: &mut State,
        blocks: &mut Blocks<COUNT>,
        sink: &mut S,
    ) -> bool {
        if S::MATCHES && self.overlaps {
            for (i, hits) in blocks.hits.iter_mut().enumerate() {
                *hits = state.apart(state.at + i * BLOCK, *hits, self.needle.len());
            }
        }
        state.pass(blocks, sink)
    }

    /// Finds the candidates and the ends of lines in a batch.
    ///
    /// # Safety
    ///
    /// * As [`probe`](Search::probe), for each block.
    #[inline(always)]
    unsafe fn probe_batch(&self, at: usize, blocks: &mut Blocks<BATCH>) {
        for i in 0..BATCH {
            let at = at + i * BLOCK;
            // SAFETY: the contract, that the needle fits at each offset of each block, is that of `pairs`, `rest` and
            // `ends`.
            (blocks.hits[i], blocks.ends[i]) = unsafe { (self.rest(self.pairs(at), at), self.ends(at)) };
        }
    }

    /// Ones in the lanes of a block that have the first two probed bytes, if the first lane is a start at `at`.
    ///
    /// # Safety
    ///
    /// * As [`probe`](Search::probe).
    #[inline(always)]
    unsafe fn pairs(&self, at: usize) -> [V; PARTS] {
        // SAFETY: this function has the contract of `probe`.
        let mut pairs = unsafe { self.probe(0, at) };
        if PROBES > 1 {
            // SAFETY: this function has the contract of `probe`, of whose vectors these are.
            unsafe { and(&mut pairs, self.probe(1, at)) };
        }
        pairs
    }

    /// The mask of those lanes of [`pairs`](Search::pairs) at the same place that have the other probed bytes as well.
    ///
    /// # Safety
    ///
    /// * As [`probe`](Search::probe).
    #[inline(always)]
    pub(super) unsafe fn rest(&self, mut pairs: [V; PARTS], at: usize) -> u64 {
        for which in 2..PROBES {
            // SAFETY: this function has the contract of `probe`.
            unsafe { and(&mut pairs, self.probe(which, at)) };
        }
        // SAFETY: the contract of `probe` has the instructions of `V`, and there are `PARTS` vectors of `V`, a block.
        unsafe { V::mask_of_block(pairs) }
    }

    /// Ones in the lanes of a block that have one of the probed bytes, if the first lane is a start at `at`.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * The needle must fit into the lines at all `BLOCK` offsets from `at` on.
    #[inline(always)]
    unsafe fn probe(&self, which: usize, at: usize) -> [V; PARTS] {
        debug_assert!(at + BLOCK - 1 + self.needle.len() <= self.lines.len());
        // SAFETY: the contract of this function promises the instructions of `V`. An offset of a probe is inside of
        // the needle, which fits at all `BLOCK` offsets: each load is inside of the lines.
        unsafe { equal_lanes(self.lines.as_ptr().add(at + self.probes.offsets[which]), self.bytes[which]) }
    }

    /// Where lines end in the block at `at`.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * There must be `BLOCK` bytes from `at` on.
    #[inline(always)]
    pub(super) unsafe fn ends(&self, at: usize) -> u64 {
        debug_assert!(at + BLOCK <= self.lines.len());
        // SAFETY: the contract of this function promises the instructions of `V` and `BLOCK` bytes from `at` on, which
        // are all that is loaded.
        unsafe { V::mask_of_block(equal_lanes::<V, PARTS>(self.lines.as_ptr().add(at), self.terminators)) }
    }

    /// Leaves those candidates that are hits. False when that costs too much to be told. Where a block has one
    /// candidate or none, there is no branch that depends on which.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * There must be `comparison.len` bytes from each byte of the blocks on.
    #[inline(always)]
    unsafe fn confirm_batch<S: Sink>(
        &self,
        comparison: &Comparison<V>,
        at: usize,
        blocks: &mut Blocks<BATCH>,
        budget: &mut Budget,
    ) -> bool {
        if self.needle.len() <= PROBES {
            return true;
        }
        let mut wrong = 0;
        for i in 0..BATCH {
            let at = at + i * BLOCK;
            let candidates = blocks.hits[i];
            if candidates & candidates.wrapping_sub(1) != 0 || !comparison.is_whole {
                match self.confirm_each::<S>(at, candidates, blocks.ends[i], budget) {
                    Some(hits) => blocks.hits[i] = hits,
                    None => return false,
                }
                continue;
            }
            // With no candidate, the first byte of the block is compared for nothing.
            let bit = candidates.trailing_zeros() as usize % BLOCK;
            // SAFETY: `comparison.len` bytes follow each byte of the blocks by the contract of this function, and
            // `bit` is below `BLOCK`.
            let is_equal = unsafe { comparison.is_equal(self.lines.as_ptr().add(at + bit)) };
            blocks.hits[i] = select_unpredictable(is_equal, candidates, 0);
            wrong += (candidates ^ blocks.hits[i]).count_ones() as usize;
        }
        budget.spend(wrong * Budget::COMPARISON, at)
    }

    /// Those candidates in a block that are hits. Where matches are not asked for, one on each line is enough.
    #[inline(always)]
    fn confirm_each<S: Sink>(&self, at: usize, mut candidates: u64, ends: u64, budget: &mut Budget) -> Option<u64> {
        if self.needle.len() <= PROBES {
            return Some(candidates);
        }
        let mut hits = 0;
        while candidates != 0 {
            let bit = candidates.trailing_zeros();
            let start = at + bit as usize;
            let is_hit = self.lines[start..start + self.needle.len()] == *self.needle;
            candidates &= candidates - 1;
            if is_hit {
                hits |= 1 << bit;
                if !S::MATCHES {
                    candidates &= !up_to_lowest(ends & !up_to(bit));
                }
            }
            // Where matches overlap, most hits are not wanted.
            let wanted = is_hit && !(S::MATCHES && self.overlaps);
            let cost = self.needle.len() / 16 + if wanted { 0 } else { Budget::COMPARISON };
            if !budget.spend(cost, at) {
                return None;
            }
        }
        Some(hits)
    }
}

/// A needle to compare with, at once.
struct Comparison<V> {
    /// The first bytes and the last ones; if a vector is longer than the needle, the first ones twice.
    pub(super) ends: [V; 2],
    pub(super) last: usize,
    /// Which lanes count.
    mask: u64,
    /// All bytes of the needle are in the vectors.
    is_whole: bool,
    /// How many bytes are read, or the length of the needle, if that is more.
    pub(super) len: usize,
}

impl<V: Vector> Comparison<V> {
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn new(needle: &[u8]) -> Self {
        let mut padded = [0; BLOCK];
        let first = needle.len().min(V::LANES);
        padded[..first].copy_from_slice(&needle[..first]);
        let last = needle.len() - first;
        // SAFETY: the contract promises the instructions of `V`. A block is as long as the longest vector; and where
        // there is something behind the first vector, the last one is the end of the needle.
        let (ends, all) = unsafe {
            let start = V::load(padded.as_ptr());
            let end = if last == 0 { start } else { V::load(needle.as_ptr().add(last)) };
            ([start, end], start.eq(start).mask())
        };
        let mask = all & u64::MAX.unbounded_shr((64 - first * V::LANE_BITS) as u32);
        let is_whole = needle.len() <= 2 * V::LANES;
        Comparison { ends, last, mask, is_whole, len: needle.len().max(V::LANES) }
    }

    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * `self.len` bytes must be readable from `start` on.
    #[inline(always)]
    unsafe fn is_equal(&self, start: *const u8) -> bool {
        // SAFETY: the contract promises `len` bytes: a vector from `start` on, and one from `last` on, which ends with
        // the needle.
        unsafe {
            let (first, last) = (V::load(start).eq(self.ends[0]), V::load(start.add(self.last)).eq(self.ends[1]));
            first.and(last).mask() & self.mask == self.mask
        }
    }
}

/// # Safety
///
/// * The processor must have the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn and<V: Vector, const PARTS: usize>(lanes: &mut [V; PARTS], others: [V; PARTS]) {
    for (lanes, others) in lanes.iter_mut().zip(others) {
        // SAFETY: the contract of this function promises the instructions of `V`, which are all that `and` needs.
        *lanes = unsafe { lanes.and(others) };
    }
}

/// How frequent hits are. Where they are, the processor would not foresee whether blocks can be passed over, and a
/// wrong guess costs more than a look at the blocks.
#[derive(Default)]
struct Density(usize);

impl Density {
    /// More than one of three batches had a hit of late.
    #[inline(always)]
    fn is_high(&self) -> bool {
        self.0 >= 4
    }

    #[inline(always)]
    pub(super) fn passed(&mut self, found: bool) {
        self.0 = if found { (self.0 + 2).min(12) } else { self.0.saturating_sub(1) };
    }

    #[inline(always)]
    fn skipped(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes / (BATCH * BLOCK));
    }
}

/// What a search spends on places that turn out to be none, in bytes that Two-Way could have passed instead.
struct Budget {
    pub(super) start: usize,
    pub(super) sampled: bool,
    spent: usize,
}

impl Budget {
    /// A group of blocks that need not have been looked at more closely.
    const DOUBT: usize = 4;

    /// A comparison of the whole needle, apart from its length.
    const COMPARISON: usize = 12;

    /// About what a sample costs.
    const ALLOWANCE: usize = 256;

    /// False when it is too much for what has been searched up to `at`.
    #[inline(always)]
    fn spend(&mut self, cost: usize, at: usize) -> bool {
        self.spent += cost;
        let earned = if self.sampled { at - self.start } else { 0 };
        self.spent <= Self::ALLOWANCE + earned
    }
}
