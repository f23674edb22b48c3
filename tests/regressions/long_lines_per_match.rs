//! `--vimgrep` on a line of several chunks counted one match in what stands in its place with `-M`, and went over the
//! line once for each match with `-U`. On any line, the preview counted the match that was shown instead of all.

use crate::support::commands::{files, mapgrep, said};

#[test]
fn every_match_is_counted_however_long_the_line_is() {
    let columns = |step: usize, count: usize| (0..count).map(move |at| at * step + 5);
    for count in [3, 200_000] {
        let text = [&b"x\n"[..], &b"abc hello def ".repeat(count), b"\nhello\n"].concat();
        let dir = files(&[("a", &text)]);
        let vimgrep = |args: &[&str]| {
            let args = [&["--vimgrep", "--chunk-size=64K", "-M20"], args, &["hello", "a"]].concat();
            said(&mut mapgrep(dir.path(), &args))
        };
        let wanted = |step, what: &str, last: &str| {
            let lines = columns(step, count).map(|column| format!("a:2:{column}:{what}\n"));
            (0, lines.collect::<String>() + "a:3:1:" + last + "\n", String::new())
        };
        for extra in [&[][..], &["-U"], &["--no-mmap"]] {
            let with = |args: &[&str]| vimgrep(&[extra, args].concat());
            let omitted = format!("[Omitted long line with {count} matches]");
            assert!(with(&[]) == wanted(14, &omitted, "hello"), "{count} {extra:?}");
            assert!(with(&["-r", "hi"]) == wanted(11, &omitted, "hi"), "{count} {extra:?} -r");
            let preview = format!("abc hello def abc he [... {} more matches]", count - 2);
            let preview = preview.replace("1 more matches", "1 more match");
            assert!(with(&["--max-columns-preview"]) == wanted(14, &preview, "hello"), "{count} {extra:?} preview");
        }
    }
}

#[test]
fn lines_that_share_matches_are_gone_over_once() {
    let count = 200_000;
    let text = [&b"x\n"[..], &b"abc hello def ".repeat(count), b"hello\ny\n"].concat();
    let dir = files(&[("a", &text)]);
    let shown = said(&mut mapgrep(dir.path(), &["--vimgrep", "-M20", "-U", r"hello(?:\ny)?", "a"]));
    let columns = (0..=count).map(|at| if at < count { at * 14 + 5 } else { count * 14 + 1 });
    let lines = columns.map(|column| format!("a:2:{column}:[Omitted long line with {} matches]\n", count + 1));
    assert!(shown == (0, lines.collect(), String::new()));
}
