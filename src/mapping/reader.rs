//! `BufRead` over a mapping.

use std::io::{self, BufRead, Read};

use super::core::Mapping;

/// How many bytes are copied at once.
const BUFFER_SIZE: usize = 64 << 10;

/// A [`BufRead`] that reads a mapping from its cursor on, made by [`Mapping::buffered`].
///
/// A mapping hands out no reference to its bytes, as they can go away; this has a buffer for them. The mapping's cursor
/// stands behind what was consumed, at all times.
///
/// # Examples
///
/// See [`Mapping::buffered`].
#[derive(Debug)]
pub struct Reader<'a> {
    mapping: &'a mut Mapping,
    /// Bytes from the cursor on, from `consumed` on.
    buffer: Vec<u8>,
    consumed: usize,
}

impl Mapping {
    /// Reads from the cursor on through a buffer, for what wants a [`BufRead`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::BufRead;
    ///
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(8).map_anonymous()?;
    /// memory.set_slice(.., b"one\ntwo\n")?;
    /// let lines: Result<Vec<_>, _> = memory.buffered().lines().collect();
    /// assert_eq!(lines?, ["one", "two"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn buffered(&mut self) -> Reader<'_> {
        Reader { mapping: self, buffer: vec![], consumed: 0 }
    }
}

impl BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.consumed == self.buffer.len() {
            let start = self.mapping.cursor();
            let end = self.mapping.len().min(start + BUFFER_SIZE);
            // Nothing is kept of a read that fails: not even the buffer knows what it saw.
            let mut buffer = std::mem::take(&mut self.buffer);
            self.consumed = 0;
            buffer.clear();
            let mapping = &*self.mapping;
            let copy = |bytes: &[u8]| {
                buffer.extend_from_slice(bytes);
                buffer
            };
            self.buffer = mapping.usable()?.copy(start..end, mapping.offset, copy, Vec::as_slice)?;
        }
        Ok(&self.buffer[self.consumed..])
    }

    fn consume(&mut self, amount: usize) {
        assert!(amount <= self.buffer.len() - self.consumed, "consumed more than there is in the buffer");
        self.consumed += amount;
        self.mapping.position += amount;
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.fill_buf()?;
        let n = bytes.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}
