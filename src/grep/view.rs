//! Bytes of a file, and where they stand in it.

use std::ops::Range;

use super::lines::line_end;
use crate::{scan::newlines, span::Span};

/// Bytes of a file, and where they stand in it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) bytes: &'a [u8],
    /// The offset of the first of them in the file.
    pub(crate) base: u64,
    /// The last byte of a line.
    pub(crate) terminator: u8,
}

impl<'a> View<'a> {
    /// The bytes at these offsets of the file.
    pub(crate) fn slice(&self, range: Range<u64>) -> &'a [u8] {
        &self.bytes[(range.start - self.base) as usize..(range.end - self.base) as usize]
    }

    /// All of it, as offsets in the file.
    pub(crate) fn range(&self) -> Range<u64> {
        self.base..self.end()
    }

    pub(crate) fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// Where a span of the bytes stands in the file.
    pub(crate) fn in_file(&self, span: Span) -> Range<u64> {
        self.base + span.start as u64..self.base + span.end as u64
    }

    /// The offset just past the line that `at` is on.
    pub(crate) fn line_end(&self, at: u64) -> u64 {
        self.base + line_end(self.bytes, (at - self.base) as usize, self.terminator) as u64
    }

    /// The start of the line that stands `count` lines before the one that starts at `at`, but not before `floor`.
    pub(crate) fn lines_before(&self, at: u64, count: usize, floor: u64) -> u64 {
        let floor = floor.max(self.base);
        let before = self.slice(floor..at);
        memchr::memrchr_iter(self.terminator, before).nth(count).map_or(floor, |newline| floor + newline as u64 + 1)
    }

    /// How many line ends there are in a range of the file.
    pub(crate) fn newlines(&self, range: Range<u64>) -> u64 {
        newlines::count(self.slice(range), self.terminator)
    }

    /// How many lines there are in a range of the file, of which the last may have no end.
    pub(crate) fn count_lines(&self, range: Range<u64>) -> u64 {
        let bytes = self.slice(range);
        newlines::count(bytes, self.terminator) + u64::from(bytes.last().is_some_and(|&last| last != self.terminator))
    }
}
