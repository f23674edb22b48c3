//! Comparing an index with its text: each block, and each bit of each row.

use std::ops::Range;

use memchr::memchr;

use super::segment::{Made, Maker};
use crate::index::fault::damaged;
use crate::{
    error::Error,
    index::{
        format::{
            bits::Bits,
            layout::BLOCK,
            scheme::{ROW_GROUP, Scheme},
            table::Record,
        },
        open::{freshness::is_unchanged, index::Index, reader::Reader, segment::Segment},
    },
    mapping::Mapping,
    scan::{Cancel, Pool, unordered::each_chunk},
};

/// The blocks of a text that have changed since they were indexed. The index is made once more, and the file must have
/// all bits of that. None if cancelled.
///
/// The maker is an exact one: with what has changed, a row of the text may be dense that was not, and as a full one
/// have bits of blocks that are the same.
///
/// # Errors
///
/// When the index lacks a bit of a block that has not changed, so that lines could be missed.
///
/// # Complexity
///
/// That of building an index.
pub(crate) fn changed_blocks(
    index: &Index,
    text: &Mapping,
    maker: &Maker<'_>,
    progress: impl Fn(u64) + Sync,
) -> Result<Option<Vec<Range<u64>>>, Error> {
    index.read(|reader| {
        let mut changed = vec![];
        let mut first = 0;
        for (i, segment) in reader.segments.iter().enumerate() {
            // A truncated file has no more blocks.
            let there = (text.len() as u64 / BLOCK).saturating_sub(first).min(segment.blocks() as u64);
            let after = reader.segments.get(i + 1).map_or(reader.manifest.newlines, |next| next.entry.newlines);
            let part = Part { reader, segment, first, after };
            if there == 0 {
                (0..segment.blocks()).try_for_each(|block| part.tell_changed(block, &mut changed))?;
            } else {
                let newlines = segment.entry.newlines;
                let Some(made) = maker.index(text, first..first + there, newlines, &progress)? else { return Ok(None) };
                part.compare(&made, there as usize, maker.scheme, &mut changed)?;
            }
            // The comparison covered that the next segment begins where this one ends.
            if segment.record(0)?.newlines != segment.entry.newlines || (i == 0 && segment.entry.newlines != 0) {
                return Err(wrong(part.bytes(0)));
            }
            first += segment.blocks() as u64;
        }
        if changed.is_empty() && end_of_blocks(text, first)? != reader.manifest.covered {
            return Err(damaged("it does not end where it says"));
        }
        Ok(Some(changed))
    })
}

/// The ranges of blocks whose hashes have changed or that are missing. If cancelled, only of the blocks that were
/// compared so far.
pub(crate) fn changed_hashes(
    index: &Index,
    text: Option<&Mapping>,
    pool: &Pool,
    cancel: Option<&Cancel>,
    progress: impl Fn(u64) + Sync,
) -> Result<Vec<Range<u64>>, Error> {
    let blocks = index.manifest().blocks();
    let Some(text) = text else { return Ok(std::iter::once(0..index.covered()).collect()) };
    index.read(|reader| {
        let work = |changed: &mut Vec<Range<u64>>, blocks: Range<usize>| {
            for block in blocks {
                let (own, record) = reader.block(block as u64)?;
                progress(own.end.saturating_sub(own.start));
                if !is_unchanged(text, own.clone(), &record)? {
                    changed.push(own);
                }
            }
            Ok(true)
        };
        const BLOCKS: usize = 16;
        let changed = each_chunk(0..blocks as usize, BLOCKS, pool, cancel, Vec::new, work)?;
        let mut changed: Vec<Range<u64>> = changed.into_iter().flatten().collect();
        changed.sort_unstable_by_key(|range| range.start);
        changed.dedup_by(|next, last| {
            let follows = last.end == next.start;
            if follows {
                last.end = next.end;
            }
            follows
        });
        Ok(changed)
    })
}

fn wrong(range: Range<u64>) -> Error {
    damaged(format!("what it says of bytes {}..{} of the file is not so", range.start, range.end))
}

/// The end of the first `blocks` blocks of a text: the start of the first line of the next one.
fn end_of_blocks(text: &Mapping, blocks: u64) -> Result<u64, Error> {
    if blocks == 0 {
        return Ok(0);
    }
    let start = blocks * BLOCK - 1;
    let end = (text.len() as u64).min(start + BLOCK);
    let newline = text.guarded(start as usize..end as usize, |bytes| memchr(b'\n', bytes))?;
    Ok(newline.map_or(blocks * BLOCK, |at| start + at as u64 + 1))
}

/// A segment and its offset in the text.
struct Part<'a> {
    reader: &'a Reader<'a>,
    segment: &'a Segment<'a>,
    /// Its first block.
    first: u64,
    /// The number of line ends up to its end.
    after: u64,
}

impl Part<'_> {
    /// `made` is the segment made of the first `there` blocks of the text.
    fn compare(&self, made: &Made, there: usize, scheme: Scheme, changed: &mut Vec<Range<u64>>) -> Result<(), Error> {
        let blocks = self.segment.blocks();
        let fresh = Segment::new(&made.bytes, made.entry, scheme)?;
        let mut unchanged = Bits::zeros(there);
        for block in 0..blocks {
            let (own, record) = self.reader.block(self.first + block as u64)?;
            let now = if block < there { Some(fresh.record(block)?) } else { None };
            let is_same = |now: &Record| (now.hash, now.first_line) == (record.hash, record.first_line);
            if now.as_ref().is_some_and(is_same) {
                unchanged.set(block);
                let newlines = |segment: &Segment<'_>, after: u64, record: &Record| {
                    let next = if block + 1 < segment.blocks() { segment.record(block + 1)?.newlines } else { after };
                    Ok::<_, Error>(next.wrapping_sub(record.newlines))
                };
                let now = now.unwrap_or_default();
                let says = (record.has_nul, newlines(self.segment, self.after, &record)?);
                // The number of lines after the last existing block is unknown.
                if says != (now.has_nul, newlines(&fresh, made.newlines, &now)?) {
                    return Err(wrong(own));
                }
            } else {
                self.tell_changed(block, changed)?;
            }
        }
        if there < blocks {
            return Ok(());
        }
        let is_whole = unchanged.count() == blocks;
        if is_whole && self.segment.entry.flags != made.entry.flags {
            return Err(wrong(self.bytes(0)));
        }
        // Grams of a block may end in the next block.
        for block in (1..blocks).filter(|&block| !unchanged.get(block)).collect::<Vec<_>>() {
            unchanged.clear(block - 1);
        }
        self.compare_rows(&fresh, scheme, &unchanged)
    }

    fn tell_changed(&self, block: usize, changed: &mut Vec<Range<u64>>) -> Result<(), Error> {
        let (own, _) = self.reader.block(self.first + block as u64)?;
        match changed.last_mut() {
            Some(last) if last.end == own.start => last.end = own.end,
            _ => changed.push(own),
        }
        Ok(())
    }

    /// Checks that each bit of the text is set in the row, for unchanged blocks. More bits do no harm: dense rows are
    /// stored as full.
    fn compare_rows(&self, fresh: &Segment<'_>, scheme: Scheme, unchanged: &Bits) -> Result<(), Error> {
        let (mut own, mut now) = (Bits::zeros(0), Bits::zeros(0));
        for group in 0..scheme.row_groups() {
            let (of_index, of_text) = (self.segment.row_group(group)?, fresh.row_group(group)?);
            if of_index == of_text {
                continue;
            }
            let (mut of_index, mut of_text) = (of_index.in_order(), of_text.in_order());
            for _ in 0..ROW_GROUP {
                of_index.read_next(&mut own)?;
                of_text.read_next(&mut now)?;
                own.invert();
                now.and(&own);
                now.and(unchanged);
                if let Some(block) = now.ones_iter().next() {
                    return Err(wrong(self.bytes(block)));
                }
            }
        }
        Ok(())
    }

    fn bytes(&self, block: usize) -> Range<u64> {
        let start = (self.first + block as u64) * BLOCK;
        start..start + BLOCK
    }
}
