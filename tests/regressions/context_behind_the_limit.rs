//! Behind the last line of `-m`, a line that matches was shown as a selected one: `3:d` where it is context, `3-d`, as
//! GNU grep has it.

use crate::support::commands::{files, mapgrep, said};

#[test]
fn a_matching_line_is_context() {
    let dir = files(&[("f", b"d\ne\nd\nd\n")]);
    let out = |args: &[&str]| said(&mut mapgrep(dir.path(), &[args, &["-n", "-m1", "d", "f"]].concat())).1;
    for flags in [&[][..], &["--no-mmap"], &["-j2", "--chunk-size=1"], &["-o"], &["-r", "d"]] {
        assert_eq!(out(&[flags, &["-A2"]].concat()), "1:d\n2-e\n3-d\n", "{flags:?}");
    }
    assert_eq!(out(&["-v", "-A2"]), "2:e\n3-d\n4-d\n");
    assert_eq!(out(&["--passthru"]), "1:d\n2-e\n3-d\n4-d\n");
    let json = out(&["--json", "-A2"]);
    assert_eq!((json.matches(r#""type":"match""#).count(), json.matches(r#""type":"context""#).count()), (1, 2));
    assert!(json.contains("\"matched_lines\":1,"), "{json}");
}

/// Lines that share a match are as many lines of context.
#[test]
fn lines_that_share_a_match_are_context_one_by_one() {
    let dir = files(&[("f", b"m\nm\nx\nm\nm\nx\n")]);
    let out = |flag: &str| said(&mut mapgrep(dir.path(), &["-n", "-U", "-m1", flag, r"m\nm", "f"])).1;
    assert_eq!(out("-A2"), "1:m\n2:m\n3-x\n4-m\n");
    assert_eq!(out("--passthru"), "1:m\n2:m\n3-x\n4-m\n5-m\n6-x\n");
}
