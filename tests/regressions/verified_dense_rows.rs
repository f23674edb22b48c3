//! `verify` called an index damaged, where a block had changed such that a row of the text is set for more than half of
//! the blocks: such rows are stored as set for all, and the index lacks that of the blocks that are the same.

use std::fs;

use mapgrep::{index::IndexBuilder, scan::Pool};

use crate::support::commands::files;

const BLOCK: usize = 64 << 10;
const BLOCKS: usize = 32;

#[test]
fn a_row_that_has_become_dense_is_not_missed() {
    let block = |line: &str| format!("{line:<31}\n").repeat(BLOCK / 32);
    let (with, without) = (block("qzx wvk jxq zzy kqj vwx yqz.abc"), block("the of and to in is for that"));
    let text =
        |with_in: usize| -> String { (0..BLOCKS).map(|i| if i < with_in { &with[..] } else { &without }).collect() };
    let dir = files(&[("text", text(BLOCKS / 2).as_bytes())]);
    let path = dir.path().join("text");
    let (builder, pool) = (IndexBuilder::new(), Pool::new(2));
    builder.build(&path, &pool).unwrap();
    assert_eq!(builder.verify(&path, &pool).unwrap().changed, []);
    fs::write(&path, text(BLOCKS / 2 + 1)).unwrap();
    let changed = builder.verify(&path, &pool).unwrap().changed;
    let at = (BLOCKS / 2 * BLOCK) as u64;
    assert!(changed.iter().any(|range| range.contains(&(at + 100))), "{changed:?}");
    let near = at - BLOCK as u64..at + 2 * BLOCK as u64;
    assert!(changed.iter().all(|range| near.start <= range.start && range.end <= near.end), "{changed:?}");
}
