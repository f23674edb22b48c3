//! Renaming indexes when log rotation renames their files.
//!
//! `app.log.1` becomes `app.log.2`, `app.log` becomes `app.log.1`, and a new `app.log` is begun. An index has the
//! device and inode of its file, so its new name can be found. That happens whenever a file is indexed or its index
//! updated, for files that stay in their directory.

use std::path::{Path, PathBuf};

use super::{lock::Lock, storage::sync_directory};
use crate::index::{
    format::manifest::Identity,
    open::{
        file,
        identity::Attributes,
        index::Index,
        place::{self, SUFFIX, directory},
    },
};

/// Gives the index of a text its name. An index of another text that has this name is moved out of the way first.
/// Returns the other texts whose indexes were moved. Errors are ignored: without the move, an index of another text
/// counts as stale.
pub(crate) fn follow(text: &Path, attributes: &Attributes, among: Option<&Path>, is_worthwhile: bool) -> Vec<PathBuf> {
    let mut moved = vec![];
    // A link has the index of its target, so the target is what was renamed.
    let Ok(whole) = text.canonicalize() else { return moved };
    let places: Vec<PathBuf> = place::places(&whole, among).filter_map(Result::ok).collect();
    let is_known = |path: &PathBuf| known(path, attributes).is_some_and(|file| file == attributes.identity.file());
    if places.iter().any(is_known) {
        return moved;
    }
    for (i, path) in places.iter().enumerate() {
        let renames = Renames { attributes, nth: i, among };
        renames.make_room(path, &whole, &mut vec![], &mut moved);
        if is_worthwhile {
            renames.adopt(path);
        }
    }
    moved
}

/// The identity of the text of an index, if the index is trusted.
fn known(index: &Path, attributes: &Attributes) -> Option<(u64, u64)> {
    let (file, metadata) = file::read(index).ok()?;
    let index = Index::from_trusted(file, &metadata, index, Some(attributes)).ok()?;
    Some(index.manifest().identity.file())
}

struct Renames<'a> {
    /// The owner of the text that is indexed.
    attributes: &'a Attributes,
    /// Which of the possible paths of an index is used.
    nth: usize,
    among: Option<&'a Path>,
}

impl Renames<'_> {
    fn place(&self, text: &Path) -> Option<PathBuf> {
        place::places(text, self.among).nth(self.nth)?.ok()
    }

    /// Moves the index at the path of that of `text`, if its own text has another name by now. `names` are the paths
    /// that are being freed already.
    fn make_room(&self, index: &Path, text: &Path, names: &mut Vec<PathBuf>, moved: &mut Vec<PathBuf>) {
        names.push(index.to_owned());
        let Some(of) = known(index, self.attributes) else { return };
        let Some(now) = find(directory(text), of).filter(|now| now != text) else { return };
        let Some(to) = self.place(&now).filter(|to| !names.contains(to)) else { return };
        if known(&to, self.attributes) != Some(of) {
            self.make_room(&to, &now, names, moved);
            if self.rename(index, &to, of) {
                moved.push(now);
            }
        }
    }

    /// Looks for the index of the text in the directory where it belongs, and gives it its name.
    fn adopt(&self, path: &Path) {
        let of = self.attributes.identity.file();
        let Ok(entries) = directory(path).read_dir() else { return };
        let others = entries.flatten().map(|entry| entry.path());
        let other =
            others.filter(|other| other != path && other.as_os_str().as_encoded_bytes().ends_with(SUFFIX.as_bytes()));
        let found = other.into_iter().find(|other| {
            known(other, self.attributes) == Some(of) && {
                // A file with two names keeps the one under which it was indexed.
                let name = other.with_extension("");
                file_at(&name) != Some(of)
            }
        });
        if let Some(found) = found {
            self.rename(&found, path, of);
        }
    }

    /// If another process is writing one of the two, this is left to the next time.
    fn rename(&self, from: &Path, to: &Path, of: (u64, u64)) -> bool {
        let owner = Some(&self.attributes.owner);
        let lock = |path: &Path| Lock::try_acquire(path, owner).ok().flatten();
        let (Some(_from), Some(_to)) = (lock(from), lock(to)) else { return false };
        known(from, self.attributes) == Some(of)
            && !place::is_other(to)
            && std::fs::rename(from, to).is_ok()
            && sync_directory(to).is_ok()
    }
}

/// The path in a directory that names this regular file.
fn find(directory: &Path, of: (u64, u64)) -> Option<PathBuf> {
    let entries = directory.read_dir().ok()?.flatten();
    #[cfg(unix)]
    let entries = entries.filter(|entry| std::os::unix::fs::DirEntryExt::ino(entry) == of.1);
    entries.map(|entry| entry.path()).find(|path| file_at(path) == Some(of))
}

/// The identity of the file at a path, if it is a regular file and not a link.
fn file_at(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        let metadata = path.symlink_metadata().ok().filter(|metadata| metadata.is_file())?;
        Some(Identity::of(None, &metadata).file())
    }
    #[cfg(windows)]
    {
        let (file, metadata) = file::read(path).ok()?;
        Some(Identity::of(Some(&file), &metadata).file())
    }
}
