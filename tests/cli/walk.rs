//! Directories that several threads list, against the walk of one thread.

use std::{fs, path::Path, process::Stdio};

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use super::command::mapgrep;

/// A tree with ignore files, some of them wrong, hidden files, links, and names that sort differently as paths.
struct Tree<'a> {
    random: Xoshiro256PlusPlus,
    root: &'a Path,
}

const NAMES: [&str; 12] = ["a", "a.c", "a-b", "b", "b.txt", ".h", "c", "ab", "A", "a b", "z.c", "é"];
const RULES: [&str; 10] = ["a", "*.c", "!a.c", "/b", "b/", "**/c/a", "[", "a/*", "!*", "z*"];

impl Tree<'_> {
    fn below(&mut self, end: usize) -> usize {
        (self.random.next_u64() % end as u64) as usize
    }

    fn fill(&mut self, directory: &Path, depth: usize) {
        // To Windows "A" is the same name as "a".
        for name in NAMES.into_iter().filter(|name| !(cfg!(windows) && *name == "A")) {
            let path = directory.join(name);
            match self.below(8) {
                0 | 1 if depth < 4 => {
                    fs::create_dir(&path).unwrap();
                    self.fill(&path, depth + 1);
                }
                2..=4 => fs::write(&path, "x\n".repeat(self.below(40))).unwrap(),
                #[cfg(unix)]
                5 => std::os::unix::fs::symlink(self.root, &path).unwrap(),
                _ => {}
            }
        }
        for name in [".ignore", ".gitignore", ".rgignore"] {
            if self.below(6) == 0 {
                let rules: Vec<&str> = (0..1 + self.below(3)).map(|_| RULES[self.below(RULES.len())]).collect();
                fs::write(directory.join(name), rules.join("\n")).unwrap();
            }
        }
        if self.below(12) == 0 {
            let _ = fs::create_dir_all(directory.join(".git/info"));
            let _ = fs::write(directory.join(".git/info/exclude"), "b.txt\n");
        }
    }
}

/// Status, standard output, and the lines of standard error, which several threads may write.
fn run(dir: &Path, args: &[&str]) -> (Option<i32>, String, Vec<String>) {
    let output = mapgrep(args).current_dir(dir).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let mut messages: Vec<_> = text(output.stderr).lines().map(str::to_owned).collect();
    messages.sort();
    (output.status.code(), text(output.stdout), messages)
}

#[test]
fn directories_that_are_listed_ahead_have_the_files_and_messages_of_a_walk_by_one_thread() {
    let choices: &[&[&str]] = &[
        &["-c", "x"],
        &["-c", "x", "a", "./b", "missing", "a/../a", "a.c"],
        &["-c", "x", "."],
        &["--hidden", "-c", "x", "./"],
        &["-uu", "-c", "x"],
        &["--no-ignore-messages", "-l", "x"],
        &["-d", "1", "-l", "x"],
        &["--max-depth=2", "-l", "x", "a", "ab"],
        &["--max-depth=0", "-l", "x", ".", "b"],
        &["--max-filesize=20", "-l", "x"],
        &["-g", "*.c", "-g", "!a.c", "-l", "x"],
        &["-tc", "-l", "x"],
        &["-Tc", "-c", "x"],
        &["--no-require-git", "-l", "x", "a"],
        &["--no-ignore-parent", "-l", "x", "a", "b"],
        &["--sortr=path", "-l", "x"],
        &["-L", "-l", "--max-depth=3", "x"],
        &["--one-file-system", "-l", "x"],
        &["--files-without-match", "x"],
    ];
    for seed in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let random = Xoshiro256PlusPlus::seed_from_u64(seed);
        Tree { random, root: dir.path() }.fill(dir.path(), 0);
        for args in choices {
            let one = run(dir.path(), &[&["-j1"], *args].concat());
            for threads in ["-j4", "-j32"] {
                assert_eq!(run(dir.path(), &[&[threads], *args].concat()), one, "seed {seed}: {threads} {args:?}");
            }
        }
    }
}

/// More directories than may be listed before the walk comes to them, and nobody who reads.
#[test]
fn many_directories_come_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut wanted = String::new();
    for directory in 0..150 {
        for below in ["a", "b"] {
            let path = format!("{directory:03}/{below}");
            fs::create_dir_all(dir.path().join(&path)).unwrap();
            for file in 0..70 {
                fs::write(dir.path().join(format!("{path}/{file:02}")), "x\n").unwrap();
                wanted += &format!("{path}/{file:02}\n");
            }
        }
    }
    let (status, found, messages) = run(dir.path(), &["-j16", "-l", "--path-separator=/", "x"]);
    assert_eq!((status, messages), (Some(0), vec![]));
    assert!(found == wanted);
}

/// Standard output may go to a file in the tree, which is not searched.
#[test]
fn the_output_in_the_tree_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b", "z"] {
        fs::write(dir.path().join(name), "x\n").unwrap();
    }
    for threads in ["-j1", "-j8"] {
        let output = fs::File::create(dir.path().join("b")).unwrap();
        let status = mapgrep(&[threads, "x"]).current_dir(dir.path()).stdin(Stdio::null()).stdout(output).status();
        assert_eq!(status.unwrap().code(), Some(0));
        assert_eq!(fs::read_to_string(dir.path().join("b")).unwrap(), "a:x\nz:x\n", "{threads}");
    }
}
