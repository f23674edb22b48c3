//! Searching backwards for one literal, with vectors.
//!
//! memchr has vectors for the first occurrence of a literal and for the last of a single byte, but its
//! [`FinderRev`] goes through the haystack byte by byte. [`ReverseFinder`] is a *packed pair* that runs backwards: two
//! bytes of the needle are compared, at their offsets, with a vector of haystack each; where both are found, two more;
//! and then the whole needle. It is Wojciech Muła's generic SIMD substring search
//! (<http://0x80.pl/articles/simd-strfind.html>), with rare bytes in place of the first and the last, as in memchr's
//! `packedpair`.
//!
//! What makes a pair good is how seldom it occurs in this haystack. The first choice is a guess from a table. When that
//! has cost as much as a sample, the bytes that are next are sampled (64 KiB ahead at most, so no page far away is
//! touched), and the choice is made anew. A search that is over soon pays for no sample.
//!
//! The time stays linear: a search that spends too much on candidates that are none leaves a stretch of haystack to
//! [`FinderRev`] (Two-Way) before it tries again, and each stretch is twice as long as the one before.
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use memchr::memmem::FinderRev;

use super::{probes::Probes, vector::Vector};

/// A literal to search for from the end of a haystack.
///
/// # Examples
///
/// ```
/// use mapgrep::matcher::reverse::ReverseFinder;
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

    /// The start of the last occurrence. An empty needle is found at the end of the haystack.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes from the start of the occurrence to the end of the haystack, at tens of bytes a
    /// nanosecond where the needle has two bytes that are seldom seen together in the haystack, and hardly slower
    /// than [`FinderRev`] where it has none.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::reverse::ReverseFinder;
    ///
    /// assert_eq!(ReverseFinder::new(b"aa").rfind(b"aaab"), Some(1));
    /// assert_eq!(ReverseFinder::new(b"").rfind(b"aaab"), Some(4));
    /// ```
    pub fn rfind(&self, haystack: &[u8]) -> Option<usize> {
        match *self.needle() {
            [] => Some(haystack.len()),
            [byte] => memchr::memrchr(byte, haystack),
            _ => self.rfind_pair(haystack),
        }
    }

    /// The literal that this searches for.
    pub fn needle(&self) -> &[u8] {
        self.fallback.needle()
    }

    #[cfg(target_arch = "x86_64")]
    fn rfind_pair(&self, haystack: &[u8]) -> Option<usize> {
        use std::arch::x86_64::{__m128i, __m256i};

        #[target_feature(enable = "avx2")]
        fn rfind_avx2(finder: &ReverseFinder<'_>, haystack: &[u8]) -> Option<usize> {
            // SAFETY: this function is for processors that have AVX2.
            unsafe { finder.rfind_with::<__m256i>(haystack) }
        }

        if haystack.len() >= self.needle().len() + __m256i::LANES && std::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { rfind_avx2(self, haystack) };
        }
        // SAFETY: every x86-64 has SSE2.
        unsafe { self.rfind_with::<__m128i>(haystack) }
    }

    #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
    fn rfind_pair(&self, haystack: &[u8]) -> Option<usize> {
        // SAFETY: every AArch64 that the standard library runs on has NEON.
        unsafe { self.rfind_with::<std::arch::aarch64::uint8x16_t>(haystack) }
    }

    #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
    fn rfind_pair(&self, haystack: &[u8]) -> Option<usize> {
        self.fallback.rfind(haystack)
    }

    /// Searches for a needle of two bytes or more with one kind of vector.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn rfind_with<V: Vector>(&self, haystack: &[u8]) -> Option<usize> {
        let needle = self.needle();
        let mut probes = self.probes;
        let mut sampled = false;
        let mut stretch = (8 * needle.len()).max(16 << 10);
        // Occurrences can start before this offset, and at none after it.
        let mut end = (haystack.len() + 1).saturating_sub(needle.len());
        while end >= V::LANES {
            // SAFETY: the caller vouches for the processor; the loop for the lanes; and `end` starts as the number of
            // places where the needle fits and only shrinks.
            match unsafe { Search::<V>::new(haystack, needle, probes).run(end, sampled) } {
                Ok(found) => return found,
                Err(at) => end = at,
            }
            if sampled {
                let start = end.saturating_sub(stretch);
                if let Some(at) = self.fallback.rfind(&haystack[start..end + needle.len() - 1]) {
                    return Some(start + at);
                }
                end = start;
                stretch *= 2;
            }
            probes = Probes::sample(needle, &haystack[end.saturating_sub(Probes::SAMPLED)..end]);
            sampled = true;
        }
        self.fallback.rfind(&haystack[..haystack.len().min(end + needle.len() - 1)])
    }
}

/// One way to look for a needle in a haystack.
struct Search<'a, V> {
    haystack: &'a [u8],
    needle: &'a [u8],
    probes: Probes,
    /// The probed bytes, each in all lanes.
    bytes: [V; 4],
}

impl<'a, V: Vector> Search<'a, V> {
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn new(haystack: &'a [u8], needle: &'a [u8], probes: Probes) -> Self {
        let [first, second, third, fourth] = probes.0.map(|offset| needle[offset]);
        // SAFETY: the caller vouches for the processor.
        let bytes = unsafe { [V::splat(first), V::splat(second), V::splat(third), V::splat(fourth)] };
        Search { haystack, needle, probes, bytes }
    }

    /// Looks for the last occurrence that starts before `end`. An error is an `end` to go on with by other means, because
    /// this costs too much: more than a sample, or, where the probes are sampled, more than Two-Way.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * `end` must be at least `V::LANES`.
    /// * The needle must fit into the haystack at every offset before `end`.
    #[inline(always)]
    unsafe fn run(&self, end: usize, sampled: bool) -> Result<Option<usize>, usize> {
        let mut budget = Budget { end, sampled, spent: 0 };
        let mut at = end;
        while at >= 4 * V::LANES {
            at -= 4 * V::LANES;
            let places = [at, at + V::LANES, at + 2 * V::LANES, at + 3 * V::LANES];
            // SAFETY: the caller vouches for the processor, and all lanes are before `end`.
            let pairs =
                unsafe { [self.pair(places[0]), self.pair(places[1]), self.pair(places[2]), self.pair(places[3])] };
            // SAFETY: the caller vouches for the processor.
            if unsafe { pairs[0].or(pairs[1]).or(pairs[2].or(pairs[3])).mask() } == 0 {
                continue;
            }
            budget.spend(Budget::DOUBT, at + 4 * V::LANES)?;
            for i in (0..4).rev() {
                // SAFETY: as above.
                let mask = unsafe { self.rest(pairs[i], places[i]) };
                if let Some(start) = self.verify(mask, places[i], &mut budget)? {
                    return Ok(Some(start));
                }
            }
        }
        while at > 0 {
            // The last vector can overlap the one before: what it finds there is dismissed again.
            at = at.saturating_sub(V::LANES);
            // SAFETY: the caller vouches for the processor, and for `end` being at least the number of lanes.
            let mask = unsafe {
                let pair = self.pair(at);
                if pair.mask() == 0 {
                    continue;
                }
                self.rest(pair, at)
            };
            if let Some(start) = self.verify(mask, at, &mut budget)? {
                return Ok(Some(start));
            }
        }
        Ok(None)
    }

    /// Ones in the lanes that have the first two probed bytes, if the first lane is a start at `at`.
    ///
    /// # Safety
    ///
    /// * As [`probe`](Search::probe).
    #[inline(always)]
    unsafe fn pair(&self, at: usize) -> V {
        // SAFETY: the caller vouches for it.
        unsafe { self.probe(0, at).and(self.probe(1, at)) }
    }

    /// The mask of those lanes of a [`pair`](Search::pair) at the same place that have the other two bytes as well.
    ///
    /// # Safety
    ///
    /// * As [`probe`](Search::probe).
    #[inline(always)]
    unsafe fn rest(&self, pair: V, at: usize) -> u64 {
        // SAFETY: the caller vouches for it.
        unsafe { pair.and(self.probe(2, at).and(self.probe(3, at))).mask() }
    }

    /// Ones in the lanes that have one of the probed bytes, if the first lane is a start at `at`.
    ///
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    /// * The needle must fit into the haystack at all `V::LANES` offsets from `at` on.
    #[inline(always)]
    unsafe fn probe(&self, which: usize, at: usize) -> V {
        debug_assert!(at + V::LANES - 1 + self.needle.len() <= self.haystack.len());
        // SAFETY: an offset of a probe is inside of the needle, and so inside of the haystack in each lane.
        unsafe { V::load(self.haystack.as_ptr().add(at + self.probes.0[which])).eq(self.bytes[which]) }
    }

    /// Compares the needle at the candidates of a mask, whose first lane is at `at`, from the last to the first.
    #[inline(always)]
    fn verify(&self, mut mask: u64, at: usize, budget: &mut Budget) -> Result<Option<usize>, usize> {
        while mask != 0 {
            let bit = mask.ilog2();
            mask ^= 1 << bit;
            let start = at + bit as usize / V::LANE_BITS;
            if self.haystack[start..start + self.needle.len()] == *self.needle {
                return Ok(Some(start));
            }
            budget.spend(Budget::COMPARISON + self.needle.len() / 16, start)?;
        }
        Ok(None)
    }
}

/// What a search spends on places that turn out to be none, in bytes that Two-Way could have passed instead.
struct Budget {
    end: usize,
    sampled: bool,
    spent: usize,
}

impl Budget {
    /// A block in which the third and the fourth byte have to be probed.
    const DOUBT: usize = 4;

    /// A comparison of the whole needle, apart from its length.
    const COMPARISON: usize = 12;

    /// About what a sample costs.
    const ALLOWANCE: usize = 256;

    /// An error is the `start` that was given, where to stop.
    #[inline(always)]
    fn spend(&mut self, cost: usize, start: usize) -> Result<(), usize> {
        self.spent += cost;
        let earned = if self.sampled { self.end - start } else { 0 };
        if self.spent > Self::ALLOWANCE + earned { Err(start) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(haystack: &[u8], needle: &[u8]) -> Option<usize> {
        (0..=haystack.len().checked_sub(needle.len())?).rev().find(|&at| haystack[at..].starts_with(needle))
    }

    /// What every way to search has found, by its name; each of them runs whatever this machine would choose.
    fn all(haystack: &[u8], needle: &[u8]) -> Vec<(&'static str, Option<usize>)> {
        let finder = ReverseFinder::new(needle);
        assert_eq!(finder.needle(), needle);
        let mut found = vec![("chosen", finder.rfind(haystack)), ("fallback", finder.fallback.rfind(haystack))];
        if needle.len() < 2 {
            return found;
        }
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{__m128i, __m256i};

            // SAFETY: every x86-64 has SSE2.
            found.push(("sse2", unsafe { finder.rfind_with::<__m128i>(haystack) }));
            if std::is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2.
                found.push(("avx2", unsafe { finder.rfind_with::<__m256i>(haystack) }));
            }
        }
        #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
        // SAFETY: every AArch64 that the standard library runs on has NEON.
        found.push(("neon", unsafe { finder.rfind_with::<std::arch::aarch64::uint8x16_t>(haystack) }));
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
