//! The manifest: the state of the text when it was indexed, and the segments.

use std::ops::Range;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{
    header::Header,
    layout::{ALIGN, BLOCK, BODY, ENTRY, MANIFEST, MOST_BLOCKS, SECTION, fixed_len, longest_len},
    scheme::Scheme,
    section::{self, Section},
};
use crate::bytes::{slice, u32_at, u64_at};
use crate::index::fault::damaged;
use crate::{error::Error, index::work};

/// The state of the text when it was indexed, and the segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) identity: Identity,
    /// When the text was looked at, in nanoseconds since 1970.
    pub(crate) seen_at: i64,
    pub(crate) scheme: Scheme,
    /// The end of the indexed part of the text.
    pub(crate) covered: u64,
    pub(crate) newlines: u64,
    pub(crate) segments: Vec<Entry>,
    pub(crate) sections: Vec<Section>,
}

/// The offset of a segment, and the part of the text that it covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) blocks: u32,
    pub(crate) flags: u32,
    pub(crate) newlines: u64,
    pub(crate) sum: u64,
}

impl Entry {
    /// Some block begins within a line.
    pub(crate) const LINKED: u32 = 1;
    /// The first one does.
    pub(crate) const CONTINUES: u32 = 2;
    /// Some block has a NUL.
    pub(crate) const NUL: u32 = 4;

    pub(crate) fn blocks(&self) -> usize {
        self.blocks as usize
    }

    /// Whether these bytes of the file can hold the segment.
    fn is_possible(&self, scheme: Scheme, within: Range<u64>) -> bool {
        let lengths = || fixed_len(scheme, self.blocks())..=longest_len(scheme, self.blocks());
        (1..=MOST_BLOCKS).contains(&self.blocks())
            && usize::try_from(self.len).is_ok_and(|len| lengths().contains(&len))
            && self.offset.is_multiple_of(ALIGN)
            && self.offset >= within.start
            && self.offset.checked_add(self.len).is_some_and(|end| end <= within.end)
    }

    /// Whether `next` can follow in the text: updates merge segments that are small compared with what is new.
    pub(crate) fn may_precede(&self, next: &Entry) -> bool {
        let is_merged = self.blocks < 2 * next.blocks && self.blocks() + next.blocks() <= MOST_BLOCKS;
        !is_merged && self.newlines <= next.newlines
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
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
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MANIFEST + self.segments.len() * ENTRY + self.sections.len() * SECTION);
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
        self.sections.iter().for_each(|section| bytes.extend(section.to_bytes()));
        bytes
    }

    /// Reads the manifest that a header refers to, and checks that it is possible.
    ///
    /// # Complexity
    ///
    /// Linear in the valid entries. A file with huge holes costs its maker nothing, so reading stops at the first
    /// impossible entry, before the checksum of all of them is computed.
    pub(crate) fn read(bytes: &[u8], header: &Header) -> Result<Manifest, Error> {
        if header.end > bytes.len() as u64 {
            let message = format!("it has {} bytes, and {} are spoken of", bytes.len(), header.end);
            return Err(damaged(message));
        }
        let wrong_sum = || damaged("its list of segments does not have the checksum that it should have");
        let manifest = slice(&bytes[..header.end as usize], header.manifest_offset, header.manifest_len)
            .filter(|manifest| manifest.len() >= MANIFEST)
            .ok_or_else(wrong_sum)?;
        let scheme = Scheme::from_number(u32_at(manifest, 48)).ok_or_else(|| damaged("its grams are unknown"))?;
        let lists = (u32_at(manifest, 52) as usize)
            .checked_mul(ENTRY)
            .and_then(|entries| manifest[MANIFEST..].split_at_checked(entries))
            .ok_or_else(|| damaged("its list of segments has the wrong length"))?;
        let (entries, sections) = (lists.0.as_chunks::<ENTRY>().0, lists.1);
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
        let sections = section::read(sections, segments.len(), BODY..header.manifest_offset)?;
        work::steps(segments.len() + sections.len());
        work::index_bytes(manifest.len());
        if xxh3_64(manifest) != header.manifest_sum {
            return Err(wrong_sum());
        }
        section::check_known(&sections)?;
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
            sections,
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

    /// The number of indexed blocks.
    pub(crate) fn blocks(&self) -> u64 {
        self.segments.iter().map(|entry| u64::from(entry.blocks)).sum()
    }
}

/// The checksum of an entry, and of the bytes before the rows of its `segment`.
pub(crate) fn entry_sum(entry: &Entry, segment: &[u8], scheme: Scheme) -> u64 {
    let fixed = &segment[..fixed_len(scheme, entry.blocks())];
    work::index_bytes(fixed.len());
    let seed = [entry.offset, entry.len, u64::from(entry.blocks) << 32 | u64::from(entry.flags), entry.newlines];
    xxh3_64_with_seed(fixed, xxh3_64(&seed.map(u64::to_le_bytes).concat()))
}

/// What identifies a file, and shows that it was changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    /// Nanoseconds since 1970 of the last change of its content.
    pub(crate) modified: i64,
    /// The same of its inode; on Windows, of its attributes.
    pub(crate) changed: i64,
}

impl Identity {
    /// The identity of the file, without its content.
    pub(crate) fn file(&self) -> (u64, u64) {
        (self.device, self.inode)
    }
}
