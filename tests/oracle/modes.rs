//! What a search for lines reports in every mode, as a definition gives it: so simple that it is unlikely to be wrong,
//! and too slow to be of other use. And the search itself, in every way in which the text can be had.
//!
//! Shared by the tests and the fuzz targets.

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt::Write as _,
    io::Read,
    ops::{ControlFlow, Range},
};

use mapgrep::{
    Error,
    grep::{Format, Goal, Grep, GrepBuilder, Line, LineKind, LongMatches, Summary},
    matcher::{LineTerminator, Matcher, MatcherBuilder},
};
use regex::bytes::{Regex, RegexBuilder};

use super::memory::{memory, pool};

/// In pieces of how many bytes a long line is printed.
const LONG_PIECE: usize = 50;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Mode {
    pub(crate) patterns: Vec<String>,
    pub(crate) multiline: bool,
    pub(crate) terminator: LineTerminator,
    pub(crate) invert: bool,
    pub(crate) before: usize,
    pub(crate) after: usize,
    pub(crate) passthru: bool,
    pub(crate) max_count: Option<u64>,
    pub(crate) only_matches: bool,
    pub(crate) range: Option<Range<u64>>,
    pub(crate) last: Option<u64>,
    pub(crate) reverse: bool,
}

/// How the text gets to the search, and how that is cut up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) mapped: bool,
    pub(crate) chunk: usize,
    pub(crate) threads: usize,
    /// How many bytes a read of a stream brings.
    pub(crate) step: usize,
}

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) lines: u64,
    pub(crate) matches: u64,
}

/// One or several lines that are reported or not as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) number: u64,
    pub(crate) range: Range<usize>,
    pub(crate) selected: bool,
    pub(crate) matches: Vec<Range<usize>>,
}

/// What is shown of a text.
pub(crate) enum Shown {
    Break,
    Unit(Unit, char),
}

impl Mode {
    /// All lines that match.
    pub(crate) fn of(pattern: &str) -> Self {
        Mode {
            patterns: vec![pattern.to_owned()],
            multiline: false,
            terminator: LineTerminator::Lf,
            invert: false,
            before: 0,
            after: 0,
            passthru: false,
            max_count: None,
            only_matches: false,
            range: None,
            last: None,
            reverse: false,
        }
    }

    pub(crate) fn builder(&self, chunk: usize) -> GrepBuilder {
        let mut builder = GrepBuilder::new();
        builder
            .invert_match(self.invert)
            .before_context(self.before)
            .after_context(self.after)
            .passthru(self.passthru)
            .max_count(self.max_count)
            .last(self.last)
            .reverse(self.reverse)
            .line_numbers(true)
            .chunk_size(chunk);
        if let Some(range) = self.range.clone() {
            builder.range(range);
        }
        builder
    }

    pub(crate) fn grep(&self, builder: &GrepBuilder) -> Grep {
        builder.build(self.compiled().0).expect("options that go together")
    }

    pub(crate) fn printer(&self) -> Printer {
        Printer { only_matches: self.only_matches }
    }

    /// What is reported.
    pub(crate) fn search(&self, builder: &GrepBuilder, text: &[u8], way: Way) -> (String, Summary) {
        let mut out = vec![];
        let mut emit = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            ControlFlow::Continue(())
        };
        let summary = way.search(&self.grep(builder), text, &self.printer(), &mut emit).expect("nothing fails");
        (String::from_utf8(out).expect("what is no ASCII is escaped"), summary)
    }

    /// What is counted.
    pub(crate) fn count(&self, text: &[u8], way: Way) -> Counts {
        let summary = self.search(self.builder(way.chunk).goal(Goal::CountMatches), text, way).1;
        Counts { lines: summary.matched_lines, matches: summary.matches }
    }

    /// What is reported by definition, and how many selected lines, and matches in them, are in that.
    pub(crate) fn expected(&self, text: &[u8]) -> (String, Counts) {
        let mut out = String::new();
        let mut counts = Counts { lines: 0, matches: 0 };
        for shown in self.shown(text) {
            match shown {
                Shown::Break => out.push_str("--\n"),
                Shown::Unit(unit, mark) => {
                    let matches = self.print(text, &unit, mark, &mut out);
                    if mark == ':' {
                        counts.lines += self.lines_of(text, &unit);
                        counts.matches += matches;
                    }
                }
            }
        }
        (out, counts)
    }

    /// What is counted by definition: matches one by one, or lines.
    pub(crate) fn expected_counts(&self, text: &[u8], by_match: bool) -> Counts {
        let by_match = by_match && !self.invert && !self.multiline;
        let units: Vec<_> = self.selectable(text, by_match).into_iter().filter(|unit| unit.selected).collect();
        let count = units.len().min(self.max_count.map_or(usize::MAX, |max| max as usize));
        let units = &units[..count];
        // A line that is selected for what it lacks counts as one match.
        let matches_of = |unit: &Unit| if self.invert { 1 } else { unit.matches.len() as u64 };
        Counts {
            lines: units.iter().map(|unit| self.lines_of(text, unit)).sum(),
            matches: units.iter().map(matches_of).sum(),
        }
    }

    /// The patterns, compiled for the search and for the definition. They are kept, since compiling takes far longer
    /// than a search.
    fn compiled(&self) -> (Matcher, Regex) {
        type Compiled = HashMap<(Vec<String>, bool, &'static [u8]), (Matcher, Regex)>;
        thread_local! {
            static COMPILED: RefCell<Compiled> = RefCell::default();
        }
        COMPILED.with_borrow_mut(|compiled| {
            if compiled.len() > 1000 {
                compiled.clear();
            }
            let key = (self.patterns.clone(), self.multiline, self.terminator.bytes());
            compiled.entry(key).or_insert_with(|| (self.matcher(), self.oracle())).clone()
        })
    }

    fn matcher(&self) -> Matcher {
        MatcherBuilder::new()
            .by_line(!self.multiline)
            .line_terminator(self.terminator)
            .build(&self.patterns)
            .expect("valid patterns")
    }

    fn oracle(&self) -> Regex {
        let pattern = match &self.patterns[..] {
            [pattern] => pattern.clone(),
            patterns => patterns.iter().map(|pattern| format!("(?:{pattern})")).collect::<Vec<_>>().join("|"),
        };
        // A line by itself comes without its terminator, and a lone `\r` in it ends no line.
        RegexBuilder::new(&pattern)
            .multi_line(true)
            .crlf(self.terminator == LineTerminator::Crlf && self.multiline)
            .line_terminator(self.terminator.byte())
            .build()
            .expect("valid patterns")
    }

    /// Whether the definition knows what the patterns match. By line it has no way to leave out `\r`, and across lines
    /// a lone `\r` is the end of one to it.
    pub(crate) fn is_defined(&self) -> bool {
        let may_match_cr = |pattern: &String| pattern.contains(['.', 's', 'S', 'W', 'R']) || pattern.contains("[^");
        self.terminator != LineTerminator::Crlf || !(self.multiline || self.patterns.iter().any(may_match_cr))
    }

    /// How many lines a unit is.
    fn lines_of(&self, text: &[u8], unit: &Unit) -> u64 {
        text[unit.range.clone()].split_inclusive(|&byte| byte == self.terminator.byte()).count() as u64
    }

    /// The lines of a unit, each by itself, with neither matches nor a mark.
    fn each_line(&self, text: &[u8], unit: &Unit) -> Vec<Unit> {
        let (mut at, mut number) = (unit.range.start, unit.number);
        let lines = text[unit.range.clone()].split_inclusive(|&byte| byte == self.terminator.byte());
        let line = |line: &[u8]| {
            let range = at..at + line.len();
            (at, number) = (range.end, number + 1);
            Unit { number: number - 1, range, selected: false, matches: vec![] }
        };
        lines.map(line).collect()
    }

    /// All lines of the text as units, in file order.
    fn units(&self, text: &[u8]) -> Vec<Unit> {
        let terminator = self.terminator.byte();
        let regex = self.compiled().1;
        let mut units: Vec<Unit> = vec![];
        let mut at = 0;
        for line in text.split_inclusive(|&byte| byte == terminator) {
            let range = at..at + line.len();
            let number = units.len() as u64 + 1;
            at = range.end;
            let mut matches = vec![];
            if !self.multiline {
                let content = line.strip_suffix(&[terminator]).unwrap_or(line);
                let content = match self.terminator {
                    LineTerminator::Crlf if content.len() < line.len() => {
                        content.strip_suffix(b"\r").unwrap_or(content)
                    }
                    _ => content,
                };
                matches = regex.find_iter(content).map(|m| range.start + m.start()..range.start + m.end()).collect();
            }
            units.push(Unit { number, range, selected: !matches.is_empty(), matches });
        }
        if !self.multiline {
            return units;
        }
        for m in regex.find_iter(text) {
            // Behind the last line end there is no line.
            if m.start() == text.len() && text.last().is_none_or(|&last| last == terminator) {
                continue;
            }
            let last = if m.is_empty() { m.start() } else { m.end() - 1 };
            let is_on = |unit: &Unit, at: usize| unit.range.contains(&at) || (at == text.len() && unit.range.end == at);
            let first = units.iter().position(|unit| is_on(unit, m.start())).expect("a line");
            let last = units.iter().position(|unit| is_on(unit, last)).expect("a line");
            if first < last {
                let end = units[last].range.end;
                let joined: Vec<_> = units.drain(first + 1..=last).collect();
                units[first].range.end = end;
                units[first].matches.extend(joined.into_iter().flat_map(|unit| unit.matches));
            }
            units[first].selected = true;
            units[first].matches.push(m.range());
        }
        units
    }

    /// The units that are looked at, with those selected that would be if there was no limit on them from the front.
    fn selectable(&self, text: &[u8], by_match: bool) -> Vec<Unit> {
        let mut units = self.units(text);
        if self.invert {
            let inverted = |unit: Unit| {
                let matches = if self.multiline { vec![] } else { unit.matches.clone() };
                let selected = !unit.selected;
                self.each_line(text, &unit).into_iter().map(move |line| Unit {
                    selected,
                    matches: matches.clone(),
                    ..line
                })
            };
            units = units.into_iter().flat_map(inverted).collect();
        }
        if let Some(range) = &self.range {
            let has_context = self.before + self.after > 0 || self.passthru;
            if by_match && self.last.is_none() && !self.reverse && !has_context {
                // Each match by itself; a line that the range cuts is selected for those in it.
                // An empty match behind the last byte of the text is where that byte is.
                let place = |m: &Range<usize>| m.start.min(text.len().saturating_sub(1)) as u64;
                for unit in &mut units {
                    unit.matches.retain(|m| range.contains(&place(m)));
                    unit.selected = !unit.matches.is_empty();
                }
                units.retain(|unit| (unit.range.start as u64) < range.end && unit.range.end as u64 > range.start);
            } else {
                units.retain(|unit| range.contains(&(unit.range.start as u64)));
            }
        }
        if let Some(last) = self.last {
            let selected: Vec<_> = (0..units.len()).filter(|&index| units[index].selected).collect();
            // What comes before the first of them is context at most.
            if let Some(&first) = selected.get(selected.len().wrapping_sub(last as usize)) {
                for unit in &mut units[..first] {
                    unit.selected = false;
                }
            }
            if self.passthru {
                let first = selected[selected.len().saturating_sub(last as usize)..].first();
                units.drain(..first.copied().unwrap_or(units.len()));
            }
        }
        units
    }

    /// What is reported, in order.
    pub(crate) fn shown(&self, text: &[u8]) -> Vec<Shown> {
        let mut units = self.selectable(text, self.only_matches);
        let mut selected: Vec<_> = (0..units.len()).filter(|&index| units[index].selected).collect();
        let most = self.max_count.map_or(selected.len(), |max| selected.len().min(max as usize));
        if self.reverse {
            selected.reverse();
            return selected[..most].iter().map(|&index| Shown::Unit(units[index].clone(), ':')).collect();
        }
        // Behind the last unit that is selected, lines are context at most, each by itself.
        if let Some(&last) = selected[..most].last().filter(|_| most < selected.len()) {
            let rest = units.split_off(last + 1);
            let lines = rest.iter().flat_map(|unit| {
                let matches = if self.multiline { vec![] } else { unit.matches.clone() };
                self.each_line(text, unit).into_iter().map(move |line| Unit { matches: matches.clone(), ..line })
            });
            units.extend(lines);
        }
        let mut marks = vec![None; units.len()];
        if self.passthru {
            marks.fill(Some('-'));
        }
        for &index in &selected[..most] {
            // Context is counted in lines, of which only selected units have several.
            let (before, after) = if self.passthru { (0, 0) } else { (self.before, self.after) };
            for mark in &mut marks[index.saturating_sub(before)..units.len().min(index + after + 1)] {
                mark.get_or_insert('-');
            }
            marks[index] = Some(':');
        }
        let mut shown = vec![];
        let mut last = None;
        for (index, (unit, mark)) in units.into_iter().zip(marks).enumerate() {
            let Some(mark) = mark else { continue };
            if self.before + self.after > 0 && !self.passthru && last.is_some_and(|last| last + 1 < index) {
                shown.push(Shown::Break);
            }
            last = Some(index);
            shown.push(Shown::Unit(unit, mark));
        }
        shown
    }

    /// Prints a unit as the search does, and says how many matches were shown.
    fn print(&self, text: &[u8], unit: &Unit, mark: char, out: &mut String) -> u64 {
        let matches: Vec<_> = match (mark == ':') != self.invert {
            true => unit.matches.iter().map(|m| m.start - unit.range.start..m.end - unit.range.start).collect(),
            false => vec![],
        };
        let line = Line {
            kind: if mark == ':' { LineKind::Match } else { LineKind::After },
            bytes: &text[unit.range.clone()],
            offset: unit.range.start as u64,
            skipped: 0,
            number: Some(unit.number),
            matches: &matches.iter().map(|m| mapgrep::Span::new(m.start, m.end)).collect::<Vec<_>>(),
        };
        self.printer().print(&line, out);
        matches.len() as u64
    }
}

impl Way {
    pub(crate) fn search(
        self,
        grep: &Grep,
        text: &[u8],
        format: &dyn Format,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        let pool = pool(self.threads);
        match self.mapped {
            true => grep.search_mapping(&memory(text), format, pool, emit),
            false => grep.search_reader(Steps { text: text.to_vec(), at: 0, step: self.step }, format, pool, emit),
        }
    }
}

/// All that a line comes with.
pub(crate) struct Printer {
    pub(crate) only_matches: bool,
}

impl Printer {
    fn print(&self, line: &Line<'_>, out: &mut String) {
        let mark = if line.kind == LineKind::Match { ':' } else { '-' };
        let number = line.number.unwrap_or(0);
        if self.only_matches && mark == ':' {
            for m in line.matches {
                let (at, column) = (line.offset + m.start as u64, line.skipped + m.start as u64);
                let bytes = line.bytes[m.range()].escape_ascii();
                writeln!(out, "{number}{mark}{at}{mark}{column}{mark}{bytes}").expect("no error");
            }
        } else {
            writeln!(out, "{number}{mark}{}{mark}{}", line.offset, line.bytes.escape_ascii()).expect("no error");
            for m in line.matches {
                writeln!(out, "  {}..{}", m.start, m.end).expect("no error");
            }
        }
    }
}

impl Format for Printer {
    fn wants_matches(&self) -> bool {
        true
    }

    fn only_matches(&self) -> bool {
        self.only_matches
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        let mut text = String::new();
        self.print(line, &mut text);
        out.extend_from_slice(text.as_bytes());
    }

    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        let (mut text, matches) = (String::new(), matches.collect());
        self.print(&Line { matches: &matches, ..*line }, &mut text);
        text.as_bytes().chunks(LONG_PIECE).for_each(emit);
    }

    fn context_break(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--\n");
    }
}

/// A reader of so many bytes at a time.
struct Steps {
    text: Vec<u8>,
    at: usize,
    step: usize,
}

impl Read for Steps {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let rest = &self.text[self.at..];
        let count = buffer.len().min(rest.len()).min(self.step);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// The text with the line ends of a mode. No line begins with broken UTF-8: there the engine that is the oracle sees
/// what it should not.
pub(crate) fn ended(text: &[u8], terminator: LineTerminator) -> Vec<u8> {
    let mut ended = match terminator {
        LineTerminator::Lf => text.to_vec(),
        LineTerminator::Crlf => {
            let mut crlf = vec![];
            for (index, &byte) in text.iter().enumerate() {
                if byte == b'\n' && index % 3 != 0 {
                    crlf.push(b'\r');
                }
                crlf.push(byte);
            }
            crlf
        }
        LineTerminator::Nul => {
            text.iter().enumerate().map(|(index, &b)| if b == b'\n' && index % 4 != 0 { 0 } else { b }).collect()
        }
    };
    let is_end = |byte: u8| matches!(byte, b'\n' | 0);
    for at in 1..ended.len() {
        if is_end(ended[at - 1]) && ended[at] & 0xC0 == 0x80 {
            ended[at] = b'a';
        }
    }
    ended
}
