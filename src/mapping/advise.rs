//! Telling the operating system how a mapping is going to be used.
#![allow(unsafe_code)] // Some advice changes content.

use std::ops::{Range, RangeBounds};

#[cfg(unix)]
use super::constants::RawAdvice;
use super::{
    access::Access,
    advice::{Advice, Discard},
    core::Mapping,
    mapped::Backing,
    sys::{self, page_size},
};
use crate::{error::Error, span::range_of};

impl Mapping {
    /// Gives `advice` for the whole mapping.
    ///
    /// # Errors
    ///
    /// What the operating system says; an advice that it does not know is an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{Advice, MapOptions};
    ///
    /// let memory = MapOptions::new().len(1 << 20).map_anonymous()?;
    /// memory.advise(Advice::Sequential)?;
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn advise(&self, advice: Advice) -> Result<(), Error> {
        self.advise_range(advice, ..)
    }

    /// Gives `advice` for the pages of `range`, counted in bytes from the start of the mapping. What is behind the end
    /// of the mapping is left out.
    ///
    /// # Errors
    ///
    /// [`is_out_of_range`](Error::is_out_of_range) when the range starts behind the last byte, or ends before it
    /// starts; otherwise what the operating system says: `EINVAL` when it does not start at a multiple of the page
    /// size.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::{Advice, MapOptions, page_size};
    ///
    /// let memory = MapOptions::new().len(1 << 20).map_anonymous()?;
    /// memory.advise_range(Advice::WillNeed, page_size()..)?;
    /// assert!(memory.advise_range(Advice::WillNeed, 2 << 20..).unwrap_err().is_out_of_range());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn advise_range(&self, advice: Advice, range: impl RangeBounds<usize>) -> Result<(), Error> {
        let range = self.range_to_advise(range)?;
        if matches!(self.usable()?.backing(), Backing::Lent) {
            // The pages may hold other things of their owner.
            return Ok(());
        }
        #[cfg(unix)]
        // SAFETY: none of these advices changes what is in the pages.
        let given = unsafe { self.usable()?.region().advise(advice.raw(), range) };
        #[cfg(windows)]
        let given = self.usable()?.region().advise(advice, range);
        given.map_err(|e| Error::io(format!("cannot advise the mapping: {advice:?}"), e))
    }

    /// Gives the system's advice of any number. Those that change no content are [`Advice`], and some that do are
    /// [`Discard`].
    ///
    /// # Errors
    ///
    /// As [`advise_range`](Mapping::advise_range).
    ///
    /// # Safety
    ///
    /// Where the advice changes content, at once or later, nobody looks at it meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use mapgrep::mapping::{MapOptions, RawAdvice};
    ///
    /// let memory = MapOptions::new().len(1 << 20).map_anonymous()?;
    /// // SAFETY: this advice changes no content.
    /// unsafe { memory.advise_raw(RawAdvice::RANDOM, ..)? };
    /// # }
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    #[cfg(unix)]
    pub unsafe fn advise_raw(&self, advice: RawAdvice, range: impl RangeBounds<usize>) -> Result<(), Error> {
        let range = self.range_to_advise(range)?;
        // SAFETY: the caller promises that nobody looks at content that the advice changes.
        let given = unsafe { self.usable()?.region().advise(advice, range) };
        given.map_err(|e| Error::io(format!("cannot advise the mapping: {advice:?}"), e))
    }

    /// Lets go of the content of the pages in `range`, which begins and ends at borders of pages or at the mapping's
    /// end.
    ///
    /// # Errors
    ///
    /// As [`advise_range`](Mapping::advise_range), and invalid input when a border lies within a page: what shares a
    /// page with the range would be lost too. [`is_read_only`](Error::is_read_only) for holes in what is not to be
    /// written.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use mapgrep::mapping::{Access, Discard, MapOptions, page_size};
    ///
    /// let mut memory = MapOptions::new().len(2 * page_size()).access(Access::Copy).map_anonymous()?;
    /// memory.guarded_mut(.., |bytes| bytes.fill(1))?;
    /// memory.discard(Discard::DontNeed, page_size()..)?;
    /// assert_eq!((memory.get(0)?, memory.get(-1)?), (1, 0));
    /// # }
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn discard(&mut self, discard: Discard, range: impl RangeBounds<usize>) -> Result<(), Error> {
        let range = self.range_to_advise(range)?;
        #[cfg(target_os = "linux")]
        if discard == Discard::Remove {
            self.check_writable()?;
        }
        let page = page_size();
        if !range.start.is_multiple_of(page) || !(range.end.is_multiple_of(page) || range.end == self.len()) {
            return Err(Error::invalid_input(format!(
                "cannot discard {}..{}: the range has to begin and end at multiples of the page size, {page}",
                range.start, range.end
            )));
        }
        #[cfg(unix)]
        // SAFETY: the exclusive borrow means that nobody looks at bytes that change, and the change is complete when
        // the call returns.
        let given = unsafe { self.usable()?.region().advise(discard.raw(), range) };
        #[cfg(windows)]
        let given = self.usable()?.region().discard(discard, range);
        given.map_err(|e| Error::io(format!("cannot discard pages of the mapping: {discard:?}"), e))
    }

    /// Names anonymous memory in the system's list of what a process has mapped, as in `/proc/self/maps`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) for mappings of a file, for names of more than 67 bytes and such
    /// with a NUL; `EINVAL` for characters that the system does not take, and where it does not name memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::mapping::MapOptions;
    ///
    /// let memory = MapOptions::new().len(1 << 20).map_anonymous()?;
    /// // A kernel that was built without names for memory says so.
    /// match memory.set_name("queue") {
    ///     Ok(()) => println!("/proc/self/maps shows [anon:queue]"),
    ///     Err(error) => assert!(error.is_io()),
    /// }
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    #[cfg(target_os = "linux")]
    pub fn set_name(&self, name: &str) -> Result<(), Error> {
        const LONGEST: usize = 67;
        let mapped = self.usable()?;
        if !matches!(mapped.backing(), Backing::Anonymous { .. }) {
            return Err(Error::invalid_input("cannot name a mapping of a file: the system shows the file's name"));
        }
        if name.len() > LONGEST {
            return Err(Error::invalid_input(format!("the name has {} bytes; {LONGEST} are allowed", name.len())));
        }
        let name = std::ffi::CString::new(name)
            .map_err(|e| Error::invalid_input(format!("the name has a NUL at byte {}", e.nul_position())))?;
        mapped.region().set_name(&name).map_err(|e| Error::io("cannot name the mapping", e))
    }

    /// Has the system start to read `range`, unless its beginning is in memory already: on a file that is, the advice
    /// costs as much as a search. What cannot be done is left undone, and read when it is looked at.
    pub(crate) fn read_ahead(&self, range: Range<usize>) {
        self.read_unless_resident(range.clone(), range.start);
    }

    /// The same, and nothing beyond. Where the page is not in memory that is asked for, but those before it are, the
    /// system takes that for a walk through the file, and reads on. So it is a page in the middle that is asked for,
    /// and of one or two pages none.
    pub(crate) fn read_ahead_no_further(&self, range: Range<usize>) {
        if range.len() >= 2 * page_size() {
            self.read_unless_resident(range.clone(), range.start.midpoint(range.end));
        }
    }

    /// Whether the page of a byte is in memory, or nothing can be said of that.
    pub(crate) fn is_in_memory(&self, at: usize) -> bool {
        let at = self.cuts().map_or(at as u64, |cuts| cuts.in_file(at as u64));
        self.file().is_none_or(|file| sys::is_resident(file, self.offset + at))
    }

    fn read_unless_resident(&self, range: Range<usize>, asked: usize) {
        if range.start < range.end && range.end <= self.len() && !self.is_in_memory(asked) {
            let _ = self.advise_range(Advice::WillNeed, whole_pages(range));
        }
    }

    /// Takes the pages of `range` out of the address space; the next look at them brings them back from the file. Only
    /// for files that are mapped to be read, where this changes nothing that anybody could see, and nothing is done for
    /// others. Threads that do it for parts of a large mapping are done sooner than one that unmaps the whole.
    pub(crate) fn release(&self, range: Range<usize>) {
        if let Some(mapped) = &self.mapped
            && self.access == Access::Read
            && mapped.backing().file().is_some()
            && mapped.region().is_shared()
            && range.start < range.end
            && range.end <= self.len()
        {
            let _ = mapped.region().release(whole_pages(range));
        }
    }

    /// The range in numbers, up to the end of the mapping.
    pub(super) fn range_to_advise(&self, range: impl RangeBounds<usize>) -> Result<Range<usize>, Error> {
        self.usable()?;
        let (Range { start, end }, len) = (range_of(range, self.len()), self.len());
        if start >= len || end < start {
            let message = format!("range {start}..{end} is out of bounds: the mapping has {len} bytes to advise about");
            return Err(Error::out_of_range(message));
        }
        Ok(start..end.min(len))
    }
}

/// The range from the start of its first page on.
fn whole_pages(range: Range<usize>) -> Range<usize> {
    range.start - range.start % page_size()..range.end
}
