//! What the command prints, for many flags, patterns and texts, and what that is by definition.

use std::{fs, path::PathBuf, sync::OnceLock};

use arbitrary::Arbitrary;
use mapgrep::matcher::LineTerminator;
use tempfile::TempDir;

use super::oracle::command::{CommandLine, Shows};
use super::oracle::modes::{Mode, ended};
use super::oracle::regexes::{REGEXES, REGEXES_BY_LINE};

#[derive(Arbitrary, Debug)]
pub struct Case {
    /// Few different ones, so that some come twice.
    patterns: Vec<u8>,
    shows: u8,
    terminator: u8,
    flags: u8,
    before: u8,
    after: u8,
    max_count: Option<u8>,
    range: Option<(u16, u16)>,
    chunk: u8,
    threads: u8,
    /// Pieces of text.
    text: Vec<u8>,
}

/// Others that match what others match, in the same words or not.
const EQUAL: [&str; 6] = ["", "", "a", "[a]", "(?:a)", "b|a"];

impl Case {
    fn text(&self, terminator: LineTerminator) -> Vec<u8> {
        const PIECES: [&[u8]; 15] = [
            b"a",
            b"a",
            b"b",
            b"ab",
            b"foo",
            b"x",
            b" ",
            b"\n",
            b"\n",
            b"\n",
            b"\r",
            b"\xC3\xA9",
            b"\xC3",
            b"\xA9",
            b"ababab",
        ];
        let pieces: Vec<u8> = self.text.iter().flat_map(|&byte| PIECES[usize::from(byte) % 15]).copied().collect();
        ended(&pieces, terminator)
    }

    /// None where the case is none of the command.
    fn command_line(&self) -> Option<CommandLine> {
        let flag = |bit: u8| self.flags & bit != 0;
        let shows = match self.shows % 7 {
            0 | 1 => Shows::Lines,
            2 => Shows::Ids,
            3 => Shows::Count,
            4 => Shows::CountMatches,
            5 => Shows::CountByPattern { numbers: false, zero: false },
            _ => Shows::CountByPattern { numbers: true, zero: true },
        };
        let terminator = match self.terminator % 4 {
            0 => LineTerminator::Lf,
            1 => LineTerminator::Crlf,
            _ => LineTerminator::Nul,
        };
        let tells_apart = matches!(shows, Shows::Ids | Shows::CountByPattern { .. });
        let (invert, multiline) = (flag(1) && !tells_apart, flag(2) && !tells_apart);
        let list = if multiline { REGEXES } else { REGEXES_BY_LINE };
        let pattern = |&index: &u8| match usize::from(index) {
            index @ ..128 => list[index % list.len()].to_owned(),
            index => EQUAL[index % EQUAL.len()].to_owned(),
        };
        let patterns: Vec<String> = self.patterns.iter().take(6).map(pattern).collect();
        if patterns.is_empty() || patterns.iter().any(|pattern| pattern.contains("(?R")) || self.text.len() > 4000 {
            return None;
        }
        let passthru = flag(4);
        let context = |lines: u8| if passthru { 0 } else { usize::from(lines % 4) };
        let mode = Mode {
            patterns,
            multiline,
            terminator,
            invert,
            before: context(self.before),
            after: context(self.after),
            passthru,
            max_count: self.max_count.map(|max| 1 + u64::from(max % 8)),
            only_matches: flag(8) && !invert,
            range: self
                .range
                .filter(|_| !multiline)
                .map(|(start, len)| u64::from(start % 512)..u64::from(start % 512) + u64::from(len % 1024)),
            ..Mode::of("")
        };
        let chunk = 1 + usize::from(self.chunk);
        let threads = 1 + usize::from(self.threads % 3);
        mode.is_defined().then_some(CommandLine { mode, shows, maps: flag(16), chunk, threads })
    }
}

/// One file for all cases of this process.
fn file() -> PathBuf {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    DIR.get_or_init(|| TempDir::new().expect("a temporary directory")).path().join("f")
}

/// Checks one case.
pub fn check(case: Case) {
    let Some(line) = case.command_line() else { return };
    let text = case.text(line.mode.terminator);
    let file = file();
    fs::write(&file, &text).expect("a temporary file");
    assert_eq!(
        line.run(&file),
        line.expected(&text),
        "{:?} in {:?}",
        line.args(&file),
        text.escape_ascii().to_string()
    );
}
