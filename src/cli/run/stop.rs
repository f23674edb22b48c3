//! The end of a search at the first line that is not selected behind one that is.

use std::io::{self, Read};

use mapgrep::matcher::{Cache, Matcher};

/// Text up to the first line that is not selected behind one that is, and that line.
pub(crate) struct Stopping<R> {
    text: R,
    matcher: Matcher,
    cache: Cache,
    /// Lines that do not match are selected.
    invert_match: bool,
    /// What was read.
    pending: Vec<u8>,
    /// How much of it was handed out.
    taken: usize,
    /// The end of the whole lines in it, which can be handed out.
    ready: usize,
    /// The place behind that up to which no line ends.
    scanned: usize,
    any_selected: bool,
    is_over: bool,
}

impl<R: Read> Stopping<R> {
    pub(crate) fn new(text: R, matcher: Matcher, invert_match: bool) -> Self {
        let cache = matcher.create_cache();
        Stopping {
            text,
            matcher,
            cache,
            invert_match,
            pending: vec![],
            taken: 0,
            ready: 0,
            scanned: 0,
            any_selected: false,
            is_over: false,
        }
    }

    /// Reads until there is a whole line, or the text is over.
    fn fill(&mut self) -> io::Result<()> {
        const STEP: usize = 64 << 10;
        if self.taken == self.ready {
            self.pending.drain(..self.ready);
            self.scanned -= self.ready;
            (self.taken, self.ready) = (0, 0);
        }
        while self.ready == 0 && !self.is_over {
            let filled = self.pending.len();
            self.pending.resize(filled + STEP, 0);
            let read = self.text.read(&mut self.pending[filled..]);
            self.pending.truncate(filled + *read.as_ref().unwrap_or(&0));
            let is_end = read? == 0;
            self.look_at_lines(is_end);
            if let Some(error) = self.matcher.failure() {
                return Err(io::Error::other(error));
            }
            self.is_over |= is_end;
        }
        Ok(())
    }

    fn look_at_lines(&mut self, is_end: bool) {
        let terminator = self.matcher.line_terminator();
        while self.ready < self.pending.len() && !self.is_over {
            let end = match memchr::memchr(terminator.byte(), &self.pending[self.scanned..]) {
                Some(at) => self.scanned + at + 1,
                None => self.pending.len(),
            };
            self.scanned = end;
            if !is_end && self.pending[end - 1] != terminator.byte() {
                return;
            }
            let line = &self.pending[self.ready..end];
            let is_selected = self.matcher.is_match(&mut self.cache, terminator.strip(line)) != self.invert_match;
            self.ready = end;
            self.is_over = self.any_selected && !is_selected;
            self.any_selected |= is_selected;
        }
    }
}

impl<R: Read> Read for Stopping<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let ready = &self.pending[self.taken..self.ready];
        let read = ready.len().min(buffer.len());
        buffer[..read].copy_from_slice(&ready[..read]);
        self.taken += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mapgrep::matcher::MatcherBuilder;

    #[test]
    fn the_first_line_behind_a_run_is_the_last() {
        let stopped = |text: &str, invert_match| {
            let matcher = MatcherBuilder::new().by_line(true).build(["a$"]).unwrap();
            let mut out = String::new();
            Stopping::new(text.as_bytes(), matcher, invert_match).read_to_string(&mut out).unwrap();
            out
        };
        assert_eq!(stopped("x\na\na\ny\nz\na\n", false), "x\na\na\ny\n");
        assert_eq!(stopped("x\na\na\ny\nz\na\n", true), "x\na\n");
        assert_eq!(stopped("a\na", false), "a\na");
        assert_eq!(stopped("a\nb", false), "a\nb");
        assert_eq!(stopped("", false), "");
    }

    /// Text that comes in pieces as small as this.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(buffer.len());
            self.0.read(&mut buffer[..len])
        }
    }

    #[test]
    fn it_does_not_depend_on_the_sizes_of_reads() {
        for (text, shown) in [("xx\na\n\nbb\n", "xx\na\n\n"), ("aa\nba\na", "aa\nba\na"), ("\na\nb", "\na\nb")] {
            for (size, taken) in [(1, 1), (1, 7), (2, 3), (3, 1), (5, 2), (100, 1), (100, 100)] {
                let matcher = MatcherBuilder::new().by_line(true).build(["a$"]).unwrap();
                let mut stopping = Stopping::new(Trickle(text.as_bytes(), size), matcher, false);
                let (mut out, mut buffer) = (vec![], [0; 100]);
                while let read @ 1.. = stopping.read(&mut buffer[..taken]).unwrap() {
                    out.extend_from_slice(&buffer[..read]);
                }
                assert_eq!(out, shown.as_bytes(), "{text:?} in reads of {size}, taken by {taken}");
            }
        }
    }

    #[test]
    fn the_start_of_a_line_is_looked_at_once() {
        let matcher = MatcherBuilder::new().by_line(true).build(["a"]).unwrap();
        let mut stopping = Stopping::new(&b""[..], matcher, false);
        for (more, is_end, scanned, ready) in
            [("xa", false, 2, 0), ("yy", false, 4, 0), ("\nz", false, 6, 5), ("z", false, 7, 5), ("", true, 7, 7)]
        {
            stopping.pending.extend_from_slice(more.as_bytes());
            stopping.look_at_lines(is_end);
            assert_eq!((stopping.scanned, stopping.ready), (scanned, ready), "{more}");
        }
    }
}
