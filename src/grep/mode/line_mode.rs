//! What a mode that takes whole lines has to say.

use std::ops::{ControlFlow, Range};

use crate::{
    error::Error,
    grep::{
        core::{Core, Worker},
        long::{open::OpenLine, split::Wanted},
        order::{ResumeAt, Step, section::Plan},
        output::Output,
        view::View,
    },
    scan::{seam::Matches, window::Window},
};

/// The join of a window of lines; it carries the long line that the window before ended in.
pub(crate) type LineStep<'s, 'w> = Step<'s, 'w, Option<OpenLine>>;

/// A mode that takes whole lines, and long lines in parts. [`ByLine`](super::by_line::ByLine) runs it.
///
/// `scan` runs on many windows at a time; what begins with `join` runs in file order; `format` runs on many plans at a
/// time.
pub(crate) trait LineMode: Sync {
    /// What a worker finds in whole lines.
    type Found: Send;

    /// What all modes share.
    fn core(&self) -> &Core<'_>;

    /// Searches whole lines.
    fn scan(&self, worker: &mut Worker<'_>, lines: View<'_>) -> Self::Found;

    /// Whether what was found in the lines before the place where a file was cut is of use without the rest.
    fn takes_lines_before_cut(&self) -> bool {
        true
    }

    /// Takes what was found in the lines of a range of the file.
    fn join(
        &self,
        step: &mut LineStep<'_, '_>,
        range: Range<u64>,
        found: Self::Found,
    ) -> Result<ControlFlow<()>, Error>;

    /// Which matches of a long line are wanted.
    fn wanted(&self) -> Wanted {
        Wanted::Any
    }

    /// Takes the matches in a part of a long line, where every one is wanted and there are some.
    fn join_matches(
        &self,
        _step: &mut LineStep<'_, '_>,
        _open: &mut OpenLine,
        _part: Range<u64>,
        _matches: Matches,
    ) -> Result<ControlFlow<()>, Error> {
        Ok(ControlFlow::Continue(()))
    }

    /// Takes a long line of which more parts come behind `upto`.
    fn join_open(&self, step: &mut LineStep<'_, '_>, open: OpenLine, _upto: u64) -> ControlFlow<()> {
        step.seam.own = Some(open);
        ControlFlow::Continue(())
    }

    /// Takes a long line that ends at `end`.
    fn join_long_line(&self, step: &mut LineStep<'_, '_>, open: OpenLine, end: u64) -> Result<ControlFlow<()>, Error>;

    /// Where a search that was stopped can be taken up again.
    fn resume_at(&self) -> ResumeAt {
        ResumeAt::Line
    }

    /// Formats the next piece of a plan. True while there is more to come.
    fn format(
        &self,
        _worker: &mut Worker<'_>,
        _window: &Window<'_>,
        _plan: &mut Plan,
        _out: &mut Output,
    ) -> Result<bool, Error> {
        Ok(false)
    }

    /// How many bytes of memory findings take.
    fn found_size(_found: &Self::Found) -> usize {
        0
    }
}
