//! Counters of the work that reading indexes takes. Tests compare them with a bound, as time depends on the machine.
//!
//! Without the feature `__test-hooks` nothing is counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static ROWS: AtomicU64 = AtomicU64::new(0);
static INDEX_BYTES: AtomicU64 = AtomicU64::new(0);
static TEXT_BYTES: AtomicU64 = AtomicU64::new(0);
static STEPS: AtomicU64 = AtomicU64::new(0);

/// What all threads of the process have done with indexes so far.
#[cfg(feature = "__test-hooks")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Rows that were decoded. In each of them, blocks that share a line were also joined.
    pub rows: u64,
    /// Bytes of indexes whose checksum was computed.
    pub index_bytes: u64,
    /// Bytes of texts that were compared with their hash, or indexed.
    pub text_bytes: u64,
    /// Blocks and segments that were visited one by one, and literals whose rows were looked up.
    pub steps: u64,
}

#[cfg(feature = "__test-hooks")]
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

/// The work done so far.
#[cfg(feature = "__test-hooks")]
pub fn work() -> Work {
    let [rows, index_bytes, text_bytes, steps] =
        [&ROWS, &INDEX_BYTES, &TEXT_BYTES, &STEPS].map(|counter| counter.load(Relaxed));
    Work { rows, index_bytes, text_bytes, steps }
}

pub(crate) fn rows(count: usize) {
    add(&ROWS, count);
}

pub(crate) fn index_bytes(count: usize) {
    add(&INDEX_BYTES, count);
}

pub(crate) fn text_bytes(count: usize) {
    add(&TEXT_BYTES, count);
}

pub(crate) fn steps(count: usize) {
    add(&STEPS, count);
}

fn add(counter: &AtomicU64, count: usize) {
    if cfg!(feature = "__test-hooks") {
        counter.fetch_add(count as u64, Relaxed);
    }
}
