//! The lines of a text that may match: those with literals, and those that patterns without a literal name.
//!
//! Two searches go over the text, each at its own pace: one for all literals, and one for the patterns without. Their
//! lines are merged here, in order.

use std::ops::ControlFlow;

use super::owned::OwnedLiterals;
use crate::{
    matcher::terminator::line_at,
    span::{PatternId, Span},
};

/// A search over candidate lines: what it notes of a line, and what it does at the end of one.
pub(super) trait CandidateLines {
    /// What was noted of a line.
    type Noted;
    type Stop;

    /// Begins a line, of which nothing is noted.
    fn start_line(&mut self);

    /// Notes a literal, and the offset in the text at which it starts.
    fn note(&mut self, offset: usize, literal: PatternId);

    /// Takes out what was noted, for lines before this one to be visited.
    fn take_noted(&mut self) -> Self::Noted;

    fn put_noted(&mut self, noted: Self::Noted);

    /// The next line that a pattern without a literal may match, in the text from the start of a line on.
    fn next_other(&mut self, at: usize) -> Option<Span>;

    /// Visits a line of which everything is noted. `is_other` says that [`next_other`](Self::next_other) named it.
    fn visit(&mut self, line: Span, is_other: bool) -> ControlFlow<Self::Stop>;
}

/// Visits the candidate lines in a text from `at` on; the first one begins there.
pub(super) fn each_candidate_line<L: CandidateLines>(
    lines: &mut L,
    literals: &OwnedLiterals,
    terminator: u8,
    text: &[u8],
    at: usize,
) -> ControlFlow<L::Stop> {
    let mut other = lines.next_other(at);
    let mut line = Span::new(at, at);
    lines.start_line();
    if !literals.is_empty() {
        literals.each_place(text, at..text.len() + 1, |offset, literal| {
            if offset >= line.end {
                finish_line(lines, line, &mut other)?;
                line = line_at(terminator, text, line.end, offset);
                lines.start_line();
            }
            lines.note(offset, literal);
            ControlFlow::Continue(())
        })?;
        finish_line(lines, line, &mut other)?;
    }
    while let Some(line) = other {
        lines.start_line();
        lines.visit(line, true)?;
        other = lines.next_other(line.end);
    }
    ControlFlow::Continue(())
}

/// Visits the lines before `line` that have no literal, and that line.
fn finish_line<L: CandidateLines>(lines: &mut L, line: Span, other: &mut Option<Span>) -> ControlFlow<L::Stop> {
    if line.is_empty() {
        return ControlFlow::Continue(());
    }
    if other.is_some_and(|other| other.start < line.start) {
        let noted = lines.take_noted();
        while let Some(before) = other.filter(|other| other.start < line.start) {
            lines.start_line();
            lines.visit(before, true)?;
            *other = lines.next_other(before.end);
        }
        lines.put_noted(noted);
    }
    let is_other = *other == Some(line);
    lines.visit(line, is_other)?;
    if is_other {
        *other = lines.next_other(line.end);
    }
    ControlFlow::Continue(())
}
