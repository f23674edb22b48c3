//! Files that are searched as a program makes them: decompressed, or converted by a program of the user's.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::Context;
use grep_cli::{CommandReaderBuilder, DecompressionReaderBuilder};
use ignore::overrides::{Override, OverrideBuilder};

use crate::cli::{flags::Options, run::haystack::Haystack};

/// Which files programs convert, and which programs.
pub(crate) struct Converter {
    program: Option<PathBuf>,
    /// The files that the program converts; all where it is empty.
    globs: Override,
    decompresses: bool,
}

impl Converter {
    /// # Errors
    ///
    /// When a glob is wrong.
    pub(crate) fn new(options: &Options) -> anyhow::Result<Self> {
        let globs = &options.text.pre_globs;
        let globs = match globs.is_empty() {
            true => Override::empty(),
            false => {
                let directory = std::env::current_dir().context("cannot tell the current directory")?;
                let mut builder = OverrideBuilder::new(directory);
                for glob in globs {
                    builder.add(glob).with_context(|| format!("--pre-glob {glob}"))?;
                }
                builder.build()?
            }
        };
        Ok(Converter { program: options.text.pre.clone(), globs, decompresses: options.text.search_zip })
    }

    /// What a program makes of a file, if one has to.
    ///
    /// # Errors
    ///
    /// When the program cannot be started. That it fails is an error of reading.
    pub(crate) fn open(&self, haystack: &Haystack) -> Option<io::Result<Box<dyn Read + Send>>> {
        if haystack.is_stdin {
            return None;
        }
        let program = self.program.as_ref().filter(|_| !self.globs.matched(&haystack.path, false).is_ignore());
        if let Some(program) = program {
            let run = || {
                let mut command = Command::new(program);
                command.arg(&haystack.path).stdin(Stdio::from(File::open(&haystack.path)?));
                let reader = CommandReaderBuilder::new().build(&mut command);
                reader.map_err(|error| io::Error::other(format!("cannot run {}: {error}", program.display())))
            };
            return Some(run().map(|reader| Box::new(reader) as _));
        }
        let builder = DecompressionReaderBuilder::new();
        if !self.decompresses || !builder.get_matcher().has_command(&haystack.path) {
            return None;
        }
        let reader = builder.build(&haystack.path).map_err(io::Error::from);
        Some(reader.map(|reader| Box::new(reader) as _))
    }
}
