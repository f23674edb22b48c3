//! The cursor: reading and writing where it stands, and the traits of std for that.

use std::{
    io::{self, SeekFrom},
    slice,
};

use memchr::memchr;

use super::core::Mapping;
use crate::error::Error;

/// How many bytes are looked through for the end of a line at once.
const LARGEST_BLOCK: usize = 1 << 20;

impl Mapping {
    /// Where the cursor stands, counted from the start of the mapping.
    ///
    /// # Errors
    ///
    /// [`is_closed`](Error::is_closed), [`is_truncated`](Error::is_truncated).
    ///
    /// # Examples
    ///
    /// See [`seek`](Mapping::seek).
    pub fn tell(&self) -> Result<usize, Error> {
        self.usable()?;
        Ok(self.position)
    }

    /// Moves the cursor, and returns where it stands then. The end of the mapping is the last place for it.
    ///
    /// # Errors
    ///
    /// [`is_out_of_range`](Error::is_out_of_range) when the place is not in the mapping; the cursor stays where it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::SeekFrom;
    ///
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(100).map_anonymous()?;
    /// assert_eq!(memory.seek(SeekFrom::End(-1))?, 99);
    /// assert!(memory.seek(SeekFrom::Current(2)).unwrap_err().is_out_of_range());
    /// assert_eq!(memory.tell()?, 99);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn seek(&mut self, to: SeekFrom) -> Result<u64, Error> {
        self.usable()?;
        let len = self.len() as u64;
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(distance) => (self.position as u64).checked_add_signed(distance),
            SeekFrom::End(distance) => len.checked_add_signed(distance),
        };
        let Some(place) = place.filter(|&place| place <= len) else {
            let message = format!("cannot seek to {to:?}: the cursor of a mapping stays within 0..={len}");
            return Err(Error::out_of_range(message));
        };
        self.position = place as usize;
        Ok(place)
    }

    /// True: the cursor of a mapping can be moved.
    ///
    /// # Examples
    ///
    /// ```
    /// let memory = mapgrep::mapping::MapOptions::new().len(1).map_anonymous()?;
    /// assert!(memory.seekable());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn seekable(&self) -> bool {
        true
    }

    /// Reads `n` bytes from the cursor on, or what there is up to the end of the mapping if that is less or `n` is
    /// `None`, and moves the cursor behind them. At the end there are none.
    ///
    /// # Errors
    ///
    /// Those of [`guarded`](Mapping::guarded); the cursor stays where it is.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(5).map_anonymous()?;
    /// memory.set_slice(.., b"hello")?;
    /// assert_eq!(memory.read_bytes(2)?, b"he");
    /// assert_eq!(memory.read_bytes(None)?, b"llo");
    /// assert_eq!(memory.read_bytes(None)?, b"");
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn read_bytes(&mut self, n: impl Into<Option<usize>>) -> Result<Vec<u8>, Error> {
        self.usable()?;
        let rest = self.rest();
        let n = n.into().map_or(rest, |n| n.min(rest));
        let bytes = self.copy_of(self.cursor()..self.cursor() + n)?;
        self.position += n;
        Ok(bytes)
    }

    /// Reads the byte at the cursor and moves behind it.
    ///
    /// # Errors
    ///
    /// [`is_out_of_range`](Error::is_out_of_range) at the end of the mapping; otherwise those of
    /// [`guarded`](Mapping::guarded).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(2).map_anonymous()?;
    /// memory.write_byte(b'a')?;
    /// memory.write_byte(b'b')?;
    /// memory.seek(std::io::SeekFrom::Start(1))?;
    /// assert_eq!(memory.read_byte()?, b'b');
    /// assert!(memory.read_byte().unwrap_err().is_out_of_range());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    #[inline]
    pub fn read_byte(&mut self) -> Result<u8, Error> {
        let range = self.position..self.position.saturating_add(1);
        let byte = match self.quick_copy(range, |bytes| bytes[0], slice::from_ref) {
            Some(byte) => byte,
            None => {
                let mapped = self.usable()?;
                self.check_room("read", 1)?;
                let range = self.position..self.position + 1;
                mapped.copy(range, self.offset, |bytes| bytes[0], slice::from_ref)?
            }
        };
        self.position += 1;
        Ok(byte)
    }

    /// Reads a line from the cursor on, with the `\n` that ends it, and moves the cursor behind it. The last line may
    /// have no `\n`; at the end of the mapping the line is empty.
    ///
    /// # Errors
    ///
    /// Those of [`guarded`](Mapping::guarded); the cursor stays where it is.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the line.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(7).map_anonymous()?;
    /// memory.set_slice(.., b"one\ntwo")?;
    /// assert_eq!(memory.read_line()?, b"one\n");
    /// assert_eq!(memory.read_line()?, b"two");
    /// assert_eq!(memory.read_line()?, b"");
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn read_line(&mut self) -> Result<Vec<u8>, Error> {
        let mut line = vec![];
        let mut block = 256;
        loop {
            let start = self.cursor() + line.len();
            let end = self.len().min(start.saturating_add(block));
            // Each block by itself: what lies far behind the line need not be there.
            let to_the_end_of_line = |bytes: &[u8]| match memchr(b'\n', bytes) {
                Some(newline) => bytes[..=newline].to_vec(),
                None => bytes.to_vec(),
            };
            let part = self.copying(start..end, to_the_end_of_line, Vec::as_slice)?;
            match line.is_empty() {
                true => line = part,
                false => line.extend_from_slice(&part),
            }
            if line.last() == Some(&b'\n') || end == self.len() {
                self.position += line.len();
                return Ok(line);
            }
            block = LARGEST_BLOCK.min(2 * block);
        }
    }

    /// Writes all of `bytes` at the cursor, moves behind them, and returns how many there are. What does not fit before
    /// the end of the mapping is not written at all.
    ///
    /// # Errors
    ///
    /// * [`is_read_only`](Error::is_read_only);
    /// * [`is_out_of_range`](Error::is_out_of_range) when there is not enough room; the cursor stays where it is;
    /// * otherwise those of [`guarded_mut`](Mapping::guarded_mut).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(8).map_anonymous()?;
    /// assert_eq!(memory.write(b"hello")?, 5);
    /// assert!(memory.write(b"world").unwrap_err().is_out_of_range());
    /// assert_eq!((memory.tell()?, memory.slice(..5)?), (5, b"hello".to_vec()));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.usable()?;
        self.check_writable()?;
        self.check_room("write", bytes.len())?;
        self.with_bytes_mut(self.position..self.position + bytes.len(), |place| place.copy_from_slice(bytes))?;
        self.position += bytes.len();
        Ok(bytes.len())
    }

    /// Writes one byte at the cursor and moves behind it.
    ///
    /// # Errors
    ///
    /// Those of [`write`](Mapping::write).
    ///
    /// # Examples
    ///
    /// See [`read_byte`](Mapping::read_byte).
    pub fn write_byte(&mut self, byte: u8) -> Result<(), Error> {
        self.write(&[byte]).map(drop)
    }

    /// The cursor, or the end of the mapping if it was made shorter than that.
    pub(crate) fn cursor(&self) -> usize {
        self.position.min(self.len())
    }

    /// How many bytes there are from the cursor on.
    fn rest(&self) -> usize {
        self.len().saturating_sub(self.position)
    }

    fn check_room(&self, doing: &str, n: usize) -> Result<(), Error> {
        if self.position <= self.len() && n <= self.rest() {
            return Ok(());
        }
        let (position, len) = (self.position, self.len());
        let message = format!("cannot {doing} {n} bytes at {position} of a mapping of {len} bytes");
        Err(Error::out_of_range(message))
    }
}

/// Reads from the cursor on; nothing at the end of the mapping.
impl io::Read for Mapping {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mapped = self.usable()?;
        let n = self.rest().min(buffer.len());
        let buffer = &mut buffer[..n];
        let copy = |bytes: &[u8]| {
            buffer.copy_from_slice(bytes);
            buffer
        };
        mapped.copy(self.cursor()..self.cursor() + n, self.offset, copy, |buffer| buffer)?;
        self.position += n;
        Ok(n)
    }
}

/// All or nothing, as [`Mapping::write`]: what does not fit is an error and leaves the mapping as it is.
impl io::Write for Mapping {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(Mapping::write(self, bytes)?)
    }

    /// Writes changes back to the file, as [`Mapping::flush`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(Mapping::flush(self)?)
    }
}

/// Within the mapping, as [`Mapping::seek`].
impl io::Seek for Mapping {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        Ok(Mapping::seek(self, to)?)
    }

    /// Where the cursor stands, behind the end too.
    fn stream_position(&mut self) -> io::Result<u64> {
        Ok(self.tell()? as u64)
    }
}
