//! Collects the patterns: from -e and -f, or the first argument.

use std::{
    borrow::Cow,
    collections::HashSet,
    ffi::{OsStr, OsString},
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};

use crate::cli::flags::{Options, options::PatternSource};

/// The patterns, and what is left of the positional arguments.
pub(crate) struct Patterns {
    pub(crate) patterns: Vec<Vec<u8>>,
    /// Which of all that were given each is, counted from 1.
    pub(crate) numbers: Vec<u64>,
    pub(crate) paths: Vec<OsString>,
    /// Patterns were read from standard input, which therefore cannot be searched.
    pub(crate) took_stdin: bool,
    lists: Vec<List>,
}

/// A file of patterns, one a line.
struct List {
    path: PathBuf,
    /// How many patterns were given before.
    before: u64,
    lines: u64,
}

impl Patterns {
    fn one(pattern: Vec<u8>, paths: Vec<OsString>) -> Self {
        Patterns { patterns: vec![pattern], numbers: vec![1], paths, took_stdin: false, lists: vec![] }
    }

    /// An error about the pattern at this index, behind the file and the line that it was read from.
    pub(crate) fn named(&self, index: Option<usize>, message: String) -> anyhow::Error {
        match index.and_then(|index| self.place(*self.numbers.get(index)?)) {
            Some(place) => anyhow!("{place}: {message}"),
            None => anyhow!(message),
        }
    }

    /// The file and the line that a pattern of this number was read from.
    fn place(&self, number: u64) -> Option<String> {
        let of = |list: &&List| (list.before + 1..=list.before + list.lines).contains(&number);
        let list = self.lists.iter().find(of)?;
        Some(format!("{}:{}", list.path.display(), number - list.before))
    }

    /// # Errors
    ///
    /// When a regex is not UTF-8.
    fn check(&self) -> anyhow::Result<()> {
        for (pattern, &number) in self.patterns.iter().zip(&self.numbers) {
            if str::from_utf8(pattern).is_err() {
                let place = self.place(number).unwrap_or_else(|| "the command line".to_owned());
                bail!(
                    "{place}: the pattern \"{}\" is not valid UTF-8; -F searches for it as it is, and in a regex a \
                     byte is written as in (?-u:\\xFF)",
                    pattern.escape_ascii()
                );
            }
        }
        Ok(())
    }
}

/// Collects patterns in the order in which they were given, each once.
///
/// # Errors
///
/// When there are none, when a file of patterns cannot be read, and when a regex is not UTF-8.
pub(crate) fn collect(options: &Options) -> anyhow::Result<Patterns> {
    let collected = collect_all(options)?;
    if !options.patterns.fixed_strings {
        collected.check()?;
    }
    Ok(collected)
}

fn collect_all(options: &Options) -> anyhow::Result<Patterns> {
    let mut paths = options.positional.clone();
    if options.patterns.sources.is_empty() && options.selection.part.lines().is_some() && paths.len() <= 1 {
        // Every line of the range is wanted.
        return Ok(Patterns::one(vec![], paths));
    }
    if options.patterns.sources.is_empty() {
        if paths.is_empty() {
            bail!("a pattern is needed: mapgrep [OPTIONS] PATTERN [PATH...], see --help");
        }
        return Ok(Patterns::one(given(&paths.remove(0))?, paths));
    }
    let mut patterns = vec![];
    let mut lists = vec![];
    let mut took_stdin = false;
    for source in &options.patterns.sources {
        match source {
            PatternSource::Text(pattern) => patterns.push(given(pattern)?),
            PatternSource::File(path) => {
                let is_stdin = path == Path::new("-");
                if is_stdin && std::mem::replace(&mut took_stdin, true) {
                    bail!("patterns can be read from standard input only once (-f -)");
                }
                let (path, text) = read(path, is_stdin)?;
                let before = patterns.len() as u64;
                patterns.extend(lines(&text).map(<[u8]>::to_vec));
                lists.push(List { path, before, lines: patterns.len() as u64 - before });
            }
        }
    }
    if took_stdin && paths.iter().any(|path| path == "-") {
        bail!("standard input cannot both hold the patterns (-f -) and be searched (-)");
    }
    let (patterns, numbers) = each_once(patterns);
    Ok(Patterns { patterns, numbers, paths, took_stdin, lists })
}

/// The bytes of an argument. None on systems where these are known of UTF-8 alone, when it is none.
pub(crate) fn bytes(argument: &OsStr) -> Option<&[u8]> {
    #[cfg(unix)]
    return Some(std::os::unix::ffi::OsStrExt::as_bytes(argument));
    #[cfg(not(unix))]
    argument.to_str().map(str::as_bytes)
}

/// A pattern on the command line.
fn given(pattern: &OsStr) -> anyhow::Result<Vec<u8>> {
    match bytes(pattern) {
        Some(bytes) => Ok(bytes.to_vec()),
        None => bail!("the pattern {pattern:?} is not valid UTF-8"),
    }
}

/// What is in a file of patterns, and its name for messages.
fn read(path: &Path, is_stdin: bool) -> anyhow::Result<(PathBuf, Vec<u8>)> {
    let (name, text) = match is_stdin {
        true => {
            let mut text = vec![];
            (Cow::Borrowed("standard input"), io::stdin().read_to_end(&mut text).map(|_| text))
        }
        false => (path.to_string_lossy(), fs::read(path)),
    };
    let text = text.with_context(|| format!("cannot read patterns: {name}"))?;
    Ok((PathBuf::from(&*name), text))
}

/// The lines of a list, without what ends them: `\n`, or `\r\n`.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').map(|line| match line.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => line,
    })
}

/// Leaves out what was there before. Also tells which of all, counted from 1, those are that stay.
fn each_once(mut patterns: Vec<Vec<u8>>) -> (Vec<Vec<u8>>, Vec<u64>) {
    let mut seen = HashSet::with_capacity(patterns.len());
    let is_first: Vec<bool> = patterns.iter().map(|pattern| seen.insert(pattern.as_slice())).collect();
    drop(seen);
    let numbers = (1..).zip(&is_first).filter(|(_, is_first)| **is_first).map(|(number, _)| number).collect();
    let mut is_first = is_first.into_iter();
    patterns.retain(|_| is_first.next() == Some(true));
    (patterns, numbers)
}
