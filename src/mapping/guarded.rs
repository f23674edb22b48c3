//! Reads and writes of mapped bytes, in closures: the one place where a slice of a mapping is made that a caller sees.

use std::{
    any::Any,
    cell::Cell,
    ops::{Range, RangeBounds},
    panic::{self, AssertUnwindSafe},
    thread,
};

use super::{access::Access, core::Mapping, mapped::unreadable};
use crate::error::Error;

impl Mapping {
    /// Runs `read` on the bytes of `range`, counted from the start of the mapping, and returns its result.
    ///
    /// The file's size is compared with the range before and after `read` ran. Where the file no longer holds the
    /// whole range, what `read` returned is thrown away, because the bytes that it saw may not have been the file's.
    /// A page that goes away while `read` looks at it reads as zeros until it is done.
    ///
    /// # Errors
    ///
    /// * [`is_out_of_range`](Error::is_out_of_range) when the range does not lie in the mapping;
    /// * [`is_truncated`](Error::is_truncated) when the file has become too short for it, or has been so during an
    ///   earlier read;
    /// * [`is_changed`](Error::is_changed) when `read` panicked, the mapping has [`Access::Read`] or [`Access::Copy`],
    ///   and the file was changed since it was mapped, or in the minute before, as a write may still go on that has
    ///   set the time of its last change already: an algorithm that looks twice at a byte may rely on seeing the same;
    /// * [`is_io`](Error::is_io) when a page could not be read from where it is stored;
    /// * [`is_invalid_input`](Error::is_invalid_input) when the pages were mapped without `Prot::READ`.
    ///
    /// A file that was cut and has grown again between two looks at its size goes unnoticed.
    ///
    /// # Panics
    ///
    /// Passes on a panic of `read`, unless it becomes one of the errors above. (In a program that is built with
    /// `panic = "abort"` none does.)
    ///
    /// # Complexity
    ///
    /// Two system calls besides those of `read`; none for anonymous memory. Calls that write cost that much, too.
    /// Calls that return copies of at most 4 KiB ([`get`](Mapping::get), [`slice`](Mapping::slice),
    /// [`read_line`](Mapping::read_line) and others) cost none where they copy no zero, because what a cut leaves in
    /// the last page of a file reads as zeros and all else that it takes away is a fault; and one where they do. It is
    /// one in any case on systems other than Linux, after writes to private memory, and when others had
    /// [`as_mut_ptr`](Mapping::as_mut_ptr). [`MapOptions::check_small_reads`](super::MapOptions::check_small_reads)
    /// does without it.
    ///
    /// # Examples
    ///
    /// ```
    /// let memory = mapgrep::mapping::MapOptions::new().len(100).map_anonymous()?;
    /// assert_eq!(memory.guarded(10.., |bytes| bytes.len())?, 90);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn guarded<T>(&self, range: impl RangeBounds<usize>, read: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        self.usable()?;
        self.read_before_fault(range, read)
    }

    /// As [`guarded`](Mapping::guarded), but after a fault the bytes before it can be read still. For searches, which
    /// report what came before.
    ///
    /// # Errors and panics
    ///
    /// As [`guarded`](Mapping::guarded).
    #[allow(unsafe_code)]
    pub(crate) fn read_before_fault<T>(
        &self,
        range: impl RangeBounds<usize>,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let range = self.resolve(range)?;
        let mapped = self.mapped.as_ref().ok_or_else(Error::closed)?;
        if !mapped.region().is_readable() {
            return Err(unreadable());
        }
        mapped.check(&range, self.offset)?;
        // SAFETY:
        // * The range lies in the region, by `resolve`, and the region is mapped for as long as `self` is borrowed.
        //   `read` takes a slice of any lifetime, so that nothing of it can be in its result: the slice ends with the
        //   closure.
        // * Any byte is a valid `u8`, and the pages were mapped to be read, which was just looked at.
        // * Nobody writes to the bytes meanwhile: this type writes through `&mut self` only, or in unsafe calls whose
        //   callers promise it, and the caller of `map_file` has promised it of all others. For `Mapping::open`, which
        //   takes no such promise, its docs say what a reader has to bear: other values at a second look, and nothing
        //   else.
        // * A page that goes away meanwhile is replaced by the handler of faults, with a page of zeros at the same
        //   address, before the load that faulted is tried again. So the slice stays mapped and readable from its
        //   first byte to its last, and to `read` it is as if the file had been overwritten with zeros: its length is
        //   not in those bytes, so that code that checks its bounds stays within them. What it has made of the zeros
        //   is thrown away, as the handler has marked the region before it replaced the page, and `check` sees the
        //   mark.
        let bytes = unsafe { std::slice::from_raw_parts(mapped.region().as_mut_ptr().add(range.start), range.len()) };
        let result = guarding(|| read(bytes));
        mapped.check(&range, self.offset)?;
        // What this mapping itself writes changes the file as well, and is no excuse for a panic.
        result.or_else(|payload| match matches!(self.access, Access::Read | Access::Copy) && mapped.may_be_modified() {
            true => Err(Error::changed(panic_message(&*payload))),
            false => panic::resume_unwind(payload),
        })
    }

    /// Runs `write` on the bytes of `range`, counted from the start of the mapping, and returns its result.
    ///
    /// # Errors
    ///
    /// [`is_read_only`](Error::is_read_only) when the mapping is not to be written; otherwise those of
    /// [`guarded`](Mapping::guarded).
    ///
    /// # Panics
    ///
    /// Passes on a panic of `write`, unless the file was truncated.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(100).map_anonymous()?;
    /// memory.guarded_mut(..50, |bytes| bytes.fill(b'x'))?;
    /// assert_eq!(memory.get(49)?, b'x');
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn guarded_mut<T>(
        &mut self,
        range: impl RangeBounds<usize>,
        write: impl FnOnce(&mut [u8]) -> T,
    ) -> Result<T, Error> {
        self.usable()?;
        self.check_writable()?;
        self.check_readable()?;
        let range = self.resolve(range)?;
        self.with_bytes_mut(range, write)
    }

    /// Runs `write` on a range of a mapping that was found to be writable.
    #[allow(unsafe_code)]
    pub(super) fn with_bytes_mut<T>(
        &mut self,
        range: Range<usize>,
        write: impl FnOnce(&mut [u8]) -> T,
    ) -> Result<T, Error> {
        let mapped = self.mapped.as_ref().ok_or_else(Error::closed)?;
        mapped.check(&range, self.offset)?;
        mapped.stop_proving_if_private();
        // SAFETY:
        // * The range lies in the region, which is mapped for as long as `self` is borrowed; the slice ends with the
        //   closure, which takes one of any lifetime.
        // * The pages can be read and written, which the callers have looked at: `check_writable` and `check_readable`.
        // * `&mut self` makes this the only slice of the region, and of other mappings of the file the caller of
        //   `map_file` has promised that nobody changes, or looks at, the bytes meanwhile.
        // * A page that goes away meanwhile is replaced by the handler of faults, at the same address, with one that
        //   can be written as the region could: the slice stays valid, and the error tells that its bytes reached no
        //   file.
        let bytes =
            unsafe { std::slice::from_raw_parts_mut(mapped.region().as_mut_ptr().add(range.start), range.len()) };
        let result = guarding(|| write(bytes));
        mapped.check(&range, self.offset).inspect_err(|_| mapped.stop_proving())?;
        Ok(result.unwrap_or_else(|payload| panic::resume_unwind(payload)))
    }
}

thread_local! {
    /// How many closures over mapped bytes this thread is in.
    static GUARDING: Cell<usize> = const { Cell::new(0) };
}

/// True while this thread runs a closure over mapped bytes. A panic in it may become an error that says what happened
/// to the file: a program's panic hook can keep its message back until it is known.
///
/// # Examples
///
/// ```
/// use mapgrep::mapping::{MapOptions, is_guarding};
///
/// let memory = MapOptions::new().len(1).map_anonymous()?;
/// assert!(memory.guarded(.., |_| is_guarding())?);
/// assert!(!is_guarding());
/// # Ok::<(), mapgrep::Error>(())
/// ```
pub fn is_guarding() -> bool {
    GUARDING.get() > 0
}

fn guarding<T>(run: impl FnOnce() -> T) -> thread::Result<T> {
    GUARDING.set(GUARDING.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    GUARDING.set(GUARDING.get() - 1);
    result
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("the reader panicked").to_owned()
}
