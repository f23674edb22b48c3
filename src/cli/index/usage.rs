//! What is said of a command line that cannot be understood, and of `--help` and `--version`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::terminal::{closed, messages};

/// Prints what there is to say in place of running the command, and tells the exit status: 0 for help that was asked
/// for, 2 for a command line that is wrong, and for output that cannot be written.
pub(crate) fn explain(error: &clap::Error) -> ExitCode {
    let asked_for = !error.use_stderr();
    if asked_for || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return match print(error, asked_for) {
            Ok(()) if asked_for => ExitCode::SUCCESS,
            Ok(()) => ExitCode::from(2),
            Err(cause) => {
                messages::print(format_args!("cannot write to standard output: {cause}"));
                ExitCode::from(2)
            }
        };
    }
    messages::print(what_is_wrong(error));
    ExitCode::from(2)
}

/// What goes to standard output may find that closed, or full.
fn print(error: &clap::Error, to_stdout: bool) -> io::Result<()> {
    if to_stdout {
        closed::check_stdout()?;
    }
    error.print()?;
    io::stdout().flush()
}

/// One line: what is wrong, and where help is.
fn what_is_wrong(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) if !texts.is_empty() => Some(texts.join(", ")),
        _ => None,
    };
    let message = match (error.kind(), context(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(flag)) => match context(ContextKind::SuggestedArg) {
            Some(similar) => format!("unknown flag '{flag}'; did you mean '{similar}'?"),
            None => format!("unknown flag '{flag}'"),
        },
        _ => first_paragraph(&error.render().to_string()),
    };
    format!("{message}; see --help")
}

/// The message without usage and advice, as one line.
fn first_paragraph(rendered: &str) -> String {
    let lines = rendered.strip_prefix("error: ").unwrap_or(rendered).lines();
    let lines: Vec<_> = lines.take_while(|line| !line.is_empty()).map(str::trim).collect();
    lines.join(" ")
}
