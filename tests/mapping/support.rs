//! What the tests of several rules need: files, mappings of them, and what the kernel says about those.

use std::{
    fs::{self, File},
    io::Write,
};

#[cfg(unix)]
use mapgrep::mapping::MapFlags;
use mapgrep::{
    Error,
    mapping::{Access, MapOptions, Mapping},
};
use tempfile::NamedTempFile;

pub(crate) const ALL: [Access; 4] = [Access::Default, Access::Read, Access::Write, Access::Copy];

/// True in an emulator of another processor, which passes little of what is asked for on to the kernel: it takes advice
/// of numbers that there are none of. What the kernel then says of a mapping is no sign of what was asked.
#[cfg(target_os = "linux")]
pub(crate) fn is_emulated() -> bool {
    let memory = MapOptions::new().len(1).map_anonymous().unwrap();
    let start = memory.guarded(.., |bytes| bytes.as_ptr().cast_mut()).unwrap();
    // SAFETY: the page is mapped, and no kernel has such an advice.
    let is_taken = unsafe { libc::madvise(start.cast(), 1, 4711) } == 0;
    if is_taken {
        println!("In an emulator the kernel does not hear what is asked.");
    }
    is_taken
}

/// A file that has a name, by which the kernel tells of it.
pub(crate) fn file_of(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// A file on a disk, which what is written back goes to; other temporary files may be in memory.
#[cfg(target_os = "linux")]
pub(crate) fn file_on_disk(bytes: &[u8]) -> NamedTempFile {
    let file = tempfile::Builder::new().tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(file.path(), bytes).unwrap();
    file.as_file().sync_all().unwrap();
    file
}

pub(crate) fn content(file: &NamedTempFile) -> Vec<u8> {
    fs::read(file.path()).unwrap()
}

/// A file, with a name or without.
pub(crate) trait AnyFile {
    fn file(&self) -> &File;
}

impl AnyFile for File {
    fn file(&self) -> &File {
        self
    }
}

impl AnyFile for NamedTempFile {
    fn file(&self) -> &File {
        self.as_file()
    }
}

pub(crate) fn map(file: &impl AnyFile, options: &MapOptions) -> Result<Mapping, Error> {
    // SAFETY: the file belongs to the test alone, which changes it between two looks only.
    unsafe { options.map_file(file.file()) }
}

/// The whole file, with an access.
pub(crate) fn mapped(file: &impl AnyFile, access: Access) -> Mapping {
    map(file, MapOptions::new().access(access)).unwrap()
}

#[cfg(unix)]
pub(crate) fn with_flags(flags: MapFlags) -> MapOptions {
    let mut options = MapOptions::new();
    // SAFETY: the flags map over nothing that is in use, or are refused.
    unsafe { options.flags(flags) };
    options
}

/// Anonymous memory with this content.
pub(crate) fn memory(bytes: &[u8]) -> Mapping {
    let mut mapping = MapOptions::new().len(bytes.len()).map_anonymous().unwrap();
    mapping.set_slice(.., bytes).unwrap();
    mapping
}

pub(crate) fn bytes_of(mapping: &Mapping) -> Vec<u8> {
    mapping.slice(..).unwrap()
}

/// The system's number. Not `unwrap_err`, which wants the other side to be printable.
#[cfg(unix)]
#[track_caller]
pub(crate) fn errno<T>(result: Result<T, Error>) -> i32 {
    let error = result.err().expect("an error");
    assert!(error.is_io(), "not of the system: {error}");
    error.io_error().and_then(std::io::Error::raw_os_error).expect("a number")
}

/// One of the questions after the kind of an error.
pub(crate) type Is = fn(&Error) -> bool;

/// The error, which is of the kind that is asked about.
#[track_caller]
pub(crate) fn fails<T>(result: Result<T, Error>, is: Is) -> Error {
    let error = result.err().expect("an error");
    assert!(is(&error), "of another kind: {error:?}");
    error
}

#[cfg(target_os = "linux")]
pub(crate) use self::kernel::{area_of, areas_of_file, descriptors_of};

#[cfg(target_os = "linux")]
mod kernel {
    use std::{collections::HashMap, fs, ops::Range, path::Path};

    use mapgrep::mapping::Mapping;

    /// An entry of `/proc/self/smaps`.
    #[derive(Clone, Debug)]
    pub(crate) struct Area {
        pub(crate) addresses: Range<usize>,
        /// As `rw-s`.
        pub(crate) permissions: String,
        /// As `fe:00`.
        pub(crate) device: String,
        pub(crate) inode: u64,
        pub(crate) name: String,
        flags: Vec<String>,
        kilobytes: HashMap<String, usize>,
    }

    impl Area {
        /// A number of the entry, in bytes.
        pub(crate) fn bytes(&self, field: &str) -> usize {
            self.kilobytes[field] << 10
        }

        pub(crate) fn dirty(&self) -> usize {
            self.bytes("Shared_Dirty") + self.bytes("Private_Dirty")
        }

        /// One of the two letters in `VmFlags`.
        pub(crate) fn has(&self, flag: &str) -> bool {
            self.flags.iter().any(|has| has == flag)
        }
    }

    fn areas() -> Vec<Area> {
        let mut areas: Vec<Area> = vec![];
        for line in String::from_utf8_lossy(&fs::read("/proc/self/smaps").unwrap()).lines() {
            let (first, rest) = line.split_once(char::is_whitespace).unwrap();
            if let Some(field) = first.strip_suffix(':') {
                let area = areas.last_mut().unwrap();
                if field == "VmFlags" {
                    area.flags = rest.split_whitespace().map(str::to_owned).collect();
                } else if let Some(number) = rest.trim().strip_suffix(" kB") {
                    area.kilobytes.insert(field.to_owned(), number.parse().unwrap());
                }
                continue;
            }
            let (start, end) = first.split_once('-').unwrap();
            let number = |hex| usize::from_str_radix(hex, 16).unwrap();
            // Permissions, offset, device, inode, name; the name may have spaces in it.
            let mut columns = rest.trim().splitn(5, ' ');
            areas.push(Area {
                addresses: number(start)..number(end),
                permissions: columns.next().unwrap().to_owned(),
                device: columns.nth(1).unwrap().to_owned(),
                inode: columns.next().unwrap().parse().unwrap(),
                name: columns.next().unwrap_or_default().trim().to_owned(),
                flags: vec![],
                kilobytes: HashMap::new(),
            });
        }
        areas
    }

    /// Where a byte of a mapping is. The kernel makes one area of private memory and a neighbour of the same kind.
    pub(crate) fn area_of(mapping: &Mapping, at: usize) -> Area {
        let address = mapping.guarded(at.., |bytes| bytes.as_ptr() as usize).unwrap();
        areas().into_iter().find(|area| area.addresses.contains(&address)).unwrap()
    }

    /// Where a file is mapped.
    pub(crate) fn areas_of_file(path: &Path) -> Vec<Area> {
        let path = path.canonicalize().unwrap();
        areas().into_iter().filter(|area| Path::new(&area.name) == path).collect()
    }

    /// The descriptors that this process has of the file.
    pub(crate) fn descriptors_of(path: &Path) -> Vec<i32> {
        let path = path.canonicalize().unwrap();
        let number = |entry: fs::DirEntry| {
            // Another test may have closed it meanwhile.
            let is_it = fs::read_link(entry.path()).is_ok_and(|link| link == path);
            is_it.then(|| entry.file_name().to_str().unwrap().parse().unwrap())
        };
        fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| number(entry.ok()?)).collect()
    }
}
