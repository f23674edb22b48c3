//! What ends a line.

use memchr::{memchr, memrchr};

use crate::{matcher::reach::Reach, span::Span};

/// What ends a line.
///
/// # Examples
///
/// ```
/// use mapgrep::matcher::{LineTerminator, MatcherBuilder};
///
/// let matcher = MatcherBuilder::new().line_terminator(LineTerminator::Crlf).by_line(true).build(["end$"])?;
/// assert!(matcher.is_match(&mut matcher.create_cache(), b"the end\r\n"));
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineTerminator {
    /// `\n`.
    #[default]
    Lf,
    /// `\n`, with or without `\r` before it, which belongs to the terminator then: no match contains it, and `$`
    /// matches before it. A lone `\r` ends no line; but where matches are not confined to lines, `$` matches before it
    /// too.
    Crlf,
    /// A NUL byte. Lines may contain `\n`, and `.` matches it.
    Nul,
}

impl LineTerminator {
    /// The last byte of a line: what lines are cut at.
    pub fn byte(self) -> u8 {
        match self {
            LineTerminator::Lf | LineTerminator::Crlf => b'\n',
            LineTerminator::Nul => 0,
        }
    }

    /// A line without what ends it.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::LineTerminator;
    ///
    /// assert_eq!(LineTerminator::Crlf.strip(b"text\r\n"), b"text");
    /// assert_eq!(LineTerminator::Lf.strip(b"text\r\n"), b"text\r");
    /// assert_eq!(LineTerminator::Nul.strip(b"text\n"), b"text\n");
    /// ```
    pub fn strip(self, line: &[u8]) -> &[u8] {
        match (self, line) {
            (LineTerminator::Crlf, [content @ .., b'\r', b'\n']) => content,
            (terminator, [content @ .., last]) if *last == terminator.byte() => content,
            _ => line,
        }
    }

    /// What a line is ended with that has no terminator.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            LineTerminator::Lf => b"\n",
            LineTerminator::Crlf => b"\r\n",
            LineTerminator::Nul => b"\0",
        }
    }
}

/// The start of the line that `offset` is on, if that is behind another one, begins with a continuation byte of UTF-8,
/// and starts near: if who decodes the character before `offset` may arrive at the terminator of the line before.
#[inline]
pub(crate) fn broken_line(terminator: u8, text: &[u8], offset: usize) -> Option<usize> {
    let near = offset.saturating_sub(Reach::LOOK_BEHIND);
    let start = near + memrchr(terminator, &text[near..offset])? + 1;
    begins_broken(&text[start..]).then_some(start)
}

/// Whether the first byte of a line is a continuation byte of UTF-8, with which no character begins.
#[inline]
pub(crate) fn begins_broken(line: &[u8]) -> bool {
    matches!(line.first(), Some(0x80..=0xBF))
}

/// The line that `offset` is on, with its terminator; where `from` is on the same line, the part of it from there on.
/// Looks no further back than to `from`.
#[inline]
pub(crate) fn line_at(terminator: u8, text: &[u8], from: usize, offset: usize) -> Span {
    let start = memrchr(terminator, &text[from..offset]).map_or(from, |end| from + end + 1);
    Span::new(start, memchr(terminator, &text[offset..]).map_or(text.len(), |end| offset + end + 1))
}
