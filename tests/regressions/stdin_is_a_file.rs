//! Standard input that is a regular file was read to its end into memory for `--last`, without its index, and left
//! wherever the reading had come to.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::Path,
    process::Command,
};

use crate::support::commands::{files, mapgrep, mapgrep_index, said};

/// Numbered lines.
fn lines(count: usize) -> String {
    (0..count).map(|number| format!("line {number} has a needle{}\n", number % 10)).collect()
}

/// What is said of a file at standard input that was read up to an offset, and the offset that it is left at.
fn of_stdin(dir: &Path, name: &str, start: u64, args: &[&str]) -> ((i32, String, String), u64) {
    let mut file = File::open(dir.join(name)).unwrap();
    file.seek(SeekFrom::Start(start)).unwrap();
    let said = said(mapgrep(dir, args).stdin(file.try_clone().unwrap()));
    (said, file.stream_position().unwrap())
}

/// In 200 MiB of address space and 7 MiB of the heap nothing of the file could be copied: it has 256 MiB.
#[test]
fn it_is_mapped_and_not_copied() {
    let dir = files(&[]);
    let text = lines(40_000);
    let repeated = text.repeat((256 << 20) / text.len() + 1);
    fs::write(dir.path().join("big"), &repeated).unwrap();
    let run = |args: &str, redirect: &str| {
        let mapgrep = env!("CARGO_BIN_EXE_mapgrep");
        // The data segment and private mappings, thus not a file that is mapped to be read.
        let script = format!("ulimit -d 60000; exec {mapgrep} {args} {redirect}");
        said(Command::new("bash").args(["-c", &script]).current_dir(dir.path()))
    };
    let last = format!("{}:line 39999 has a needle9\n", repeated.matches('\n').count());
    for skipped in ["", "read -r line; "] {
        let script = |args: &str| run(args, "< big").1;
        if skipped.is_empty() {
            assert_eq!(script("-n --last 1 needle9"), last);
        }
        let said = run("--last 1 needle9", &format!("< <({skipped} cat < /dev/null) < big"));
        assert_eq!(said, (0, "line 39999 has a needle9\n".to_owned(), String::new()));
    }
}

/// Wherever it begins, what is printed is what is printed of the rest as a stream.
#[test]
fn from_any_offset_on_the_rest_is_a_text_of_its_own() {
    let text = lines(30_000);
    let dir = files(&[("f", text.as_bytes())]);
    let dir = dir.path();
    for start in [0, 1, 7, 24, 4096, 70_001, text.len() - 1, text.len(), text.len() + 5] {
        fs::write(dir.join("rest"), text.get(start..).unwrap_or("")).unwrap();
        for options in [
            &["-n", "-b", "needle7"][..],
            &["-c", "needle"],
            &["-n", "-v", "needle[0-8]"],
            &["-n", "-b", "-o", "[0-9]+ has"],
            &["-n", "-C1", "1234 "],
            &["-n", "-b", "--last", "2", "needle3"],
            &["-n", "-b", "--reverse", "-m3", "needle3"],
            &["-n", "--range", "100..5000", "needle"],
            &["-n", "-o", "--range", "100..5000", "[0-9]+"],
            &["--count-matches", "--range", "10000..", "[0-9]"],
            &["-n", "--lines", "2..4", "-e", "needle"],
            &["-n", "-U", r"needle9\nline"],
            &["--passthru", "-n", "needle5"],
            &["-w", "-n", "line 2"],
            &["-q", "needle"],
            &["-l", "needle"],
        ] {
            for more in [&[][..], &["-j3", "--chunk-size=1000"], &["--no-mmap"]] {
                let args = [options, more].concat();
                let (said_here, _) = of_stdin(dir, "f", start as u64, &args);
                let (whole, _) = of_stdin(dir, "rest", 0, &[options, &["--no-mmap", "-j1"]].concat());
                assert_eq!(said_here, whole, "{args:?} from {start}");
            }
        }
    }
}

/// As with GNU grep: at the end, or behind the last line that was wanted.
#[test]
fn it_is_left_where_a_reader_would_have_left_it() {
    let text = lines(30_000);
    let dir = files(&[("f", text.as_bytes())]);
    let dir = dir.path();
    let behind = |line: &str| (text.find(line).unwrap() + line.len()) as u64;
    let len = text.len() as u64;
    for more in [&[][..], &["--no-mmap"], &["-j1"], &["-j3", "--chunk-size=1000"]] {
        let place = |start: u64, args: &[&str]| of_stdin(dir, "f", start, &[args, more].concat()).1;
        assert_eq!(place(0, &["needle"]), len);
        assert_eq!(place(0, &["no such line"]), len);
        assert_eq!(place(0, &["-c", "needle"]), len);
        assert_eq!(place(0, &["-m3", "needle"]), behind("line 2 has a needle2\n"));
        assert_eq!(place(22, &["-m3", "needle"]), behind("line 3 has a needle3\n"));
        assert_eq!(place(0, &["-m1", "-A5", "needle4"]), behind("line 4 has a needle4\n"));
        assert_eq!(place(0, &["--last", "1", "needle4"]), len);
        assert_eq!(place(0, &["-m0", "needle4"]), 0);
    }
    // So the next command of a script reads on behind it.
    let script = format!("({} -m2 needle; head -n1) < f", env!("CARGO_BIN_EXE_mapgrep"));
    let (_, out, _) = said(Command::new("sh").args(["-c", &script]).current_dir(dir));
    assert_eq!(out, lines(3));
}

#[test]
fn its_index_is_used() {
    let text = lines(100_000);
    let dir = files(&[("big", text.as_bytes())]);
    let dir = dir.path();
    assert_eq!(said(&mut mapgrep_index(dir, &["build", "big"])).0, 0);
    let args = ["--index=require", "-n", "--explain", "line 77777 has"];
    let ((status, out, errors), _) = of_stdin(dir, "big", 0, &args);
    assert_eq!((status, out.as_str()), (0, "77778:line 77777 has a needle7\n"), "{errors}");
    assert!(errors.contains("blocks can match"), "{errors}");
    // It is of the whole file.
    let ((status, _, errors), _) = of_stdin(dir, "big", 22, &args);
    assert!(status == 2 && errors.contains("--index=require"), "{errors}");
    let ((status, out, _), _) = of_stdin(dir, "big", 22, &["-n", "line 77777 has"]);
    assert_eq!((status, out.as_str()), (0, "77777:line 77777 has a needle7\n"));
    // The name that it had may be that of another file by now.
    let mut file = File::open(dir.join("big")).unwrap();
    fs::rename(dir.join("big"), dir.join("old")).unwrap();
    fs::write(dir.join("big"), "another\n".repeat(200_000)).unwrap();
    let said = said(mapgrep(dir, &["-c", "needle7"]).stdin(file.try_clone().unwrap()));
    assert_eq!(said, (0, "10000\n".to_owned(), String::new()));
    file.read_to_end(&mut vec![]).unwrap();
}
