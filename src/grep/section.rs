//! What is to be reported of a stretch of lines, and how far that has been formatted.

use std::ops::Range;

use super::walk::Walk;
use crate::span::{Match, Span};

/// Lines to be reported: those of a window, or one long line, or the matches in a part of one.
#[derive(Debug)]
pub(super) struct Section {
    /// Offsets in the file.
    pub(super) lines: Range<u64>,
    /// Where the context of the first hit begins, at or before the start of the lines.
    pub(super) start: u64,
    pub(super) hits: Hits,
    /// Matches that were found before the lines that they are on were selected.
    pub(super) known: Vec<Match>,
    /// Where the line starts that the known matches are on, if the lines are a part of a long one.
    pub(super) part_of: Option<u64>,
    pub(super) at: Progress,
}

/// Which lines are selected, counted from the start of the section's lines.
#[derive(Debug)]
pub(super) enum Hits {
    All(Vec<Span>),
    /// This is the first; the others are searched for while they are formatted. So it is where a line is reported whatever
    /// becomes of the others.
    From(Span),
}

/// How far a section has been formatted. It borrows nothing, so that it can be laid aside and taken up again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) walk: Walk,
    /// How many events come before the line that must not be reported, where there is one.
    pub(super) events: Option<u64>,
    /// The number of the line that starts at `numbered`, which is just past the last line that was formatted.
    pub(super) number: u64,
    pub(super) numbered: u64,
    /// Up to where lines were searched for, counted from the start of the section's lines.
    pub(super) searched: usize,
    /// How many of the known matches were formatted.
    pub(super) known: usize,
    /// The walk has come to the line of which this is a part.
    pub(super) in_part: bool,
}

impl Progress {
    /// The first of the lines starts at `start` and has this number.
    pub(super) fn new(walk: Walk, start: u64, number: u64) -> Self {
        Progress { walk, events: None, number, numbered: start, searched: 0, known: 0, in_part: false }
    }
}

impl Section {
    /// The selected lines, as far as they are known.
    pub(super) fn hits(&self) -> &[Span] {
        match &self.hits {
            Hits::All(hits) => hits,
            Hits::From(first) => std::slice::from_ref(first),
        }
    }

    /// Takes away the lines that reach past `end`.
    pub(super) fn cut(&mut self, end: u64) {
        self.lines.end = end.max(self.lines.start);
        let len = (self.lines.end - self.lines.start) as usize;
        if let Hits::All(hits) = &mut self.hits {
            hits.retain(|hit| hit.end <= len);
        }
    }
}
