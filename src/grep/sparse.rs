//! Files with holes: they are searched without the middle of these, and shown as they are.
//!
//! What is left out is far from whatever matches (see [`crate::scan::holes`]), so that a search of what is left
//! differs from one of the file in offsets alone, and in the text of lines with a hole in them. These are so long that
//! nothing looks at their text before it is shown, and there they are taken from the file.

use std::ops::{ControlFlow, Range};

use super::{Format, Goal, Grep, Line, LongMatches, Summary, format::all_but_lines_of_its_format};
use crate::{
    error::Error,
    index::Part,
    mapping::{Cuts, Mapping},
    scan::{Pool, holes},
    span::Span,
};

/// Shows lines of what is left as lines of the file.
struct Sparse<'a> {
    file: &'a Mapping,
    cuts: &'a Cuts,
    format: &'a dyn Format,
    /// Where the text begins in the file, and in what is left.
    origin: (u64, u64),
}

impl Grep {
    /// Searches a file with holes, or parts of it. None where it has to be searched with them.
    pub(super) fn search_sparse(
        &self,
        file: &Mapping,
        parts: Option<&[Part]>,
        format: &dyn Format,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Option<Result<Summary, Error>> {
        // Each NUL may end a line.
        if self.matcher.terminator() == 0 {
            return None;
        }
        let Range { start, end } = self.options.range;
        let left = holes::without(file, &self.matcher, &[self.origin, start, end])?;
        let cuts = left.cuts()?;
        let place = |offset: u64| if offset > file.len() as u64 { offset } else { cuts.left_before(offset) };
        let place_of = |range: &Range<u64>| place(range.start)..place(range.end);
        let mut grep = self.clone();
        grep.origin = place(self.origin);
        grep.options.range = place_of(&self.options.range);
        let sparse = Sparse { file, cuts, format, origin: (self.origin, grep.origin) };
        let searched = match parts {
            None => grep.search_whole(&left, &sparse, pool, emit),
            Some(parts) => {
                let part = |part: &Part| Part { range: place_of(&part.range), newlines: part.newlines };
                grep.search_some(&left, &parts.iter().map(part).collect::<Vec<_>>(), &sparse, pool, emit)
            }
        };
        Some(searched.map(|summary| sparse.summary(summary, &grep, left.len() as u64)))
    }
}

impl Sparse<'_> {
    /// Where something begins in the text that begins there in what is searched.
    fn start(&self, offset: u64) -> u64 {
        self.cuts.in_file(offset + self.origin.1) - self.origin.0
    }

    /// Where something ends in the text that ends there in what is searched.
    fn end(&self, offset: u64) -> u64 {
        self.cuts.end_in_file(offset + self.origin.1).saturating_sub(self.origin.0)
    }

    /// What was found, in offsets of the text.
    fn summary(&self, summary: Summary, grep: &Grep, len: u64) -> Summary {
        let searched = summary.bytes_searched;
        let bytes_searched = match grep.options.reverse && grep.options.goal == Goal::Lines {
            // That is a number of bytes up to the end.
            true => {
                let end = len.min(grep.options.range.end);
                self.cuts.end_in_file(end) - self.cuts.in_file(end.saturating_sub(searched))
            }
            false => self.end(searched),
        };
        let stopped_at = summary.stopped_at.map(|at| self.start(at));
        let binary = summary.binary.map(|nul| self.start(nul));
        Summary { bytes_searched, stopped_at, binary, ..summary }
    }

    /// Runs `show` on a line, or a part of one, as it is in the file; and with what places in it are counted from
    /// there. Where it has no hole that is the line as it was found.
    fn show(&self, line: &Line<'_>, mut show: impl FnMut(&Line<'_>, &dyn Fn(Span) -> Span)) {
        let found = line.offset..line.offset + line.bytes.len() as u64;
        let offset = self.start(found.start);
        let skipped = match line.skipped {
            0 => 0,
            skipped => offset - self.start(found.start - skipped),
        };
        let left = found.start + self.origin.1..found.end + self.origin.1;
        if !self.cuts.cut(&left) {
            return show(&Line { offset, skipped, ..*line }, &|span| span);
        }
        let (start, end) = (self.cuts.in_file(left.start), self.cuts.end_in_file(left.end));
        let place = |span: Span| {
            let from = |at: usize| self.cuts.in_file(left.start + at as u64) - start;
            let upto = |at: usize| self.cuts.end_in_file(left.start + at as u64).saturating_sub(start);
            let first = from(span.start) as usize;
            Span::new(first, if span.is_empty() { first } else { upto(span.end) as usize })
        };
        // Where the file was cut before the end of the line, the search finds that out, and shows nothing of it.
        let _ = self.file.read_before_fault(start as usize..end as usize, |bytes| {
            show(&Line { bytes, offset, skipped, ..*line }, &place);
        });
    }
}

impl Format for Sparse<'_> {
    all_but_lines_of_its_format!();

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        self.show(line, |shown, place| {
            let matches: Vec<Span> = line.matches.iter().map(|&m| place(m)).collect();
            self.format.line(&Line { matches: &matches, ..*shown }, out);
        });
    }

    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        self.show(line, |shown, place| {
            let walk = |each: &mut dyn FnMut(Span) -> ControlFlow<()>| matches.for_each(&mut |m| each(place(m)));
            self.format.long_line(shown, &LongMatches::new(&walk), emit);
        });
    }
}
