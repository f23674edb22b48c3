//! Memory that is mapped, by memmap2 or by the system's own calls.
#![allow(unsafe_code)]

use memmap2::MmapRaw;

use super::imp::Raw;

#[derive(Debug)]
pub(super) enum Memory {
    Memmap(MmapRaw),
    /// What memmap2 has no call for. Dropping it unmaps.
    Raw(Raw),
}

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
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Memory::Memmap(map) => map.len(),
            Memory::Raw(raw) => raw.len,
        }
    }
}
