//! What to map, and how: the builder of [`Mapping`].

use std::fs::File;

use memmap2::{MmapOptions, MmapRaw};

use super::{Mapping, sys::allocation_granularity};
use crate::error::Error;

/// What may be done with the mapped bytes, and who sees changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Reading only.
    #[default]
    Read,
    /// Reading and writing; changes go to the file and to everyone else who maps it.
    Write,
    /// Reading and writing; changes stay in this mapping, the file keeps its bytes.
    Copy,
}

/// Options for a [`Mapping`]: where in the file it starts, how long it is, and what it allows.
///
/// # Examples
///
/// ```
/// use mapgrep::mapping::MapOptions;
///
/// let memory = MapOptions::new().len(8192).map_anonymous()?;
/// assert_eq!(memory.len(), 8192);
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MapOptions {
    offset: u64,
    len: Option<usize>,
    access: Access,
}

impl MapOptions {
    /// The whole file, to be read.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts the mapping `offset` bytes into the file; a multiple of
    /// [`allocation_granularity`](super::allocation_granularity). 0 unless set.
    pub fn offset(&mut self, offset: u64) -> &mut Self {
        self.offset = offset;
        self
    }

    /// Maps `len` bytes; 0 stands for all that there is from the offset to the end of the file, which is also what is
    /// mapped when nothing is set.
    pub fn len(&mut self, len: usize) -> &mut Self {
        self.len = (len != 0).then_some(len);
        self
    }

    /// What the mapping allows; [`Access::Read`] unless set.
    pub fn access(&mut self, access: Access) -> &mut Self {
        self.access = access;
        self
    }

    /// Maps a file. The file may be closed afterwards; the mapping keeps a descriptor of its own.
    ///
    /// # Errors
    ///
    /// Invalid input when the file is empty, when offset or length reach past its end, or when the offset is not
    /// aligned; otherwise what the operating system says, such as that the file was not opened for writing.
    ///
    /// # Safety
    ///
    /// While the mapping lives:
    ///
    /// * nobody, in this process or another, changes bytes that a closure under way in
    ///   [`guarded`](Mapping::guarded) looks at. For files that are only appended to this holds;
    /// * the file is not truncated while such a closure runs on the part that goes away. Truncation between calls is
    ///   noticed and reported as an error.
    #[allow(unsafe_code)]
    pub unsafe fn map_file(&self, file: &File) -> Result<Mapping, Error> {
        let size = file.metadata().map_err(|e| Error::io("cannot read the size of the file to map", e))?.len();
        let len = self.resolve_len(size)?;
        let mut options = MmapOptions::new();
        options.offset(self.offset).len(len);
        let map = match self.access {
            Access::Read => options.map_raw_read_only(file),
            Access::Write => options.map_raw(file),
            // SAFETY: the caller's promise is the one that memmap2 asks for.
            Access::Copy => unsafe { options.map_copy(file) }.map(MmapRaw::from),
        }
        .map_err(|e| Error::io("cannot map the file", e))?;
        let file = file.try_clone().map_err(|e| Error::io("cannot duplicate the descriptor of the mapped file", e))?;
        Ok(Mapping { map, file: Some(file), offset: self.offset, access: self.access })
    }

    /// Maps zeroed memory of [`len`](MapOptions::len) bytes that no file stands behind. It can be written; offset and
    /// access play no part.
    ///
    /// # Errors
    ///
    /// Invalid input when no length is set; otherwise what the operating system says.
    pub fn map_anonymous(&self) -> Result<Mapping, Error> {
        let len = self.len.ok_or_else(|| Error::invalid_input("anonymous memory needs a length greater than 0"))?;
        let map =
            MmapOptions::new().len(len).map_anon().map_err(|e| Error::io("cannot map anonymous memory", e))?.into();
        Ok(Mapping { map, file: None, offset: 0, access: Access::Write })
    }

    /// The number of bytes to map of a file of `size` bytes.
    fn resolve_len(&self, size: u64) -> Result<usize, Error> {
        let (offset, granularity) = (self.offset, allocation_granularity());
        if size == 0 {
            return Err(Error::invalid_input("cannot mmap an empty file"));
        }
        if offset >= size {
            return Err(Error::invalid_input(format!(
                "offset is greater than file size: offset {offset}, file of {size} bytes"
            )));
        }
        let rest = size - offset;
        let len = self.len.map_or(rest, |len| len as u64);
        if len > rest {
            return Err(Error::invalid_input(format!(
                "length is greater than file size: {len} bytes asked for at offset {offset}, the file has {rest} there"
            )));
        }
        if offset % granularity as u64 != 0 {
            return Err(Error::invalid_input(format!(
                "offset {offset} is not a multiple of the allocation granularity, {granularity}"
            )));
        }
        usize::try_from(len)
            .map_err(|_| Error::invalid_input(format!("{len} bytes do not fit into this machine's address space")))
    }
}
