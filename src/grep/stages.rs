//! The stages of a search for lines: find in parallel, join in order, format in parallel.

use std::{
    collections::VecDeque,
    marker::PhantomData,
    ops::{ControlFlow, Range},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use memchr::{memchr, memrchr};

use super::{
    Binary, Format, Goal, Grep, GrepBuilder, LineKind, Summary,
    blocks::{BlockSeam, BlocksFound},
    lines::{self, Counts, matches_in},
    long::{OpenLine, PartFound},
    section::{Hits, Progress, Section},
    walk::{Carry, Event, View, Walk},
};
use crate::{
    error::Error,
    mapping::Mapping,
    matcher::{Cache, Matcher},
    scan::{
        Pool,
        cache::CacheKeeper,
        feed::Feed,
        newlines,
        ordered::{self, Joined, Stages},
        pieces::{Piece, Pieces},
        window::{NEAR, Window},
    },
    span::{Match, Span},
};

/// How large a piece of output becomes before it is passed on.
pub(super) const PIECE: usize = 1 << 20;

pub(super) struct GrepStages<'a, 'w> {
    pub(super) matcher: &'a Matcher,
    pub(super) options: &'a GrepBuilder,
    caches: &'a Caches,
    pub(super) format: &'a dyn Format,
    pub(super) wants_matches: bool,
    /// Of selected lines nothing but their matches is wanted.
    pub(super) only_matches: bool,
    /// Where matches have to start, if it is not lines of which a range is searched.
    pub(super) match_range: Option<Range<u64>>,
    /// Lines that are reported are looked through for NUL bytes.
    pub(super) checks_lines: bool,
    /// A line is reported whatever becomes of the others.
    is_free: bool,
    /// Long lines are searched in parts.
    in_parts: bool,
    /// Matches may cross lines.
    pub(super) multiline: bool,
    /// Blocks are one where a match has the line end between them.
    pub(super) joins_blocks: bool,
    /// Where the chunks end.
    pub(super) end: u64,
    /// The length of the file.
    len: u64,
    pub(super) keeper: Option<&'a CacheKeeper<'a>>,
    /// How far past the end of a window a line may end that is not long.
    pub(super) near: usize,
    /// Lines longer than this are not formatted by the workers.
    pub(super) longest_formatted: u64,
    /// The long line that the join is in has a match, and more of them are not wanted.
    pub(super) is_selected: AtomicBool,
    /// Selected lines, and matches in them, that were counted while they were formatted.
    lines: AtomicU64,
    matches: AtomicU64,
    windows: PhantomData<fn(Window<'w>)>,
}

/// What a worker found in one window.
pub(super) struct Found {
    /// In the part of a long line from before the lines.
    head: Option<PartFound>,
    lines: LinesFound,
    newlines: u64,
    counts: Counts,
    /// In the chunk, where matches may cross lines; there is nothing else then.
    blocks: Option<BlocksFound>,
    /// In the first part of a long line.
    tail: Option<PartFound>,
    /// The file was cut, and what was found is what lies before the cut. The search ends with this error.
    cut: Option<Error>,
    /// This went wrong first, and what was found is without the part of a long line that may come before it.
    headless: Option<Error>,
}

/// The selected ones of some lines.
pub(super) struct LinesFound {
    range: Range<u64>,
    hits: Hits,
    has_nul: bool,
}

impl Found {
    fn nothing(lines: Range<u64>) -> Self {
        Found {
            head: None,
            lines: LinesFound::new(lines, Hits::All(vec![]), false),
            newlines: 0,
            counts: Counts::default(),
            blocks: None,
            tail: None,
            cut: None,
            headless: None,
        }
    }
}

impl LinesFound {
    pub(super) fn new(range: Range<u64>, hits: Hits, has_nul: bool) -> Self {
        LinesFound { range, hits, has_nul }
    }
}

/// What to report of one window.
#[derive(Default)]
pub(super) struct Plan {
    sections: VecDeque<Section>,
    /// What the search ends with when the lines have been formatted.
    cut: Option<Error>,
}

impl Plan {
    pub(super) fn push(&mut self, section: Section) {
        self.sections.push_back(section);
    }

    pub(super) fn len(&self) -> usize {
        self.sections.len()
    }

    /// The last section so far.
    pub(super) fn last(&mut self) -> Option<&mut Section> {
        self.sections.back_mut()
    }
}

/// What is carried from window to window.
#[derive(Clone)]
pub(super) struct Seam {
    /// Where the search began.
    start: u64,
    pub(super) carry: Carry,
    /// Line ends so far.
    pub(super) newlines: u64,
    pub(super) binary: Option<u64>,
    /// The long line that the last window ended in.
    pub(super) open: Option<OpenLine>,
    pub(super) blocks: BlockSeam,
    pub(super) summary: Summary,
    /// No later window is wanted.
    pub(super) had_enough: bool,
}

pub(super) struct Worker<'a> {
    pub(super) cache: Cache,
    /// Where the cache goes in the end.
    caches: &'a Caches,
    pub(super) matches: Vec<Span>,
    /// Selected lines, and matches in them, formatted so far that are not in the sum of all workers yet.
    pub(super) counted_lines: u64,
    pub(super) counted: u64,
    spare_hits: Vec<Span>,
    pub(super) spare_matches: Vec<Match>,
}

/// Formatted lines, and the line that comes behind them, if that is too long to be formatted by a worker.
#[derive(Default)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    pub(super) long: Option<LongLine>,
    /// All lines before this offset are in it, or were in what came before.
    pub(super) upto: u64,
}

/// A line of a mapped file that is formatted where its text can go out piece by piece.
#[derive(Clone, Debug)]
pub(super) struct LongLine {
    pub(super) kind: LineKind,
    pub(super) range: Range<u64>,
    pub(super) number: Option<u64>,
    /// Where its first match starts, if it is several lines that share matches.
    pub(super) first: Option<u64>,
}

impl Output {
    /// True when it is to be passed on.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= PIECE || self.long.is_some()
    }
}

impl ordered::Output for Output {
    fn size(&self) -> usize {
        self.bytes.len() + usize::from(self.long.is_some())
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.long = None;
    }
}

/// How a search ended.
pub(super) struct Ended {
    pub(super) summary: Summary,
    /// Where it was stopped from outside.
    pub(super) stop: Option<Stop>,
    /// It had all that was wanted, or was not to go on, before it came to the end.
    pub(super) had_enough: bool,
}

/// Where a search was stopped from outside.
pub(super) struct Stop {
    /// All items before this one are done with.
    pub(super) item: usize,
    /// All lines before this offset were emitted.
    pub(super) upto: u64,
    /// The line that starts there was the next to be emitted, or was emitted in part.
    in_line: bool,
    /// Where the long line starts that the join was in.
    open: Option<u64>,
}

impl Stop {
    /// Where a search of these pieces would go on; at the end of what was to be searched where all of them are done with.
    pub(super) fn resume(&self, stages: &GrepStages<'_, '_>, pieces: &Pieces<'_>) -> Result<u64, Error> {
        let window = match pieces.windows().nth(self.item) {
            // Which lines share a match is not known before the end of the last of them.
            _ if self.in_line || stages.multiline => return Ok(self.upto),
            Some(window) => window,
            None => return Ok(stages.end),
        };
        let start = window.own().start;
        if stages.reports_matches() {
            return Ok(start.max(self.upto));
        }
        // A line that is searched in parts is dealt with when its last part is.
        let line = match stages.in_parts && window.layout(stages.near)?.head.is_some() {
            true => match self.open {
                Some(open) if open <= start => open,
                _ => window.line_start(start)?,
            },
            false => start,
        };
        Ok(line.max(self.upto))
    }
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
    /// A search that begins at `start`. Context does not reach back beyond `floor`.
    pub(super) fn new(options: &GrepBuilder, floor: u64, start: u64) -> Self {
        let mut carry = Carry { left: options.max_count, upto: floor, ..Carry::default() };
        if options.passthru {
            // All lines are context of what came before.
            carry.owed = usize::MAX;
            carry.upto = start;
        }
        let (blocks, summary) = (BlockSeam::new(start), Summary::default());
        Seam { start, carry, newlines: 0, binary: None, open: None, blocks, summary, had_enough: false }
    }

    /// Goes on with a piece of the file.
    fn enter(&mut self, piece: &Piece) {
        self.newlines = piece.newlines;
        if self.carry.upto < piece.range.start as u64 {
            // Of what lies between, nothing is to be shown behind the lines before.
            self.carry.owed = 0;
        }
    }

    pub(super) fn into_summary(self) -> Summary {
        Summary { binary: self.binary, ..self.summary }
    }
}

/// A range in which matches have to start. An empty match behind the last byte of the file is in the range of that byte,
/// so that ranges up to the end of the file have all matches.
fn with_end_of_file(range: Range<u64>, len: u64) -> Range<u64> {
    match range {
        Range { start, .. } if start >= len => u64::MAX..u64::MAX,
        Range { start, end } => start..if end >= len { u64::MAX } else { end },
    }
}

impl<'a> GrepStages<'a, '_> {
    /// `mapped` is of a file: where its chunks end, its length, and what keeps its pages.
    pub(super) fn new(grep: &'a Grep, format: &'a dyn Format, mapped: Option<(u64, u64, &'a CacheKeeper<'a>)>) -> Self {
        let Grep { matcher, options, caches, .. } = grep;
        let is_mapped = mapped.is_some();
        let len = mapped.map_or(0, |(_, len, _)| len);
        let multiline = !matcher.is_by_line();
        let is_free = options.goal == Goal::Lines && options.context.is_none() && options.max_count.is_none();
        let only_matches = format.only_matches() && !options.invert && !multiline && options.goal == Goal::Lines;
        let has_range = is_mapped && grep.searches_matches(format) && options.range != (0..u64::MAX);
        GrepStages {
            matcher,
            options,
            caches,
            format,
            only_matches,
            match_range: has_range.then(|| with_end_of_file(options.range.clone(), len)),
            wants_matches: format.wants_matches(),
            checks_lines: is_mapped && options.binary != Binary::Text,
            is_free,
            in_parts: is_mapped && matcher.longest().is_some(),
            multiline,
            joins_blocks: multiline && !options.invert && options.goal == Goal::Lines && format.joins_lines(),
            end: mapped.map_or(0, |(end, ..)| end),
            len,
            keeper: mapped.map(|(.., keeper)| keeper),
            near: NEAR.min(options.chunk_size),
            longest_formatted: if is_mapped { PIECE.min(options.chunk_size) as u64 } else { u64::MAX },
            is_selected: AtomicBool::new(false),
            lines: AtomicU64::new(0),
            matches: AtomicU64::new(0),
            windows: PhantomData,
        }
    }

    /// Counts matches in lines that were formatted.
    pub(super) fn add_matches(&self, count: u64) {
        self.matches.fetch_add(count, Ordering::Relaxed);
    }

    /// Runs a search, of these stages or of some that share their output, and has what is formatted emitted.
    pub(super) fn run<S: Stages<Output = Output, Seam = Seam>>(
        &self,
        stages: &S,
        feed: Feed<'_, S::Item>,
        seam: Seam,
        mapping: Option<&Mapping>,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Ended, Error> {
        let mut failed = None;
        let (mut upto, mut in_line) = (0, false);
        let cancel = self.options.cancel.as_ref();
        let ended = ordered::run(stages, feed, seam, pool, cancel, &mut |output: &Output| {
            // A long line comes behind the others, and is dealt with when all its pieces are.
            upto = output.long.as_ref().map_or(output.upto, |line| line.range.start);
            in_line = output.long.is_some();
            if !output.bytes.is_empty() && emit(&output.bytes).is_break() {
                return ControlFlow::Break(());
            }
            let (Some(line), Some(mapping)) = (&output.long, mapping) else { return ControlFlow::Continue(()) };
            let (flow, is_whole) = self.emit_long(mapping, line, emit).unwrap_or_else(|error| {
                failed = Some(error);
                (ControlFlow::Break(()), false)
            });
            if is_whole {
                (upto, in_line) = (output.upto, false);
            }
            flow
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let open = ended.seam.open.as_ref().map(|open| open.start);
        let had_enough = ended.seam.had_enough;
        let mut summary = ended.seam.into_summary();
        summary.matched_lines += self.lines.load(Ordering::Relaxed);
        summary.matches += self.matches.load(Ordering::Relaxed);
        let stop = ended.stopped_in.map(|item| Stop { item, upto, in_line, open });
        Ok(Ended { summary, stop, had_enough })
    }

    /// Nothing but matches is reported, and each is in a range or not by itself.
    fn reports_matches(&self) -> bool {
        self.only_matches && self.options.context.is_none() && self.options.last.is_none()
    }

    /// A NUL on a line that is selected ends the search, and such lines are mapped.
    pub(super) fn quits_at_nul(&self) -> bool {
        self.checks_lines && self.options.binary == Binary::Quit
    }

    /// How many selected lines of one window can matter.
    fn window_limit(&self) -> u64 {
        match self.options.goal {
            Goal::AnyLine => 1,
            _ => self.options.max_count.unwrap_or(u64::MAX),
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

    /// What is in a window.
    fn find(&self, worker: &mut Worker<'a>, window: &Window<'_>) -> Result<Found, Error> {
        if self.multiline {
            let blocks = self.find_blocks(worker, window)?;
            return Ok(Found { blocks: Some(blocks), ..Found::nothing(window.own()) });
        }
        if let Some(found) = window.read_lines(self.near, |start, bytes| self.look(worker, start, bytes))? {
            return Ok(found);
        }
        if !self.in_parts {
            let lines = window.lines()?;
            return window.read(lines.clone(), |bytes| self.look(worker, lines.start, bytes));
        }
        if let Some(inside) = self.look_inside(worker, window)? {
            let end = window.own().end;
            return Ok(Found { head: Some(inside), ..Found::nothing(end..end) });
        }
        let layout = window.layout(self.near)?;
        let start = layout.lines.start;
        let mut found = window.read(layout.lines, |bytes| self.look(worker, start, bytes))?;
        found.head = layout.head.map(|part| self.look_at_part(worker, window, part)).transpose()?;
        found.tail = layout.tail.map(|part| self.look_at_part(worker, window, part)).transpose()?;
        Ok(found)
    }

    /// What is in some lines.
    fn look(&self, worker: &mut Worker<'a>, start: u64, bytes: &[u8]) -> Found {
        let range = start..start + bytes.len() as u64;
        let mut found = Found::nothing(range);
        let limit = self.window_limit();
        if self.is_cut_by_range(&found.lines.range) {
            let (hits, counts) = self.select_within(&mut worker.cache, start, bytes, limit);
            if self.options.line_numbers {
                found.newlines = newlines::count(bytes, self.matcher.terminator());
            }
            let checks = if self.options.goal == Goal::Lines { self.checks_lines } else { self.quits_at_nul() };
            found.lines.has_nul = checks && !hits.is_empty() && memchr(0, bytes).is_some();
            found.lines.hits = Hits::All(hits);
            found.counts = counts;
            return found;
        }
        if self.options.goal != Goal::Lines {
            found.counts = self.count(&mut worker.cache, bytes, limit);
            // A binary file is counted like any other, unless it is to be left where it turns out to be one.
            found.lines.has_nul = self.quits_at_nul() && found.counts.lines > 0 && memchr(0, bytes).is_some();
            return found;
        }
        let hits = if self.is_free && self.options.line_numbers {
            self.first_and_newlines(worker, bytes, &mut found.newlines)
        } else {
            if self.options.line_numbers {
                found.newlines = newlines::count(bytes, self.matcher.terminator());
            }
            self.select(worker, bytes, if self.is_free { 1 } else { limit })
        };
        // Context may be due at the start of a window without hits.
        if self.checks_lines && (!hits.is_empty() || self.options.context.after > 0) {
            found.lines.has_nul = memchr(0, bytes).is_some();
        }
        found.lines.hits = match hits.first() {
            Some(&first) if self.is_free && !found.lines.has_nul => {
                worker.spare_hits = hits;
                Hits::From(first)
            }
            Some(_) if self.is_free => {
                worker.spare_hits = hits;
                Hits::All(self.select(worker, bytes, limit))
            }
            _ => Hits::All(hits),
        };
        found
    }

    /// The first selected line, and how many line ends there are, block by block, so that the bytes come from memory once.
    fn first_and_newlines(&self, worker: &mut Worker<'_>, bytes: &[u8], newlines: &mut u64) -> Vec<Span> {
        const BLOCK: usize = 128 << 10;
        let terminator = self.matcher.terminator();
        let (mut hits, mut at) = (vec![], 0);
        while at < bytes.len() {
            let end = lines::line_end(bytes, (at + BLOCK).min(bytes.len()) - 1, terminator);
            let block = &bytes[at..end];
            if hits.is_empty() {
                hits = self.select(worker, block, 1);
                hits.iter_mut().for_each(|hit| *hit = Span::new(hit.start + at, hit.end + at));
            }
            *newlines += newlines::count(block, terminator);
            at = end;
        }
        hits
    }

    /// True when lines are not all within the range in which matches have to start.
    pub(super) fn is_cut_by_range(&self, lines: &Range<u64>) -> bool {
        self.match_range.as_ref().is_some_and(|range| lines.start < range.start || lines.end > range.end)
    }

    /// Whether a match that starts there is wanted.
    pub(super) fn is_in_range(&self, start: u64) -> bool {
        self.match_range.as_ref().is_none_or(|range| range.contains(&start))
    }

    /// Leaves out the matches on a line that do not start in the range.
    pub(super) fn keep_in_range(&self, line: &Range<u64>, matches: &mut Vec<Span>) {
        if let Some(range) = &self.match_range
            && self.is_cut_by_range(line)
        {
            matches.retain(|m| range.contains(&(line.start + m.start as u64)));
        }
    }

    /// The lines with matches that start in the range, and how many there are.
    fn select_within(&self, cache: &mut Cache, start: u64, bytes: &[u8], limit: u64) -> (Vec<Span>, Counts) {
        let (mut hits, mut counts, mut kept) = (vec![], Counts::default(), vec![]);
        lines::select_with_matches(self.matcher, cache, bytes, &mut vec![], |line, matches| {
            let range = start + line.start as u64..start + line.end as u64;
            kept.clear();
            kept.extend_from_slice(matches);
            self.keep_in_range(&range, &mut kept);
            if !kept.is_empty() && counts.lines < limit {
                hits.push(line);
                counts.lines += 1;
                counts.matches += kept.len() as u64;
                counts.end = line.end;
            }
            counts.lines < limit
        });
        (hits, counts)
    }

    /// What is in the lines before the place where the file was cut, if that is what has gone wrong. The number of lines
    /// in a file that is not whole is of no use to anybody.
    fn look_before_cut(&self, worker: &mut Worker<'a>, window: &Window<'_>, mut error: Error) -> Result<Found, Error> {
        // It may be cut once more meanwhile, but not for ever.
        for _ in 0..3 {
            let goal_is_in_reach = matches!(self.options.goal, Goal::Lines | Goal::AnyLine) && !self.multiline;
            let Some(cut) = window.cut_by(&error).filter(|_| goal_is_in_reach) else { break };
            match window.read_lines_before(cut, |start, bytes| self.look(worker, start, bytes)) {
                Ok((found, true)) => return Ok(Found { headless: Some(error), ..found }),
                Ok((found, false)) => return Ok(Found { cut: Some(error), ..found }),
                Err(again) => error = again,
            }
        }
        Err(error)
    }

    /// Takes from a section what does not lie before the place where the file was cut.
    fn cut_section(&self, window: &Window<'_>, section: &mut Section, error: Error) -> Result<Error, Error> {
        let terminator = self.matcher.terminator();
        let done = section.start.max(section.at.walk.carry.upto).max(section.lines.start + section.at.searched as u64);
        let Some(cut) = window.cut_by(&error).filter(|&cut| cut > done && section.part_of.is_none()) else {
            return Err(error);
        };
        let newline = window.read(section.start..cut.min(section.lines.end), |bytes| memrchr(terminator, bytes))?;
        let Some(newline) = newline else { return Err(error) };
        section.cut(done.max(section.start + newline as u64 + 1));
        Ok(error)
    }

    fn join_found(&self, seam: &mut Seam, window: &Window<'_>, mut found: Found) -> Result<Joined<Plan>, Error> {
        let cut = found.cut.take();
        let mut plan = Plan::default();
        if seam.open.is_some() && (cut.is_some() || found.headless.is_some()) {
            // Whether a long line is selected that ended here, and which number the next one has, nobody knows.
            return Err(cut.or(found.headless).expect("one of the two"));
        }
        let last = self.join_in_order(seam, window, found, &mut plan)?;
        seam.had_enough = last;
        let plan = (!plan.sections.is_empty()).then_some(plan);
        // Who has all that was wanted does not care for what comes behind.
        let Some(cut) = cut.filter(|_| !last) else { return Ok(Joined { plan, last }) };
        match plan {
            Some(plan) => Ok(Joined { plan: Some(Plan { cut: Some(cut), ..plan }), last: true }),
            None => Err(cut),
        }
    }

    /// Plans what is to be reported of a window. True when the search is over.
    fn join_in_order(
        &self,
        seam: &mut Seam,
        window: &Window<'_>,
        found: Found,
        plan: &mut Plan,
    ) -> Result<bool, Error> {
        if let Some(blocks) = found.blocks {
            return self.join_blocks(seam, window, blocks, plan);
        }
        if let Some(head) = found.head
            && self.join_part(seam, window, head, plan)?
        {
            return Ok(true);
        }
        // Of a window within a long line no line is known yet.
        if !found.lines.range.is_empty() {
            let number = seam.newlines + 1;
            seam.newlines += found.newlines;
            let last = match self.options.goal {
                Goal::Lines => self.join_lines(seam, window, found.lines, number, plan)?,
                _ => self.join_counts(seam, window, found.lines, found.counts)?,
            };
            if last {
                return Ok(true);
            }
        }
        let Some(tail) = found.tail else { return Ok(false) };
        seam.open = Some(OpenLine::new(tail.part.range.start, seam.newlines + 1));
        self.join_part(seam, window, tail, plan)
    }

    fn join_counts(
        &self,
        seam: &mut Seam,
        window: &Window<'_>,
        found: LinesFound,
        mut counts: Counts,
    ) -> Result<bool, Error> {
        let start = found.range.start;
        let left = seam.carry.left.unwrap_or(u64::MAX);
        if found.has_nul {
            let nul = window.read(found.range.clone(), |bytes| self.first_counted_nul(bytes, left))?;
            if let Some(at) = nul {
                seam.binary = Some(start + at);
                return Ok(true);
            }
        }
        if counts.lines > left {
            let mut cache = self.matcher.cache();
            counts = window.read(found.range.clone(), |bytes| match self.is_cut_by_range(&found.range) {
                true => self.select_within(&mut cache, start, bytes, left).1,
                false => self.count(&mut cache, bytes, left),
            })?;
        }
        Ok(self.add_counts(seam, counts, start + counts.end as u64))
    }

    /// Adds what was counted up to an offset. True when no more is to be counted.
    pub(super) fn add_counts(&self, seam: &mut Seam, counts: Counts, end: u64) -> bool {
        seam.carry.left = seam.carry.left.map(|left| left - counts.lines);
        seam.summary.matched_lines += counts.lines;
        seam.summary.matches += counts.matches;
        let last = seam.carry.left == Some(0) || (self.options.goal == Goal::AnyLine && counts.lines > 0);
        if last {
            seam.summary.bytes_searched = end;
        }
        last
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

    /// Plans the report of some lines, the first of which has this number. True when the search is over.
    pub(super) fn join_lines(
        &self,
        seam: &mut Seam,
        window: &Window<'_>,
        found: LinesFound,
        number: u64,
        plan: &mut Plan,
    ) -> Result<bool, Error> {
        let LinesFound { range: lines, mut hits, has_nul } = found;
        if seam.carry.is_over() {
            return Ok(true);
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
                let start = lines.start;
                plan.push(Section { lines, start, hits, known: vec![], part_of: None, at });
                return Ok(false);
            }
            Hits::All(hits) if hits.is_empty() && seam.carry.owed == 0 => return Ok(false),
            Hits::All(hits) => hits.first().copied(),
        };
        let start = match first {
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
        let mut at = Progress::new(Walk::new(seam.carry), start, number);
        if self.options.line_numbers && start < lines.start {
            let before = |bytes: &[u8]| newlines::count(bytes, self.matcher.terminator());
            // Fewer than were counted before, but for a file that was changed since.
            at.number = at.number.saturating_sub(window.read(start..lines.start, before)?);
        }
        let mut section = Section { lines, start, hits, known: vec![], part_of: None, at };
        if seam.binary.is_some() || has_nul || before_nul {
            section.at.events = self.walk_to_binary(seam, window, &section)?;
        } else {
            self.walk_to_end(seam, window, &section)?;
        }
        let last = section.at.events.is_some() || self.is_over(seam);
        plan.push(section);
        if last {
            seam.summary.bytes_searched = seam.carry.selected_upto;
        }
        Ok(last)
    }

    /// True when nothing more can be reported.
    pub(super) fn is_over(&self, seam: &mut Seam) -> bool {
        let over = seam.carry.is_over();
        if over {
            seam.summary.bytes_searched = seam.carry.selected_upto;
        }
        over
    }

    /// Advances the carry over a section without looking at what needs no looking at.
    fn walk_to_end(&self, seam: &mut Seam, window: &Window<'_>, section: &Section) -> Result<(), Error> {
        let (hits, hits_base) = (section.hits(), section.lines.start);
        let mut walk = section.at.walk;
        if self.options.passthru && walk.carry.left.is_none() && !self.multiline {
            // Every line is shown, so there is nothing to carry but where they end.
            walk.carry.upto = section.lines.end;
            walk.carry.any = true;
            seam.carry = walk.carry;
            seam.summary.matched_lines += hits.len() as u64;
            return Ok(());
        }
        // Of several lines that are one hit it takes a look to count them.
        if !self.multiline {
            walk.skip_to_last(hits, hits_base);
        }
        let skipped = walk.skipped();
        let selected = window.read(section.start..section.lines.end, |bytes| {
            let view = View { bytes, base: section.start, terminator: self.matcher.terminator() };
            let mut selected = 0;
            while let Some(event) = walk.next(view, hits, hits_base, self.options.context) {
                if let Event::Line { kind: LineKind::Match, start, end } = event {
                    selected += if self.multiline { self.count_lines(view.slice(start, end)) } else { 1 };
                }
            }
            selected
        })?;
        seam.carry = walk.carry;
        seam.summary.matched_lines += skipped + selected;
        Ok(())
    }

    /// How many lines there are, of which the last may have no end.
    pub(super) fn count_lines(&self, bytes: &[u8]) -> u64 {
        let terminator = self.matcher.terminator();
        newlines::count(bytes, terminator) + u64::from(bytes.last().is_some_and(|&last| last != terminator))
    }

    /// Goes through all events of a section up to the first line that counts as binary; returns how many there are
    /// before it, if there is one.
    fn walk_to_binary(&self, seam: &mut Seam, window: &Window<'_>, section: &Section) -> Result<Option<u64>, Error> {
        let mut walk = section.at.walk;
        let mut events = 0;
        let (mut selected, mut found, mut after_break) = (0, None, false);
        let known = seam.binary;
        window.read(section.start..section.lines.end, |bytes| {
            let view = View { bytes, base: section.start, terminator: self.matcher.terminator() };
            while let Some(event) = walk.next(view, section.hits(), section.lines.start, self.options.context) {
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
        self.add_matches(matches.len() as u64);
    }
}

impl<'a, 'w> Stages for GrepStages<'a, 'w> {
    type Item = Window<'w>;
    type Found = Found;
    type Plan = Plan;
    type Seam = Seam;
    type Worker = Worker<'a>;
    type Output = Output;

    fn worker(&self) -> Worker<'a> {
        let spare = self.caches.lock().pop();
        Worker {
            cache: spare.unwrap_or_else(|| self.matcher.cache()),
            caches: self.caches,
            matches: vec![],
            counted_lines: 0,
            counted: 0,
            spare_hits: vec![],
            spare_matches: vec![],
        }
    }

    fn item_size(&self, window: &Window<'w>) -> usize {
        window.size()
    }

    fn scan(&self, worker: &mut Worker<'a>, window: &Window<'w>) -> Result<Found, Error> {
        window.read_ahead();
        let found = self.find(worker, window);
        found.or_else(|error| self.look_before_cut(worker, window, error))
    }

    fn join(&self, seam: &mut Seam, window: &Window<'w>, found: Found) -> Result<Joined<Plan>, Error> {
        if let Window::Owned(lines) = window {
            seam.binary = seam.binary.or(lines.binary);
            seam.newlines += lines.passed;
            if !seam.carry.any {
                // The range may begin there.
                seam.carry.upto = seam.carry.upto.max(lines.base);
            }
        }
        if let Some(piece) = window.begins_piece() {
            seam.enter(piece);
        }
        seam.summary.bytes_searched = seam.summary.bytes_searched.max(found.lines.range.end);
        if let Some(progress) = &self.options.progress {
            progress.store(seam.summary.bytes_searched.saturating_sub(seam.start), Ordering::Relaxed);
        }
        if let (Some(keeper), Window::Mapped { range, .. }) = (self.keeper, window) {
            keeper.done_upto(range.end as u64);
        }
        if self.multiline {
            // What came before a cut is not reported where lines depend on each other.
            return self.join_found(seam, window, found);
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
        out: &mut Output,
    ) -> Result<bool, Error> {
        let Some(section) = plan.sections.front_mut() else { return plan.cut.take().map_or(Ok(false), Err) };
        let before = section.at;
        let mut formatted = self.format_section(worker, window, section, out);
        if let Err(error) = formatted {
            // The file was cut since it was joined. What has become of this piece is made anew of what lies before the cut.
            ordered::Output::clear(out);
            (worker.counted_lines, worker.counted) = (0, 0);
            section.at = before;
            let error = self.cut_section(window, section, error)?;
            formatted = self.format_section(worker, window, section, out);
            plan.cut = Some(error);
            plan.sections.truncate(1);
        }
        let Some(section) = plan.sections.front() else { return Ok(false) };
        let more = formatted.inspect_err(|_| ordered::Output::clear(out))?;
        self.lines.fetch_add(std::mem::take(&mut worker.counted_lines), Ordering::Relaxed);
        self.matches.fetch_add(std::mem::take(&mut worker.counted), Ordering::Relaxed);
        out.upto = match (&section.hits, section.part_of) {
            // Each match is by itself, or the line goes on as long as not all of it was reported.
            (_, Some(_)) if self.reports_matches() => {
                // A match behind the last byte of the file is in the range of that byte.
                let last = self.len.saturating_sub(1);
                section.known.get(section.at.known).map_or(section.lines.end, |m| m.start.min(last))
            }
            (_, Some(line)) => line,
            (_, None) if !more => section.lines.end,
            (Hits::All(_), None) => section.at.walk.carry.upto,
            (Hits::From(_), None) => section.lines.start + section.at.searched as u64,
        };
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

    fn found_size(&self, found: &Found) -> usize {
        let hits = match &found.lines.hits {
            Hits::All(hits) => hits.capacity() * size_of::<Span>(),
            Hits::From(_) => 0,
        };
        let parts = [&found.head, &found.tail].into_iter().flatten();
        let blocks = found.blocks.as_ref().map_or(0, BlocksFound::size);
        hits + blocks + parts.map(|part| part.matches.capacity() * size_of::<Match>()).sum::<usize>()
    }
}
