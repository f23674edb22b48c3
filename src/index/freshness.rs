//! Whether an index still says what is in its file.

use std::{cmp::Ordering, fmt};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    Index,
    format::{BLOCK, Record},
    identity::Identity,
    work,
};
use crate::{error::Error, mapping::Mapping};

/// How many blocks are compared with their hashes where the whole is not.
const SAMPLES: u64 = 16;
/// Changes within so many nanoseconds before the index was made may have the same time as the last one that it knows of.
pub(super) const COARSE: i64 = 2_000_000_000;

/// How an index and a file go together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// The file is the one that was indexed.
    Same,
    /// The file has become longer since, and what was compared of the rest has not changed.
    Grown,
    /// The index cannot be relied on.
    Stale(Stale),
}

/// Why an index cannot be relied on. Its text says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stale {
    /// It is of another file, which had this name.
    Replaced,
    /// The file is shorter than it was.
    Shrunk,
    /// The file was written to, and has the size that it had, or what was compared is not what it was.
    Changed,
    /// Something about the file was changed: its name, or who may read it. Its content may be.
    Touched,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stale::Replaced => "the file was replaced since it was indexed (mapgrep-index build indexes it anew)",
            Stale::Shrunk => "the file has become shorter since it was indexed (mapgrep-index build indexes it anew)",
            Stale::Changed => {
                "the file was changed since it was indexed (mapgrep-index verify tells where, mapgrep-index build indexes it anew)"
            }
            Stale::Touched => {
                "the file was renamed, or its permissions changed, since it was indexed, and its content may have been \
                 (mapgrep-index verify finds out)"
            }
        })
    }
}

impl Index {
    /// Whether the index is of this text, which was mapped from a file with these attributes. They are to be those that
    /// the open file had before anything of it was read.
    ///
    /// A file that was changed in its middle and has grown since is not told from one that has only grown, unless the change is in one
    /// of the blocks that are compared.
    ///
    /// # Errors
    ///
    /// When the index is damaged, or the file was truncated meanwhile.
    ///
    /// # Complexity
    ///
    /// Constant: where the attributes do not tell, 17 blocks are read and compared with their hashes.
    pub fn freshness(&self, metadata: &std::fs::Metadata, text: &Mapping) -> Result<Freshness, Error> {
        self.freshness_of(Identity::of(metadata), text)
    }

    pub(super) fn freshness_of(&self, now: Identity, text: &Mapping) -> Result<Freshness, Error> {
        let manifest = self.manifest();
        let freshness = self.freshness_by_attributes(now);
        if matches!(freshness, Freshness::Stale(_)) {
            return Ok(freshness);
        }
        if (text.len() as u64) < manifest.covered {
            return Ok(Freshness::Stale(Stale::Shrunk));
        }
        // Two changes within one tick of the clock have one time.
        let then = manifest.identity;
        let is_sure = manifest.seen_at.saturating_sub(then.modified.max(then.changed)) >= COARSE;
        if (freshness == Freshness::Grown || !is_sure) && !self.samples_are_unchanged(text)? {
            return Ok(Freshness::Stale(Stale::Changed));
        }
        Ok(freshness)
    }

    /// What the attributes of a text alone tell.
    pub(super) fn freshness_by_attributes(&self, now: Identity) -> Freshness {
        let then = self.manifest().identity;
        let is_same_file =
            (now.device, now.inode) == (then.device, then.inode) && (cfg!(unix) || now.changed == then.changed);
        if !is_same_file {
            return Freshness::Stale(Stale::Replaced);
        }
        match now.size.cmp(&then.size) {
            Ordering::Less => Freshness::Stale(Stale::Shrunk),
            Ordering::Greater => Freshness::Grown,
            Ordering::Equal if now.modified != then.modified => Freshness::Stale(Stale::Changed),
            Ordering::Equal if now.changed != then.changed => Freshness::Stale(Stale::Touched),
            Ordering::Equal => Freshness::Same,
        }
    }

    /// Compares the last block, and some others, with their hashes.
    fn samples_are_unchanged(&self, text: &Mapping) -> Result<bool, Error> {
        let blocks = self.manifest().blocks();
        let step = (blocks / SAMPLES).max(1);
        let sampled = (0..blocks).step_by(step as usize).chain(blocks.checked_sub(1));
        let samples: Vec<u64> = sampled.collect();
        self.read(|reader| {
            for &block in &samples {
                let (own, record) = reader.block(block)?;
                if !is_unchanged(text, own, &record)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }
}

/// Whether a block has the bytes that it had.
pub(super) fn is_unchanged(text: &Mapping, own: std::ops::Range<u64>, record: &Record) -> Result<bool, Error> {
    if own.end > text.len() as u64 || own.end < own.start || own.end - own.start > 2 * BLOCK {
        return Ok(false);
    }
    work::text_bytes((own.end - own.start) as usize);
    text.guarded(own.start as usize..own.end as usize, |bytes| xxh3_64(bytes) == record.hash)
}
