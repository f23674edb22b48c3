//! The calls to the operating system. Nothing outside of this module makes any for a mapping.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use self::unix as imp;
#[cfg(windows)]
use self::windows as imp;

pub(super) use self::imp::{advise, discard, is_resident, release};

/// The size of a page of memory, in bytes.
pub fn page_size() -> usize {
    imp::page_size()
}

/// What the offset of a mapping has to be a multiple of, in bytes: the page size on Unix, 64 KiB on Windows.
pub fn allocation_granularity() -> usize {
    imp::allocation_granularity()
}
