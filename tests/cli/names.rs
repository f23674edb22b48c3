//! Names of files, as the system has them.

use crate::commands::{files, mapgrep, native, said};

#[test]
fn separators_are_those_of_the_system_unless_another_is_given() {
    let dir = files(&[("d/e/a", b"one\r\n"), ("d/b", b"one\n")]);
    let names = |args: &[&str]| said(&mut mapgrep(dir.path(), &[&["-l", "one"], args].concat())).1;
    assert_eq!(names(&[]), native("d/b\nd/e/a\n"));
    assert_eq!(names(&["d"]), native("d/b\nd/e/a\n"));
    // What was named stays as it is.
    assert_eq!(names(&["d/e", "d/b"]), format!("d/e{}a\nd/b\n", std::path::MAIN_SEPARATOR));
    assert_eq!(names(&["--path-separator=/"]), "d/b\nd/e/a\n");
    assert_eq!(names(&["--path-separator=+", "d/e"]), "d+e+a\n");
    // In globs directories are told apart by slashes everywhere.
    assert_eq!(names(&["-g", "d/e/*"]), native("d/e/a\n"));
    assert_eq!(names(&["-g", "!e/"]), native("d/b\n"));
    assert_eq!(names(&["-g", r"d\/b"]), native("d/b\n"));
}

/// The colours of ripgrep: on Windows, magenta is hard to read.
#[test]
fn the_colour_of_names_is_that_of_the_system() {
    let dir = files(&[("d/a", b"one\r\n")]);
    let color = if cfg!(windows) { 36 } else { 35 };
    let name = format!("\x1B[0m\x1B[{color}m{}\x1B[0m", native("d/a"));
    let shown = |args: &[&str]| said(&mut mapgrep(dir.path(), &[&["--color=always", "one"], args].concat())).1;
    assert_eq!(shown(&["-l"]), name.clone() + "\n");
    // A carriage return is part of the line.
    assert_eq!(shown(&[]), name + ":\x1B[0m\x1B[1m\x1B[31mone\x1B[0m\r\n");
}

#[test]
fn a_separator_is_one_byte() {
    let dir = files(&[("a", b"one\n")]);
    let (status, lines, errors) = said(&mut mapgrep(dir.path(), &["--path-separator=//", "one"]));
    assert_eq!((status, lines.as_str()), (2, ""));
    // Some shells on Windows put a path in the place of one slash.
    assert_eq!(errors.contains("shells on Windows"), cfg!(windows), "{errors}");
}
