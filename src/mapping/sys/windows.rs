//! Windows: memmap2 maps what it can express, windows-sys the rest. The behaviour is that of Python's module there.
//!
//! What the system calls a section is a file, or anonymous memory, that can be mapped; a view is a mapping of one.
#![allow(unsafe_code)]

use std::{
    ffi::{OsString, c_void},
    fs::File,
    io,
    mem::ManuallyDrop,
    ops::Range,
    os::windows::{
        ffi::OsStrExt,
        io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle},
    },
    ptr,
    sync::{LazyLock, atomic::AtomicUsize},
    time::UNIX_EPOCH,
};

use memmap2::{MmapOptions, MmapRaw};
use windows_sys::Win32::{
    Foundation::{
        ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_MAPPED_ALIGNMENT, ERROR_SWAPERROR, ERROR_USER_MAPPED_FILE,
        INVALID_HANDLE_VALUE,
    },
    System::{
        Memory::{
            CreateFileMappingW, FILE_MAP_COPY, FILE_MAP_READ, FILE_MAP_WRITE, FlushViewOfFile, MapViewOfFile,
            PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY,
        },
        SystemInformation::{GetSystemInfo, SYSTEM_INFO},
    },
};

use super::{
    fault::{Fault, error},
    memory::{Lent, Memory, Raw},
    stat::Stat,
};
use crate::mapping::{
    access::Access,
    advice::{Advice, Discard},
};

pub(in crate::mapping) const BAD_DESCRIPTOR: i32 = ERROR_INVALID_HANDLE as i32;
pub(in crate::mapping) const INVALID: i32 = ERROR_INVALID_PARAMETER as i32;
pub(in crate::mapping) const IO_ERROR: i32 = ERROR_SWAPERROR as i32;

/// What can be mapped, and a borrowed handle of it.
pub(in crate::mapping) use std::os::windows::io::{AsHandle as AsFile, BorrowedHandle as Handle};

/// What to map, and how.
#[derive(Clone, Debug)]
pub(in crate::mapping) struct Request {
    pub(in crate::mapping) offset: u64,
    pub(in crate::mapping) len: usize,
    pub(in crate::mapping) access: Access,
    /// Not empty, and without a NUL.
    pub(in crate::mapping) tag_name: Option<OsString>,
}

impl Request {
    /// Where the mapping ends in its section.
    fn end(&self) -> io::Result<u64> {
        self.offset.checked_add(self.len as u64).ok_or_else(|| error(INVALID))
    }
}

/// Mapped memory. Dropping it unmaps.
#[derive(Debug)]
pub(in crate::mapping) struct Region {
    memory: Memory,
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
        let memory = Memory::Lent(Lent { start: start.cast_mut(), len });
        Region { memory, request: Request { offset: 0, len, access: Access::Read, tag_name: None } }
    }

    /// Maps a file, or anonymous memory without one. A file that is mapped to be written grows to the mapping's end.
    pub(in crate::mapping) fn map(file: Option<BorrowedHandle<'_>>, request: Request) -> io::Result<Region> {
        // memmap2 would round an offset down, and the system extends a file before it looks at the offset.
        if !request.offset.is_multiple_of(allocation_granularity() as u64) {
            return Err(error(ERROR_MAPPED_ALIGNMENT as i32));
        }
        // The system takes a length of 0 for all there is; that was decided before.
        if request.len == 0 {
            return Err(error(INVALID));
        }
        let memory = match memmap(file, &request)? {
            Some(mapped) => Memory::Memmap(mapped),
            None => Memory::Raw(raw(file, &request)?),
        };
        Ok(Region { memory, request })
    }

    pub(in crate::mapping) fn as_mut_ptr(&self) -> *mut u8 {
        self.memory.as_mut_ptr()
    }

    pub(in crate::mapping) fn len(&self) -> usize {
        self.memory.len()
    }

    /// True: the system has no pages that can be written and not be read.
    pub(in crate::mapping) fn is_readable(&self) -> bool {
        true
    }

    pub(in crate::mapping) fn is_shared(&self) -> bool {
        self.request.access != Access::Copy
    }

    /// Writes pages back, and has the system write `file` to the medium, which memmap2 does with a handle of its own.
    pub(in crate::mapping) fn flush(&self, range: Range<usize>, file: Option<&File>) -> io::Result<()> {
        // The system takes a length of 0 for all there is.
        if range.is_empty() {
            return Ok(());
        }
        let raw = match &self.memory {
            Memory::Memmap(map) => return map.flush_range(range.start, range.len()),
            Memory::Raw(raw) => raw,
            Memory::Lent(_) => return Ok(()),
        };
        if range.start > range.end || range.end > raw.len {
            return Err(error(INVALID));
        }
        let start: *const c_void = raw.start.wrapping_add(range.start).cast();
        // SAFETY: the range lies in the view, as was just looked at; writing pages back changes no byte of them.
        let flushed = unsafe { FlushViewOfFile(start, range.len()) } != 0;
        if !flushed {
            return Err(io::Error::last_os_error());
        }
        file.map_or(Ok(()), File::sync_all)
    }

    /// Accepted, and without effect: the system takes none of this advice for a mapping.
    pub(in crate::mapping) fn advise(&self, _: Advice, _: Range<usize>) -> io::Result<()> {
        Ok(())
    }

    /// Not to be had: the system lets go of the pages of a mapping when it sees fit.
    pub(in crate::mapping) fn discard(&self, _: Discard, _: Range<usize>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Does nothing, as [`Region::discard`] cannot.
    pub(in crate::mapping) fn release(&self, _: Range<usize>) -> io::Result<()> {
        Ok(())
    }

    /// Not to be had.
    pub(in crate::mapping) fn residency(&self, _: Range<usize>) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Gives the region another length, at another address if need be, and a file behind it the length `end`. The
    /// region comes back, as it was after an error, unless the system has lost it.
    pub(in crate::mapping) fn resize(
        self,
        file: Option<&File>,
        len: usize,
        end: u64,
    ) -> (Option<Self>, io::Result<()>) {
        let new = Request { len, ..self.request.clone() };
        match file {
            Some(file) => self.resize_file(file, new, end),
            None => self.copy_into(new),
        }
    }

    /// The system cuts no file that is mapped, by us or by anybody: that error is the common one.
    fn resize_file(self, file: &File, new: Request, end: u64) -> (Option<Self>, io::Result<()>) {
        let old = self.request;
        drop(self.memory);
        let resized = file.set_len(end).and_then(|()| Region::map(Some(file.as_handle()), new));
        match resized {
            Ok(region) => (Some(region), Ok(())),
            Err(error) => (remap(file, old), Err(error)),
        }
    }

    fn copy_into(self, new: Request) -> (Option<Self>, io::Result<()>) {
        // Memory keeps its size for as long as it has a name, and others may have mapped it by that.
        if self.request.tag_name.is_some() {
            return (Some(self), Err(error(ERROR_USER_MAPPED_FILE as i32)));
        }
        match Region::map(None, new) {
            Ok(new) => {
                let len = self.len().min(new.len());
                // SAFETY: both regions have this many bytes, and they are two mappings.
                unsafe { ptr::copy_nonoverlapping(self.as_mut_ptr(), new.as_mut_ptr(), len) };
                (Some(new), Ok(()))
            }
            Err(error) => (Some(self), Err(error)),
        }
    }
}

/// Maps a file again as it was mapped before. `None` when it cannot be, and when the file has lost bytes: mapping it
/// would put zeros in their place.
fn remap(file: &File, request: Request) -> Option<Region> {
    let size = Stat::of(file).ok()?.size;
    let is_whole = request.end().is_ok_and(|end| end <= size);
    if is_whole { Region::map(Some(file.as_handle()), request).ok() } else { None }
}

/// Maps with memmap2; `None` when it cannot say what is asked for.
fn memmap(file: Option<BorrowedHandle<'_>>, request: &Request) -> io::Result<Option<MmapRaw>> {
    if request.tag_name.is_some() {
        return Ok(None);
    }
    let mut options = MmapOptions::new();
    options.offset(request.offset).len(request.len);
    let Some(file) = file else {
        // No other process can see the memory, so that sharing it and having it alone are the same.
        let memory = options.map_anon()?;
        let is_read_only = request.access == Access::Read;
        return Ok(Some(if is_read_only { memory.make_read_only()?.into() } else { memory.into() }));
    };
    // It never extends a file.
    if request.end()? > Stat::of(file)?.size {
        return Ok(None);
    }
    let handle = file.as_raw_handle();
    let mapped = match request.access {
        Access::Read => options.map_raw_read_only(handle)?,
        Access::Default | Access::Write => options.map_raw(handle)?,
        // SAFETY: the result is a raw mapping; whoever makes a slice of it answers for that.
        Access::Copy => unsafe { options.map_copy(handle) }?.into(),
    };
    Ok(Some(mapped))
}

/// Maps with the system's own calls, and takes their word on what is not valid.
fn raw(file: Option<BorrowedHandle<'_>>, request: &Request) -> io::Result<Raw> {
    let (protection, access) = match request.access {
        Access::Read => (PAGE_READONLY, FILE_MAP_READ),
        Access::Default | Access::Write => (PAGE_READWRITE, FILE_MAP_WRITE),
        Access::Copy if file.is_some() => (PAGE_WRITECOPY, FILE_MAP_COPY),
        // Memory that is made to be copied is nothing the system has; a view that copies is.
        Access::Copy => (PAGE_READWRITE, FILE_MAP_COPY),
    };
    let name: Option<Vec<u16>> = request.tag_name.as_ref().map(|name| name.encode_wide().chain([0]).collect());
    let end = request.end()?;
    // SAFETY: the handle is open for as long as it is borrowed, and the name ends with a NUL.
    let section = unsafe {
        CreateFileMappingW(
            file.map_or(INVALID_HANDLE_VALUE, |file| file.as_raw_handle()),
            ptr::null(),
            protection,
            high_half(end),
            low_half(end),
            name.as_ref().map_or(ptr::null(), Vec::as_ptr),
        )
    };
    if section.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is a new one, and nobody else closes it.
    let section = unsafe { OwnedHandle::from_raw_handle(section) };
    let (high, low) = (high_half(request.offset), low_half(request.offset));
    // SAFETY: the system picks a free range: no memory that is in use changes.
    let view = unsafe { MapViewOfFile(section.as_raw_handle(), access, high, low, request.len) };
    if view.Value.is_null() {
        return Err(io::Error::last_os_error());
    }
    Ok(Raw { start: view.Value.cast(), len: request.len, _section: section })
}

fn high_half(number: u64) -> u32 {
    (number >> 32) as u32
}

fn low_half(number: u64) -> u32 {
    number as u32
}

/// Watches nothing. The system does not cut a file that is mapped, so that no page of a mapping goes away; a page that
/// its medium fails to give ends the process, here as in Python.
#[derive(Debug)]
pub(in crate::mapping) struct Watch;

impl Watch {
    /// # Safety
    ///
    /// None here: it is that of the watch of other systems.
    pub(in crate::mapping) unsafe fn new(_: &Region, _: Option<&File>, _: u64) -> io::Result<Watch> {
        Ok(Watch)
    }

    pub(in crate::mapping) fn fault(&self) -> Option<Fault> {
        None
    }

    pub(in crate::mapping) fn mark(&self) -> Option<&'static AtomicUsize> {
        None
    }
}

/// Where a thread does not fit in, the system refuses to start it.
pub(in crate::mapping) fn has_room(_: usize, _: usize) -> bool {
    true
}

pub(in crate::mapping) fn page_size() -> usize {
    sizes().0
}

pub(in crate::mapping) fn allocation_granularity() -> usize {
    sizes().1
}

fn sizes() -> (usize, usize) {
    static SIZES: LazyLock<(usize, usize)> = LazyLock::new(|| {
        let mut info = SYSTEM_INFO::default();
        // SAFETY: the call fills in the structure and cannot fail.
        unsafe { GetSystemInfo(&mut info) };
        (info.dwPageSize as usize, info.dwAllocationGranularity as usize)
    });
    *SIZES
}

pub(in crate::mapping) fn handle<F: AsFile>(file: &F) -> BorrowedHandle<'_> {
    file.as_handle()
}

impl Stat {
    pub(in crate::mapping) fn of(file: impl AsFile) -> io::Result<Stat> {
        // SAFETY: the handle is open for as long as it is borrowed, and as this `File` is never dropped, it stays so.
        let file = ManuallyDrop::new(unsafe { File::from_raw_handle(file.as_handle().as_raw_handle()) });
        let metadata = file.metadata()?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        Ok(Stat { size: metadata.len(), is_regular: metadata.is_file(), modified })
    }
}

/// False: there is no cheap way to tell.
pub(in crate::mapping) fn is_resident(_: &File, _: u64) -> bool {
    false
}

/// Not to be had: the system has no call for it.
pub(in crate::mapping) fn evict(_: &File, _: u64, _: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nobody tells.
pub(in crate::mapping) fn count_cached(_: &File, _: u64, _: usize) -> Option<u64> {
    None
}
