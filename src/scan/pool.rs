//! The threads that do the work.

use std::{num::NonZeroUsize, sync::OnceLock};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

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
    threads: usize,
    own: Option<OnceLock<ThreadPool>>,
}

impl Pool {
    /// `threads` workers of its own, started when they are first needed; 0 stands for as many as the machine has
    /// cores. With one thread everything runs on the caller's.
    pub fn new(threads: usize) -> Self {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            n => n,
        };
        Pool { threads, own: Some(OnceLock::new()) }
    }

    /// The rayon pool that the calling thread belongs to, or the global one.
    pub fn current() -> Self {
        Pool { threads: rayon::current_num_threads(), own: None }
    }

    /// A pool of its own with as many workers as the current one has. It can be waited for by a worker of that.
    pub(super) fn like_current() -> Self {
        match rayon::current_thread_index() {
            Some(_) => Pool::new(rayon::current_num_threads()),
            // That would start the global pool, for nobody to use.
            None => Pool::new(0),
        }
    }

    /// The calling thread alone.
    pub fn inline() -> Self {
        Pool::new(1)
    }

    /// How many workers it has.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `op` on the calling thread; what it spawns runs on the workers, and has ended when this returns.
    ///
    /// # Panics
    ///
    /// Panics when the system refuses to start even one thread.
    pub(super) fn in_place_scope<'scope, R>(&self, op: impl FnOnce(&Scope<'scope>) -> R) -> R {
        match &self.own {
            None => rayon::in_place_scope(op),
            Some(cell) => cell.get_or_init(|| self.start()).in_place_scope(op),
        }
    }

    /// Starts the threads, or as many of them as the system allows.
    fn start(&self) -> ThreadPool {
        let mut threads = self.threads;
        loop {
            let pool =
                ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("mapgrep-{index}")).build();
            match pool {
                Ok(pool) => return pool,
                Err(error) if threads == 1 => panic!("cannot start a thread: {error}"),
                Err(_) => threads /= 2,
            }
        }
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self::current()
    }
}
