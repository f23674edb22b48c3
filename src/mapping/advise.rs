//! Telling the operating system how a mapping is going to be used.

use std::ops::Range;

use super::{Access, Mapping, sys};
use crate::error::Error;

/// Advice that changes no content: how the pages of a range are going to be used.
///
/// A name exists where the platform has it. Elsewhere the four names that POSIX has are accepted and do nothing.
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
}

/// Advice that lets go of content, and therefore wants the mapping to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Discard {
    /// Release the pages. The next read gets them from the file again, or zeros from anonymous memory.
    DontNeed,
    /// Release the pages and punch a hole of zeros in what backs them.
    #[cfg(target_os = "linux")]
    Remove,
}

impl Mapping {
    /// Gives `advice` for the whole mapping.
    ///
    /// # Errors
    ///
    /// What the operating system says; an advice that it does not know is an error.
    pub fn advise(&self, advice: Advice) -> Result<(), Error> {
        self.advise_range(advice, 0..self.len())
    }

    /// Gives `advice` for the pages that `range` touches, counted in bytes from the start of the mapping.
    ///
    /// # Errors
    ///
    /// [`is_out_of_range`](Error::is_out_of_range) when the range does not lie in the mapping; otherwise what the
    /// operating system says.
    pub fn advise_range(&self, advice: Advice, range: Range<usize>) -> Result<(), Error> {
        self.check_bounds(&range)?;
        sys::advise(&self.map, advice, range).map_err(|e| Error::io("cannot advise the mapping", e))
    }

    /// Has the system start to read `range`, unless its beginning is in memory already: on a file that is, the advice
    /// costs as much as a search. What cannot be done is left undone, and read when it is looked at.
    pub(crate) fn read_ahead(&self, range: Range<usize>) {
        let Some(file) = self.file.as_ref().filter(|_| range.start < range.end && range.end <= self.len()) else {
            return;
        };
        if !sys::is_resident(file, self.offset + range.start as u64) {
            let _ = self.advise_range(Advice::WillNeed, range);
        }
    }

    /// Takes the pages of `range` out of the address space; the next look at them brings them back from the file. Only
    /// for files that are mapped to be read, where this changes nothing that anybody could see, and nothing is done for
    /// others. Threads that do it for parts of a large mapping are done sooner than one that unmaps the whole.
    pub(crate) fn release(&self, range: Range<usize>) {
        if self.access == Access::Read && self.file.is_some() && range.start < range.end && range.end <= self.len() {
            let _ = sys::release(&self.map, range);
        }
    }

    /// Lets go of the content of the pages in `range`, which begins and ends at borders of pages or at the mapping's end.
    ///
    /// # Errors
    ///
    /// As [`advise_range`](Mapping::advise_range), and invalid input when a border lies within a page: what shares a page
    /// with the range would be lost too.
    pub fn discard(&mut self, discard: Discard, range: Range<usize>) -> Result<(), Error> {
        self.check_bounds(&range)?;
        let page = sys::page_size();
        if !range.start.is_multiple_of(page) || !(range.end.is_multiple_of(page) || range.end == self.len()) {
            return Err(Error::invalid_input(format!(
                "cannot discard {}..{}: the range has to begin and end at multiples of the page size, {page}",
                range.start, range.end
            )));
        }
        sys::discard(&mut self.map, discard, range).map_err(|e| Error::io("cannot discard pages of the mapping", e))
    }
}
