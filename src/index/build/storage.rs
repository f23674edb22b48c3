//! The system calls for writing an index. They are a trait, so that tests can see what a crash leaves at each moment.

use std::{
    fs::{File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

#[cfg(unix)]
use crate::index::open::place::{directory, is_in_cache};
use crate::index::open::{
    file,
    place::{NEW, with_suffix},
};

/// An index file that is being written.
pub(crate) trait Storage: Send {
    /// Writes bytes, at any offset.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Returns when everything written is on the disk.
    fn sync(&mut self) -> io::Result<()>;

    /// Gives a new file its name, replacing a file of that name, and returns when that is on the disk.
    fn publish(&mut self) -> io::Result<()>;
}

/// A file on a disk.
#[derive(Debug)]
pub(crate) struct Disk {
    file: File,
    path: PathBuf,
    /// Its name until it is complete.
    temporary: Option<PathBuf>,
}

impl Disk {
    /// A new file that will be renamed to `path`, with the permissions that follow from the text.
    pub(crate) fn create(path: &Path, text: &File) -> io::Result<Self> {
        let temporary = with_suffix(path, NEW);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(&temporary)?;
        let disk = Disk { file, path: path.to_owned(), temporary: Some(temporary) };
        follow_permissions(path, &disk.file, text)?;
        Ok(disk)
    }

    /// An existing file.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let (file, _) = file::open(path, OpenOptions::new().read(true).write(true))?;
        Ok(Disk { file, path: path.to_owned(), temporary: None })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

/// Gives the index at `path` the permissions of its text. An index shows which strings are in the text, so only users
/// who can read the text may read it. Only its owner may write it. In the user's cache nobody else may read it. If root
/// makes it, the owner of the text gets it.
///
/// Changes that the system does not permit are skipped: the index of another user, or a file system without
/// permissions.
pub(crate) fn follow_permissions(path: &Path, index: &File, text: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::fs::{Gid, Mode, Uid, fchmod, fchown};
        use std::os::unix::fs::MetadataExt;

        const READ_BY_OTHERS: u32 = 0o044;
        let (of_text, mut of_index) = (text.metadata()?, index.metadata()?);
        let is_private = is_in_cache(path);
        let owners = |metadata: &std::fs::Metadata| (metadata.uid(), metadata.gid());
        if !is_private && owners(&of_index) != owners(&of_text) {
            let as_root = fchown(index, Some(Uid::from_raw(of_text.uid())), Some(Gid::from_raw(of_text.gid())));
            let _ = as_root.or_else(|_| fchown(index, None, Some(Gid::from_raw(of_text.gid()))));
            of_index = index.metadata()?;
        }
        let others = of_text.mode() & READ_BY_OTHERS;
        let others = match of_index.gid() == of_text.gid() {
            _ if is_private || has_access_list(text) || has_access_list(index) => 0,
            true => others,
            // With another group, only the rights of all users count.
            false if others == READ_BY_OTHERS => others,
            false => 0,
        };
        let mode = 0o600 | others;
        if of_index.mode() & 0o7777 != mode {
            let _ = fchmod(index, Mode::from_raw_mode(mode as _));
        }
    }
    #[cfg(not(unix))]
    let _ = (path, index, text);
    Ok(())
}

/// Whether a file has an access control list, which its mode does not show.
#[cfg(unix)]
fn has_access_list(file: &File) -> bool {
    #[cfg(target_os = "linux")]
    {
        rustix::fs::fgetxattr(file, "system.posix_acl_access", &mut [0u8; 0][..]).is_ok_and(|len| len > 0)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        false
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // If it cannot be removed, it stays until the next index is made.
            let _ = std::fs::remove_file(temporary);
        }
    }
}

impl Storage for Disk {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn publish(&mut self) -> io::Result<()> {
        let Some(temporary) = self.temporary.take() else { return Ok(()) };
        if let Err(error) = self.file.sync_all().and_then(|()| std::fs::rename(&temporary, &self.path)) {
            self.temporary = Some(temporary);
            return Err(error);
        }
        sync_directory(&self.path)
    }
}

/// Returns when the names in the directory of a file are on the disk, if the system can tell.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
        match File::open(directory(path)).and_then(|directory| directory.sync_all()) {
            // Not every user may do that, and not every system can. A crash may then bring back the old index, which is
            // right, too.
            Err(error) if !matches!(error.kind(), PermissionDenied | InvalidInput | Unsupported) => return Err(error),
            _ => {}
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Skips only what the system does not permit, or cannot do.
    #[test]
    fn a_directory_that_goes_away_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        sync_directory(&directory.path().join("index")).unwrap();
        sync_directory(Path::new("index")).unwrap();
        let error = sync_directory(&directory.path().join("missing/index")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
