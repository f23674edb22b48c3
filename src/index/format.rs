//! The bytes of an index file.
//!
//! An index belongs to one text file and says in which of its blocks of 64 KiB some bytes stand. The file is written so that at
//! any moment the last complete commit is valid, whatever of later writes has reached the disk: bytes that a commit refers to
//! are never written again, and one of two headers in turn is written only when they are on the disk. All numbers are
//! little-endian.
//!
//! ```text
//! header, 128 bytes; one at 0 for odd sequence numbers, one at 4096 for even ones
//!      0  8 bytes  magic
//!      8  u32      version
//!     12  u32      0x01020304, in the order of bytes in which the rest was written
//!     16  u64      sequence, from 1 to 2^48: the valid header with the greater one counts
//!     24  u64 u64  offset and length of the manifest
//!     40  u64      checksum of the manifest
//!     48  u64      where the bytes end that the commit refers to
//!     56  u64      how many bytes before that are of no more use
//!     64           zeros
//!    120  u64      checksum of the 120 bytes before
//! manifest
//!      0  u64 u64  device and inode of the text; on Windows the number of the volume and the index of the file
//!     16  u64      size of the text in bytes
//!     24  i64 i64  nanoseconds since 1970 of its last change, and of the last change of its inode (or its creation)
//!     40  i64      when the text was looked at for the commit, as such a time
//!     48  u32      which grams are indexed: 0 default, 1 small
//!     52  u32      number of segments
//!     56  u64      where the indexed part of the text ends: behind a line
//!     64  u64      line ends in it
//!     72           segments, 40 bytes each, which follow each other in the text and begin with its first block
//!                    0  u64  offset
//!                    8  u64  length
//!                   16  u32  number of blocks, 1 to 4096
//!                   20  u32  1 when some block begins within a line, plus 2 when the first one does, plus 4 when some
//!                            block has a NUL
//!                   24  u64  line ends before it
//!                   32  u64  checksum of the table's checksums, of the row offsets, and of this entry so far
//! segment, from an offset that is a multiple of 64, behind the segment before
//!      table       for each 64 blocks, the last of which may be missing: 64 records of 24 bytes, and a u64 checksum of them
//!      offsets     u32 for each 32 rows: where they begin in the segment; and where the last ones end
//!      rows        for each 32 rows: a u32 checksum, a u8 with the number of bits of a length, 32 lengths in bytes with that
//!                  many bits each, and the rows (see `rows`)
//! record of a block
//!      0  u64      line ends before its first line
//!      8  u64      hash of its bytes
//!     16  u32      where its first line starts, counted from the nominal start of the block; `u32::MAX` when none starts in it
//!     20  u32      1 when it has a NUL
//! ```
//!
//! **Blocks.** Block *k* has the lines that start in bytes *k* · 65536 to (*k* + 1) · 65536 of the text. A line that reaches
//! over a whole block, in which no line starts then, is cut at the nominal starts of blocks; where the first line of a block
//! begins later, what is before belongs to the block before. The indexed part ends where a block begins with a line.
//!
//! **Segments.** They stand in the file in the order of the text, the first at 8192 or later, and the manifest stands behind them.
//! Of two that follow each other the first has at least twice as many blocks as the second, or together they have more than 4096:
//! so there are at most 13 for each 8192 blocks, and 13 more, and what is done for each of them is bounded by the text.
//!
//! **Rows.** A gram is a few bytes of the text, with ASCII letters in lower case; its hash names a row, and bit *k* of the row
//! is 1 where the gram starts in block *k* of the segment (see `grams`). The rows of the grams come first, then those of
//! three bytes, if they are indexed, and then 32 rows of which the first has a bit for each block that begins within a line.
//!
//! Checksums and hashes are XXH3 with 64 bits, of which the lower 32 are kept where there is a u32. The checksum of rows begins
//! with the number of the 32 rows.

use std::ops::Range;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{grams::Scheme, identity::Identity, work};
use crate::error::Error;

pub(super) const MAGIC: [u8; 8] = *b"\x89mgx\r\n\x1a\n";
/// Counts up whenever indexes of before can no longer be read, or grams and hashes change.
pub(super) const VERSION: u32 = 2;
const BYTE_ORDER: u32 = 0x0102_0304;
/// How many bytes of text a block nominally has. Fuzzing has small ones: all that can happen at their borders happens in a
/// text of a few hundred bytes.
pub(super) const BLOCK: u64 = if cfg!(fuzzing) { 256 } else { 64 << 10 };
/// How many blocks a segment has at most.
pub(super) const MOST_BLOCKS: usize = 4096;
pub(super) const HEADER: usize = 128;
/// Where the second header is. The two are on different pages, and sectors.
const SECOND: u64 = 4096;
/// Where the first segment begins.
pub(super) const BODY: u64 = 8192;
pub(super) const ALIGN: u64 = 64;
pub(super) const MANIFEST: usize = 72;
pub(super) const ENTRY: usize = 40;
/// How many blocks, or rows, share a checksum.
pub(super) const TABLE_GROUP: usize = 64;
pub(super) const ROW_GROUP: usize = 32;
const RECORD: usize = 24;
pub(super) const TABLE_GROUP_LEN: usize = TABLE_GROUP * RECORD + 8;

/// The last sequence number. It is never reached: a commit in each microsecond would take eight years.
pub(super) const LAST_SEQUENCE: u64 = 1 << 48;

/// What one of the two headers says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) sequence: u64,
    pub(super) manifest_offset: u64,
    pub(super) manifest_len: u64,
    pub(super) manifest_sum: u64,
    pub(super) end: u64,
    pub(super) dead: u64,
}

impl Header {
    /// Where the header with this sequence number is written.
    pub(super) fn place(sequence: u64) -> u64 {
        if sequence.is_multiple_of(2) { SECOND } else { 0 }
    }

    pub(super) fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&BYTE_ORDER.to_le_bytes());
        let numbers = [self.sequence, self.manifest_offset, self.manifest_len, self.manifest_sum, self.end, self.dead];
        for (i, number) in numbers.into_iter().enumerate() {
            bytes[16 + 8 * i..24 + 8 * i].copy_from_slice(&number.to_le_bytes());
        }
        let sum = xxh3_64(&bytes[..120]);
        bytes[120..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// The header in these bytes, which are at that place of the file.
    fn from_bytes(bytes: &[u8], place: u64) -> Option<Header> {
        if bytes[..8] != MAGIC || u32_at(bytes, 8) != VERSION || u32_at(bytes, 12) != BYTE_ORDER {
            return None;
        }
        if u64_at(bytes, 120) != xxh3_64(&bytes[..120]) {
            return None;
        }
        let header = Header {
            sequence: u64_at(bytes, 16),
            manifest_offset: u64_at(bytes, 24),
            manifest_len: u64_at(bytes, 32),
            manifest_sum: u64_at(bytes, 40),
            end: u64_at(bytes, 48),
            dead: u64_at(bytes, 56),
        };
        // A header with the sequence number of the other place would be written over by the next commit, or never count again.
        let is_numbered = (1..=LAST_SEQUENCE).contains(&header.sequence) && Header::place(header.sequence) == place;
        is_numbered.then_some(header)
    }

    /// The last valid header of an index file.
    pub(super) fn read(bytes: &[u8]) -> Result<Header, Error> {
        let places = [0, SECOND].into_iter().filter_map(|at| Some((at, slice(bytes, at, HEADER as u64)?)));
        let places: Vec<(u64, &[u8])> = places.collect();
        let Some((_, first)) = places.first() else { return Err(damaged("it is shorter than its header")) };
        let valid = places.iter().filter_map(|&(place, bytes)| Header::from_bytes(bytes, place));
        let valid = valid.max_by_key(|header| header.sequence);
        if let Some(header) = valid {
            return Ok(header);
        }
        // A header of another version may have its checksum elsewhere.
        let magic = places.iter().find(|(_, bytes)| bytes[..8] == MAGIC);
        match magic.map(|(_, bytes)| u32_at(bytes, 8)) {
            Some(VERSION) => {
                Err(damaged("its headers do not have the checksums or the sequence numbers that they should have"))
            }
            Some(version) => Err(Error::invalid_input(format!(
                "the index is of version {version}, and this program reads version {VERSION}: build it anew with \
                 mapgrep-index build"
            ))),
            None if first[..4] == MAGIC[..4] => Err(damaged("its first bytes were changed on the way")),
            None => Err(Error::invalid_input("this is not an index: the magic number is missing")),
        }
    }
}

/// Whether a file that begins with these bytes may be an index, damaged as it may be, or has nothing to be lost. It takes the bytes
/// before [`BODY`].
pub(super) fn may_be_index(head: &[u8]) -> bool {
    // Half of what all headers begin with may be wrong.
    let is_much_alike = |start: &[u8]| {
        let (magic, order) = (start[..8].iter().zip(&MAGIC), u32_at(start, 12) == BYTE_ORDER);
        order || magic.filter(|(byte, right)| byte == right).count() >= 4
    };
    let mut starts = [0, SECOND as usize].into_iter().filter_map(|at| head.get(at..at + 16));
    starts.any(is_much_alike) || MAGIC.starts_with(head) || head.iter().all(|&byte| byte == 0)
}

/// What an index knows of its text, and where its parts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) identity: Identity,
    /// When the text was looked at, in nanoseconds since 1970.
    pub(super) seen_at: i64,
    pub(super) scheme: Scheme,
    /// Where the indexed part of the text ends.
    pub(super) covered: u64,
    pub(super) newlines: u64,
    pub(super) segments: Vec<Entry>,
}

/// Where a segment is, and what of the text it covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) offset: u64,
    pub(super) len: u64,
    pub(super) blocks: u32,
    pub(super) flags: u32,
    pub(super) newlines: u64,
    pub(super) sum: u64,
}

impl Entry {
    /// Some block begins within a line.
    pub(super) const LINKED: u32 = 1;
    /// The first one does.
    pub(super) const CONTINUES: u32 = 2;
    /// Some block has a NUL.
    pub(super) const NUL: u32 = 4;

    pub(super) fn blocks(&self) -> usize {
        self.blocks as usize
    }

    /// Whether there can be such a segment in these bytes of the file.
    fn is_possible(&self, scheme: Scheme, within: Range<u64>) -> bool {
        let lengths = || fixed_len(scheme, self.blocks())..=longest_len(scheme, self.blocks());
        (1..=MOST_BLOCKS).contains(&self.blocks())
            && usize::try_from(self.len).is_ok_and(|len| lengths().contains(&len))
            && self.offset.is_multiple_of(ALIGN)
            && self.offset >= within.start
            && self.offset.checked_add(self.len).is_some_and(|end| end <= within.end)
    }

    /// Whether the next segment of the text can be `next`: updates make one of those that are small beside what is new.
    pub(super) fn may_precede(&self, next: &Entry) -> bool {
        let is_merged = self.blocks < 2 * next.blocks && self.blocks() + next.blocks() <= MOST_BLOCKS;
        !is_merged && self.newlines <= next.newlines
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Entry {
            offset: u64_at(bytes, 0),
            len: u64_at(bytes, 8),
            blocks: u32_at(bytes, 16),
            flags: u32_at(bytes, 20),
            newlines: u64_at(bytes, 24),
            sum: u64_at(bytes, 32),
        }
    }
}

impl Manifest {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MANIFEST + self.segments.len() * ENTRY);
        let Identity { device, inode, size, modified, changed } = self.identity;
        let times = [modified, changed, self.seen_at].map(|time| time as u64);
        for number in [device, inode, size].into_iter().chain(times) {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.scheme.number().to_le_bytes());
        bytes.extend((self.segments.len() as u32).to_le_bytes());
        bytes.extend(self.covered.to_le_bytes());
        bytes.extend(self.newlines.to_le_bytes());
        for entry in &self.segments {
            bytes.extend(entry.offset.to_le_bytes());
            bytes.extend(entry.len.to_le_bytes());
            bytes.extend(entry.blocks.to_le_bytes());
            bytes.extend(entry.flags.to_le_bytes());
            bytes.extend(entry.newlines.to_le_bytes());
            bytes.extend(entry.sum.to_le_bytes());
        }
        bytes
    }

    /// Reads the manifest that a header refers to, and makes sure that what it says can be.
    ///
    /// # Complexity
    ///
    /// Linear in the segments that can be: holes in a file cost whoever makes it nothing, so that the first entry that cannot be ends
    /// it, before the checksum of all of them is computed.
    pub(super) fn read(bytes: &[u8], header: &Header) -> Result<Manifest, Error> {
        if header.end > bytes.len() as u64 {
            let message = format!("it has {} bytes, and {} are spoken of", bytes.len(), header.end);
            return Err(damaged(&message));
        }
        let wrong_sum = || damaged("its list of segments does not have the checksum that it should have");
        let manifest = slice(&bytes[..header.end as usize], header.manifest_offset, header.manifest_len)
            .filter(|manifest| manifest.len() >= MANIFEST)
            .ok_or_else(wrong_sum)?;
        let scheme = Scheme::from_number(u32_at(manifest, 48)).ok_or_else(|| damaged("its grams are unknown"))?;
        let (entries, rest) = manifest[MANIFEST..].as_chunks::<ENTRY>();
        if !rest.is_empty() || entries.len() != u32_at(manifest, 52) as usize {
            return Err(damaged("its list of segments has the wrong length"));
        }
        let mut segments: Vec<Entry> = vec![];
        let mut end = BODY;
        for entry in entries {
            let entry = Entry::from_bytes(entry);
            if !entry.is_possible(scheme, end..header.manifest_offset) {
                return Err(damaged("a segment is not where it should be"));
            }
            if segments.last().is_some_and(|last| !last.may_precede(&entry)) {
                return Err(damaged("it has more segments than it should have"));
            }
            end = entry.offset + entry.len;
            segments.push(entry);
        }
        work::steps(segments.len());
        work::index_bytes(manifest.len());
        if xxh3_64(manifest) != header.manifest_sum {
            return Err(wrong_sum());
        }
        let time = |at: usize| u64_at(manifest, at) as i64;
        let identity = Identity {
            device: u64_at(manifest, 0),
            inode: u64_at(manifest, 8),
            size: u64_at(manifest, 16),
            modified: time(24),
            changed: time(32),
        };
        let manifest = Manifest {
            identity,
            seen_at: time(40),
            scheme,
            covered: u64_at(manifest, 56),
            newlines: u64_at(manifest, 64),
            segments,
        };
        let lines = manifest.segments.last().map_or(0, |last| last.newlines);
        let is_possible = manifest.covered <= identity.size
            && manifest.covered / BLOCK == manifest.blocks()
            && (lines..=manifest.covered).contains(&manifest.newlines)
            && header.dead <= header.end;
        if !is_possible {
            return Err(damaged("it covers more than there was"));
        }
        Ok(manifest)
    }

    /// How many blocks of the text are indexed.
    pub(super) fn blocks(&self) -> u64 {
        self.segments.iter().map(|entry| u64::from(entry.blocks)).sum()
    }
}

/// The record of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Line ends before its first line.
    pub(super) newlines: u64,
    pub(super) hash: u64,
    /// Where its first line starts, from the nominal start of the block on.
    pub(super) first_line: Option<u32>,
    pub(super) has_nul: bool,
}

/// The table of the blocks of a segment.
pub(super) fn table(records: &[Record]) -> Vec<u8> {
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

/// A record of the table that a segment begins with.
pub(super) fn record(segment: &[u8], block: usize) -> Result<Record, Error> {
    record_of(table_group(segment, block / TABLE_GROUP)?, block % TABLE_GROUP)
}

/// All records of the table that a segment of so many blocks begins with.
pub(super) fn records(segment: &[u8], blocks: usize) -> Result<Vec<Record>, Error> {
    let mut records = Vec::with_capacity(blocks);
    for group in 0..blocks.div_ceil(TABLE_GROUP) {
        let bytes = table_group(segment, group)?;
        for i in 0..TABLE_GROUP.min(blocks - group * TABLE_GROUP) {
            records.push(record_of(bytes, i)?);
        }
    }
    Ok(records)
}

/// 64 records that have the checksum that they should have.
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

/// Where the offsets of rows begin in a segment.
pub(super) fn offsets_start(blocks: usize) -> usize {
    blocks.div_ceil(TABLE_GROUP) * TABLE_GROUP_LEN
}

/// How many bytes of a segment come before its rows.
pub(super) fn fixed_len(scheme: Scheme, blocks: usize) -> usize {
    offsets_start(blocks) + (scheme.row_groups() + 1) * 4
}

/// How many bytes a row has at most: it is written as it is, behind one byte, where no code is shorter.
pub(super) fn longest_row(blocks: usize) -> usize {
    1 + blocks.div_ceil(8)
}

/// How many bits a length of a row has at most.
pub(super) fn most_width(blocks: usize) -> usize {
    (usize::BITS - longest_row(blocks).leading_zeros()) as usize
}

/// How many bytes 32 rows have at most.
pub(super) fn longest_group(blocks: usize) -> usize {
    5 + most_width(blocks) * ROW_GROUP / 8 + ROW_GROUP * longest_row(blocks)
}

/// How many bytes a segment has at most.
fn longest_len(scheme: Scheme, blocks: usize) -> usize {
    fixed_len(scheme, blocks) + scheme.row_groups() * longest_group(blocks)
}

/// The checksum of 32 rows.
pub(super) fn row_sum(group: usize, bytes: &[u8]) -> u32 {
    work::index_bytes(bytes.len());
    xxh3_64_with_seed(bytes, group as u64) as u32
}

/// The checksum of a segment's entry: `fixed` are its bytes before the rows.
pub(super) fn entry_sum(entry: &Entry, fixed: &[u8]) -> u64 {
    work::index_bytes(fixed.len());
    let seed = [entry.offset, entry.len, u64::from(entry.blocks) << 32 | u64::from(entry.flags), entry.newlines];
    xxh3_64_with_seed(fixed, xxh3_64(&seed.map(u64::to_le_bytes).concat()))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

/// Some bytes, if they are all there.
pub(super) fn slice(bytes: &[u8], offset: u64, len: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    bytes.get(start..start.checked_add(usize::try_from(len).ok()?)?)
}

pub(super) fn damaged(what: &str) -> Error {
    Error::invalid_input(format!("the index is damaged: {what}; mapgrep-index build makes a new one"))
}
