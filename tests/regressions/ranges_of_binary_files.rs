//! `--count-matches --range 1..` found nothing in a binary file: in the chunk in which the range began or ended, the
//! first NUL on a line with a match ended the count.

use crate::support::commands::{files, mapgrep, said};

#[test]
fn a_range_of_a_binary_file_is_counted_to_its_end() {
    let dir = files(&[("f", b"a1\na2\na\0 a3\na4\n")]);
    let count = |flag: &str, range: &str| said(&mut mapgrep(dir.path(), &[flag, "--range", range, "a", "f"]));
    for (range, matches, lines) in [("0..", "5\n", "4\n"), ("1..", "4\n", "3\n"), ("2..14", "4\n", "3\n")] {
        assert_eq!(count("--count-matches", range), (0, matches.to_owned(), String::new()), "{range}");
        assert_eq!(count("-c", range), (0, lines.to_owned(), String::new()), "{range}");
    }
}
