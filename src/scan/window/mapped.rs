//! The part of a mapped file that one step of a search looks at: a range, read through the guard of the mapping.

use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::{error::Error, mapping::Mapping, scan::piece::Piece};

/// How far ahead of the chunks under way the system is asked to read.
pub(crate) const AHEAD: usize = 8 << 20;

/// A range of a mapping, in the range of a piece of it; its borders may lie within lines.
pub(crate) struct MappedWindow<'m> {
    pub(crate) mapping: &'m Mapping,
    pub(crate) range: Range<usize>,
    pub(crate) piece: Piece,
    /// What will be wanted soon; it may be nothing.
    pub(crate) ahead: Range<usize>,
    /// The last byte of a line.
    pub(crate) terminator: u8,
}

impl MappedWindow<'_> {
    /// Has the system read what will be wanted soon: what lies some way behind this window.
    pub(super) fn read_ahead(&self) {
        match self.piece.is_whole(self.mapping) {
            true => self.mapping.read_ahead(self.ahead.clone()),
            false => self.mapping.read_ahead_no_further(self.ahead.clone()),
        }
    }

    /// Runs `read` on the lines that start in the window, with their offset. None where no line starts within `near`
    /// bytes, or the last line ends more than that behind the window.
    pub(super) fn read_lines<T>(&self, near: usize, read: impl FnOnce(u64, &[u8]) -> T) -> Result<Option<T>, Error> {
        let (range, within, terminator) = (&self.range, &self.piece.within, self.terminator);
        // The byte before tells whether a line starts with the window.
        let start = within.start.max(range.start.saturating_sub(1));
        let end = within.end.min((range.end - 1).saturating_add(near));
        self.mapping.read_before_fault(start..end, |bytes| {
            let after_terminator = |from: usize| {
                let upto = bytes.len().min(from.saturating_add(near));
                memchr(terminator, &bytes[from..upto]).map(|at| from + at + 1)
            };
            let first = if range.start == within.start { 0 } else { after_terminator(0)? };
            let last = if range.end == within.end { bytes.len() } else { after_terminator(range.end - 1 - start)? };
            let lines = first.min(last)..last;
            Some(read((start + lines.start) as u64, &bytes[lines]))
        })
    }

    /// Where the file was cut, as an offset in it, when that is what the error tells of and some of the window lies
    /// before.
    pub(super) fn cut_by(&self, error: &Error) -> Option<u64> {
        let cut = self.mapping.place_of_cut(error).filter(|&cut| cut > self.range.start)?;
        Some(cut.min(self.mapping.len()) as u64)
    }

    /// As [`read_lines`](Self::read_lines) in a file that was cut: the lines are those that have their terminator
    /// before the cut. Says whether these are all that start in the window.
    pub(super) fn read_lines_before<T>(
        &self,
        cut: u64,
        read: impl FnOnce(u64, &[u8]) -> T,
    ) -> Result<(T, bool), Error> {
        let &MappedWindow { mapping, ref range, ref piece, terminator, .. } = self;
        let start = piece.within.start.max(range.start.saturating_sub(1));
        mapping.read_before_fault(start..cut as usize, |bytes| {
            let newline_from = |from: usize| Some(from + memchr(terminator, bytes.get(from..)?)? + 1);
            let first = if range.start == piece.within.start { Some(0) } else { newline_from(0) };
            // Where the file ends, the last line may have no terminator, and nobody knows that it had none.
            let border = if range.end == mapping.len() { None } else { newline_from(range.end - 1 - start) };
            let last = border.or_else(|| Some(memrchr(terminator, bytes)? + 1));
            let lines = match (first, last) {
                (Some(first), Some(last)) => first.min(last)..last,
                _ => bytes.len()..bytes.len(),
            };
            (read((start + lines.start) as u64, &bytes[lines]), border.is_some())
        })
    }
}
