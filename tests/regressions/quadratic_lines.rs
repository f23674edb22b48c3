//! Counting the matches of a long line was quadratic where each search reads to its end:
//! `--count-matches '.*[^A-Z]|[A-Z]'` on a line of capitals. How many bytes are read is bounded by tests in
//! `matcher/horizon.rs`; here the counts are compared.

use crate::support::commands::{files, mapgrep, said};

#[test]
fn all_matches_of_a_long_line_are_counted() {
    let capitals = b"A".repeat(300_000);
    let sparse = b"aaaaaaaaax".repeat(30_000);
    let dir = files(&[("capitals", &capitals), ("sparse", &sparse)]);
    let count = |args: &[&str]| {
        let (status, count, errors) = said(&mut mapgrep(dir.path(), &[&["--count-matches"], args].concat()));
        assert_eq!(errors, "");
        (status, count.trim_end_matches(['\n', '\0']).to_owned())
    };
    for extra in [&[][..], &["-U"], &["--no-mmap"], &["--null-data"]] {
        let count = |pattern: &str, file: &str| count(&[extra, &[pattern, file]].concat());
        assert_eq!(count(".*[^A-Z]|[A-Z]", "capitals"), (0, "300000".to_owned()), "{extra:?}");
        assert_eq!(count("[a-z]+[0-9]|x", "sparse"), (0, "30000".to_owned()), "{extra:?}");
        assert_eq!(count("[a-z]+[0-9]", "sparse"), (1, String::new()), "{extra:?}");
    }
    assert_eq!(count(&["-U", r"(?s:.)+\n|[A-Z]", "capitals"]).1, "300000");
    let shown = said(&mut mapgrep(dir.path(), &["-o", "[a-z]+[0-9]|x", "sparse"])).1;
    assert_eq!(shown, "x\n".repeat(30_000));
}
