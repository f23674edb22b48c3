//! Counts what a regex matches in a file, value by value, the most frequent first.
//!
//! ```console
//! $ cargo run --release --example count_values -- '"status":[0-9]+' datasets/sample.jsonl
//! ```

use std::{cmp::Reverse, collections::HashMap, error::Error, io::Write, ops::ControlFlow};

use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};

/// Runs the example with its arguments, a pattern and a file.
pub(crate) fn run(args: &[String], out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let [pattern, file] = args else { return Err("usage: count_values PATTERN FILE".into()) };
    let grep = GrepBuilder::new().compile(MatcherBuilder::new().by_line(true), &[pattern])?;
    let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
    grep.search_path(file, &Pool::default(), &mut |line| {
        for found in line.matches {
            *counts.entry(line.bytes[found.range()].to_vec()).or_default() += 1;
        }
        ControlFlow::Continue(())
    })?;
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    for (value, count) in counts {
        writeln!(out, "{count} {}", String::from_utf8_lossy(&value))?;
    }
    Ok(())
}

#[allow(dead_code)] // The tests call `run`.
fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    run(&args, &mut std::io::stdout().lock())
}
