//! The constants of the platform: what Python's module calls `MAP_*`, `PROT_*`, `MADV_*` and `MS_*`, without the
//! prefix.
//!
//! A name exists where the platform has it. Elsewhere using it does not compile, so that no advice and no flag is
//! ignored in silence. Windows has none of them.

use bitflags::bitflags;

bitflags! {
    /// How memory is mapped: `MAP_*`.
    ///
    /// One of [`SHARED`](MapFlags::SHARED) and [`PRIVATE`](MapFlags::PRIVATE) is needed. `MAP_FIXED` and its kin and
    /// `MAP_GROWSDOWN` have no name here and are refused when their bits are given: they map over memory that somebody
    /// else has.
    ///
    /// # Examples
    ///
    /// See [`MapOptions::flags`](super::MapOptions::flags).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct MapFlags: i32 {
        /// Changes go to the file and to everyone who maps it; anonymous memory is shared with children of a fork.
        const SHARED = libc::MAP_SHARED;
        /// Changes stay in this mapping.
        const PRIVATE = libc::MAP_PRIVATE;
        /// Memory without a file behind it.
        const ANONYMOUS = libc::MAP_ANON;
        /// The older name of [`ANONYMOUS`](MapFlags::ANONYMOUS).
        const ANON = libc::MAP_ANON;
        /// As [`SHARED`](MapFlags::SHARED), and flags that the kernel does not know are an error.
        #[cfg(target_os = "linux")]
        const SHARED_VALIDATE = libc::MAP_SHARED_VALIDATE;
        /// Place the mapping in the lower 2 GiB of the address space (Linux) or the lower 4 GiB (FreeBSD).
        #[cfg(any(
            all(target_os = "linux", any(target_arch = "x86_64", target_arch = "x86")),
            all(target_os = "freebsd", target_pointer_width = "64")
        ))]
        const _32BIT = libc::MAP_32BIT;
        /// Without effect; it once made writing to the file an error for others.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const DENYWRITE = libc::MAP_DENYWRITE;
        /// Without effect.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const EXECUTABLE = libc::MAP_EXECUTABLE;
        /// Lock the pages into memory.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const LOCKED = libc::MAP_LOCKED;
        /// With [`POPULATE`](MapFlags::POPULATE): do not read ahead.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const NONBLOCK = libc::MAP_NONBLOCK;
        /// Fault all pages in while mapping.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const POPULATE = libc::MAP_POPULATE;
        /// Memory of huge pages. The length has to be a multiple of their size: the system takes others, and then
        /// refuses to unmap them.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        const HUGETLB = libc::MAP_HUGETLB;
        /// Changes are durable when they are made, on memory that lasts (DAX); with
        /// [`SHARED_VALIDATE`](MapFlags::SHARED_VALIDATE).
        #[cfg(target_os = "linux")]
        const SYNC = libc::MAP_SYNC;
        /// Set no swap space aside.
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple", target_os = "netbsd"))]
        const NORESERVE = libc::MAP_NORESERVE;
        /// Memory that is fit for a stack.
        #[cfg(any(
            target_os = "linux",
            target_os = "android",
            target_os = "freebsd",
            target_os = "netbsd",
            target_os = "openbsd"
        ))]
        const STACK = libc::MAP_STACK;
        /// Aligned to a large page.
        #[cfg(target_os = "freebsd")]
        const ALIGNED_SUPER = libc::MAP_ALIGNED_SUPER;
        /// Leave the pages out of core dumps.
        #[cfg(target_os = "freebsd")]
        const NOCORE = libc::MAP_NOCORE;
        /// Write changes back when memory is needed, and not before.
        #[cfg(target_os = "freebsd")]
        const NOSYNC = libc::MAP_NOSYNC;
        /// Fault pages in for reading while mapping.
        #[cfg(target_os = "freebsd")]
        const PREFAULT_READ = libc::MAP_PREFAULT_READ;
        /// Leave the pages out of core dumps.
        #[cfg(target_os = "openbsd")]
        const CONCEAL = libc::MAP_CONCEAL;
        /// The memory holds semaphores.
        #[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "netbsd"))]
        const HASSEMAPHORE = libc::MAP_HASSEMAPHORE;
        /// Code is generated here at run time.
        #[cfg(target_vendor = "apple")]
        const JIT = libc::MAP_JIT;
        /// Do not keep the pages cached.
        #[cfg(target_vendor = "apple")]
        const NOCACHE = libc::MAP_NOCACHE;
        /// Do not extend the mapping.
        #[cfg(target_vendor = "apple")]
        const NOEXTEND = libc::MAP_NOEXTEND;
        // The names from here on are in the system's header <sys/mman.h>, and not in the libc crate.
        /// Place the mapping in the lower 4 GiB of the address space.
        #[cfg(target_vendor = "apple")]
        const _32BIT = 0x8000;
        /// Faults of code signing give pages of zeros.
        #[cfg(target_vendor = "apple")]
        const RESILIENT_CODESIGN = 0x2000;
        /// Faults of the medium give pages of zeros.
        #[cfg(target_vendor = "apple")]
        const RESILIENT_MEDIA = 0x4000;
        /// Translated code may be executed.
        #[cfg(target_vendor = "apple")]
        const TRANSLATED_ALLOW_EXECUTE = 0x20000;
        /// As UNIX 03 has it.
        #[cfg(target_vendor = "apple")]
        const UNIX03 = 0x40000;
        /// Memory that is read-only but for trusted paths.
        #[cfg(target_vendor = "apple")]
        const TPRO = 0x80000;
        // Bits without a name are kept: the kernel judges them.
        const _ = !0;
    }

    /// What pages may be used for: `PROT_*`. `Prot::empty()` is `PROT_NONE`.
    ///
    /// # Examples
    ///
    /// See [`MapOptions::prot`](super::MapOptions::prot).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Prot: i32 {
        /// Reading. Without it, reading the mapping is an error.
        const READ = libc::PROT_READ;
        /// Writing.
        const WRITE = libc::PROT_WRITE;
        /// Executing.
        const EXEC = libc::PROT_EXEC;
        const _ = !0;
    }

    /// How changes are written back: `MS_*`.
    ///
    /// # Examples
    ///
    /// See [`Mapping::flush_range_with`](super::Mapping::flush_range_with).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct FlushFlags: i32 {
        /// Wait until they are written.
        const SYNC = libc::MS_SYNC;
        /// Have them written soon.
        const ASYNC = libc::MS_ASYNC;
        /// Have other mappings of the file see the new content.
        const INVALIDATE = libc::MS_INVALIDATE;
    }
}

impl MapFlags {
    /// The bits with which a mapping would be put over memory of others.
    pub(super) fn dangerous() -> MapFlags {
        // MAP_FIXED_NOREPLACE, which the libc crate does not have for Android.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let bits = libc::MAP_FIXED | 0x10_0000 | libc::MAP_GROWSDOWN;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let bits = libc::MAP_FIXED;
        MapFlags::from_bits_retain(bits)
    }
}

/// An advice by its number: `MADV_*`, for [`Mapping::advise_raw`](super::Mapping::advise_raw).
///
/// [`Advice`](super::Advice) and [`Discard`](super::Discard) have those that need no `unsafe`.
///
/// # Examples
///
/// All names that the platform has, for a binding that offers them under the system's:
///
/// ```
/// # #[cfg(unix)] {
/// use mapgrep::mapping::RawAdvice;
///
/// assert!(RawAdvice::ALL.contains(&("WILLNEED", RawAdvice::WILLNEED)));
/// assert!(RawAdvice::ALL.iter().all(|(name, _)| !name.starts_with("MADV_")));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawAdvice(pub i32);

/// Defines each name with the value that libc has for it.
macro_rules! advice {
    ($($(#[doc = $doc:literal])+ $(#[cfg $cfg:tt])? $name:ident = $value:expr;)*) => {
        impl RawAdvice {
            $($(#[doc = $doc])+ $(#[cfg $cfg])? pub const $name: RawAdvice = RawAdvice($value);)*

            /// Each name that the platform has, without the system's `MADV_`, and its advice.
            pub const ALL: &'static [(&'static str, RawAdvice)] =
                &[$($(#[cfg $cfg])? (stringify!($name), RawAdvice::$name),)*];
        }
    };
}

advice! {
    /// No special treatment.
    NORMAL = libc::MADV_NORMAL;
    /// Reads come in random order.
    RANDOM = libc::MADV_RANDOM;
    /// Reads come in ascending order.
    SEQUENTIAL = libc::MADV_SEQUENTIAL;
    /// Reads come soon.
    WILLNEED = libc::MADV_WILLNEED;
    /// Releases the pages; private changes are lost.
    DONTNEED = libc::MADV_DONTNEED;
    /// The content may go at any later time until it is written again.
    FREE = libc::MADV_FREE;
    /// Punches a hole into what backs the pages.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    REMOVE = libc::MADV_REMOVE;
    /// A child of fork does not get the pages.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    DONTFORK = libc::MADV_DONTFORK;
    /// Undoes `DONTFORK`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    DOFORK = libc::MADV_DOFORK;
    /// Poisons pages as if the memory were broken; a test of the kernel.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    HWPOISON = libc::MADV_HWPOISON;
    /// Takes pages of memory out of use; a test of the kernel.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    SOFT_OFFLINE = libc::MADV_SOFT_OFFLINE;
    /// Equal pages may be merged.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    MERGEABLE = libc::MADV_MERGEABLE;
    /// Undoes `MERGEABLE`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    UNMERGEABLE = libc::MADV_UNMERGEABLE;
    /// Use huge pages.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    HUGEPAGE = libc::MADV_HUGEPAGE;
    /// Use no huge pages.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    NOHUGEPAGE = libc::MADV_NOHUGEPAGE;
    /// Leave the pages out of core dumps.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    DONTDUMP = libc::MADV_DONTDUMP;
    /// Undoes `DONTDUMP`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    DODUMP = libc::MADV_DODUMP;
    /// A child of fork gets zeros.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    WIPEONFORK = libc::MADV_WIPEONFORK;
    /// Undoes `WIPEONFORK`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    KEEPONFORK = libc::MADV_KEEPONFORK;
    /// The pages are the first to go when memory is short.
    #[cfg(target_os = "linux")]
    COLD = libc::MADV_COLD;
    /// Let go of the pages now, after writing changes to where they belong.
    #[cfg(target_os = "linux")]
    PAGEOUT = libc::MADV_PAGEOUT;
    /// Fault all pages in, for reading.
    #[cfg(target_os = "linux")]
    POPULATE_READ = libc::MADV_POPULATE_READ;
    /// Fault all pages in, for writing.
    #[cfg(target_os = "linux")]
    POPULATE_WRITE = libc::MADV_POPULATE_WRITE;
    /// `DONTNEED` for pages that are locked.
    #[cfg(target_os = "linux")]
    DONTNEED_LOCKED = libc::MADV_DONTNEED_LOCKED;
    /// Put the pages into huge ones now.
    #[cfg(target_os = "linux")]
    COLLAPSE = 25; // Not in the libc crate for every C library; the kernel has one number for all.
    /// Write changes back when memory is needed, and not before.
    #[cfg(target_os = "freebsd")]
    NOSYNC = libc::MADV_NOSYNC;
    /// Undoes `NOSYNC`.
    #[cfg(target_os = "freebsd")]
    AUTOSYNC = libc::MADV_AUTOSYNC;
    /// Leave the pages out of core dumps.
    #[cfg(target_os = "freebsd")]
    NOCORE = libc::MADV_NOCORE;
    /// Undoes `NOCORE`.
    #[cfg(target_os = "freebsd")]
    CORE = libc::MADV_CORE;
    /// Do not kill this process when swap space runs out.
    #[cfg(target_os = "freebsd")]
    PROTECT = libc::MADV_PROTECT;
    /// The pages may be reused by others until `FREE_REUSE`.
    #[cfg(target_vendor = "apple")]
    FREE_REUSABLE = libc::MADV_FREE_REUSABLE;
    /// Undoes `FREE_REUSABLE`.
    #[cfg(target_vendor = "apple")]
    FREE_REUSE = libc::MADV_FREE_REUSE;
}
