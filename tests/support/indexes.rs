//! The commands, and texts to index.
//!
//! Shared by the tests of indexes as processes see them.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

pub(crate) const MIB: usize = 1 << 20;

/// Pseudo-random choices that a seed tells.
pub(crate) struct Random(Xoshiro256PlusPlus);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// Lines of a log; some of them are longer than blocks.
    pub(crate) fn log(&mut self, len: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(len + 1000);
        while text.len() < len {
            let number = self.next();
            text.extend(format!("{number:016x} request of 10.0.{}.{}\n", number % 251, number % 241).bytes());
            if number.is_multiple_of(4000) {
                text.extend("a long line ".repeat(self.below(15_000)).bytes());
                text.extend(format!("and {number:x} at its end\n").bytes());
            }
        }
        text
    }

    /// Some bytes that stand on a line.
    pub(crate) fn literal(&mut self, text: &[u8]) -> String {
        let start = self.below(text.len());
        let line = text[start..].split(|&byte| byte == b'\n').next().unwrap_or_default();
        String::from_utf8(line[..line.len().min(16)].to_vec()).expect("logs are ASCII")
    }
}

pub(crate) fn mapgrep() -> Command {
    command(env!("CARGO_BIN_EXE_mapgrep"))
}

pub(crate) fn mapgrep_index() -> Command {
    command(env!("CARGO_BIN_EXE_mapgrep-index"))
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{command:?}: {}: {}", output.status, stderr(&output));
    output
}

/// Searches with and without the index, and compares. What the first says on standard error is returned.
#[track_caller]
pub(crate) fn search_both(path: &Path, pattern: &str) -> String {
    let search = |how: &str| {
        let flags = ["-n", "-b", "-e", pattern, how];
        mapgrep().args(flags).arg(path).output().unwrap()
    };
    let (with, without) = (search("--index=auto"), search("--index=never"));
    assert_eq!(stderr(&without), "");
    assert_eq!(with.status, without.status, "{pattern}: {}", stderr(&with));
    assert!(with.stdout == without.stdout, "{pattern}: other lines with an index");
    stderr(&with)
}

pub(crate) fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// The names in a directory, sorted.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
