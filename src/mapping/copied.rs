//! Reads that return copies, and how they know that the file had what they have copied.
//!
//! When a file is cut, the pages behind its new end go away, and a look at one of them is a fault, which marks the
//! mapping. Of the page in which the file ends now, the rest reads as zeros. So a byte other than zero is the file's, and
//! proves itself; only a zero may be what a cut has left. A small read copies first, then looks at the mark, and asks the
//! system for the file's size only when there is a zero in the copy. No order of the kernel's steps plays a part in this:
//! each byte is judged by its own value.
//!
//! The proof needs that nobody has put other bytes behind the file's end. A mapping knows of its own writes
//! ([`Mapped::stop_proving`]). What another mapping of the file has written there, into memory that belongs to no file, is
//! not told from the file's bytes.

#![allow(unsafe_code)] // Bytes are copied from addresses.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence},
};

use super::{
    Backing, Mapped, Mapping,
    sys::{NO_FAULT, Region, Watch},
    unreadable,
};
use crate::error::Error;

/// Reads of at most so many bytes are checked when they are done, and only then. Larger ones ask for the file's size before
/// as well, so that a file that was cut long ago spoils no mapping by a fault.
const SMALL_BYTES: usize = 4096;

/// What small reads have to know of a mapping, at hand.
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

// SAFETY: the pointer is that of the region beside it, which can be sent and shared; who reads through it is one of the
// methods of a mapping.
unsafe impl Send for Quick {}
// SAFETY: as above.
unsafe impl Sync for Quick {}

impl Quick {
    /// Of a region, which is not to move as long as this is used.
    pub(super) fn new(region: &Region, backing: &Backing, watch: Option<&Watch>, checks_small_reads: bool) -> Self {
        /// That of regions that nobody watches.
        static NO_MARK: AtomicUsize = AtomicUsize::new(NO_FAULT);
        static UNREADABLE: AtomicUsize = AtomicUsize::new(0);
        let is_file = matches!(backing, Backing::File { is_regular: true, .. });
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
    fn knows(&self, copied: &[u8]) -> bool {
        !self.has_to_prove || (self.proves.load(Ordering::Relaxed) && !has_zero(copied))
    }

    /// A mapping that was resized is as the one before.
    pub(super) fn inherit(&self, from: &Quick) {
        self.proves.store(from.proves.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether small reads look at the file's size.
    pub(super) fn checks_small_reads(&self) -> bool {
        self.has_to_prove
    }
}

impl Mapping {
    /// Copies the bytes of a range by `copy`, which does not panic; `copied` shows what it has copied.
    #[inline]
    pub(super) fn copying<T>(
        &self,
        range: Range<usize>,
        copy: impl Fn(&[u8]) -> T,
        copied: impl Fn(&T) -> &[u8],
    ) -> Result<T, Error> {
        match self.quick_copy(range.clone(), &copy, &copied) {
            Some(result) => Ok(result),
            None => self.usable()?.copy(range, self.offset, copy, copied),
        }
    }

    /// The same when there is nothing to ask or to report; `None` stands for all else.
    #[inline]
    pub(super) fn quick_copy<T>(
        &self,
        range: Range<usize>,
        copy: impl FnOnce(&[u8]) -> T,
        copied: impl FnOnce(&T) -> &[u8],
    ) -> Option<T> {
        let quick = &self.mapped.as_ref()?.quick;
        let len = range.end.wrapping_sub(range.start);
        let has_mark = || quick.mark.load(Ordering::Acquire) != NO_FAULT;
        if range.start > range.end || range.end > quick.len || len > SMALL_BYTES || has_mark() {
            return None;
        }
        // SAFETY: as in `Mapped::copy`.
        let bytes = unsafe { std::slice::from_raw_parts(quick.start.add(range.start), len) };
        let result = copy(bytes);
        // The mark counts if it was there when the bytes were read.
        fence(Ordering::Acquire);
        (!has_mark() && quick.knows(copied(&result))).then_some(result)
    }

    /// The bytes of a range.
    pub(super) fn copy_of(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        self.copying(range, <[u8]>::to_vec, Vec::as_slice)
    }
}

impl Mapped {
    /// Copies bytes of `range`, which lies in the mapping, which starts at `offset` of the file, by `copy`, which does not
    /// panic. The bytes that it has copied are those that `copied` shows. The caller has looked at the mark of faults before.
    pub(super) fn copy<T>(
        &self,
        range: Range<usize>,
        offset: u64,
        copy: impl FnOnce(&[u8]) -> T,
        copied: impl FnOnce(&T) -> &[u8],
    ) -> Result<T, Error> {
        if !self.region.is_readable() {
            return Err(unreadable());
        }
        if range.len() > SMALL_BYTES {
            self.check(&range, offset)?;
        }
        // SAFETY: the range lies in the region, which lives as long as `self`, and the slice ends with the call. That
        // nobody writes to the bytes meanwhile is what the caller of `map_file` promised; the mapping itself is written to
        // through `&mut` only, or by unsafe calls whose callers have promised the same.
        let bytes = unsafe { std::slice::from_raw_parts(self.region.as_mut_ptr().add(range.start), range.len()) };
        let result = copy(bytes);
        self.check_copied(&range, offset, copied(&result))?;
        Ok(result)
    }

    /// Fails when what was copied from `range` may not be the file's.
    pub(super) fn check_copied(&self, range: &Range<usize>, offset: u64, copied: &[u8]) -> Result<(), Error> {
        self.check_fault(range.end, offset)?;
        let is_settled = range.len() <= SMALL_BYTES && self.quick.knows(copied);
        if is_settled { Ok(()) } else { self.check_size(range, offset) }
    }

    /// To be called before bytes are written by somebody who will not be asked, and when what was written lies behind the
    /// file's end: from here on, a byte other than zero proves nothing.
    pub(super) fn stop_proving(&self) {
        self.quick.proves.store(false, Ordering::Relaxed);
    }

    /// To be called before bytes are written. In private memory they outlive a cut within their page.
    pub(super) fn stop_proving_if_private(&self) {
        if !self.region.is_shared() {
            self.stop_proving();
        }
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
