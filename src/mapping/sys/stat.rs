//! What there is to know of a file.

use std::time::{SystemTime, UNIX_EPOCH};

/// Its size, its kind, and when it was changed.
#[derive(Clone, Copy, Debug)]
pub(in crate::mapping) struct Stat {
    pub(in crate::mapping) size: u64,
    /// Only the size of regular files means something.
    pub(in crate::mapping) is_regular: bool,
    /// When the content was last changed, in nanoseconds since 1970.
    pub(in crate::mapping) modified: u64,
}

impl Stat {
    /// True when the time of the last change lies so far back that a later change has another.
    ///
    /// Systems set it before they copy the bytes of a write, and once for all that is written through a mapping until
    /// those pages are stored, which takes Linux half a minute; some count it in steps of seconds.
    pub(in crate::mapping) fn is_settled(&self) -> bool {
        const LONGEST_CHANGE: u64 = 60_000_000_000;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        self.modified.saturating_add(LONGEST_CHANGE) <= now
    }
}
