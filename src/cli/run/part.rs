//! Which part of a file is searched: what an index leaves, a range of bytes, a range of lines.

use std::{
    io::Read,
    ops::{ControlFlow, Range},
    sync::Arc,
};

use mapgrep::{
    Error,
    grep::{Format, Grep, Shifted, Summary},
    index::{self, Fresh},
    mapping::Mapping,
    matcher::LineTerminator,
    scan::newlines,
};

use crate::cli::{
    flags::{
        Options,
        options::Part,
        ranges::{ByteRange, Line, LineRange},
    },
    run::{indexes::Indexes, job::Job},
    terminal::notes::Notes,
};

/// Takes output.
type Emit<'a> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'a;

/// Tells which part of each file is searched.
pub(crate) struct Parts {
    part: Part,
    terminator: LineTerminator,
    indexes: Arc<Indexes>,
    notes: Notes,
}

/// A file in memory.
#[derive(Clone, Copy)]
pub(crate) struct Mapped<'a> {
    pub(crate) mapping: &'a Mapping,
    /// Where its text begins.
    pub(crate) origin: u64,
    pub(crate) index: Option<&'a Fresh>,
}

/// What of a mapped file is searched.
pub(crate) struct Narrowed {
    /// All of it, where there are none.
    parts: Option<Vec<index::Part>>,
    /// The range of bytes that the lines are, if some were asked for.
    within: Option<Range<u64>>,
}

impl Narrowed {
    /// Whether no index leaves anything out.
    pub(crate) fn is_whole(&self) -> bool {
        self.parts.is_none()
    }

    /// Whether an index, or a range of lines, leaves parts that have no more bytes than this.
    pub(crate) fn is_of_parts_up_to(&self, most: u64) -> bool {
        let sum = |parts: &Vec<index::Part>| parts.iter().map(|part| part.range.end - part.range.start).sum::<u64>();
        self.parts.as_ref().is_some_and(|parts| sum(parts) <= most)
    }

    pub(crate) fn search(
        &self,
        job: Job<'_>,
        mapping: &Mapping,
        format: &dyn Format,
        emit: &mut Emit<'_>,
    ) -> Result<Summary, Error> {
        let confined = self.within.clone().map(|range| job.grep.within(range));
        let grep = confined.as_ref().unwrap_or(job.grep);
        match &self.parts {
            Some(parts) => grep.search_parts(mapping, parts, format, job.pool, emit),
            None => grep.search_mapping(mapping, format, job.pool, emit),
        }
    }

    /// How many bytes of a file were looked at by a search from `start` on; or of one from the end of the file, which
    /// is at `end`.
    pub(crate) fn bytes_searched(&self, summary: &Summary, start: u64, end: Option<u64>) -> u64 {
        let Some(parts) = &self.parts else { return summary.bytes_searched };
        let searched = match end {
            Some(end) => end.saturating_sub(summary.bytes_searched)..end,
            None => 0..start + summary.bytes_searched,
        };
        let overlap = |part: &index::Part| {
            let (from, upto) = (part.range.start.max(searched.start), part.range.end.min(searched.end));
            upto.saturating_sub(from)
        };
        parts.iter().map(overlap).sum()
    }
}

impl Parts {
    pub(crate) fn new(options: &Options, indexes: Arc<Indexes>) -> Self {
        let (part, terminator) = (options.selection.part, options.text.terminator);
        Parts { part, terminator, indexes, notes: Notes::new(options) }
    }

    /// Whether all of each file is searched.
    pub(crate) fn is_all(&self) -> bool {
        self.part == Part::All
    }

    /// How much of a file of this length is searched.
    pub(crate) fn len_of_range(&self, len: u64) -> u64 {
        let range = self.part.bytes().map_or(0..len, |range| range.resolve(len));
        range.end.min(len).saturating_sub(range.start)
    }

    /// What of a mapped file its index and the range leave to be searched.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and where an index is required that is of no use.
    pub(crate) fn narrow(&self, job: Job<'_>, text: Mapped<'_>) -> anyhow::Result<Narrowed> {
        let path = &job.haystack.path;
        let Mapped { mapping, origin, index } = text;
        let candidates = match index {
            Some(index) => self.indexes.candidates(path, index, mapping)?,
            None => None,
        };
        let parts = candidates.map(|candidates| candidates.parts().to_vec());
        let Part::Lines(lines) = self.part else {
            if parts.is_none() {
                self.notes.explain(path, || format!("mapped, {}", job.grep.plan(mapping.len() as u64, job.pool)));
            }
            let relative = self.part.bytes().filter(|range| range.fixed().is_none());
            let of_text = |range: ByteRange| {
                let Range { start, end } = range.resolve((mapping.len() as u64).saturating_sub(origin));
                start.saturating_add(origin)..end.saturating_add(origin)
            };
            return Ok(Narrowed { parts, within: relative.map(of_text) });
        };
        let (range, before) = self.bytes_of_lines(job, lines, text)?;
        self.notes.explain(path, || format!("mapped, the lines are bytes {}..{}", range.start, range.end));
        // Where their numbers are known, they need not be counted again.
        let part = |newlines| vec![index::Part { range: range.clone(), newlines }];
        let parts = parts.or_else(|| before.filter(|_| job.grep.takes_parts() && !range.is_empty()).map(part));
        Ok(Narrowed { parts, within: Some(range) })
    }

    /// The bytes of some lines of a mapped file, and how many lines come before them, where that is known.
    fn bytes_of_lines(
        &self,
        job: Job<'_>,
        lines: LineRange,
        text: Mapped<'_>,
    ) -> anyhow::Result<(Range<u64>, Option<u64>)> {
        let Mapped { mapping, origin, index } = text;
        let terminator = self.terminator.byte();
        let end_of_file = mapping.len() as u64;
        // An index counts the lines that end with \n.
        let index = index.filter(|_| terminator == b'\n');
        // Where the line begins that has `lines` lines before it; `from` is an offset, with the number of lines before
        // it.
        let line_start = |from: (u64, u64), lines: u64| {
            let (from, rest) = match index {
                Some(index) => self.indexes.before_line(&job.haystack.path, index, lines)?,
                None => (from.0, lines - from.1),
            };
            let start = newlines::after_nth(mapping, from as usize, rest, terminator, job.pool)?;
            anyhow::Ok(start.unwrap_or(end_of_file))
        };
        let nth_last = |nth| anyhow::Ok(newlines::start_of_nth_last(mapping, nth, terminator)?.max(origin));
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

    /// Searches the part of a stream. What was found is told in offsets of the text that the stream is converted to.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(crate) fn search_stream(
        &self,
        job: Job<'_>,
        text: impl Read + Send + 'static,
        shifted: &Shifted<'_>,
        emit: &mut Emit<'_>,
    ) -> anyhow::Result<Summary> {
        let wants_length = match self.part {
            Part::All => false,
            Part::Bytes(range) => range.fixed().is_none(),
            Part::Lines(_) => true,
        };
        if wants_length {
            return self.search_all_of_stream(job, text, shifted, emit);
        }
        let Job { haystack, grep, pool } = job;
        self.notes.explain(&haystack.path, || format!("a stream, {}", grep.stream_plan(pool)));
        let within = self.part.bytes().and_then(|range| range.fixed()).filter(|_| shifted.by > 0);
        let within: Option<Grep> = within.map(|range| grep.within(shifted.back(range)));
        Ok(within.as_ref().unwrap_or(grep).search_reader(text, shifted, pool, emit)?)
    }

    /// Searches a part of a stream that depends on its length, or some lines of it.
    fn search_all_of_stream(
        &self,
        job: Job<'_>,
        text: impl Read + Send + 'static,
        shifted: &Shifted<'_>,
        emit: &mut Emit<'_>,
    ) -> anyhow::Result<Summary> {
        self.notes.explain(&job.haystack.path, || "a stream, read to its end into memory".to_owned());
        let (read, nul) = job.grep.read_to_memory(text)?;
        let mut summary = Summary::default();
        let mut comes_to_end = true;
        if let Some(memory) = &read.bytes {
            let mut narrowed = self.narrow(job, Mapped { mapping: memory, origin: 0, index: None })?;
            if let Part::Bytes(range) = self.part {
                narrowed.within = Some(shifted.back(range.resolve(shifted.offset(memory.len() as u64))));
            }
            summary = narrowed.search(job, memory, shifted, emit)?;
            let end = memory.len() as u64;
            comes_to_end = summary.stopped_at.is_none() && narrowed.within.is_none_or(|range| range.end == end);
        }
        if comes_to_end {
            summary.binary = summary.binary.or(nul);
        }
        match read.error.filter(|_| comes_to_end) {
            Some(error) => Err(error.into()),
            None => Ok(summary),
        }
    }
}
