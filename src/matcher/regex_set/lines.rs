//! The lines of a text on which patterns of a set match.

use std::ops::ControlFlow;

use memchr::{memchr, memrchr};
use regex_automata::Input;

use super::{cache::SetCache, sequences::Which, set::RegexSet};
use crate::{
    matcher::terminator::LineTerminator,
    span::{PatternId, Span},
};

/// The lines on which patterns without a literal may match, as a walk comes to them.
#[derive(Default)]
struct OtherLines {
    /// The next one.
    line: Option<Span>,
    /// The next place with shapes, and which.
    shapes: Option<(usize, Which)>,
    /// The next line on which one of the others matches.
    others: Option<Span>,
}

impl RegexSet {
    /// Calls `each` with the lines on which patterns match, and with these patterns, in order, until it says that it
    /// wants no more. The text consists of whole lines; the last one need not have a terminator.
    ///
    /// # Complexity
    ///
    /// One pass for all literals and all places where they are, the lines where there are some once for each pattern of
    /// them, and one pass for all patterns without a literal.
    pub fn for_each_line<B>(
        &self,
        cache: &mut SetCache,
        text: &[u8],
        mut each: impl FnMut(Span, &[PatternId]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if let Some(found) = &mut cache.found {
            found.restart();
        }
        let mut other = OtherLines::default();
        self.next_other(cache, text, 0, &mut other);
        let mut line = Span::new(0, 0);
        cache.start_line();
        if !self.literals.is_empty() {
            let is_crlf = self.terminator == LineTerminator::Crlf;
            self.literals.each_place(text, 0..text.len() + 1, |place, literal| {
                // Between the two bytes of a terminator there is room for an empty match, which is on no line.
                if is_crlf && text[..place].ends_with(b"\r") && text[place..].starts_with(b"\n") {
                    return ControlFlow::Continue(());
                }
                if place >= line.end {
                    self.flush(cache, text, line, &mut other, &mut each)?;
                    line = self.line_at(text, line.end, place);
                    cache.start_line();
                }
                self.see(cache, literal);
                ControlFlow::Continue(())
            })?;
            self.flush(cache, text, line, &mut other, &mut each)?;
        }
        while let Some(line) = other.line {
            cache.start_line();
            self.report_other(cache, text, line, &mut other, &mut each)?;
        }
        ControlFlow::Continue(())
    }

    /// Reports the lines before `line` that only patterns without a literal match, and that line.
    fn flush<B>(
        &self,
        cache: &mut SetCache,
        text: &[u8],
        line: Span,
        other: &mut OtherLines,
        each: &mut impl FnMut(Span, &[PatternId]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if line.is_empty() {
            return ControlFlow::Continue(());
        }
        if other.line.is_some_and(|other| other.start < line.start) {
            let candidates = std::mem::take(&mut cache.candidates);
            while let Some(before) = other.line.filter(|other| other.start < line.start) {
                cache.start_line();
                self.report_other(cache, text, before, other, each)?;
            }
            cache.candidates = candidates;
        }
        match other.line == Some(line) {
            true => self.report_other(cache, text, line, other, each),
            false => self.report(cache, text, line, false, each),
        }
    }

    /// Reports the next of the other lines, and goes on to that behind it.
    fn report_other<B>(
        &self,
        cache: &mut SetCache,
        text: &[u8],
        line: Span,
        other: &mut OtherLines,
        each: &mut impl FnMut(Span, &[PatternId]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        while let (Some(shapes), Some((place, which))) = (&self.shapes, other.shapes)
            && place < line.end
        {
            cache.see(shapes.owners_of(which));
            other.shapes = cache.found.as_mut().and_then(|found| shapes.next(found, text, place + 1));
        }
        let has_others = other.others == Some(line);
        self.next_other(cache, text, line.end, other);
        self.report(cache, text, line, has_others, each)
    }

    fn report<B>(
        &self,
        cache: &mut SetCache,
        text: &[u8],
        line: Span,
        has_others: bool,
        each: &mut impl FnMut(Span, &[PatternId]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.confirm(cache, self.terminator.strip(&text[line.range()]), has_others);
        if cache.ids.is_empty() { ControlFlow::Continue(()) } else { each(line, &cache.ids) }
    }

    /// Goes on to the next line from `at` on that one of the patterns without a literal may match. Lines from there on
    /// have not been passed by.
    fn next_other(&self, cache: &mut SetCache, text: &[u8], at: usize, other: &mut OtherLines) {
        if let (Some(shapes), Some(found)) = (&self.shapes, &mut cache.found)
            && (at == 0 || other.shapes.is_some_and(|(place, _)| place < at))
        {
            other.shapes = shapes.next(found, text, at);
        }
        if at == 0 || other.others.is_some_and(|line| line.start < at) {
            other.others = self.find_other(cache, text, at);
        }
        let with_shapes = other.shapes.map(|(place, _)| self.line_at(text, at, place));
        other.line = with_shapes.into_iter().chain(other.others).min_by_key(|line| line.start);
    }

    /// The next line that one of the patterns with neither a literal nor a shape matches.
    fn find_other(&self, cache: &mut SetCache, text: &[u8], at: usize) -> Option<Span> {
        let (others, (engine, _)) = (self.others.as_ref()?, cache.others.as_mut()?);
        if at >= text.len() {
            return None;
        }
        let place = others.regex.search_half_with(engine, &Input::new(text).range(at..).earliest(true))?.offset();
        let line = self.line_at(text, at, place);
        (!line.is_empty()).then_some(line)
    }

    /// The line that a place from the line start `from` on is on.
    fn line_at(&self, text: &[u8], from: usize, place: usize) -> Span {
        let terminator = self.terminator.byte();
        let start = memrchr(terminator, &text[from..place]).map_or(from, |end| from + end + 1);
        Span::new(start, memchr(terminator, &text[place..]).map_or(text.len(), |end| place + end + 1))
    }
}
