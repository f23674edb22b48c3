//! Groups of 32 rows, which share a checksum.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{
    bits::Bits,
    layout::{longest_row, most_width},
    row,
    scheme::ROW_GROUP,
};
use crate::bytes::u32_at;
use crate::index::fault::damaged;
use crate::{error::Error, index::work};

/// Appends 32 rows.
pub(crate) fn encode_group(group: usize, rows: &[Bits], cut_dense: impl Fn(usize) -> bool, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; 4]);
    let mut bytes = vec![];
    let mut lengths = [0u64; ROW_GROUP];
    for (i, (row, length)) in rows.iter().zip(&mut lengths).enumerate() {
        let before = bytes.len();
        row::encode(row, cut_dense(i), &mut bytes);
        *length = (bytes.len() - before) as u64;
    }
    let longest = lengths.iter().max().copied().unwrap_or(0);
    let width = u64::BITS - longest.leading_zeros();
    out.push(width as u8);
    let (mut waiting, mut bits) = (0u64, 0);
    for length in lengths {
        waiting |= length << bits;
        bits += width;
        while bits >= 8 {
            out.push(waiting as u8);
            waiting >>= 8;
            bits -= 8;
        }
    }
    // 32 lengths of any number of bits are whole bytes.
    out.extend(bytes);
    let sum = row_sum(group, &out[start + 4..]);
    out[start..start + 4].copy_from_slice(&sum.to_le_bytes());
}

/// 32 rows of a segment.
#[derive(PartialEq)]
pub(crate) struct RowGroup<'a> {
    lengths: &'a [u8],
    width: usize,
    rows: &'a [u8],
    blocks: usize,
}

impl<'a> RowGroup<'a> {
    /// Reads the group of a number from at least five bytes, of a segment of `blocks` blocks.
    pub(crate) fn new(bytes: &'a [u8], group: usize, blocks: usize) -> Result<Self, Error> {
        if row_sum(group, &bytes[4..]) != u32_at(bytes, 0) {
            return Err(wrong_sum());
        }
        let width = usize::from(bytes[4]);
        let lengths = bytes.get(5..5 + width * ROW_GROUP / 8);
        let lengths = lengths.filter(|_| width <= most_width(blocks)).ok_or_else(wrong_sum)?;
        Ok(RowGroup { lengths, width, rows: &bytes[5 + lengths.len()..], blocks })
    }

    /// Reads one row.
    pub(crate) fn read(&self, i: usize, bits: &mut Bits) -> Result<(), Error> {
        self.read_at((0..i).map(|before| self.length(before)).sum(), i, bits).map(drop)
    }

    /// Reads the rows in order. This knows where each begins, while [`read`](Self::read) adds up the lengths before it.
    pub(crate) fn in_order(&self) -> Rows<'_, 'a> {
        Rows { group: self, next: 0, start: 0 }
    }

    /// Reads row `i`, which begins at `start`, and returns its end.
    fn read_at(&self, start: usize, i: usize, bits: &mut Bits) -> Result<usize, Error> {
        work::rows(1);
        let end = start + self.length(i);
        let bytes = self.rows.get(start..end).filter(|bytes| bytes.len() <= longest_row(self.blocks));
        let bytes = bytes.ok_or_else(|| damaged("rows are longer than they should be"))?;
        row::decode(bytes, self.blocks, bits)?;
        Ok(end)
    }

    fn length(&self, i: usize) -> usize {
        let (bit, mut length) = (i * self.width, 0u64);
        // Up to 32 bits lie in up to five bytes.
        for (n, &byte) in self.lengths[bit / 8..].iter().take(5).enumerate() {
            length |= u64::from(byte) << (8 * n);
        }
        (length >> (bit % 8) & ((1 << self.width) - 1)) as usize
    }
}

/// A walk over the rows of a group.
pub(crate) struct Rows<'g, 'a> {
    group: &'g RowGroup<'a>,
    next: usize,
    start: usize,
}

impl Rows<'_, '_> {
    /// Reads the next row. There are 32.
    pub(crate) fn read_next(&mut self, bits: &mut Bits) -> Result<(), Error> {
        self.start = self.group.read_at(self.start, self.next, bits)?;
        self.next += 1;
        Ok(())
    }
}

/// The checksum of 32 rows.
pub(crate) fn row_sum(group: usize, bytes: &[u8]) -> u32 {
    work::index_bytes(bytes.len());
    xxh3_64_with_seed(bytes, group as u64) as u32
}

pub(crate) fn wrong_sum() -> Error {
    damaged("its rows do not have the checksum that they should have")
}
