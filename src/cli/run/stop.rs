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
    /// What was read, from the line on that was not looked at.
    pending: Vec<u8>,
    /// How much of it, whole lines, can be handed out.
    ready: usize,
    any_selected: bool,
    is_over: bool,
}

impl<R: Read> Stopping<R> {
    pub(crate) fn new(text: R, matcher: Matcher, invert_match: bool) -> Self {
        let cache = matcher.create_cache();
        let (pending, ready) = (vec![], 0);
        Stopping { text, matcher, cache, invert_match, pending, ready, any_selected: false, is_over: false }
    }

    /// Reads until there is a whole line, or the text is over.
    fn fill(&mut self) -> io::Result<()> {
        const STEP: usize = 64 << 10;
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
            let rest = &self.pending[self.ready..];
            let line = match memchr::memchr(terminator.byte(), rest) {
                Some(at) => &rest[..=at],
                None if is_end => rest,
                None => return,
            };
            let is_selected = self.matcher.is_match(&mut self.cache, terminator.strip(line)) != self.invert_match;
            self.ready += line.len();
            self.is_over = self.any_selected && !is_selected;
            self.any_selected |= is_selected;
        }
    }
}

impl<R: Read> Read for Stopping<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let read = self.ready.min(buffer.len());
        buffer[..read].copy_from_slice(&self.pending[..read]);
        self.pending.drain(..read);
        self.ready -= read;
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
}
