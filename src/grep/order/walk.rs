//! In which order lines are reported: selected lines, the context around them, and the breaks between groups.
//!
//! A [`Walk`] goes through one window. What the next window has to know of it is small and comes out at its end, so
//! the serial part of a search skips to that end while the workers take the long way in parallel.

use crate::{
    grep::{format::LineKind, options::Context, view::View},
    span::Span,
};

/// What is carried from one window to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carry {
    /// Up to where lines have been reported or passed over, as an offset in the file.
    pub(crate) upto: u64,
    /// Some line has been reported.
    pub(crate) any: bool,
    /// How many lines of context are still due behind the last selected line.
    pub(crate) owed: usize,
    /// How many more lines may be selected; none stands for any number.
    pub(crate) left: Option<u64>,
    /// The offset just past the last selected line.
    pub(crate) selected_upto: u64,
}

impl Carry {
    /// True when nothing more can be reported.
    pub(crate) fn is_over(&self) -> bool {
        self.left == Some(0) && self.owed == 0
    }
}

/// What is reported next. Offsets are in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Break,
    Line { kind: LineKind, start: u64, end: u64 },
}

/// A walk over the events of one window. It borrows nothing, so that it can be laid aside and taken up again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub(crate) carry: Carry,
    /// The next of the selected lines.
    next: usize,
    /// What is passed over before that line has been passed over.
    approached: bool,
}

impl Walk {
    pub(crate) fn new(carry: Carry) -> Self {
        Walk { carry, next: 0, approached: false }
    }

    /// Passes over all selected lines that leave no trace in what is carried out of the window: those before the last
    /// one that may still be selected.
    pub(crate) fn skip_to_last(&mut self, hits: &[Span], hits_base: u64) {
        let count = match self.carry.left {
            Some(left) => hits.len().min(usize::try_from(left).unwrap_or(usize::MAX)),
            None => hits.len(),
        };
        if let Some(last) = count.checked_sub(1) {
            self.next = last;
            self.carry.left = self.carry.left.map(|left| left - last as u64);
            self.carry.upto = hits_base + hits[last].start as u64;
            self.carry.owed = 0;
        }
    }

    /// How many selected lines were passed over.
    pub(crate) fn skipped(&self) -> u64 {
        self.next as u64
    }

    /// The next event. The view must begin at or before the context of the first of the hits, and end with the lines of
    /// the window.
    pub(crate) fn next(&mut self, view: View<'_>, hits: &[Span], hits_base: u64, context: Context) -> Option<Event> {
        let carry = &mut self.carry;
        // Behind the last line that may be selected there is nothing but context, whether or not a line matches.
        let hit = hits.get(self.next).filter(|_| carry.left != Some(0));
        let hit = hit.map(|hit| (hits_base + hit.start as u64, hits_base + hit.end as u64));
        if carry.owed > 0 && carry.upto < hit.map_or(view.end(), |(start, _)| start) {
            carry.owed -= 1;
            return Some(self.context_line(view, LineKind::After));
        }
        let (start, end) = hit?;
        if !std::mem::replace(&mut self.approached, true) && carry.upto < start {
            let group = match context.before {
                0 => start,
                n => view.lines_before(start, n, carry.upto),
            };
            let gap = carry.upto < group;
            carry.upto = group;
            if gap && carry.any && !context.is_none() {
                return Some(Event::Break);
            }
        }
        if carry.upto < start {
            return Some(self.context_line(view, LineKind::Before));
        }
        self.next += 1;
        self.approached = false;
        carry.upto = end;
        carry.selected_upto = end;
        carry.any = true;
        carry.left = carry.left.map(|left| left - 1);
        carry.owed = context.after;
        Some(Event::Line { kind: LineKind::Match, start, end })
    }

    fn context_line(&mut self, view: View<'_>, kind: LineKind) -> Event {
        let start = self.carry.upto;
        let end = view.line_end(start);
        self.carry.upto = end;
        self.carry.any = true;
        Event::Line { kind, start, end }
    }
}
