//! Faults in mappings, on Unix: a handler for SIGBUS that keeps the process alive.
//!
//! Reading a page that the file no longer has raises SIGBUS, which kills. The handler looks the address up in a list of
//! the regions that are watched. In one of them it first marks the region, then puts pages of zeros where the fault was,
//! and returns: whoever was reading goes on, over zeros, and learns from the mark that what it has read is nothing.
//! The other order would let another thread read zeros before there is a mark. All other faults go to the handler that
//! was there before. systemd's journal does the same.
//!
//! The handler runs at any moment of any thread, so it takes no lock and allocates nothing: the list only grows, and its
//! nodes are used again.
#![allow(unsafe_code)]

use std::{
    fs::File,
    io, mem,
    os::fd::{AsRawFd, BorrowedFd},
    ptr,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence},
    },
};

use rustix::mm;

use super::Fault;

/// Watches a region until it is dropped, which has to be before the region is unmapped or moved.
#[derive(Debug)]
pub(in crate::mapping) struct Watch(&'static Node);

impl Watch {
    /// Watches `len` bytes at `start`, where `file`, if it is at hand, is mapped from `offset` on. The first call of a
    /// process installs the handler.
    ///
    /// `file` has to stay open for as long as the region is watched.
    pub(in crate::mapping) fn new(start: *const u8, len: usize, file: Option<&File>, offset: u64) -> io::Result<Watch> {
        install()?;
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let node = free.unwrap_or_else(Node::append);
        node.change(|| {
            node.start.store(start as usize, Ordering::Relaxed);
            node.len.store(len, Ordering::Relaxed);
            node.file.store(file.map_or(-1, AsRawFd::as_raw_fd), Ordering::Relaxed);
            node.offset.store(offset, Ordering::Relaxed);
            node.fault.store(NO_FAULT, Ordering::Relaxed);
            node.is_io.store(false, Ordering::Relaxed);
        });
        Ok(Watch(node))
    }

    /// What happened to the region so far. To be asked after the bytes were read.
    pub(in crate::mapping) fn fault(&self) -> Option<Fault> {
        fence(Ordering::Acquire);
        match self.0.fault.load(Ordering::Acquire) {
            NO_FAULT => None,
            from => Some(Fault { from, is_io: self.0.is_io.load(Ordering::Relaxed) }),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.change(|| self.0.len.store(0, Ordering::Relaxed));
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(self.0);
    }
}

const NO_FAULT: usize = usize::MAX;

/// The list of all nodes there ever were, newest first.
static NODES: AtomicPtr<Node> = AtomicPtr::new(ptr::null_mut());

/// Those that no region uses.
static FREE: Mutex<Vec<&'static Node>> = Mutex::new(Vec::new());

/// A region that is watched, or none when the length is 0.
#[derive(Debug)]
struct Node {
    /// Odd while the fields below are changed: then the node belongs to no region in which a fault could be.
    version: AtomicUsize,
    start: AtomicUsize,
    len: AtomicUsize,
    file: AtomicI32,
    offset: AtomicU64,
    /// Offset in the region of the lowest page that was replaced.
    fault: AtomicUsize,
    is_io: AtomicBool,
    /// Never changes once the node is in the list.
    next: AtomicPtr<Node>,
}

impl Node {
    /// A new node at the head of the list.
    fn append() -> &'static Node {
        let node: &'static Node = Box::leak(Box::new(Node {
            version: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
            len: AtomicUsize::new(0),
            file: AtomicI32::new(-1),
            offset: AtomicU64::new(0),
            fault: AtomicUsize::new(NO_FAULT),
            is_io: AtomicBool::new(false),
            next: AtomicPtr::new(ptr::null_mut()),
        }));
        let mut head = NODES.load(Ordering::Acquire);
        loop {
            node.next.store(head, Ordering::Relaxed);
            let new = ptr::from_ref(node).cast_mut();
            match NODES.compare_exchange_weak(head, new, Ordering::Release, Ordering::Acquire) {
                Ok(_) => return node,
                Err(now) => head = now,
            }
        }
    }

    /// Changes fields; the caller is the only one who may.
    fn change(&self, store: impl FnOnce()) {
        self.version.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::Release);
        store();
        self.version.fetch_add(1, Ordering::Release);
    }

    /// The region's start and length, if `address` lies in it. A node that is being changed is passed over: the region
    /// with the fault is in use, and not being changed.
    fn region_around(&self, address: usize) -> Option<(usize, usize)> {
        let before = self.version.load(Ordering::Acquire);
        let (start, len) = (self.start.load(Ordering::Relaxed), self.len.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        let is_stable = before.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == before;
        // The last page belongs to the region as a whole.
        let mapped = len.next_multiple_of(super::page_size());
        (is_stable && address.wrapping_sub(start) < mapped).then_some((start, mapped))
    }

    /// True when the file has the byte at `at` of the region, as far as anybody can tell.
    fn file_has(&self, at: usize) -> bool {
        let file = self.file.load(Ordering::Relaxed);
        if file < 0 {
            return false;
        }
        // SAFETY: whoever watches the region keeps the file open meanwhile.
        let file = unsafe { BorrowedFd::borrow_raw(file) };
        let end = self.offset.load(Ordering::Relaxed) + at as u64;
        rustix::fs::fstat(file).is_ok_and(|stat| stat.st_size as u64 > end)
    }
}

/// What handled SIGBUS before; never freed.
static PREVIOUS: AtomicPtr<libc::sigaction> = AtomicPtr::new(ptr::null_mut());

fn install() -> io::Result<()> {
    static INSTALLED: OnceLock<Result<(), Option<i32>>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| install_handler().map_err(|error| error.raw_os_error()));
    installed.map_err(|errno| io::Error::from_raw_os_error(errno.unwrap_or_default()))
}

fn install_handler() -> io::Result<()> {
    // SAFETY: `sigaction` is a C structure of integers and pointers for which zeros are valid, and the calls are given
    // pointers to such structures. What was there before is known before ours is there to ask for it.
    unsafe {
        let mut previous: libc::sigaction = mem::zeroed();
        if libc::sigaction(libc::SIGBUS, ptr::null(), &mut previous) != 0 {
            return Err(io::Error::last_os_error());
        }
        PREVIOUS.store(Box::into_raw(Box::new(previous)), Ordering::Release);
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = on_sigbus;
        let mut ours: libc::sigaction = mem::zeroed();
        ours.sa_sigaction = handler as usize;
        // On the alternate stack where a thread has one, as a stack that has overflowed faults too on some systems.
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        libc::sigemptyset(&mut ours.sa_mask);
        if libc::sigaction(libc::SIGBUS, &ours, ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

extern "C" fn on_sigbus(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid structure to a handler with SA_SIGINFO.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr() as usize) };
    if is_missing_page(code) && keep_errno(|| replace(address)) {
        return;
    }
    pass_on(signal, code, info, context);
}

/// True for the faults of a mapped file. Those that somebody sent have codes up to 0; broken memory has its own.
fn is_missing_page(code: i32) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let is_broken_memory = code == libc::BUS_MCEERR_AR || code == libc::BUS_MCEERR_AO;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let is_broken_memory = false;
    code > 0 && code != libc::BUS_ADRALN && !is_broken_memory
}

/// Marks the region around `address` and puts zeros there, and on to the region's end. False when it is none of ours.
fn replace(address: usize) -> bool {
    let mut next = NODES.load(Ordering::Acquire);
    // SAFETY: nodes are never freed.
    while let Some(node) = unsafe { next.as_ref() } {
        if let Some((start, len)) = node.region_around(address) {
            let page = address - address % super::page_size();
            let from = page - start;
            if node.file_has(from) {
                node.is_io.store(true, Ordering::Relaxed);
            }
            node.fault.fetch_min(from, Ordering::SeqCst);
            let prot = mm::ProtFlags::READ | mm::ProtFlags::WRITE;
            let flags = mm::MapFlags::PRIVATE | mm::MapFlags::FIXED;
            // FreeBSD and its kin set no swap space aside for pages that nobody has touched, and have no such flag.
            #[cfg(not(any(target_os = "freebsd", target_os = "dragonfly")))]
            let flags = flags | mm::MapFlags::NORESERVE;
            // SAFETY: the range is the rest of a region that is mapped: the thread that faulted is reading it. Its pages
            // hold bytes of the file only, and the mark says that they are lost.
            return unsafe { mm::mmap_anonymous(page as *mut _, len - from, prot, flags) }.is_ok();
        }
        next = node.next.load(Ordering::Relaxed);
    }
    false
}

/// Gives the signal to the handler that was there before.
fn pass_on(signal: libc::c_int, code: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: set before the handler was installed, and never freed.
    let Some(previous) = (unsafe { PREVIOUS.load(Ordering::Acquire).as_ref() }) else { return };
    let was_sent = code <= 0;
    match previous.sa_sigaction {
        libc::SIG_IGN if was_sent => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // The kernel's default: a fault happens again when the handler returns, a signal that was sent is sent again.
            // SAFETY: plain calls with a structure of zeros, which stands for the default.
            unsafe {
                let default: libc::sigaction = mem::zeroed();
                libc::sigaction(signal, &default, ptr::null_mut());
                if was_sent {
                    libc::raise(signal);
                }
            }
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: with SA_SIGINFO the field holds a function of this type.
            let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                unsafe { mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without SA_SIGINFO the field holds a function of this type.
            let handler: extern "C" fn(libc::c_int) = unsafe { mem::transmute(handler) };
            handler(signal);
        }
    }
}

/// Runs system calls of the handler without changing what the interrupted code sees in `errno`.
fn keep_errno<T>(run: impl FnOnce() -> T) -> T {
    #[cfg(any(target_os = "openbsd", target_os = "netbsd", target_os = "android"))]
    use libc::__errno as errno;
    #[cfg(target_os = "linux")]
    use libc::__errno_location as errno;
    #[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "dragonfly"))]
    use libc::__error as errno;

    // SAFETY: the pointer is that of the thread's own `errno`.
    unsafe {
        let saved = *errno();
        let result = run();
        *errno() = saved;
        result
    }
}
