//! The work on one file.

use std::{path::Path, sync::PoisonError, time::Instant};

use super::{advice, args::Command, run::Run};
use crate::cli::terminal::messages;
use mapgrep::{
    Error,
    index::{IndexBuilder, Outcome},
    scan::Pool,
};

impl Run<'_> {
    pub(crate) fn one(&self, path: &Path, pool: &Pool, len: Option<u64>) {
        if self.cancel.is_cancelled() {
            return;
        }
        if let Err(error) = self.try_one(path, pool, len) {
            let is_of_its_place = error.is_io() && error.path() != Some(path);
            let elsewhere =
                if is_of_its_place && self.makes() { "; --index-dir DIR puts the index elsewhere" } else { "" };
            self.error(format!("{}{elsewhere}", advice::explained(&error)));
        }
    }

    fn try_one(&self, path: &Path, pool: &Pool, len: Option<u64>) -> Result<(), Error> {
        let mut builder = IndexBuilder::new();
        builder.directory(self.common.index_dir.clone()).cancel(self.cancel.clone()).waiting(|path| {
            messages::print(format_args!("{}: another process is writing this index; waiting", path.display()));
        });
        // The progress bar shows one file at a time.
        let _progress = len.and_then(|len| {
            builder.progress(self.progress.counter());
            self.progress.start(Some(len))
        });
        let started = Instant::now();
        match self.command {
            Command::Build { small, .. } => {
                builder.small(*small);
                self.tell_outcome(path, &builder.build(path, pool)?, started);
            }
            Command::Update { watch: true, verify, .. } => {
                let outcome = self.keep_up(path, builder.patient(true).compare_all(*verify), pool)?;
                if matches!(outcome, Outcome::Written(_)) {
                    self.tell_outcome(path, &outcome, started);
                }
            }
            Command::Update { verify, .. } => {
                self.tell_outcome(path, &builder.compare_all(*verify).update(path, pool)?, started);
            }
            Command::Verify { quick, .. } => {
                let verified = builder.quick(*quick).verify(path, pool)?;
                if self.cancel.is_cancelled() {
                    return Ok(());
                }
                if verified.changed.is_empty() {
                    let found = match quick {
                        true => {
                            "the file has not changed, and the index is not damaged; its content was not \
                             compared with the file"
                        }
                        false => "the index is right",
                    };
                    self.say(format_args!("{}: {found}", path.display()));
                    return Ok(());
                }
                *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = true;
                for range in &verified.changed {
                    self.say(format_args!("{}: bytes {}..{} have changed", path.display(), range.start, range.end));
                }
            }
            Command::Stat { .. } => self.stat(path)?,
            Command::Remove { .. } => match builder.remove(path)? {
                true => self.say(format_args!("{}: removed the index", path.display())),
                false => self.say(format_args!("{}: there is no index", path.display())),
            },
        }
        Ok(())
    }

    /// Updates an index, or builds it again if it cannot be updated.
    fn keep_up(&self, path: &Path, builder: &IndexBuilder, pool: &Pool) -> Result<Outcome, Error> {
        let damaged = match builder.is_replaced(path) {
            Ok(true) => return builder.build(path, pool),
            Ok(false) => match builder.update(path, pool) {
                // It may have been replaced meanwhile.
                Err(error) if error.is_invalid_input() => match builder.is_replaced(path) {
                    Ok(true) => return builder.build(path, pool),
                    _ => error,
                },
                updated => return updated,
            },
            Err(error) if error.is_invalid_input() => error,
            Err(error) => return Err(error),
        };
        let outcome = builder.build(path, pool)?;
        if matches!(outcome, Outcome::Written(_)) {
            messages::print(format_args!("{}: indexed anew: {}", path.display(), advice::explained(&damaged)));
        }
        Ok(outcome)
    }
}
