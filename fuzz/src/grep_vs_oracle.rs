//! What a search for lines reports and counts, in every mode, and what that is by definition.

use std::fmt;

use arbitrary::Arbitrary;
use mapgrep::{grep::Goal, matcher::LineTerminator};

use super::oracle::modes::{Counts, Mode, Way, ended};
use super::oracle::regexes::{REGEXES, REGEXES_BY_LINE};

/// Which of them matters is decided by the terminator.
const LINE_ENDS: [&[u8]; 4] = [b"\n", b"\n", b"\r\n", b"\0"];

#[derive(Arbitrary)]
pub struct Case {
    patterns: Patterns,
    multiline: bool,
    terminator: u8,
    flags: u8,
    before: u8,
    after: u8,
    max_count: Option<u8>,
    last: Option<u8>,
    range: Option<(u16, u16)>,
    goal: u8,
    chunk: u16,
    threads: u8,
    /// How many bytes a read of the stream brings; none where the text is mapped.
    step: Option<u16>,
    /// Pieces of text, most of which come once.
    text: Vec<u8>,
}

#[derive(Arbitrary)]
enum Patterns {
    Regex(u8),
    Two(u8, u8),
    /// Parts of the text, by where they start and how long they are.
    Literals(Vec<(u16, u16)>),
}

impl Case {
    fn text(&self) -> Vec<u8> {
        const PIECES: [&[u8]; 12] =
            [b"a", b"b", b"ab", b"foo", b"x", b" ", b"\xC3\xA9", b"\xC3", b"\xA9", b"\r", b"\0", b"\n"];
        const TIMES: [usize; 16] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 5, 8, 20, 64, 200];
        let end = LINE_ENDS[usize::from(self.terminator % 4)];
        let piece =
            |&byte: &u8| PIECES.get(usize::from(byte % 16)).unwrap_or(&end).repeat(TIMES[usize::from(byte / 16)]);
        ended(&self.text.iter().flat_map(piece).collect::<Vec<_>>(), LineTerminator::Lf)
    }

    /// None where the case is none of the search.
    fn mode(&self, text: &[u8]) -> Option<Mode> {
        if text.is_empty() || text.len() > 1 << 15 {
            return None;
        }
        let flag = |bit: u8| self.flags & bit != 0;
        let terminator = match self.terminator % 4 {
            0 | 1 => LineTerminator::Lf,
            2 => LineTerminator::Crlf,
            _ => LineTerminator::Nul,
        };
        let (multiline, invert, reverse) = (self.multiline, flag(1), flag(2) && !self.multiline);
        let list = if multiline { REGEXES } else { REGEXES_BY_LINE };
        let regex = |index: u8| list[usize::from(index) % list.len()].to_owned();
        let patterns = match &self.patterns {
            Patterns::Regex(index) => vec![regex(*index)],
            Patterns::Two(first, second) => vec![regex(*first), regex(*second)],
            Patterns::Literals(parts) => {
                let parts = parts.iter().take(5);
                let literal = |&(start, len): &(u16, u16)| {
                    let start = usize::from(start) % text.len();
                    let part = &text[start..text.len().min(start + 1 + usize::from(len) % 1000)];
                    let part = part.utf8_chunks().next()?.valid();
                    let ends: &[char] = if multiline { &[] } else { &['\n', '\r', '\0'] };
                    let part = part.split(ends).next().filter(|part| !part.is_empty())?;
                    Some(regex::escape(part))
                };
                parts.filter_map(literal).collect()
            }
        };
        if patterns.is_empty() {
            return None;
        }
        let passthru = flag(4) && !reverse;
        let context = |lines: u8| if passthru || reverse { 0 } else { usize::from(lines % 6) };
        let mode = Mode {
            patterns,
            multiline,
            terminator,
            invert,
            before: context(self.before),
            after: context(self.after),
            passthru,
            max_count: self.max_count.map(|max| 1 + u64::from(max % 16)),
            only_matches: flag(8) && !invert,
            range: self
                .range
                .filter(|_| !multiline)
                .map(|(start, len)| u64::from(start)..u64::from(start) + u64::from(len)),
            last: self.last.filter(|_| !multiline).map(|last| 1 + u64::from(last % 16)),
            reverse,
        };
        // Plain text is.
        (matches!(self.patterns, Patterns::Literals(_)) && !multiline || mode.is_defined()).then_some(mode)
    }

    fn way(&self) -> Way {
        // Most chunks are small, so that much lies at their borders.
        let chunk = match self.chunk {
            small @ ..0x8000 => 1 + small % 64,
            large => 1 + (large & 0x7FFF),
        };
        Way {
            mapped: self.step.is_none(),
            chunk: usize::from(chunk),
            threads: 1 + usize::from(self.threads % 4),
            step: usize::from(self.step.unwrap_or(1).max(1)),
        }
    }
}

/// A test that shows what the target saw, for `tests/grep/modes.rs`.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        let Some(mode) = self.mode(&text) else { return write!(f, "nothing") };
        let Mode { multiline, terminator, invert, before, after, passthru, max_count, only_matches, .. } = mode;
        let Way { mapped, chunk, threads, step } = self.way();
        writeln!(f, "#[test]")?;
        writeln!(f, "fn case() {{")?;
        writeln!(f, "    let text = b\"{}\";", text.escape_ascii())?;
        writeln!(f, "    let mode = Mode {{")?;
        writeln!(f, "        patterns: {:?}.map(str::to_owned).to_vec(),", mode.patterns)?;
        writeln!(f, "        terminator: LineTerminator::{terminator:?},")?;
        writeln!(f, "        max_count: {max_count:?}, last: {:?}, range: {:?},", mode.last, mode.range)?;
        writeln!(
            f,
            "        multiline: {multiline}, invert: {invert}, passthru: {passthru}, reverse: {},",
            mode.reverse
        )?;
        writeln!(f, "        before: {before}, after: {after}, only_matches: {only_matches},")?;
        writeln!(f, "    }};")?;
        writeln!(f, "    let way = Way {{ mapped: {mapped}, chunk: {chunk}, threads: {threads}, step: {step} }};")?;
        writeln!(f, "    agree(&mode, text, way).unwrap();")?;
        writeln!(f, "    agree_on_counts(&mode, text, way).unwrap();")?;
        writeln!(f, "}}")
    }
}

/// Checks one case.
pub fn check(case: Case) {
    let text = case.text();
    let Some(mode) = case.mode(&text) else { return };
    let way = case.way();
    match case.goal % 4 {
        0 | 1 => {
            let (out, summary) = mode.search(&mode.builder(way.chunk), &text, way);
            let (wanted, counts) = mode.expected(&text);
            assert_eq!(out, wanted);
            assert_eq!(Counts { lines: summary.matched_lines, matches: summary.matches }, counts);
        }
        2 => assert_eq!(mode.count(&text, way), mode.expected_counts(&text, true)),
        _ => {
            let mut builder = mode.builder(way.chunk);
            let wanted = mode.expected_counts(&text, false).lines;
            let (_, summary) = mode.search(builder.goal(Goal::CountLines), &text, way);
            assert_eq!(summary.matched_lines, wanted);
            let (_, summary) = mode.search(builder.goal(Goal::AnyLine), &text, way);
            assert_eq!(summary.matched_lines > 0, wanted > 0);
        }
    }
}
