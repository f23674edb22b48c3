//! Writing an index file so that at each moment the old or the new index is complete.

use std::io;

use xxhash_rust::xxh3::xxh3_64;

use super::{segment::Made, storage::Storage};
use crate::index::format::{
    header::{Header, LAST_SEQUENCE},
    layout::{ALIGN, BODY, HEADER},
    manifest::{Entry, Manifest},
    scheme::Scheme,
};

/// Appends to an index file.
pub(crate) struct Committer<S> {
    storage: S,
    header: Header,
    /// The offset of the next bytes.
    end: u64,
}

impl<S: Storage> Committer<S> {
    /// Starts a new file.
    pub(crate) fn create(storage: S) -> Self {
        Committer { storage, header: Header::default(), end: BODY }
    }

    /// Appends after the last commit of a file. Bytes after that commit belong to nothing, and are overwritten.
    pub(crate) fn resume(storage: S, header: Header) -> Self {
        Committer { storage, header, end: header.end.max(BODY) }
    }

    /// Appends bytes, and returns their offset.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let offset = self.end.next_multiple_of(ALIGN);
        self.storage.write_at(offset, bytes)?;
        self.end = offset + bytes.len() as u64;
        Ok(offset)
    }

    /// Appends a segment.
    pub(crate) fn add(&mut self, made: &Made, scheme: Scheme) -> io::Result<Entry> {
        let offset = self.append(&made.bytes)?;
        Ok(made.entry_at(offset, scheme))
    }

    /// Starts writing what was appended to the disk.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.storage.sync()
    }

    /// Commits what was appended. `dead` is the number of bytes that are of no more use, without the last manifest.
    pub(crate) fn commit(&mut self, manifest: &Manifest, dead: u64) -> io::Result<()> {
        if self.header.sequence >= LAST_SEQUENCE {
            // A commit with a greater number, or with a small one again, would be ignored.
            let message = "it was written more often than can be counted, and has to be built anew";
            return Err(io::Error::other(message));
        }
        let bytes = manifest.to_bytes();
        let offset = self.append(&bytes)?;
        // What a header refers to must be on the disk before the header.
        self.storage.sync()?;
        let header = Header {
            sequence: self.header.sequence + 1,
            manifest_offset: offset,
            manifest_len: bytes.len() as u64,
            manifest_sum: xxh3_64(&bytes),
            end: self.end,
            dead: self.header.dead + dead + self.header.manifest_len,
        };
        if header.sequence == 1 {
            // There is no other header yet.
            self.storage.write_at(HEADER as u64, &[0; BODY as usize - HEADER])?;
        }
        self.storage.write_at(Header::place(header.sequence), &header.to_bytes())?;
        self.storage.sync()?;
        self.header = header;
        self.storage.publish()
    }
}
