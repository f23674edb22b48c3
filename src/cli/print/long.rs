//! Lines that are too long for their text, or the matches in it, to be held in memory.

use std::ops::{ControlFlow, Range};

use memchr::{memchr, memrchr};

use crate::cli::print::{
    color::{Highlighter, clip},
    control::visible,
    pattern_ids::PatternIds,
    pieces::Pieces,
    standard::{BlockPart, Matches, Printer},
};
use mapgrep::{
    Span,
    grep::{Line, LineKind, LongMatches},
    matcher::regex_set::LinePatterns,
    scan::newlines,
};

/// How many bytes of the lines that share matches are dealt with at once, and how many matches in them.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_MATCHES: usize = 16 << 10;

/// Takes a piece of a text, and if it matched, or stands for what did, where that began.
type Each<'a> = dyn FnMut(&[u8], Option<usize>) -> ControlFlow<()> + 'a;

/// Goes over the pieces of a text.
type Walk<'a> = dyn Fn(&mut Each<'_>) + 'a;

/// A text that is told piece by piece, the same each time; those that matched are told apart.
struct Text<'a> {
    pieces: &'a Walk<'a>,
    len: usize,
    /// Where it begins that is shown.
    start: usize,
    /// What ends the line; nothing where the last line of a file has no end.
    ending: Vec<u8>,
}

impl Printer<'_> {
    /// A line, or the matches in it, or several lines that share matches.
    pub(crate) fn long(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        let mut out = Pieces::new(emit);
        let first = matches.first();
        if self.style.per_match && !self.style.only_matching && first.is_some() {
            return self.long_per_match(line, matches, &mut out);
        }
        let content = 0..self.content_end(line.bytes);
        let may_be_several = self.style.multiline && line.kind == LineKind::Match;
        if may_be_several
            && (self.style.replacer.is_some()
                || memchr(self.style.terminator.byte(), &line.bytes[content.clone()]).is_some())
        {
            return self.long_block(line, first, matches, &mut out);
        }
        let pieces = |each: &mut Each<'_>| match first {
            Some(_) => self.pieces(line.bytes, matches, each),
            None => _ = each(line.bytes, None),
        };
        if self.style.only_matching && first.is_some() {
            let ids = self.style.ids.as_ref().map(|ids| (ids, ids.matching(line.bytes)));
            // It is the line that is trimmed, not the matches.
            let trimmed = match (self.style.trim, &self.style.replacer) {
                (false, _) => 0,
                (true, None) => self.trimmed(line.bytes),
                (true, Some(_)) => self.measured(&pieces).start,
            };
            let mut at = 0;
            return pieces(&mut |text, place| {
                let (start, was_empty) = (at as u64, text.is_empty());
                at += text.len();
                let text = if may_be_several { clip(&content, text, start as usize) } else { text };
                let is_trimmed = if was_empty { (start as usize) < trimmed } else { at <= trimmed };
                let text = &text[text.len().min(trimmed.saturating_sub(start as usize))..];
                if let Some(place) = place
                    && !is_trimmed
                    && (was_empty || !text.is_empty() || !may_be_several)
                {
                    let number = |(ids, matching): &(&PatternIds, LinePatterns)| {
                        ids.at(line.bytes, place, matching).map(|id| ids.number(id).to_string())
                    };
                    let id = ids.as_ref().and_then(number).unwrap_or_default();
                    self.prelude(line, line.offset + start, Some(start + 1), &id, &mut out.bytes);
                    self.text_from(line.kind, text, 0, &[Span::new(0, text.len())], &mut out.bytes);
                    out.pass_on();
                }
                ControlFlow::Continue(())
            });
        }
        let ids = self.ids(line, &[]);
        self.prelude(line, line.offset, first.map(|m| m.start as u64 + 1), &ids.line, &mut out.bytes);
        let text = match first.is_some() && self.style.replacer.is_some() {
            true => self.measured(&pieces),
            false => self.unchanged(line.bytes, &pieces),
        };
        self.long_text(line.kind, &text, first.is_some(), &mut out);
    }

    /// A long line as often as there are matches in it.
    fn long_per_match(&self, line: &Line<'_>, matches: &LongMatches<'_>, out: &mut Pieces<'_>) {
        let mut all = vec![];
        matches.for_each(&mut |m| {
            all.push(m);
            ControlFlow::Continue(())
        });
        let mut push = |bytes: &[u8], matches: &[Span]| {
            let line = Line { bytes, matches, ..*line };
            let mut shown = vec![];
            // What is shown of one match is passed on before the next: each has the whole line.
            self.each_match(&line, &mut shown, &mut |shown| out.take(shown));
        };
        match &self.style.replacer {
            Some(replacer) => replacer.replace(line.bytes, &all, push),
            None => push(line.bytes, &all),
        }
    }

    /// The text of a line between matches, and what is shown in the place of those.
    fn pieces(&self, bytes: &[u8], matches: &LongMatches<'_>, each: &mut Each<'_>) {
        let (mut at, mut flow) = (0, ControlFlow::Continue(()));
        let mut replaced = vec![];
        matches.for_each(&mut |m| {
            flow = each(&bytes[at..m.start.max(at)], None);
            at = m.end.max(at);
            if flow.is_continue() {
                let text = match &self.style.replacer {
                    None => &bytes[m.range()],
                    Some(replacer) => {
                        replaced.clear();
                        replacer.expand(bytes, m, &mut replaced);
                        &replaced
                    }
                };
                flow = each(text, Some(m.start));
            }
            flow
        });
        if flow.is_continue() {
            let _ = each(&bytes[at..], None);
        }
    }

    /// A text of which nothing is known yet.
    fn measured<'a>(&self, pieces: &'a Walk<'a>) -> Text<'a> {
        let (mut len, mut start, mut is_trimmed) = (0, 0, false);
        let mut end: Vec<u8> = vec![];
        pieces(&mut |text, _| {
            if !is_trimmed {
                let spaces = self.trimmed(text);
                start += spaces;
                is_trimmed = spaces < text.len();
            }
            len += text.len();
            end.extend_from_slice(&text[text.len().saturating_sub(2)..]);
            end.drain(..end.len().saturating_sub(2));
            ControlFlow::Continue(())
        });
        let ending = end.split_off(self.content_end(&end));
        Text { pieces, len, start, ending }
    }

    /// A text that stands in the file.
    fn unchanged<'a>(&self, bytes: &[u8], pieces: &'a Walk<'a>) -> Text<'a> {
        let ending = bytes[self.content_end(bytes)..].to_vec();
        Text { pieces, len: bytes.len(), start: self.trimmed(bytes), ending }
    }

    /// The text of a line, with its end: what [`text`](Printer::text) does.
    fn long_text(&self, kind: LineKind, text: &Text<'_>, has_matches: bool, out: &mut Pieces<'_>) {
        let colors = self.style.colors.as_ref().filter(|_| has_matches && !self.is_colorless(kind));
        // In colour, what was trimmed counts.
        let base = if colors.is_some() { 0 } else { text.start };
        if self.style.max_columns.is_some_and(|max| (text.len - base) as u64 > max) {
            return self.long_left_out(kind, text, base, &mut out.bytes);
        }
        let content = Span::new(text.start, text.len - text.ending.len());
        match colors {
            Some(colors) => {
                let mut highlighter = Highlighter::new(colors, content);
                (text.pieces)(&mut |piece, place| {
                    highlighter.push(piece, place.is_some(), &mut |piece| self.write_long(piece, out));
                    ControlFlow::Continue(())
                });
                highlighter.finish(&mut |piece| out.write(piece));
            }
            None => {
                let mut at = 0;
                (text.pieces)(&mut |piece, _| {
                    self.write_long(clip(&content.range(), piece, at), out);
                    at += piece.len();
                    ControlFlow::Continue(())
                });
            }
        }
        match text.ending.is_empty() || colors.is_some() {
            true => self.end_line(&mut out.bytes),
            false => out.write(&text.ending),
        }
    }

    /// Writes a piece of a line, in parts, of which each may be made visible by itself.
    fn write_long(&self, piece: &[u8], out: &mut Pieces<'_>) {
        const STEP: usize = 64 << 10;
        match self.style.makes_visible {
            true => piece.chunks(STEP).for_each(|part| out.write(&visible(part))),
            false => out.write(piece),
        }
    }

    /// What stands in place of the text of a line that is too long. What is before `base` does not count.
    fn long_left_out(&self, kind: LineKind, text: &Text<'_>, base: usize, out: &mut Vec<u8>) {
        let (head, shown) = match self.style.max_columns_preview {
            true => self.long_preview(text, base),
            false => (vec![], 0),
        };
        let (mut matches, mut total, mut more, mut at) = (vec![], 0, 0, 0);
        (text.pieces)(&mut |piece, place| {
            let m = Span::new(at, at + piece.len());
            at = m.end;
            if place.is_some() {
                total += 1;
                more += usize::from(m.start >= shown && m.start < text.len - base);
                if m.start < shown {
                    matches.push(m);
                }
            }
            ControlFlow::Continue(())
        });
        let matches = Matches { shown: &matches, total, more: Some(more) };
        self.left_out(kind, &head, text.start - base, &matches, out);
    }

    /// The beginning of a text from `base` on, and up to where in it is shown.
    fn long_preview(&self, text: &Text<'_>, base: usize) -> (Vec<u8>, usize) {
        // The bytes that follow what is shown say whether its last character is whole.
        const BEHIND: usize = 4;
        let mut wanted = 4096;
        loop {
            let head = self.head_of(text, base..base + wanted);
            let start = (text.start - base).min(head.len());
            let shown = start + self.preview(&head[start..]);
            if head.len() < wanted || shown + BEHIND <= head.len() {
                return (head, shown);
            }
            wanted *= 4;
        }
    }

    /// Some bytes of a text, as far as there are any.
    fn head_of(&self, text: &Text<'_>, range: Range<usize>) -> Vec<u8> {
        let (mut head, mut at) = (vec![], 0);
        (text.pieces)(&mut |piece, _| {
            head.extend_from_slice(clip(&range, piece, at));
            at += piece.len();
            if at < range.end { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        head
    }

    /// Lines that share matches, in batches of whole lines with the matches on them.
    fn long_block(&self, block: &Line<'_>, first: Option<Span>, matches: &LongMatches<'_>, out: &mut Pieces<'_>) {
        let terminator = self.style.terminator.byte();
        let is_replaced = first.is_some() && self.style.replacer.is_some();
        let column = first.map(|m| m.start as u64 + 1);
        let mut batch = Batch { start: 0, number: block.number, matches: vec![], replaced: vec![] };
        // The end of the text so far, and where its last line starts.
        let (mut at, mut line) = (0, 0);
        let mut pass_on = |batch: &mut Batch, end: usize| {
            let bytes = match is_replaced {
                true => &batch.replaced[..end - batch.start],
                false => &block.bytes[batch.start..end],
            };
            let (skipped, number) = (batch.start as u64, batch.number);
            let lines = Line { bytes, skipped, number, matches: &batch.matches, ..*block };
            self.each_part_of_block(&lines, column, &mut |part| self.long_part(block.kind, &part, out));
            batch.number = number.map(|number| number + newlines::count(bytes, terminator));
            if is_replaced {
                batch.replaced.drain(..end - batch.start);
            }
            batch.start = end;
            // A match may go on on the next line.
            let done = batch.matches.partition_point(|m| m.start < end && m.end <= end);
            batch.matches.drain(..done);
        };
        self.pieces(block.bytes, matches, &mut |text, place| {
            if place.is_some() {
                batch.matches.push(Span::new(at, at + text.len()));
            }
            if is_replaced {
                batch.replaced.extend_from_slice(text);
            }
            if let Some(found) = memrchr(terminator, text) {
                line = at + found + 1;
            }
            at += text.len();
            if line > batch.start && (line - batch.start >= BATCH_BYTES || batch.matches.len() >= BATCH_MATCHES) {
                pass_on(&mut batch, line);
            }
            ControlFlow::Continue(())
        });
        pass_on(&mut batch, at);
    }

    /// A line of a block, or a part of a match on it.
    fn long_part(&self, kind: LineKind, part: &BlockPart<'_>, out: &mut Pieces<'_>) {
        self.prelude(&part.line, part.offset, part.column, "", &mut out.bytes);
        let pieces = |each: &mut Each<'_>| {
            let mut at = 0;
            for m in part.matches {
                let _ = each(&part.text[at..m.start], None);
                let _ = each(&part.text[m.range()], Some(m.start));
                at = m.end;
            }
            let _ = each(&part.text[at..], None);
        };
        let mut text = self.unchanged(part.text, &pieces);
        if self.style.only_matching && !part.matches.is_empty() {
            text.start = 0;
        }
        self.long_text(kind, &text, !part.matches.is_empty(), out);
    }
}

/// Lines that share matches, from one line start to another. Places are counted in what is shown of all of them.
struct Batch {
    start: usize,
    number: Option<u64>,
    matches: Vec<Span>,
    /// The text from `start` on, if it is not that of the file.
    replaced: Vec<u8>,
}
