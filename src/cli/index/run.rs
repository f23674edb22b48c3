//! What the work on all files shares.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::args::{Command, Common};
use crate::cli::terminal::{messages::Messages, progress::Progress, stdout};
use mapgrep::scan::{Cancel, Pool};

/// The errors so far. With --watch the same error occurs in each round, and is reported once.
#[derive(Default)]
pub(crate) struct Told {
    before: HashSet<String>,
    now: HashSet<String>,
}

/// What the work on all files has in common.
pub(crate) struct Run<'a> {
    pub(crate) command: &'a Command,
    pub(crate) common: &'a Common,
    pub(crate) cancel: Cancel,
    pub(crate) progress: Progress,
    pub(crate) pool: Pool,
    pub(crate) messages: Messages,
    pub(crate) changed: Mutex<bool>,
    pub(crate) told: Mutex<Told>,
}

impl Run<'_> {
    /// Whether indexes are written.
    pub(crate) fn makes(&self) -> bool {
        matches!(self.command, Command::Build { .. } | Command::Update { .. })
    }

    pub(crate) fn error(&self, message: String) {
        let mut told = self.told();
        if !told.before.contains(&message) {
            self.messages.error(&message);
        }
        told.now.insert(message);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts another round over all files. Errors of the last round are not reported again.
    pub(crate) fn next_round(&self) {
        let mut told = self.told();
        told.before = std::mem::take(&mut told.now);
    }

    /// Writes a line to standard output.
    pub(crate) fn say(&self, line: std::fmt::Arguments<'_>) {
        if !self.common.quiet
            && let Err(error) = stdout::say(line)
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            self.messages.error(format_args!("cannot write to standard output: {error}"));
        }
    }
}
