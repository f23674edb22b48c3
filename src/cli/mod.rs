//! The commands, as people use them: flags, walking, printing, colours, progress, exit codes.
//!
//! Only this module prints. It is public so that the binaries can be a few lines each; programs have no use for it.

mod flags;
mod index;
mod print;
mod process;
mod run;
mod terminal;

use std::{ffi::OsString, io::IsTerminal, process::ExitCode};

use anyhow::Context;

use self::{
    flags::{Options, usage},
    process::{panics, resources},
    run::command,
    terminal::{messages, stdout},
};
pub use self::{index::command::mapgrep_index, process::resources::Memory};

/// Runs `mapgrep` with these arguments, the first of which is the name of the program.
pub fn mapgrep(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    resources::share_heap();
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(error) => return usage::explain(&error),
    };
    match panics::quietly(|| run(&options)) {
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

/// Runs `mapgrep`, and writes to `output` what would go to standard output. Panics are those of the caller's process.
#[cfg(feature = "__test-hooks")]
pub fn mapgrep_to(
    arguments: impl IntoIterator<Item = OsString>,
    output: impl std::io::Write + Send + 'static,
) -> anyhow::Result<ExitCode> {
    command::run(&Options::parse(arguments)?, output, false)
}
