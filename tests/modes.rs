//! Every mode of [`Grep`] against its definition, whatever the chunk size, the number of threads and the way in which the
//! text is had: lines, matches across lines, only matches, context, all lines, limits, ranges, from the end.
//!
//! `MAPGREP_CASES` sets how many random cases each property is tried with.

#[path = "oracle/memory.rs"]
mod memory;
#[path = "oracle/regexes.rs"]
mod regexes;

use std::{fmt::Write as _, ops::Range};

use mapgrep::{
    grep::{Flow, Format, Goal, GrepBuilder, Line, LineKind, Summary},
    matcher::{LineTerminator, MatcherBuilder},
};
use memory::{memory, pool};
use proptest::{prelude::*, sample::select};
use regexes::{REGEXES, REGEXES_BY_LINE};

/// What is asked for.
#[derive(Clone, Debug)]
struct Mode {
    pattern: &'static str,
    multiline: bool,
    terminator: LineTerminator,
    invert: bool,
    before: usize,
    after: usize,
    passthru: bool,
    max_count: Option<u64>,
    only_matches: bool,
    range: Option<Range<u64>>,
    last: Option<u64>,
    reverse: bool,
}

/// How the text gets to the search, and how that is cut up.
#[derive(Clone, Copy, Debug)]
struct Way {
    mapped: bool,
    chunk: usize,
    threads: usize,
}

/// One or several lines that are reported or not as a whole.
#[derive(Clone, Debug)]
struct Unit {
    number: u64,
    range: Range<usize>,
    selected: bool,
    matches: Vec<Range<usize>>,
}

impl Mode {
    fn builder(&self, chunk: usize) -> GrepBuilder {
        let mut builder = GrepBuilder::new();
        builder
            .invert(self.invert)
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

    fn search(&self, builder: &GrepBuilder, text: &[u8], way: Way) -> (String, Summary) {
        let matcher = MatcherBuilder::new()
            .by_line(!self.multiline)
            .line_terminator(self.terminator)
            .build([self.pattern])
            .unwrap();
        let grep = builder.build(matcher).unwrap();
        let mut out = vec![];
        let mut emit = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            Flow::Continue
        };
        let printer = Printer { only_matches: self.only_matches };
        let summary = match way.mapped {
            true => grep.search_mapping(&memory(text), &printer, pool(way.threads), &mut emit),
            false => grep.search_reader(std::io::Cursor::new(text.to_vec()), &printer, pool(way.threads), &mut emit),
        };
        (String::from_utf8(out).unwrap(), summary.unwrap())
    }

    fn oracle(&self) -> regex::bytes::Regex {
        regex::bytes::RegexBuilder::new(self.pattern)
            .multi_line(true)
            .crlf(self.terminator == LineTerminator::Crlf)
            .line_terminator(self.terminator.byte())
            .build()
            .unwrap()
    }

    /// All lines of the text as units, in file order.
    fn units(&self, text: &[u8]) -> Vec<Unit> {
        let terminator = self.terminator.byte();
        let regex = self.oracle();
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
                    LineTerminator::Crlf => content.strip_suffix(b"\r").unwrap_or(content),
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
            if m.start() == text.len() && text.last() == Some(&terminator) {
                continue;
            }
            let last = if m.is_empty() { m.start() } else { m.end() - 1 };
            let is_on = |unit: &Unit, at: usize| unit.range.contains(&at) || (at == text.len() && unit.range.end == at);
            let first = units.iter().position(|unit| is_on(unit, m.start())).unwrap();
            let last = units.iter().position(|unit| is_on(unit, last)).unwrap();
            let joined: Vec<_> = units.drain(first..=last).collect();
            let mut matches: Vec<_> = joined.iter().flat_map(|unit| unit.matches.clone()).collect();
            matches.push(m.range());
            let range = joined[0].range.start..joined[joined.len() - 1].range.end;
            units.insert(first, Unit { number: joined[0].number, range, selected: true, matches });
        }
        units
    }

    /// What is reported, by definition.
    fn expected(&self, text: &[u8]) -> String {
        let terminator = self.terminator.byte();
        let mut units = self.units(text);
        if self.invert {
            // A line by itself, whether it is of a block or not.
            let lines = |unit: Unit| {
                let mut at = unit.range.start;
                let lines: Vec<_> = text[unit.range.clone()].split_inclusive(|&byte| byte == terminator).collect();
                (0..lines.len())
                    .map(|index| {
                        let range = at..at + lines[index].len();
                        at = range.end;
                        let matches = if self.multiline { vec![] } else { unit.matches.clone() };
                        Unit { number: unit.number + index as u64, range, selected: !unit.selected, matches }
                    })
                    .collect::<Vec<_>>()
            };
            units = units.into_iter().flat_map(lines).collect();
        }
        if let Some(range) = &self.range {
            let has_context = self.before + self.after > 0 || self.passthru;
            if self.only_matches && self.last.is_none() && !self.reverse && !has_context {
                // Each match by itself; a line that the range cuts is selected for those in it.
                for unit in &mut units {
                    if (unit.range.start as u64) < range.start || unit.range.end as u64 > range.end {
                        unit.matches.retain(|m| range.contains(&(m.start as u64)));
                        unit.selected = !unit.matches.is_empty();
                    }
                }
                units.retain(|unit| (unit.range.start as u64) < range.end && unit.range.end as u64 > range.start);
            } else {
                units.retain(|unit| range.contains(&(unit.range.start as u64)));
            }
        }
        let mut selected: Vec<_> = (0..units.len()).filter(|&index| units[index].selected).collect();
        if let Some(last) = self.last {
            selected = selected.split_off(selected.len().saturating_sub(last as usize));
            // What comes before the first of them is not looked at.
            if let Some(&first) = selected.first()
                && (units.iter().filter(|unit| unit.selected).count() as u64) >= last
            {
                units.drain(..first);
                selected = (0..units.len()).filter(|&index| units[index].selected).collect();
            }
        }
        if self.reverse {
            selected.reverse();
            selected.truncate(self.max_count.map_or(usize::MAX, |max| max as usize));
            return selected.iter().map(|&index| self.print(text, &units[index], ':')).collect();
        }
        let most = self.max_count.map_or(selected.len(), |max| selected.len().min(max as usize));
        let after = if self.passthru { units.len() } else { self.after };
        let before = if self.passthru { 0 } else { self.before };
        let mut marks = vec![None; units.len()];
        for (place, &index) in selected.iter().enumerate() {
            if place < most {
                // Context is counted in lines, of which only selected units have several.
                for mark in &mut marks[index.saturating_sub(before)..units.len().min(index + after + 1)] {
                    mark.get_or_insert('-');
                }
                marks[index] = Some(':');
            } else if marks[index].is_some() {
                marks[index] = Some(':');
            }
        }
        if self.passthru {
            marks = units.iter().map(|unit| Some(if unit.selected { ':' } else { '-' })).collect();
        }
        let mut out = String::new();
        let mut last = None;
        for (index, mark) in marks.iter().enumerate() {
            let Some(mark) = *mark else { continue };
            if self.before + self.after > 0 && !self.passthru && last.is_some_and(|last| last + 1 < index) {
                out.push_str("--\n");
            }
            last = Some(index);
            out.push_str(&self.print(text, &units[index], mark));
        }
        out
    }

    fn print(&self, text: &[u8], unit: &Unit, mark: char) -> String {
        let matches: Vec<_> = match (mark == ':') != self.invert {
            true => unit.matches.iter().map(|m| m.start - unit.range.start..m.end - unit.range.start).collect(),
            false => vec![],
        };
        // An empty match behind the last byte of a text that does not end with a line end is not shown.
        let matches: Vec<_> = matches.into_iter().filter(|m| m.start < unit.range.len()).collect();
        let line = Line {
            kind: if mark == ':' { LineKind::Match } else { LineKind::After },
            bytes: &text[unit.range.clone()],
            offset: unit.range.start as u64,
            skipped: 0,
            number: Some(unit.number),
            matches: &matches.iter().map(|m| mapgrep::Span::new(m.start, m.end)).collect::<Vec<_>>(),
        };
        let mut out = vec![];
        Printer { only_matches: self.only_matches }.line(&line, &mut out);
        String::from_utf8(out).unwrap()
    }
}

/// All that a line comes with.
struct Printer {
    only_matches: bool,
}

impl Format for Printer {
    fn wants_matches(&self) -> bool {
        true
    }

    fn only_matches(&self) -> bool {
        self.only_matches
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        let mark = if line.kind == LineKind::Match { ':' } else { '-' };
        let mut text = String::new();
        let number = line.number.unwrap();
        if self.only_matches && mark == ':' {
            for m in line.matches {
                let (at, column) = (line.offset + m.start as u64, line.skipped + m.start as u64);
                let bytes = line.bytes[m.range()].escape_ascii();
                writeln!(text, "{number}{mark}{at}{mark}{column}{mark}{bytes}").unwrap();
            }
        } else {
            writeln!(text, "{number}{mark}{}{mark}{}", line.offset, line.bytes.escape_ascii()).unwrap();
            for m in line.matches {
                writeln!(text, "  {}..{}", m.start, m.end).unwrap();
            }
        }
        out.extend_from_slice(text.as_bytes());
    }

    fn context_break(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--\n");
    }
}

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("MAPGREP_CASES").map_or(cases, |n| n.parse().expect("MAPGREP_CASES is a number"));
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 5_000,
        max_global_rejects: 4 * cases,
        ..ProptestConfig::default()
    }
}

const TERMINATORS: &[LineTerminator] =
    &[LineTerminator::Lf, LineTerminator::Lf, LineTerminator::Crlf, LineTerminator::Nul];

fn mode() -> impl Strategy<Value = Mode> {
    mode_of(any::<bool>())
}

fn mode_of(multiline: impl Strategy<Value = bool>) -> impl Strategy<Value = Mode> {
    let rare = || prop::bool::weighted(0.2);
    let lines = || prop_oneof![2 => Just(0), 1 => 1..=3_usize];
    let limit = || prop_oneof![4 => Just(None), 1 => (1..=5_u64).prop_map(Some)];
    let pattern = (multiline, select(REGEXES), select(REGEXES_BY_LINE), select(TERMINATORS)).prop_map(
        |(multiline, across, within, terminator)| {
            let pattern = if multiline { across } else { within };
            // The oracle's dot is not ours where lines end with NUL, and it has no way to leave out `\r`.
            let fits =
                terminator == LineTerminator::Lf || (!multiline && !pattern.contains(['.', 's', 'W', '^', '[', 'R']));
            (multiline, pattern, if fits { terminator } else { LineTerminator::Lf })
        },
    );
    (pattern, (rare(), rare(), rare(), rare()), lines(), lines(), limit(), limit()).prop_map(
        |(
            (multiline, pattern, terminator),
            (invert, passthru, only_matches, reverse),
            before,
            after,
            max_count,
            last,
        )| {
            let reverse = reverse && !multiline;
            let no_context = reverse || passthru;
            Mode {
                pattern,
                multiline,
                terminator,
                invert,
                before: if no_context { 0 } else { before },
                after: if no_context { 0 } else { after },
                passthru: passthru && !reverse && max_count.is_none(),
                max_count,
                only_matches: only_matches && !invert,
                range: None,
                last: last.filter(|_| !multiline),
                reverse,
            }
        },
    )
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] =
        &[b"a", b"a", b"b", b"ab", b"aa", b"foo", b" ", b"\n", b"\n", b"\n", b"\xC3\xA9", b"\xC3", b"\xA9", b"x"];
    let long = (select(&["a", "ab", "x", "foo "][..]), 1..60_usize).prop_map(|(word, n)| word.repeat(n).into_bytes());
    let word = prop_oneof![8 => select(words).prop_map(<[u8]>::to_vec), 1 => long];
    prop::collection::vec(word, 1..60).prop_map(|words| words.concat())
}

/// The text with the line ends of a mode.
fn ended(text: &[u8], terminator: LineTerminator) -> Vec<u8> {
    match terminator {
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
    }
}

fn way() -> impl Strategy<Value = Way> {
    let chunk = select(&[1_usize, 2, 3, 5, 8, 16, 64, 200, 1 << 20][..]);
    (prop::bool::weighted(0.7), chunk, 1..=4_usize).prop_map(|(mapped, chunk, threads)| Way { mapped, chunk, threads })
}

/// In broken UTF-8 at the start of a line, the engine that is the oracle sees what it should not.
fn has_odd_neighbour(text: &[u8]) -> bool {
    text.windows(2).any(|pair| matches!(pair[0], b'\n' | 0) && pair[1] & 0xC0 == 0x80)
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn every_mode_is_as_defined(mode in mode(), text in text(), way in way()) {
        let text = ended(&text, mode.terminator);
        prop_assume!(!has_odd_neighbour(&text));
        let (out, _) = mode.search(&mode.builder(way.chunk), &text, way);
        prop_assert_eq!(out, mode.expected(&text), "{:?}", text.escape_ascii().to_string());
    }

    #[test]
    fn counts_are_as_defined(mode in mode(), text in text(), way in way()) {
        let text = ended(&text, mode.terminator);
        prop_assume!(!has_odd_neighbour(&text));
        let mode = Mode { passthru: false, last: None, reverse: false, before: 0, after: 0, ..mode };
        let units = mode.units(&text);
        let units: Vec<_> = match mode.invert {
            false => units.into_iter().filter(|unit| unit.selected).collect(),
            true => units.into_iter().filter(|unit| !unit.selected).collect(),
        };
        let limit = mode.max_count.map_or(usize::MAX, |max| max as usize);
        let count = units.len().min(limit);
        let of_lines = |unit: &Unit| {
            text[unit.range.clone()].split_inclusive(|&byte| byte == mode.terminator.byte()).count()
        };
        let lines: usize = match mode.multiline && !mode.invert {
            true => units[..count].iter().map(of_lines).sum(),
            false => count,
        };
        // A line that is selected for what it lacks counts as one match, as does an empty match that is not shown.
        let of_unit = |unit: &Unit| {
            let shown = unit.matches.iter().filter(|m| mode.multiline || m.start < unit.range.end).count();
            if mode.invert { 1 } else { shown.max(1) }
        };
        let matches: usize = units[..count].iter().map(of_unit).sum();
        let mut builder = mode.builder(way.chunk);
        let (_, summary) = mode.search(builder.goal(Goal::CountMatches), &text, way);
        prop_assert_eq!((summary.matched_lines, summary.matches), (lines as u64, matches as u64));
        let (_, summary) = mode.search(builder.goal(Goal::CountLines), &text, way);
        prop_assert_eq!(summary.matched_lines, lines as u64);
        let (_, summary) = mode.search(builder.goal(Goal::AnyLine).max_count(None), &text, way);
        prop_assert_eq!(summary.matched_lines > 0, !units.is_empty());
    }

    /// The outputs of ranges, one after the other, are the output of one search.
    #[test]
    fn ranges_add_up(
        mode in mode_of(Just(false)),
        text in text(),
        cuts in prop::collection::vec(0..400_u64, 0..4),
        way in way(),
    ) {
        let text = ended(&text, mode.terminator);
        prop_assume!(!has_odd_neighbour(&text));
        let mode = Mode { max_count: None, last: None, reverse: false, before: 0, after: 0, ..mode };
        let whole = mode.search(&mode.builder(way.chunk), &text, way).0;
        let mut cuts = [&[0][..], &cuts, &[u64::MAX]].concat();
        cuts.sort_unstable();
        let mut parts = String::new();
        for pair in cuts.windows(2) {
            let mode = Mode { range: Some(pair[0]..pair[1]), ..mode.clone() };
            parts.push_str(&mode.search(&mode.builder(way.chunk), &text, way).0);
        }
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn ranges_are_as_defined(mode in mode_of(Just(false)), text in text(), range in (0..200_u64, 0..300_u64), way in way()) {
        let text = ended(&text, mode.terminator);
        prop_assume!(!has_odd_neighbour(&text));
        let mode = Mode { range: Some(range.0..range.0 + range.1), ..mode };
        let (out, _) = mode.search(&mode.builder(way.chunk), &text, way);
        prop_assert_eq!(out, mode.expected(&text), "{:?}", text.escape_ascii().to_string());
    }
}
