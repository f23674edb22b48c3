//! The calls to the operating system. Nothing outside of this module makes any for a mapping.
//!
//! Each platform has a `Region`, memory that is mapped until it is dropped, and a `Watch`, which notices faults in it.

mod memory;
#[cfg(unix)]
mod sigbus;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod watch;
#[cfg(windows)]
mod windows;

use std::{
    fs::File,
    io,
    time::{SystemTime, UNIX_EPOCH},
};

#[cfg(unix)]
use self::unix as imp;
#[cfg(windows)]
use self::windows as imp;

pub(super) use self::imp::{
    AsFile, BAD_DESCRIPTOR, Handle, INVALID, IO_ERROR, Region, Request, count_cached, evict, handle, is_resident,
};
#[cfg(unix)]
pub(super) use self::watch::Watch;
#[cfg(windows)]
pub(super) use self::windows::Watch;

/// The mark of a region that had no fault.
pub(super) const NO_FAULT: usize = usize::MAX;

/// What a fault in a region has made of it. Offsets count from the region's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The first byte whose content is not the file's any more.
    pub(super) from: usize,
    /// The file had the byte: the medium did not give it.
    pub(super) is_io: bool,
}

/// What there is to know of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stat {
    pub(super) size: u64,
    /// Only the size of regular files means something.
    pub(super) is_regular: bool,
    /// When the content was last changed, in nanoseconds since 1970.
    pub(super) modified: u64,
}

impl Stat {
    /// True when the time of the last change lies so far back that a later change has another.
    ///
    /// Systems set it before they copy the bytes of a write, and once for all that is written through a mapping until
    /// those pages are stored, which takes Linux half a minute; some count it in steps of seconds.
    pub(super) fn is_settled(&self) -> bool {
        const LONGEST_CHANGE: u64 = 60_000_000_000;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        self.modified.saturating_add(LONGEST_CHANGE) <= now
    }
}

/// A descriptor of our own for the file, which a program that is started does not get.
pub(super) fn duplicate(file: imp::Handle<'_>) -> io::Result<File> {
    file.try_clone_to_owned().map(File::from)
}

/// The system's error of this number, for what is found out without asking the system.
pub(super) fn error(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

/// Whether the address space has room for `len` bytes more, and the system for `parts` mappings.
pub(crate) fn has_room(len: usize, parts: usize) -> bool {
    imp::has_room(len, parts)
}

/// The size of a page of memory, in bytes: Python's `PAGESIZE`.
pub fn page_size() -> usize {
    imp::page_size()
}

/// What the offset of a mapping has to be a multiple of, in bytes: the page size on Unix, 64 KiB on Windows. Python's
/// `ALLOCATIONGRANULARITY`.
pub fn allocation_granularity() -> usize {
    imp::allocation_granularity()
}
