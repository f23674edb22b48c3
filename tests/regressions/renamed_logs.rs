//! When a log was renamed, as logs are that are rotated, its index was lost: it stayed where it was, and was that of no
//! file.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::commands::{Said, files, mapgrep, mapgrep_index, said};

fn log(name: &str, lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|i| format!("line {i:07} of the log {name}\n").into_bytes()).collect()
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

fn index(dir: &Path, args: &[&str]) -> Said {
    said(&mut mapgrep_index(dir, args))
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// That the index is used, and is the one that was made of these lines.
#[track_caller]
fn has_index(dir: &Path, name: &str, of: &str) {
    let pattern = format!("0033333 of the log {of}");
    let found = said(&mut mapgrep(dir, &["--index=require", "-c", &pattern, name]));
    assert_eq!(found, (0, "1\n".into(), String::new()), "{name}");
}

/// A sign that an index was not made anew: it is of the other kind than those that are made by default.
#[track_caller]
fn is_kept(dir: &Path, name: &str) {
    let (status, out, errors) = index(dir, &["stat", name]);
    assert!(status == 0 && out.contains("grams     small"), "{name}: {out}{errors}");
}

fn rotate(dir: &Path) {
    for (from, to) in [("log.2", "log.3"), ("log.1", "log.2"), ("log", "log.1")] {
        if dir.join(from).exists() {
            fs::rename(dir.join(from), dir.join(to)).unwrap();
        }
    }
}

#[test]
fn an_update_takes_an_index_along() {
    let dir = files(&[("log", &log("a", 60_000))]);
    let dir = dir.path();
    assert_eq!(index(dir, &["build", "-q", "--small", "log"]).0, 0);
    for name in ["log.1", "elsewhere"] {
        fs::rename(dir.join(if name == "log.1" { "log" } else { "log.1" }), dir.join(name)).unwrap();
        let (status, out, errors) = index(dir, &["update", name]);
        assert!(status == 0 && out.starts_with(&format!("{name}: up to date")) && errors.is_empty(), "{out}{errors}");
        assert_eq!(names(dir), [name.to_owned(), format!("{name}.mgx")]);
        has_index(dir, name, "a");
        is_kept(dir, name);
    }
    // What came before it was renamed, and after that.
    append(&dir.join("elsewhere"), &log("b", 10_000));
    fs::rename(dir.join("elsewhere"), dir.join("log")).unwrap();
    append(&dir.join("log"), &log("c", 40_000));
    assert_eq!(index(dir, &["update", "-q", "log"]), (0, String::new(), String::new()));
    has_index(dir, "log", "c");
    is_kept(dir, "log");
}

#[test]
fn all_indexes_go_along_when_logs_are_rotated() {
    for command in ["build", "update"] {
        let dir = files(&[("log", &log("c", 60_000)), ("log.1", &log("b", 60_000)), ("log.2", &log("a", 60_000))]);
        let dir = dir.path();
        assert_eq!(index(dir, &["build", "-q", "--small", "log", "log.1", "log.2"]).0, 0);
        // What is not indexed yet of a log is indexed under its new name.
        append(&dir.join("log"), &log("d", 40_000));
        rotate(dir);
        fs::write(dir.join("log"), log("e", 60_000)).unwrap();
        assert_eq!(index(dir, &[command, "-q", "log"]), (0, String::new(), String::new()));
        let all = ["log", "log.1", "log.1.mgx", "log.2", "log.2.mgx", "log.3", "log.3.mgx", "log.mgx"];
        assert_eq!(names(dir), all);
        for (name, of) in [("log", "e"), ("log.1", "d"), ("log.1", "c"), ("log.2", "b"), ("log.3", "a")] {
            has_index(dir, name, of);
        }
        for name in ["log.1", "log.2", "log.3"] {
            is_kept(dir, name);
            assert_eq!(index(dir, &["verify", "-q", name]), (0, String::new(), String::new()));
        }
        assert!(index(dir, &["stat", "log.1"]).1.contains("state     up to date"));
    }
}

/// A new log is short, and is not indexed yet.
#[test]
fn an_index_goes_along_before_the_new_log_is_worth_one() {
    let dir = files(&[("log", &log("a", 60_000))]);
    let dir = dir.path();
    assert_eq!(index(dir, &["build", "-q", "log"]).0, 0);
    rotate(dir);
    fs::write(dir.join("log"), "begun\n").unwrap();
    assert_eq!(index(dir, &["update", "-q", "log"]), (0, String::new(), String::new()));
    assert_eq!(names(dir), ["log", "log.1", "log.1.mgx"]);
    has_index(dir, "log.1", "a");
}

#[test]
fn an_index_goes_along_within_a_directory_of_indexes() {
    let dir = files(&[("log", &log("a", 60_000))]);
    let dir = dir.path();
    let run = |command: &str, name: &str| index(dir, &[command, "-q", "--index-dir=indexes", name]);
    assert_eq!(index(dir, &["build", "-q", "--small", "--index-dir=indexes", "log"]).0, 0);
    rotate(dir);
    fs::write(dir.join("log"), log("b", 60_000)).unwrap();
    assert_eq!(run("update", "log"), (0, String::new(), String::new()));
    let (_, out, _) = index(dir, &["stat", "--index-dir=indexes", "log.1"]);
    assert!(out.contains("grams     small") && out.contains("state     up to date"), "{out}");
    assert_eq!(names(&dir.join("indexes")).len(), 2);
}

/// An index that is not of a file is not made its own, whatever its name; nor is that of another name of the same file.
#[test]
fn nothing_else_is_moved() {
    let dir = files(&[("log", &log("a", 60_000)), ("other", &log("b", 60_000)), ("log.1.mgx", b"no index\n")]);
    let dir = dir.path();
    assert_eq!(index(dir, &["build", "-q", "--small", "log", "other"]).0, 0);
    fs::rename(dir.join("log"), dir.join("log.1")).unwrap();
    fs::hard_link(dir.join("other"), dir.join("second")).unwrap();
    assert_eq!(index(dir, &["update", "-q", "log.1"]).0, 2);
    assert_eq!(fs::read(dir.join("log.1.mgx")).unwrap(), b"no index\n");
    assert!(dir.join("log.mgx").exists());
    assert_eq!(index(dir, &["update", "-q", "second"]).0, 0);
    assert!(dir.join("other.mgx").exists() && dir.join("second.mgx").exists());
    // A copy is another file.
    fs::copy(dir.join("other"), dir.join("copy")).unwrap();
    assert_eq!(index(dir, &["update", "-q", "copy"]).0, 0);
    assert!(dir.join("other.mgx").exists() && dir.join("copy.mgx").exists());
    assert!(index(dir, &["stat", "copy"]).1.contains("grams     default"));
}

/// A child that is killed when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[track_caller]
fn soon(what: &str, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what} takes too long");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_log_that_is_watched_keeps_its_indexes_when_it_is_rotated() {
    let dir = files(&[("log", &log("a", 60_000))]);
    let dir = dir.path();
    assert_eq!(index(dir, &["build", "-q", "--small", "log"]).0, 0);
    let mut watch = Command::new(env!("CARGO_BIN_EXE_mapgrep-index"));
    watch.args(["update", "--watch", "log"]).current_dir(dir).env("XDG_CACHE_HOME", dir.join("cache"));
    let mut watch = Running(watch.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    append(&dir.join("log"), &log("b", 40_000));
    rotate(dir);
    fs::write(dir.join("log"), log("c", 60_000)).unwrap();
    soon("the index of the old log", || index(dir, &["stat", "log.1"]).1.contains("state     up to date"));
    is_kept(dir, "log.1");
    has_index(dir, "log.1", "a");
    has_index(dir, "log.1", "b");
    soon("the index of the new log", || index(dir, &["stat", "log"]).1.contains("state     up to date"));
    has_index(dir, "log", "c");
    watch.0.kill().unwrap();
    let mut errors = String::new();
    watch.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(errors, "");
}
