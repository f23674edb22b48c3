//! A text to be indexed.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use crate::{
    error::Error,
    index::{
        format::manifest::Identity,
        open::{
            file,
            freshness::COARSE,
            identity::{Attributes, now},
            owner::Owner,
            unfit::Unfit,
        },
    },
    mapping::Mapping,
};

/// A text that is to be indexed.
pub(crate) struct Text {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    pub(crate) identity: Identity,
    pub(crate) owner: Owner,
    /// When the attributes were read.
    pub(crate) seen_at: i64,
}

impl Text {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let cannot = |error| Error::io("", error).with_path(path);
        let file = file::open_text(path).map_err(cannot)?;
        let seen_at = now();
        let metadata = file.metadata().map_err(cannot)?;
        if metadata.is_dir() {
            return Err(cannot(io::ErrorKind::IsADirectory.into()));
        }
        if !metadata.is_file() {
            return Err(Error::invalid_input("only regular files can be indexed").with_path(path));
        }
        let Attributes { identity, owner } = Attributes::of(Some(&file), &metadata);
        Ok(Text { path: path.to_owned(), file, identity, owner, seen_at })
    }

    pub(crate) fn attributes(&self) -> Attributes {
        Attributes { identity: self.identity, owner: self.owner.clone() }
    }

    /// Why an index would be useless, if so.
    pub(crate) fn unfit(&self) -> Result<Option<Unfit>, Error> {
        Unfit::of_file(&self.file).map_err(|error| Error::io("", error).with_path(&self.path))
    }

    /// Whether it was written to so recently that more is likely to come.
    pub(crate) fn is_being_written(&self) -> bool {
        self.seen_at.saturating_sub(self.identity.modified) < COARSE
    }

    /// None if it is empty.
    pub(crate) fn map(&self) -> Result<Option<Mapping>, Error> {
        let Some(len) = usize::try_from(self.identity.size).ok().filter(|&len| len > 0) else { return Ok(None) };
        Mapping::open_start(&self.file, len).map(Some).map_err(|error| error.with_path(&self.path))
    }

    /// Fails if the path names another file by now, or if the file is shorter, or was changed otherwise than by
    /// appending.
    pub(crate) fn check_same(&self) -> Result<(), Error> {
        let now = Attributes::at(&self.path).map(|attributes| attributes.identity);
        match now {
            Ok(now) if now.file() != self.identity.file() => {
                let message = "the file was replaced while it was indexed: index it again";
                Err(Error::invalid_input(message).with_path(&self.path))
            }
            Ok(now) if now.size < self.identity.size => Err(Error::truncated(now.size).with_path(&self.path)),
            // Appending more would have changed its time.
            Ok(now) if now.size == self.identity.size && now.modified != self.identity.modified => {
                let message = "the file was changed while it was indexed: index it again";
                Err(Error::invalid_input(message).with_path(&self.path))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(Error::io("the file went away while it was indexed", error).with_path(&self.path)),
        }
    }
}
