//! What the system can be told of pages.

#[cfg(unix)]
use super::constants::RawAdvice;

/// Advice that changes no content: how the pages of a range are going to be used.
///
/// A name exists where the platform has it. Elsewhere the four names that POSIX has are accepted and do nothing.
///
/// # Examples
///
/// See [`Mapping::advise`](super::Mapping::advise).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// No special treatment; the default.
    Normal,
    /// Pages are read in random order: no read-ahead.
    Random,
    /// Pages are read in ascending order: much read-ahead, and pages behind may go soon.
    Sequential,
    /// Pages will be read soon: start reading them now.
    WillNeed,
    /// A child made by fork does not get these pages.
    #[cfg(target_os = "linux")]
    DontFork,
    /// Undoes [`Advice::DontFork`].
    #[cfg(target_os = "linux")]
    DoFork,
    /// Equal pages may be merged (KSM).
    #[cfg(target_os = "linux")]
    Mergeable,
    /// Undoes [`Advice::Mergeable`].
    #[cfg(target_os = "linux")]
    Unmergeable,
    /// Use huge pages where possible.
    #[cfg(target_os = "linux")]
    HugePage,
    /// Use no huge pages.
    #[cfg(target_os = "linux")]
    NoHugePage,
    /// Leave the pages out of core dumps.
    #[cfg(target_os = "linux")]
    DontDump,
    /// Undoes [`Advice::DontDump`].
    #[cfg(target_os = "linux")]
    DoDump,
    /// Fault all pages in now, for reading.
    #[cfg(target_os = "linux")]
    PopulateRead,
    /// Fault all pages in now, for writing.
    #[cfg(target_os = "linux")]
    PopulateWrite,
    /// The pages are the first to go when memory is short.
    #[cfg(target_os = "linux")]
    Cold,
    /// Let go of the pages now; what was changed is written to the file or to swap space first.
    #[cfg(target_os = "linux")]
    PageOut,
    /// Put the pages into huge ones now.
    #[cfg(target_os = "linux")]
    Collapse,
    /// Write changes back when memory is needed, and not before.
    #[cfg(target_os = "freebsd")]
    NoSync,
    /// Undoes [`Advice::NoSync`].
    #[cfg(target_os = "freebsd")]
    AutoSync,
    /// Leave the pages out of core dumps.
    #[cfg(target_os = "freebsd")]
    NoCore,
    /// Undoes [`Advice::NoCore`].
    #[cfg(target_os = "freebsd")]
    Core,
    /// Do not kill this process when swap space runs out.
    #[cfg(target_os = "freebsd")]
    Protect,
}

#[cfg(unix)]
impl Advice {
    pub(super) fn raw(self) -> RawAdvice {
        match self {
            Advice::Normal => RawAdvice::NORMAL,
            Advice::Random => RawAdvice::RANDOM,
            Advice::Sequential => RawAdvice::SEQUENTIAL,
            Advice::WillNeed => RawAdvice::WILLNEED,
            #[cfg(target_os = "linux")]
            Advice::DontFork => RawAdvice::DONTFORK,
            #[cfg(target_os = "linux")]
            Advice::DoFork => RawAdvice::DOFORK,
            #[cfg(target_os = "linux")]
            Advice::Mergeable => RawAdvice::MERGEABLE,
            #[cfg(target_os = "linux")]
            Advice::Unmergeable => RawAdvice::UNMERGEABLE,
            #[cfg(target_os = "linux")]
            Advice::HugePage => RawAdvice::HUGEPAGE,
            #[cfg(target_os = "linux")]
            Advice::NoHugePage => RawAdvice::NOHUGEPAGE,
            #[cfg(target_os = "linux")]
            Advice::DontDump => RawAdvice::DONTDUMP,
            #[cfg(target_os = "linux")]
            Advice::DoDump => RawAdvice::DODUMP,
            #[cfg(target_os = "linux")]
            Advice::PopulateRead => RawAdvice::POPULATE_READ,
            #[cfg(target_os = "linux")]
            Advice::PopulateWrite => RawAdvice::POPULATE_WRITE,
            #[cfg(target_os = "linux")]
            Advice::Cold => RawAdvice::COLD,
            #[cfg(target_os = "linux")]
            Advice::PageOut => RawAdvice::PAGEOUT,
            #[cfg(target_os = "linux")]
            Advice::Collapse => RawAdvice::COLLAPSE,
            #[cfg(target_os = "freebsd")]
            Advice::NoSync => RawAdvice::NOSYNC,
            #[cfg(target_os = "freebsd")]
            Advice::AutoSync => RawAdvice::AUTOSYNC,
            #[cfg(target_os = "freebsd")]
            Advice::NoCore => RawAdvice::NOCORE,
            #[cfg(target_os = "freebsd")]
            Advice::Core => RawAdvice::CORE,
            #[cfg(target_os = "freebsd")]
            Advice::Protect => RawAdvice::PROTECT,
        }
    }
}

/// Advice that lets go of content, and therefore wants the mapping to itself.
///
/// # Examples
///
/// See [`Mapping::discard`](super::Mapping::discard).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Discard {
    /// Release the pages. The next read gets them from the file again, without private changes; private anonymous
    /// memory reads as zeros, shared one keeps its content.
    DontNeed,
    /// Release the pages and punch a hole of zeros in what backs them.
    #[cfg(target_os = "linux")]
    Remove,
}

#[cfg(unix)]
impl Discard {
    pub(super) fn raw(self) -> RawAdvice {
        match self {
            Discard::DontNeed => RawAdvice::DONTNEED,
            #[cfg(target_os = "linux")]
            Discard::Remove => RawAdvice::REMOVE,
        }
    }
}
