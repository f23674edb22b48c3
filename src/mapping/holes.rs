//! Holes: parts of a file that were never written, which are zeros that no medium holds.
//!
//! Reading a hole costs what reading data from memory does, so that a sparse file of a terabyte takes an hour. The
//! system tells where they are (`SEEK_DATA`, `SEEK_HOLE`), by moving the offset of an open file. That offset is shared
//! with whoever gave us the descriptor, so that the file is opened anew for it. Where holes are is asked for each
//! search, and not remembered: what was a hole may be written to at any time, as in files whose room is set aside
//! beforehand.
//!
//! A file can be mapped without the middle of its holes: what is left lies side by side in the address space, and
//! [`Cuts`] tells where in the file that is.

use std::{
    fs::{File, Metadata},
    ops::Range,
};

use super::{core::Mapping, cuts::Cuts};

/// Whether `least` bytes or more of a file were never written.
pub(crate) fn is_sparse(metadata: &Metadata, least: u64) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;

        /// In which the blocks of a file are counted.
        const BLOCK: u64 = 512;
        metadata.is_file() && metadata.blocks().saturating_mul(BLOCK).saturating_add(least) <= metadata.len()
    }
    #[cfg(not(unix))]
    {
        let _ = (metadata, least);
        false
    }
}

/// The holes in a range of a file that have `least` bytes or more, in order, as far as the system tells.
///
/// # Complexity
///
/// One call of the system for a file that has no holes. Otherwise two for each of them; of a file that is in more than
/// some 65,000 pieces, the holes behind them are not told.
#[cfg(target_os = "linux")]
pub(crate) fn holes_of(file: &File, range: Range<u64>, least: u64) -> Vec<Range<u64>> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{SeekFrom, seek};

    const MOST_PIECES: usize = 1 << 16;
    let is_long = range.end.saturating_sub(range.start) >= least;
    if !is_long || !file.metadata().is_ok_and(|metadata| is_sparse(&metadata, least)) {
        return vec![];
    }
    let Ok(file) = File::open(format!("/proc/self/fd/{}", file.as_raw_fd())) else { return vec![] };
    let (mut holes, mut at) = (vec![], range.start);
    for _ in 0..MOST_PIECES {
        let Some(hole) = seek(&file, SeekFrom::Hole(at)).ok().filter(|&hole| hole < range.end) else { break };
        let data = match seek(&file, SeekFrom::Data(hole)) {
            Ok(data) => data.min(range.end),
            // There is no data behind it.
            Err(rustix::io::Errno::NXIO) => range.end,
            Err(_) => break,
        };
        if data.saturating_sub(hole) >= least {
            holes.push(hole..data);
        }
        if data >= range.end {
            break;
        }
        at = data;
    }
    holes
}

/// Not asked for: what there is elsewhere has never been tried.
#[cfg(not(target_os = "linux"))]
pub(crate) fn holes_of(_file: &File, _range: Range<u64>, _least: u64) -> Vec<Range<u64>> {
    vec![]
}

impl Mapping {
    /// Whether there is a file behind it of which `least` bytes or more were never written.
    pub(crate) fn is_sparse(&self, least: usize) -> bool {
        let metadata = self.file().filter(|_| self.len() >= least).and_then(|file| file.metadata().ok());
        metadata.is_some_and(|metadata| is_sparse(&metadata, least as u64))
    }

    /// The holes of the mapped file that have `least` bytes or more, as ranges of the mapping, in order, as far as the
    /// system tells.
    ///
    /// # Complexity
    ///
    /// As [`holes_of`].
    pub(crate) fn holes(&self, least: usize) -> Vec<Range<u64>> {
        let Some(file) = self.file().filter(|_| self.len() >= least) else { return vec![] };
        let mut holes = holes_of(file, self.offset..self.offset + self.len() as u64, least as u64);
        for hole in &mut holes {
            *hole = hole.start - self.offset..hole.end - self.offset;
        }
        holes
    }

    /// The file, mapped once more without the middle of those of its holes that have `least` bytes or more. `kept`
    /// bytes are left, and a page at most besides, at either end, and on either side of a border that lies in one;
    /// borders are offsets in this mapping. None where there are no such holes, where the bytes of this mapping may be
    /// others than those of the file, and where the system does not map it. Holes that are written to from now on are
    /// none of the mapping.
    #[cfg(target_os = "linux")]
    pub(crate) fn without_holes(&self, least: usize, kept: usize, borders: &[u64]) -> Option<Mapping> {
        use std::sync::Arc;

        use super::{
            access::Access,
            mapped::{Backing, Mapped},
            sys::{Region, page_size},
        };

        /// The system has some 65,000 areas for all that a process maps.
        const MOST_CUTS: usize = 4096;
        let mapped = self.mapped.as_ref()?;
        let Backing::File { file, is_regular: true, modified } = mapped.backing() else { return None };
        if self.access != Access::Read || !mapped.cuts.is_empty() || !mapped.region().is_shared() {
            return None;
        }
        let mut holes = self.holes(least);
        for &border in borders {
            if let Some(index) = holes.iter().position(|hole| hole.start < border && border < hole.end) {
                let behind = border..holes[index].end;
                holes[index].end = border;
                holes.insert(index + 1, behind);
            }
        }
        if holes.len() > MOST_CUTS {
            holes.sort_unstable_by_key(|hole| std::cmp::Reverse(hole.end - hole.start));
            holes.truncate(MOST_CUTS);
            holes.sort_unstable_by_key(|hole| hole.start);
        }
        let cuts = Cuts::within(&holes, kept as u64, page_size() as u64);
        if cuts.is_empty() {
            return None;
        }
        let parts = cuts.left(self.len() as u64);
        let region = Region::map_parts(file, self.offset, &parts).ok()?;
        let backing = Backing::File { file: file.try_clone().ok()?, is_regular: true, modified: *modified };
        let checks_small_reads = mapped.quick.checks_small_reads();
        let cuts = Arc::new(cuts);
        let mapped = Mapped::with_cuts(region, backing, self.offset, mapped.is_watched(), checks_small_reads, cuts);
        Some(Mapping::new(mapped.ok()?, self.offset, self.access))
    }

    /// There are none that would be known.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn without_holes(&self, _least: usize, _kept: usize, _borders: &[u64]) -> Option<Mapping> {
        None
    }

    /// What of the file was left out.
    pub(crate) fn cuts(&self) -> Option<&Cuts> {
        self.mapped.as_ref().map(|mapped| &*mapped.cuts)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::mapping::{Access, MapOptions};

    const MIB: usize = 1 << 20;

    #[allow(unsafe_code)]
    fn map(file: &File, options: &MapOptions) -> Mapping {
        // SAFETY: the temporary file belongs to the test alone.
        unsafe { options.map_file(file).unwrap() }
    }

    fn sparse() -> File {
        let file = tempfile::tempfile().unwrap();
        file.set_len(100 * MIB as u64).unwrap();
        file.write_all_at(b"data", 40 * MIB as u64).unwrap();
        file
    }

    #[test]
    fn holes_are_what_was_never_written() {
        let mut file = sparse();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(7)).unwrap();
        let mapping = map(&file, MapOptions::new().access(Access::Read));
        let (mib, holes) = (MIB as u64, mapping.holes(MIB));
        // Not all file systems have holes.
        if !holes.is_empty() {
            assert_eq!(holes.len(), 2);
            assert!(holes[0].start == 0 && (39 * mib..=40 * mib).contains(&holes[0].end));
            assert!((40 * mib + 4..41 * mib).contains(&holes[1].start) && holes[1].end == 100 * mib);
            assert_eq!(mapping.holes(50 * MIB), holes[1..]);
            let rest = map(&file, MapOptions::new().access(Access::Read).offset(30 * mib).len(20 * MIB));
            let holes = rest.holes(MIB);
            assert!(holes.len() == 2 && holes[0].start == 0 && holes[1].end == 20 * mib);
        }
        // Who reads the file on is not disturbed.
        assert_eq!(std::io::Seek::stream_position(&mut file).unwrap(), 7);
    }

    #[test]
    fn other_mappings_have_none() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&vec![b'x'; 4 * MIB], 0).unwrap();
        assert!(map(&file, &MapOptions::new()).holes(1).is_empty());
        assert!(MapOptions::new().len(4 * MIB).map_anonymous().unwrap().holes(1).is_empty());
        // What a copy has where the file has a hole may be its own.
        assert!(map(&sparse(), MapOptions::new().access(Access::Copy)).without_holes(MIB, 4096, &[]).is_none());
    }

    #[test]
    fn what_is_left_is_the_rest_of_the_file_and_errors_name_its_offsets() {
        let file = sparse();
        let whole = map(&file, MapOptions::new().access(Access::Read).offset(MIB as u64));
        let Some(short) = whole.without_holes(MIB, 4096, &[]) else { return };
        let cuts = short.cuts().unwrap();
        assert!(short.len() < MIB, "{}", short.len());
        let data = short.guarded(.., |bytes| bytes.iter().position(|&byte| byte != 0)).unwrap().unwrap();
        assert_eq!(cuts.in_file(data as u64), 39 * MIB as u64);
        assert_eq!(short.guarded(data..data + 4, <[u8]>::to_vec).unwrap(), b"data");
        assert_eq!(cuts.end_in_file(short.len() as u64), whole.len() as u64);
        assert!(short.without_holes(MIB, 0, &[]).is_none());
        let border = 20 * MIB as u64 + 7;
        let bordered = whole.without_holes(MIB, 4096, &[border, u64::MAX]).unwrap();
        let cuts_around = bordered.cuts().unwrap();
        let at = cuts_around.left_before(border);
        assert_eq!((cuts_around.in_file(at - 4096), cuts_around.in_file(at + 4096)), (border - 4096, border + 4096));
        assert!((4096..=8192).contains(&(bordered.len() - short.len() - 4096)));
        file.set_len(60 * MIB as u64).unwrap();
        assert_eq!(short.guarded(..data + 4, <[u8]>::len).unwrap(), data + 4);
        let error = short.guarded(.., <[u8]>::len).unwrap_err();
        assert_eq!((error.is_truncated(), error.offset()), (true, Some(60 * MIB as u64)));
        assert!(short.place_of_cut(&error).is_some_and(|at| at > data && at < short.len()));
    }
}
