//! Times whole processes: mapgrep next to the other search tools on `PATH`.
//!
//! See `benches/README.md` for how to run it and how to read the result.

mod corpus;
#[path = "../measure/mod.rs"]
mod measure;
mod options;
mod report;
mod tasks;
mod tools;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use corpus::{Corpus, Input};
use measure::Times;
use options::{Options, USAGE};
use report::{all_threads, ceiling, header, measure, summarise};
use tasks::Task;
use tools::Tool;

/// A result that says in words what went wrong.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let Some(built) = option_env!("CARGO_BIN_EXE_mapgrep") else {
        println!("The command was not built, so there is nothing to measure.");
        return ExitCode::SUCCESS;
    };
    let mapgrep = env::var_os("MAPGREP_BIN").map_or_else(|| built.into(), PathBuf::from);
    let outcome = Options::parse(env::args().skip(1)).and_then(|options| match options {
        Some(mut options) => run(&mut options, &mapgrep),
        None => {
            print!("{USAGE}");
            Ok(true)
        }
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("mapgrep disagrees with the reference; see the tables");
            ExitCode::FAILURE
        }
        Err(err) => {
            eprintln!("{err}");
            ExitCode::from(2)
        }
    }
}

/// Runs all tasks; says whether mapgrep was right about all of them.
fn run(options: &mut Options, mapgrep: &Path) -> Result<bool> {
    if options.test {
        options.size = 200 << 10;
        // Some chunks, and so some parts of the line.
        options.long_line = 5 << 20;
        options.rounds = 1;
    }
    let scratch = tempfile::tempdir()?;
    let log = Corpus::new(Input::Log, options, scratch.path())?;
    let tools = Tool::all(mapgrep, &options.tools);
    print!("{}", header(&tools, &log.path, log.size, options.rounds));
    for threads in [1, all_threads()] {
        // The first round only warms the page cache.
        ceiling(&log.path, threads)?;
        let seconds = (0..options.rounds).map(|_| ceiling(&log.path, threads)).collect::<io::Result<Vec<_>>>()?;
        let times = Times::new(&seconds);
        println!(
            "* Memory ceiling, {threads} thread(s) that map the file and add up its words: \
             {:.1} ms, {:.2} GB/s",
            times.median * 1e3,
            log.size as f64 / times.median / 1e9,
        );
    }

    let mut right = true;
    let mut outcomes = Vec::new();
    let mut derived: Option<(Input, Corpus)> = None;
    for task in Task::all(options) {
        if !options.only.is_empty() && !options.only.iter().any(|only| task.name.contains(only)) {
            continue;
        }
        // A debug build of mapgrep takes long to read more.
        if options.test && task.words > 10_000 {
            continue;
        }
        let corpus = match &derived {
            _ if task.input == Input::Log => &log,
            Some((input, corpus)) if *input == task.input => corpus,
            other => {
                // Not more than one of these takes space in memory and on the
                // disk.
                if let Some((_, old)) = other {
                    fs::remove_file(&old.path)?;
                }
                let corpus = Corpus::new(task.input, options, scratch.path())?;
                &derived.insert((task.input, corpus)).1
            }
        };
        let (outcome, is_right) = measure(task, &tools, corpus, options, scratch.path())?;
        outcomes.push(outcome);
        right &= is_right;
    }
    summarise(&outcomes);
    Ok(right)
}
