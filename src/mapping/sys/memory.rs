//! Memory that is mapped, by memmap2 or by the system's own calls, or lent.
#![allow(unsafe_code)]

use memmap2::MmapRaw;

use super::imp::Raw;

#[derive(Debug)]
pub(super) enum Memory {
    Memmap(MmapRaw),
    /// What memmap2 has no call for. Dropping it unmaps.
    Raw(Raw),
    /// Memory of somebody else, which stays as it is for longer than this value, and is only read. Dropping it does nothing.
    Lent(Lent),
}

#[derive(Debug)]
pub(super) struct Lent {
    pub(super) start: *mut u8,
    pub(super) len: usize,
}

// SAFETY: the memory is only read, by as many threads as want to.
unsafe impl Send for Lent {}
// SAFETY: the memory is only read, by as many threads as want to.
unsafe impl Sync for Lent {}

// SAFETY: the pointer is that of a mapping which this value alone owns; as with `MmapRaw`, whoever reads or writes through
// it sees to it that this happens in order.
unsafe impl Send for Raw {}
// SAFETY: as above; the methods on `&Memory` only tell where the memory is.
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
