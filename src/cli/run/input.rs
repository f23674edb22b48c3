//! How the bytes of a file are had: opened, told from the output, and read to the end that the file had then.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    vec::IntoIter,
};

use crate::cli::run::{bom::Text, explain::truncated, haystack::Haystack};
use mapgrep::{
    index::Unfit,
    mapping::Cuts,
    scan::{CachePolicy, CacheReader, cuts_of},
};

/// A file that was opened, or standard input.
pub(crate) struct Input {
    /// None for standard input that is no regular file, and while a mapping has it.
    file: Option<File>,
    metadata: Option<Metadata>,
    /// What a program makes of the file, which is searched in its place.
    converted: Option<Box<dyn Read + Send>>,
    is_stdin: bool,
    /// Where reading begins: standard input may have been read in part by others.
    start: u64,
    reading: Reading,
}

impl Input {
    /// # Errors
    ///
    /// When the file cannot be opened, or is a directory.
    pub(crate) fn open(haystack: &Haystack) -> io::Result<Self> {
        if haystack.is_stdin {
            return Ok(Self::stdin());
        }
        let file = File::open(&haystack.path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Input {
            file: Some(file),
            metadata: Some(metadata),
            converted: None,
            is_stdin: false,
            start: 0,
            reading: Reading::default(),
        })
    }

    /// What a program has made of a file.
    pub(crate) fn converted(text: Box<dyn Read + Send>) -> Self {
        let reading = Reading::default();
        Input { file: None, metadata: None, converted: Some(text), is_stdin: false, start: 0, reading }
    }

    /// Whether a program has made it.
    pub(crate) fn is_converted(&self) -> bool {
        self.converted.is_some()
    }

    /// Whether it is standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        self.is_stdin
    }

    fn stdin() -> Self {
        #[cfg(unix)]
        let file = {
            use std::os::fd::AsFd;
            io::stdin().as_fd().try_clone_to_owned().map(File::from)
        };
        #[cfg(windows)]
        let file = {
            use std::os::windows::io::AsHandle;
            io::stdin().as_handle().try_clone_to_owned().map(File::from)
        };
        let regular = file.and_then(|mut file| {
            let metadata = file.metadata()?;
            let start = file.stream_position()?;
            Ok((file, metadata, start))
        });
        match regular {
            Ok((file, metadata, start)) if metadata.is_file() => Input {
                file: Some(file),
                metadata: Some(metadata),
                converted: None,
                is_stdin: true,
                start,
                reading: Reading::default(),
            },
            _ => Input {
                file: None,
                metadata: None,
                converted: None,
                is_stdin: true,
                start: 0,
                reading: Reading::default(),
            },
        }
    }

    /// The attributes of a regular file, from before anything of it was read.
    pub(crate) fn regular(&self) -> Option<&Metadata> {
        self.metadata.as_ref().filter(|metadata| metadata.is_file())
    }

    /// Gives the file away, to be [put back](Input::put_back) where it is to be read.
    pub(crate) fn take_file(&mut self) -> Option<File> {
        self.file.take()
    }

    pub(crate) fn put_back(&mut self, file: File) {
        self.file = Some(file);
    }

    /// Where reading begins.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// How many bytes there are to read, where that is known.
    pub(crate) fn len(&self) -> Option<u64> {
        self.regular().map(|metadata| metadata.len().saturating_sub(self.start))
    }

    /// What the file can be found by again. Nobody has told the name of standard input, but the system may know it.
    pub(crate) fn path(&self, haystack: &Haystack) -> Option<PathBuf> {
        if !self.is_stdin {
            return Some(haystack.path.clone());
        }
        #[cfg(target_os = "linux")]
        {
            use std::os::unix::fs::MetadataExt;
            let metadata = self.regular()?;
            let path = std::fs::read_link("/proc/self/fd/0").ok()?;
            let named = std::fs::metadata(&path).ok()?;
            ((named.dev(), named.ino()) == (metadata.dev(), metadata.ino())).then_some(path)
        }
        #[cfg(not(target_os = "linux"))]
        None
    }

    /// Reads all that a file of `len` bytes has into a buffer. False where it has become shorter.
    pub(crate) fn read_all(&self, buffer: &mut [u8]) -> io::Result<bool> {
        let Some(mut file) = self.file.as_ref() else { return Ok(false) };
        match file.read_exact(buffer) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Goes back to where reading begins, if something was read.
    pub(crate) fn rewind(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), |mut file| file.seek(SeekFrom::Start(self.start)).map(|_| ()))
    }

    /// The place in standard input, where that is a regular file.
    pub(crate) fn place(&self) -> Option<Place> {
        let file = self.file.as_ref().filter(|_| self.is_stdin)?;
        Some(Place { file: file.try_clone().ok()?, start: self.start, len: self.len()?, reading: self.reading.clone() })
    }

    /// What the first bytes of a named file tell of it.
    pub(crate) fn unfit(&self) -> io::Result<Option<Unfit>> {
        self.file.as_ref().map_or(Ok(None), Unfit::of_file)
    }

    /// What is left out of the holes of a regular file that is read from its start, and as it is.
    pub(crate) fn cuts(&self) -> Cuts {
        let (Some(file), Some(len), 0) = (&self.file, self.len(), self.start) else { return Cuts::default() };
        let cuts = cuts_of(file, len);
        if cuts.is_empty() || !matches!(self.unfit(), Ok(None)) { Cuts::default() } else { cuts }
    }

    /// All of it as text, but what is left out.
    pub(crate) fn into_text(self, cache: CachePolicy, cuts: &Cuts) -> Text {
        let len = self.len();
        if let Some(text) = self.converted {
            return Text::new(text, false);
        }
        match (self.file, len) {
            (Some(file), Some(len)) => {
                let (end, file) = (self.start + len, CacheReader::new(file, cache));
                let mut parts = cuts.left(len).into_iter();
                let part = parts.next().unwrap_or(0..len);
                let whole = Whole { end, left: len, part, parts, file, reading: self.reading };
                if self.is_stdin { Text::of_stdin(whole, true) } else { Text::of_file(whole, len) }
            }
            (Some(file), None) => Text::new(file, false),
            (None, _) => Text::of_stdin(io::stdin(), false),
        }
    }
}

/// The place in a file up to which it was read. It is shared with those who read on, such as the next command of a
/// shell script.
pub(crate) struct Place {
    file: File,
    start: u64,
    len: u64,
    reading: Reading,
}

impl Place {
    /// Leaves it where a reader would have left it that has read this many bytes; all, if none are named. Nothing is
    /// read any more then.
    pub(crate) fn leave_at(mut self, read: Option<u64>) {
        let mut is_over = self.reading.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        *is_over = true;
        let _ = self.file.seek(SeekFrom::Start(self.start + read.unwrap_or(self.len)));
    }
}

/// Whether the place in a file is still moved by those who read it. A thread that reads ahead does not end with the
/// search.
#[derive(Clone, Default)]
struct Reading {
    /// Locked for each read.
    is_over: Arc<Mutex<bool>>,
}

/// A regular file that is read as a stream. It is an error when it ends before the end that it had when it was opened.
struct Whole {
    file: CacheReader,
    /// The offset of that end.
    end: u64,
    /// How many bytes there were up to it that have not been read.
    left: u64,
    /// What is left of a part that is read, counted from where reading begins, and the parts behind it.
    part: Range<u64>,
    parts: IntoIter<Range<u64>>,
    reading: Reading,
}

impl Whole {
    /// Goes on to the next part where one has been read. How much is to be read of it at once at most; behind the last
    /// one there may be more by now.
    fn enter_part(&mut self) -> io::Result<usize> {
        if self.parts.as_slice().is_empty() {
            return Ok(usize::MAX);
        }
        if self.part.is_empty()
            && let Some(next) = self.parts.next()
        {
            let passed = next.start - self.part.end;
            self.file.file().seek_relative(passed as i64)?;
            self.left -= passed;
            self.part = next;
        }
        Ok(match self.parts.as_slice() {
            [] => usize::MAX,
            _ => usize::try_from(self.part.end - self.part.start).unwrap_or(usize::MAX),
        })
    }
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reading = self.reading.clone();
        let is_over = reading.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_over {
            return Ok(0);
        }
        // What was appended since is not read, as it is not mapped. Of a file that the kernel makes up the length is
        // not known.
        let rest = if self.end > 0 { usize::try_from(self.left).unwrap_or(usize::MAX) } else { usize::MAX };
        let most = self.enter_part()?.min(buffer.len()).min(rest);
        if most == 0 {
            return Ok(0);
        }
        let read = self.file.read(&mut buffer[..most])?;
        self.part.start = self.part.end.min(self.part.start + read as u64);
        self.left = self.left.saturating_sub(read as u64);
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            let size = self.file.file().metadata()?.len();
            // The size of a file that the kernel makes up may be too large from the start, and does not change.
            if size < self.end {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, truncated(size)));
            }
        }
        Ok(read)
    }
}
