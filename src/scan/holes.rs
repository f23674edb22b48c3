//! Searching without reading holes.
//!
//! A hole is a run of NULs. Where no match can lie in the middle of one, and none can reach from one end to the other,
//! a file in which holes are short has the matches of the file, at other places. So what is searched is the file
//! without the middle of its holes, by whatever mode there is, and what was found is told in offsets of the file.

use std::{
    fs::{File, Metadata},
    ops::Range,
};

use crate::{
    mapping::{Cuts, Mapping, holes_of, is_sparse},
    matcher::{Cursor, Matcher, Reach},
};

/// Holes of fewer bytes are read: to read them takes no longer than to think about them.
pub(crate) const LEAST_BYTES: usize = 4 << 20;

/// What is left of a hole at either end: more than a match, or what decides about one, reaches into it; and so much
/// that a line with a hole in it stays a long one.
pub(crate) const KEPT_BYTES: usize = 1 << 20;

/// A match of at most so many bytes is near all that decides about it.
const LONGEST_BYTES: usize = 64 << 10;

/// Whether a file has as many bytes in holes as a search leaves out: 4 MiB. Tells it from the file's attributes.
///
/// # Examples
///
/// ```
/// # let path = std::env::temp_dir().join(format!("mapgrep-doc-sparse-{}", std::process::id()));
/// std::fs::write(&path, "no hole")?;
/// assert!(!mapgrep::scan::has_holes(&path.metadata()?));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn has_holes(metadata: &Metadata) -> bool {
    is_sparse(metadata, LEAST_BYTES as u64)
}

/// Where the middle of holes can be left out of the first `len` bytes of a file that is read as a stream: of each hole
/// of 4 MiB and more, all but 1 MiB at either end. Whether that may be done depends on the search; see
/// [`Grep::skips_nuls_of_streams`](crate::grep::Grep::skips_nuls_of_streams).
///
/// # Complexity
///
/// One call of the system for a file without holes, two for each hole of one that has some.
///
/// # Examples
///
/// ```
/// # let path = std::env::temp_dir().join(format!("mapgrep-doc-cuts-{}", std::process::id()));
/// std::fs::write(&path, "no hole")?;
/// let cuts = mapgrep::scan::cuts_of(&std::fs::File::open(&path)?, 7);
/// assert_eq!(cuts.left(7), [0..7]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn cuts_of(file: &File, len: u64) -> Cuts {
    const UNIT: u64 = 1 << 12;
    Cuts::within(&holes_of(file, 0..len, LEAST_BYTES as u64), KEPT_BYTES as u64, UNIT)
}

/// A file without the middle of its holes, in which a search for these patterns finds what there is to be found. None
/// where it has no holes of [`LEAST_BYTES`], and where something could be found in them. Borders are offsets in the
/// mapping, in which a range begins or ends: around them, holes are left as at their ends.
pub(crate) fn without(mapping: &Mapping, matcher: &Matcher, borders: &[u64]) -> Option<Mapping> {
    let may_be_left_out = mapping.is_sparse(LEAST_BYTES) && finds_nothing(matcher);
    may_be_left_out.then(|| mapping.without_holes(LEAST_BYTES, KEPT_BYTES, borders)).flatten()
}

/// Whether no match lies in the middle of a long run of NULs, or on both sides of it.
fn finds_nothing(matcher: &Matcher) -> bool {
    if matcher.misses_nuls() {
        return true;
    }
    let Some(longest) = matcher.longest().filter(|&longest| longest <= LONGEST_BYTES) else { return false };
    // What is not found at one place among NULs is found at none.
    let around = longest + Reach::LOOK_BEHIND + 1;
    let mut any = false;
    matcher.each_match(&mut matcher.create_cache(), &vec![0; 3 * around], Cursor::new(around), |m| {
        any = m.start < 2 * around;
        false
    });
    !any
}

/// The holes of a mapped file, in which no line ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holes(Vec<Range<usize>>);

impl Holes {
    /// Those of a mapping whose lines end with this byte.
    pub(crate) fn of(mapping: &Mapping, terminator: u8) -> Self {
        let holes = if terminator == 0 { vec![] } else { mapping.holes(LEAST_BYTES) };
        Holes(holes.into_iter().map(|hole| hole.start as usize..hole.end as usize).collect())
    }

    /// The hole that a byte lies in.
    pub(crate) fn around(&self, at: usize) -> Option<Range<usize>> {
        let next = self.0.partition_point(|hole| hole.end <= at);
        self.0.get(next).filter(|hole| hole.start <= at).cloned()
    }

    /// Whether a range that is not empty has nothing but NULs.
    pub(crate) fn have(&self, range: &Range<usize>) -> bool {
        self.around(range.start).is_some_and(|hole| range.end <= hole.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::MatcherBuilder;

    #[test]
    fn ranges_are_told_apart() {
        let holes = Holes(vec![10..50, 60..70]);
        assert_eq!(holes.around(9), None);
        assert_eq!((holes.around(10), holes.around(49)), (Some(10..50), Some(10..50)));
        assert_eq!((holes.around(50), holes.around(69), holes.around(70)), (None, Some(60..70), None));
        assert!(holes.have(&(10..50)) && holes.have(&(11..12)) && !holes.have(&(9..12)) && !holes.have(&(49..51)));
        assert!(Holes::default().around(0).is_none());
    }

    #[test]
    fn patterns_are_told_apart_by_what_they_find_in_nuls() {
        let finds_nothing = |pattern: &str, by_line| {
            super::finds_nothing(&MatcherBuilder::new().by_line(by_line).build([pattern]).unwrap())
        };
        for by_line in [false, true] {
            for pattern in ["needle", "[a-z]+", r"\bw+\b", "a.b", "^", "$", r"x\x00", "(?i)n[^b]e", r"\w*ing"] {
                assert!(finds_nothing(pattern, by_line), "{pattern}");
            }
            for pattern in ["a.*b", "x*", ".", "[^x]", r"\x00", r"\B", "(?s).+", r"a\x00*b", "", "n{0,9}"] {
                assert!(!finds_nothing(pattern, by_line), "{pattern}");
            }
        }
    }
}
