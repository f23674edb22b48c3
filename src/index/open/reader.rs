//! The records of an index: its blocks and their lines.

use std::ops::Range;

use crate::{
    error::Error,
    index::{
        fault::damaged,
        format::{layout::BLOCK, manifest::Manifest, table::Record},
        open::segment::Segment,
    },
};

/// The segments of an index, while its bytes are mapped.
pub(crate) struct Reader<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) segments: Vec<Segment<'a>>,
    /// The first block of each segment.
    firsts: Vec<u64>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(manifest: &'a Manifest, segments: Vec<Segment<'a>>) -> Self {
        let firsts = manifest.segments.iter().scan(0, |next, entry| {
            let first = *next;
            *next += u64::from(entry.blocks);
            Some(first)
        });
        let firsts = firsts.collect();
        Reader { manifest, segments, firsts }
    }

    /// The range of a block in the text, and its record.
    pub(crate) fn block(&self, block: u64) -> Result<(Range<u64>, Record), Error> {
        let record = self.record(block)?;
        let next = block + 1;
        let end = match next < self.manifest.blocks() {
            true => start_of(next, &self.record(next)?),
            false => self.manifest.covered,
        };
        Ok((start_of(block, &record)..end, record))
    }

    /// The record of a block.
    pub(crate) fn record(&self, block: u64) -> Result<Record, Error> {
        let wrong = || damaged("it has fewer blocks than it should have");
        let after = self.firsts.partition_point(|&first| first <= block);
        let segment = after.checked_sub(1).ok_or_else(wrong)?;
        let record = self.segments[segment].record((block - self.firsts[segment]) as usize)?;
        match record.newlines <= start_of(block, &record) {
            true => Ok(record),
            false => Err(damaged("there are more lines than bytes before a block")),
        }
    }

    /// The last block that starts at or before the line that has `newlines` line ends before it.
    pub(crate) fn block_of_line(&self, newlines: u64) -> Result<u64, Error> {
        let segment = self.segments.partition_point(|segment| segment.entry.newlines <= newlines).saturating_sub(1);
        let (Some(segment), Some(before)) = (self.segments.get(segment), self.firsts.get(segment)) else {
            return Ok(0);
        };
        let (mut low, mut high) = (0, segment.blocks());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if segment.record(middle)?.newlines <= newlines { low = middle } else { high = middle }
        }
        Ok(before + low as u64)
    }
}

/// The offset at which a block begins.
pub(crate) fn start_of(block: u64, record: &Record) -> u64 {
    block * BLOCK + record.first_line.map_or(0, u64::from)
}

/// Whether a block begins within a line.
pub(crate) fn is_linked(record: &Record) -> bool {
    record.first_line.is_none()
}
