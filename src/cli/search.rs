//! The search of one file, and what is shown of its result.

use std::{
    fs::File,
    io::{self, Read},
    ops::AddAssign,
    time::Instant,
};

use encoding_rs_io::DecodeReaderBytesBuilder;

use super::{
    args::{Args, Show},
    haystack::Haystack,
    messages,
    printer::{Printer, Style},
    progress::Progress,
    stats::Stats,
};
use crate::{
    error::Error,
    grep::{Binary, Flow, Grep, GrepBuilder, Summary},
    mapping::{Access, MapOptions, Mapping},
    matcher::Matcher,
    scan::{self, Cancel, Pool},
};

/// All that the searches of a run have in common.
pub(super) struct Searcher {
    /// For files that were named.
    explicit: Grep,
    /// For files that were found in a directory.
    walked: Grep,
    style: Style,
    show: Show,
    quiet: bool,
    maps_explicit: bool,
    maps_walked: bool,
    explain: bool,
    progress: Progress,
    cancel: Cancel,
}

/// Where the output of a search goes.
pub(super) trait Sink {
    /// Called once, before the first line of a file. Nothing is called for a file of which no line is shown.
    fn begin_lines(&mut self);

    fn write(&mut self, bytes: &[u8]) -> Flow;
}

/// What came of the search of one file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    /// The file is one of those that were looked for.
    pub(super) matched: bool,
    pub(super) stats: Stats,
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.matched |= other.matched;
        self.stats += other.stats;
    }
}

/// The bytes of a file, by the way in which they are had.
enum Source {
    Mapped(Mapping),
    /// With its length, if it has one.
    Stream(Box<dyn Read + Send>, Option<u64>),
}

impl Searcher {
    /// # Errors
    ///
    /// Those of [`GrepBuilder::build`].
    pub(super) fn new(
        args: &Args,
        matcher: Matcher,
        builder: &GrepBuilder,
        style: Style,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let progress = Progress::new(args.progress, cancel);
        let grep = |binary: Binary| {
            let mut builder = builder.clone();
            builder.binary(if args.text { Binary::Text } else { binary }).progress(Some(progress.counter()));
            builder.build(matcher.clone())
        };
        let filter = if args.binary || args.unrestricted >= 3 { Binary::Suppress } else { Binary::Quit };
        Ok(Searcher {
            explicit: grep(Binary::Suppress)?,
            walked: grep(filter)?,
            style,
            show: args.show(),
            quiet: args.quiet,
            maps_explicit: !args.no_mmap,
            maps_walked: args.mmap,
            explain: args.explain,
            progress,
            cancel: cancel.clone(),
        })
    }

    /// Searches one file.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or read, with its name. What was found before has gone to the sink.
    pub(super) fn search(&self, haystack: &Haystack, pool: &Pool, sink: &mut dyn Sink) -> Result<Outcome, Error> {
        self.search_named(haystack, pool, sink).map_err(|error| error.while_searching().with_path(&haystack.path))
    }

    fn search_named(&self, haystack: &Haystack, pool: &Pool, sink: &mut dyn Sink) -> Result<Outcome, Error> {
        let started = Instant::now();
        let grep = if haystack.explicit { &self.explicit } else { &self.walked };
        let printer = Printer::new(&self.style, &haystack.path);
        let mut printed = 0;
        let mut print = |bytes: &[u8]| {
            if printed == 0 {
                sink.begin_lines();
                if let Some(heading) = printer.heading() {
                    printed += heading.len() as u64;
                    sink.write(&heading);
                }
            }
            printed += bytes.len() as u64;
            sink.write(bytes)
        };
        let summary = match self.open(haystack)? {
            Source::Mapped(mapping) => {
                self.explain(haystack, || format!("mapped, {}", grep.plan(mapping.len() as u64, pool)));
                let _progress = self.progress.start(Some(mapping.len() as u64));
                let summary = grep.search_mapping(&mapping, &printer, pool, &mut print);
                scan::unmap(mapping, pool);
                summary?
            }
            Source::Stream(reader, len) => {
                let _progress = self.progress.start(len);
                self.explain(haystack, || format!("a stream, {}", grep.stream_plan(pool)));
                grep.search_reader(reader, &printer, pool, &mut print)?
            }
        };
        let quits = grep.binary() == Binary::Quit;
        let (matched, mut last) = self.conclude(&summary, quits, &printer);
        if self.cancel.is_cancelled() {
            // It would say of the whole file what was found in a part of it.
            last.clear();
        }
        sink.write(&last);
        Ok(Outcome {
            matched,
            stats: Stats {
                matches: summary.matches,
                matched_lines: summary.matched_lines,
                files_with_matches: u64::from(summary.matched_lines > 0),
                files: 1,
                bytes_printed: printed + last.len() as u64,
                bytes_searched: summary.bytes_searched,
                searching: started.elapsed(),
            },
        })
    }

    /// Maps a file when that is wanted and possible, and reads it otherwise.
    fn open(&self, haystack: &Haystack) -> Result<Source, Error> {
        if haystack.is_stdin {
            return Ok(Source::Stream(decoded(io::stdin()), None));
        }
        let cannot_open = |error| Error::io("", error);
        let file = File::open(&haystack.path).map_err(cannot_open)?;
        let metadata = file.metadata().map_err(cannot_open)?;
        if metadata.is_dir() {
            return Err(cannot_open(io::ErrorKind::IsADirectory.into()));
        }
        let may_map = if haystack.explicit { self.maps_explicit } else { self.maps_walked };
        // Files of the kernel's making, such as those in /proc, have no size until they are read.
        if may_map && metadata.is_file() && metadata.len() > 0 {
            #[allow(unsafe_code)]
            // SAFETY: whoever changes the file while it is searched gets a search of changing bytes; the mapping is
            // only ever read through its guard, which checks the size, and no part of it is kept.
            let mapped = unsafe { MapOptions::new().access(Access::Read).map_file(&file) };
            if let Ok(mapping) = mapped
                && !has_byte_order_mark(&mapping)?
            {
                return Ok(Source::Mapped(mapping));
            }
        }
        Ok(Source::Stream(decoded(file), metadata.is_file().then_some(metadata.len())))
    }

    /// What is shown when the search of a file is over, and whether the file is one of those that were looked for.
    fn conclude(&self, summary: &Summary, quits: bool, printer: &Printer<'_>) -> (bool, Vec<u8>) {
        let is_filtered = quits && summary.binary.is_some() && self.show != Show::Lines;
        // Of a binary file that was left at its first NUL, nobody knows how many matches it has.
        let lines = if is_filtered { 0 } else { summary.matched_lines };
        let matched = if self.show == Show::WithoutMatch { lines == 0 } else { lines > 0 };
        let mut out = vec![];
        if self.quiet {
            return (matched, out);
        }
        match (self.show, summary.binary) {
            (Show::Lines, Some(offset)) if lines > 0 => printer.binary_file(offset, quits, &mut out),
            (Show::Count, _) if lines > 0 => printer.count(lines, &mut out),
            (Show::CountMatches, _) if lines > 0 => printer.count(summary.matches, &mut out),
            (Show::WithMatch, _) if lines > 0 => printer.name_line(&mut out),
            (Show::WithoutMatch, _) if lines == 0 && !is_filtered => printer.name_line(&mut out),
            _ => {}
        }
        (matched, out)
    }

    fn explain(&self, haystack: &Haystack, how: impl FnOnce() -> String) {
        if self.explain {
            messages::print(format_args!("{}: {}", haystack.path.display(), how()));
        }
    }
}

/// A stream as text: what begins with a byte order mark is converted to UTF-8, and the mark is taken off.
fn decoded(source: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    let mut builder = DecodeReaderBytesBuilder::new();
    builder.utf8_passthru(true).strip_bom(true).bom_override(true).bom_sniffing(true);
    Box::new(builder.build(source))
}

/// True when a file begins with the byte order mark of UTF-8 or UTF-16.
fn has_byte_order_mark(mapping: &Mapping) -> Result<bool, Error> {
    mapping.guarded(0..mapping.len().min(3), |head| {
        head.starts_with(b"\xEF\xBB\xBF") || head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF")
    })
}
