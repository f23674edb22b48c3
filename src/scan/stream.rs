//! Streams cut into windows of whole lines: standard input, pipes, files that are not mapped.
//!
//! What counts as binary in a stream depends on how it is read: a NUL takes effect from the read in which it is found,
//! and the lines of earlier reads stay as they are. So reads are made exactly as ripgrep makes them: into a buffer of
//! 64 KiB that keeps the unfinished line of the read before, and lines for context, and that triples when a line does
//! not fit. A window consists of the lines of one or more such reads. (Of the lines for context ripgrep keeps none
//! that it has printed already. What is printed is not known here, so where matches are dense and there is context,
//! the reads can be off by those lines.)

use std::{
    io::{self, Read},
    ops::Range,
};

use memchr::{memchr, memchr_iter, memrchr};

use super::{
    newlines,
    window::{Lines, Spare},
};
use crate::{
    error::Error,
    mapping::{MapOptions, Mapping},
    memory::{self, Allowance},
};

/// How much is read at once, less what is left of the line before.
pub(crate) const READ: usize = 64 << 10;

/// How much the system is asked for at once where more is read, so that there is room for what comes and little more.
const PIECE: usize = 1 << 20;

/// Buffers up to this size are kept from one stream to the next.
const KEPT: usize = 1 << 20;

/// What a NUL in a stream means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nul {
    /// Nothing.
    Text,
    /// The stream ends before the lines of the read in which it is found.
    Ends,
    /// It ends a line, and the stream counts as binary from the lines of that read on.
    EndsLine,
}

/// A stream that was read into memory.
///
/// # Examples
///
/// See [`Grep::read_to_memory`](crate::grep::Grep::read_to_memory).
#[derive(Debug)]
pub struct InMemory {
    /// What was in it; `None` when that was nothing.
    pub bytes: Option<Mapping>,
    /// The error that the stream ended with. All whole lines before it are in `bytes`.
    pub error: Option<Error>,
}

/// Reads a stream to its end into anonymous memory, for searches that have to see it from its end, or as a whole.
///
/// # Errors
///
/// [`is_out_of_memory`](Error::is_out_of_memory) for a stream that is larger than the memory.
pub(crate) fn read_to_memory(mut source: impl Read, terminator: u8) -> Result<InMemory, Error> {
    const LARGEST: usize = 64 << 20;
    // How much there will be is not known, and memory that is shared cannot grow on all systems. So it is collected in
    // pieces, each of which goes as soon as it was copied.
    let mut pieces: Vec<Vec<u8>> = vec![];
    let (mut len, mut error) = (0, None);
    let mut allowance = Allowance::new();
    loop {
        // Pieces of that size go back to the system at once.
        let size = len.clamp(PIECE, LARGEST);
        let mut piece = vec![];
        if !allowance.allows(len + size) || !memory::reserve(&mut piece, size) {
            let held = len >> 20;
            return Err(Error::out_of_memory(format!(
                "a stream of more than {held} MiB, which has to be in memory as a whole: there is no memory for more"
            )));
        }
        let filled = fill(&mut source, &mut piece);
        piece.shrink_to_fit();
        len += piece.len();
        pieces.push(piece);
        let is_over = *filled.as_ref().unwrap_or(&true);
        if let Err(failed) = filled {
            error = Some(Error::from(failed));
            // Nobody knows how the line would have gone on that it ends in.
            while let Some(last) = pieces.last_mut() {
                if let Some(end) = memrchr(terminator, last) {
                    last.truncate(end + 1);
                    break;
                }
                pieces.pop();
            }
            len = pieces.iter().map(Vec::len).sum();
        }
        if is_over {
            break;
        }
    }
    if len == 0 {
        return Ok(InMemory { bytes: None, error });
    }
    let mut memory = MapOptions::new().len(len).map_anonymous()?;
    let mut filled = 0;
    for piece in pieces {
        memory.guarded_mut(filled..filled + piece.len(), |room| room.copy_from_slice(&piece))?;
        filled += piece.len();
    }
    Ok(InMemory { bytes: Some(memory), error })
}

/// The lines of a stream, read as [`LineReader`] reads them, for those who want them in one piece.
pub(crate) struct Text<R> {
    windows: LineReader<R>,
    current: Option<Lines>,
    nul: Option<u64>,
}

impl<R: Read> Text<R> {
    pub(crate) fn new(windows: LineReader<R>) -> Self {
        Text { windows, current: None, nul: None }
    }

    /// The offset of the NUL that ended the stream, or changed its meaning, once that was read.
    pub(crate) fn nul(&self) -> Option<u64> {
        self.nul
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(lines) = &mut self.current {
                let mut own = &lines.bytes[lines.own.clone()];
                let read = own.read(buffer)?;
                lines.own.start += read;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
            }
            match self.windows.next() {
                None => return Ok(0),
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(lines)) => {
                    self.nul = self.nul.or(lines.binary);
                    self.current = Some(lines);
                }
            }
        }
    }
}

/// Fills the room of an empty buffer. True when the source ended before that.
fn fill(source: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut filled = 0;
    while filled < buffer.capacity() {
        // What nothing was read into takes no memory.
        buffer.resize(buffer.capacity().min(filled + PIECE), 0);
        match source.read(&mut buffer[filled..]) {
            Ok(0) => {
                buffer.truncate(filled);
                return Ok(true);
            }
            Ok(read) => filled += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                buffer.truncate(filled);
                return Err(e);
            }
        }
    }
    Ok(false)
}

/// Cuts the windows of a stream to the lines that start in a range, and ends with it. Nothing before the range is
/// kept, but the number of its line ends.
pub(crate) fn within(
    range: Range<u64>,
    windows: impl Iterator<Item = Result<Lines, Error>>,
) -> impl Iterator<Item = Result<Lines, Error>> {
    let mut passed = 0;
    let mut first = None;
    let mut is_over = false;
    windows
        .filter_map(move |lines| {
            let mut lines = match lines {
                Ok(lines) => lines,
                Err(error) => return Some(Some(Err(error))),
            };
            if lines.own.is_empty() && !is_over {
                // It tells that the stream is binary.
                return Some(Some(Ok(lines)));
            }
            let own = lines.base + lines.own.start as u64..lines.base + lines.own.end as u64;
            if is_over || own.start >= range.end {
                return Some(None);
            }
            // The first line that starts at an offset or behind it, within the window.
            let line_from = |offset: u64| match offset.checked_sub(own.start) {
                None | Some(0) => lines.own.start,
                Some(_) if offset > own.end => lines.own.end,
                Some(at) => {
                    let from = lines.own.start + at as usize - 1;
                    memchr(lines.terminator, &lines.bytes[from..lines.own.end])
                        .map_or(lines.own.end, |end| from + end + 1)
                }
            };
            let (start, end) = (line_from(range.start), line_from(range.end));
            is_over = own.end >= range.end;
            passed += newlines::count(&lines.bytes[lines.own.start..start], lines.terminator);
            if start == lines.own.end && first.is_none() && !is_over {
                return None;
            }
            lines.own = start..end.max(start);
            // What comes before the range is no context.
            let first = *first.get_or_insert(lines.base + start as u64);
            let before = first.saturating_sub(lines.base) as usize;
            if before > 0 {
                lines.bytes.drain(..before);
                lines.base += before as u64;
                lines.own = lines.own.start - before..lines.own.end - before;
            }
            lines.passed = std::mem::take(&mut passed);
            Some(Some(Ok(lines)))
        })
        .map_while(|lines| lines)
}

/// An iterator over the windows of a stream.
pub(crate) struct LineReader<R> {
    source: R,
    nul: Nul,
    terminator: u8,
    /// How many lines from before a window are kept in it.
    context: usize,
    /// How many bytes of its own a window should have.
    window: usize,
    bytes: Vec<u8>,
    spare: Spare,
    /// How many of the bytes are the stream's; behind them is room.
    filled: usize,
    /// The offset of the first of the bytes in the stream.
    base: u64,
    /// Where the lines start that no window has yet.
    own: usize,
    /// Where the lines of the current read start.
    current: usize,
    /// Where the lines begin that are kept for context, and ripgrep's buffer would.
    kept: usize,
    /// How many lines there are from there to the current read.
    kept_lines: usize,
    /// The capacity that ripgrep's buffer would have.
    capacity: usize,
    /// How many bytes of its own the window before had.
    usual: usize,
    binary: Option<u64>,
    ended: bool,
    /// An empty window is still to tell that a NUL ended the stream.
    owes_binary: bool,
    /// The stream ended with an error, which comes after the lines before it.
    error: Option<Error>,
    /// What the source said after the first pieces of a read.
    failed: Option<io::Error>,
    allowance: Allowance,
}

impl<R> Drop for LineReader<R> {
    fn drop(&mut self) {
        // The next stream may be a small file.
        self.spare.give_back(std::mem::take(&mut self.bytes));
        self.spare.trim(KEPT);
    }
}

impl<R: Read> LineReader<R> {
    /// `spare` is where its memory comes from, and goes when it is dropped: one for many small files.
    pub(crate) fn new(source: R, nul: Nul, terminator: u8, context: usize, window: usize, spare: &Spare) -> Self {
        LineReader {
            source,
            nul,
            terminator,
            context,
            window,
            bytes: spare.take(),
            spare: spare.clone(),
            filled: 0,
            base: 0,
            own: 0,
            current: 0,
            kept: 0,
            kept_lines: 0,
            capacity: READ,
            usual: 0,
            binary: None,
            ended: false,
            owes_binary: false,
            error: None,
            failed: None,
            allowance: Allowance::new(),
        }
    }

    /// One step: reads, and returns a window when one is complete.
    fn step(&mut self) -> Option<Lines> {
        let mut wanted = self.capacity - (self.filled - self.kept);
        if wanted == 0 {
            wanted = 2 * self.capacity;
            self.capacity *= 3;
        }
        let start = self.filled;
        let read = match self.read(wanted) {
            Ok(read) => read,
            Err(error) => {
                self.ended = true;
                self.error = Some(error);
                return (self.own < self.current).then(|| self.cut(self.current));
            }
        };
        let new = start..start + read;
        if read == 0 {
            self.ended = true;
            return (self.own < self.filled).then(|| self.cut(self.filled));
        }
        self.filled = new.end;
        if self.binary.is_none()
            && self.nul != Nul::Text
            && let Some(at) = memchr(0, &self.bytes[new.clone()])
        {
            return self.turn_binary(self.base + (new.start + at) as u64);
        }
        self.end_lines_at_nuls(new.start);
        let newline = memrchr(self.terminator, &self.bytes[new.clone()])?;
        self.end_read(new.start + newline + 1);
        // A read that came back short is all that there is for now: what it brought is not to wait for more. A window
        // is also to have more bytes of its own than it has for context, which are copied from one to the next.
        let complete = self.current - self.own >= self.window.max(self.own) || read < wanted;
        complete.then(|| self.cut(self.current))
    }

    /// Reads up to `wanted` bytes, and fewer where no more are there for now. None are there at the end.
    fn read(&mut self, wanted: usize) -> Result<usize, Error> {
        if let Some(error) = self.failed.take() {
            return Err(Error::from(error));
        }
        let mut read = 0;
        while read < wanted {
            let piece = PIECE.min(wanted - read);
            let new = self.filled + read..self.filled + read + piece;
            if !self.make_room(new.end) {
                let held = (new.start - self.own) >> 20;
                return Err(Error::out_of_memory(format!(
                    "a line of more than {held} MiB: there is no memory for the rest of it"
                )));
            }
            match self.source.read(&mut self.bytes[new]) {
                Ok(n) => {
                    let new = self.filled + read..self.filled + read + n;
                    read += n;
                    // What comes behind a line that does not fit need not wait with it.
                    if n < piece || (read < wanted && memchr(self.terminator, &self.bytes[new]).is_some()) {
                        break;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if read == 0 => return Err(Error::from(e)),
                Err(e) => {
                    self.failed = Some(e);
                    break;
                }
            }
        }
        Ok(read)
    }

    /// What was read before the current read becomes a window of its own.
    fn turn_binary(&mut self, offset: u64) -> Option<Lines> {
        let before = (self.own < self.current).then(|| self.cut(self.current));
        self.binary = Some(offset);
        if self.nul == Nul::Ends {
            self.ended = true;
            self.owes_binary = true;
            self.filled = self.current;
            return before;
        }
        self.end_lines_at_nuls(self.current);
        if let Some(newline) = memrchr(self.terminator, &self.bytes[self.current..self.filled]) {
            self.end_read(self.current + newline + 1);
        }
        before
    }

    fn end_lines_at_nuls(&mut self, from: usize) {
        if self.nul != Nul::EndsLine || self.binary.is_none() {
            return;
        }
        let mut from = from;
        while let Some(at) = memchr(0, &self.bytes[from..self.filled]) {
            self.bytes[from + at] = self.terminator;
            from += at + 1;
        }
    }

    /// Makes room for `needed` bytes in all; false when there is no memory for them.
    fn make_room(&mut self, needed: usize) -> bool {
        let len = self.bytes.len();
        if len >= needed {
            return true;
        }
        // Room for as much as the window before had, and a read: a pipe fills small windows, a file large ones. Before
        // there was one, the room doubles; that for a line which is longer than many windows grows by an eighth.
        let usual = if self.usual > 0 { self.own + self.usual + READ } else { 2 * len };
        let new = needed.max(usual.min(len + (len / 8).max(2 * PIECE)));
        let has_room = self.allowance.allows(new) && memory::reserve(&mut self.bytes, new - len);
        if has_room {
            self.bytes.resize(new, 0);
        }
        has_room
    }

    /// Ends a read at `end`: its lines are complete, and take the places of as many lines of context.
    fn end_read(&mut self, end: usize) {
        if self.context == 0 {
            self.kept = end;
        } else {
            self.kept_lines += newlines::count(&self.bytes[self.current..end], self.terminator) as usize;
            if let Some(surplus) = self.kept_lines.checked_sub(self.context).filter(|&surplus| surplus > 0) {
                let last = memchr_iter(self.terminator, &self.bytes[self.kept..end]).nth(surplus - 1);
                self.kept += last.map_or(0, |at| at + 1);
                self.kept_lines = self.context;
            }
        }
        self.current = end;
    }

    /// Makes a window of the lines up to `end`. The reader keeps what comes behind, and the context before.
    fn cut(&mut self, end: usize) -> Lines {
        let context = self.kept.min(end);
        let rest = &self.bytes[context..self.filled];
        let mut next = self.spare.take();
        if next.len() < rest.len() {
            next.resize(rest.len(), 0);
        }
        next[..rest.len()].copy_from_slice(rest);
        let bytes = std::mem::replace(&mut self.bytes, next);
        self.usual = end - self.own;
        let spare = self.spare.clone();
        let terminator = self.terminator;
        let lines =
            Lines { bytes, base: self.base, own: self.own..end, terminator, passed: 0, binary: self.binary, spare };
        self.base += context as u64;
        self.filled -= context;
        self.own = end - context;
        self.current = self.current.max(end) - context;
        self.kept = self.kept.max(context) - context;
        lines
    }
}

impl<R: Read> Iterator for LineReader<R> {
    type Item = Result<Lines, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if std::mem::take(&mut self.owes_binary) {
                return Some(Ok(self.cut(self.current)));
            }
            if self.ended {
                return self.error.take().map(Err);
            }
            if let Some(lines) = self.step() {
                return Some(Ok(lines));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that hands out at most `step` bytes at once.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(buffer.len());
            let mut part = &self.0[..n.min(self.0.len())];
            let read = part.read(buffer)?;
            self.0 = &self.0[read..];
            Ok(read)
        }
    }

    fn read_all(text: &[u8], step: usize, nul: Nul, context: usize, window: usize) -> Vec<Lines> {
        LineReader::new(Slow(text, step), nul, b'\n', context, window, &Spare::default()).map(Result::unwrap).collect()
    }

    #[test]
    fn windows_are_whole_lines_and_cover_the_stream() {
        let long = [b"x".repeat(200_000), b"\nshort\n".to_vec(), b"y".repeat(70_000)].concat();
        let texts: [&[u8]; 6] = [b"", b"a", b"a\nb\n", b"\n\n\n", b"one\ntwo\nthree", &long];
        for text in texts {
            for step in [1, 2, 3, 1000, usize::MAX] {
                if text.len() > 1000 && step < 1000 {
                    continue;
                }
                for context in [0, 1, 2] {
                    let mut covered = 0;
                    for lines in read_all(text, step, Nul::EndsLine, context, 4) {
                        assert_eq!(lines.base + lines.own.start as u64, covered as u64);
                        assert!(lines.own.end <= lines.bytes.len());
                        assert!(!lines.own.is_empty());
                        let own = &lines.bytes[lines.own.clone()];
                        assert_eq!(own, &text[covered..covered + own.len()]);
                        covered += own.len();
                        assert!(own.ends_with(b"\n") || covered == text.len());
                        let before = &lines.bytes[..lines.own.start];
                        assert!(text[..covered - own.len()].ends_with(before));
                        assert!(before.iter().filter(|&&b| b == b'\n').count() <= context);
                    }
                    assert_eq!(covered, text.len());
                }
            }
        }
    }

    #[test]
    fn windows_keep_as_many_lines_of_context_as_were_asked_for() {
        let windows = read_all(b"1\n2\n3\n4\n5\n", 2, Nul::Text, 2, 1);
        let before: Vec<_> = windows.iter().map(|w| &w.bytes[..w.own.start]).collect();
        assert_eq!(before, [&b""[..], b"1\n", b"1\n2\n", b"2\n3\n", b"3\n4\n"]);
    }

    #[test]
    fn a_nul_ends_the_stream_before_the_lines_of_its_read() {
        let mut text = b"line\n".repeat(20_000);
        text[70_000] = 0;
        let windows = read_all(&text, usize::MAX, Nul::Ends, 0, 1 << 20);
        assert_eq!(windows.len(), 2);
        // The first 64 KiB hold 13,107 whole lines.
        assert_eq!(windows[0].own, 0..65_535);
        assert_eq!(windows[0].binary, None);
        assert!(windows[1].own.is_empty());
        assert_eq!(windows[1].binary, Some(70_000));

        let windows = read_all(b"a\0b\n", usize::MAX, Nul::Ends, 0, 1 << 20);
        assert_eq!(windows.len(), 1);
        assert!(windows[0].own.is_empty() && windows[0].binary == Some(1));
    }

    #[test]
    fn a_nul_ends_a_line_and_marks_what_follows() {
        let mut text = b"line\n".repeat(20_000);
        text[70_001] = 0;
        text[99_991] = 0;
        let windows = read_all(&text, usize::MAX, Nul::EndsLine, 0, 1 << 20);
        assert_eq!(windows[0].own, 0..65_535);
        assert_eq!(windows[0].binary, None);
        let rest: Vec<u8> = windows[1..].iter().flat_map(|w| w.bytes[w.own.clone()].to_vec()).collect();
        assert!(windows[1..].iter().all(|w| w.binary == Some(70_001)));
        assert_eq!(memchr::memchr_iter(b'\n', &rest).count(), 20_000 - 13_107 + 2);
        assert_eq!(rest[70_001 - 65_535], b'\n');
    }
}
