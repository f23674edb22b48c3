//! Lines that have one literal, in one pass with vectors, however many there are.
//!
//! To find a literal, its line's start and its line's end are three searches for each line; where most lines match,
//! getting in and out of those costs more than looking at the bytes. Here every block of 64 bytes becomes two numbers
//! of 64 bits: where the literal starts, and where lines end. An addition then tells which lines have a hit. With ones
//! everywhere but at the ends of lines, a hit makes its line overflow into the bit of its end, and no further:
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
//! rare literals are found as fast as by memchr's. See [`walk`](crate::matcher::literal) for that, and for how bytes
//! are chosen. Needles of up to four bytes need nothing else. Of longer ones, four bytes are compared with vectors, and
//! the whole where these are found: once for each line that has the needle.
//!
//! The time stays linear: a search that spends too much on candidates that are none leaves a stretch of haystack to
//! memchr's substring search (Two-Way) before it tries again, and each stretch is twice as long as the one before.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use memchr::memchr;

use super::{
    kernel::{Search, State, Stop},
    sinks::{BLOCK, Blocks, Counting, CountingMatches, Enumerating, LineCounts, Passed, Selecting, Sink, flip},
};

use crate::{
    matcher::literal::{forward::Finder, probes::Probes},
    simd::{
        dispatch::{Kernel, dispatch},
        vector::Vector,
    },
    span::Span,
};

/// Finds the lines that have a literal. All of its methods take whole lines, of which the last may have no terminator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LiteralLines<'a> {
    finder: &'a Finder<'static>,
    terminator: u8,
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

    /// Calls `selected` with each line that has the literal, or inverted has it not, until it returns false. The lines
    /// come in order, each with its terminator.
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
        // SAFETY: this function has the contract of `search_for`: that the processor has the instructions of `V`.
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
            // SAFETY: by the contract of `search_with` the processor has the instructions of `V`.
            let search = unsafe { Search::<V, PARTS, PROBES>::new(self.finder, self.terminator, probes, lines) };
            // SAFETY: by the contract of `search_with` the processor has the instructions of `V`. Fewer bytes than a
            // block with a needle behind it were searched above, so that nothing of them is left.
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
        // SAFETY: the contract of `Kernel::run` is that of `search_with`: that the processor has the instructions of
        // `V`.
        unsafe { self.finder.search_with::<V, OF_64, S>(self.lines, self.sink) }
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

    /// Candidates that are none, everywhere, so that a search gives up, once or again and again; hits in such
    /// surroundings.
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
