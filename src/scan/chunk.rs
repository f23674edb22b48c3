//! The plan by which a file is cut into chunks. Pure arithmetic, no I/O.

use std::ops::Range;

/// How many bytes of a file one step of a worker covers unless told otherwise.
pub(crate) const DEFAULT_CHUNK_SIZE: usize = 512 << 10;

/// Cuts `0..len`, or a range, into chunks of a fixed size, in ascending order. With a size that is a multiple of the
/// page size every border is a page border.
#[derive(Clone, Debug)]
pub(crate) struct Chunks {
    next: usize,
    /// Where the last chunk ends.
    len: usize,
    size: usize,
}

impl Chunks {
    /// # Panics
    ///
    /// Panics when the size is 0.
    pub(crate) fn new(len: usize, size: usize) -> Self {
        Chunks::within(0..len, size)
    }

    /// Cuts a range at the borders that the chunks of the whole have.
    ///
    /// # Panics
    ///
    /// Panics when the size is 0.
    pub(crate) fn within(range: Range<usize>, size: usize) -> Self {
        assert!(size > 0, "a chunk holds at least one byte");
        Chunks { next: range.start, len: range.end, size }
    }
}

impl Iterator for Chunks {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        if self.next >= self.len {
            return None;
        }
        let start = self.next;
        self.next = self.len.min((start - start % self.size).saturating_add(self.size));
        Some(start..self.next)
    }
}

impl DoubleEndedIterator for Chunks {
    fn next_back(&mut self) -> Option<Range<usize>> {
        if self.next >= self.len {
            return None;
        }
        let end = self.len;
        self.len = self.next.max(end - 1 - (end - 1) % self.size);
        Some(self.len..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_everything_once_and_in_order() {
        for len in 0..40 {
            for size in 1..45 {
                let mut covered = 0;
                for chunk in Chunks::new(len, size) {
                    assert_eq!(chunk.start, covered);
                    assert!(!chunk.is_empty() && chunk.len() <= size);
                    assert!(chunk.end == len || chunk.len() == size);
                    covered = chunk.end;
                }
                assert_eq!(covered, len);
            }
        }
    }

    #[test]
    fn from_the_end_the_chunks_are_the_same() {
        for start in 0..5 {
            for len in 0..40 {
                for size in 1..45 {
                    let forwards: Vec<_> = Chunks::within(start..start + len, size).collect();
                    let mut backwards: Vec<_> = Chunks::within(start..start + len, size).rev().collect();
                    backwards.reverse();
                    assert_eq!(forwards, backwards);
                    assert_eq!(forwards.iter().map(Range::len).sum::<usize>(), len);
                }
            }
        }
    }

    #[test]
    fn the_chunks_of_a_range_have_the_borders_of_the_whole() {
        let all: Vec<_> = Chunks::within(5..33, 10).collect();
        assert_eq!(all, [5..10, 10..20, 20..30, 30..33]);
        assert_eq!(Chunks::within(7..7, 10).count(), 0);
        assert_eq!(Chunks::within(10..20, 10).collect::<Vec<_>>(), vec![10..20]);
    }

    #[test]
    fn a_chunk_may_be_larger_than_what_is_left_of_the_address_space() {
        let chunks: Vec<_> = Chunks::new(usize::MAX, usize::MAX - 1).collect();
        assert_eq!(chunks, [0..usize::MAX - 1, usize::MAX - 1..usize::MAX]);
    }
}
