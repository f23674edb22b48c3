//! What is listed in place of a search: the files that would be searched, and the types of files.

use std::{io::Write, process::ExitCode};

use anyhow::Context;

use crate::cli::{
    flags::Options,
    print::standard::Printer,
    run::{setup, walk},
    terminal::{messages::Messages, stdout::Output},
};
use mapgrep::{matcher::LineTerminator, scan::Cancel};

/// Shows the names of the files that would be searched.
///
/// # Errors
///
/// When a glob or a type is wrong, and when output cannot be written.
pub(crate) fn files(
    options: &Options,
    stdout: impl Write + Send + 'static,
    to_terminal: bool,
) -> anyhow::Result<ExitCode> {
    let mut style = setup::style(options, true, to_terminal);
    style.terminator = LineTerminator::Lf;
    let messages = Messages::new(!options.messages.no_messages);
    let paths = walk::Paths::to_list(options.positional.clone(), options.shows_ignore_messages());
    let mut output = Output::new(stdout);
    let mut any = false;
    for file in paths.walk(&options.files, 0, &Cancel::new())? {
        match file {
            Ok(file) => {
                any = true;
                if options.output.quiet {
                    break;
                }
                let mut line = vec![];
                Printer::new(&style, &file.path).name_line(&mut line);
                if output.write(&line).is_break() {
                    break;
                }
            }
            Err(error) => messages.error(error),
        }
    }
    output.finish().context("cannot write to standard output")?;
    Ok(setup::exit_code(any, options.output.quiet, messages.any_error()))
}

/// Shows the types of files, each with its globs.
///
/// # Errors
///
/// When a type is wrong, and when output cannot be written.
pub(crate) fn types(options: &Options, stdout: impl Write + Send + 'static) -> anyhow::Result<ExitCode> {
    let types = walk::all_types(&options.files.types)?;
    let mut output = Output::new(stdout);
    for definition in types.definitions() {
        let line = format!("{}: {}\n", definition.name(), definition.globs().join(", "));
        if output.write(line.as_bytes()).is_break() {
            break;
        }
    }
    output.finish().context("cannot write to standard output")?;
    Ok(ExitCode::from(u8::from(types.definitions().is_empty())))
}
