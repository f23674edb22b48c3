//! A walk whose directories are read ahead by several threads.
//!
//! One thread goes through the tree in order and hands out files. For it, helpers list directories before it comes to
//! them, those next in order first, and as many as there is room for. It waits for a helper only where that is at work
//! on the directory that comes next, and lists one by itself that none has begun; so the order never depends on the
//! helpers, and they can be held up without holding up the walk.

use std::{
    collections::VecDeque,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use crate::cli::{
    run::{
        directory::{Contents, Directory, Entry, Rules},
        haystack::Haystack,
    },
    terminal::messages,
};
use mapgrep::scan::Cancel;

/// How many entries of directories may be listed before the walk comes to them. Each takes some 200 bytes.
const LISTED: usize = 16 << 10;

/// A directory that is listed by whoever comes first.
struct Shared {
    directory: Directory,
    state: Mutex<State>,
    has_changed: Condvar,
}

enum State {
    Waiting,
    /// A helper is at work.
    BeingListed,
    Listed(Listing),
    /// The walk has what is in it, or makes it.
    Taken,
}

/// What is in a directory.
struct Listing {
    warning: Option<String>,
    entries: Vec<Entry<Arc<Shared>>>,
}

/// What the helpers do next.
#[derive(Default)]
struct Work {
    /// Directories that were not listed, or not by a helper, those next in order first.
    queue: VecDeque<Arc<Shared>>,
    /// How many entries have been listed and not taken.
    listed: usize,
    is_over: bool,
}

struct Crew {
    rules: Rules,
    work: Mutex<Work>,
    has_work: Condvar,
}

/// The walk. Its helpers end with it.
pub(crate) struct Ahead {
    /// What comes next, the last first.
    stack: Vec<Entry<Arc<Shared>>>,
    crew: Arc<Crew>,
    helpers: Vec<JoinHandle<()>>,
    /// Ignore files that are wrong are told of.
    ignore_messages: bool,
    cancel: Cancel,
}

impl Ahead {
    /// A walk through what was named, with so many helpers, or as many of them as the system allows.
    pub(crate) fn new(
        named: Vec<Entry<Directory>>,
        rules: Rules,
        helpers: usize,
        ignore_messages: bool,
        cancel: &Cancel,
    ) -> Self {
        let crew = Arc::new(Crew { rules, work: Mutex::default(), has_work: Condvar::new() });
        let stack = named.into_iter().map(Entry::shared).rev().collect();
        let start = |index: usize| {
            let crew = Arc::clone(&crew);
            thread::Builder::new().name(format!("mapgrep-walk-{index}")).spawn(move || crew.help()).ok()
        };
        let helpers = (0..helpers).map_while(start).collect();
        Ahead { stack, crew, helpers, ignore_messages, cancel: cancel.clone() }
    }
}

impl Iterator for Ahead {
    type Item = Result<Haystack, String>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.cancel.is_cancelled() {
            match self.stack.pop()? {
                Entry::File(file) => return Some(Ok(file)),
                Entry::Failed(message) => return Some(Err(message)),
                Entry::Directory(directory) => {
                    let Listing { warning, entries } = self.crew.take(&directory);
                    if let Some(warning) = warning.filter(|_| self.ignore_messages) {
                        messages::print(warning);
                    }
                    self.stack.extend(entries.into_iter().rev());
                }
            }
        }
        None
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.crew.work().is_over = true;
        self.crew.has_work.notify_all();
        for helper in self.helpers.drain(..) {
            // A panic in a directory happens again where the walk comes to it.
            let _ = helper.join();
        }
    }
}

impl Crew {
    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is in the directory that the walk has come to.
    fn take(&self, shared: &Shared) -> Listing {
        let mut state = shared.state();
        loop {
            match mem::replace(&mut *state, State::Taken) {
                State::Waiting | State::Taken => break,
                State::Listed(listing) => {
                    self.work().listed -= listing.size();
                    self.has_work.notify_one();
                    return listing;
                }
                State::BeingListed => {
                    *state = State::BeingListed;
                    state = shared.has_changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
        drop(state);
        let listing = Listing::of(&shared.directory, &self.rules);
        self.plan(&listing, 0);
        listing
    }

    /// Has the directories of a listing listed, those first that come first. The listing itself takes up so much room.
    fn plan(&self, listing: &Listing, size: usize) {
        let mut work = self.work();
        work.listed += size;
        for entry in listing.entries.iter().rev() {
            if let Entry::Directory(directory) = entry {
                work.queue.push_front(Arc::clone(directory));
            }
        }
        if !work.queue.is_empty() {
            self.has_work.notify_all();
        }
    }

    /// Lists directories until the walk is over.
    fn help(&self) {
        while let Some(shared) = self.next() {
            let mut state = shared.state();
            if !matches!(*state, State::Waiting) {
                continue;
            }
            *state = State::BeingListed;
            drop(state);
            let listed = catch_unwind(AssertUnwindSafe(|| Listing::of(&shared.directory, &self.rules)));
            let next = match listed {
                Ok(listing) => {
                    self.plan(&listing, listing.size());
                    State::Listed(listing)
                }
                // The walk meets the panic by itself.
                Err(_) => State::Waiting,
            };
            *shared.state() = next;
            shared.has_changed.notify_all();
        }
    }

    /// The directory that is to be listed next. Waits until there is one, and room for what is in it.
    fn next(&self) -> Option<Arc<Shared>> {
        let mut work = self.work();
        while !work.is_over {
            if work.listed < LISTED
                && let Some(directory) = work.queue.pop_front()
            {
                return Some(directory);
            }
            work = self.has_work.wait(work).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listing {
    fn of(directory: &Directory, rules: &Rules) -> Self {
        let Contents { warning, entries } = directory.list(rules);
        Listing { warning, entries: entries.into_iter().map(Entry::shared).collect() }
    }

    fn size(&self) -> usize {
        1 + self.entries.len()
    }
}

impl Entry<Directory> {
    fn shared(self) -> Entry<Arc<Shared>> {
        match self {
            Entry::File(file) => Entry::File(file),
            Entry::Failed(message) => Entry::Failed(message),
            Entry::Directory(directory) => {
                let (state, has_changed) = (Mutex::new(State::Waiting), Condvar::new());
                Entry::Directory(Arc::new(Shared { directory, state, has_changed }))
            }
        }
    }
}
