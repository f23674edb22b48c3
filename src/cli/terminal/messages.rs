//! What goes wrong on the way is told on standard error, and remembered for the exit status.

use std::{
    fmt::Display,
    io::{IsTerminal, Write},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bstr::ByteSlice;

use crate::cli::print::control::visible;

/// Where complaints about single files go.
#[derive(Debug)]
pub(crate) struct Messages {
    shown: bool,
    errored: AtomicBool,
}

impl Messages {
    pub(crate) fn new(shown: bool) -> Self {
        Messages { shown, errored: AtomicBool::new(false) }
    }

    /// Tells of an error that ends the search of one file, not of the others.
    pub(crate) fn error(&self, message: impl Display) {
        self.errored.store(true, Ordering::Relaxed);
        if self.shown {
            print(message);
        }
    }

    /// Tells of something that is no error.
    pub(crate) fn warn(&self, message: impl Display) {
        if self.shown {
            print(message);
        }
    }

    pub(crate) fn any_error(&self) -> bool {
        self.errored.load(Ordering::Relaxed)
    }
}

/// Says which command speaks; `mapgrep` unless it is said.
pub(crate) fn name_program(name: &'static str) {
    let _ = PROGRAM.set(name);
}

static PROGRAM: OnceLock<&str> = OnceLock::new();

/// Writes a message. That standard error may be closed is nobody's concern.
pub(crate) fn print(message: impl Display) {
    let mut stderr = std::io::stderr().lock();
    let program = PROGRAM.get().unwrap_or(&"mapgrep");
    // Where a terminal shows the name of a file, or a pattern, it is not to obey what is in it.
    let _ = match stderr.is_terminal() {
        true => writeln!(stderr, "{program}: {}", visible(message.to_string().as_bytes()).as_bstr()),
        false => writeln!(stderr, "{program}: {message}"),
    };
}
