//! The storage substrate: a file, or anonymous memory, mapped into the address space.
//!
//! This is the only room that maps memory and the only one that asks the operating system about it. Everything else
//! receives bytes, and receives them in one way: through [`Mapping::guarded`]. A file can be cut short by another
//! process while it is mapped, so a read of mapped bytes is something that can fail, and having one door for it gives
//! the handling of that failure one place. What was read of a file that became too short is thrown away, and
//! [`is_truncated`](crate::Error::is_truncated) says where its bytes end; no signal ends the process (see
//! [`MapOptions::guard_faults`]). After a page went away while it was read, the mapping is of no more use: each call
//! but [`close`](Mapping::close) gives that error.
//!
#![doc = include_str!("python.md")]
#![allow(unsafe_code)] // Slices are made from the raw mapping here, and nowhere else.

mod advise;
#[cfg(unix)]
mod constants;
mod copied;
mod cursor;
mod flush;
pub(crate) mod holes;
mod lent;
mod open;
mod options;
mod raw;
mod reader;
mod residency;
mod resize;
mod shared;
mod slice;
mod sys;

use std::{
    any::Any,
    cell::Cell,
    fmt,
    fs::File,
    ops::{Bound, Range, RangeBounds},
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    thread,
};

#[cfg(unix)]
pub use self::constants::{FlushFlags, MapFlags, Prot, RawAdvice};
pub use self::{
    advise::{Advice, Discard},
    options::{Access, MapOptions},
    reader::Reader,
    residency::Residency,
    slice::{Iter, Slice},
    sys::{allocation_granularity, page_size},
};
use self::{
    copied::Quick,
    holes::Cuts,
    sys::{Fault, Region, Stat, Watch},
};
pub(crate) use self::{lent::Lent, residency::map_to_ask, sys::has_room};
use crate::error::Error;

/// A range of a file, or anonymous memory, in the address space, with a cursor. Dropping it unmaps.
///
/// Built by [`MapOptions`]. Bytes are read in closures, through [`guarded`](Mapping::guarded), or copied in and out; no
/// reference into the mapping outlives a call.
pub struct Mapping {
    /// `None` once closed.
    mapped: Option<Mapped>,
    /// The cursor. A mapping that was made shorter may leave it behind the end.
    position: usize,
    /// Where in the file the mapping starts.
    offset: u64,
    /// The effective one.
    access: Access,
}

/// What a mapping holds while it is open. The fields are dropped in this order.
struct Mapped {
    /// Notices faults; anonymous memory has none, and whoever asked for no guard has none.
    watch: Option<Watch>,
    region: Region,
    backing: Backing,
    quick: Quick,
    /// What of the file was left out: nothing, but where [`without_holes`](Mapping::without_holes) has mapped it.
    cuts: Arc<Cuts>,
}

/// What stands behind a mapping.
enum Backing {
    /// No file. That none is to be tracked forbids a change of length all the same.
    Anonymous { is_tracked: bool },
    /// Memory of the caller's, which is only read.
    Lent,
    /// A file of which no descriptor was kept.
    Untracked,
    /// A duplicate of the caller's descriptor. Only regular files have a size that means something.
    File {
        file: File,
        is_regular: bool,
        /// When its content had last been changed, when it was mapped; none where that was so short before that what
        /// has been written since need not show in it.
        modified: Option<u64>,
    },
}

impl Backing {
    fn file(&self) -> Option<&File> {
        match self {
            Backing::File { file, .. } => Some(file),
            Backing::Anonymous { .. } | Backing::Lent | Backing::Untracked => None,
        }
    }
}

impl Mapping {
    fn new(region: Region, backing: Backing, options: &MapOptions, access: Access) -> Result<Self, Error> {
        let offset = options.offset_in_file();
        let is_watched = options.guards_faults() && !matches!(backing, Backing::Anonymous { .. } | Backing::Lent);
        let mapped = Mapped::new(region, backing, offset, is_watched, options.checks_small_reads())?;
        Ok(Mapping { mapped: Some(mapped), position: 0, offset, access })
    }

    /// Unmaps, and gives back the descriptor that was kept of the file, if one was.
    #[cfg(feature = "cli")]
    pub(crate) fn into_file(mut self) -> Option<File> {
        match self.mapped.take()?.backing {
            Backing::File { file, .. } => Some(file),
            Backing::Anonymous { .. } | Backing::Lent | Backing::Untracked => None,
        }
    }

    /// Unmaps. Whatever is asked of the mapping from here on is an error that says so, but for this call,
    /// [`is_closed`](Mapping::is_closed), [`seekable`](Mapping::seekable) and what only describes it; its length is 0.
    /// The caller's file stays open. Changes are not waited for: see [`flush`](Mapping::flush). Dropping a mapping does
    /// the same.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(10).map_anonymous()?;
    /// memory.close();
    /// memory.close();
    /// assert!(memory.is_closed());
    /// assert!(memory.read_byte().unwrap_err().is_closed());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn close(&mut self) {
        self.mapped = None;
    }

    /// True after [`close`](Mapping::close).
    pub fn is_closed(&self) -> bool {
        self.mapped.is_none()
    }

    /// How many bytes are mapped; 0 when the mapping is closed.
    #[inline]
    pub fn len(&self) -> usize {
        self.mapped.as_ref().map_or(0, |mapped| mapped.region.len())
    }

    /// True when no byte is mapped, as in a mapping that is closed. The operating system maps no empty ranges.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where in the file the mapping starts, in bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What the mapping allows. A mapping that was made with [`Access::Default`] and a protection of its own tells
    /// what came of that.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The present size of the mapped file in bytes, which may differ from what is mapped. On Windows anonymous memory has
    /// a size as well, its length, as in Python.
    ///
    /// # Errors
    ///
    /// The system's error, which is `EBADF` where no descriptor is kept, and for anonymous memory on systems other than
    /// Windows.
    pub fn size(&self) -> Result<u64, Error> {
        let mapped = self.usable()?;
        if cfg!(windows) && matches!(mapped.backing, Backing::Anonymous { .. }) {
            return Ok(self.len() as u64);
        }
        let file = mapped.backing.file().ok_or_else(|| {
            Error::io("cannot tell the size of a file: the mapping holds none", sys::error(sys::BAD_DESCRIPTOR))
        })?;
        size_of(file)
    }

    /// The file that is mapped, if a descriptor of it was kept.
    pub(crate) fn file(&self) -> Option<&File> {
        self.mapped.as_ref().and_then(|mapped| mapped.backing.file())
    }

    /// Runs `read` on the bytes of `range`, counted from the start of the mapping, and returns its result.
    ///
    /// The file's size is compared with the range before and after `read` ran. Where the file no longer holds the
    /// whole range, what `read` returned is thrown away, because the bytes that it saw may not have been the file's.
    /// A page that goes away while `read` looks at it reads as zeros until it is done.
    ///
    /// # Errors
    ///
    /// * [`is_out_of_range`](Error::is_out_of_range) when the range does not lie in the mapping;
    /// * [`is_truncated`](Error::is_truncated) when the file has become too short for it, or has been so during an
    ///   earlier read;
    /// * [`is_changed`](Error::is_changed) when `read` panicked, the mapping has [`Access::Read`] or [`Access::Copy`], and
    ///   the file was changed since it was mapped, or in the minute before, as a write may still go on that has set the
    ///   time of its last change already: an algorithm that looks twice at a byte may rely on seeing the same;
    /// * [`is_io`](Error::is_io) when a page could not be read from where it is stored;
    /// * [`is_invalid_input`](Error::is_invalid_input) when the pages were mapped without [`Prot::READ`].
    ///
    /// A file that was cut and has grown again between two looks at its size goes unnoticed.
    ///
    /// # Panics
    ///
    /// Passes on a panic of `read`, unless it becomes one of the errors above. (In a program that is built with
    /// `panic = "abort"` none does.)
    ///
    /// # Complexity
    ///
    /// Two system calls besides those of `read`; none for anonymous memory. Calls that write cost that much, too. Calls that
    /// return copies of at most 4 KiB ([`get`](Mapping::get), [`slice`](Mapping::slice),
    /// [`read_line`](Mapping::read_line) and others) cost none where they copy no zero, because what a cut leaves in the
    /// last page of a file reads as zeros and all else that it takes away is a fault; and one where they do. It is one in
    /// any case on systems other than Linux, after writes to private memory, and when others had
    /// [`as_mut_ptr`](Mapping::as_mut_ptr). [`MapOptions::check_small_reads`] does without it.
    ///
    /// # Examples
    ///
    /// ```
    /// let memory = mapgrep::mapping::MapOptions::new().len(100).map_anonymous()?;
    /// assert_eq!(memory.guarded(10.., |bytes| bytes.len())?, 90);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn guarded<T>(&self, range: impl RangeBounds<usize>, read: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        self.usable()?;
        self.read_before_fault(range, read)
    }

    /// As [`guarded`](Mapping::guarded), but after a fault the bytes before it can be read still. For searches, which
    /// report what came before.
    ///
    /// # Errors and panics
    ///
    /// As [`guarded`](Mapping::guarded).
    pub(crate) fn read_before_fault<T>(
        &self,
        range: impl RangeBounds<usize>,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let range = self.resolve(range)?;
        let mapped = self.mapped.as_ref().ok_or_else(Error::closed)?;
        if !mapped.region.is_readable() {
            return Err(unreadable());
        }
        mapped.check(&range, self.offset)?;
        // SAFETY: `resolve` keeps the range inside of the mapping, which lives as long as `self`. The slice ends with the
        // closure. That nobody else writes to the bytes meanwhile is what the caller of `map_file` promised; this type
        // writes only through `&mut self`, and in unsafe calls whose callers promise the same.
        let bytes = unsafe { std::slice::from_raw_parts(mapped.region.as_mut_ptr().add(range.start), range.len()) };
        let result = guarding(|| read(bytes));
        mapped.check(&range, self.offset)?;
        // What this mapping itself writes changes the file as well, and is no excuse for a panic.
        result.or_else(|payload| match matches!(self.access, Access::Read | Access::Copy) && mapped.may_be_modified() {
            true => Err(Error::changed(panic_message(&*payload))),
            false => panic::resume_unwind(payload),
        })
    }

    /// Fails when the mapping is closed or not to be read, without asking the system anything.
    pub(crate) fn check_readable(&self) -> Result<(), Error> {
        match self.usable()?.region.is_readable() {
            true => Ok(()),
            false => Err(unreadable()),
        }
    }

    /// Where the file was cut, counted from the start of the mapping, when that is what the error tells of.
    pub(crate) fn place_of_cut(&self, error: &Error) -> Option<usize> {
        let at = error.offset().filter(|_| error.is_truncated())?;
        let at = at.saturating_sub(self.offset);
        let at = self.cuts().map_or(at, |cuts| cuts.left_before(at));
        Some(usize::try_from(at).unwrap_or(usize::MAX))
    }

    /// Fails when the file does not have all bytes before `end` any more; for searches that ask in between.
    pub(crate) fn check_intact(&self, end: usize) -> Result<(), Error> {
        self.mapped.as_ref().ok_or_else(Error::closed)?.check(&(0..end), self.offset)
    }

    /// Runs `write` on the bytes of `range`, counted from the start of the mapping, and returns its result.
    ///
    /// # Errors
    ///
    /// [`is_read_only`](Error::is_read_only) when the mapping is not to be written; otherwise those of
    /// [`guarded`](Mapping::guarded).
    ///
    /// # Panics
    ///
    /// Passes on a panic of `write`, unless the file was truncated.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(100).map_anonymous()?;
    /// memory.guarded_mut(..50, |bytes| bytes.fill(b'x'))?;
    /// assert_eq!(memory.get(49)?, b'x');
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn guarded_mut<T>(
        &mut self,
        range: impl RangeBounds<usize>,
        write: impl FnOnce(&mut [u8]) -> T,
    ) -> Result<T, Error> {
        self.usable()?;
        self.check_writable()?;
        self.check_readable()?;
        let range = self.resolve(range)?;
        self.with_bytes_mut(range, write)
    }

    /// Runs `write` on a range of a mapping that was found to be writable.
    fn with_bytes_mut<T>(&mut self, range: Range<usize>, write: impl FnOnce(&mut [u8]) -> T) -> Result<T, Error> {
        let mapped = self.mapped.as_ref().ok_or_else(Error::closed)?;
        mapped.check(&range, self.offset)?;
        mapped.stop_proving_if_private();
        // SAFETY: as in `read_before_fault`; the mapping is writable, and `&mut self` makes this the only slice of it.
        let bytes = unsafe { std::slice::from_raw_parts_mut(mapped.region.as_mut_ptr().add(range.start), range.len()) };
        let result = guarding(|| write(bytes));
        mapped.check(&range, self.offset).inspect_err(|_| mapped.stop_proving())?;
        Ok(result.unwrap_or_else(|payload| panic::resume_unwind(payload)))
    }

    /// What the mapping holds, if it is neither closed nor spoilt by a fault: the check that comes first in all calls.
    #[inline]
    fn usable(&self) -> Result<&Mapped, Error> {
        let mapped = self.mapped.as_ref().ok_or_else(Error::closed)?;
        mapped.check_fault(usize::MAX, self.offset)?;
        Ok(mapped)
    }

    fn check_writable(&self) -> Result<(), Error> {
        match self.access {
            Access::Read => Err(Error::read_only("read-only: map with Access::Write or Access::Copy to change it")),
            Access::Default | Access::Write | Access::Copy => Ok(()),
        }
    }

    /// A range of the mapping, in numbers.
    fn resolve(&self, range: impl RangeBounds<usize>) -> Result<Range<usize>, Error> {
        let (range, len) = (self.in_numbers(range), self.len());
        if range.start <= range.end && range.end <= len {
            return Ok(range);
        }
        if self.is_closed() {
            return Err(Error::closed());
        }
        let Range { start, end } = range;
        Err(Error::out_of_range(format!("range {start}..{end} is out of bounds of a mapping of {len} bytes")))
    }

    /// The ends of a range, which may lie anywhere. No mapping is so long that the greatest number lies in it.
    fn in_numbers(&self, range: impl RangeBounds<usize>) -> Range<usize> {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len(),
        };
        start..end
    }
}

impl Mapped {
    /// What there is to hold of a region that is mapped from `offset` of the file on.
    fn new(
        region: Region,
        backing: Backing,
        offset: u64,
        is_watched: bool,
        checks_small_reads: bool,
    ) -> Result<Self, Error> {
        Self::with_cuts(region, backing, offset, is_watched, checks_small_reads, Arc::default())
    }

    /// The same of a region without some of the bytes behind that offset.
    fn with_cuts(
        region: Region,
        backing: Backing,
        offset: u64,
        is_watched: bool,
        checks_small_reads: bool,
        cuts: Arc<Cuts>,
    ) -> Result<Self, Error> {
        // To the handler of faults an address is an offset. Without a file it has nothing to compare that with.
        let file = backing.file().filter(|_| cuts.is_empty());
        let watch = is_watched.then(|| Watch::new(&region, file, offset)).transpose();
        let watch = watch.map_err(|e| Error::io("cannot install the handler of faults in mappings", e))?;
        let quick = Quick::new(&region, &backing, watch.as_ref(), checks_small_reads);
        Ok(Mapped { watch, region, backing, quick, cuts })
    }

    /// Fails when bytes before the end of `range` are not the file's, or are no longer.
    fn check(&self, range: &Range<usize>, offset: u64) -> Result<(), Error> {
        self.check_fault(range.end, offset)?;
        self.check_size(range, offset)
    }

    /// Fails when the file ends before `range` does.
    fn check_size(&self, range: &Range<usize>, offset: u64) -> Result<(), Error> {
        let Backing::File { file, is_regular: true, .. } = &self.backing else { return Ok(()) };
        let size = size_of(file)?;
        if size < offset + self.cuts.end_in_file(range.end as u64) {
            return Err(Error::truncated(size));
        }
        Ok(())
    }

    /// Fails when there was a fault before `end`.
    #[inline]
    fn check_fault(&self, end: usize, offset: u64) -> Result<(), Error> {
        match self.watch.as_ref().and_then(Watch::fault) {
            Some(fault) if fault.from < end => Err(self.error_of(fault, offset)),
            _ => Ok(()),
        }
    }

    #[cold]
    fn error_of(&self, fault: Fault, offset: u64) -> Error {
        let at = offset + self.cuts.in_file(fault.from as u64);
        let size = self.backing.file().and_then(|file| size_of(file).ok());
        let has_page = !self.cuts.is_empty() && size.is_some_and(|size| size > at);
        if fault.is_io || has_page {
            return Error::io(format!("cannot read the page at byte {at}"), sys::error(sys::IO_ERROR));
        }
        // The page after the one in which the file ends was the first to fault.
        Error::truncated(size.map_or(at, |size| size.min(at)))
    }

    /// True when the file was written to since it was mapped, and where that cannot be told.
    fn may_be_modified(&self) -> bool {
        match &self.backing {
            Backing::File { modified: None, .. } => true,
            Backing::File { file, modified: Some(modified), .. } => {
                Stat::of(file).is_ok_and(|stat| stat.modified != *modified)
            }
            Backing::Anonymous { .. } | Backing::Lent | Backing::Untracked => false,
        }
    }
}

thread_local! {
    /// How many closures over mapped bytes this thread is in.
    static GUARDING: Cell<usize> = const { Cell::new(0) };
}

/// True while this thread runs a closure over mapped bytes, a panic in which may become an error.
#[cfg(feature = "cli")]
pub(crate) fn is_guarding() -> bool {
    GUARDING.get() > 0
}

fn guarding<T>(run: impl FnOnce() -> T) -> thread::Result<T> {
    GUARDING.set(GUARDING.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    GUARDING.set(GUARDING.get() - 1);
    result
}

fn unreadable() -> Error {
    Error::invalid_input("the mapping cannot be read: its pages were mapped without Prot::READ")
}

fn size_of(file: &File) -> Result<u64, Error> {
    let stat = Stat::of(file).map_err(|e| Error::io("cannot read the size of the mapped file", e))?;
    Ok(stat.size)
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("the reader panicked").to_owned()
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Mapping");
        fields.field("closed", &self.is_closed());
        if !self.is_closed() {
            fields.field("access", &self.access);
            fields.field("length", &self.len());
            fields.field("position", &self.position);
            fields.field("offset", &self.offset);
        }
        fields.finish()
    }
}

/// What Python's `repr` shows, in the words of this crate:
/// `<mapping closed=false, access=Read, length=5, position=0, offset=0>`.
impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_closed() {
            return f.write_str("<mapping closed=true>");
        }
        write!(
            f,
            "<mapping closed=false, access={:?}, length={}, position={}, offset={}>",
            self.access,
            self.len(),
            self.position,
            self.offset
        )
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file_of(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn map(file: &File, options: &MapOptions) -> Result<Mapping, Error> {
        // SAFETY: the temporary file belongs to the test alone.
        unsafe { options.map_file(file) }
    }

    #[test]
    fn reads_the_whole_file_and_parts_of_it() {
        let file = file_of(b"hello, mapping");
        let mapping = map(&file, &MapOptions::new()).unwrap();
        assert_eq!(mapping.len(), 14);
        assert_eq!(mapping.guarded(0..14, <[u8]>::to_vec).unwrap(), b"hello, mapping");
        assert_eq!(mapping.guarded(7..10, <[u8]>::to_vec).unwrap(), b"map");
        assert_eq!(mapping.guarded(14..14, <[u8]>::len).unwrap(), 0);
        assert_eq!(mapping.size().unwrap(), 14);
    }

    #[test]
    fn a_range_past_the_end_is_an_error_that_names_it() {
        let file = file_of(b"hello");
        let mapping = map(&file, &MapOptions::new()).unwrap();
        let error = mapping.guarded(2..6, <[u8]>::len).unwrap_err();
        assert!(error.is_out_of_range());
        assert_eq!(error.to_string(), "range 2..6 is out of bounds of a mapping of 5 bytes");
        #[expect(clippy::reversed_empty_ranges)]
        let reversed = mapping.guarded(4..2, <[u8]>::len);
        assert!(reversed.unwrap_err().is_out_of_range());
    }

    #[test]
    fn offset_and_length_select_a_part() {
        let granularity = allocation_granularity();
        let mut bytes = vec![b'a'; granularity];
        bytes.extend_from_slice(b"tail of the file");
        let file = file_of(&bytes);
        let mapping = map(&file, MapOptions::new().offset(granularity as u64).len(4)).unwrap();
        assert_eq!(mapping.guarded(0..4, <[u8]>::to_vec).unwrap(), b"tail");
        assert_eq!(mapping.offset(), granularity as u64);
    }

    #[test]
    fn refuses_what_cannot_be_mapped() {
        let file = file_of(b"hello");
        let refused = |options: &MapOptions| map(&file, options).unwrap_err().to_string();
        assert!(refused(MapOptions::new().offset(1 << 20)).contains("offset is greater than file size"));
        if cfg!(unix) {
            // Windows extends the file, and has other words.
            assert!(refused(MapOptions::new().len(6)).contains("length is greater than file size"));
            assert!(refused(MapOptions::new().offset(1)).contains("at offset 1: Invalid argument"));
        }
        let empty = map(&file_of(b""), &MapOptions::new()).unwrap_err();
        assert!(empty.to_string().contains("cannot mmap an empty file"));
    }

    #[test]
    fn a_shared_mapping_writes_to_the_file_and_a_copy_does_not() {
        use std::io::{Read, Seek, SeekFrom};

        let mut file = file_of(b"hello");
        let mut copy = map(&file, MapOptions::new().access(Access::Copy)).unwrap();
        copy.guarded_mut(0..1, |bytes| bytes[0] = b'C').unwrap();
        assert_eq!(copy.guarded(0..5, <[u8]>::to_vec).unwrap(), b"Cello");
        let mut shared = map(&file, MapOptions::new().access(Access::Write)).unwrap();
        shared.guarded_mut(4..5, |bytes| bytes[0] = b'!').unwrap();
        shared.flush().unwrap();
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hell!");
    }

    #[test]
    fn a_read_only_mapping_refuses_to_be_written() {
        let file = file_of(b"hello");
        let mut mapping = map(&file, MapOptions::new().access(Access::Read)).unwrap();
        assert!(mapping.guarded_mut(0..1, |_| ()).unwrap_err().is_read_only());
    }

    #[test]
    fn anonymous_memory_starts_as_zeros() {
        let mut mapping = MapOptions::new().len(3 * page_size()).map_anonymous().unwrap();
        assert!(mapping.guarded(0..mapping.len(), |b| b.iter().all(|&b| b == 0)).unwrap());
        mapping.guarded_mut(5..6, |b| b[0] = 7).unwrap();
        assert_eq!(mapping.guarded(5..6, |b| b[0]).unwrap(), 7);
        if cfg!(windows) {
            assert_eq!(mapping.size().unwrap(), 3 * page_size() as u64);
        } else {
            assert!(mapping.size().unwrap_err().is_io());
        }
        assert!(MapOptions::new().map_anonymous().unwrap_err().is_io());
    }

    #[cfg(unix)] // Windows does not cut a file that is mapped.
    #[test]
    fn a_file_that_became_shorter_is_reported_with_its_new_size() {
        let file = file_of(&vec![b'x'; 2 * page_size()]);
        let mapping = map(&file, &MapOptions::new()).unwrap();
        file.set_len(10).unwrap();
        let error = mapping.guarded(0..mapping.len(), <[u8]>::len).unwrap_err();
        assert!(error.is_truncated());
        assert_eq!(error.offset(), Some(10));
        assert_eq!(mapping.guarded(0..10, <[u8]>::to_vec).unwrap(), b"xxxxxxxxxx");
    }

    #[test]
    fn every_advice_is_taken_or_refused_with_an_error() {
        let file = file_of(&vec![b'x'; 4 * page_size()]);
        let mut mapping = map(&file, &MapOptions::new()).unwrap();
        for advice in [Advice::Normal, Advice::Random, Advice::Sequential, Advice::WillNeed] {
            mapping.advise(advice).unwrap();
            mapping.advise_range(advice, page_size()..2 * page_size() + 17).unwrap();
        }
        assert!(mapping.advise_range(Advice::Normal, mapping.len()..).unwrap_err().is_out_of_range());
        if cfg!(unix) {
            mapping.discard(Discard::DontNeed, 0..page_size()).unwrap();
        }
        assert_eq!(mapping.guarded(0..1, |b| b[0]).unwrap(), b'x');
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn discarding_takes_nothing_but_the_range() {
        let page = page_size();
        let mut memory = MapOptions::new().len(3 * page).access(Access::Copy).map_anonymous().unwrap();
        memory.guarded_mut(0..3 * page, |bytes| bytes.fill(7)).unwrap();
        memory.discard(Discard::DontNeed, page..page).unwrap();
        assert!(memory.discard(Discard::DontNeed, 5..5).unwrap_err().is_invalid_input());
        assert!(memory.discard(Discard::DontNeed, 0..page + 1).unwrap_err().is_invalid_input());
        memory.discard(Discard::DontNeed, page..2 * page).unwrap();
        let is = |value, range| memory.guarded(range, |bytes| bytes.iter().all(|&b| b == value)).unwrap();
        assert!(is(7, 0..page) && is(0, page..2 * page) && is(7, 2 * page..3 * page));
    }
}
