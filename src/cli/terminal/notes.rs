//! What is told about single files that is no error.

use std::{fmt::Display, path::Path};

use crate::cli::{flags::Options, terminal::messages};

/// Which of these notes are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notes {
    /// How a search is run.
    explains: bool,
    /// What may surprise.
    warns: bool,
}

impl Notes {
    pub(crate) fn new(options: &Options) -> Self {
        Notes { explains: options.messages.explain, warns: options.shows_notes() }
    }

    /// Whether it is told how files are searched.
    pub(crate) fn explains(self) -> bool {
        self.explains
    }

    /// Whether anything is told that may surprise.
    pub(crate) fn warns(self) -> bool {
        self.warns
    }

    /// Tells how a file is searched.
    pub(crate) fn explain(self, path: &Path, how: impl FnOnce() -> String) {
        if self.explains {
            tell(path, how());
        }
    }

    /// Tells what may surprise.
    pub(crate) fn warn(self, path: &Path, what: impl FnOnce() -> String) {
        if self.warns {
            tell(path, what());
        }
    }

    /// Tells what may surprise, and belongs to how a file is searched.
    pub(crate) fn warn_or_explain(self, path: &Path, what: impl FnOnce() -> String) {
        if self.warns || self.explains {
            tell(path, what());
        }
    }
}

fn tell(path: &Path, what: impl Display) {
    messages::print(format_args!("{}: {what}", path.display()));
}
