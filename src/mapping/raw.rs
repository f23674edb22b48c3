//! Pointers into a mapping, for those who need bytes that outlive a closure: bindings, and owners of buffers.
//!
//! Faults are handled wherever the bytes are read from: a page that is missing reads as zeros, and the mapping is
//! marked. Whoever reads through a pointer asks afterwards whether that has happened, by [`Mapping::check`] or,
//! without a system call, by [`Mapping::check_faults`].
#![allow(unsafe_code)] // All of it is about pointers.

use std::{ops::RangeBounds, ptr};

use super::core::Mapping;
use crate::error::Error;

impl Mapping {
    /// The address of the first byte. It stays the same until the mapping is closed, resized or dropped; moving the
    /// value of type `Mapping` changes nothing. Of a mapping that is closed the pointer is dangling, as its length is
    /// 0.
    ///
    /// # Safety
    ///
    /// * The pointer is used for [`len`](Mapping::len) bytes at most, and not after the mapping was closed, resized or
    ///   dropped.
    /// * Nothing is written through it, and nothing read where the pages were mapped without the right to.
    /// * Bytes that are read in the ordinary way are changed by nobody meanwhile, as in
    ///   [`map_file`](super::MapOptions::map_file).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(5).map_anonymous()?;
    /// memory.set_slice(.., b"hello")?;
    /// // SAFETY: the mapping is open, the byte lies in it, and nobody writes to it.
    /// let byte = unsafe { memory.as_ptr().add(4).read() };
    /// memory.check(4..5)?;
    /// assert_eq!(byte, b'o');
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub unsafe fn as_ptr(&self) -> *const u8 {
        match &self.mapped {
            Some(mapped) => mapped.region().as_mut_ptr(),
            None => ptr::dangling(),
        }
    }

    /// As [`as_ptr`](Mapping::as_ptr), for writing. A write to a page that the file has lost reaches no file, and the
    /// mapping is marked.
    ///
    /// It takes a shared reference, as a binding may have no other. From here on small reads of the mapping ask the
    /// system for the file's size: see [`guarded`](Mapping::guarded).
    ///
    /// # Safety
    ///
    /// * Those of [`as_ptr`](Mapping::as_ptr), but that bytes may be written where the mapping
    ///   [`is_writable`](Mapping::is_writable).
    /// * While a byte is written no reference to it exists, in a closure or from [`as_slice`](Mapping::as_slice), and
    ///   no call on a mapping of the same memory looks at it, other than [`copy_out`](Mapping::copy_out) and
    ///   [`copy_in`](Mapping::copy_in) when the byte is written atomically.
    ///
    /// # Examples
    ///
    /// ```
    /// let memory = mapgrep::mapping::MapOptions::new().len(5).map_anonymous()?;
    /// // SAFETY: the mapping is open and writable, the byte lies in it, and nobody looks at it meanwhile.
    /// unsafe { memory.as_mut_ptr().add(4).write(b'o') };
    /// memory.check_faults()?;
    /// assert_eq!(memory.get(4)?, b'o');
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub unsafe fn as_mut_ptr(&self) -> *mut u8 {
        match &self.mapped {
            Some(mapped) => {
                mapped.stop_proving();
                mapped.region().as_mut_ptr()
            }
            None => ptr::dangling_mut(),
        }
    }

    /// All bytes, for as long as the mapping is borrowed; none when it is closed. What was read of them counts once
    /// [`check`](Mapping::check) has succeeded behind that.
    ///
    /// # Safety
    ///
    /// * Nobody, in this process or another, changes the bytes while the slice lives. Where a page goes away, its bytes
    ///   become zeros, as in [`guarded`](Mapping::guarded).
    /// * The pages were mapped with the right to read them.
    ///
    /// # Examples
    ///
    /// An owner of bytes, for `Bytes::from_owner` and its kin:
    ///
    /// ```
    /// use mapgrep::mapping::{MapOptions, Mapping};
    ///
    /// /// Invariant: the mapping is readable, stays as it is, and nobody changes its bytes.
    /// struct Owner(Mapping);
    ///
    /// impl AsRef<[u8]> for Owner {
    ///     fn as_ref(&self) -> &[u8] {
    ///         // SAFETY: the invariant.
    ///         unsafe { self.0.as_slice() }
    ///     }
    /// }
    ///
    /// let mut memory = MapOptions::new().len(5).map_anonymous()?;
    /// memory.set_slice(.., b"hello")?;
    /// let owner = Owner(memory);
    /// assert_eq!(owner.as_ref(), b"hello");
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: the region has these bytes, and the borrow keeps it from being closed, resized or dropped; the caller
        // sees to it that they do not change. A dangling pointer does for a length of 0.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    /// True when the mapping is open and its bytes may be changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{Access, MapOptions};
    ///
    /// assert!(MapOptions::new().len(1).map_anonymous()?.is_writable());
    /// assert!(!MapOptions::new().len(1).access(Access::Read).map_anonymous()?.is_writable());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn is_writable(&self) -> bool {
        !self.is_closed() && self.check_writable().is_ok()
    }

    /// Fails when the file does not have all bytes of `range` any more, or a page of the mapping could not be read
    /// before: to be called behind reads through a pointer.
    ///
    /// # Errors
    ///
    /// Those of [`guarded`](Mapping::guarded), but for those that have to do with its closure.
    ///
    /// # Complexity
    ///
    /// One system call; none for anonymous memory.
    ///
    /// # Examples
    ///
    /// See [`as_ptr`](Mapping::as_ptr).
    pub fn check(&self, range: impl RangeBounds<usize>) -> Result<(), Error> {
        let mapped = self.usable()?;
        mapped.check(&self.resolve(range)?, self.offset)
    }

    /// Fails when the mapping is closed, or a page of it could not be read when somebody looked at it. A cut within a
    /// page is no such thing: the rest of the page reads as zeros, which [`check`](Mapping::check) notices.
    ///
    /// # Errors
    ///
    /// [`is_closed`](Error::is_closed), [`is_truncated`](Error::is_truncated), and [`is_io`](Error::is_io) when the
    /// medium did not give the page.
    ///
    /// # Complexity
    ///
    /// Two loads; no system call unless there was a fault.
    ///
    /// # Examples
    ///
    /// See [`as_mut_ptr`](Mapping::as_mut_ptr).
    pub fn check_faults(&self) -> Result<(), Error> {
        self.usable().map(drop)
    }
}
