//! A named pipe with the name of an index, or of its lock, was waited for without end, by each search of the file and
//! of its directory; a link with the name of the lock was followed, and its target made.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, symlink},
        net::UnixListener,
    },
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::commands::{Said, files, mapgrep, mapgrep_index};

fn log() -> Vec<u8> {
    (0..60_000).flat_map(|i| format!("line {i:07} of the log {}\n", i % 10).into_bytes()).collect()
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Runs a command, and fails where it waits for something that will never come.
#[track_caller]
fn said(command: &mut Command) -> Said {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} waits without end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// What makes a file of another kind with a name.
type Make = fn(&Path);

const KINDS: [(&str, Make); 4] = [
    ("a named pipe", |path| fifo(path)),
    ("a symbolic link", |path| symlink("elsewhere", path).unwrap()),
    ("a directory", |path| fs::create_dir(path).unwrap()),
    ("a socket", |path| drop(UnixListener::bind(path).unwrap())),
];

#[test]
fn an_index_is_a_regular_file() {
    for (kind, make) in KINDS {
        let dir = files(&[("text", &log())]);
        let dir = dir.path();
        make(&dir.join("text.mgx"));
        let why = format!("text.mgx: cannot open the index: it is {kind}, and no regular file");
        let found = "line 0033333 of the log 3\n".to_owned();
        assert_eq!(
            said(&mut mapgrep(dir, &["0033333", "text"])),
            (0, found.clone(), format!("mapgrep: text: searched without its index: {why}\n"))
        );
        assert_eq!(
            said(&mut mapgrep(dir, &["--index=require", "0033333", "text"])),
            (2, String::new(), format!("mapgrep: text: --index=require, and {why}\n"))
        );
        // The directory, where nothing else is searched than the text.
        let (status, out, _) = said(&mut mapgrep(dir, &["0033333", "."]));
        assert_eq!((status, out), (0, format!("./text:{found}")), "{kind}");
        assert_eq!(said(&mut mapgrep(dir, &["--mmap", "-a", "-c", "0033333", "."])).1, "./text:1\n", "{kind}");
        for command in ["stat", "verify", "update"] {
            let (status, out, errors) = said(&mut mapgrep_index(dir, &[command, "text"]));
            let advice = if command == "update" { "; --index-dir DIR puts the index elsewhere" } else { "" };
            assert_eq!(
                (status, out, errors),
                (2, String::new(), format!("mapgrep-index: {why}{advice}\n")),
                "{command}"
            );
        }
        let (status, _, errors) = said(&mut mapgrep_index(dir, &["build", "text"]));
        let kept = "text.mgx: this file is not an index, and is not overwritten";
        assert!(status == 2 && errors.contains(kept), "{errors}");
        assert_eq!(said(&mut mapgrep_index(dir, &["remove", "text"])).1, "text: there is no index\n");
        assert!(!fs::symlink_metadata(dir.join("text.mgx")).unwrap().is_file());
        assert!(!dir.join("elsewhere").exists());
    }
}

/// As root it made the target of the link.
#[test]
fn a_lock_is_a_regular_file() {
    for (kind, make) in KINDS {
        let dir = files(&[("text", &log())]);
        let dir = dir.path();
        make(&dir.join("text.mgx.lock"));
        let why = format!("text.mgx.lock: cannot lock the index: it is {kind}, and no regular file");
        assert_eq!(
            said(&mut mapgrep_index(dir, &["build", "text"])),
            (2, String::new(), format!("mapgrep-index: {why}; --index-dir DIR puts the index elsewhere\n"))
        );
        assert!(!dir.join("elsewhere").exists() && !dir.join("text.mgx").exists());
        assert_eq!(said(&mut mapgrep(dir, &["-c", "0033333", "text"])), (0, "1\n".into(), String::new()));
        assert_eq!(said(&mut mapgrep(dir, &["-c", "0033333", "."])).1, "./text:1\n");
        // The link leads to a file that is there.
        fs::write(dir.join("elsewhere"), "of somebody\n").unwrap();
        assert_eq!(said(&mut mapgrep_index(dir, &["build", "-q", "text"])).0, 2, "{kind}");
        assert_eq!(fs::read_to_string(dir.join("elsewhere")).unwrap(), "of somebody\n");
    }
}

#[test]
fn what_is_half_written_has_no_other_name() {
    for (kind, make) in KINDS.into_iter().filter(|(kind, _)| *kind != "a directory") {
        let dir = files(&[("text", &log()), ("elsewhere", b"of somebody\n")]);
        let dir = dir.path();
        make(&dir.join("text.mgx.new"));
        assert_eq!(said(&mut mapgrep(dir, &["-c", "0033333", "."])).1, "./text:1\n", "{kind}");
        assert_eq!(said(&mut mapgrep_index(dir, &["build", "-q", "text"])), (0, String::new(), String::new()));
        assert!(fs::symlink_metadata(dir.join("text.mgx")).unwrap().is_file());
        assert_eq!(fs::read_to_string(dir.join("elsewhere")).unwrap(), "of somebody\n");
    }
}

#[test]
fn only_regular_files_are_indexed() {
    let dir = files(&[("text", &log())]);
    let dir = dir.path();
    fifo(&dir.join("pipe"));
    for command in ["build", "update"] {
        assert_eq!(
            said(&mut mapgrep_index(dir, &[command, "pipe"])),
            (2, String::new(), "mapgrep-index: pipe: only regular files can be indexed\n".into())
        );
    }
    // One that has an index, and is a pipe by now.
    assert_eq!(said(&mut mapgrep_index(dir, &["build", "-q", "text"])).0, 0);
    fs::remove_file(dir.join("text")).unwrap();
    fifo(&dir.join("text"));
    let (status, out, _) = said(&mut mapgrep_index(dir, &["stat", "text"]));
    assert!(status == 0 && out.ends_with("state     not used: the file is no longer a regular file\n"), "{out}");
    for command in ["update", "verify", "build"] {
        let (status, _, errors) = said(&mut mapgrep_index(dir, &[command, "text"]));
        assert_eq!(
            (status, errors),
            (2, "mapgrep-index: text: only regular files can be indexed\n".into()),
            "{command}"
        );
    }
}

/// What has a name of the index's own is not written through, whichever file it leads to.
#[test]
fn an_index_with_two_names_is_replaced_and_not_written_to() {
    let dir = files(&[("text", &log())]);
    let dir = dir.path();
    assert_eq!(said(&mut mapgrep_index(dir, &["build", "-q", "text"])).0, 0);
    let before = fs::read(dir.join("text.mgx")).unwrap();
    fs::hard_link(dir.join("text.mgx"), dir.join("kept")).unwrap();
    assert_eq!(said(&mut mapgrep_index(dir, &["build", "-q", "text"])).0, 0);
    assert_eq!(fs::read(dir.join("kept")).unwrap(), before);
    assert_ne!(fs::metadata(dir.join("kept")).unwrap().ino(), fs::metadata(dir.join("text.mgx")).unwrap().ino());
}
