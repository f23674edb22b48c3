//! The storage substrate: a file, or anonymous memory, mapped into the address space.
//!
//! This is the only room that maps memory and the only one that asks the operating system about it. Everything else
//! receives bytes, and receives them in one way: through [`Mapping::guarded`]. A file can be cut short by another
//! process while it is mapped, so a read of mapped bytes is something that can fail, and having one door for it gives
//! the handling of that failure one place.
//!
//! # Examples
//!
//! ```
//! use mapgrep::mapping::{Advice, MapOptions};
//!
//! let path = std::env::temp_dir().join(format!("mapgrep-doc-mapping-{}", std::process::id()));
//! std::fs::write(&path, "first line\nsecond line\n")?;
//! let file = std::fs::File::open(&path)?;
//! // SAFETY: nobody changes the file while this example has it mapped.
//! let mapping = unsafe { MapOptions::new().map_file(&file)? };
//! mapping.advise(Advice::Sequential)?;
//! let newlines = mapping.guarded(0..mapping.len(), |bytes| bytes.iter().filter(|&&b| b == b'\n').count())?;
//! assert_eq!(newlines, 2);
//! # drop(mapping);
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![allow(unsafe_code)] // Slices are made from the raw mapping here, and nowhere else.

mod advise;
mod options;
mod sys;

use std::{fmt, fs::File, ops::Range};

use memmap2::MmapRaw;

pub use self::{
    advise::{Advice, Discard},
    options::{Access, MapOptions},
    sys::{allocation_granularity, page_size},
};
use crate::error::Error;

/// A range of a file, or anonymous memory, in the address space. Dropping it unmaps.
///
/// Built by [`MapOptions`]. Bytes are read in closures, through [`guarded`](Mapping::guarded); no reference into the
/// mapping outlives such a closure.
pub struct Mapping {
    map: MmapRaw,
    /// A duplicate of the caller's descriptor, to ask for the file's present size; anonymous memory has none.
    file: Option<File>,
    /// Where in the file the mapping starts.
    offset: u64,
    access: Access,
}

impl Mapping {
    /// How many bytes are mapped.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// True when no byte is mapped. The operating system maps no empty ranges, so this is false for a mapping that
    /// was just made.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where in the file the mapping starts, in bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What the mapping allows.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The present size of the mapped file in bytes, which may differ from what is mapped.
    ///
    /// # Errors
    ///
    /// Fails for anonymous memory, which has no file, and where the operating system cannot tell.
    pub fn size(&self) -> Result<u64, Error> {
        let file = self.file.as_ref().ok_or_else(|| Error::invalid_input("anonymous memory has no file size"))?;
        file.metadata().map(|m| m.len()).map_err(|e| Error::io("cannot read the size of the mapped file", e))
    }

    /// Runs `read` on the bytes of `range`, counted from the start of the mapping, and returns its result.
    ///
    /// The file's size is compared with the range before and after `read` ran. Where the file no longer holds the
    /// whole range, what `read` returned is thrown away, because the bytes that it saw may not have been the file's.
    ///
    /// # Errors
    ///
    /// [`is_out_of_range`](Error::is_out_of_range) when the range does not lie in the mapping;
    /// [`is_truncated`](Error::is_truncated) when the file has become too short for it.
    ///
    /// # Complexity
    ///
    /// Two system calls besides those of `read`; none for anonymous memory.
    pub fn guarded<T>(&self, range: Range<usize>, read: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        self.check_bounds(&range)?;
        self.check_size(&range)?;
        // SAFETY: `check_bounds` keeps the range inside of the mapping, which lives as long as `self`. The slice ends
        // with the closure. That nobody else writes to the bytes meanwhile is what the caller of `map_file` promised;
        // this type writes only through `&mut self`.
        let bytes = unsafe { std::slice::from_raw_parts(self.map.as_ptr().add(range.start), range.len()) };
        let result = read(bytes);
        self.check_size(&range)?;
        Ok(result)
    }

    /// Runs `write` on the bytes of `range`, counted from the start of the mapping, and returns its result.
    ///
    /// # Errors
    ///
    /// Those of [`guarded`](Mapping::guarded), and [`is_invalid_input`](Error::is_invalid_input) when the mapping is
    /// read-only.
    pub fn guarded_mut<T>(&mut self, range: Range<usize>, write: impl FnOnce(&mut [u8]) -> T) -> Result<T, Error> {
        if self.access == Access::Read {
            return Err(Error::invalid_input("the mapping is read-only: map with Access::Write or Access::Copy"));
        }
        self.check_bounds(&range)?;
        self.check_size(&range)?;
        // SAFETY: as in `guarded`; the mapping is writable, and `&mut self` makes this the only slice of it.
        let bytes = unsafe { std::slice::from_raw_parts_mut(self.map.as_mut_ptr().add(range.start), range.len()) };
        let result = write(bytes);
        self.check_size(&range)?;
        Ok(result)
    }

    /// Writes changed pages back to the file and waits for it. Does nothing for read-only and copy-on-write mappings.
    ///
    /// # Errors
    ///
    /// Fails when the operating system reports a failed write.
    pub fn flush(&self) -> Result<(), Error> {
        match self.access {
            Access::Write => self.map.flush().map_err(|e| Error::io("cannot flush the mapping", e)),
            Access::Read | Access::Copy => Ok(()),
        }
    }

    fn check_bounds(&self, range: &Range<usize>) -> Result<(), Error> {
        if range.start <= range.end && range.end <= self.len() {
            return Ok(());
        }
        Err(Error::out_of_range(range.start as u64, range.end as u64, self.len() as u64))
    }

    fn check_size(&self, range: &Range<usize>) -> Result<(), Error> {
        if self.file.is_none() {
            return Ok(());
        }
        let size = self.size()?;
        if size < self.offset + range.end as u64 {
            return Err(Error::truncated(size));
        }
        Ok(())
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping")
            .field("access", &self.access)
            .field("length", &self.len())
            .field("offset", &self.offset)
            .finish_non_exhaustive()
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
        assert!(refused(MapOptions::new().len(6)).contains("length is greater than file size"));
        assert!(refused(MapOptions::new().offset(1 << 20)).contains("offset is greater than file size"));
        assert!(refused(MapOptions::new().offset(1)).contains("multiple of"));
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
        let mut mapping = map(&file, &MapOptions::new()).unwrap();
        assert!(mapping.guarded_mut(0..1, |_| ()).unwrap_err().is_invalid_input());
    }

    #[test]
    fn anonymous_memory_starts_as_zeros() {
        let mut mapping = MapOptions::new().len(3 * page_size()).map_anonymous().unwrap();
        assert!(mapping.guarded(0..mapping.len(), |b| b.iter().all(|&b| b == 0)).unwrap());
        mapping.guarded_mut(5..6, |b| b[0] = 7).unwrap();
        assert_eq!(mapping.guarded(5..6, |b| b[0]).unwrap(), 7);
        assert!(mapping.size().unwrap_err().is_invalid_input());
        assert!(MapOptions::new().map_anonymous().unwrap_err().is_invalid_input());
    }

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
        assert!(mapping.advise_range(Advice::Normal, 0..mapping.len() + 1).unwrap_err().is_out_of_range());
        if cfg!(unix) {
            mapping.discard(Discard::DontNeed, 0..page_size()).unwrap();
        }
        assert_eq!(mapping.guarded(0..1, |b| b[0]).unwrap(), b'x');
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn discarding_takes_nothing_but_the_range() {
        let page = page_size();
        let mut memory = MapOptions::new().len(3 * page).map_anonymous().unwrap();
        memory.guarded_mut(0..3 * page, |bytes| bytes.fill(7)).unwrap();
        memory.discard(Discard::DontNeed, page..page).unwrap();
        assert!(memory.discard(Discard::DontNeed, 5..5).unwrap_err().is_invalid_input());
        assert!(memory.discard(Discard::DontNeed, 0..page + 1).unwrap_err().is_invalid_input());
        memory.discard(Discard::DontNeed, page..2 * page).unwrap();
        let is = |value, range| memory.guarded(range, |bytes| bytes.iter().all(|&b| b == value)).unwrap();
        assert!(is(7, 0..page) && is(0, page..2 * page) && is(7, 2 * page..3 * page));
    }
}
