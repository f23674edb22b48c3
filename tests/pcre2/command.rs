//! `-P` in the command: all modes and flags take it as they take other patterns.

use crate::commands::{files, mapgrep, mapgrep_index, said};

const TEXT: &[u8] = b"foobar\nfoo bar\nbar foo\naa bb\n\nFOO\xff ab\nlast";

#[test]
fn all_modes() {
    let dir = files(&[("a", TEXT)]);
    for (args, out) in [
        (&["-n", r"(\w)\1(?= )"][..], "2:foo bar\n4:aa bb\n"),
        (&["-c", "foo(?=bar)"], "1\n"),
        (&["-c", "-v", "foo(?=bar)"], "6\n"),
        (&["--count-matches", r"(\w)\1"], "6\n"),
        (&["-o", "-b", r"(?<=o)b\w"], "3:ba\n"),
        (&["-o", r"(?<!o)\bb\w+"], "bar\nbar\nbb\n"),
        (&["-w", "-n", r"fo+(?!b)"], "2:foo bar\n3:bar foo\n"),
        (&["-x", r"(\w)\w+"], "foobar\nlast\n"),
        (&["-i", "-c", "(?=foo)"], "4\n"),
        (&["-S", "-c", "(?=foo)"], "4\n"),
        (&["-r", "<$2$1>", "(f)(oo)(?=b)"], "<oof>bar\n"),
        (&["-r", "$x", r"(?<x>\w)\k<x> "], "fobar\nabb\n"),
        (&["-U", "-n", r"bar\nbar(?= )"], "2:foo bar\n3:bar foo\n"),
        (&["-U", "-o", r"(?<=bar\n)bar"], "bar\n"),
        (&["--last", "1", "-n", "o(?=o)"], "3:bar foo\n"),
        (&["--reverse", "-n", "o(?=o)"], "3:bar foo\n2:foo bar\n1:foobar\n"),
        (&["-A1", "-n", "b(?=b)"], "4:aa bb\n5-\n"),
        (&["-m1", "-n", "o(?=o)"], "1:foobar\n"),
        (&["--range", "7..20", "-n", "o(?=o)"], "2:foo bar\n3:bar foo\n"),
        (&["-l", "a(?=a)"], "a\n"),
        (&["--files-without-match", "a(?=q)"], "a\n"),
        (&["-n", r"^(?!f|b|a|F|$)"], "7:last\n"),
        (&["-e", "b(?=b)", "-e", "x", "-e", "a(?=st)"], "aa bb\nlast\n"),
        (&["--no-pcre2-unicode", "-c", r"(?=\w)a"], "6\n"),
        (&["--passthru", "-m1", "q(?=q)"], "foobar\nfoo bar\nbar foo\naa bb\n\nFOO\u{fffd} ab\nlast\n"),
    ] {
        let args = [&["-P", "--no-filename"], args, &["a"]].concat();
        let args: Vec<_> = args.into_iter().filter(|arg| out != "a\n" || *arg != "--no-filename").collect();
        let status = i32::from(args.contains(&"--passthru"));
        for chunk in ["--chunk-size=1", "--chunk-size=5", "--chunk-size=1M"] {
            let said = said(&mut mapgrep(dir.path(), &[&[chunk], &args[..]].concat()));
            assert_eq!(said, (status, out.to_owned(), String::new()), "{chunk} {args:?}");
        }
    }
}

#[test]
fn the_automatic_engine_takes_what_the_pattern_needs() {
    let dir = files(&[("a", TEXT)]);
    let explained = |args: &[&str]| said(&mut mapgrep(dir.path(), &[&["--explain", "-c"], args, &["a"]].concat()));
    assert!(explained(&["--engine=auto", r"(o)\1"]).2.contains("PCRE2, line by line"));
    assert!(explained(&["--auto-hybrid-regex", "-U", r"(o)\1"]).2.contains("PCRE2, the whole text at once"));
    assert!(!explained(&["--engine=auto", "o+"]).2.contains("PCRE2"));
    let (status, _, err) = explained(&["--engine=auto", "o("]);
    assert!(status == 2 && err.contains("unclosed group") && err.contains("PCRE2: error compiling"), "{err}");
}

#[test]
fn what_is_wrong_is_told() {
    let dir = files(&[("a", &[&b"x".repeat(40)[..], b"\nb\n"].concat()), ("b", b"b\n"), ("list", b"b\n(b\n")]);
    let hard = r"(?:x+x+)+y|b";
    let (status, out, err) = said(&mut mapgrep(dir.path(), &["-P", hard, "a", "b"]));
    assert_eq!((status, out.as_str()), (2, "b:b\n"));
    assert!(err.starts_with("mapgrep: a: PCRE2") && err.contains("match limit") && err.lines().count() == 1, "{err}");
    for args in [&["-v", hard][..], &["-c", hard], &["-U", hard], &["--stop-on-nonmatch", hard], &["--last=1", hard]] {
        let (status, out, err) = said(&mut mapgrep(dir.path(), &[&["-P"], args, &["a"]].concat()));
        assert_eq!((status, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains("match limit"), "{args:?}: {err}");
    }
    let (status, _, err) = said(&mut mapgrep(dir.path(), &["-P", "-f", "list", "a"]));
    assert!(status == 2 && err.contains("list:2: ") && err.contains("missing closing parenthesis"), "{err}");
    let (status, _, err) = said(&mut mapgrep(dir.path(), &["-P", "--count-by-pattern", "a", "a"]));
    assert!(status == 2 && err.contains("cannot be used with -P"), "{err}");
    let (status, out, _) = said(&mut mapgrep(dir.path(), &["--pcre2-version"]));
    assert!(status == 0 && out.starts_with("PCRE2 10."), "{out}");
}

#[test]
fn an_index_leaves_nothing_out() {
    let text = "needle in a haystack\nother words of a text\n".repeat(1 << 16);
    let dir = files(&[("a", text.as_bytes())]);
    assert_eq!(said(&mut mapgrep_index(dir.path(), &["build", "-q", "a"])).0, 0);
    for pattern in [r"nee(?!x)dle", r"(e)\1d"] {
        let said = said(&mut mapgrep(dir.path(), &["-P", "-c", pattern, "a"]));
        assert_eq!(said, (0, "65536\n".to_owned(), String::new()), "{pattern}");
    }
}
