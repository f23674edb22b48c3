//! Lines that have one literal, in one pass with vectors, however many there are.
//!
//! To find a literal, its line's start and its line's end are three searches for each line; where most lines match, getting
//! in and out of those costs more than looking at the bytes. Here every block of 64 bytes becomes two numbers of 64 bits: where
//! the literal starts, and where lines end. An addition then tells which lines have a hit. With ones everywhere but at the
//! ends of lines, a hit makes its line overflow into the bit of its end, and no further:
//!
//! ```text
//! bytes         a x b . c d . x x . e x        . ends a line, x is a hit
//! not ends      1 1 1 0 1 1 0 1 1 0 1 1        first byte lowest, so carries go to the right
//!   + hits      0 1 0 0 0 0 0 1 1 0 0 1
//!   = sum       1 0 0 1 1 1 0 0 1 1 1 0  +1    the last line is carried into the next block
//! sum and ends  0 0 0 1 0 0 0 0 0 1 0 0        lines 1 and 3
//! ```
//!
//! Blocks without a hit, on a line without one, are passed over by a *packed pair* alone, two at a time, so that
//! rare literals are found as fast as by memchr's. See [`walk`](crate::matcher::literal) for that, and for how bytes are chosen.
//! Needles of up to four bytes need nothing else. Of longer ones, four bytes are compared with vectors, and the whole where
//! these are found: once for each line that has the needle.
//!
//! The time stays linear: a search that spends too much on candidates that are none leaves a stretch of haystack to
//! memchr's substring search (Two-Way) before it tries again, and each stretch is twice as long as the one before.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use std::hint::select_unpredictable;

use memchr::{memchr, memrchr};

use crate::{
    matcher::literal::{forward::Finder, probes::Probes},
    simd::{
        dispatch::{Kernel, dispatch},
        vector::Vector,
    },
    span::Span,
};

/// How many bytes are looked at as one number.
const BLOCK: usize = 64;

/// How many blocks are passed over at once.
const GROUP: usize = 2;

/// How many blocks go through one step after the other: enough for a step to be a loop of its own, with its variables in
/// registers, and little to be looked at around a hit that stands alone.
const BATCH: usize = 8;

/// Finds the lines that have a literal. All of its methods take whole lines, of which the last may have no terminator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LiteralLines<'a> {
    finder: &'a Finder<'static>,
    terminator: u8,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineCounts {
    pub(crate) lines: u64,
    /// Matches that do not overlap, in these lines; none where only lines were counted.
    pub(crate) matches: u64,
    /// The offset just past the last of the lines.
    pub(crate) end: usize,
}

impl<'a> LiteralLines<'a> {
    /// The literal must not be empty, and not contain the terminator.
    pub(crate) fn new(finder: &'a Finder<'static>, terminator: u8) -> Self {
        debug_assert!(!finder.needle().is_empty() && !finder.needle().contains(&terminator));
        LiteralLines { finder, terminator }
    }

    /// The literal.
    pub(crate) fn needle(&self) -> &'a [u8] {
        self.finder.needle()
    }

    /// Counts the lines that have the literal or, inverted, those that have not, up to a limit.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes up to the end of the last line that is counted.
    pub(crate) fn count(&self, lines: &[u8], invert: bool, limit: u64) -> LineCounts {
        let mut counting = Counting { counts: LineCounts::default(), flip: flip(invert), limit };
        if limit > 0 {
            self.search(lines, &mut counting);
        }
        counting.counts
    }

    /// Counts the first lines that have the literal, up to a limit, and the matches in them.
    ///
    /// # Complexity
    ///
    /// As [`count`](LiteralLines::count).
    pub(crate) fn count_matches(&self, lines: &[u8], limit: u64) -> LineCounts {
        let mut counting = CountingMatches { counts: LineCounts::default(), limit };
        if limit > 0 {
            self.search(lines, &mut counting);
        }
        counting.counts
    }

    /// Calls `selected` with each line that has the literal, or inverted has it not, until it returns false. The lines come
    /// in order, each with its terminator.
    ///
    /// # Complexity
    ///
    /// As [`count`](LiteralLines::count).
    pub(crate) fn select(&self, lines: &[u8], invert: bool, selected: impl FnMut(Span) -> bool) {
        let passed = Passed { start: 0, upto: 0, is_exact: true };
        self.search(lines, &mut Selecting { lines, terminator: self.terminator, flip: flip(invert), passed, selected });
    }

    /// Calls `found` with the start of each match, until it returns false. Matches do not overlap.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes up to the last match that is told of.
    pub(crate) fn matches(&self, lines: &[u8], mut found: impl FnMut(usize) -> bool) {
        // Most lines have but one or two, for which nothing needs to be prepared.
        let mut at = 0;
        for _ in 0..2 {
            let Some(start) = self.finder.find(&lines[at..]) else { return };
            if !found(at + start) {
                return;
            }
            at += start + self.finder.needle().len();
        }
        self.search(&lines[at..], &mut Enumerating { found: |start| found(at + start) });
    }

    fn search<S: Sink>(&self, lines: &[u8], sink: &mut S) {
        dispatch(SearchLines { finder: self, lines, sink });
    }

    /// Searches with one kind of vector, of which `PARTS` make a block.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn search_with<V: Vector, const PARTS: usize, S: Sink>(&self, lines: &[u8], sink: &mut S) {
        // SAFETY: the caller vouches for it.
        unsafe {
            match self.finder.needle().len() {
                1 => self.search_for::<V, PARTS, 1, S>(lines, sink),
                2 => self.search_for::<V, PARTS, 2, S>(lines, sink),
                _ => self.search_for::<V, PARTS, 4, S>(lines, sink),
            }
        }
    }

    /// Searches with one kind of vector for a number of bytes of the needle.
    ///
    /// # Safety
    ///
    /// * As [`search_with`](LiteralLines::search_with).
    #[inline(always)]
    unsafe fn search_for<V: Vector, const PARTS: usize, const PROBES: usize, S: Sink>(
        &self,
        lines: &[u8],
        sink: &mut S,
    ) {
        let needle = self.finder.needle();
        let mut state = State::default();
        if lines.len() < needle.len() + BLOCK - 1 {
            // Where no block fits with a needle behind it, vectors are of no use.
            if !self.search_slowly(lines, lines.len(), &mut state, sink) {
                return;
            }
        }
        let mut probes = self.finder.probes;
        let mut sampled = false;
        let mut stretch = (8 * needle.len()).max(16 << 10);
        while state.at < lines.len() {
            // SAFETY: the caller vouches for the processor.
            let search = unsafe { Search::<V, PARTS, PROBES>::new(self.finder, self.terminator, probes, lines) };
            // SAFETY: as above, and there are enough bytes: of fewer, nothing is left.
            match unsafe { search.run(&mut state, sampled, sink) } {
                Stop::Refused => return,
                Stop::AtEnd => break,
                Stop::TooCostly if sampled => {
                    if !self.search_slowly(lines, stretch, &mut state, sink) {
                        return;
                    }
                    stretch *= 2;
                }
                Stop::TooCostly => {}
            }
            let rest = &lines[state.at.min(lines.len())..];
            probes = Probes::sample(needle, &rest[..rest.len().min(Probes::SAMPLED)]);
            sampled = true;
        }
        if lines.last().is_some_and(|&last| last != self.terminator) {
            sink.unterminated(lines.len(), state.hit);
        }
    }

    /// Goes through at least as many bytes, if there are, with memchr's searches. False when the sink wants no more.
    fn search_slowly<S: Sink>(&self, lines: &[u8], len: usize, state: &mut State, sink: &mut S) -> bool {
        let needle_len = self.finder.needle().len();
        let end = lines.len().min(state.at.saturating_add(len).next_multiple_of(BLOCK));
        let searched = &lines[..lines.len().min(end + needle_len - 1)];
        let next_hit = |from: usize| Some(from + self.finder.find(searched.get(from..)?)?);
        let next_end = |from: usize| Some(from + memchr(self.terminator, &lines[from..])?);
        let mut hit = next_hit(state.at.max(state.match_end));
        let mut line_end = next_end(state.at);
        while state.at < end {
            let at = state.at;
            if !state.hit && sink.skips() {
                state.at = hit.unwrap_or(end) / BLOCK * BLOCK;
                if state.at > at {
                    line_end = next_end(state.at);
                    continue;
                }
            }
            let mut block = Blocks::<1>::EMPTY;
            while let Some(start) = hit.filter(|start| start - at < BLOCK) {
                block.hits[0] |= 1 << (start - at);
                state.match_end = start + needle_len;
                hit = next_hit(state.match_end);
            }
            while let Some(end) = line_end.filter(|end| end - at < BLOCK) {
                block.ends[0] |= 1 << (end - at);
                line_end = next_end(end + 1);
            }
            if !state.pass(&mut block, sink) {
                return false;
            }
        }
        true
    }
}

/// What [`LiteralLines::search`] is called with.
struct SearchLines<'s, 'a, S> {
    finder: &'s LiteralLines<'a>,
    lines: &'s [u8],
    sink: &'s mut S,
}

impl<S: Sink> Kernel for SearchLines<'_, '_, S> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector, const OF_32: usize, const OF_64: usize>(self) {
        // SAFETY: the caller vouches for the processor.
        unsafe { self.finder.search_with::<V, OF_64, S>(self.lines, self.sink) }
    }
}

/// Who is told of lines and hits, by blocks. Bits stand for bytes, the first is the lowest.
trait Sink {
    /// Hits that overlap the one before are of no interest. Where this is false, hits on a line that has one are not.
    const MATCHES: bool;

    /// True when blocks in which a line ends, but no line with a hit, need not be told.
    fn skips(&self) -> bool {
        true
    }

    /// What is in some blocks, the first of which begins at `at`. False stops the search.
    fn blocks<const COUNT: usize>(&mut self, at: usize, blocks: &Blocks<COUNT>) -> bool;

    /// The last line has no terminator.
    fn unterminated(&mut self, end: usize, hit: bool);
}

/// What is in some blocks, one behind the other.
struct Blocks<const COUNT: usize> {
    /// Where lines end.
    ends: [u64; COUNT],
    /// Where the needle starts; or, until that is known, where it may.
    hits: [u64; COUNT],
    /// Where lines end that have a hit.
    hit: [u64; COUNT],
}

impl<const COUNT: usize> Blocks<COUNT> {
    const EMPTY: Self = Blocks { ends: [0; COUNT], hits: [0; COUNT], hit: [0; COUNT] };
}

/// What to turn lines with a hit by, to get those that are selected.
fn flip(invert: bool) -> u64 {
    if invert { u64::MAX } else { 0 }
}

struct Counting {
    counts: LineCounts,
    flip: u64,
    limit: u64,
}

impl Sink for Counting {
    const MATCHES: bool = false;

    #[inline(always)]
    fn skips(&self) -> bool {
        self.flip == 0
    }

    #[inline(always)]
    fn blocks<const COUNT: usize>(&mut self, at: usize, blocks: &Blocks<COUNT>) -> bool {
        let mut selected = blocks.hit;
        for (selected, ends) in selected.iter_mut().zip(blocks.ends) {
            *selected = (*selected ^ self.flip) & ends;
        }
        self.counts.add(at, selected, self.limit).is_none()
    }

    fn unterminated(&mut self, end: usize, hit: bool) {
        if hit != (self.flip != 0) {
            self.counts.add_last(end);
        }
    }
}

struct CountingMatches {
    counts: LineCounts,
    limit: u64,
}

impl Sink for CountingMatches {
    const MATCHES: bool = true;

    #[inline(always)]
    fn blocks<const COUNT: usize>(&mut self, at: usize, blocks: &Blocks<COUNT>) -> bool {
        let last = self.counts.add(at, blocks.hit, self.limit);
        if let Some((block, bit)) = last {
            let before = blocks.hits[..block].iter().map(|hits| u64::from(hits.count_ones())).sum::<u64>();
            self.counts.matches += before + u64::from((blocks.hits[block] & up_to(bit)).count_ones());
            return false;
        }
        for hits in blocks.hits {
            self.counts.matches += u64::from(hits.count_ones());
        }
        true
    }

    fn unterminated(&mut self, end: usize, hit: bool) {
        if hit {
            self.counts.add_last(end);
        }
    }
}

impl LineCounts {
    /// Adds the lines that end at these bits of some blocks. Returns the block and the bit at which the limit is reached.
    #[inline(always)]
    fn add<const COUNT: usize>(&mut self, at: usize, ends: [u64; COUNT], limit: u64) -> Option<(usize, u32)> {
        let mut count = 0;
        for ends in ends {
            count += u64::from(ends.count_ones());
        }
        if count < limit - self.lines {
            self.lines += count;
            if let Some(last) = ends.iter().rposition(|&ends| ends != 0) {
                self.end = at + (last + 1) * BLOCK - ends[last].leading_zeros() as usize;
            }
            return None;
        }
        for (block, mut ends) in ends.into_iter().enumerate() {
            while ends != 0 {
                let bit = ends.trailing_zeros();
                self.lines += 1;
                self.end = at + block * BLOCK + bit as usize + 1;
                if self.lines == limit {
                    return Some((block, bit));
                }
                ends &= ends - 1;
            }
        }
        None
    }

    fn add_last(&mut self, end: usize) {
        self.lines += 1;
        self.end = end;
    }
}

struct Selecting<'a, F> {
    lines: &'a [u8],
    terminator: u8,
    flip: u64,
    passed: Passed,
    selected: F,
}

/// What is known of where the line begins that the next block begins on.
struct Passed {
    /// Where it begins, or a place on or at the start of a line before.
    start: usize,
    /// Where the next block begins, if none is passed over.
    upto: usize,
    is_exact: bool,
}

impl<F: FnMut(Span) -> bool> Sink for Selecting<'_, F> {
    const MATCHES: bool = false;

    #[inline(always)]
    fn skips(&self) -> bool {
        self.flip == 0
    }

    #[inline(always)]
    fn blocks<const COUNT: usize>(&mut self, at: usize, blocks: &Blocks<COUNT>) -> bool {
        self.passed.is_exact &= self.passed.upto == at;
        self.passed.upto = at + COUNT * BLOCK;
        let mut selected = [0; COUNT];
        // One bit for each block.
        let mut any = 0_u32;
        for (i, selected) in selected.iter_mut().enumerate() {
            *selected = (blocks.hit[i] ^ self.flip) & blocks.ends[i];
            any |= u32::from(*selected != 0) << i;
        }
        let mut start = if any == 0 { self.passed.start } else { self.line_start(at) };
        // Where the line begins that the block begins on. What is frequent and cannot be foreseen is done without branches.
        let mut starts = [0; COUNT];
        for (i, line_start) in starts.iter_mut().enumerate() {
            *line_start = start;
            let ends = blocks.ends[i];
            start = select_unpredictable(ends != 0, at + (i + 1) * BLOCK - ends.leading_zeros() as usize, start);
            self.passed.is_exact |= ends != 0;
        }
        self.passed.start = start;
        while any != 0 {
            let i = any.trailing_zeros() as usize;
            let (at, mut start, mut selected) = (at + i * BLOCK, starts[i], selected[i]);
            while selected != 0 {
                let end = selected.trailing_zeros();
                let before = blocks.ends[i] & (up_to(end) >> 1);
                start = select_unpredictable(before != 0, at + BLOCK - before.leading_zeros() as usize, start);
                if !(self.selected)(Span::new(start, at + end as usize + 1)) {
                    return false;
                }
                selected &= selected - 1;
            }
            any &= any - 1;
        }
        true
    }

    fn unterminated(&mut self, end: usize, hit: bool) {
        if hit != (self.flip != 0) {
            let start = self.line_start(end);
            (self.selected)(Span::new(start, end));
        }
    }
}

impl<F> Selecting<'_, F> {
    /// Where the line begins that goes on at `at`.
    #[inline(always)]
    fn line_start(&mut self, at: usize) -> usize {
        if !self.passed.is_exact {
            let passed = &self.lines[self.passed.start..at];
            self.passed.start += memrchr(self.terminator, passed).map_or(0, |newline| newline + 1);
            self.passed.is_exact = true;
        }
        self.passed.start
    }
}

struct Enumerating<F> {
    found: F,
}

impl<F: FnMut(usize) -> bool> Sink for Enumerating<F> {
    const MATCHES: bool = true;

    #[inline(always)]
    fn blocks<const COUNT: usize>(&mut self, at: usize, blocks: &Blocks<COUNT>) -> bool {
        for (i, mut hits) in blocks.hits.into_iter().enumerate() {
            while hits != 0 {
                if !(self.found)(at + i * BLOCK + hits.trailing_zeros() as usize) {
                    return false;
                }
                hits &= hits - 1;
            }
        }
        true
    }

    fn unterminated(&mut self, _: usize, _: bool) {}
}

/// A mask of a bit and those below it.
#[inline(always)]
fn up_to(bit: u32) -> u64 {
    u64::MAX >> (63 - bit)
}

/// A mask of the lowest bit that is set and those below it; all, where none is set.
#[inline(always)]
fn up_to_lowest(bits: u64) -> u64 {
    bits ^ bits.wrapping_sub(1)
}

/// A mask of a bit and those above it.
#[inline(always)]
fn from(bit: usize) -> u64 {
    u64::MAX.unbounded_shl(bit.min(BLOCK) as u32)
}

/// Where a search stands.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// The start of the next block.
    at: usize,
    /// The line that the next block begins on has a hit before.
    hit: bool,
    /// The end of the last match, where matches are asked for.
    match_end: usize,
}

impl State {
    /// Tells the sink of some blocks, and goes on behind them.
    #[inline(always)]
    fn pass<const COUNT: usize, S: Sink>(&mut self, blocks: &mut Blocks<COUNT>, sink: &mut S) -> bool {
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
enum Stop {
    AtEnd,
    Refused,
    /// The next block is to be searched by other means, or with other probes.
    TooCostly,
}

/// One way to look for a needle in lines.
struct Search<'a, V, const PARTS: usize, const PROBES: usize> {
    needle: &'a [u8],
    /// Occurrences of the needle may overlap.
    overlaps: bool,
    lines: &'a [u8],
    probes: Probes,
    /// The probed bytes, each in all lanes.
    bytes: [V; PROBES],
    terminator: u8,
    /// The terminator, in all lanes.
    terminators: V,
}

impl<'a, V: Vector, const PARTS: usize, const PROBES: usize> Search<'a, V, PARTS, PROBES> {
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn new(finder: &'a Finder<'static>, terminator: u8, probes: Probes, lines: &'a [u8]) -> Self {
        const { assert!(PARTS * V::LANES == BLOCK) };
        let (needle, overlaps) = (finder.needle(), finder.overlaps);
        // SAFETY: the caller vouches for the processor.
        let (terminators, mut bytes) = unsafe { (V::splat(terminator), [V::splat(0); PROBES]) };
        for (byte, offset) in bytes.iter_mut().zip(probes.offsets) {
            // SAFETY: as above.
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
    unsafe fn run<S: Sink>(&self, state: &mut State, sampled: bool, sink: &mut S) -> Stop {
        let mut budget = Budget { start: state.at, sampled, spent: 0 };
        let len = self.lines.len();
        let mut density = Density::default();
        // SAFETY: the caller vouches for the processor.
        let comparison = unsafe { Comparison::new(self.needle) };
        // Up to where whole batches may start.
        let batches = (len + 1).saturating_sub(BATCH * BLOCK - 1 + comparison.len);
        while state.at < batches {
            let may_skip = !density.is_high() && !state.hit && sink.skips();
            if may_skip {
                let start = state.at;
                // SAFETY: the caller vouches for the processor, and the needle fits at the last byte of a batch.
                while unsafe { is_none([self.pairs(state.at), self.pairs(state.at + BLOCK)]) } {
                    state.at += GROUP * BLOCK;
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
            // SAFETY: as above.
            unsafe { self.probe_batch(state.at, &mut blocks) };
            // SAFETY: as above, and the comparison fits at the last byte of a batch.
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
            // SAFETY: the caller vouches for the processor. All blocks at or before `last_start` can be probed, and as there
            // are at least as many bytes as in a block, the last of them can be looked at.
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
    fn pass<const COUNT: usize, S: Sink>(&self, state: &mut State, blocks: &mut Blocks<COUNT>, sink: &mut S) -> bool {
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
            // SAFETY: the caller vouches for it.
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
        // SAFETY: the caller vouches for it.
        let mut pairs = unsafe { self.probe(0, at) };
        if PROBES > 1 {
            // SAFETY: as above.
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
    unsafe fn rest(&self, mut pairs: [V; PARTS], at: usize) -> u64 {
        for which in 2..PROBES {
            // SAFETY: the caller vouches for it.
            unsafe { and(&mut pairs, self.probe(which, at)) };
        }
        // SAFETY: as above.
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
        // SAFETY: an offset of a probe is inside of the needle, and so inside of the lines in each lane.
        unsafe { equal(self.lines.as_ptr().add(at + self.probes.offsets[which]), self.bytes[which]) }
    }

    /// Where lines end in the block at `at`.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * There must be `BLOCK` bytes from `at` on.
    #[inline(always)]
    unsafe fn ends(&self, at: usize) -> u64 {
        debug_assert!(at + BLOCK <= self.lines.len());
        // SAFETY: the caller vouches for it.
        unsafe { V::mask_of_block(equal::<V, PARTS>(self.lines.as_ptr().add(at), self.terminators)) }
    }

    /// Leaves those candidates that are hits. False when that costs too much to be told. Where a block has one candidate or
    /// none, there is no branch that depends on which.
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
            // SAFETY: the caller vouches for it.
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
    ends: [V; 2],
    last: usize,
    /// Which lanes count.
    mask: u64,
    /// All bytes of the needle are in the vectors.
    is_whole: bool,
    /// How many bytes are read, or the length of the needle, if that is more.
    len: usize,
}

impl<V: Vector> Comparison<V> {
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn new(needle: &[u8]) -> Self {
        let mut padded = [0; BLOCK];
        let first = needle.len().min(V::LANES);
        padded[..first].copy_from_slice(&needle[..first]);
        let last = needle.len() - first;
        // SAFETY: the caller vouches for the processor. A block is as long as the longest vector; and where there is
        // something behind the first vector, the last one is the end of the needle.
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
        // SAFETY: the caller vouches for it.
        unsafe {
            let (first, last) = (V::load(start).eq(self.ends[0]), V::load(start.add(self.last)).eq(self.ends[1]));
            first.and(last).mask() & self.mask == self.mask
        }
    }
}

/// Ones in the lanes of a block that are equal.
///
/// # Safety
///
/// * The processor must have the instructions of `V`.
/// * There must be `BLOCK` bytes to be read from `start` on.
#[inline(always)]
unsafe fn equal<V: Vector, const PARTS: usize>(start: *const u8, byte: V) -> [V; PARTS] {
    let mut lanes = [byte; PARTS];
    for (i, lanes) in lanes.iter_mut().enumerate() {
        // SAFETY: the caller vouches for it.
        *lanes = unsafe { V::load(start.add(i * V::LANES)).eq(byte) };
    }
    lanes
}

/// # Safety
///
/// * The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn and<V: Vector, const PARTS: usize>(lanes: &mut [V; PARTS], others: [V; PARTS]) {
    for (lanes, others) in lanes.iter_mut().zip(others) {
        // SAFETY: the caller vouches for it.
        *lanes = unsafe { lanes.and(others) };
    }
}

/// True when there are zeros in all lanes.
///
/// # Safety
///
/// * The processor must have the instructions of `V`.
#[inline(always)]
unsafe fn is_none<V: Vector, const PARTS: usize>(blocks: [[V; PARTS]; GROUP]) -> bool {
    let mut any = blocks[0][0];
    for lanes in blocks.as_flattened() {
        // SAFETY: the caller vouches for it.
        any = unsafe { any.or(*lanes) };
    }
    // SAFETY: as above.
    unsafe { any.mask() == 0 }
}

/// How frequent hits are. Where they are, the processor would not foresee whether blocks can be passed over, and a wrong guess
/// costs more than a look at the blocks.
#[derive(Default)]
struct Density(usize);

impl Density {
    /// More than one of three batches had a hit of late.
    #[inline(always)]
    fn is_high(&self) -> bool {
        self.0 >= 4
    }

    #[inline(always)]
    fn passed(&mut self, found: bool) {
        self.0 = if found { (self.0 + 2).min(12) } else { self.0.saturating_sub(1) };
    }

    #[inline(always)]
    fn skipped(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes / (BATCH * BLOCK));
    }
}

/// What a search spends on places that turn out to be none, in bytes that Two-Way could have passed instead.
struct Budget {
    start: usize,
    sampled: bool,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simd::dispatch::Vectors;

    /// What all methods say, with the same limit.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Answers {
        counts: [LineCounts; 2],
        match_counts: LineCounts,
        selected: [Vec<Span>; 2],
        matches: Vec<usize>,
    }

    fn naive(lines: &[u8], needle: &[u8], terminator: u8, limit: u64) -> Answers {
        let mut answers = Answers::default();
        let mut start = 0;
        for line in lines.split_inclusive(|&byte| byte == terminator) {
            let end = start + line.len();
            let mut matches = vec![];
            for at in 0..line.len() {
                if line[at..].starts_with(needle) && matches.last().is_none_or(|last| last + needle.len() <= start + at)
                {
                    matches.push(start + at);
                }
            }
            let invert = usize::from(matches.is_empty());
            if answers.counts[invert].lines < limit {
                answers.counts[invert].lines += 1;
                answers.counts[invert].end = end;
                answers.selected[invert].push(Span::new(start, end));
                answers.match_counts.matches += matches.len() as u64;
            }
            answers.matches.extend(matches);
            start = end;
        }
        answers.matches.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let LineCounts { lines, end, .. } = answers.counts[0];
        answers.match_counts = LineCounts { lines, end, ..answers.match_counts };
        answers
    }

    /// Ways to search on this machine: without vectors, and by each kind of vectors.
    fn ways() -> Vec<Option<Vectors>> {
        std::iter::once(None).chain(Vectors::all().into_iter().map(Some)).collect()
    }

    fn search_by<S: Sink>(way: Option<Vectors>, literal: &LiteralLines<'_>, lines: &[u8], mut sink: S) -> S {
        if let Some(vectors) = way {
            vectors.run(SearchLines { finder: literal, lines, sink: &mut sink });
            return sink;
        }
        let mut state = State::default();
        if literal.search_slowly(lines, lines.len(), &mut state, &mut sink)
            && lines.last().is_some_and(|&last| last != literal.terminator)
        {
            sink.unterminated(lines.len(), state.hit);
        }
        sink
    }

    fn answers_by(way: Option<Vectors>, literal: &LiteralLines<'_>, lines: &[u8], limit: u64) -> Answers {
        let mut answers = Answers::default();
        let counts = LineCounts::default();
        for (i, invert) in [false, true].into_iter().enumerate() {
            answers.counts[i] = search_by(way, literal, lines, Counting { counts, flip: flip(invert), limit }).counts;
            let selected = &mut answers.selected[i];
            let push = |line| {
                selected.push(line);
                (selected.len() as u64) < limit
            };
            let passed = Passed { start: 0, upto: 0, is_exact: true };
            let terminator = literal.terminator;
            search_by(way, literal, lines, Selecting { lines, terminator, flip: flip(invert), passed, selected: push });
        }
        answers.match_counts = search_by(way, literal, lines, CountingMatches { counts, limit }).counts;
        let found = |start| {
            answers.matches.push(start);
            (answers.matches.len() as u64) < limit
        };
        search_by(way, literal, lines, Enumerating { found });
        answers
    }

    #[track_caller]
    fn check(lines: &[u8], needle: &[u8], terminator: u8, limit: u64) {
        let finder = Finder::new(needle).into_owned();
        let literal = LiteralLines::new(&finder, terminator);
        let expected = naive(lines, needle, terminator, limit);
        for way in ways() {
            let found = answers_by(way, &literal, lines, limit);
            assert!(
                found == expected,
                "{way:?}, limit {limit}, needle {:?} in {:?}: {found:?} instead of {expected:?}",
                needle.escape_ascii().to_string(),
                lines.escape_ascii().to_string(),
            );
        }
    }

    #[test]
    fn what_is_chosen_finds_the_same() {
        let finder = Finder::new(b"ab").into_owned();
        let literal = LiteralLines::new(&finder, b'\n');
        for len in [0, 1, 30, 300, 3_000] {
            let lines = [&b"ab ab\nb\n\nxab\n"[..], b"no\n"].concat().repeat(len);
            let expected = naive(&lines, b"ab", b'\n', u64::MAX);
            for (i, invert) in [false, true].into_iter().enumerate() {
                assert_eq!(literal.count(&lines, invert, u64::MAX), expected.counts[i]);
                let mut selected = vec![];
                literal.select(&lines, invert, |line| {
                    selected.push(line);
                    true
                });
                assert_eq!(selected, expected.selected[i]);
            }
            assert_eq!(literal.count_matches(&lines, u64::MAX), expected.match_counts);
            let mut matches = vec![];
            literal.matches(&lines, |start| {
                matches.push(start);
                true
            });
            assert_eq!(matches, expected.matches);
            assert_eq!(literal.count(&lines, false, 0), LineCounts::default());
            assert_eq!(literal.count_matches(&lines, 0), LineCounts::default());
        }
    }

    /// Needles of each length at each place, at the start, the end and in the middle of lines.
    #[test]
    fn needles_everywhere() {
        let letters: Vec<u8> = (0..70_u32).map(|i| b'a' + (i * 7 % 26) as u8).collect();
        for needle_len in (1..=40).chain([63, 64, 65, 66]) {
            let needle = &letters[..needle_len];
            for len in [needle_len, 100, 700] {
                for at in (0..=len.saturating_sub(needle_len)).step_by(1 + len / 40) {
                    for border in [None, at.checked_sub(1), Some(at + needle_len)] {
                        let mut lines = vec![b'.'; len.max(needle_len)];
                        lines[at..at + needle_len].copy_from_slice(needle);
                        if let Some(byte) = border.and_then(|border| lines.get_mut(border)) {
                            *byte = b'\n';
                        }
                        check(&lines, needle, b'\n', u64::MAX);
                    }
                }
            }
        }
    }

    #[test]
    fn lines_of_all_lengths() {
        for (needle, terminator) in [(&b"x"[..], b'\n'), (b"xyz", 0), (b"abcdefgh", b'\n')] {
            for len in (0..140).chain([511, 512, 513, 2_000]) {
                let other = [&b"q".repeat(len)[..], &[terminator]].concat();
                let hit = [&b"q".repeat(len / 2), needle, &b"q".repeat(len - len / 2), &[terminator]].concat();
                for order in [[&hit, &other, &other], [&other, &hit, &hit], [&other, &other, &hit]] {
                    let lines = order.map(|line| &line[..]).concat().repeat(3);
                    for limit in [2, u64::MAX] {
                        check(&lines, needle, terminator, limit);
                        check(&lines[..lines.len() - 1], needle, terminator, limit);
                    }
                }
            }
        }
    }

    /// Candidates that are none, everywhere, so that a search gives up, once or again and again; hits in such surroundings.
    #[test]
    fn costly_lines() {
        let of = |unit: &[u8], len: usize| unit.iter().copied().cycle().take(len).collect::<Vec<_>>();
        let a300 = of(b"a", 300);
        let needles = [
            b"aaaaaaab".to_vec(),
            b"baaaaaaa".to_vec(),
            b"aaa".to_vec(),
            b"aaaaaaa".to_vec(),
            b"abab".to_vec(),
            b"abababababababaaa".to_vec(),
            b"babaababaabaaabaaba".to_vec(),
            [&a300[..], b"b", &a300].concat(),
            a300.clone(),
        ];
        let len = 20_000;
        for unit in [&b"a"[..], b"ab", b"aab", &[&a300[..99], b"\n"].concat(), &[&of(b"ab", 999)[..], b"\n"].concat()] {
            for needle in &needles {
                let lines = of(unit, len);
                check(&lines, needle, b'\n', u64::MAX);
                for at in [0, 31, 16_380, len - needle.len()] {
                    let mut lines = lines.clone();
                    lines[at..at + needle.len()].copy_from_slice(needle);
                    check(&lines, needle, b'\n', u64::MAX);
                }
            }
        }
    }

    /// Nothing may be lost where a search gives up and is taken up again.
    #[test]
    fn needles_where_a_search_gives_up() {
        for (needle, unit) in [(b"abababababababaaa".as_slice(), b"abab"), (b"zqeez", b"zqe ")] {
            let text = unit.repeat(10_000);
            let borders = [0, 256, 512, 1_024, 2_048, 16 << 10, (16 << 10) + 512];
            for at in borders.into_iter().flat_map(|border| (border..border + 600).step_by(13)) {
                let mut text = text.clone();
                text[at..at + needle.len()].copy_from_slice(needle);
                text[at + 900] = b'\n';
                let finder = Finder::new(needle).into_owned();
                let literal = LiteralLines::new(&finder, b'\n');
                assert_eq!(literal.count(&text, false, u64::MAX), LineCounts { lines: 1, matches: 0, end: at + 901 });
                assert_eq!(literal.count_matches(&text, u64::MAX), LineCounts { lines: 1, matches: 1, end: at + 901 });
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn as_the_naive_search(
            letters in prop_oneof![2..5_u16, 2..=256_u16],
            line_len in prop_oneof![1..10_u32, 1..300_u32, 1..5_000_u32],
            lines in prop::collection::vec((any::<u8>(), any::<u32>()), 0..4_000),
            needle in prop_oneof![prop::collection::vec(any::<u8>(), 1..8), prop::collection::vec(any::<u8>(), 1..100)],
            // Where the needle comes from, if it is to be found, and where else it is put.
            source in prop::option::of(any::<prop::sample::Index>()),
            copies in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
            terminator in prop_oneof![Just(b'\n'), Just(0)],
            limit in prop_oneof![1..5_u64, 1..100_u64, Just(u64::MAX)],
            align in 0..64_usize,
        ) {
            let letter = |byte: u8| match (u16::from(byte) % letters) as u8 {
                letter if letter == terminator => letter.wrapping_add(1),
                letter => letter,
            };
            let byte = |(byte, random): (u8, u32)| if random % line_len == 0 { terminator } else { letter(byte) };
            let mut lines: Vec<u8> = lines.into_iter().map(byte).collect();
            let mut needle: Vec<u8> = needle.into_iter().map(letter).collect();
            if let Some(source) = source.filter(|_| lines.len() > needle.len()) {
                let at = source.index(lines.len() - needle.len());
                needle = lines[at..at + needle.len()].iter().copied().filter(|&byte| byte != terminator).collect();
            }
            prop_assume!(!needle.is_empty());
            for copy in copies {
                if lines.len() > needle.len() {
                    let at = copy.index(lines.len() - needle.len());
                    lines[at..at + needle.len()].copy_from_slice(&needle);
                }
            }
            // A copy at each offset from a border of 64 bytes: vectors may care, results may not.
            let mut aligned = vec![0; lines.len() + 128];
            let start = aligned.as_ptr().align_offset(64) + align;
            aligned[start..start + lines.len()].copy_from_slice(&lines);
            check(&aligned[start..start + lines.len()], &needle, terminator, limit);
        }
    }
}
