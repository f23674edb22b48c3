//! Unix: memmap2 maps what it can express, rustix and libc the rest.
#![allow(unsafe_code)]

#[cfg(target_os = "linux")]
use std::{ffi::CStr, io::IoSliceMut};
use std::{
    ffi::c_void,
    fs::File,
    io,
    ops::Range,
    os::fd::{AsRawFd, BorrowedFd},
    ptr,
};

use memmap2::{MmapOptions, MmapRaw};
use rustix::mm;

use super::{
    fault::error,
    memory::{Lent, Memory, Raw},
    stat::Stat,
};
use crate::mapping::constants::{FlushFlags, MapFlags, Prot, RawAdvice};

pub(in crate::mapping) const BAD_DESCRIPTOR: i32 = libc::EBADF;
pub(in crate::mapping) const INVALID: i32 = libc::EINVAL;
pub(in crate::mapping) const IO_ERROR: i32 = libc::EIO;

/// What can be mapped, and a borrowed descriptor of it.
pub(in crate::mapping) use std::os::fd::{AsFd as AsFile, BorrowedFd as Handle};

/// What to map, and how.
#[derive(Clone, Debug)]
pub(in crate::mapping) struct Request {
    pub(in crate::mapping) offset: u64,
    pub(in crate::mapping) len: usize,
    pub(in crate::mapping) flags: MapFlags,
    pub(in crate::mapping) prot: Prot,
}

/// Mapped memory. Dropping it unmaps.
#[derive(Debug)]
pub(in crate::mapping) struct Region {
    memory: Memory,
    /// As it was made: its length is that of the first mapping.
    request: Request,
}

impl Region {
    /// Memory of the caller.
    ///
    /// # Safety
    ///
    /// The `len` bytes from `start` on can be read, and are neither changed nor freed, for as long as the region is
    /// there.
    pub(in crate::mapping) unsafe fn lent(start: *const u8, len: usize) -> Region {
        let flags = MapFlags::PRIVATE | MapFlags::ANONYMOUS;
        let memory = Memory::Lent(Lent { start: start.cast_mut(), len });
        Region { memory, request: Request { offset: 0, len, flags, prot: Prot::READ } }
    }

    /// Maps a file, or anonymous memory without one.
    pub(in crate::mapping) fn map(file: Option<BorrowedFd<'_>>, request: Request) -> io::Result<Region> {
        // Nothing in memory is longer.
        if isize::try_from(request.len).is_err() {
            return Err(error(libc::ENOMEM));
        }
        // A mapping of a file that was written to and is not on the medium yet may miss bytes of it there. What cannot
        // be synchronised is mapped all the same, as in Python.
        #[cfg(target_vendor = "apple")]
        if let Some(file) = file {
            let _ = rustix::fs::fcntl_fullfsync(file);
        }
        let memory = match memmap(file, &request) {
            Some(mapped) => Memory::Memmap(mapped?),
            None => Memory::Raw(raw(file, &request)?),
        };
        Ok(Region { memory, request })
    }

    /// Maps parts of a file, counted from `offset`, side by side, to be read. All but the last are whole pages.
    #[cfg(target_os = "linux")]
    pub(in crate::mapping) fn map_parts(file: &File, offset: u64, parts: &[Range<u64>]) -> io::Result<Region> {
        use std::os::fd::AsFd;

        let len = parts.iter().map(|part| part.end - part.start).sum::<u64>() as usize;
        let (flags, prot) = (mm::MapFlags::PRIVATE | mm::MapFlags::NORESERVE, mm::ProtFlags::empty());
        // SAFETY: the kernel picks a free range.
        let start = unsafe { mm::mmap_anonymous(ptr::null_mut(), len, prot, flags) }?;
        let raw = Raw { start: start.cast(), len };
        let mut at = 0;
        for part in parts {
            let (len, flags) = ((part.end - part.start) as usize, mm::MapFlags::SHARED | mm::MapFlags::FIXED);
            let place = raw.start.wrapping_add(at).cast();
            // SAFETY: the parts have as many bytes as the range that was just set aside, and nobody has a pointer into
            // it. A part that does not start with a page is an error.
            unsafe { mm::mmap(place, len, mm::ProtFlags::READ, flags, file.as_fd(), offset + part.start) }?;
            at += len;
        }
        let request = Request { offset, len, flags: MapFlags::SHARED, prot: Prot::READ };
        Ok(Region { memory: Memory::Raw(raw), request })
    }

    pub(in crate::mapping) fn as_mut_ptr(&self) -> *mut u8 {
        self.memory.as_mut_ptr()
    }

    pub(in crate::mapping) fn len(&self) -> usize {
        self.memory.len()
    }

    pub(in crate::mapping) fn is_readable(&self) -> bool {
        self.request.prot.contains(Prot::READ)
    }

    pub(in crate::mapping) fn is_writable(&self) -> bool {
        self.request.prot.contains(Prot::WRITE)
    }

    pub(in crate::mapping) fn is_shared(&self) -> bool {
        !self.request.flags.contains(MapFlags::PRIVATE)
    }

    /// `file` is where the system can be asked for more durability than `msync` gives.
    pub(in crate::mapping) fn flush(
        &self,
        range: Range<usize>,
        flags: FlushFlags,
        file: Option<&File>,
    ) -> io::Result<()> {
        let start = self.at(&range);
        // SAFETY: the range lies in the region, as `at` has made sure; writing pages back changes no byte of them.
        let failed = unsafe { libc::msync(start, range.len(), flags.bits()) } != 0;
        if failed {
            return Err(io::Error::last_os_error());
        }
        // msync, like fsync, leaves the drive's cache as it is there.
        #[cfg(target_vendor = "apple")]
        if let Some(file) = file.filter(|_| flags.contains(FlushFlags::SYNC)) {
            rustix::fs::fcntl_fullfsync(file)?;
        }
        #[cfg(not(target_vendor = "apple"))]
        let _ = file;
        Ok(())
    }

    /// # Safety
    ///
    /// Nobody who has a reference to the range sees what the advice does to its content, at once or later.
    pub(in crate::mapping) unsafe fn advise(&self, advice: RawAdvice, range: Range<usize>) -> io::Result<()> {
        let start = self.at(&range);
        // SAFETY: the range lies in the region, as `at` has made sure, so that no other memory is touched; the caller
        // promises that nobody looks at content that changes.
        let failed = unsafe { libc::madvise(start, range.len(), advice.0) } != 0;
        if failed { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Takes pages out of the address space. An error for memory that is private, or lent, which would lose its
    /// content.
    pub(in crate::mapping) fn release(&self, range: Range<usize>) -> io::Result<()> {
        if !self.is_shared() {
            return Err(error(INVALID));
        }
        // SAFETY: the pages of a shared mapping are those of its file, or of the memory that is shared: whoever reads
        // one of them again, even at this moment, is given the same page with the same bytes. (What is lent is not
        // shared: see `lent`.)
        unsafe { self.advise(RawAdvice::DONTNEED, range) }
    }

    /// One byte for each page that the range touches: odd when it is in memory. The range starts with a page.
    #[cfg(target_os = "linux")]
    pub(in crate::mapping) fn residency(&self, range: Range<usize>) -> io::Result<Vec<u8>> {
        let mut pages = vec![0; range.len().div_ceil(page_size())];
        let start = self.at(&range);
        // SAFETY: the range lies in the region, as `at` has made sure. The call writes a byte for each page from the
        // range's start on, for which there is room, or fails where that is not the start of a page.
        let failed = unsafe { libc::mincore(start, range.len(), pages.as_mut_ptr()) } != 0;
        if failed { Err(io::Error::last_os_error()) } else { Ok(pages) }
    }

    /// Not to be had: what there is elsewhere has never been tried.
    #[cfg(not(target_os = "linux"))]
    pub(in crate::mapping) fn residency(&self, _: Range<usize>) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Gives the region another length, at another address if need be, and a file behind it the length `end`. The
    /// region comes back, as it was after an error, unless the system has lost it.
    pub(in crate::mapping) fn resize(
        mut self,
        file: Option<&File>,
        len: usize,
        end: u64,
    ) -> (Option<Self>, io::Result<()>) {
        let result = self.try_resize(file, len, end);
        (Some(self), result)
    }

    fn try_resize(&mut self, file: Option<&File>, len: usize, end: u64) -> io::Result<()> {
        // With this flag the system maps memory, even if it is given a file. That is resized all the same, as in
        // Python.
        let is_anonymous = self.request.flags.contains(MapFlags::ANONYMOUS);
        if file.is_none() && is_anonymous && self.is_shared() {
            return self.resize_shared_memory(len);
        }
        // Where it is mapped anew, what others share or what is private would be lost.
        if cfg!(not(target_os = "linux")) && is_anonymous == self.is_shared() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        // Memory that is shared keeps its size: what is beyond would fault.
        if len > self.len() && is_anonymous && self.is_shared() {
            return Err(error(INVALID));
        }
        let Some(file) = file else { return self.remap(None, len) };
        let size = Stat::of(file)?.size;
        file.set_len(end)?;
        self.remap(Some(file), len).inspect_err(|_| {
            // What was there stays; only what the file has just been given is taken away again.
            if end > size {
                let _ = file.set_len(size);
            }
        })
    }

    /// What is behind memory that is shared keeps the size that it was made with, in whole pages: beyond that it would
    /// fault.
    fn resize_shared_memory(&mut self, len: usize) -> io::Result<()> {
        let pages = |len: usize| len.div_ceil(page_size());
        if pages(len) > pages(self.request.len) {
            return Err(error(INVALID));
        }
        match &mut self.memory {
            Memory::Raw(raw) if pages(len) == pages(raw.len) => raw.len = len,
            // Where it is mapped anew, what children share would be lost.
            _ if cfg!(not(target_os = "linux")) => return Err(io::ErrorKind::Unsupported.into()),
            _ => self.remap(None, len)?,
        }
        Ok(())
    }

    #[cfg(target_os = "linux")]
    fn remap(&mut self, _: Option<&File>, len: usize) -> io::Result<()> {
        match &mut self.memory {
            // SAFETY: the region is owned here, so that no slice of it is left, and raw pointers into it are not used
            // any more, as `Mapping::as_ptr` asks of those who have one; a file behind it has the new length.
            Memory::Memmap(map) => unsafe { map.remap(len, memmap2::RemapOptions::new().may_move(true)) },
            Memory::Raw(raw) => {
                // SAFETY: the region is a whole mapping of this length, and is owned here, so that no slice of it is
                // left.
                let moved = unsafe { mm::mremap(raw.start.cast(), raw.len, len, mm::MremapFlags::MAYMOVE) }?;
                (raw.start, raw.len) = (moved.cast(), len);
                Ok(())
            }
            Memory::Lent(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Without a system call for it: a file is mapped anew, and so is anonymous memory, which is copied.
    #[cfg(not(target_os = "linux"))]
    fn remap(&mut self, file: Option<&File>, len: usize) -> io::Result<()> {
        let request = Request { len, ..self.request.clone() };
        let new = Region::map(file.map(std::os::fd::AsFd::as_fd), request)?;
        if self.request.flags.contains(MapFlags::ANONYMOUS) {
            // SAFETY: both regions have this many bytes, and they are two mappings.
            unsafe { ptr::copy_nonoverlapping(self.as_mut_ptr(), new.as_mut_ptr(), self.len().min(len)) };
        }
        *self = new;
        Ok(())
    }

    /// Names the region in the system's list of what this process has mapped.
    #[cfg(target_os = "linux")]
    pub(in crate::mapping) fn set_name(&self, name: &CStr) -> io::Result<()> {
        let start = self.at(&(0..self.len()));
        // SAFETY: the call reads the name, which ends with a NUL, and no byte of the region; the range is that of the
        // region, in whole pages.
        let failed = unsafe {
            libc::prctl(
                libc::PR_SET_VMA,
                libc::PR_SET_VMA_ANON_NAME as libc::c_ulong,
                start as libc::c_ulong,
                self.len().next_multiple_of(page_size()) as libc::c_ulong,
                name.as_ptr() as libc::c_ulong,
            )
        } != 0;
        if failed { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Where a range of the region is.
    ///
    /// # Panics
    ///
    /// When it does not lie in the region.
    fn at(&self, range: &Range<usize>) -> *mut c_void {
        assert!(range.start <= range.end && range.end <= self.len(), "{range:?} in a region of {} bytes", self.len());
        self.as_mut_ptr().wrapping_add(range.start).cast()
    }
}

/// Maps with memmap2; `None` when it cannot say what is asked for.
fn memmap(file: Option<BorrowedFd<'_>>, request: &Request) -> Option<io::Result<MmapRaw>> {
    let aligned = request.offset.is_multiple_of(page_size() as u64);
    if request.len == 0 || !aligned || (file.is_none() && request.offset != 0) {
        return None;
    }
    let mut options = MmapOptions::new();
    options.offset(request.offset).len(request.len);
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), expect(unused_mut))]
    let mut flags = request.flags;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if flags.contains(MapFlags::POPULATE) {
        flags.remove(MapFlags::POPULATE);
        options.populate();
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if flags.contains(MapFlags::NORESERVE) {
        flags.remove(MapFlags::NORESERVE);
        options.no_reserve_swap();
    }
    let (read, write) = (Prot::READ, Prot::READ | Prot::WRITE);
    let Some(file) = file else {
        let private = flags == MapFlags::PRIVATE | MapFlags::ANONYMOUS;
        return (private && request.prot == write).then(|| options.map_anon().map(MmapRaw::from));
    };
    let file = file.as_raw_fd();
    if flags == MapFlags::SHARED && request.prot == write {
        return Some(options.map_raw(file));
    }
    if flags == MapFlags::SHARED && request.prot == read {
        return Some(options.map_raw_read_only(file));
    }
    if flags == MapFlags::PRIVATE && request.prot == write {
        // SAFETY: the result is made a raw mapping at once; whoever makes a slice of it answers for that.
        return Some(unsafe { options.map_copy(file) }.map(MmapRaw::from));
    }
    if flags == MapFlags::PRIVATE && request.prot == read {
        // SAFETY: the result is made a raw mapping at once; whoever makes a slice of it answers for that.
        return Some(unsafe { options.map_copy_read_only(file) }.map(MmapRaw::from));
    }
    None
}

/// Maps with the system's own call, and takes its word on what is not valid.
fn raw(file: Option<BorrowedFd<'_>>, request: &Request) -> io::Result<Raw> {
    // `MapOptions` has refused them with more words.
    if request.flags.intersects(MapFlags::dangerous()) {
        return Err(error(INVALID));
    }
    let prot = mm::ProtFlags::from_bits_retain(request.prot.bits() as _);
    let flags = mm::MapFlags::from_bits_retain(request.flags.bits() as _);
    let start = match file {
        // SAFETY: without MAP_FIXED and its kin, which are refused above, the kernel picks a free range: no memory
        // that is in use changes.
        Some(file) => unsafe { mm::mmap(ptr::null_mut(), request.len, prot, flags, file, request.offset) }?,
        None => anonymous(request, prot, flags)?,
    };
    Ok(Raw { start: start.cast(), len: request.len })
}

/// An offset plays no part without a file, but a misaligned one is an error all the same, as in a direct call.
fn anonymous(request: &Request, prot: mm::ProtFlags, flags: mm::MapFlags) -> io::Result<*mut c_void> {
    if !request.offset.is_multiple_of(page_size() as u64) {
        return Err(rustix::io::Errno::INVAL.into());
    }
    let flags = flags.difference(mm::MapFlags::from_bits_retain(libc::MAP_ANON as _));
    // SAFETY: without MAP_FIXED and its kin, which the only caller refuses, the kernel picks a free range: no memory
    // that is in use changes.
    Ok(unsafe { mm::mmap_anonymous(ptr::null_mut(), request.len, prot, flags) }?)
}

/// Whether the address space has room for `len` bytes, and the list of what is mapped for `parts` of them that differ.
pub(in crate::mapping) fn has_room(len: usize, parts: usize) -> bool {
    // SAFETY: the memory is new, and unmapped again when this returns.
    let mapped = unsafe { mm::mmap_anonymous(ptr::null_mut(), len, mm::ProtFlags::READ, mm::MapFlags::PRIVATE) };
    let Ok(start) = mapped else { return false };
    let memory = Raw { start: start.cast(), len };
    let page = page_size();
    (0..parts / 2).all(|pair| {
        let at = (2 * pair + 1) * page;
        // SAFETY: the page lies in the memory that was mapped above, which nobody looks at.
        at + page <= len
            && unsafe { mm::mprotect(memory.start.add(at).cast(), page, mm::MprotectFlags::empty()) }.is_ok()
    })
}

pub(in crate::mapping) fn page_size() -> usize {
    rustix::param::page_size()
}

pub(in crate::mapping) fn allocation_granularity() -> usize {
    page_size()
}

pub(in crate::mapping) fn handle<F: AsFile>(file: &F) -> BorrowedFd<'_> {
    file.as_fd()
}

impl Stat {
    /// `fstat`, as this is asked for twice in each read, and std's `statx` takes twice the time.
    pub(in crate::mapping) fn of(file: impl AsFile) -> io::Result<Stat> {
        let file = file.as_fd();
        if file.as_raw_fd() < 0 {
            return Err(error(BAD_DESCRIPTOR));
        }
        let stat = rustix::fs::fstat(file)?;
        Ok(Stat {
            size: stat.st_size as u64,
            is_regular: rustix::fs::FileType::from_raw_mode(stat.st_mode as _).is_file(),
            modified: (stat.st_mtime as u64).wrapping_mul(1_000_000_000).wrapping_add(stat.st_mtime_nsec as u64),
        })
    }
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

/// Takes clean pages of a file that nobody has mapped out of memory.
#[cfg(target_os = "linux")]
pub(in crate::mapping) fn evict(file: &File, offset: u64, len: usize) -> io::Result<()> {
    // The system takes a length of 0 for all there is.
    let Some(len) = std::num::NonZeroU64::new(len as u64) else { return Ok(()) };
    Ok(rustix::fs::fadvise(file, offset, Some(len), rustix::fs::Advice::DontNeed)?)
}

/// Not to be had: what there is elsewhere has never been tried.
#[cfg(not(target_os = "linux"))]
pub(in crate::mapping) fn evict(_: &File, _: u64, _: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// How many pages of a file are in memory, with those that are being read at the moment. Systems before Linux 6.5 do
/// not tell, and none tells those who may not write the file.
#[cfg(all(target_os = "linux", not(any(target_arch = "mips", target_arch = "mips64", target_abi = "x32"))))]
pub(in crate::mapping) fn count_cached(file: &File, offset: u64, len: usize) -> Option<u64> {
    /// Of the call `cachestat`; on these architectures new calls have the same number.
    const CACHESTAT: libc::c_long = 451;
    // As in all calls on ranges of files, 0 stands for all there is.
    if len == 0 {
        return Some(0);
    }
    let range = [offset, len as u64];
    let mut counts = [0u64; 5];
    let flags: libc::c_uint = 0;
    // SAFETY: the call reads a structure of two numbers of 64 bits, and writes one of five.
    let result = unsafe { libc::syscall(CACHESTAT, file.as_raw_fd(), range.as_ptr(), counts.as_mut_ptr(), flags) };
    (result == 0).then_some(counts[0])
}

/// Nobody tells.
#[cfg(not(all(target_os = "linux", not(any(target_arch = "mips", target_arch = "mips64", target_abi = "x32")))))]
pub(in crate::mapping) fn count_cached(_: &File, _: u64, _: usize) -> Option<u64> {
    None
}
