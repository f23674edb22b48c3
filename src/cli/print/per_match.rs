//! A line for each match, as editors read them.

use mapgrep::{
    Span,
    grep::{Line, LineKind},
};

use crate::cli::print::{
    control::{Visible, has_control},
    pattern_ids::Fields,
    standard::{Matches, Printer},
};

impl Printer<'_> {
    /// Whether a line is shown once for each match in it.
    pub(crate) fn is_per_match(&self, line: &Line<'_>) -> bool {
        self.style.per_match && !self.style.only_matching && line.kind == LineKind::Match && !line.matches.is_empty()
    }

    /// Appends a line as often as there are matches in it; of lines that share a match, the first. Calls `shown` behind
    /// each.
    pub(crate) fn each_match(&self, line: &Line<'_>, out: &mut Vec<u8>, shown: &mut dyn FnMut(&mut Vec<u8>)) {
        let mut each = EachMatch::new(self, line);
        for m in line.matches {
            each.show(*m, out);
            shown(out);
        }
    }
}

/// Goes over a line once, however many matches it is shown for.
struct EachMatch<'a> {
    printer: &'a Printer<'a>,
    line: &'a Line<'a>,
    ids: Fields,
    /// Where the line begins that the next match is on, how long it is, and how many are before it.
    start: usize,
    len: usize,
    lines: u64,
    /// That line without what is trimmed, if it is too long to be shown.
    left_out: Option<LeftOut>,
}

/// What stands in place of a line that is too long.
enum LeftOut {
    /// The same for each match.
    Same(Vec<u8>),
    /// For each match another: the line with its control characters made visible, if it has any.
    ByMatch(Option<Visible>),
}

impl<'a> EachMatch<'a> {
    fn new(printer: &'a Printer<'a>, line: &'a Line<'a>) -> Self {
        let ids = printer.ids(line, &[]);
        let mut each = EachMatch { printer, line, ids, start: 0, len: 0, lines: 0, left_out: None };
        each.begin_line(0, 0);
        each
    }

    /// Appends what is shown of the next match.
    fn show(&mut self, m: Span, out: &mut Vec<u8>) {
        let Printer { style, .. } = self.printer;
        if style.multiline {
            let terminator = style.terminator.byte();
            let is_behind = |end: usize| end <= m.start && end > 0 && self.line.bytes[end - 1] == terminator;
            while self.len > 0 && is_behind(self.start + self.len) {
                self.begin_line(self.start + self.len, self.lines + 1);
            }
            // An empty match at the start of a line is on none.
            if self.start >= m.end {
                return;
            }
        }
        let shown = Line { number: self.line.number.map(|number| number + self.lines), ..*self.line };
        let on_line = Span::new(m.start - self.start, m.end.min(self.start + self.len) - self.start);
        let offset = self.line.offset + if style.multiline { self.start } else { m.start } as u64;
        self.printer.prelude(&shown, offset, Some(on_line.start as u64 + 1), &self.ids.line, out);
        self.text(on_line, out);
    }

    /// Goes on to the line that begins at an offset.
    fn begin_line(&mut self, start: usize, lines: u64) {
        let printer = self.printer;
        let rest = &self.line.bytes[start..];
        (self.start, self.lines) = (start, lines);
        self.len = match printer.style.multiline {
            true => memchr::memchr(printer.style.terminator.byte(), rest).map_or(rest.len(), |at| at + 1),
            false => rest.len(),
        };
        let bytes = &rest[..self.len];
        let counted = &bytes[self.counted_from(bytes)..];
        self.left_out = printer.is_too_long(counted).then(|| self.left_out(counted));
    }

    fn is_in_color(&self) -> bool {
        self.printer.style.colors.is_some() && !self.printer.is_colorless(self.line.kind)
    }

    /// In colour, what was trimmed counts.
    fn counted_from(&self, bytes: &[u8]) -> usize {
        if self.is_in_color() { 0 } else { self.printer.trimmed(bytes) }
    }

    /// What can be said in place of a line before its matches are looked at one by one.
    fn left_out(&self, bytes: &[u8]) -> LeftOut {
        let Printer { style, .. } = self.printer;
        let is_same = !style.max_columns_preview || (!self.is_in_color() && !style.multiline);
        if !is_same {
            return LeftOut::ByMatch((style.makes_visible && has_control(bytes)).then(|| Visible::new(bytes, &[])));
        }
        let all = self.line.matches;
        let mut text = vec![];
        let matches =
            Matches { shown: if style.max_columns_preview { all } else { &[] }, total: all.len(), more: None };
        self.printer.left_out(self.line.kind, bytes, 0, &matches, &mut text);
        LeftOut::Same(text)
    }

    /// The text of the line with one match in colour. Where it is too long, it is told how many matches there are.
    fn text(&self, m: Span, out: &mut Vec<u8>) {
        let (printer, kind) = (self.printer, self.line.kind);
        let bytes = &self.line.bytes[self.start..self.start + self.len];
        let counted = self.counted_from(bytes);
        let trimmed = printer.trimmed(bytes) - counted;
        let bytes = &bytes[counted..];
        let total = self.line.matches.len();
        match &self.left_out {
            None => printer.text_from(kind, bytes, trimmed, &[m], out),
            Some(LeftOut::Same(text)) => out.extend_from_slice(text),
            Some(LeftOut::ByMatch(None)) => {
                printer.left_out_visible(kind, bytes, trimmed, &Matches { shown: &[m], total, more: None }, out);
            }
            Some(LeftOut::ByMatch(Some(visible))) => {
                let m = Span::new(visible.place(m.start), visible.place(m.end));
                let matches = Matches { shown: &[m], total, more: None };
                printer.left_out_visible(kind, &visible.text, visible.place(trimmed), &matches, out);
            }
        }
    }
}
