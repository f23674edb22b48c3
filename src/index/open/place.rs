//! The path of the index of a file.

use std::{
    env,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::xxh3_64;

use super::file;
use crate::{
    error::Error,
    index::format::{header::may_be_index, layout::BODY},
};

/// The suffix of the names of indexes.
pub(crate) const SUFFIX: &str = ".mgx";
/// A further suffix, of an index that is not complete.
pub(crate) const NEW: &str = ".new";
/// A further suffix, of the lock of an index.
pub(crate) const LOCK: &str = ".lock";

/// Whether a file is an index, by its name and first bytes, or a file that exists while an index is written. Programs
/// that walk directories skip such files: they would find parts of the text again.
///
/// # Examples
///
/// ```
/// assert!(!mapgrep::index::is_index("access.log".as_ref()));
/// ```
pub fn is_index(path: &Path) -> bool {
    use std::io::Read;

    use crate::index::format::layout::MAGIC;

    let mut start = [0; MAGIC.len()];
    is_beside_index(path)
        || has_name_of_index(path)
            && file::read(path).and_then(|(mut file, _)| file.read_exact(&mut start)).is_ok()
            && start == MAGIC
}

/// Whether a file has the name of an index, or of a file that exists while an index is written.
fn has_name_of_index(path: &Path) -> bool {
    is_beside_index(path) || path.as_os_str().as_encoded_bytes().ends_with(SUFFIX.as_bytes())
}

/// Whether a file has the name of one that exists while an index is written.
fn is_beside_index(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    let of_index = [NEW, LOCK].iter().find_map(|end| name.strip_suffix(end.as_bytes()));
    of_index.is_some_and(|name| name.ends_with(SUFFIX.as_bytes()))
}

/// Whether a file that is not an index has the name of one. It must not be overwritten.
pub(crate) fn is_other(path: &Path) -> bool {
    use std::io::Read;

    if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return true;
    }
    let mut head = vec![];
    let read = file::read(path).and_then(|(file, _)| file.take(BODY).read_to_end(&mut head));
    read.is_ok() && !may_be_index(&head)
}

/// Whether an index is in the user's cache, which nobody else uses.
#[cfg(unix)]
pub(crate) fn is_in_cache(path: &Path) -> bool {
    path.parent().is_some_and(|parent| cache_directory().as_deref() == Some(parent))
}

/// Makes the directory of an index. Only the user can read the directory in the cache: it has the names of files.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if cache_directory().as_deref() == Some(directory) {
        use std::{
            fs::{DirBuilder, Permissions, set_permissions},
            os::unix::fs::{DirBuilderExt, PermissionsExt},
        };

        DirBuilder::new().recursive(true).mode(PRIVATE).create(directory)?;
        // Earlier versions made it readable for all. A directory of somebody else is left as it is.
        if directory.metadata()?.permissions().mode() & 0o7777 != PRIVATE {
            let _ = set_permissions(directory, Permissions::from_mode(PRIVATE));
        }
        return Ok(());
    }
    std::fs::create_dir_all(directory)
}

/// The mode of a directory that only its owner can use.
#[cfg(unix)]
const PRIVATE: u32 = 0o700;

/// Whether an existing file cannot be replaced. In a directory with the sticky bit everybody can create files, but
/// nobody can rename one over the file of somebody else. Without this check the error would come after all the work.
pub(crate) fn is_held_by_another(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;

        const STICKY: u32 = 0o1000;
        let (Ok(file), Ok(directory)) = (path.symlink_metadata(), directory(path).metadata()) else { return false };
        let user = rustix::process::geteuid().as_raw();
        directory.mode() & STICKY != 0 && user != 0 && user != file.uid() && user != directory.uid()
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// The possible paths of the index of a text, in the order in which it is looked for. A new index goes to the first one
/// that can be written. A path costs some system calls, so that each is made only when it is asked for.
pub(crate) fn places(text: &Path, directory: Option<&Path>) -> impl Iterator<Item = Result<PathBuf, Error>> {
    let beside = directory.is_none().then_some(text);
    let elsewhere = directory.map(Path::to_owned).or_else(cache_directory);
    beside
        .into_iter()
        .map(beside_text)
        .chain(elsewhere.into_iter().map(move |directory| in_directory(text, &directory)))
}

/// A file that is reached through links has its index beside the target.
fn beside_text(text: &Path) -> Result<PathBuf, Error> {
    let is_link = text.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
    Ok(with_suffix(&if is_link { whole(text)? } else { text.to_owned() }, SUFFIX))
}

/// In a directory for the indexes of many files, the name has a hash of the whole path.
fn in_directory(text: &Path, directory: &Path) -> Result<PathBuf, Error> {
    let whole = whole(text)?;
    let hash = xxh3_64(whole.as_os_str().as_encoded_bytes());
    let mut name = whole.file_name().unwrap_or(OsStr::new("index")).to_owned();
    name.push(format!(".{hash:016x}{SUFFIX}"));
    Ok(directory.join(name))
}

/// The absolute path without links.
fn whole(text: &Path) -> Result<PathBuf, Error> {
    text.canonicalize().map_err(|error| Error::io("", error).with_path(text))
}

/// The directory of indexes of files whose own directory cannot be written.
fn cache_directory() -> Option<PathBuf> {
    let of = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = of("XDG_CACHE_HOME").or_else(|| match cfg!(windows) {
        true => of("LOCALAPPDATA"),
        false => of("HOME").map(|home| home.join(".cache")),
    })?;
    Some(cache.join("mapgrep").join("index"))
}

/// Whether the error means that a directory cannot be written, so that another path may do.
pub(crate) fn is_unwritable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// The directory that a file is in.
pub(crate) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The path with a suffix.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
