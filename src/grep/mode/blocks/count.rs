//! Counting blocks and the matches in them, or looking for any.

use std::ops::ControlFlow;

use super::{
    block::WholeBlocks,
    mode::{BlockMode, BlockStep},
};
use crate::{
    error::Error,
    grep::{core::Core, lines::Counts, view::View},
};

/// Counts blocks and the matches in them; a line that is in none counts as one match.
pub(crate) struct CountBlocks<'c> {
    core: &'c Core<'c>,
}

/// Looks for any block, or with `invert` for a line that is in none.
pub(crate) struct AnyBlock<'c> {
    count: CountBlocks<'c>,
}

impl<'c> CountBlocks<'c> {
    pub(crate) fn new(core: &'c Core<'c>) -> Self {
        CountBlocks { core }
    }
}

impl<'c> AnyBlock<'c> {
    pub(crate) fn new(core: &'c Core<'c>) -> Self {
        AnyBlock { count: CountBlocks::new(core) }
    }
}

impl BlockMode for CountBlocks<'_> {
    fn core(&self) -> &Core<'_> {
        self.core
    }

    fn join(&self, step: &mut BlockStep<'_, '_>, blocks: WholeBlocks) -> Result<ControlFlow<()>, Error> {
        let hits = blocks.hits(self.core, step.window)?;
        for (index, hit) in hits.iter().enumerate() {
            let range = blocks.range.start + hit.start as u64..blocks.range.start + hit.end as u64;
            let (base, end) = (range.start, range.end);
            if self.core.quits_at_nul() {
                step.seam.binary = step.window.first_nul(range.clone())?;
                if step.seam.binary.is_some() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            let matches = if self.core.options.invert { 1 } else { blocks.blocks[index].matches as u64 };
            let terminator = self.core.matcher.terminator();
            let lines = step.window.read(range.clone(), |bytes| View { bytes, base, terminator }.count_lines(range))?;
            let flow = step.seam.add_counts(Counts { lines: 1, matches, end: 0 }, end);
            // The limit is one on blocks.
            step.seam.summary.matched_lines += lines.saturating_sub(1);
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl BlockMode for AnyBlock<'_> {
    fn core(&self) -> &Core<'_> {
        self.count.core()
    }

    fn join(&self, step: &mut BlockStep<'_, '_>, blocks: WholeBlocks) -> Result<ControlFlow<()>, Error> {
        self.count.join(step, blocks)
    }

    fn takes_first(&self) -> bool {
        !self.core().options.invert && !self.core().quits_at_nul()
    }
}
