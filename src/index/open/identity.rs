//! Whether a file is the one that was indexed.

use std::{
    fs::{File, Metadata},
    io,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use super::owner::Owner;
use crate::index::format::manifest::Identity;

impl Identity {
    /// `file` is the file of these attributes. On Windows the attributes do not identify it.
    #[cfg(unix)]
    pub(crate) fn of(_: Option<&File>, metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds = |seconds: i64, rest: i64| seconds.wrapping_mul(1_000_000_000).wrapping_add(rest);
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    #[cfg(windows)]
    pub(crate) fn of(file: Option<&File>, metadata: &Metadata) -> Self {
        let time = |time: io::Result<SystemTime>| time.map_or(0, nanoseconds);
        let modified = time(metadata.modified());
        let size = metadata.len();
        let known = file.and_then(windows::look_up);
        match known {
            Some((device, inode, changed)) => Identity { device, inode, size, modified, changed },
            None => Identity { device: 0, inode: 0, size, modified, changed: time(metadata.created()) },
        }
    }
}

/// The identity of an open file, and its owner.
#[derive(Clone, Debug)]
pub(crate) struct Attributes {
    pub(crate) identity: Identity,
    pub(crate) owner: Owner,
}

impl Attributes {
    pub(crate) fn of(file: Option<&File>, metadata: &Metadata) -> Self {
        Attributes { identity: Identity::of(file, metadata), owner: Owner::of(file, metadata) }
    }

    /// The attributes of the file at a path.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        #[cfg(unix)]
        {
            Ok(Self::of(None, &path.metadata()?))
        }
        #[cfg(windows)]
        {
            let file = File::open(path)?;
            Ok(Self::of(Some(&file), &file.metadata()?))
        }
    }
}

/// The present time.
pub(crate) fn now() -> i64 {
    nanoseconds(SystemTime::now())
}

fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |before| -before),
    }
}

#[cfg(windows)]
mod windows {
    #![allow(unsafe_code)]

    use std::{fs::File, mem::MaybeUninit, os::windows::io::AsRawHandle};

    use windows_sys::Win32::Storage::FileSystem::{
        BY_HANDLE_FILE_INFORMATION, FILE_BASIC_INFO, FileBasicInfo, GetFileInformationByHandle,
        GetFileInformationByHandleEx,
    };

    /// From 1601, where the system's time begins, to 1970, in its steps of 100 nanoseconds.
    const TO_1970: i64 = 116_444_736_000_000_000;

    /// The number of the volume, the index of the file there, and the last change of what is known of it.
    pub(crate) fn look_up(file: &File) -> Option<(u64, u64, i64)> {
        let mut known = MaybeUninit::<BY_HANDLE_FILE_INFORMATION>::zeroed();
        // SAFETY: the handle is open for the length of the call, and there is place for what is written.
        if unsafe { GetFileInformationByHandle(file.as_raw_handle(), known.as_mut_ptr()) } == 0 {
            return None;
        }
        // SAFETY: zeros are valid in all of its fields, and the call has written it.
        let known = unsafe { known.assume_init() };
        let index = u64::from(known.nFileIndexHigh) << 32 | u64::from(known.nFileIndexLow);
        let mut basic = MaybeUninit::<FILE_BASIC_INFO>::zeroed();
        let size = size_of::<FILE_BASIC_INFO>() as u32;
        // SAFETY: the handle is open for the length of the call, and the place for what is written has the size that
        // is told.
        if unsafe { GetFileInformationByHandleEx(file.as_raw_handle(), FileBasicInfo, basic.as_mut_ptr().cast(), size) }
            == 0
        {
            return None;
        }
        // SAFETY: zeros are valid in all of its fields, and the call has written it.
        let changed = unsafe { basic.assume_init() }.ChangeTime;
        Some((u64::from(known.dwVolumeSerialNumber), index, changed.saturating_sub(TO_1970).saturating_mul(100)))
    }
}
