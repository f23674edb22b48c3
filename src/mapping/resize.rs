//! Giving a mapping, and the file behind it, another length.

use super::{
    access::Access,
    core::Mapping,
    mapped::{Backing, Mapped},
};
use crate::error::Error;

impl Mapping {
    /// Makes the mapping `len` bytes long. A file behind it gets the length that ends where the mapping does: it is
    /// cut, or extended by zeros. The cursor stays where it is, even if that is behind the end then.
    ///
    /// # Errors
    ///
    /// * [`is_invalid_input`](Error::is_invalid_input) when no descriptor of the file is kept, or `len` is 0;
    /// * [`is_read_only`](Error::is_read_only) for [`Access::Read`] and [`Access::Copy`];
    /// * [`is_out_of_range`](Error::is_out_of_range) when the file cannot be that long;
    /// * [`is_io`](Error::is_io): what the operating system says. `EINVAL` when shared anonymous memory is to grow
    ///   beyond the pages that it was made with, which the system does not do (on Linux it would give addresses that
    ///   fault).
    ///
    /// Shared anonymous memory that was made shorter and grows again, within the pages that it was made with, has what
    /// it had: a child may have used it meanwhile.
    ///
    /// On Windows a file that somebody else maps cannot be cut, and memory with a tag name keeps its length.
    ///
    /// The mapping has its old length then, and so has the file; or the mapping is closed, where the system could not
    /// give it back. An advice for a part of a mapping can make the system refuse to extend it (`EFAULT`). Systems
    /// other than Linux and Windows resize neither private changes to a file nor memory that is shared with children.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{Access, MapOptions};
    ///
    /// let path = std::env::temp_dir().join(format!("mapgrep-doc-resize-{}", std::process::id()));
    /// std::fs::write(&path, "hello")?;
    /// let file = std::fs::File::options().read(true).write(true).open(&path)?;
    /// // SAFETY: nobody else changes the file while this example has it mapped.
    /// let mut mapping = unsafe { MapOptions::new().access(Access::Write).map_file(&file)? };
    /// mapping.resize(7)?;
    /// mapping.set_slice(5.., b"!!")?;
    /// mapping.close();
    /// assert_eq!(std::fs::read(&path)?, b"hello!!");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resize(&mut self, len: usize) -> Result<(), Error> {
        let mapped = self.usable()?;
        if matches!(mapped.backing(), Backing::Untracked | Backing::Anonymous { is_tracked: false }) {
            return Err(Error::invalid_input(
                "cannot resize: the mapping was made to track no descriptor (MapOptions::track_fd)",
            ));
        }
        if matches!(self.access, Access::Read | Access::Copy) {
            return Err(Error::read_only("read-only or copy-on-write, and cannot be resized"));
        }
        if len == 0 {
            return Err(Error::invalid_input("cannot resize to 0 bytes: no mapping is empty; close it instead"));
        }
        let end = self.offset.checked_add(len as u64).filter(|&end| i64::try_from(end).is_ok());
        let Some(end) = end.filter(|_| isize::try_from(len).is_ok()) else {
            let message = format!("cannot resize to {len} bytes at offset {}: no file is so long", self.offset);
            return Err(Error::out_of_range(message));
        };
        let Some(mapped) = self.mapped.take() else { return Err(Error::closed()) };
        let (is_watched, checks_small_reads) = (mapped.is_watched(), mapped.quick.checks_small_reads());
        let proves = mapped.quick.proves();
        let (region, backing) = mapped.into_parts();
        let (region, resized) = region.resize(backing.file(), len, end);
        if let Some(region) = region {
            let mapped = Mapped::new(region, backing, self.offset, is_watched, checks_small_reads)?;
            if !proves {
                mapped.quick.stop_proving();
            }
            self.mapped = Some(mapped);
        }
        resized.map_err(|e| Error::io(format!("cannot resize the mapping to {len} bytes"), e))
    }
}
