//! Reporting lines.

use std::ops::{ControlFlow, Range};

use memchr::memchr;

use super::line_mode::{LineMode, LineStep};
use crate::{
    error::Error,
    grep::{
        core::{Core, Worker},
        lines::line_end,
        long::open::OpenLine,
        order::{
            Order, ResumeAt, Searched, Unit,
            section::{Hits, Plan},
        },
        output::Output,
        view::View,
    },
    scan::{newlines, window::Window},
    span::Span,
};

/// Reports the selected lines and those around them.
pub(crate) struct Lines<'c> {
    pub(crate) order: Order<'c>,
    search: Search,
}

/// Which of the selected lines of a window the scan looks for.
#[derive(Clone, Copy)]
enum Search {
    /// The first. Each line is reported whatever becomes of the others, so the others are searched for and formatted
    /// in one pass.
    First,
    /// As many as may be selected in all.
    UpTo(u64),
}

/// What a worker found in the lines of a window.
pub(crate) struct LinesFound {
    pub(crate) hits: Hits,
    pub(crate) newlines: u64,
    pub(crate) has_nul: bool,
}

impl<'c> Lines<'c> {
    pub(crate) fn new(core: &'c Core<'c>, resume_at: ResumeAt) -> Self {
        let search = match (core.limit, core.options.context.is_none()) {
            (None, true) => Search::First,
            (limit, _) => Search::UpTo(limit.unwrap_or(u64::MAX)),
        };
        Lines { order: Order::new(core, Unit::Line, resume_at), search }
    }

    /// The first selected line, and how many line ends there are, block by block, so that the bytes come from memory
    /// once.
    fn first_and_newlines(&self, worker: &mut Worker<'_>, view: View<'_>) -> (Vec<Span>, u64) {
        const BLOCK_BYTES: usize = 128 << 10;
        let View { bytes, terminator, .. } = view;
        let (mut hits, mut newlines, mut at) = (vec![], 0, 0);
        while at < bytes.len() {
            let end = line_end(bytes, (at + BLOCK_BYTES).min(bytes.len()) - 1, terminator);
            let block = &bytes[at..end];
            if hits.is_empty() {
                hits = self.order.core.select(worker, block, 1);
                hits.iter_mut().for_each(|hit| *hit = Span::new(hit.start + at, hit.end + at));
            }
            newlines += newlines::count(block, terminator);
            at = end;
        }
        (hits, newlines)
    }

    /// Reports a long line of which all parts have come.
    pub(crate) fn report_long_line(
        &self,
        step: &mut LineStep<'_, '_>,
        open: OpenLine,
        end: u64,
    ) -> Result<ControlFlow<()>, Error> {
        let core = self.order.core;
        let range = open.start..end;
        let selected = open.any != core.options.invert;
        let hits = if selected { vec![Span::new(0, (end - open.start) as usize)] } else { vec![] };
        let is_shown = selected || step.seam.carry.owed > 0;
        let has_nul = core.checks_lines() && is_shown && step.window.first_nul(range.clone())?.is_some();
        self.order.report(step, Searched { range, number: open.number, hits: Hits::All(hits), has_nul })
    }
}

impl LineMode for Lines<'_> {
    type Found = LinesFound;

    fn core(&self) -> &Core<'_> {
        self.order.core
    }

    fn scan(&self, worker: &mut Worker<'_>, view: View<'_>) -> LinesFound {
        let core = self.order.core;
        let numbered = core.options.line_numbers;
        let (hits, newlines) = match self.search {
            Search::First if numbered => self.first_and_newlines(worker, view),
            search => {
                let newlines = if numbered { newlines::count(view.bytes, view.terminator) } else { 0 };
                let limit = if let Search::UpTo(limit) = search { limit } else { 1 };
                (core.select(worker, view.bytes, limit), newlines)
            }
        };
        // Context may be due at the start of a window without hits.
        let may_show = !hits.is_empty() || core.options.context.after > 0;
        let has_nul = core.checks_lines() && may_show && memchr(0, view.bytes).is_some();
        let hits = match (self.search, hits.first()) {
            (Search::First, Some(&first)) => {
                worker.spare_hits = hits;
                match has_nul {
                    false => Hits::From(first),
                    true => Hits::All(core.select(worker, view.bytes, u64::MAX)),
                }
            }
            _ => Hits::All(hits),
        };
        LinesFound { hits, newlines, has_nul }
    }

    fn join(
        &self,
        step: &mut LineStep<'_, '_>,
        range: Range<u64>,
        found: LinesFound,
    ) -> Result<ControlFlow<()>, Error> {
        let LinesFound { hits, newlines, has_nul } = found;
        let number = step.seam.newlines + 1;
        step.seam.newlines += newlines;
        self.order.report(step, Searched { range, number, hits, has_nul })
    }

    fn join_long_line(&self, step: &mut LineStep<'_, '_>, open: OpenLine, end: u64) -> Result<ControlFlow<()>, Error> {
        self.report_long_line(step, open, end)
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

    fn found_size(found: &LinesFound) -> usize {
        match &found.hits {
            Hits::All(hits) => hits.capacity() * size_of::<Span>(),
            Hits::From(_) => 0,
        }
    }
}
