//! The search of one file, and what is shown of its result.

use std::{
    io,
    ops::{AddAssign, ControlFlow},
    sync::Arc,
    time::Instant,
};

use mapgrep::{
    Error,
    grep::{Binary, Format, Grep, GrepBuilder, Shifted, Summary},
    index::{Fresh, Unfit},
    mapping::{Cuts, Mapping},
    matcher::Matcher,
    scan::{self, CachePolicy, Pool},
};

use crate::cli::{
    flags::{
        Options,
        options::{Encoding, Mode},
    },
    print::{json::Json, pattern_ids::PatternCounts, standard::Printer, stats::Stats, style::Style},
    process::interrupt::Interrupt,
    run::{
        compressed::{self, CompressedFiles},
        convert::Converter,
        explain::file_error,
        haystack::Haystack,
        indexes::Indexes,
        input::Input,
        job::Job,
        open::{Opened, Opener, SMALL, Source},
        part::{Mapped, Parts},
        small::{self, Left},
        stop::Stopping,
    },
    terminal::{notes::Notes, progress::Progress, stdout::FileId},
};

/// All that the searches of a run have in common.
pub(crate) struct Searcher {
    greps: Greps,
    opener: Opener,
    converter: Converter,
    encoding: Encoding,
    /// Whether lines that do not match are selected, where the search ends behind the first run of those that are.
    stops: Option<bool>,
    parts: Parts,
    style: Style,
    /// For those that are counted one by one.
    patterns: Arc<[Vec<u8>]>,
    includes_zero: bool,
    /// Counts are summed up, and those of single files not shown.
    total: bool,
    mode: Mode,
    quiet: bool,
    all_text: bool,
    cache: CachePolicy,
    notes: Notes,
    compressed: CompressedFiles,
    progress: Progress,
    /// The signals are watched before a search that may take long.
    interrupt: Arc<Interrupt>,
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
    /// Called before the search of what others may be writing to at this moment, such as a pipe: what is found is not
    /// to wait for more.
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
    /// Its count, where lines or matches are counted.
    pub(crate) count: u64,
    pub(crate) stats: Stats,
    /// The offset from which the search of the last file could go on that was not searched to its end.
    pub(crate) stopped_at: Option<u64>,
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.matched |= other.matched;
        self.count += other.count;
        self.stats += other.stats;
        self.stopped_at = other.stopped_at.or(self.stopped_at);
    }
}

/// What comes of a file when its search is over.
struct Conclusion {
    /// It is one of those that were looked for.
    matched: bool,
    /// How many lines, or matches where these are counted, it has.
    count: u64,
    /// What is shown behind its lines.
    last: Vec<u8>,
}

/// What came of the search of the bytes of a file.
#[derive(Default)]
struct Found {
    summary: Summary,
    /// How many bytes were looked at, if not as many as the summary says.
    bytes_searched: Option<u64>,
    /// A NUL near the start that no line shows.
    nul: Option<u64>,
}

/// How the lines of one file are shown.
struct Formats<'a> {
    printer: Printer<'a>,
    json: Option<Json<'a>>,
    counts: Option<PatternCounts<'a>>,
}

impl Formats<'_> {
    fn format(&self) -> &dyn Format {
        match (&self.json, &self.counts) {
            (Some(json), _) => json,
            (None, Some(counts)) => counts,
            (None, None) => &self.printer,
        }
    }

    /// What stands before the first line of a file.
    fn heading(&self) -> Option<Vec<u8>> {
        self.json.as_ref().map(Json::begin).or_else(|| self.printer.heading())
    }
}

impl Searcher {
    /// # Errors
    ///
    /// Those of [`GrepBuilder::build`], and when a glob is wrong.
    pub(crate) fn new(
        options: &Options,
        (matcher, builder): (Matcher, &GrepBuilder),
        style: Style,
        patterns: Arc<[Vec<u8>]>,
        indexes: Arc<Indexes>,
        interrupt: &Arc<Interrupt>,
    ) -> anyhow::Result<Self> {
        let cancel = &interrupt.cancel;
        let (mode, quiet, all_text) = (options.mode(), options.output.quiet, options.text.is_all_text());
        // What is printed when a file has been searched does not meet the progress in it.
        let prints = !quiet && matches!(mode, Mode::Lines | Mode::Json);
        let progress = Progress::new(options.messages.progress, prints, cancel);
        let grep = |binary: Binary| -> Result<Grep, Error> {
            let mut builder = builder.clone();
            // In JSON all bytes can be shown, and where lines are counted none, so that no line has to be suppressed.
            let shows_bytes = matches!(mode, Mode::Json | Mode::CountByPattern) && !quiet && binary == Binary::Suppress;
            let shows_all = all_text || shows_bytes;
            builder.binary_detection(if shows_all { Binary::Text } else { binary }).progress(progress.counter());
            builder.build(matcher.clone())
        };
        let filter = if options.searches_binary() { Binary::Suppress } else { Binary::Quit };
        let output = prints_lines(options).then(FileId::of_stdout).flatten();
        Ok(Searcher {
            greps: Greps { explicit: grep(Binary::Suppress)?, walked: grep(filter)? },
            opener: Opener::new(options, Arc::clone(&indexes), output, cancel),
            converter: Converter::new(options)?,
            encoding: options.text.encoding,
            stops: options.selection.stop_on_nonmatch.then_some(options.selection.invert_match),
            parts: Parts::new(options, indexes),
            style,
            patterns,
            includes_zero: options.output.include_zero,
            total: options.output.total,
            mode,
            quiet,
            all_text,
            cache: options.performance.page_cache.policy(),
            notes: Notes::new(options),
            compressed: CompressedFiles::default(),
            progress,
            interrupt: Arc::clone(interrupt),
        })
    }

    /// Searches one file.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or read: what there is to say of it. What was found before has gone to the sink.
    pub(crate) fn search(&self, haystack: &Haystack, pool: &Pool, sink: &mut dyn Sink) -> Result<Outcome, String> {
        let input = self.open(haystack);
        self.search_opened(&self.greps, haystack, input, pool, sink)
    }

    /// Opens a file, or what a program makes of it.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or the program cannot be run.
    pub(crate) fn open(&self, haystack: &Haystack) -> io::Result<Input> {
        match self.converter.open(haystack) {
            Some(text) => text.map(Input::converted),
            None => Input::open(haystack),
        }
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
        input: io::Result<Input>,
        pool: &Pool,
        sink: &mut dyn Sink,
    ) -> Result<Outcome, String> {
        let job = Job { haystack, grep: greps.of(haystack), pool };
        let searched = input.map_err(anyhow::Error::from).and_then(|input| self.search_input(job, input, sink));
        searched.map_err(|error| file_error(&haystack.path, error))
    }

    fn search_input(&self, job: Job<'_>, mut input: Input, sink: &mut dyn Sink) -> anyhow::Result<Outcome> {
        let started = Instant::now();
        let haystack = job.haystack;
        let formats = self.formats(haystack);
        if input.len().is_none() {
            sink.is_live();
        }
        let mut printed = 0;
        let mut print = |bytes: &[u8]| {
            if printed == 0 {
                sink.begin_lines();
                if let Some(heading) = formats.heading() {
                    printed += heading.len() as u64;
                    let _ = sink.write(&heading);
                }
            }
            printed += bytes.len() as u64;
            sink.write(bytes)
        };
        let place = input.place();
        let Opened { source, unfit } = self.opener.open(job, &mut input)?;
        // What it has of its file is found in that file.
        if haystack.explicit && unfit == Some(Unfit::Index) {
            self.notes.warn(&haystack.path, || "skipped: it is an index".to_owned());
            return Ok(Outcome::default());
        }
        // An empty file that is also the output is not touched.
        let place = place.filter(|_| !matches!(source, Source::Nothing));
        let found = match source {
            Source::Nothing => Found::default(),
            Source::Mapped(mapping, index) => {
                self.search_mapped(job, input.start(), (mapping, index), &formats, &mut print)?
            }
            Source::Stream => self.search_stream(job, input, &formats, &mut print)?,
        };
        let summary = found.summary;
        if let Some(place) = place {
            place.leave_at(summary.stopped_at);
        }
        self.note_compressed(haystack, &summary, unfit);
        let Conclusion { matched, count, last } = self.conclude(job.grep, &summary, &formats);
        let _ = sink.write(&last);
        let mut stats = Stats {
            matches: summary.matches,
            matched_lines: summary.matched_lines,
            files_with_matches: u64::from(summary.matched_lines > 0),
            files: 1,
            bytes_printed: printed + last.len() as u64,
            bytes_searched: found.bytes_searched.unwrap_or(summary.bytes_searched),
            searching: started.elapsed(),
        };
        let stopped_at = summary.stopped_at;
        if let Some(json) = &formats.json {
            let binary = summary.binary.or(found.nul).or_else(|| json.nul().filter(|_| !self.all_text));
            stats.bytes_searched = stats.bytes_searched.min(binary.unwrap_or(u64::MAX));
            if printed > 0 {
                let mut end = vec![];
                json.end(binary, stopped_at, &stats, &mut end);
                let _ = sink.write(&end);
            }
        }
        Ok(Outcome { matched, count, stats, stopped_at })
    }

    fn formats<'a>(&'a self, haystack: &Haystack) -> Formats<'a> {
        let (replacer, ids) = (self.style.replacer.as_ref(), self.style.ids.as_ref());
        let counted = ids.filter(|_| self.mode == Mode::CountByPattern);
        Formats {
            printer: Printer::new(&self.style, &haystack.path),
            json: (self.mode == Mode::Json && !self.quiet).then(|| Json::new(&haystack.path, replacer, ids)),
            counts: counted.map(|ids| PatternCounts::new(ids, self.style.stats)),
        }
    }

    /// Searches a file in memory whose text begins at `start`.
    fn search_mapped(
        &self,
        job: Job<'_>,
        start: u64,
        (mapping, index): (Mapping, Option<Box<Fresh>>),
        formats: &Formats<'_>,
        print: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> anyhow::Result<Found> {
        let later = (start > 0).then(|| job.grep.starting_at(start));
        let job = Job { grep: later.as_ref().unwrap_or(job.grep), ..job };
        let is_short = mapping.len() as u64 <= SMALL;
        if !is_short && (index.is_none() || !self.parts.is_all()) {
            self.interrupt.watch();
        }
        let _progress = self.progress.start(Some(self.parts.len_of_range(mapping.len() as u64 - start)));
        // That a file was mapped for its index is not to be seen.
        let nul = match formats.json.is_some() && !self.all_text && self.opener.maps(job.haystack) {
            true => first_nul(&mapping, start)?,
            false => None,
        };
        let narrowed = self.parts.narrow(job, Mapped { mapping: &mapping, origin: start, index: index.as_deref() });
        let is_whole = narrowed.as_ref().is_ok_and(|narrowed| narrowed.is_whole());
        let found = narrowed.and_then(|narrowed| {
            let alone = narrowed.is_of_parts_up_to(FEW).then(Pool::inline);
            if alone.is_none() && !is_short {
                self.interrupt.watch();
            }
            let job = Job { pool: alone.as_ref().unwrap_or(job.pool), ..job };
            let summary = narrowed.search(job, &mapping, formats.format(), print)?;
            let from_end = job.grep.is_backwards().then_some(mapping.len() as u64);
            let bytes_searched = Some(narrowed.bytes_searched(&summary, start, from_end));
            Ok(Found { summary, bytes_searched, nul })
        });
        // Of some parts there is little to let go of, and no threads may have been started.
        if is_whole {
            scan::unmap(mapping, job.pool);
        }
        found
    }

    /// Searches what is read from an input.
    fn search_stream(
        &self,
        job: Job<'_>,
        input: Input,
        formats: &Formats<'_>,
        print: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> anyhow::Result<Found> {
        let len = input.len();
        if len.is_none_or(|len| len > SMALL) {
            self.interrupt.watch();
        }
        let _progress = self.progress.start(len);
        let is_as_it_is = self.encoding == Encoding::Auto && self.stops.is_none();
        let skips = is_as_it_is && self.parts.is_all() && job.grep.skips_nuls_of_streams();
        let cuts = if skips { input.cuts() } else { Cuts::default() };
        let is_plain = is_as_it_is && self.parts.is_all() && cuts.is_empty() && !self.notes.explains();
        let mut text = if is_plain {
            match small::look_through(input, job.grep, self.cache)? {
                Left::Nothing(summary) => return Ok(Found { summary, ..Found::default() }),
                Left::All(text) => text,
            }
        } else {
            input.into_text(self.cache, &cuts).encoded(self.encoding)
        };
        let shifted = Shifted { format: formats.format(), by: text.skipped()? as i64 };
        let summary = match self.stops {
            Some(inverted) => {
                let text = Stopping::new(text, job.grep.matcher().clone(), inverted);
                self.parts.search_stream(job, text, &shifted, print)?
            }
            None => self.parts.search_stream(job, text, &shifted, print)?,
        };
        let mut summary = shifted.summary(summary);
        // The end of a file is no place before it.
        summary.stopped_at = summary.stopped_at.map(|at| cuts.in_file(at));
        summary.stopped_at = summary.stopped_at.filter(|&at| len.is_none_or(|len| at < len));
        Ok(Found { summary, ..Found::default() })
    }

    /// Tells of compressed files in which nothing was found.
    fn note_compressed(&self, haystack: &Haystack, summary: &Summary, unfit: Option<Unfit>) {
        if summary.matched_lines > 0 || self.interrupt.cancel.is_cancelled() {
            return;
        }
        match unfit {
            Some(Unfit::Compressed(how)) if haystack.explicit => {
                self.notes.warn(&haystack.path, || compressed::note(&haystack.path, how));
            }
            _ if self.notes.warns() && !haystack.explicit => self.compressed.see(&haystack.path, unfit),
            _ => {}
        }
    }

    /// What comes of a file when its search is over.
    fn conclude(&self, grep: &Grep, summary: &Summary, formats: &Formats<'_>) -> Conclusion {
        let quits = grep.binary_detection() == Binary::Quit;
        let shows_lines = self.mode == Mode::Lines || (self.mode == Mode::Json && !self.quiet);
        let is_filtered = quits && summary.binary.is_some() && !shows_lines;
        // Of a binary file that was left at its first NUL, nobody knows how many matches it has.
        let lines = if is_filtered { 0 } else { summary.matched_lines };
        let matched = if self.mode == Mode::FilesWithoutMatch { lines == 0 } else { lines > 0 };
        let count = match self.mode {
            _ if is_filtered => 0,
            Mode::CountMatches => summary.matches,
            _ => lines,
        };
        let shows_count = !self.total && (lines > 0 || (self.includes_zero && !is_filtered));
        let mut out = vec![];
        // When it is cancelled, it would say of the whole file what was found in a part of it.
        if self.quiet || self.interrupt.cancel.is_cancelled() {
            return Conclusion { matched, count, last: out };
        }
        let printer = &formats.printer;
        match (self.mode, summary.binary) {
            (Mode::Lines, Some(offset)) if lines > 0 => printer.binary_file(offset, quits, &mut out),
            (Mode::Count | Mode::CountMatches, _) if shows_count => printer.count(count, &mut out),
            (Mode::FilesWithMatches, _) if lines > 0 => printer.name_line(&mut out),
            (Mode::FilesWithoutMatch, _) if lines == 0 && !is_filtered => printer.name_line(&mut out),
            (Mode::CountByPattern, _) if !is_filtered => self.push_counts(formats, &mut out),
            _ => {}
        }
        Conclusion { matched, count, last: out }
    }

    /// On how many lines each pattern was found.
    fn push_counts(&self, formats: &Formats<'_>, out: &mut Vec<u8>) {
        let counts = formats.counts.iter().flat_map(PatternCounts::counts);
        for (number, index, count) in counts.filter(|&(_, _, count)| count > 0 || self.includes_zero) {
            formats.printer.pattern_count(number, count, &self.patterns[index], out);
        }
    }

    /// What there is to say of the files in which nothing was found.
    pub(crate) fn note_on_directories(&self) -> Option<String> {
        self.compressed.note()
    }
}

/// Up to so many bytes in parts are searched by one thread, and before anybody waits for signals: in less time than it
/// takes to start threads.
const FEW: u64 = 1 << 20;

/// How many bytes at the start of a mapped file are looked at for a NUL that no line shows.
const HEAD: usize = 64 << 10;

/// The offset of a NUL near the start of a text that begins at an offset.
fn first_nul(mapping: &Mapping, start: u64) -> Result<Option<u64>, Error> {
    let start = mapping.len().min(start as usize);
    let end = mapping.len().min(start.saturating_add(HEAD));
    mapping.guarded(start..end, |head| memchr::memchr(0, head).map(|at| at as u64))
}

/// Whether lines are printed as they are found, and more than one: what is printed may be found again in a file that is
/// both read and written.
fn prints_lines(options: &Options) -> bool {
    let selection = &options.selection;
    let most = selection.max_count.unwrap_or(u64::MAX).min(selection.last.unwrap_or(u64::MAX));
    !options.output.quiet && most > 1 && matches!(options.mode(), Mode::Lines | Mode::Json)
}
