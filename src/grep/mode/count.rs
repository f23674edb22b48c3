//! Counting selected lines, or the matches in them.

use std::ops::{ControlFlow, Range};

use memchr::memchr;

use super::line_mode::{LineMode, LineStep};
use crate::{
    error::Error,
    grep::{
        core::{Core, Seam, Worker},
        lines::{self, Counts},
        long::{open::OpenLine, split::Wanted},
        view::View,
    },
    matcher::Cache,
};

/// Counts selected lines, or the matches in them.
pub(crate) struct Count<'c> {
    core: &'c Core<'c>,
    what: Counted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Lines,
    Matches,
}

/// What was counted in the lines of a window.
pub(crate) struct CountFound {
    counts: Counts,
    has_nul: bool,
}

impl<'c> Count<'c> {
    pub(crate) fn new(core: &'c Core<'c>, what: Counted) -> Self {
        Count { core, what }
    }

    /// Counts in the first `limit` selected lines.
    fn count(&self, cache: &mut Cache, view: View<'_>, limit: u64) -> Counts {
        let core = self.core;
        if core.match_range.cuts(&view.range()) {
            return core.match_range.select(core.matcher, cache, view, limit).1;
        }
        lines::count(core.matcher, cache, view.bytes, core.options.invert, self.what == Counted::Matches, limit)
    }

    /// The offset of the first NUL in the first `limit` selected lines.
    fn first_counted_nul(&self, bytes: &[u8], limit: u64) -> Option<u64> {
        let matcher = self.core.matcher;
        let (mut found, mut counted) = (None, 0);
        lines::select(matcher, &mut matcher.create_cache(), bytes, self.core.options.invert, |line| {
            counted += 1;
            found = memchr(0, &bytes[line.range()]).map(|at| (line.start + at) as u64);
            found.is_none() && counted < limit
        });
        found
    }
}

impl<O> Seam<O> {
    /// Adds what was counted up to an offset.
    pub(crate) fn add_counts(&mut self, counts: Counts, end: u64) -> ControlFlow<()> {
        self.carry.left = self.carry.left.map(|left| left - counts.lines);
        self.summary.matched_lines += counts.lines;
        self.summary.matches += counts.matches;
        if self.carry.left != Some(0) {
            return ControlFlow::Continue(());
        }
        self.summary.bytes_searched = end;
        ControlFlow::Break(())
    }
}

impl LineMode for Count<'_> {
    type Found = CountFound;

    fn core(&self) -> &Core<'_> {
        self.core
    }

    fn scan(&self, worker: &mut Worker<'_>, view: View<'_>) -> CountFound {
        let counts = self.count(&mut worker.cache, view, self.core.limit.unwrap_or(u64::MAX));
        // A binary file is counted like any other, unless the search ends where it turns out to be one.
        let has_nul = self.core.quits_at_nul() && counts.lines > 0 && memchr(0, view.bytes).is_some();
        CountFound { counts, has_nul }
    }

    /// How many lines there are in a file that was cut, nobody needs to know.
    fn takes_lines_before_cut(&self) -> bool {
        false
    }

    fn join(
        &self,
        step: &mut LineStep<'_, '_>,
        range: Range<u64>,
        found: CountFound,
    ) -> Result<ControlFlow<()>, Error> {
        let CountFound { mut counts, has_nul } = found;
        let (seam, window) = (&mut *step.seam, step.window);
        let left = seam.carry.left.unwrap_or(u64::MAX);
        if has_nul {
            let nul = window.read(range.clone(), |bytes| self.first_counted_nul(bytes, left))?;
            if let Some(at) = nul {
                seam.binary = Some(range.start + at);
                return Ok(ControlFlow::Break(()));
            }
        }
        if counts.lines > left {
            counts = window.read(range.clone(), |bytes| {
                let view = View { bytes, base: range.start, terminator: self.core.matcher.terminator() };
                self.count(&mut self.core.matcher.create_cache(), view, left)
            })?;
        }
        Ok(seam.add_counts(counts, range.start + counts.end as u64))
    }

    fn wanted(&self) -> Wanted {
        match self.what {
            Counted::Matches if !self.core.options.invert => Wanted::Every,
            _ => Wanted::Any,
        }
    }

    fn join_open(&self, step: &mut LineStep<'_, '_>, open: OpenLine, upto: u64) -> ControlFlow<()> {
        if self.core.end() == upto && self.core.match_range.bounds().is_some() {
            // The rest of the line lies behind the range.
            let counts = Counts { lines: u64::from(open.any), matches: open.matches, end: 0 };
            return step.seam.add_counts(counts, upto);
        }
        step.seam.own = Some(open);
        ControlFlow::Continue(())
    }

    fn join_long_line(&self, step: &mut LineStep<'_, '_>, open: OpenLine, end: u64) -> Result<ControlFlow<()>, Error> {
        let invert = self.core.options.invert;
        let selected = open.any != invert;
        if selected && self.core.quits_at_nul() {
            step.seam.binary = step.window.first_nul(open.start..end)?;
            if step.seam.binary.is_some() {
                return Ok(ControlFlow::Break(()));
            }
        }
        // A line that is selected for what it lacks counts as one match.
        let matches = if invert { 1 } else { open.matches };
        let counts = Counts { lines: u64::from(selected), matches: if selected { matches } else { 0 }, end: 0 };
        Ok(step.seam.add_counts(counts, end))
    }
}
