//! From a section to output: each line, with its number and its matches, goes through the
//! [`Format`](crate::grep::Format).

use std::ops::Range;

use memchr::memrchr;

use super::{
    Order, ResumeAt, Unit,
    section::{Hits, Plan, Progress, Section},
    walk::Event,
};
use crate::{
    error::Error,
    grep::{
        core::{Core, Worker},
        format::{Line, LineKind},
        lines::{self, matches_in},
        output::{LongLine, Matches, Output},
        view::View,
    },
    scan::{ordered::Output as _, window::Window},
    span::{FileMatch, Span},
};

/// How many known matches are formatted under one guard.
const BATCH: usize = 1024;

/// What formatting a piece of a section writes to.
struct Target<'t, 'a> {
    worker: &'t mut Worker<'a>,
    at: &'t mut Progress,
    out: &'t mut Output,
}

impl Order<'_> {
    /// Formats the next piece of a plan. True while there is more to come.
    pub(crate) fn format(
        &self,
        worker: &mut Worker<'_>,
        window: &Window<'_>,
        plan: &mut Plan,
        out: &mut Output,
    ) -> Result<bool, Error> {
        let Some(section) = plan.sections.front_mut() else { return plan.cut.take().map_or(Ok(false), Err) };
        let before = section.at;
        let mut formatted = self.format_section(worker, window, section, out);
        if let Err(error) = formatted {
            // The file was cut since it was joined. The piece is made anew from the lines before the cut.
            out.clear();
            (worker.formatted_lines, worker.formatted_matches) = (0, 0);
            section.at = before;
            let error = self.cut_section(window, section, error)?;
            formatted = self.format_section(worker, window, section, out);
            plan.cut = Some(error);
            plan.sections.truncate(1);
        }
        let Some(section) = plan.sections.front() else { return Ok(false) };
        let more = formatted.inspect_err(|_| out.clear())?;
        let take = std::mem::take::<u64>;
        self.core.add_formatted(take(&mut worker.formatted_lines), take(&mut worker.formatted_matches));
        out.upto = self.done_upto(section, more);
        if more {
            return Ok(true);
        }
        if let Some(Section { hits, known, .. }) = plan.sections.pop_front() {
            if let Hits::All(hits) = hits {
                worker.spare_hits = hits;
            }
            worker.spare_matches = known;
        }
        match plan.cut.take_if(|_| plan.sections.is_empty()) {
            Some(error) => Err(error),
            None => Ok(!plan.sections.is_empty()),
        }
    }

    /// All lines, or matches, before this offset have been formatted.
    fn done_upto(&self, section: &Section, more: bool) -> u64 {
        match (&section.hits, section.part_of) {
            (_, Some(_)) if self.resume_at == ResumeAt::Match => {
                // A match behind the last byte of the file belongs to the range of that byte.
                let last = self.core.file.map_or(0, |file| (file.mapping.len() as u64).saturating_sub(1));
                section.known.get(section.at.known).map_or(section.lines.end, |m| m.start.min(last))
            }
            // The line goes on as long as not all of it was reported.
            (_, Some(line)) => line,
            (_, None) if !more => section.lines.end,
            (Hits::All(_), None) => section.at.walk.carry.upto,
            (Hits::From(_), None) => section.lines.start + section.at.searched as u64,
        }
    }

    /// Takes from a section what does not lie before the place where the file was cut.
    fn cut_section(&self, window: &Window<'_>, section: &mut Section, error: Error) -> Result<Error, Error> {
        let terminator = self.core.matcher.terminator();
        let done = section.done();
        let Some(cut) = window.cut_by(&error).filter(|&cut| cut > done && section.part_of.is_none()) else {
            return Err(error);
        };
        let newline = window.read(section.start..cut.min(section.lines.end), |bytes| memrchr(terminator, bytes))?;
        let Some(newline) = newline else { return Err(error) };
        section.cut(done.max(section.start + newline as u64 + 1));
        Ok(error)
    }

    /// Formats the next piece of a section. True while there is more to come.
    fn format_section(
        &self,
        worker: &mut Worker<'_>,
        window: &Window<'_>,
        section: &mut Section,
        out: &mut Output,
    ) -> Result<bool, Error> {
        let Section { lines, start, hits, known, part_of, at } = section;
        let hits = match hits {
            Hits::All(hits) => hits,
            Hits::From(first) => {
                let from = first.start;
                return self.find_and_format(window, lines.clone(), from, Target { worker, at, out });
            }
        };
        let more = window.read(*start..lines.end, |bytes| {
            let view = View { bytes, base: *start, terminator: self.core.matcher.terminator() };
            while !at.in_part && at.events != Some(0) {
                if out.is_full() {
                    return true;
                }
                let Some(event) = at.walk.next(view, hits, lines.start, self.core.options.context) else { break };
                at.events = at.events.map(|events| events - 1);
                match event {
                    Event::Break => self.core.format.context_break(&mut out.bytes),
                    Event::Line { kind: LineKind::Match, .. } if part_of.is_some() => at.in_part = true,
                    Event::Line { kind, start, end } => {
                        self.format_line(view, kind, start..end, known, &mut Target { worker, at, out });
                    }
                }
            }
            false
        })?;
        match (*part_of, at.in_part) {
            (Some(line), true) if !more => self.format_part(window, line, known, Target { worker, at, out }),
            _ => Ok(more),
        }
    }

    /// Formats the matches in a part of the long line that starts at `line`.
    fn format_part(
        &self,
        window: &Window<'_>,
        line: u64,
        known: &[FileMatch],
        target: Target<'_, '_>,
    ) -> Result<bool, Error> {
        let Target { worker, at, out } = target;
        while let Some(first) = known.get(at.known) {
            if out.is_full() {
                return Ok(true);
            }
            let batch = &known[at.known..known.len().min(at.known + BATCH)];
            let (start, end) = (first.start, batch.iter().map(|m| m.end).max().unwrap_or(first.end));
            worker.matches.clear();
            worker
                .matches
                .extend(batch.iter().map(|m| Span::new((m.start - start) as usize, (m.end - start) as usize)));
            window.read(start..end, |bytes| {
                let number = self.core.options.line_numbers.then_some(at.number);
                let (kind, matches) = (LineKind::Match, &worker.matches[..]);
                let line = Line { kind, bytes, offset: start, skipped: start - line, number, matches };
                self.core.format.line(&line, &mut out.bytes);
            })?;
            worker.formatted_matches += batch.len() as u64;
            at.known += batch.len();
        }
        Ok(false)
    }

    /// Formats a line or a block. Of a block the matches are known.
    fn format_line(
        &self,
        view: View<'_>,
        kind: LineKind,
        range: Range<u64>,
        known: &[FileMatch],
        target: &mut Target<'_, '_>,
    ) {
        let Target { worker, at, out } = target;
        let core = self.core;
        let number = self.number(view, range.clone(), at);
        let is_long = range.end - range.start > core.longest_formatted;
        let bytes = view.slice(range.clone());
        worker.matches.clear();
        match self.unit {
            Unit::Block => {
                let relative =
                    |m: &FileMatch| Span::new((m.start - range.start) as usize, (m.end - range.start) as usize);
                let end = core.end_of_matches(bytes, range.end);
                let inside = known[at.known..].iter().take_while(|m| kind == LineKind::Match && m.start < end);
                worker.matches.extend(inside.map(relative));
                at.known += worker.matches.len();
            }
            Unit::Line if !is_long && core.shows_matches(kind) => {
                matches_in(core.matcher, &mut worker.cache, bytes, &mut worker.matches);
                core.match_range.retain(&range, &mut worker.matches);
            }
            Unit::Line => {}
        }
        if is_long {
            let matches = match self.unit {
                Unit::Line => Matches::on_line(core.shows_matches(kind)),
                Unit::Block => Matches::from(worker.matches.first().map(|m| range.start + m.start as u64)),
            };
            out.long = Some(LongLine { kind, range, number, matches });
            return;
        }
        if kind == LineKind::Match {
            worker.formatted_matches += worker.matches.len() as u64;
        }
        let line = Line { kind, bytes, offset: range.start, skipped: 0, number, matches: &worker.matches };
        core.format.line(&line, &mut out.bytes);
    }

    /// Formats selected lines that are searched for at the same time, from `first` on.
    fn find_and_format(
        &self,
        window: &Window<'_>,
        range: Range<u64>,
        first: usize,
        target: Target<'_, '_>,
    ) -> Result<bool, Error> {
        let Target { worker, at, out } = target;
        let core = self.core;
        let done = at.searched;
        let base = range.start + done as u64;
        window.read(base..range.end, |bytes| {
            let view = View { bytes, base, terminator: core.matcher.terminator() };
            let skip = first.saturating_sub(done);
            let Worker { cache, matches, formatted_matches, formatted_lines, .. } = worker;
            let kind = LineKind::Match;
            let shows_matches = core.shows_matches(kind);
            let mut report = |line: Span, matches: &[Span]| {
                let (start, end) = (line.start + skip, line.end + skip);
                at.searched = done + end;
                *formatted_lines += 1;
                let range = base + start as u64..base + end as u64;
                let number = self.number(view, range.clone(), at);
                if range.end - range.start > core.longest_formatted {
                    out.long = Some(LongLine { kind, range, number, matches: Matches::on_line(shows_matches) });
                } else {
                    *formatted_matches += matches.len() as u64;
                    let bytes = &bytes[start..end];
                    let line = Line { kind, bytes, offset: range.start, skipped: 0, number, matches };
                    core.format.line(&line, &mut out.bytes);
                }
                !out.is_full()
            };
            if shows_matches {
                lines::select_with_matches(core.matcher, cache, &bytes[skip..], matches, report);
            } else {
                let invert = core.options.invert;
                lines::select(core.matcher, cache, &bytes[skip..], invert, |line| report(line, &[]));
            }
        })?;
        Ok(out.is_full())
    }

    /// The number of a line, where numbers are wanted.
    fn number(&self, view: View<'_>, line: Range<u64>, at: &mut Progress) -> Option<u64> {
        self.core.options.line_numbers.then(|| {
            if at.numbered < line.start {
                at.number += view.newlines(at.numbered..line.start);
            }
            let number = at.number;
            at.numbered = line.end;
            at.number += match self.unit {
                Unit::Block => view.newlines(line),
                Unit::Line => 1,
            };
            number
        })
    }
}

impl Core<'_> {
    /// Whether a line comes with the matches in it. With `invert`, a selected line has none.
    pub(crate) fn shows_matches(&self, kind: LineKind) -> bool {
        self.wants_matches && (kind == LineKind::Match) != self.options.invert
    }

    /// The matches in lines that end at `end` start before this offset: behind the last byte of a file without a line
    /// end there may be an empty one.
    pub(crate) fn end_of_matches(&self, bytes: &[u8], end: u64) -> u64 {
        end + u64::from(bytes.last() != Some(&self.matcher.terminator()))
    }
}
