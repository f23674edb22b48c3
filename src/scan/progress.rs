//! How far something is that takes long.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// How many bytes a search, or the making of an index, is done with. Clones are the same count, which any thread can
/// read while the work goes on.
///
/// # Examples
///
/// ```
/// use mapgrep::{index::IndexBuilder, scan::{Pool, Progress}};
///
/// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-progress-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// # let path = directory.join("log");
/// std::fs::write(&path, "a line of a log\n".repeat(100_000))?;
/// let progress = Progress::new();
/// IndexBuilder::new().progress(progress.clone()).build(&path, &Pool::new(2))?;
/// // Another thread would show this meanwhile. The last line, which may grow, is not indexed with its block.
/// assert_eq!(progress.bytes(), 1_600_000 / 65_536 * 65_536);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// A count of no bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes are done.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets the count: to 0 before the next file, for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::scan::Progress;
    ///
    /// let progress = Progress::new();
    /// progress.set(100);
    /// assert_eq!(progress.clone().bytes(), 100);
    /// ```
    pub fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn advance(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}
