//! With `-U`, a line end that was replaced by something else was still the end of a line.

use crate::support::commands::{files, mapgrep, said};

fn out(text: &[u8], args: &[&str]) -> String {
    let dir = files(&[("f", text)]);
    said(&mut mapgrep(dir.path(), &[&["-U"], args, &["f"]].concat())).1
}

#[test]
fn a_replaced_line_end_joins_the_lines() {
    assert_eq!(out(b"hello\nworld\n", &["-n", r"\n", "-r", "?"]), "1:hello?world?\n");
    let lines: &[u8] = b"a\nb\nc\nx\na\n";
    for flags in [&["-n"][..], &["-n", "-j2", "--chunk-size=1"], &["-n", "--chunk-size=3"], &["-n", "--no-mmap"]] {
        let joined = |pattern, with| out(lines, &[flags, &[pattern, "-r", with]].concat());
        assert_eq!(joined(r"[ab]\n", "-"), "1:--\n5:-\n", "{flags:?}");
        assert_eq!(joined(r"[a-c]\n", ""), "", "{flags:?}");
        // A line that is not selected is not joined, and one whose end stays ends there.
        assert_eq!(joined(r"a\nb", "+"), "1:+\n", "{flags:?}");
        assert_eq!(joined(r"a\n|c", "+"), "1:+\n3:+\n5:+\n", "{flags:?}");
        assert_eq!(joined(r"a\n|b", "+"), "1:++\n5:+\n", "{flags:?}");
        assert_eq!(joined(r"\n", "\n"), "1:a\n2:b\n3:c\n4:x\n5:a\n", "{flags:?}");
    }
}

/// So long that it is formatted piece by piece, and in many chunks.
#[test]
fn many_lines_are_joined_to_a_long_one() {
    let text = b"0123456789\n".repeat(300_000);
    let wanted = "0123456789,".repeat(300_000) + "\n";
    for flags in [&[][..], &["--chunk-size=64K", "-j2"]] {
        assert!(out(&text, &[flags, &[r"\n", "-r", ","]].concat()) == wanted, "{flags:?}");
    }
    // Patterns of any length are found by one walk.
    assert!(out(&text, &[r"\n+", "-r", ","]) == wanted);
}

#[test]
fn only_matches_and_json_are_as_they_were() {
    assert_eq!(out(b"a\nb\n", &["-o", "-n", r"\n", "-r", "?"]), "1:?\n2:?\n");
    assert_eq!(out(b"a\nb\n", &["--json", r"\n", "-r", "?"]).matches(r#""type":"match""#).count(), 2);
}

#[test]
fn count_counts_lines() {
    for (text, pattern, wanted) in
        [(&b"m\nm\n"[..], r"m\nm", 2), (b"m\nm\nm\nx\n", r"m\n", 3), (b"aa", "|^", 1), (b"a\nb", "$", 2)]
    {
        assert_eq!(out(text, &["-c", pattern]), format!("{wanted}\n"), "{pattern}");
    }
    assert_eq!(out(b"m\nm\nm\nm\n", &["--count-matches", r"m\nm"]), "2\n");
}

#[test]
fn only_matching_shows_empty_matches() {
    assert_eq!(out(b"ab\nb", &["-o", "-b", r"x*|q\n"]), "0:\n1:\n2:\n3:\n4:\n");
    assert_eq!(out(b"ab\nb", &["--count-matches", r"x*|q\n"]), "5\n");
}
