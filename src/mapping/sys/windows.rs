//! Windows: it has no `madvise`; the advice that changes no content is accepted and does nothing.

use std::{fs::File, io, ops::Range};

use memmap2::MmapRaw;

use crate::mapping::{Advice, Discard};

/// x86 and Arm Windows both use pages of 4 KiB.
pub(in crate::mapping) fn page_size() -> usize {
    4096
}

/// Sections are placed at multiples of 64 KiB on every Windows there is.
pub(in crate::mapping) fn allocation_granularity() -> usize {
    65536
}

pub(in crate::mapping) fn advise(_: &MmapRaw, _: Advice, _: Range<usize>) -> io::Result<()> {
    Ok(())
}

pub(in crate::mapping) fn discard(_: &mut MmapRaw, _: Discard, _: Range<usize>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(in crate::mapping) fn release(_: &MmapRaw, _: Range<usize>) -> io::Result<()> {
    Ok(())
}

/// False: there is no cheap way to tell.
pub(in crate::mapping) fn is_resident(_: &File, _: u64) -> bool {
    false
}
