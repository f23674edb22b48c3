//! The right to write an index, and its new file.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    lock::Lock,
    storage::{Disk, follow_permissions},
    text::Text,
};
use crate::{
    error::Error,
    index::{
        format::manifest::Identity,
        open::{
            file,
            identity::Attributes,
            index::Index,
            owner::Owner,
            place::{self, NEW, with_suffix},
        },
    },
};

/// Where indexes are, and whom to tell before waiting.
#[derive(Clone, Copy)]
pub(crate) struct Claims<'a> {
    pub(crate) directory: Option<&'a Path>,
    pub(crate) waiting: Option<fn(&Path)>,
}

impl Claims<'_> {
    /// Opens the index of a text, if there is one, and calls `write` with it and the text while no other process can
    /// write the index. The index gets the permissions of the text.
    pub(crate) fn with_index<T>(
        &self,
        text: &Path,
        write: impl FnOnce(Index, Text) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        loop {
            let attributes = Attributes::at(text).ok();
            let open = |attributes: Option<&Attributes>| Index::open_of(text, attributes, self.directory);
            // It is closed again: Windows cannot replace a mapped file, and the index may be written anew.
            let Some(path) = open(attributes.as_ref())?.map(|index| index.path().to_owned()) else { return Ok(None) };
            let _lock = self.lock(&path, attributes.as_ref().map(|attributes| &attributes.owner))?;
            // Meanwhile the text may have grown, and another process may have written or removed the index.
            let opened = Text::open(text)?;
            if let Some(index) = open(Some(&opened.attributes()))?.filter(|index| index.path() == path) {
                if let Ok((file, _)) = file::read(&path) {
                    follow_permissions(&path, &file, &opened.file).map_err(|error| cannot_write(error, &path))?;
                }
                return write(index, opened).map(Some);
            }
        }
    }

    /// Locks an index, and removes what a killed writer left.
    fn lock(&self, path: &Path, text: Option<&Owner>) -> Result<Lock, Error> {
        let lock = Lock::acquire(path, text, || {
            if let Some(tell) = self.waiting {
                tell(path);
            }
        })?;
        // The leftover of a killed writer. If it cannot be removed, only making a new index fails.
        let _ = std::fs::remove_file(with_suffix(path, NEW));
        Ok(lock)
    }

    /// A new file for the index of a text, at the first path that can be written.
    pub(crate) fn create(&self, text: &Text) -> Result<NewFile, Error> {
        let mut refused = None;
        for (i, path) in place::places(&text.path, self.directory).enumerate() {
            let path = &path?;
            // The directory of the text exists; others are made.
            let directory = path.parent().filter(|_| i > 0 || self.directory.is_some());
            let there_is =
                directory.map_or(Ok(()), place::make_directory).and_then(|()| match place::is_held_by_another(path) {
                    true => {
                        let message = "another user's file has its name, and cannot be replaced in this directory";
                        Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
                    }
                    false => Ok(()),
                });
            let there_is = there_is.map_err(|error| cannot_write(error, path));
            let made = there_is.and_then(|()| self.lock(path, Some(&text.owner))).and_then(|lock| {
                if place::is_other(path) {
                    let message = "this file is not an index, and is not overwritten";
                    let error = io::Error::new(io::ErrorKind::AlreadyExists, message);
                    return Err(Error::io("", error).with_path(path));
                }
                let storage = Disk::create(path, &text.file).map_err(|error| cannot_write(error, path))?;
                Ok(NewFile { storage, path: path.clone(), _lock: lock })
            });
            match made {
                Ok(made) => return Ok(made),
                Err(error) if error.io_error().is_some_and(place::is_unwritable) => {
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| {
            Error::io("", io::Error::new(io::ErrorKind::NotFound, "there is no directory for the index"))
        }))
    }

    /// Removes the index at a path. False if there is none.
    pub(crate) fn remove_at(&self, path: &Path) -> Result<bool, Error> {
        let is_there = |path: &Path| path.symlink_metadata().is_ok();
        if !is_there(path) && !is_there(&with_suffix(path, NEW)) {
            return Ok(false);
        }
        let _lock = self.lock(path, None)?;
        if place::is_other(path) {
            return Ok(false);
        }
        match std::fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("cannot remove the index", error).with_path(path)),
        }
    }
}

/// A new index. Unless it gets its name, its file is removed before another process may write.
pub(crate) struct NewFile {
    pub(crate) storage: Disk,
    pub(crate) path: PathBuf,
    _lock: Lock,
}

/// Opens the file of an index to append to it. Fails if another file has its name by now.
pub(crate) fn open_same(index: &Index) -> io::Result<Disk> {
    let disk = Disk::open(index.path())?;
    let file = Identity::of(Some(disk.file()), &disk.file().metadata()?).file();
    match file == index.attributes().identity.file() {
        true => Ok(disk),
        false => Err(io::Error::other("another file has its name by now")),
    }
}

pub(crate) fn cannot_write(error: io::Error, path: &Path) -> Error {
    Error::io("cannot write the index", error).with_path(path)
}
