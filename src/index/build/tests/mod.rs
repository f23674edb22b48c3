//! Indexes that are being written: cancelled, on texts that change, and after a crash at any moment.

mod cancelled;
#[cfg(unix)]
mod changes;
mod crash;

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{
    builder::IndexBuilder,
    outcome::{Done, Outcome},
    storage::{Disk, Storage},
    text::Text,
};
use crate::{
    error::Error,
    index::{
        format::{manifest::Manifest, scheme::Scheme},
        open::{fresh::Fresh, index::Index, segment::Segment},
    },
    scan::{Cancel, Pool},
};
