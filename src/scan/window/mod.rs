//! A window: the part of a file or stream that one step of a search looks at.
//!
//! A mapped window is a range of a [`Mapping`], read through its guard. A streamed window owns its bytes: whole lines,
//! with as many lines from before them as context may be asked for. To what is built on top the two are the same.

mod mapped;
mod streamed;

use std::ops::Range;

use memchr::{memchr, memrchr, memrchr_iter};

pub(crate) use self::{
    mapped::{AHEAD, MappedWindow},
    streamed::{Lines, Spare},
};
use super::{newlines, piece::Piece};
use crate::{error::Error, mapping::Mapping};

/// How many bytes are looked at in one step when searching for the end of a line that may be of any length.
const STEP: u64 = 64 << 10;

/// How far past its end a window of usual size looks for the end of its last line before that counts as long.
pub(crate) const NEAR: usize = 64 << 10;

/// Which lines and parts of lines a window has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The part of a long line from before the window.
    pub(crate) head: Option<Part>,
    /// Whole lines.
    pub(crate) lines: Range<u64>,
    /// The first part of a long line.
    pub(crate) tail: Option<Part>,
}

/// A part of a long line, as offsets in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) range: Range<u64>,
    /// The line ends with it.
    pub(crate) ends: bool,
}

pub(crate) enum Window<'m> {
    /// A range of a mapped file.
    Mapped(MappedWindow<'m>),
    /// Whole lines of a stream.
    Owned(Lines),
}

impl<'m> Window<'m> {
    /// What a piece of a mapping has, as one window.
    pub(crate) fn of_piece(mapping: &'m Mapping, piece: Piece, terminator: u8) -> Self {
        Window::Mapped(MappedWindow { mapping, range: piece.range.clone(), piece, ahead: 0..0, terminator })
    }

    /// A range of a mapping that is searched as a whole.
    pub(crate) fn of_whole(mapping: &'m Mapping, range: Range<usize>, terminator: u8) -> Self {
        let start = range.end.saturating_add(AHEAD);
        let ahead = start..mapping.len().min(start.saturating_add(range.len()));
        Window::Mapped(MappedWindow { mapping, range, piece: Piece::whole(mapping), ahead, terminator })
    }
}

impl Window<'_> {
    /// How many bytes of memory it holds.
    pub(crate) fn size(&self) -> usize {
        match self {
            Window::Mapped(_) => 0,
            Window::Owned(lines) => lines.bytes.capacity(),
        }
    }

    /// The last byte of a line.
    pub(crate) fn terminator(&self) -> u8 {
        match self {
            Window::Mapped(window) => window.terminator,
            Window::Owned(lines) => lines.terminator,
        }
    }

    /// Which bytes are the window's, as offsets in the file.
    pub(crate) fn own(&self) -> Range<u64> {
        match self {
            Window::Mapped(window) => window.range.start as u64..window.range.end as u64,
            Window::Owned(lines) => lines.own(),
        }
    }

    /// Where what is at hand begins, with a line.
    pub(crate) fn start(&self) -> u64 {
        match self {
            Window::Mapped(window) => window.piece.within.start as u64,
            Window::Owned(lines) => lines.base,
        }
    }

    /// The offset just past what is at hand. Where more follows in the file, a line ends there.
    pub(crate) fn end(&self) -> u64 {
        match self {
            Window::Mapped(window) => window.piece.within.end as u64,
            Window::Owned(lines) => lines.base + lines.bytes.len() as u64,
        }
    }

    /// Has the system read what will be wanted soon: what lies some way behind this window.
    pub(crate) fn read_ahead(&self) {
        if let Window::Mapped(window) = self {
            window.read_ahead();
        }
    }

    /// Whether this is the first window of a piece that is mapped.
    pub(crate) fn begins_piece(&self) -> Option<&Piece> {
        match self {
            Window::Mapped(window) if window.range.start == window.piece.range.start => Some(&window.piece),
            _ => None,
        }
    }

    /// Whether this is the last window of a piece that is mapped.
    pub(crate) fn ends_piece(&self) -> Option<&Piece> {
        match self {
            Window::Mapped(window) if window.range.end == window.piece.range.end => Some(&window.piece),
            _ => None,
        }
    }

    /// Runs `read` on the lines that the window owns: those that start in it, which may reach past its end. It gets
    /// their offset in the file, and their bytes. None where this cannot be done in one step: where no line starts
    /// within `near` bytes, or the last line ends more than that behind the window.
    pub(crate) fn read_lines<T>(&self, near: usize, read: impl FnOnce(u64, &[u8]) -> T) -> Result<Option<T>, Error> {
        match self {
            Window::Owned(lines) => {
                let own = lines.own();
                Ok(Some(read(own.start, lines.slice(own))))
            }
            Window::Mapped(window) => window.read_lines(near, read),
        }
    }

    /// Where the file was cut, as an offset in it, when that is what the error tells of and some of the window lies
    /// before.
    pub(crate) fn cut_by(&self, error: &Error) -> Option<u64> {
        match self {
            Window::Mapped(window) => window.cut_by(error),
            Window::Owned(_) => None,
        }
    }

    /// As [`read_lines`](Window::read_lines) in a file that was cut: the lines are those that have their terminator
    /// before the cut. Says whether these are all that the window owns.
    pub(crate) fn read_lines_before<T>(
        &self,
        cut: u64,
        read: impl FnOnce(u64, &[u8]) -> T,
    ) -> Result<(T, bool), Error> {
        match self {
            Window::Mapped(window) => window.read_lines_before(cut, read),
            Window::Owned(_) => unreachable!("a stream is not cut"),
        }
    }

    /// The lines that the window owns, as offsets in the file: those that start in it. They may reach past its end.
    ///
    /// # Complexity
    ///
    /// Looks at the window up to its first line end, and past its end up to the next one. A window in which no line
    /// starts owns nothing and does not look further, so that a line of many windows is walked over once.
    pub(crate) fn lines(&self) -> Result<Range<u64>, Error> {
        match self {
            Window::Owned(_) => Ok(self.own()),
            Window::Mapped(window) => {
                let (start, end, len) = (window.range.start as u64, window.range.end as u64, self.end());
                let Some(first) = self.first_line_start(start, end)? else { return Ok(end..end) };
                match end == len {
                    true => Ok(first..end),
                    false => Ok(first..self.after_terminator(end - 1, len)?.unwrap_or(len)),
                }
            }
        }
    }

    /// How the window is cut up where long lines are searched in parts. A line is long where it reaches far past the
    /// end of a window. Such a line is no window's own: each window has the part of it that lies in it, and the last
    /// of these parts reaches on to the end of the line where that is near: within `near` bytes, which is to be the
    /// same for all windows of a file, and not more than they have.
    pub(crate) fn layout(&self, near: usize) -> Result<Layout, Error> {
        let Window::Mapped(MappedWindow { range, .. }) = self else {
            return Ok(Layout { head: None, lines: self.lines()?, tail: None });
        };
        let (start, end, len) = (range.start as u64, range.end as u64, self.end());
        let head_is_long = start > self.start() && self.is_far(start, near)?;
        let tail_is_long = end < len && self.is_far(end, near)?;
        let line_end =
            || Ok::<_, Error>(if end == len { len } else { self.after_terminator(end - 1, len)?.unwrap_or(len) });
        let Some(first) = self.first_line_start(start, end)? else {
            let head = match (head_is_long, tail_is_long) {
                (false, _) => None,
                (true, true) => Some(Part { range: start..end, ends: false }),
                (true, false) => Some(Part { range: start..line_end()?, ends: true }),
            };
            return Ok(Layout { head, lines: end..end, tail: None });
        };
        let head = head_is_long.then_some(Part { range: start..first, ends: true });
        if !tail_is_long {
            return Ok(Layout { head, lines: first..line_end()?, tail: None });
        }
        let last = self.last_line_start(first, end)?;
        Ok(Layout { head, lines: first..last, tail: Some(Part { range: last..end, ends: false }) })
    }

    /// True when the line that crosses a border, or ends there, does not end within `near` bytes from it.
    pub(crate) fn is_far(&self, border: u64, near: usize) -> Result<bool, Error> {
        let upto = self.end().min((border - 1).saturating_add(near as u64));
        Ok(upto < self.end() && self.after_terminator(border - 1, upto)?.is_none())
    }

    /// Where the first line begins that starts in `start..end`.
    fn first_line_start(&self, start: u64, end: u64) -> Result<Option<u64>, Error> {
        match start == self.start() {
            true => Ok(Some(start)),
            false => self.after_terminator(start - 1, end - 1),
        }
    }

    /// Where the last line begins that starts in `first..end`, the first of which starts at `first`.
    pub(crate) fn last_line_start(&self, first: u64, end: u64) -> Result<u64, Error> {
        let terminator = self.terminator();
        let mut upto = end - 1;
        while upto > first {
            let from = first.max(upto.saturating_sub(STEP));
            if let Some(found) = self.read(from..upto, |bytes| memrchr(terminator, bytes))? {
                return Ok(from + found as u64 + 1);
            }
            upto = from;
        }
        Ok(first)
    }

    /// Runs `read` on the bytes at these offsets of the file, which must be at hand.
    pub(crate) fn read<T>(&self, range: Range<u64>, read: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        match self {
            Window::Owned(lines) => Ok(read(lines.slice(range))),
            Window::Mapped(window) => window.mapping.read_before_fault(range.start as usize..range.end as usize, read),
        }
    }

    /// Where the `count` lines before the line start `at` begin; fewer where the file begins, or `floor` is, or the
    /// window keeps no more.
    pub(crate) fn lines_before(&self, at: u64, count: usize, floor: u64) -> Result<u64, Error> {
        let floor = match self {
            Window::Owned(lines) => floor.max(lines.base),
            Window::Mapped(_) => floor,
        };
        // The terminator right before `at` ends the first of the lines; one more lies before each of the lines.
        let mut wanted = count.saturating_add(1);
        let terminator = self.terminator();
        let mut end = at;
        while end > floor && count > 0 {
            let start = floor.max(end.saturating_sub(STEP));
            let found = self.read(start..end, |bytes| {
                let mut newlines = memrchr_iter(terminator, bytes);
                let nth = newlines.nth(wanted - 1);
                let seen = if nth.is_some() { wanted } else { newlines::count(bytes, terminator) as usize };
                (nth, seen)
            })?;
            if let (Some(newline), _) = found {
                return Ok(start + newline as u64 + 1);
            }
            // As many as that, but in a file that is being changed.
            wanted = wanted.saturating_sub(found.1).max(1);
            end = start;
        }
        Ok(if count == 0 { at } else { end })
    }

    /// Where the line begins that the byte at `at` is of, or that begins there.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes between the two.
    pub(crate) fn line_start(&self, at: u64) -> Result<u64, Error> {
        let (terminator, floor) = (self.terminator(), self.start());
        let mut end = at;
        while end > floor {
            let start = floor.max(end.saturating_sub(STEP));
            if let Some(found) = self.read(start..end, |bytes| memrchr(terminator, bytes))? {
                return Ok(start + found as u64 + 1);
            }
            end = start;
        }
        Ok(floor)
    }

    /// The offset of the first NUL among these bytes.
    pub(crate) fn first_nul(&self, range: Range<u64>) -> Result<Option<u64>, Error> {
        let start = range.start;
        Ok(self.read(range, |bytes| memchr(0, bytes))?.map(|at| start + at as u64))
    }

    /// The offset just past the first terminator in `start..end`.
    pub(crate) fn after_terminator(&self, start: u64, end: u64) -> Result<Option<u64>, Error> {
        let terminator = self.terminator();
        let mut at = start;
        while at < end {
            let upto = end.min(at + STEP);
            if let Some(found) = self.read(at..upto, |bytes| memchr(terminator, bytes))? {
                return Ok(Some(at + found as u64 + 1));
            }
            at = upto;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::MapOptions;

    fn memory(text: &[u8]) -> Mapping {
        let mut mapping = MapOptions::new().len(text.len()).map_anonymous().unwrap();
        mapping.guarded_mut(0..text.len(), |bytes| bytes.copy_from_slice(text)).unwrap();
        mapping
    }

    #[test]
    fn every_line_has_one_owner_whatever_the_chunk_size() {
        for text in ["a\n", "a", "\n\n\n", "one\ntwo two\n\n\nthree", "no end of line at all", "\nx\n"] {
            let mapping = memory(text.as_bytes());
            for size in 1..=text.len() + 1 {
                let mut covered = 0;
                for range in crate::scan::chunk::Chunks::new(text.len(), size) {
                    let owned = Window::of_whole(&mapping, range.clone(), b'\n').lines().unwrap();
                    if owned.is_empty() {
                        continue;
                    }
                    assert_eq!(owned.start, covered, "{text:?} {size}");
                    assert!(range.contains(&(owned.start as usize)));
                    covered = owned.end;
                }
                assert_eq!(covered, text.len() as u64, "{text:?} {size}");
            }
        }
    }

    #[test]
    fn lines_before_counts_backwards_and_stops_at_the_floor() {
        let text = "zero\none\n\nthree\nfour\n";
        let mapping = memory(text.as_bytes());
        let window = Window::of_whole(&mapping, 0..text.len(), b'\n');
        let before = |at, count, floor| window.lines_before(at, count, floor).unwrap();
        let four = text.find("four").unwrap() as u64;
        assert_eq!(before(four, 0, 0), four);
        assert_eq!(before(four, 1, 0), 10);
        assert_eq!(before(four, 2, 0), 9);
        assert_eq!(before(four, 3, 0), 5);
        assert_eq!(before(four, 4, 0), 0);
        assert_eq!(before(four, usize::MAX, 0), 0);
        assert_eq!(before(four, 3, 9), 9);
        assert_eq!(before(0, 3, 0), 0);
    }

    #[test]
    fn line_start_goes_back_over_many_steps() {
        let text = [b"one\n\n".to_vec(), vec![b'x'; 3 * STEP as usize], b"\nlast\n".to_vec()].concat();
        let mapping = memory(&text);
        let window = Window::of_whole(&mapping, 0..text.len(), b'\n');
        for at in [0, 1, 3, 4, 5, 6, STEP, 3 * STEP + 5, 3 * STEP + 6, text.len() as u64 - 1, text.len() as u64] {
            let start = text[..at as usize].iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
            assert_eq!(window.line_start(at).unwrap(), start as u64, "{at}");
        }
    }

    #[test]
    fn lines_before_goes_back_over_many_steps() {
        let mut text = b"first\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 3 * STEP as usize));
        text.extend_from_slice(b"\nlast\n");
        let mapping = memory(&text);
        let window = Window::of_whole(&mapping, 0..text.len(), b'\n');
        let last = text.len() as u64 - 5;
        assert_eq!(window.lines_before(last, 1, 0).unwrap(), 6);
        assert_eq!(window.lines_before(last, 2, 0).unwrap(), 0);
        assert_eq!(window.lines_before(last, 1, 7).unwrap(), 7);
    }
}
