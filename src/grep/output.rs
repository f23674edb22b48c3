//! Formatted lines on their way to the caller.

use std::ops::Range;

use super::{core::PIECE_BYTES, format::LineKind};
use crate::scan::ordered;

/// Formatted lines, and the line that comes behind them where that is too long to be formatted by a worker.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) bytes: Vec<u8>,
    pub(crate) long: Option<LongLine>,
    /// All lines before this offset are in it, or were in what came before.
    pub(crate) upto: u64,
}

/// A line of a mapped file that is formatted where its text can go out piece by piece.
#[derive(Clone, Debug)]
pub(crate) struct LongLine {
    pub(crate) kind: LineKind,
    pub(crate) range: Range<u64>,
    pub(crate) number: Option<u64>,
    pub(crate) matches: Matches,
}

/// Which matches a long line comes with.
#[derive(Clone, Debug)]
pub(crate) enum Matches {
    /// None.
    Unwanted,
    /// Those on the line.
    OnLine,
    /// It is several lines that share matches, of which the first starts at this offset.
    From(u64),
}

impl Matches {
    /// Those on the line, where they are wanted.
    pub(crate) fn on_line(wanted: bool) -> Self {
        if wanted { Matches::OnLine } else { Matches::Unwanted }
    }

    /// Those of several lines, if there is a first one.
    pub(crate) fn from(first: Option<u64>) -> Self {
        first.map_or(Matches::Unwanted, Matches::From)
    }
}

impl Output {
    /// True when it is to be passed on.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= PIECE_BYTES || self.long.is_some()
    }
}

impl ordered::Output for Output {
    fn size(&self) -> usize {
        self.bytes.len() + usize::from(self.long.is_some())
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.long = None;
    }
}
