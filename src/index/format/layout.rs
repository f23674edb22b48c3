//! Sizes and places that the format fixes.

use super::scheme::{ROW_GROUP, Scheme};

pub(crate) const MAGIC: [u8; 8] = *b"\x89mgx\r\n\x1a\n";
/// Counts up whenever indexes of before can no longer be read, or grams and hashes change.
pub(crate) const VERSION: u32 = 2;
pub(crate) const BYTE_ORDER: u32 = 0x0102_0304;
/// How many bytes of text a block nominally has. Fuzzing has small ones: all that can happen at their borders happens
/// in a text of a few hundred bytes.
pub(crate) const BLOCK: u64 = if cfg!(fuzzing) { 256 } else { 64 << 10 };
/// How many blocks a segment has at most.
pub(crate) const MOST_BLOCKS: usize = 4096;
pub(crate) const HEADER: usize = 128;
/// Where the first segment begins.
pub(crate) const BODY: u64 = 8192;
pub(crate) const ALIGN: u64 = 64;
pub(crate) const MANIFEST: usize = 72;
pub(crate) const ENTRY: usize = 40;
/// How many blocks share a checksum.
pub(crate) const TABLE_GROUP: usize = 64;
pub(crate) const RECORD: usize = 24;
pub(crate) const TABLE_GROUP_LEN: usize = TABLE_GROUP * RECORD + 8;

/// Where the offsets of rows begin in a segment.
pub(crate) fn offsets_start(blocks: usize) -> usize {
    blocks.div_ceil(TABLE_GROUP) * TABLE_GROUP_LEN
}

/// How many bytes of a segment come before its rows.
pub(crate) fn fixed_len(scheme: Scheme, blocks: usize) -> usize {
    offsets_start(blocks) + (scheme.row_groups() + 1) * 4
}

/// How many bytes a row has at most: it is written as it is, behind one byte, where no code is shorter.
pub(crate) fn longest_row(blocks: usize) -> usize {
    1 + blocks.div_ceil(8)
}

/// How many bits a length of a row has at most.
pub(crate) fn most_width(blocks: usize) -> usize {
    (usize::BITS - longest_row(blocks).leading_zeros()) as usize
}

/// How many bytes 32 rows have at most.
pub(crate) fn longest_group(blocks: usize) -> usize {
    5 + most_width(blocks) * ROW_GROUP / 8 + ROW_GROUP * longest_row(blocks)
}

/// How many bytes a segment has at most.
pub(crate) fn longest_len(scheme: Scheme, blocks: usize) -> usize {
    fixed_len(scheme, blocks) + scheme.row_groups() * longest_group(blocks)
}
