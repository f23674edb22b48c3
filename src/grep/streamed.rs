//! Searching streams.

use std::{io::Read, ops::ControlFlow};

use super::{
    core::{Core, Start},
    format::{Format, Plain},
    mode::{self, Job},
    options::Binary,
    run::Ended,
    search::Grep,
    summary::Summary,
};
use crate::{
    error::Error,
    scan::{
        Pool,
        feed::{self, Feed},
        stream::{self, InMemory, LineReader, Nul, Text},
        window::Window,
    },
};

impl Grep {
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
    ///
    /// # Examples
    ///
    /// See [the module](crate::grep).
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
        let own = self.matcher.for_one_search();
        let matcher = own.as_ref().unwrap_or(&self.matcher);
        let core = Core::new(matcher, &self.options, &self.caches, format, None);
        let Ended { mut summary, stop, had_enough } =
            mode::run(&core, Job { feed, start: Start::default(), pool, emit })?.ended;
        let searched = summary.bytes_searched;
        // Whoever had enough does not know whether there is more.
        let is_before_end = had_enough && searched < self.options.range.end && summary.binary.is_none();
        summary.stopped_at = stop.map(|stop| stop.upto.min(searched)).or(is_before_end.then_some(searched));
        Ok(summary)
    }

    /// Searches a short text as [`search_reader`](Grep::search_reader) does, if no line is selected. `None` where one
    /// may be, where all lines are shown, and where a NUL makes the text binary.
    ///
    /// # Panics
    ///
    /// Those of the matcher.
    ///
    /// # Complexity
    ///
    /// One search of the text, by the calling thread, up to the first line that is selected.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder};
    ///
    /// let grep = GrepBuilder::new().compile(&MatcherBuilder::new(), &["b"])?;
    /// assert!(grep.search_in_vain(b"a\nb\n").is_none());
    /// assert_eq!(grep.search_in_vain(b"a\na\n").map(|summary| summary.bytes_searched), Some(4));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn search_in_vain(&self, text: &[u8]) -> Option<Summary> {
        let options = &self.options;
        let is_plain = self.matcher.is_by_line() && options.range == (0..u64::MAX) && !options.passthru;
        // Of a text with NULs the reads decide, and a matcher that can fail has to be asked whether it did.
        let is_binary = || options.binary != Binary::Text && memchr::memchr(0, text).is_some();
        if !is_plain || self.matcher.for_one_search().is_some() || is_binary() {
            return None;
        }
        let core = Core::new(&self.matcher, options, &self.caches, &Plain, None);
        let mut worker = core.worker();
        let is_vain = core.select(&mut worker, text, 1).is_empty();
        is_vain.then(|| Summary { bytes_searched: text.len() as u64, ..Summary::default() })
    }

    /// Cuts a stream into windows.
    fn windows<R: Read>(&self, reader: R) -> LineReader<R> {
        let nul = match self.options.binary {
            Binary::Text => Nul::Text,
            Binary::Suppress => Nul::EndsLine,
            Binary::Quit => Nul::Ends,
        };
        let context = self.options.context;
        // Where there is context, ripgrep keeps one line more than it may show, which decides where its reads end.
        // That all lines are shown is no context to it.
        let has_context = !context.is_none() && !self.options.passthru;
        let kept = if has_context { context.before.saturating_add(1) } else { 0 };
        LineReader::new(reader, nul, self.matcher.terminator(), kept, self.options.chunk_size, &self.spare)
    }

    /// Reads a stream into memory, to be searched as a whole, or from its end: up to where
    /// [`search_reader`](Grep::search_reader) would end, with the offset of the NUL that it would end at.
    ///
    /// # Errors
    ///
    /// [`is_out_of_memory`](Error::is_out_of_memory) for a stream that is larger than the memory. An error of the
    /// reader is a part of the result, as what came before it can be searched.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{grep::{Binary, GrepBuilder}, matcher::MatcherBuilder};
    ///
    /// let grep = GrepBuilder::new().binary_detection(Binary::Quit).compile(&MatcherBuilder::new(), &["b"])?;
    /// let (read, nul) = grep.read_to_memory(&b"a\nb\n"[..])?;
    /// assert_eq!((read.bytes.map(|text| text.len()), nul), (Some(4), None));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn read_to_memory(&self, reader: impl Read) -> Result<(InMemory, Option<u64>), Error> {
        let terminator = self.matcher.terminator();
        if self.options.binary != Binary::Quit || !self.matcher.is_by_line() {
            return Ok((stream::read_to_memory(reader, terminator)?, None));
        }
        let mut text = Text::new(self.windows(reader));
        let read = stream::read_to_memory(&mut text, terminator)?;
        Ok((read, text.nul()))
    }
}
