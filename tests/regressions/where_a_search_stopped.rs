//! A range of matches that ended on a long line was said to have been searched up to byte 0, and a search of a stream
//! that ended early with `-m` did not say where.

use std::fs;

use crate::support::commands::{mapgrep, said, said_of};

#[test]
fn a_range_that_ends_on_a_long_line_is_searched_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let line = [&b"short m\n"[..], &b"x".repeat(300_000), b"m", &b"x".repeat(3_000_000), b"m\n"].concat();
    fs::write(dir.path().join("f"), line).unwrap();
    let args = ["-o", "--range", "0..400000", "--chunk-size", "64K", "--stats", "m", "f"];
    let (status, out, errors) = said(&mut mapgrep(dir.path(), &args));
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(out.starts_with("m\nm\n\n2 matches\n") && out.contains("\n400000 bytes searched\n"), "{out}");
}

#[test]
fn a_stream_that_is_left_early_says_at_which_byte() {
    let dir = tempfile::tempdir().unwrap();
    let numbers: String = (1..=100_000).map(|number| format!("{number}\n")).collect();
    let run = |args: &[&str]| said_of(&mut mapgrep(dir.path(), args), numbers.as_bytes());
    let (_, out, _) = run(&["-m2", "--stats", "77"]);
    assert!(
        out.starts_with("77\n177\n") && out.contains("stopped at byte 600: --range 600.. goes on from there"),
        "{out}"
    );
    let (_, json, _) = run(&["-m2", "--json", "77"]);
    assert!(json.contains("\"stopped_at\":600}"), "{json}");
}
