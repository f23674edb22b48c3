//! Matches of a chunk, and the blocks that they make.

use memchr::{memchr, memrchr};

use super::{
    block::{Block, BlockSeam, BlocksFound, mapped},
    by_block::ByBlock,
    mode::BlockMode,
};
use crate::{
    error::Error,
    grep::core::Worker,
    mapping::Mapping,
    scan::{newlines, seam::MatchStages, window::Window},
    span::FileMatch,
};

/// How many bytes around a chunk are looked through for the ends of lines in one step.
const NEAR_BYTES: u64 = 64 << 10;

impl<M: BlockMode> ByBlock<'_, '_, M> {
    /// Finds the matches that start in a chunk, and their blocks.
    pub(super) fn find(&self, worker: &mut Worker<'_>, window: &Window<'_>) -> Result<BlocksFound, Error> {
        let (mapping, chunk) = mapped(window);
        let matcher = self.core.matcher;
        let mut found = BlocksFound::default();
        if self.core.options.line_numbers {
            let count = |bytes: &[u8]| newlines::count(bytes, matcher.terminator());
            found.newlines = window.read(chunk.start as u64..chunk.end as u64, count)?;
        }
        if matcher.longest().is_some() {
            found.matches = std::mem::take(&mut worker.spare_matches);
            found.matches.clear();
            MatchStages::new(matcher, mapping, 0..u64::MAX).find(&mut worker.cache, chunk, &mut found.matches)?;
            found.blocks = self.blocks_of(window, &mut found.matches)?;
        }
        Ok(found)
    }

    /// Puts matches into blocks. A match behind the last line end of the file is on no line and goes. The ends of
    /// lines are looked for in the chunk and near it only, as a line may be of any length.
    pub(super) fn blocks_of(&self, window: &Window<'_>, matches: &mut Vec<FileMatch>) -> Result<Vec<Block>, Error> {
        let terminator = self.core.matcher.terminator();
        let len = window.end();
        if let Some(last) = matches.last()
            && last.start == len
            && len > 0
            && window.read(len - 1..len, |bytes| bytes[0] == terminator)?
        {
            matches.pop();
        }
        let (Some(first), Some(last)) = (matches.first(), matches.last()) else { return Ok(vec![]) };
        let start = first.start.min(mapped(window).1.start as u64);
        let near = start..len.min(last.end.saturating_add(NEAR_BYTES));
        window.read(near.clone(), |bytes| {
            let offset = |at: u64| (at - near.start) as usize;
            let mut blocks: Vec<Block> = vec![];
            for m in &*matches {
                let is_joined = |block: &Block| {
                    self.mode.joins_lines()
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
                    blocks.push(Block {
                        lines: start..start,
                        begins_before,
                        goes_on: false,
                        ends_in_match: false,
                        matches: 0,
                        held: 0,
                    });
                }
                let Some(block) = blocks.last_mut() else { break };
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
            blocks
        })
    }

    /// The next matches of a pattern without bounds: those that start before `end`.
    pub(super) fn find_unbounded(
        &self,
        seam: &mut BlockSeam,
        mapping: &Mapping,
        end: u64,
    ) -> Result<Vec<FileMatch>, Error> {
        let mut matches = vec![];
        let owns = |m: &FileMatch| m.start < end || end == mapping.len() as u64;
        if let Some(m) = seam.ahead.take_if(|m| owns(m)) {
            matches.push(m);
        }
        if seam.ahead.is_none() && !seam.exhausted {
            let BlockSeam { cursor, learnt, ahead, exhausted, .. } = seam;
            mapping.read_before_fault(0..mapping.len(), |bytes| {
                let mut cache = self.core.matcher.create_cache();
                while let Some(m) = cursor.next(self.core.matcher, &mut cache, bytes, learnt) {
                    let m = m.in_file(0);
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
}
