//! Standard output: buffered, counted, and quiet when nobody reads on.

use std::{
    fmt,
    fs::{File, Metadata},
    io::{self, BufWriter, ErrorKind, Write},
    mem,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak},
};

use crate::cli::terminal::closed;

/// How much is collected before it is written. Larger pieces go out as they are.
const BUFFER: usize = 64 << 10;

/// The size that a pipe is given for large output. Linux allows every user as much, unless it was told otherwise.
#[cfg(target_os = "linux")]
const PIPE: usize = 1 << 20;

/// A writer that remembers its first error, so that results can be handed to it where no error can be returned.
pub(crate) struct Output<W: Write> {
    /// Locked while something is being written, which may take as long as the reader likes.
    writer: Arc<Mutex<BufWriter<W>>>,
    written: u64,
    error: Option<io::Error>,
}

impl<W: Write> Output<W> {
    pub(crate) fn new(writer: W) -> Self {
        let writer = BufWriter::with_capacity(BUFFER, writer);
        Output { writer: Arc::new(Mutex::new(writer)), written: 0, error: None }
    }

    fn writer(&self) -> MutexGuard<'_, BufWriter<W>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes, and says whether there is any sense in going on.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        if self.error.is_none() {
            let written = self.writer().write_all(bytes);
            self.error = written.err();
            self.written += bytes.len() as u64;
        }
        self.flow()
    }

    /// Has everything so far go out.
    pub(crate) fn flush(&mut self) -> ControlFlow<()> {
        if self.error.is_none() {
            let flushed = self.writer().flush();
            self.error = flushed.err();
        }
        self.flow()
    }

    pub(crate) fn flow(&self) -> ControlFlow<()> {
        if self.error.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// How many bytes were written.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Flushes and reports what went wrong. That the reader has gone away is not an error: it has seen enough.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let _ = self.flush();
        match self.error.take() {
            Some(error) => {
                // What could not be written is not to be tried again on drop.
                if let Some(writer) = Arc::into_inner(self.writer) {
                    let _ = writer.into_inner().unwrap_or_else(PoisonError::into_inner).into_parts();
                }
                if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
            }
            None => Ok(()),
        }
    }
}

impl<W: Write + Send + 'static> Output<W> {
    /// A way to what is collected, for another thread.
    pub(crate) fn rescue(&self) -> Rescue {
        let writer: Weak<Mutex<BufWriter<W>>> = Arc::downgrade(&self.writer);
        Rescue(Box::new(writer))
    }
}

/// Gets out what is collected when the process is about to end and the one who writes may never come back.
pub(crate) struct Rescue(Box<dyn Collected>);

impl Rescue {
    /// True while something is written, which takes as long as the reader likes.
    pub(crate) fn is_writing(&self) -> bool {
        self.0.is_writing()
    }

    /// Writes what is collected, unless something is being written already, and nothing is written after it. May wait
    /// for the reader.
    pub(crate) fn flush_for_good(self) {
        self.0.flush_for_good();
    }
}

/// What is collected of an output of any kind, as long as that is there.
trait Collected: Send {
    fn is_writing(&self) -> bool;
    fn flush_for_good(&self);
}

impl<W: Write + Send> Collected for Weak<Mutex<BufWriter<W>>> {
    fn is_writing(&self) -> bool {
        self.upgrade().is_some_and(|writer| matches!(writer.try_lock(), Err(TryLockError::WouldBlock)))
    }

    fn flush_for_good(&self) {
        let Some(writer) = self.upgrade() else { return };
        let mut writer = match writer.try_lock() {
            Ok(writer) => writer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let _ = writer.flush();
        mem::forget(writer);
    }
}

/// What tells a regular file from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// That of standard output. None where that is no regular file, but a terminal, a pipe, or what takes everything.
    pub(crate) fn of_stdout() -> Option<Self> {
        let Stdout { file, .. } = stdout().ok()?;
        Self::of(&file.metadata().ok().filter(Metadata::is_file)?)
    }

    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;

        Some(FileId { device: metadata.dev(), inode: metadata.ino() })
    }

    /// Attributes do not tell there.
    #[cfg(windows)]
    fn of(_: &Metadata) -> Option<Self> {
        None
    }

    /// False for the inodes of other files.
    pub(crate) fn may_have_inode(self, inode: u64) -> bool {
        self.inode == inode
    }

    pub(crate) fn is_of(self, metadata: &Metadata) -> bool {
        Self::of(metadata) == Some(self)
    }
}

/// Standard output without the line buffering of the standard library, which would look for a line end in each piece.
pub(crate) struct Stdout {
    file: File,
    /// How much more there may be until the output counts as large.
    until_large: usize,
}

pub(crate) fn stdout() -> io::Result<Stdout> {
    #[cfg(unix)]
    let file = {
        use std::os::fd::AsFd;
        io::stdout().as_fd().try_clone_to_owned()?.into()
    };
    #[cfg(windows)]
    let file = {
        use std::os::windows::io::AsHandle;
        io::stdout().as_handle().try_clone_to_owned()?.into()
    };
    Ok(Stdout::new(file))
}

/// Writes a line to standard output at once.
pub(crate) fn say(line: fmt::Arguments<'_>) -> io::Result<()> {
    closed::check_stdout()?;
    writeln!(io::stdout().lock(), "{line}")
}

impl Stdout {
    fn new(file: File) -> Self {
        Stdout { file, until_large: BUFFER }
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        closed::check_stdout()?;
        if self.until_large > 0 {
            self.until_large = self.until_large.saturating_sub(bytes.len());
            if self.until_large == 0 {
                widen_pipe(&self.file);
            }
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Gives a pipe the room of a whole piece of output. In a pipe of 64 KiB, writer and reader wake each other up for
/// every few pages, which takes a third of the time that much output takes. Only for output that does not fit into such
/// a pipe: the system lets all pipes of a user grow to a certain sum only. What is no pipe, is as large already, or may
/// not grow stays as it is.
#[cfg(target_os = "linux")]
fn widen_pipe(file: &File) {
    use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};

    if fcntl_getpipe_size(file).is_ok_and(|size| size < PIPE) {
        let _ = fcntl_setpipe_size(file, PIPE);
    }
}

/// Pipes grow by themselves, or not at all.
#[cfg(not(target_os = "linux"))]
fn widen_pipe(_: &File) {}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_stops_the_search_and_is_no_error() {
        let mut output = Output::new(Broken);
        assert_eq!(output.write(b"small"), ControlFlow::Continue(()));
        assert_eq!(output.write(&[b'x'; 2 * BUFFER]), ControlFlow::Break(()));
        assert_eq!(output.write(b"more"), ControlFlow::Break(()));
        assert!(output.finish().is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_is_widened_for_large_output_only_and_never_made_smaller() {
        use std::io::Read;

        use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};

        let (mut reader, writer) = io::pipe().unwrap();
        let size = || fcntl_getpipe_size(&writer).unwrap();
        let mut stdout = Stdout::new(File::from(std::os::fd::OwnedFd::from(writer.try_clone().unwrap())));
        let before = size();
        stdout.write_all(b"small").unwrap();
        assert_eq!(size(), before);
        let reading = std::thread::spawn(move || {
            let mut all = vec![];
            reader.read_to_end(&mut all).map(|_| all)
        });
        stdout.write_all(&vec![b'x'; 2 * BUFFER]).unwrap();
        // A system may be set up to allow less, or its user may have used up what is allowed.
        let widened = size();
        assert!(widened == PIPE || widened == before);
        // Not while there is more in it than that.
        let is_smaller = fcntl_setpipe_size(&writer, 2 * BUFFER).is_ok();
        stdout.write_all(b"more").unwrap();
        assert!(!is_smaller || size() == 2 * BUFFER, "it is widened once");
        drop((stdout, writer));
        assert_eq!(reading.join().unwrap().unwrap().len(), 2 * BUFFER + 9);
    }

    #[test]
    fn what_is_no_pipe_is_written_as_well() {
        use std::io::{Read, Seek};

        let mut file = tempfile::tempfile().unwrap();
        let mut stdout = Stdout::new(file.try_clone().unwrap());
        stdout.write_all(&vec![b'x'; 2 * BUFFER]).unwrap();
        stdout.write_all(b"end").unwrap();
        let mut all = vec![];
        file.rewind().unwrap();
        file.read_to_end(&mut all).unwrap();
        assert!(all.len() == 2 * BUFFER + 3 && all.ends_with(b"xend"));
    }

    #[test]
    fn what_is_written_comes_out_in_order() {
        let mut target = vec![];
        let mut output = Output::new(&mut target);
        let _ = output.write(b"one ");
        let _ = output.write(&[b'2'; BUFFER]);
        let _ = output.write(b" three");
        assert_eq!(output.written(), BUFFER as u64 + 10);
        output.finish().unwrap();
        assert_eq!(target.len(), BUFFER + 10);
        assert!(target.starts_with(b"one 22") && target.ends_with(b"22 three"));
    }

    #[test]
    fn what_is_collected_can_be_rescued_once_and_for_all() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut output = Output::new(writer);
        let _ = output.write(b"a line\n");
        output.rescue().flush_for_good();
        assert!(output.writer.try_lock().is_err());
        // The lock is held for ever, and with it the end of the pipe.
        let mut line = [0; 7];
        io::Read::read_exact(&mut reader, &mut line).unwrap();
        assert_eq!(&line, b"a line\n");

        let output = Output::new(io::pipe().unwrap().1);
        let rescue = output.rescue();
        let writing = output.writer();
        rescue.flush_for_good();
        drop(writing);
        let rescue = output.rescue();
        output.finish().unwrap();
        rescue.flush_for_good();
    }
}
