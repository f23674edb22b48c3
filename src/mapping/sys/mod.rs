//! The calls to the operating system. Nothing outside of this module makes any for a mapping.
//!
//! Each platform has a `Region`, memory that is mapped until it is dropped, and a `Watch`, which notices faults in it.

mod fault;
mod memory;
#[cfg(unix)]
mod sigbus;
mod stat;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod watch;
#[cfg(unix)]
mod watched;
#[cfg(windows)]
mod windows;

use std::{fs::File, io};

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
pub(super) use self::{
    fault::{Fault, NO_FAULT, error},
    stat::Stat,
};

/// A descriptor of our own for the file, which a program that is started does not get.
pub(super) fn duplicate(file: imp::Handle<'_>) -> io::Result<File> {
    file.try_clone_to_owned().map(File::from)
}

/// Whether the address space has room for `len` bytes more, and the system for `parts` mappings.
pub(crate) fn has_room(len: usize, parts: usize) -> bool {
    imp::has_room(len, parts)
}

/// The size of a page of memory, in bytes: Python's `PAGESIZE`.
///
/// # Examples
///
/// ```
/// assert!(mapgrep::mapping::page_size().is_power_of_two());
/// ```
pub fn page_size() -> usize {
    imp::page_size()
}

/// What the offset of a mapping has to be a multiple of, in bytes: the page size on Unix, 64 KiB on Windows. Python's
/// `ALLOCATIONGRANULARITY`.
///
/// # Examples
///
/// ```
/// use mapgrep::mapping::{allocation_granularity, page_size};
///
/// assert!(allocation_granularity().is_multiple_of(page_size()));
/// ```
pub fn allocation_granularity() -> usize {
    imp::allocation_granularity()
}
