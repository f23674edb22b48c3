//! Files that are mapped to be read, without a contract for the caller.

use std::{fs::File, path::Path};

use super::{access::Access, core::Mapping, options::MapOptions};
use crate::error::Error;

impl Mapping {
    /// Maps a file, whole and to be read only, guarded against faults.
    ///
    /// What is promised when another program writes to the file while it is mapped:
    ///
    /// - Appended bytes do not show: the mapping keeps its length.
    /// - A file that is cut makes the calls that needed the lost bytes fail with
    ///   [`is_truncated`](Error::is_truncated). No signal ends the process, and what was read of the lost bytes is
    ///   thrown away.
    /// - Bytes that are overwritten show at any moment, in any order, also half of them. All that this crate does with
    ///   mapped bytes copies them or searches them, by code that stays within its bounds whatever they are; a search
    ///   that panics over bytes that have changed becomes [`is_changed`](Error::is_changed). A closure of your own in
    ///   [`guarded`](Mapping::guarded) has to bear it as well: it may find another byte when it looks a second time.
    ///   Copy out with [`slice`](Mapping::slice) what has to stay as it is. (Unsafe code that trusts a second look,
    ///   for instance in a parser, must not be given such bytes; who cannot exclude writers *and* needs that uses the
    ///   copy.)
    ///
    /// [`MapOptions`] has everything else: parts of files, writing, a mapping without a guard.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is empty, or is nothing that can be mapped, such as a pipe or a directory; with
    /// its path.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::Mapping;
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-open-{}", std::process::id()));
    /// # std::fs::write(&path, "hello, world")?;
    /// let text = Mapping::open(&path)?;
    /// assert_eq!(text.rfind_in(b"o", ..)?, Some(8));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Mapping, Error> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| Error::io("", error).with_path(path))?;
        Mapping::open_file(&file).map_err(|error| error.with_path(path))
    }

    /// As [`open`](Mapping::open), for a file that is open to be read. The mapping keeps a descriptor of its own.
    ///
    /// # Errors
    ///
    /// As [`open`](Mapping::open), without the path.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::Mapping;
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-open-file-{}", std::process::id()));
    /// std::fs::write(&path, "hello")?;
    /// let text = Mapping::open_file(&std::fs::File::open(&path)?)?;
    /// assert_eq!(text.slice(1..3)?, b"el");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(unsafe_code)]
    pub fn open_file(file: &File) -> Result<Mapping, Error> {
        Mapping::open_start(file, 0)
    }

    /// As [`open_file`](Mapping::open_file), for the first `len` bytes of the file, or all of it when that is 0.
    #[allow(unsafe_code)]
    pub(crate) fn open_start(file: &File, len: usize) -> Result<Mapping, Error> {
        // SAFETY: the mapping is read only, so that nothing here changes the bytes. Those who do from outside are told
        // of in the docs of `open`: bytes of the file are plain numbers without invalid values, every access is
        // checked against the length of the slice, which does not change, and pages that go away are replaced by the
        // guard, which is on.
        unsafe { MapOptions::new().access(Access::Read).len(len).map_file(file) }
    }

    /// As [`open_file`](Mapping::open_file), for a file that is the caller's no more: the mapping keeps the descriptor
    /// that is there.
    #[allow(unsafe_code)]
    pub(crate) fn open_own_file(file: File) -> Result<Mapping, Error> {
        // SAFETY: the same holds as in `open_start`: the mapping is read only and guarded, and what others write to
        // the file shows as other numbers.
        unsafe { MapOptions::new().access(Access::Read).map_own_file(file) }.map_err(|(error, _)| error)
    }
}
