//! What ends a line: with `--crlf` a lone `\r` did, to `^` and `$`; with `--null-data` a `.` did not match the line
//! ends in a record.

use std::ops::ControlFlow;

use mapgrep::matcher::{LineTerminator, MatcherBuilder};

use crate::support::commands::{files, mapgrep, said};

fn out(text: &[u8], args: &[&str]) -> (i32, String) {
    let dir = files(&[("f", text)]);
    let (status, out, errors) = said(&mut mapgrep(dir.path(), &[args, &["f"]].concat()));
    assert_eq!(errors, "", "{args:?}");
    (status, out)
}

#[test]
fn a_lone_carriage_return_ends_no_line() {
    let none = (1, String::new());
    for pattern in ["^b", "a$", r"a\z", r"\Ab", "(?m)a$"] {
        assert_eq!(out(b"a\rb\n", &["--crlf", "-c", pattern]), none, "{pattern}");
        assert_eq!(out(b"a\rb\r\n", &["--crlf", "-co", pattern]), none, "{pattern}");
        assert_eq!(out(b"a\rb\r\n", &["--crlf", "--count-by-pattern", pattern]), none, "{pattern}");
    }
    assert_eq!(out(b"a\rb\n", &["--crlf", "-x", "b"]), none);
    assert_eq!(out(b"a\r", &["--crlf", "a$"]), none);
    let one = |text: &str| (0, text.to_owned());
    for flags in [&["-o"][..], &["-o", "-e", "q.*z"], &["-o", "--pattern-ids"]] {
        let (_, found) = out(b"x\rab\r\nab\n", &[flags, &["--crlf", "-e", "(?:x|b)$"]].concat());
        assert_eq!(found.matches('b').count(), 2, "{flags:?}: {found}");
        assert!(!found.contains('x'), "{flags:?}: {found}");
    }
    assert_eq!(out(b"a\rb\r\nb\r\nb", &["--crlf", "-c", "^b$"]), one("2\r\n"));
    assert_eq!(out(b"a\rb\n", &["--crlf", "-o", "-r", "<$1|$2>", "(a)$|(a)"]), one("<|a>\r\n"));
    assert_eq!(out(b"a\rb\n", &["--crlf", "-o", "--pattern-ids", "-e", "a$", "-e", "a"]), one("2:a\r\n"));
    // A line of any length, in which every piece seems to end one.
    let long = [&b"ab\r".repeat(50_000)[..], b"ab\r\n"].concat();
    assert_eq!(out(&long, &["--crlf", "-ob", "--chunk-size=4096", "ab$"]), one("150000:ab\r\n"));
}

#[test]
fn the_dot_matches_the_line_ends_in_a_record() {
    assert_eq!(out(b"a\nb\0c\0", &["--null-data", "-c", "a.b"]), (0, "1\0".to_owned()));
    assert_eq!(out(b"a\nb\0c\0", &["--null-data", "-x", "a.*"]), (0, "a\nb\0".to_owned()));
    assert_eq!(out(b"a\nb\0c\0", &["--null-data", "-c", "b.c"]), (1, String::new()));
    assert_eq!(out(b"a\nb\0c\0", &["--null-data", "--count-by-pattern", "a.b"]), (0, "1:a.b\0".to_owned()));
}

/// A set of patterns that are told apart found the empty word between the two bytes of a line end, and so on lines that
/// have no such word.
#[test]
fn no_empty_word_is_between_the_bytes_of_a_line_end() {
    let mut builder = MatcherBuilder::new();
    builder.word(true).line_terminator(LineTerminator::Crlf);
    let set = builder.build_set(["", "x"]).unwrap();
    let (mut cache, mut found) = (set.create_cache(), vec![]);
    let _ = set.for_each_line(&mut cache, b"0\r\n0 x\r\n- \r\n", |line, ids| {
        found.push((line.start, ids.iter().map(|id| id.index()).collect::<Vec<_>>()));
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(found, [(3, vec![1]), (8, vec![0])]);
    assert!(set.matches(&mut cache, b"0\r\n").is_empty());
}
