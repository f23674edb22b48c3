//! A line for each match, as editors read them.

use mapgrep::{
    Span,
    grep::{Line, LineKind},
};

use crate::cli::print::standard::{Matches, Printer};

impl Printer<'_> {
    /// Whether a line is shown once for each match in it.
    pub(crate) fn is_per_match(&self, line: &Line<'_>) -> bool {
        self.style.per_match && !self.style.only_matching && line.kind == LineKind::Match && !line.matches.is_empty()
    }

    /// A line as often as there are matches in it; of lines that share a match, the first.
    pub(crate) fn each_match(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        let ids = self.ids(line, &[]);
        // Where the line begins that the match begins on, and how many are before it.
        let (mut start, mut lines) = (0, 0);
        for m in line.matches {
            if !self.style.multiline {
                self.prelude(line, line.offset + m.start as u64, Some(m.start as u64 + 1), &ids.line, out);
                self.text_of_match(line, line.bytes, *m, out);
                continue;
            }
            let terminator = self.style.terminator.byte();
            while let Some(len) = memchr::memchr(terminator, &line.bytes[start..m.start.max(start)]) {
                start += len + 1;
                lines += 1;
            }
            // An empty match at the start of a line is on none.
            if start >= m.end {
                continue;
            }
            let len = memchr::memchr(terminator, &line.bytes[start..]).map_or(line.bytes.len() - start, |at| at + 1);
            let first = Line { number: line.number.map(|number| number + lines), ..*line };
            let column = (m.start - start) as u64 + 1;
            self.prelude(&first, line.offset + start as u64, Some(column), &ids.line, out);
            let on_line = Span::new(m.start - start, m.end.min(start + len) - start);
            self.text_of_match(line, &line.bytes[start..start + len], on_line, out);
        }
    }

    /// The text of a line with one match in colour. Where it is too long, it is told how many matches there are.
    fn text_of_match(&self, line: &Line<'_>, bytes: &[u8], m: Span, out: &mut Vec<u8>) {
        let trimmed = self.trimmed(bytes);
        let in_color = self.style.colors.is_some() && !self.is_colorless(line.kind);
        // In colour, what was trimmed counts.
        let (bytes, start) = if in_color { (bytes, trimmed) } else { (&bytes[trimmed..], 0) };
        if self.is_too_long(bytes) {
            let matches = Matches { shown: &[m], total: line.matches.len(), more: None };
            return self.left_out(line.kind, bytes, start, &matches, out);
        }
        self.text_from(line.kind, bytes, start, &[m], out);
    }
}
