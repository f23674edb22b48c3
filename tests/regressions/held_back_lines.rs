//! A first line of fewer than three bytes of a pipe waited for more, as did the first lines of a named pipe given as
//! PATH.
#![cfg(unix)]

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
};

use crate::support::commands::{files, mapgrep};

/// Sees to it that a search that waits for ever does not hold up the tests.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first line comes out while whoever writes has said no more, and waits for it before it goes on.
fn first_line_comes_at_once(command: &mut Command, pipe: impl FnOnce(&mut Child) -> Box<dyn Write>) {
    let mut child = Killed(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut out = BufReader::new(child.0.stdout.take().unwrap());
    let mut writer = pipe(&mut child.0);
    for line in ["x\n", "xy\n", "a line with x\n"] {
        writer.write_all(line.as_bytes()).unwrap();
        writer.flush().unwrap();
        let mut read = String::new();
        out.read_line(&mut read).unwrap();
        assert!(read.ends_with(line), "{read}");
    }
    drop(writer);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn a_short_first_line_of_a_pipe_is_shown_before_the_next_is_written() {
    let dir = files(&[]);
    for args in [&["x"][..], &["-j1", "x"], &["-n", "x", "-"], &["-a", "x"]] {
        first_line_comes_at_once(mapgrep(dir.path(), args).stdin(Stdio::piped()), |child| {
            Box::new(child.stdin.take().unwrap())
        });
    }
}

#[test]
fn the_first_line_of_a_named_pipe_is_shown_before_the_next_is_written() {
    let dir = files(&[("empty", b"")]);
    let path = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    for args in [&["x", "pipe"][..], &["-j1", "x", "pipe"], &["x", "empty", "pipe"]] {
        let path = path.clone();
        first_line_comes_at_once(&mut mapgrep(dir.path(), args), |_| {
            Box::new(File::options().write(true).open(path).unwrap())
        });
    }
}
