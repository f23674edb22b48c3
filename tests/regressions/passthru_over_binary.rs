//! With `--passthru` a stream was read as for context, with a line of the read before in each read. Where a NUL comes
//! decides up to which line a binary file is shown, so the last line of a read was missing.

use crate::support::commands::{files, mapgrep, native, said};

/// Reads are of 64 KiB, and the lines of 8 bytes: the NUL is in the first line of the third read.
#[test]
fn all_lines_of_the_reads_before_the_nul_are_shown() {
    let mut text: String = (0..20_000).map(|number| format!("{number:07}\n")).collect();
    text.replace_range(131_080..131_081, "\0");
    let dir = files(&[("d/text", text.as_bytes())]);
    let out = |args: &[&str]| said(&mut mapgrep(dir.path(), args)).1;
    let all = out(&["-n", "0", "d"]);
    assert!(all.contains(&native("d/text:16384:0016383\nd/text: WARNING:")), "{}", &all[all.len() - 200..]);
    assert_eq!(out(&["-n", "--passthru", "0", "d"]), all);
    assert_eq!(out(&["-n", "--passthru", "-v", "zebra", "d"]), all);
}
