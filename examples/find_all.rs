//! Prints where each match of a regex is in a file, found by all cores and in file order.
//!
//! ```console
//! $ cargo run --release --example find_all -- 'blk_-?[0-9]+' datasets/sample.log
//! ```

use std::{error::Error, io::Write, sync::Arc};

use mapgrep::{mapping::Mapping, matcher::MatcherBuilder, scan::Scanner};

/// Runs the example with its arguments, a pattern and a file.
pub(crate) fn run(args: &[String], out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let [pattern, file] = args else { return Err("usage: find_all PATTERN FILE".into()) };
    let mapping = Arc::new(Mapping::open(file)?);
    let scanner = Scanner::new(MatcherBuilder::new().build([pattern])?);
    for found in scanner.par_find_iter(mapping) {
        let found = found?;
        writeln!(out, "{}..{}", found.start, found.end)?;
    }
    Ok(())
}

#[allow(dead_code)] // The tests call `run`.
fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    run(&args, &mut std::io::stdout().lock())
}
