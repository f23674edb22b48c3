//! Making segments: up to 4096 blocks of text, with the blocks of each gram. Made of text, or of other segments.

use std::{
    ops::Range,
    sync::{Mutex, OnceLock, PoisonError},
};

use memchr::memchr;
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    error::Error,
    index::{
        format::{
            bits::{Bits, transpose},
            layout::{BLOCK, fixed_len},
            manifest::{Entry, entry_sum},
            row_group::encode_group,
            scheme::{ROW_GROUP, Scheme},
            table::{self, Record},
        },
        grams::{collect::Collector, hash::LONGEST},
        open::segment::Segment,
        work,
    },
    mapping::Mapping,
    scan::{Cancel, Pool, holes::Holes, newlines, unordered::each_chunk},
};

/// The number of blocks that are transposed at once.
const TILE: usize = 64;

/// A segment to be written. Its entry has no offset yet.
pub(crate) struct Made {
    pub(crate) entry: Entry,
    pub(crate) bytes: Vec<u8>,
    /// The number of line ends up to its end.
    pub(crate) newlines: u64,
}

impl Made {
    /// The entry of the segment at this offset.
    pub(crate) fn entry_at(&self, offset: u64, scheme: Scheme) -> Entry {
        let mut entry = Entry { offset, len: self.bytes.len() as u64, ..self.entry };
        entry.sum = entry_sum(&entry, &self.bytes, scheme);
        entry
    }
}

/// The borders of the blocks of a text.
pub(crate) struct Cut<'a> {
    text: &'a [u8],
    /// The offset of the text in its file.
    base: u64,
    /// The start of the first line of each block, if there is one, and of the block after the last one.
    starts: Vec<Option<u64>>,
    first: u64,
}

impl<'a> Cut<'a> {
    /// The range of a file of `len` bytes that is needed to cut these blocks.
    pub(crate) fn needs(blocks: &Range<u64>, len: u64) -> Range<u64> {
        (blocks.start * BLOCK).saturating_sub(1)..len.min((blocks.end + 1) * BLOCK)
    }

    /// Cuts blocks. `text` is that range.
    pub(crate) fn new(text: &'a [u8], blocks: Range<u64>) -> Self {
        let base = (blocks.start * BLOCK).saturating_sub(1);
        let starts = (blocks.start..=blocks.end).map(|block| first_line(text, base, block)).collect();
        Cut { text, base, starts, first: blocks.start }
    }

    /// The range of a block.
    fn own(&self, i: usize) -> Range<u64> {
        let border = |i: usize| self.starts[i].unwrap_or((self.first + i as u64) * BLOCK);
        border(i)..border(i + 1)
    }

    fn slice(&self, range: Range<u64>) -> &'a [u8] {
        let place = |at: u64| ((at - self.base) as usize).min(self.text.len());
        &self.text[place(range.start)..place(range.end)]
    }

    /// The record of a block, with the number of line ends in it instead of those before it.
    pub(crate) fn record(&self, i: usize) -> Record {
        let own = self.slice(self.own(i));
        Record {
            newlines: newlines::count(own, b'\n'),
            hash: xxh3_64(own),
            first_line: self.starts[i].map(|start| (start - (self.first + i as u64) * BLOCK) as u32),
            has_nul: memchr(0, own).is_some(),
        }
    }

    /// The text of a block with the following bytes that its grams may have, and its own length.
    fn text(&self, i: usize) -> (&'a [u8], usize) {
        let own = self.own(i);
        let len = self.slice(own.clone()).len();
        match self.starts[i + 1] {
            Some(_) => (self.slice(own), len),
            None => (self.slice(own.start..own.end + LONGEST as u64), len),
        }
    }
}

/// The start of the first line in a block. A line could start at the end of a text that ends with a line.
fn first_line(text: &[u8], base: u64, block: u64) -> Option<u64> {
    if block == 0 {
        return Some(0);
    }
    let start = (block * BLOCK - 1).checked_sub(base)? as usize;
    let end = text.len().min(start + BLOCK as usize);
    let newline = memchr(b'\n', text.get(start..end)?)?;
    Some(base + (start + newline) as u64 + 1)
}

/// Makes segments, and reuses its memory.
pub(crate) struct Maker<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) pool: &'a Pool,
    pub(crate) cancel: Option<&'a Cancel>,
    /// Dense rows of little use are stored as full.
    cuts_dense: bool,
    spare: Mutex<Vec<Vec<u64>>>,
    /// The holes of the text, once they were looked for.
    holes: OnceLock<Holes>,
    /// The record and the rows of a block of NULs.
    nuls: OnceLock<(Vec<Record>, Vec<u64>)>,
}

/// The memory of one thread.
struct Worker {
    collector: Collector,
    /// The rows of each block of a tile, one block after the other. A gap between them keeps them from sharing lines of
    /// the cache.
    blocks: Vec<u64>,
    done: Vec<(u64, Vec<Record>, Vec<u64>)>,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(scheme: Scheme, pool: &'a Pool, cancel: Option<&'a Cancel>) -> Self {
        let (spare, holes, nuls) = (Mutex::default(), OnceLock::new(), OnceLock::new());
        Maker { scheme, pool, cancel, cuts_dense: true, spare, holes, nuls }
    }

    /// The same, but that no row has a bit that the text does not ask for.
    pub(crate) fn exact(self) -> Self {
        Maker { cuts_dense: false, ..self }
    }

    /// Indexes blocks of a text. `newlines` is the number of line ends before them. `progress` is called with the
    /// number of bytes that are done. None if cancelled.
    pub(crate) fn index(
        &self,
        text: &Mapping,
        blocks: Range<u64>,
        newlines: u64,
        progress: impl Fn(u64) + Sync,
    ) -> Result<Option<Made>, Error> {
        let stride = self.scheme.rows() / 64 + 8;
        let start = || Worker { collector: Collector::new(self.scheme), blocks: vec![0; stride * TILE], done: vec![] };
        let bytes = (blocks.start * BLOCK) as usize..(blocks.end * BLOCK) as usize;
        let work = |worker: &mut Worker, range: Range<usize>| {
            work::text_bytes(range.len());
            let tile = range.start as u64 / BLOCK..range.end as u64 / BLOCK;
            // The next bytes that the threads will read.
            let ahead = range.end + (self.pool.threads() - 1) * TILE * BLOCK as usize;
            let ahead = ahead.min(text.len())..(ahead + range.len()).min(text.len());
            if !self.holes(text).have(&ahead) {
                text.read_ahead(ahead);
            }
            let needs = Cut::needs(&tile, text.len() as u64);
            if tile.start > 0
                && tile.end - tile.start == TILE as u64
                && self.holes(text).have(&(needs.start as usize..needs.end as usize + LONGEST))
            {
                let (records, rows) = self.nuls.get_or_init(|| {
                    let blocks = 1..1 + TILE as u64;
                    let nuls = vec![0; (TILE as u64 * BLOCK + BLOCK) as usize + 1];
                    self.tile(worker, &Cut::new(&nuls, blocks), stride)
                });
                text.check_intact(needs.end as usize)?;
                worker.done.push((tile.start, records.clone(), rows.clone()));
                progress(range.len() as u64);
                return Ok(true);
            }
            let (records, rows) = text.guarded(needs.start as usize..needs.end as usize, |text| {
                self.tile(worker, &Cut::new(text, tile.clone()), stride)
            })?;
            worker.done.push((tile.start, records, rows));
            progress(range.len() as u64);
            Ok(true)
        };
        let size = TILE * BLOCK as usize;
        // Tiles begin with the segment, at any offset.
        let first = bytes.start;
        let shifted = |worker: &mut Worker, range: Range<usize>| work(worker, range.start + first..range.end + first);
        let workers = each_chunk(0..bytes.len(), size, self.pool, self.cancel, start, shifted)?;
        if self.is_cancelled() {
            return Ok(None);
        }
        let mut tiles: Vec<_> = workers.into_iter().flat_map(|worker| worker.done).collect();
        tiles.sort_unstable_by_key(|(first, ..)| *first);
        let mut records: Vec<Record> = tiles.iter().flat_map(|(_, records, _)| records).copied().collect();
        let mut sum = newlines;
        for record in &mut records {
            let own = std::mem::replace(&mut record.newlines, sum);
            sum += own;
        }
        let tiles: Vec<Vec<u64>> = tiles.into_iter().map(|(.., rows)| rows).collect();
        let len = records.len();
        let made = self.encode(&records, newlines, sum, |group, rows| {
            // Rows that are adjacent in each tile.
            let mut words = [[0; TILE]; ROW_GROUP];
            for (t, tile) in tiles.iter().enumerate() {
                let tile = &tile[group * ROW_GROUP..][..ROW_GROUP];
                words.iter_mut().zip(tile).for_each(|(words, word)| words[t] = *word);
            }
            for (row, words) in rows.iter_mut().zip(words) {
                row.copy_from_words(&words, len);
            }
            Ok(())
        })?;
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).extend(tiles);
        Ok(made)
    }

    /// The ranges of a text with nothing but NULs.
    pub(crate) fn holes(&self, text: &Mapping) -> &Holes {
        self.holes.get_or_init(|| Holes::of(text, b'\n'))
    }

    /// A segment of blocks without grams.
    #[cfg(test)]
    pub(crate) fn empty(&self, records: &[Record]) -> Result<Option<Made>, Error> {
        let rows = |_, rows: &mut [Bits]| {
            rows.iter_mut().for_each(|row| row.reset(records.len()));
            Ok(())
        };
        self.encode(records, 0, 0, rows)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(Cancel::is_cancelled)
    }

    /// The records of up to 64 blocks, and a word for each row.
    fn tile(&self, worker: &mut Worker, cut: &Cut<'_>, stride: usize) -> (Vec<Record>, Vec<u64>) {
        let count = cut.starts.len() - 1;
        let rows_of_block = worker.blocks.chunks_exact_mut(stride);
        for (i, rows) in rows_of_block.enumerate() {
            if i >= count {
                rows.fill(0);
                continue;
            }
            let (text, own) = cut.text(i);
            worker.collector.collect(text, own, rows);
        }
        let records = (0..count).map(|i| cut.record(i)).collect();
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut tile = spare.unwrap_or_default();
        tile.resize(self.scheme.rows(), 0);
        // Eight words of a block are a line of the cache.
        const LINE: usize = 8;
        let mut lines = [[0; LINE]; TILE];
        for (at, out) in tile.chunks_exact_mut(64 * LINE).enumerate() {
            for (block, line) in lines.iter_mut().enumerate() {
                line.copy_from_slice(&worker.blocks[block * stride + at * LINE..][..LINE]);
            }
            for (word, out) in out.chunks_exact_mut(64).enumerate() {
                let mut square: [u64; 64] = std::array::from_fn(|block| lines[block][word]);
                transpose(&mut square);
                out.copy_from_slice(&square);
            }
        }
        (records, tile)
    }

    /// Merges consecutive segments. None if cancelled.
    pub(crate) fn merge(&self, parts: &[Segment<'_>]) -> Result<Option<Made>, Error> {
        let mut records = vec![];
        let mut ends = vec![];
        for part in parts {
            records.extend(part.records()?);
            ends.push(records.len());
        }
        let newlines = parts.first().map_or(0, |part| part.entry.newlines);
        let len = records.len();
        let made = self.encode(&records, newlines, newlines, |group, rows| {
            rows.iter_mut().for_each(|row| row.reset(len));
            let mut row_of_part = Bits::zeros(0);
            for (part, end) in parts.iter().zip(&ends) {
                let group_of_part = part.row_group(group)?;
                let mut rows_of_part = group_of_part.in_order();
                for row in &mut *rows {
                    rows_of_part.read_next(&mut row_of_part)?;
                    row.put(end - part.blocks(), &row_of_part);
                }
            }
            Ok(())
        })?;
        Ok(made)
    }

    /// Puts a segment together. `fill` returns the bits of 32 rows.
    fn encode(
        &self,
        records: &[Record],
        newlines: u64,
        newlines_after: u64,
        fill: impl Fn(usize, &mut [Bits]) -> Result<(), Error> + Sync,
    ) -> Result<Option<Made>, Error> {
        /// The number of groups of rows in a step.
        const GROUPS: usize = 64;
        let groups_of_grams = self.scheme.rows() / ROW_GROUP;
        let len = records.len();
        struct State {
            rows: Vec<Bits>,
            done: Vec<(usize, Vec<u8>, Vec<u32>)>,
        }
        let start = || State { rows: vec![Bits::zeros(len); ROW_GROUP], done: vec![] };
        let work = |state: &mut State, groups: Range<usize>| {
            let (mut bytes, mut ends) = (vec![], vec![]);
            for group in groups.clone() {
                fill(group, &mut state.rows)?;
                let first = group * ROW_GROUP;
                let cut_dense = |i| self.cuts_dense && self.scheme.is_of_three(first + i);
                encode_group(group, &state.rows, cut_dense, &mut bytes);
                ends.push(bytes.len() as u32);
            }
            state.done.push((groups.start, bytes, ends));
            Ok(true)
        };
        let states = each_chunk(0..groups_of_grams, GROUPS, self.pool, self.cancel, start, work)?;
        if self.is_cancelled() {
            return Ok(None);
        }
        let mut steps: Vec<_> = states.into_iter().flat_map(|state| state.done).collect();
        steps.sort_unstable_by_key(|(first, ..)| *first);
        // The last group is not for grams.
        let mut links = vec![Bits::zeros(len); ROW_GROUP];
        let linked = records.iter().enumerate().filter(|(_, record)| record.first_line.is_none());
        linked.for_each(|(block, _)| links[0].set(block));
        let mut last = vec![];
        encode_group(groups_of_grams, &links, |_| false, &mut last);
        let end = last.len() as u32;
        steps.push((groups_of_grams, last, vec![end]));

        let mut bytes = table::table(records);
        let mut at = fixed_len(self.scheme, len) as u32;
        let size: usize = steps.iter().map(|(_, bytes, _)| bytes.len()).sum();
        bytes.reserve_exact(at as usize - bytes.len() + size);
        bytes.extend(at.to_le_bytes());
        for (_, step, ends) in &steps {
            ends.iter().for_each(|end| bytes.extend((at + end).to_le_bytes()));
            at += step.len() as u32;
        }
        steps.iter().for_each(|(_, step, _)| bytes.extend(step));
        let mut flags = if links[0].is_empty() { 0 } else { Entry::LINKED };
        if links[0].get(0) {
            flags |= Entry::CONTINUES;
        }
        if records.iter().any(|record| record.has_nul) {
            flags |= Entry::NUL;
        }
        let entry = Entry { offset: 0, len: bytes.len() as u64, blocks: len as u32, flags, newlines, sum: 0 };
        Ok(Some(Made { entry, bytes, newlines: newlines_after }))
    }
}
