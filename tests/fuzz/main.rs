//! The inputs that fuzzing has found, run again by `cargo test`: `fuzz/corpus`, small and minimised, and
//! `fuzz/crashes`, each of which once made its target fail.
//!
//! What is checked is in `fuzz/src`, as it is for libFuzzer. Some of it is different under `cfg(fuzzing)`, where the
//! blocks of an index have 256 bytes.

#![cfg(unix)]
#![allow(unsafe_code)] // Files are mapped.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use arbitrary::{Arbitrary, Unstructured};

/// The least number of inputs that a target has in its corpus.
const LEAST: usize = 5;
/// The most bytes that all of the corpus and the crashes may have.
const MOST_BYTES: u64 = 300 << 10;

/// Targets run one after the other: some count the work of the process.
static ONE: Mutex<()> = Mutex::new(());

/// Runs a target with all of its inputs.
fn replay<C: for<'a> Arbitrary<'a>>(target: &str, check: impl Fn(C)) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut count = 0;
    for folder in ["corpus", "crashes"] {
        for entry in fs::read_dir(fuzz.join(folder).join(target)).into_iter().flatten() {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            // As libFuzzer's macro makes a case of bytes.
            let Ok(case) = C::arbitrary_take_rest(Unstructured::new(&bytes)) else { continue };
            // Shown where the check fails.
            println!("{}", path.display());
            check(case);
            count += 1;
        }
    }
    assert!(count >= LEAST, "{target}: {count} inputs");
}

macro_rules! replay {
    ($($target:ident),* $(,)?) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target), targets::$target::check);
        })*

        #[test]
        fn every_target_is_replayed() {
            let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
            let name = |entry: fs::DirEntry| entry.path().file_stem().unwrap().to_str().unwrap().to_owned();
            let mut names: Vec<String> = fs::read_dir(fuzz).unwrap().map(|entry| name(entry.unwrap())).collect();
            names.sort();
            assert_eq!(names, [$(stringify!($target)),*]);
        }
    };
}

replay! {
    command_vs_definition,
    grep_vs_oracle,
    index_open,
    index_vs_scan,
    literal_vs_naive,
    mapping_faults,
    mapping_resize,
    mapping_seek,
    mapping_slice,
    pattern_set_open,
    pattern_set_vs_naive,
    regex_vs_meta,
    scan_vs_naive,
}

#[test]
fn the_corpus_is_small() {
    fn bytes(path: &Path) -> u64 {
        let entries = fs::read_dir(path).into_iter().flatten().map(Result::unwrap);
        entries
            .map(|entry| if entry.path().is_dir() { bytes(&entry.path()) } else { entry.metadata().unwrap().len() })
            .sum()
    }
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    assert!(bytes(&fuzz.join("corpus")) + bytes(&fuzz.join("crashes")) <= MOST_BYTES);
}
