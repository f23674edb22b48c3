//! The commands, as people use them: flags, walking, printing, colours, progress, exit codes.
//!
//! Only this module prints. It is public so that the binaries can be a few lines each; programs have no use for it.

mod flags;
mod index;
mod print;
mod process;
mod run;
mod terminal;

use std::{
    ffi::OsString,
    io::{IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Context;

use self::{
    flags::{Options, shown},
    process::{panics, resources},
    run::command,
    terminal::{closed, messages, stdout},
};
pub use self::{index::command::mapgrep_index, process::resources::Memory};

/// Runs `mapgrep` with these arguments, the first of which is the name of the program.
pub fn mapgrep(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    resources::prepare_for_little_memory();
    let options = match flags::parse(arguments) {
        Ok(options) => options,
        Err(wrong) => {
            messages::print(format_args!("{wrong}; see --help"));
            return ExitCode::from(2);
        }
    };
    let done = match shown::text(&options) {
        Some((text, status)) => show(&text, status),
        None => panics::quietly(|| run(&options)),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            messages::print(format_args!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let stdout = stdout::stdout().context("cannot write to standard output")?;
    command::run(options, stdout, std::io::stdout().is_terminal())
}

/// Shows what was asked for in place of a search.
fn show(text: &str, status: u8) -> anyhow::Result<ExitCode> {
    let cannot = "cannot write to standard output";
    closed::check_stdout().context(cannot)?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context(cannot)?;
    Ok(ExitCode::from(status))
}

/// Runs `mapgrep`, and writes to `output`, which is a terminal or not, what would go to standard output. Panics are
/// those of the caller's process.
#[cfg(feature = "__test-hooks")]
pub fn mapgrep_to(
    arguments: impl IntoIterator<Item = OsString>,
    output: impl Write + Send + 'static,
    to_terminal: bool,
) -> anyhow::Result<ExitCode> {
    command::run(&flags::parse(arguments).map_err(anyhow::Error::msg)?, output, to_terminal)
}
