//! Encodings: text that begins with a byte order mark, or is said to have one, is converted to UTF-8. Offsets stay
//! those of the file where that has the same bytes, which it has in UTF-8.

use std::{
    io::{self, Cursor, Read},
    mem,
};

use encoding_rs_io::DecodeReaderBytesBuilder;

use crate::cli::flags::options::Encoding;

/// Files of up to so many bytes are read at once.
const READ_BYTES: u64 = 64 << 10;

/// The longest mark, that of UTF-8.
const UTF8: &[u8] = b"\xEF\xBB\xBF";
/// Of UTF-8 and UTF-16.
const MARKS: [&[u8]; 3] = [UTF8, b"\xFF\xFE", b"\xFE\xFF"];

/// A stream as text. Nothing that has come waits for more, but what may be a part of a mark.
pub(crate) struct Text {
    source: Box<dyn Read + Send>,
    encoding: Encoding,
    is_regular: bool,
    /// How many bytes the source is asked for first.
    first_read: usize,
    has_begun: bool,
    /// What was read ahead, and how much of it was handed out.
    ahead: Vec<u8>,
    taken: usize,
    /// How many bytes of it a mark may be in. As in ripgrep they are a read of their own, on which it depends what is
    /// binary.
    first: usize,
    skipped: u64,
}

impl Text {
    /// A regular file has its first bytes at once; a pipe may give fewer than are asked for.
    pub(crate) fn new(source: impl Read + Send + 'static, is_regular: bool) -> Self {
        Self::reading_first(source, is_regular, UTF8.len())
    }

    /// The same for a regular file of so many bytes. One that fits into a read is read at once.
    pub(crate) fn of_file(source: impl Read + Send + 'static, len: u64) -> Self {
        let first_read = if len <= READ_BYTES { UTF8.len().max(len as usize) } else { UTF8.len() };
        Self::reading_first(source, true, first_read)
    }

    /// The same for standard input, which ripgrep reads through a buffer: that it is filled once decides where reads
    /// end, and thus what is binary.
    pub(crate) fn of_stdin(source: impl Read + Send + 'static, is_regular: bool) -> Self {
        const BUFFER: usize = 8 << 10;
        Self::reading_first(source, is_regular, BUFFER)
    }

    fn reading_first(source: impl Read + Send + 'static, is_regular: bool, first_read: usize) -> Self {
        Text {
            source: Box::new(source),
            encoding: Encoding::Auto,
            is_regular,
            first_read,
            has_begun: false,
            ahead: vec![],
            taken: 0,
            first: 0,
            skipped: 0,
        }
    }

    /// The same text, in this encoding.
    pub(crate) fn encoded(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// How many bytes of the file stand before the text and are none of it: the mark, in UTF-8. Reads the beginning of
    /// the text, and waits for it.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) fn skipped(&mut self) -> io::Result<u64> {
        self.begin()?;
        Ok(self.skipped)
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.has_begun {
            return Ok(());
        }
        let mut first = vec![0; self.first_read];
        let mut filled = read_some(&mut self.source, &mut first)?;
        while (1..UTF8.len()).contains(&filled) && (self.is_regular || is_part_of_mark(&first[..filled])) {
            match read_some(&mut self.source, &mut first[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        first.truncate(filled);
        self.has_begun = true;
        let (is_marked, encoding) = match self.encoding {
            Encoding::Auto => (is_marked(&first), None),
            Encoding::None => (false, None),
            Encoding::Of(encoding) => (true, Some(encoding)),
        };
        if is_marked {
            if first.starts_with(UTF8) {
                self.skipped = UTF8.len() as u64;
            }
            let mut builder = DecodeReaderBytesBuilder::new();
            builder.encoding(encoding).utf8_passthru(true).strip_bom(true).bom_override(true).bom_sniffing(true);
            let rest = mem::replace(&mut self.source, Box::new(io::empty()));
            self.source = Box::new(builder.build(Cursor::new(first).chain(rest)));
        } else {
            self.first = filled.min(UTF8.len());
            self.ahead = first;
        }
        Ok(())
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.begin()?;
        if self.ahead.is_empty() {
            return self.source.read(buffer);
        }
        let ahead = &self.ahead[self.taken..];
        let wanted = if self.first > 0 { self.first } else { ahead.len() };
        let read = wanted.min(buffer.len());
        buffer[..read].copy_from_slice(&ahead[..read]);
        self.taken += read;
        if self.taken == self.ahead.len() {
            (self.ahead, self.taken) = (vec![], 0);
        }
        self.first = self.first.saturating_sub(read);
        Ok(read)
    }
}

/// Whether a text begins with a mark.
pub(crate) fn is_marked(text: &[u8]) -> bool {
    MARKS.iter().any(|mark| text.starts_with(mark))
}

/// Reads, and begins anew after a signal.
fn read_some(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Whether the bytes are the beginning of a mark, and not all of it.
fn is_part_of_mark(bytes: &[u8]) -> bool {
    MARKS.iter().any(|mark| bytes.len() < mark.len() && mark.starts_with(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out as much as it is told to, read by read.
    struct Pieces(Vec<&'static [u8]>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let read = (&mut self.0[0]).read(buffer)?;
            if self.0[0].is_empty() {
                self.0.remove(0);
            }
            Ok(read)
        }
    }

    fn reads(pieces: &[&'static [u8]], is_regular: bool) -> Vec<Vec<u8>> {
        reads_of(Text::new(Pieces(pieces.to_vec()), is_regular))
    }

    fn reads_of(mut text: Text) -> Vec<Vec<u8>> {
        let mut reads = vec![];
        loop {
            let mut buffer = [0; 100];
            let read = text.read(&mut buffer).unwrap();
            if read == 0 {
                return reads;
            }
            reads.push(buffer[..read].to_vec());
        }
    }

    #[test]
    fn what_cannot_be_a_mark_does_not_wait() {
        assert_eq!(reads(&[b"x\n", b"y\n"], false), [b"x\n", b"y\n"]);
        assert_eq!(reads(&[b"x", b"\n"], false), [b"x", b"\n"]);
        assert_eq!(reads(&[b"\xEF", b"x\n"], false).concat(), b"\xEFx\n");
        assert_eq!(reads(&[b"\xEF", b"\xBB"], false).concat(), b"\xEF\xBB");
        assert_eq!(reads(&[b"long line\n"], false), [&b"lon"[..], b"g line\n"]);
        assert_eq!(reads(&[b"long line\n"], true), [&b"lon"[..], b"g line\n"]);
        assert_eq!(reads(&[b"lo", b"ng line\n"], true), [&b"lon"[..], b"g line\n"]);
        assert_eq!(reads(&[b"a"], true), [b"a"]);
        let of_file = |text: &'static [u8]| reads_of(Text::of_file(Pieces(vec![text]), text.len() as u64));
        assert_eq!(of_file(b"long line\n"), [&b"lon"[..], b"g line\n"]);
        assert_eq!(of_file(b"a"), [b"a"]);
        assert!(of_file(b"").is_empty());
        let of_stdin = |text: &'static [u8], is_regular| reads_of(Text::of_stdin(Pieces(vec![text]), is_regular));
        const LONG: &[u8] = &[b'x'; 10_000];
        for is_regular in [false, true] {
            let lens: Vec<_> = of_stdin(LONG, is_regular).iter().map(Vec::len).collect();
            assert_eq!(lens[0], 3, "{is_regular}");
            assert_eq!(lens[1..83].iter().sum::<usize>(), 8189, "{is_regular}");
            assert_eq!(lens.iter().sum::<usize>(), 10_000, "{is_regular}");
            assert_eq!(of_stdin(b"x\n", is_regular), [b"x\n"]);
        }
        assert!(reads(&[], true).is_empty() && reads(&[], false).is_empty());
    }

    #[test]
    fn marks_that_come_in_pieces_are_found() {
        for is_regular in [false, true] {
            assert_eq!(reads(&[b"\xEF", b"\xBB", b"\xBFabc\n", b"d"], is_regular).concat(), b"abc\nd");
            assert_eq!(reads(&[b"\xFF", b"\xFEa", b"\0\n\0"], is_regular).concat(), b"a\n");
            assert_eq!(reads(&[b"\xFE\xFF\0a", b"\0\n"], is_regular).concat(), b"a\n");
        }
    }
}
