//! The command `mapgrep-index`: building indexes, and looking after them.

pub(crate) mod advice;

use std::{
    collections::HashSet,
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use clap::{ArgAction, Args as Flags, Parser, Subcommand};
use ignore::WalkBuilder;
use indicatif::HumanBytes;

use crate::cli::{
    flags::{numbers::parse_threads, usage, when::When},
    process::{interrupt, resources},
    run::walk::in_order,
    terminal::{
        messages::{self, Messages},
        progress::Progress,
    },
};
use mapgrep::{
    Error,
    index::{Freshness, Index, IndexBuilder, Outcome, Stat, Unfit, is_index},
    mapping::{Access, MapOptions},
    scan::{Cancel, Pool},
};

/// Files of fewer bytes are indexed side by side, each by one thread.
const SMALL: u64 = 64 << 20;

/// Index huge files, so that mapgrep finds what is rare in them without reading them.
///
/// The index of FILE is FILE.mgx, or a file in the user's cache directory where the directory of FILE cannot be
/// written; that of a symbolic link is that of the file it leads to. mapgrep uses it by itself. What is appended to
/// FILE is found without being indexed; update indexes that, too. A file that was changed in any other way is searched
/// as one without an index, until it is indexed anew. An index is used where it belongs to whoever searches, to root,
/// or to the owner of FILE, and may be read by those who may read FILE. When FILE is renamed within its directory, as
/// logs are, build and update take its index along.
///
/// Exit status: 0 when all was done, 1 when verify has found changes, 2 when there was an error, 130 when it was
/// interrupted.
#[derive(Debug, Parser)]
#[command(name = "mapgrep-index", version, max_term_width = 100)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Index files, in place of indexes that they have.
    Build {
        #[command(flatten)]
        common: Common,

        /// Make indexes of about two thirds of the size. They leave more of a file to be searched, and do not help with
        /// literals of three bytes.
        #[arg(long)]
        small: bool,
    },
    /// Index what was appended to files since. A file without an index is indexed.
    Update {
        #[command(flatten)]
        common: Common,

        /// Go on until interrupted, and index what is appended as it comes, and with -r files that come into
        /// directories. A file that was replaced is indexed anew, and so is one whose index is damaged.
        #[arg(long)]
        watch: bool,

        /// Compare all that was indexed with what it was, at the speed of reading it, in place of some blocks that are
        /// chosen at random. A file that was changed in its middle and has grown since is told from one that has only
        /// grown.
        #[arg(long)]
        verify: bool,
    },
    /// Compare files with their indexes, byte for byte, and what the indexes say with the files, at the speed of
    /// building them. Where nothing has changed an index is relied on again; where something has, it is told which
    /// bytes.
    Verify {
        #[command(flatten)]
        common: Common,

        /// Compare hashes alone: whether the files have changed, and whether the indexes were damaged. It takes as long
        /// as to read them. What an index says is taken on trust then.
        #[arg(long)]
        quick: bool,
    },
    /// Tell about indexes: their size, what they cover, and whether they can be relied on.
    Stat {
        #[command(flatten)]
        common: Common,
    },
    /// Remove indexes.
    Remove {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Flags)]
struct Common {
    /// The files. Those of less than 1 MiB are not worth an index, and are passed over.
    #[arg(value_name = "FILE", required = true)]
    paths: Vec<PathBuf>,

    /// Take the files in directories too, but hidden ones and what .gitignore and similar files name.
    #[arg(short = 'r', long)]
    recursive: bool,

    /// Where the indexes are, in place of beside the files. mapgrep has to be told, too.
    #[arg(long, value_name = "DIR")]
    index_dir: Option<PathBuf>,

    /// How many threads to use, up to 1024; 0, the default, is one for each core.
    #[arg(short = 'j', long, value_name = "NUM")]
    #[arg(default_value_t = 0, hide_default_value = true, value_parser = parse_threads)]
    threads: usize,

    /// Show nothing but errors.
    #[arg(short = 'q', long, action = ArgAction::SetTrue)]
    quiet: bool,

    /// Show progress on standard error: on a terminal, for what takes more than a second.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    progress: When,
}

/// Runs `mapgrep-index` with these arguments, the first of which is the name of the program.
pub fn mapgrep_index(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    resources::share_heap();
    messages::name_program("mapgrep-index");
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => return usage::explain(&error),
    };
    crate::cli::process::panics::quietly(|| run(&args.command))
}

/// What was wrong. Whoever watches files meets the same again and again, and is told of it once.
#[derive(Default)]
struct Told {
    before: HashSet<String>,
    now: HashSet<String>,
}

/// What the work on all files has in common.
struct Run<'a> {
    command: &'a Command,
    common: &'a Common,
    cancel: Cancel,
    progress: Progress,
    pool: Pool,
    messages: Messages,
    changed: Mutex<bool>,
    told: Mutex<Told>,
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
    /// The files that were named, and those in directories, with their sizes.
    fn files(&self) -> Vec<(PathBuf, u64)> {
        let mut files = vec![];
        for path in &self.common.paths {
            if !path.is_dir() {
                // What is wrong with it is told when it is opened.
                files.push((path.clone(), path.metadata().map_or(0, |metadata| metadata.len())));
                continue;
            }
            if !self.common.recursive {
                self.error(format!("{}: is a directory; -r takes the files in it", path.display()));
                continue;
            }
            for entry in WalkBuilder::new(path).require_git(false).sort_by_file_path(in_order).build() {
                match entry {
                    Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) && self.takes(entry.path()) => {
                        let len = entry.metadata().map_or(0, |metadata| metadata.len());
                        files.push((entry.into_path(), len));
                    }
                    Ok(_) => {}
                    Err(error) => self.error(error.to_string()),
                }
            }
        }
        files
    }

    /// Whether a file that was found in a directory is dealt with. Whoever makes no indexes only looks after those that
    /// are there.
    fn takes(&self, path: &Path) -> bool {
        !is_index(path) && (self.makes() || !matches!(Index::open(path, self.common.index_dir.as_deref()), Ok(None)))
    }

    /// Whether indexes are written.
    fn makes(&self) -> bool {
        matches!(self.command, Command::Build { .. } | Command::Update { .. })
    }

    /// Does what was asked for with all files: the small ones side by side, unless that takes no time.
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
                // Where no thread can be had, fewer do the work.
                let _ = std::thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
        for (path, len) in large {
            self.one(path, &self.pool, Some(*len));
        }
    }

    /// Indexes what is appended, and what comes into directories, until somebody interrupts.
    fn watch(&self) {
        const PAUSE: Duration = Duration::from_secs(1);
        const STEP: Duration = Duration::from_millis(50);
        while !self.cancel.is_cancelled() {
            self.all(&self.files());
            let mut told = self.told();
            told.before = std::mem::take(&mut told.now);
            drop(told);
            let started = Instant::now();
            while started.elapsed() < PAUSE && !self.cancel.is_cancelled() {
                std::thread::sleep(STEP);
            }
        }
    }

    fn one(&self, path: &Path, pool: &Pool, len: Option<u64>) {
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

    fn error(&self, message: String) {
        let mut told = self.told();
        if !told.before.contains(&message) {
            self.messages.error(&message);
        }
        told.now.insert(message);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_one(&self, path: &Path, pool: &Pool, len: Option<u64>) -> Result<(), Error> {
        let mut builder = IndexBuilder::new();
        builder.directory(self.common.index_dir.clone()).cancel(self.cancel.clone()).waiting(|path| {
            messages::print(format_args!("{}: somebody else is writing this index; waiting", path.display()));
        });
        // A bar is for one file at a time.
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
                            "the file has not changed, and the index is not damaged; what it says was \
                             not compared with the file"
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

    /// Updates an index, or makes it anew where that cannot be done.
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

    fn tell_outcome(&self, path: &Path, outcome: &Outcome, started: Instant) {
        let path = path.display();
        match outcome {
            Outcome::Written(stat) => {
                let seconds = started.elapsed().as_secs_f64();
                self.say(format_args!("{path}: indexed in {seconds:.2} s; {}", Summary(stat)));
            }
            Outcome::UpToDate(stat) => self.say(format_args!("{path}: up to date; {}", Summary(stat))),
            Outcome::TooSmall => {
                self.say(format_args!(
                    "{path}: skipped; files of less than 1 MiB are searched as fast without an index"
                ));
            }
            Outcome::Unfit(unfit) => self.say(format_args!("{path}: skipped; {unfit}{}", Advice(*unfit, &path))),
            // It was cancelled.
            _ => {}
        }
    }

    fn stat(&self, path: &Path) -> Result<(), Error> {
        let Some(index) = Index::open(path, self.common.index_dir.as_deref())? else {
            self.say(format_args!("{}: there is no index", path.display()));
            return Ok(());
        };
        let stat = index.stat();
        self.say(format_args!(
            "{}\n  index     {}\n  size      {} bytes, {}; of no more use {}\n  grams     {}\n  covers    {} bytes, \
             {} lines, {} blocks in {} segments\n  state     {}",
            path.display(),
            stat.path.display(),
            stat.bytes,
            Summary(&stat),
            HumanBytes(stat.dead),
            if stat.is_small { "small" } else { "default" },
            stat.covered,
            stat.lines,
            stat.blocks,
            stat.segments,
            state(path, &index)?,
        ));
        Ok(())
    }

    /// Writes a line to standard output.
    fn say(&self, line: std::fmt::Arguments<'_>) {
        if !self.common.quiet
            && let Err(error) = crate::cli::terminal::stdout::say(line)
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            self.messages.error(format_args!("cannot write to standard output: {error}"));
        }
    }
}

/// How large an index is, and which part of the text that is.
struct Summary<'a>(&'a Stat);

impl std::fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Stat { bytes, text, .. } = self.0;
        let percent = 100.0 * *bytes as f64 / (*text).max(1) as f64;
        write!(f, "{} for {}, {percent:.1} %", HumanBytes(*bytes), HumanBytes(*text))
    }
}

/// What to do with a file that an index is of no use for.
struct Advice<'a>(Unfit, &'a std::path::Display<'a>);

impl std::fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Unfit::Compressed(how) => write!(f, "; {} {} | mapgrep ... searches it", how.command(), self.1),
            _ => Ok(()),
        }
    }
}

/// Whether an index can be relied on, in words.
fn state(path: &Path, index: &Index) -> Result<String, Error> {
    let cannot = |error| Error::from(error).with_path(path);
    let metadata = path.metadata().map_err(cannot)?;
    if !metadata.is_file() {
        return Ok("not used: the file is no regular file by now".to_owned());
    }
    let file = File::open(path).map_err(cannot)?;
    if metadata.len() == 0 {
        return Ok("the file is empty".to_owned());
    }
    if let Some(unfit) = Unfit::of_file(&file).map_err(cannot)? {
        return Ok(format!("not used: {unfit}"));
    }
    #[allow(unsafe_code)]
    // SAFETY: whoever changes the file meanwhile gets hashes of changing bytes; the mapping is only read through its
    // guard.
    let text = unsafe { MapOptions::new().access(Access::Read).map_file(&file) };
    let text = text.map_err(|error| error.with_path(path))?;
    Ok(match index.freshness(&metadata, &text)? {
        Freshness::Same => "up to date".to_owned(),
        Freshness::Stale(stale) => format!("not used: {}", advice::of_stale(stale)),
        // It has grown.
        _ => {
            format!(
                "used; {} behind what is indexed are searched as without it",
                HumanBytes(metadata.len() - index.covered())
            )
        }
    })
}
