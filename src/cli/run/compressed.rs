//! Compressed files that were found in directories: what is looked for may be in them, and does not stand there as it
//! is.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use mapgrep::index::{Compression, Unfit};

/// Those in which nothing was found. Whoever looks for something in a directory is told of them once, and only where
/// it is in no other file.
#[derive(Debug, Default)]
pub(crate) struct CompressedFiles(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    count: u64,
    /// The first by its path: files are searched side by side.
    first: Option<(PathBuf, Compression)>,
}

impl CompressedFiles {
    /// Notes a file in which nothing was found, if it is compressed. Its first bytes are read where its name says so,
    /// unless they are known.
    pub(crate) fn see(&self, path: &Path, unfit: Option<Unfit>) {
        let unfit = unfit.or_else(|| has_such_name(path).then(|| Unfit::of_file(&File::open(path).ok()?).ok()?)?);
        let Some(Unfit::Compressed(how)) = unfit else { return };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.count += 1;
        if seen.first.as_ref().is_none_or(|(first, _)| path < first) {
            seen.first = Some((path.to_owned(), how));
        }
    }

    /// What there is to say of them.
    pub(crate) fn note(&self) -> Option<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (path, how) = seen.first.as_ref()?;
        let (shown, command) = (path.display(), how.command());
        Some(match seen.count {
            1 => format!("{shown}: {}", note(path, *how)),
            count => format!(
                "nothing was found, and {count} of the files are compressed, {shown} with {how}: {command} {shown} | \
                 mapgrep ..."
            ),
        })
    }
}

/// What there is to say of one compressed file in which nothing was found.
pub(crate) fn note(path: &Path, how: Compression) -> String {
    let (path, command) = (path.display(), how.command());
    format!("nothing was found, and it is compressed with {how}: {command} {path} | mapgrep ...")
}

fn has_such_name(path: &Path) -> bool {
    const EXTENSIONS: [&str; 11] = ["gz", "tgz", "zst", "zstd", "tzst", "xz", "txz", "bz2", "tbz2", "lz4", "tlz4"];
    path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}
