//! What to map, and how: the builder of [`Mapping`].

#[cfg(windows)]
use std::ffi::{OsStr, OsString};
use std::fs::File;

#[cfg(unix)]
use super::constants::{MapFlags, Prot};
use super::{
    access::Access,
    core::Mapping,
    mapped::{Backing, Mapped},
    sys::{self, AsFile, Handle, Region, Request, Stat},
};
use crate::error::Error;

/// Options for a [`Mapping`]: where in the file it starts, how long it is, and what it allows.
///
/// Without any they are those of Python's `mmap.mmap`: all of the file, shared, to be read and written.
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
#[derive(Clone, Debug)]
pub struct MapOptions {
    offset: u64,
    len: usize,
    access: Access,
    #[cfg(unix)]
    flags: MapFlags,
    #[cfg(unix)]
    prot: Prot,
    #[cfg(windows)]
    tag_name: Option<OsString>,
    track_fd: bool,
    guard_faults: bool,
    check_small_reads: bool,
}

impl Default for MapOptions {
    fn default() -> Self {
        MapOptions {
            offset: 0,
            len: 0,
            access: Access::Default,
            #[cfg(unix)]
            flags: MapFlags::SHARED,
            #[cfg(unix)]
            prot: Prot::READ | Prot::WRITE,
            #[cfg(windows)]
            tag_name: None,
            track_fd: true,
            guard_faults: true,
            check_small_reads: true,
        }
    }
}

impl MapOptions {
    /// The whole file, shared, to be read and written.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts the mapping `offset` bytes into the file; a multiple of
    /// [`allocation_granularity`](super::allocation_granularity). 0 unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{Access, MapOptions};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-offset-{}", std::process::id()));
    /// let start = mapgrep::mapping::allocation_granularity();
    /// std::fs::write(&path, [vec![b'a'; start], b"tail".to_vec()].concat())?;
    /// let file = std::fs::File::open(&path)?;
    /// // SAFETY: nobody changes the file while this example has it mapped.
    /// let mapping = unsafe { MapOptions::new().access(Access::Read).offset(start as u64).map_file(&file)? };
    /// assert_eq!(mapping.guarded(.., <[u8]>::to_vec)?, b"tail");
    /// # drop(mapping);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn offset(&mut self, offset: u64) -> &mut Self {
        self.offset = offset;
        self
    }

    /// Maps `len` bytes; 0, which it is unless set, stands for all that there is from the offset to the end of the
    /// file.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{Access, MapOptions};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-len-{}", std::process::id()));
    /// std::fs::write(&path, "hello, world")?;
    /// let file = std::fs::File::open(&path)?;
    /// // SAFETY: nobody changes the file while this example has it mapped.
    /// let mapping = unsafe { MapOptions::new().access(Access::Read).len(5).map_file(&file)? };
    /// assert_eq!(mapping.guarded(.., <[u8]>::to_vec)?, b"hello");
    /// # drop(mapping);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn len(&mut self, len: usize) -> &mut Self {
        self.len = len;
        self
    }

    /// What the mapping allows; [`Access::Default`] unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{Access, MapOptions};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-access-{}", std::process::id()));
    /// std::fs::write(&path, "hello")?;
    /// let file = std::fs::File::open(&path)?;
    /// // SAFETY: nobody changes the file while this example has it mapped.
    /// let mut mapping = unsafe { MapOptions::new().access(Access::Copy).map_file(&file)? };
    /// mapping.set_slice(..1, b"J")?;
    /// assert_eq!(mapping.guarded(.., <[u8]>::to_vec)?, b"Jello");
    /// assert_eq!(std::fs::read(&path)?, b"hello");
    /// # drop(mapping);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn access(&mut self, access: Access) -> &mut Self {
        self.access = access;
        self
    }

    /// How the memory is mapped, instead of an access: [`MapFlags::SHARED`] unless set.
    ///
    /// # Safety
    ///
    /// The flags go to the system as they are, but that those which map over memory in use are refused; what others do
    /// is on the caller.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{MapFlags, MapOptions};
    ///
    /// // SAFETY: private memory that is new belongs to this mapping alone.
    /// let memory = unsafe { MapOptions::new().flags(MapFlags::PRIVATE).len(4096).map_anonymous()? };
    /// assert_eq!(memory.get(0)?, 0);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    #[cfg(unix)]
    #[allow(unsafe_code)]
    pub unsafe fn flags(&mut self, flags: MapFlags) -> &mut Self {
        self.flags = flags;
        self
    }

    /// What the pages may be used for, instead of an access: reading and writing unless set. Without [`Prot::READ`]
    /// every read is an error, and without [`Prot::WRITE`] every write.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{MapOptions, Prot};
    ///
    /// let mut memory = MapOptions::new().prot(Prot::READ).len(4096).map_anonymous()?;
    /// assert!(memory.guarded_mut(.., |bytes| bytes.fill(1)).unwrap_err().is_read_only());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    #[cfg(unix)]
    pub fn prot(&mut self, prot: Prot) -> &mut Self {
        self.prot = prot;
        self
    }

    /// A name for what is mapped: who maps it by the same name, in this process or another, has the same memory. An
    /// empty one stands for none.
    ///
    /// # Safety
    ///
    /// Bytes that a closure under way in [`guarded`](Mapping::guarded) looks at are changed by nobody who has the name,
    /// also where it names anonymous memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::MapOptions;
    ///
    /// let mut options = MapOptions::new();
    /// options.len(100);
    /// // SAFETY: nobody else knows the name.
    /// let memory = unsafe { options.tag_name("mapgrep-doc-tag") }.map_anonymous()?;
    /// assert_eq!(memory.len(), 100);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    #[cfg(windows)]
    #[allow(unsafe_code)]
    pub unsafe fn tag_name(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.tag_name = Some(name.as_ref().to_owned()).filter(|name| !name.is_empty());
        self
    }

    /// Whether the mapping keeps a descriptor of its own of the file; true unless set. Without one neither
    /// [`size`](Mapping::size) nor [`resize`](Mapping::resize) work, and that a file was truncated within a page
    /// goes unnoticed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{Access, MapOptions};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-track-{}", std::process::id()));
    /// std::fs::write(&path, "hello")?;
    /// let file = std::fs::File::open(&path)?;
    /// // SAFETY: nobody changes the file while this example has it mapped.
    /// let mapping = unsafe { MapOptions::new().access(Access::Read).track_fd(false).map_file(&file)? };
    /// assert!(mapping.size().unwrap_err().is_io());
    /// # drop(mapping);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn track_fd(&mut self, yes: bool) -> &mut Self {
        self.track_fd = yes;
        self
    }

    /// Whether faults in the mapping, as after the file was truncated, become errors; true unless set. It takes a
    /// handler of the signal SIGBUS, which the first such mapping of a process installs; signals that have to do with
    /// no mapping go to the handler that was there before. A process that wants its signals to itself says no, and is
    /// killed when a file is truncated while it is read. So is one in which somebody installs another handler later
    /// that does not pass on what is none of its own, and a thread that blocks the signal. On Windows a file that is
    /// mapped cannot be truncated, and this plays no part.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{Access, MapOptions};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-guard-{}", std::process::id()));
    /// std::fs::write(&path, "hello")?;
    /// let file = std::fs::File::open(&path)?;
    /// // SAFETY: nobody changes the file while this example has it mapped.
    /// let mapping = unsafe { MapOptions::new().access(Access::Read).guard_faults(false).map_file(&file)? };
    /// assert_eq!(mapping.get(0)?, b'h');
    /// # drop(mapping);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn guard_faults(&mut self, yes: bool) -> &mut Self {
        self.guard_faults = yes;
        self
    }

    /// Whether calls that return a copy of at most 4 KiB ([`get`](Mapping::get), [`slice`](Mapping::slice),
    /// [`read_line`](Mapping::read_line) and others) notice that the file was cut within a page that they read; true
    /// unless set. It takes them a system call where they copy a zero: see [`guarded`](Mapping::guarded). Without it
    /// they may take the rest of the page in which the file ends for zeros of the file, as Python does. Pages that are
    /// gone are noticed all the same, and larger reads and writes keep asking for the file's size.
    ///
    /// # Examples
    ///
    /// Many small reads of numbers, most bytes of which are zeros:
    ///
    /// ```
    /// use mapgrep::mapping::{Access, MapOptions};
    ///
    /// let path = std::env::temp_dir().join(format!("mapgrep-doc-small-reads-{}", std::process::id()));
    /// std::fs::write(&path, [0, 0, 0, 7].repeat(1000))?;
    /// let file = std::fs::File::open(&path)?;
    /// let mut options = MapOptions::new();
    /// options.access(Access::Read).check_small_reads(false);
    /// // SAFETY: nobody changes the file while this example has it mapped.
    /// let mapping = unsafe { options.map_file(&file)? };
    /// let sum: u64 = (0..4000).map(|at| mapping.get(at).map(u64::from)).sum::<Result<_, _>>()?;
    /// assert_eq!(sum, 7000);
    /// # drop(mapping);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check_small_reads(&mut self, yes: bool) -> &mut Self {
        self.check_small_reads = yes;
        self
    }

    /// Maps a file, given by anything that has a descriptor. On macOS the file is written to its medium first
    /// (`F_FULLFSYNC`), as Python's documentation promises for the validity of the mapping. The file may be closed
    /// afterwards; the mapping keeps a descriptor of its own.
    ///
    /// # Errors
    ///
    /// * [`is_invalid_input`](Error::is_invalid_input) when the file is empty, when offset or length reach past its
    ///   end, when an access is given together with flags or protection, and for flags that map over memory in use;
    /// * otherwise what the operating system says: `EINVAL` for an offset that is no multiple of the granularity,
    ///   `EACCES` for a file that was not opened for what is asked, `ENODEV` for what cannot be mapped.
    ///
    /// # Safety
    ///
    /// While the mapping lives, nobody, in this process or another, changes the bytes of the file that a call on the
    /// mapping is looking at: a closure in [`guarded`](Mapping::guarded), or a read, a write or a search while it is
    /// under way; [`copy_out`](Mapping::copy_out) and [`copy_in`](Mapping::copy_in) tolerate other processes. For files
    /// that are only appended to this holds. Truncation is noticed and becomes an error.
    ///
    /// # Examples
    ///
    /// See [`MapOptions`].
    #[allow(unsafe_code)]
    pub unsafe fn map_file<F: AsFile>(&self, file: &F) -> Result<Mapping, Error> {
        let handle = sys::handle(file);
        let (region, stat, access) = self.map_region(handle)?;
        let own = match self.track_fd {
            true => Some(
                sys::duplicate(handle)
                    .map_err(|e| Error::io("cannot duplicate the descriptor of the mapped file", e))?,
            ),
            false => None,
        };
        self.mapping(region, self.backing(own, stat), access)
    }

    /// As [`map_file`](MapOptions::map_file), for a file that the mapping takes: it keeps this descriptor and needs no
    /// other. [`into_file`](Mapping::into_file) gives it back, and has an example.
    ///
    /// # Errors
    ///
    /// As [`map_file`](MapOptions::map_file). The file is given back where the system did not map it.
    ///
    /// # Safety
    ///
    /// That of [`map_file`](MapOptions::map_file).
    ///
    /// # Examples
    ///
    /// See [`into_file`](Mapping::into_file).
    #[allow(unsafe_code)]
    pub unsafe fn map_own_file(&self, file: File) -> Result<Mapping, (Error, Option<File>)> {
        let (region, stat, access) = match self.map_region(sys::handle(&file)) {
            Ok(mapped) => mapped,
            Err(error) => return Err((error, Some(file))),
        };
        self.mapping(region, self.backing(Some(file), stat), access).map_err(|error| (error, None))
    }

    /// Maps a file, without what the mapping is to keep of it.
    fn map_region(&self, handle: Handle<'_>) -> Result<(Region, Stat, Access), Error> {
        let access = self.effective_access()?;
        let stat = Stat::of(handle).map_err(|e| Error::io("cannot read the size of the file to map", e))?;
        let len = if stat.is_regular { self.len_in_file(stat.size)? } else { self.len };
        let region = Region::map(Some(handle), self.request(len, false))
            .map_err(|e| Error::io(self.describe("the file", len), e))?;
        Ok((region, stat, access))
    }

    /// What stands behind the mapping of a file of which this descriptor is kept.
    fn backing(&self, own: Option<File>, stat: Stat) -> Backing {
        match own {
            Some(file) => Backing::File {
                file,
                is_regular: stat.is_regular && self.maps_files(),
                modified: stat.is_settled().then_some(stat.modified),
            },
            None => Backing::Untracked,
        }
    }

    /// Maps zeroed memory of [`len`](MapOptions::len) bytes that no file stands behind: Python's file number -1. It is
    /// shared with children that this process forks, unless it is mapped with [`Access::Copy`] or
    /// [`MapFlags::PRIVATE`]. Who forks, which is unsafe, sees to it that parent and child do not change what the other
    /// looks at.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) as for [`map_file`](MapOptions::map_file); otherwise what the
    /// operating system says: `EINVAL` when no length is set.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::MapOptions;
    ///
    /// let mut memory = MapOptions::new().len(10).map_anonymous()?;
    /// memory.set_slice(..5, b"hello")?;
    /// assert_eq!(memory.slice(3..7)?, b"lo\0\0");
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn map_anonymous(&self) -> Result<Mapping, Error> {
        let access = self.effective_access()?;
        let region = Region::map(None, self.request(self.len, true))
            .map_err(|e| Error::io(self.describe("anonymous memory", self.len), e))?;
        self.mapping(region, Backing::Anonymous { is_tracked: self.track_fd }, access)
    }

    fn mapping(&self, region: Region, backing: Backing, access: Access) -> Result<Mapping, Error> {
        let is_watched = self.guard_faults && !matches!(backing, Backing::Anonymous { .. });
        let mapped = Mapped::new(region, backing, self.offset, is_watched, self.check_small_reads)?;
        Ok(Mapping::new(mapped, self.offset, access))
    }

    /// The access that comes of access, flags and protection.
    #[cfg(unix)]
    fn effective_access(&self) -> Result<Access, Error> {
        let given = Self::default();
        if self.access != Access::Default && (self.flags != given.flags || self.prot != given.prot) {
            return Err(Error::invalid_input("can't specify both access and flags, prot: an access stands for both"));
        }
        let refused = self.flags & MapFlags::dangerous();
        if !refused.is_empty() {
            return Err(Error::invalid_input(format!(
                "flags {:#x} are refused: they map over memory that may be in use",
                refused.bits()
            )));
        }
        Ok(match self.access {
            Access::Default if self.prot.contains(Prot::READ | Prot::WRITE) => Access::Default,
            Access::Default if self.prot.contains(Prot::WRITE) => Access::Write,
            Access::Default => Access::Read,
            access => access,
        })
    }

    /// False when the flags have the system map anonymous memory, whatever file it is given.
    #[cfg(unix)]
    fn maps_files(&self) -> bool {
        !self.flags.contains(MapFlags::ANONYMOUS)
    }

    #[cfg(windows)]
    fn maps_files(&self) -> bool {
        true
    }

    /// The access as it is: there are no flags.
    #[cfg(windows)]
    fn effective_access(&self) -> Result<Access, Error> {
        if self.tag_name.as_ref().is_some_and(|name| name.as_encoded_bytes().contains(&0)) {
            return Err(Error::invalid_input("the tag name has a NUL: it would end there"));
        }
        Ok(self.access)
    }

    #[cfg(unix)]
    fn request(&self, len: usize, is_anonymous: bool) -> Request {
        let (mut flags, prot) = match self.access {
            Access::Default => (self.flags, self.prot),
            Access::Read => (MapFlags::SHARED, Prot::READ),
            Access::Write => (MapFlags::SHARED, Prot::READ | Prot::WRITE),
            Access::Copy => (MapFlags::PRIVATE, Prot::READ | Prot::WRITE),
        };
        flags.set(MapFlags::ANONYMOUS, is_anonymous || flags.contains(MapFlags::ANONYMOUS));
        Request { offset: self.offset, len, flags, prot }
    }

    #[cfg(windows)]
    fn request(&self, len: usize, _: bool) -> Request {
        Request { offset: self.offset, len, access: self.access, tag_name: self.tag_name.clone() }
    }

    /// The number of bytes to map of a regular file of `size` bytes.
    fn len_in_file(&self, size: u64) -> Result<usize, Error> {
        let (offset, len) = (self.offset, self.len as u64);
        if len == 0 && size == 0 {
            return Err(Error::invalid_input("cannot mmap an empty file"));
        }
        if len == 0 && offset >= size {
            return Err(Error::invalid_input(format!(
                "offset is greater than file size: offset {offset}, file of {size} bytes"
            )));
        }
        let rest = size.saturating_sub(offset);
        // Windows extends a file that is mapped to be written.
        if cfg!(unix) && len > rest {
            return Err(Error::invalid_input(format!(
                "length is greater than file size: {len} bytes asked for at offset {offset}, the file has {rest} there"
            )));
        }
        let len = if len == 0 { rest } else { len };
        usize::try_from(len)
            .map_err(|_| Error::invalid_input(format!("{len} bytes do not fit into this machine's address space")))
    }

    fn describe(&self, what: &str, len: usize) -> String {
        format!("cannot map {len} bytes of {what} at offset {}", self.offset)
    }
}
