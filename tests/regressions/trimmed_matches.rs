//! `-o --trim` trimmed the text of matches, so that white space that matched was shown as an empty line. It trims
//! lines: what matches in the white space at the start of one is left out.

use crate::support::commands::{files, mapgrep, said};

#[test]
fn lines_are_trimmed_and_not_matches() {
    let dir = files(&[("f", b"  a b  \n c\n")]);
    let out = |args: &[&str]| said(&mut mapgrep(dir.path(), &[args, &["-o", "--trim", "f"]].concat())).1;
    for flags in [&[][..], &["-U"], &["--chunk-size=1"], &["--no-mmap"], &["-r", "$0"], &["-U", "-r", "$0"]] {
        let of = |pattern| out(&[flags, &["-e", pattern]].concat());
        assert_eq!(of(r"[^\w\n]"), " \n \n \n", "{flags:?}");
        assert_eq!(of(" +"), " \n  \n", "{flags:?}");
        assert_eq!(of(r"[^\w\n]+\w"), "a\n b\nc\n", "{flags:?}");
        assert_eq!(of(" *a"), "a\n", "{flags:?}");
    }
    assert_eq!(out(&["-b", "-n", r" +\w"]), "1:0:a\n1:3: b\n2:8:c\n");
    assert_eq!(out(&["--color=always", "-N", " +b"]), "\u{1b}[0m\u{1b}[1m\u{1b}[31m b\u{1b}[0m\n");
    // Over line ends.
    assert_eq!(out(&["-U", r"b\s+c"]), "b  \nc\n");
}

#[test]
fn a_line_without_matches_is_trimmed_as_before() {
    let dir = files(&[("f", b"  a b  \n c\n")]);
    let (_, out, _) = said(&mut mapgrep(dir.path(), &["-v", "-o", "--trim", "c", "f"]));
    assert_eq!(out, "a b  \n");
}

/// The line is printed piece by piece.
#[test]
fn a_long_line_is_trimmed_as_well() {
    let text = [&b" ".repeat(200_000)[..], b"ab", &b" ".repeat(200_000), b"\n"].concat();
    let dir = files(&[("f", &text)]);
    for flags in [&[][..], &["-j2", "--chunk-size=4096"]] {
        let (_, out, _) =
            said(&mut mapgrep(dir.path(), &[flags, &["-o", "--trim", "-b", "^ {3}| {0,3}ab| {1,5}$", "f"]].concat()));
        assert!(out == "199997:ab\n399997:     \n", "{flags:?}: {}", &out[..80.min(out.len())]);
    }
}

/// With a colour of matches that is none, `--trim` and `--max-columns-preview`, matches are counted in the line, and
/// the preview from behind what was trimmed, as in ripgrep. It panicked where a match was behind the end of the rest.
#[test]
fn matches_behind_the_end_of_a_trimmed_line() {
    let dir = files(&[("a", b"   \thello hello hello\n")]);
    let shown = |extra: &[&str]| {
        let flags = ["--color=always", "--colors=match:none", "--trim", "-M5", "--max-columns-preview", "hello", "a"];
        said(&mut mapgrep(dir.path(), &[&flags, extra].concat()))
    };
    let line = "hell\x1B[0mo\x1B[0m [... 2 more matches]\n";
    assert_eq!(shown(&[]), (0, line.to_owned(), String::new()));
    let column = |column| format!("\x1B[0m\x1B[32m1\x1B[0m:\x1B[0m{column}\x1B[0m:{line}");
    assert_eq!(shown(&["--column"]), (0, column(5), String::new()));
    let matches = [5, 11, 17].map(|at| format!("\x1B[0m\x1B[35ma\x1B[0m:{}", column(at))).concat();
    assert_eq!(shown(&["--vimgrep"]), (0, matches, String::new()));
}
