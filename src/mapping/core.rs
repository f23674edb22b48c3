//! What a mapping is: memory, what stands behind it, a cursor; and what all calls ask first.

use std::{
    fmt,
    fs::File,
    ops::{Range, RangeBounds},
};

use super::{
    access::Access,
    mapped::{Backing, Mapped, size_of, unreadable},
    sys,
};
use crate::{error::Error, span::range_of};

/// A range of a file, or anonymous memory, in the address space, with a cursor. Dropping it unmaps.
///
/// Built by [`MapOptions`](super::MapOptions). Bytes are read in closures, through [`guarded`](Mapping::guarded), or
/// copied in and out; no reference into the mapping outlives a call.
///
/// # Examples
///
/// ```
/// use mapgrep::mapping::{Access, Mapping};
///
/// # let path = std::env::temp_dir().join(format!("mapgrep-doc-mapping-{}", std::process::id()));
/// std::fs::write(&path, "hello")?;
/// let mut text = Mapping::open(&path)?;
/// assert_eq!((text.len(), text.is_empty(), text.offset()), (5, false, 0));
/// assert_eq!((text.access(), text.size()?), (Access::Read, 5));
/// assert_eq!(text.guarded(.., |bytes| bytes.iter().filter(|&&byte| byte == b'l').count())?, 2);
/// text.close();
/// assert!(text.is_closed() && text.is_empty());
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Mapping {
    /// `None` once closed.
    pub(super) mapped: Option<Mapped>,
    /// The cursor. A mapping that was made shorter may leave it behind the end.
    pub(super) position: usize,
    /// Where in the file the mapping starts.
    pub(super) offset: u64,
    /// The effective one.
    pub(super) access: Access,
}

impl Mapping {
    /// A mapping of what was mapped from `offset` of a file on.
    pub(super) fn new(mapped: Mapped, offset: u64, access: Access) -> Self {
        Mapping { mapped: Some(mapped), position: 0, offset, access }
    }

    /// Unmaps, and gives back the descriptor that was kept of the file, if one was.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read;
    /// use mapgrep::mapping::{Access, MapOptions};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-into-file-{}", std::process::id()));
    /// std::fs::write(&path, "text")?;
    /// let file = std::fs::File::open(&path)?;
    /// // SAFETY: nobody changes the file while it is mapped.
    /// let mapping = unsafe { MapOptions::new().access(Access::Read).map_own_file(file) }.map_err(|(error, _)| error)?;
    /// let mut text = String::new();
    /// mapping.into_file().expect("it was kept").read_to_string(&mut text)?;
    /// assert_eq!(text, "text");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_file(mut self) -> Option<File> {
        match self.mapped.take()?.into_backing() {
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
        self.mapped.as_ref().map_or(0, |mapped| mapped.region().len())
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

    /// The present size of the mapped file in bytes, which may differ from what is mapped. On Windows anonymous memory
    /// has a size as well, its length, as in Python.
    ///
    /// # Errors
    ///
    /// The system's error, which is `EBADF` where no descriptor is kept, and for anonymous memory on systems other than
    /// Windows.
    pub fn size(&self) -> Result<u64, Error> {
        let mapped = self.usable()?;
        if cfg!(windows) && matches!(mapped.backing(), Backing::Anonymous { .. }) {
            return Ok(self.len() as u64);
        }
        let file = mapped.backing().file().ok_or_else(|| {
            Error::io("cannot tell the size of a file: the mapping holds none", sys::error(sys::BAD_DESCRIPTOR))
        })?;
        size_of(file)
    }

    /// The file that is mapped, if a descriptor of it was kept.
    pub(crate) fn file(&self) -> Option<&File> {
        self.mapped.as_ref().and_then(|mapped| mapped.backing().file())
    }

    /// Fails when the mapping is closed or not to be read, without asking the system anything.
    pub(crate) fn check_readable(&self) -> Result<(), Error> {
        match self.usable()?.region().is_readable() {
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

    /// What the mapping holds, if it is neither closed nor spoilt by a fault: the check that comes first in all calls.
    #[inline]
    pub(super) fn usable(&self) -> Result<&Mapped, Error> {
        let mapped = self.mapped.as_ref().ok_or_else(Error::closed)?;
        mapped.check_fault(usize::MAX, self.offset)?;
        Ok(mapped)
    }

    pub(super) fn check_writable(&self) -> Result<(), Error> {
        match self.access {
            Access::Read => Err(Error::read_only("read-only: map with Access::Write or Access::Copy to change it")),
            Access::Default | Access::Write | Access::Copy => Ok(()),
        }
    }

    /// A range of the mapping, in numbers.
    pub(super) fn resolve(&self, range: impl RangeBounds<usize>) -> Result<Range<usize>, Error> {
        let (range, len) = (range_of(range, self.len()), self.len());
        if range.start <= range.end && range.end <= len {
            return Ok(range);
        }
        if self.is_closed() {
            return Err(Error::closed());
        }
        let Range { start, end } = range;
        Err(Error::out_of_range(format!("range {start}..{end} is out of bounds of a mapping of {len} bytes")))
    }
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
