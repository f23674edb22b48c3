//! Writes the data sets that the tests and the benchmarks search.
//!
//! `cargo run --release --example generate -- --help` tells how to use it, and
//! `datasets/README.md` what the data look like.

mod generator;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use generator::{Kind, generate};

/// The seed of every data set in the manifest.
const DEFAULT_SEED: u64 = 1;

/// What `--help` prints.
const HELP: &str = "\
Write a deterministic data set of an exact size.

Usage: generate KIND --size SIZE [--seed N] [-o FILE]
       generate --list

Arguments:
  KIND             jsonl, syslog, hdfs or dna (see --list)

Options:
  -s, --size SIZE  how many bytes to write; K, M, G and T stand for powers of
                   1024, so 4G is 4294967296
      --seed N     which data set of the kind to write [default: 1]
  -o, --output FILE
                   where to write [default: standard output]
  -l, --list       print the kinds and what they are
  -h, --help       print this text

The same kind, seed and size give the same bytes on every platform. A smaller
size is a prefix of a larger one, apart from the last line.

Exit status: 0 if all was written or the reader had enough, 1 if writing
failed, 2 if the arguments make no sense.
";

/// What the arguments ask for.
enum Command {
    Help,
    List,
    Generate(Job),
}

/// One data set to write.
struct Job {
    kind: Kind,
    seed: u64,
    size: u64,
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    let command = match parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(message) => {
            eprintln!("generate: {message}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    let result = match command {
        Command::Help => io::stdout().write_all(HELP.as_bytes()),
        Command::List => list(&mut io::stdout()),
        Command::Generate(job) => return run(&job),
    };
    report(result, "standard output")
}

/// Reads the arguments.
fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut kind = None;
    let mut size = None;
    let mut seed = None;
    let mut output = None;

    while let Some(arg) = args.next() {
        // An option and its value may also be one argument: `--size=4G`.
        let text =
            arg.to_str().ok_or_else(|| format!("argument {arg:?} is not valid UTF-8: give paths as '-o FILE'"))?;
        let (name, mut joined) = match text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(OsString::from(value))),
            _ => (text, None),
        };
        let mut value =
            || joined.take().or_else(|| args.next()).ok_or_else(|| format!("{name} needs a value after it"));
        match name {
            "-h" | "--help" if text == name => return Ok(Command::Help),
            "-l" | "--list" if text == name => return Ok(Command::List),
            "-s" | "--size" => once(&mut size, name, parse_size(&value()?)?)?,
            "--seed" => once(&mut seed, name, parse_seed(&value()?)?)?,
            "-o" | "--output" => once(&mut output, name, PathBuf::from(value()?))?,
            _ if name.starts_with('-') => return Err(format!("unknown option '{text}'")),
            _ => {
                let new = name.parse().map_err(|error| format!("{error}"))?;
                once(&mut kind, "the kind", new)?;
            }
        }
    }

    Ok(Command::Generate(Job {
        kind: kind.ok_or("no kind given: begin with one, as in 'hdfs --size 64M'")?,
        seed: seed.unwrap_or(DEFAULT_SEED),
        size: size.ok_or("no size given: add one, as in '--size 64M'")?,
        output,
    }))
}

/// Stores a value that may be given only once.
fn once<T>(slot: &mut Option<T>, name: &str, value: T) -> Result<(), String> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("{name} is given twice")),
    }
}

/// Reads a number of bytes such as `4G`.
fn parse_size(value: &OsString) -> Result<u64, String> {
    let text = value.to_string_lossy();
    let (number, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 30),
        Some(b'T' | b't') => (&text[..text.len() - 1], 40),
        _ => (&*text, 0),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift)).ok_or_else(|| {
        format!(
            "--size '{text}' is not a number of bytes below 2^64: \
                 write it like 500000, 64M or 4G"
        )
    })
}

/// Reads a seed.
fn parse_seed(value: &OsString) -> Result<u64, String> {
    let text = value.to_string_lossy();
    text.parse().map_err(|_| format!("--seed '{text}' is not a whole number from 0 to 2^64 - 1"))
}

/// Prints the kinds.
fn list(out: &mut dyn Write) -> io::Result<()> {
    for kind in Kind::ALL {
        let about = match kind {
            Kind::Jsonl => "service logs, one JSON object a line",
            Kind::Syslog => "system logs of a few hundred hosts",
            Kind::Hdfs => "log of a distributed file system, with block ids",
            Kind::Dna => "FASTA records in lines of 60 or 70 bases",
        };
        writeln!(out, "{:<8}{about}", kind.name())?;
    }
    out.flush()
}

/// Writes a data set.
fn run(job: &Job) -> ExitCode {
    let Some(path) = &job.output else {
        let result = generate(job.kind, job.seed, job.size, &mut io::stdout().lock());
        return report(result, "standard output");
    };
    match File::create(path) {
        Ok(mut file) => report(generate(job.kind, job.seed, job.size, &mut file), &path.display().to_string()),
        Err(error) => {
            eprintln!(
                "generate: cannot create {}: {error}\n\
                 Choose another file with -o, or none for standard output.",
                path.display()
            );
            ExitCode::from(2)
        }
    }
}

/// Turns the outcome of writing to `place` into the exit status.
fn report(result: io::Result<()>, place: &str) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The reader, `head` perhaps, wants no more: that is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!(
                "generate: cannot write to {place}: {error}\n\
                 What has been written is incomplete; make room and run again."
            );
            ExitCode::FAILURE
        }
    }
}
