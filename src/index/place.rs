//! Where the index of a file is.

use std::{
    env,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::xxh3_64;

#[cfg(feature = "cli")]
use super::format::MAGIC;
use super::format::{BODY, may_be_index};
use super::storage::with_suffix;
#[cfg(feature = "cli")]
use super::{lock::LOCK, storage::NEW};
use crate::error::Error;

/// What the names of indexes end with.
const SUFFIX: &str = ".mgx";

/// Whether a file is an index, by its name and its first bytes, or what is there while one is written.
#[cfg(feature = "cli")]
pub(crate) fn is_index(path: &Path) -> bool {
    use std::{fs::File, io::Read};

    let name = path.as_os_str().as_encoded_bytes();
    if let Some(name) = [NEW, LOCK].iter().find_map(|end| name.strip_suffix(end.as_bytes())) {
        return name.ends_with(SUFFIX.as_bytes());
    }
    let mut start = [0; MAGIC.len()];
    name.ends_with(SUFFIX.as_bytes())
        && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && start == MAGIC
}

/// Whether something else has the name of an index. It is not to be lost.
pub(super) fn is_other(path: &Path) -> bool {
    use std::{fs::File, io::Read};

    let mut head = vec![];
    let read = File::open(path).and_then(|file| file.take(BODY).read_to_end(&mut head));
    read.is_ok() && !may_be_index(&head)
}

/// Where the index of a text may be: where it is looked for first comes first, and a new one is made in the first that can
/// be written. What names a place costs some calls of the system, so that it is named only when it is asked for.
pub(super) fn places(text: &Path, directory: Option<&Path>) -> impl Iterator<Item = Result<PathBuf, Error>> {
    let beside = directory.is_none().then_some(text);
    let elsewhere = directory.map(Path::to_owned).or_else(cache_directory);
    beside
        .into_iter()
        .map(beside_text)
        .chain(elsewhere.into_iter().map(move |directory| in_directory(text, &directory)))
}

/// A file that is reached by links has one index, beside what they lead to.
fn beside_text(text: &Path) -> Result<PathBuf, Error> {
    let is_link = text.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
    Ok(with_suffix(&if is_link { whole(text)? } else { text.to_owned() }, SUFFIX))
}

/// In a directory with the indexes of other files, the name has a hash of the whole path.
fn in_directory(text: &Path, directory: &Path) -> Result<PathBuf, Error> {
    let whole = whole(text)?;
    let hash = xxh3_64(whole.as_os_str().as_encoded_bytes());
    let mut name = whole.file_name().unwrap_or(OsStr::new("index")).to_owned();
    name.push(format!(".{hash:016x}{SUFFIX}"));
    Ok(directory.join(name))
}

/// The whole path, without links.
fn whole(text: &Path) -> Result<PathBuf, Error> {
    text.canonicalize().map_err(|error| Error::io("", error).with_path(text))
}

/// Where indexes are kept of files in directories that cannot be written.
fn cache_directory() -> Option<PathBuf> {
    let of = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = of("XDG_CACHE_HOME").or_else(|| match cfg!(windows) {
        true => of("LOCALAPPDATA"),
        false => of("HOME").map(|home| home.join(".cache")),
    })?;
    Some(cache.join("mapgrep").join("index"))
}

/// Whether the error says that a directory cannot be written, so that another place may do.
pub(super) fn is_unwritable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
