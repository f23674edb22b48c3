//! The pipeline of the modes that take whole lines.

use std::{
    marker::PhantomData,
    ops::{ControlFlow, Range},
};

use super::line_mode::{LineMode, LineStep};
use crate::{
    error::Error,
    grep::{
        core::{Core, Seam, Start, Worker},
        long::{
            join::join_part,
            open::OpenLine,
            split::{PartFound, Parts},
        },
        order::{Step, section::Plan},
        output::Output,
        run::{Emit, Ended, run},
        view::View,
    },
    scan::{
        Pool,
        feed::Feed,
        ordered::{Joined, Stages},
        window::Window,
    },
};

/// Runs a mode over the lines of windows. Where a match is bounded, long lines are searched in parts.
pub(crate) struct ByLine<'c, 'w, M> {
    mode: M,
    core: &'c Core<'c>,
    /// `None` where a line is searched as a whole, however long it is.
    parts: Option<Parts<'c>>,
    windows: PhantomData<fn(Window<'w>)>,
}

/// What a worker found in one window.
pub(crate) enum Found<L> {
    /// The window lies within a long line.
    Inside(PartFound),
    /// Whole lines, and parts of long lines before and behind them.
    Lines { head: Option<PartFound>, range: Range<u64>, lines: L, tail: Option<PartFound> },
    /// The file was cut, and these are the lines before the cut.
    BeforeCut { range: Range<u64>, lines: L, cut: Cut },
}

/// What a cut of the file took of a window.
pub(crate) enum Cut {
    /// A long line that ends in it, if there is one; all other lines were read.
    Head(Error),
    /// Lines. The search ends with this error behind those that were read.
    Lines(Error),
}

impl<'c, 'w, M: LineMode> ByLine<'c, 'w, M> {
    pub(crate) fn new(core: &'c Core<'c>, mode: M) -> Self {
        let parts = core.in_parts().then(|| Parts::new(core, mode.wanted()));
        ByLine { mode, core, parts, windows: PhantomData }
    }

    /// Runs the search. What it carries at the end is the long line that it is in.
    pub(crate) fn run(
        &self,
        feed: Feed<'_, Window<'w>>,
        start: Start,
        pool: &Pool,
        emit: &mut Emit<'_>,
    ) -> Result<(Ended, Option<OpenLine>), Error> {
        run(self.core, self, feed, Seam::new(self.core, start, None), pool, emit)
    }

    fn search(&self, worker: &mut Worker<'_>, window: &Window<'_>) -> Result<Found<M::Found>, Error> {
        let mut scan = |base: u64, bytes: &[u8]| {
            let view = View { bytes, base, terminator: self.core.matcher.terminator() };
            (view.range(), self.mode.scan(worker, view))
        };
        if let Some((range, lines)) = window.read_lines(self.core.near, &mut scan)? {
            return Ok(Found::Lines { head: None, range, lines, tail: None });
        }
        let Some(parts) = &self.parts else {
            let lines = window.lines()?;
            let (range, lines) = window.read(lines.clone(), |bytes| scan(lines.start, bytes))?;
            return Ok(Found::Lines { head: None, range, lines, tail: None });
        };
        if let Some(inside) = parts.search_inside(worker, window)? {
            return Ok(Found::Inside(inside));
        }
        let layout = window.layout(self.core.near)?;
        let start = layout.lines.start;
        let mut scan = |bytes: &[u8]| {
            let view = View { bytes, base: start, terminator: self.core.matcher.terminator() };
            (view.range(), self.mode.scan(worker, view))
        };
        let (range, lines) = window.read(layout.lines, &mut scan)?;
        let head = layout.head.map(|part| parts.search(worker, window, part)).transpose()?;
        let tail = layout.tail.map(|part| parts.search(worker, window, part)).transpose()?;
        Ok(Found::Lines { head, range, lines, tail })
    }

    /// What is in the lines before the place where the file was cut, if that is what has gone wrong.
    fn search_before_cut(
        &self,
        worker: &mut Worker<'_>,
        window: &Window<'_>,
        mut error: Error,
    ) -> Result<Found<M::Found>, Error> {
        // It may be cut once more meanwhile, but not for ever.
        for _ in 0..3 {
            let Some(cut) = window.cut_by(&error).filter(|_| self.mode.takes_lines_before_cut()) else { break };
            let read = window.read_lines_before(cut, |base, bytes| {
                let view = View { bytes, base, terminator: self.core.matcher.terminator() };
                (view.range(), self.mode.scan(worker, view))
            });
            match read {
                Ok(((range, lines), is_all)) => {
                    let cut = if is_all { Cut::Head(error) } else { Cut::Lines(error) };
                    return Ok(Found::BeforeCut { range, lines, cut });
                }
                Err(again) => error = again,
            }
        }
        Err(error)
    }

    /// Plans what is to be reported of a window.
    fn join_found(
        &self,
        seam: &mut Seam<Option<OpenLine>>,
        window: &Window<'_>,
        found: Found<M::Found>,
    ) -> Result<Joined<Plan>, Error> {
        let mut plan = Plan::default();
        let mut step = Step { seam, window, plan: &mut plan };
        let (flow, cut) = match found {
            Found::Inside(part) => (self.join_part(&mut step, part)?, None),
            Found::Lines { head, range, lines, tail } => (self.join_lines(&mut step, head, range, lines, tail)?, None),
            Found::BeforeCut { cut: Cut::Head(error) | Cut::Lines(error), .. } if step.seam.own.is_some() => {
                // Whether a long line is selected that ended here, and the number of the next one, cannot be known.
                return Err(error);
            }
            Found::BeforeCut { range, lines, cut } => {
                let flow = self.join_lines(&mut step, None, range, lines, None)?;
                (flow, if let Cut::Lines(error) = cut { Some(error) } else { None })
            }
        };
        seam.had_enough = flow.is_break();
        // A search that has all that was wanted does not need what comes behind.
        match cut.filter(|_| flow.is_continue()) {
            Some(error) if plan.sections.is_empty() => Err(error),
            cut => {
                let last = flow.is_break() || cut.is_some();
                plan.cut = cut;
                Ok(Joined { plan: (!plan.sections.is_empty()).then_some(plan), last })
            }
        }
    }

    fn join_lines(
        &self,
        step: &mut LineStep<'_, '_>,
        head: Option<PartFound>,
        range: Range<u64>,
        lines: M::Found,
        tail: Option<PartFound>,
    ) -> Result<ControlFlow<()>, Error> {
        if let Some(head) = head
            && self.join_part(step, head)?.is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
        if !range.is_empty() && self.mode.join(step, range, lines)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let Some(tail) = tail else { return Ok(ControlFlow::Continue(())) };
        step.seam.own = Some(OpenLine::new(tail.part.range.start, step.seam.newlines + 1));
        self.join_part(step, tail)
    }

    fn join_part(&self, step: &mut LineStep<'_, '_>, part: PartFound) -> Result<ControlFlow<()>, Error> {
        let parts = self.parts.as_ref().expect("a part comes from a search in parts");
        join_part(&self.mode, parts, step, part)
    }
}

impl<'c, 'w, M: LineMode> Stages for ByLine<'c, 'w, M> {
    type Item = Window<'w>;
    type Found = Found<M::Found>;
    type Plan = Plan;
    type Seam = Seam<Option<OpenLine>>;
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

    fn scan(&self, worker: &mut Worker<'c>, window: &Window<'w>) -> Result<Self::Found, Error> {
        window.read_ahead();
        let found = self.search(worker, window);
        found.or_else(|error| self.search_before_cut(worker, window, error))
    }

    fn join(&self, seam: &mut Self::Seam, window: &Window<'w>, found: Self::Found) -> Result<Joined<Plan>, Error> {
        let upto = match &found {
            Found::Inside(part) => part.part.range.end,
            Found::Lines { range, .. } | Found::BeforeCut { range, .. } => range.end,
        };
        seam.enter(self.core, window, upto);
        let before = seam.clone();
        self.join_found(seam, window, found).or_else(|error| {
            // The file was cut since it was scanned.
            *seam = before;
            let found = self.search_before_cut(&mut self.worker(), window, error)?;
            self.join_found(seam, window, found)
        })
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

    fn found_size(&self, found: &Self::Found) -> usize {
        match found {
            Found::Inside(part) => part.size(),
            Found::Lines { head, lines, tail, .. } => {
                let parts = [head, tail].into_iter().flatten();
                M::found_size(lines) + parts.map(PartFound::size).sum::<usize>()
            }
            Found::BeforeCut { lines, .. } => M::found_size(lines),
        }
    }
}
