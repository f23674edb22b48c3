//! Sizes and offsets that the format fixes.

use super::scheme::{ROW_GROUP, Scheme};

pub(crate) const MAGIC: [u8; 8] = *b"\x89mgx\r\n\x1a\n";
/// The version of the format. It increases when older indexes can no longer be read, or when grams or hashes change.
pub(crate) const VERSION: u32 = 3;
pub(crate) const BYTE_ORDER: u32 = 0x0102_0304;
/// The nominal size of a block of text, in bytes. It is small for fuzzing, so that all that can happen at borders of
/// blocks happens in a text of a few hundred bytes.
pub(crate) const BLOCK: u64 = if cfg!(fuzzing) { 256 } else { 64 << 10 };
/// The largest number of blocks of a segment.
pub(crate) const MOST_BLOCKS: usize = 4096;
pub(crate) const HEADER: usize = 128;
/// The offset of the first segment.
pub(crate) const BODY: u64 = 8192;
pub(crate) const ALIGN: u64 = 64;
pub(crate) const MANIFEST: usize = 72;
pub(crate) const ENTRY: usize = 40;
/// The bytes in which a manifest describes a named section.
pub(crate) const SECTION: usize = 48;
/// The number of blocks that share a checksum.
pub(crate) const TABLE_GROUP: usize = 64;
pub(crate) const RECORD: usize = 24;
pub(crate) const TABLE_GROUP_LEN: usize = TABLE_GROUP * RECORD + 8;

/// The offset of the row offsets in a segment.
pub(crate) fn offsets_start(blocks: usize) -> usize {
    blocks.div_ceil(TABLE_GROUP) * TABLE_GROUP_LEN
}

/// The bytes of a segment before its rows.
pub(crate) fn fixed_len(scheme: Scheme, blocks: usize) -> usize {
    offsets_start(blocks) + (scheme.row_groups() + 1) * 4
}

/// The most bytes of a row: one byte, then the bits as they are, if no code is shorter.
pub(crate) fn longest_row(blocks: usize) -> usize {
    1 + blocks.div_ceil(8)
}

/// The most bits of the length of a row.
pub(crate) fn most_width(blocks: usize) -> usize {
    (usize::BITS - longest_row(blocks).leading_zeros()) as usize
}

/// The most bytes of 32 rows.
pub(crate) fn longest_group(blocks: usize) -> usize {
    5 + most_width(blocks) * ROW_GROUP / 8 + ROW_GROUP * longest_row(blocks)
}

/// The most bytes of a segment.
pub(crate) fn longest_len(scheme: Scheme, blocks: usize) -> usize {
    fixed_len(scheme, blocks) + scheme.row_groups() * longest_group(blocks)
}
