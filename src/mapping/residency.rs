//! Which pages of a file are in memory, and letting go of them.
//!
//! Of the three ways to ask, `mincore` is the one that tells pages apart, thousands in a call. `cachestat` counts
//! them, and does so in no time, also those that are only being read in; it says whether there is anything to tell
//! apart. A read that does not wait (`RWF_NOWAIT`) takes a call for each page, and has the system read ahead where
//! there is none.

use std::ops::{Range, RangeBounds};

use super::{
    access::Access,
    core::Mapping,
    options::MapOptions,
    sys::{self, page_size},
};
use crate::error::Error;

/// Which pages of a range of a mapping were in memory at one moment: one bit for each.
///
/// Made by [`Mapping::residency`].
///
/// # Examples
///
/// See [`Mapping::residency`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residency {
    /// Where the first page starts and the last one ends, counted from the start of the mapping. The last may be cut by
    /// the mapping's end.
    range: Range<usize>,
    words: Vec<u64>,
}

impl Residency {
    /// How many pages were looked at.
    pub fn pages(&self) -> usize {
        self.range.len().div_ceil(page_size())
    }

    /// How many of them were in memory.
    pub fn resident_pages(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The parts of `range`, counted from the start of the mapping, that were in memory or were not, in turn: `true`
    /// stands for those that were. What was not looked at is left out.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use mapgrep::mapping::{MapOptions, page_size};
    ///
    /// let page = page_size();
    /// let mut memory = MapOptions::new().len(3 * page).map_anonymous()?;
    /// memory.guarded_mut(page..page + 1, |bytes| bytes[0] = 1)?;
    /// let runs: Vec<_> = memory.residency(..)?.runs(0..3 * page).collect();
    /// assert_eq!(runs, [(0..page, false), (page..2 * page, true), (2 * page..3 * page, false)]);
    /// # }
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn runs(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, bool)> + '_ {
        let page = page_size();
        let (first, end) = (range.start.max(self.range.start), range.end.min(self.range.end));
        let mut at = first;
        std::iter::from_fn(move || {
            let start = at;
            if start >= end {
                return None;
            }
            let index = (start - self.range.start) / page;
            let (after, is_resident) = self.run_from(index);
            at = end.min(self.range.start + after * page);
            Some((start..at, is_resident))
        })
    }

    /// The first page that is not as the page `index` is, or the first behind all, and how the page `index` is.
    fn run_from(&self, index: usize) -> (usize, bool) {
        let word = |page: usize| self.words.get(page / 64).map(|word| word >> (page % 64));
        let is_resident = word(index).is_some_and(|word| word & 1 == 1);
        let mut at = index;
        while let Some(word) = word(at) {
            let alike = if is_resident { word.trailing_ones() } else { word.trailing_zeros() } as usize;
            let left = 64 - at % 64;
            if alike < left {
                return (at + alike, is_resident);
            }
            at += left;
        }
        (at, is_resident)
    }
}

impl Mapping {
    /// Which pages of `range`, counted in bytes from the start of the mapping, are in memory: those of a file, whoever
    /// brought them there or is about to; those of anonymous memory that were written to. Nothing is read, and nothing
    /// is known of the next moment. Of a file that this process neither owns nor may write, the system tells strangers
    /// nothing: all of its pages count as resident.
    ///
    /// # Errors
    ///
    /// [`is_out_of_range`](Error::is_out_of_range) when the range starts behind the last byte, or ends before it
    /// starts; otherwise what the operating system says. It can be asked on Linux only.
    ///
    /// # Complexity
    ///
    /// A look at each page, of files in part: some milliseconds for a gigabyte of which all or nothing is there, and
    /// up to 20 otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// let mut memory = mapgrep::mapping::MapOptions::new().len(1 << 20).map_anonymous()?;
    /// memory.guarded_mut(.., |bytes| bytes.fill(1))?;
    /// let residency = memory.residency(..)?;
    /// assert_eq!(residency.resident_pages(), residency.pages());
    /// # }
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn residency(&self, range: impl RangeBounds<usize>) -> Result<Residency, Error> {
        let Range { start, end } = self.range_to_advise(range)?;
        let range = start - start % page_size()..self.len().min(end.next_multiple_of(page_size()));
        let mut words = vec![];
        for batch in batches(range.clone()) {
            let pages = batch.len().div_ceil(page_size());
            // Where there is all or nothing, as is common, a count tells in a tenth of the time.
            match self.count_cached(batch.clone()) {
                Some(0) => words.extend(bits(pages, |_| false)),
                Some(all) if all == pages as u64 => words.extend(bits(pages, |_| true)),
                _ => {
                    let resident = self.resident_in(batch)?;
                    words.extend(bits(pages, |page| resident[page] & 1 == 1));
                }
            }
        }
        Ok(Residency { range, words })
    }

    /// Takes the pages that lie in `range`, counted in bytes from the start of the mapping, out of this address space
    /// if it is mapped with [`Access::Read`](super::Access::Read), and out of memory. The next look at them reads them
    /// from the medium; no byte changes. Pages stay that somebody else has mapped or is using, that have not been
    /// written to the medium yet, or that share a large folio of the system with pages outside of the range; and all
    /// pages of a file system that is nothing but memory.
    ///
    /// # Errors
    ///
    /// [`is_out_of_range`](Error::is_out_of_range) when the range starts behind the last byte, or ends before it
    /// starts; otherwise what the operating system says: `EBADF` for anonymous memory and where no descriptor is kept.
    /// It can be asked for on Linux only.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use mapgrep::mapping::{Access, MapOptions};
    ///
    /// let path = std::env::temp_dir().join(format!("mapgrep-doc-evict-{}", std::process::id()));
    /// std::fs::write(&path, "on the disk again, soon")?;
    /// let file = std::fs::File::open(&path)?;
    /// // SAFETY: nobody changes the file while this example has it mapped.
    /// let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&file)? };
    /// mapping.evict(..)?;
    /// assert_eq!(mapping.get(0)?, b'o');
    /// # drop(mapping);
    /// # std::fs::remove_file(&path)?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evict(&self, range: impl RangeBounds<usize>) -> Result<(), Error> {
        let range = self.range_to_advise(range)?;
        let cannot = |e| Error::io("cannot take pages of the mapped file out of memory", e);
        let file = self.usable()?.backing().file().ok_or_else(|| cannot(sys::error(sys::BAD_DESCRIPTOR)))?;
        self.release(range.clone());
        sys::evict(file, self.offset() + range.start as u64, range.len()).map_err(cannot)
    }

    /// Whether pages of `range` are on their way from the medium to memory, as after reading ahead. False when the
    /// system does not tell.
    pub(crate) fn is_loading(&self, range: Range<usize>) -> bool {
        batches(range).any(|batch| match self.count_cached(batch.clone()) {
            None | Some(0) => false,
            Some(cached) => self.resident_in(batch).is_ok_and(|pages| {
                let resident = pages.iter().filter(|&page| page & 1 == 1).count();
                cached > resident as u64
            }),
        })
    }

    /// One byte for each page: odd when it is in memory.
    fn resident_in(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        let region = self.usable()?.region();
        region.residency(range).map_err(|e| Error::io("cannot tell which pages are in memory", e))
    }

    /// How many pages of a file are in memory or on their way there; nothing when the system does not tell.
    fn count_cached(&self, range: Range<usize>) -> Option<u64> {
        let file = self.mapped.as_ref()?.backing().file()?;
        sys::count_cached(file, self.offset() + range.start as u64, range.len())
    }

    /// Maps the file of this mapping once more, as a whole, to ask about its pages and to let go of them. No byte is to
    /// be read through it: nobody has promised anything about those outside of this mapping.
    pub(crate) fn map_whole_file(&self) -> Option<Mapping> {
        let file = self.mapped.as_ref()?.backing().file()?;
        map_to_ask(file)
    }
}

/// Maps a file to ask about its pages. No byte is to be read through the mapping.
#[allow(unsafe_code)]
pub(crate) fn map_to_ask(file: &std::fs::File) -> Option<Mapping> {
    let mut options = MapOptions::new();
    options.access(Access::Read).guard_faults(false);
    // SAFETY: whoever asks for pages looks at no byte, so that it does not matter who changes any.
    unsafe { options.map_file(file) }.ok()
}

/// The parts of a range that are asked about at once: as many pages each as bits in whole words.
fn batches(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    const PAGES: usize = 16 << 10;
    let step = PAGES * page_size();
    range.clone().step_by(step).map(move |start| start..range.end.min(start.saturating_add(step)))
}

/// Words of bits, the first of which is the lowest.
fn bits(len: usize, bit: impl Fn(usize) -> bool) -> impl Iterator<Item = u64> {
    (0..len).step_by(64).map(move |first| {
        (first..len.min(first + 64)).fold(0, |word, index| word | u64::from(bit(index)) << (index - first))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_bits(bits: &[bool], start: usize, cut: usize) -> Residency {
        let page = page_size();
        let words = super::bits(bits.len(), |index| bits[index]).collect();
        Residency { range: start * page..(start + bits.len()) * page - cut, words }
    }

    proptest! {
        #[test]
        fn runs_tell_of_every_byte_once_what_its_page_is(
            runs in prop::collection::vec((any::<bool>(), 1..150_usize), 1..6),
            start in 0..3_usize,
            cut in 0..4096_usize,
            from in 0..600_usize,
            pages in 0..600_usize,
            odd in 0..100_usize,
        ) {
            let bits: Vec<bool> = runs.iter().flat_map(|&(bit, len)| vec![bit; len]).collect();
            let residency = of_bits(&bits, start, cut);
            prop_assert_eq!(residency.pages(), bits.len());
            prop_assert_eq!(residency.resident_pages(), bits.iter().filter(|bit| **bit).count());
            let page = page_size();
            let range = from * page + odd..(from + pages) * page;
            let mut at = range.start.max(start * page);
            let mut before = None;
            for (run, is_resident) in residency.runs(range.clone()) {
                prop_assert_eq!(run.start, at);
                prop_assert!(!run.is_empty() && before != Some(is_resident));
                let mut place = run.start;
                while place < run.end {
                    prop_assert_eq!(bits[place / page - start], is_resident);
                    place = (place / page + 1) * page;
                }
                (at, before) = (run.end, Some(is_resident));
            }
            let end = range.end.min((start + bits.len()) * page - cut);
            prop_assert_eq!(at, end.max(range.start.max(start * page)));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn anonymous_memory_has_the_pages_that_were_written_to_and_cannot_be_evicted() {
        let page = page_size();
        let mut memory = MapOptions::new().len(200 * page).map_anonymous().unwrap();
        for index in [0, 63, 64, 130, 131, 199] {
            memory.guarded_mut(index * page..index * page + 1, |bytes| bytes[0] = 1).unwrap();
        }
        let residency = memory.residency(..).unwrap();
        assert_eq!((residency.pages(), residency.resident_pages()), (200, 6));
        let resident: Vec<_> = residency.runs(0..200 * page).filter(|run| run.1).map(|run| run.0).collect();
        let expected = [0..1, 63..65, 130..132, 199..200].map(|pages| pages.start * page..pages.end * page);
        assert_eq!(resident, expected);
        let part = memory.residency(64 * page + 1..131 * page + 1).unwrap();
        assert_eq!((part.pages(), part.resident_pages()), (68, 3));
        assert_eq!(part.runs(0..usize::MAX).next(), Some((64 * page..65 * page, true)));
        assert!(memory.evict(..).unwrap_err().is_io());
        assert!(memory.residency(200 * page..).unwrap_err().is_out_of_range());
        memory.close();
        assert!(memory.residency(..).unwrap_err().is_closed());
        assert!(memory.evict(..).unwrap_err().is_closed());
    }
}
