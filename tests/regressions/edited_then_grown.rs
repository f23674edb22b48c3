//! A file that was edited in its middle and had grown since was taken for one that had only grown: the same 17 blocks
//! were compared each time. An update made that permanent.

use std::{fs::OpenOptions, io::Write, os::unix::fs::FileExt, path::Path};

use mapgrep::{
    index::{Freshness, Index, Stale},
    mapping::{Access, MapOptions},
};

use crate::support::commands::{files, mapgrep, mapgrep_index, said};

/// 400 blocks.
fn log() -> Vec<u8> {
    (0..1_008_246).flat_map(|i| format!("line {i:07} of the log {}\n", i % 10).into_bytes()).collect()
}

fn edit(path: &Path, block: u64, text: &[u8]) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(text, block * 65536 + 30_000).unwrap();
}

fn grow(path: &Path) {
    let more: Vec<u8> = (0..6000).flat_map(|i| format!("line {i:07} of what came later\n").into_bytes()).collect();
    OpenOptions::new().append(true).open(path).unwrap().write_all(&more).unwrap();
}

#[test]
fn it_is_noticed_sooner_or_later_wherever_it_is() {
    let dir = files(&[("text", &log())]);
    let path = dir.path().join("text");
    assert_eq!(said(&mut mapgrep_index(dir.path(), &["build", "-q", "text"])).0, 0);
    // Between those that were compared.
    edit(&path, 213, b"NEEDLE");
    grow(&path);
    let file = std::fs::File::open(&path).unwrap();
    let metadata = file.metadata().unwrap();
    #[allow(unsafe_code)]
    // SAFETY: nobody changes the file from here on.
    let text = unsafe { MapOptions::new().access(Access::Read).map_file(&file).unwrap() };
    let index = Index::open(&path, None).unwrap().unwrap();
    // One look finds it with a probability of 0.16, 300 do not with one of 1e-22.
    let found = (0..300).any(|_| index.freshness(&metadata, &text).unwrap() == Freshness::Stale(Stale::Changed));
    assert!(found);
}

#[test]
fn an_update_that_is_asked_to_compares_all() {
    let dir = files(&[("text", &log())]);
    let path = dir.path().join("text");
    let index = |args: &[&str]| said(&mut mapgrep_index(dir.path(), &[args, &["text"]].concat()));
    assert_eq!(index(&["build", "-q"]).0, 0);
    grow(&path);
    assert_eq!(index(&["update", "-q", "--verify"]), (0, String::new(), String::new()));
    edit(&path, 213, b"NEEDLE");
    grow(&path);
    let (status, out, errors) = index(&["update", "--verify"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(errors.starts_with("mapgrep-index: text: the index cannot be updated: the file was changed"), "{errors}");
    assert_eq!(index(&["build", "-q"]).0, 0);
    assert_eq!(
        said(&mut mapgrep(dir.path(), &["--index=require", "-c", "NEEDLE", "text"])),
        (0, "1\n".into(), String::new())
    );
    assert_eq!(index(&["update", "-q", "--verify"]), (0, String::new(), String::new()));
}

/// Where the attributes of a file leave open whether it has changed, an update finds out.
#[test]
fn an_update_compares_all_where_only_times_have_changed() {
    let dir = files(&[("text", &log())]);
    let path = dir.path().join("text");
    let index = |args: &[&str]| said(&mut mapgrep_index(dir.path(), &[args, &["text"]].concat()));
    assert_eq!(index(&["build", "-q"]).0, 0);
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    OpenOptions::new().write(true).open(&path).unwrap().set_modified(later).unwrap();
    let search = || said(&mut mapgrep(dir.path(), &["--index=require", "-c", "0033333", "text"]));
    assert_eq!(search().0, 2);
    let (status, out, errors) = index(&["update"]);
    assert!(status == 0 && out.starts_with("text: up to date"), "{out}{errors}");
    assert_eq!(search(), (0, "1\n".into(), String::new()));
    edit(&path, 213, b"NEEDLE");
    let (status, _, errors) = index(&["update"]);
    assert!(status == 2 && errors.contains("cannot be updated: the file was changed"), "{errors}");
}
