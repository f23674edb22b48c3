//! Matches across lines: which lines belong together.
//!
//! Lines that share a match, or whose matches share a line, are a block, and a block is reported or not as a whole. Workers
//! find the matches that start in their chunks, and put them into blocks; where chunks meet, the join reconciles the matches
//! and joins the blocks. Patterns of which a match may have any length are run by the join alone, chunk by chunk.
//!
//! The last block of a chunk may go on in the next one, so it waits for that. Blocks on adjacent lines stay apart: else a file
//! in which every line matches would be one block, and nothing could be said of it before its end. But where something else is
//! shown in the place of a line end, what comes behind it is a part of the same line.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::{
    Goal,
    lines::Counts,
    section::Hits,
    stages::{GrepStages, LinesFound, Plan, Seam, Worker},
};
use crate::{
    error::Error,
    mapping::Mapping,
    matcher::{Ahead, Cursor},
    scan::{newlines, seam::MatchStages, window::Window},
    span::{Match, Span},
};

/// How far around a chunk the ends of lines are looked for in one step.
const NEAR: u64 = 64 << 10;

/// What a worker found in a chunk.
#[derive(Default)]
pub(super) struct BlocksFound {
    matches: Vec<Match>,
    blocks: Vec<Block>,
    newlines: u64,
}

/// Lines that belong together, and how many matches are in them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block {
    /// Where an end of these is not near, it is told below, and the place that was looked up to stands in for it.
    lines: Range<u64>,
    /// The first line began before.
    begins_before: bool,
    /// The last line goes on.
    goes_on: bool,
    /// The last match has the end of the last line.
    ends_in_match: bool,
    matches: usize,
    /// How many of these matches are held. Of a long block it is the first alone: who shows it looks for the others again.
    held: usize,
}

/// What is carried from chunk to chunk.
#[derive(Clone, Default)]
pub(super) struct BlockSeam {
    /// Where the last match ended.
    end: Option<u64>,
    /// The last block so far, with the matches of it that are held.
    open: Option<(Block, Vec<Match>)>,
    /// Up to where lines have been dealt with.
    upto: u64,
    /// Line ends from there to the end of the last chunk.
    newlines: u64,
    /// Where the line begins that the last chunk ended in.
    line: u64,
    /// The walk over the matches of a pattern without bounds, and the match that it has found ahead.
    cursor: Cursor,
    learnt: Ahead,
    ahead: Option<Match>,
    exhausted: bool,
}

impl BlocksFound {
    /// How many bytes of memory it takes.
    pub(super) fn size(&self) -> usize {
        self.matches.capacity() * size_of::<Match>() + self.blocks.capacity() * size_of::<Block>()
    }
}

/// The file and the chunk of a window.
fn mapped<'w>(window: &'w Window<'_>) -> (&'w Mapping, &'w Range<usize>) {
    match window {
        Window::Mapped { mapping, range, .. } => (mapping, range),
        Window::Owned(_) => unreachable!("matches across lines are not searched for in streams"),
    }
}

impl BlockSeam {
    /// A search that begins at `start`, a line start.
    pub(super) fn new(start: u64) -> Self {
        BlockSeam { upto: start, line: start, cursor: Cursor::new(start as usize), ..BlockSeam::default() }
    }
}

impl<'a> GrepStages<'a, '_> {
    /// Finds the matches that start in a chunk, and their blocks.
    pub(super) fn find_blocks(&self, worker: &mut Worker<'a>, window: &Window<'_>) -> Result<BlocksFound, Error> {
        let (mapping, chunk) = mapped(window);
        let mut found = BlocksFound::default();
        if self.options.line_numbers {
            let terminator = self.matcher.terminator();
            found.newlines =
                window.read(chunk.start as u64..chunk.end as u64, |bytes| newlines::count(bytes, terminator))?;
        }
        if self.matcher.longest().is_some() {
            found.matches = std::mem::take(&mut worker.spare_matches);
            found.matches.clear();
            MatchStages::new(self.matcher, mapping, 0..u64::MAX).find(&mut worker.cache, chunk, &mut found.matches)?;
            found.blocks = self.blocks_of(window, &mut found.matches)?;
        }
        Ok(found)
    }

    /// Puts matches into blocks. A match behind the last line end of the file is on no line and goes. The ends of lines are
    /// looked for in the chunk and near it only, as a line may be of any length.
    fn blocks_of(&self, window: &Window<'_>, matches: &mut Vec<Match>) -> Result<Vec<Block>, Error> {
        let terminator = self.matcher.terminator();
        let mut blocks: Vec<Block> = vec![];
        let len = window.end();
        if let Some(last) = matches.last()
            && last.start == len
            && len > 0
            && window.read(len - 1..len, |bytes| bytes[0] == terminator)?
        {
            matches.pop();
        }
        let (Some(first), Some(last)) = (matches.first(), matches.last()) else { return Ok(blocks) };
        let start = first.start.min(mapped(window).1.start as u64);
        let near = start..len.min(last.end.saturating_add(NEAR));
        window.read(near.clone(), |bytes| {
            let offset = |at: u64| (at - near.start) as usize;
            for m in &*matches {
                let is_joined = |block: &Block| {
                    self.joins_blocks
                        && block.ends_in_match
                        && memchr(terminator, &bytes[offset(block.lines.end)..offset(m.start)]).is_none()
                };
                // An empty match at the end of a file without a line end there is on the last line.
                let is_in = |block: &Block| {
                    m.start < block.lines.end
                        || block.goes_on
                        || (m.start == len && block.lines.end == len)
                        || is_joined(block)
                };
                if !blocks.last().is_some_and(is_in) {
                    let floor = blocks.last().map_or(near.start, |block| block.lines.end);
                    let found = memrchr(terminator, &bytes[offset(floor)..offset(m.start)]);
                    let start = found.map_or(floor, |found| floor + found as u64 + 1);
                    let begins_before = found.is_none() && blocks.is_empty() && near.start > 0;
                    let (goes_on, ends_in_match) = (false, false);
                    blocks.push(Block {
                        lines: start..start,
                        begins_before,
                        goes_on,
                        ends_in_match,
                        matches: 0,
                        held: 0,
                    });
                }
                let Some(block) = blocks.last_mut() else { return };
                block.matches += 1;
                block.held += 1;
                let ends_line = m.end > m.start && bytes[offset(m.end) - 1] == terminator;
                block.ends_in_match = ends_line;
                if m.end < block.lines.end || block.goes_on {
                    continue;
                }
                let found = match ends_line {
                    true => Some(m.end),
                    false => memchr(terminator, &bytes[offset(m.end)..]).map(|found| m.end + found as u64 + 1),
                };
                block.goes_on = found.is_none() && near.end < len;
                block.lines.end = block.lines.end.max(found.unwrap_or(near.end));
            }
        })?;
        Ok(blocks)
    }

    /// The next matches of a pattern without bounds: those that start before `end`.
    fn find_unbounded(&self, seam: &mut BlockSeam, mapping: &Mapping, end: u64) -> Result<Vec<Match>, Error> {
        let mut matches = vec![];
        let owns = |m: &Match| m.start < end || end == mapping.len() as u64;
        if let Some(m) = seam.ahead.take_if(|m| owns(m)) {
            matches.push(m);
        }
        if seam.ahead.is_none() && !seam.exhausted {
            let BlockSeam { cursor, learnt, ahead, exhausted, .. } = seam;
            mapping.read_before_fault(0..mapping.len(), |bytes| {
                let mut cache = self.matcher.cache();
                while let Some((span, pattern)) = cursor.next(self.matcher, &mut cache, bytes, learnt) {
                    let m = Match { start: span.start as u64, end: span.end as u64, pattern };
                    if !owns(&m) {
                        *ahead = Some(m);
                        return;
                    }
                    matches.push(m);
                }
                *exhausted = true;
            })?;
        }
        Ok(matches)
    }

    /// Takes what was found in the next chunk. True when the search is over.
    pub(super) fn join_blocks(
        &self,
        seam: &mut Seam,
        window: &Window<'_>,
        mut found: BlocksFound,
        plan: &mut Plan,
    ) -> Result<bool, Error> {
        let (mapping, chunk) = mapped(window);
        let terminator = self.matcher.terminator();
        let (len, chunk_end) = (mapping.len() as u64, chunk.end as u64);
        let is_last = chunk_end == self.end;
        if self.matcher.longest().is_none() {
            found.matches = self.find_unbounded(&mut seam.blocks, mapping, chunk_end)?;
            found.blocks = self.blocks_of(window, &mut found.matches)?;
        } else {
            let matches = MatchStages::new(self.matcher, mapping, 0..u64::MAX).reconcile(
                found.matches,
                seam.blocks.end,
                chunk,
            )?;
            seam.blocks.end = matches.end().or(seam.blocks.end);
            let as_found = matches.is_as_found();
            found.matches = matches.into_vec();
            if !as_found {
                found.blocks = self.blocks_of(window, &mut found.matches)?;
            }
        }
        if self.options.goal == Goal::AnyLine
            && !self.options.invert
            && !found.blocks.is_empty()
            && !self.quits_at_nul()
        {
            seam.summary.matched_lines += 1;
            seam.summary.bytes_searched = found.blocks[0].lines.end;
            return Ok(true);
        }
        let BlocksFound { matches, mut blocks, newlines } = found;
        let matches = if self.keeps_matches() { matches } else { vec![] };
        // Where the line began that the chunk begins in is known by now.
        if let Some(first) = blocks.first_mut()
            && std::mem::take(&mut first.begins_before)
        {
            first.lines.start = seam.blocks.line;
        }
        let mut matches = match seam.blocks.open.take() {
            Some((mut open, mut before)) => {
                // Up to here its last line goes on still, but for where it ends in this chunk.
                if open.goes_on {
                    let looked = open.lines.end.max(chunk.start as u64);
                    let end = window.after_terminator(looked, chunk_end)?;
                    open.lines.end = end.unwrap_or(looked.max(chunk_end));
                    open.goes_on = end.is_none() && open.lines.end < len;
                }
                // All that begins on its lines is a part of it.
                let inside =
                    blocks.iter().take_while(|block| block.lines.start < open.lines.end || open.goes_on).count();
                let is_next = |block: &Block| open.ends_in_match && block.lines.start == open.lines.end;
                let joined = usize::from(self.joins_blocks && blocks.first().is_some_and(is_next));
                for block in blocks.drain(..inside.max(joined)) {
                    open.matches += block.matches;
                    open.held += block.held;
                    open.ends_in_match = block.ends_in_match;
                    open.goes_on = block.goes_on || (open.goes_on && block.lines.end <= open.lines.end);
                    open.lines.end = open.lines.end.max(block.lines.end);
                }
                blocks.insert(0, open);
                before.extend(matches);
                before
            }
            None => matches,
        };
        if is_last
            && let Some(last) = blocks.last_mut()
            && std::mem::take(&mut last.goes_on)
        {
            last.lines.end = window.after_terminator(last.lines.end, len)?.unwrap_or(len);
        }
        self.let_go_of_long(&mut blocks, &mut matches);
        let line = window.last_line_start(chunk.start as u64, chunk_end + 1)?;
        if line > chunk.start as u64 {
            seam.blocks.line = line;
        }
        let from = seam.blocks.upto;
        let upto = if is_last {
            match chunk_end < len {
                true => window.after_terminator(chunk_end - 1, len)?.unwrap_or(len),
                false => len,
            }
            .max(blocks.last().map_or(0, |block| block.lines.end))
        } else {
            match blocks.pop() {
                Some(open) => {
                    let start = open.lines.start;
                    let rest = matches.split_off(matches.len().saturating_sub(open.held));
                    seam.blocks.open = Some((open, rest));
                    start
                }
                None => from.max(seam.blocks.line),
            }
        };
        if upto == from {
            seam.blocks.newlines += newlines;
            return Ok(false);
        }
        let number = seam.newlines + 1;
        if self.options.line_numbers {
            let behind = match chunk_end > upto {
                true => window.read(upto..chunk_end, |bytes| newlines::count(bytes, terminator))?,
                false => 0,
            };
            seam.newlines += (seam.blocks.newlines + newlines).saturating_sub(behind);
            seam.blocks.newlines = behind;
        }
        seam.blocks.upto = upto;
        self.join_whole_blocks(seam, window, from..upto, BlocksFound { matches, blocks, newlines }, number, plan)
    }

    /// Matches are reported, not only blocks.
    fn keeps_matches(&self) -> bool {
        self.options.goal == Goal::Lines && self.wants_matches && !self.options.invert
    }

    /// Lets go of the matches in long blocks, but for the first.
    fn let_go_of_long(&self, blocks: &mut [Block], matches: &mut Vec<Match>) {
        let is_long = |block: &Block| block.held > 1 && block.lines.end - block.lines.start > self.longest_formatted;
        if matches.is_empty() || !blocks.iter().any(is_long) {
            return;
        }
        let (mut kept, mut at) = (0, 0);
        for block in blocks {
            let next = at + block.held;
            if is_long(block) {
                block.held = 1;
            }
            matches.copy_within(at..at + block.held, kept);
            kept += block.held;
            at = next;
        }
        matches.truncate(kept);
        matches.shrink_to(2 * kept);
    }

    /// Takes blocks that are complete, and the lines around them.
    fn join_whole_blocks(
        &self,
        seam: &mut Seam,
        window: &Window<'_>,
        lines: Range<u64>,
        found: BlocksFound,
        number: u64,
        plan: &mut Plan,
    ) -> Result<bool, Error> {
        let BlocksFound { matches, blocks, .. } = found;
        let hits = match self.options.invert {
            false => blocks.iter().map(|block| self.span_in(&lines, &block.lines)).collect(),
            true => self.lines_between(window, &lines, &blocks)?,
        };
        if self.options.goal != Goal::Lines {
            return self.join_block_counts(seam, window, lines, &hits, &blocks);
        }
        let is_shown = !hits.is_empty() || seam.carry.owed > 0;
        let has_nul = self.checks_lines && is_shown && window.first_nul(lines.clone())?.is_some();
        let sections = plan.len();
        let last = self.join_lines(seam, window, LinesFound::new(lines, Hits::All(hits), has_nul), number, plan)?;
        if plan.len() > sections
            && let Some(section) = plan.last()
        {
            section.known = matches;
        }
        Ok(last)
    }

    fn span_in(&self, lines: &Range<u64>, block: &Range<u64>) -> Span {
        Span::new((block.start - lines.start) as usize, (block.end - lines.start) as usize)
    }

    /// The lines that are in no block.
    fn lines_between(&self, window: &Window<'_>, lines: &Range<u64>, blocks: &[Block]) -> Result<Vec<Span>, Error> {
        let terminator = self.matcher.terminator();
        let blocks = blocks.iter().map(|block| self.span_in(lines, &block.lines));
        window.read(lines.clone(), |bytes| {
            let mut between = vec![];
            let mut at = 0;
            for block in blocks.chain([Span::new(bytes.len(), bytes.len())]) {
                while at < block.start {
                    let end = memchr(terminator, &bytes[at..block.start]).map_or(block.start, |end| at + end + 1);
                    between.push(Span::new(at, end));
                    at = end;
                }
                at = block.end;
            }
            between
        })
    }

    /// Counts blocks, and the matches in them; a line that is in none counts as one match.
    fn join_block_counts(
        &self,
        seam: &mut Seam,
        window: &Window<'_>,
        lines: Range<u64>,
        hits: &[Span],
        blocks: &[Block],
    ) -> Result<bool, Error> {
        for (index, hit) in hits.iter().enumerate() {
            let range = lines.start + hit.start as u64..lines.start + hit.end as u64;
            let end = range.end;
            if self.quits_at_nul() {
                seam.binary = window.first_nul(range.clone())?;
                if seam.binary.is_some() {
                    return Ok(true);
                }
            }
            let matches = if self.options.invert { 1 } else { blocks[index].matches as u64 };
            let lines = window.read(range, |bytes| self.count_lines(bytes))?;
            let last = self.add_counts(seam, Counts { lines: 1, matches, end: 0 }, end);
            // The limit is one on blocks.
            seam.summary.matched_lines += lines.saturating_sub(1);
            if last {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
