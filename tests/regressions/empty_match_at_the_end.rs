//! An empty match behind the last byte of a file without a line end made its line a selected one, and was not shown:
//! `-o` printed the whole line, `--count-matches` and `--stats` differed, and ranges lost it. All views of one search
//! agree.

use crate::support::commands::{files, mapgrep, said};

/// Runs the command on `text` in the file `f`.
fn out(text: &[u8], args: &[&str]) -> String {
    let dir = files(&[("f", text)]);
    let (status, out, errors) = said(&mut mapgrep(dir.path(), &[args, &["f"]].concat()));
    assert_eq!((status, errors.as_str()), (0, ""), "{args:?}");
    out
}

#[test]
fn it_is_shown_as_in_front_of_a_line_end() {
    for flags in [&["-o"][..], &["-ob"], &["-o", "--column"], &["-r", "X"], &["--column"], &["-o", "-r", "<$0>"]] {
        for pattern in ["$", "x*", "a|$", r"r\b|$"] {
            let args = [flags, &["-n", pattern]].concat();
            assert_eq!(out(b"bar", &args), out(b"bar\n", &args), "{args:?}");
            assert_eq!(out(b"b\nbar", &args), out(b"b\nbar\n", &args), "{args:?}");
        }
    }
    assert_eq!(out(b"bar", &["-o", "$"]), "\n");
    assert_eq!(out(b"bar", &["-r", "X", "$"]), "barX\n");
    assert!(out(b"bar", &["--json", "$"]).contains(r#""submatches":[{"match":{"text":""},"start":3,"end":3}]"#));
}

#[test]
fn all_views_count_it() {
    for (pattern, text, wanted) in [("$", &b"bar"[..], 1), ("x*", b"bar", 4), ("x*", b"a\nbar", 6)] {
        for flags in [&[][..], &["-U"], &["-j2", "--chunk-size=1"], &["--no-mmap"]] {
            let of = |view: &[&str]| out(text, &[flags, view, &["-e", pattern]].concat());
            assert_eq!(of(&["--count-matches"]), format!("{wanted}\n"), "{flags:?} {pattern}");
            assert_eq!(of(&["-o"]).lines().count(), wanted, "{flags:?} {pattern}");
            let stats = of(&["--stats"]);
            assert!(stats.contains(&format!("\n{wanted} matches\n")), "{flags:?} {pattern}: {stats}");
            let json = of(&["--json"]);
            assert!(
                json.lines().last().unwrap().contains(&format!("\"matches\":{wanted},")),
                "{flags:?} {pattern}: {json}"
            );
        }
    }
}

#[test]
fn ranges_up_to_the_last_byte_have_it() {
    let text = b"xa\nbar";
    for pattern in ["$", "x*", "r|$"] {
        let whole = out(text, &["-o", "-b", pattern]);
        for cut in 0..=text.len() {
            for end in [text.len(), 100] {
                let of = |range: String| {
                    let dir = files(&[("f", text)]);
                    said(&mut mapgrep(dir.path(), &["-o", "-b", "--range", &range, pattern, "f"])).1
                };
                assert_eq!(
                    of(format!("0..{cut}")) + &of(format!("{cut}..{end}")),
                    whole,
                    "{pattern} at {cut}, to {end}"
                );
            }
        }
    }
}
