//! What to do where a system has little of something: memory, descriptors.

use std::alloc::{GlobalAlloc, Layout, System};

use crate::cli::terminal::messages;
use mapgrep::{memory::is_fallible, scan::Pool};

/// The system's allocator for the commands. Where memory is refused that they cannot do without, they end with a
/// message and exit status 2.
///
/// # Examples
///
/// ```
/// #[global_allocator]
/// static MEMORY: mapgrep::cli::Memory = mapgrep::cli::Memory;
///
/// assert_eq!(vec![1; 1000].len(), 1000);
/// ```
#[derive(Debug)]
pub struct Memory;

#[allow(unsafe_code)]
// SAFETY: every call is passed on to the system's allocator as it is, and its result is returned unless it is null.
// What ends the process does not allocate.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those of the system's allocator.
        given(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those of the system's allocator.
        given(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are those of the system's allocator, which gave it the memory.
        given(unsafe { System.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are those of the system's allocator, which gave it the memory.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[inline]
fn given(memory: *mut u8, size: usize) -> *mut u8 {
    if memory.is_null() && !is_fallible() {
        end_without(size);
    }
    memory
}

#[cold]
fn end_without(size: usize) -> ! {
    // Neither this nor what leaving the process takes allocates.
    messages::print(format_args!("out of memory: cannot get {size} bytes more"));
    #[cfg(unix)]
    #[allow(unsafe_code)]
    // SAFETY: the call takes a number. Nothing of this process runs afterwards.
    unsafe {
        libc::_exit(2)
    }
    #[cfg(not(unix))]
    std::process::exit(2)
}

/// How many threads can search files side by side with the descriptors that there may be. Each needs those of a file,
/// of its index and of a directory.
pub(crate) fn most_threads() -> usize {
    #[cfg(unix)]
    if let Some(most) = limit(libc::RLIMIT_NOFILE) {
        const NEEDED: u64 = 3;
        // Standard input, output and error, and the output's own.
        const TAKEN: u64 = 4;
        return usize::try_from(most.saturating_sub(TAKEN) / NEEDED).unwrap_or(usize::MAX).max(1);
    }
    usize::MAX
}

/// Threads, as many as were asked for (0 is one for each core), but `most` at most.
pub(crate) fn pool(threads: usize, most: usize) -> Pool {
    let pool = Pool::new(threads);
    if most < usize::MAX && pool.threads() > most { Pool::new(most) } else { pool }
}

/// How many threads list directories for so many that search files: to list a directory takes less than a fifth of the
/// time that it takes to search the files in it, and one thread lists them in any case. None where memory is limited:
/// where there is none for a thread, the standard library ends the process.
pub(crate) fn helpers(threads: usize) -> usize {
    const SEARCHERS: usize = 4;
    const MOST: usize = 8;
    #[cfg(unix)]
    if limit(libc::RLIMIT_AS).is_some() {
        return 0;
    }
    (threads / SEARCHERS).min(MOST)
}

/// The limit of a resource of this process, if there is one.
#[cfg(unix)]
fn limit(resource: Resource) -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    #[allow(unsafe_code)]
    // SAFETY: the call takes a number, and a structure that outlives it.
    let status = unsafe { libc::getrlimit(resource, &mut limit) };
    #[allow(clippy::unnecessary_cast, reason = "the type is not the same on all systems")]
    (status == 0 && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur as u64)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(all(unix, not(all(target_os = "linux", target_env = "gnu"))))]
type Resource = libc::c_int;

/// Where the address space is limited: has all threads share one heap, as the system's allocator reserves 64 MiB for
/// each thread otherwise, and takes the stack of the first thread at once, as a process is killed without a message
/// whose stack cannot grow.
pub(crate) fn prepare_for_little_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if limit(libc::RLIMIT_AS).is_some() {
        #[allow(unsafe_code)]
        // SAFETY: the call takes numbers, and no other thread has been started.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 1);
        }
        if Vec::<u8>::new().try_reserve_exact(STACK).is_err() {
            end_without(STACK);
        }
        take_stack();
    }
}

/// How much stack the first thread needs at most.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const STACK: usize = 512 << 10;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[inline(never)]
fn take_stack() {
    std::hint::black_box(&[0_u8; STACK]);
}
