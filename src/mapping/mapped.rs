//! What a mapping holds while it is open, and whether its bytes are still the file's.

use std::{fs::File, ops::Range, sync::Arc};

use super::{
    cuts::Cuts,
    quick::Quick,
    sys::{self, Fault, Region, Stat, Watch},
};
use crate::error::Error;

/// What a mapping holds while it is open.
///
/// # Invariants
///
/// * The region is neither unmapped nor moved for as long as `watch` and `quick` are there: nothing but
///   [`into_parts`](Mapped::into_parts) takes it out, and that drops both.
/// * The descriptor in `backing`, which the watch looks at, is open for as long as the watch is there: the fields are
///   dropped in the order in which they stand here.
/// * Neither the region nor the backing is ever exchanged for another: there is no way to get at them mutably.
pub(super) struct Mapped {
    /// Notices faults; anonymous memory has none, and whoever asked for no guard has none.
    watch: Option<Watch>,
    region: Region,
    backing: Backing,
    pub(super) quick: Quick,
    /// What of the file was left out: nothing, but where [`without_holes`](Mapping::without_holes) has mapped it.
    pub(super) cuts: Arc<Cuts>,
}

/// What stands behind a mapping.
pub(super) enum Backing {
    /// No file. That none is to be tracked forbids a change of length all the same.
    Anonymous { is_tracked: bool },
    /// Memory of the caller's, which is only read.
    Lent,
    /// A file of which no descriptor was kept.
    Untracked,
    /// A duplicate of the caller's descriptor. Only regular files have a size that means something.
    File {
        file: File,
        is_regular: bool,
        /// When its content had last been changed, when it was mapped; none where that was so short before that what
        /// has been written since need not show in it.
        modified: Option<u64>,
    },
}

impl Backing {
    pub(super) fn file(&self) -> Option<&File> {
        match self {
            Backing::File { file, .. } => Some(file),
            Backing::Anonymous { .. } | Backing::Lent | Backing::Untracked => None,
        }
    }
}

impl Mapped {
    /// What there is to hold of a region that is mapped from `offset` of the file on.
    pub(super) fn new(
        region: Region,
        backing: Backing,
        offset: u64,
        is_watched: bool,
        checks_small_reads: bool,
    ) -> Result<Self, Error> {
        Self::with_cuts(region, backing, offset, is_watched, checks_small_reads, Arc::default())
    }

    /// The same of a region without some of the bytes behind that offset.
    #[allow(unsafe_code)]
    pub(super) fn with_cuts(
        region: Region,
        backing: Backing,
        offset: u64,
        is_watched: bool,
        checks_small_reads: bool,
        cuts: Arc<Cuts>,
    ) -> Result<Self, Error> {
        // To the handler of faults an address is an offset. Without a file it has nothing to compare that with.
        let file = backing.file().filter(|_| cuts.is_empty());
        // SAFETY: the region stays mapped where it is, and the file open, until the watch was dropped: see the
        // invariants.
        let watch = is_watched.then(|| unsafe { Watch::new(&region, file, offset) }).transpose();
        let watch = watch.map_err(|e| Error::io("cannot install the handler of faults in mappings", e))?;
        let is_file = matches!(backing, Backing::File { is_regular: true, .. });
        // SAFETY: the region stays mapped where it is for as long as the value beside it is there: see the invariants.
        let quick = unsafe { Quick::new(&region, is_file, watch.as_ref(), checks_small_reads) };
        Ok(Mapped { watch, region, backing, quick, cuts })
    }

    pub(super) fn region(&self) -> &Region {
        &self.region
    }

    pub(super) fn backing(&self) -> &Backing {
        &self.backing
    }

    /// Whether faults in the region are noticed.
    pub(super) fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// Unmaps.
    pub(super) fn into_backing(self) -> Backing {
        let (region, backing) = self.into_parts();
        drop(region);
        backing
    }

    /// The memory, which nobody watches from here on, and what stands behind it.
    pub(super) fn into_parts(self) -> (Region, Backing) {
        let Mapped { watch, region, backing, .. } = self;
        // From here on the addresses may become somebody else's.
        drop(watch);
        (region, backing)
    }

    /// Fails when bytes before the end of `range` are not the file's, or are no longer.
    pub(super) fn check(&self, range: &Range<usize>, offset: u64) -> Result<(), Error> {
        self.check_fault(range.end, offset)?;
        self.check_size(range, offset)
    }

    /// Fails when the file ends before `range` does.
    pub(super) fn check_size(&self, range: &Range<usize>, offset: u64) -> Result<(), Error> {
        let Backing::File { file, is_regular: true, .. } = &self.backing else { return Ok(()) };
        let size = size_of(file)?;
        if size < offset + self.cuts.end_in_file(range.end as u64) {
            return Err(Error::truncated(size));
        }
        Ok(())
    }

    /// Fails when there was a fault before `end`.
    #[inline]
    pub(super) fn check_fault(&self, end: usize, offset: u64) -> Result<(), Error> {
        match self.watch.as_ref().and_then(Watch::fault) {
            Some(fault) if fault.from < end => Err(self.error_of(fault, offset)),
            _ => Ok(()),
        }
    }

    #[cold]
    fn error_of(&self, fault: Fault, offset: u64) -> Error {
        let at = offset + self.cuts.in_file(fault.from as u64);
        let size = self.backing.file().and_then(|file| size_of(file).ok());
        let has_page = !self.cuts.is_empty() && size.is_some_and(|size| size > at);
        if fault.is_io || has_page {
            return Error::io(format!("cannot read the page at byte {at}"), sys::error(sys::IO_ERROR));
        }
        // The page after the one in which the file ends was the first to fault.
        Error::truncated(size.map_or(at, |size| size.min(at)))
    }

    /// True when the file was written to since it was mapped, and where that cannot be told.
    pub(super) fn may_be_modified(&self) -> bool {
        match &self.backing {
            Backing::File { modified: None, .. } => true,
            Backing::File { file, modified: Some(modified), .. } => {
                Stat::of(file).is_ok_and(|stat| stat.modified != *modified)
            }
            Backing::Anonymous { .. } | Backing::Lent | Backing::Untracked => false,
        }
    }
}

pub(super) fn unreadable() -> Error {
    Error::invalid_input("the mapping cannot be read: its pages were mapped without Prot::READ")
}

pub(super) fn size_of(file: &File) -> Result<u64, Error> {
    let stat = Stat::of(file).map_err(|e| Error::io("cannot read the size of the mapped file", e))?;
    Ok(stat.size)
}
