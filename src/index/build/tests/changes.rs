//! Texts that change while they are indexed: an error that says so, and what was there before is there still.

use std::{fs::OpenOptions, os::unix::fs::FileExt};

use super::*;

fn log(lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|i| format!("{i} request {:x} took {} us\n", i * 7919, i % 977).into_bytes()).collect()
}

/// Changes a text between the first look at it and the end of the work on its index.
#[track_caller]
fn change(is_update: bool, change: impl FnOnce(&Path), message: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("text");
    let index_path = directory.path().join("text.mgx");
    let (mut builder, pool) = (IndexBuilder::new(), Pool::inline());
    builder.small(true).least_size(0);
    let text = log(12_000);
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    builder.build(&path, &pool).unwrap();
    let before = std::fs::read(&index_path).unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, &text[text.len() / 2..]).unwrap();

    let opened = Text::open(&path).unwrap();
    let mapping = opened.map().unwrap().unwrap();
    let index = Index::reopen(&index_path).unwrap();
    let work = builder.indexing(&opened, &mapping, Scheme::Small, &pool);
    let done = match is_update {
        true => {
            change(&path);
            work.update(index, |_| Disk::open(&index_path), || Disk::create(&index_path, &opened.file))
        }
        false => {
            let new = builder.claims().create(&opened).unwrap();
            change(&path);
            work.build(new.storage, &index_path)
        }
    };
    let error = done.unwrap_err().to_string();
    assert!(error.contains(message) && error.contains("text"), "{error}");
    assert_eq!(std::fs::read(&index_path).unwrap()[..before.len()], before);
    let mut names: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name != "text" && name != "text.mgx" && name != "other");
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn a_text_that_is_cut_while_it_is_indexed() {
    for is_update in [false, true] {
        // Before what is read, and behind.
        for len in [0, 100_000] {
            let cut = |path: &Path| OpenOptions::new().write(true).open(path).unwrap().set_len(len).unwrap();
            change(is_update, cut, "truncated");
        }
        let cut = |path: &Path| {
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() - 1).unwrap();
        };
        change(is_update, cut, "truncated");
    }
}

#[test]
fn a_text_that_is_replaced_while_it_is_indexed() {
    for is_update in [false, true] {
        let replace = |path: &Path| {
            let other = path.with_file_name("other");
            std::fs::copy(path, &other).unwrap();
            std::fs::rename(&other, path).unwrap();
        };
        change(is_update, replace, "replaced while it was indexed");
        change(is_update, |path| std::fs::rename(path, path.with_file_name("other")).unwrap(), "went away");
    }
}

#[test]
fn a_text_that_is_written_to_while_it_is_indexed() {
    for is_update in [false, true] {
        let write = |path: &Path| {
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.write_all_at(b"?", 70_000).unwrap();
            // The clock of the file system may not have gone on.
            file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(5)).unwrap();
        };
        change(is_update, write, "changed while it was indexed");
    }
}

/// The index could be relied on again, whatever had not been compared.
#[test]
fn a_verification_that_is_cancelled_proves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("text");
    std::fs::write(&path, log(12_000)).unwrap();
    let mut builder = IndexBuilder::new();
    builder.small(true).least_size(0);
    builder.build(&path, &Pool::inline()).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"?", 70_000).unwrap();
    file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(5)).unwrap();
    assert!(builder.is_stale(&path).unwrap());
    let cancel = Cancel::new();
    cancel.cancel();
    builder.cancel(cancel);
    builder.verify(&path, &Pool::inline()).unwrap();
    assert!(builder.is_stale(&path).unwrap());
}

/// Whoever watches a log would write to its index for each line.
#[cfg(feature = "cli")]
#[test]
fn an_update_is_patient_while_a_text_is_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("text");
    std::fs::write(&path, log(12_000)).unwrap();
    let (mut builder, pool) = (IndexBuilder::new(), Pool::inline());
    builder.small(true).least_size(0).patient(true).build(&path, &pool).unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, b"one line more\n").unwrap();
    let hour = std::time::Duration::from_secs(3600);
    for (modified, is_kept) in
        [(std::time::SystemTime::now() + hour, true), (std::time::SystemTime::now() - hour, false)]
    {
        file.set_modified(modified).unwrap();
        let before = std::fs::read(path.with_extension("mgx")).unwrap();
        assert!(matches!(builder.update(&path, &pool).unwrap(), Outcome::UpToDate(_)));
        assert_eq!(std::fs::read(path.with_extension("mgx")).unwrap() == before, is_kept);
    }
}
