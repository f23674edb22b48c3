//! Which files are searched, and in which order.

use std::path::PathBuf;

/// Which files in directories are searched, and in which order.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileOptions {
    pub(crate) globs: Vec<String>,
    /// Those to which the case of letters does not matter. They come behind the others.
    pub(crate) iglobs: Vec<String>,
    pub(crate) glob_case_insensitive: bool,
    /// Changes to the types, and which are searched, in the order in which they were given.
    pub(crate) types: Vec<TypeChange>,
    /// Hidden files and directories too.
    pub(crate) hidden: bool,
    pub(crate) no_ignore: NoIgnore,
    /// `.gitignore` counts outside of repositories too.
    pub(crate) no_require_git: bool,
    /// More files that name what is not searched.
    pub(crate) ignore_files: Vec<PathBuf>,
    pub(crate) ignore_file_case_insensitive: bool,
    /// How often `-u` was given.
    pub(crate) unrestricted: u8,
    pub(crate) follow: bool,
    pub(crate) max_depth: Option<usize>,
    pub(crate) max_filesize: Option<u64>,
    pub(crate) one_file_system: bool,
    pub(crate) sort: Sort,
}

/// A change to the types of files, or to which of them are searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TypeChange {
    Clear(String),
    /// `NAME:GLOB`, or `NAME:include:OTHER,...`.
    Add(String),
    Select(String),
    Negate(String),
}

/// Which ignore files do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NoIgnore {
    /// `.ignore` and `.rgignore`.
    pub(crate) dot: bool,
    /// `.git/info/exclude`.
    pub(crate) exclude: bool,
    /// Those given with `--ignore-file`.
    pub(crate) files: bool,
    /// The user's own, for all repositories.
    pub(crate) global: bool,
    /// Those in directories above.
    pub(crate) parent: bool,
    /// Those of version control.
    pub(crate) vcs: bool,
}

impl NoIgnore {
    /// What `--no-ignore` says, and `--ignore` takes back.
    pub(crate) fn set_all(&mut self, on: bool) {
        *self = NoIgnore { dot: on, exclude: on, files: self.files, global: on, parent: on, vcs: on };
    }
}

/// The order of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) by: SortBy,
    pub(crate) reverse: bool,
}

/// What files are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SortBy {
    #[default]
    Path,
    Modified,
    Accessed,
    Created,
}
