//! Standard output: buffered, counted, and quiet when nobody reads on.

use std::{
    io::{self, BufWriter, ErrorKind, Write},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak},
};

use crate::grep::Flow;

/// How much is collected before it is written. Larger pieces go out as they are.
const BUFFER: usize = 64 << 10;

/// A writer that remembers its first error, so that results can be handed to it where no error can be returned.
pub(super) struct Output<W: Write> {
    /// Locked while something is being written, which may take as long as the reader likes.
    writer: Arc<Mutex<BufWriter<W>>>,
    written: u64,
    error: Option<io::Error>,
}

impl<W: Write> Output<W> {
    pub(super) fn new(writer: W) -> Self {
        let writer = BufWriter::with_capacity(BUFFER, writer);
        Output { writer: Arc::new(Mutex::new(writer)), written: 0, error: None }
    }

    fn writer(&self) -> MutexGuard<'_, BufWriter<W>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes, and says whether there is any sense in going on.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Flow {
        if self.error.is_none() {
            let written = self.writer().write_all(bytes);
            self.error = written.err();
            self.written += bytes.len() as u64;
        }
        self.flow()
    }

    /// Has everything so far go out.
    pub(super) fn flush(&mut self) -> Flow {
        if self.error.is_none() {
            let flushed = self.writer().flush();
            self.error = flushed.err();
        }
        self.flow()
    }

    pub(super) fn flow(&self) -> Flow {
        if self.error.is_some() { Flow::Stop } else { Flow::Continue }
    }

    /// How many bytes were written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Flushes and reports what went wrong. That the reader has gone away is not an error: it has seen enough.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush();
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
    pub(super) fn rescue(&self) -> Rescue {
        let writer: Weak<Mutex<BufWriter<W>>> = Arc::downgrade(&self.writer);
        Rescue(Box::new(move || {
            let Some(writer) = writer.upgrade() else { return };
            let mut writer = match writer.try_lock() {
                Ok(writer) => writer,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            let _ = writer.flush();
            mem::forget(writer);
        }))
    }
}

/// Gets out what is collected when the process is about to end and the one who writes may never come back.
pub(super) struct Rescue(Box<dyn FnOnce() + Send>);

impl Rescue {
    /// Writes what is collected, unless something is being written already, and nothing is written after it. May wait for
    /// the reader.
    pub(super) fn flush_for_good(self) {
        (self.0)();
    }
}

/// Standard output without the line buffering of the standard library, which would look for a line end in each piece.
pub(super) fn stdout() -> io::Result<std::fs::File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
    }
    #[cfg(windows)]
    {
        use std::os::windows::io::AsHandle;
        Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
    }
}

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
        assert_eq!(output.write(b"small"), Flow::Continue);
        assert_eq!(output.write(&[b'x'; 2 * BUFFER]), Flow::Stop);
        assert_eq!(output.write(b"more"), Flow::Stop);
        assert!(output.finish().is_ok());
    }

    #[test]
    fn what_is_written_comes_out_in_order() {
        let mut target = vec![];
        let mut output = Output::new(&mut target);
        output.write(b"one ");
        output.write(&[b'2'; BUFFER]);
        output.write(b" three");
        assert_eq!(output.written(), BUFFER as u64 + 10);
        output.finish().unwrap();
        assert_eq!(target.len(), BUFFER + 10);
        assert!(target.starts_with(b"one 22") && target.ends_with(b"22 three"));
    }

    #[test]
    fn what_is_collected_can_be_rescued_once_and_for_all() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut output = Output::new(writer);
        output.write(b"a line\n");
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
