//! Ctrl-C, and requests to terminate: what was found so far goes out, and the exit status is 130.

use std::{
    io::{self, IsTerminal},
    process::exit,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::cli::terminal::{messages, stdout::Rescue};
use mapgrep::scan::Cancel;

/// The exit status of a search that was interrupted.
pub(crate) const STATUS: u8 = 130;

/// How long a command that was interrupted may take to clean up, and its reader to take the output.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a search may take to end that was interrupted. What holds it up longer is one very long line, a stream that
/// says nothing, or a disk. People notice a tenth of a second.
const PATIENCE_WITH_SEARCH: Duration = Duration::from_millis(70);
const STEP: Duration = Duration::from_millis(5);

/// What follows when the process is interrupted.
pub(crate) struct Interrupt {
    /// It is cancelled then.
    pub(crate) cancel: Cancel,
    is_searching: Arc<AtomicBool>,
    /// What the one takes who waits for the signals, until somebody does.
    unwatched: Mutex<Option<Option<Rescue>>>,
}

impl Interrupt {
    /// Until [`watch`](Interrupt::watch) the signals end the process, as they do where nobody asks for anything else:
    /// for what is over in a moment. `rescue` is that of the output.
    pub(crate) fn unwatched(rescue: Option<Rescue>) -> Self {
        let is_searching = Arc::new(AtomicBool::new(rescue.is_some()));
        Interrupt { cancel: Cancel::new(), is_searching, unwatched: Mutex::new(Some(rescue)) }
    }

    /// Has the signals handled from here on, if they are not yet. It starts a thread.
    pub(crate) fn watch(&self) {
        let unwatched = self.unwatched.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(rescue) = unwatched {
            handle(rescue, self.cancel.clone(), Arc::clone(&self.is_searching));
        }
    }

    /// From here on nothing is left to be done that could take long, and that has to be done in full.
    pub(crate) fn search_has_ended(&self) {
        self.is_searching.store(false, Ordering::Relaxed);
    }
}

/// A token that is cancelled by Ctrl-C (SIGINT), SIGTERM, and SIGHUP. The second of them ends the process at once. So
/// does the first when the search does not end by itself within [`PATIENCE_WITH_SEARCH`]; the output that `rescue` can
/// still get out goes out then. A reader that does not read holds it up for [`PATIENCE`], and what it gets need not end
/// with a whole line. A command without output to rescue has files to clean up, and is given as long.
///
/// Where one of the signals is ignored, as in jobs in the background and under `nohup`, all of them are left as they
/// are.
pub(crate) fn watch(rescue: Option<Rescue>) -> Interrupt {
    let interrupt = Interrupt::unwatched(rescue);
    interrupt.watch();
    interrupt
}

/// Installs the handler of the signals.
fn handle(rescue: Option<Rescue>, token: Cancel, is_searching: Arc<AtomicBool>) {
    let mut rescue = Some(rescue);
    let handler = move || {
        let Some(rescue) = rescue.take() else { exit(STATUS.into()) };
        token.cancel();
        let is_searching = is_searching.clone();
        if thread::Builder::new().spawn(move || give_up(rescue, &is_searching)).is_err() {
            exit(STATUS.into());
        }
    };
    // Other errors say that the signals have a handler, or are ignored. Then they do what they did before.
    if let Err(ctrlc::Error::System(_)) = ctrlc::try_set_handler(handler) {
        end_at_once();
    }
}

/// What is said of a search that was interrupted, to somebody who looks on.
pub(crate) fn report(stopped_at: Option<u64>) -> String {
    match stopped_at {
        Some(offset) => format!("interrupted at byte {offset}; --range {offset}.. goes on from there"),
        None => "interrupted".to_owned(),
    }
}

/// Has the signals end the process, as they do without a handler: they have one, and the system has refused the thread
/// that is to wait for what it says.
fn end_at_once() {
    #[cfg(unix)]
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        #[allow(unsafe_code)]
        // SAFETY: no handler is installed, and the action is the one that a process begins with. Nothing else in this
        // process handles these signals: none of them had a handler when `ctrlc` set its own.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}

/// Ends the process when it has not ended by itself.
fn give_up(rescue: Option<Rescue>, is_searching: &AtomicBool) {
    let started = Instant::now();
    thread::sleep(PATIENCE_WITH_SEARCH);
    while (!is_searching.load(Ordering::Relaxed) || rescue.as_ref().is_some_and(Rescue::is_writing))
        && started.elapsed() < PATIENCE
    {
        thread::sleep(STEP);
    }
    // Either may wait for whoever reads.
    let last_words = thread::Builder::new().spawn(|| {
        if let Some(rescue) = rescue {
            rescue.flush_for_good();
        }
        if io::stderr().is_terminal() {
            messages::print(report(None));
        }
    });
    if let Ok(last_words) = last_words {
        let started = Instant::now();
        while !last_words.is_finished() && started.elapsed() < PATIENCE / 10 {
            thread::sleep(STEP);
        }
    }
    exit(STATUS.into());
}
