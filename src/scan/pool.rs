//! The threads that do the work.

use std::{
    num::NonZeroUsize,
    sync::{
        OnceLock,
        mpsc::{Sender, channel},
    },
    thread::{self, JoinHandle},
};

use rayon::{Scope, ThreadBuilder, ThreadPool, ThreadPoolBuilder};

use crate::mapping::{Access, MapOptions, Mapping, has_room};

/// Where the parallel parts of a search run.
///
/// # Examples
///
/// ```
/// use mapgrep::scan::Pool;
///
/// assert_eq!(Pool::new(3).threads(), 3);
/// ```
pub struct Pool {
    /// Missing until it is asked for, where it is that of the cores. To ask the system takes longer than some searches.
    threads: OnceLock<usize>,
    own: Option<OnceLock<Option<Workers>>>,
}

impl Pool {
    /// `threads` workers of its own, started when they are first needed; 0 stands for as many as the machine has
    /// cores. With one thread everything runs on the caller's.
    ///
    /// Where the system refuses to start a thread, or has no memory for one, the work is done by those that it did
    /// start, and by the calling thread alone where it started none. The threads have ended when the pool was dropped.
    pub fn new(threads: usize) -> Self {
        let threads = if threads == 0 { OnceLock::new() } else { threads.into() };
        Pool { threads, own: Some(OnceLock::new()) }
    }

    /// The rayon pool that the calling thread belongs to. Outside of one, a pool of its own with as many workers as the
    /// machine has cores: rayon's global pool, once started, never ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::scan::Pool;
    ///
    /// let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    /// assert_eq!(pool.install(|| Pool::current().threads()), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn current() -> Self {
        match rayon::current_thread_index() {
            Some(_) => Pool { threads: rayon::current_num_threads().into(), own: None },
            None => Pool::new(0),
        }
    }

    /// A pool of its own with as many workers as the current one has. It can be waited for by a worker of that.
    pub(super) fn like_current() -> Self {
        match rayon::current_thread_index() {
            Some(_) => Pool::new(rayon::current_num_threads()),
            None => Pool::new(0),
        }
    }

    /// What a single call runs on that has this many pieces to work on: the current pool, or threads that end with the
    /// call, as many as are worth it.
    pub(super) fn for_call(pieces: usize) -> Self {
        if rayon::current_thread_index().is_some() {
            return Pool::current();
        }
        Pool::new(worthwhile_threads(pieces))
    }

    /// The calling thread alone.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(mapgrep::scan::Pool::inline().threads(), 1);
    /// ```
    pub fn inline() -> Self {
        Pool::new(1)
    }

    /// How many workers it has, if the system starts them all.
    pub fn threads(&self) -> usize {
        *self.threads.get_or_init(cores)
    }

    /// The workers, started if they are not there yet. None where the system starts not one: then the calling thread is
    /// all there is.
    pub(super) fn crew(&self) -> Option<Crew<'_>> {
        match &self.own {
            None => Some(Crew { threads: self.threads(), own: None }),
            Some(workers) => {
                let workers = workers.get_or_init(|| Workers::start(self.threads())).as_ref()?;
                let own = workers.pool.as_ref()?;
                Some(Crew { threads: workers.handles.len(), own: Some(own) })
            }
        }
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self::current()
    }
}

/// The workers of a pool, at least one.
#[derive(Clone, Copy)]
pub(super) struct Crew<'p> {
    threads: usize,
    own: Option<&'p ThreadPool>,
}

impl Crew<'_> {
    /// How many workers there are.
    pub(super) fn threads(self) -> usize {
        self.threads
    }

    /// Runs `op` on the calling thread; what it spawns runs on the workers, and has ended when this returns.
    pub(super) fn in_place_scope<'scope, R>(self, op: impl FnOnce(&Scope<'scope>) -> R) -> R {
        match self.own {
            None => rayon::in_place_scope(op),
            Some(pool) => pool.in_place_scope(op),
        }
    }
}

/// How many threads the machine can run side by side.
fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// How many threads are worth starting for a call that has this many pieces to work on. To start and end a thread takes
/// some 50 us, and a piece of 512 KiB from 100 us on.
pub(super) fn worthwhile_threads(pieces: usize) -> usize {
    const PIECES: usize = 2;
    let most = pieces / PIECES;
    // Asking for the number of cores takes longer than a search of few pieces.
    if most <= 1 { 1 } else { most.min(cores()) }
}

/// Threads that are waited for when they are not needed any more.
struct Workers {
    /// Gone when the threads are to end.
    pool: Option<ThreadPool>,
    handles: Vec<JoinHandle<()>>,
    /// In a child of a fork there are no threads to wait for.
    process: u32,
}

impl Workers {
    /// Starts threads, or as many of them as the system allows. None if that is none.
    fn start(threads: usize) -> Option<Self> {
        // A rayon pool is all or nothing, so the threads are started first, and wait for what it has them do.
        let mut rooms = vec![];
        let start = |index: usize| {
            rooms.push(Room::take()?);
            let (sender, receiver) = channel::<ThreadBuilder>();
            let run = move || {
                if let Ok(thread) = receiver.recv() {
                    thread.run();
                }
            };
            let handle = thread::Builder::new().name(format!("mapgrep-{index}")).spawn(run).ok()?;
            Some((sender, handle))
        };
        let (senders, handles): (Vec<Sender<_>>, Vec<_>) = (0..threads).map_while(start).unzip();
        drop(rooms);
        if handles.is_empty() {
            return None;
        }
        let mut senders = senders.into_iter();
        let pool = ThreadPoolBuilder::new()
            .num_threads(handles.len())
            .spawn_handler(move |thread| {
                let sent = senders.next().map(|sender| sender.send(thread));
                if matches!(sent, Some(Ok(()))) { Ok(()) } else { Err(std::io::ErrorKind::BrokenPipe.into()) }
            })
            .build();
        let workers = Workers { pool: pool.ok(), handles, process: std::process::id() };
        workers.pool.is_some().then_some(workers)
    }
}

/// Whether there is room to start a thread. Where there is none for its second stack, the standard library ends the
/// process.
pub(crate) fn has_room_for_thread() -> bool {
    has_room(Room::FOR_START, Room::PARTS)
}

/// Address space that is kept free while threads are started.
struct Room {
    _reserved: Mapping,
}

impl Room {
    /// What a thread needs for its work: the states of a lazily built automaton, findings and output.
    const FOR_WORK: usize = 32 << 20;

    /// What it needs to start: its stack, and what the standard library maps for it. There a lack of memory would end
    /// the process.
    const FOR_START: usize = 4 << 20;

    /// In how many parts: two stacks and what guards them, the memory of its own that it allocates from, and as many
    /// again for what the call maps besides, which would be an error where a thread fewer would do.
    const PARTS: usize = 16;

    /// Keeps room for the work of a thread that is started next, and makes sure that there is room for its start.
    fn take() -> Option<Self> {
        if !has_room(Self::FOR_WORK + Self::FOR_START, Self::PARTS) {
            return None;
        }
        let reserved = MapOptions::new().len(Self::FOR_WORK).access(Access::Copy).map_anonymous();
        Some(Room { _reserved: reserved.ok()? })
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.pool = None;
        if self.process != std::process::id() {
            return;
        }
        let this = thread::current().id();
        for handle in self.handles.drain(..).filter(|handle| handle.thread().id() != this) {
            // A panic of a worker has been passed on by whoever gave it work.
            let _ = handle.join();
        }
    }
}
