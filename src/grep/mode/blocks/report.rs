//! Reporting blocks.

use std::ops::ControlFlow;

use memchr::memchr;

use super::{
    block::WholeBlocks,
    mode::{BlockMode, BlockStep},
};
use crate::{
    error::Error,
    grep::{
        core::{Core, Worker},
        order::{
            Order, ResumeAt, Searched, Unit,
            section::{Hits, Plan},
        },
        output::Output,
    },
    scan::window::Window,
    span::Span,
};

/// Reports blocks and the lines around them; with `invert`, the lines that are in no block.
pub(crate) struct ReportBlocks<'c> {
    order: Order<'c>,
    joins_lines: bool,
}

impl<'c> ReportBlocks<'c> {
    pub(crate) fn new(core: &'c Core<'c>) -> Self {
        let joins_lines = !core.options.invert && core.format.joins_lines();
        ReportBlocks { order: Order::new(core, Unit::Block, ResumeAt::Output), joins_lines }
    }
}

impl BlockMode for ReportBlocks<'_> {
    fn core(&self) -> &Core<'_> {
        self.order.core
    }

    fn join(&self, step: &mut BlockStep<'_, '_>, blocks: WholeBlocks) -> Result<ControlFlow<()>, Error> {
        let core = self.core();
        let hits = blocks.hits(core, step.window)?;
        let WholeBlocks { range, number, matches, .. } = blocks;
        let is_shown = !hits.is_empty() || step.seam.carry.owed > 0;
        let has_nul = core.checks_lines() && is_shown && step.window.first_nul(range.clone())?.is_some();
        let sections = step.plan.sections.len();
        let flow = self.order.report(step, Searched { range, number, hits: Hits::All(hits), has_nul })?;
        if let Some(section) = step.plan.sections.get_mut(sections) {
            section.known = matches;
        }
        Ok(flow)
    }

    fn keeps_matches(&self) -> bool {
        self.core().wants_matches && !self.core().options.invert
    }

    fn joins_lines(&self) -> bool {
        self.joins_lines
    }

    fn format(
        &self,
        worker: &mut Worker<'_>,
        window: &Window<'_>,
        plan: &mut Plan,
        out: &mut Output,
    ) -> Result<bool, Error> {
        self.order.format(worker, window, plan, out)
    }
}

impl WholeBlocks {
    /// What is selected: the blocks, or with `invert` the lines that are in none.
    pub(crate) fn hits(&self, core: &Core<'_>, window: &Window<'_>) -> Result<Vec<Span>, Error> {
        let blocks = self.blocks.iter().map(|block| self.span(&block.lines));
        if !core.options.invert {
            return Ok(blocks.collect());
        }
        window.read(self.range.clone(), |bytes| {
            let mut between = vec![];
            let mut at = 0;
            for block in blocks.chain([Span::new(bytes.len(), bytes.len())]) {
                while at < block.start {
                    let end = memchr(core.matcher.terminator(), &bytes[at..block.start]);
                    let end = end.map_or(block.start, |end| at + end + 1);
                    between.push(Span::new(at, end));
                    at = end;
                }
                at = block.end;
            }
            between
        })
    }
}
