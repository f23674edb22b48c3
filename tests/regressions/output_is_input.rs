//! `mapgrep -n e f >> f` found what it had printed, and printed it again, until the disk was full.
#![cfg(unix)]

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::Path,
    process::Stdio,
};

use crate::support::commands::{files, mapgrep};

const TEXT: &[u8] = b"one\ntwo\nthree\n";

/// Runs a search whose output is appended to the file `f`; gives the status, what was added to the file and what was
/// said.
fn append(dir: &Path, args: &[&str], stdin: Stdio) -> (i32, String, String) {
    fs::write(dir.join("f"), TEXT).unwrap();
    let output = File::options().append(true).open(dir.join("f")).unwrap();
    // Whatever is wrong, the file does not become large.
    let mut command = mapgrep(dir, args);
    command.stdin(stdin).stdout(output).stderr(Stdio::piped());
    limit_file_size(&mut command);
    let done = command.spawn().unwrap().wait_with_output().unwrap();
    let content = fs::read(dir.join("f")).unwrap();
    let added = String::from_utf8_lossy(content.strip_prefix(TEXT).unwrap()).into_owned();
    (done.status.code().unwrap_or(-1), added, String::from_utf8_lossy(&done.stderr).into_owned())
}

#[allow(unsafe_code)]
fn limit_file_size(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: setrlimit may be called between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let limit = libc::rlimit { rlim_cur: 1 << 20, rlim_max: 1 << 20 };
            if libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) == 0 {
                Ok(())
            } else {
                Err(std::io::Error::last_os_error())
            }
        });
    }
}

#[test]
fn a_file_that_is_also_the_output_is_refused() {
    let dir = files(&[("other", b"tone\n")]);
    let dir = dir.path();
    let refused =
        |name: &str| format!("mapgrep: {name}: this file is also the output: the search would find its own output\n");
    for (args, added) in [
        (&["-n", "e", "f"][..], ""),
        (&["--no-mmap", "e", "f"], ""),
        (&["-m2", "e", "f"], ""),
        (&["e", "f", "other"], "other:tone\n"),
        (&["-C1", "e", "other", "f"], "other:tone\n"),
    ] {
        let name = args.iter().find(|arg| arg.ends_with('f')).unwrap();
        assert_eq!(append(dir, args, Stdio::null()), (2, added.to_owned(), refused(name)), "{args:?}");
    }
    let (status, added, said) = append(dir, &["--json", "e", "./f"], Stdio::null());
    assert_eq!((status, said), (2, refused("./f")));
    assert!(added.lines().count() == 1 && added.contains(r#""type":"summary""#), "{added}");
    std::os::unix::fs::symlink("f", dir.join("link")).unwrap();
    assert_eq!(append(dir, &["e", "link"], Stdio::null()), (2, String::new(), refused("link")));
    fs::write(dir.join("f"), TEXT).unwrap();
    let stdin = || File::open(dir.join("f")).unwrap();
    assert_eq!(append(dir, &["e"], stdin().into()), (2, String::new(), refused("<stdin>")));
    assert_eq!(append(dir, &["e", "-", "other"], stdin().into()), (2, "other:tone\n".to_owned(), refused("<stdin>")));
}

/// As with GNU grep, where nothing is printed before all is read, or one line at most.
#[test]
fn what_cannot_be_found_again_is_searched() {
    let dir = files(&[]);
    let dir = dir.path();
    for (args, added) in [
        (&["-q", "e", "f"][..], ""),
        (&["-c", "e", "f"], "2\n"),
        (&["-l", "e", "f"], "f\n"),
        (&["--count-matches", "e", "f"], "3\n"),
        (&["-m1", "e", "f"], "one\n"),
        (&["--last", "1", "e", "f"], "three\n"),
    ] {
        assert_eq!(append(dir, args, Stdio::null()), (0, added.to_owned(), String::new()), "{args:?}");
    }
    // Nothing is left to be read.
    let mut stdin = File::open(dir.join("f")).unwrap();
    stdin.seek(SeekFrom::End(0)).unwrap();
    fs::write(dir.join("f"), TEXT).unwrap();
    stdin.seek(SeekFrom::Start(TEXT.len() as u64)).unwrap();
    assert_eq!(append(dir, &["e"], stdin.into()), (1, String::new(), String::new()));
}

/// The output among the files of a directory is passed over, as with ripgrep.
#[test]
fn the_output_in_a_directory_is_passed_over() {
    let dir = files(&[("other", b"tone\n")]);
    assert_eq!(append(dir.path(), &["e", "."], Stdio::null()), (0, "./other:tone\n".to_owned(), String::new()));
    fs::remove_file(dir.path().join("other")).unwrap();
    let why = "mapgrep: no files were searched: all in . are also the output\n";
    assert_eq!(append(dir.path(), &["e", "."], Stdio::null()), (1, String::new(), why.to_owned()));
}

#[test]
fn other_outputs_are_no_concern() {
    let dir = files(&[("f", TEXT)]);
    let mut child = mapgrep(dir.path(), &["e", "-", "f"])
        .stdin(File::options().read(true).write(true).open("/dev/null").unwrap())
        .stdout(File::options().read(true).write(true).open("/dev/null").unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}
