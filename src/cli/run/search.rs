//! The search of one file, and what is shown of its result.

use std::{
    fs::Metadata,
    ops::{AddAssign, ControlFlow, Range},
    time::Instant,
};

use crate::cli::{
    flags::ranges::{ByteRange, Line, LineRange},
    flags::{Options, output::Mode, performance::MapFiles},
    print::json::Json,
    print::pattern_ids::PatternCounts,
    print::standard::{Printer, Style},
    print::stats::Stats,
    run::bom::Text,
    run::compressed::{self, CompressedFiles},
    run::indexes::Indexes,
    run::input::Input,
    run::walk::Haystack,
    terminal::messages,
    terminal::progress::Progress,
    terminal::stdout::FileId,
};
use crate::{
    error::Error,
    grep::{Binary, Format, Grep, GrepBuilder, Shifted, Summary},
    index::{Index, Part, Unfit},
    mapping::{Access, Cuts, MapOptions, Mapping, is_sparse},
    matcher::Matcher,
    scan::{self, CachePolicy, Cancel, Pool, cache::CacheKeeper, holes::LEAST_BYTES, newlines},
};

/// All that the searches of a run have in common.
pub(crate) struct Searcher {
    greps: Greps,
    style: Style,
    /// For those that are counted one by one.
    patterns: Vec<Vec<u8>>,
    includes_zero: bool,
    mode: Mode,
    quiet: bool,
    all_text: bool,
    maps_explicit: bool,
    maps_walked: bool,
    /// A file is wanted as a whole, or from its end.
    takes_all: bool,
    /// The file that lines are printed to. It is not to be searched for what is printed.
    output: Option<FileId>,
    range: Option<ByteRange>,
    lines: Option<LineRange>,
    indexes: Indexes,
    cache: CachePolicy,
    explain: bool,
    notes: bool,
    compressed: CompressedFiles,
    progress: Progress,
    cancel: Cancel,
}

/// The searches for lines.
pub(crate) struct Greps {
    /// For files that were named.
    explicit: Grep,
    /// For files that were found in a directory.
    walked: Grep,
}

impl Greps {
    fn of(&self, haystack: &Haystack) -> &Grep {
        if haystack.explicit { &self.explicit } else { &self.walked }
    }

    /// The same for a thread that searches small files by itself.
    pub(crate) fn apart(&self) -> Self {
        Greps { explicit: self.explicit.apart(), walked: self.walked.apart() }
    }
}

/// Where the output of a search goes.
pub(crate) trait Sink {
    /// Called before the search of what others may be writing to at this moment, such as a pipe: what is found is not to wait
    /// for more.
    fn is_live(&mut self) {}

    /// Called once, before the first line of a file. Nothing is called for a file of which no line is shown.
    fn begin_lines(&mut self);

    fn write(&mut self, bytes: &[u8]) -> ControlFlow<()>;
}

/// What came of the search of one file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// The file is one of those that were looked for.
    pub(crate) matched: bool,
    pub(crate) stats: Stats,
    /// The offset from which the search of the last file could go on that was not searched to its end.
    pub(crate) stopped_at: Option<u64>,
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.matched |= other.matched;
        self.stats += other.stats;
        self.stopped_at = other.stopped_at.or(self.stopped_at);
    }
}

/// The bytes of a file, by the way in which they are had.
enum Source {
    /// With its index, if there is one that can be relied on.
    Mapped(Mapping, Option<Box<Index>>),
    Stream,
    /// There is nothing in it, and what comes to be in it is none of it.
    Nothing,
}

/// How a file is searched, and what its first bytes tell of it where it was named, or is mapped.
struct Opened {
    source: Source,
    unfit: Option<Unfit>,
}

/// What of a mapped file is searched.
struct Narrowed {
    /// All of it, where there are none.
    parts: Option<Vec<Part>>,
    /// The range of bytes that the lines are, if some were asked for.
    within: Option<Range<u64>>,
}

impl Narrowed {
    /// How many bytes of a file were looked at by a search that came to this offset, or of a search from the end that has seen this
    /// many bytes.
    fn bytes_searched(&self, summary: &Summary, start: u64, end: Option<u64>) -> u64 {
        let Some(parts) = &self.parts else { return summary.bytes_searched };
        let searched = match end {
            Some(end) => end.saturating_sub(summary.bytes_searched)..end,
            None => 0..start + summary.bytes_searched,
        };
        let overlap = |part: &Part| {
            let (from, upto) = (part.range.start.max(searched.start), part.range.end.min(searched.end));
            upto.saturating_sub(from)
        };
        parts.iter().map(overlap).sum()
    }

    fn search(
        &self,
        grep: &Grep,
        mapping: &Mapping,
        format: &dyn Format,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        let confined = self.within.clone().map(|range| grep.within(range));
        let grep = confined.as_ref().unwrap_or(grep);
        match &self.parts {
            Some(parts) => grep.search_parts(mapping, parts, format, pool, emit),
            None => grep.search_mapping(mapping, format, pool, emit),
        }
    }
}

impl Searcher {
    /// # Errors
    ///
    /// Those of [`GrepBuilder::build`].
    pub(crate) fn new(
        options: &Options,
        (matcher, builder): (Matcher, &GrepBuilder),
        style: Style,
        patterns: Vec<Vec<u8>>,
        indexes: Indexes,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        // What is printed when a file has been searched does not meet the progress in it.
        let prints = !options.output.quiet && matches!(options.mode(), Mode::Lines | Mode::Json);
        let progress = Progress::new(options.messages.progress, prints, cancel);
        let grep = |binary: Binary| {
            let mut builder = builder.clone();
            // In JSON all bytes can be shown, and where lines are counted none, so that no line has to be suppressed.
            let shows_bytes = matches!(options.mode(), Mode::Json | Mode::CountByPattern)
                && !options.output.quiet
                && binary == Binary::Suppress;
            let shows_all = options.text.is_all_text() || shows_bytes;
            builder.binary(if shows_all { Binary::Text } else { binary }).progress(Some(progress.counter().counter()));
            builder.build(matcher.clone())
        };
        let filter = if options.searches_binary() { Binary::Suppress } else { Binary::Quit };
        Ok(Searcher {
            greps: Greps { explicit: grep(Binary::Suppress)?, walked: grep(filter)? },
            style,
            patterns,
            includes_zero: options.output.include_zero,
            mode: options.mode(),
            quiet: options.output.quiet,
            all_text: options.text.is_all_text(),
            maps_explicit: options.performance.map != MapFiles::None,
            maps_walked: options.performance.map == MapFiles::All,
            takes_all: options.selection.needs_mapping(),
            output: prints_lines(options).then(FileId::of_stdout).flatten(),
            range: options.selection.part.bytes(),
            lines: options.selection.part.lines(),
            indexes,
            cache: options.performance.page_cache.policy(),
            explain: options.messages.explain,
            notes: options.shows_notes(),
            compressed: CompressedFiles::default(),
            progress,
            cancel: cancel.clone(),
        })
    }

    /// Searches one file.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or read, with its name. What was found before has gone to the sink.
    pub(crate) fn search(&self, haystack: &Haystack, pool: &Pool, sink: &mut dyn Sink) -> Result<Outcome, Error> {
        let input = Input::open(haystack);
        self.search_opened(&self.greps, haystack, input, pool, sink)
    }

    /// The searches, as they are for all files.
    pub(crate) fn greps(&self) -> &Greps {
        &self.greps
    }

    /// The same for a file that was opened, if it could be.
    ///
    /// # Errors
    ///
    /// As [`search`](Searcher::search).
    pub(crate) fn search_opened(
        &self,
        greps: &Greps,
        haystack: &Haystack,
        input: Result<Input, Error>,
        pool: &Pool,
        sink: &mut dyn Sink,
    ) -> Result<Outcome, Error> {
        let searched = input.and_then(|input| self.search_input(greps.of(haystack), haystack, input, pool, sink));
        searched.map_err(|error| {
            let error = error.advise("a file that is mapped takes no such memory; without -a, a NUL ends a line");
            error.while_searching().with_path(&haystack.path)
        })
    }

    fn search_input(
        &self,
        grep: &Grep,
        haystack: &Haystack,
        mut input: Input,
        pool: &Pool,
        sink: &mut dyn Sink,
    ) -> Result<Outcome, Error> {
        let started = Instant::now();
        let printer = Printer::new(&self.style, &haystack.path);
        let (replacer, ids) = (self.style.replacer.as_ref(), self.style.ids.as_ref());
        let json = (self.mode == Mode::Json && !self.quiet).then(|| Json::new(&haystack.path, replacer, ids));
        let counts =
            ids.filter(|_| self.mode == Mode::CountByPattern).map(|ids| PatternCounts::new(ids, self.style.stats));
        let format: &dyn Format = match (&json, &counts) {
            (Some(json), _) => json,
            (None, Some(counts)) => counts,
            (None, None) => &printer,
        };
        if input.len().is_none() {
            sink.is_live();
        }
        let mut printed = 0;
        let mut print = |bytes: &[u8]| {
            if printed == 0 {
                sink.begin_lines();
                if let Some(heading) = json.as_ref().map(Json::begin).or_else(|| printer.heading()) {
                    printed += heading.len() as u64;
                    let _ = sink.write(&heading);
                }
            }
            printed += bytes.len() as u64;
            sink.write(bytes)
        };
        let mut nul = None;
        let mut bytes_read = None;
        let (start, len) = (input.start(), input.len());
        let later = match start {
            0 => None,
            start => Some(grep.starting_at(start)),
        };
        let place = input.place();
        let leave_at = |stopped_at| {
            if let Some(place) = place {
                place.leave_at(stopped_at);
            }
        };
        let Opened { source, unfit } = self.open(grep, haystack, &mut input)?;
        // What it has of its file is found in that file.
        if haystack.explicit && unfit == Some(Unfit::Index) {
            self.note(haystack, || "passed over: it is an index".to_owned());
            return Ok(Outcome::default());
        }
        let summary = match source {
            Source::Nothing => Summary::default(),
            Source::Mapped(mapping, index) => {
                let grep = later.as_ref().unwrap_or(grep);
                let _progress = self.progress.start(Some(self.len_of_range(mapping.len() as u64 - start)));
                // That a file was mapped for its index is not to be seen.
                if json.is_some() && !self.all_text && self.maps(haystack) {
                    nul = first_nul(&mapping, start)?;
                }
                let narrowed = self.narrow(haystack, grep, (&mapping, start), index.as_deref(), pool);
                let is_whole = narrowed.as_ref().is_ok_and(|narrowed| narrowed.parts.is_none());
                let summary = narrowed.and_then(|narrowed| {
                    let summary = narrowed.search(grep, &mapping, format, pool, &mut print)?;
                    let from_end = grep.is_backwards().then_some(mapping.len() as u64);
                    bytes_read = Some(narrowed.bytes_searched(&summary, start, from_end));
                    Ok(summary)
                });
                // Of some parts there is little to let go of, and no threads may have been started.
                if is_whole {
                    scan::unmap(mapping, pool);
                }
                let summary = summary?;
                leave_at(summary.stopped_at);
                summary
            }
            Source::Stream => {
                let _progress = self.progress.start(len);
                let skips = self.range.is_none() && self.lines.is_none() && grep.skips_nuls_of_streams();
                let cuts = if skips { input.cuts(LEAST_BYTES as u64) } else { Cuts::default() };
                let mut text = input.into_text(self.cache, &cuts);
                let shifted = Shifted { format, by: text.skipped().map_err(Error::from_read)? as i64 };
                let summary = match self.wants_length() {
                    true => self.search_lines_of_stream(haystack, grep, text, &shifted, pool, &mut print)?,
                    false => {
                        self.explain(haystack, || format!("a stream, {}", grep.stream_plan(pool)));
                        let within = self.range.and_then(|range| range.fixed()).filter(|_| shifted.by > 0);
                        let within = within.map(|range| grep.within(shifted.back(range)));
                        let grep = within.as_ref().unwrap_or(grep);
                        grep.search_reader(text, &shifted, pool, &mut print)?
                    }
                };
                let mut summary = shifted.summary(summary);
                // The end of a file is no place before it.
                summary.stopped_at = summary.stopped_at.map(|at| cuts.in_file(at));
                summary.stopped_at = summary.stopped_at.filter(|&at| len.is_none_or(|len| at < len));
                leave_at(summary.stopped_at);
                summary
            }
        };
        let found_nothing = summary.matched_lines == 0 && !self.cancel.is_cancelled();
        if let Some(Unfit::Compressed(how)) = unfit
            && haystack.explicit
            && found_nothing
        {
            self.note(haystack, || compressed::note(&haystack.path, how));
        } else if self.notes && found_nothing && !haystack.explicit {
            self.compressed.see(&haystack.path, unfit);
        }
        let stopped_at = summary.stopped_at;
        let quits = grep.binary() == Binary::Quit;
        let (matched, mut last) = self.conclude(&summary, quits, &printer);
        // As for other counts.
        if let Some(counts) = counts.as_ref().filter(|_| !quits || summary.binary.is_none()) {
            self.push_counts(counts, &printer, &mut last);
        }
        if self.cancel.is_cancelled() {
            // It would say of the whole file what was found in a part of it.
            last.clear();
        }
        let _ = sink.write(&last);
        let mut stats = Stats {
            matches: summary.matches,
            matched_lines: summary.matched_lines,
            files_with_matches: u64::from(summary.matched_lines > 0),
            files: 1,
            bytes_printed: printed + last.len() as u64,
            bytes_searched: bytes_read.unwrap_or(summary.bytes_searched),
            searching: started.elapsed(),
        };
        if let Some(json) = json {
            let binary = summary.binary.or(nul).or_else(|| json.nul().filter(|_| !self.all_text));
            stats.bytes_searched = stats.bytes_searched.min(binary.unwrap_or(u64::MAX));
            if printed > 0 {
                let mut end = vec![];
                json.end(binary, stopped_at, &stats, &mut end);
                let _ = sink.write(&end);
            }
        }
        Ok(Outcome { matched, stats, stopped_at })
    }

    /// Searches a part of a stream that depends on its length, or some lines of it. What was found is told in offsets of the text.
    fn search_lines_of_stream(
        &self,
        haystack: &Haystack,
        grep: &Grep,
        text: Text,
        shifted: &Shifted<'_>,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        self.explain(haystack, || "a stream, read to its end into memory".to_owned());
        let (read, nul) = grep.read_to_memory(text)?;
        let mut summary = Summary::default();
        let mut comes_to_end = true;
        if let Some(memory) = &read.bytes {
            let mut narrowed = self.narrow(haystack, grep, (memory, 0), None, pool)?;
            if let (Some(range), None) = (self.range, self.lines) {
                narrowed.within = Some(shifted.back(range.resolve(shifted.offset(memory.len() as u64))));
            }
            summary = narrowed.search(grep, memory, shifted, pool, emit)?;
            let end = memory.len() as u64;
            comes_to_end = summary.stopped_at.is_none() && narrowed.within.is_none_or(|range| range.end == end);
        }
        if comes_to_end {
            summary.binary = summary.binary.or(nul);
        }
        read.error.filter(|_| comes_to_end).map_or(Ok(summary), Err)
    }

    /// What of a mapped file, of which the text begins at an offset, its index and the range of lines leave to be searched.
    fn narrow(
        &self,
        haystack: &Haystack,
        grep: &Grep,
        (mapping, origin): (&Mapping, u64),
        index: Option<&Index>,
        pool: &Pool,
    ) -> Result<Narrowed, Error> {
        let candidates = match index {
            Some(index) => self.indexes.candidates(&haystack.path, index, mapping, &self.patterns)?,
            None => None,
        };
        let parts = candidates.map(|candidates| candidates.parts().to_vec());
        let Some(lines) = self.lines else {
            if parts.is_none() {
                self.explain(haystack, || format!("mapped, {}", grep.plan(mapping.len() as u64, pool)));
            }
            let relative = self.range.filter(|range| range.fixed().is_none());
            let of_text = |range: ByteRange| {
                let Range { start, end } = range.resolve((mapping.len() as u64).saturating_sub(origin));
                start.saturating_add(origin)..end.saturating_add(origin)
            };
            return Ok(Narrowed { parts, within: relative.map(of_text) });
        };
        let (range, before) = self.bytes_of_lines(lines, haystack, grep, (mapping, origin), index, pool)?;
        self.explain(haystack, || format!("mapped, the lines are bytes {}..{}", range.start, range.end));
        // Where their numbers are known, they need not be counted again.
        let part = |newlines| vec![Part { range: range.clone(), newlines }];
        let parts = parts.or_else(|| before.filter(|_| grep.takes_parts() && !range.is_empty()).map(part));
        Ok(Narrowed { parts, within: Some(range) })
    }

    /// The bytes of some lines of a mapped file, and how many lines come before them, where that is known.
    fn bytes_of_lines(
        &self,
        lines: LineRange,
        haystack: &Haystack,
        grep: &Grep,
        (mapping, origin): (&Mapping, u64),
        index: Option<&Index>,
        pool: &Pool,
    ) -> Result<(Range<u64>, Option<u64>), Error> {
        let end_of_file = mapping.len() as u64;
        let terminator = grep.matcher().terminator();
        // An index counts the lines that end with \n.
        let index = index.filter(|_| terminator == b'\n');
        // Where the line begins that has `lines` lines before it; `from` is an offset, with the number of lines before it.
        let line_start = |from: (u64, u64), lines: u64| {
            let (from, rest) = match index {
                Some(index) => self.indexes.before_line(&haystack.path, index, lines)?,
                None => (from.0, lines - from.1),
            };
            let start = newlines::after_nth(mapping, from as usize, rest, terminator, pool)?;
            Ok::<_, Error>(start.unwrap_or(end_of_file))
        };
        let nth_last = |nth| Ok::<_, Error>(newlines::start_of_nth_last(mapping, nth, terminator)?.max(origin));
        let (start, before) = match lines.first {
            Line::Start(first) => (line_start((origin, 0), first - 1)?, Some(first - 1)),
            Line::End(nth) => (nth_last(nth)?, None),
        };
        let end = match lines.last {
            Line::End(nth) => nth_last(nth - 1)?,
            Line::Start(last) => line_start(before.map_or((origin, 0), |before| (start, before)), last)?,
        };
        Ok((start..end.max(start), before))
    }

    /// Whether what is searched depends on the length of the file.
    fn wants_length(&self) -> bool {
        self.lines.is_some() || self.range.is_some_and(|range| range.fixed().is_none())
    }

    /// Whether a file is mapped, with an index or without. Standard input is a stream.
    fn maps(&self, haystack: &Haystack) -> bool {
        !haystack.is_stdin && if haystack.explicit { self.maps_explicit } else { self.maps_walked }
    }

    /// How a file is searched: mapped when that is wanted and possible, and as a stream otherwise.
    fn open(&self, grep: &Grep, haystack: &Haystack, input: &mut Input) -> Result<Opened, Error> {
        let mut why = if self.maps_explicit { "it cannot be mapped" } else { "with --no-mmap files are streams" };
        let (Some(metadata), Some(len)) = (input.regular().cloned(), input.len()) else {
            self.indexes.do_without(None, if haystack.is_stdin { "standard input has none" } else { why })?;
            return Ok(Opened { source: Source::Stream, unfit: None });
        };
        if self.output.is_some_and(|output| output.is_of(&metadata)) {
            // An empty one has nothing that could be printed to it again.
            return match len {
                0 => Ok(Opened { source: Source::Nothing, unfit: None }),
                _ => Err(Error::invalid_input("this file is also the output: what is found would be searched again")),
            };
        }
        // What is no text is binary from another place on in a stream than in a file that is mapped. Where there is no NUL that makes
        // no difference, nor where all of a stream would be read into memory first.
        let takes_all = self.takes_all || !grep.matcher().is_by_line();
        let all_is_text = self.maps_explicit && grep.binary() == Binary::Text;
        let looks_for_index = self.maps_explicit && self.indexes.are_looked_for(&metadata);
        let maps = self.maps(haystack) || (haystack.is_stdin && self.maps_explicit && takes_all);
        let wants_text = match haystack.is_stdin {
            true => all_is_text,
            // One with holes is not read into memory with them.
            false => self.takes_all || (all_is_text && is_sparse(&metadata, LEAST_BYTES as u64)),
        };
        let maps_text = !maps && self.maps_explicit && (looks_for_index || wants_text);
        // Of standard input nobody asked what it is.
        let opened = |source, unfit: Option<Unfit>| Opened { source, unfit: unfit.filter(|_| !haystack.is_stdin) };
        let mut unfit = None;
        // Files of the kernel's making, such as those in /proc, have no size until they are read.
        if len > 0
            && maps
            && let Some(text) = self.read_small(input, len)?
        {
            unfit = self.unfit(&text, 0)?;
            if unfit != Some(Unfit::Marked) {
                return Ok(opened(Source::Mapped(text, None), unfit));
            }
            input.rewind().map_err(Error::from_read)?;
        } else if len > 0
            && (maps || maps_text)
            && let Ok(size) = usize::try_from(metadata.len())
            && let Some(file) = input.take_file()
        {
            // One that is shorter by now is a stream that ends too early.
            let mut options = MapOptions::new();
            options.access(Access::Read).len(size);
            #[allow(unsafe_code)]
            // SAFETY: whoever changes the file while it is searched gets a search of changing bytes; the mapping is
            // only ever read through its guard, which checks the size, and no part of it is kept.
            let mapped = unsafe { options.map_own_file(file) };
            let file = match mapped {
                Err((_, Some(unmapped))) => unmapped,
                Err((error, None)) => return Err(error),
                Ok(mapping) => {
                    unfit = self.unfit(&mapping, input.start())?;
                    if unfit == Some(Unfit::Marked) {
                        why = "it begins with a byte order mark, and is converted as a stream";
                    } else if input.start() > 0 && !grep.matcher().is_by_line() {
                        why = "it is not searched from its start";
                    } else {
                        let index = self.open_index(haystack, input, &metadata, &mapping)?.map(Box::new);
                        let wants_mapping = maps || index.is_some() || wants_text;
                        let is_text = || self.is_text(index.as_deref(), &mapping, input.start());
                        if wants_mapping && (maps || all_is_text || is_text()?) {
                            return Ok(opened(Source::Mapped(mapping, index), unfit));
                        }
                        why = "it has a NUL, from which on a stream is binary";
                        if index.is_some() {
                            self.explain(haystack, || format!("its index is not used: {why}"));
                        }
                    }
                    mapping.into_file().expect("a mapping keeps its descriptor unless it is told not to")
                }
            };
            input.put_back(file);
        }
        if unfit.is_none() && haystack.explicit && len > 0 {
            unfit = input.unfit().map_err(Error::from_read)?;
        }
        self.indexes.do_without(Some(len), why)?;
        Ok(opened(Source::Stream, unfit))
    }

    /// The index of a mapped file, if it has one that can be relied on.
    fn open_index(
        &self,
        haystack: &Haystack,
        input: &Input,
        metadata: &Metadata,
        mapping: &Mapping,
    ) -> Result<Option<Index>, Error> {
        if !self.indexes.are_looked_for(metadata) {
            return Ok(None);
        }
        let path = input.path(haystack).filter(|_| input.start() == 0);
        let Some(path) = path else {
            let why = "standard input has no name, or is not read from its start";
            return self.indexes.do_without(input.len(), why).map(|()| None);
        };
        self.indexes.open(&path, metadata, mapping)
    }

    /// The bytes of a file that is so small that reading it costs less than mapping it. None for others, and for one that has
    /// become shorter.
    fn read_small(&self, input: &Input, len: u64) -> Result<Option<Mapping>, Error> {
        if len > SMALL || input.start() > 0 || self.cache != CachePolicy::Keep {
            return Ok(None);
        }
        let mut memory = MapOptions::new().len(len as usize).access(Access::Copy).map_anonymous()?;
        let is_whole = memory.guarded_mut(.., |room| input.read_all(room))?;
        if is_whole.map_err(Error::from_read)? {
            return Ok(Some(memory));
        }
        input.rewind().map_err(Error::from_read)?;
        Ok(None)
    }

    /// True when there is no NUL in a file from where its text starts on, neither in what is indexed nor behind it.
    fn is_text(&self, index: Option<&Index>, mapping: &Mapping, start: u64) -> Result<bool, Error> {
        const STEP: usize = 16 << 20;
        if index.is_some_and(Index::has_nul) {
            return Ok(false);
        }
        // The search is not to take what this reads for what was there before.
        let _keeper = CacheKeeper::of_mapping(self.cache, mapping, 0);
        let mut at = index.map_or(start, Index::covered) as usize;
        while at < mapping.len() && !self.cancel.is_cancelled() {
            let end = mapping.len().min(at + STEP);
            if mapping.guarded(at..end, |bytes| memchr::memchr(0, bytes).is_some())? {
                return Ok(false);
            }
            at = end;
        }
        Ok(true)
    }

    /// How much of a file of this length is searched.
    fn len_of_range(&self, len: u64) -> u64 {
        let range = self.range.map_or(0..len, |range| range.resolve(len));
        range.end.min(len).saturating_sub(range.start)
    }

    /// What the first bytes of a text tell that begins at an offset.
    fn unfit(&self, mapping: &Mapping, start: u64) -> Result<Option<Unfit>, Error> {
        // The search that follows is not to take what this reads for what was there before.
        let _keeper = CacheKeeper::of_mapping(self.cache, mapping, 0);
        let start = mapping.len().min(start as usize);
        mapping.guarded(start..mapping.len().min(start + Unfit::HEAD_BYTES), Unfit::of)
    }

    /// What is shown when the search of a file is over, and whether the file is one of those that were looked for.
    fn conclude(&self, summary: &Summary, quits: bool, printer: &Printer<'_>) -> (bool, Vec<u8>) {
        let shows_lines = self.mode == Mode::Lines || (self.mode == Mode::Json && !self.quiet);
        let is_filtered = quits && summary.binary.is_some() && !shows_lines;
        // Of a binary file that was left at its first NUL, nobody knows how many matches it has.
        let lines = if is_filtered { 0 } else { summary.matched_lines };
        let matched = if self.mode == Mode::FilesWithoutMatch { lines == 0 } else { lines > 0 };
        let shows_count = lines > 0 || (self.includes_zero && !is_filtered);
        let mut out = vec![];
        if self.quiet {
            return (matched, out);
        }
        match (self.mode, summary.binary) {
            (Mode::Lines, Some(offset)) if lines > 0 => printer.binary_file(offset, quits, &mut out),
            (Mode::Count, _) if shows_count => printer.count(lines, &mut out),
            (Mode::CountMatches, _) if shows_count => printer.count(summary.matches, &mut out),
            (Mode::FilesWithMatches, _) if lines > 0 => printer.name_line(&mut out),
            (Mode::FilesWithoutMatch, _) if lines == 0 && !is_filtered => printer.name_line(&mut out),
            _ => {}
        }
        (matched, out)
    }

    /// On how many lines each pattern was found.
    fn push_counts(&self, counts: &PatternCounts<'_>, printer: &Printer<'_>, out: &mut Vec<u8>) {
        for (number, index, count) in counts.counts().filter(|&(_, _, count)| count > 0 || self.includes_zero) {
            printer.pattern_count(number, count, &self.patterns[index], out);
        }
    }

    /// What there is to say of the files in which nothing was found.
    pub(crate) fn note_on_directories(&self) -> Option<String> {
        self.compressed.note()
    }

    /// Tells of what is no error, and may surprise.
    fn note(&self, haystack: &Haystack, what: impl FnOnce() -> String) {
        if self.notes {
            messages::print(format_args!("{}: {}", haystack.path.display(), what()));
        }
    }

    fn explain(&self, haystack: &Haystack, how: impl FnOnce() -> String) {
        if self.explain {
            messages::print(format_args!("{}: {}", haystack.path.display(), how()));
        }
    }
}

/// Up to this size a file that was named is read and not mapped: to map it, watch it and let go of it takes a dozen calls of the
/// system more.
pub(crate) const SMALL: u64 = 64 << 10;

/// How many bytes at the start of a mapped file are looked at for a NUL that no line shows.
const HEAD: usize = 64 << 10;

/// The offset of a NUL near the start of a text that begins at an offset.
fn first_nul(mapping: &Mapping, start: u64) -> Result<Option<u64>, Error> {
    let start = mapping.len().min(start as usize);
    let end = mapping.len().min(start.saturating_add(HEAD));
    mapping.guarded(start..end, |head| memchr::memchr(0, head).map(|at| at as u64))
}

/// Whether lines are printed as they are found, and more than one: what is printed may be found again in a file that is both read
/// and written.
fn prints_lines(options: &Options) -> bool {
    let most = options.selection.max_count.unwrap_or(u64::MAX).min(options.selection.last.unwrap_or(u64::MAX));
    !options.output.quiet && most > 1 && matches!(options.mode(), Mode::Lines | Mode::Json)
}
