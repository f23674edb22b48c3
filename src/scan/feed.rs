//! Where the items of a pipeline come from.
//!
//! A plan of chunks is arithmetic and can be asked at any time. A stream cannot: reading from a pipe may take for ever.
//! It is read by a thread of its own that keeps a few items ready, so that no worker waits for input and what was found
//! so far is emitted meanwhile.

use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use super::pool::has_room_for_thread;
use crate::error::Error;

/// How many windows of a stream a reading thread keeps ready.
pub(crate) const WINDOWS: usize = 4;

/// How many bytes of items a reading thread keeps ready before it waits for somebody to take one.
const MAX_BYTES: usize = 32 << 20;

/// A sequence of items, or of the error that ended it: what a [pipeline](crate::scan::ordered) works on.
///
/// # Examples
///
/// See [`run`](crate::scan::ordered::run).
pub struct Feed<'a, T>(Source<'a, T>);

enum Source<'a, T> {
    /// Asked by whoever wants the next item, which is there at once.
    Direct(Box<dyn Iterator<Item = Result<T, Error>> + Send + 'a>),
    /// The same where the next item may take for ever, since no thread could be had to wait for it.
    Blocking(Box<dyn Iterator<Item = Result<T, Error>> + Send + 'a>),
    /// Read ahead by a thread.
    Prefetched(Prefetch<T>),
}

/// What can be had from a feed without waiting.
pub(super) enum Polled<T> {
    Item(Result<T, Error>),
    /// Nothing yet; the signal is raised when there is.
    Pending,
    End,
}

impl<'a, T: Send + 'static> Feed<'a, T> {
    /// A feed that is read by a thread of its own: for items that may have to be waited for. The thread is at most
    /// `capacity` items ahead, and no further ahead while those that are ready have 32 MiB, by `size`. It ends with
    /// the iterator, or with the feed at the item after. Where the system refuses the thread, the feed is read by
    /// whoever asks for an item.
    ///
    /// # Examples
    ///
    /// See [`run`](crate::scan::ordered::run), which takes any feed.
    pub fn prefetched(
        items: impl Iterator<Item = Result<T, Error>> + Send + 'static,
        capacity: usize,
        size: fn(&T) -> usize,
    ) -> Self {
        let shared = Arc::new(Shared::<T> { queue: Mutex::default(), room: Condvar::new(), capacity, size });
        let reader = Arc::clone(&shared);
        // What is moved into a thread that is refused is lost.
        let items = Arc::new(Mutex::new(Some(items)));
        let theirs = Arc::clone(&items);
        let take = |items: &Mutex<Option<_>>| items.lock().unwrap_or_else(PoisonError::into_inner).take();
        let read = move || {
            let items = take(&theirs).into_iter().flatten();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                for item in items {
                    if !reader.push(item) {
                        break;
                    }
                }
            }));
            reader.finish(outcome.err());
        };
        let start = || std::thread::Builder::new().name("mapgrep-read".to_owned()).spawn(read).is_ok();
        match has_room_for_thread() && start() {
            true => Feed(Source::Prefetched(Prefetch { shared })),
            false => Feed(Source::Blocking(Box::new(take(&items).into_iter().flatten()))),
        }
    }
}

impl<'a, T: Send> Feed<'a, T> {
    /// A feed whose items cost next to nothing to make.
    ///
    /// # Examples
    ///
    /// See [`run`](crate::scan::ordered::run).
    pub fn direct(items: impl Iterator<Item = Result<T, Error>> + Send + 'a) -> Self {
        Feed(Source::Direct(Box::new(items)))
    }

    pub(super) fn is_prefetched(&self) -> bool {
        matches!(self.0, Source::Prefetched(_))
    }

    /// Whether asking for an item may take for ever.
    pub(super) fn blocks(&self) -> bool {
        matches!(self.0, Source::Blocking(_))
    }

    /// Has `signal` raised whenever an item becomes ready.
    pub(super) fn wake(&mut self, signal: &Arc<Signal>) {
        if let Source::Prefetched(prefetch) = &self.0 {
            prefetch.shared.lock().signal = Some(Arc::clone(signal));
        }
    }

    /// How many items can be had now, up to `most`.
    pub(super) fn ready(&self, most: usize) -> usize {
        match &self.0 {
            Source::Direct(_) | Source::Blocking(_) => most,
            Source::Prefetched(prefetch) => {
                let queue = prefetch.shared.lock();
                // The end has to be noticed by somebody as well.
                most.min(queue.items.len() + usize::from(queue.ended))
            }
        }
    }

    pub(super) fn poll(&mut self) -> Polled<T> {
        match &mut self.0 {
            Source::Direct(items) | Source::Blocking(items) => items.next().map_or(Polled::End, Polled::Item),
            Source::Prefetched(prefetch) => prefetch.poll(),
        }
    }
}

/// The receiving end of a reading thread.
struct Prefetch<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    queue: Mutex<Queue<T>>,
    room: Condvar,
    capacity: usize,
    size: fn(&T) -> usize,
}

struct Queue<T> {
    items: VecDeque<Result<T, Error>>,
    /// How large they are together.
    bytes: usize,
    ended: bool,
    /// Nobody is going to take another item.
    closed: bool,
    panic: Option<Box<dyn Any + Send>>,
    signal: Option<Arc<Signal>>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue { items: VecDeque::new(), bytes: 0, ended: false, closed: false, panic: None, signal: None }
    }
}

impl<T> Prefetch<T> {
    fn poll(&mut self) -> Polled<T> {
        let mut queue = self.shared.lock();
        match queue.items.pop_front() {
            Some(item) => {
                // The reader sleeps until there is room for several items: waking it costs more than a small one.
                let before = queue.bytes;
                queue.bytes -= item.as_ref().map_or(0, self.shared.size);
                let has_room_again = before >= MAX_BYTES && queue.bytes < MAX_BYTES;
                if queue.items.len() == self.shared.capacity / 2 || has_room_again {
                    self.shared.room.notify_one();
                }
                Polled::Item(item)
            }
            None => match queue.panic.take() {
                Some(payload) => {
                    drop(queue);
                    resume_unwind(payload)
                }
                None if queue.ended => Polled::End,
                None => Polled::Pending,
            },
        }
    }
}

impl<T> Drop for Prefetch<T> {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.room.notify_one();
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item, waiting for room; false when nobody wants it.
    fn push(&self, item: Result<T, Error>) -> bool {
        let is_full =
            |queue: &mut Queue<T>| (queue.items.len() >= self.capacity || queue.bytes >= MAX_BYTES) && !queue.closed;
        let mut queue = self.room.wait_while(self.lock(), is_full).unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            return false;
        }
        queue.bytes += item.as_ref().map_or(0, self.size);
        queue.items.push_back(item);
        // Whoever looks for work while there are items finds them; only one that found none has to be told.
        if queue.items.len() == 1
            && let Some(signal) = &queue.signal
        {
            signal.raise();
        }
        true
    }

    fn finish(&self, panic: Option<Box<dyn Any + Send>>) {
        let mut queue = self.lock();
        queue.ended = true;
        queue.panic = panic;
        if let Some(signal) = &queue.signal {
            signal.raise();
        }
    }
}

/// A count that can be waited on. Whoever reads it before looking for work, and waits past what was read, misses
/// nothing that was raised in between.
#[derive(Default)]
pub(super) struct Signal {
    count: Mutex<u64>,
    raised: Condvar,
}

impl Signal {
    pub(super) fn count(&self) -> u64 {
        *self.lock()
    }

    pub(super) fn raise(&self) {
        *self.lock() += 1;
        self.raised.notify_all();
    }

    pub(super) fn wait_past(&self, seen: u64) {
        let _unused =
            self.raised.wait_while(self.lock(), |count| *count == seen).unwrap_or_else(PoisonError::into_inner);
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
