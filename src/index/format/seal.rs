//! Sealing damaged indexes, for tests: damage with the right checksums gets further than damage without.

use xxhash_rust::xxh3::xxh3_64;

use super::{
    header::Header,
    layout::{ENTRY, HEADER, MANIFEST, SECTION, TABLE_GROUP_LEN, fixed_len, offsets_start},
    manifest::{Entry, entry_sum},
    row_group::row_sum,
    scheme::{ROW_GROUP, Scheme},
};
use crate::bytes::{slice, u32_at, u64_at};

/// Writes the right checksums into the bytes of an index, wherever one can be.
pub fn seal(bytes: &mut [u8]) {
    for header in [1, 2].map(|sequence| Header::place(sequence) as usize) {
        let Some(head) = bytes.get(header..header + HEADER) else { continue };
        let (start, len) = (u64_at(head, 24), u64_at(head, 32));
        if let Some(manifest) = slice(bytes, start, len).map(<[u8]>::to_vec)
            && manifest.len() >= MANIFEST
        {
            let scheme = Scheme::from_number(u32_at(&manifest, 48)).unwrap_or(Scheme::Small);
            let entries = (u32_at(&manifest, 52) as usize).min((manifest.len() - MANIFEST) / ENTRY);
            let sections = MANIFEST + entries * ENTRY;
            for at in (sections..manifest.len()).step_by(SECTION) {
                if let Some(section) = manifest.get(at..at + SECTION)
                    && let Some(sum) = slice(bytes, u64_at(section, 24), u64_at(section, 32)).map(xxh3_64)
                {
                    let at = start as usize + at + 40;
                    bytes[at..at + 8].copy_from_slice(&sum.to_le_bytes());
                }
            }
            for at in (MANIFEST..sections).step_by(ENTRY) {
                if let Some(entry) = manifest.get(at..at + ENTRY) {
                    let entry = Entry::from_bytes(entry);
                    seal_segment(bytes, &entry, scheme);
                    if let Some(sum) = sum_of(bytes, &entry, scheme) {
                        let at = start as usize + at + 32;
                        bytes[at..at + 8].copy_from_slice(&sum.to_le_bytes());
                    }
                }
            }
        }
        if let Some(manifest) = slice(bytes, start, len) {
            let sum = xxh3_64(manifest);
            bytes[header + 40..header + 48].copy_from_slice(&sum.to_le_bytes());
        }
        let sum = xxh3_64(&bytes[header..header + HEADER - 8]);
        bytes[header + HEADER - 8..header + HEADER].copy_from_slice(&sum.to_le_bytes());
    }
}

/// The bytes of a segment, if they exist.
fn segment<'a>(bytes: &'a [u8], entry: &Entry, scheme: Scheme) -> Option<&'a [u8]> {
    slice(bytes, entry.offset, entry.len).filter(|bytes| bytes.len() >= fixed_len(scheme, entry.blocks()))
}

fn sum_of(bytes: &[u8], entry: &Entry, scheme: Scheme) -> Option<u64> {
    let segment = segment(bytes, entry, scheme)?;
    Some(entry_sum(entry, segment, scheme))
}

fn seal_segment(bytes: &mut [u8], entry: &Entry, scheme: Scheme) {
    if segment(bytes, entry, scheme).is_none() {
        return;
    }
    let bytes = &mut bytes[entry.offset as usize..][..entry.len as usize];
    let offsets = offsets_start(entry.blocks());
    for group in bytes[..offsets].chunks_exact_mut(TABLE_GROUP_LEN) {
        let (records, sum) = group.split_at_mut(TABLE_GROUP_LEN - 8);
        sum.copy_from_slice(&xxh3_64(records).to_le_bytes());
    }
    for group in 0..scheme.rows() / ROW_GROUP + 1 {
        let (start, end) =
            (u32_at(bytes, offsets + 4 * group) as usize, u32_at(bytes, offsets + 4 * group + 4) as usize);
        if let Some(rows) = bytes.get_mut(start..end).filter(|rows| rows.len() >= 5) {
            let sum = row_sum(group, &rows[4..]);
            rows[..4].copy_from_slice(&sum.to_le_bytes());
        }
    }
}
