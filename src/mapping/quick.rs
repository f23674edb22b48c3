//! What small reads have to know of a mapping, at hand: see `copied.rs`.
#![allow(unsafe_code)] // Bytes are copied from addresses.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence},
};

use super::sys::{NO_FAULT, Region, Watch};

/// Reads of at most so many bytes are checked when they are done, and only then. Larger ones ask for the file's size
/// before as well, so that a file that was cut long ago spoils no mapping by a fault.
pub(super) const SMALL_BYTES: usize = 4096;

/// What small reads have to know of a mapping, at hand.
///
/// # Invariants
///
/// `start` is where a region is mapped, and `len` its length; the region is the one in the same
/// [`Mapped`](super::mapped::Mapped), which neither moves nor unmaps it while this value is there.
#[derive(Debug)]
pub(super) struct Quick {
    start: *const u8,
    len: usize,
    /// Where the pages may not be read, one that says that all of them are lost: the long way has the true reason.
    mark: &'static AtomicUsize,
    /// Whether a zero may be what a cut has left.
    has_to_prove: bool,
    /// Whether other bytes prove themselves.
    proves: AtomicBool,
}

// SAFETY: the pointer is that of the region beside it, which may be sent to another thread, and so goes with it;
// nothing about the memory belongs to a thread.
unsafe impl Send for Quick {}
// SAFETY: through a shared reference the memory is only read, in `copy`, as any thread may do that shares the region
// beside it; the rest are numbers that do not change, and atomics.
unsafe impl Sync for Quick {}

impl Quick {
    /// # Safety
    ///
    /// The region stays mapped where it is for as long as this value is there.
    pub(super) unsafe fn new(region: &Region, is_file: bool, watch: Option<&Watch>, checks_small_reads: bool) -> Self {
        /// That of regions that nobody watches.
        static NO_MARK: AtomicUsize = AtomicUsize::new(NO_FAULT);
        static UNREADABLE: AtomicUsize = AtomicUsize::new(0);
        Quick {
            start: region.as_mut_ptr(),
            len: region.len(),
            mark: match region.is_readable() {
                true => watch.and_then(Watch::mark).unwrap_or(&NO_MARK),
                false => &UNREADABLE,
            },
            has_to_prove: is_file && checks_small_reads,
            // Linux is where it was verified that the rest of the page reads as zeros.
            proves: AtomicBool::new(cfg!(target_os = "linux")),
        }
    }

    /// True when bytes that were just copied are known to be the file's as far as its size goes.
    #[inline]
    pub(super) fn knows(&self, copied: &[u8]) -> bool {
        !self.has_to_prove || (self.proves() && !has_zero(copied))
    }

    /// Copies the bytes of a range when there is nothing to ask or to report; `None` stands for all else.
    #[inline]
    pub(super) fn copy<T>(
        &self,
        range: Range<usize>,
        copy: impl FnOnce(&[u8]) -> T,
        copied: impl FnOnce(&T) -> &[u8],
    ) -> Option<T> {
        let len = range.end.wrapping_sub(range.start);
        let has_mark = || self.mark.load(Ordering::Acquire) != NO_FAULT;
        if range.start > range.end || range.end > self.len || len > SMALL_BYTES || has_mark() {
            return None;
        }
        // SAFETY:
        // * The range lies in the region, which is mapped for as long as this value is there (see the invariants), and
        //   can be read: one that cannot has a mark. The slice ends with `copy`.
        // * Nobody writes meanwhile, as the caller of `map_file` has promised; the mapping itself is written to
        //   through `&mut` only, or by unsafe calls whose callers promise the same.
        // * A page that goes away meanwhile is replaced by zeros at the same address, so that the slice stays
        //   readable, and the mark, which is set before that, has the copy thrown away.
        let bytes = unsafe { std::slice::from_raw_parts(self.start.add(range.start), len) };
        let result = copy(bytes);
        // The mark counts if it was there when the bytes were read.
        fence(Ordering::Acquire);
        (!has_mark() && self.knows(copied(&result))).then_some(result)
    }

    /// From here on, a byte other than zero proves nothing.
    pub(super) fn stop_proving(&self) {
        self.proves.store(false, Ordering::Relaxed);
    }

    /// Whether bytes other than zero prove themselves.
    pub(super) fn proves(&self) -> bool {
        self.proves.load(Ordering::Relaxed)
    }

    /// Whether small reads look at the file's size.
    pub(super) fn checks_small_reads(&self) -> bool {
        self.has_to_prove
    }
}

/// Whether there is a zero among the bytes. Most copies are so short that the start of a search would take longer.
#[inline]
fn has_zero(bytes: &[u8]) -> bool {
    match (bytes, bytes.first_chunk(), bytes.last_chunk()) {
        ([byte], ..) => *byte == 0,
        (_, Some(first), Some(last)) if bytes.len() <= 16 => zeros(first) | zeros(last) != 0,
        _ => has_zero_among_many(bytes),
    }
}

#[inline(never)]
fn has_zero_among_many(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks();
    words.iter().fold(0, |all, word| all | zeros(word)) != 0 || rest.contains(&0)
}

/// Other than 0 when one of the bytes is: the high bit of the lowest such byte is set, and perhaps those above it.
#[inline]
fn zeros(bytes: &[u8; 8]) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let word = u64::from_le_bytes(*bytes);
    word.wrapping_sub(LOW) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_zero_is_seen_wherever_it_is(
            bytes in prop::collection::vec(prop_oneof![1..=255_u8, Just(1), Just(0x80), Just(0xFF)], 0..70),
            zero in any::<prop::sample::Index>(),
        ) {
            prop_assert!(!has_zero(&bytes));
            if !bytes.is_empty() {
                let mut bytes = bytes;
                let at = zero.index(bytes.len());
                bytes[at] = 0;
                prop_assert!(has_zero(&bytes));
            }
        }
    }
}
