//! Joining the blocks of chunks in file order.

use std::ops::ControlFlow;

use super::{
    block::{Block, BlockSeam, BlocksFound, WholeBlocks, mapped},
    by_block::ByBlock,
    mode::{BlockMode, BlockStep},
};
use crate::{
    error::Error,
    scan::{newlines, seam::MatchStages, window::Window},
    span::FileMatch,
};

impl<M: BlockMode> ByBlock<'_, '_, M> {
    /// Takes what was found in the next chunk.
    pub(super) fn join_chunk(
        &self,
        step: &mut BlockStep<'_, '_>,
        found: BlocksFound,
    ) -> Result<ControlFlow<()>, Error> {
        let window = step.window;
        let (mapping, chunk) = mapped(window);
        let (len, chunk_end) = (mapping.len() as u64, chunk.end as u64);
        let BlocksFound { matches, mut blocks, newlines } = self.reconcile(&mut step.seam.own, window, found)?;
        if self.mode.takes_first()
            && let Some(first) = blocks.first()
        {
            step.seam.summary.matched_lines += 1;
            step.seam.summary.bytes_searched = first.lines.end;
            return Ok(ControlFlow::Break(()));
        }
        let matches = if self.mode.keeps_matches() { matches } else { vec![] };
        // Where the line began that the chunk begins in is known by now.
        if let Some(first) = blocks.first_mut()
            && std::mem::take(&mut first.begins_before)
        {
            first.lines.start = step.seam.own.line;
        }
        let mut matches = self.continue_open(&mut step.seam.own, window, &mut blocks, matches)?;
        let is_last = self.core.end() == chunk_end;
        if is_last
            && let Some(last) = blocks.last_mut()
            && std::mem::take(&mut last.goes_on)
        {
            last.lines.end = window.after_terminator(last.lines.end, len)?.unwrap_or(len);
        }
        self.let_go_of_long(&mut blocks, &mut matches);
        let line = window.last_line_start(chunk.start as u64, chunk_end + 1)?;
        if line > chunk.start as u64 {
            step.seam.own.line = line;
        }
        let from = step.seam.own.upto;
        let upto = match is_last {
            true => {
                let end = match chunk_end < len {
                    true => window.after_terminator(chunk_end - 1, len)?.unwrap_or(len),
                    false => len,
                };
                end.max(blocks.last().map_or(0, |block| block.lines.end))
            }
            false => keep_last_open(&mut step.seam.own, &mut blocks, &mut matches),
        };
        if upto == from {
            step.seam.own.newlines += newlines;
            return Ok(ControlFlow::Continue(()));
        }
        let number = step.seam.newlines + 1;
        if self.core.options.line_numbers {
            let count = |bytes: &[u8]| newlines::count(bytes, self.core.matcher.terminator());
            let behind = if chunk_end > upto { window.read(upto..chunk_end, count)? } else { 0 };
            step.seam.newlines += (step.seam.own.newlines + newlines).saturating_sub(behind);
            step.seam.own.newlines = behind;
        }
        step.seam.own.upto = upto;
        self.mode.join(step, WholeBlocks { range: from..upto, number, blocks, matches })
    }

    /// Brings the matches of a chunk in agreement with those before it. Those of a pattern without bounds are found
    /// here.
    fn reconcile(
        &self,
        seam: &mut BlockSeam,
        window: &Window<'_>,
        mut found: BlocksFound,
    ) -> Result<BlocksFound, Error> {
        let (mapping, chunk) = mapped(window);
        let matcher = self.core.matcher;
        if matcher.longest().is_none() {
            found.matches = self.find_unbounded(seam, mapping, chunk.end as u64)?;
            found.blocks = self.blocks_of(window, &mut found.matches)?;
            return Ok(found);
        }
        let stages = MatchStages::new(matcher, mapping, 0..u64::MAX);
        let matches = stages.reconcile(found.matches, seam.end, chunk)?;
        seam.end = matches.end().or(seam.end);
        let is_as_found = matches.is_as_found();
        found.matches = matches.into_vec();
        if !is_as_found {
            found.blocks = self.blocks_of(window, &mut found.matches)?;
        }
        Ok(found)
    }

    /// Goes on with the block that is open: all that begins on its lines is a part of it. Returns the matches of all
    /// blocks.
    fn continue_open(
        &self,
        seam: &mut BlockSeam,
        window: &Window<'_>,
        blocks: &mut Vec<Block>,
        matches: Vec<FileMatch>,
    ) -> Result<Vec<FileMatch>, Error> {
        let Some((mut open, mut before)) = seam.open.take() else { return Ok(matches) };
        let (mapping, chunk) = mapped(window);
        let chunk_end = chunk.end as u64;
        // Its last line goes on, and may end in this chunk.
        if open.goes_on {
            let looked = open.lines.end.max(chunk.start as u64);
            let end = window.after_terminator(looked, chunk_end)?;
            open.lines.end = end.unwrap_or(looked.max(chunk_end));
            open.goes_on = end.is_none() && open.lines.end < mapping.len() as u64;
        }
        let inside = blocks.iter().take_while(|block| block.lines.start < open.lines.end || open.goes_on).count();
        let is_next = |block: &Block| open.ends_in_match && block.lines.start == open.lines.end;
        let joined = usize::from(self.mode.joins_lines() && blocks.first().is_some_and(is_next));
        for block in blocks.drain(..inside.max(joined)) {
            open.matches += block.matches;
            open.held += block.held;
            open.ends_in_match = block.ends_in_match;
            open.goes_on = block.goes_on || (open.goes_on && block.lines.end <= open.lines.end);
            open.lines.end = open.lines.end.max(block.lines.end);
        }
        blocks.insert(0, open);
        before.extend(matches);
        Ok(before)
    }

    /// Lets go of the matches in long blocks, but for the first.
    fn let_go_of_long(&self, blocks: &mut [Block], matches: &mut Vec<FileMatch>) {
        let longest = self.core.longest_formatted;
        let is_long = |block: &Block| block.held > 1 && block.lines.end - block.lines.start > longest;
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
}

/// Keeps the last block open, which may go on in the next chunk. Returns up to where lines can be dealt with.
fn keep_last_open(seam: &mut BlockSeam, blocks: &mut Vec<Block>, matches: &mut Vec<FileMatch>) -> u64 {
    let Some(open) = blocks.pop() else { return seam.upto.max(seam.line) };
    let start = open.lines.start;
    let held = matches.split_off(matches.len().saturating_sub(open.held));
    seam.open = Some((open, held));
    start
}
