//! What becomes of the lines that a search reports: the interface to whoever prints them.

use std::{cell::Cell, ops::ControlFlow};

use crate::span::Span;

/// Why a line is reported.
///
/// # Examples
///
/// See [`Line`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// It is selected: it matches, or with [`invert`](super::GrepBuilder::invert_match) it does not.
    Match,
    /// It stands before a selected line.
    Before,
    /// It stands after a selected line.
    After,
}

/// A line to be reported.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use mapgrep::{grep::{GrepBuilder, LineKind}, matcher::MatcherBuilder, scan::Pool};
///
/// let grep = GrepBuilder::new().before_context(1).line_numbers(true).compile(&MatcherBuilder::new(), &["b"])?;
/// let mut lines = vec![];
/// grep.for_each_line_of(b"a\nb\n", &Pool::inline(), &mut |line| {
///     lines.push((line.kind, line.number, line.offset, line.bytes.to_vec()));
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(lines[0], (LineKind::Before, Some(1), 0, b"a\n".to_vec()));
/// assert_eq!(lines[1], (LineKind::Match, Some(2), 2, b"b\n".to_vec()));
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Why it is reported.
    pub kind: LineKind,
    /// The line with its terminator; only the last line of a file may lack one. Of a matcher that is not
    /// [by line](crate::matcher::MatcherBuilder::by_line) it may be several lines that share a match. Where
    /// [`Format::only_matches`] says so, it may be a part of a line, with some of its matches.
    pub bytes: &'a [u8],
    /// The offset of its first byte in the file.
    pub offset: u64,
    /// How many bytes of the line stand before it; not 0 only for parts of lines.
    pub skipped: u64,
    /// Its number, counted from 1, when line numbers were asked for.
    pub number: Option<u64>,
    /// The matches in it, in order, when [`Format::wants_matches`] says so: for selected lines, and with
    /// [`invert`](super::GrepBuilder::invert_match) for those around them.
    pub matches: &'a [Span],
}

/// Goes over matches from the first one on, until it is told to stop.
type WalkOver<'a> = dyn Fn(&mut dyn FnMut(Span) -> ControlFlow<()>) + 'a;

/// The matches in a line that is too long for them to be held in memory. There are none where
/// [`Format::wants_matches`] does not say that they are wanted.
///
/// # Examples
///
/// See [`Format::long_line`].
pub struct LongMatches<'a> {
    walk: &'a WalkOver<'a>,
    count: Cell<Option<u64>>,
}

impl<'a> LongMatches<'a> {
    pub(super) fn new(walk: &'a WalkOver<'a>) -> Self {
        LongMatches { walk, count: Cell::new(None) }
    }

    /// Calls `each` with the matches, in order, until it returns [`ControlFlow::Break`].
    ///
    /// # Complexity
    ///
    /// Every call searches the line anew.
    pub fn for_each(&self, each: &mut dyn FnMut(Span) -> ControlFlow<()>) {
        let (mut count, mut flow) = (0, ControlFlow::Continue(()));
        (self.walk)(&mut |m| {
            count += 1;
            flow = each(m);
            flow
        });
        if flow.is_continue() {
            self.count.set(Some(count));
        }
    }

    /// The first match.
    pub fn first(&self) -> Option<Span> {
        let mut first = None;
        self.for_each(&mut |m| {
            first = Some(m);
            ControlFlow::Break(())
        });
        first
    }

    /// How many there are. Searches the line, unless that was done to its end before.
    pub fn count(&self) -> u64 {
        if self.count.get().is_none() {
            self.for_each(&mut |_| ControlFlow::Continue(()));
        }
        self.count.get().unwrap_or(0)
    }

    /// All of them.
    pub fn collect(&self) -> Vec<Span> {
        let mut matches = vec![];
        self.for_each(&mut |m| {
            matches.push(m);
            ControlFlow::Continue(())
        });
        matches
    }
}

/// Turns lines into output bytes. Called by the workers, each with a buffer of its own; the buffers are emitted in file
/// order.
///
/// # Examples
///
/// ```
/// use mapgrep::grep::{Format, Line};
///
/// struct Numbered;
///
/// impl Format for Numbered {
///     fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
///         out.extend_from_slice(format!("{}\t", line.number.unwrap_or(0)).as_bytes());
///         out.extend_from_slice(line.bytes);
///     }
/// }
/// ```
pub trait Format: Sync {
    /// True when the lines are to come with the positions of their matches.
    fn wants_matches(&self) -> bool {
        false
    }

    /// True when nothing but the matches of selected lines is going to be shown. Lines may come in parts then.
    fn only_matches(&self) -> bool {
        false
    }

    /// True when lines that share matches are to come as one [`Line`] with those on the lines behind them, where a
    /// match has the line end between the two: something else is shown in its place then.
    fn joins_lines(&self) -> bool {
        false
    }

    /// Appends one line. A line can come twice, when the file was truncated in the meantime: what was appended the
    /// first time is thrown away then.
    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>);

    /// Hands on, in pieces, what [`line`](Format::line) would append for a line that is so long that neither its text
    /// nor its matches should be held in memory. The line comes without its matches; they are looked for when they are
    /// asked for. Called on the thread that takes the output. Unless implemented, all is held in memory and there is
    /// one piece.
    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        let matches = matches.collect();
        let mut out = vec![];
        self.line(&Line { matches: &matches, ..*line }, &mut out);
        emit(&out);
    }

    /// Appends what stands between two groups of lines that are not adjacent; called only when there is context.
    fn context_break(&self, _out: &mut Vec<u8>) {}
}

/// All of [`Format`] but the lines, for one that shows them as its field `format` does, at other places.
macro_rules! all_but_lines_of_its_format {
    () => {
        fn wants_matches(&self) -> bool {
            self.format.wants_matches()
        }

        fn only_matches(&self) -> bool {
            self.format.only_matches()
        }

        fn joins_lines(&self) -> bool {
            self.format.joins_lines()
        }

        fn context_break(&self, out: &mut Vec<u8>) {
            self.format.context_break(out);
        }
    };
}
pub(super) use all_but_lines_of_its_format;

/// Lines as they are, each ended by `\n` where it has no end.
///
/// # Examples
///
/// ```
/// use mapgrep::grep::{Format, Line, LineKind, Plain};
///
/// let line = Line { kind: LineKind::Match, bytes: b"text", offset: 0, skipped: 0, number: None, matches: &[] };
/// let mut out = vec![];
/// Plain.line(&line, &mut out);
/// assert_eq!(out, b"text\n");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Format for Plain {
    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(line.bytes);
        if !line.bytes.ends_with(b"\n") {
            out.push(b'\n');
        }
    }

    fn long_line(&self, line: &Line<'_>, _: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        emit_in_pieces(line.bytes, emit);
        if !line.bytes.ends_with(b"\n") {
            emit(b"\n");
        }
    }

    fn context_break(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--\n");
    }
}

/// Hands on bytes of a file that may be truncated at any time: each piece is copied first.
fn emit_in_pieces(bytes: &[u8], emit: &mut dyn FnMut(&[u8])) {
    const PIECE: usize = 1 << 20;
    let mut copy = vec![];
    for piece in bytes.chunks(PIECE) {
        copy.clear();
        copy.extend_from_slice(piece);
        emit(&copy);
    }
}
