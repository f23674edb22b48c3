//! How far a search is, on standard error, for searches that take long: a bar on a terminal, and otherwise a line every
//! second, where somebody wants that.

use std::{
    fmt::Write,
    io::{IsTerminal, stderr, stdout},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{flags::when::When, terminal::messages};
use mapgrep::scan::{self, Cancel};

/// A search has to take this long before anything is shown; and the time between two lines.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar is drawn.
const REFRESH: Duration = Duration::from_millis(100);

/// Files that are not larger are searched before anybody asks, and several at once.
const SMALL: u64 = 4 << 20;

/// Whether progress is shown, and the count that tells it.
pub(crate) struct Progress {
    enabled: bool,
    at: scan::Progress,
    cancel: Cancel,
    /// What has been done with the bytes.
    done: &'static str,
}

impl Progress {
    /// Nothing is shown any more when the search is cancelled. `prints` says that results may be printed while it runs.
    pub(crate) fn new(when: When, prints: bool, cancel: &Cancel) -> Self {
        let enabled = match when {
            When::Always => true,
            When::Never => false,
            // On a terminal that also gets the results, a bar would tear them apart.
            When::Auto => stderr().is_terminal() && !(prints && stdout().is_terminal()),
        };
        Progress { enabled, at: scan::Progress::new(), cancel: cancel.clone(), done: "searched" }
    }

    /// Says that something else than a search is done.
    pub(crate) fn of(mut self, done: &'static str) -> Self {
        self.done = done;
        self
    }

    /// What the search is to keep at the offset that it has reached.
    pub(crate) fn counter(&self) -> scan::Progress {
        self.at.clone()
    }

    /// Shows the progress in a file of `len` bytes, or in a stream of any length, until the result is dropped.
    pub(crate) fn start(&self, len: Option<u64>) -> Option<Running> {
        if !self.enabled || len.is_some_and(|len| len <= SMALL) {
            return None;
        }
        self.at.set(0);
        let (stop, stopped) = channel::<()>();
        let clock = Clock { at: self.counter(), stopped, cancel: self.cancel.clone(), done: self.done };
        let show = move || match stderr().is_terminal() {
            true => show_bar(&clock, len),
            false => show_lines(&clock, len),
        };
        // Where no thread can be had, there are more urgent things than progress.
        let thread = std::thread::Builder::new().spawn(show).ok()?;
        Some(Running { stop: Some(stop), thread: Some(thread) })
    }
}

/// Progress that is being shown.
pub(crate) struct Running {
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

/// What tells the time to those who show something.
struct Clock {
    at: scan::Progress,
    stopped: Receiver<()>,
    cancel: Cancel,
    done: &'static str,
}

impl Clock {
    /// Waits a moment, and says where the search is then, unless it is over.
    fn tick(&self) -> Option<u64> {
        let is_over = self.stopped.recv_timeout(REFRESH) != Err(RecvTimeoutError::Timeout);
        (!is_over && !self.cancel.is_cancelled()).then(|| self.at.bytes())
    }
}

fn show_bar(clock: &Clock, len: Option<u64>) {
    let template = match len {
        Some(_) => "{wide_bar} {percent:>3} %  {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left",
        None => "{spinner} {bytes}  {bytes_per_sec}",
    };
    let started = Instant::now();
    let bar = ProgressBar::with_draw_target(len, ProgressDrawTarget::hidden());
    bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
    while let Some(at) = clock.tick() {
        bar.set_position(at);
        // It is there from the start, hidden, so that its speed is that of the search.
        if bar.is_hidden() && started.elapsed() >= PATIENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
    bar.finish_and_clear();
}

fn show_lines(clock: &Clock, len: Option<u64>) {
    let (started, mut shown) = (Instant::now(), 1);
    while let Some(at) = clock.tick() {
        let elapsed = started.elapsed();
        if elapsed >= shown * PATIENCE {
            messages::print(line(clock.done, at, len, elapsed));
            shown += 1;
        }
    }
}

/// Where a search is, in words.
fn line(done: &str, at: u64, len: Option<u64>, elapsed: Duration) -> String {
    let speed = at as f64 / elapsed.as_secs_f64();
    let mut line = format!("{done} {}", HumanBytes(at));
    if let Some(len) = len {
        let percent = 100.0 * at as f64 / len.max(1) as f64;
        let _ = write!(line, " of {}, {percent:.0} %", HumanBytes(len));
    }
    let _ = write!(line, ", {}/s", HumanBytes(speed as u64));
    if let Some(len) = len.filter(|_| at > 0) {
        let left = Duration::from_secs_f64((len.saturating_sub(at) as f64 / speed).min(1e9));
        let _ = write!(line, ", {} left", HumanDuration(left));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_known() {
        let two = Duration::from_secs(2);
        assert_eq!(
            line("searched", 1 << 30, Some(4 << 30), two),
            "searched 1.00 GiB of 4.00 GiB, 25 %, 512.00 MiB/s, 6 seconds left"
        );
        assert_eq!(line("searched", 1 << 20, None, two), "searched 1.00 MiB, 512.00 KiB/s");
        assert_eq!(line("searched", 0, Some(4 << 30), two), "searched 0 B of 4.00 GiB, 0 %, 0 B/s");
    }
}
