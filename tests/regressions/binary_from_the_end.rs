//! What is binary depended on the end from which a file was read: `--last 1` of a file in a directory, with a NUL on
//! its last line that matches, printed nothing, and `--last 2` the line before.

use crate::support::commands::{files, mapgrep, said, said_of};

/// `cat`, many lines, and one with a NUL that matches.
fn text() -> Vec<u8> {
    [b"cat\nconcatenate\n".to_vec(), b"x\n".repeat(40_000), b"\0cat\nlast cat\n".to_vec()].concat()
}

#[test]
fn the_last_lines_of_a_file_in_a_directory_are_the_last_of_those_it_has() {
    let dir = files(&[("f", &text())]);
    let dir = dir.path();
    let lines = |args: &[&str]| {
        let (status, out, _) = said(&mut mapgrep(dir, args));
        let lines: Vec<String> = out.lines().filter(|line| !line.contains("WARNING")).map(str::to_owned).collect();
        (status, lines.join("|"))
    };
    assert_eq!(lines(&["-I", "cat", "."]), (0, "cat|concatenate".to_owned()));
    for options in [&["-j1"][..], &["-j3"], &["-j2", "--mmap"], &["--no-mmap"], &["-j3", "--mmap", "--chunk-size=1000"]]
    {
        let of = |more: &[&str]| lines(&[options, &["-I", "cat"], more, &["."]].concat());
        assert_eq!(of(&["--last", "1"]), (0, "concatenate".to_owned()), "{options:?}");
        assert_eq!(of(&["--last", "2"]), (0, "cat|concatenate".to_owned()), "{options:?}");
        assert_eq!(of(&["--last", "9"]), (0, "cat|concatenate".to_owned()), "{options:?}");
        assert_eq!(of(&["--reverse"]), (0, "concatenate|cat".to_owned()), "{options:?}");
        assert_eq!(of(&["--reverse", "-m1"]), (0, "concatenate".to_owned()), "{options:?}");
    }
    // What a search from the front does not come to is in no range of lines or bytes.
    assert_eq!(lines(&["-I", "--range", "3..", "cat", "."]), (0, "concatenate".to_owned()));
    assert_eq!(lines(&["-I", "--range", "70000..", "cat", "."]).0, 1);
    assert_eq!(lines(&["-I", "--lines", "2..", "-e", "cat", "."]), (0, "concatenate".to_owned()));
    assert_eq!(lines(&["-I", "--lines", "40000..", "-e", "cat", "."]).0, 1);
}

/// All that is said of it, the warning too, is what is said from the front.
#[test]
fn nothing_else_is_said_from_the_end() {
    let dir = files(&[("f", &text())]);
    let forwards = said(&mut mapgrep(dir.path(), &["-n", "cat", "."]));
    assert!(forwards.1.contains("1:cat") && forwards.1.contains("WARNING"), "{forwards:?}");
    for options in [&["--last", "5"][..], &["--range", "0.."], &["--lines", "1.."]] {
        assert_eq!(
            said(&mut mapgrep(dir.path(), &[options, &["-n", "-e", "cat", "."]].concat())),
            forwards,
            "{options:?}"
        );
    }
}

/// A named file, and standard input, are searched to their end, and lines suppressed from the first on that has a NUL.
#[test]
fn the_last_line_of_a_named_file_is_suppressed_where_it_has_a_nul() {
    let text = text();
    let text = text.strip_suffix(b"last cat\n").unwrap();
    let dir = files(&[("f", text)]);
    let dir = dir.path();
    let message = "binary file matches (found \"\\0\" byte around offset 80016)\n";
    assert_eq!(said(&mut mapgrep(dir, &["--last", "1", "cat", "f"])), (0, message.to_owned(), String::new()));
    assert_eq!(said_of(&mut mapgrep(dir, &["--last", "1", "cat"]), text), (0, message.to_owned(), String::new()));
    let two = format!("concatenate\n{message}");
    assert_eq!(said(&mut mapgrep(dir, &["--last", "2", "cat", "f"])), (0, two, String::new()));
}
