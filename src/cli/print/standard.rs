//! Lines as people read them: names, numbers, colours, what is left out.

use std::path::Path;

use bstr::ByteSlice;

use mapgrep::{
    Span,
    grep::{Format, Line, LineKind, LongMatches},
};

use crate::cli::print::{
    color::{Colors, push_highlighted},
    control::{Visible, has_control},
    hyperlink::Hyperlinks,
    pattern_ids::Fields,
    style::Style,
};

/// Formats the lines of one file.
pub(crate) struct Printer<'a> {
    pub(crate) style: &'a Style,
    name: Vec<u8>,
    /// The path as it stands in links, where there are any.
    link: Option<(&'a Hyperlinks, Vec<u8>)>,
    /// The name as it stands before each line; empty where it does not.
    prefix: Vec<u8>,
    is_plain: bool,
    /// Nothing but a line's number can stand before its text.
    has_no_fields: bool,
}

impl<'a> Printer<'a> {
    pub(crate) fn new(style: &'a Style, path: &Path) -> Self {
        let name = style.path_bytes(path);
        let mut prefix = vec![];
        if style.file_names && !style.heading {
            style.push_path(&name, &mut prefix);
        }
        let links = style.hyperlinks.as_ref();
        let link = links.and_then(|links| Some((links, links.encoded_path(path)?)));
        let has_no_fields = prefix.is_empty() && link.is_none() && !style.has_fields();
        Printer { style, name, prefix, is_plain: link.is_none() && style.is_plain(), link, has_no_fields }
    }

    /// The line above the lines of a file, where there is one.
    pub(crate) fn heading(&self) -> Option<Vec<u8>> {
        (self.style.heading && self.style.file_names).then(|| {
            let mut line = vec![];
            self.name_line(&mut line);
            line
        })
    }

    /// On how many lines a pattern was found.
    pub(crate) fn pattern_count(&self, number: u64, count: u64, pattern: &[u8], out: &mut Vec<u8>) {
        self.push_field_path(out);
        if self.style.shows_pattern_numbers {
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            out.push(b':');
        }
        out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
        out.push(b':');
        out.extend_from_slice(pattern);
        self.end_line(out);
    }

    /// The name of the file as a line, whether or not names are shown with lines.
    pub(crate) fn name_line(&self, out: &mut Vec<u8>) {
        self.push_name(out);
        match self.style.null {
            true => out.push(0),
            false => self.end_line(out),
        }
    }

    /// A count of lines or matches.
    pub(crate) fn count(&self, count: u64, out: &mut Vec<u8>) {
        self.push_field_path(out);
        out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
        self.end_line(out);
    }

    /// What is told of a binary file in place of lines.
    pub(crate) fn binary_file(&self, offset: u64, stopped: bool, out: &mut Vec<u8>) {
        if self.style.file_names {
            self.push_name(out);
            out.extend_from_slice(b": ");
        }
        let what = if stopped { "WARNING: stopped searching binary file after match" } else { "binary file matches" };
        out.extend_from_slice(format!("{what} (found \"\\0\" byte around offset {offset})\n").as_bytes());
    }

    fn push_field_path(&self, out: &mut Vec<u8>) {
        if self.style.file_names {
            self.push_name(out);
            out.push(if self.style.null { 0 } else { b':' });
        }
    }

    /// The name, with a link to the file.
    fn push_name(&self, out: &mut Vec<u8>) {
        if let Some((links, path)) = &self.link {
            links.begin(path, None, None, out);
        }
        self.style.push_path(&self.name, out);
        if self.link.is_some() {
            Hyperlinks::end(out);
        }
    }

    pub(crate) fn end_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.style.terminator.bytes());
    }

    /// What stands behind the name before a line.
    fn name_end(&self, kind: LineKind) -> &[u8] {
        if self.style.null { b"\0" } else { self.style.separator(kind) }
    }

    /// A line as it is.
    fn plain_line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        // One look at the capacity for all of it.
        out.reserve(self.prefix.len() + line.bytes.len() + 32);
        if !self.prefix.is_empty() {
            out.extend_from_slice(&self.prefix);
            out.extend_from_slice(self.name_end(line.kind));
        }
        if let Some(number) = line.number {
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            out.extend_from_slice(self.style.separator(line.kind));
        }
        out.extend_from_slice(line.bytes);
        if line.bytes.last() != Some(&self.style.terminator.byte()) {
            self.end_line(out);
        }
    }

    /// What was found, one line or several, with all that can be wanted.
    fn decorated(&self, line: &Line<'_>, ids: &Fields, out: &mut Vec<u8>) {
        match self.style.multiline && line.kind == LineKind::Match {
            _ if self.is_per_match(line) => self.each_match(line, out, &mut |_| {}),
            true => self.decorated_block(line, out),
            false => self.decorated_line(line, ids, out),
        }
    }

    /// The patterns that match on a line, where they are shown.
    pub(crate) fn ids(&self, line: &Line<'_>, matches: &[Span]) -> Fields {
        match &self.style.ids {
            Some(ids) if line.kind == LineKind::Match => ids.fields(line.bytes, matches),
            _ => Fields::default(),
        }
    }

    /// Lines that share a match.
    fn decorated_block(&self, block: &Line<'_>, out: &mut Vec<u8>) {
        let column = block.matches.first().map(|m| m.start as u64 + 1);
        let trims = !self.style.only_matching || block.matches.is_empty();
        // A line of a block has the colour of lines with matches, even if no match is on it.
        let is_lit = column.is_some() && self.style.colors.as_ref().is_some_and(|colors| colors.highlight.is_some());
        self.each_part_of_block(block, column, &mut |part| {
            let nothing = [Span::new(part.text.len(), part.text.len())];
            let matches = if is_lit && part.matches.is_empty() { &nothing } else { part.matches };
            self.prelude(&part.line, part.offset, part.column, "", out);
            self.text_from(block.kind, part.text, if trims { self.trimmed(part.text) } else { 0 }, matches, out);
        });
    }

    /// The lines of a block, or the parts of the matches that are on them, each with the offset and the column of its
    /// match. All lines have the same column. Of a block of which some bytes were skipped, the matches are counted from
    /// its start.
    pub(crate) fn each_part_of_block(
        &self,
        block: &Line<'_>,
        column: Option<u64>,
        each: &mut dyn FnMut(BlockPart<'_>),
    ) {
        let terminator = self.style.terminator.byte();
        let (mut start, mut first) = (block.skipped as usize, 0);
        let mut on_line = vec![];
        for (index, bytes) in block.bytes.split_inclusive(|&byte| byte == terminator).enumerate() {
            let line = Line { number: block.number.map(|number| number + index as u64), ..*block };
            let end = start + bytes.len();
            // An empty match is on the line that its place is on; one behind the last byte of a file without a line end
            // there is on the last line.
            let ends_before = |m: &Span| m.end < start + usize::from(!m.is_empty());
            let starts_behind = |m: &Span| m.start >= end + usize::from(bytes.last() != Some(&terminator));
            // Matches are in order, and what ends before a line is of no use to those behind.
            first += block.matches[first..].iter().take_while(|m| ends_before(m)).count();
            let matches = block.matches[first..].iter().take_while(|m| !starts_behind(m)).filter(|m| !ends_before(m));
            let clipped = |m: &Span| Span::new(m.start.max(start) - start, m.end.min(end) - start);
            if self.style.only_matching && !block.matches.is_empty() {
                let trimmed = self.trimmed(bytes);
                for m in matches {
                    let part = clipped(m);
                    let shown = part.start.max(trimmed)..part.end.min(self.content_end(bytes));
                    let is_shown = if m.is_empty() { part.start >= trimmed } else { !shown.is_empty() };
                    if is_shown {
                        let text = &bytes[shown.start..shown.end.max(shown.start)];
                        let (offset, column) = (block.offset + m.start as u64, Some(m.start as u64 + 1));
                        each(BlockPart { line, offset, column, text, matches: &[Span::new(0, text.len())] });
                    }
                }
            } else {
                on_line.clear();
                on_line.extend(matches.filter(|m| !m.is_empty()).map(clipped));
                let offset = block.offset + start as u64;
                each(BlockPart { line, offset, column, text: bytes, matches: &on_line });
            }
            start = end;
        }
    }

    /// A line, or the matches in it, with all that can be wanted.
    fn decorated_line(&self, line: &Line<'_>, ids: &Fields, out: &mut Vec<u8>) {
        if !self.style.only_matching || line.matches.is_empty() {
            let column = line.matches.first().map(|m| m.start as u64 + 1);
            self.prelude(line, line.offset, column, &ids.line, out);
            return self.text(line.kind, line.bytes, line.matches, out);
        }
        // It is the line that is trimmed, not the matches.
        let trimmed = self.trimmed(line.bytes);
        for (index, m) in line.matches.iter().enumerate() {
            if m.end < trimmed + usize::from(!m.is_empty()) && trimmed > 0 {
                continue;
            }
            let (offset, column) = (line.offset + m.start as u64, line.skipped + m.start as u64 + 1);
            self.prelude(line, offset, Some(column), ids.matches.get(index).map_or("", |id| id), out);
            let text = &line.bytes[m.start.max(trimmed)..m.end];
            self.text_from(line.kind, text, 0, &[Span::new(0, text.len())], out);
        }
    }

    /// What stands before the text of a line. `column` counts from 1.
    pub(crate) fn prelude(&self, line: &Line<'_>, offset: u64, column: Option<u64>, ids: &str, out: &mut Vec<u8>) {
        if self.has_no_fields && line.number.is_none() {
            return;
        }
        let style = self.style;
        let separator = style.separator(line.kind);
        // A heading has a link already, which is as good where all lines have the same.
        let link =
            self.link.as_ref().filter(|(links, _)| style.file_names && (links.tell_lines_apart() || !style.heading));
        if let Some((links, path)) = link {
            links.begin(path, line.number, column, out);
        }
        // What stands behind a field is written before the next one, so that the last one ends the link.
        let mut behind: &[u8] = b"";
        if !self.prefix.is_empty() {
            out.extend_from_slice(&self.prefix);
            behind = self.name_end(line.kind);
        }
        let mut push = |color: fn(&Colors) -> &[u8], text: &[u8], out: &mut Vec<u8>| {
            out.extend_from_slice(std::mem::replace(&mut behind, separator));
            style.push_colored(color, text, out);
        };
        let mut digits = itoa::Buffer::new();
        if let Some(number) = line.number {
            push(|colors| &colors.number, digits.format(number).as_bytes(), out);
        }
        if let Some(column) = column
            && style.column
        {
            push(|colors| &colors.column, digits.format(column).as_bytes(), out);
        }
        if style.byte_offset {
            push(|colors| &colors.column, digits.format(offset).as_bytes(), out);
        }
        if style.ids.is_some() {
            push(|colors| &colors.column, ids.as_bytes(), out);
        }
        if link.is_some() {
            Hyperlinks::end(out);
        }
        out.extend_from_slice(behind);
    }

    /// The text of a line, with its end.
    pub(crate) fn text(&self, kind: LineKind, bytes: &[u8], matches: &[Span], out: &mut Vec<u8>) {
        self.text_from(kind, bytes, self.trimmed(bytes), matches, out);
    }

    /// The text of a line from `start` on, with its end.
    pub(crate) fn text_from(&self, kind: LineKind, bytes: &[u8], start: usize, matches: &[Span], out: &mut Vec<u8>) {
        if self.style.makes_visible && has_control(bytes) {
            let shown = Visible::new(bytes, matches);
            return self.text_from(kind, &shown.text, shown.place(start), &shown.matches, out);
        }
        match &self.style.colors {
            Some(colors) if !matches.is_empty() && !self.is_colorless(kind) => {
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
    pub(crate) fn left_out(
        &self,
        kind: LineKind,
        bytes: &[u8],
        start: usize,
        matches: &Matches<'_>,
        out: &mut Vec<u8>,
    ) {
        if self.style.makes_visible && has_control(bytes) {
            let shown = Visible::new(bytes, matches.shown);
            let matches = Matches { shown: &shown.matches, ..*matches };
            return self.left_out_visible(kind, &shown.text, shown.place(start), &matches, out);
        }
        self.left_out_visible(kind, bytes, start, matches, out);
    }

    /// As [`left_out`](Printer::left_out), where nothing has to be made visible.
    pub(crate) fn left_out_visible(
        &self,
        kind: LineKind,
        bytes: &[u8],
        start: usize,
        matches: &Matches<'_>,
        out: &mut Vec<u8>,
    ) {
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
    pub(crate) fn preview(&self, bytes: &[u8]) -> usize {
        let characters = usize::try_from(self.style.max_columns.unwrap_or(0)).unwrap_or(usize::MAX);
        match self.style.max_columns_preview {
            true => bytes.grapheme_indices().map(|(_, end, _)| end).take(characters).last().unwrap_or(0),
            false => 0,
        }
    }

    /// Where the text begins that is shown.
    pub(crate) fn trimmed(&self, bytes: &[u8]) -> usize {
        if !self.style.trim {
            return 0;
        }
        let ends = self.style.terminator.bytes();
        let is_space = |b: &u8| matches!(b, b'\t' | b'\n' | b'\x0B' | b'\x0C' | b'\r' | b' ') && !ends.contains(b);
        bytes.iter().take_while(|b| is_space(b)).count()
    }

    /// Whether a line is written as if there were no colours: where matches have none, unless lines share a match.
    pub(crate) fn is_colorless(&self, kind: LineKind) -> bool {
        let is_block = self.style.multiline && kind == LineKind::Match;
        !is_block && self.style.colors.as_ref().is_some_and(|colors| colors.is_match_plain)
    }

    pub(crate) fn is_too_long(&self, bytes: &[u8]) -> bool {
        self.style.max_columns.is_some_and(|max| bytes.len() as u64 > max)
    }

    /// The length of a line without its terminator.
    pub(crate) fn content_end(&self, bytes: &[u8]) -> usize {
        self.style.terminator.strip(bytes).len()
    }
}

impl Format for Printer<'_> {
    fn wants_matches(&self) -> bool {
        let style = self.style;
        let shows = style.colors.is_some() || style.column || style.only_matching || style.per_match;
        shows || style.stats || style.replacer.is_some()
    }

    fn only_matches(&self) -> bool {
        let Style { only_matching, replacer, ids, trim, .. } = self.style;
        // What a group captures, which patterns match, and what is trimmed, can depend on the whole line.
        *only_matching && replacer.is_none() && ids.is_none() && !trim
    }

    fn joins_lines(&self) -> bool {
        self.style.replacer.is_some() && !self.style.only_matching
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        if self.is_plain {
            return self.plain_line(line, out);
        }
        let ids = self.ids(line, if self.style.only_matching { line.matches } else { &[] });
        match &self.style.replacer {
            Some(replacer) if !line.matches.is_empty() => {
                replacer.replace(line.bytes, line.matches, |bytes, matches| {
                    self.decorated(&Line { bytes, matches, ..*line }, &ids, out);
                });
            }
            _ => self.decorated(line, &ids, out),
        }
    }

    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        self.long(line, matches, emit);
    }

    fn context_break(&self, out: &mut Vec<u8>) {
        if let Some(separator) = &self.style.separators.context {
            out.extend_from_slice(separator);
            self.end_line(out);
        }
    }
}

/// A line of several that share a match, or the part of a match that is on it.
pub(crate) struct BlockPart<'a> {
    pub(crate) line: Line<'a>,
    pub(crate) offset: u64,
    pub(crate) column: Option<u64>,
    pub(crate) text: &'a [u8],
    /// The matches in the text.
    pub(crate) matches: &'a [Span],
}

/// The matches in a line of which not all is shown.
pub(crate) struct Matches<'a> {
    /// Those that begin in what is shown, at least.
    pub(crate) shown: &'a [Span],
    pub(crate) total: usize,
    /// How many begin behind that, if these are not all of them.
    pub(crate) more: Option<usize>,
}

impl<'a> Matches<'a> {
    fn of(matches: &'a [Span]) -> Self {
        Matches { shown: matches, total: matches.len(), more: None }
    }
}
