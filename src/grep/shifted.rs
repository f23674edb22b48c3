//! Lines whose offsets are counted from another place than that of the text that is searched.

use std::ops::Range;

use super::{Format, Line, LongMatches, Summary, format::all_but_lines_of_its_format};

/// A [`Format`] that shows lines at offsets which are `by` bytes further on, or back: for a text that does not begin
/// where its file or stream does, as behind a byte order mark.
///
/// # Examples
///
/// ```
/// use mapgrep::grep::{Format, Line, LineKind, Shifted};
///
/// struct Offsets;
///
/// impl Format for Offsets {
///     fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
///         out.extend(line.offset.to_string().bytes());
///     }
/// }
///
/// let line = Line { kind: LineKind::Match, bytes: b"text", offset: 0, skipped: 0, number: None, matches: &[] };
/// let mut out = vec![];
/// Shifted { format: &Offsets, by: 3 }.line(&line, &mut out);
/// assert_eq!(out, b"3");
/// ```
#[derive(Clone, Copy)]
pub struct Shifted<'a> {
    /// What shows the lines.
    pub format: &'a dyn Format,
    /// How many bytes further on.
    pub by: i64,
}

impl Shifted<'_> {
    /// The offset at which this offset of the text is shown.
    #[must_use]
    pub fn offset(&self, offset: u64) -> u64 {
        offset.saturating_add_signed(self.by)
    }

    /// The range of the text that is shown as this one.
    pub fn back(&self, range: Range<u64>) -> Range<u64> {
        range.start.saturating_add_signed(-self.by)..range.end.saturating_add_signed(-self.by)
    }

    /// What was found, but for how many bytes were searched, which is a number and no offset.
    pub fn summary(&self, summary: Summary) -> Summary {
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
