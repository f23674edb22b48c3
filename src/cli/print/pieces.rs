//! Output that is passed on piece by piece.

use std::io;

/// Output of a long line, passed on piece by piece. What is passed on was copied: the file may be cut at any time.
pub(crate) struct Pieces<'a> {
    pub(crate) bytes: Vec<u8>,
    emit: &'a mut dyn FnMut(&[u8]),
}

impl<'a> Pieces<'a> {
    /// How much is passed on at once.
    const SIZE: usize = 256 << 10;

    pub(crate) fn new(emit: &'a mut dyn FnMut(&[u8])) -> Self {
        Pieces { bytes: vec![], emit }
    }

    pub(crate) fn write(&mut self, text: &[u8]) {
        for part in text.chunks(Self::SIZE) {
            self.bytes.extend_from_slice(part);
            self.pass_on();
        }
    }

    /// Takes all of a text, which is empty then.
    pub(crate) fn take(&mut self, text: &mut Vec<u8>) {
        match self.bytes.is_empty() {
            true => std::mem::swap(&mut self.bytes, text),
            false => self.bytes.append(text),
        }
        self.pass_on();
    }

    /// Passes on what there is, when it is enough.
    pub(crate) fn pass_on(&mut self) {
        if self.bytes.len() >= Self::SIZE {
            (self.emit)(&self.bytes);
            self.bytes.clear();
        }
    }
}

impl io::Write for Pieces<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        Pieces::write(self, text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pieces<'_> {
    fn drop(&mut self) {
        (self.emit)(&self.bytes);
    }
}
