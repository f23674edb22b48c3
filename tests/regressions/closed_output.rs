//! A standard output that takes nothing in, because it is closed or full, was taken for one that has: lines, counts and
//! help were lost, with status 0.

#![cfg(unix)]

use std::{fs::File, os::unix::process::CommandExt, process::Command};

use crate::support::commands::{Said, files, mapgrep, mapgrep_index, said};

/// Runs a command without a standard output.
fn said_to_nobody(command: &mut Command) -> Said {
    #[allow(unsafe_code)]
    // SAFETY: closing a descriptor is all that happens between fork and exec.
    unsafe {
        command.pre_exec(|| {
            libc::close(libc::STDOUT_FILENO);
            Ok(())
        });
    }
    said(command)
}

fn is_told_of(said: &Said) {
    let (status, _, errors) = said;
    assert_eq!(*status, 2, "{errors}");
    assert!(errors.contains("cannot write to standard output: "), "{errors}");
}

#[test]
fn a_closed_output_is_an_error_when_there_is_something_to_say() {
    let dir = files(&[("f", b"foo\n"), ("g", b"foo\n")]);
    for args in [
        &["foo", "f"][..],
        &["-c", "foo", "f"],
        &["foo", "f", "g"],
        &["--json", "foo", "f"],
        &["--help"],
        &["--version"],
    ] {
        is_told_of(&said_to_nobody(&mut mapgrep(dir.path(), args)));
    }
    is_told_of(&said_to_nobody(&mut mapgrep_index(dir.path(), &["--help"])));
    // As with GNU grep, nobody misses what is not said.
    for (args, status) in [(&["bar", "f"][..], 1), (&["-q", "foo", "f"], 0)] {
        assert_eq!(said_to_nobody(&mut mapgrep(dir.path(), args)), (status, String::new(), String::new()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_does_not_fit_is_an_error() {
    let dir = files(&[("f", b"foo\n")]);
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for args in [&["--help"][..], &["--version"], &["foo", "f"]] {
        is_told_of(&said(mapgrep(dir.path(), args).stdout(full())));
    }
    is_told_of(&said(mapgrep_index(dir.path(), &["--help"]).stdout(full())));
}
