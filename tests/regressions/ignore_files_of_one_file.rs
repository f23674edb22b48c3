//! An ignore file that is not there was told of where directories are searched only.

use crate::support::commands::{files, mapgrep, said, said_of};

#[test]
fn an_ignore_file_that_is_missing_is_told_of() {
    let dir = files(&[("a", b"one\n"), ("b", b"one\n"), ("ignore", b"a\n")]);
    let none = (0, "one\n".to_owned(), String::new());
    for paths in [&["a"][..], &["a", "b"], &["."], &["-"]] {
        let run = |args: &[&str]| {
            let args = [&["-I", "--ignore-file=nope", "one"], args, paths].concat();
            said_of(&mut mapgrep(dir.path(), &args), b"one\n")
        };
        let (status, _, errors) = run(&[]);
        assert_eq!((status, errors.lines().count()), (0, 1), "{paths:?}: {errors}");
        assert!(errors.starts_with("mapgrep: nope: "), "{errors}");
        for silent in ["--no-ignore-messages", "--no-messages", "--no-ignore-files"] {
            assert_eq!(run(&[silent]).2, "", "{paths:?} {silent}");
        }
    }
    // A file that is named is searched, whatever an ignore file says.
    assert_eq!(said(&mut mapgrep(dir.path(), &["--ignore-file=ignore", "one", "a"])), none);
}
