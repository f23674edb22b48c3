//! What is made of the lines and hits that the kernel finds: counts, spans, offsets.

use std::hint::select_unpredictable;

use memchr::memrchr;

use crate::span::Span;

/// How many bytes are looked at as one number.
pub(super) const BLOCK: usize = 64;

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineCounts {
    pub(crate) lines: u64,
    /// Matches that do not overlap, in these lines; none where only lines were counted.
    pub(crate) matches: u64,
    /// The offset just past the last of the lines.
    pub(crate) end: usize,
}

/// Who is told of lines and hits, by blocks. Bits stand for bytes, the first is the lowest.
pub(super) trait Sink {
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
pub(super) struct Blocks<const COUNT: usize> {
    /// Where lines end.
    pub(super) ends: [u64; COUNT],
    /// Where the needle starts; or, until that is known, where it may.
    pub(super) hits: [u64; COUNT],
    /// Where lines end that have a hit.
    pub(super) hit: [u64; COUNT],
}

impl<const COUNT: usize> Blocks<COUNT> {
    pub(super) const EMPTY: Self = Blocks { ends: [0; COUNT], hits: [0; COUNT], hit: [0; COUNT] };
}

/// What to turn lines with a hit by, to get those that are selected.
pub(super) fn flip(invert: bool) -> u64 {
    if invert { u64::MAX } else { 0 }
}

pub(super) struct Counting {
    pub(super) counts: LineCounts,
    pub(super) flip: u64,
    pub(super) limit: u64,
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

pub(super) struct CountingMatches {
    pub(super) counts: LineCounts,
    pub(super) limit: u64,
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
    /// Adds the lines that end at these bits of some blocks. Returns the block and the bit at which the limit is
    /// reached.
    #[inline(always)]
    pub(super) fn add<const COUNT: usize>(
        &mut self,
        at: usize,
        ends: [u64; COUNT],
        limit: u64,
    ) -> Option<(usize, u32)> {
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

pub(super) struct Selecting<'a, F> {
    pub(super) lines: &'a [u8],
    pub(super) terminator: u8,
    pub(super) flip: u64,
    pub(super) passed: Passed,
    pub(super) selected: F,
}

/// What is known of where the line begins that the next block begins on.
pub(super) struct Passed {
    /// Where it begins, or a place on or at the start of a line before.
    pub(super) start: usize,
    /// Where the next block begins, if none is passed over.
    pub(super) upto: usize,
    pub(super) is_exact: bool,
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
        // Where the line begins that the block begins on. What is frequent and cannot be foreseen is done without
        // branches.
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

pub(super) struct Enumerating<F> {
    pub(super) found: F,
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
pub(super) fn up_to(bit: u32) -> u64 {
    u64::MAX >> (63 - bit)
}

/// A mask of the lowest bit that is set and those below it; all, where none is set.
#[inline(always)]
pub(super) fn up_to_lowest(bits: u64) -> u64 {
    bits ^ bits.wrapping_sub(1)
}

/// A mask of a bit and those above it.
#[inline(always)]
pub(super) fn from(bit: usize) -> u64 {
    u64::MAX.unbounded_shl(bit.min(BLOCK) as u32)
}
