//! An index tells which strings a text has. It could be read by those who might not read the text any more: after a
//! `chmod` of the text, by the group of whoever had built it, and in the cache by all.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use crate::support::commands::{files, mapgrep, mapgrep_index, said};

fn log() -> Vec<u8> {
    (0..60_000).flat_map(|i| format!("line {i:07} of the log {}\n", i % 10).into_bytes()).collect()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[track_caller]
fn succeed(command: &mut Command) {
    let (status, _, errors) = said(command);
    assert_eq!((status, errors.as_str()), (0, ""), "{command:?}");
}

#[test]
fn its_mode_follows_that_of_the_text() {
    let dir = files(&[("text", &log())]);
    let dir = dir.path();
    let (text, index) = (dir.join("text"), dir.join("text.mgx"));
    for (of_text, of_index) in [(0o644, 0o644), (0o600, 0o600), (0o640, 0o640), (0o666, 0o644), (0o400, 0o600)] {
        mode(&text, of_text);
        succeed(&mut mapgrep_index(dir, &["build", "-q", "text"]));
        assert_eq!(mode_of(&index), of_index, "{of_text:o}");
        for command in ["update", "verify"] {
            mode(&text, 0o644);
            succeed(&mut mapgrep_index(dir, &[command, "-q", "text"]));
            assert_eq!(mode_of(&index), 0o644, "{of_text:o} {command}");
            mode(&text, of_text);
            succeed(&mut mapgrep_index(dir, &[command, "-q", "text"]));
            assert_eq!(mode_of(&index), of_index, "{of_text:o} {command}");
        }
    }
    // Also where the index cannot be updated.
    mode(&text, 0o600);
    let bytes = fs::read(&text).unwrap();
    fs::write(&text, bytes.iter().rev().copied().collect::<Vec<u8>>()).unwrap();
    mode(&index, 0o644);
    assert_eq!(said(&mut mapgrep_index(dir, &["update", "-q", "text"])).0, 2);
    assert_eq!(mode_of(&index), 0o600);
}

/// The rights of a group are those of the text's group alone.
#[test]
fn a_group_that_may_not_read_the_text_may_not_read_its_index() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    const USER: u32 = 65534;
    const TEXTS_GROUP: u32 = 4;
    let dir = files(&[("text", &log())]);
    let dir = dir.path();
    mode(dir, 0o777);
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_mapgrep-index")).arg(dir).status().unwrap().success());
    let (text, index) = (dir.join("text"), dir.join("text.mgx"));
    // Root gives it to those who have the text.
    chown(&text, Some(USER), Some(TEXTS_GROUP)).unwrap();
    mode(&text, 0o640);
    succeed(&mut mapgrep_index(dir, &["build", "-q", "text"]));
    let metadata = fs::metadata(&index).unwrap();
    assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o777), (USER, TEXTS_GROUP, 0o640));
    fs::remove_file(&index).unwrap();
    // A user who is not of that group keeps it alone, unless all may read the text.
    for (of_text, of_index) in [(0o640, 0o600), (0o644, 0o644), (0o604, 0o600)] {
        chown(&text, Some(USER), Some(TEXTS_GROUP)).unwrap();
        mode(&text, of_text);
        let mut build = Command::new(dir.join("mapgrep-index"));
        build
            .args(["build", "-q", "text"])
            .current_dir(dir)
            .env("XDG_CACHE_HOME", dir.join("cache"))
            .uid(USER)
            .gid(USER);
        succeed(&mut build);
        let metadata = fs::metadata(&index).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (USER, USER));
        assert_eq!(metadata.mode() & 0o777, of_index, "{of_text:o}");
    }
}

#[test]
fn the_cache_is_its_users_alone() {
    let dir = files(&[("text", &log())]);
    let dir = dir.path();
    let cache = dir.join("cache/mapgrep/index");
    let in_cache = ["--index-dir", cache.to_str().unwrap()];
    let only = || {
        let mut entries = fs::read_dir(&cache).unwrap();
        let entry = entries.next().unwrap().unwrap();
        assert!(entries.next().is_none());
        entry.path()
    };
    let index =
        |command: &str| succeed(&mut mapgrep_index(dir, &[&[command, "-q"], &in_cache[..], &["text"]].concat()));
    index("build");
    assert_eq!((mode_of(&cache), mode_of(&only())), (0o700, 0o600));
    // As earlier versions left it.
    mode(&cache, 0o755);
    mode(&only(), 0o644);
    index("update");
    assert_eq!(mode_of(&only()), 0o600);
    index("build");
    assert_eq!((mode_of(&cache), mode_of(&only())), (0o700, 0o600));
    let found = said(&mut mapgrep(dir, &["--index=require", "-c", "0033333", "text"]));
    assert_eq!(found, (0, "1\n".into(), String::new()));
}
