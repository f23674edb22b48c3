//! One writer at a time.

use std::{
    fs::{File, Metadata, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

#[cfg(unix)]
use crate::index::open::place::directory;
use crate::{
    error::Error,
    index::open::{
        file,
        owner::Owner,
        place::{LOCK, with_suffix},
        stale::Stale,
    },
};

/// The lock of an index, held until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Locks the index at a path. If another process has the lock, calls `waiting` once, and waits. `text` is the owner
    /// of the text.
    ///
    /// # Errors
    ///
    /// When the lock file belongs to an untrusted user, who could hold it for ever. The directory then counts as one
    /// that cannot be written.
    pub(crate) fn acquire(index: &Path, text: Option<&Owner>, mut waiting: impl FnMut()) -> Result<Self, Error> {
        Self::acquire_or(index, text, || {
            waiting();
            true
        })
        .map(|lock| lock.expect("it was waited for"))
    }

    /// Locks an index, unless another process has the lock.
    pub(crate) fn try_acquire(index: &Path, text: Option<&Owner>) -> Result<Option<Self>, Error> {
        Self::acquire_or(index, text, || false)
    }

    /// `waits` is called once if another process has the lock, and says whether to wait.
    fn acquire_or(index: &Path, text: Option<&Owner>, mut waits: impl FnMut() -> bool) -> Result<Option<Self>, Error> {
        let path = with_suffix(index, LOCK);
        let cannot = |error| Error::io("cannot lock the index", error).with_path(&path);
        let mut waited = false;
        loop {
            let (file, metadata, denied) = open(&path).map_err(cannot)?;
            if Owner::of(Some(&file), &metadata).is_trusted_beside(text) == Err(Stale::Foreign) {
                let message = "it belongs to another user than you, root or the owner of the file";
                return Err(cannot(io::Error::new(io::ErrorKind::PermissionDenied, message)));
            }
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut waited, true) && !waits() {
                        return Ok(None);
                    }
                    file.lock().map_err(cannot)?;
                }
                // Some network file systems only lock files that are open for writing.
                Err(TryLockError::Error(error)) => return Err(cannot(denied.unwrap_or(error))),
            }
            // The holder removed the file, and there may be a new one.
            if is_same(&file, &path).map_err(cannot)? {
                return Ok(Some(Lock { path, _file: file }));
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is locked. Systems that cannot remove open files leave it, which does no harm.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens the lock file, and returns why it cannot be opened for writing, if so. A file that another user left may only
/// be readable; a user who can write to the directory may lock it all the same. Other users do not wait: they could not
/// write the index.
fn open(path: &Path) -> io::Result<(File, Metadata, Option<io::Error>)> {
    match file::open(path, OpenOptions::new().write(true).create(true).truncate(false)) {
        Ok((file, metadata)) => Ok((file, metadata, None)),
        Err(denied) if denied.kind() == io::ErrorKind::PermissionDenied && may_write_beside(path) => {
            match file::read(path) {
                Ok((file, metadata)) => Ok((file, metadata, Some(denied))),
                Err(_) => Err(denied),
            }
        }
        Err(error) => Err(error),
    }
}

/// Whether files can be created in the directory of this one.
fn may_write_beside(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        access(directory(path), Access::WRITE_OK | Access::EXEC_OK).is_ok()
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Whether the path still names this file.
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let there = match path.symlink_metadata() {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let own = file.metadata()?;
        Ok((own.dev(), own.ino()) == (there.dev(), there.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        Ok(true)
    }
}
