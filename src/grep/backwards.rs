//! From the end: where the last lines are, and lines in the opposite order.
//!
//! Chunks are taken from the end to the start, and as soon as enough lines are selected no more is looked at. The last lines
//! in file order are then an ordinary search that begins where the first of them does.

use std::{
    marker::PhantomData,
    ops::{ControlFlow, Range},
    sync::atomic::Ordering,
};

use memchr::memchr;

use super::{
    Binary, Grep, Line, LineKind,
    lines::{self, Counts, matches_in},
    stages::{Ended, GrepStages, LongLine, Output, Seam, Worker},
    walk::View,
};
use crate::{
    error::Error,
    mapping::Mapping,
    scan::{
        Pool,
        cache::CacheKeeper,
        newlines,
        ordered::{self, Joined, Stages},
        pieces::Pieces,
        window::Window,
    },
    span::Span,
};

impl Grep {
    /// Where the last `count` of the selected lines begin in what is searched up to `end`, or all of them, when there are fewer; that
    /// end when there are none.
    pub(super) fn start_of_last(
        &self,
        pieces: &Pieces<'_>,
        end: u64,
        count: u64,
        pool: &Pool,
        keeper: &CacheKeeper<'_>,
    ) -> Result<u64, Error> {
        let stages = LastStages { grep: self, end, keeper, windows: PhantomData };
        let seam = LastSeam { left: count, start: end };
        let cancel = self.options.cancel.as_ref();
        let ended = ordered::run(&stages, pieces.feed_backwards(), seam, pool, cancel, &mut |_: &Vec<u8>| {
            ControlFlow::Continue(())
        })?;
        Ok(ended.seam.start)
    }

    /// Reports the lines in the opposite order. The seam knows how many line ends there are up to the end of the last piece.
    pub(super) fn search_backwards<'m>(
        &self,
        inner: GrepStages<'_, 'm>,
        mapping: &'m Mapping,
        pieces: &Pieces<'m>,
        seam: Seam,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Ended, Error> {
        let counted = pieces.last().map_or(0, |piece| piece.range.end);
        let stages = BackStages { inner, counted };
        stages.inner.run(&stages, pieces.feed_backwards(), seam, Some(mapping), pool, emit)
    }
}

/// Runs `read` on the lines of a window, of whatever length.
fn read_lines<T>(window: &Window<'_>, near: usize, mut read: impl FnMut(u64, &[u8]) -> T) -> Result<T, Error> {
    if let Some(done) = window.read_lines(near, &mut read)? {
        return Ok(done);
    }
    let lines = window.lines()?;
    window.read(lines.clone(), |bytes| read(lines.start, bytes))
}

/// Looks for the place where the last lines begin.
struct LastStages<'a, 'w> {
    grep: &'a Grep,
    /// Where the last piece ends, or the range that is searched.
    end: u64,
    keeper: &'a CacheKeeper<'a>,
    windows: PhantomData<fn(Window<'w>)>,
}

struct LastSeam {
    /// How many more lines are wanted.
    left: u64,
    start: u64,
}

impl<'w> Stages for LastStages<'_, 'w> {
    type Item = Window<'w>;
    type Found = Counts;
    type Plan = ();
    type Seam = LastSeam;
    type Worker = crate::matcher::Cache;
    type Output = Vec<u8>;

    fn worker(&self) -> Self::Worker {
        self.grep.matcher.cache()
    }

    fn scan(&self, cache: &mut Self::Worker, window: &Window<'w>) -> Result<Counts, Error> {
        window.read_ahead();
        let (matcher, options) = (&self.grep.matcher, &self.grep.options);
        read_lines(window, options.chunk_size, |_, bytes| {
            lines::count(matcher, cache, bytes, options.invert, false, u64::MAX)
        })
    }

    fn join(&self, seam: &mut LastSeam, window: &Window<'w>, counts: Counts) -> Result<Joined<()>, Error> {
        if let Some(progress) = &self.grep.options.progress {
            progress.store(self.end.saturating_sub(window.own().start), Ordering::Relaxed);
        }
        self.keeper.done_from(window.own().start);
        if counts.lines == 0 {
            return Ok(Joined { plan: None, last: false });
        }
        // Where there are fewer lines than are wanted, the last place that was noted is where the first of them begins.
        let (matcher, options) = (&self.grep.matcher, &self.grep.options);
        let mut passed = counts.lines.saturating_sub(seam.left);
        seam.left = seam.left.saturating_sub(counts.lines);
        seam.start = read_lines(window, options.chunk_size, |start, bytes| {
            let mut found = 0;
            lines::select(matcher, &mut matcher.cache(), bytes, options.invert, |line| {
                found = line.start;
                let more = passed > 0;
                passed = passed.saturating_sub(1);
                more
            });
            start + found as u64
        })?;
        Ok(Joined { plan: None, last: seam.left == 0 })
    }

    fn format(&self, _: &mut Self::Worker, _: &Window<'w>, (): &mut (), _: &mut Vec<u8>) -> Result<bool, Error> {
        Ok(false)
    }
}

/// Lines in the opposite order.
struct BackStages<'a, 'w> {
    inner: GrepStages<'a, 'w>,
    /// The end of the piece whose line ends were counted before the search.
    counted: usize,
}

struct BackFound {
    lines: Range<u64>,
    newlines: u64,
    /// How many line ends there are up to the end of these lines, where the window is the first to be seen of its piece.
    newlines_upto: Option<u64>,
    hits: Vec<Span>,
    has_nul: bool,
}

struct BackPlan {
    lines: Range<u64>,
    /// The lines to report that are left, in file order.
    hits: Vec<Span>,
    /// The number of a line that would start at `numbered`.
    number: u64,
    numbered: u64,
}

impl<'a, 'w> Stages for BackStages<'a, 'w> {
    type Item = Window<'w>;
    type Found = BackFound;
    type Plan = BackPlan;
    type Seam = Seam;
    type Worker = Worker<'a>;
    type Output = Output;

    fn worker(&self) -> Worker<'a> {
        self.inner.worker()
    }

    fn scan(&self, worker: &mut Worker<'a>, window: &Window<'w>) -> Result<BackFound, Error> {
        window.read_ahead();
        let stages = &self.inner;
        let mut found = read_lines(window, stages.near, |start, bytes| {
            let mut hits = vec![];
            lines::select(stages.matcher, &mut worker.cache, bytes, stages.options.invert, |line| {
                hits.push(line);
                true
            });
            let newlines = match stages.options.line_numbers {
                true => newlines::count(bytes, stages.matcher.terminator()),
                false => 0,
            };
            let has_nul = stages.checks_lines && !hits.is_empty() && memchr(0, bytes).is_some();
            BackFound { lines: start..start + bytes.len() as u64, newlines, newlines_upto: None, hits, has_nul }
        })?;
        if let Some(piece) = window.ends_piece()
            && stages.options.line_numbers
            && piece.range.end != self.counted
        {
            let count = |bytes: &[u8]| newlines::count(bytes, stages.matcher.terminator());
            let before = window.read(piece.range.start as u64..found.lines.start, count)?;
            found.newlines_upto = Some(piece.newlines + before + found.newlines);
        }
        Ok(found)
    }

    fn join(&self, seam: &mut Seam, window: &Window<'w>, found: BackFound) -> Result<Joined<BackPlan>, Error> {
        let BackFound { lines, newlines, newlines_upto, mut hits, has_nul } = found;
        seam.newlines = newlines_upto.unwrap_or(seam.newlines);
        let numbers = (seam.newlines + 1, lines.end);
        seam.newlines = seam.newlines.saturating_sub(newlines);
        if let Some(progress) = &self.inner.options.progress {
            progress.store(self.inner.end.saturating_sub(lines.start), Ordering::Relaxed);
        }
        if let Some(keeper) = self.inner.keeper {
            keeper.done_from(window.own().start);
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
                    selected = (hits.len() - index - usize::from(self.inner.options.binary == Binary::Quit)) as u64;
                    from = lines.start + hits[index].start as u64;
                    hits.drain(..=index);
                    seam.binary = nul;
                    last = true;
                    break;
                }
            }
        }
        seam.summary.matched_lines += selected;
        seam.summary.bytes_searched = self.inner.end.saturating_sub(from);
        seam.carry.left = seam.carry.left.map(|left| left - selected);
        seam.had_enough = last;
        let plan = (!hits.is_empty()).then_some(BackPlan { lines, hits, number: numbers.0, numbered: numbers.1 });
        Ok(Joined { plan, last })
    }

    fn format(
        &self,
        worker: &mut Worker<'a>,
        window: &Window<'w>,
        plan: &mut BackPlan,
        out: &mut Output,
    ) -> Result<bool, Error> {
        let stages = &self.inner;
        let base = plan.lines.start;
        let mut matches = 0;
        let formatted = window.read(plan.lines.clone(), |bytes| {
            let view = View { bytes, base, terminator: stages.matcher.terminator() };
            while !out.is_full()
                && let Some(hit) = plan.hits.pop()
            {
                let range = base + hit.start as u64..base + hit.end as u64;
                let number = stages.options.line_numbers.then(|| {
                    let passed = newlines::count(view.slice(range.start, plan.numbered), view.terminator);
                    plan.numbered = range.start;
                    plan.number = plan.number.saturating_sub(passed);
                    plan.number
                });
                let kind = LineKind::Match;
                if range.end - range.start > stages.longest_formatted {
                    out.long = Some(LongLine { kind, range, number, first: None });
                    break;
                }
                let bytes = view.slice(range.start, range.end);
                worker.matches.clear();
                if stages.shows_matches(kind) {
                    matches_in(stages.matcher, &mut worker.cache, bytes, &mut worker.matches);
                    matches += worker.matches.len() as u64;
                }
                let line = Line { kind, bytes, offset: range.start, skipped: 0, number, matches: &worker.matches };
                stages.format.line(&line, &mut out.bytes);
            }
        });
        // What was formatted may be made of what stood in for the bytes of a file that was cut.
        formatted.inspect_err(|_| ordered::Output::clear(out))?;
        stages.add_matches(matches);
        Ok(!plan.hits.is_empty())
    }

    fn found_size(&self, found: &BackFound) -> usize {
        found.hits.capacity() * size_of::<Span>()
    }
}
