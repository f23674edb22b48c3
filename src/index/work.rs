//! How much was done to read indexes. Tests compare it with what there is to do: time tells of the machine, too.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static ROWS: AtomicU64 = AtomicU64::new(0);
static INDEX_BYTES: AtomicU64 = AtomicU64::new(0);
static TEXT_BYTES: AtomicU64 = AtomicU64::new(0);
static STEPS: AtomicU64 = AtomicU64::new(0);

/// What all threads of the process have done with indexes so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Rows that were decoded. For these, blocks that share a line were brought together besides.
    pub rows: u64,
    /// Bytes of indexes whose checksum was computed.
    pub index_bytes: u64,
    /// Bytes of texts that were compared with their hash, or indexed.
    pub text_bytes: u64,
    /// Blocks and segments that were gone through one by one, and literals whose rows were looked up.
    pub steps: u64,
}

impl Work {
    /// What was done since an earlier moment.
    pub fn since(self, earlier: Work) -> Work {
        Work {
            rows: self.rows - earlier.rows,
            index_bytes: self.index_bytes - earlier.index_bytes,
            text_bytes: self.text_bytes - earlier.text_bytes,
            steps: self.steps - earlier.steps,
        }
    }
}

/// What was done so far.
pub fn work() -> Work {
    Work {
        rows: ROWS.load(Relaxed),
        index_bytes: INDEX_BYTES.load(Relaxed),
        text_bytes: TEXT_BYTES.load(Relaxed),
        steps: STEPS.load(Relaxed),
    }
}

pub(crate) fn rows(count: usize) {
    ROWS.fetch_add(count as u64, Relaxed);
}

pub(crate) fn index_bytes(count: usize) {
    INDEX_BYTES.fetch_add(count as u64, Relaxed);
}

pub(crate) fn text_bytes(count: usize) {
    TEXT_BYTES.fetch_add(count as u64, Relaxed);
}

pub(crate) fn steps(count: usize) {
    STEPS.fetch_add(count as u64, Relaxed);
}
