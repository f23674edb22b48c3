//! The regions that are watched for faults, in a list that a signal handler can walk.
//!
//! The handler runs at any moment of any thread, so it takes no lock and allocates nothing: the list only grows, and
//! its nodes are used again. Taking a node and giving it back take no lock either: a thread that a fork has left
//! behind could hold it for ever.
#![allow(unsafe_code)]

use std::{
    fs::File,
    os::fd::{AsRawFd, BorrowedFd},
    ptr,
    sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
};

use rustix::mm;

use super::{
    fault::{Fault, NO_FAULT},
    stat::Stat,
    unix::{Region, page_size},
};

/// Handles a fault at an address: marks the region around it, and only then puts pages of zeros there, and on to the
/// region's end. The other order would let another thread read zeros before there is a mark. False when the region is
/// none of ours.
///
/// # Safety
///
/// The address is one at which this thread has looked at memory that it may look at, in a call that is still under way.
pub(super) unsafe fn handle(address: usize) -> bool {
    let mut next = NODES.load(Ordering::Acquire);
    // SAFETY: nodes are never freed.
    while let Some(node) = unsafe { next.as_ref() } {
        if let Some((start, len)) = node.region_around(address) {
            // SAFETY: the thread that has called this has just looked at an address of the region, so that its watch
            // is there, which keeps it mapped; and the page is the one of that address.
            return unsafe { node.replace(start, len, address - address % page_size()) };
        }
        next = node.next.load(Ordering::Relaxed);
    }
    false
}

/// The list of all nodes there ever were, newest first.
static NODES: AtomicPtr<Node> = AtomicPtr::new(ptr::null_mut());

/// A lower bound of the number of nodes that no region uses: counted after a node is given back, and counted off before
/// one is taken. So whoever counts one off finds one.
static FREE: AtomicUsize = AtomicUsize::new(0);

/// Where the search for a free node starts: at the one that was given back last, or behind the one that was taken last.
static CURSOR: AtomicPtr<Node> = AtomicPtr::new(ptr::null_mut());

/// How many faults of a region are tried again because the file had the page and had changed. An access that meets a
/// file in the moment in which it was cut and grows back succeeds at the second or third time. A bad sector of a file
/// that somebody keeps appending to looks the same each time.
const MOST_RETRIES: u32 = 100;

/// A region that is watched, or none when the length is 0.
///
/// # Invariants
///
/// While the length is not 0, the region is mapped, and the file, if it is not negative, is an open descriptor: the
/// caller of [`Watch::new`](super::watch::Watch::new) has promised it until the watch is dropped, which sets the
/// length to 0.
#[derive(Debug)]
pub(super) struct Node {
    /// False when anybody may take the node.
    is_taken: AtomicBool,
    /// Odd while the fields below are changed: then the node belongs to no region in which a fault could be.
    version: AtomicUsize,
    start: AtomicUsize,
    len: AtomicUsize,
    is_writable: AtomicBool,
    file: AtomicI32,
    offset: AtomicU64,
    /// When the file had last been changed, as far as a fault has made us look.
    modified: AtomicU64,
    /// Offset in the region of the lowest page that was replaced.
    fault: AtomicUsize,
    is_io: AtomicBool,
    /// How many faults of the region were tried again.
    retries: AtomicU32,
    /// Never changes once the node is in the list.
    next: AtomicPtr<Node>,
}

impl Node {
    /// A node that no region uses: one that was given back, or a new one when there is none.
    pub(super) fn take() -> &'static Node {
        if FREE.fetch_update(Ordering::Acquire, Ordering::Relaxed, |free| free.checked_sub(1)).is_err() {
            return Node::append();
        }
        // There is a free node. A walk can miss it only while others take nodes and give them back.
        loop {
            for start in [&CURSOR, &NODES] {
                let mut next = start.load(Ordering::Acquire);
                // SAFETY: nodes are never freed.
                while let Some(node) = unsafe { next.as_ref() } {
                    next = node.next.load(Ordering::Relaxed);
                    let taken = node.is_taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed);
                    if taken.is_ok() {
                        CURSOR.store(next, Ordering::Release);
                        return node;
                    }
                }
            }
        }
    }

    /// Puts a region into a node that was taken, which is to be kept mapped for as long as it is there, and its file
    /// open.
    pub(super) fn watch(&self, region: &Region, file: Option<&File>, offset: u64) {
        let stat = file.and_then(|file| Stat::of(file).ok());
        self.change(|| {
            self.start.store(region.as_mut_ptr() as usize, Ordering::Relaxed);
            self.len.store(region.len(), Ordering::Relaxed);
            self.is_writable.store(region.is_writable(), Ordering::Relaxed);
            self.file.store(file.map_or(-1, AsRawFd::as_raw_fd), Ordering::Relaxed);
            self.offset.store(offset, Ordering::Relaxed);
            self.modified.store(stat.map_or(0, |stat| stat.modified), Ordering::Relaxed);
            self.fault.store(NO_FAULT, Ordering::Relaxed);
            self.is_io.store(false, Ordering::Relaxed);
            self.retries.store(0, Ordering::Relaxed);
        });
    }

    /// The offset of the lowest page that was lost, or [`NO_FAULT`].
    pub(super) fn mark(&self) -> &AtomicUsize {
        &self.fault
    }

    /// What happened to the region so far.
    pub(super) fn fault(&self) -> Option<Fault> {
        match self.fault.load(Ordering::Acquire) {
            NO_FAULT => None,
            from => Some(Fault { from, is_io: self.is_io.load(Ordering::Relaxed) }),
        }
    }

    /// Takes the region out, and lets others take the node. The caller uses it no more.
    pub(super) fn give_back(&'static self) {
        self.change(|| self.len.store(0, Ordering::Relaxed));
        self.is_taken.store(false, Ordering::Release);
        CURSOR.store(ptr::from_ref(self).cast_mut(), Ordering::Release);
        FREE.fetch_add(1, Ordering::Release);
    }

    /// A new node at the head of the list.
    fn append() -> &'static Node {
        let node: &'static Node = Box::leak(Box::new(Node {
            is_taken: AtomicBool::new(true),
            version: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
            len: AtomicUsize::new(0),
            is_writable: AtomicBool::new(false),
            file: AtomicI32::new(-1),
            offset: AtomicU64::new(0),
            modified: AtomicU64::new(0),
            fault: AtomicUsize::new(NO_FAULT),
            is_io: AtomicBool::new(false),
            retries: AtomicU32::new(0),
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

    /// The region's start and length in whole pages, if `address` lies in it. A node that is being changed is passed
    /// over: the region with the fault is in use, and not being changed.
    fn region_around(&self, address: usize) -> Option<(usize, usize)> {
        let before = self.version.load(Ordering::Acquire);
        let (start, len) = (self.start.load(Ordering::Relaxed), self.len.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        let is_stable = before.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == before;
        let mapped = len.next_multiple_of(page_size());
        (is_stable && address.wrapping_sub(start) < mapped).then_some((start, mapped))
    }

    /// True when the fault is dealt with, and the access can be tried again.
    ///
    /// # Safety
    ///
    /// * The node's region is mapped, from `start` on, with `len` bytes in whole pages.
    /// * `page` is the start of one of its pages.
    unsafe fn replace(&self, start: usize, len: usize, page: usize) -> bool {
        let from = page - start;
        if let Some(stat) = self.stat()
            && stat.size > self.offset.load(Ordering::Relaxed) + from as u64
        {
            // The file has the page. If it was cut and has grown again meanwhile, the page can be read now; the times
            // of change tell, where they lie far enough apart. Otherwise it is the medium that does not give it.
            let has_other_time = self.modified.swap(stat.modified, Ordering::Relaxed) != stat.modified;
            // A medium may take seconds to say that it does not give a page: without another time it is asked a few
            // times.
            let price = if has_other_time { 1 } else { MOST_RETRIES / 4 };
            let may_have_changed = has_other_time || !stat.is_settled();
            if may_have_changed && self.retries.fetch_add(price, Ordering::Relaxed) < MOST_RETRIES {
                return true;
            }
            self.is_io.store(true, Ordering::Relaxed);
        }
        self.fault.fetch_min(from, Ordering::SeqCst);
        // In parts of it the region would be two areas to the kernel. Where there may be no more areas, or no more
        // memory that can be written, all of it goes.
        let is_writable = self.is_writable.load(Ordering::Relaxed);
        // SAFETY: both ranges lie in the region, which the caller keeps mapped; it is marked, so that its content is
        // lost anyway.
        unsafe {
            zeros(page, len - from, is_writable) || {
                self.fault.store(0, Ordering::SeqCst);
                zeros(start, len, is_writable)
            }
        }
    }

    fn stat(&self) -> Option<Stat> {
        let file = self.file.load(Ordering::Relaxed);
        if file < 0 {
            return None;
        }
        // SAFETY: the descriptor is open for as long as the region is watched, by the invariants of the node; it is
        // watched now, as it was in the node when a thread has faulted in it.
        Stat::of(unsafe { BorrowedFd::borrow_raw(file) }).ok()
    }
}

/// Puts pages of zeros into a range of a watched region.
///
/// # Safety
///
/// The range is of whole pages that are mapped, and whose content whoever looks at it knows to be lost: it is marked.
unsafe fn zeros(start: usize, len: usize, is_writable: bool) -> bool {
    // Memory that is not written needs no space set aside for it, which there may not be for a large file.
    let prot = if is_writable { mm::ProtFlags::READ | mm::ProtFlags::WRITE } else { mm::ProtFlags::READ };
    let flags = mm::MapFlags::PRIVATE | mm::MapFlags::FIXED;
    // FreeBSD and its kin set no swap space aside for pages that nobody has touched, and have no such flag.
    #[cfg(not(any(target_os = "freebsd", target_os = "dragonfly")))]
    let flags = flags | mm::MapFlags::NORESERVE;
    // SAFETY: MAP_FIXED takes the place of what is mapped there, which the caller says is a range of a watched region:
    // at no moment is nothing mapped there, and slices of it stay readable, over zeros.
    unsafe { mm::mmap_anonymous(start as *mut _, len, prot, flags) }.is_ok()
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        iter, thread,
        time::{Duration, UNIX_EPOCH},
    };

    use super::*;
    use crate::mapping::{Access, MapOptions, Mapping, page_size};

    fn two_pages() -> (File, Mapping) {
        let file = tempfile::tempfile().unwrap();
        file.set_len(2 * page_size() as u64).unwrap();
        let mapping = map(&file);
        (file, mapping)
    }

    fn map(file: &File) -> Mapping {
        // SAFETY: nobody else knows the file.
        unsafe { MapOptions::new().access(Access::Read).map_file(file) }.unwrap()
    }

    fn nodes() -> usize {
        // SAFETY: nodes are never freed.
        let node = |at: &AtomicPtr<Node>| unsafe { at.load(Ordering::Acquire).as_ref() };
        iter::successors(node(&NODES), |last| node(&last.next)).count()
    }

    /// The handler's part is played by hand, as no test can break a disk: the file has the page at each fault, and a
    /// later time of change.
    #[test]
    fn a_page_that_its_medium_never_gives_is_an_error_though_the_file_keeps_changing() {
        let (file, mapping) = two_pages();
        let page = mapping.guarded(.., |bytes| bytes.as_ptr() as usize).unwrap() + page_size();
        let mut faults = 0;
        let error = loop {
            file.set_modified(UNIX_EPOCH + Duration::from_secs(faults)).unwrap();
            // SAFETY: the mapping is there, and nobody looks at it.
            assert!(unsafe { handle(page + 5) }, "the fault is ours");
            faults += 1;
            match mapping.guarded(.., |_| ()) {
                Err(error) => break error,
                Ok(()) => assert!(faults <= u64::from(MOST_RETRIES), "tried again {faults} times"),
            }
        };
        assert_eq!(faults, u64::from(MOST_RETRIES) + 1);
        assert!(error.is_io(), "{error:?}");
        assert_eq!(mapping.read_before_fault(..page_size(), <[u8]>::len).unwrap(), page_size());
    }

    #[test]
    fn a_page_that_its_medium_does_not_give_is_an_error_at_once_when_the_file_is_as_it_was() {
        let (file, _) = two_pages();
        file.set_modified(UNIX_EPOCH).unwrap();
        let mapping = map(&file);
        let page = mapping.guarded(.., |bytes| bytes.as_ptr() as usize).unwrap() + page_size();
        // SAFETY: the mapping is there, and nobody looks at it.
        assert!(unsafe { handle(page) });
        assert!(mapping.guarded(.., |_| ()).unwrap_err().is_io());
    }

    #[test]
    fn a_page_that_its_medium_does_not_give_is_asked_for_a_few_times_when_the_file_was_just_written() {
        let (_file, mapping) = two_pages();
        let page = mapping.guarded(.., |bytes| bytes.as_ptr() as usize).unwrap() + page_size();
        for _ in 0..4 {
            // SAFETY: the mapping is there, and nobody looks at it.
            assert!(unsafe { handle(page) });
            mapping.guarded(.., |_| ()).unwrap();
        }
        // SAFETY: the mapping is there, and nobody looks at it.
        assert!(unsafe { handle(page) });
        assert!(mapping.guarded(.., |_| ()).unwrap_err().is_io());
    }

    /// Other tests of this process have mappings meanwhile, but few at a time.
    #[test]
    fn nodes_are_used_again_however_many_threads_map_and_unmap() {
        const THREADS: usize = 8;
        const OF_OTHERS: usize = 100;
        let file = &tempfile::tempfile().unwrap();
        file.set_len(1).unwrap();
        let before = nodes();
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..5000 {
                        // SAFETY: no byte is looked at.
                        drop(unsafe { MapOptions::new().access(Access::Read).map_file(file) }.unwrap());
                    }
                });
            }
        });
        let new = nodes() - before;
        assert!(new <= THREADS + OF_OTHERS, "{new} nodes for {THREADS} mappings at a time");
    }
}
