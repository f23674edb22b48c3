//! Builds the index of a file, and prints which parts of the file can have a line with a literal.
//!
//! ```console
//! $ cargo run --release --example generate -- hdfs --size 64M -o app.log
//! $ cargo run --release --example index_query -- blk_-6337322206348117210 app.log
//! ```

use std::{error::Error, fs, io::Write, path::Path};

use mapgrep::{
    index::{Index, IndexBuilder, Query},
    mapping::Mapping,
    scan::Pool,
};

/// Runs the example with its arguments, a literal and a file.
pub(crate) fn run(args: &[String], out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let [literal, file] = args else { return Err("usage: index_query LITERAL FILE".into()) };
    let path = Path::new(file);
    IndexBuilder::new().update(path, &Pool::default())?;
    let Some(index) = Index::open(path, None)? else { return Err("files of less than 1 MiB have no index".into()) };
    let text = Mapping::open(path)?;
    let candidates = index.check(&fs::metadata(path)?, &text)?.candidates(&Query::literal(literal), 0)?;
    for part in candidates.parts() {
        writeln!(out, "{}..{}", part.range.start, part.range.end)?;
    }
    Ok(())
}

#[allow(dead_code)] // The tests call `run`.
fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    run(&args, &mut std::io::stdout().lock())
}
