//! The stages of a line search: find in parallel, join in order, format in parallel.

use std::{
    marker::PhantomData,
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use memchr::{memchr, memrchr};

use super::{
    Binary, Format, Goal, Grep, GrepBuilder, Line, LineKind, Summary,
    lines::{self, Counts, matches_in},
    walk::{Carry, Event, View, Walk},
};
use crate::{
    error::Error,
    matcher::{Cache, Matcher},
    scan::{
        newlines,
        ordered::{Joined, Stages},
        window::Window,
    },
    span::Span,
};

/// How large a piece of output becomes before it is passed on.
const PIECE: usize = 1 << 20;

pub(super) struct GrepStages<'a, 'w> {
    matcher: &'a Matcher,
    options: &'a GrepBuilder,
    caches: &'a Caches,
    format: &'a dyn Format,
    wants_matches: bool,
    /// Lines that are reported are looked through for NUL bytes.
    checks_lines: bool,
    /// Matches in the lines that were formatted.
    matches: AtomicU64,
    windows: PhantomData<fn(Window<'w>)>,
}

/// What a worker found in the lines of one window.
pub(super) struct Found {
    lines: Range<u64>,
    newlines: u64,
    /// The selected lines, counted from the start of `lines`.
    hits: Vec<Span>,
    counts: Counts,
    has_nul: bool,
    /// The file was cut, and what was found is what lies before the cut. The search ends with this error.
    cut: Option<Error>,
}

/// What to report of one window.
pub(super) struct Plan {
    lines: Range<u64>,
    hits: Vec<Span>,
    /// Where the context of the first hit begins, at or before the start of the lines.
    start: u64,
    walk: Walk,
    /// How many events come before the line that must not be reported, where there is one.
    events: Option<u64>,
    /// What the search ends with when the lines have been formatted.
    cut: Option<Error>,
    /// The number of the line that starts at `numbered`, which is just past the last line that was formatted.
    number: u64,
    numbered: u64,
}

/// What is carried from window to window.
#[derive(Clone)]
pub(super) struct Seam {
    carry: Carry,
    /// Line ends so far.
    newlines: u64,
    pub(super) binary: Option<u64>,
    summary: Summary,
}

pub(super) struct Worker<'a> {
    cache: Cache,
    /// Where the cache goes in the end.
    caches: &'a Caches,
    matches: Vec<Span>,
    /// Matches in the lines formatted so far that are not in the sum of all workers yet.
    counted: u64,
    spare_hits: Vec<Span>,
}

/// Caches that no search is using.
#[derive(Clone, Debug, Default)]
pub(super) struct Caches(Arc<Mutex<Vec<Cache>>>);

impl Caches {
    fn lock(&self) -> MutexGuard<'_, Vec<Cache>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        // What a panic left behind is not to be used again.
        if !std::thread::panicking() {
            self.caches.lock().push(std::mem::replace(&mut self.cache, Cache::none()));
        }
    }
}

impl Seam {
    pub(super) fn new(options: &GrepBuilder) -> Self {
        let carry = Carry { left: options.max_count, ..Carry::default() };
        Seam { carry, newlines: 0, binary: None, summary: Summary::default() }
    }

    pub(super) fn into_summary(self) -> Summary {
        Summary { binary: self.binary, ..self.summary }
    }
}

impl<'a> GrepStages<'a, '_> {
    pub(super) fn new(grep: &'a Grep, format: &'a dyn Format, is_mapped: bool) -> Self {
        let Grep { matcher, options, caches } = grep;
        GrepStages {
            matcher,
            options,
            caches,
            format,
            wants_matches: format.wants_matches(),
            checks_lines: is_mapped && options.binary != Binary::Text,
            matches: AtomicU64::new(0),
            windows: PhantomData,
        }
    }

    pub(super) fn matches(&self) -> u64 {
        self.matches.load(Ordering::Relaxed)
    }

    /// How many selected lines of one window can matter: those that are wanted, and those that are shown as matching
    /// in the context behind the last of them.
    fn window_limit(&self) -> u64 {
        match (self.options.goal, self.options.max_count) {
            (Goal::AnyLine, _) => 1,
            (Goal::Lines, Some(max)) => max.saturating_add(self.options.context.after as u64),
            (_, max) => max.unwrap_or(u64::MAX),
        }
    }

    fn count(&self, cache: &mut Cache, bytes: &[u8], limit: u64) -> Counts {
        let matches_too = self.options.goal == Goal::CountMatches;
        lines::count(self.matcher, cache, bytes, self.options.invert, matches_too, limit)
    }

    fn select(&self, worker: &mut Worker<'_>, bytes: &[u8], limit: u64) -> Vec<Span> {
        let mut hits = std::mem::take(&mut worker.spare_hits);
        hits.clear();
        if limit > 0 {
            lines::select(self.matcher, &mut worker.cache, bytes, self.options.invert, |line| {
                hits.push(line);
                (hits.len() as u64) < limit
            });
        }
        hits
    }

    /// What is in the lines of a window.
    fn look(&self, worker: &mut Worker<'_>, start: u64, bytes: &[u8]) -> Found {
        let mut found = Found {
            lines: start..start + bytes.len() as u64,
            newlines: 0,
            hits: vec![],
            counts: Counts::default(),
            has_nul: false,
            cut: None,
        };
        let limit = self.window_limit();
        if self.options.goal != Goal::Lines {
            found.counts = self.count(&mut worker.cache, bytes, limit);
            // A binary file is counted like any other, unless it is to be left where it turns out to be one.
            let quits = self.checks_lines && self.options.binary == Binary::Quit;
            found.has_nul = quits && found.counts.lines > 0 && memchr(0, bytes).is_some();
            return found;
        }
        found.hits = self.select(worker, bytes, limit);
        if self.options.line_numbers {
            found.newlines = newlines::count(bytes, self.matcher.terminator());
        }
        // Context may be due at the start of a window without hits.
        if self.checks_lines && (!found.hits.is_empty() || self.options.context.after > 0) {
            found.has_nul = memchr(0, bytes).is_some();
        }
        found
    }

    /// What is in the lines before the place where the file was cut, if that is what has gone wrong. The number of lines
    /// in a file that is not whole is of no use to anybody.
    fn look_before_cut(&self, worker: &mut Worker<'_>, window: &Window<'_>, mut error: Error) -> Result<Found, Error> {
        // It may be cut once more meanwhile, but not for ever.
        for _ in 0..3 {
            let goal_is_in_reach = matches!(self.options.goal, Goal::Lines | Goal::AnyLine);
            let Some(cut) = window.cut_by(&error).filter(|_| goal_is_in_reach) else { break };
            match window.read_lines_before(cut, |start, bytes| self.look(worker, start, bytes)) {
                Ok((found, true)) => return Ok(found),
                Ok((found, false)) => return Ok(Found { cut: Some(error), ..found }),
                Err(again) => error = again,
            }
        }
        Err(error)
    }

    /// Takes from a plan what does not lie before the place where the file was cut.
    fn cut_plan(&self, window: &Window<'_>, plan: &mut Plan, error: Error) -> Result<(), Error> {
        let done = plan.start.max(plan.walk.carry.upto);
        let Some(cut) = window.cut_by(&error).filter(|&cut| cut > done) else { return Err(error) };
        let newline =
            window.read(plan.start..cut.min(plan.lines.end), |bytes| memrchr(self.matcher.terminator(), bytes))?;
        let Some(newline) = newline else { return Err(error) };
        plan.lines.end = plan.lines.start.max(done).max(plan.start + newline as u64 + 1);
        let len = plan.lines.end - plan.lines.start;
        plan.hits.retain(|hit| hit.end as u64 <= len);
        plan.cut = Some(error);
        Ok(())
    }

    fn join_found(&self, seam: &mut Seam, window: &Window<'_>, mut found: Found) -> Result<Joined<Plan>, Error> {
        let cut = found.cut.take();
        let joined = match self.options.goal {
            Goal::Lines => self.join_lines(seam, window, found)?,
            _ => self.join_counts(seam, window, found)?,
        };
        // Who has all that was wanted does not care for what comes behind.
        let Some(cut) = cut.filter(|_| !joined.last) else { return Ok(joined) };
        match joined.plan {
            Some(plan) => Ok(Joined { plan: Some(Plan { cut: Some(cut), ..plan }), last: true }),
            None => Err(cut),
        }
    }

    fn format_piece(
        &self,
        worker: &mut Worker<'_>,
        window: &Window<'_>,
        plan: &mut Plan,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let (base, hits_base) = (plan.start, plan.lines.start);
        window.read(base..plan.lines.end, |bytes| {
            let view = View { bytes, base, terminator: self.matcher.terminator() };
            while plan.events != Some(0) {
                if out.len() >= PIECE {
                    return true;
                }
                let Some(event) = plan.walk.next(view, &plan.hits, hits_base, self.options.context) else { break };
                plan.events = plan.events.map(|events| events - 1);
                self.format_event(worker, view, plan, event, out);
            }
            false
        })
    }

    fn join_counts(&self, seam: &mut Seam, window: &Window<'_>, found: Found) -> Result<Joined<Plan>, Error> {
        let (mut counts, start) = (found.counts, found.lines.start);
        if found.has_nul {
            let left = seam.carry.left.unwrap_or(u64::MAX);
            seam.binary = window.read(found.lines.clone(), |bytes| self.first_counted_nul(bytes, left))?;
            if let Some(at) = &mut seam.binary {
                *at += start;
                return Ok(Joined { plan: None, last: true });
            }
        }
        if let Some(left) = seam.carry.left {
            if counts.lines > left {
                let mut cache = self.matcher.cache();
                counts = window.read(found.lines, |bytes| self.count(&mut cache, bytes, left))?;
            }
            seam.carry.left = Some(left - counts.lines);
        }
        seam.summary.matched_lines += counts.lines;
        seam.summary.matches += counts.matches;
        let last = seam.carry.left == Some(0) || (self.options.goal == Goal::AnyLine && counts.lines > 0);
        if last {
            seam.summary.bytes_searched = start + counts.end as u64;
        }
        Ok(Joined { plan: None, last })
    }

    /// The offset of the first NUL in the lines that are to be counted.
    fn first_counted_nul(&self, bytes: &[u8], limit: u64) -> Option<u64> {
        let mut found = None;
        let mut counted = 0;
        lines::select(self.matcher, &mut self.matcher.cache(), bytes, self.options.invert, |line| {
            counted += 1;
            found = memchr(0, &bytes[line.range()]).map(|at| (line.start + at) as u64);
            found.is_none() && counted < limit
        });
        found
    }

    fn join_lines(&self, seam: &mut Seam, window: &Window<'_>, found: Found) -> Result<Joined<Plan>, Error> {
        let Found { lines, hits, newlines, .. } = found;
        let number = seam.newlines + 1;
        seam.newlines += newlines;
        if seam.carry.is_over() {
            return Ok(Joined { plan: None, last: true });
        }
        if hits.is_empty() && seam.carry.owed == 0 {
            return Ok(Joined { plan: None, last: false });
        }
        let start = match hits.first() {
            Some(first) if self.options.context.before > 0 => {
                let first = lines.start + first.start as u64;
                window.lines_before(first, self.options.context.before, seam.carry.upto)?.min(lines.start)
            }
            _ => lines.start,
        };
        let before_nul = match self.checks_lines && start < lines.start {
            true => window.first_nul(start..lines.start)?.is_some(),
            false => false,
        };
        let walk = Walk::new(seam.carry);
        let mut plan = Plan { lines, hits, start, walk, events: None, cut: None, number, numbered: start };
        if self.options.line_numbers && start < plan.lines.start {
            // Fewer than were counted before, but for a file that was changed since.
            let before = |bytes: &[u8]| newlines::count(bytes, self.matcher.terminator());
            plan.number = plan.number.saturating_sub(window.read(start..plan.lines.start, before)?);
        }
        if seam.binary.is_some() || found.has_nul || before_nul {
            plan.events = self.walk_to_binary(seam, window, &plan)?;
        } else {
            self.walk_to_end(seam, window, &plan)?;
        }
        let last = plan.events.is_some() || seam.carry.is_over();
        if last {
            seam.summary.bytes_searched = seam.carry.selected_upto;
        }
        Ok(Joined { plan: Some(plan), last })
    }

    /// Advances the carry over a window without looking at what needs no looking at.
    fn walk_to_end(&self, seam: &mut Seam, window: &Window<'_>, plan: &Plan) -> Result<(), Error> {
        let mut walk = plan.walk;
        walk.skip_to_last(&plan.hits, plan.lines.start);
        let skipped = walk.skipped();
        let selected = window.read(plan.start..plan.lines.end, |bytes| {
            let view = View { bytes, base: plan.start, terminator: self.matcher.terminator() };
            let mut selected = 0;
            while let Some(event) = walk.next(view, &plan.hits, plan.lines.start, self.options.context) {
                selected += u64::from(matches!(event, Event::Line { kind: LineKind::Match, .. }));
            }
            selected
        })?;
        seam.carry = walk.carry;
        seam.summary.matched_lines += skipped + selected;
        Ok(())
    }

    /// Goes through all events of a window up to the first line that counts as binary; returns how many there are
    /// before it, if there is one.
    fn walk_to_binary(&self, seam: &mut Seam, window: &Window<'_>, plan: &Plan) -> Result<Option<u64>, Error> {
        let mut walk = plan.walk;
        let mut events = 0;
        let (mut selected, mut found, mut after_break) = (0, None, false);
        let known = seam.binary;
        window.read(plan.start..plan.lines.end, |bytes| {
            let view = View { bytes, base: plan.start, terminator: self.matcher.terminator() };
            while let Some(event) = walk.next(view, &plan.hits, plan.lines.start, self.options.context) {
                if let Event::Line { kind, start, end } = event {
                    let nul = || memchr(0, view.slice(start, end)).map(|at| start + at as u64);
                    found = known.or_else(|| if self.checks_lines { nul() } else { None });
                    // That a line is suppressed does not undo that it was selected.
                    let counts = found.is_none() || self.options.binary == Binary::Suppress;
                    selected += u64::from(kind == LineKind::Match && counts);
                    if found.is_some() {
                        // Nothing is shown behind a break that a line would have followed.
                        events -= u64::from(after_break && !counts && kind == LineKind::Match);
                        if self.wants_matches && kind == LineKind::Match && counts {
                            self.count_suppressed(view.slice(start, end));
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
        matches_in(self.matcher, &mut self.matcher.cache(), line, &mut matches);
        self.matches.fetch_add(matches.len() as u64, Ordering::Relaxed);
    }

    fn format_event(&self, worker: &mut Worker<'_>, view: View<'_>, plan: &mut Plan, event: Event, out: &mut Vec<u8>) {
        let Event::Line { kind, start, end } = event else { return self.format.context_break(out) };
        let bytes = view.slice(start, end);
        let number = self.options.line_numbers.then(|| {
            if plan.numbered < start {
                plan.number += newlines::count(view.slice(plan.numbered, start), view.terminator);
            }
            plan.numbered = end;
            plan.number += 1;
            plan.number - 1
        });
        worker.matches.clear();
        if self.wants_matches && (kind == LineKind::Match || self.options.invert) {
            matches_in(self.matcher, &mut worker.cache, bytes, &mut worker.matches);
        }
        if kind == LineKind::Match {
            worker.counted += worker.matches.len() as u64;
        }
        self.format.line(&Line { kind, bytes, offset: start, number, matches: &worker.matches }, out);
    }
}

impl<'a, 'w> Stages for GrepStages<'a, 'w> {
    type Item = Window<'w>;
    type Found = Found;
    type Plan = Plan;
    type Seam = Seam;
    type Worker = Worker<'a>;
    type Output = Vec<u8>;

    fn worker(&self) -> Worker<'a> {
        let spare = self.caches.lock().pop();
        let cache = spare.unwrap_or_else(|| self.matcher.cache());
        Worker { cache, caches: self.caches, matches: vec![], counted: 0, spare_hits: vec![] }
    }

    fn scan(&self, worker: &mut Worker<'a>, window: &Window<'w>) -> Result<Found, Error> {
        window.read_ahead();
        let found = window.read_lines(|start, bytes| self.look(worker, start, bytes));
        found.or_else(|error| self.look_before_cut(worker, window, error))
    }

    fn join(&self, seam: &mut Seam, window: &Window<'w>, found: Found) -> Result<Joined<Plan>, Error> {
        if let Window::Owned(lines) = window {
            seam.binary = seam.binary.or(lines.binary);
        }
        seam.summary.bytes_searched = seam.summary.bytes_searched.max(found.lines.end);
        if let Some(progress) = &self.options.progress {
            progress.store(seam.summary.bytes_searched, Ordering::Relaxed);
        }
        let before = seam.clone();
        self.join_found(seam, window, found).or_else(|error| {
            // The file was cut since it was scanned.
            *seam = before;
            let found = self.look_before_cut(&mut self.worker(), window, error)?;
            self.join_found(seam, window, found)
        })
    }

    fn format(
        &self,
        worker: &mut Worker<'a>,
        window: &Window<'w>,
        plan: &mut Plan,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let (walk, events, number, numbered) = (plan.walk, plan.events, plan.number, plan.numbered);
        let formatted = self.format_piece(worker, window, plan, out).or_else(|error| {
            // The file was cut since it was joined. What has become of this piece is made anew of what lies before the cut.
            out.clear();
            worker.counted = 0;
            (plan.walk, plan.events, plan.number, plan.numbered) = (walk, events, number, numbered);
            self.cut_plan(window, plan, error)?;
            self.format_piece(worker, window, plan, out).inspect_err(|_| out.clear())
        });
        let more = formatted?;
        self.matches.fetch_add(std::mem::take(&mut worker.counted), Ordering::Relaxed);
        match plan.cut.take_if(|_| !more) {
            Some(error) => Err(error),
            None => Ok(more),
        }
    }

    fn found_size(&self, found: &Found) -> usize {
        found.hits.capacity() * size_of::<Span>()
    }

    fn recycle(&self, worker: &mut Worker<'a>, plan: Plan) {
        worker.spare_hits = plan.hits;
    }
}
