//! The part of a stream that one step of a search looks at: whole lines, in memory of their own.

use std::{
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Bytes of a stream.
pub(crate) struct Lines {
    /// What comes before `own` is there to be shown as context; what comes behind means nothing.
    pub(crate) bytes: Vec<u8>,
    /// The offset of the first of the bytes in the stream.
    pub(crate) base: u64,
    /// The part of the bytes that no other window has.
    pub(crate) own: Range<usize>,
    /// The last byte of a line.
    pub(crate) terminator: u8,
    /// How many line ends there are between the window before, or the start of the stream, and this one.
    pub(crate) passed: u64,
    /// The offset of the first NUL in the stream, from the window on in which it counts.
    pub(crate) binary: Option<u64>,
    /// Where the memory goes when the window is done with.
    pub(crate) spare: Spare,
}

/// Memory that windows of a stream use one after the other. Fresh memory costs more than what is read into it: the
/// system has to clear it first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spare(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spare {
    /// How many buffers are kept at most.
    const KEPT: usize = 8;

    /// Those of long lines are not: few windows are as large.
    const LARGEST: usize = 16 << 20;

    /// A buffer of any length and content.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.buffers().pop().unwrap_or_default()
    }

    /// Frees the buffers that are longer than this.
    pub(crate) fn trim(&self, bytes: usize) {
        self.buffers().retain(|buffer| buffer.capacity() <= bytes);
    }

    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        let mut buffers = self.buffers();
        if buffers.len() < Self::KEPT && (1..=Self::LARGEST).contains(&buffer.capacity()) {
            buffers.push(buffer);
        }
    }

    fn buffers(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.spare.give_back(std::mem::take(&mut self.bytes));
    }
}

impl Lines {
    /// Which bytes are the window's, as offsets in the stream.
    pub(super) fn own(&self) -> Range<u64> {
        self.base + self.own.start as u64..self.base + self.own.end as u64
    }

    /// The bytes at these offsets of the stream, which must be at hand.
    pub(super) fn slice(&self, range: Range<u64>) -> &[u8] {
        &self.bytes[(range.start - self.base) as usize..(range.end - self.base) as usize]
    }
}
