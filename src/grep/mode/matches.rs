//! Reporting nothing but the matches of selected lines.

use std::ops::{ControlFlow, Range};

use memchr::memchr;

use super::{
    line_mode::{LineMode, LineStep},
    lines::{Lines, LinesFound},
};
use crate::{
    error::Error,
    grep::{
        core::{Core, Worker},
        long::{open::OpenLine, split::Wanted},
        order::{
            ResumeAt, Searched,
            section::{Hits, Plan, Progress, Section},
            walk::Walk,
        },
        output::Output,
        view::View,
    },
    scan::{newlines, seam, window::Window},
    span::Span,
};

/// Reports lines of which nothing but the matches is shown: those of a long line can be reported part by part, and a
/// range has the matches that start in it.
pub(crate) struct Matches<'c> {
    lines: Lines<'c>,
}

impl<'c> Matches<'c> {
    pub(crate) fn new(core: &'c Core<'c>) -> Self {
        let options = core.options;
        let is_apart = options.context.is_none() && options.last.is_none();
        Matches { lines: Lines::new(core, if is_apart { ResumeAt::Match } else { ResumeAt::Line }) }
    }

    /// Whether there is a NUL on the line that starts at `start`.
    fn has_nul(&self, window: &Window<'_>, start: u64) -> Result<bool, Error> {
        /// How many bytes are looked at in one step where a line may be of any length.
        const STEP_BYTES: u64 = 4 << 20;
        let terminator = self.core().matcher.terminator();
        let mut at = start;
        while at < window.end() {
            let upto = window.end().min(at + STEP_BYTES);
            let find = |bytes: &[u8]| memchr::memchr2(0, terminator, bytes).map(|found| bytes[found]);
            if let Some(byte) = window.read(at..upto, find)? {
                return Ok(byte == 0);
            }
            at = upto;
        }
        Ok(false)
    }
}

impl LineMode for Matches<'_> {
    type Found = LinesFound;

    fn core(&self) -> &Core<'_> {
        self.lines.order.core
    }

    fn scan(&self, worker: &mut Worker<'_>, view: View<'_>) -> LinesFound {
        let core = self.core();
        if !core.match_range.cuts(&view.range()) {
            return self.lines.scan(worker, view);
        }
        let limit = core.limit.unwrap_or(u64::MAX);
        let (hits, _) = core.match_range.select(core.matcher, &mut worker.cache, view, limit);
        let newlines = if core.options.line_numbers { newlines::count(view.bytes, view.terminator) } else { 0 };
        let has_nul = core.checks_lines() && !hits.is_empty() && memchr(0, view.bytes).is_some();
        LinesFound { hits: Hits::All(hits), newlines, has_nul }
    }

    fn join(
        &self,
        step: &mut LineStep<'_, '_>,
        range: Range<u64>,
        found: LinesFound,
    ) -> Result<ControlFlow<()>, Error> {
        self.lines.join(step, range, found)
    }

    fn wanted(&self) -> Wanted {
        Wanted::Every
    }

    fn join_matches(
        &self,
        step: &mut LineStep<'_, '_>,
        open: &mut OpenLine,
        part: Range<u64>,
        matches: seam::Matches,
    ) -> Result<ControlFlow<()>, Error> {
        if open.reported {
            let walk = Walk::new(step.seam.carry);
            let at = Progress { in_part: true, ..Progress::new(walk, part.start, open.number) };
            step.seam.carry.upto = part.end;
            let (known, part_of) = (matches.into_vec(), Some(open.start));
            step.plan.push(Section { known, part_of, ..Section::new(part, Hits::All(vec![]), at) });
            return Ok(ControlFlow::Continue(()));
        }
        // Behind the last line that may be selected, a line is context at most, and shown as a whole.
        if step.seam.carry.left == Some(0) {
            return Ok(ControlFlow::Continue(()));
        }
        if self.core().checks_lines() && !open.has_nul {
            open.has_nul = self.has_nul(step.window, open.start)?;
        }
        // What is not text is dealt with when the whole line is there.
        if step.seam.binary.is_some() || open.has_nul {
            return Ok(ControlFlow::Continue(()));
        }
        open.reported = true;
        let hit = Span::new(0, (part.end - open.start) as usize);
        let (range, number) = (open.start..part.end, open.number);
        let searched = Searched { range, number, hits: Hits::All(vec![hit]), has_nul: false };
        // The limit may be reached with this line, of which more parts come.
        let _ = self.lines.order.report(step, searched)?;
        let section = step.plan.sections.back_mut().expect("a section for the line that is selected");
        section.known = matches.into_vec();
        section.part_of = Some(open.start);
        Ok(match section.at.events {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        })
    }

    fn join_long_line(&self, step: &mut LineStep<'_, '_>, open: OpenLine, end: u64) -> Result<ControlFlow<()>, Error> {
        if !open.reported {
            return self.lines.report_long_line(step, open, end);
        }
        step.seam.carry.upto = end;
        step.seam.carry.selected_upto = end;
        Ok(step.seam.end_when_over())
    }

    fn resume_at(&self) -> ResumeAt {
        self.lines.order.resume_at
    }

    fn format(
        &self,
        worker: &mut Worker<'_>,
        window: &Window<'_>,
        plan: &mut Plan,
        out: &mut Output,
    ) -> Result<bool, Error> {
        self.lines.format(worker, window, plan, out)
    }

    fn found_size(found: &LinesFound) -> usize {
        Lines::found_size(found)
    }
}
