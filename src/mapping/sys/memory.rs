//! Memory that is mapped, by memmap2 or by the system's own calls, or lent.
#![allow(unsafe_code)]

#[cfg(windows)]
use std::os::windows::io::OwnedHandle;

use memmap2::MmapRaw;

#[derive(Debug)]
pub(super) enum Memory {
    Memmap(MmapRaw),
    /// What memmap2 has no call for. Dropping it unmaps.
    Raw(Raw),
    /// Memory of somebody else, which stays as it is for longer than this value, and is only read. Dropping it does
    /// nothing.
    Lent(Lent),
}

#[derive(Debug)]
pub(super) struct Lent {
    pub(super) start: *mut u8,
    pub(super) len: usize,
}

// SAFETY: nothing about the memory belongs to a thread, and who has lent it keeps it as it is, wherever it is read.
unsafe impl Send for Lent {}
// SAFETY: the memory is only read, by as many threads as want to.
unsafe impl Sync for Lent {}

/// Memory that memmap2 has no call for.
///
/// # Invariants
///
/// `start` is where the system has mapped `len` bytes, which this value alone unmaps, when it is dropped.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) start: *mut u8,
    pub(super) len: usize,
    /// A section has its name for as long as somebody holds a handle of it: a view is not enough.
    #[cfg(windows)]
    pub(super) _section: OwnedHandle,
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: the range was mapped for this value, and is unmapped here only. It fails for huge pages alone, when
        // the length is no multiple of theirs.
        #[cfg(unix)]
        let _ = unsafe { rustix::mm::munmap(self.start.cast(), self.len) };
        #[cfg(windows)]
        {
            use windows_sys::Win32::System::Memory::{MEMORY_MAPPED_VIEW_ADDRESS, UnmapViewOfFile};
            // SAFETY: the view was mapped for this value, and is unmapped here only. It cannot fail for one that
            // exists.
            let _ = unsafe { UnmapViewOfFile(MEMORY_MAPPED_VIEW_ADDRESS { Value: self.start.cast() }) };
        }
    }
}

// SAFETY: a mapping belongs to the process, and to no thread of it: any may unmap it.
unsafe impl Send for Raw {}
// SAFETY: a shared reference tells where the memory is, and nothing else; as with `MmapRaw`, whoever reads or writes
// through the pointer sees to it that this happens in order.
unsafe impl Sync for Raw {}

impl Memory {
    pub(super) fn as_mut_ptr(&self) -> *mut u8 {
        match self {
            Memory::Memmap(map) => map.as_mut_ptr(),
            Memory::Raw(raw) => raw.start,
            Memory::Lent(lent) => lent.start,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Memory::Memmap(map) => map.len(),
            Memory::Raw(raw) => raw.len,
            Memory::Lent(lent) => lent.len,
        }
    }
}
