//! Where parts of a file were left out of a mapping, and where in the file the rest is.

use std::ops::Range;

/// Where parts of a file were left out: the offsets of the file, and those of what is left. See
/// [`cuts_of`](crate::scan::cuts_of).
///
/// # Examples
///
/// See [`cuts_of`](crate::scan::cuts_of).
#[derive(Clone, Debug, Default)]
pub struct Cuts(Vec<Cut>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    /// How many bytes are left before it.
    at: u64,
    /// How many bytes are left out here and before.
    left_out: u64,
}

impl Cuts {
    /// Leaves out all of each hole but `kept` bytes at either end, in whole pieces of `size` bytes. The holes are in
    /// order.
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

    /// True when nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left of a file of `len` bytes: ranges of the file, in order.
    pub fn left(&self, len: u64) -> Vec<Range<u64>> {
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

    /// The offset in the file of the byte that is `at` bytes from the start of what is left.
    pub fn in_file(&self, at: u64) -> u64 {
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
