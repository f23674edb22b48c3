//! Whether any line is selected.

use std::ops::{ControlFlow, Range};

use super::{
    count::{Count, CountFound, Counted},
    line_mode::{LineMode, LineStep},
};
use crate::{
    error::Error,
    grep::{
        core::{Core, Worker},
        long::open::OpenLine,
        view::View,
    },
};

/// Looks for one selected line: a count of one line, which does not wait for the end of a long line that matches.
pub(crate) struct AnyLine<'c> {
    count: Count<'c>,
}

impl<'c> AnyLine<'c> {
    pub(crate) fn new(core: &'c Core<'c>) -> Self {
        AnyLine { count: Count::new(core, Counted::Lines) }
    }
}

impl LineMode for AnyLine<'_> {
    type Found = CountFound;

    fn core(&self) -> &Core<'_> {
        self.count.core()
    }

    fn scan(&self, worker: &mut Worker<'_>, view: View<'_>) -> CountFound {
        self.count.scan(worker, view)
    }

    fn join(
        &self,
        step: &mut LineStep<'_, '_>,
        range: Range<u64>,
        found: CountFound,
    ) -> Result<ControlFlow<()>, Error> {
        self.count.join(step, range, found)
    }

    fn join_open(&self, step: &mut LineStep<'_, '_>, open: OpenLine, upto: u64) -> ControlFlow<()> {
        let core = self.core();
        if !open.any || core.options.invert || core.quits_at_nul() {
            return self.count.join_open(step, open, upto);
        }
        step.seam.summary.matched_lines += 1;
        step.seam.summary.bytes_searched = upto;
        ControlFlow::Break(())
    }

    fn join_long_line(&self, step: &mut LineStep<'_, '_>, open: OpenLine, end: u64) -> Result<ControlFlow<()>, Error> {
        self.count.join_long_line(step, open, end)
    }
}
