//! The table of blocks at the start of a segment.

use xxhash_rust::xxh3::xxh3_64;

use super::layout::{BLOCK, RECORD, TABLE_GROUP, TABLE_GROUP_LEN};
use crate::bytes::{slice, u32_at, u64_at};
use crate::index::fault::damaged;
use crate::{error::Error, index::work};

/// The record of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// The number of line ends before its first line.
    pub(crate) newlines: u64,
    pub(crate) hash: u64,
    /// The start of its first line, counted from the nominal start of the block.
    pub(crate) first_line: Option<u32>,
    pub(crate) has_nul: bool,
}

/// The table of the blocks of a segment.
pub(crate) fn table(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.len().div_ceil(TABLE_GROUP) * TABLE_GROUP_LEN);
    for group in records.chunks(TABLE_GROUP) {
        let start = bytes.len();
        for record in group {
            bytes.extend(record.newlines.to_le_bytes());
            bytes.extend(record.hash.to_le_bytes());
            bytes.extend(record.first_line.unwrap_or(u32::MAX).to_le_bytes());
            bytes.extend(u32::from(record.has_nul).to_le_bytes());
        }
        bytes.resize(start + TABLE_GROUP * RECORD, 0);
        let sum = xxh3_64(&bytes[start..]);
        bytes.extend(sum.to_le_bytes());
    }
    bytes
}

/// A record of the table at the start of a segment.
pub(crate) fn record(segment: &[u8], block: usize) -> Result<Record, Error> {
    record_of(table_group(segment, block / TABLE_GROUP)?, block % TABLE_GROUP)
}

/// All records of the table at the start of a segment of `blocks` blocks.
pub(crate) fn records(segment: &[u8], blocks: usize) -> Result<Vec<Record>, Error> {
    let mut records = Vec::with_capacity(blocks);
    for group in 0..blocks.div_ceil(TABLE_GROUP) {
        let bytes = table_group(segment, group)?;
        for i in 0..TABLE_GROUP.min(blocks - group * TABLE_GROUP) {
            records.push(record_of(bytes, i)?);
        }
    }
    Ok(records)
}

/// 64 records, if their checksum is right.
fn table_group(segment: &[u8], group: usize) -> Result<&[u8], Error> {
    work::index_bytes(TABLE_GROUP_LEN);
    slice(segment, (group * TABLE_GROUP_LEN) as u64, TABLE_GROUP_LEN as u64)
        .filter(|group| xxh3_64(&group[..TABLE_GROUP * RECORD]) == u64_at(group, TABLE_GROUP * RECORD))
        .ok_or_else(|| damaged("its table of blocks does not have the checksum that it should have"))
}

fn record_of(group: &[u8], i: usize) -> Result<Record, Error> {
    let record = &group[i * RECORD..][..RECORD];
    let first_line = Some(u32_at(record, 16)).filter(|&first_line| first_line != u32::MAX);
    if first_line.is_some_and(|first_line| u64::from(first_line) >= BLOCK) {
        return Err(damaged("a block does not begin where it should"));
    }
    Ok(Record { newlines: u64_at(record, 0), hash: u64_at(record, 8), first_line, has_nul: u32_at(record, 20) != 0 })
}
