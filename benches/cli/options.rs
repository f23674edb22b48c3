//! What the command line asks for.

use std::{fs, path::PathBuf};

use crate::Result;

/// The text printed for `--help` and after a mistake.
pub(crate) const USAGE: &str = "\
usage: cargo bench --bench cli -- [FILE] [OPTIONS]

  FILE               the file to search (default: a generated log)
  --size BYTES       size of the generated log, K, M and G allowed (default: 256M)
  --long-line BYTES  size of the file that is one line (default: 256M)
  --rounds N         timed runs of every tool (default: 7; ten times as many of
                     what takes milliseconds)
  --only TEXT        only the tasks whose name contains TEXT; can be given again
  --tools NAMES      the tools to compare with, with commas between them
                     (default: rg,grep,ugrep,krep)
  --rare PATTERN, --medium PATTERN, --dense PATTERN
                     literals to look for
  --early PATTERN, --late PATTERN
                     literals that are in the first and in the last megabyte
                     (default for a FILE: the dense one)
  --regex PATTERN    the regular expression to look for
  --two-lines PATTERN
                     a regular expression that matches across a line end

Programs are found on PATH; MAPGREP_BIN names another mapgrep.
";

/// What the command line asks for.
pub(crate) struct Options {
    pub(crate) file: Option<PathBuf>,
    pub(crate) size: u64,
    pub(crate) long_line: u64,
    pub(crate) rounds: usize,
    pub(crate) only: Vec<String>,
    pub(crate) tools: String,
    pub(crate) patterns: Patterns,
    pub(crate) test: bool,
}

/// What is looked for.
pub(crate) struct Patterns {
    pub(crate) rare: String,
    pub(crate) medium: String,
    pub(crate) dense: String,
    pub(crate) early: Option<String>,
    pub(crate) late: Option<String>,
    pub(crate) regex: String,
    pub(crate) two_lines: String,
}

impl Options {
    /// Reads the command line. Nothing is returned for `--help`.
    pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Option<Options>> {
        let mut options = Options {
            file: None,
            size: 256 << 20,
            long_line: 256 << 20,
            rounds: 7,
            only: vec![],
            tools: "rg,grep,ugrep,krep".to_owned(),
            patterns: Patterns {
                rare: "needle-4711".to_owned(),
                medium: "ERROR".to_owned(),
                dense: "status=200".to_owned(),
                early: None,
                late: None,
                regex: "took=[0-9]{4}ms".to_owned(),
                two_lines: r"took=[0-9]{4}ms\n2024".to_owned(),
            },
            test: false,
        };
        // `cargo bench` adds `--bench` at the end; `cargo test --benches` does
        // not.
        let mut bench = false;
        let args = args.filter(|arg| {
            bench |= arg == "--bench";
            arg != "--bench"
        });
        let args: Vec<_> = args.collect();
        options.test = !bench;
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
            match arg.as_str() {
                "--test" => options.test = true,
                "--help" | "-h" => return Ok(None),
                "--size" => options.size = bytes(&value()?)?,
                "--long-line" => options.long_line = bytes(&value()?)?,
                "--rounds" => options.rounds = value()?.parse::<usize>()?.max(1),
                "--only" => options.only.push(value()?),
                "--tools" => options.tools = value()?,
                "--rare" => options.patterns.rare = value()?,
                "--medium" => options.patterns.medium = value()?,
                "--dense" => options.patterns.dense = value()?,
                "--early" => options.patterns.early = Some(value()?),
                "--late" => options.patterns.late = Some(value()?),
                "--regex" => options.patterns.regex = value()?,
                "--two-lines" => options.patterns.two_lines = value()?,
                other if other.starts_with('-') => {
                    return Err(format!("unknown option {other}\n{USAGE}").into());
                }
                file => options.file = Some(fs::canonicalize(file)?),
            }
        }
        Ok(Some(options))
    }
}

/// Reads a number of bytes with an optional unit.
pub(crate) fn bytes(text: &str) -> Result<u64> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K') => (&text[..text.len() - 1], 10),
        Some(b'M') => (&text[..text.len() - 1], 20),
        Some(b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    Ok(digits.parse::<u64>()? << shift)
}
