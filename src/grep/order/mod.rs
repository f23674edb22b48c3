//! Lines in their order: what is to be reported of a window, and its formatting.
//!
//! The join sees the selected lines of each window in file order and plans [sections](section::Section) of lines.
//! Workers [walk](walk::Walk) through the sections and format each line.

mod format;
mod join;
pub(crate) mod section;
pub(crate) mod walk;

use super::core::{Core, Seam};
use crate::scan::window::Window;
use section::{Hits, Plan};
use std::ops::Range;

/// Reports lines: plans them in the join, and formats them.
#[derive(Clone, Copy)]
pub(crate) struct Order<'c> {
    pub(crate) core: &'c Core<'c>,
    pub(crate) unit: Unit,
    pub(crate) resume_at: ResumeAt,
}

/// What is selected at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A line.
    Line,
    /// The lines that share matches.
    Block,
}

/// Where a search can be taken up again that was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResumeAt {
    /// Where a line begins.
    Line,
    /// Where a match begins, as each match is in a range or not by itself.
    Match,
    /// Where the output ended: which lines share a match is not known before the end of the last of them.
    Output,
}

/// The join of one window: what it carries on, what it looks at, and what it plans.
pub(crate) struct Step<'s, 'w, O> {
    pub(crate) seam: &'s mut Seam<O>,
    pub(crate) window: &'s Window<'w>,
    pub(crate) plan: &'s mut Plan,
}

/// Lines that were searched.
pub(crate) struct Searched {
    /// Offsets in the file.
    pub(crate) range: Range<u64>,
    /// The number of the first line.
    pub(crate) number: u64,
    /// Which of them are selected.
    pub(crate) hits: Hits,
    /// One of them may have a NUL byte.
    pub(crate) has_nul: bool,
}

impl<'c> Order<'c> {
    pub(crate) fn new(core: &'c Core<'c>, unit: Unit, resume_at: ResumeAt) -> Self {
        Order { core, unit, resume_at }
    }
}
