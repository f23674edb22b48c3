//! What a mapping allows.

/// What may be done with the mapped bytes, and who sees changes: Python's `ACCESS_*`.
///
/// # Examples
///
/// ```
/// use mapgrep::mapping::{Access, MapOptions};
///
/// # let path = std::env::temp_dir().join(format!("mapgrep-doc-access-{}", std::process::id()));
/// std::fs::write(&path, "hello")?;
/// let file = std::fs::OpenOptions::new().read(true).write(true).open(&path)?;
/// // SAFETY: nobody else changes the file while it is mapped.
/// let mut copy = unsafe { MapOptions::new().access(Access::Copy).map_file(&file)? };
/// copy.set(0, b'j')?;
/// assert_eq!((copy.slice(..)?, std::fs::read(&path)?), (b"jello".to_vec(), b"hello".to_vec()));
/// # drop(copy);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// What flags and protection say; without any, as [`Access::Write`].
    #[default]
    Default,
    /// Reading only.
    Read,
    /// Reading and writing; changes go to the file and to everyone else who maps it.
    Write,
    /// Reading and writing; changes stay in this mapping, the file keeps its bytes.
    Copy,
}
