//! `--stats` said that a whole file was searched where an index had left some blocks of it.

use crate::support::commands::{files, mapgrep, mapgrep_index, said};

fn searched(report: &str) -> u64 {
    let line = report.lines().find(|line| line.ends_with(" bytes searched")).expect("a report");
    line.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn what_was_searched_is_what_was_looked_at() {
    let text: String = (0..200_000).map(|number| format!("line {number} has a needle\n")).collect();
    let dir = files(&[("big", text.as_bytes())]);
    let dir = dir.path();
    assert_eq!(said(&mut mapgrep_index(dir, &["build", "big"])).0, 0);
    let stats = |args: &[&str]| said(&mut mapgrep(dir, &[&["--stats"], args, &["big"]].concat())).1;
    let whole = text.len() as u64;
    assert_eq!(searched(&stats(&["--index=never", "line 77777 has"])), whole);
    for options in [&[][..], &["--last", "1"], &["--reverse"], &["-c"], &["-n"], &["-o"]] {
        let report = stats(&[options, &["line 77777 has"]].concat());
        assert!(report.contains("\n1 matched lines\n"), "{report}");
        // A block of 64 KiB, or two, and what is not indexed.
        let bytes = searched(&report);
        assert!((1 << 10..4 << 16).contains(&bytes), "{options:?}: {bytes} of {whole}");
    }
    // The lines 10 to 19 are 20 bytes each, and one of them is looked up by its number.
    assert!(searched(&stats(&["--lines", "11..20", "-e", "needle"])) < 4 << 16);
}
