//! Which files to work on.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::run::Run;
use crate::cli::run::directory::in_order;
use mapgrep::index::{Index, is_index};

impl Run<'_> {
    /// The files that were named and those in directories, with their sizes.
    pub(crate) fn files(&self) -> Vec<(PathBuf, u64)> {
        let mut files = vec![];
        for path in &self.common.paths {
            if !path.is_dir() {
                // An error is reported when the file is opened.
                files.push((path.clone(), path.metadata().map_or(0, |metadata| metadata.len())));
                continue;
            }
            if !self.common.recursive {
                self.error(format!("{}: is a directory; use -r for the files in it", path.display()));
                continue;
            }
            for entry in WalkBuilder::new(path).require_git(false).sort_by_file_path(in_order).build() {
                match entry {
                    Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) && self.takes(entry.path()) => {
                        let len = entry.metadata().map_or(0, |metadata| metadata.len());
                        files.push((entry.into_path(), len));
                    }
                    Ok(_) => {}
                    Err(error) => self.error(error.to_string()),
                }
            }
        }
        files
    }

    /// Whether to work on a file in a directory. Commands that write no index skip files without one.
    fn takes(&self, path: &Path) -> bool {
        !is_index(path) && (self.makes() || !matches!(Index::open(path, self.common.index_dir.as_deref()), Ok(None)))
    }
}
