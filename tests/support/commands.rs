//! Running the commands in a directory of their own.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// What a command says in the end: its exit status (-1 after a signal), standard output and standard error.
pub(crate) type Said = (i32, String, String);

/// The command `mapgrep`, to run in a directory, with an empty standard input.
pub(crate) fn mapgrep(dir: &Path, args: &[&str]) -> Command {
    command(env!("CARGO_BIN_EXE_mapgrep"), dir, args)
}

/// The command `mapgrep-index`, to run in a directory.
pub(crate) fn mapgrep_index(dir: &Path, args: &[&str]) -> Command {
    command(env!("CARGO_BIN_EXE_mapgrep-index"), dir, args)
}

fn command(program: &str, dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).stdin(Stdio::null()).env("XDG_CACHE_HOME", dir.join("cache"));
    command
}

/// Runs a command to its end.
pub(crate) fn said(command: &mut Command) -> Said {
    of(&command.output().unwrap())
}

/// Runs a command to its end, with these bytes in a pipe at its standard input.
pub(crate) fn said_of(command: &mut Command, input: &[u8]) -> Said {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The command may stop reading early.
    let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    of(&output)
}

fn of(output: &Output) -> Said {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// Paths as this system has them.
pub(crate) fn native(paths: &str) -> String {
    paths.replace('/', std::path::MAIN_SEPARATOR_STR)
}

/// A directory with one file for each pair of name and content.
pub(crate) fn files(list: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in list {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}
