//! What all modes of a search share: what they read, what a worker holds, and what is carried from window to window.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    format::Format,
    lines,
    options::{Binary, Goal, GrepBuilder},
    order::walk::Carry,
    range::MatchRange,
    summary::Summary,
};
use crate::{
    mapping::Mapping,
    matcher::{Cache, Matcher},
    scan::{
        cache::CacheKeeper,
        piece::Piece,
        window::{MappedWindow, NEAR, Window},
    },
    span::{FileMatch, Span},
};

/// How many bytes a piece of output has before it is passed on.
pub(crate) const PIECE_BYTES: usize = 1 << 20;

/// What one search reads in all of its modes. Nothing in it changes but the sums of what was formatted.
pub(crate) struct Core<'a> {
    pub(crate) matcher: &'a Matcher,
    pub(crate) options: &'a GrepBuilder,
    pub(crate) format: &'a dyn Format,
    /// [`Format::wants_matches`], asked once.
    pub(crate) wants_matches: bool,
    /// How many lines may be selected; `None` stands for any number.
    pub(crate) limit: Option<u64>,
    /// Range that the start of a reported or counted match must lie in.
    pub(crate) match_range: MatchRange,
    /// The file that is searched; `None` for a stream.
    pub(crate) file: Option<MappedFile<'a>>,
    /// How many bytes past the end of a window a line may end that is not long.
    pub(crate) near: usize,
    /// Lines of more bytes than this are not formatted by the workers.
    pub(crate) longest_formatted: u64,
    caches: &'a Caches,
    lines: AtomicU64,
    matches: AtomicU64,
}

/// The mapped file of a search.
#[derive(Clone, Copy)]
pub(crate) struct MappedFile<'a> {
    pub(crate) mapping: &'a Mapping,
    /// Where the last window ends.
    pub(crate) end: u64,
    pub(crate) keeper: &'a CacheKeeper<'a>,
}

impl<'a> Core<'a> {
    pub(crate) fn new(
        matcher: &'a Matcher,
        options: &'a GrepBuilder,
        caches: &'a Caches,
        format: &'a dyn Format,
        file: Option<MappedFile<'a>>,
    ) -> Self {
        Core {
            matcher,
            options,
            format,
            wants_matches: format.wants_matches(),
            limit: match options.goal {
                Goal::AnyLine => Some(options.max_count.unwrap_or(1).min(1)),
                _ => options.max_count,
            },
            match_range: MatchRange::default(),
            near: NEAR.min(options.chunk_size),
            longest_formatted: if file.is_some() { PIECE_BYTES.min(options.chunk_size) as u64 } else { u64::MAX },
            file,
            caches,
            lines: AtomicU64::new(0),
            matches: AtomicU64::new(0),
        }
    }

    /// Where the last window of a mapped file ends; 0 for a stream.
    pub(crate) fn end(&self) -> u64 {
        self.file.map_or(0, |file| file.end)
    }

    /// Long lines are searched in parts.
    pub(crate) fn in_parts(&self) -> bool {
        self.file.is_some() && self.matcher.longest().is_some()
    }

    /// Reported lines are looked through for NUL bytes. A stream tells by itself where its first NUL is.
    pub(crate) fn checks_lines(&self) -> bool {
        self.file.is_some() && self.options.binary != Binary::Text
    }

    /// A NUL on a selected line ends the search, and lines are looked through for NUL bytes.
    pub(crate) fn quits_at_nul(&self) -> bool {
        self.checks_lines() && self.options.binary == Binary::Quit
    }

    /// Adds lines and matches that were formatted to the sums of the search.
    pub(crate) fn add_formatted(&self, lines: u64, matches: u64) {
        self.lines.fetch_add(lines, Ordering::Relaxed);
        self.matches.fetch_add(matches, Ordering::Relaxed);
    }

    /// Lines that were counted when they were formatted, and matches.
    pub(crate) fn formatted(&self) -> (u64, u64) {
        (self.lines.load(Ordering::Relaxed), self.matches.load(Ordering::Relaxed))
    }

    /// Tells how many bytes the search is done with.
    pub(crate) fn set_progress(&self, bytes: u64) {
        if let Some(progress) = &self.options.progress {
            progress.set(bytes);
        }
    }

    /// What a worker needs, with a cache that an earlier search has filled where there is one.
    pub(crate) fn worker(&self) -> Worker<'a> {
        let spare = self.caches.lock().pop();
        Worker {
            cache: spare.unwrap_or_else(|| self.matcher.create_cache()),
            caches: self.caches,
            matches: vec![],
            formatted_lines: 0,
            formatted_matches: 0,
            spare_hits: vec![],
            spare_matches: vec![],
        }
    }

    /// The first `limit` selected lines.
    pub(crate) fn select(&self, worker: &mut Worker<'_>, bytes: &[u8], limit: u64) -> Vec<Span> {
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
}

/// What one worker has for itself.
pub(crate) struct Worker<'a> {
    pub(crate) cache: Cache,
    /// Where the cache goes in the end.
    caches: &'a Caches,
    /// The matches on the line that is being formatted.
    pub(crate) matches: Vec<Span>,
    /// Lines and matches that were formatted and are not in the sums of the search yet.
    pub(crate) formatted_lines: u64,
    pub(crate) formatted_matches: u64,
    /// Buffers to be used again.
    pub(crate) spare_hits: Vec<Span>,
    pub(crate) spare_matches: Vec<FileMatch>,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        // A panic may have left the cache in any state.
        if !std::thread::panicking() {
            self.caches.lock().push(std::mem::replace(&mut self.cache, Cache::none()));
        }
    }
}

/// Caches that no search is using.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caches(Arc<Mutex<Vec<Cache>>>);

impl Caches {
    fn lock(&self) -> MutexGuard<'_, Vec<Cache>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is carried from window to window in file order. `own` is what the mode needs beyond what all modes do.
#[derive(Clone)]
pub(crate) struct Seam<O> {
    /// Where the search began.
    pub(crate) start: u64,
    /// How many lines are left to select, and what context is due.
    pub(crate) carry: Carry,
    /// Line ends so far, where lines are numbered.
    pub(crate) newlines: u64,
    /// The offset of the NUL that made the file binary.
    pub(crate) binary: Option<u64>,
    pub(crate) summary: Summary,
    /// The search has all that is wanted.
    pub(crate) had_enough: bool,
    pub(crate) own: O,
}

/// Where a search begins.
#[derive(Clone, Copy, Default)]
pub(crate) struct Start {
    pub(crate) offset: u64,
    /// Context does not reach back beyond this offset.
    pub(crate) floor: u64,
    /// Line ends before the first window, where they are not known from its piece.
    pub(crate) newlines: u64,
    /// The NUL at the start of the file that made it binary.
    pub(crate) binary: Option<u64>,
}

impl<O> Seam<O> {
    pub(crate) fn new(core: &Core<'_>, start: Start, own: O) -> Self {
        let Start { offset, floor, newlines, binary } = start;
        let mut carry = Carry { left: core.limit, upto: floor, ..Carry::default() };
        if core.options.passthru {
            // All lines are context of what came before.
            carry.owed = usize::MAX;
            carry.upto = offset;
        }
        Seam { start: offset, carry, newlines, binary, summary: Summary::default(), had_enough: false, own }
    }

    /// Goes on with the next window, of which everything up to `upto` was looked at.
    pub(crate) fn enter(&mut self, core: &Core<'_>, window: &Window<'_>, upto: u64) {
        if let Window::Owned(lines) = window {
            self.binary = self.binary.or(lines.binary);
            self.newlines += lines.passed;
            if !self.carry.any {
                // The range may begin there.
                self.carry.upto = self.carry.upto.max(lines.base);
            }
        }
        if let Some(piece) = window.begins_piece() {
            self.enter_piece(piece);
        }
        self.summary.bytes_searched = self.summary.bytes_searched.max(upto);
        core.set_progress(self.summary.bytes_searched.saturating_sub(self.start));
        if let (Some(file), Window::Mapped(MappedWindow { range, .. })) = (&core.file, window) {
            file.keeper.done_upto(range.end as u64);
        }
    }

    fn enter_piece(&mut self, piece: &Piece) {
        self.newlines = piece.newlines;
        if self.carry.upto < piece.range.start as u64 {
            // The lines between two pieces are not shown as context behind the first.
            self.carry.owed = 0;
        }
    }

    /// Ends the search with the last selected line when nothing more can be reported.
    pub(crate) fn end_when_over(&mut self) -> ControlFlow<()> {
        if !self.carry.is_over() {
            return ControlFlow::Continue(());
        }
        self.summary.bytes_searched = self.carry.selected_upto;
        ControlFlow::Break(())
    }
}
