//! Ctrl-C, and requests to terminate: what was found so far goes out, and the exit status is 130.

use std::{process::exit, thread, time::Duration};

use super::output::Rescue;
use crate::scan::Cancel;

/// The exit status of a search that was interrupted.
pub(super) const STATUS: u8 = 130;

/// How long a search may take to end that was interrupted. What holds it up longer is a reader that does not read, a
/// stream that says nothing, or a disk.
const PATIENCE: Duration = Duration::from_secs(1);

/// A token that is cancelled by Ctrl-C (SIGINT), SIGTERM, and SIGHUP. The second of them ends the process at once. So does
/// the first when the search does not end by itself soon; the output that `rescue` can still get out goes out then, which
/// need not end with a whole line where a reader does not read.
///
/// Where one of the signals is ignored, as in jobs in the background and under `nohup`, all of them are left as they are.
pub(super) fn watch(rescue: Rescue) -> Cancel {
    let cancel = Cancel::new();
    let token = cancel.clone();
    let mut rescue = Some(rescue);
    let handler = move || {
        let Some(rescue) = rescue.take() else { exit(STATUS.into()) };
        token.cancel();
        if thread::Builder::new().spawn(move || give_up(rescue)).is_err() {
            exit(STATUS.into());
        }
    };
    // Other errors say that the signals have a handler, or are ignored. Then they do what they did before.
    if let Err(ctrlc::Error::System(_)) = ctrlc::try_set_handler(handler) {
        end_at_once();
    }
    cancel
}

/// What is said of a search that was interrupted, to somebody who looks on.
pub(super) fn report(stopped_at: Option<u64>) -> String {
    match stopped_at {
        Some(offset) => format!("interrupted at byte {offset}; --range {offset}.. goes on from there"),
        None => "interrupted".to_owned(),
    }
}

/// Has the signals end the process, as they do without a handler: they have one, and the system has refused the thread that
/// is to wait for what it says.
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
fn give_up(rescue: Rescue) {
    thread::sleep(PATIENCE);
    let rescued = thread::Builder::new().spawn(|| rescue.flush_for_good());
    if rescued.is_ok() {
        thread::sleep(PATIENCE / 10);
    }
    exit(STATUS.into());
}
