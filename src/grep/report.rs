//! From a section to output: each line, with its number and its matches, goes through the [`Format`](super::Format).

use std::{
    cell::RefCell,
    ops::{ControlFlow, Range},
};

use super::{
    Line, LineKind, LongMatches,
    lines::{self, matches_in},
    section::{Hits, Progress, Section},
    stages::{GrepStages, LongLine, Output, Worker},
    walk::{Event, View},
};
use crate::{
    error::Error,
    mapping::Mapping,
    matcher::{Cursor, Reach},
    scan::{Cancel, newlines, window::Window},
    span::{Match, Span},
};

/// How many known matches are formatted under one guard.
const BATCH: usize = 1024;

impl<'a> GrepStages<'a, '_> {
    /// Formats the next piece of a section. True while there is more to come.
    pub(super) fn format_section(
        &self,
        worker: &mut Worker<'a>,
        window: &Window<'_>,
        section: &mut Section,
        out: &mut Output,
    ) -> Result<bool, Error> {
        let Section { lines, start, hits, known, part_of, at } = section;
        let hits = match hits {
            Hits::All(hits) => hits,
            Hits::From(first) => return self.format_free(worker, window, lines.clone(), first.start, at, out),
        };
        let more = window.read(*start..lines.end, |bytes| {
            let view = View { bytes, base: *start, terminator: self.matcher.terminator() };
            while !at.in_part && at.events != Some(0) {
                if out.is_full() {
                    return true;
                }
                let Some(event) = at.walk.next(view, hits, lines.start, self.options.context) else { break };
                at.events = at.events.map(|events| events - 1);
                match event {
                    Event::Break => self.format.context_break(&mut out.bytes),
                    Event::Line { kind: LineKind::Match, .. } if part_of.is_some() => at.in_part = true,
                    Event::Line { .. } => self.format_event(worker, view, event, known, at, out),
                }
            }
            false
        })?;
        if more || !at.in_part {
            return Ok(more);
        }
        // The matches in a part of a long line.
        while let (Some(line), Some(first)) = (*part_of, known.get(at.known)) {
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
                let number = self.options.line_numbers.then_some(at.number);
                let (kind, matches) = (LineKind::Match, &worker.matches[..]);
                let line = Line { kind, bytes, offset: start, skipped: start - line, number, matches };
                self.format.line(&line, &mut out.bytes);
            })?;
            worker.counted += batch.len() as u64;
            at.known += batch.len();
        }
        Ok(false)
    }

    fn format_event(
        &self,
        worker: &mut Worker<'a>,
        view: View<'_>,
        event: Event,
        known: &[Match],
        at: &mut Progress,
        out: &mut Output,
    ) {
        let Event::Line { kind, start, end } = event else { return };
        let range = start..end;
        let number = self.number(view, range.clone(), at);
        let is_long = range.end - range.start > self.longest_formatted;
        let bytes = view.slice(range.start, range.end);
        worker.matches.clear();
        if self.multiline {
            let relative = |m: &Match| Span::new((m.start - range.start) as usize, (m.end - range.start) as usize);
            let end = self.end_of_matches(bytes, range.end);
            let inside = known[at.known..].iter().take_while(|m| kind == LineKind::Match && m.start < end);
            worker.matches.extend(inside.map(relative));
            at.known += worker.matches.len();
        }
        if is_long {
            let first = worker.matches.first().map(|m| range.start + m.start as u64);
            out.long = Some(LongLine { kind, range, number, first });
            return;
        }
        if !self.multiline && self.shows_matches(kind) {
            matches_in(self.matcher, &mut worker.cache, bytes, &mut worker.matches);
            self.keep_in_range(&range, &mut worker.matches);
        }
        if kind == LineKind::Match {
            worker.counted += worker.matches.len() as u64;
        }
        let line = Line { kind, bytes, offset: range.start, skipped: 0, number, matches: &worker.matches };
        self.format.line(&line, &mut out.bytes);
    }

    /// Before which offset the matches in a line or several start that ends at `end`: behind the last byte of a file that does
    /// not end with a line end there may be an empty one.
    fn end_of_matches(&self, bytes: &[u8], end: u64) -> u64 {
        end + u64::from(bytes.last() != Some(&self.matcher.terminator()))
    }

    /// Formats lines that are searched for at the same time, from `first` on.
    fn format_free(
        &self,
        worker: &mut Worker<'a>,
        window: &Window<'_>,
        range: Range<u64>,
        first: usize,
        at: &mut Progress,
        out: &mut Output,
    ) -> Result<bool, Error> {
        let done = at.searched;
        let base = range.start + done as u64;
        window.read(base..range.end, |bytes| {
            let view = View { bytes, base, terminator: self.matcher.terminator() };
            let skip = first.saturating_sub(done);
            let Worker { cache, matches, counted, counted_lines, .. } = worker;
            let mut report = |line: Span, matches: &[Span]| {
                let (start, end) = (line.start + skip, line.end + skip);
                at.searched = done + end;
                *counted_lines += 1;
                let range = base + start as u64..base + end as u64;
                let number = self.number(view, range.clone(), at);
                let kind = LineKind::Match;
                if range.end - range.start > self.longest_formatted {
                    out.long = Some(LongLine { kind, range, number, first: None });
                } else {
                    *counted += matches.len() as u64;
                    let bytes = &bytes[start..end];
                    let line = Line { kind, bytes, offset: range.start, skipped: 0, number, matches };
                    self.format.line(&line, &mut out.bytes);
                }
                !out.is_full()
            };
            if self.shows_matches(LineKind::Match) {
                lines::select_with_matches(self.matcher, cache, &bytes[skip..], matches, report);
            } else {
                let invert = self.options.invert;
                lines::select(self.matcher, cache, &bytes[skip..], invert, |line| report(line, &[]));
            }
        })?;
        Ok(out.is_full())
    }

    /// Formats a line that no worker could, on the thread that takes the output. Says whether all of it was emitted.
    pub(super) fn emit_long(
        &self,
        mapping: &Mapping,
        line: &LongLine,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(ControlFlow<()>, bool), Error> {
        let LongLine { kind, ref range, number, first } = *line;
        let (mut flow, mut is_whole, mut failed) = (ControlFlow::Continue(()), true, None);
        // A match on several lines is judged by what is around them.
        let around = match (self.multiline, self.matcher.longest()) {
            (false, _) => range.clone(),
            (true, longest) => {
                let behind = longest.map_or(u64::MAX, |longest| range.end.saturating_add(longest as u64));
                range.start.saturating_sub(Reach::LOOK_BEHIND as u64)..behind.min(mapping.len() as u64)
            }
        };
        let before = (range.start - around.start) as usize;
        mapping.read_before_fault(around.start as usize..around.end as usize, |around| {
            let bytes = &around[before..before + (range.end - range.start) as usize];
            let end = self.end_of_matches(bytes, range.end) - range.start;
            let cache = RefCell::new(self.matcher.cache());
            let walk = |each: &mut dyn FnMut(Span) -> ControlFlow<()>| {
                let cache = &mut cache.borrow_mut();
                if let Some(first) = first {
                    let cursor = Cursor::new(before + (first - range.start) as usize);
                    self.matcher.each_match(cache, around, cursor, |m, _| {
                        let is_inside = m.start < before + end as usize;
                        is_inside && each(Span::new(m.start - before, m.end - before)).is_continue()
                    });
                } else if !self.multiline && self.shows_matches(kind) {
                    lines::each_match_in(self.matcher, cache, bytes, |m| {
                        !self.is_in_range(range.start + m.start as u64) || each(m).is_continue()
                    });
                }
            };
            let matches = LongMatches::new(&walk);
            let line = Line { kind, bytes, offset: range.start, skipped: 0, number, matches: &[] };
            self.format.long_line(&line, &matches, &mut |piece| {
                if self.options.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
                    flow = ControlFlow::Break(());
                }
                if flow.is_break() || failed.is_some() || piece.is_empty() {
                    is_whole &= piece.is_empty();
                    return;
                }
                match mapping.check_intact(range.end as usize) {
                    Ok(()) => flow = emit(piece),
                    Err(error) => failed = Some(error),
                }
            });
            if kind == LineKind::Match && self.wants_matches {
                self.add_matches(matches.count());
            }
        })?;
        failed.map_or(Ok((flow, is_whole)), Err)
    }

    /// Whether a line comes with the matches in it. With `invert`, a selected line has none.
    pub(super) fn shows_matches(&self, kind: LineKind) -> bool {
        self.wants_matches && (kind == LineKind::Match) != self.options.invert
    }

    /// The number of a line, where numbers are wanted.
    fn number(&self, view: View<'_>, line: Range<u64>, at: &mut Progress) -> Option<u64> {
        self.options.line_numbers.then(|| {
            if at.numbered < line.start {
                at.number += newlines::count(view.slice(at.numbered, line.start), view.terminator);
            }
            let number = at.number;
            at.number += match self.multiline {
                true => newlines::count(view.slice(line.start, line.end), view.terminator),
                false => 1,
            };
            at.numbered = line.end;
            number
        })
    }
}
