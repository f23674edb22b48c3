//! Patterns took 98 bytes of memory a byte, 360 with `-i`, before there was any limit: 4.8 GB for one line of 50 MB.

use std::fs;

use crate::support::{
    commands::{Said, mapgrep},
    limits::{Limit, limited, said_soon},
};

const LEN: usize = 20 << 20;

/// Searches for what is in the file `patterns`, in 16 times as much memory.
fn search(dir: &tempfile::TempDir, args: &[&str]) -> Said {
    let args = [args, &["-c", "-f", "patterns", "text"]].concat();
    said_soon(limited(&mut mapgrep(dir.path(), &args), &[Limit::Memory(16 * LEN as u64)]))
}

fn world(pattern: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("patterns"), pattern).unwrap();
    fs::write(dir.path().join("text"), format!("first\n{pattern}\nlast\n")).unwrap();
    dir
}

#[test]
fn plain_text_of_any_length_is_found() {
    let dir = world(&"Hello, and a bit of - plain - text; ".repeat(LEN / 36));
    for args in [&[][..], &["-F"], &["-iF"]] {
        assert_eq!(search(&dir, args), (0, "1\n".to_owned(), String::new()), "{args:?}");
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_takes_memory() {
    let dir = world(&"a.b".repeat(LEN / 3));
    for args in [&[][..], &["-i"], &["-S"], &["-w"], &["-x"], &["-U"], &["--pattern-ids"]] {
        let (status, output, errors) = search(&dir, args);
        assert_eq!((status, output.as_str()), (2, ""), "{args:?}");
        assert!(errors.starts_with("mapgrep: the patterns are too large: "), "{args:?}: {errors}");
        assert!(errors.contains(" MiB in all; -F takes"), "{args:?}: {errors}");
    }
    // Where case is ignored of letters with many spellings, such as K with the sign of Kelvin, plain strings are
    // parsed, too.
    let dir = world(&"kkkk".repeat(LEN / 4));
    let (status, _, errors) = search(&dir, &["-iF"]);
    assert!(status == 2 && errors.ends_with("whose case is ignored may have 2 MiB in all\n"), "{errors}");
}

#[test]
fn the_case_of_plain_and_other_patterns_is_smart_together() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("text"), "plain\nPLAIN\nothers\nOTHERS\n").unwrap();
    for (patterns, count) in [
        (&["plain", "o.hers"][..], "4\n"),
        (&["Plain", "o.hers"], "1\n"),
        (&["plain", "O.HERS"], "2\n"),
        (&["-plain-", "o.her[s]"], "2\n"),
        (&["plain", ""], "4\n"),
    ] {
        let mut args = vec!["-S", "-c"];
        patterns.iter().for_each(|pattern| args.extend(["-e", pattern]));
        args.push("text");
        let said = said_soon(&mut mapgrep(dir.path(), &args));
        assert_eq!(said, (0, count.to_owned(), String::new()), "{patterns:?}");
    }
}
