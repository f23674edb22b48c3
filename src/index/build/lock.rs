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

/// The right to write an index. Others wait, or are told, until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the right to write the index with this path, if nobody has it; otherwise calls `waiting` once, and waits.
    /// `text` is the owner of the text.
    ///
    /// # Errors
    ///
    /// When the lock belongs to somebody on whose index nobody here relies, who could keep it for ever: that directory
    /// cannot be written, then.
    pub(crate) fn acquire(index: &Path, text: Option<&Owner>, mut waiting: impl FnMut()) -> Result<Self, Error> {
        Self::acquire_or(index, text, || {
            waiting();
            true
        })
        .map(|lock| lock.expect("it was waited for"))
    }

    /// Takes the right to write an index unless somebody has it.
    pub(crate) fn try_acquire(index: &Path, text: Option<&Owner>) -> Result<Option<Self>, Error> {
        Self::acquire_or(index, text, || false)
    }

    /// `waits` is called once where somebody has it, and says whether that is waited for.
    fn acquire_or(index: &Path, text: Option<&Owner>, mut waits: impl FnMut() -> bool) -> Result<Option<Self>, Error> {
        let path = with_suffix(index, LOCK);
        let cannot = |error| Error::io("cannot lock the index", error).with_path(&path);
        let mut waited = false;
        loop {
            let (file, metadata, denied) = open(&path).map_err(cannot)?;
            if Owner::of(Some(&file), &metadata).is_trusted_beside(text) == Err(Stale::Foreign) {
                let message = "it belongs to somebody else than you, root or the owner of the file";
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
                // Some network file systems only lock what may be written.
                Err(TryLockError::Error(error)) => return Err(cannot(denied.unwrap_or(error))),
            }
            // Whoever had it took the file away, and another may have been made.
            if is_same(&file, &path).map_err(cannot)? {
                return Ok(Some(Lock { path, _file: file }));
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // As long as it is locked. Systems that keep open files leave it there, which harms nobody.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens the file to be locked, and says why it could not be opened for writing, if so. What another user has left
/// there, who was killed, may only be readable; whoever may write to the directory may lock it all the same. Others
/// wait for nothing: they could not write the index.
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

/// Whether files can be made in the directory of this one.
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

/// Whether the file is still the one of that name.
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
