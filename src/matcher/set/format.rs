//! The bytes of a built set: what is written to a file, and what a search reads, are the same.
//!
//! All numbers are little-endian, whatever the machine. Sections begin at multiples of 64 bytes from the start. Nothing
//! is decoded when a set is opened: its checksum is computed, and what the header says is compared with the number of
//! bytes.
//!
//! ```text
//! header, 128 bytes
//!      0  8 bytes  magic
//!      8  u64      checksum of everything behind this number
//!     16  u32      version
//!     20  u8 u8    kind of matches (0 leftmost-first, 1 leftmost-longest, 2 overlapping); 1 when ASCII case is ignored
//!     24  u64      length of everything
//!     32  u32      number of patterns
//!     36  u32      number of tiers
//!     40  u64 u64  length of the shortest pattern, of the longest
//!     56           sections of the set, each a u64 offset and a u64 length in bytes:
//!                  places, empty patterns, ends of spellings, spellings
//! tiers, 192 bytes each, from byte 128 on
//!      0  u32      first rank: that of its first pattern among all tiers
//!      4  u32      ranks: how many different patterns it has
//!      8  u32      length of its shortest pattern
//!     12  u32      where in a pattern the bytes begin that are hashed
//!     16  u32      key: how many bytes are hashed for the tables
//!     20  u32      bits of the hash that choose a bucket
//!     24  u32      window of the filter, in bytes; 0 for a filter that is made of the patterns when the set is opened
//!     28  u32      step from one window to the next in the haystack
//!     32  u32      bits of the hash that choose a word of the filter
//!     40           sections of the tier: buckets, entries, text, ends of ids, ids, links, filter
//! ```
//!
//! The patterns of a tier are sorted by bucket, and within a bucket as byte strings; the place of a pattern in that
//! order is its *rank*. Patterns that are equal (with case ignored, where that was asked for) share one.
//!
//! | section | of | what |
//! |---|---|---|
//! | places | u32 | for each pattern, its rank among those of all tiers; of empty ones `u32::MAX` |
//! | empty patterns | u32 | their ids, ascending |
//! | ends of spellings, spellings | u64; bytes | the patterns as given, joined; only where folding changed some |
//! | buckets | u32 | the first rank of each bucket, and the number of ranks at the end |
//! | entries | u32, u32 | for each rank, where its text begins, and 32 bits of its key's hash; then its end |
//! | text | bytes | the patterns by rank, folded where case is ignored |
//! | ends of ids | u32 | for each rank, the end of its ids; left out where each has one |
//! | ids | u32 | the patterns of each rank, ascending |
//! | links | 3 u32 | only where a bucket is large: see [`table`] |
//! | filter | u32 | a bitmap of windows: see [`windows`] |

use std::ops::Range;

use super::kind::MatchKind;
use crate::{
    bytes::{u32_at, u64_at},
    error::Error,
};

pub(super) const MAGIC: [u8; 8] = *b"\x89mgset\r\n";
/// Counts up whenever sets of before can no longer be read, or the hashes change.
pub(super) const VERSION: u32 = 1;
pub(super) const HEADER: usize = 128;
pub(super) const TIER: usize = 192;
/// No two tiers have patterns of the same length, and long ones share one.
pub(super) const MAX_TIERS: usize = 8;
/// Where the sections of a tier are told, from its start on.
const SECTIONS: usize = 40;
const ALIGN: usize = 64;
/// From where on the checksum counts.
const CHECKED: usize = 16;

/// Bytes of a link.
pub(super) const LINK: usize = 12;
pub(super) const MAX_BUCKET_BITS: u32 = 28;
pub(super) const MAX_WORD_BITS: u32 = 24;

/// What the header says. All ranges lie in the bytes, and have the lengths that follow from the numbers.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) kind: MatchKind,
    pub(super) fold: bool,
    pub(super) patterns: u32,
    pub(super) min_len: usize,
    pub(super) max_len: usize,
    pub(super) places: Range<usize>,
    pub(super) empty: Range<usize>,
    pub(super) spelling_ends: Range<usize>,
    pub(super) spellings: Range<usize>,
    pub(super) tiers: Vec<TierLayout>,
}

/// What the header says of one tier.
#[derive(Clone, Debug, Default)]
pub(super) struct TierLayout {
    pub(super) first_rank: u32,
    pub(super) ranks: u32,
    pub(super) shortest: u32,
    pub(super) offset: u32,
    pub(super) key: u32,
    pub(super) bucket_bits: u32,
    pub(super) window: u32,
    pub(super) step: u32,
    pub(super) word_bits: u32,
    pub(super) buckets: Range<usize>,
    pub(super) entries: Range<usize>,
    pub(super) text: Range<usize>,
    pub(super) id_ends: Range<usize>,
    pub(super) ids: Range<usize>,
    pub(super) links: Range<usize>,
    pub(super) filter: Range<usize>,
}

impl Layout {
    /// Reads the header, and makes sure that what it says can be.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let header = bytes.get(..HEADER).ok_or_else(|| damaged("it is shorter than its header"))?;
        if header[..8] != MAGIC {
            return Err(Error::invalid_input(
                "these bytes are not a serialised pattern set: the magic number is missing",
            ));
        }
        let version = u32_at(header, 16);
        if version != VERSION {
            return Err(Error::invalid_input(format!(
                "the serialised pattern set is of version {version}, and this program reads version {VERSION}: build \
                 it anew"
            )));
        }
        if u64_at(header, 24) != bytes.len() as u64 {
            let message = format!("it says that it has {} bytes, and there are {}", u64_at(header, 24), bytes.len());
            return Err(damaged(&message));
        }
        if u64_at(header, 8) != checksum(&bytes[CHECKED..]) {
            return Err(damaged("its checksum does not agree with its content"));
        }
        let kind = match header[20] {
            0 => MatchKind::LeftmostFirst,
            1 => MatchKind::LeftmostLongest,
            2 => MatchKind::Overlapping,
            _ => return Err(damaged("the kind of matches is unknown")),
        };
        let section = |at: usize, size: usize| section(bytes, at, size);
        let patterns = u32_at(header, 32);
        let tiers = u32_at(header, 36) as usize;
        if tiers > MAX_TIERS || bytes.len() < HEADER + tiers * TIER {
            return Err(damaged("it has too many tiers"));
        }
        let mut layout = Layout {
            kind,
            fold: header[21] != 0,
            patterns,
            min_len: length_at(header, 40)?,
            max_len: length_at(header, 48)?,
            places: section(56, 4)?,
            empty: section(72, 4)?,
            spelling_ends: section(88, 8)?,
            spellings: section(104, 1)?,
            tiers: Vec::with_capacity(tiers),
        };
        if layout.places.len() as u64 != 4 * u64::from(patterns) || layout.min_len > layout.max_len {
            return Err(damaged("the numbers of its header do not fit together"));
        }
        for tier in 0..tiers {
            layout.tiers.push(TierLayout::read(bytes, HEADER + tier * TIER)?);
        }
        Ok(layout)
    }

    /// Writes the header and the tiers over the bytes at the start, and the checksum of all that follows it.
    pub(super) fn write(&self, bytes: &mut [u8]) {
        bytes[..8].copy_from_slice(&MAGIC);
        put_u32(bytes, 16, VERSION);
        bytes[20] = match self.kind {
            MatchKind::LeftmostFirst => 0,
            MatchKind::LeftmostLongest => 1,
            MatchKind::Overlapping => 2,
        };
        bytes[21] = self.fold.into();
        put_u64(bytes, 24, bytes.len());
        put_u32(bytes, 32, self.patterns);
        put_u32(bytes, 36, self.tiers.len() as u32);
        put_u64(bytes, 40, self.min_len);
        put_u64(bytes, 48, self.max_len);
        for (i, section) in [&self.places, &self.empty, &self.spelling_ends, &self.spellings].into_iter().enumerate() {
            put_section(bytes, 56 + 16 * i, section);
        }
        for (i, tier) in self.tiers.iter().enumerate() {
            tier.write(bytes, HEADER + i * TIER);
        }
        seal(bytes);
    }
}

impl TierLayout {
    /// Whether candidates are found by a bitmap of windows that can be.
    pub(super) fn has_windows(&self) -> bool {
        (1..=8).contains(&self.window)
            && matches!(self.step, 1 | 2 | 4)
            && (1..=MAX_WORD_BITS).contains(&self.word_bits)
            && self.offset.checked_add(self.window + self.step - 1).is_some_and(|end| end <= self.shortest)
    }

    fn read(bytes: &[u8], at: usize) -> Result<Self, Error> {
        let number = |i: usize| u32_at(bytes, at + 4 * i);
        let section = |i: usize, size: usize| section(bytes, at + SECTIONS + 16 * i, size);
        let tier = TierLayout {
            first_rank: number(0),
            ranks: number(1),
            shortest: number(2),
            offset: number(3),
            key: number(4),
            bucket_bits: number(5),
            window: number(6),
            step: number(7),
            word_bits: number(8),
            buckets: section(0, 4)?,
            entries: section(1, 8)?,
            text: section(2, 1)?,
            id_ends: section(3, 4)?,
            ids: section(4, 4)?,
            links: section(5, LINK)?,
            filter: section(6, 4)?,
        };
        let ranks = tier.ranks as usize;
        let hashed = tier.window != 0;
        let fits = tier.ranks != 0
            && tier.first_rank.checked_add(tier.ranks).is_some()
            && (1..=8).contains(&tier.key)
            && tier.offset.checked_add(tier.key).is_some_and(|end| end <= tier.shortest)
            && (1..=MAX_BUCKET_BITS).contains(&tier.bucket_bits)
            && tier.buckets.len() / 4 == (1 << tier.bucket_bits) + 1
            && tier.entries.len() / 8 == ranks + 1
            && (tier.id_ends.is_empty() || tier.id_ends.len() / 4 == ranks)
            && (!tier.id_ends.is_empty() || tier.ids.len() / 4 == ranks)
            && (tier.links.is_empty() || tier.links.len() / LINK == ranks)
            && (!hashed || (tier.has_windows() && tier.filter.len() / 4 == 1 << tier.word_bits));
        if fits { Ok(tier) } else { Err(damaged("the numbers of a tier do not fit together")) }
    }

    fn write(&self, bytes: &mut [u8], at: usize) {
        let numbers = [
            self.first_rank,
            self.ranks,
            self.shortest,
            self.offset,
            self.key,
            self.bucket_bits,
            self.window,
            self.step,
            self.word_bits,
        ];
        for (i, number) in numbers.into_iter().enumerate() {
            put_u32(bytes, at + 4 * i, number);
        }
        let sections = [&self.buckets, &self.entries, &self.text, &self.id_ends, &self.ids, &self.links, &self.filter];
        for (i, section) in sections.into_iter().enumerate() {
            put_section(bytes, at + SECTIONS + 16 * i, section);
        }
    }
}

/// Writes the checksum, where there is room for one.
pub(super) fn seal(bytes: &mut [u8]) {
    let sum = checksum(bytes.get(CHECKED..).unwrap_or_default());
    if let Some(place) = bytes.get_mut(8..16) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
}

/// Appends a section, and says where it lies.
pub(super) fn append(bytes: &mut Vec<u8>, section: impl IntoIterator<Item: AsRef<[u8]>>) -> Range<usize> {
    bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
    let start = bytes.len();
    for item in section {
        bytes.extend_from_slice(item.as_ref());
    }
    if bytes.len() == start { 0..0 } else { start..bytes.len() }
}

/// The elements of a section; none where the bytes have become fewer than they were.
pub(super) fn elements<'a, const N: usize>(bytes: &'a [u8], section: &Range<usize>) -> &'a [[u8; N]] {
    bytes.get(section.clone()).unwrap_or_default().as_chunks().0
}

/// A sum that every changed bit changes, in eight lanes so that it is as fast as memory.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |lane: u64, word: u64| (lane ^ word).wrapping_mul(FACTOR).rotate_left(29);
    let mut lanes: [u64; 8] = std::array::from_fn(|i| FACTOR.wrapping_mul(i as u64 + 1));
    let (blocks, rest) = bytes.as_chunks::<64>();
    for block in blocks {
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
            *lane = step(*lane, u64::from_le_bytes(*word));
        }
    }
    let (words, rest) = rest.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let rest = rest.iter().map(|&byte| u64::from(byte));
    let end = lanes.into_iter().chain(words).chain(rest).fold(bytes.len() as u64, step);
    (end ^ (end >> 31)).wrapping_mul(FACTOR)
}

fn damaged(what: &str) -> Error {
    Error::invalid_input(format!("the serialised pattern set is damaged: {what}; build it anew"))
}

fn section(bytes: &[u8], at: usize, size: usize) -> Result<Range<usize>, Error> {
    let (start, len) = (length_at(bytes, at)?, length_at(bytes, at + 8)?);
    match start.checked_add(len) {
        Some(end) if end <= bytes.len() && len.is_multiple_of(size) => Ok(start..end),
        _ => Err(damaged("a section does not lie in it")),
    }
}

fn length_at(bytes: &[u8], at: usize) -> Result<usize, Error> {
    usize::try_from(u64_at(bytes, at)).map_err(|_| damaged("a length does not fit in the address space"))
}

fn put_u32(bytes: &mut [u8], at: usize, number: u32) {
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
}

fn put_u64(bytes: &mut [u8], at: usize, number: usize) {
    bytes[at..at + 8].copy_from_slice(&(number as u64).to_le_bytes());
}

fn put_section(bytes: &mut [u8], at: usize, section: &Range<usize>) {
    put_u64(bytes, at, section.start);
    put_u64(bytes, at + 8, section.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_counts_in_the_checksum() {
        for len in [0, 1, 7, 8, 63, 64, 65, 200] {
            let mut bytes: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let sum = checksum(&bytes);
            for bit in 0..8 * len {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_ne!(checksum(&bytes), sum, "bit {bit} of {len} bytes");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            assert_eq!(checksum(&bytes), sum);
            bytes.push(0);
            assert_ne!(checksum(&bytes), sum);
        }
    }
}
