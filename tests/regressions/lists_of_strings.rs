//! `-F -w -f` and `-F -x -f` made one regex of all strings: slow from some thousand on, and refused from some hundred
//! thousand on. A list that was not UTF-8 was refused, a bad regex of a list was not named by file and line, and a
//! directory given as a list was named twice or not at all. Of strings nested in each other there was no way to see the
//! longest.

use std::{collections::HashSet, fs, path::Path};

use proptest::prelude::*;

use crate::support::commands::{files, mapgrep, said};

fn run(dir: &Path, args: &[&str]) -> (i32, String, String) {
    said(&mut mapgrep(dir, args))
}

#[test]
fn hundreds_of_thousands_of_words_and_lines_are_a_set() {
    let list: String = (0..300_000).map(|i| format!("{}\n", 7 * i)).collect();
    let text: String = (0..20_000).map(|i| format!("a{i} {i},{} {}\n{}\n", i * 3, i * 11, i * 5)).collect();
    let dir = files(&[("list", list.as_bytes()), ("text", text.as_bytes())]);
    let strings: HashSet<&str> = list.lines().collect();
    let words = |line: &str| line.split([' ', ',']).filter(|word| strings.contains(word)).count();
    let matches: usize = text.lines().map(words).sum();
    let lines = text.lines().filter(|line| strings.contains(line)).count();
    for (flag, count, what) in [("-w", matches, "whole words"), ("-x", lines, "whole lines")] {
        let (status, out, explained) =
            run(dir.path(), &["--explain", "-F", flag, "-f", "list", "--count-matches", "text"]);
        assert_eq!((status, out), (0, format!("{count}\n")), "{flag}");
        assert!(explained.contains("matcher: literals: 300000 patterns") && explained.contains(what), "{explained}");
        let counts = run(dir.path(), &["--explain", "-F", flag, "-f", "list", "--count-by-pattern", "text"]);
        assert!(counts.2.contains("300000 by a literal alone, 0 by a shape"), "{}", counts.2);
        let sum: usize = counts.1.lines().map(|line| line.split(':').next().unwrap().parse::<usize>().unwrap()).sum();
        assert!(sum > 0 && sum <= count, "each line counts once for a pattern: {sum} of {count}");
    }
}

/// What `-o -b` shows of words or whole lines, by definition: at each place the first string of the list that fits.
fn defined(strings: &[&str], text: &str, whole_line: bool) -> String {
    let is_word = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
    let (mut out, mut start) = (String::new(), 0);
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        let fits = |at: usize, string: &str| {
            let (before, rest) = content.split_at(at);
            let Some(behind) = rest.strip_prefix(string) else { return false };
            match whole_line {
                true => before.is_empty() && behind.is_empty(),
                false => !is_word(before.chars().next_back()) && !is_word(behind.chars().next()),
            }
        };
        let mut at = 0;
        while at < content.len() {
            let string = strings.iter().find(|string| content.is_char_boundary(at) && fits(at, string));
            if let Some(string) = string.filter(|string| !string.is_empty()) {
                out += &format!("{}:{string}\n", start + at);
                at += string.len();
            } else {
                at += 1;
            }
        }
        start += line.len();
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn words_and_lines_of_a_list_are_those_of_the_definition(
        strings in prop::collection::vec(
            prop::sample::select(vec![
                "foo", "foo-bar", "foo-", "-", "o", "fo", "é", "fooé", " ", "bar foo", "a b", "47", "4",
            ]),
            2..6,
        ),
        more in any::<bool>(),
        words in prop::collection::vec(
            prop::sample::select(vec![
                "foo", "foo", "bar", "-", " ", " ", "\n", "\n\n", "o", "é", "ö", "a b", "47", "4", "_",
            ]),
            0..50,
        ),
        whole_line in any::<bool>(),
        chunk in prop::sample::select(vec!["1", "16", "64K"]),
    ) {
        let more: Vec<String> = if more { (0..80).map(|i| format!("more {i:02}")).collect() } else { vec![] };
        let mut strings: Vec<&str> = strings.into_iter().chain(more.iter().map(|more| &more[..])).collect();
        let mut seen = HashSet::new();
        strings.retain(|string| seen.insert(*string));
        let text = words.concat();
        let dir = files(&[("list", (strings.join("\n") + "\n").as_bytes()), ("text", text.as_bytes())]);
        let flag = if whole_line { "-x" } else { "-w" };
        let (_, out, errors) = run(dir.path(), &["-F", flag, "-f", "list", "-o", "-b", "--chunk-size", chunk, "text"]);
        let wanted = defined(&strings, &text, whole_line);
        prop_assert_eq!((&out, errors.as_str()), (&wanted, ""), "{:?} in {:?}", strings, text);
        let (_, ids, _) = run(dir.path(), &["-F", flag, "-f", "list", "-o", "-b", "--pattern-ids", "text"]);
        let names: String = ids.lines().map(|line| {
            let fields: Vec<&str> = line.splitn(3, ':').collect();
            assert_eq!(strings[fields[1].parse::<usize>().unwrap() - 1], fields[2], "{line}");
            format!("{}:{}\n", fields[0], fields[2])
        }).collect();
        prop_assert_eq!(names, wanted);
    }
}

#[test]
fn an_empty_string_of_a_list_is_an_empty_line() {
    let dir =
        files(&[("list", b"one\n\ntwo\n"), ("text", b"one\n\n two\ntwo\n\n"), ("crlf", b"one\r\n\r\n two\r\n\r\ntwo")]);
    assert_eq!(run(dir.path(), &["-n", "-F", "-x", "-f", "list", "text"]).1, "1:one\n2:\n4:two\n5:\n");
    assert_eq!(run(dir.path(), &["-n", "-F", "-x", "-v", "-f", "list", "text"]).1, "3: two\n");
    assert_eq!(run(dir.path(), &["-c", "-F", "-x", "-f", "list", "text"]).1, "4\n");
    assert_eq!(run(dir.path(), &["--crlf", "-c", "-F", "-x", "-f", "list", "crlf"]).1.trim_end(), "4");
    assert_eq!(run(dir.path(), &["--crlf", "-c", "-v", "-F", "-x", "-f", "list", "crlf"]).1.trim_end(), "1");
    assert_eq!(run(dir.path(), &["-F", "-x", "--count-by-pattern", "-f", "list", "text"]).1, "1:one\n2:\n1:two\n");
    // Without -x it is everywhere.
    assert_eq!(run(dir.path(), &["-c", "-F", "-f", "list", "text"]).1, "5\n");
}

#[cfg(unix)]
#[test]
fn strings_may_have_any_bytes() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let dir = files(&[("list", b"\xE9t\xE9\nplain\n"), ("text", b"un \xE9t\xE9\nUN \xE9T\xE9\n\xE9t\xE9s\nplain\n")]);
    let count = |args: &[&str]| run(dir.path(), &[&["-a", "-c", "-F", "-f", "list"], args, &["text"]].concat()).1;
    assert_eq!(count(&[]), "3\n");
    assert_eq!(count(&["-i"]), "4\n");
    assert_eq!(count(&["-x"]), "1\n");
    assert_eq!(count(&["-o", "-r", "$0"]), "3\n");
    let counts = mapgrep(dir.path(), &["-a", "--count-by-pattern", "-F", "-f", "list", "text"]).output().unwrap();
    assert_eq!(counts.stdout, b"2:\xE9t\xE9\n1:plain\n");
    let pattern = OsStr::from_bytes(b"n \xE9t");
    for args in [vec![pattern], vec![OsStr::new("-e"), pattern], vec![OsStr::new("-e"), pattern, OsStr::new("-eplain")]]
    {
        let output = mapgrep(dir.path(), &["-a", "-F"]).args(args).arg("text").output().unwrap();
        assert!(output.stdout.starts_with(b"un \xE9t\xE9\n"), "{output:?}");
    }
    // A regex is text.
    let message = "list:1: the pattern \"\\xe9t\\xe9\" is not valid UTF-8; -F searches for it as it is";
    let (status, out, errors) = run(dir.path(), &["-f", "list", "text"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(errors.contains(message), "{errors}");
    let output = mapgrep(dir.path(), &[]).arg("-e").arg(pattern).arg("text").output().unwrap();
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("the command line: the pattern \"n \\xe9t\" is not valid UTF-8")
    );
    let output = mapgrep(dir.path(), &["-g"]).arg(OsStr::from_bytes(b"\xFF*")).arg("x").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("--glob") && errors.contains(r#"has to be valid UTF-8, and this is "\xFF*""#), "{errors}");
    let output =
        mapgrep(dir.path(), &["-o", "plain", "text", "-r"]).arg(OsStr::from_bytes(b"<\xFF>")).output().unwrap();
    assert_eq!(output.stdout, b"<\xFF>\n");
}

#[test]
fn a_bad_regex_of_a_list_is_named_by_file_and_line() {
    let dir = files(&[("good", b"a\nb\n"), ("bad", b"fine\n\nfine\na(b\n"), ("text", b"x\n")]);
    let (status, out, errors) = run(dir.path(), &["-e", "first", "-f", "good", "-f", "bad", "text"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(errors.starts_with("mapgrep: bad:4: ") && errors.contains("unclosed group"), "{errors}");
    let (status, _, errors) = run(dir.path(), &["-f", "good", "-e", "a(b", "text"]);
    assert!(status == 2 && !errors.contains("good") && errors.contains("unclosed group"), "{errors}");
    let (_, _, errors) = crate::support::commands::said_of(&mut mapgrep(dir.path(), &["-f", "-", "text"]), b"x\n[a\n");
    assert!(errors.starts_with("mapgrep: standard input:2: "), "{errors}");
}

#[test]
fn a_list_that_cannot_be_read_is_named() {
    let dir = files(&[("text", b"x\n")]);
    fs::create_dir(dir.path().join("folder")).unwrap();
    let (status, _, errors) = run(dir.path(), &["-f", "missing", "text"]);
    assert!(status == 2 && errors.starts_with("mapgrep: cannot read patterns: missing: "), "{errors}");
    #[cfg(unix)]
    {
        let (status, _, errors) = run(dir.path(), &["-f", "folder", "text"]);
        assert!(status == 2 && errors.starts_with("mapgrep: cannot read patterns: folder: Is a directory"), "{errors}");
    }
}

#[test]
fn the_longest_of_nested_strings_is_shown_when_asked() {
    let dir = files(&[("list", b"net\nnetwork\nnetworks\nwork\n"), ("text", b"networks and nets\n")]);
    let show = |args: &[&str]| run(dir.path(), &[&["-F", "-f", "list"], args, &["text"]].concat()).1;
    assert_eq!(show(&["-o"]), "net\nwork\nnet\n");
    assert_eq!(show(&["-o", "--longest"]), "networks\nnet\n");
    assert_eq!(show(&["-o", "--longest", "-i", "--pattern-ids"]), "3:networks\n1:net\n");
    assert_eq!(show(&["-o", "--longest", "-w"]), "networks\n");
    assert_eq!(show(&["--count-matches", "--longest"]), "2\n");
    assert_eq!(show(&["--longest", "--pattern-ids"]), "1,2,3,4:networks and nets\n");
    let (status, _, errors) = run(dir.path(), &["-o", "--longest", "-e", "net", "-e", "network", "text"]);
    assert!(status == 2 && errors.contains("--fixed-strings"), "{errors}");
}
