//! Prints the lines of a file that match, with their numbers. An index that the file has is used.
//!
//! ```console
//! $ cargo run --release --example grep_lines -- 'WARN|ERROR' datasets/sample.log
//! ```

use std::{error::Error, io::Write, ops::ControlFlow};

use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};

/// Runs the example with its arguments, a pattern and a file.
pub(crate) fn run(args: &[String], out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let [pattern, file] = args else { return Err("usage: grep_lines PATTERN FILE".into()) };
    let grep = GrepBuilder::new().line_numbers(true).compile(MatcherBuilder::new().by_line(true), &[pattern])?;
    let mut written = Ok(());
    grep.search_path(file, &Pool::default(), &mut |line| {
        let number = line.number.expect("numbers were asked for");
        written = write!(out, "{number}:").and_then(|()| out.write_all(line.bytes));
        // The search ends where nobody reads what it finds.
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(written?)
}

#[allow(dead_code)] // The tests call `run`.
fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    run(&args, &mut std::io::stdout().lock())
}
