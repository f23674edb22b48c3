//! Holes: parts of a file that were never written, which are zeros that no medium holds.
//!
//! Reading a hole costs what reading data from memory does, so that a sparse file of a terabyte takes an hour. The system tells
//! where they are (`SEEK_DATA`, `SEEK_HOLE`), by moving the offset of an open file. That offset is shared with whoever gave us the
//! descriptor, so that the file is opened anew for it. Where holes are is asked for each search, and not remembered:
//! what was a hole may be written to at any time, as in files whose room is set aside beforehand.
//!
//! A file can be mapped without the middle of its holes: what is left lies side by side in the address space, and [`Cuts`] tells
//! where in the file that is.

use std::{
    fs::{File, Metadata},
    ops::Range,
};

use super::Mapping;

/// Where parts of a file were left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cuts(Vec<Cut>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    /// How many bytes are left before it.
    at: u64,
    /// How many bytes are left out here and before.
    left_out: u64,
}

impl Cuts {
    /// Leaves out all of each hole but `kept` bytes at either end, in whole pieces of `size` bytes. The holes are in order.
    pub(crate) fn within(holes: &[Range<u64>], kept: u64, size: u64) -> Self {
        let (mut cuts, mut left_out) = (vec![], 0);
        for hole in holes {
            let start = hole.start.saturating_add(kept).next_multiple_of(size);
            let end = hole.end.saturating_sub(kept) / size * size;
            if start < end {
                let at = start - left_out;
                left_out += end - start;
                cuts.push(Cut { at, left_out });
            }
        }
        Cuts(cuts)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left of so many bytes, in order.
    pub(crate) fn left(&self, len: u64) -> Vec<Range<u64>> {
        let (mut left, mut from) = (vec![], 0);
        for (index, cut) in self.0.iter().enumerate() {
            left.push(from..cut.at + self.before(index));
            from = cut.at + cut.left_out;
        }
        left.push(from..len);
        left.retain(|part| !part.is_empty());
        left
    }

    /// How many bytes are left out before a cut.
    fn before(&self, index: usize) -> u64 {
        index.checked_sub(1).map_or(0, |before| self.0[before].left_out)
    }

    /// Where a byte is in the file that is so many bytes from the start of what is left.
    pub(crate) fn in_file(&self, at: u64) -> u64 {
        at + self.before(self.0.partition_point(|cut| cut.at <= at))
    }

    /// Where something ends in the file that ends so many bytes from the start of what is left.
    pub(crate) fn end_in_file(&self, end: u64) -> u64 {
        end.checked_sub(1).map_or(0, |last| self.in_file(last) + 1)
    }

    /// How many bytes are left before an offset of the file.
    pub(crate) fn left_before(&self, offset: u64) -> u64 {
        let index = self.0.partition_point(|cut| cut.at + cut.left_out <= offset);
        let at = offset - self.before(index);
        self.0.get(index).map_or(at, |cut| at.min(cut.at))
    }

    /// Whether something is left out within a range of what is left.
    pub(crate) fn cut(&self, range: &Range<u64>) -> bool {
        let next = self.0.partition_point(|cut| cut.at <= range.start);
        self.0.get(next).is_some_and(|cut| cut.at < range.end)
    }
}

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
/// One call of the system for a file that has no holes. Otherwise two for each of them; of a file that is in more than some
/// 65,000 pieces, the holes behind them are not told.
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

    /// The holes of the mapped file that have `least` bytes or more, as ranges of the mapping, in order, as far as the system tells.
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

    /// The file, mapped once more without the middle of those of its holes that have `least` bytes or more. `kept` bytes are left,
    /// and a page at most besides, at either end, and on either side of a border that lies in one; borders are offsets in this
    /// mapping. None where there are no such holes, where the bytes of this mapping may be others than those of the file, and
    /// where the system does not map it. Holes that are written to from now on are none of the mapping.
    #[cfg(target_os = "linux")]
    pub(crate) fn without_holes(&self, least: usize, kept: usize, borders: &[u64]) -> Option<Mapping> {
        use std::sync::Arc;

        use super::{Access, Backing, Mapped, page_size, sys::Region};

        /// The system has some 65,000 areas for all that a process maps.
        const MOST_CUTS: usize = 4096;
        let mapped = self.mapped.as_ref()?;
        let Backing::File { file, is_regular: true, modified } = &mapped.backing else { return None };
        if self.access != Access::Read || !mapped.cuts.is_empty() || !mapped.region.is_shared() {
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
        let mapped = Mapped::with_cuts(region, backing, self.offset, mapped.watch.is_some(), checks_small_reads, cuts);
        Some(Mapping { mapped: Some(mapped.ok()?), position: 0, offset: self.offset, access: self.access })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_again_on_either_side_of_a_cut() {
        let cuts = Cuts::within(&[10..30, 40..44, 60..100], 2, 4);
        // 12..28 and 64..96 are left out.
        assert_eq!(cuts.left(110), [0..12, 28..64, 96..110]);
        let left: Vec<u64> = cuts.left(110).into_iter().flatten().collect();
        for (at, &offset) in left.iter().enumerate() {
            assert_eq!((cuts.in_file(at as u64), cuts.left_before(offset)), (offset, at as u64));
            assert_eq!(cuts.end_in_file(at as u64 + 1), offset + 1);
        }
        assert_eq!((cuts.in_file(12), cuts.end_in_file(12), cuts.end_in_file(0)), (28, 12, 0));
        for offset in 0..110 {
            let before = left.iter().filter(|&&place| place < offset).count() as u64;
            assert_eq!(cuts.left_before(offset), before, "{offset}");
        }
        assert_eq!(cuts.left_before(110), left.len() as u64);
        assert!(cuts.cut(&(11..13)) && !cuts.cut(&(11..12)) && !cuts.cut(&(12..48)) && cuts.cut(&(12..49)));
        let none = Cuts::within(&[10..14, 20..27], 2, 4);
        assert!(
            none.is_empty()
                && none.left(9).first() == Some(&(0..9))
                && none.in_file(7) == 7
                && none.left_before(7) == 7
        );
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests_of_files {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::mapping::{Access, MapOptions};

    const MIB: usize = 1 << 20;

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
