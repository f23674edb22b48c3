//! Files of which an index would be useless, by their first bytes.

use std::{fmt, fs::File, io};

use crate::index::format::layout::MAGIC;

/// Files of fewer bytes are searched faster than an index is opened: none is made for them, and none is looked for.
pub const LEAST_SIZE: u64 = 1 << 20;

/// Why an index of a file would be useless. [`Display`](fmt::Display) gives the reason in words.
///
/// # Examples
///
/// ```
/// use mapgrep::index::{Compression, Unfit};
///
/// assert_eq!(Unfit::of(b"a line of text"), None);
/// let unfit = Unfit::of(b"\x28\xB5\x2F\xFD and so on").expect("it is compressed");
/// assert_eq!(unfit, Unfit::Compressed(Compression::Zstd));
/// assert_eq!(unfit.to_string(), "the file is compressed with zstd");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// It is an index.
    Index,
    /// It is compressed, so its bytes are not the text that is searched for.
    Compressed(Compression),
    /// It begins with a byte order mark of UTF-16 or UTF-8. Searches convert such a file.
    Marked,
}

/// How a file is compressed.
///
/// # Examples
///
/// ```
/// use mapgrep::index::Compression;
///
/// assert_eq!((Compression::Gzip.to_string(), Compression::Gzip.command()), ("gzip".to_owned(), "zcat"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// By gzip.
    Gzip,
    /// By zstd.
    Zstd,
    /// By xz.
    Xz,
    /// By bzip2.
    Bzip2,
    /// By lz4.
    Lz4,
}

impl Compression {
    /// The command that decompresses a file to standard output; the name of the file follows it.
    pub fn command(self) -> &'static str {
        match self {
            Compression::Gzip => "zcat",
            Compression::Zstd => "zstdcat",
            Compression::Xz => "xzcat",
            Compression::Bzip2 => "bzcat",
            Compression::Lz4 => "lz4cat",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Xz => "xz",
            Compression::Bzip2 => "bzip2",
            Compression::Lz4 => "lz4",
        })
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Index => f.write_str("the file is an index itself"),
            Unfit::Compressed(how) => write!(f, "the file is compressed with {how}"),
            Unfit::Marked => {
                f.write_str("the file begins with a byte order mark, and is converted when it is searched")
            }
        }
    }
}

impl Unfit {
    /// The number of bytes at the start of a file that decide.
    pub const HEAD_BYTES: usize = 16;

    /// What the first [`HEAD_BYTES`](Self::HEAD_BYTES) of a file say; fewer if the file is shorter.
    pub fn of(head: &[u8]) -> Option<Self> {
        let begins = |magic: &[u8]| head.starts_with(magic);
        if begins(&MAGIC) {
            return Some(Unfit::Index);
        }
        if begins(b"\xFF\xFE") || begins(b"\xFE\xFF") || begins(b"\xEF\xBB\xBF") {
            return Some(Unfit::Marked);
        }
        // A block, or the end of an empty file, follows the level.
        let is_bzip2 = begins(b"BZh")
            && head.get(4..10).is_some_and(|next| next == b"1AY&SY" || next == b"\x17\x72\x45\x38\x50\x90");
        let compression = match head {
            _ if begins(b"\x1F\x8B\x08") => Compression::Gzip,
            _ if begins(b"\x28\xB5\x2F\xFD") => Compression::Zstd,
            _ if begins(b"\xFD7zXZ\0") => Compression::Xz,
            _ if is_bzip2 => Compression::Bzip2,
            _ if begins(b"\x04\x22\x4D\x18") || begins(b"\x02\x21\x4C\x18") => Compression::Lz4,
            _ => return None,
        };
        Some(Unfit::Compressed(compression))
    }

    /// What the first bytes of an open file say. Reads from its start, and leaves its position as it is.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::index::{Compression, Unfit};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-unfit-{}", std::process::id()));
    /// std::fs::write(&path, b"\x1F\x8B\x08 and so on")?;
    /// let unfit = Unfit::of_file(&std::fs::File::open(&path)?)?;
    /// assert_eq!(unfit, Some(Unfit::Compressed(Compression::Gzip)));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn of_file(file: &File) -> io::Result<Option<Self>> {
        let mut head = [0; Self::HEAD_BYTES];
        #[cfg(unix)]
        let len = std::os::unix::fs::FileExt::read_at(file, &mut head, 0)?;
        #[cfg(windows)]
        let len = {
            use std::io::{Read, Seek, SeekFrom};
            // On Windows, reading at an offset moves the position.
            let mut at = file;
            let before = at.stream_position()?;
            at.seek(SeekFrom::Start(0))?;
            let len = at.read(&mut head)?;
            at.seek(SeekFrom::Start(before))?;
            len
        };
        Ok(Self::of(&head[..len]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_first_bytes() {
        let compressed = |how| Some(Unfit::Compressed(how));
        for (head, unfit) in [
            (&b"\x89mgx\r\n\x1a\n\x02\0\0\0"[..], Some(Unfit::Index)),
            (b"\x1F\x8B\x08\x08", compressed(Compression::Gzip)),
            (b"\x28\xB5\x2F\xFD\x04", compressed(Compression::Zstd)),
            (b"\xFD7zXZ\0\0\x04", compressed(Compression::Xz)),
            (b"BZh91AY&SY\xAB", compressed(Compression::Bzip2)),
            (b"BZh9\x17\x72\x45\x38\x50\x90\0", compressed(Compression::Bzip2)),
            (b"BZh is a text", None),
            (b"\x04\x22\x4D\x18\x60", compressed(Compression::Lz4)),
            (b"\xFF\xFEa\0", Some(Unfit::Marked)),
            (b"\xFE\xFF\0a", Some(Unfit::Marked)),
            (b"\xEF\xBB\xBFa", Some(Unfit::Marked)),
            (b"a text", None),
            (b"", None),
            (b"\x1F\x8B", None),
        ] {
            assert_eq!(Unfit::of(head), unfit, "{}", head.escape_ascii());
        }
    }
}
