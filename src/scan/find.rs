//! The first and the last place of a literal in a mapping.

use std::{
    ops::Range,
    panic::resume_unwind,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    chunk::DEFAULT_CHUNK_SIZE,
    pool::{has_room_for_thread, worthwhile_threads},
    window::AHEAD,
};
use crate::{
    error::Error,
    mapping::{Mapping, Slice},
    matcher::{
        Tuning,
        literal::{Finder, ReverseFinder},
    },
};

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
    /// Linear in the bytes up to the match, in the worst case too. What goes on behind the first 4 MiB is searched by
    /// many threads: by those of the rayon pool that the caller is one of, and by such that live as long as the call
    /// otherwise, so that the calling thread is the only one before and afterwards.
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
        self.search_between(needle, Ok(Some(self.cursor()..self.len())), Direction::Forwards)
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
        self.search_between(needle, Ok(Some(self.cursor()..self.len())), Direction::Backwards)
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
        self.check_readable()?;
        let Some(range) = range?.filter(|range| needle.len() <= range.len()) else { return Ok(None) };
        if needle.is_empty() {
            return Ok(Some(if direction == Direction::Forwards { range.start } else { range.end }));
        }
        let plan = Plan::new(range, needle.len() - 1, direction);
        match direction {
            Direction::Forwards => {
                let finder = Finder::new(needle);
                plan.run(self, finder.tuning(), |tuning, bytes| finder.find_tuned(tuning, bytes))
            }
            Direction::Backwards => {
                let finder = ReverseFinder::new(needle);
                plan.run(self, finder.tuning(), |tuning, bytes| finder.rfind_tuned(tuning, bytes))
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
    /// How many places a piece has.
    size: usize,
    direction: Direction,
}

impl Plan {
    /// How many pieces are searched by the calling thread before others are asked. Much of what is searched for is
    /// near.
    const ALONE: usize = 4;

    /// Pieces are much longer than what two of them have in common, so that looking at that twice costs little.
    fn new(range: Range<usize>, overlap: usize, direction: Direction) -> Self {
        let size = DEFAULT_CHUNK_SIZE.max(overlap.saturating_mul(8));
        Plan { range, overlap, size, direction }
    }

    /// The first match in the direction of the search. What the first pieces teach is known to all threads.
    fn run(
        &self,
        mapping: &Mapping,
        mut tuning: Tuning,
        find: impl Fn(&mut Tuning, &[u8]) -> Option<usize> + Sync,
    ) -> Result<Option<usize>, Error> {
        let look = |tuning: &mut Tuning, index: usize| self.look(mapping, index, tuning, &find);
        let pieces = self.pieces();
        for piece in 0..pieces.min(Self::ALONE) {
            let outcome = look(&mut tuning, piece);
            if !matches!(outcome, Ok(None)) {
                return outcome;
            }
        }
        if pieces > Self::ALONE { first_of(Self::ALONE..pieces, tuning, look) } else { Ok(None) }
    }

    /// Searches one piece.
    fn look(
        &self,
        mapping: &Mapping,
        index: usize,
        tuning: &mut Tuning,
        find: &impl Fn(&mut Tuning, &[u8]) -> Option<usize>,
    ) -> Result<Option<usize>, Error> {
        let (owned, ahead) = self.piece(index);
        if self.pieces() > 1 {
            mapping.read_ahead(ahead);
        }
        let seen = owned.start..owned.end + self.overlap;
        let mut look = |seen: Range<usize>| {
            let found = mapping.read_before_fault(seen.clone(), |bytes| find(tuning, bytes))?;
            Ok(found.map(|at| seen.start + at))
        };
        let outcome = look(seen.clone());
        // What a file that was cut still has may hold a match that comes before the cut.
        if let (Direction::Forwards, Err(error)) = (self.direction, &outcome)
            && let Some(end) = mapping.place_of_cut(error).filter(|end| seen.contains(end))
            && let Ok(Some(at)) = look(seen.start..end)
        {
            return Ok(Some(at));
        }
        outcome
    }

    /// How many places there are at which a match can start.
    fn places(&self) -> usize {
        self.range.len() - self.overlap
    }

    fn pieces(&self) -> usize {
        self.places().div_ceil(self.size)
    }

    /// The places that a piece owns, and what the system should begin to read when it is searched.
    fn piece(&self, index: usize) -> (Range<usize>, Range<usize>) {
        let size = self.size;
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
    tuning: Tuning,
    look: impl Fn(&mut Tuning, usize) -> Result<Option<usize>, Error> + Sync,
) -> Result<Option<usize>, Error> {
    let next = AtomicUsize::new(pieces.start);
    let last = AtomicUsize::new(pieces.end);
    let first = Mutex::new(None::<(usize, Result<Option<usize>, Error>)>);
    let work = || {
        let mut tuning = tuning;
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= last.load(Ordering::Relaxed) {
                return;
            }
            let outcome = look(&mut tuning, piece);
            if !matches!(outcome, Ok(None)) {
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(earlier, _)| piece < *earlier) {
                    *first = Some((piece, outcome));
                    last.fetch_min(piece, Ordering::Relaxed);
                }
            }
        }
    };
    run_by_all(&work, pieces.len());
    first.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(None), |(_, outcome)| outcome)
}

/// Runs `work` on the calling thread and others, for as many pieces: those of its rayon pool, or such that have ended
/// when this returns.
fn run_by_all(work: &(impl Fn() + Sync), pieces: usize) {
    if rayon::current_thread_index().is_some() {
        rayon::in_place_scope(|scope| {
            (1..rayon::current_num_threads().min(pieces)).for_each(|_| scope.spawn(|_| work()));
            work();
        });
        return;
    }
    thread::scope(|scope| {
        // With fewer threads, the search takes longer.
        let start = || thread::Builder::new().name("mapgrep-find".to_owned()).spawn_scoped(scope, work).ok();
        let others = (1..worthwhile_threads(pieces)).map_while(|_| has_room_for_thread().then(start)?);
        let others: Vec<_> = others.collect();
        work();
        // The scope waits for their work alone, not for their end.
        others.into_iter().for_each(|other| {
            other.join().unwrap_or_else(|panic| resume_unwind(panic));
        });
    });
}
