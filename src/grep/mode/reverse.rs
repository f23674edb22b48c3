//! Lines in the opposite order, from the end on.

use std::{marker::PhantomData, ops::Range};

use memchr::memchr;

use super::last::read_lines;
use crate::{
    error::Error,
    grep::{
        core::{Core, Seam, Start, Worker},
        format::{Line, LineKind},
        lines::{self, matches_in},
        options::Binary,
        output::{LongLine, Matches, Output},
        run::{Emit, Ended, run},
        view::View,
    },
    scan::{
        Pool, newlines,
        ordered::{self, Joined, Stages},
        pieces::Pieces,
        window::Window,
    },
    span::Span,
};

/// Reports the lines in the opposite order. The start knows how many line ends there are up to the end of the last
/// piece.
pub(crate) fn search_reversed(
    core: &Core<'_>,
    pieces: &Pieces<'_>,
    start: Start,
    pool: &Pool,
    emit: &mut Emit<'_>,
) -> Result<Ended, Error> {
    let counted = pieces.last().map_or(0, |piece| piece.range.end);
    let stages = Reverse { core, counted, windows: PhantomData };
    Ok(run(core, &stages, pieces.feed_backwards(), Seam::new(core, start, ()), pool, emit)?.0)
}

/// Lines in the opposite order.
struct Reverse<'c, 'w> {
    core: &'c Core<'c>,
    /// The end of the piece whose line ends were counted before the search.
    counted: usize,
    windows: PhantomData<fn(Window<'w>)>,
}

struct ReverseFound {
    lines: Range<u64>,
    newlines: u64,
    /// How many line ends there are up to the end of these lines, where the window is the first to be seen of its
    /// piece.
    newlines_upto: Option<u64>,
    hits: Vec<Span>,
    has_nul: bool,
}

struct ReversePlan {
    lines: Range<u64>,
    /// The lines to report that are left, in file order.
    hits: Vec<Span>,
    /// The number of a line that would start at `numbered`.
    number: u64,
    numbered: u64,
}

impl<'c, 'w> Stages for Reverse<'c, 'w> {
    type Item = Window<'w>;
    type Found = ReverseFound;
    type Plan = ReversePlan;
    type Seam = Seam<()>;
    type Worker = Worker<'c>;
    type Output = Output;

    fn worker(&self) -> Worker<'c> {
        self.core.worker()
    }

    fn failure(&self) -> Option<Error> {
        self.core.matcher.failure()
    }

    fn scan(&self, worker: &mut Worker<'c>, window: &Window<'w>) -> Result<ReverseFound, Error> {
        window.read_ahead();
        let core = self.core;
        let mut found = read_lines(window, core.near, |start, bytes| {
            let mut hits = vec![];
            lines::select(core.matcher, &mut worker.cache, bytes, core.options.invert, |line| {
                hits.push(line);
                true
            });
            let newlines = match core.options.line_numbers {
                true => newlines::count(bytes, core.matcher.terminator()),
                false => 0,
            };
            let has_nul = core.checks_lines() && !hits.is_empty() && memchr(0, bytes).is_some();
            ReverseFound { lines: start..start + bytes.len() as u64, newlines, newlines_upto: None, hits, has_nul }
        })?;
        if let Some(piece) = window.ends_piece()
            && core.options.line_numbers
            && piece.range.end != self.counted
        {
            let count = |bytes: &[u8]| newlines::count(bytes, core.matcher.terminator());
            let before = window.read(piece.range.start as u64..found.lines.start, count)?;
            found.newlines_upto = Some(piece.newlines + before + found.newlines);
        }
        Ok(found)
    }

    fn join(
        &self,
        seam: &mut Seam<()>,
        window: &Window<'w>,
        found: ReverseFound,
    ) -> Result<Joined<ReversePlan>, Error> {
        let ReverseFound { lines, newlines, newlines_upto, mut hits, has_nul } = found;
        seam.newlines = newlines_upto.unwrap_or(seam.newlines);
        let numbers = (seam.newlines + 1, lines.end);
        seam.newlines = seam.newlines.saturating_sub(newlines);
        let end = self.core.end();
        self.core.set_progress(end.saturating_sub(lines.start));
        if let Some(file) = self.core.file {
            file.keeper.done_from(window.own().start);
        }
        let left = usize::try_from(seam.carry.left.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        hits.drain(..hits.len().saturating_sub(left));
        let mut selected = hits.len() as u64;
        let mut last = hits.len() == left;
        // Searched is all from the line on that was the last to be wanted.
        let mut from =
            if last { hits.first().map_or(lines.start, |hit| lines.start + hit.start as u64) } else { lines.start };
        if seam.binary.is_some() || has_nul {
            for index in (0..hits.len()).rev() {
                let hit = lines.start + hits[index].start as u64..lines.start + hits[index].end as u64;
                let nul = match seam.binary {
                    Some(nul) => Some(nul),
                    None => window.first_nul(hit)?,
                };
                if nul.is_some() {
                    // That a line is suppressed does not undo that it was selected.
                    selected = (hits.len() - index - usize::from(self.core.options.binary == Binary::Quit)) as u64;
                    from = lines.start + hits[index].start as u64;
                    hits.drain(..=index);
                    seam.binary = nul;
                    last = true;
                    break;
                }
            }
        }
        seam.summary.matched_lines += selected;
        seam.summary.bytes_searched = end.saturating_sub(from);
        seam.carry.left = seam.carry.left.map(|left| left - selected);
        seam.had_enough = last;
        let plan = (!hits.is_empty()).then_some(ReversePlan { lines, hits, number: numbers.0, numbered: numbers.1 });
        Ok(Joined { plan, last })
    }

    fn format(
        &self,
        worker: &mut Worker<'c>,
        window: &Window<'w>,
        plan: &mut ReversePlan,
        out: &mut Output,
    ) -> Result<bool, Error> {
        let core = self.core;
        let base = plan.lines.start;
        let mut matches = 0;
        let formatted = window.read(plan.lines.clone(), |bytes| {
            let view = View { bytes, base, terminator: core.matcher.terminator() };
            while !out.is_full()
                && let Some(hit) = plan.hits.pop()
            {
                let range = base + hit.start as u64..base + hit.end as u64;
                let number = core.options.line_numbers.then(|| {
                    let passed = view.newlines(range.start..plan.numbered);
                    plan.numbered = range.start;
                    plan.number = plan.number.saturating_sub(passed);
                    plan.number
                });
                let kind = LineKind::Match;
                if range.end - range.start > core.longest_formatted {
                    out.long =
                        Some(LongLine { kind, range, number, matches: Matches::on_line(core.shows_matches(kind)) });
                    break;
                }
                let bytes = view.slice(range.clone());
                worker.matches.clear();
                if core.shows_matches(kind) {
                    matches_in(core.matcher, &mut worker.cache, bytes, &mut worker.matches);
                    matches += worker.matches.len() as u64;
                }
                let line = Line { kind, bytes, offset: range.start, skipped: 0, number, matches: &worker.matches };
                core.format.line(&line, &mut out.bytes);
            }
        });
        // What was formatted may be made of what stood in for the bytes of a file that was cut.
        formatted.inspect_err(|_| ordered::Output::clear(out))?;
        core.add_formatted(0, matches);
        Ok(!plan.hits.is_empty())
    }

    fn found_size(&self, found: &ReverseFound) -> usize {
        found.hits.capacity() * size_of::<Span>()
    }
}
