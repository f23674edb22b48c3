//! Indices and slices as Python has them: negative ones count from the end, and slices take steps.

use std::{
    ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive},
    slice,
};

use super::core::Mapping;
use crate::error::Error;

/// A slice `start:stop:step`, where each part may be left out.
///
/// Negative starts and stops count from the end, and what lies outside is brought to the nearest place inside. With a
/// negative step the slice runs backwards, and the parts that are left out stand for the other ends. Ranges become
/// slices of step 1; their ends may be negative as well.
///
/// # Examples
///
/// ```
/// use mapgrep::mapping::{MapOptions, Slice};
///
/// let mut memory = MapOptions::new().len(6).map_anonymous()?;
/// memory.set_slice(.., b"abcdef")?;
/// assert_eq!(memory.slice(1..-1)?, b"bcde");
/// assert_eq!(memory.slice(-2..)?, b"ef");
/// assert_eq!(memory.slice(Slice::new(None, None, -2))?, b"fdb");
/// assert_eq!(memory.slice(Slice::from(..4).step(3))?, b"ad");
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The first index; the first in the direction of the step when left out.
    pub start: Option<isize>,
    /// The index before which the slice ends; behind the last in the direction of the step when left out.
    pub stop: Option<isize>,
    /// The distance between indices; 1 when left out.
    pub step: Option<isize>,
}

impl Slice {
    /// The slice `start:stop:step`.
    pub fn new(
        start: impl Into<Option<isize>>,
        stop: impl Into<Option<isize>>,
        step: impl Into<Option<isize>>,
    ) -> Self {
        Slice { start: start.into(), stop: stop.into(), step: step.into() }
    }

    /// The same slice with another step.
    #[must_use]
    pub fn step(self, step: isize) -> Self {
        Slice { step: Some(step), ..self }
    }

    /// The indices that the slice has in a sequence of this length.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) when the step is 0.
    fn indices(self, len: usize) -> Result<Indices, Error> {
        let step = self.step.unwrap_or(1);
        if step == 0 {
            return Err(Error::invalid_input("the step of a slice cannot be 0"));
        }
        // No mapping is longer than isize::MAX.
        let end = len as isize;
        // Where an index that is outside ends up: backwards, the place before the first byte is one to stop at.
        let (lowest, highest) = if step > 0 { (0, end) } else { (-1, end - 1) };
        let place = |index: isize| (if index < 0 { index.saturating_add(end) } else { index }).clamp(lowest, highest);
        let (from, to) = if step > 0 { (lowest, highest) } else { (highest, lowest) };
        let (start, stop) = (self.start.map_or(from, place), self.stop.map_or(to, place));
        let distance = if step > 0 { stop.saturating_sub(start) } else { start.saturating_sub(stop) };
        let count = if distance > 0 { (distance as usize).div_ceil(step.unsigned_abs()) } else { 0 };
        Ok(Indices { start, step, count })
    }

    /// The slice as a range in which to search: as with step 1, but that an end before the start is told from an empty
    /// range.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) for slices with a step other than 1.
    pub(crate) fn search_range(self, len: usize) -> Result<Option<Range<usize>>, Error> {
        if self.step.is_some_and(|step| step != 1) {
            return Err(Error::invalid_input("a search takes no slice with a step"));
        }
        let end = len as isize;
        let place = |index: isize| (if index < 0 { index.saturating_add(end) } else { index }).clamp(0, end) as usize;
        let (start, stop) = (self.start.map_or(0, place), self.stop.map_or(len, place));
        Ok((start <= stop).then_some(start..stop))
    }
}

/// A slice in a sequence of known length.
#[derive(Clone, Copy, Debug)]
struct Indices {
    start: isize,
    step: isize,
    count: usize,
}

impl Indices {
    /// The lowest index and the one behind the highest.
    fn hull(&self) -> Range<usize> {
        if self.count == 0 {
            return 0..0;
        }
        let last = self.start + self.step * (self.count - 1) as isize;
        self.start.min(last) as usize..self.start.max(last) as usize + 1
    }

    /// The indices in their order, counted from the lowest.
    fn in_hull(self) -> impl Iterator<Item = usize> {
        let low = self.hull().start as isize;
        (0..self.count as isize).map(move |i| (self.start + i * self.step - low) as usize)
    }
}

impl From<Range<isize>> for Slice {
    #[inline]
    fn from(range: Range<isize>) -> Self {
        Slice::new(range.start, range.end, None)
    }
}

impl From<RangeFrom<isize>> for Slice {
    fn from(range: RangeFrom<isize>) -> Self {
        Slice::new(range.start, None, None)
    }
}

impl From<RangeTo<isize>> for Slice {
    fn from(range: RangeTo<isize>) -> Self {
        Slice::new(None, range.end, None)
    }
}

impl From<RangeFull> for Slice {
    fn from(_: RangeFull) -> Self {
        Slice::default()
    }
}

impl From<RangeInclusive<isize>> for Slice {
    /// `..=-1` is everything: behind the last index comes the end.
    fn from(range: RangeInclusive<isize>) -> Self {
        Slice::new(*range.start(), behind(*range.end()), None)
    }
}

impl From<RangeToInclusive<isize>> for Slice {
    /// `..=-1` is everything: behind the last index comes the end.
    fn from(range: RangeToInclusive<isize>) -> Self {
        Slice::new(None, behind(range.end), None)
    }
}

/// The stop that lets a slice end with this index.
fn behind(last: isize) -> Option<isize> {
    match last {
        -1 | isize::MAX => None,
        _ => Some(last + 1),
    }
}

impl Mapping {
    /// The byte at an index; negative ones count from the end.
    ///
    /// # Errors
    ///
    /// [`is_out_of_range`](Error::is_out_of_range), and those of [`guarded`](Mapping::guarded).
    ///
    /// # Complexity
    ///
    /// Some loads; a system call where the byte is a zero: see [`guarded`](Mapping::guarded).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(3).map_anonymous()?;
    /// memory.set(0, b'a')?;
    /// memory.set(-1, b'c')?;
    /// assert_eq!((memory.get(0)?, memory.get(1)?, memory.get(2)?), (b'a', 0, b'c'));
    /// assert!(memory.get(3).unwrap_err().is_out_of_range());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    #[inline]
    pub fn get(&self, index: isize) -> Result<u8, Error> {
        // An index that is out of range becomes one that is too large, and the long way says what is wrong.
        let place = if index < 0 { self.len().wrapping_add_signed(index) } else { index as usize };
        match self.quick_copy(place..place.saturating_add(1), |bytes| bytes[0], slice::from_ref) {
            Some(byte) => Ok(byte),
            None => self.get_the_long_way(index),
        }
    }

    #[inline(never)]
    fn get_the_long_way(&self, index: isize) -> Result<u8, Error> {
        let mapped = self.usable()?;
        let place = self.place(index)?;
        mapped.copy(place..place + 1, self.offset, |bytes| bytes[0], slice::from_ref)
    }

    /// Changes the byte at an index; negative ones count from the end.
    ///
    /// # Errors
    ///
    /// [`is_read_only`](Error::is_read_only) whatever the index is; [`is_out_of_range`](Error::is_out_of_range);
    /// otherwise those of [`guarded_mut`](Mapping::guarded_mut).
    ///
    /// # Examples
    ///
    /// See [`get`](Mapping::get).
    pub fn set(&mut self, index: isize, byte: u8) -> Result<(), Error> {
        self.usable()?;
        self.check_writable()?;
        let place = self.place(index)?;
        self.with_bytes_mut(place..place + 1, |bytes| bytes[0] = byte)
    }

    /// The bytes of a slice.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) for a step of 0; otherwise those of [`guarded`](Mapping::guarded).
    ///
    /// # Complexity
    ///
    /// Linear in the bytes of the slice; system calls as in [`guarded`](Mapping::guarded).
    ///
    /// # Examples
    ///
    /// See [`Slice`].
    #[inline]
    pub fn slice(&self, slice: impl Into<Slice>) -> Result<Vec<u8>, Error> {
        let slice = slice.into();
        // A negative number becomes one that is too large.
        let range = slice.start.unwrap_or(0) as usize..slice.stop.map_or(self.len(), |stop| stop as usize);
        if slice.step.is_none()
            && let Some(bytes) = self.quick_copy(range, <[u8]>::to_vec, Vec::as_slice)
        {
            return Ok(bytes);
        }
        self.slice_the_long_way(slice)
    }

    #[inline(never)]
    fn slice_the_long_way(&self, slice: Slice) -> Result<Vec<u8>, Error> {
        let mapped = self.usable()?;
        let indices = slice.indices(self.len())?;
        match indices.step {
            1 => mapped.copy(indices.hull(), self.offset, <[u8]>::to_vec, Vec::as_slice),
            _ => {
                let each = |bytes: &[u8]| indices.in_hull().map(|index| bytes[index]).collect();
                mapped.copy(indices.hull(), self.offset, each, Vec::as_slice)
            }
        }
    }

    /// Changes the bytes of a slice to `bytes`, which are as many.
    ///
    /// # Errors
    ///
    /// * [`is_read_only`](Error::is_read_only), whatever the slice is;
    /// * [`is_invalid_input`](Error::is_invalid_input) for a step of 0;
    /// * [`is_wrong_size`](Error::is_wrong_size) when the number of bytes differs from the slice's;
    /// * otherwise those of [`guarded_mut`](Mapping::guarded_mut).
    ///
    /// # Complexity
    ///
    /// Linear in the bytes of the slice.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{MapOptions, Slice};
    ///
    /// let mut memory = MapOptions::new().len(6).map_anonymous()?;
    /// memory.set_slice(.., b"abcdef")?;
    /// memory.set_slice(Slice::from(..).step(2), b"ACE")?;
    /// assert_eq!(memory.slice(..)?, b"AbCdEf");
    /// assert!(memory.set_slice(..2, b"abc").unwrap_err().is_wrong_size());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn set_slice(&mut self, slice: impl Into<Slice>, bytes: &[u8]) -> Result<(), Error> {
        self.usable()?;
        self.check_writable()?;
        let indices = slice.into().indices(self.len())?;
        if bytes.len() != indices.count {
            return Err(Error::wrong_size(bytes.len(), indices.count));
        }
        self.with_bytes_mut(indices.hull(), |place| match indices.step {
            1 => place.copy_from_slice(bytes),
            _ => indices.in_hull().zip(bytes).for_each(|(index, &byte)| place[index] = byte),
        })
    }

    /// Copies the bytes of `src` to where `dest` is the first; the two may overlap. Python's `move`.
    ///
    /// # Errors
    ///
    /// [`is_read_only`](Error::is_read_only); [`is_out_of_range`](Error::is_out_of_range) when either does not lie in
    /// the mapping; otherwise those of [`guarded_mut`](Mapping::guarded_mut).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(5).map_anonymous()?;
    /// memory.set_slice(.., b"abcde")?;
    /// memory.copy_within(0..3, 1)?;
    /// assert_eq!(memory.slice(..)?, b"aabce");
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn copy_within(&mut self, src: Range<usize>, dest: usize) -> Result<(), Error> {
        self.usable()?;
        self.check_writable()?;
        let len = self.len();
        let fits = src.start <= src.end && src.end <= len && dest <= len && src.len() <= len - dest;
        if !fits {
            let message = format!("cannot move {}..{} to {dest} in a mapping of {len} bytes", src.start, src.end);
            return Err(Error::out_of_range(message));
        }
        let hull = src.start.min(dest)..src.end.max(dest + src.len());
        let base = hull.start;
        self.guarded_mut(hull, |bytes| bytes.copy_within(src.start - base..src.end - base, dest - base))
    }

    /// All bytes, one by one, copied in blocks. After an error there are no more.
    ///
    /// # Examples
    ///
    /// ```
    /// let memory = mapgrep::mapping::MapOptions::new().len(3).map_anonymous()?;
    /// assert_eq!(memory.iter().collect::<Result<Vec<u8>, _>>()?, [0, 0, 0]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn iter(&self) -> Iter<'_> {
        Iter { mapping: self, block: vec![].into_iter(), next: 0, failed: false }
    }

    fn place(&self, index: isize) -> Result<usize, Error> {
        let len = self.len();
        let place = if index < 0 { len.checked_add_signed(index) } else { Some(index as usize) };
        place
            .filter(|&place| place < len)
            .ok_or_else(|| Error::out_of_range(format!("index {index} is out of range of a mapping of {len} bytes")))
    }
}

impl<'a> IntoIterator for &'a Mapping {
    type Item = Result<u8, Error>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The bytes of a mapping, made by [`Mapping::iter`].
///
/// # Examples
///
/// See [`Mapping::iter`].
#[derive(Debug)]
pub struct Iter<'a> {
    mapping: &'a Mapping,
    block: std::vec::IntoIter<u8>,
    /// Where the next block starts.
    next: usize,
    failed: bool,
}

/// After an error, and at the end, there is nothing more.
impl std::iter::FusedIterator for Iter<'_> {}

impl Iterator for Iter<'_> {
    type Item = Result<u8, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        const BLOCK: usize = 8 << 10;
        if let Some(byte) = self.block.next() {
            return Some(Ok(byte));
        }
        let end = self.mapping.len().min(self.next.saturating_add(BLOCK));
        if self.failed || (self.next == end && !self.mapping.is_closed()) {
            return None;
        }
        match self.mapping.copy_of(self.next..end) {
            Ok(block) => {
                self.next = end;
                self.block = block.into_iter();
                self.block.next().map(Ok)
            }
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }

    /// There can be fewer than the upper bound says, after an error.
    fn size_hint(&self) -> (usize, Option<usize>) {
        let rest = if self.failed { 0 } else { self.mapping.len() - self.next };
        (self.block.len(), Some(self.block.len() + rest.max(usize::from(self.mapping.is_closed() && !self.failed))))
    }
}
