//! A search for any line, in a file that is to be left at its first NUL, took the NUL of a later selected line in the
//! same chunk for the end of the file, and found nothing; in smaller chunks it found the line.

use std::ops::ControlFlow;

use mapgrep::{
    grep::{Binary, Goal, GrepBuilder, Plain},
    mapping::MapOptions,
    matcher::MatcherBuilder,
    scan::Pool,
};

#[test]
fn a_selected_line_before_the_line_with_the_nul_decides() {
    // Past the part of the file that is looked at to tell whether it is binary.
    let text = [&b"match\n"[..], &b"x\n".repeat(40_000), b"match \0\n"].concat();
    let mut mapping = MapOptions::new().len(text.len()).map_anonymous().unwrap();
    mapping.set_slice(.., &text).unwrap();
    for pattern in ["match", "mat[c]h", "x|match"] {
        for chunk_size in [1 << 20, 4096, 3] {
            let matcher = MatcherBuilder::new().by_line(true).build([pattern]).unwrap();
            let mut builder = GrepBuilder::new();
            let grep = builder
                .goal(Goal::AnyLine)
                .binary_detection(Binary::Quit)
                .chunk_size(chunk_size)
                .build(matcher)
                .unwrap();
            let emit = &mut |_: &[u8]| ControlFlow::Continue(());
            let summary = grep.search_mapping(&mapping, &Plain, &Pool::new(2), emit).unwrap();
            assert_eq!((summary.matched_lines, summary.binary), (1, None), "{pattern} in chunks of {chunk_size}");
        }
    }
}
