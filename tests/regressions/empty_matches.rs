//! An empty string among others made a line of its own behind a last line without a line end.

use crate::support::commands::{files, mapgrep, said};

#[test]
fn behind_an_unterminated_line_there_is_no_line() {
    let dir = files(&[("open", b"r\ns"), ("closed", b"r\ns\n"), ("one", b"s"), ("none", b"")]);
    let run = |args: &[&str]| said(&mut mapgrep(dir.path(), args)).1;
    for patterns in
        [&["-F", "-e", "", "-e", "foo"][..], &["-F", "-e", "foo", "-e", ""], &["-e", "x*", "-e", "q"], &["-e", ""]]
    {
        for read in ["--mmap", "--no-mmap"] {
            let run = |args: &[&str]| run(&[patterns, &[read], args].concat());
            assert_eq!(run(&["open"]), "r\ns\n", "{patterns:?} {read}");
            assert_eq!(run(&["closed"]), "r\ns\n", "{patterns:?} {read}");
            assert_eq!(run(&["one"]), "s\n", "{patterns:?} {read}");
            assert_eq!(run(&["-c", "open"]), "2\n", "{patterns:?} {read}");
            assert_eq!(run(&["none"]), "", "{patterns:?} {read}");
            assert_eq!(run(&["-v", "open"]), "", "{patterns:?} {read}");
        }
    }
}
