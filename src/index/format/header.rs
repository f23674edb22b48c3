//! The two headers of an index file.

use xxhash_rust::xxh3::xxh3_64;

use super::layout::{BYTE_ORDER, HEADER, MAGIC, VERSION};
use crate::bytes::{slice, u32_at, u64_at};
use crate::error::Error;
use crate::index::fault::{IndexFault, damaged};

/// The offset of the second header. The two are on different pages and sectors.
const SECOND: u64 = 4096;
/// The last sequence number. It is never reached: a commit in each microsecond would take eight years.
pub(crate) const LAST_SEQUENCE: u64 = 1 << 48;

/// One of the two headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) sequence: u64,
    pub(crate) manifest_offset: u64,
    pub(crate) manifest_len: u64,
    pub(crate) manifest_sum: u64,
    pub(crate) end: u64,
    pub(crate) dead: u64,
}

impl Header {
    /// The offset of the header with this sequence number.
    pub(crate) fn place(sequence: u64) -> u64 {
        if sequence.is_multiple_of(2) { SECOND } else { 0 }
    }

    pub(crate) fn to_bytes(self) -> [u8; HEADER] {
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

    /// Reads a header from these bytes at an offset of the file.
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
        // A header with a sequence number of the other offset would be overwritten by the next commit, or ignored for
        // ever.
        let is_numbered = (1..=LAST_SEQUENCE).contains(&header.sequence) && Header::place(header.sequence) == place;
        is_numbered.then_some(header)
    }

    /// The last valid header of an index file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Header, Error> {
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
            Some(found) => Err(IndexFault::OtherVersion { found, read: VERSION }.into()),
            None if first[..4] == MAGIC[..4] => Err(damaged("its first bytes were changed on the way")),
            None => Err(IndexFault::NoIndex.into()),
        }
    }
}

/// Whether a file may be an index, even a damaged one, or has nothing to lose. `head` are its bytes before [`BODY`].
pub(crate) fn may_be_index(head: &[u8]) -> bool {
    // Half of the bytes that all headers have in common may be wrong.
    let is_much_alike = |start: &[u8]| {
        let (magic, order) = (start[..8].iter().zip(&MAGIC), u32_at(start, 12) == BYTE_ORDER);
        order || magic.filter(|(byte, right)| byte == right).count() >= 4
    };
    let mut starts = [0, SECOND as usize].into_iter().filter_map(|at| head.get(at..at + 16));
    starts.any(is_much_alike) || MAGIC.starts_with(head) || head.iter().all(|&byte| byte == 0)
}
