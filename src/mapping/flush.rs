//! Writing changes back to the file.

use std::ops::{Range, RangeBounds};

#[cfg(unix)]
use super::constants::FlushFlags;
use super::{
    access::Access,
    core::Mapping,
    sys::{self, page_size},
};
use crate::error::Error;

impl Mapping {
    /// Writes changed pages back to the file and waits for it. Does nothing for read-only and copy-on-write mappings.
    ///
    /// # Errors
    ///
    /// Fails when the operating system reports a failed write.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::MapOptions;
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-flush-{}", std::process::id()));
    /// std::fs::write(&path, "hello")?;
    /// let file = std::fs::OpenOptions::new().read(true).write(true).open(&path)?;
    /// // SAFETY: nobody else changes the file while it is mapped.
    /// let mut text = unsafe { MapOptions::new().map_file(&file)? };
    /// text.set(0, b'j')?;
    /// text.flush()?;
    /// assert_eq!(std::fs::read(&path)?, b"jello");
    /// # drop(text);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flush(&self) -> Result<(), Error> {
        self.flush_range(..)
    }

    /// Writes the changed pages of a range back, and waits for it.
    ///
    /// # Errors
    ///
    /// [`is_out_of_range`](Error::is_out_of_range) when the range does not lie in the mapping, which is looked at
    /// first; `EINVAL` when it does not start at a multiple of the page size; otherwise what the operating system
    /// says.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{MapOptions, page_size};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-flush-range-{}", std::process::id()));
    /// std::fs::write(&path, vec![0; 2 * page_size()])?;
    /// let file = std::fs::OpenOptions::new().read(true).write(true).open(&path)?;
    /// // SAFETY: nobody else changes the file while it is mapped.
    /// let mut text = unsafe { MapOptions::new().map_file(&file)? };
    /// text.set(-1, b'x')?;
    /// text.flush_range(page_size()..)?;
    /// assert!(text.flush_range(1..).unwrap_err().is_io());
    /// # drop(text);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flush_range(&self, range: impl RangeBounds<usize>) -> Result<(), Error> {
        #[cfg(unix)]
        return self.flush_range_with(range, FlushFlags::SYNC);
        #[cfg(windows)]
        {
            let Some(range) = self.range_to_flush(range)? else { return Ok(()) };
            let mapped = self.usable()?;
            let done = mapped.region().flush(range, mapped.backing().file());
            done.map_err(|e| Error::io("cannot flush the mapping", e))
        }
    }

    /// The same, with the flags of the system's call: for instance without waiting.
    ///
    /// # Errors
    ///
    /// As [`flush_range`](Mapping::flush_range).
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{FlushFlags, MapOptions};
    ///
    /// let memory = MapOptions::new().len(100).map_anonymous()?;
    /// memory.flush_range_with(.., FlushFlags::ASYNC)?;
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    #[cfg(unix)]
    pub fn flush_range_with(&self, range: impl RangeBounds<usize>, flags: FlushFlags) -> Result<(), Error> {
        let Some(range) = self.range_to_flush(range)? else { return Ok(()) };
        let mapped = self.usable()?;
        let done = mapped.region().flush(range, flags, mapped.backing().file());
        done.map_err(|e| Error::io("cannot flush the mapping", e))
    }

    /// The range in numbers; `None` when there is nothing to do because changes have nowhere to go.
    fn range_to_flush(&self, range: impl RangeBounds<usize>) -> Result<Option<Range<usize>>, Error> {
        self.usable()?;
        let range = self.resolve(range)?;
        if matches!(self.access, Access::Read | Access::Copy) {
            return Ok(None);
        }
        if !range.start.is_multiple_of(page_size()) {
            let doing = format!("cannot flush from {}, which is no multiple of the page size", range.start);
            return Err(Error::io(doing, sys::error(sys::INVALID)));
        }
        Ok(Some(range))
    }
}
