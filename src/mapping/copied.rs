//! Reads that return copies, and how they know that the file had what they have copied.
//!
//! When a file is cut, the pages behind its new end go away, and a look at one of them is a fault, which marks the
//! mapping. Of the page in which the file ends now, the rest reads as zeros. So a byte other than zero is the file's,
//! and proves itself; only a zero may be what a cut has left. A small read copies first, then looks at the mark, and
//! asks the system for the file's size only when there is a zero in the copy. No order of the kernel's steps plays a
//! part in this: each byte is judged by its own value.
//!
//! The proof needs that nobody has put other bytes behind the file's end. A mapping knows of its own writes
//! ([`Mapped::stop_proving`]). What another mapping of the file has written there, into memory that belongs to no
//! file, is not told from the file's bytes.

#![allow(unsafe_code)] // Bytes are copied from addresses.

use std::ops::Range;

use super::{
    core::Mapping,
    mapped::{Mapped, unreadable},
    quick::SMALL_BYTES,
};
use crate::error::Error;

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
        self.mapped.as_ref()?.quick.copy(range, copy, copied)
    }

    /// The bytes of a range.
    pub(super) fn copy_of(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        self.copying(range, <[u8]>::to_vec, Vec::as_slice)
    }
}

impl Mapped {
    /// Copies bytes of `range`, which lies in the mapping, which starts at `offset` of the file, by `copy`, which does
    /// not panic. The bytes that it has copied are those that `copied` shows. The caller has looked at the mark of
    /// faults before.
    pub(super) fn copy<T>(
        &self,
        range: Range<usize>,
        offset: u64,
        copy: impl FnOnce(&[u8]) -> T,
        copied: impl FnOnce(&T) -> &[u8],
    ) -> Result<T, Error> {
        if !self.region().is_readable() {
            return Err(unreadable());
        }
        if range.len() > SMALL_BYTES {
            self.check(&range, offset)?;
        }
        assert!(range.start <= range.end && range.end <= self.region().len());
        // SAFETY:
        // * The range lies in the region, which is mapped for as long as `self` is borrowed and can be read; the slice
        //   ends with `copy`.
        // * Nobody writes meanwhile, as the caller of `map_file` has promised; the mapping itself is written to
        //   through `&mut` only, or by unsafe calls whose callers promise the same.
        // * A page that goes away meanwhile is replaced by zeros at the same address, so that the slice stays
        //   readable, and `check_copied` sees the mark that was set before.
        let bytes = unsafe { std::slice::from_raw_parts(self.region().as_mut_ptr().add(range.start), range.len()) };
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

    /// To be called before bytes are written by somebody who will not be asked, and when what was written lies behind
    /// the file's end: from here on, a byte other than zero proves nothing.
    pub(super) fn stop_proving(&self) {
        self.quick.stop_proving();
    }

    /// To be called before bytes are written. In private memory they outlive a cut within their page.
    pub(super) fn stop_proving_if_private(&self) {
        if !self.region().is_shared() {
            self.stop_proving();
        }
    }
}
