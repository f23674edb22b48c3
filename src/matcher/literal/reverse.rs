//! Searching backwards for one literal, with vectors.
//!
//! memchr has vectors for the first occurrence of a literal and for the last of a single byte, but its
//! [`FinderRev`] goes through the haystack byte by byte. [`ReverseFinder`] is for haystacks in which at least a block
//! of 64 bytes can be compared at once; see [`Finder`](super::Finder) for the other direction.

use memchr::memmem::FinderRev;

use crate::matcher::literal::{
    probes::Probes,
    tuning::Tuning,
    walk::{self, Walk},
};

/// A literal to search for from the end of a haystack.
///
/// # Examples
///
/// ```
/// use mapgrep::matcher::literal::ReverseFinder;
///
/// let finder = ReverseFinder::new(b"error: ");
/// assert_eq!(finder.rfind(b"error: one\nerror: two\n"), Some(11));
/// assert_eq!(finder.rfind(b"all is well\n"), None);
/// ```
#[derive(Clone, Debug)]
pub struct ReverseFinder<'n> {
    fallback: FinderRev<'n>,
    probes: Probes,
}

impl<'n> ReverseFinder<'n> {
    /// Makes a finder of a needle, which may be empty.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the needle, without allocation.
    pub fn new(needle: &'n [u8]) -> Self {
        ReverseFinder { fallback: FinderRev::new(needle), probes: Probes::guess(needle) }
    }

    /// The same finder, for haystacks that are like this one; see [`Finder::tuned_to`](super::Finder::tuned_to).
    ///
    /// # Complexity
    ///
    /// Constant, less than a microsecond: some 2 KiB of the last 64 are looked at.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::literal::ReverseFinder;
    ///
    /// let table = "jazz,quartz,fez\n".to_owned() + &"jazz,quiz,fez\n".repeat(100);
    /// let finder = ReverseFinder::new(b"quartz").tuned_to(table.as_bytes());
    /// assert_eq!(finder.rfind(table.as_bytes()), Some(5));
    /// ```
    #[must_use]
    pub fn tuned_to(self, haystack: &[u8]) -> Self {
        let probes = Probes::sample(self.needle(), &haystack[haystack.len().saturating_sub(Probes::SAMPLED)..]);
        ReverseFinder { probes, ..self }
    }

    /// The start of the last occurrence. An empty needle is found at the end of the haystack.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes from the start of the occurrence to the end of the haystack, in the worst case too: at tens
    /// of bytes a nanosecond where the needle has two bytes that are seldom seen together in the haystack, and hardly
    /// slower than [`FinderRev`] where it has none.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::literal::ReverseFinder;
    ///
    /// assert_eq!(ReverseFinder::new(b"aa").rfind(b"aaab"), Some(1));
    /// assert_eq!(ReverseFinder::new(b"").rfind(b"aaab"), Some(4));
    /// ```
    #[inline]
    pub fn rfind(&self, haystack: &[u8]) -> Option<usize> {
        match *self.needle() {
            [] => Some(haystack.len()),
            _ => self.rfind_tuned(&mut self.tuning(), haystack),
        }
    }

    /// As [`rfind`](ReverseFinder::rfind), with what earlier searches learnt of such haystacks.
    #[inline]
    pub(crate) fn rfind_tuned(&self, tuning: &mut Tuning, haystack: &[u8]) -> Option<usize> {
        match *self.needle() {
            [] => Some(haystack.len()),
            [byte] => memchr::memrchr(byte, haystack),
            ref needle if haystack.len() < walk::least(needle.len()) => self.fallback.rfind(haystack),
            ref needle => {
                let mut walk = Walk::<true>::new(haystack, needle, *tuning);
                let found = walk.next();
                *tuning = walk.tuning();
                found
            }
        }
    }

    /// The starts of all occurrences that do not overlap, from right to left. They need not be those of
    /// [`find_iter`](super::Finder::find_iter). An empty needle is found at every place, the end of the haystack
    /// among them.
    ///
    /// # Complexity
    ///
    /// Linear in the haystack, in the worst case too.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::literal::ReverseFinder;
    ///
    /// let finder = ReverseFinder::new(b"aa");
    /// assert_eq!(finder.rfind_iter(b"aaaaa-aa").collect::<Vec<_>>(), [6, 3, 1]);
    /// ```
    #[inline]
    pub fn rfind_iter<'a>(&'a self, haystack: &'a [u8]) -> RfindIter<'a> {
        if self.needle().is_empty() || haystack.len() < walk::least(self.needle().len()) {
            return RfindIter(Iter::Short { finder: self, haystack: Some(haystack) });
        }
        RfindIter(Iter::Long(Walk::new(haystack, self.needle(), self.tuning())))
    }

    /// The literal that this searches for.
    #[inline]
    pub fn needle(&self) -> &[u8] {
        self.fallback.needle()
    }

    /// What a search begins with.
    #[inline]
    pub(crate) fn tuning(&self) -> Tuning {
        Tuning::new(self.needle(), self.probes, false)
    }
}

/// The occurrences of a literal, from right to left. See [`ReverseFinder::rfind_iter`].
#[derive(Clone, Debug)]
pub struct RfindIter<'a>(Iter<'a>);

#[derive(Clone, Debug)]
enum Iter<'a> {
    /// No block of vectors fits, or the needle is empty. What is left of the haystack, if there is a place in it.
    Short {
        finder: &'a ReverseFinder<'a>,
        haystack: Option<&'a [u8]>,
    },
    Long(Walk<'a, true>),
}

impl Iterator for RfindIter<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        match &mut self.0 {
            Iter::Short { finder, haystack } => {
                let left = haystack.take()?;
                let start = finder.rfind(left)?;
                // An empty needle needs one place less each time.
                let end = if finder.needle().is_empty() { start.checked_sub(1) } else { Some(start) };
                *haystack = end.map(|end| &left[..end]);
                Some(start)
            }
            Iter::Long(walk) => walk.next(),
        }
    }
}

impl std::iter::FusedIterator for RfindIter<'_> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::walk::tests::by_all_vectors, *};

    fn naive(haystack: &[u8], needle: &[u8]) -> Option<usize> {
        (0..=haystack.len().checked_sub(needle.len())?).rev().find(|&at| haystack[at..].starts_with(needle))
    }

    /// What every way to search has found, by its name; each of them runs whatever this machine would choose.
    fn all(haystack: &[u8], needle: &[u8]) -> Vec<(String, Option<usize>)> {
        let finder = ReverseFinder::new(needle);
        assert_eq!(finder.needle(), needle);
        let mut found = vec![
            ("chosen".to_owned(), finder.rfind(haystack)),
            ("fallback".to_owned(), finder.fallback.rfind(haystack)),
            ("first of all".to_owned(), finder.rfind_iter(haystack).next()),
            ("tuned".to_owned(), finder.clone().tuned_to(haystack).rfind(haystack)),
        ];
        let by_vectors = by_all_vectors::<true>(haystack, needle).into_iter();
        found.extend(by_vectors.map(|(name, found)| (name, found.first().copied())));
        found
    }

    #[track_caller]
    fn check(haystack: &[u8], needle: &[u8], expected: Option<usize>) {
        for (name, found) in all(haystack, needle) {
            assert_eq!(found, expected, "{name}, needle {:?} in {:?}", needle.escape_ascii(), haystack.escape_ascii());
        }
    }

    /// Every string over `a` and `b` with at most this many letters.
    fn words(max_len: u32) -> Vec<Vec<u8>> {
        let of_len = |len| (0..1 << len).map(move |bits| (0..len).map(|i| b'a' + (bits >> i & 1) as u8).collect());
        (0..=max_len).flat_map(of_len).collect()
    }

    #[test]
    fn short_words() {
        let (haystacks, needles) = (words(10), words(5));
        for needle in &needles {
            for haystack in &haystacks {
                check(haystack, needle, naive(haystack, needle));
            }
        }
    }

    /// As [`short_words`], within haystacks that are long enough for every vector, at every place in and between them.
    #[test]
    fn short_words_among_others() {
        let needles = words(4);
        for filler in [b'.', b'a'] {
            for at in 0..150 {
                for word in words(3) {
                    let mut haystack = vec![filler; 160];
                    haystack[at..at + word.len()].copy_from_slice(&word);
                    for needle in &needles {
                        check(&haystack, needle, naive(&haystack, needle));
                    }
                }
            }
        }
    }

    /// Haystacks that make a search give up on the pair, once or again and again, with the needle at every other place.
    #[test]
    fn costly_haystacks() {
        let of = |unit: &[u8], len: usize| unit.iter().copied().cycle().take(len).collect::<Vec<_>>();
        let len = 200_000;
        let haystacks = [
            of(b"a", len),
            of(b"ab", len),
            of(b"aab", len),
            [of(b"a", len / 2), of(b"b", len / 2)].concat(),
            of(&[of(b"a", 63), of(b"b", 1)].concat(), len),
            of(&[of(b"ab", 5_000), of(b"cd", 7_000), of(b"bc", 3_000)].concat(), len),
        ];
        let a300 = of(b"a", 300);
        let needles = [
            b"aaaaaaab".to_vec(),
            b"baaaaaaa".to_vec(),
            b"aaabaaa".to_vec(),
            b"abba".to_vec(),
            b"bb".to_vec(),
            b"dabcd".to_vec(),
            // Four bytes of these are everywhere in one of the haystacks, but not the whole.
            b"abababababababaaa".to_vec(),
            b"babaababaabaaabaaba".to_vec(),
            [&a300[..], b"b", &a300].concat(),
            [b"b", &a300[..]].concat(),
        ];
        for haystack in &haystacks {
            for needle in &needles {
                check(haystack, needle, FinderRev::new(needle).rfind(haystack));
                for at in [0, 1, 31, 100, 20_000, 99_990, len - needle.len()] {
                    let mut haystack = haystack.clone();
                    haystack[at..at + needle.len()].copy_from_slice(needle);
                    check(&haystack, needle, FinderRev::new(needle).rfind(&haystack));
                }
            }
        }
    }

    /// A search gives up after some candidates of the first kind, goes on after a stretch of 16 KiB, and gives up after
    /// 64 blocks of the second kind. Nothing may be lost where it does.
    #[test]
    fn needles_where_a_search_gives_up() {
        for (needle, unit) in [(b"abababababababaaa".as_slice(), b"abab"), (b"zqee", b"zqe ")] {
            let haystack = unit.repeat(5_000);
            let borders = [0, 64 * 64, 64 * 128, 16 << 10].map(|border| border + needle.len());
            for from_end in borders.into_iter().flat_map(|border| border..border + 300) {
                let mut haystack = haystack.clone();
                let at = haystack.len() - from_end;
                haystack[at..at + needle.len()].copy_from_slice(needle);
                check(&haystack, needle, Some(at));
            }
        }
    }

    #[test]
    fn long_needles() {
        let letters: Vec<u8> =
            (0..70_000_u32).map(|i| b'a' + (i.wrapping_mul(2_654_435_761) >> 16) as u8 % 26).collect();
        for len in [1_000, 40_000, 69_999, 70_000] {
            let needle = &letters[70_000 - len..];
            check(&letters, needle, Some(70_000 - len));
            check(&letters[..69_999], needle, naive(&letters[..69_999], needle));
            check(&[b"#", needle, &letters].concat()[..len + 999], needle, Some(1));
        }
        check(&letters, &[&letters[..], b"a"].concat(), None);
    }

    #[test]
    fn all_occurrences_from_the_end() {
        let all = |needle: &[u8], haystack: &[u8]| ReverseFinder::new(needle).rfind_iter(haystack).collect::<Vec<_>>();
        assert_eq!(all(b"", b""), [0]);
        assert_eq!(all(b"", b"ab"), [2, 1, 0]);
        assert!(all(b"a", b"").is_empty());
        assert_eq!(all(b"aba", b"ababaaba"), [5, 2]);
        assert_eq!(all(b"", &[b'a'; 300]), (0..=300).rev().collect::<Vec<_>>());
        assert_eq!(all(b"aa", &[b'a'; 301]), (1..300).rev().step_by(2).collect::<Vec<_>>());
        assert_eq!(all(b"a", &[b'a'; 300]), (0..300).rev().collect::<Vec<_>>());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn as_the_naive_search(
            letters in prop_oneof![2..5_u16, 2..=256_u16],
            haystack in prop::collection::vec(any::<u8>(), 0..2000),
            needle in prop_oneof![prop::collection::vec(any::<u8>(), 1..8), prop::collection::vec(any::<u8>(), 1..300)],
            // Where the needle comes from, if it is to be found, and which of its bytes are changed.
            source in prop::option::of(any::<prop::sample::Index>()),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
            align in 0..64_usize,
        ) {
            let letter = |byte: u8| (u16::from(byte) % letters) as u8;
            let mut haystack: Vec<u8> = haystack.into_iter().map(letter).collect();
            let mut needle: Vec<u8> = needle.into_iter().map(letter).collect();
            if let Some(source) = source.filter(|_| haystack.len() > needle.len()) {
                let at = source.index(haystack.len() - needle.len());
                needle = haystack[at..at + needle.len()].to_vec();
            }
            for (place, byte) in changes {
                if !haystack.is_empty() {
                    let at = place.index(haystack.len());
                    haystack[at] = letter(byte);
                }
            }
            // A copy at each offset from a border of 64 bytes: vectors may care, results may not.
            let mut aligned = vec![0; haystack.len() + 128];
            let start = aligned.as_ptr().align_offset(64) + align;
            aligned[start..start + haystack.len()].copy_from_slice(&haystack);
            let expected = naive(&haystack, &needle);
            for (name, found) in all(&aligned[start..start + haystack.len()], &needle) {
                prop_assert_eq!(found, expected, "{}", name);
            }
        }
    }
}
