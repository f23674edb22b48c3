//! How a reported line looks: names, numbers, colours, what is left out.

use std::path::Path;

use bstr::ByteSlice;
use termcolor::{Ansi, Color, ColorSpec, WriteColor};

use crate::{
    grep::{Flow, Format, Line, LineKind, LongMatches},
    matcher::{LineTerminator, Replacer},
    span::Span,
};

/// What every line of every file looks like.
#[derive(Debug)]
pub(super) struct Style {
    /// Names come with each line, or above them.
    pub(super) file_names: bool,
    pub(super) heading: bool,
    pub(super) byte_offset: bool,
    pub(super) column: bool,
    pub(super) only_matching: bool,
    pub(super) trim: bool,
    pub(super) max_columns: Option<u64>,
    pub(super) max_columns_preview: bool,
    /// Matches are counted for statistics.
    pub(super) stats: bool,
    pub(super) colors: Option<Colors>,
    /// What lines end with that have no end of their own.
    pub(super) terminator: LineTerminator,
    /// What is found may be several lines.
    pub(super) multiline: bool,
    /// Matches are shown with something else in their place.
    pub(super) replacer: Option<Replacer>,
}

/// The byte sequences that switch colours on a terminal.
#[derive(Clone, Debug)]
pub(super) struct Colors {
    path: Vec<u8>,
    number: Vec<u8>,
    other: Vec<u8>,
    matched: Vec<u8>,
    reset: Vec<u8>,
}

impl Default for Colors {
    fn default() -> Self {
        let bytes = |change: &dyn Fn(&mut ColorSpec)| {
            let mut spec = ColorSpec::new();
            change(&mut spec);
            let mut writer = Ansi::new(vec![]);
            writer.set_color(&spec).expect("writing to memory");
            writer.into_inner()
        };
        let mut reset = Ansi::new(vec![]);
        reset.reset().expect("writing to memory");
        Colors {
            path: bytes(&|spec| {
                spec.set_fg(Some(if cfg!(windows) { Color::Cyan } else { Color::Magenta }));
            }),
            number: bytes(&|spec| {
                spec.set_fg(Some(Color::Green));
            }),
            other: bytes(&|_| {}),
            matched: bytes(&|spec| {
                spec.set_fg(Some(Color::Red)).set_bold(true);
            }),
            reset: reset.into_inner(),
        }
    }
}

impl Style {
    /// Appends the name of a file, coloured where colours are on.
    pub(super) fn push_path(&self, path: &[u8], out: &mut Vec<u8>) {
        self.push_colored(|colors| &colors.path, path, out);
    }

    /// Whether lines are shown as they are, behind their names and numbers.
    fn is_plain(&self) -> bool {
        let Style { column, byte_offset, only_matching, trim, max_columns, colors, replacer, multiline, .. } = self;
        let cuts = *only_matching || *trim || max_columns.is_some() || *multiline;
        !(*column || *byte_offset || cuts || colors.is_some() || replacer.is_some())
    }

    fn push_colored(&self, color: impl Fn(&Colors) -> &[u8], text: &[u8], out: &mut Vec<u8>) {
        match &self.colors {
            None => out.extend_from_slice(text),
            Some(colors) => {
                out.extend_from_slice(color(colors));
                out.extend_from_slice(text);
                out.extend_from_slice(&colors.reset);
            }
        }
    }
}

/// Formats the lines of one file.
pub(super) struct Printer<'a> {
    style: &'a Style,
    name: Vec<u8>,
    /// The name as it stands before each line; empty where it does not.
    prefix: Vec<u8>,
    is_plain: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(style: &'a Style, path: &Path) -> Self {
        let name = path_bytes(path);
        let mut prefix = vec![];
        if style.file_names && !style.heading {
            style.push_path(&name, &mut prefix);
        }
        Printer { style, name, prefix, is_plain: style.is_plain() }
    }

    /// The line above the lines of a file, where there is one.
    pub(super) fn heading(&self) -> Option<Vec<u8>> {
        (self.style.heading && self.style.file_names).then(|| {
            let mut line = vec![];
            self.name_line(&mut line);
            line
        })
    }

    /// The name of the file as a line, whether or not names are shown with lines.
    pub(super) fn name_line(&self, out: &mut Vec<u8>) {
        self.style.push_path(&self.name, out);
        self.end_line(out);
    }

    /// A count of lines or matches.
    pub(super) fn count(&self, count: u64, out: &mut Vec<u8>) {
        self.push_field_path(b":", out);
        out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
        self.end_line(out);
    }

    /// What is told of a binary file in place of lines.
    pub(super) fn binary_file(&self, offset: u64, stopped: bool, out: &mut Vec<u8>) {
        self.push_field_path(b": ", out);
        let what = if stopped { "WARNING: stopped searching binary file after match" } else { "binary file matches" };
        out.extend_from_slice(format!("{what} (found \"\\0\" byte around offset {offset})\n").as_bytes());
    }

    fn push_field_path(&self, separator: &[u8], out: &mut Vec<u8>) {
        if self.style.file_names {
            self.style.push_path(&self.name, out);
            out.extend_from_slice(separator);
        }
    }

    fn end_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.style.terminator.bytes());
    }

    /// A line as it is.
    fn plain_line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        // One look at the capacity for all of it.
        out.reserve(self.prefix.len() + line.bytes.len() + 32);
        let separator = separator(line.kind);
        if !self.prefix.is_empty() {
            out.extend_from_slice(&self.prefix);
            out.push(separator);
        }
        if let Some(number) = line.number {
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            out.push(separator);
        }
        out.extend_from_slice(line.bytes);
        if line.bytes.last() != Some(&self.style.terminator.byte()) {
            self.end_line(out);
        }
    }

    /// What was found, one line or several, with all that can be wanted.
    fn decorated(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        match self.style.multiline && line.kind == LineKind::Match {
            true => self.decorated_block(line, out),
            false => self.decorated_line(line, out),
        }
    }

    /// Lines that share a match. Where the parts of a match are shown, each has the offset and the column of the match.
    fn decorated_block(&self, block: &Line<'_>, out: &mut Vec<u8>) {
        let terminator = self.style.terminator.byte();
        let column = block.matches.first().map(|m| m.start as u64 + 1);
        let (mut start, mut first) = (0, 0);
        for (index, bytes) in block.bytes.split_inclusive(|&byte| byte == terminator).enumerate() {
            let number = block.number.map(|number| number + index as u64);
            let line = Line { number, ..*block };
            let on_line = |m: &Span| Span::new(m.start.max(start) - start, m.end.min(start + bytes.len()) - start);
            // Matches are in order, and what ends before a line is of no use to those behind.
            first += block.matches[first..].iter().take_while(|m| m.end <= start).count();
            let matches = block.matches[first..].iter().take_while(|m| m.start < start + bytes.len());
            let matches = matches.filter(|m| m.end > start);
            if self.style.only_matching && !block.matches.is_empty() {
                for m in matches {
                    let part = on_line(m);
                    let text = &bytes[part.start..part.end.min(self.content_end(bytes)).max(part.start)];
                    if !text.is_empty() {
                        self.prelude(&line, block.offset + m.start as u64, Some(m.start as u64 + 1), out);
                        self.text(block.kind, text, &[Span::new(0, text.len())], out);
                    }
                }
            } else {
                let matches: Vec<_> = matches.map(on_line).collect();
                self.prelude(&line, block.offset + start as u64, column, out);
                self.text(block.kind, bytes, &matches, out);
            }
            start += bytes.len();
        }
    }

    /// A line, or the matches in it, with all that can be wanted.
    fn decorated_line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        if !self.style.only_matching || line.matches.is_empty() {
            let column = line.matches.first().map(|m| m.start as u64 + 1);
            self.prelude(line, line.offset, column, out);
            return self.text(line.kind, line.bytes, line.matches, out);
        }
        for m in line.matches {
            self.prelude(line, line.offset + m.start as u64, Some(line.skipped + m.start as u64 + 1), out);
            let text = &line.bytes[m.range()];
            self.text(line.kind, text, &[Span::new(0, text.len())], out);
        }
    }

    /// What stands before the text of a line. `column` counts from 1.
    fn prelude(&self, line: &Line<'_>, offset: u64, column: Option<u64>, out: &mut Vec<u8>) {
        let style = self.style;
        let separator = separator(line.kind);
        if !self.prefix.is_empty() {
            out.extend_from_slice(&self.prefix);
            out.push(separator);
        }
        let mut digits = itoa::Buffer::new();
        if let Some(number) = line.number {
            style.push_colored(|colors| &colors.number, digits.format(number).as_bytes(), out);
            out.push(separator);
        }
        if let Some(column) = column
            && style.column
        {
            style.push_colored(|colors| &colors.other, digits.format(column).as_bytes(), out);
            out.push(separator);
        }
        if style.byte_offset {
            style.push_colored(|colors| &colors.other, digits.format(offset).as_bytes(), out);
            out.push(separator);
        }
    }

    /// The text of a line, with its end.
    fn text(&self, kind: LineKind, bytes: &[u8], matches: &[Span], out: &mut Vec<u8>) {
        let start = self.trimmed(bytes);
        match &self.style.colors {
            Some(colors) if !matches.is_empty() => {
                if self.is_too_long(bytes) {
                    return self.left_out(kind, bytes, start, &Matches::of(matches), out);
                }
                push_highlighted(colors, bytes, Span::new(start, self.content_end(bytes)), matches, out);
                self.end_line(out);
            }
            _ => {
                let bytes = &bytes[start..];
                if self.is_too_long(bytes) {
                    return self.left_out(kind, bytes, 0, &Matches::of(matches), out);
                }
                out.extend_from_slice(bytes);
                if bytes.last() != Some(&self.style.terminator.byte()) {
                    self.end_line(out);
                }
            }
        }
    }

    /// What stands in place of a line that is too long. The matches are positions in `bytes`, of which what is before
    /// `start` is not shown.
    fn left_out(&self, kind: LineKind, bytes: &[u8], start: usize, matches: &Matches<'_>, out: &mut Vec<u8>) {
        let total = matches.total;
        if self.style.max_columns_preview {
            let end = start + self.preview(&bytes[start..]);
            let content = Span::new(start, start + self.content_end(&bytes[start..end]));
            match &self.style.colors {
                Some(colors) => push_highlighted(colors, bytes, content, matches.shown, out),
                None => out.extend_from_slice(&bytes[content.range()]),
            }
            if total == 0 {
                out.extend_from_slice(b" [... omitted end of long line]");
            } else {
                let is_more = |m: &&Span| m.start >= end && m.start < bytes.len();
                let more = matches.more.unwrap_or_else(|| matches.shown.iter().filter(is_more).count());
                let noun = if more == 1 { "match" } else { "matches" };
                out.extend_from_slice(format!(" [... {more} more {noun}]").as_bytes());
            }
        } else if total > 0 && !self.style.only_matching {
            out.extend_from_slice(format!("[Omitted long line with {total} matches]").as_bytes());
        } else if kind == LineKind::Match {
            out.extend_from_slice(b"[Omitted long matching line]");
        } else {
            out.extend_from_slice(b"[Omitted long context line]");
        }
        self.end_line(out);
    }

    /// How many bytes of a line that is too long are shown.
    fn preview(&self, bytes: &[u8]) -> usize {
        let characters = usize::try_from(self.style.max_columns.unwrap_or(0)).unwrap_or(usize::MAX);
        match self.style.max_columns_preview {
            true => bytes.grapheme_indices().map(|(_, end, _)| end).take(characters).last().unwrap_or(0),
            false => 0,
        }
    }

    /// Where the text begins that is shown.
    fn trimmed(&self, bytes: &[u8]) -> usize {
        if !self.style.trim {
            return 0;
        }
        let ends = self.style.terminator.bytes();
        let is_space = |b: &u8| matches!(b, b'\t' | b'\n' | b'\x0B' | b'\x0C' | b'\r' | b' ') && !ends.contains(b);
        bytes.iter().take_while(|b| is_space(b)).count()
    }

    fn is_too_long(&self, bytes: &[u8]) -> bool {
        self.style.max_columns.is_some_and(|max| bytes.len() as u64 > max)
    }

    /// The length of a line without its terminator.
    fn content_end(&self, bytes: &[u8]) -> usize {
        match (self.style.terminator, bytes) {
            (LineTerminator::Crlf, [.., b'\r', b'\n']) => bytes.len() - 2,
            (terminator, [.., last]) if *last == terminator.byte() => bytes.len() - 1,
            _ => bytes.len(),
        }
    }
}

impl Format for Printer<'_> {
    fn wants_matches(&self) -> bool {
        let style = self.style;
        style.colors.is_some() || style.column || style.only_matching || style.stats || style.replacer.is_some()
    }

    fn only_matches(&self) -> bool {
        // What a group captures can depend on the whole line.
        self.style.only_matching && self.style.replacer.is_none()
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        if self.is_plain {
            return self.plain_line(line, out);
        }
        match &self.style.replacer {
            Some(replacer) if !line.matches.is_empty() => {
                replacer.replace(line.bytes, line.matches, |bytes, matches| {
                    self.decorated(&Line { bytes, matches, ..*line }, out);
                });
            }
            _ => self.decorated(line, out),
        }
    }

    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        let style = self.style;
        let first = matches.first();
        if style.replacer.is_some() || style.multiline {
            // What is put in the place of matches, and lines that belong together, are made in memory.
            let (matches, mut out) = (matches.collect(), vec![]);
            self.line(&Line { matches: &matches, ..*line }, &mut out);
            return emit(&out);
        }
        let mut pieces = Pieces::new(emit);
        if style.only_matching && first.is_some() {
            return matches.for_each(&mut |m| {
                self.prelude(line, line.offset + m.start as u64, Some(m.start as u64 + 1), &mut pieces.bytes);
                let text = &line.bytes[m.range()];
                self.text(line.kind, text, &[Span::new(0, text.len())], &mut pieces.bytes);
                pieces.pass_on();
                Flow::Continue
            });
        }
        self.prelude(line, line.offset, first.map(|m| m.start as u64 + 1), &mut pieces.bytes);
        let start = self.trimmed(line.bytes);
        // As for lines of usual length: in colour, what was trimmed counts.
        let colors = style.colors.as_ref().filter(|_| first.is_some());
        let (bytes, start) = if colors.is_some() { (line.bytes, start) } else { (&line.bytes[start..], 0) };
        if self.is_too_long(bytes) {
            let end = start + self.preview(&bytes[start..]);
            let (mut shown, mut total, mut more) = (vec![], 0, 0);
            matches.for_each(&mut |m| {
                total += 1;
                more += usize::from(m.start >= end && m.start < bytes.len());
                if m.start < end {
                    shown.push(m);
                }
                Flow::Continue
            });
            let matches = Matches { shown: &shown, total, more: Some(more) };
            return self.left_out(line.kind, bytes, start, &matches, &mut pieces.bytes);
        }
        match colors {
            Some(colors) => {
                let mut highlighter = Highlighter::new(colors, Span::new(start, self.content_end(bytes)));
                matches.for_each(&mut |m| {
                    highlighter.push(bytes, m, &mut |text| pieces.write(text));
                    Flow::Continue
                });
                highlighter.finish(bytes, &mut |text| pieces.write(text));
            }
            None => pieces.write(&bytes[..self.content_end(bytes)]),
        }
        match &bytes[self.content_end(bytes)..] {
            [] => self.end_line(&mut pieces.bytes),
            _ if colors.is_some() => self.end_line(&mut pieces.bytes),
            end => pieces.write(end),
        }
    }

    fn context_break(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--");
        self.end_line(out);
    }
}

/// The matches in a line of which not all is shown.
struct Matches<'a> {
    /// Those that begin in what is shown, at least.
    shown: &'a [Span],
    total: usize,
    /// How many begin behind that, if these are not all of them.
    more: Option<usize>,
}

impl<'a> Matches<'a> {
    fn of(matches: &'a [Span]) -> Self {
        Matches { shown: matches, total: matches.len(), more: None }
    }
}

/// What stands between the fields of a line.
fn separator(kind: LineKind) -> u8 {
    if kind == LineKind::Match { b':' } else { b'-' }
}

/// Appends `shown` of `bytes`, with the matches in colour.
fn push_highlighted(colors: &Colors, bytes: &[u8], shown: Span, matches: &[Span], out: &mut Vec<u8>) {
    let mut highlighter = Highlighter::new(colors, shown);
    for &m in matches {
        highlighter.push(bytes, m, &mut |text| out.extend_from_slice(text));
    }
    highlighter.finish(bytes, &mut |text| out.extend_from_slice(text));
}

/// Puts matches in colour, one by one. Adjacent ones are one stretch of colour.
struct Highlighter<'a> {
    colors: &'a Colors,
    shown: Span,
    at: usize,
    in_color: bool,
}

impl<'a> Highlighter<'a> {
    fn new(colors: &'a Colors, shown: Span) -> Self {
        Highlighter { colors, shown, at: shown.start, in_color: false }
    }

    /// Writes what is shown up to the end of a match.
    fn push(&mut self, bytes: &[u8], m: Span, write: &mut dyn FnMut(&[u8])) {
        let (start, end) = (m.start.max(self.at).min(self.shown.end), m.end.min(self.shown.end));
        if start >= end {
            return;
        }
        if self.at < start {
            if std::mem::take(&mut self.in_color) {
                write(&self.colors.reset);
            }
            write(&bytes[self.at..start]);
        }
        if !std::mem::replace(&mut self.in_color, true) {
            write(&self.colors.matched);
        }
        write(&bytes[start..end]);
        self.at = end;
    }

    /// Writes what is left.
    fn finish(self, bytes: &[u8], write: &mut dyn FnMut(&[u8])) {
        if self.in_color {
            write(&self.colors.reset);
        }
        write(&bytes[self.at..self.shown.end.max(self.at)]);
    }
}

/// Output of a long line, passed on piece by piece. What is passed on was copied: the file may be cut at any time.
struct Pieces<'a> {
    bytes: Vec<u8>,
    emit: &'a mut dyn FnMut(&[u8]),
}

impl<'a> Pieces<'a> {
    /// How much is passed on at once.
    const SIZE: usize = 256 << 10;

    fn new(emit: &'a mut dyn FnMut(&[u8])) -> Self {
        Pieces { bytes: vec![], emit }
    }

    fn write(&mut self, text: &[u8]) {
        for part in text.chunks(Self::SIZE) {
            self.bytes.extend_from_slice(part);
            self.pass_on();
        }
    }

    /// Passes on what there is, when it is enough.
    fn pass_on(&mut self) {
        if self.bytes.len() >= Self::SIZE {
            (self.emit)(&self.bytes);
            self.bytes.clear();
        }
    }
}

impl Drop for Pieces<'_> {
    fn drop(&mut self) {
        (self.emit)(&self.bytes);
    }
}

/// A name as the bytes that are shown of it.
#[cfg(unix)]
pub(super) fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
pub(super) fn path_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}
