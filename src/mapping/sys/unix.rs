//! Unix: advice is `madvise`, through memmap2.
#![allow(unsafe_code)]

#[cfg(target_os = "linux")]
use std::io::IoSliceMut;
use std::{fs::File, io, ops::Range};

use memmap2::{MmapRaw, UncheckedAdvice};

use crate::mapping::{Advice, Discard};

pub(in crate::mapping) fn page_size() -> usize {
    rustix::param::page_size()
}

pub(in crate::mapping) fn allocation_granularity() -> usize {
    page_size()
}

pub(in crate::mapping) fn advise(map: &MmapRaw, advice: Advice, range: Range<usize>) -> io::Result<()> {
    let advice = match advice {
        Advice::Normal => memmap2::Advice::Normal,
        Advice::Random => memmap2::Advice::Random,
        Advice::Sequential => memmap2::Advice::Sequential,
        Advice::WillNeed => memmap2::Advice::WillNeed,
        #[cfg(target_os = "linux")]
        Advice::DontFork => memmap2::Advice::DontFork,
        #[cfg(target_os = "linux")]
        Advice::DoFork => memmap2::Advice::DoFork,
        #[cfg(target_os = "linux")]
        Advice::Mergeable => memmap2::Advice::Mergeable,
        #[cfg(target_os = "linux")]
        Advice::Unmergeable => memmap2::Advice::Unmergeable,
        #[cfg(target_os = "linux")]
        Advice::HugePage => memmap2::Advice::HugePage,
        #[cfg(target_os = "linux")]
        Advice::NoHugePage => memmap2::Advice::NoHugePage,
        #[cfg(target_os = "linux")]
        Advice::DontDump => memmap2::Advice::DontDump,
        #[cfg(target_os = "linux")]
        Advice::DoDump => memmap2::Advice::DoDump,
        #[cfg(target_os = "linux")]
        Advice::PopulateRead => memmap2::Advice::PopulateRead,
        #[cfg(target_os = "linux")]
        Advice::PopulateWrite => memmap2::Advice::PopulateWrite,
    };
    if range.is_empty() {
        return Ok(());
    }
    let (start, len) = page_aligned(range);
    map.advise_range(advice, start, len)
}

pub(in crate::mapping) fn discard(map: &mut MmapRaw, discard: Discard, range: Range<usize>) -> io::Result<()> {
    let advice = match discard {
        Discard::DontNeed => UncheckedAdvice::DontNeed,
        #[cfg(target_os = "linux")]
        Discard::Remove => UncheckedAdvice::Remove,
    };
    if range.is_empty() {
        return Ok(());
    }
    // SAFETY: the exclusive borrow means that no slice of the mapping is alive whose bytes could change, and the change
    // is complete when the call returns.
    unsafe { map.unchecked_advise_range(advice, range.start, range.len()) }
}

/// Takes pages out of the address space. The caller sees to it that the file has their content.
pub(in crate::mapping) fn release(map: &MmapRaw, range: Range<usize>) -> io::Result<()> {
    let (start, len) = page_aligned(range);
    // SAFETY: the mapping is shared and read-only, so that its pages are the file's own: whoever reads one of them
    // again, even at this moment, is given the same page with the same bytes.
    unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, start, len) }
}

/// True when the byte at `offset` can be read without waiting for a disk.
#[cfg(target_os = "linux")]
pub(in crate::mapping) fn is_resident(file: &File, offset: u64) -> bool {
    let mut byte = [0];
    let mut buffers = [IoSliceMut::new(&mut byte)];
    rustix::io::preadv2(file, &mut buffers, offset, rustix::io::ReadWriteFlags::NOWAIT).is_ok_and(|read| read == 1)
}

/// False: there is no cheap way to tell.
#[cfg(not(target_os = "linux"))]
pub(in crate::mapping) fn is_resident(_: &File, _: u64) -> bool {
    false
}

/// Moves the start down to a page border, which the kernel asks for; the end it rounds up by itself.
fn page_aligned(range: Range<usize>) -> (usize, usize) {
    let start = range.start - range.start % page_size();
    (start, range.end - start)
}
