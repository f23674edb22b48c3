//! The command over a file that is cut while it is searched.

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

const LINE: usize = 64;
const MIB: usize = 1 << 20;

/// Numbered lines.
fn text(len: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(len + LINE);
    for number in 0..len / LINE {
        text.extend_from_slice(format!("{number:012} needle").as_bytes());
        text.resize((number + 1) * LINE - 1, b'.');
        text.push(b'\n');
    }
    text
}

fn start(dir: &Path, args: &[&str]) -> (Child, ChildStdout) {
    start_with(dir, args, Stdio::null())
}

fn start_with(dir: &Path, args: &[&str], stdin: Stdio) -> (Child, ChildStdout) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mapgrep"))
        .args(args)
        .current_dir(dir)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    (child, stdout)
}

/// Starts a search of the file `big`, and cuts it when the first byte of output has come. Gives what is printed, by
/// then and behind that; the search ends with the error.
fn cut_while_searched(dir: &Path, args: &[&str], cut: usize) -> Vec<u8> {
    finish(start(dir, args), &dir.join("big"), "big", args, cut)
}

fn finish((child, mut stdout): (Child, ChildStdout), file: &Path, name: &str, args: &[&str], cut: usize) -> Vec<u8> {
    let mut out = vec![0; 1];
    stdout.read_exact(&mut out).unwrap();
    fs::File::options().write(true).open(file).unwrap().set_len(cut as u64).unwrap();
    stdout.read_to_end(&mut out).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert_eq!(stderr, format!("mapgrep: {name}: truncated while searching, at byte {cut}\n"), "{args:?}");
    out
}

/// A file that is read as a stream says so as one that is mapped does, in each way in which it gets to be one; it once
/// ended in silence with status 0. What comes before the cut is what a file would give that ends there with a whole
/// line.
#[test]
fn a_stream_that_ends_before_its_file_did_is_an_error() {
    const CUT: usize = 26 * MIB + MIB / 2 + 100;
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let big = text(32 * MIB);
    fs::create_dir(dir.join("d")).unwrap();
    fs::write(dir.join("whole-lines"), &big[..CUT / LINE * LINE]).unwrap();
    for options in [&["-j2", "needle"][..], &["-j1", "-n", "needle"], &["-j2", "-v", "-b", "no such line"]] {
        let (child, mut stdout) = start(dir, &[&["-I"], options, &["whole-lines"]].concat());
        let mut expected = vec![];
        stdout.read_to_end(&mut expected).unwrap();
        assert!(child.wait_with_output().unwrap().status.success());
        for (file, name, args) in [
            ("big", "big", &["--no-mmap", "big"][..]),
            ("d/big", "d/big", &["d"]),
            ("big", "<stdin>", &["-"]),
            ("big", "<stdin>", &["--no-mmap", "-"]),
        ] {
            fs::remove_file(dir.join("d/big")).unwrap_or(());
            let file = dir.join(file);
            fs::write(&file, &big).unwrap();
            let args = [&["-I"], options, args].concat();
            let stdin = match name {
                "<stdin>" => fs::File::open(&file).unwrap().into(),
                _ => Stdio::null(),
            };
            let out = finish(start_with(dir, &args, stdin), &file, name, &args, CUT);
            assert!(out == expected, "{args:?}: {} bytes where {} are right", out.len(), expected.len());
        }
    }
}

/// Files that the kernel makes up may say that they are longer than what can be read of them, which is nothing to
/// complain of.
#[test]
fn a_file_that_was_never_as_long_as_it_says_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = Path::new("/sys/kernel/mm/transparent_hugepage/enabled");
    let Ok(content) = fs::read(path) else { return };
    assert!((content.len() as u64) < path.metadata().unwrap().len());
    for args in [&["-c", "", path.to_str().unwrap()][..], &["-c", "", "--no-mmap", path.to_str().unwrap()]] {
        let (child, _) = start(dir.path(), args);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{args:?}");
    }
}

/// Nobody reads the output, so that the search is under way still: no more is searched than fits into the pipe and what
/// little may wait for it. Then the file is cut, behind that. What is printed is what a file would give that ends with
/// the last whole line before the cut.
#[test]
fn a_file_that_is_cut_is_named_and_the_next_one_searched() {
    const CUT: usize = 26 * MIB + MIB / 2 + 100;
    let dir = tempfile::tempdir().unwrap();
    let big = text(32 * MIB);
    fs::write(dir.path().join("whole-lines"), &big[..CUT / LINE * LINE]).unwrap();
    fs::write(dir.path().join("next"), "a needle here\n").unwrap();
    for options in [
        &["-j2", "needle"][..],
        &["-j1", "needle"],
        &["-j2", "--chunk-size=256K", "needle"],
        &["-j3", "-v", "no such line"],
        &["-j2", "-n", "-C1", "[0-3] needle"],
        &["-j4", "-n", "-o", "-b", "[0-9]+"],
        &["-j2", "-A1", "--chunk-size=64K", "(25|50|75) needle"],
    ] {
        fs::write(dir.path().join("big"), &big).unwrap();
        let with = |files: &[&'static str]| [&["-I"], options, files].concat();
        let args = with(&["big", "next"]);
        let out = cut_while_searched(dir.path(), &args, CUT);
        let (child, mut stdout) = start(dir.path(), &with(&["whole-lines", "next"]));
        let mut expected = vec![];
        stdout.read_to_end(&mut expected).unwrap();
        assert!(child.wait_with_output().unwrap().status.success());
        assert!(out == expected, "{args:?}: {} bytes where {} are right", out.len(), expected.len());
    }
}

/// From the end, across lines and within a long line, what is printed before the error are lines of the file, too.
#[test]
fn no_mode_shows_what_stood_in_for_the_bytes_of_a_file_that_was_cut() {
    const CUT: usize = 9 * MIB + 100;
    let dir = tempfile::tempdir().unwrap();
    let lines = text(32 * MIB);
    let line: Vec<u8> = lines.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte }).collect();
    for (content, options) in [
        (&lines, &["-j2", "--reverse", "-n", "needle"][..]),
        (&lines, &["-j1", "--reverse", "[n]ee+dle"]),
        (&lines, &["-j2", "-U", "-n", r"needle\.+\n"]),
        (&lines, &["-j2", "-U", "-o", r"(?s)needle.*?\n"]),
        (&lines, &["-j2", "--passthru", "-n", "99 needle"]),
        (&lines, &["-j2", "--json", "needle"]),
        (&line, &["-j2", "-o", "-b", "[0-9]+ needle"]),
        (&line, &["-j3", "-o", "--chunk-size=256K", "needle"]),
        (&line, &["-j2", "needle"]),
    ] {
        fs::write(dir.path().join("big"), content).unwrap();
        let args = [options, &["big"]].concat();
        let out = cut_while_searched(dir.path(), &args, CUT);
        assert!(!out.contains(&0), "{args:?}");
    }
}
