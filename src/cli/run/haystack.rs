//! What is searched.

use std::path::PathBuf;

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
    pub(crate) fn stdin() -> Self {
        Haystack { path: "<stdin>".into(), is_stdin: true, explicit: true, len: None }
    }
}
