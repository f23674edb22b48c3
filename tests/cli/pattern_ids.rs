//! Patterns told apart by the command: --pattern-ids and --count-by-pattern, against regexes that are run one by one.

use std::{fs, path::Path, process::Command};

use proptest::prelude::*;
use regex::bytes::{Regex, RegexBuilder};

const PATTERNS: &[&str] = &[
    "foo",
    "bar",
    "foobar",
    "fo+",
    r"\bfoo\b",
    "[a-f]+",
    "o",
    "ba?r",
    "^foo",
    "bar$",
    "x?12",
    "(?i)FOO",
    "foo|bar",
    r"\d+",
    "",
    "oob",
    r"\w\b",
    r"[a-z]\w*",
    "x.*[A-Z]",
];

fn run(dir: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_mapgrep")).args(args).current_dir(dir).output().unwrap();
    assert!(output.stderr.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The patterns without those that were there before, with their numbers.
fn each_once<'p>(patterns: &[&'p str]) -> Vec<(usize, &'p str)> {
    let numbered = patterns.iter().enumerate().map(|(index, pattern)| (index + 1, *pattern));
    numbered.filter(|(number, pattern)| !patterns[..number - 1].contains(pattern)).collect()
}

fn regex(pattern: &str) -> Regex {
    RegexBuilder::new(pattern).multi_line(true).build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn patterns_are_told_apart_as_if_each_were_alone(
        patterns in prop::collection::vec(prop::sample::select(PATTERNS), 1..7),
        words in prop::collection::vec(
            prop::sample::select(vec!["foo", "bar", " ", "\n", "12", "x", "FOO", "\n\n", "oo", "é"]), 1..60,
        ),
        chunk in prop::sample::select(vec!["1", "16", "64K"]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let text = words.concat();
        fs::write(dir.path().join("text"), &text).unwrap();
        let list: String = patterns.iter().map(|pattern| format!("{pattern}\n")).collect();
        fs::write(dir.path().join("patterns"), list).unwrap();
        let flags = ["-a", "-f", "patterns", "--chunk-size", chunk];
        let search = |args: &[&str]| run(dir.path(), &[&flags, args, &["text"]].concat());
        let patterns = each_once(&patterns);
        let regexes: Vec<Regex> = patterns.iter().map(|(_, pattern)| regex(pattern)).collect();
        let lines: Vec<&str> = text.split_inclusive('\n').map(|line| line.trim_end_matches('\n')).collect();
        let on_line = |line: &str| -> Vec<usize> {
            (0..regexes.len()).filter(|&index| regexes[index].is_match(line.as_bytes())).collect()
        };

        let counts = patterns.iter().enumerate().map(|(index, (_, pattern))| {
            (lines.iter().filter(|line| on_line(line).contains(&index)).count(), *pattern)
        });
        let zeros: String = counts.clone().map(|(count, pattern)| format!("{count}:{pattern}\n")).collect();
        let others = counts.filter(|(count, _)| *count > 0);
        let others: String = others.map(|(count, pattern)| format!("{count}:{pattern}\n")).collect();
        prop_assert_eq!(search(&["--count-by-pattern", "--include-zero"]), zeros);
        prop_assert_eq!(search(&["--count-by-pattern"]), others);

        let (mut whole, mut parts) = (String::new(), String::new());
        let groups: Vec<String> = patterns.iter().map(|(_, pattern)| format!("({pattern})")).collect();
        let alternation = regex(&groups.join("|"));
        for (number, line) in lines.iter().enumerate() {
            let numbers: Vec<String> = on_line(line).into_iter().map(|index| patterns[index].0.to_string()).collect();
            if numbers.is_empty() {
                continue;
            }
            whole += &format!("{}:{}:{line}\n", number + 1, numbers.join(","));
            for found in alternation.captures_iter(line.as_bytes()) {
                let all = found.get(0).unwrap();
                // No character is cut.
                if !line.is_char_boundary(all.start()) {
                    continue;
                }
                let index = (1..found.len()).find(|&group| found.get(group).is_some()).unwrap() - 1;
                parts += &format!("{}:{}:{}\n", number + 1, patterns[index].0, &line[all.range()]);
            }
        }
        prop_assert_eq!(search(&["--pattern-ids", "-n"]), whole);
        // An empty match is found between the bytes of a character too.
        let may_be_empty = regexes.iter().any(|regex| regex.is_match(b""));
        if text.is_ascii() || !may_be_empty {
            let found = search(&["--pattern-ids", "-n", "-o"]);
            let is_shown = |line: &&str| !line.ends_with(':') || parts.contains(*line);
            prop_assert_eq!(found.lines().filter(is_shown).collect::<Vec<_>>(), parts.lines().collect::<Vec<_>>());
        }
    }
}

#[test]
fn options_that_select_what_does_not_match_are_refused() {
    for args in [["-v", "--pattern-ids"], ["-U", "--count-by-pattern"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_mapgrep")).args(args).args(["x", "Cargo.toml"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be used with"));
    }
}

#[test]
fn numbers_count_what_was_given_and_files_come_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("patterns"), "one\r\n\r\ntwo\r\none").unwrap();
    fs::write(dir.path().join("a"), "one two\nTWO\n").unwrap();
    fs::write(dir.path().join("b"), "two\n\0two\n").unwrap();
    let search = |args: &[&str]| run(dir.path(), &[args, &["a", "b"]].concat());
    // The empty pattern is on every line.
    assert_eq!(
        search(&["-a", "-F", "-e", "zero", "-f", "patterns", "--count-by-pattern", "--pattern-ids"]),
        "a:2:1:one\na:3:2:\na:4:1:two\nb:3:2:\nb:4:2:two\n"
    );
    assert_eq!(
        search(&["-i", "-F", "-e", "zero", "-e", "two", "--count-by-pattern", "--include-zero"]),
        "a:0:zero\na:2:two\nb:0:zero\nb:2:two\n"
    );
    assert_eq!(search(&["-c", "--include-zero", "one"]), "a:1\nb:0\n");
    assert_eq!(run(dir.path(), &["--count-by-pattern", "-q", "one", "a"]), "");
}

/// An engine for all regexes without a literal went on behind the place of the match where it could not be an
/// automaton, next to a word boundary and bytes beyond ASCII; and looked at the rest of the line for each match.
#[test]
fn a_match_is_of_the_first_pattern_that_matches_at_its_place() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "xaé\n").unwrap();
    assert_eq!(run(dir.path(), &["-o", "--pattern-ids", "-e", r"\w\b", "-e", r"[a-z]\w*", "a"]), "2:xaé\n");
    fs::write(dir.path().join("a"), "  a é\n").unwrap();
    assert_eq!(run(dir.path(), &["-F", "-w", "-o", "--pattern-ids", "-e", "a", "-e", " a", "a"]), "2: a\n");
    fs::write(dir.path().join("a"), "x1 y2 z3 ".repeat(30_000)).unwrap();
    let found = run(dir.path(), &["-o", "--pattern-ids", "-e", "[a-z][0-9]", "-e", "[0-9]+", "-e", "x.*[A-Z]", "a"]);
    assert_eq!(found.lines().filter(|line| line.starts_with("1:")).count(), 90_000);
}

/// A line of many words that are all patterns, and one of many matches behind literals that are not in front of them:
/// in the square of their number, these would take minutes.
#[test]
fn a_long_line_with_matches_of_many_patterns_takes_no_longer_than_others() {
    let dir = tempfile::tempdir().unwrap();
    let words: Vec<String> = (0..20_000).map(|number| format!("w{number}z")).collect();
    fs::write(dir.path().join("a"), words.join(" ")).unwrap();
    fs::write(dir.path().join("words"), words.join("\n")).unwrap();
    let found = run(dir.path(), &["-F", "-o", "--pattern-ids", "-f", "words", "a"]);
    assert!(found.starts_with("1:w0z\n2:w1z\n") && found.ends_with("20000:w19999z\n"));
    fs::write(dir.path().join("a"), "xx foobar1 yy bazqux2 ".repeat(50_000)).unwrap();
    let counted = run(dir.path(), &["--count-matches", "-e", r"\w*foobar[0-9]", "-e", r"[a-z]+\d?bazqux[0-9]", "a"]);
    assert_eq!(counted, "50000\n");
}

/// A plain string with a NUL among others is no error, with --stats matches are counted, and context has the field too.
#[test]
fn what_stands_in_front_of_lines_and_behind_everything() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "foo bar\nbar\nbaz\n").unwrap();
    fs::write(dir.path().join("nuls"), "a\0b\nbar\n").unwrap();
    assert_eq!(run(dir.path(), &["-F", "-c", "-f", "nuls", "a"]), "2\n");
    assert_eq!(run(dir.path(), &["--pattern-ids", "-A1", "-F", "-f", "nuls", "a"]), "2:foo bar\n2:bar\n-baz\n");
    let stats = run(dir.path(), &["--count-by-pattern", "--stats", "-e", "foo", "-e", "bar", "a"]);
    assert!(stats.starts_with("1:foo\n2:bar\n") && stats.contains("3 matches\n"), "{stats}");
}
