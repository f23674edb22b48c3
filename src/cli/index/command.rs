//! From arguments to an exit status.

use std::{
    ffi::OsString,
    path::PathBuf,
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use clap::Parser;

use super::{
    args::{Args, Command},
    run::Run,
};
use crate::cli::{
    flags::when::When,
    index::usage,
    process::{interrupt, panics, resources},
    terminal::{
        messages::{self, Messages},
        progress::Progress,
    },
};
use mapgrep::scan::Pool;

/// Files of fewer bytes are indexed side by side, with one thread each.
const SMALL: u64 = 64 << 20;

/// Runs `mapgrep-index` with these arguments, the first of which is the name of the program.
pub fn mapgrep_index(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    resources::prepare_for_little_memory();
    messages::name_program("mapgrep-index");
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => return usage::explain(&error),
    };
    panics::quietly(|| run(&args.command))
}

fn run(command: &Command) -> ExitCode {
    let (Command::Build { common, .. }
    | Command::Update { common, .. }
    | Command::Verify { common, .. }
    | Command::Stat { common }
    | Command::Remove { common }) = command;
    let cancel = interrupt::watch(None).cancel;
    let when = match common.progress {
        When::Auto if common.quiet => When::Never,
        when => when,
    };
    let run = Run {
        command,
        common,
        progress: Progress::new(when, false, &cancel).of(match command {
            Command::Verify { .. } => "verified",
            _ => "indexed",
        }),
        cancel,
        pool: resources::pool(common.threads, resources::most_threads()),
        messages: Messages::new(true),
        changed: Mutex::new(false),
        told: Mutex::default(),
    };
    match command {
        Command::Update { watch: true, .. } => run.watch(),
        _ => run.all(&run.files()),
    }
    if run.cancel.is_cancelled() && !matches!(command, Command::Update { watch: true, .. }) {
        return ExitCode::from(interrupt::STATUS);
    }
    match (run.messages.any_error(), *run.changed.lock().unwrap_or_else(PoisonError::into_inner)) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::from(1),
        (false, false) => ExitCode::SUCCESS,
    }
}

impl Run<'_> {
    /// Works on all files. Small ones are worked on side by side, unless the work takes no time.
    fn all(&self, files: &[(PathBuf, u64)]) {
        if matches!(self.command, Command::Stat { .. } | Command::Remove { .. }) {
            return files.iter().for_each(|(path, _)| self.one(path, &self.pool, None));
        }
        let (small, large): (Vec<_>, Vec<_>) = files.iter().partition(|(_, len)| *len < SMALL);
        let rest = Mutex::new(small.into_iter());
        let work = || {
            let inline = Pool::inline();
            let next = || rest.lock().unwrap_or_else(PoisonError::into_inner).next();
            while let Some((path, _)) = next() {
                self.one(path, &inline, None);
            }
        };
        std::thread::scope(|scope| {
            let more = self.pool.threads().min(files.len() - large.len()).saturating_sub(1);
            for _ in 0..more {
                // If a thread cannot be started, the others do its work.
                let _ = std::thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
        for (path, len) in large {
            self.one(path, &self.pool, Some(*len));
        }
    }

    /// Indexes appended text and new files, until interrupted.
    fn watch(&self) {
        const PAUSE: Duration = Duration::from_secs(1);
        const STEP: Duration = Duration::from_millis(50);
        while !self.cancel.is_cancelled() {
            self.all(&self.files());
            self.next_round();
            let started = Instant::now();
            while started.elapsed() < PAUSE && !self.cancel.is_cancelled() {
                std::thread::sleep(STEP);
            }
        }
    }
}
