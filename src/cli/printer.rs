//! How a reported line looks: names, numbers, colours, what is left out.

use std::path::Path;

use bstr::ByteSlice;
use termcolor::{Ansi, Color, ColorSpec, WriteColor};

use crate::{
    grep::{Format, Line, LineKind},
    span::Span,
};

/// What every line of every file looks like.
#[derive(Clone, Debug)]
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
}

impl<'a> Printer<'a> {
    pub(super) fn new(style: &'a Style, path: &Path) -> Self {
        Printer { style, name: path_bytes(path) }
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
        out.push(b'\n');
    }

    /// A count of lines or matches.
    pub(super) fn count(&self, count: u64, out: &mut Vec<u8>) {
        self.push_field_path(b":", out);
        out.extend_from_slice(format!("{count}\n").as_bytes());
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

    /// What stands before the text of a line. `column` counts from 1.
    fn prelude(&self, line: &Line<'_>, offset: u64, column: Option<u64>, out: &mut Vec<u8>) {
        let style = self.style;
        let separator = if line.kind == LineKind::Match { b':' } else { b'-' };
        if style.file_names && !style.heading {
            style.push_path(&self.name, out);
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
                    return self.left_out(kind, bytes, start, matches, out);
                }
                push_highlighted(colors, bytes, Span::new(start, content_end(bytes)), matches, out);
                out.push(b'\n');
            }
            _ => {
                if self.is_too_long(&bytes[start..]) {
                    return self.left_out(kind, bytes, start, matches, out);
                }
                out.extend_from_slice(&bytes[start..]);
                if !bytes.ends_with(b"\n") {
                    out.push(b'\n');
                }
            }
        }
    }

    /// What stands in place of a line that is too long. `matches` are positions in `bytes`, of which what is before
    /// `start` is not shown.
    fn left_out(&self, kind: LineKind, bytes: &[u8], start: usize, matches: &[Span], out: &mut Vec<u8>) {
        if self.style.max_columns_preview {
            let characters = usize::try_from(self.style.max_columns.unwrap_or(0)).unwrap_or(usize::MAX);
            let shown = bytes[start..].grapheme_indices().map(|(_, end, _)| end).take(characters).last().unwrap_or(0);
            let end = start + shown;
            let content = Span::new(start, end.min(content_end(bytes)).max(start));
            match &self.style.colors {
                Some(colors) => push_highlighted(colors, bytes, content, matches, out),
                None => out.extend_from_slice(&bytes[content.range()]),
            }
            if matches.is_empty() {
                out.extend_from_slice(b" [... omitted end of long line]\n");
            } else {
                let more = matches.iter().filter(|m| m.start >= end && m.start < bytes.len()).count();
                let noun = if more == 1 { "match" } else { "matches" };
                out.extend_from_slice(format!(" [... {more} more {noun}]\n").as_bytes());
            }
        } else if kind != LineKind::Match && (matches.is_empty() || self.style.only_matching) {
            out.extend_from_slice(b"[Omitted long context line]\n");
        } else if matches.is_empty() || self.style.only_matching {
            out.extend_from_slice(b"[Omitted long matching line]\n");
        } else {
            out.extend_from_slice(format!("[Omitted long line with {} matches]\n", matches.len()).as_bytes());
        }
    }

    /// Where the text begins that is shown.
    fn trimmed(&self, bytes: &[u8]) -> usize {
        if !self.style.trim {
            return 0;
        }
        bytes.iter().take_while(|b| matches!(b, b'\t' | b'\x0B' | b'\x0C' | b'\r' | b' ')).count()
    }

    fn is_too_long(&self, bytes: &[u8]) -> bool {
        self.style.max_columns.is_some_and(|max| bytes.len() as u64 > max)
    }
}

impl Format for Printer<'_> {
    fn wants_matches(&self) -> bool {
        let style = self.style;
        style.colors.is_some() || style.column || style.only_matching || style.stats
    }

    fn only_matches(&self) -> bool {
        self.style.only_matching
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
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

    fn context_break(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--\n");
    }
}

/// Appends `shown` of `bytes`, with the matches in colour. Adjacent matches are one stretch of colour.
fn push_highlighted(colors: &Colors, bytes: &[u8], shown: Span, matches: &[Span], out: &mut Vec<u8>) {
    let mut at = shown.start;
    let mut in_color = false;
    for m in matches {
        let (start, end) = (m.start.max(at).min(shown.end), m.end.min(shown.end));
        if start >= end {
            continue;
        }
        if at < start {
            if std::mem::take(&mut in_color) {
                out.extend_from_slice(&colors.reset);
            }
            out.extend_from_slice(&bytes[at..start]);
        }
        if !std::mem::replace(&mut in_color, true) {
            out.extend_from_slice(&colors.matched);
        }
        out.extend_from_slice(&bytes[start..end]);
        at = end;
    }
    if in_color {
        out.extend_from_slice(&colors.reset);
    }
    out.extend_from_slice(&bytes[at..shown.end.max(at)]);
}

/// The length of a line without its terminator.
fn content_end(bytes: &[u8]) -> usize {
    bytes.len() - usize::from(bytes.ends_with(b"\n"))
}

#[cfg(unix)]
fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
fn path_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}
