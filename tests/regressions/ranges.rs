//! Ranges were bytes with one letter behind them, from the start of the file only; and `--lines 3..4 PATTERN FILE` took
//! the pattern for a file and showed lines without regard to it.

use crate::support::commands::{files, mapgrep, said, said_of};

fn numbers(to: usize) -> String {
    (1..=to).map(|n| format!("{n}\n")).collect()
}

#[test]
fn with_two_positional_arguments_the_first_is_the_pattern() {
    let dir = files(&[("app.log", b"ok\nERROR 1\nok\nERROR 2\n")]);
    let run = |args: &[&str]| said(&mut mapgrep(dir.path(), args));
    assert_eq!(run(&["--lines", "3..4", "ERROR", "app.log"]), (0, "ERROR 2\n".into(), String::new()));
    assert_eq!(run(&["--lines", "2..3", "app.log"]), (0, "ERROR 1\nok\n".into(), String::new()));
    assert_eq!(run(&["--lines", "1", "ERROR", "app.log"]), (1, String::new(), String::new()));
}

/// The lines of a range are those that a walk over all lines finds, from either end, with a final line end and without,
/// mapped and as a stream.
#[test]
fn lines_are_counted_from_either_end() {
    let place = |text: &str, count: i64| {
        let number: i64 = text.parse().unwrap();
        if number < 0 { count + 1 + number } else { number }
    };
    for text in [numbers(20), numbers(20).trim_end().to_owned(), "one".to_owned(), String::new(), "\n\n\n".to_owned()] {
        let dir = files(&[("f", text.as_bytes())]);
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for range in ["3", "-3", "-3..", "-3..-2", "18..-1", "..2", "-30..2", "25..", "5..-18", "..-19", "-1", "-25"] {
            let count = lines.len() as i64;
            let (first, last) = range.split_once("..").unwrap_or((range, range));
            let first = if first.is_empty() { 1 } else { place(first, count) };
            let last = if last.is_empty() { count } else { place(last, count) };
            let chosen = (1..).zip(&lines).filter(|(n, _)| (first..=last).contains(n));
            let mut wanted: String = chosen.map(|(n, line)| format!("{n}:{line}")).collect();
            if !wanted.is_empty() && !wanted.ends_with('\n') {
                wanted.push('\n');
            }
            let status = i32::from(wanted.is_empty());
            let wanted = (status, wanted, String::new());
            assert_eq!(said(&mut mapgrep(dir.path(), &["-n", "--lines", range, "f"])), wanted, "{range} of {text:?}");
            let mut stream = mapgrep(dir.path(), &["-n", "--lines", range, "", "-"]);
            assert_eq!(said_of(&mut stream, text.as_bytes()), wanted, "{range} of {text:?}, a stream");
        }
    }
}

/// Ten tenths of a file are the file, and a range from the end is that of the same bytes from the start.
#[test]
fn parts_of_the_length_and_offsets_from_the_end() {
    let text = numbers(1000);
    let dir = files(&[("f", text.as_bytes())]);
    let range = |range: &str| {
        let (_, lines, errors) = said(&mut mapgrep(dir.path(), &["-n", "--range", range, "", "f"]));
        assert_eq!(errors, "", "{range}");
        let stream = said_of(&mut mapgrep(dir.path(), &["-n", "--range", range, "", "-"]), text.as_bytes());
        assert_eq!(stream.1, lines, "{range}, a stream");
        lines
    };
    let tenths: String = (0..10).map(|i| range(&format!("{}%..{}%", 10 * i, 10 * i + 10))).collect();
    assert_eq!(tenths, range(".."));
    assert_eq!(text.len(), 3893);
    assert_eq!(range("-1000.."), range("2893.."));
    assert_eq!(range("-2KB..-0.5KB"), range("1893..3393"));
    assert_eq!(range("-1GiB..1KiB"), range("0..1K"));
    assert_eq!(range("3000..-1.5K"), "");
}
