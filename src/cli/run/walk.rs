//! What to search: the files that were named and those in directories that were named, in a fixed order.

use std::{
    cmp::Ordering,
    ffi::OsString,
    fs::Metadata,
    path::{Path, PathBuf},
};

use anyhow::Context;
use ignore::{DirEntry, Walk, WalkBuilder, overrides::OverrideBuilder};

use crate::cli::flags::options::FileOptions;
use mapgrep::{index::is_index, scan::Cancel};

/// A file, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Haystack {
    /// For standard input, the name to show for it.
    pub(crate) path: PathBuf,
    pub(crate) is_stdin: bool,
    /// It was named on the command line, and is searched whatever it is.
    pub(crate) explicit: bool,
    /// The length of a regular file, where it is known before the file is opened.
    pub(crate) len: Option<u64>,
}

impl Haystack {
    fn stdin() -> Self {
        Haystack { path: "<stdin>".into(), is_stdin: true, explicit: true, len: None }
    }
}

/// The paths of the command line.
#[derive(Debug)]
pub(crate) struct Paths {
    paths: Vec<PathBuf>,
    /// None was given, and the current directory is searched.
    implicit: bool,
}

impl Paths {
    /// Takes what is left of the arguments; without any, standard input is searched if it has something to read.
    pub(crate) fn new(paths: Vec<OsString>, took_stdin: bool) -> Self {
        if !paths.is_empty() {
            return Paths { paths: paths.into_iter().map(PathBuf::from).collect(), implicit: false };
        }
        let implicit = took_stdin || !grep_cli::is_readable_stdin();
        Paths { paths: vec![if implicit { "./" } else { "-" }.into()], implicit }
    }

    /// The one thing to search, when it is not a directory.
    pub(crate) fn single(&self) -> Option<Haystack> {
        match &self.paths[..] {
            [path] if path == Path::new("-") => Some(Haystack::stdin()),
            [path] => {
                let metadata = path.metadata().ok();
                let is_dir = metadata.as_ref().is_some_and(Metadata::is_dir);
                let len = metadata.filter(Metadata::is_file).map(|metadata| metadata.len());
                (!is_dir).then(|| Haystack { path: path.clone(), is_stdin: false, explicit: true, len })
            }
            _ => None,
        }
    }

    /// True when no file or directory was named and the current directory stands in.
    pub(crate) fn is_implicit(&self) -> bool {
        self.implicit
    }

    /// Where these are, for people.
    pub(crate) fn place(&self) -> String {
        match &self.paths[..] {
            _ if self.implicit => "in this directory".to_owned(),
            [path] => format!("in {}", path.display()),
            _ => "in these directories".to_owned(),
        }
    }

    /// All files, in the order of the command line and within directories by name, until it is cancelled.
    ///
    /// # Errors
    ///
    /// When a glob is not valid.
    pub(crate) fn walk(
        &self,
        options: &FileOptions,
        cancel: &Cancel,
    ) -> anyhow::Result<impl Iterator<Item = Result<Haystack, String>> + Send + 'static> {
        self.walk_with(&Filters::of(options), cancel)
    }

    /// As [`walk`](Paths::walk), with other filters than those of the command line.
    pub(crate) fn walk_with(
        &self,
        filters: &Filters,
        cancel: &Cancel,
    ) -> anyhow::Result<impl Iterator<Item = Result<Haystack, String>> + Send + use<>> {
        let (first, rest) = self.paths.split_first().expect("there is always a path");
        let mut builder = WalkBuilder::new(first);
        for path in rest {
            builder.add(path);
        }
        let heeds_ignore_files = !filters.ignored;
        builder
            .hidden(!filters.hidden)
            .parents(heeds_ignore_files)
            .ignore(heeds_ignore_files)
            .git_global(heeds_ignore_files)
            .git_ignore(heeds_ignore_files)
            .git_exclude(heeds_ignore_files)
            .follow_links(filters.follow)
            .max_depth(filters.max_depth)
            .skip_stdout(!filters.output)
            .sort_by_file_path(in_order);
        if heeds_ignore_files {
            builder.add_custom_ignore_filename(".rgignore");
        }
        if !filters.globs.is_empty() {
            let directory = std::env::current_dir().context("cannot tell the current directory")?;
            let mut globs = OverrideBuilder::new(directory);
            for glob in &filters.globs {
                globs.add(glob).with_context(|| format!("-g {glob}"))?;
            }
            builder.overrides(globs.build()?);
        }
        Ok(Haystacks {
            walk: builder.build(),
            strip_dot: self.implicit,
            indexes: filters.indexes,
            cancel: cancel.clone(),
        })
    }
}

/// Which of the files in directories are searched.
#[derive(Clone, Debug)]
pub(crate) struct Filters {
    pub(crate) globs: Vec<String>,
    pub(crate) max_depth: Option<usize>,
    /// Hidden files and directories too.
    pub(crate) hidden: bool,
    /// Those too that .gitignore and similar files name.
    pub(crate) ignored: bool,
    /// Symbolic links too.
    pub(crate) follow: bool,
    /// The index files of mapgrep-index too.
    pub(crate) indexes: bool,
    /// The file that standard output is too.
    pub(crate) output: bool,
}

impl Filters {
    pub(crate) fn of(options: &FileOptions) -> Self {
        Filters {
            globs: options.globs.clone(),
            max_depth: options.max_depth,
            hidden: options.takes_hidden(),
            ignored: options.takes_ignored(),
            follow: options.follow,
            indexes: false,
            output: false,
        }
    }
}

struct Haystacks {
    walk: Walk,
    /// Names are shown without "./" when nobody wrote it.
    strip_dot: bool,
    /// What an index has of its text is found in the text.
    indexes: bool,
    cancel: Cancel,
}

impl Iterator for Haystacks {
    type Item = Result<Haystack, String>;

    fn next(&mut self) -> Option<Self::Item> {
        // Where nothing is to be searched it may go on for long.
        while !self.cancel.is_cancelled() {
            match self.walk.next()? {
                Ok(entry) => {
                    if let Some(haystack) = self.haystack(entry) {
                        return Some(Ok(haystack));
                    }
                }
                Err(error) => return Some(Err(describe(&error))),
            }
        }
        None
    }
}

impl Haystacks {
    fn haystack(&self, entry: DirEntry) -> Option<Haystack> {
        if entry.is_stdin() {
            return Some(Haystack::stdin());
        }
        let explicit = entry.depth() == 0 && !is_dir(&entry);
        if !explicit && !entry.file_type().is_some_and(|kind| kind.is_file()) {
            return None;
        }
        let path = entry.into_path();
        if !explicit && !self.indexes && is_index(&path) {
            return None;
        }
        let path = match path.strip_prefix("./") {
            Ok(stripped) if self.strip_dot => stripped.to_owned(),
            _ => path,
        };
        Some(Haystack { path, is_stdin: false, explicit, len: None })
    }
}

/// The order of the files of a directory. Their paths are alike but for the names, which would have to be taken out of
/// them.
pub(crate) fn in_order(one: &Path, other: &Path) -> Ordering {
    one.as_os_str().cmp(other.as_os_str())
}

/// True for directories, and for links to some that were named on the command line.
fn is_dir(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir()) || (entry.path_is_symlink() && entry.path().is_dir())
}

/// The path and the cause, without what the layers between have to say.
fn describe(error: &ignore::Error) -> String {
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
