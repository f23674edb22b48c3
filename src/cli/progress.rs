//! A bar on standard error for searches that take long.

use std::{
    io::{IsTerminal, stderr, stdout},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::When;

/// A search has to take this long before a bar appears.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar is drawn.
const REFRESH: Duration = Duration::from_millis(100);

/// Files below this size are searched before anybody asks.
const WORTH_SHOWING: u64 = 64 << 20;

/// Whether bars are shown, and the count they are drawn from.
pub(super) struct Progress {
    enabled: bool,
    at: Arc<AtomicU64>,
}

impl Progress {
    pub(super) fn new(when: When) -> Self {
        let enabled = match when {
            When::Always => true,
            When::Never => false,
            // On a terminal that also gets the results, a bar would tear them apart.
            When::Auto => stderr().is_terminal() && !stdout().is_terminal(),
        };
        Progress { enabled, at: Arc::default() }
    }

    /// What the search is to keep at the offset that it has reached.
    pub(super) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.at)
    }

    /// Shows a bar for a file of `len` bytes until the result is dropped.
    pub(super) fn start(&self, len: u64) -> Option<Running> {
        if !self.enabled || len < WORTH_SHOWING {
            return None;
        }
        self.at.store(0, Ordering::Relaxed);
        let at = self.counter();
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::spawn(move || {
            if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(Some(len), ProgressDrawTarget::stderr());
            let template = "{bar:32} {percent:>3} %  {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left";
            bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
            loop {
                bar.set_position(at.load(Ordering::Relaxed));
                if stopped.recv_timeout(REFRESH) != Err(RecvTimeoutError::Timeout) {
                    bar.finish_and_clear();
                    return;
                }
            }
        });
        Some(Running { stop: Some(stop), thread: Some(thread) })
    }
}

/// A bar that is being shown.
pub(super) struct Running {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The thread ends when its channel is closed.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
