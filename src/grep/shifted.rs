//! Lines whose offsets are counted from another place than that of the text that is searched.

#[cfg(feature = "cli")]
use std::ops::Range;

use super::{Format, Line, LongMatches, Summary, format::all_but_lines_of_its_format};

/// Shows lines, and says what was found, at offsets that are so many bytes further on, or back.
pub(crate) struct Shifted<'a> {
    pub(crate) format: &'a dyn Format,
    pub(crate) by: i64,
}

impl Shifted<'_> {
    pub(crate) fn offset(&self, offset: u64) -> u64 {
        offset.saturating_add_signed(self.by)
    }

    /// The range of the text that is shown as this one.
    #[cfg(feature = "cli")]
    pub(crate) fn back(&self, range: Range<u64>) -> Range<u64> {
        range.start.saturating_add_signed(-self.by)..range.end.saturating_add_signed(-self.by)
    }

    /// What was found, but for how many bytes were searched, which is a number and no offset.
    pub(crate) fn summary(&self, summary: Summary) -> Summary {
        let shift = |offset: Option<u64>| offset.map(|offset| self.offset(offset));
        Summary { stopped_at: shift(summary.stopped_at), binary: shift(summary.binary), ..summary }
    }

    fn line_at<'l>(&self, line: &Line<'l>) -> Line<'l> {
        Line { offset: self.offset(line.offset), ..*line }
    }
}

impl Format for Shifted<'_> {
    all_but_lines_of_its_format!();

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        self.format.line(&self.line_at(line), out);
    }

    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        self.format.long_line(&self.line_at(line), matches, emit);
    }
}
