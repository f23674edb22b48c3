//! What is to be reported of a stretch of lines, and how far that has been formatted.

use std::{collections::VecDeque, ops::Range};

use super::walk::Walk;
use crate::{
    error::Error,
    span::{FileMatch, Span},
};

/// What to report of one window.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) sections: VecDeque<Section>,
    /// The file was cut: the search ends with this error when the lines before the cut have been formatted.
    pub(crate) cut: Option<Error>,
}

impl Plan {
    pub(crate) fn push(&mut self, section: Section) {
        self.sections.push_back(section);
    }
}

/// Lines to be reported: those of a window, or one long line, or the matches in a part of one.
#[derive(Debug)]
pub(crate) struct Section {
    /// Offsets in the file.
    pub(crate) lines: Range<u64>,
    /// Where the context of the first hit begins, at or before the start of the lines.
    pub(crate) start: u64,
    pub(crate) hits: Hits,
    /// Matches that were found before the lines that they are on were selected.
    pub(crate) known: Vec<FileMatch>,
    /// Where the line starts that the known matches are on, if the lines are a part of a long one.
    pub(crate) part_of: Option<u64>,
    pub(crate) at: Progress,
}

/// Which lines are selected, counted from the start of the section's lines.
#[derive(Debug)]
pub(crate) enum Hits {
    All(Vec<Span>),
    /// This is the first; the others are searched for while they are formatted. So it is where a line is reported
    /// whatever becomes of the others.
    From(Span),
}

/// How far a section has been formatted. It borrows nothing, so that it can be laid aside and taken up again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) walk: Walk,
    /// How many events come before the line that must not be reported, where there is one.
    pub(crate) events: Option<u64>,
    /// The number of the line that starts at `numbered`, which is just past the last line that was formatted.
    pub(crate) number: u64,
    pub(crate) numbered: u64,
    /// Up to where lines were searched for, counted from the start of the section's lines.
    pub(crate) searched: usize,
    /// How many of the known matches were formatted.
    pub(crate) known: usize,
    /// The walk has come to the line of which this is a part.
    pub(crate) in_part: bool,
}

impl Progress {
    /// The first of the lines starts at `start` and has this number.
    pub(crate) fn new(walk: Walk, start: u64, number: u64) -> Self {
        Progress { walk, events: None, number, numbered: start, searched: 0, known: 0, in_part: false }
    }
}

impl Section {
    pub(crate) fn new(lines: Range<u64>, hits: Hits, at: Progress) -> Self {
        Section { start: lines.start, lines, hits, known: vec![], part_of: None, at }
    }

    /// Up to where its lines have been formatted, counted as offsets in the file.
    pub(crate) fn done(&self) -> u64 {
        self.start.max(self.at.walk.carry.upto).max(self.lines.start + self.at.searched as u64)
    }

    /// The selected lines, as far as they are known.
    pub(crate) fn hits(&self) -> &[Span] {
        match &self.hits {
            Hits::All(hits) => hits,
            Hits::From(first) => std::slice::from_ref(first),
        }
    }

    /// Takes away the lines that reach past `end`.
    pub(crate) fn cut(&mut self, end: u64) {
        self.lines.end = end.max(self.lines.start);
        let len = (self.lines.end - self.lines.start) as usize;
        if let Hits::All(hits) = &mut self.hits {
            hits.retain(|hit| hit.end <= len);
        }
    }
}
