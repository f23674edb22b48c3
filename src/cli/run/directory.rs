//! One directory of a walk: what is in it that is searched, in order. Unlike the walk of the crate `ignore`, which goes
//! from entry to entry, a directory can be listed at any time, by any thread.

use std::{
    cmp::Ordering,
    fs::{self, FileType},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use ignore::IncrementalIgnore;
use mapgrep::index::is_index;

use crate::cli::{run::haystack::Haystack, terminal::stdout::FileId};

/// Which of the files in directories are searched, besides what ignore files, globs and types say.
pub(crate) struct Rules {
    pub(crate) max_filesize: Option<u64>,
    /// The index files of mapgrep-index too.
    pub(crate) indexes: bool,
    /// The file that is left out, as standard output goes to it.
    pub(crate) output: Option<FileId>,
    /// Names are shown without "./" when nobody wrote it.
    pub(crate) strip_dot: bool,
}

/// A directory that is to be listed.
pub(crate) struct Directory {
    path: PathBuf,
    /// From the directory on that was named.
    relative: PathBuf,
    /// It has the ignore files of the directories above, and of no others, so that memory is that of a path.
    ignore: Arc<IncrementalIgnore>,
}

/// What a walk comes to.
pub(crate) enum Entry<D> {
    File(Haystack),
    Directory(D),
    Failed(String),
}

/// What is in a directory, in order.
pub(crate) struct Contents {
    /// What is wrong with its ignore files.
    pub(crate) warning: Option<String>,
    pub(crate) entries: Vec<Entry<Directory>>,
}

/// An entry as the system tells it.
struct Raw {
    path: PathBuf,
    kind: FileType,
    inode: u64,
}

impl Directory {
    /// One that was named.
    pub(crate) fn named(ignore: IncrementalIgnore) -> Self {
        Directory { path: ignore.root().to_owned(), relative: PathBuf::new(), ignore: Arc::new(ignore) }
    }

    /// Reads it, with its ignore files.
    pub(crate) fn list(&self, rules: &Rules) -> Contents {
        let mut ignore = IncrementalIgnore::clone(&self.ignore);
        // That anything in it is asked for has its ignore files read, also where it cannot be listed.
        let (_, error) = ignore.matched_with_errors(self.relative.join("file"), false);
        let (found, mut entries) = self.read();
        let mut directories = vec![];
        for Raw { path, kind, inode } in found {
            let is_directory = kind.is_dir();
            let Some(name) = path.file_name().filter(|_| is_directory || kind.is_file()) else { continue };
            let relative = self.relative.join(name);
            let matched = ignore.matched(&relative, is_directory);
            if matched.is_ignore() {
                continue;
            }
            if !is_directory {
                entries.extend(rules.wants(&path, inode).then(|| Entry::File(rules.haystack(path))));
            } else if matched.should_descend() {
                directories.push((entries.len(), path, relative));
                entries.push(Entry::Failed(String::new()));
            }
        }
        let ignore = Arc::new(ignore);
        for (at, path, relative) in directories {
            entries[at] = Entry::Directory(Directory { path, relative, ignore: Arc::clone(&ignore) });
        }
        Contents { warning: error.map(|error| describe(&error)), entries }
    }

    /// All that is in it, in order, and what went wrong.
    fn read(&self) -> (Vec<Raw>, Vec<Entry<Directory>>) {
        let failed = |error: io::Error| Entry::Failed(format!("{}: {error}", self.path.display()));
        let listed = match fs::read_dir(&self.path) {
            Ok(listed) => listed,
            Err(error) => return (vec![], vec![failed(error)]),
        };
        let (mut found, mut errors) = (vec![], vec![]);
        for entry in listed {
            let raw =
                entry.and_then(|entry| Ok(Raw { path: entry.path(), kind: entry.file_type()?, inode: inode(&entry) }));
            match raw {
                Ok(raw) => found.push(raw),
                Err(error) => errors.push(failed(error)),
            }
        }
        found.sort_unstable_by(|one, other| in_order(&one.path, &other.path));
        (found, errors)
    }
}

impl Rules {
    fn wants(&self, path: &Path, inode: u64) -> bool {
        let is_output = || {
            let output = self.output.filter(|output| output.may_have_inode(inode));
            output.is_some_and(|output| path.metadata().is_ok_and(|metadata| output.is_of(&metadata)))
        };
        let is_too_large = |most: u64| path.symlink_metadata().is_ok_and(|metadata| metadata.len() > most);
        !is_output() && !self.max_filesize.is_some_and(is_too_large) && (self.indexes || !is_index(path))
    }

    fn haystack(&self, path: PathBuf) -> Haystack {
        let path = match path.strip_prefix("./") {
            Ok(stripped) if self.strip_dot => stripped.to_owned(),
            _ => path,
        };
        Haystack { path, is_stdin: false, explicit: false, len: None }
    }
}

#[cfg(unix)]
fn inode(entry: &fs::DirEntry) -> u64 {
    use std::os::unix::fs::DirEntryExt;

    entry.ino()
}

#[cfg(not(unix))]
fn inode(_: &fs::DirEntry) -> u64 {
    0
}

/// The order of the files of a directory. Their paths are alike but for the names, which would have to be taken out of
/// them.
pub(crate) fn in_order(one: &Path, other: &Path) -> Ordering {
    one.as_os_str().cmp(other.as_os_str())
}

/// The path and the cause, without what the layers between have to say.
pub(crate) fn describe(error: &ignore::Error) -> String {
    fn path(error: &ignore::Error) -> Option<&Path> {
        match error {
            ignore::Error::WithPath { path, .. } => Some(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path(err),
            _ => None,
        }
    }
    let (Some(path), Some(io)) = (path(error), error.io_error()) else { return error.to_string() };
    // The error of the walk names the path once more, around that of the system.
    let cause = io.get_ref().and_then(|walk| walk.source());
    match cause {
        Some(cause) => format!("{}: {cause}", path.display()),
        None => format!("{}: {io}", path.display()),
    }
}
