//! Collects the patterns: from -e and -f, or the first argument.

use std::{collections::HashSet, ffi::OsString, path::Path};

use anyhow::{Context, bail};

use super::args::{Args, PatternSource};

/// The patterns, and what is left of the positional arguments.
pub(super) struct Patterns {
    pub(super) patterns: Vec<String>,
    /// Which of all that were given each is, counted from 1.
    pub(super) numbers: Vec<u64>,
    pub(super) paths: Vec<OsString>,
    /// Patterns were read from standard input, which therefore cannot be searched.
    pub(super) took_stdin: bool,
}

/// Collects patterns in the order in which they were given, each once.
///
/// # Errors
///
/// When there are none, when a file of patterns cannot be read, and when a pattern is not UTF-8.
pub(super) fn collect(args: &Args) -> anyhow::Result<Patterns> {
    let mut paths = args.positional.clone();
    if args.pattern_sources.is_empty() && args.lines.is_some() && paths.len() <= 1 {
        // Every line of the range is wanted.
        return Ok(Patterns { patterns: vec![String::new()], numbers: vec![1], paths, took_stdin: false });
    }
    if args.pattern_sources.is_empty() {
        if paths.is_empty() {
            bail!("a pattern is needed: mapgrep [OPTIONS] PATTERN [PATH...], see --help");
        }
        let Ok(pattern) = paths.remove(0).into_string() else {
            bail!("the pattern is not valid UTF-8; bytes can be written as in (?-u:\\xFF)");
        };
        return Ok(Patterns { patterns: vec![pattern], numbers: vec![1], paths, took_stdin: false });
    }
    let mut patterns = vec![];
    let mut took_stdin = false;
    let mut add = |pattern: String| patterns.push(pattern);
    for source in &args.pattern_sources {
        match source {
            PatternSource::Text(pattern) => add(pattern.clone()),
            PatternSource::File(path) if path == Path::new("-") => {
                if std::mem::replace(&mut took_stdin, true) {
                    bail!("patterns can be read from standard input only once (-f -)");
                }
                grep_cli::patterns_from_stdin().context("cannot read patterns")?.into_iter().for_each(&mut add);
            }
            PatternSource::File(path) => {
                grep_cli::patterns_from_path(path).context("cannot read patterns")?.into_iter().for_each(&mut add);
            }
        }
    }
    if took_stdin && paths.iter().any(|path| path == "-") {
        bail!("standard input cannot both hold the patterns (-f -) and be searched (-)");
    }
    let (patterns, numbers) = each_once(patterns);
    Ok(Patterns { patterns, numbers, paths, took_stdin })
}

/// Leaves out what was there before. Also tells which of all, counted from 1, those are that stay.
fn each_once(mut patterns: Vec<String>) -> (Vec<String>, Vec<u64>) {
    let mut seen = HashSet::with_capacity(patterns.len());
    let is_first: Vec<bool> = patterns.iter().map(|pattern| seen.insert(pattern.as_str())).collect();
    drop(seen);
    let numbers = (1..).zip(&is_first).filter(|(_, is_first)| **is_first).map(|(number, _)| number).collect();
    let mut is_first = is_first.into_iter();
    patterns.retain(|_| is_first.next() == Some(true));
    (patterns, numbers)
}
