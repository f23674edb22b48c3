//! Positions: in one haystack in memory ([`Span`], [`Match`]) and in a whole file ([`FileMatch`]).
//!
//! The two are different types on purpose. A matcher sees a slice and counts in `usize`; a file may be longer than
//! the address space of the machine that streams it, so what the scanner reports counts in `u64`.

use std::ops::{Bound, Range, RangeBounds};

/// The number of a pattern: its position in the list that the matcher was built from, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(u32);

impl PatternId {
    /// The id of the pattern at `index`.
    ///
    /// # Panics
    ///
    /// Panics when `index` does not fit in 32 bits; no matcher can be built from that many patterns.
    pub fn new(index: usize) -> Self {
        PatternId(u32::try_from(index).expect("fewer than 2^32 patterns"))
    }

    /// The position of the pattern in the list that the matcher was built from.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A half-open range of bytes, `start..end`, in one haystack in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The offset of the first byte.
    pub start: usize,
    /// The offset just past the last byte.
    pub end: usize,
}

impl Span {
    /// The span `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end);
        Span { start, end }
    }

    /// How many bytes it covers.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// True when it covers no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The same span as a range, to index a slice with.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A match in one haystack in memory: which bytes, and which pattern.
///
/// Matches order by start, then end, then pattern.
///
/// # Examples
///
/// ```
/// use mapgrep::{Match, PatternId, Span};
///
/// let m = Match::new(Span::new(2, 5), PatternId::new(0));
/// assert_eq!((m.start, m.end, m.len()), (2, 5, 3));
/// assert_eq!(&b"a foo"[m.range()], b"foo");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Match {
    /// The offset of the first byte in the haystack.
    pub start: usize,
    /// The offset just past the last byte.
    pub end: usize,
    /// The pattern that matched.
    pub pattern: PatternId,
}

impl Match {
    /// A match of a pattern.
    #[inline]
    pub fn new(span: Span, pattern: PatternId) -> Self {
        Match { start: span.start, end: span.end, pattern }
    }

    /// The bytes that matched.
    #[inline]
    pub fn span(&self) -> Span {
        Span { start: self.start, end: self.end }
    }

    /// The bytes that matched as a range, to index the haystack with.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// How many bytes matched.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// True for a match of no bytes, such as that of `x*` between two other letters.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The same match in a file, of which the haystack is the part that begins at an offset.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{Match, PatternId, Span};
    ///
    /// let m = Match::new(Span::new(2, 5), PatternId::new(0)).in_file(1 << 40);
    /// assert_eq!((m.start - (1 << 40), m.len()), (2, 3));
    /// ```
    #[inline]
    pub fn in_file(self, offset: u64) -> FileMatch {
        FileMatch { start: offset + self.start as u64, end: offset + self.end as u64, pattern: self.pattern }
    }

    /// The same match in a haystack that begins `offset` bytes before.
    #[inline]
    pub(crate) fn behind(self, offset: usize) -> Match {
        Match { start: offset + self.start, end: offset + self.end, pattern: self.pattern }
    }
}

/// A match in a file or stream: which bytes, counted from its start, and which pattern.
///
/// Matches order by start, then end, then pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileMatch {
    /// The offset of the first byte in the file.
    pub start: u64,
    /// The offset just past the last byte.
    pub end: u64,
    /// The pattern that matched.
    pub pattern: PatternId,
}

impl FileMatch {
    /// How many bytes matched.
    pub fn len(&self) -> u64 {
        self.end - self.start
    }

    /// True for a match of no bytes, such as that of `x*` between two other letters.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// An offset, in memory or in a file.
pub(crate) trait Offset: Copy + Default {
    /// The offset behind this one, or the greatest, which no range ends behind.
    fn next(self) -> Self;
}

impl Offset for usize {
    fn next(self) -> Self {
        self.saturating_add(1)
    }
}

impl Offset for u64 {
    fn next(self) -> Self {
        self.saturating_add(1)
    }
}

/// The two ends of a range of any kind, where `end` stands for an end that is left open. They may be in the wrong
/// order.
pub(crate) fn range_of<T: Offset>(range: impl RangeBounds<T>, end: T) -> Range<T> {
    let start = match range.start_bound() {
        Bound::Included(&start) => start,
        Bound::Excluded(&before) => before.next(),
        Bound::Unbounded => T::default(),
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => last.next(),
        Bound::Excluded(&end) => end,
        Bound::Unbounded => end,
    };
    start..end
}
