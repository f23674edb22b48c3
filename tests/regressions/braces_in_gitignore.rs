//! To git, braces in `.gitignore` are characters. The crate that reads these files takes them for alternatives, as in
//! `-g`, and has no setting for it: `{a,b}.log` names `a.log`, and not `{a,b}.log`. This is a known difference; when
//! the crate agrees with git, the help of `--no-ignore` and ARCHITECTURE.md no longer need to tell of it.

use std::fs;

use crate::support::commands::{files, mapgrep, native, said};

#[test]
fn braces_are_alternatives_and_the_help_says_so() {
    let dir = files(&[
        (".gitignore", b"*.txt{}\n{a,b}.log\n"),
        ("a.txt", b"foo\n"),
        ("a.txt{}", b"foo\n"),
        ("a.log", b"foo\n"),
        ("{a,b}.log", b"foo\n"),
        ("c.log", b"foo\n"),
    ]);
    fs::create_dir(dir.path().join(".git")).unwrap();
    let (_, out, _) = said(&mut mapgrep(dir.path(), &["-l", "foo", "."]));
    assert_eq!(out, native("./a.txt{}\n./c.log\n./{a,b}.log\n"));
    // Escaped, they are to both what they are to git.
    fs::write(dir.path().join(".gitignore"), "*.txt\\{\\}\n\\{a,b\\}.log\n").unwrap();
    let (_, out, _) = said(&mut mapgrep(dir.path(), &["-l", "foo", "."]));
    assert_eq!(out, native("./a.log\n./a.txt\n./c.log\n"));
    let (_, help, _) = said(&mut mapgrep(dir.path(), &["--help"]));
    let words: Vec<_> = help.split_whitespace().collect();
    assert!(words.join(" ").contains("Braces in these files are alternatives"), "{help}");
}
