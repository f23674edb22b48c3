//! What the command prints in some of its modes, as a definition gives it, and the command itself, within this process.
//!
//! Shared by the tests and the fuzz targets.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use mapgrep::matcher::LineTerminator;
use regex::bytes::{Regex, RegexBuilder};

use super::modes::{Mode, Shown, Unit};

/// What is to be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Lines, or with [`Mode::only_matches`] matches, with their numbers and offsets.
    Lines,
    /// The same, with the numbers of the patterns that match.
    Ids,
    /// How many lines are selected.
    Count,
    /// How many matches there are.
    CountMatches,
    /// On how many lines each pattern matches: with the numbers of the patterns, and those that match nowhere too.
    CountByPattern { numbers: bool, zero: bool },
}

/// A command line for one file.
#[derive(Clone, Debug)]
pub(crate) struct CommandLine {
    /// Its patterns are those that were given, also those that were given twice.
    pub(crate) mode: Mode,
    pub(crate) shows: Shows,
    pub(crate) maps: bool,
    pub(crate) chunk: usize,
    pub(crate) threads: usize,
}

/// What a command printed, and whether it said that a line was selected.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Printed {
    pub(crate) out: Vec<u8>,
    pub(crate) selected: bool,
}

impl std::fmt::Debug for Printed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} b\"{}\"", self.selected, self.out.escape_ascii())
    }
}

/// Where the command writes to.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl CommandLine {
    pub(crate) fn args(&self, file: &Path) -> Vec<OsString> {
        let Mode { patterns, multiline, terminator, invert, before, after, passthru, .. } = &self.mode;
        let mut args: Vec<OsString> = vec!["mapgrep".into(), "-n".into(), "-b".into()];
        let mut add = |given: bool, arg: &str| {
            if given {
                args.push(arg.into());
            }
        };
        add(*multiline, "-U");
        add(*invert, "-v");
        add(*passthru, "--passthru");
        add(*before > 0, &format!("-B{before}"));
        add(*after > 0, &format!("-A{after}"));
        add(*terminator == LineTerminator::Crlf, "--crlf");
        // Every file is text, with this as with the other.
        add(*terminator == LineTerminator::Nul, "--null-data");
        add(*terminator != LineTerminator::Nul, "-a");
        add(self.mode.only_matches, "-o");
        add(!self.maps, "--no-mmap");
        if let Some(max) = self.mode.max_count {
            add(true, &format!("-m{max}"));
        }
        if let Some(last) = self.mode.last {
            add(true, &format!("--last={last}"));
        }
        add(self.mode.reverse, "--reverse");
        if let Some(range) = &self.mode.range {
            add(true, &format!("--range={}..{}", range.start, range.end));
        }
        match self.shows {
            Shows::Lines => {}
            Shows::Ids => add(true, "--pattern-ids"),
            Shows::Count => add(true, "-c"),
            Shows::CountMatches => add(true, "--count-matches"),
            Shows::CountByPattern { numbers, zero } => {
                add(true, "--count-by-pattern");
                add(numbers, "--pattern-ids");
                add(zero, "--include-zero");
            }
        }
        add(true, &format!("--chunk-size={}", self.chunk));
        add(true, &format!("-j{}", self.threads));
        for pattern in patterns {
            args.extend(["-e".into(), pattern.into()]);
        }
        args.extend(["--index=never".into(), "--".into(), file.into()]);
        args
    }

    /// Runs the command on a file.
    ///
    /// # Panics
    ///
    /// When it ends with an error.
    pub(crate) fn run(&self, file: &Path) -> Printed {
        let out = Shared::default();
        let status =
            mapgrep::cli::mapgrep_to(self.args(file), out.clone(), false).expect("a command line without errors");
        let selected = status == ExitCode::SUCCESS;
        assert!(selected || status == ExitCode::from(1), "{status:?}");
        let out = out.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Printed { out, selected }
    }

    /// What it prints by definition.
    pub(crate) fn expected(&self, text: &[u8]) -> Printed {
        let mut out = vec![];
        // Which patterns match can depend on the whole line, so that ranges select lines then.
        let only_matches = self.mode.only_matches && self.shows == Shows::Lines;
        let mode = Mode { only_matches, ..self.mode.clone() };
        let selected = match self.shows {
            Shows::Lines | Shows::Ids | Shows::CountByPattern { .. } => {
                let shown = mode.shown(text);
                let units = shown.iter().filter_map(|shown| match shown {
                    Shown::Unit(unit, ':') => Some(unit),
                    _ => None,
                });
                match self.shows {
                    Shows::CountByPattern { numbers, zero } => {
                        self.print_counts(text, units.clone(), numbers, zero, &mut out);
                    }
                    _ => self.print_lines(text, &shown, &mut out),
                }
                units.count() > 0
            }
            Shows::Count | Shows::CountMatches => {
                // Lines that do not match hold no matches to count.
                let by_match = (self.shows == Shows::CountMatches || self.mode.only_matches) && !self.mode.invert;
                let counts = mode.expected_counts(text, by_match);
                let count = if by_match { counts.matches } else { counts.lines };
                if counts.lines > 0 {
                    out.extend_from_slice(count.to_string().as_bytes());
                    self.end_line(&mut out);
                }
                counts.lines > 0
            }
        };
        Printed { out, selected }
    }

    fn end_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.mode.terminator.bytes());
    }

    fn print_lines(&self, text: &[u8], shown: &[Shown], out: &mut Vec<u8>) {
        let patterns = self.patterns();
        for shown in shown {
            match shown {
                Shown::Break => {
                    out.extend_from_slice(b"--");
                    self.end_line(out);
                }
                Shown::Unit(unit, ':') if self.mode.only_matches && !self.mode.invert => {
                    self.print_matches(text, unit, &patterns, out);
                }
                Shown::Unit(unit, mark) => {
                    let mut at = unit.range.start;
                    for (index, line) in self.lines(&text[unit.range.clone()]).enumerate() {
                        let ids = if *mark == ':' { self.ids(line, &patterns) } else { String::new() };
                        self.print_fields(unit.number + index as u64, at, &ids, *mark, out);
                        out.extend_from_slice(line);
                        if line.last() != Some(&self.mode.terminator.byte()) {
                            self.end_line(out);
                        }
                        at += line.len();
                    }
                }
            }
        }
    }

    /// The matches of a unit, each with what is on one line on a line of its own.
    fn print_matches(&self, text: &[u8], unit: &Unit, patterns: &[(u64, Regex)], out: &mut Vec<u8>) {
        let mut at = unit.range.start;
        for (index, line) in self.lines(&text[unit.range.clone()]).enumerate() {
            let (start, end) = (at, at + line.len());
            at = end;
            let content_end = start + self.mode.terminator.strip(line).len();
            for m in &unit.matches {
                let shown = m.start.max(start)..m.end.min(content_end);
                // Behind the last byte of the text, an empty match is on its last line.
                let is_at_end = m.start == end && end == text.len() && content_end == end;
                let is_shown = match m.is_empty() {
                    true => (start..end).contains(&m.start) || is_at_end,
                    // Of the end of a line nothing is shown.
                    false => shown.start < shown.end,
                };
                if is_shown {
                    let winner =
                        patterns.iter().find(|(_, regex)| starts_at(regex, self.content(line), m.start - start));
                    let id = winner.map_or(String::new(), |(number, _)| number.to_string());
                    self.print_fields(unit.number + index as u64, m.start, &id, ':', out);
                    out.extend_from_slice(&text[shown.start..shown.end.max(shown.start)]);
                    self.end_line(out);
                }
            }
        }
    }

    fn print_fields(&self, number: u64, offset: usize, ids: &str, mark: char, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{number}{mark}{offset}{mark}").as_bytes());
        if self.shows == Shows::Ids {
            out.extend_from_slice(format!("{ids}{mark}").as_bytes());
        }
    }

    fn print_counts<'u>(
        &self,
        text: &[u8],
        units: impl Iterator<Item = &'u Unit>,
        numbers: bool,
        zero: bool,
        out: &mut Vec<u8>,
    ) {
        let lines: Vec<&[u8]> = units.map(|unit| self.content(&text[unit.range.clone()])).collect();
        for (number, regex) in self.patterns() {
            let count = lines.iter().filter(|line| regex.is_match(line)).count();
            if count > 0 || zero {
                if numbers {
                    out.extend_from_slice(format!("{number}:").as_bytes());
                }
                let pattern = &self.mode.patterns[number as usize - 1];
                out.extend_from_slice(format!("{count}:{pattern}").as_bytes());
                self.end_line(out);
            }
        }
    }

    /// The numbers of the patterns that match on a line, with commas between them.
    fn ids(&self, line: &[u8], patterns: &[(u64, Regex)]) -> String {
        if self.shows != Shows::Ids {
            return String::new();
        }
        let content = self.content(line);
        let matching = patterns.iter().filter(|(_, regex)| regex.is_match(content));
        matching.map(|(number, _)| number.to_string()).collect::<Vec<_>>().join(",")
    }

    /// The patterns, each once, with the first place among all that were given.
    fn patterns(&self) -> Vec<(u64, Regex)> {
        if !matches!(self.shows, Shows::Ids | Shows::CountByPattern { .. }) {
            return vec![];
        }
        let given = &self.mode.patterns;
        let is_first = |index: &usize| !given[..*index].contains(&given[*index]);
        let compiled = |index: usize| {
            let mut regex = RegexBuilder::new(&given[index]);
            regex.multi_line(true).line_terminator(self.mode.terminator.byte());
            (index as u64 + 1, regex.build().expect("a valid pattern"))
        };
        (0..given.len()).filter(is_first).map(compiled).collect()
    }

    fn content<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        self.mode.terminator.strip(line)
    }

    fn lines<'l>(&self, lines: &'l [u8]) -> impl Iterator<Item = &'l [u8]> {
        let terminator = self.mode.terminator.byte();
        lines.split_inclusive(move |&byte| byte == terminator)
    }
}

/// Whether a regex has a match on a line that starts at a place. What it finds from there on starts there, or it has
/// none.
fn starts_at(regex: &Regex, content: &[u8], place: usize) -> bool {
    regex.find_at(content, place).is_some_and(|m| m.start() == place)
}
