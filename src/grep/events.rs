//! Lines as values, for programs that want to know what was found instead of printing it.
//!
//! Workers find lines in parallel, and only the calling thread may hand them on in order. A [`Format`] packs each
//! line, with its number, offset and matches, into the buffers in which output waits for its turn; the calling thread
//! unpacks them. So lines come in bounded memory and at the speed of output.

use std::ops::ControlFlow;

use super::{Format, Grep, Line, LineKind, Summary};
use crate::{
    error::Error,
    mapping::{Lent, Mapping},
    scan::Pool,
    span::Span,
};

impl Grep {
    /// Searches a mapped file in parallel and calls `each` on the calling thread with the reported lines, in file
    /// order, until it returns [`ControlFlow::Break`]. Lines come with their matches, and where numbers were [asked
    /// for](super::GrepBuilder::line_numbers) with these. With context, lines that are not adjacent are told by their
    /// offsets.
    ///
    /// A line is lent for the time of the call. The [`Summary`] of a search that `each` has stopped counts what was
    /// found by then, which may be more than was handed over; [`stopped_at`](Summary::stopped_at) is the end of the
    /// last line that was. A line is held in memory as a whole, however long it is.
    ///
    /// # Errors
    ///
    /// [`is_truncated`](Error::is_truncated) when the file became shorter meanwhile. The lines before have been handed
    /// over then.
    ///
    /// # Panics
    ///
    /// Passes on panics of `each`, after all workers have stopped.
    ///
    /// # Complexity
    ///
    /// As [`search_mapping`](Grep::search_mapping), and a copy of each reported line.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, mapping::MapOptions, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let mut text = MapOptions::new().len(27).map_anonymous()?;
    /// text.set_slice(.., b"user=ann\nnobody\nuser=bob ok")?;
    /// let matcher = MatcherBuilder::new().by_line(true).build(["user=[a-z]+"])?;
    /// let grep = GrepBuilder::new().line_numbers(true).build(matcher)?;
    /// let mut found = vec![];
    /// grep.for_each_line(&text, &Pool::inline(), &mut |line| {
    ///     let matched = &line.bytes[line.matches[0].range()];
    ///     found.push((line.number, line.offset, matched.to_vec()));
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [(Some(1), 0, b"user=ann".to_vec()), (Some(3), 16, b"user=bob".to_vec())]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn for_each_line(
        &self,
        mapping: &Mapping,
        pool: &Pool,
        each: &mut dyn FnMut(&Line<'_>) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        let mut unpacker = Unpacker::default();
        let summary = self.search_mapping(mapping, &Packed, pool, &mut |packed| unpacker.hand_on(packed, each))?;
        Ok(unpacker.finish(summary, mapping.len() as u64))
    }
}

impl Grep {
    /// Searches bytes in memory, which is otherwise as [`for_each_line`](Grep::for_each_line). They are not copied.
    ///
    /// # Errors, panics and complexity
    ///
    /// As [`for_each_line`](Grep::for_each_line).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().build(MatcherBuilder::new().by_line(true).build(["b+"])?)?;
    /// let mut offsets = vec![];
    /// grep.for_each_line_of(b"abc\nac\nabbc", &Pool::default(), &mut |line| {
    ///     offsets.push(line.offset);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(offsets, [0, 7]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn for_each_line_of(
        &self,
        bytes: &[u8],
        pool: &Pool,
        each: &mut dyn FnMut(&Line<'_>) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        self.for_each_line(Lent::new(bytes)?.mapping(), pool, each)
    }
}

/// Packs lines.
pub(super) struct Packed;

impl Format for Packed {
    fn wants_matches(&self) -> bool {
        true
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        let kind = match line.kind {
            LineKind::Match => 0,
            LineKind::Before => 1,
            LineKind::After => 2,
        };
        // Numbers are counted from 1.
        let head = [
            kind,
            line.offset,
            line.skipped,
            line.number.unwrap_or(0),
            line.matches.len() as u64,
            line.bytes.len() as u64,
        ];
        let matches = line.matches.iter().flat_map(|m| [m.start as u64, m.end as u64]);
        head.into_iter().chain(matches).for_each(|number| out.extend_from_slice(&number.to_ne_bytes()));
        out.extend_from_slice(line.bytes);
    }
}

/// Unpacks lines.
#[derive(Default)]
pub(super) struct Unpacker {
    matches: Vec<Span>,
    /// The offset of the end of the line that was enough.
    stopped_behind: Option<u64>,
}

impl Unpacker {
    /// Hands on the lines that were packed into these bytes.
    pub(super) fn hand_on(
        &mut self,
        mut packed: &[u8],
        each: &mut dyn FnMut(&Line<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        while !packed.is_empty() {
            let [kind, offset, skipped, number, matches, len] = std::array::from_fn(|_| take_number(&mut packed));
            self.matches.clear();
            for _ in 0..matches {
                let (start, end) = (take_number(&mut packed), take_number(&mut packed));
                self.matches.push(Span::new(start as usize, end as usize));
            }
            let (bytes, rest) = packed.split_at(len as usize);
            packed = rest;
            let kind = match kind {
                0 => LineKind::Match,
                1 => LineKind::Before,
                _ => LineKind::After,
            };
            let number = (number > 0).then_some(number);
            let line = Line { kind, bytes, offset, skipped, number, matches: &self.matches };
            if each(&line).is_break() {
                self.stopped_behind = Some(offset + len);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// The summary of a search of `len` bytes, which knows what was emitted, but not which of that was handed on.
    pub(super) fn finish(&self, summary: Summary, len: u64) -> Summary {
        match self.stopped_behind {
            Some(end) => Summary { stopped_at: (end < len).then_some(end), ..summary },
            None => summary,
        }
    }
}

/// Takes a number off the front. There is one: pieces of output end with a line.
fn take_number(packed: &mut &[u8]) -> u64 {
    let (number, rest) = packed.split_first_chunk().expect("a packed line is whole");
    *packed = rest;
    u64::from_ne_bytes(*number)
}
