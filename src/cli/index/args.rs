//! The flags of `mapgrep-index`, and their help.

use std::path::PathBuf;

use clap::{ArgAction, Args as Flags, Parser, Subcommand};

use crate::cli::flags::{numbers::parse_threads, when::When};

/// Index huge files, so that mapgrep finds rare text in them without reading them.
///
/// The index of FILE is FILE.mgx, or a file in the user's cache directory if the directory of FILE cannot be written. A
/// symbolic link has the index of its target. mapgrep uses indexes by itself. Text that is appended to FILE is found
/// without being indexed; update indexes it, too. A file that was changed in any other way is searched without its
/// index, until it is indexed again. An index is used only if it belongs to the user, to root, or to the owner of FILE.
/// It can be read by the users who can read FILE. If FILE is renamed within its directory, as logs are, build and
/// update rename its index.
///
/// Exit status: 0 after success, 1 if verify found changes, 2 after an error, 130 after an interrupt.
#[derive(Debug, Parser)]
#[command(name = "mapgrep-index", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Index files, replacing the indexes that they have.
    Build {
        #[command(flatten)]
        common: Common,

        /// Make indexes of about two thirds of the size. More of a file is left to be searched, and literals of three
        /// bytes get no help.
        #[arg(long)]
        small: bool,
    },
    /// Index text that was appended to files. Also indexes files without an index.
    Update {
        #[command(flatten)]
        common: Common,

        /// Run until interrupted: index text as it is appended, and with -r files as they appear. Files that were
        /// replaced are indexed again, and so are files whose index is damaged.
        #[arg(long)]
        watch: bool,

        /// Compare all indexed blocks with their hashes, instead of some random ones. That takes as long as reading the
        /// file. It finds changes in the middle of a file that has also grown.
        #[arg(long)]
        verify: bool,
    },
    /// Compare files with their indexes, and indexes with their files, as slowly as building them. If nothing has
    /// changed, the index is used again; otherwise the changed bytes are listed.
    Verify {
        #[command(flatten)]
        common: Common,

        /// Compare only hashes: whether the files have changed, and whether the indexes are damaged. That takes as long
        /// as reading both. The content of the indexes is trusted.
        #[arg(long)]
        quick: bool,
    },
    /// Show facts about indexes: their size, what they cover, and whether they are used.
    Stat {
        #[command(flatten)]
        common: Common,
    },
    /// Remove indexes.
    Remove {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Flags)]
pub(crate) struct Common {
    /// The files. Files of less than 1 MiB are not worth an index, and are skipped.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    /// Include files in directories, except hidden ones and those that .gitignore and similar files name.
    #[arg(short = 'r', long)]
    pub(crate) recursive: bool,

    /// The directory of the indexes, if they are not beside the files. mapgrep needs the same flag.
    #[arg(long, value_name = "DIR")]
    pub(crate) index_dir: Option<PathBuf>,

    /// The number of threads, up to 1024. 0, the default, is one for each core.
    #[arg(short = 'j', long, value_name = "NUM")]
    #[arg(default_value_t = 0, hide_default_value = true, value_parser = parse_threads)]
    pub(crate) threads: usize,

    /// Show nothing but errors.
    #[arg(short = 'q', long, action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,

    /// Show progress on standard error. "auto" shows it on a terminal, for work of more than a second.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    pub(crate) progress: When,
}
