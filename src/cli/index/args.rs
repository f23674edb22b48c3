//! The flags of `mapgrep-index`, and their help.

use std::path::PathBuf;

use clap::{ArgAction, Args as Flags, Parser, Subcommand};

use crate::cli::flags::{numbers::parse_threads, when::When};

/// Index huge files, so that mapgrep finds what is rare in them without reading them.
///
/// The index of FILE is FILE.mgx, or a file in the user's cache directory where the directory of FILE cannot be
/// written; that of a symbolic link is that of the file it leads to. mapgrep uses it by itself. What is appended to
/// FILE is found without being indexed; update indexes that, too. A file that was changed in any other way is searched
/// as one without an index, until it is indexed anew. An index is used where it belongs to whoever searches, to root,
/// or to the owner of FILE, and may be read by those who may read FILE. When FILE is renamed within its directory, as
/// logs are, build and update take its index along.
///
/// Exit status: 0 when all was done, 1 when verify has found changes, 2 when there was an error, 130 when it was
/// interrupted.
#[derive(Debug, Parser)]
#[command(name = "mapgrep-index", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Index files, in place of indexes that they have.
    Build {
        #[command(flatten)]
        common: Common,

        /// Make indexes of about two thirds of the size. They leave more of a file to be searched, and do not help with
        /// literals of three bytes.
        #[arg(long)]
        small: bool,
    },
    /// Index what was appended to files since. A file without an index is indexed.
    Update {
        #[command(flatten)]
        common: Common,

        /// Go on until interrupted, and index what is appended as it comes, and with -r files that come into
        /// directories. A file that was replaced is indexed anew, and so is one whose index is damaged.
        #[arg(long)]
        watch: bool,

        /// Compare all that was indexed with what it was, at the speed of reading it, in place of some blocks that are
        /// chosen at random. A file that was changed in its middle and has grown since is told from one that has only
        /// grown.
        #[arg(long)]
        verify: bool,
    },
    /// Compare files with their indexes, byte for byte, and what the indexes say with the files, at the speed of
    /// building them. Where nothing has changed an index is relied on again; where something has, it is told which
    /// bytes.
    Verify {
        #[command(flatten)]
        common: Common,

        /// Compare hashes alone: whether the files have changed, and whether the indexes were damaged. It takes as long
        /// as to read them. What an index says is taken on trust then.
        #[arg(long)]
        quick: bool,
    },
    /// Tell about indexes: their size, what they cover, and whether they can be relied on.
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
    /// The files. Those of less than 1 MiB are not worth an index, and are passed over.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    /// Take the files in directories too, but hidden ones and what .gitignore and similar files name.
    #[arg(short = 'r', long)]
    pub(crate) recursive: bool,

    /// Where the indexes are, in place of beside the files. mapgrep has to be told, too.
    #[arg(long, value_name = "DIR")]
    pub(crate) index_dir: Option<PathBuf>,

    /// How many threads to use, up to 1024; 0, the default, is one for each core.
    #[arg(short = 'j', long, value_name = "NUM")]
    #[arg(default_value_t = 0, hide_default_value = true, value_parser = parse_threads)]
    pub(crate) threads: usize,

    /// Show nothing but errors.
    #[arg(short = 'q', long, action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,

    /// Show progress on standard error: on a terminal, for what takes more than a second.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    pub(crate) progress: When,
}
