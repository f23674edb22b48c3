//! Files that are searched as a program makes them: decompressed, or converted by a program of the user's.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    process::{Command, Stdio},
};

use grep_cli::{CommandReaderBuilder, DecompressionReaderBuilder};
use ignore::overrides::Override;

use crate::cli::{
    flags::Options,
    run::{
        globs::{self, Globs},
        haystack::Haystack,
    },
};

/// Which files programs convert, and which programs.
pub(crate) struct Converter {
    program: Option<PathBuf>,
    /// The files that the program converts; all where it is empty.
    globs: Override,
    /// What knows which files are compressed, where these are decompressed. Its globs take long to compile.
    decompression: Option<DecompressionReaderBuilder>,
}

impl Converter {
    /// # Errors
    ///
    /// When a glob is wrong.
    pub(crate) fn new(options: &Options) -> anyhow::Result<Self> {
        let globs =
            globs::overrides(&[Globs { flag: "--pre-glob", globs: &options.text.pre_globs, ignore_case: false }])?;
        let decompression = options.text.search_zip.then(DecompressionReaderBuilder::new);
        Ok(Converter { program: options.text.pre.clone(), globs, decompression })
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
        let decompression = self.decompression.as_ref()?;
        if !decompression.get_matcher().has_command(&haystack.path) {
            return None;
        }
        let reader = decompression.build(&haystack.path).map_err(io::Error::from);
        Some(reader.map(|reader| Box::new(reader) as _))
    }
}
