//! `--total`: one number for all files.

use std::fs;

use super::command::{in_dir, stdout};

#[test]
fn the_total_is_the_sum_of_the_counts() {
    let dir = tempfile::tempdir().unwrap();
    let large = "ab b\n".repeat(1 << 20);
    for (name, text) in [("a", "b b\nx\nb\n"), ("b", "x\n"), ("large", &large), ("binary", "b\n\0\n")] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let run = |args: &[&str]| {
        let output = in_dir(dir.path(), args);
        (output.status.code(), stdout(&output))
    };
    let lines = 2 + (1 << 20);
    let matches = 3 + (2 << 20);
    for args in [&["--total", "b"][..], &["-c", "--total", "b"], &["--total", "-c", "--include-zero", "b"]] {
        for threads in ["-j1", "-j2"] {
            assert_eq!(run(&[args, &[threads]].concat()), (Some(0), format!("{lines}\n")), "{args:?}");
            assert_eq!(run(&[args, &[threads, "a", "large"]].concat()).1, format!("{lines}\n"), "{args:?}");
        }
    }
    assert_eq!(run(&["--total", "--count-matches", "b"]), (Some(0), format!("{matches}\n")));
    // A single file, one that is binary, and inverted: as the counts are.
    assert_eq!(run(&["--total", "b", "a"]), (Some(0), "2\n".to_owned()));
    assert_eq!(run(&["--total", "b", "binary"]), (Some(0), "1\n".to_owned()));
    assert_eq!(run(&["--total", "-v", "b", "a", "b"]), (Some(0), "2\n".to_owned()));
    // Nothing is found, or cannot be.
    assert_eq!(run(&["--total", "q"]), (Some(1), "0\n".to_owned()));
    assert_eq!(run(&["--total", "-m0", "b"]), (Some(1), "0\n".to_owned()));
    assert_eq!(run(&["--total", "-q", "b"]), (Some(0), String::new()));
    // What shows no counts has no total.
    for mode in ["-l", "--json", "--count-by-pattern", "--files-without-match"] {
        assert_eq!(run(&["--total", mode, "b"]).0, Some(2), "{mode}");
    }
}
