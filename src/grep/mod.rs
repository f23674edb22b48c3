//! Lines: which ones are selected, their numbers, the context around them, and how many are wanted.
//!
//! [`Grep`] turns the matches of a [`Matcher`] into line events, in parallel within one file and in file order. A
//! chunk of the file owns the lines that start in it. Workers find those of them that match and count line ends; a
//! serial step adds up the counts and carries from chunk to chunk what context is still due and how many lines may
//! still be selected; workers then format the lines, and the caller receives the bytes.
//!
//! # Examples
//!
//! Every line that mentions a word, with its number, in file order:
//!
//! ```
//! use std::ops::ControlFlow;
//! use mapgrep::{
//!     grep::{GrepBuilder, Plain},
//!     matcher::MatcherBuilder,
//!     scan::Pool,
//! };
//!
//! let matcher = MatcherBuilder::new().by_line(true).build(["needle"])?;
//! let grep = GrepBuilder::new().build(matcher)?;
//! let text = "hay\nneedle\nhay\nneedles\n";
//! let mut out = vec![];
//! let summary = grep.search_reader(text.as_bytes(), &Plain, &Pool::inline(), &mut |bytes| {
//!     out.extend_from_slice(bytes);
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(out, b"needle\nneedles\n");
//! assert_eq!(summary.matched_lines, 2);
//! # Ok::<(), mapgrep::Error>(())
//! ```

mod backwards;
mod blocks;
mod events;
mod format;
mod lines;
mod long;
mod path;
mod report;
mod section;
mod shifted;
mod sparse;
mod stages;
mod walk;

use std::{
    io::Read,
    ops::{ControlFlow, Range, RangeBounds},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

pub use self::format::{Format, Line, LineKind, LongMatches, Plain};
pub(crate) use self::shifted::Shifted;
use self::stages::{Caches, Ended, GrepStages, Seam};
use crate::{
    error::Error,
    index::{Part, Query},
    mapping::{Advice, Mapping},
    matcher::Matcher,
    scan::{
        CachePolicy, Cancel, DEFAULT_CHUNK_SIZE, Pool,
        cache::CacheKeeper,
        feed::{self, Feed},
        newlines,
        pieces::{Piece, Pieces},
        stream::{self, InMemory, LineReader, Nul, Text},
        window::{Spare, Window},
    },
    span::range_of,
};

/// How many bytes at the start of a mapped file are looked at to tell whether it is binary.
const BINARY_HEAD: usize = 64 << 10;

/// What a search is to find out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// The selected lines, and those around them.
    #[default]
    Lines,
    /// How many lines are selected.
    CountLines,
    /// How many matches are in the selected lines, and how many lines those are.
    CountMatches,
    /// Whether any line is selected; the search ends with the first one.
    AnyLine,
}

/// What a NUL byte means. Text has none, so a file with one is taken for binary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binary {
    /// Nothing: every file is text.
    #[default]
    Text,
    /// Lines of a binary file are not reported, only that there are some. A mapped file is binary from its start when
    /// there is a NUL in its first 64 KiB, and otherwise from the first line with a NUL that would be reported. A
    /// stream is binary from the read on in which the NUL is found, and there the NUL ends a line.
    Suppress,
    /// The search of a binary file ends where it turns out to be one.
    Quit,
}

/// How many lines to report around selected ones.
#[derive(Clone, Copy, Debug, Default)]
struct Context {
    before: usize,
    after: usize,
}

impl Context {
    /// All lines are shown, as context of what came before.
    const EVERYTHING: Context = Context { before: 0, after: usize::MAX };

    fn is_none(self) -> bool {
        self.before == 0 && self.after == 0
    }
}

/// What a search found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// How many lines were selected.
    pub matched_lines: u64,
    /// How many matches there are in them; counted with [`Goal::CountMatches`], and with [`Goal::Lines`] when the
    /// format wants matches.
    pub matches: u64,
    /// Up to which offset the file was searched.
    pub bytes_searched: u64,
    /// Where a search would go on that was stopped, or had all it wanted, before the end of the file or range: with
    /// [`range`](GrepBuilder::range) from there on. All lines before have been dealt with. None where the end was reached, and
    /// for a search from the end. Of a stream it is not known whether there is more behind it.
    pub stopped_at: Option<u64>,
    /// The offset of the NUL byte that made the file binary, when it was noticed.
    pub binary: Option<u64>,
}

/// Options for a [`Grep`].
#[derive(Clone, Debug)]
pub struct GrepBuilder {
    goal: Goal,
    invert: bool,
    context: Context,
    passthru: bool,
    line_numbers: bool,
    max_count: Option<u64>,
    range: Range<u64>,
    last: Option<u64>,
    reverse: bool,
    cache: CachePolicy,
    binary: Binary,
    chunk_size: usize,
    progress: Option<Arc<AtomicU64>>,
    cancel: Option<Cancel>,
}

impl Default for GrepBuilder {
    fn default() -> Self {
        GrepBuilder {
            goal: Goal::Lines,
            invert: false,
            context: Context::default(),
            passthru: false,
            line_numbers: false,
            max_count: None,
            range: 0..u64::MAX,
            last: None,
            reverse: false,
            cache: CachePolicy::Keep,
            binary: Binary::Text,
            chunk_size: DEFAULT_CHUNK_SIZE,
            progress: None,
            cancel: None,
        }
    }
}

impl GrepBuilder {
    /// All lines that match, without numbers or context.
    pub fn new() -> Self {
        Self::default()
    }

    /// What to find out.
    pub fn goal(&mut self, goal: Goal) -> &mut Self {
        self.goal = goal;
        self
    }

    /// Selects the lines that do not match.
    pub fn invert(&mut self, yes: bool) -> &mut Self {
        self.invert = yes;
        self
    }

    /// How many lines to report before each selected one.
    pub fn before_context(&mut self, lines: usize) -> &mut Self {
        self.context.before = lines;
        self
    }

    /// How many lines to report after each selected one.
    pub fn after_context(&mut self, lines: usize) -> &mut Self {
        self.context.after = lines;
        self
    }

    /// Reports all lines, those that are not selected as [`LineKind::After`]. Context makes no difference then.
    pub fn passthru(&mut self, yes: bool) -> &mut Self {
        self.passthru = yes;
        self
    }

    /// Whether lines come with their numbers, which costs a count of all line ends up to the last selected line.
    pub fn line_numbers(&mut self, yes: bool) -> &mut Self {
        self.line_numbers = yes;
        self
    }

    /// Ends the search after this many selected lines and the context behind the last of them. A line of that context is
    /// reported as [`LineKind::After`], also where it matches.
    pub fn max_count(&mut self, lines: Option<u64>) -> &mut Self {
        self.max_count = lines;
        self
    }

    /// Searches the lines that start in this range of bytes; where nothing but matches is reported, without context, or counted, the matches
    /// that start in it. The results of ranges that follow each other add up to those of one search, unless matches may cross
    /// lines: those are found as if none came before the range. Offsets and line numbers stay those of the file; context does
    /// not reach beyond the range. Line numbers cost a count of the line ends before it.
    pub fn range(&mut self, range: impl RangeBounds<u64>) -> &mut Self {
        let Range { start, end } = range_of(range, u64::MAX);
        self.range = start..end.max(start);
        self
    }

    /// Searches for the last so many of the selected lines only, from the end of the file (or range) on. They are reported in
    /// file order, and nothing before them is looked at but for the count of line ends where there are numbers.
    pub fn last(&mut self, lines: Option<u64>) -> &mut Self {
        self.last = lines;
        self
    }

    /// Reports lines in the opposite order, from the end of the file (or range) on. There is no context then, and
    /// [`max_count`](GrepBuilder::max_count) limits the lines from the end.
    pub fn reverse(&mut self, yes: bool) -> &mut Self {
        self.reverse = yes;
        self
    }

    /// What becomes of the pages that a search of a mapped file brings into memory; they are kept unless set.
    pub fn cache(&mut self, policy: CachePolicy) -> &mut Self {
        self.cache = policy;
        self
    }

    /// What a NUL byte means.
    pub fn binary(&mut self, binary: Binary) -> &mut Self {
        self.binary = binary;
        self
    }

    /// How many bytes of a file one step of a worker covers; a multiple of the page size does best. The results do not
    /// depend on it.
    pub fn chunk_size(&mut self, bytes: usize) -> &mut Self {
        self.chunk_size = bytes;
        self
    }

    /// A counter that a search keeps at the number of bytes that it is done with.
    pub fn progress(&mut self, counter: Option<Arc<AtomicU64>>) -> &mut Self {
        self.progress = counter;
        self
    }

    /// A token that stops the search when it is cancelled: the lines that were emitted stay emitted, and the summary tells
    /// of what was searched until then.
    pub fn cancel(&mut self, token: Cancel) -> &mut Self {
        self.cancel = Some(token);
        self
    }

    /// Puts the options and a matcher together. Where the matcher was not built
    /// [by line](crate::matcher::MatcherBuilder::by_line), matches may cross lines, and lines that share a match are reported
    /// together, as one [`Line`]; [`max_count`](GrepBuilder::max_count) counts these, and both ways of counting count matches.
    ///
    /// # Errors
    ///
    /// Invalid input when the chunk size is 0, and for what does not go together: [`reverse`](GrepBuilder::reverse) with
    /// context, or with patterns that were not built [by line](crate::matcher::MatcherBuilder::by_line), and
    /// [`last`](GrepBuilder::last) with such patterns.
    pub fn build(&self, matcher: Matcher) -> Result<Grep, Error> {
        if self.chunk_size == 0 {
            return Err(Error::invalid_input("a chunk size of 0 bytes: it has to be 1 at least"));
        }
        let backwards = self.last.is_some() || self.reverse;
        if backwards && !matcher.is_by_line() {
            return Err(Error::invalid_input(
                "matches across lines can only be found from the front: build the matcher by line to have the last ones, or all \
                 in the opposite order",
            ));
        }
        if self.reverse && (self.passthru || !self.context.is_none()) {
            return Err(Error::invalid_input("lines in the opposite order come without context"));
        }
        let mut options = self.clone();
        if options.passthru {
            options.context = Context::EVERYTHING;
        }
        Ok(Grep { matcher, options, query: None, caches: Caches::default(), spare: Spare::default(), origin: 0 })
    }
}

/// A search for lines, to be run on any number of files. Shared between threads as it is.
#[derive(Clone, Debug)]
pub struct Grep {
    matcher: Matcher,
    options: GrepBuilder,
    /// What a line needs in order to match, where that is known.
    query: Option<Arc<Query>>,
    /// Caches that earlier searches have filled. For small files, making one takes longer than the search.
    caches: Caches,
    /// Memory that earlier streams were read into.
    spare: Spare,
    /// Where in a mapped file the text begins.
    origin: u64,
}

impl Grep {
    /// The same search with caches and memory of its own, for a thread that searches many small files.
    #[cfg(feature = "cli")]
    pub(crate) fn apart(&self) -> Self {
        Grep { caches: Caches::default(), spare: Spare::default(), ..self.clone() }
    }

    /// The compiled patterns.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// The same search of another [range](GrepBuilder::range).
    #[must_use]
    pub fn within(&self, range: impl RangeBounds<u64>) -> Self {
        let mut grep = self.clone();
        grep.options.range(range);
        grep
    }

    /// The same search of mapped files of which the bytes before an offset are no part of the text: a line begins there, and it is
    /// byte 0 of line 1. [`within`](Grep::within), and parts, are still told by the offsets of the mapping. For searches by line.
    #[cfg(feature = "cli")]
    pub(crate) fn starting_at(&self, origin: u64) -> Self {
        let mut grep = self.clone();
        grep.origin = origin;
        let Range { start, end } = grep.options.range;
        grep.options.range = start.saturating_add(origin)..end.saturating_add(origin);
        grep
    }

    /// Whether [parts](Grep::search_parts) of a file can be searched for what this looks for.
    pub fn takes_parts(&self) -> bool {
        let looks_at_all = self.options.invert || self.options.passthru;
        !looks_at_all && self.matcher.is_by_line() && self.matcher.terminator() == b'\n'
    }

    /// Whether it reports lines in the opposite order, and counts the bytes it has searched from the end.
    #[cfg(feature = "cli")]
    pub(crate) fn is_backwards(&self) -> bool {
        self.options.reverse && self.options.goal == Goal::Lines
    }

    /// Whether it makes no difference to a stream if most of a long run of NULs is left out: each ends an empty line, nothing is
    /// found in these, and nothing is shown of the lines behind.
    #[cfg(feature = "cli")]
    pub(crate) fn skips_nuls_of_streams(&self) -> bool {
        let GrepBuilder { binary, invert, passthru, last, reverse, .. } = self.options;
        let looks_at_all = invert || passthru || reverse || last.is_some() || !self.matcher.is_by_line();
        binary != Binary::Text && !looks_at_all && self.matcher.terminator() != 0 && self.matcher.misses_nuls()
    }

    /// What a NUL byte means to it.
    pub fn binary(&self) -> Binary {
        self.options.binary
    }

    /// How this search runs on a stream, in one line for people.
    pub fn stream_plan(&self, pool: &Pool) -> String {
        match pool.threads() {
            _ if self.needs_all(&Plain) => "read to its end into memory, and then searched as a file is".to_owned(),
            1 => "read and searched on the calling thread".to_owned(),
            threads => format!("read ahead in windows of {} bytes, for {threads} threads", self.options.chunk_size),
        }
    }

    /// How this search runs within one file of `len` bytes, in one line for people.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let matcher = MatcherBuilder::new().by_line(true).build(["x"])?;
    /// let grep = GrepBuilder::new().build(matcher)?;
    /// assert_eq!(grep.plan(100, &Pool::new(2)), "1 chunk, on the calling thread");
    /// assert_eq!(grep.plan(1 << 30, &Pool::new(2)), "2048 chunks of 524288 bytes on 2 threads, in file order");
    ///
    /// let matcher = MatcherBuilder::new().build(["(?s)a.*b"])?;
    /// let grep = GrepBuilder::new().build(matcher)?;
    /// assert!(grep.plan(1 << 30, &Pool::new(2)).ends_with("have any length, which one walk has to find"));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn plan(&self, len: u64, pool: &Pool) -> String {
        let Range { start, end } = self.options.range;
        let len = len.min(end).saturating_sub(start);
        let size = self.chunk_size();
        let is_sequential = !self.matcher.is_by_line() && self.matcher.longest().is_none();
        let threads = if is_sequential || len <= self.little() as u64 { 1 } else { pool.threads() };
        let chunks = match (len.div_ceil(size as u64), threads) {
            (0 | 1, _) => "1 chunk, on the calling thread".to_owned(),
            (chunks, 1) => format!("{chunks} chunks of {size} bytes, one after the other on the calling thread"),
            (chunks, threads) => format!("{chunks} chunks of {size} bytes on {threads} threads, in file order"),
        };
        match (self.matcher.is_by_line(), self.matcher.longest()) {
            (true, _) if self.options.reverse => {
                format!("from the end, {chunks}").replace("in file order", "in that order")
            }
            (true, _) if self.options.last.is_some() => {
                format!("from the end as far as it takes, then forwards from there; at most {chunks}")
            }
            (true, _) => chunks,
            (false, Some(longest)) => {
                format!("{chunks}; matches may cross lines, and each is decided within {longest} bytes")
            }
            (false, None) => {
                format!("{chunks}; matches may cross lines and have any length, which one walk has to find")
            }
        }
    }

    /// What is searched at once.
    fn chunk_size(&self) -> usize {
        // Where matches may cross lines they are held until those before them are known, one for each byte at worst.
        const ACROSS_LINES: usize = 128 << 10;
        match self.matcher.is_by_line() {
            true => self.options.chunk_size,
            false => self.options.chunk_size.min(ACROSS_LINES),
        }
    }

    /// How many bytes one thread searches before others are there to help it: to start them takes a third of a millisecond.
    fn little(&self) -> usize {
        let chunks = if self.matcher.literal_lines().is_some() { 4 } else { 1 };
        chunks * self.chunk_size()
    }

    /// Searches a mapped file in parallel. The formatted lines arrive in file order, in pieces that end with a line.
    ///
    /// # Errors
    ///
    /// [`is_truncated`](Error::is_truncated) when the file became shorter meanwhile. What comes before has been
    /// emitted then.
    ///
    /// # Panics
    ///
    /// Passes on panics of `format` and `emit`, after all workers have stopped.
    ///
    /// # Complexity
    ///
    /// One search over the file, plus a look at each reported line. Memory is bounded by the number of threads, not by
    /// the file or the number of matches.
    pub fn search_mapping(
        &self,
        mapping: &Mapping,
        format: &dyn Format,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        match self.search_sparse(mapping, None, format, pool, emit) {
            Some(searched) => searched,
            None => self.search_whole(mapping, format, pool, emit),
        }
    }

    /// Searches a mapped file, with its holes.
    fn search_whole(
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

    /// Searches parts of a mapped file, with the result of a search of the whole file, where the caller knows that there is
    /// nothing in the rest: no line outside of the parts is selected. With [context](GrepBuilder::after_context) behind the lines,
    /// that of any line that may be selected lies in the same part as the line. The parts come in file order, begin where a line
    /// does, and end with a line or the file. Their [`newlines`](Part::newlines) are of interest where lines come with their
    /// [numbers](GrepBuilder::line_numbers). Where the parts are not what they should be, the result means nothing.
    ///
    /// What lies between parts is not looked at, nor read by the system, but for context before a line, the start of the file
    /// where it matters what is [binary](GrepBuilder::binary), and the lines in which a [range](GrepBuilder::range) begins and ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{
    ///     grep::{GrepBuilder, Plain},
    ///     index::Part,
    ///     mapping::MapOptions,
    ///     matcher::MatcherBuilder,
    ///     scan::Pool,
    /// };
    ///
    /// let text = b"hay\nhay\nneedle\nhay\n";
    /// let mut memory = MapOptions::new().len(text.len()).map_anonymous()?;
    /// memory.set_slice(.., text)?;
    /// let grep = GrepBuilder::new().build(MatcherBuilder::new().by_line(true).build(["needle"])?)?;
    /// let mut out = vec![];
    /// let parts = [Part { range: 4..15, newlines: 1 }];
    /// let summary = grep.search_parts(&memory, &parts, &Plain, &Pool::inline(), &mut |bytes| {
    ///     out.extend_from_slice(bytes);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(out, b"needle\n");
    /// assert_eq!((summary.matched_lines, summary.bytes_searched), (1, 19));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`search_mapping`](Grep::search_mapping). Invalid input where the parts do not come in order, reach beyond the file or are
    /// empty, and for searches that look at all lines, or at more than lines: with [`invert`](GrepBuilder::invert) or
    /// [`passthru`](GrepBuilder::passthru), for patterns that were not built
    /// [by line](crate::matcher::MatcherBuilder::by_line), and where lines end with NUL.
    ///
    /// # Panics
    ///
    /// As [`search_mapping`](Grep::search_mapping).
    ///
    /// # Complexity
    ///
    /// As [`search_mapping`](Grep::search_mapping) of a file that has nothing but the parts.
    pub fn search_parts(
        &self,
        mapping: &Mapping,
        parts: &[Part],
        format: &dyn Format,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        if !self.takes_parts() {
            return Err(Error::invalid_input(
                "parts of a file can only be searched for lines that match, by line, and where lines end with \\n: search the \
                 whole file",
            ));
        }
        let mut end = 0;
        for Part { range, .. } in parts {
            if range.start < end || range.is_empty() || range.end > mapping.len() as u64 {
                let (start, upto, len) = (range.start, range.end, mapping.len());
                return Err(Error::invalid_input(format!(
                    "part {start}..{upto} behind one that ends at {end}, of a file of {len} bytes: parts have to come in order, \
                     within the file, and none may be empty"
                )));
            }
            end = range.end;
        }
        match self.search_sparse(mapping, Some(parts), format, pool, emit) {
            Some(searched) => searched,
            None => self.search_some(mapping, parts, format, pool, emit),
        }
    }

    /// Searches parts of a mapped file, which are what they should be, with their holes.
    fn search_some(
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
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        let options = &self.options;
        if options.last == Some(0) {
            return Ok(Summary::default());
        }
        // Formatting looks again at the lines of the chunks under way.
        let lag = (2 * pool.threads() + 3).saturating_mul(options.chunk_size);
        let keeper = CacheKeeper::of_mapping(options.cache, mapping, lag);
        let mut binary = None;
        if options.binary != Binary::Text {
            let start = mapping.len().min(self.origin as usize);
            let head = start..mapping.len().min(start.saturating_add(BINARY_HEAD));
            binary = mapping.guarded(head, |bytes| memchr::memchr(0, bytes))?.map(|at| (start + at) as u64);
            if binary.is_some() && options.binary == Binary::Quit {
                return Ok(Summary { binary, ..Summary::default() });
            }
        }
        // Advice is no more than that: a kernel that does not take it searches as well.
        let _ = mapping.advise(if pieces.is_whole() { Advice::Sequential } else { Advice::Random });
        let mut range = self.lines_of_range(mapping, self.searches_matches(format))?;
        pieces.confine(range.start as usize..range.end as usize);
        let inline = Pool::inline();
        let pool = if pieces.len() <= self.little() { &inline } else { pool };
        let floor = range.start;
        let backwards = options.reverse && options.goal == Goal::Lines;
        // From the end, the lines are those that are found from the front, where the search may end before.
        let quits_in = match options.binary == Binary::Quit && (backwards || options.last.is_some()) {
            true => self.first_line_with_nul(mapping, &pieces, &keeper)?,
            false => None,
        };
        if let Some((line, _)) = quits_in {
            range.end = line.max(range.start);
            pieces.confine(range.start as usize..range.end as usize);
        }
        let set_progress = |bytes| {
            if let Some(progress) = &options.progress {
                progress.store(bytes, Ordering::Relaxed);
            }
        };
        if let Some(count) = options.last {
            range.start = self.start_of_last(&pieces, range.end, count, pool, &keeper)?;
            pieces.confine(range.start as usize..range.end as usize);
            if range.is_empty() && !options.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
                set_progress(range.end - floor);
            }
        }
        let mut seam = Seam::new(options, floor, range.start);
        seam.binary = binary;
        if options.line_numbers {
            let count = |range| {
                let (terminator, cancel) = (self.matcher.terminator(), options.cancel.as_ref());
                newlines::count_in(mapping, range, terminator, pool, cancel, &keeper)
            };
            if let Some(first) = pieces.first() {
                first.newlines += count(first.within.start..first.range.start)?;
            }
            if let Some(last) = pieces.last().filter(|_| backwards) {
                seam.newlines = last.newlines + count(last.range.clone())?;
            }
        }
        let stages = GrepStages::new(self, format, Some((range.end, mapping.len() as u64, &keeper)));
        let (ended, resume) = if backwards {
            (self.search_backwards(stages, mapping, &pieces, seam, pool, emit)?, None)
        } else {
            // Matches of any length are found by one walk over the file.
            let pool = if self.matcher.is_by_line() || self.matcher.longest().is_some() { pool } else { &inline };
            let ended = stages.run(&stages, pieces.feed(), seam, Some(mapping), pool, emit)?;
            // The file was cut since, where that cannot be said.
            let resume = ended.stop.as_ref().map(|stop| stop.resume(&stages, &pieces).unwrap_or(stop.upto));
            (ended, resume)
        };
        let Ended { mut summary, stop, had_enough } = ended;
        let is_done = !had_enough && if backwards { stop.is_none() } else { resume.is_none_or(|at| at >= range.end) };
        if is_done && !range.is_empty() {
            // There is nothing behind the last piece.
            summary.bytes_searched = if backwards { range.end - range.start } else { range.end };
            set_progress(range.end - range.start);
        }
        if !backwards {
            // Whoever had enough may have had all that was wanted.
            let at = resume.unwrap_or(u64::MAX).min(summary.bytes_searched).max(range.start);
            summary.stopped_at = (at < range.end && summary.binary.is_none()).then_some(at);
        }
        summary.binary = summary.binary.or(quits_in.map(|(_, nul)| nul));
        // What lies behind the first NUL was looked at, but not as text.
        summary.bytes_searched = summary.bytes_searched.min(summary.binary.unwrap_or(u64::MAX));
        Ok(summary)
    }

    /// Searches a stream: standard input, a pipe, a file that is not to be mapped. Reading runs ahead of the search in
    /// a thread of its own, unless the pool has but one thread.
    ///
    /// # Errors
    ///
    /// What reading says. What comes before has been emitted then.
    ///
    /// # Panics
    ///
    /// As [`search_mapping`](Grep::search_mapping), and passes on panics of the reader.
    ///
    /// # Complexity
    ///
    /// As [`search_mapping`](Grep::search_mapping); in memory are a few windows of lines, each as long as the longest
    /// line at least, with the lines of context before them.
    pub fn search_reader<R: Read + Send + 'static>(
        &self,
        reader: R,
        format: &dyn Format,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        if self.needs_all(format) {
            let (InMemory { bytes, error }, nul) = self.read_to_memory(reader)?;
            let mut summary = match bytes {
                Some(memory) => self.search_mapping(&memory, format, pool, emit)?,
                None => Summary::default(),
            };
            // Who has what was wanted does not know what comes behind.
            if summary.stopped_at.is_none() {
                summary.binary = summary.binary.or(nul);
            }
            return error.filter(|_| summary.stopped_at.is_none()).map_or(Ok(summary), Err);
        }
        let windows = self.windows(reader);
        let windows = stream::within(self.options.range.clone(), windows).map(|lines| lines.map(Window::Owned));
        let feed = match pool.threads() {
            1 => Feed::direct(windows),
            _ => Feed::prefetched(windows, feed::WINDOWS, Window::size),
        };
        let stages = GrepStages::new(self, format, None);
        let Ended { mut summary, stop, had_enough } =
            stages.run(&stages, feed, Seam::new(&self.options, 0, 0), None, pool, emit)?;
        let searched = summary.bytes_searched;
        // Whoever had enough does not know whether there is more.
        let is_before_end = had_enough && searched < self.options.range.end && summary.binary.is_none();
        summary.stopped_at = stop.map(|stop| stop.upto.min(searched)).or(is_before_end.then_some(searched));
        Ok(summary)
    }

    /// Cuts a stream into windows.
    fn windows<R: Read>(&self, reader: R) -> LineReader<R> {
        let nul = match self.options.binary {
            Binary::Text => Nul::Text,
            Binary::Suppress => Nul::EndsLine,
            Binary::Quit => Nul::Ends,
        };
        let context = self.options.context;
        // Where there is context, ripgrep keeps one line more than it may show, which decides where its reads end. That all
        // lines are shown is no context to it.
        let has_context = !context.is_none() && !self.options.passthru;
        let kept = if has_context { context.before.saturating_add(1) } else { 0 };
        LineReader::new(reader, nul, self.matcher.terminator(), kept, self.options.chunk_size, &self.spare)
    }

    /// Reads a stream into memory, up to where a search would end that takes it as it comes; and the NUL that it would end at.
    pub(crate) fn read_to_memory(&self, reader: impl Read) -> Result<(InMemory, Option<u64>), Error> {
        let terminator = self.matcher.terminator();
        if self.options.binary != Binary::Quit || !self.matcher.is_by_line() {
            return Ok((stream::read_to_memory(reader, terminator)?, None));
        }
        let mut text = Text::new(self.windows(reader));
        let read = stream::read_to_memory(&mut text, terminator)?;
        Ok((read, text.nul()))
    }

    /// The first selected line with a NUL in the pieces of a file, and that NUL.
    ///
    /// # Complexity
    ///
    /// Linear in the pieces up to that line: a search for NUL, and one for matches in the lines that have one.
    fn first_line_with_nul(
        &self,
        mapping: &Mapping,
        pieces: &Pieces<'_>,
        keeper: &CacheKeeper<'_>,
    ) -> Result<Option<(u64, u64)>, Error> {
        const STEP: u64 = 4 << 20;
        let terminator = self.matcher.terminator();
        let mut cache = self.matcher.cache();
        for range in pieces.ranges() {
            let piece = Piece { range: range.clone(), within: range.clone(), newlines: 0 };
            let window = Window::of_piece(mapping, piece, terminator);
            let (mut at, end) = (range.start as u64, range.end as u64);
            while at < end && !self.options.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
                let step = at..end.min(at + STEP);
                let Some(nul) = window.first_nul(step.clone())? else {
                    keeper.done_with(step.start as usize..step.end as usize);
                    at = step.end;
                    continue;
                };
                let line = window.line_start(nul)?..window.after_terminator(nul, end)?.unwrap_or(end);
                let mut is_selected = false;
                window.read(line.clone(), |bytes| {
                    lines::select(&self.matcher, &mut cache, bytes, self.options.invert, |_| {
                        is_selected = true;
                        false
                    });
                })?;
                if is_selected {
                    return Ok(Some((line.start, nul)));
                }
                at = line.end;
            }
        }
        Ok(None)
    }

    /// A stream has to be read to its end before it can be searched.
    fn needs_all(&self, format: &dyn Format) -> bool {
        let options = &self.options;
        // What a match is can depend on all that comes before it, and where one by one they are in a range or not, the line
        // that the range begins in may be of any length.
        let has_range_of_matches = options.range != (0..u64::MAX) && self.searches_matches(format);
        !self.matcher.is_by_line() || options.last.is_some() || options.reverse || has_range_of_matches
    }

    /// Matches are reported or counted, one by one, so that it is for each of them whether it is in the range.
    fn searches_matches(&self, format: &dyn Format) -> bool {
        let options = &self.options;
        let is_wanted = match options.goal {
            Goal::Lines => format.only_matches(),
            goal => goal == Goal::CountMatches,
        };
        let is_alone = options.context.is_none() && !options.invert && !options.reverse && options.last.is_none();
        is_wanted && is_alone && self.matcher.is_by_line()
    }

    /// The range to search. It begins where a line does: with the line that the given range begins in where matches of it may
    /// be in the range, else with the next one. It ends with a line, or where no match may start any more.
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
