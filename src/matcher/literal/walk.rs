//! The occurrences of one literal, one after the other, in either direction, with vectors.
//!
//! A [`Walk`] is a *packed pair*: two bytes of the needle are compared, at their offsets, with a vector of haystack
//! each; where both are found, two more; and then the whole needle. It is Wojciech Muła's generic SIMD substring search
//! (<http://0x80.pl/articles/simd-strfind.html>), with rare bytes in place of the first and the last, as in memchr's
//! `packedpair`. A block of 64 places becomes a number of 64 bits that stays with the walk: what is found in the block
//! later costs no search.
//!
//! What makes a pair good is how seldom it occurs in this haystack. The first choice is a guess from a table. Whenever
//! false candidates have cost as much as a sample, bytes that are next are sampled (64 KiB ahead at most, so no page
//! far away is touched), the choice is made anew, and a sample gets dearer: where no choice is good, few are taken. A
//! search that is over soon pays for none. Where every pair is common, as in an alphabet of a few letters, three or six
//! bytes are compared everywhere. See [`Tuning`].
//!
//! The time stays linear: a walk that has spent more on candidates that are none than Two-Way would have needed for the
//! places that it has passed leaves a stretch of haystack to that before it tries again, and each stretch is twice as
//! long as the one before.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use std::ops::Range;

use memchr::arch::all::twoway;

use crate::{
    matcher::literal::{
        pair::{BLOCK, Pair, equal},
        probes::{Everywhere, Probes},
        tuning::Tuning,
    },
    simd::{
        dispatch::{Kernel, dispatch},
        vector::{Vector, any},
    },
};

/// How many haystack bytes it takes to search for a needle of that length with vectors: a block has to fit.
pub(crate) const fn least(needle_len: usize) -> usize {
    needle_len + BLOCK - 1
}

/// A walk over the occurrences of a literal that do not overlap, from the start or from the end of a haystack.
///
/// What is spent is counted in bytes that Two-Way could have passed instead.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a, const BACKWARDS: bool> {
    haystack: &'a [u8],
    needle: &'a [u8],
    tuning: Tuning,
    /// Candidates at which an occurrence can start, and which no block has had.
    left: Range<usize>,
    /// The first place of the block that was looked at last, and a bit for each candidate in it, the first place's
    /// lowest.
    base: usize,
    candidates: u64,
    /// What was spent on places that turned out to be none, since [`start`](Walk::start).
    spent: usize,
    /// How many places were left when accounts began.
    start: usize,
    /// How many places are left to Two-Way, and will be the next time.
    slow: usize,
    stretch: usize,
    /// All that was ever spent, for tests.
    #[cfg(test)]
    pub(crate) work: usize,
}

/// What became of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// The needle is here.
    At(usize),
    /// No place is left.
    Nothing,
    /// This costs too much: more than a sample, or more than Two-Way.
    TooCostly,
}

/// A block in which the third and the fourth byte have to be probed.
const DOUBT: usize = 4;

/// How many blocks are looked at one after the other before two are looked at at once.
const NEAR: usize = 4;

/// How far some false candidates, one in every two or three KiB, are put up with: a search may be over before a better
/// choice is worth it.
const LENIENT: usize = 64 << 10;

/// What may be spent before it is compared with what Two-Way would have needed.
const HEAD_START: usize = 512;

/// A comparison of the whole needle, apart from its length.
const COMPARISON: usize = 4;

impl<'a, const BACKWARDS: bool> Walk<'a, BACKWARDS> {
    /// The needle must not be empty, the tuning be of it, and the haystack have at least [`least`] bytes.
    ///
    /// # Panics
    ///
    /// Panics otherwise: what is compared without a check of bounds depends on it.
    #[inline]
    pub(crate) fn new(haystack: &'a [u8], needle: &'a [u8], tuning: Tuning) -> Self {
        assert!(!needle.is_empty() && haystack.len() >= least(needle.len()) && tuning.is_of(needle));
        let places = haystack.len() + 1 - needle.len();
        Walk {
            haystack,
            needle,
            tuning,
            left: 0..places,
            base: 0,
            candidates: 0,
            spent: 0,
            start: places,
            slow: 0,
            stretch: 0,
            #[cfg(test)]
            work: 0,
        }
    }

    /// What this has learnt of the haystack.
    #[inline]
    pub(crate) fn tuning(&self) -> Tuning {
        self.tuning
    }

    /// As much of what is left as has so many places, if nothing was learnt of the haystack yet, and no block is under
    /// way.
    #[inline]
    pub(crate) fn unknown(&self, places: usize) -> Option<&'a [u8]> {
        let is_unknown = self.candidates == 0 && self.tuning.is_guess() && self.left.len() >= places;
        is_unknown.then(|| &self.haystack[self.left.start..][..places + self.needle.len() - 1])
    }

    /// Goes on as if this had found the first occurrence at a place in what is left.
    #[inline]
    pub(crate) fn found(&mut self, offset: usize) -> usize {
        debug_assert!(!BACKWARDS && self.candidates == 0);
        let start = self.left.start + offset;
        self.left.start = self.left.end.min(start + self.needle.len());
        start
    }

    /// Goes on behind places at which no occurrence starts.
    #[inline]
    pub(crate) fn skip(&mut self, places: usize) {
        self.left.start = self.left.end.min(self.left.start + places);
    }

    /// The next occurrence. After none, there is none.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<usize> {
        self.next_with(Self::seek)
    }

    #[inline(always)]
    fn next_with(&mut self, seek: impl Fn(&mut Self) -> Seen) -> Option<usize> {
        loop {
            let rest =
                if self.candidates == 0 { None } else { self.settle(self.base, self.candidates, self.left.clone()) };
            match rest.unwrap_or_else(|| seek(self)) {
                Seen::At(start) => return Some(start),
                Seen::Nothing => return None,
                Seen::TooCostly => {
                    if let found @ Some(_) = self.change_ways() {
                        return found;
                    }
                }
            }
        }
    }

    /// Takes candidates of the block at `base` until one is an occurrence, or all are none. When it is known how this
    /// ends, `left` are the places that no block has had.
    #[inline(always)]
    fn settle(&mut self, base: usize, mut candidates: u64, left: Range<usize>) -> Option<Seen> {
        while candidates != 0 {
            let bit = if BACKWARDS { candidates.ilog2() } else { candidates.trailing_zeros() };
            candidates ^= 1 << bit;
            let start = base + bit as usize;
            // All bytes of a short needle were probed.
            let found = self.needle.len() <= 2 || self.is_at(start);
            if found || self.spend(COMPARISON + self.needle.len() / 16, left.len()) {
                (self.base, self.candidates, self.left) = (base, candidates, left);
                if !found {
                    return Some(Seen::TooCostly);
                }
                self.pass(start);
                return Some(Seen::At(start));
            }
        }
        self.candidates = 0;
        None
    }

    /// True when the needle, which is longer than a pair, is at this candidate.
    #[inline(always)]
    fn is_at(&self, start: usize) -> bool {
        debug_assert!(start + self.needle.len() <= self.haystack.len());
        // SAFETY: a candidate is a place, and places are where the needle fits: `start + needle.len()` is no more than
        // the length.
        let found = unsafe { self.haystack.get_unchecked(start..start + self.needle.len()) };
        equal(found, self.needle)
    }

    /// Dismisses what overlaps an occurrence.
    #[inline(always)]
    fn pass(&mut self, start: usize) {
        let len = self.needle.len();
        if BACKWARDS {
            // The last place at which the needle ends before the occurrence starts, and one more.
            let end = (start + 1).saturating_sub(len);
            self.left.end = self.left.end.min(end).max(self.left.start);
            let kept = end.saturating_sub(self.base).min(BLOCK);
            self.candidates &= !(u64::MAX.checked_shl(kept as u32).unwrap_or(0));
        } else {
            let next = start + len;
            self.left.start = self.left.start.max(next).min(self.left.end);
            self.candidates &= u64::MAX.checked_shl((next - self.base) as u32).unwrap_or(0);
        }
    }

    /// Writes down a cost; `left` places are not passed yet. True when it is time to go on by other means.
    #[inline(always)]
    fn spend(&mut self, cost: usize, left: usize) -> bool {
        #[cfg(test)]
        {
            self.work += cost;
        }
        self.spent += cost;
        self.tuning.debt += cost;
        let passed = self.start - left;
        self.tuning.debt > self.tuning.allowance + passed.min(LENIENT) / 512 || self.spent > HEAD_START + passed
    }

    /// Samples the haystack, after a stretch of Two-Way where vectors have been too slow. Returns what is found in
    /// that.
    #[cold]
    #[inline(never)]
    fn change_ways(&mut self) -> Option<usize> {
        // What is left of a block is looked at once more.
        if self.candidates != 0 {
            let block = self.base..self.base + BLOCK;
            if BACKWARDS {
                self.left.end = block.start + self.candidates.ilog2() as usize + 1;
            } else {
                self.left.start = block.start + self.candidates.trailing_zeros() as usize;
            }
            self.candidates = 0;
        }
        if self.slow == 0 && self.spent > HEAD_START + (self.start - self.left.len()) {
            self.stretch = (2 * self.stretch).max(8 * self.needle.len()).max(16 << 10);
            self.slow = self.stretch;
        }
        if self.slow > 0 {
            let found = self.run_slowly();
            if found.is_some() {
                return found;
            }
        }
        let ahead = if BACKWARDS {
            self.left.end.saturating_sub(Probes::SAMPLED)..self.left.end
        } else {
            self.left.start..self.left.end.min(self.left.start + Probes::SAMPLED)
        };
        // What was looked at last is known to have what should have been seldom.
        let known = if BACKWARDS { self.left.end } else { self.left.start.saturating_sub(2 * BLOCK) };
        self.tuning.change(self.needle, Probes::sample_at(self.needle, self.haystack, ahead, known));
        None
    }

    /// Searches what is left to Two-Way, and begins new accounts behind that.
    fn run_slowly(&mut self) -> Option<usize> {
        let len = self.slow.min(self.left.len());
        let places =
            if BACKWARDS { self.left.end - len..self.left.end } else { self.left.start..self.left.start + len };
        let seen = &self.haystack[places.start..(places.end + self.needle.len() - 1).min(self.haystack.len())];
        let found = if len == 0 {
            None
        } else if BACKWARDS {
            twoway::FinderRev::new(self.needle).rfind(seen, self.needle)
        } else {
            twoway::Finder::new(self.needle).find(seen, self.needle)
        };
        let Some(found) = found else {
            #[cfg(test)]
            {
                self.work += seen.len();
            }
            if BACKWARDS {
                self.left.end = places.start;
            } else {
                self.left.start = places.end;
            }
            (self.slow, self.spent, self.start) = (0, 0, self.left.len());
            return None;
        };
        let start = places.start + found;
        let left = self.left.len();
        (self.base, self.candidates) = (start, 0);
        self.pass(start);
        let passed = left - self.left.len();
        #[cfg(test)]
        {
            self.work += passed + self.needle.len();
        }
        self.slow = self.slow.saturating_sub(passed);
        Some(start)
    }

    /// Goes to the next block with candidates.
    #[inline]
    fn seek(&mut self) -> Seen {
        dispatch(Seek(self))
    }

    /// Goes to the next block with candidates, with one kind of vector, of which `PARTS` make a block.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn seek_with<V: Vector, const PARTS: usize>(&mut self) -> Seen {
        if self.slow > 0 {
            return Seen::TooCostly;
        }
        // SAFETY: this function has the contract of `seek_for`: that the processor has the instructions of `V`.
        unsafe {
            match self.needle.len() {
                1 => self.seek_for::<V, PARTS, 1>(),
                _ => match self.tuning.probes.everywhere {
                    Everywhere::Two => self.seek_for::<V, PARTS, 2>(),
                    Everywhere::Three => self.seek_for::<V, PARTS, 3>(),
                    Everywhere::Six => self.seek_for::<V, PARTS, { Probes::COUNT }>(),
                },
            }
        }
    }

    /// Goes to the next block with candidates, with one kind of vector, and a number of probes that are made
    /// everywhere.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn seek_for<V: Vector, const PARTS: usize, const PROBES: usize>(&mut self) -> Seen {
        // SAFETY: the contract of this function promises the instructions of `V`; `new` of the walk has checked that
        // the needle fits and that probes are in it.
        let pair = unsafe { Pair::<V, PARTS, PROBES>::new(self.haystack, self.needle, &self.tuning) };
        let Range { start: mut at, mut end } = self.left;
        // The next match is often near: then it takes least to look at one block after the other.
        let mut near = 0;
        while near < NEAR && end - at >= BLOCK {
            let base = if BACKWARDS { end - BLOCK } else { at };
            if BACKWARDS {
                end = base
            } else {
                at = base + BLOCK
            }
            near += 1;
            // SAFETY: the contract of this function promises the instructions of `V`, and `end - at` was at least
            // `BLOCK`: the block is of places.
            let pairs = unsafe { pair.candidates(base) };
            // SAFETY: the contract of this function promises the instructions of `V`, which are all that `any` needs.
            if unsafe { any(&pairs) } {
                // SAFETY: the contract of this function promises the instructions of `V`, and `pairs` are of the block
                // of places at `base`, with the same tuning.
                let candidates = unsafe { pair.confirm(pairs, base, &self.tuning) };
                if let Some(seen) = self.settle(base, candidates, at..end) {
                    return seen;
                }
            }
        }
        if near == NEAR {
            // From here on, the first byte is loaded from borders of vectors. What is looked at twice has no
            // occurrence.
            if BACKWARDS {
                end += pair.misalignment(end).wrapping_neg() % V::LANES
            } else {
                at -= pair.misalignment(at)
            }
        }
        // Two blocks at once.
        while end - at >= 2 * BLOCK {
            // In a loop of its own, as what is done about candidates would take registers from it.
            // SAFETY: the contract of this function promises the instructions of `V`, and `end - at` is at least two
            // blocks of places.
            let (pairs, is_found) = unsafe { pair.pass::<BACKWARDS>(&mut at, &mut end) };
            if !is_found {
                break;
            }
            let base = if BACKWARDS { end } else { at - 2 * BLOCK };
            // The nearer block first, behind which the other is left.
            let near = usize::from(BACKWARDS);
            let left = if BACKWARDS { at..base + BLOCK } else { base + BLOCK..end };
            // SAFETY: the contract of this function promises the instructions of `V`, and the near block is one of the
            // two that `pass` has looked at.
            let candidates = unsafe { pair.confirm(pairs[near], base + near * BLOCK, &self.tuning) };
            if let Some(seen) = self.settle(base + near * BLOCK, candidates, left) {
                return seen;
            }
            let far = 1 - near;
            // SAFETY: the contract of this function promises the instructions of `V`, and the far block is the other
            // that `pass` has looked at.
            let candidates = unsafe { pair.confirm(pairs[far], base + far * BLOCK, &self.tuning) };
            if let Some(seen) = self.settle(base + far * BLOCK, candidates, at..end) {
                return seen;
            }
            if PROBES > 1 && self.spend(DOUBT, end - at) {
                self.left = at..end;
                return Seen::TooCostly;
            }
        }
        while at < end {
            // The last block can overlap the one before.
            let base = if BACKWARDS { end.max(BLOCK) - BLOCK } else { at.min(pair.places - BLOCK) };
            // SAFETY: the contract of this function promises the instructions of `V`; there are at least as many
            // places as a block has, and the block ends with the last of them.
            let pairs = unsafe { pair.candidates(base) };
            let (first, upto) = (at.max(base) - base, end.min(base + BLOCK) - base);
            if BACKWARDS {
                end = base.max(at)
            } else {
                at = end.min(base + BLOCK)
            }
            // SAFETY: the contract of this function promises the instructions of `V`, which are all that `any` needs.
            if unsafe { any(&pairs) } {
                // SAFETY: the contract of this function promises the instructions of `V`, and `pairs` are of the block
                // of places at `base`, with the same tuning.
                let mut candidates = unsafe { pair.confirm(pairs, base, &self.tuning) };
                // What is left of the block.
                candidates &= (u64::MAX << first) & (u64::MAX >> (BLOCK - upto));
                if let Some(seen) = self.settle(base, candidates, at..end) {
                    return seen;
                }
            }
        }
        self.left = at..end;
        Seen::Nothing
    }
}

struct Seek<'w, 'a, const BACKWARDS: bool>(&'w mut Walk<'a, BACKWARDS>);

impl<const BACKWARDS: bool> Kernel for Seek<'_, '_, BACKWARDS> {
    type Output = Seen;

    #[inline(always)]
    unsafe fn run<V: Vector, const OF_32: usize, const OF_64: usize>(self) -> Seen {
        // SAFETY: the contract of `Kernel::run` is that of `seek_with`: that the processor has the instructions of
        // `V`.
        unsafe { self.0.seek_with::<V, OF_64>() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::simd::dispatch::Vectors;

    impl<const BACKWARDS: bool> Walk<'_, BACKWARDS> {
        /// All that is left, by the vectors that this machine would choose, and all that was spent.
        fn rest(mut self) -> (Vec<usize>, usize) {
            let found = std::iter::from_fn(|| self.next()).collect();
            (found, self.work)
        }
    }

    /// All that is left, by one kind of vectors.
    struct Rest<'a, const BACKWARDS: bool>(Walk<'a, BACKWARDS>);

    impl<const BACKWARDS: bool> Kernel for Rest<'_, BACKWARDS> {
        type Output = Vec<usize>;

        #[inline(always)]
        unsafe fn run<V: Vector, const OF_32: usize, const OF_64: usize>(mut self) -> Vec<usize> {
            // SAFETY: the contract of `Kernel::run` is that of `seek_with`: that the processor has the instructions of
            // `V`.
            std::iter::from_fn(|| self.0.next_with(|walk| unsafe { walk.seek_with::<V, OF_64>() })).collect()
        }
    }

    /// What each kind of vector finds, by its name, whatever this machine would choose; nothing where no block fits.
    pub(crate) fn by_all_vectors<const BACKWARDS: bool>(haystack: &[u8], needle: &[u8]) -> Vec<(String, Vec<usize>)> {
        if needle.is_empty() || haystack.len() < least(needle.len()) {
            return vec![];
        }
        let mut walks = vec![];
        let of_sample = Probes::sample(needle, haystack);
        for (probes, everywhere) in
            [(Probes::guess(needle), Everywhere::Two), (of_sample, Everywhere::Three), (of_sample, Everywhere::Six)]
        {
            let tuning = Tuning::new(needle, Probes { everywhere, ..probes }, false);
            walks.push(Walk::<BACKWARDS>::new(haystack, needle, tuning));
        }
        let mut found = vec![];
        for walk in walks {
            found.push(("the best".to_owned(), walk.clone().rest().0));
            found.extend(
                Vectors::all().into_iter().map(|vectors| (format!("{vectors:?}"), vectors.run(Rest(walk.clone())))),
            );
        }
        found
    }

    fn repeated(unit: &[u8], len: usize) -> Vec<u8> {
        unit.iter().copied().cycle().take(len).collect()
    }

    fn work<const BACKWARDS: bool>(haystack: &[u8], needle: &[u8]) -> usize {
        let tuning = Tuning::new(needle, Probes::guess(needle), false);
        Walk::<BACKWARDS>::new(haystack, needle, tuning).rest().1
    }

    /// Steps, not time: what candidates cost, and what Two-Way goes through, must not grow faster than the haystack.
    #[test]
    fn the_worst_case_is_linear() {
        let len = 1 << 18;
        let half = |a: &[u8], b: &[u8]| [repeated(a, len / 2), repeated(b, len / 2)].concat();
        let haystacks = [
            repeated(b"a", len),
            repeated(b"ab", len),
            repeated(b"aaaaaaaaaaaaaaaaaaaaaaab", len),
            half(b"a", b"b"),
            half(b"ab", b"ba"),
        ];
        for needle_len in [3, 8, 33, 300, 4_000, 60_000] {
            let of_a = repeated(b"a", needle_len);
            let with_b = |at: usize| {
                let mut needle = of_a.clone();
                needle[at] = b'b';
                needle
            };
            let needles =
                [of_a.clone(), with_b(0), with_b(needle_len - 1), with_b(needle_len / 2), repeated(b"aab", needle_len)];
            for haystack in &haystacks {
                for needle in &needles {
                    for work in [work::<false>(haystack, needle), work::<true>(haystack, needle)] {
                        assert!(work <= 4 * len, "{needle_len} bytes: {work} steps for {len}");
                    }
                }
            }
        }
    }

    /// What a walk has learnt is used by the next: nothing is spent where the first sample was good.
    #[test]
    fn what_was_learnt_is_kept() {
        let haystack = repeated(b"quiz jazz fez ", 100_000);
        let needle = b"quizmaster";
        let mut walk = Walk::<false>::new(&haystack, needle, Tuning::new(needle, Probes::guess(needle), true));
        assert_eq!(walk.next(), None);
        assert!(walk.work > 0 && !walk.tuning().is_guess());
        let mut walk = Walk::<false>::new(&haystack, needle, walk.tuning());
        assert_eq!((walk.next(), walk.work), (None, 0));
    }

    #[test]
    fn slices_are_equal_where_all_bytes_are() {
        for len in 2..200 {
            let one: Vec<u8> = (0..len as u8).collect();
            assert!(equal(&one, &one.clone()));
            for at in 0..len {
                let mut other = one.clone();
                other[at] ^= 0x80;
                assert!(!equal(&one, &other), "{at} of {len}");
            }
        }
    }
}
