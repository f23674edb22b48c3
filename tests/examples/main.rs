//! Each program of `examples/` prints what it should.

#[path = "../../examples/count_values.rs"]
mod count_values;
#[path = "../../examples/find_all.rs"]
mod find_all;
#[path = "../../examples/grep_lines.rs"]
mod grep_lines;
#[path = "../../examples/index_query.rs"]
mod index_query;
#[path = "../../examples/pattern_set_file.rs"]
mod pattern_set_file;

use std::{error::Error, fs, io::Write, path::Path};

type Run = fn(&[String], &mut dyn Write) -> Result<(), Box<dyn Error>>;

fn printed(run: Run, args: &[&str]) -> String {
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    let mut out = vec![];
    run(&args, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A file in a directory of its own, with its path.
fn file(content: &[u8]) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("text");
    fs::write(&path, content).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

#[test]
fn each_example_has_a_test() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["count_values", "find_all", "grep_lines", "index_query", "pattern_set_file"]);
    // Without arguments each says how it is used.
    for run in [count_values::run as Run, find_all::run, grep_lines::run, index_query::run, pattern_set_file::run] {
        assert!(run(&[], &mut vec![]).unwrap_err().to_string().starts_with("usage: "));
    }
}

#[test]
fn find_all_prints_offsets() {
    let (_dir, text) = file(b"GET /a 200\nGET /b 500\nGET /c 503\n");
    assert_eq!(printed(find_all::run, &["5[0-9]{2}", &text]), "18..21\n29..32\n");
}

#[test]
fn grep_lines_prints_numbers() {
    let (_dir, text) = file(b"ok\nERROR 1\nok\nERROR 2");
    assert_eq!(printed(grep_lines::run, &["ERROR", &text]), "2:ERROR 1\n4:ERROR 2");
}

#[test]
fn pattern_set_file_counts_by_the_stored_set() {
    let (dir, text) = file(b"ushers");
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("words"), "he\nhis\nus\n").unwrap();
    let args = [&*path("words"), &path("set"), &text];
    assert_eq!(printed(pattern_set_file::run, &args), "1 he\n0 his\n1 us\n");
    fs::remove_file(path("words")).unwrap();
    assert_eq!(printed(pattern_set_file::run, &args), "1 he\n0 his\n1 us\n");
}

#[test]
fn index_query_leaves_the_block_with_the_literal() {
    let line = |number: u32| format!("line {number:07} of a log\n");
    let text: String = (0..100_000).map(line).collect();
    let at = text.find("0077777").unwrap() as u64;
    let (_dir, path) = file(text.as_bytes());
    let printed = printed(index_query::run, &["0077777", &path]);
    let ranges: Vec<(u64, u64)> = printed
        .lines()
        .map(|line| line.split_once("..").map(|(start, end)| (start.parse().unwrap(), end.parse().unwrap())).unwrap())
        .collect();
    assert!(ranges.iter().any(|&(start, end)| (start..end).contains(&at)), "{printed}");
    assert!(ranges.iter().map(|(start, end)| end - start).sum::<u64>() < text.len() as u64 / 2, "{printed}");
}

#[test]
fn count_values_sorts_by_frequency() {
    let (_dir, text) = file(b"a=1 a=2\na=2 b=7\na=1 a=2\n");
    assert_eq!(printed(count_values::run, &["[ab]=[0-9]", &text]), "3 a=2\n2 a=1\n1 b=7\n");
}
