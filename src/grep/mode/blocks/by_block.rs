//! The pipeline of the modes that take blocks.

use std::marker::PhantomData;

use super::{
    block::{BlockSeam, BlocksFound},
    mode::BlockMode,
};
use crate::{
    error::Error,
    grep::{
        core::{Core, Seam, Start, Worker},
        order::{Step, section::Plan},
        output::Output,
        run::{Emit, Ended, run},
    },
    scan::{
        Pool,
        feed::Feed,
        ordered::{Joined, Stages},
        window::Window,
    },
};

/// Runs a mode over the blocks of a mapped file.
pub(crate) struct ByBlock<'c, 'w, M> {
    pub(super) mode: M,
    pub(super) core: &'c Core<'c>,
    windows: PhantomData<fn(Window<'w>)>,
}

impl<'c, 'w, M: BlockMode> ByBlock<'c, 'w, M> {
    pub(crate) fn new(core: &'c Core<'c>, mode: M) -> Self {
        ByBlock { mode, core, windows: PhantomData }
    }

    /// Runs the search.
    pub(crate) fn run(
        &self,
        feed: Feed<'_, Window<'w>>,
        start: Start,
        pool: &Pool,
        emit: &mut Emit<'_>,
    ) -> Result<Ended, Error> {
        let seam = Seam::new(self.core, start, BlockSeam::new(start.offset));
        // One walk over the file finds matches of any length.
        let inline = Pool::inline();
        let pool = if self.core.matcher.longest().is_some() { pool } else { &inline };
        Ok(run(self.core, self, feed, seam, pool, emit)?.0)
    }
}

impl<'c, 'w, M: BlockMode> Stages for ByBlock<'c, 'w, M> {
    type Item = Window<'w>;
    type Found = BlocksFound;
    type Plan = Plan;
    type Seam = Seam<BlockSeam>;
    type Worker = Worker<'c>;
    type Output = Output;

    fn worker(&self) -> Worker<'c> {
        self.core.worker()
    }

    fn failure(&self) -> Option<Error> {
        self.core.matcher.failure()
    }

    fn item_size(&self, window: &Window<'w>) -> usize {
        window.size()
    }

    fn scan(&self, worker: &mut Worker<'c>, window: &Window<'w>) -> Result<BlocksFound, Error> {
        window.read_ahead();
        self.find(worker, window)
    }

    // The lines before a cut are not reported, as they depend on those behind them.
    fn join(&self, seam: &mut Seam<BlockSeam>, window: &Window<'w>, found: BlocksFound) -> Result<Joined<Plan>, Error> {
        seam.enter(self.core, window, window.own().end);
        let mut plan = Plan::default();
        let flow = self.join_chunk(&mut Step { seam, window, plan: &mut plan }, found)?;
        seam.had_enough = flow.is_break();
        Ok(Joined { plan: (!plan.sections.is_empty()).then_some(plan), last: flow.is_break() })
    }

    fn format(
        &self,
        worker: &mut Worker<'c>,
        window: &Window<'w>,
        plan: &mut Plan,
        out: &mut Output,
    ) -> Result<bool, Error> {
        self.mode.format(worker, window, plan, out)
    }

    fn found_size(&self, found: &BlocksFound) -> usize {
        found.size()
    }
}
