//! Compiles a list of words to a file once, and counts each of them in a text by opening that file.
//!
//! ```console
//! $ printf '%s\n' WARN ERROR Exception > words
//! $ cargo run --release --example pattern_set_file -- words words.set datasets/sample.log
//! ```

use std::{error::Error, fs, io::Write, path::Path};

use mapgrep::{PatternId, mapping::Mapping, matcher::set::PatternSet};

/// Runs the example with its arguments: a list of words, the file for the compiled set, and a text.
pub(crate) fn run(args: &[String], out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let [words, compiled, text] = args else { return Err("usage: pattern_set_file WORDS SET TEXT".into()) };
    if !Path::new(compiled).exists() {
        let set = PatternSet::builder().build_lines(&fs::read(words)?)?;
        fs::write(compiled, set.as_bytes())?;
    }
    // Opening verifies a checksum, and builds nothing. A set is stored for machines of the same byte order.
    let set = PatternSet::from_bytes(fs::read(compiled)?)?;
    for (id, count) in set.count_each(&Mapping::open(text)?)?.into_iter().enumerate() {
        writeln!(out, "{count} {}", String::from_utf8_lossy(set.pattern(PatternId::new(id))))?;
    }
    Ok(())
}

#[allow(dead_code)] // The tests call `run`.
fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    run(&args, &mut std::io::stdout().lock())
}
