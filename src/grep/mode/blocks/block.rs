//! Blocks: lines that share matches.

use std::ops::Range;

use crate::{
    mapping::Mapping,
    matcher::{Ahead, Cursor},
    scan::window::{MappedWindow, Window},
    span::{FileMatch, Span},
};

/// Lines that belong together, and how many matches are in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Where the start or end of a line is not near, the offset up to which it was looked for stands in for it; the
    /// fields below tell.
    pub(crate) lines: Range<u64>,
    /// The first line began before.
    pub(crate) begins_before: bool,
    /// The last line goes on.
    pub(crate) goes_on: bool,
    /// The last match has the end of the last line.
    pub(crate) ends_in_match: bool,
    pub(crate) matches: usize,
    /// How many of these matches are held. Of a long block it is the first alone: formatting looks for the others
    /// again.
    pub(crate) held: usize,
}

/// What a worker found in a chunk.
#[derive(Default)]
pub(crate) struct BlocksFound {
    pub(crate) matches: Vec<FileMatch>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) newlines: u64,
}

/// Blocks that are complete, and the lines around them.
pub(crate) struct WholeBlocks {
    /// The lines, of which some are in blocks.
    pub(crate) range: Range<u64>,
    /// The number of the first line.
    pub(crate) number: u64,
    pub(crate) blocks: Vec<Block>,
    /// The matches of the blocks that are held.
    pub(crate) matches: Vec<FileMatch>,
}

/// What is carried from chunk to chunk.
#[derive(Clone, Default)]
pub(crate) struct BlockSeam {
    /// Where the last match ended.
    pub(crate) end: Option<u64>,
    /// The last block so far, with the matches of it that are held.
    pub(crate) open: Option<(Block, Vec<FileMatch>)>,
    /// Up to where lines have been dealt with.
    pub(crate) upto: u64,
    /// Line ends from there to the end of the last chunk.
    pub(crate) newlines: u64,
    /// Where the line begins that the last chunk ended in.
    pub(crate) line: u64,
    /// The walk over the matches of a pattern without bounds, and the match that it has found ahead.
    pub(crate) cursor: Cursor,
    pub(crate) learnt: Ahead,
    pub(crate) ahead: Option<FileMatch>,
    pub(crate) exhausted: bool,
}

impl BlocksFound {
    /// How many bytes of memory it takes.
    pub(crate) fn size(&self) -> usize {
        self.matches.capacity() * size_of::<FileMatch>() + self.blocks.capacity() * size_of::<Block>()
    }
}

impl BlockSeam {
    /// A search that begins at `start`, a line start.
    pub(crate) fn new(start: u64) -> Self {
        BlockSeam { upto: start, line: start, cursor: Cursor::new(start as usize), ..BlockSeam::default() }
    }
}

impl WholeBlocks {
    /// Where lines stand in the range.
    pub(crate) fn span(&self, lines: &Range<u64>) -> Span {
        Span::new((lines.start - self.range.start) as usize, (lines.end - self.range.start) as usize)
    }
}

/// The file and the chunk of a window.
pub(crate) fn mapped<'w>(window: &'w Window<'_>) -> (&'w Mapping, &'w Range<usize>) {
    match window {
        Window::Mapped(MappedWindow { mapping, range, .. }) => (mapping, range),
        Window::Owned(_) => unreachable!("matches across lines are not searched for in streams"),
    }
}
