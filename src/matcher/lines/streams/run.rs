//! Running a program over lines.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use std::ops::RangeInclusive;

use memchr::memrchr;

use super::program::{Beyond, Id, Program, Step};
use crate::{
    matcher::lines::sinks::{BLOCK, Blocks, Sink},
    simd::{
        dispatch::{ShuffleKernel, Shuffles},
        nibbles::Nibbles,
        vector::equal_lanes,
    },
};

/// How many numbers of a stream are made by one step before the next: enough for a step to be a loop, few enough for
/// all streams to stay in the first cache.
const WORDS: usize = 32;

/// How many bytes of text that is.
const BATCH: usize = WORDS * BLOCK;

/// How many blocks the sink is told of at once.
const GROUP: usize = 8;

type Stream = [u64; WORDS];

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::matcher::lines) enum Stop {
    /// All lines were told, or the sink wants no more.
    Done,
    /// Too many lines had to be confirmed. All before this offset, the start of a line, are told.
    GaveUp { at: usize },
}

/// Tells the sink of all lines, and which of them have a match. `confirm` tells it of a line, without its terminator,
/// of which the streams cannot.
///
/// # Complexity
///
/// Linear in the bytes, times the size of the program. Each line is confirmed once at most, and the search gives up
/// when what was confirmed is more than half of the text.
pub(in crate::matcher::lines) fn search<S: Sink>(
    program: &Program,
    lines: &[u8],
    sink: &mut S,
    confirm: impl FnMut(&[u8]) -> bool,
) -> Stop {
    match Shuffles::widest_first().next() {
        Some(shuffles) => shuffles.run(Search { program, lines, sink, confirm }),
        None => Stop::GaveUp { at: 0 },
    }
}

struct Search<'a, S, C> {
    program: &'a Program,
    lines: &'a [u8],
    sink: &'a mut S,
    confirm: C,
}

impl<S: Sink, C: FnMut(&[u8]) -> bool> ShuffleKernel for Search<'_, S, C> {
    type Output = Stop;

    #[inline(always)]
    unsafe fn run<V: Nibbles, const PARTS: usize>(mut self) -> Stop {
        let Search { program, lines, .. } = self;
        let mut streams = Streams::new(program);
        let mut state = State::default();
        while lines.len() - state.at >= BATCH {
            // SAFETY: the contract of `run` promises the instructions of `V`; a whole batch is left.
            unsafe { streams.make::<V, PARTS>(program, lines.as_ptr().add(state.at)) };
            if let Some(stop) = self.tell(&mut streams, &mut state, BATCH) {
                return stop;
            }
        }
        let rest = &lines[state.at..];
        let is_unterminated = lines.last().is_some_and(|&last| last != program.terminator);
        if !rest.is_empty() || is_unterminated {
            // What is behind the text is as good as the end of a line.
            let mut padded = [program.terminator; BATCH];
            padded[..rest.len()].copy_from_slice(rest);
            // SAFETY: the contract of `run` promises the instructions of `V`; the copy has a whole batch.
            unsafe { streams.make::<V, PARTS>(program, padded.as_ptr()) };
            if let Some(stop) = self.tell(&mut streams, &mut state, rest.len()) {
                return stop;
            }
            if is_unterminated {
                let (word, bit) = (rest.len() / BLOCK, rest.len() % BLOCK);
                self.sink.unterminated(lines.len(), streams.hit[word] >> bit & 1 != 0);
            }
        }
        Stop::Done
    }
}

/// Where a search stands.
#[derive(Default)]
struct State {
    /// The start of the next batch.
    at: usize,
    /// The line that the next batch begins on has a match so far, and a byte beyond ASCII.
    hit: bool,
    beyond: bool,
    /// What confirming has cost, in bytes.
    spent: usize,
}

impl<S: Sink, C: FnMut(&[u8]) -> bool> Search<'_, S, C> {
    /// What confirming a line costs beside its length, in bytes.
    const CONFIRMATION: usize = 64;

    /// What may be spent before a search gives up, besides half of the bytes that it has passed.
    const ALLOWANCE: usize = 16 << 10;

    /// Tells the sink of a batch, of which `len` bytes are text. Says how the search ended, if it did.
    #[inline(always)]
    fn tell(&mut self, streams: &mut Streams, state: &mut State, len: usize) -> Option<Stop> {
        let ends = streams.streams[0];
        lines_with(&streams.streams[usize::from(self.program.hits.0)], &ends, &mut state.hit, &mut streams.hit);
        if self.program.beyond != Beyond::Nothing {
            let beyond = &streams.streams[streams.streams.len() - 1];
            if state.beyond || *beyond != [0; WORDS] {
                let mut unsure = [0; WORDS];
                lines_with(beyond, &ends, &mut state.beyond, &mut unsure);
                self.confirm(&mut streams.hit, &unsure, state, len);
            }
        }
        for group in 0..len.div_ceil(GROUP * BLOCK) {
            let mut blocks = Blocks::<GROUP>::EMPTY;
            for i in 0..GROUP {
                let word = group * GROUP + i;
                // Ends behind the text are none.
                let text = !u64::MAX.unbounded_shl(len.saturating_sub(word * BLOCK).min(BLOCK) as u32);
                blocks.ends[i] = ends[word] & text;
                blocks.hit[i] = streams.hit[word] & text;
            }
            if !self.sink.blocks(state.at + group * GROUP * BLOCK, &blocks) {
                return Some(Stop::Done);
            }
        }
        let start = state.at;
        state.at += len;
        if state.spent > Self::ALLOWANCE + state.at / 2
            && let Some(end) = memrchr(self.program.terminator, &self.lines[start..state.at])
        {
            return Some(Stop::GaveUp { at: start + end + 1 });
        }
        None
    }

    /// Lets those lines be confirmed of which the streams cannot tell whether they match.
    #[cold]
    fn confirm(&mut self, hit: &mut Stream, unsure: &Stream, state: &mut State, len: usize) {
        for (word, (hit, unsure)) in hit.iter_mut().zip(unsure).enumerate() {
            let mut unsure = match self.program.beyond {
                Beyond::Decides => *unsure,
                _ => unsure & !*hit,
            };
            *hit &= !unsure;
            while unsure != 0 {
                let bit = unsure.trailing_zeros();
                let end = word * BLOCK + bit as usize;
                // The end of the text ends a line, and nothing behind it does.
                if end > len {
                    return;
                }
                let before = &self.lines[..state.at + end];
                let line = &before[memrchr(self.program.terminator, before).map_or(0, |end| end + 1)..];
                *hit |= u64::from((self.confirm)(line)) << bit;
                state.spent += Self::CONFIRMATION + line.len();
                unsure &= unsure - 1;
            }
        }
    }
}

/// Where lines end on which there is a bit of a stream. `open` tells it of the line that goes on.
#[inline(always)]
fn lines_with(stream: &Stream, ends: &Stream, open: &mut bool, lines: &mut Stream) {
    for (i, line) in lines.iter_mut().enumerate() {
        let (bits, ends) = (stream[i], ends[i]);
        let (sum, overflow) = (!ends).overflowing_add(bits & !ends);
        let (sum, carried_over) = sum.overflowing_add(u64::from(*open));
        *open = overflow | carried_over;
        // What stands on the end itself must not run into the next line.
        *line = (sum | bits) & ends;
    }
}

/// The streams of a batch.
struct Streams {
    streams: Vec<Stream>,
    /// What each step carries into the next batch.
    carries: Vec<bool>,
    /// Where lines with a match end.
    hit: Stream,
}

impl Streams {
    fn new(program: &Program) -> Self {
        let carries = program.steps.iter().map(|step| matches!(step, Step::Advance(_, true))).collect();
        Streams { streams: vec![[0; WORDS]; program.len()], carries, hit: [0; WORDS] }
    }

    /// Takes all steps over a batch of text.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * `BATCH` bytes must be readable from `text` on.
    #[inline(always)]
    unsafe fn make<V: Nibbles, const PARTS: usize>(&mut self, program: &Program, text: *const u8) {
        for (i, step) in program.steps.iter().enumerate() {
            let (before, rest) = self.streams.split_at_mut(i);
            let (stream, carry) = (&mut rest[0], &mut self.carries[i]);
            let of = |id: Id| &before[usize::from(id.0)];
            match *step {
                // SAFETY: this function has the contract of those that read text.
                Step::Byte(byte) => unsafe { find_byte::<V, PARTS>(text, byte, stream) },
                // SAFETY: as above.
                Step::Set(ref set) => unsafe { find_set::<V, PARTS>(text, set, stream) },
                // SAFETY: as above.
                Step::Range(first, last) => unsafe { find_range::<V, PARTS>(text, first..=last, stream) },
                Step::Not(one) => each(stream, of(one), of(one), |one, _| !one),
                Step::And(one, other) => each(stream, of(one), of(other), |one, other| one & other),
                Step::Or(one, other) => each(stream, of(one), of(other), |one, other| one | other),
                Step::Xor(one, other) => each(stream, of(one), of(other), |one, other| one ^ other),
                Step::Advance(one, _) => advance(of(one), carry, stream),
                Step::Through(markers, set) => through(of(markers), of(set), carry, stream),
            }
        }
    }
}

#[inline(always)]
fn each(stream: &mut Stream, one: &Stream, other: &Stream, operation: impl Fn(u64, u64) -> u64) {
    for i in 0..WORDS {
        stream[i] = operation(one[i], other[i]);
    }
}

#[inline(always)]
fn advance(one: &Stream, carry: &mut bool, stream: &mut Stream) {
    stream[0] = one[0] << 1 | u64::from(*carry);
    for i in 1..WORDS {
        stream[i] = one[i] << 1 | one[i - 1] >> 63;
    }
    *carry = one[WORDS - 1] >> 63 != 0;
}

/// Adding the markers that stand in a run of a set to the run makes a carry that runs to its end. Where that changed a
/// bit, or left one behind the run, the markers come by.
#[inline(always)]
fn through(markers: &Stream, set: &Stream, carry: &mut bool, stream: &mut Stream) {
    for i in 0..WORDS {
        let (sum, overflow) = (markers[i] & set[i]).overflowing_add(set[i]);
        let (sum, carried_over) = sum.overflowing_add(u64::from(*carry));
        *carry = overflow | carried_over;
        stream[i] = (sum ^ set[i]) | markers[i];
    }
}

/// # Safety
///
/// * As [`Streams::make`].
#[inline(always)]
unsafe fn find_byte<V: Nibbles, const PARTS: usize>(text: *const u8, byte: u8, stream: &mut Stream) {
    // SAFETY: the contract promises the instructions of `V`, and that the bytes of all `WORDS` blocks are readable.
    unsafe {
        let byte = V::splat(byte);
        for (i, word) in stream.iter_mut().enumerate() {
            *word = V::mask_of_block(equal_lanes::<V, PARTS>(text.add(i * BLOCK), byte));
        }
    }
}

/// # Safety
///
/// * As [`Streams::make`].
#[inline(always)]
unsafe fn find_set<V: Nibbles, const PARTS: usize>(text: *const u8, set: &[u8; 16], stream: &mut Stream) {
    // SAFETY: the contract promises the instructions of `V`, and that the bytes of all `WORDS` blocks are readable.
    unsafe {
        let (tables, zero) = ([V::table(set), V::table(&ONE_FOR_EACH_UPPER_HALF)], V::splat(0));
        for (i, word) in stream.iter_mut().enumerate() {
            let mut others = [zero; PARTS];
            for (part, others) in others.iter_mut().enumerate() {
                let bytes = V::load(text.add(i * BLOCK + part * V::LANES));
                *others = V::look_up(tables, V::halves(bytes)).eq(zero);
            }
            *word = !V::mask_of_block(others);
        }
    }
}

/// The bit of each upper half in the tables of sets.
const ONE_FOR_EACH_UPPER_HALF: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// # Safety
///
/// * As [`Streams::make`].
#[inline(always)]
unsafe fn find_range<V: Nibbles, const PARTS: usize>(text: *const u8, range: RangeInclusive<u8>, stream: &mut Stream) {
    // SAFETY: the contract promises the instructions of `V`, and that the bytes of all `WORDS` blocks are readable.
    unsafe {
        let (first, more) = (V::splat(*range.start()), V::splat(range.end() - range.start()));
        for (i, word) in stream.iter_mut().enumerate() {
            let mut lanes = [first; PARTS];
            for (part, lanes) in lanes.iter_mut().enumerate() {
                *lanes = V::load(text.add(i * BLOCK + part * V::LANES)).in_range(first, more);
            }
            *word = V::mask_of_block(lanes);
        }
    }
}
