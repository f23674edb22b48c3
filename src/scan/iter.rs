//! Matches as iterators. They own what they search, so they can be kept, sent away and dropped at any time.

use std::{
    fmt,
    iter::FusedIterator,
    ops::ControlFlow,
    panic::resume_unwind,
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread::{Builder, JoinHandle},
    vec,
};

use super::{
    cancel::Cancel,
    pool::{Pool, has_room_for_thread},
    scanner::{Scanner, in_file},
    sequential::Walk,
};
use crate::{
    error::Error,
    mapping::{Advice, Mapping},
    span::FileMatch,
};

/// How many batches of matches wait for the consumer of a parallel iterator, besides what the pipeline keeps ready.
const BATCHES: usize = 2;

/// Matches as iterators.
impl Scanner {
    /// The matches that do not overlap, in file order, found on the calling thread when they are asked for. For
    /// searches that are over soon, and those that run side by side; a large file is searched faster by
    /// [`par_find_iter`](Scanner::par_find_iter).
    ///
    /// # Errors
    ///
    /// Items may be errors: [`is_truncated`](Error::is_truncated) when the file became shorter meanwhile, behind all
    /// matches that come before. An error is the last item.
    ///
    /// # Complexity
    ///
    /// That of one search, as far as the iterator is asked to go: of a chunk, or the 1024 matches that come next in it.
    /// Memory is that of 1024 matches.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use mapgrep::{mapping::MapOptions, matcher::MatcherBuilder, scan::Scanner};
    ///
    /// let mut memory = MapOptions::new().len(11).map_anonymous()?;
    /// memory.set_slice(.., b"a1 b22 c333")?;
    /// let scanner = Scanner::new(MatcherBuilder::new().build(["[0-9]+"])?);
    /// let matches = scanner.find_iter(Arc::new(memory));
    /// let lengths: Result<Vec<_>, _> = matches.map(|m| m.map(|m| m.end - m.start)).collect();
    /// assert_eq!(lengths?, [1, 2, 3]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn find_iter(&self, mapping: Arc<Mapping>) -> FindIter {
        FindIter { scanner: self.clone(), mapping, left: None, walk: None, batch: vec![], next: 0, ended: false }
    }

    /// The matches that do not overlap, in file order, found by as many threads as the current rayon pool has, or the
    /// machine has cores, ahead of whoever takes them. Where nobody takes them the threads rest. They are the
    /// iterator's own, so that waiting for it is safe anywhere, on the only worker of a pool too. Patterns whose
    /// matches may have any length have one thread.
    ///
    /// Dropping the iterator stops the threads when they are done with the chunks that they are at, and does not wait
    /// for that; until then they keep the mapping. They have let go of it when the iterator has returned `None`.
    ///
    /// # Errors
    ///
    /// As [`find_iter`](Scanner::find_iter). Where the system starts no thread, it is that iterator.
    ///
    /// # Panics
    ///
    /// `next` passes on a panic of the threads.
    ///
    /// # Complexity
    ///
    /// As [`for_each`](Scanner::for_each).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use mapgrep::{mapping::MapOptions, matcher::MatcherBuilder, scan::Scanner};
    ///
    /// let memory = Arc::new(MapOptions::new().len(10 << 20).map_anonymous()?);
    /// let scanner = Scanner::new(MatcherBuilder::new().build([r"\x00{1024}"])?);
    /// for (n, m) in scanner.par_find_iter(memory).enumerate().take(5000) {
    ///     assert_eq!(m?.start, n as u64 * 1024);
    /// }
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn par_find_iter(&self, mapping: Arc<Mapping>) -> ParFindIter {
        let stop = self.cancel.as_ref().map_or_else(Cancel::new, Cancel::child);
        let mut scanner = self.clone();
        scanner.cancel(stop.clone());
        let pool = Pool::like_current();
        let alone = scanner.find_iter(Arc::clone(&mapping)).map(|found| found.map(|found| vec![found]));
        ParFindIter::drive(stop, alone, move |emit| scanner.run(&pool, &mapping, emit).map(|_| ()))
    }
}

/// The matches in a mapping, found when they are asked for: [`Scanner::find_iter`].
///
/// # Examples
///
/// See [`Scanner::find_iter`].
#[derive(Debug)]
pub struct FindIter {
    scanner: Scanner,
    mapping: Arc<Mapping>,
    /// What is searched in the place of the mapping, which has holes.
    left: Option<Mapping>,
    /// Where the search stands; nothing before it has begun.
    walk: Option<Walk>,
    batch: Vec<FileMatch>,
    /// The next of the batch.
    next: usize,
    ended: bool,
}

impl FindIter {
    /// Finds the next matches; none at the end.
    fn refill(&mut self) -> Result<(), Error> {
        let FindIter { scanner, mapping, left, walk, batch, .. } = self;
        if walk.is_none()
            && let Some(own) = scanner.matcher.for_one_search()
        {
            scanner.matcher = own;
        }
        if walk.is_none()
            && let Some(without) = scanner.without_holes(mapping)
        {
            *scanner = scanner.of_left(&without);
            *left = Some(without);
        }
        let mapping = left.as_ref().unwrap_or(mapping);
        let stages = scanner.stages(mapping);
        let walk = match walk {
            Some(walk) => walk,
            None => {
                // Advice is no more than that: a kernel that does not take it searches as well.
                let _ = mapping.advise(Advice::Sequential);
                walk.insert(Walk::new(stages.chunks(scanner.chunk_size)?, scanner.matcher.create_cache()))
            }
        };
        let found = walk.next(&stages, scanner.cancel.as_ref(), batch);
        batch.iter_mut().for_each(|m| *m = in_file(*m, mapping));
        found
    }
}

impl Iterator for FindIter {
    type Item = Result<FileMatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.batch.len() && !self.ended {
            self.next = 0;
            let refilled = self.refill();
            self.ended = self.batch.is_empty();
            if let Err(error) = refilled {
                return Some(Err(error));
            }
        }
        let found = *self.batch.get(self.next)?;
        self.next += 1;
        Some(Ok(found))
    }
}

impl FusedIterator for FindIter {}

/// The matches in a mapping, found by threads of its own: [`Scanner::par_find_iter`].
///
/// # Examples
///
/// See [`Scanner::par_find_iter`].
pub struct ParFindIter {
    batch: vec::IntoIter<FileMatch>,
    stop: Cancel,
    /// None when the end was reached.
    driver: Option<Driver>,
}

/// Where matches come from.
enum Driver {
    Thread(Search),
    /// What is asked for them where no thread could be started.
    Alone(Box<dyn Iterator<Item = Result<Vec<FileMatch>, Error>> + Send + Sync>),
}

/// The thread that hands over what the workers find. Its channel ends with it.
struct Search {
    batches: Receiver<Result<Vec<FileMatch>, Error>>,
    thread: JoinHandle<()>,
}

impl ParFindIter {
    /// Runs `search` on a thread of its own, which waits whenever the consumer is far behind. Where the system refuses
    /// the thread, `alone` has what it would have found.
    pub(super) fn drive(
        stop: Cancel,
        alone: impl Iterator<Item = Result<Vec<FileMatch>, Error>> + Send + Sync + 'static,
        search: impl FnOnce(&mut dyn FnMut(&[FileMatch]) -> ControlFlow<()>) -> Result<(), Error> + Send + 'static,
    ) -> Self {
        let (sender, batches) = sync_channel(BATCHES);
        let run = move || {
            // Nobody takes any more when the iterator was dropped. `search` is gone, with all that it holds, before the
            // channel tells that this is the end.
            let result = search(&mut |matches| match sender.send(Ok(matches.to_vec())) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            });
            if let Err(error) = result {
                let _ = sender.send(Err(error));
            }
        };
        let start = || Builder::new().name("mapgrep-iter".to_owned()).spawn(run).ok();
        let driver = match has_room_for_thread().then(start).flatten() {
            Some(thread) => Driver::Thread(Search { batches, thread }),
            None => Driver::Alone(Box::new(alone)),
        };
        ParFindIter { batch: vec![].into_iter(), stop, driver: Some(driver) }
    }
}

impl Iterator for ParFindIter {
    type Item = Result<FileMatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.batch.next() {
                return Some(Ok(found));
            }
            let batch = match self.driver.as_mut()? {
                Driver::Thread(search) => search.batches.recv().ok(),
                Driver::Alone(batches) => batches.next(),
            };
            match batch {
                Some(Ok(batch)) => self.batch = batch.into_iter(),
                ended => {
                    // Nothing comes behind the end, nor behind an error.
                    if let Driver::Thread(Search { thread, .. }) = self.driver.take()?
                        && let Err(payload) = thread.join()
                    {
                        resume_unwind(payload);
                    }
                    return ended.map(|error| error.map(|_| unreachable!("a batch is no end")));
                }
            }
        }
    }
}

impl FusedIterator for ParFindIter {}

impl Drop for ParFindIter {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for ParFindIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_hand = self.batch.as_slice().len();
        f.debug_struct("ParFindIter").field("at_hand", &at_hand).field("stop", &self.stop).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        iter,
        panic::{AssertUnwindSafe, catch_unwind},
        sync::mpsc::channel,
    };

    use super::*;
    use crate::span::PatternId;

    fn at(start: u64) -> FileMatch {
        FileMatch { start, end: start + 1, pattern: PatternId::new(0) }
    }

    #[test]
    fn a_panic_of_the_search_reaches_the_consumer_once_behind_what_was_found() {
        let mut found = ParFindIter::drive(Cancel::new(), iter::empty(), |emit| {
            let _ = emit(&[at(1), at(2)]);
            panic!("of the search")
        });
        assert_eq!([found.next().unwrap().unwrap(), found.next().unwrap().unwrap()], [at(1), at(2)]);
        let payload = catch_unwind(AssertUnwindSafe(|| found.next())).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"of the search"));
        assert!(found.next().is_none() && found.next().is_none());
    }

    #[test]
    fn an_error_is_the_last_item() {
        let mut found = ParFindIter::drive(Cancel::new(), iter::empty(), |emit| {
            let _ = emit(&[at(1)]);
            Err(Error::truncated(7))
        });
        assert_eq!(found.next().unwrap().unwrap(), at(1));
        assert_eq!(found.next().unwrap().unwrap_err().offset(), Some(7));
        assert!(found.next().is_none() && found.next().is_none());
    }

    #[test]
    fn a_search_waits_for_a_consumer_that_is_far_behind_and_stops_when_it_is_gone() {
        let (sender, told) = channel();
        let mut found = ParFindIter::drive(Cancel::new(), iter::empty(), move |emit| {
            for n in 0.. {
                sender.send(n).unwrap();
                if emit(&[at(n)]).is_break() {
                    break;
                }
            }
            Ok(())
        });
        assert_eq!(found.next().unwrap().unwrap(), at(0));
        // One was taken, some wait, and one is being handed over.
        let begun: Vec<_> = (0..BATCHES + 2).map(|_| told.recv().unwrap()).collect();
        assert_eq!(begun.last(), Some(&(BATCHES as u64 + 1)));
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(told.try_recv().is_err());
        drop(found);
        assert!(told.iter().count() <= 1);
    }
}
