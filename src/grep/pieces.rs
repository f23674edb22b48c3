//! Searching pieces of a mapped file.

use std::ops::{ControlFlow, Range};

use super::{
    binary,
    core::{Core, MappedFile, Start},
    format::Format,
    mode::{self, Job, Outcome, last, reverse},
    options::{Binary, Goal},
    range::MatchRange,
    resume,
    run::{Emit, Ended},
    search::Grep,
    shifted::Shifted,
    summary::Summary,
};
use crate::{
    error::Error,
    index::Part,
    mapping::{Advice, Mapping},
    scan::{Cancel, Pool, cache::CacheKeeper, newlines, piece::Piece, pieces::Pieces, window::Window},
};

impl Grep {
    /// Searches a mapped file, with its holes.
    pub(super) fn search_whole(
        &self,
        mapping: &Mapping,
        format: &dyn Format,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        let terminator = self.matcher.terminator();
        let whole = Piece::from(mapping, self.origin as usize);
        let whole = Pieces::new(mapping, vec![whole], self.chunk_size(), terminator);
        self.search_pieces(mapping, whole, format, pool, emit)
    }

    /// Searches parts of a mapped file, which are what they should be, with their holes.
    pub(super) fn search_some(
        &self,
        mapping: &Mapping,
        parts: &[Part],
        format: &dyn Format,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        let piece = |part: &Part| {
            let range = part.range.start as usize..part.range.end as usize;
            Piece { range: range.clone(), within: range, newlines: part.newlines }
        };
        let pieces = parts.iter().map(piece).collect();
        let pieces = Pieces::new(mapping, pieces, self.chunk_size(), self.matcher.terminator());
        self.search_pieces(mapping, pieces, format, pool, emit)
    }

    /// Searches pieces of a file outside of which nothing is selected.
    fn search_pieces(
        &self,
        mapping: &Mapping,
        pieces: Pieces<'_>,
        format: &dyn Format,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        if self.origin > 0 {
            let shifted = Shifted { format, by: -(self.origin as i64) };
            let searched = self.search_pieces_by_offset(mapping, pieces, &shifted, pool, emit)?;
            let bytes_searched = match self.options.reverse && self.options.goal == Goal::Lines {
                // That is a number of bytes.
                true => searched.bytes_searched,
                false => shifted.offset(searched.bytes_searched),
            };
            return Ok(Summary { bytes_searched, ..shifted.summary(searched) });
        }
        self.search_pieces_by_offset(mapping, pieces, format, pool, emit)
    }

    /// The same, where all offsets are those in the mapping.
    fn search_pieces_by_offset(
        &self,
        mapping: &Mapping,
        mut pieces: Pieces<'_>,
        format: &dyn Format,
        pool: &Pool,
        emit: &mut Emit<'_>,
    ) -> Result<Summary, Error> {
        let options = &self.options;
        if options.last == Some(0) {
            return Ok(Summary::default());
        }
        let binary = match options.binary {
            Binary::Text => None,
            _ => binary::nul_at_start(mapping, self.origin)?,
        };
        if binary.is_some() && options.binary == Binary::Quit {
            return Ok(Summary { binary, ..Summary::default() });
        }
        // Formatting looks again at the lines of the chunks under way.
        let lag = (2 * pool.threads() + 3).saturating_mul(options.chunk_size);
        let keeper = CacheKeeper::of_mapping(options.page_cache, mapping, lag);
        // Advice is no more than that: a kernel that does not take it searches as well.
        let _ = mapping.advise(if pieces.is_whole() { Advice::Sequential } else { Advice::Random });
        let searches_matches = self.searches_matches(format);
        let mut range = self.lines_of_range(mapping, searches_matches)?;
        pieces.confine(range.start as usize..range.end as usize);
        let inline = Pool::inline();
        let pool = if pieces.len() <= self.little() { &inline } else { pool };
        let mut start = Start { floor: range.start, binary, ..Start::default() };
        // From the end, the lines are those that are found from the front, where the search may end before.
        let quits_in = match options.binary == Binary::Quit && (self.is_backwards() || options.last.is_some()) {
            true => binary::first_line_with_nul(self, mapping, &pieces, &keeper)?,
            false => None,
        };
        if let Some((line, _)) = quits_in {
            range.end = line.max(range.start);
            pieces.confine(range.start as usize..range.end as usize);
        }
        let file = MappedFile { mapping, end: range.end, keeper: &keeper };
        let own = self.matcher.for_one_search();
        let matcher = own.as_ref().unwrap_or(&self.matcher);
        let mut core = Core::new(matcher, options, &self.caches, format, Some(file));
        if searches_matches && options.range != (0..u64::MAX) {
            core.match_range = MatchRange::new(options.range.clone(), mapping.len() as u64);
        }
        if let Some(count) = options.last {
            range.start = last::start_of_last(&core, &pieces, count, pool)?;
            pieces.confine(range.start as usize..range.end as usize);
            if range.is_empty() && !options.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
                core.set_progress(range.end - start.floor);
            }
        }
        start.offset = range.start;
        start.newlines = self.count_before(mapping, &mut pieces, pool, &keeper)?;
        let mut summary = match self.is_backwards() {
            true => search_reversed(&core, &pieces, start, pool, emit)?,
            false => search_forwards(&core, &pieces, start, pool, emit)?,
        };
        summary.binary = summary.binary.or(quits_in.map(|(_, nul)| nul));
        // What lies behind the first NUL was looked at, but not as text.
        summary.bytes_searched = summary.bytes_searched.min(summary.binary.unwrap_or(u64::MAX));
        Ok(summary)
    }

    /// Counts the line ends before the first piece, where lines are numbered. Returns how many there are up to the end
    /// of the last piece where the search begins there.
    fn count_before(
        &self,
        mapping: &Mapping,
        pieces: &mut Pieces<'_>,
        pool: &Pool,
        keeper: &CacheKeeper<'_>,
    ) -> Result<u64, Error> {
        if !self.options.line_numbers {
            return Ok(0);
        }
        let count = |range| {
            let (terminator, cancel) = (self.matcher.terminator(), self.options.cancel.as_ref());
            newlines::count_in(mapping, range, terminator, pool, cancel, keeper)
        };
        if let Some(first) = pieces.first() {
            first.newlines += count(first.within.start..first.range.start)?;
        }
        match pieces.last().filter(|_| self.is_backwards()) {
            Some(last) => Ok(last.newlines + count(last.range.clone())?),
            None => Ok(0),
        }
    }

    /// The range to search. It begins where a line does: with the line that the given range begins in where matches of
    /// it may be in the range, else with the next one. It ends with a line, or where no match may start any more.
    fn lines_of_range(&self, mapping: &Mapping, searches_matches: bool) -> Result<Range<u64>, Error> {
        let (origin, len) = (self.origin.min(mapping.len() as u64), mapping.len() as u64);
        let piece = Piece::from(mapping, origin as usize);
        let whole = Window::of_piece(mapping, piece, self.matcher.terminator());
        let line_start = |at: u64| match at {
            at if at <= origin => Ok(origin),
            at if at >= len => Ok(len),
            at => Ok::<_, Error>(whole.after_terminator(at - 1, len)?.unwrap_or(len)),
        };
        if searches_matches && self.options.range.start >= len {
            return Ok(len..len);
        }
        if searches_matches {
            let end = len.min(self.options.range.end);
            let start = whole.line_start(end.min(self.options.range.start))?;
            return Ok(start..end.max(start));
        }
        let start = line_start(self.options.range.start)?;
        Ok(start..line_start(self.options.range.end)?.max(start))
    }
}

/// Searches from the front, in the mode that the options pick.
fn search_forwards(
    core: &Core<'_>,
    pieces: &Pieces<'_>,
    start: Start,
    pool: &Pool,
    emit: &mut Emit<'_>,
) -> Result<Summary, Error> {
    let end = core.end();
    let outcome = mode::run(core, Job { feed: pieces.feed(), start, pool, emit })?;
    // The offset cannot be told where the file was cut since.
    let resume = outcome.ended.stop.as_ref();
    let resume = resume.map(|stop| resume::resume(core, pieces, &outcome, stop).unwrap_or(stop.upto));
    let Outcome { ended: Ended { mut summary, had_enough, .. }, .. } = outcome;
    let is_done = !had_enough && resume.is_none_or(|at| at >= end);
    if is_done && start.offset < end {
        // There is nothing behind the last piece.
        summary.bytes_searched = end;
        core.set_progress(end - start.offset);
    }
    // A search that had enough may have had all that was wanted.
    let at = resume.unwrap_or(u64::MAX).min(summary.bytes_searched).max(start.offset);
    summary.stopped_at = (at < end && summary.binary.is_none()).then_some(at);
    Ok(summary)
}

/// Searches from the end.
fn search_reversed(
    core: &Core<'_>,
    pieces: &Pieces<'_>,
    start: Start,
    pool: &Pool,
    emit: &mut Emit<'_>,
) -> Result<Summary, Error> {
    let end = core.end();
    let Ended { mut summary, stop, had_enough } = reverse::search_reversed(core, pieces, start, pool, emit)?;
    if !had_enough && stop.is_none() && start.offset < end {
        summary.bytes_searched = end - start.offset;
        core.set_progress(summary.bytes_searched);
    }
    Ok(summary)
}
