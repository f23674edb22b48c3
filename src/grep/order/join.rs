//! The serial part of reporting: what is to be shown of a window, and what the next window has to know of it.

use std::ops::{ControlFlow, Range};

use memchr::memchr;

use super::{
    Order, Searched, Step, Unit,
    section::{Hits, Progress, Section},
    walk::{Event, Walk},
};
use crate::{
    error::Error,
    grep::{core::Seam, format::LineKind, lines::matches_in, options::Binary, view::View},
    scan::{newlines, window::Window},
    span::Span,
};

impl Order<'_> {
    /// Plans the report of some lines.
    pub(crate) fn report<O>(&self, step: &mut Step<'_, '_, O>, searched: Searched) -> Result<ControlFlow<()>, Error> {
        let Searched { range: lines, number, mut hits, has_nul } = searched;
        let Step { seam, window, plan } = step;
        if seam.carry.is_over() {
            return Ok(ControlFlow::Break(()));
        }
        let first = match &mut hits {
            Hits::From(first) if seam.binary.is_some() => {
                // In a binary file the search ends there.
                let first = *first;
                hits = Hits::All(vec![first]);
                Some(first)
            }
            Hits::From(_) => {
                let at = Progress::new(Walk::new(seam.carry), lines.start, number);
                plan.push(Section::new(lines, hits, at));
                return Ok(ControlFlow::Continue(()));
            }
            Hits::All(hits) if hits.is_empty() && seam.carry.owed == 0 => return Ok(ControlFlow::Continue(())),
            Hits::All(hits) => hits.first().copied(),
        };
        let start = self.start_of_context(seam, window, &lines, first)?;
        let before_nul = self.core.checks_lines() && start < lines.start && {
            let nul = window.first_nul(start..lines.start)?;
            nul.is_some()
        };
        let mut at = Progress::new(Walk::new(seam.carry), start, number);
        if self.core.options.line_numbers && start < lines.start {
            let before = |bytes: &[u8]| newlines::count(bytes, self.core.matcher.terminator());
            // Fewer than were counted before, but for a file that was changed since.
            at.number = at.number.saturating_sub(window.read(start..lines.start, before)?);
        }
        let mut section = Section { start, ..Section::new(lines, hits, at) };
        if seam.binary.is_some() || has_nul || before_nul {
            section.at.events = self.walk_to_binary(seam, window, &section)?;
        } else {
            self.walk_to_end(seam, window, &section)?;
        }
        let flow = match section.at.events {
            Some(_) => {
                seam.summary.bytes_searched = seam.carry.selected_upto;
                ControlFlow::Break(())
            }
            None => seam.end_when_over(),
        };
        plan.push(section);
        Ok(flow)
    }

    /// Where the context before the first selected line begins, or the lines do.
    fn start_of_context<O>(
        &self,
        seam: &Seam<O>,
        window: &Window<'_>,
        lines: &Range<u64>,
        first: Option<Span>,
    ) -> Result<u64, Error> {
        let before = self.core.options.context.before;
        match first {
            Some(first) if before > 0 => {
                let first = lines.start + first.start as u64;
                Ok(window.lines_before(first, before, seam.carry.upto)?.min(lines.start))
            }
            _ => Ok(lines.start),
        }
    }

    /// Advances the carry over a section without looking at what needs no looking at.
    fn walk_to_end<O>(&self, seam: &mut Seam<O>, window: &Window<'_>, section: &Section) -> Result<(), Error> {
        let (hits, hits_base) = (section.hits(), section.lines.start);
        let mut walk = section.at.walk;
        let options = self.core.options;
        if self.unit == Unit::Line {
            if options.passthru && walk.carry.left.is_none() {
                // Every line is shown, so there is nothing to carry but where they end.
                walk.carry.upto = section.lines.end;
                walk.carry.any = true;
                seam.carry = walk.carry;
                seam.summary.matched_lines += hits.len() as u64;
                return Ok(());
            }
            // Blocks are not skipped: how many lines each has is known after a look at it.
            walk.skip_to_last(hits, hits_base);
        }
        let skipped = walk.skipped();
        let selected = window.read(section.start..section.lines.end, |bytes| {
            let view = View { bytes, base: section.start, terminator: self.core.matcher.terminator() };
            let mut selected = 0;
            while let Some(event) = walk.next(view, hits, hits_base, options.context) {
                if let Event::Line { kind: LineKind::Match, start, end } = event {
                    selected += match self.unit {
                        Unit::Line => 1,
                        Unit::Block => view.count_lines(start..end),
                    };
                }
            }
            selected
        })?;
        seam.carry = walk.carry;
        seam.summary.matched_lines += skipped + selected;
        Ok(())
    }

    /// Goes through all events of a section up to the first line that counts as binary; returns how many there are
    /// before it, if there is one.
    fn walk_to_binary<O>(
        &self,
        seam: &mut Seam<O>,
        window: &Window<'_>,
        section: &Section,
    ) -> Result<Option<u64>, Error> {
        let core = self.core;
        let mut walk = section.at.walk;
        let mut events = 0;
        let (mut selected, mut found, mut after_break) = (0, None, false);
        let known = seam.binary;
        window.read(section.start..section.lines.end, |bytes| {
            let view = View { bytes, base: section.start, terminator: core.matcher.terminator() };
            while let Some(event) = walk.next(view, section.hits(), section.lines.start, core.options.context) {
                if let Event::Line { kind, start, end } = event {
                    let nul = || memchr(0, view.slice(start..end)).map(|at| start + at as u64);
                    found = known.or_else(|| if core.checks_lines() { nul() } else { None });
                    // That a line is suppressed does not undo that it was selected.
                    let counts = found.is_none() || core.options.binary == Binary::Suppress;
                    selected += u64::from(kind == LineKind::Match && counts);
                    if found.is_some() {
                        // Nothing is shown behind a break that a line would have followed.
                        events -= u64::from(after_break && !counts && kind == LineKind::Match);
                        if core.wants_matches && kind == LineKind::Match && counts {
                            self.count_suppressed(view.slice(start..end));
                        }
                        return;
                    }
                }
                events += 1;
                after_break = event == Event::Break;
            }
        })?;
        seam.carry = walk.carry;
        seam.summary.matched_lines += selected;
        seam.binary = found.or(seam.binary);
        Ok(found.map(|_| events))
    }

    /// Counts the matches in a line that is not going to be formatted.
    fn count_suppressed(&self, line: &[u8]) {
        let mut matches = vec![];
        matches_in(self.core.matcher, &mut self.core.matcher.create_cache(), line, &mut matches);
        self.core.add_formatted(0, matches.len() as u64);
    }
}
