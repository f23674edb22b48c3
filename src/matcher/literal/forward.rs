//! Searching forwards for one literal, with vectors.
//!
//! memchr's substring search has vectors for that, and picks the bytes that it looks for by how rare they are in text
//! of all kinds. Where they are not rare in the haystack at hand, it compares the whole needle again and again.
//! [`Finder`] notices that, and picks others by a sample of the haystack itself; and it goes on within a block of 64
//! bytes from one match to the next. Short haystacks, and needles of one byte that are looked for once, are memchr's.
//! Backwards see [`ReverseFinder`](super::ReverseFinder).

use memchr::memmem;

use crate::matcher::literal::{
    probes::Probes,
    tuning::Tuning,
    walk::{self, Walk},
};

/// A literal to search for from the start of a haystack.
///
/// # Examples
///
/// ```
/// use mapgrep::matcher::literal::Finder;
///
/// assert_eq!(Finder::new(b"error: ").find(b"error: one\nerror: two\n"), Some(0));
/// ```
#[derive(Clone, Debug)]
pub struct Finder<'n> {
    finder: memmem::Finder<'n>,
    /// What to look for at first.
    pub(crate) probes: Probes,
    /// Whether that was picked for some haystack, and not by what is usual.
    is_tuned: bool,
    /// Whether occurrences can overlap; assumed of long needles.
    pub(crate) overlaps: bool,
}

impl<'n> Finder<'n> {
    /// Makes a finder of a needle, which may be empty.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the needle.
    pub fn new(needle: &'n [u8]) -> Self {
        let (probes, overlaps) = (Probes::guess(needle), may_overlap(needle));
        Finder { finder: memmem::Finder::new(needle), probes, is_tuned: false, overlaps }
    }

    /// The same finder, for haystacks that are like this one: bytes of the needle that are seldom seen in it are looked
    /// for from the start. Every search finds that out for itself when it turns out to be worth it, and forgets it;
    /// this is for many searches in haystacks of some hundred bytes each.
    ///
    /// # Complexity
    ///
    /// Constant, less than a microsecond: some 2 KiB of the first 64 are looked at.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::literal::Finder;
    ///
    /// let table = "jazz,quiz,fez\n".repeat(100) + "jazz,quartz,fez\n";
    /// let finder = Finder::new(b"quartz").tuned_to(table.as_bytes());
    /// assert_eq!(finder.find(table.as_bytes()), Some(1405));
    /// ```
    #[must_use]
    pub fn tuned_to(self, haystack: &[u8]) -> Self {
        let probes = Probes::sample(self.needle(), &haystack[..haystack.len().min(Probes::SAMPLED)]);
        Finder { probes, is_tuned: true, ..self }
    }

    /// The start of the first occurrence. An empty needle is found at the start of the haystack.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes up to the end of the occurrence, in the worst case too.
    #[inline]
    pub fn find(&self, haystack: &[u8]) -> Option<usize> {
        self.find_tuned(&mut self.tuning(), haystack)
    }

    /// As [`find`](Finder::find), with what earlier searches learnt of such haystacks.
    #[inline]
    pub(crate) fn find_tuned(&self, tuning: &mut Tuning, haystack: &[u8]) -> Option<usize> {
        let (len, mut skipped) = (self.needle().len(), 0);
        if len < 2 || haystack.len() < walk::least(len) + SHORT {
            return self.finder.find(haystack);
        }
        if tuning.is_guess() {
            // Much of what is searched for is near, and found before a walk has begun.
            if let found @ Some(_) = self.finder.find(&haystack[..SHORT + len - 1]) {
                return found;
            }
            skipped = SHORT;
        }
        let mut walk = Walk::<false>::new(&haystack[skipped..], self.needle(), *tuning);
        let found = walk.next();
        *tuning = walk.tuning();
        Some(skipped + found?)
    }

    /// The starts of all occurrences that do not overlap, from left to right. An empty needle is found at every place,
    /// the end of the haystack among them.
    ///
    /// # Complexity
    ///
    /// Linear in the haystack, in the worst case too.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::literal::Finder;
    ///
    /// let finder = Finder::new(b"aa");
    /// assert_eq!(finder.find_iter(b"aaaaa-aa").collect::<Vec<_>>(), [0, 2, 6]);
    /// ```
    #[inline]
    pub fn find_iter<'a>(&'a self, haystack: &'a [u8]) -> FindIter<'a> {
        let len = self.needle().len();
        if len == 0 || haystack.len() < walk::least(len) + SHORT {
            return FindIter(Iter::Short { finder: self, haystack, at: 0 });
        }
        FindIter(Iter::Long { finder: self, walk: Walk::new(haystack, self.needle(), self.tuning()) })
    }

    /// The literal that this searches for.
    #[inline]
    pub fn needle(&self) -> &[u8] {
        self.finder.needle()
    }

    /// The same finder, with a needle of its own.
    pub fn into_owned(self) -> Finder<'static> {
        Finder { finder: self.finder.into_owned(), ..self }
    }

    /// What a search begins with.
    #[inline]
    pub(crate) fn tuning(&self) -> Tuning {
        Tuning::new(self.needle(), self.probes, !self.is_tuned)
    }
}

/// How many places are left to memchr, which is faster where a match is near and no byte a bad choice: it looks at less
/// at a time.
const SHORT: usize = 1024;

/// The occurrences of a literal, from left to right. See [`Finder::find_iter`].
#[derive(Clone, Debug)]
pub struct FindIter<'a>(Iter<'a>);

#[derive(Clone, Debug)]
enum Iter<'a> {
    /// These are memchr's.
    Short {
        finder: &'a Finder<'a>,
        haystack: &'a [u8],
        at: usize,
    },
    Long {
        finder: &'a Finder<'a>,
        walk: Walk<'a, false>,
    },
}

impl Iterator for FindIter<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        match &mut self.0 {
            Iter::Short { finder, haystack, at } => {
                let start = *at + finder.finder.find(haystack.get(*at..)?)?;
                *at = start + finder.needle().len().max(1);
                Some(start)
            }
            Iter::Long { finder, walk } => {
                if finder.needle().len() > 1
                    && let Some(near) = walk.unknown(SHORT)
                {
                    if let Some(found) = finder.finder.find(near) {
                        return Some(walk.found(found));
                    }
                    walk.skip(SHORT);
                }
                walk.next()
            }
        }
    }
}

impl std::iter::FusedIterator for FindIter<'_> {}

fn may_overlap(needle: &[u8]) -> bool {
    let overlaps = |shift: usize| needle[shift..] == needle[..needle.len() - shift];
    needle.len() > 64 || (1..needle.len()).any(overlaps)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{reverse::ReverseFinder, walk::tests::by_all_vectors},
        *,
    };

    fn starts(haystack: &[u8], needle: &[u8]) -> impl DoubleEndedIterator<Item = usize> {
        (0..(haystack.len() + 1).saturating_sub(needle.len())).filter(|&at| haystack[at..].starts_with(needle))
    }

    /// Occurrences that do not overlap, from the start and from the end, found by comparing at every place.
    fn naive(haystack: &[u8], needle: &[u8]) -> (Vec<usize>, Vec<usize>) {
        let len = needle.len();
        let (mut forwards, mut backwards) = (vec![], vec![]);
        for at in starts(haystack, needle) {
            if forwards.last().is_none_or(|last| last + len <= at) {
                forwards.push(at);
            }
        }
        for at in starts(haystack, needle).rev() {
            if backwards.last().is_none_or(|&last| at + len <= last) {
                backwards.push(at);
            }
        }
        (forwards, backwards)
    }

    #[track_caller]
    fn check(haystack: &[u8], needle: &[u8]) {
        let (forwards, backwards) = naive(haystack, needle);
        let (finder, reverse) = (Finder::new(needle), ReverseFinder::new(needle));
        let (mut tuning, mut reverse_tuning) = (finder.tuning(), reverse.tuning());
        let told = || format!("{:?} in {:?}", needle.escape_ascii().to_string(), haystack.escape_ascii().to_string());
        assert_eq!(finder.find(haystack), forwards.first().copied(), "{}", told());
        assert_eq!(finder.find_tuned(&mut tuning, haystack), forwards.first().copied(), "{}", told());
        assert_eq!(finder.find_tuned(&mut tuning, haystack), forwards.first().copied(), "{}", told());
        assert_eq!(reverse.rfind(haystack), backwards.first().copied(), "{}", told());
        assert_eq!(reverse.rfind_tuned(&mut reverse_tuning, haystack), backwards.first().copied(), "{}", told());
        assert_eq!(finder.find_iter(haystack).collect::<Vec<_>>(), forwards, "{}", told());
        assert_eq!(reverse.rfind_iter(haystack).collect::<Vec<_>>(), backwards, "{}", told());
        let (finder, reverse) = (finder.tuned_to(haystack), reverse.tuned_to(haystack));
        assert_eq!(finder.find_iter(haystack).collect::<Vec<_>>(), forwards, "tuned: {}", told());
        assert_eq!(reverse.rfind_iter(haystack).collect::<Vec<_>>(), backwards, "tuned: {}", told());
        for (name, found) in by_all_vectors::<false>(haystack, needle) {
            assert_eq!(found, forwards, "{name}: {}", told());
        }
        for (name, found) in by_all_vectors::<true>(haystack, needle) {
            assert_eq!(found, backwards, "{name}, backwards: {}", told());
        }
    }

    #[test]
    fn the_empty_needle_is_everywhere() {
        for len in [0, 1, 2, 63, 64, 65, 2_000] {
            check(&vec![b'a'; len], b"");
        }
    }

    /// Alone, at every place and every length of what is around it.
    #[test]
    fn a_needle_at_every_place() {
        for needle in [&b"x"[..], b"xy", b"xyz", b"wxyz", b"vwxyz", b"vwxyzvwxyz!"] {
            for len in needle.len()..needle.len() + 140 {
                let mut haystack = vec![b'.'; len];
                check(&haystack, needle);
                for at in [0, 1, len / 2, len - needle.len()].into_iter().filter(|at| at + needle.len() <= len) {
                    haystack.fill(b'.');
                    haystack[at..at + needle.len()].copy_from_slice(needle);
                    check(&haystack, needle);
                }
            }
            let mut haystack = vec![b'.'; 1_400];
            for at in 0..haystack.len() - needle.len() {
                haystack.fill(b'.');
                haystack[at..at + needle.len()].copy_from_slice(needle);
                assert_eq!(Finder::new(needle).find(&haystack), Some(at));
                assert_eq!(Finder::new(needle).find_iter(&haystack).collect::<Vec<_>>(), [at]);
                assert_eq!(ReverseFinder::new(needle).rfind(&haystack), Some(at));
            }
        }
    }

    /// Matches right behind each other, in one block and over its border, and none.
    #[test]
    fn periodic_needles() {
        let of = |unit: &[u8], len: usize| unit.iter().copied().cycle().take(len).collect::<Vec<u8>>();
        for unit in [&b"a"[..], b"ab", b"aab", b"abcab"] {
            for len in [64, 127, 200, 1_500, 5_000] {
                let haystack = of(unit, len);
                for needle_len in [1, 2, 3, 4, 5, 7, 31, 63, 64, 65, 130, 300] {
                    let needle = of(unit, needle_len);
                    check(&haystack, &needle);
                    for changed in [0, needle_len / 2, needle_len - 1] {
                        let mut needle = needle.clone();
                        needle[changed] = b'b';
                        check(&haystack, &needle);
                    }
                }
            }
        }
    }

    /// Enough false candidates for samples and for Two-Way, with the needle here and there.
    #[test]
    fn costly_haystacks_with_matches() {
        let needles = [&b"quizmaster"[..], b"zzzzzzzzzzb", b"bzzzzzzzzzz", b"zzzzzbzzzzz"];
        for unit in ["quiz ", "z", "zzb", "quizmaste", "uizmaster "] {
            for needle in needles {
                for gap in [700, 20_000] {
                    let mut haystack = unit.repeat(40_000 / unit.len()).into_bytes();
                    for at in (gap..haystack.len() - needle.len()).step_by(gap) {
                        haystack[at..at + needle.len()].copy_from_slice(needle);
                    }
                    check(&haystack, needle);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn as_the_naive_searches(
            letters in prop_oneof![1..5_u16, 1..=256_u16],
            haystack in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..300),
                prop::collection::vec(any::<u8>(), 0..4_000),
            ],
            needle in prop_oneof![prop::collection::vec(any::<u8>(), 0..8), prop::collection::vec(any::<u8>(), 0..300)],
            // Where the needle comes from, if it is to be found, and where else it is put.
            source in prop::option::of(any::<prop::sample::Index>()),
            copies in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
            align in 0..64_usize,
        ) {
            let letter = |byte: u8| (u16::from(byte) % letters) as u8;
            let mut haystack: Vec<u8> = haystack.into_iter().map(letter).collect();
            let mut needle: Vec<u8> = needle.into_iter().map(letter).collect();
            if let Some(places) = haystack.len().checked_sub(needle.len()) {
                if let Some(source) = source {
                    let at = source.index(places + 1);
                    needle = haystack[at..at + needle.len()].to_vec();
                }
                for copy in copies {
                    let at = copy.index(places + 1);
                    haystack[at..at + needle.len()].copy_from_slice(&needle);
                }
            }
            // A copy at each offset from a border of 64 bytes: vectors may care, results may not.
            let mut aligned = vec![0; haystack.len() + 128];
            let start = aligned.as_ptr().align_offset(64) + align;
            aligned[start..start + haystack.len()].copy_from_slice(&haystack);
            check(&aligned[start..start + haystack.len()], &needle);
        }
    }
}
