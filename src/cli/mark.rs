//! Byte order marks: text that begins with one is converted to UTF-8 without it. Offsets stay those of the file where that has
//! the same bytes, which it has in UTF-8.

use std::{
    io::{self, Read},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use encoding_rs_io::DecodeReaderBytesBuilder;

use crate::grep::{Format, Line, LongMatches, Summary};

/// The byte order mark of UTF-8.
const UTF8: [u8; 3] = *b"\xEF\xBB\xBF";

/// A stream as text.
pub(super) struct Text {
    decoded: Box<dyn Read + Send>,
    /// What was read ahead, up to where the mark would end at least.
    ahead: Vec<u8>,
    skipped: Arc<AtomicU64>,
}

impl Text {
    pub(super) fn new(source: impl Read + Send + 'static) -> Self {
        let skipped = Arc::new(AtomicU64::new(0));
        let source = Watched { source, first: vec![], skipped: Arc::clone(&skipped) };
        let mut builder = DecodeReaderBytesBuilder::new();
        builder.utf8_passthru(true).strip_bom(true).bom_override(true).bom_sniffing(true);
        Text { decoded: Box::new(builder.build(source)), ahead: vec![], skipped }
    }

    /// How many bytes of the file stand before the text and are none of it: the mark, in UTF-8. Reads the beginning of the
    /// text, and waits for it.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(super) fn skipped(&mut self) -> io::Result<u64> {
        const FIRST: usize = 64 << 10;
        if self.ahead.is_empty() {
            let mut first = vec![0; FIRST];
            let read = loop {
                match self.decoded.read(&mut first) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read?,
                }
            };
            first.truncate(read);
            self.ahead = first;
        }
        Ok(self.skipped.load(Ordering::Relaxed))
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            return self.decoded.read(buffer);
        }
        let read = self.ahead.len().min(buffer.len());
        buffer[..read].copy_from_slice(&self.ahead[..read]);
        self.ahead.drain(..read);
        Ok(read)
    }
}

/// Sees whether the bytes that are read from a source begin with the mark.
struct Watched<R> {
    source: R,
    /// The first of them, as many as the mark has.
    first: Vec<u8>,
    skipped: Arc<AtomicU64>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        if self.first.len() < UTF8.len() && read > 0 {
            let wanted = UTF8.len() - self.first.len();
            self.first.extend_from_slice(&buffer[..read.min(wanted)]);
            if self.first == UTF8 {
                self.skipped.store(UTF8.len() as u64, Ordering::Relaxed);
            }
        }
        Ok(read)
    }
}

/// Lines of a text before which some bytes of the file stand.
pub(super) struct Shifted<'a> {
    pub(super) format: &'a dyn Format,
    pub(super) by: u64,
}

impl Shifted<'_> {
    /// What was found in the text, in offsets of the file.
    pub(super) fn summary(&self, summary: Summary) -> Summary {
        let shift = |offset: Option<u64>| offset.map(|offset| offset + self.by);
        Summary { stopped_at: shift(summary.stopped_at), binary: shift(summary.binary), ..summary }
    }

    /// A range of the file as one of the text.
    pub(super) fn back(&self, range: Range<u64>) -> Range<u64> {
        range.start.saturating_sub(self.by)..range.end.saturating_sub(self.by)
    }

    fn shifted<'l>(&self, line: &Line<'l>) -> Line<'l> {
        Line { offset: line.offset + self.by, ..*line }
    }
}

impl Format for Shifted<'_> {
    fn wants_matches(&self) -> bool {
        self.format.wants_matches()
    }

    fn only_matches(&self) -> bool {
        self.format.only_matches()
    }

    fn joins_lines(&self) -> bool {
        self.format.joins_lines()
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        self.format.line(&self.shifted(line), out);
    }

    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        self.format.long_line(&self.shifted(line), matches, emit);
    }

    fn context_break(&self, out: &mut Vec<u8>) {
        self.format.context_break(out);
    }
}
