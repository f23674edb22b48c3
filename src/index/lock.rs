//! One writer at a time.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::storage::with_suffix;
use crate::error::Error;

/// What is behind the name of an index in that of its lock.
pub(crate) const LOCK: &str = ".lock";

/// The right to write an index. Others wait, or are told, until it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the right to write the index with this path, if nobody has it; otherwise calls `waiting` once, and waits.
    pub(super) fn acquire(index: &Path, mut waiting: impl FnMut()) -> Result<Self, Error> {
        let path = with_suffix(index, LOCK);
        let cannot = |error| Error::io("cannot lock the index", error).with_path(&path);
        let mut waited = false;
        loop {
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(cannot)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut waited, true) {
                        waiting();
                    }
                    file.lock().map_err(cannot)?;
                }
                Err(TryLockError::Error(error)) => return Err(cannot(error)),
            }
            // Whoever had it took the file away, and another may have been made.
            if is_same(&file, &path).map_err(cannot)? {
                return Ok(Lock { path, _file: file });
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

/// Whether the file is still the one of that name.
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let there = match std::fs::metadata(path) {
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
