//! Whether an index still describes its file.

use std::{cmp::Ordering, collections::hash_map::RandomState, hash::BuildHasher, ops::Range};

use xxhash_rust::xxh3::xxh3_64;

use super::{
    identity::Attributes,
    index::Index,
    stale::{Freshness, Stale},
};
use crate::{
    error::Error,
    index::{
        format::{layout::BLOCK, manifest::Identity, table::Record},
        work,
    },
    mapping::Mapping,
};

/// The number of blocks that are compared with their hashes if the times of the file are unchanged, but it may have
/// been written to once more within a tick of the clock.
const SAMPLES: u64 = 16;
/// The same if the file was written to since. Each time, other blocks are compared.
pub(crate) const SAMPLES_AFTER_CHANGE: u64 = 64;
/// A change within this many nanoseconds before the index was made may have the same time as the last change that the
/// index knows.
pub(crate) const COARSE: i64 = 2_000_000_000;

impl Index {
    /// Whether the index describes this mapped file. `metadata` are the attributes that the open file had before it was
    /// mapped.
    ///
    /// If a file was changed in its middle and has also grown, the change is noticed only in the blocks that are
    /// compared: 64 of them, others each time. [`IndexBuilder::verify`](crate::index::IndexBuilder::verify) compares
    /// all.
    ///
    /// # Errors
    ///
    /// When the index is damaged, or the file is truncated meanwhile.
    ///
    /// # Complexity
    ///
    /// Constant. If the attributes do not decide, up to 66 blocks of 64 KiB are read and hashed.
    ///
    /// # Examples
    ///
    /// See [`Freshness`].
    pub fn freshness(&self, metadata: &std::fs::Metadata, text: &Mapping) -> Result<Freshness, Error> {
        self.freshness_of(&Attributes::of(text.file(), metadata), text, SAMPLES_AFTER_CHANGE)
    }

    /// `samples` is the number of blocks that are compared if the text was written to since.
    pub(crate) fn freshness_of(&self, now: &Attributes, text: &Mapping, samples: u64) -> Result<Freshness, Error> {
        if let Err(stale) = self.owner().is_trusted_beside(Some(&now.owner)) {
            return Ok(Freshness::Stale(stale));
        }
        let manifest = self.manifest();
        let freshness = self.freshness_by_attributes(now.identity);
        if matches!(freshness, Freshness::Stale(_)) {
            return Ok(freshness);
        }
        if (text.len() as u64) < manifest.covered {
            return Ok(Freshness::Stale(Stale::Shrunk));
        }
        // Two changes within a tick of the clock have the same time.
        let then = manifest.identity;
        let is_sure = manifest.seen_at.saturating_sub(then.modified.max(then.changed)) >= COARSE;
        let samples = match freshness {
            Freshness::Grown => samples,
            _ if is_sure => return Ok(freshness),
            _ => SAMPLES,
        };
        match self.samples_are_unchanged(text, samples)? {
            true => Ok(freshness),
            false => Ok(Freshness::Stale(Stale::Changed)),
        }
    }

    /// What the attributes of a text alone say.
    pub(crate) fn freshness_by_attributes(&self, now: Identity) -> Freshness {
        let then = self.manifest().identity;
        if now.file() != then.file() {
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

    /// Compares the first block, the last, and some others with their hashes.
    fn samples_are_unchanged(&self, text: &Mapping, count: u64) -> Result<bool, Error> {
        let sampled = samples(self.manifest().blocks(), count);
        self.read(|reader| {
            for &block in &sampled {
                let (own, record) = reader.block(block)?;
                if !is_unchanged(text, own, &record)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }
}

/// The first block, the last, and a random one of each of `count` parts of equal length; all blocks if they are no more
/// than that.
fn samples(blocks: u64, count: u64) -> Vec<u64> {
    if blocks <= count + 2 {
        return (0..blocks).collect();
    }
    let random = RandomState::new();
    let border = |part: u64| (u128::from(blocks) * u128::from(part) / u128::from(count)) as u64;
    let of_parts = (0..count).map(|part| {
        let (start, end) = (border(part), border(part + 1));
        start + random.hash_one(part) % (end - start)
    });
    let mut samples: Vec<u64> = of_parts.chain([0, blocks - 1]).collect();
    samples.sort_unstable();
    samples.dedup();
    samples
}

/// Whether the hash of a block is unchanged.
pub(crate) fn is_unchanged(text: &Mapping, own: Range<u64>, record: &Record) -> Result<bool, Error> {
    if own.end > text.len() as u64 || own.end < own.start || own.end - own.start > 2 * BLOCK {
        return Ok(false);
    }
    work::text_bytes((own.end - own.start) as usize);
    text.guarded(own.start as usize..own.end as usize, |bytes| xxh3_64(bytes) == record.hash)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The blocks were once the same each time, so that a change between them was never seen.
    #[test]
    fn other_blocks_are_compared_each_time() {
        for (blocks, count) in [(0, 16), (1, 4), (18, 16), (19, 16), (1000, 64), (1 << 40, 64)] {
            let samples = samples(blocks, count);
            assert!(samples.is_sorted_by(|a, b| a < b) && samples.iter().all(|&block| block < blocks));
            assert!(samples.len() as u64 >= blocks.min(count), "{blocks} {count}: {samples:?}");
            assert_eq!(
                (samples.first(), samples.last()),
                (Some(&0).filter(|_| blocks > 0), blocks.checked_sub(1).as_ref())
            );
        }
        // One look misses a block with a probability of 0.936, 400 looks with 1e-11.
        let seen: HashSet<u64> = (0..400).flat_map(|_| samples(1000, 64)).collect();
        assert_eq!(seen.len(), 1000);
    }
}
