//! The files that are searched: generated, or made from one that the command line names.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Seek, Write},
    path::{Path, PathBuf},
};

use crate::{Result, options::Options};

/// What a task searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The file, or the generated log.
    Log,
    /// The first 100 KB of it.
    Small,
    /// The same text with NUL in place of line ends.
    Records,
    /// Such text with spaces in place of line ends.
    LongLine,
}

/// A file to search.
pub(crate) struct Corpus {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    /// What is in it, where that is known.
    pub(crate) counts: Option<Counts>,
}

impl Corpus {
    /// Makes the file in the directory, unless it is there.
    pub(crate) fn new(input: Input, options: &Options, dir: &Path) -> Result<Corpus> {
        let log =
            options.file.as_ref().map(|file| Ok::<_, io::Error>((file, fs::metadata(file)?.len()))).transpose()?;
        let log_size = log.map_or(options.size, |(_, size)| size);
        let (name, size, end) = match input {
            Input::Log => ("generated.log", log_size, b'\n'),
            Input::Small => ("small.log", 100_000.min(log_size), b'\n'),
            Input::Records => ("records.log", log_size, 0),
            Input::LongLine => ("long-line.log", options.long_line, b' '),
        };
        let path = dir.join(name);
        let (path, counts) = match log {
            Some((file, _)) if input == Input::Log => (file.clone(), None),
            Some((file, _)) => {
                derived_corpus(file, &path, size, end)?;
                (path, None)
            }
            None => {
                let counts = default_corpus(&path, size, end)?;
                (path, Some(counts))
            }
        };
        let size = fs::metadata(&path)?.len();
        Ok(Corpus { path, size, counts })
    }
}

/// What the generated log contains: how many lines, and how many of them each of
/// the default patterns selects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) lines: u64,
    pub(crate) rare: u64,
    pub(crate) medium: u64,
    pub(crate) dense: u64,
    pub(crate) regex: u64,
    /// Matches of [`NO_LITERAL`], at most one on a line.
    pub(crate) no_literal: u64,
    /// Runs of digits.
    pub(crate) numbers: u64,
}

/// A regular expression in which there is no literal to look for.
pub(crate) const NO_LITERAL: &str = "[a-z]{4}[0-9]{3}[A-Z]";

/// A regular expression with many matches on a line.
pub(crate) const NUMBER: &str = "[0-9]+";

/// What is on one line near the beginning and on the last one of the generated
/// log.
pub(crate) const EARLY: &str = "early-4711";
pub(crate) const LATE: &str = "late-4711";

/// Writes log lines of at least `size` bytes, the same on every machine, each
/// with `end` behind it, and says what is in them.
pub(crate) fn default_corpus(path: &Path, size: u64, end: u8) -> io::Result<Counts> {
    const RARE_EVERY: u64 = 100_000;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut counts = Counts::default();
    let mut written = 0;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        // An xorshift generator is enough for text that only has to look
        // irregular.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut line = String::new();
    while written < size {
        let i = counts.lines;
        let (r, id) = (random(), random());
        let error = r % 100 == 0;
        let slow = r % 1000 == 7;
        let took = if slow { 1000 + r / 8 % 9000 } else { r / 8 % 900 };
        let status = if error {
            500
        } else if r % 20 == 1 {
            404
        } else {
            200
        };
        line.clear();
        let _ = write!(
            line,
            "2024-03-{:02}T{:02}:{:02}:{:02}.{:03}Z {} web-{:02} request id={id:016x} \
             path=/api/v{}/items/{} status={status} took={took}ms",
            1 + i / 8_640_000 % 28,
            i / 360_000 % 24,
            i / 6000 % 60,
            i / 100 % 60,
            i % 100 * 10,
            if error { "ERROR" } else { "INFO " },
            r / 64 % 40,
            1 + r / 4096 % 3,
            r / 65536 % 1_000_000,
        );
        // What the patterns for one and for two lines look for is at the end of
        // lines, so that what is planted there hides some from the latter.
        if i % RARE_EVERY == 77 {
            line.push_str(" needle-4711");
            counts.rare += 1;
        }
        if i % RARE_EVERY == 177 {
            line.push_str(" trace=kept417Q");
            counts.no_literal += 1;
        }
        if i == 1000 {
            line.push(' ');
            line.push_str(EARLY);
        }
        if written + line.len() as u64 + 1 >= size {
            line.push(' ');
            line.push_str(LATE);
        }
        counts.lines += 1;
        counts.medium += u64::from(error);
        counts.dense += u64::from(status == 200);
        counts.regex += u64::from(took >= 1000);
        let digits = line.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        counts.numbers += digits.filter(|run| run[0].is_ascii_digit()).count() as u64;
        written += line.len() as u64 + 1;
        out.write_all(line.as_bytes())?;
        out.write_all(&[end])?;
    }
    // What is still to be written to the disk would be in the way of what is
    // measured.
    out.into_inner()?.sync_all()?;
    Ok(counts)
}

/// Writes `size` bytes of a file with line ends replaced, beginning anew at its
/// end.
pub(crate) fn derived_corpus(original: &Path, path: &Path, size: u64, end: u8) -> io::Result<()> {
    let mut text = BufReader::new(File::open(original)?);
    let mut out = File::create(path)?;
    let mut buffer = vec![0; 1 << 20];
    let mut left = size as usize;
    while left > 0 {
        let wanted = left.min(buffer.len());
        let read = text.read(&mut buffer[..wanted])?;
        if read == 0 {
            if left as u64 == size {
                return Err(io::Error::other(format!("{} is empty", original.display())));
            }
            text.rewind()?;
        }
        buffer[..read].iter_mut().filter(|b| **b == b'\n').for_each(|b| *b = end);
        out.write_all(&buffer[..read])?;
        left -= read;
    }
    out.sync_all()
}

/// Writes random hexadecimal words of 8 to 20 letters, one a line, the same on every machine, and one that is there:
/// tools do not agree on what to print when there is nothing.
pub(crate) fn words(path: &Path, count: usize, there: &str) -> io::Result<()> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut out = BufWriter::new(File::create(path)?);
    for _ in 1..count {
        let word = format!("{:016x}{:016x}", random(), random());
        writeln!(out, "{}", &word[..8 + random() as usize % 13])?;
    }
    writeln!(out, "{there}")?;
    out.flush()
}
