//! The lines of a text on which patterns of a set match.

use std::ops::ControlFlow;

use regex_automata::Input;

use super::{
    cache::SetCache,
    candidate_lines::{CandidateLines, each_candidate_line},
    sequences::Which,
    set::RegexSet,
};
use crate::{
    matcher::terminator::{LineTerminator, line_at},
    span::{PatternId, Span},
};

impl RegexSet {
    /// Calls `each` with the lines on which patterns match, and with these patterns, in order, until it says that it
    /// wants no more. The text consists of whole lines; the last one need not have a terminator.
    ///
    /// # Complexity
    ///
    /// One pass for all literals and all offsets where they are, the lines where there are some once for each pattern
    /// of them, and one pass for all patterns without a literal.
    pub fn for_each_line<B>(
        &self,
        cache: &mut SetCache,
        text: &[u8],
        each: impl FnMut(Span, &[PatternId]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if let Some(found) = &mut cache.found {
            found.restart();
        }
        let mut lines = Lines { set: self, cache, text, shapes: None, others: None, each };
        each_candidate_line(&mut lines, &self.literals, self.terminator.byte(), text, 0)
    }
}

/// One search for lines.
struct Lines<'a, F> {
    set: &'a RegexSet,
    cache: &'a mut SetCache,
    text: &'a [u8],
    /// The next offset with shapes, and which.
    shapes: Option<(usize, Which)>,
    /// The next line on which one of the patterns matches that have neither a literal nor a shape.
    others: Option<Span>,
    each: F,
}

impl<B, F: FnMut(Span, &[PatternId]) -> ControlFlow<B>> CandidateLines for Lines<'_, F> {
    type Noted = Vec<PatternId>;
    type Stop = B;

    fn start_line(&mut self) {
        self.cache.start_line();
    }

    fn note(&mut self, offset: usize, literal: PatternId) {
        // Between the two bytes of a terminator there is room for an empty match, which is on no line.
        let (before, behind) = self.text.split_at(offset);
        let is_split =
            self.set.terminator == LineTerminator::Crlf && before.ends_with(b"\r") && behind.starts_with(b"\n");
        if !is_split {
            self.set.see(self.cache, literal);
        }
    }

    fn take_noted(&mut self) -> Vec<PatternId> {
        std::mem::take(&mut self.cache.candidates)
    }

    fn put_noted(&mut self, candidates: Vec<PatternId>) {
        self.cache.candidates = candidates;
    }

    fn next_other(&mut self, at: usize) -> Option<Span> {
        let (set, text) = (self.set, self.text);
        // Both have searched from 0 on. One that has found nothing more stays so.
        if at == 0 || self.shapes.is_some_and(|(offset, _)| offset < at) {
            self.shapes = self.next_shapes(at);
        }
        if at == 0 || self.others.is_some_and(|line| line.start < at) {
            self.others = self.find_other(at);
        }
        let with_shapes = self.shapes.map(|(offset, _)| line_at(set.terminator.byte(), text, at, offset));
        with_shapes.into_iter().chain(self.others).min_by_key(|line| line.start)
    }

    fn visit(&mut self, line: Span, is_other: bool) -> ControlFlow<B> {
        while is_other
            && let (Some(shapes), Some((offset, which))) = (&self.set.shapes, self.shapes)
            && offset < line.end
        {
            self.cache.see(shapes.owners_of(which));
            self.shapes = self.next_shapes(offset + 1);
        }
        let content = self.set.terminator.strip(&self.text[line.range()]);
        self.set.confirm(self.cache, content, is_other && self.others == Some(line));
        let ids = &self.cache.ids;
        if ids.is_empty() { ControlFlow::Continue(()) } else { (self.each)(line, ids) }
    }
}

impl<F> Lines<'_, F> {
    fn next_shapes(&mut self, at: usize) -> Option<(usize, Which)> {
        self.set.shapes.as_ref()?.next(self.cache.found.as_mut()?, self.text, at)
    }

    fn find_other(&mut self, at: usize) -> Option<Span> {
        let (others, (engine, _)) = (self.set.others.as_ref()?, self.cache.others.as_mut()?);
        if at >= self.text.len() {
            return None;
        }
        let input = Input::new(self.text).range(at..).earliest(true);
        let offset = others.regex.search_half_with(engine, &input)?.offset();
        Some(line_at(self.set.terminator.byte(), self.text, at, offset)).filter(|line| !line.is_empty())
    }
}
