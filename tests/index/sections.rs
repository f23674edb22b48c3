//! Sections of an index that this program does not know: what a later program added is passed over or refused.

use std::{fs, path::Path};

use mapgrep::{
    index::{Index, IndexBuilder, IndexFault, Outcome, seal},
    scan::Pool,
};

use crate::support::indexes::{MIB, Random, append, mapgrep, mapgrep_index, search_both, stderr};

/// A section with 100 bytes at the start of the first segment, if it says no other length.
fn section(name: &str, is_required: bool, len: u64) -> Vec<u8> {
    let mut bytes = vec![0; 48];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes[16] = u8::from(is_required);
    bytes[20..24].copy_from_slice(&u32::MAX.to_le_bytes());
    bytes[24..32].copy_from_slice(&8192u64.to_le_bytes());
    bytes[32..40].copy_from_slice(&len.to_le_bytes());
    bytes
}

/// Adds sections to an index that was just built, by the description in `src/index/format/mod.rs`.
fn add(index: &Path, sections: &[Vec<u8>]) {
    let mut bytes = fs::read(index).unwrap();
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let (manifest, len) = (number(24) as usize, number(32) as usize);
    assert_eq!(manifest + len, bytes.len(), "the manifest is at the end");
    bytes.extend(sections.concat());
    let (len, end) = (bytes.len() - manifest, bytes.len());
    bytes[32..40].copy_from_slice(&(len as u64).to_le_bytes());
    bytes[48..56].copy_from_slice(&(end as u64).to_le_bytes());
    seal(&mut bytes);
    fs::write(index, bytes).unwrap();
}

struct Indexed {
    _directory: tempfile::TempDir,
    path: std::path::PathBuf,
    random: Random,
    literal: String,
}

impl Indexed {
    fn new(sections: &[Vec<u8>]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("text");
        let mut random = Random::new(5);
        let text = random.log(MIB);
        append(&path, &text);
        IndexBuilder::new().small(true).build(&path, &Pool::inline()).unwrap();
        add(&path.with_extension("mgx"), sections);
        let literal = random.literal(&text);
        Indexed { _directory: directory, path, random, literal }
    }

    fn manifest_len(&self) -> u64 {
        let bytes = fs::read(self.path.with_extension("mgx")).unwrap();
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        // The header with the greater sequence number counts.
        number(if number(16) > number(4096 + 16) { 32 } else { 4096 + 32 })
    }

    /// Appends to the text, updates the index, and opens it.
    fn grow(&mut self) {
        let more = self.random.log(300_000);
        append(&self.path, &more);
        let updated = IndexBuilder::new().update(&self.path, &Pool::inline()).unwrap();
        assert!(matches!(updated, Outcome::Written(_)), "{updated:?}");
        Index::open(&self.path, None).unwrap().unwrap();
    }
}

#[test]
fn an_unknown_section_is_passed_over_and_dropped_by_an_update() {
    let mut indexed = Indexed::new(&[section("times", false, 100), section("checkpoints", false, 0)]);
    assert_eq!(indexed.manifest_len(), 72 + 40 + 2 * 48);
    assert_eq!(search_both(&indexed.path, &indexed.literal), "");
    let index = Index::open(&indexed.path, None).unwrap().unwrap();
    assert!(index.covered() > 0);
    indexed.grow();
    assert_eq!((indexed.manifest_len() - 72) % 40, 0);
    assert_eq!(search_both(&indexed.path, &indexed.literal), "");
}

#[test]
fn an_unknown_section_that_is_required_refuses_the_index() {
    let indexed = Indexed::new(&[section("times", false, 100), section("checkpoints", true, 100)]);
    let error = Index::open(&indexed.path, None).unwrap_err();
    let fault = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<IndexFault>());
    assert_eq!(fault, Some(&IndexFault::UnknownSection { name: "checkpoints".to_owned() }));
    // The file is searched without it.
    let said = search_both(&indexed.path, &indexed.literal);
    assert!(said.contains("a section `checkpoints`, which this program does not know: build it anew with"), "{said}");
    let required = mapgrep().args(["--index=require", "x"]).arg(&indexed.path).output().unwrap();
    assert_eq!(required.status.code(), Some(2), "{}", stderr(&required));
    let built = mapgrep_index().args(["build", "-q"]).arg(&indexed.path).output().unwrap();
    assert!(built.status.success(), "{}", stderr(&built));
    assert_eq!(search_both(&indexed.path, &indexed.literal), "");
}

#[test]
fn sections_that_overlap_do_not_count_more_than_the_file() {
    let len = fs::metadata(Indexed::new(&[]).path.with_extension("mgx")).unwrap().len();
    let mut indexed = Indexed::new(&vec![section("all", false, (len - 8192) / 2); 16]);
    indexed.grow();
}

#[test]
fn a_section_that_cannot_be_is_damage() {
    for sections in [vec![section("far", false, u64::MAX)], vec![section("", false, 0)], vec![vec![1; 47]]] {
        let indexed = Indexed::new(&sections);
        let error = Index::open(&indexed.path, None).unwrap_err();
        assert!(error.to_string().contains("damaged"), "{error}");
    }
}
