//! The first and the last place of a literal in a mapping.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use memchr::memmem;

use super::{DEFAULT_CHUNK_SIZE, Pool};
use crate::{
    error::Error,
    mapping::{Mapping, Slice},
    matcher::reverse::ReverseFinder,
};

/// How far ahead of the search the system is asked to read.
const AHEAD: usize = 8 << 20;

/// Finding a literal.
impl Mapping {
    /// The lowest place at which `needle` starts, from the cursor on. The cursor stays where it is. An empty needle is
    /// found at the cursor.
    ///
    /// # Errors
    ///
    /// Those of [`guarded`](Mapping::guarded), when they happen before the needle is found.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes up to the match, in the worst case too. More than a chunk of 1 MiB is searched by all threads
    /// of the current rayon pool.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::SeekFrom;
    ///
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(9).map_anonymous()?;
    /// memory.set_slice(.., b"one one  ")?;
    /// assert_eq!(memory.find(b"one")?, Some(0));
    /// memory.seek(SeekFrom::Start(1))?;
    /// assert_eq!(memory.find(b"one")?, Some(4));
    /// assert_eq!(memory.find(b"two")?, None);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn find(&self, needle: &[u8]) -> Result<Option<usize>, Error> {
        self.search_between(needle, Ok(Some(self.start()..self.len())), Direction::Forwards)
    }

    /// The lowest place at which `needle` starts, such that all of it lies in `range`, whose ends are those of Python's
    /// slices. An empty needle is found at the start of the range.
    ///
    /// # Errors and complexity
    ///
    /// As [`find`](Mapping::find), and [`is_invalid_input`](Error::is_invalid_input) for a slice with a step.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(9).map_anonymous()?;
    /// memory.set_slice(.., b"one one  ")?;
    /// assert_eq!(memory.find_in(b"one", 1..)?, Some(4));
    /// assert_eq!(memory.find_in(b"one", 1..-3)?, None);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn find_in(&self, needle: &[u8], range: impl Into<Slice>) -> Result<Option<usize>, Error> {
        self.search_between(needle, range.into().search_range(self.len()), Direction::Forwards)
    }

    /// The highest place at which `needle` starts, from the cursor on: as in Python the search runs backwards from the
    /// end to the cursor. The cursor stays where it is. An empty needle is found at the end.
    ///
    /// # Errors and complexity
    ///
    /// As [`find`](Mapping::find), counted from the end.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(9).map_anonymous()?;
    /// memory.set_slice(.., b"one one  ")?;
    /// assert_eq!(memory.rfind(b"one")?, Some(4));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn rfind(&self, needle: &[u8]) -> Result<Option<usize>, Error> {
        self.search_between(needle, Ok(Some(self.start()..self.len())), Direction::Backwards)
    }

    /// The highest place at which `needle` starts, such that all of it lies in `range`, whose ends are those of
    /// Python's slices. An empty needle is found at the end of the range.
    ///
    /// # Errors and complexity
    ///
    /// As [`rfind`](Mapping::rfind), and [`is_invalid_input`](Error::is_invalid_input) for a slice with a step.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(9).map_anonymous()?;
    /// memory.set_slice(.., b"one one  ")?;
    /// assert_eq!(memory.rfind_in(b"one", ..6)?, Some(0));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn rfind_in(&self, needle: &[u8], range: impl Into<Slice>) -> Result<Option<usize>, Error> {
        self.search_between(needle, range.into().search_range(self.len()), Direction::Backwards)
    }

    fn search_between(
        &self,
        needle: &[u8],
        range: Result<Option<Range<usize>>, Error>,
        direction: Direction,
    ) -> Result<Option<usize>, Error> {
        // A closed mapping says so, whatever is asked of it.
        self.guarded(0..0, |_| ())?;
        let Some(range) = range?.filter(|range| needle.len() <= range.len()) else { return Ok(None) };
        if needle.is_empty() {
            return Ok(Some(if direction == Direction::Forwards { range.start } else { range.end }));
        }
        let plan = Plan { range, overlap: needle.len() - 1, direction };
        match direction {
            Direction::Forwards => {
                let finder = memmem::Finder::new(needle);
                plan.run(self, |bytes| finder.find(bytes))
            }
            Direction::Backwards => {
                let finder = ReverseFinder::new(needle);
                plan.run(self, |bytes| finder.rfind(bytes))
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Forwards,
    Backwards,
}

/// A range that is searched piece by piece, from one of its ends on. A piece owns the places at which a match starts.
struct Plan {
    range: Range<usize>,
    /// How far a match that starts at the last place of a piece reaches behind it.
    overlap: usize,
    direction: Direction,
}

impl Plan {
    /// The first match in the direction of the search.
    fn run(&self, mapping: &Mapping, find: impl Fn(&[u8]) -> Option<usize> + Sync) -> Result<Option<usize>, Error> {
        let look = |piece: usize| {
            let (owned, ahead) = self.piece(piece);
            mapping.read_ahead(ahead);
            let seen = owned.start..owned.end + self.overlap;
            mapping.read_intact(seen, |bytes| find(bytes)).map(|found| found.map(|at| owned.start + at))
        };
        // Much of what is searched for is near, or the range is small: no need to wake anybody for that.
        let pieces = self.pieces();
        match look(0) {
            Ok(None) if pieces > 1 => first_of(1..pieces, &Pool::current(), look),
            outcome => outcome,
        }
    }

    /// How many places there are at which a match can start.
    fn places(&self) -> usize {
        self.range.len() - self.overlap
    }

    fn pieces(&self) -> usize {
        self.places().div_ceil(DEFAULT_CHUNK_SIZE)
    }

    /// The places that a piece owns, and what the system should begin to read when it is searched.
    fn piece(&self, index: usize) -> (Range<usize>, Range<usize>) {
        let size = DEFAULT_CHUNK_SIZE;
        let (start, end) = (self.range.start, self.range.start + self.places());
        match self.direction {
            Direction::Forwards => {
                let owned = start + index * size..end.min(start + (index + 1) * size);
                let ahead = self.range.end.min(owned.end + AHEAD)..self.range.end.min(owned.end + AHEAD + size);
                (owned, ahead)
            }
            Direction::Backwards => {
                let owned = start.max(end.saturating_sub((index + 1) * size))..end - index * size;
                let ahead_end = owned.start.saturating_sub(AHEAD).max(start);
                (owned, ahead_end.saturating_sub(size).max(start)..ahead_end)
            }
        }
    }
}

/// The outcome of the first piece that has one: a match or an error. Pieces are taken in ascending order, and none is
/// begun behind the first outcome that is known.
fn first_of(
    pieces: Range<usize>,
    pool: &Pool,
    look: impl Fn(usize) -> Result<Option<usize>, Error> + Sync,
) -> Result<Option<usize>, Error> {
    let next = AtomicUsize::new(pieces.start);
    let last = AtomicUsize::new(pieces.end);
    let first = Mutex::new(None::<(usize, Result<Option<usize>, Error>)>);
    let work = || {
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= last.load(Ordering::Relaxed) {
                return;
            }
            let outcome = look(piece);
            if !matches!(outcome, Ok(None)) {
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(earlier, _)| piece < *earlier) {
                    *first = Some((piece, outcome));
                    last.fetch_min(piece, Ordering::Relaxed);
                }
            }
        }
    };
    let work = &work;
    pool.in_place_scope(|scope| {
        for _ in 1..pool.threads().min(pieces.len()) {
            scope.spawn(move |_| work());
        }
        work();
    });
    first.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(None), |(_, outcome)| outcome)
}
