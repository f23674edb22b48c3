//! Which patterns start at a place that a filter let through.
//!
//! Up to 8 bytes at the place are hashed, its *key*: this gives a bucket of patterns. They are the first ones, or where
//! patterns begin alike, some that all patterns have, and most patterns their own. Most buckets have no pattern or one,
//! which is compared. A few are compared one by one.
//!
//! A bucket can be large, as many patterns may begin alike. Its patterns are sorted. Of those that are not greater than
//! the text from the place on, let *q* be the greatest: every pattern that the text starts with is *q* or one that *q*
//! starts with. So one binary search finds *q*, and links lead from it to the others. A link has three ranks: of the
//! *parent*, the longest pattern that this one starts with; of an ancestor further up, to *jump* to, such that any
//! ancestor is reached in steps that are logarithmic in their number; and of the pattern with the lowest id among this
//! one and its ancestors, the
//! *first*. What a place costs is bounded then by the logarithm of the bucket's size, and the matches reported.
#![allow(unsafe_code)] // Prefetching, and loads without a check of bounds in front of each.

use super::{
    format::{LINK, Layout, TierLayout, elements},
    kind::MatchKind,
};

/// In links: no such pattern.
pub(super) const NONE: u32 = u32::MAX;
/// Patterns of a bucket that are compared one by one.
pub(super) const FEW: usize = 8;
/// From how many bytes on tables are asked for ahead of their use.
const FAR: usize = 1 << 20;
/// How many places are verified side by side.
const BATCH: usize = 128;

/// A pattern that starts at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Where, from the start of the block on.
    pub(super) start: u32,
    pub(super) len: u32,
    /// Its number among the patterns of its tier.
    pub(super) rank: u32,
    pub(super) tier: u32,
}

/// What a search has found, and what it took.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) list: Vec<Found>,
    /// How much was done to verify candidates, in about nanoseconds.
    pub(super) work: u64,
}

/// What is counted as work: a candidate, one whose bucket is not empty, a pattern that is compared, and eight bytes of
/// it; a step of a search in a large bucket.
const PLACE: u64 = 3;
const SUSPECT: u64 = 6;
const PATTERN: u64 = 4;
const EIGHT_BYTES: u64 = 1;
const STEP: u64 = 6;

/// Which bytes of a pattern are its key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    offset: usize,
    mask: u64,
    /// Sets the bit that lower case has and upper case lacks. This makes some other bytes equal as well, which costs a
    /// comparison.
    fold: u64,
}

impl Key {
    pub(super) fn new(offset: u32, len: u32, fold: bool) -> Self {
        let mask = u64::MAX >> (64 - 8 * len);
        Key { offset: offset as usize, mask, fold: if fold { mask & 0x2020_2020_2020_2020 } else { 0 } }
    }

    /// The hash of the key of a pattern, or of what begins at a place in a haystack.
    #[inline(always)]
    pub(super) fn hash(self, text: &[u8], at: usize) -> Hash {
        let mixed = ((first_bytes(text, at + self.offset) & self.mask) | self.fold).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Hash((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9))
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hash(u64);

impl Hash {
    #[inline(always)]
    pub(super) fn bucket(self, bits: u32) -> usize {
        (self.0 >> (64 - bits)) as usize
    }

    #[inline(always)]
    pub(super) fn tag(self) -> u32 {
        self.0 as u32
    }
}

/// The tables of a tier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'s> {
    tier: u32,
    key: Key,
    bucket_bits: u32,
    fold: bool,
    kind: MatchKind,
    /// No other tier can have a match that takes the place of one of this.
    is_alone: bool,
    buckets: &'s [[u8; 4]],
    entries: &'s [[u8; 8]],
    text: &'s [u8],
    id_ends: &'s [[u8; 4]],
    ids: &'s [[u8; 4]],
    links: &'s [[u8; LINK]],
}

/// A place with a bucket that is not empty.
#[derive(Clone, Copy, Debug, Default)]
struct Suspect {
    place: u32,
    from: u32,
    to: u32,
    tag: u32,
}

impl<'s> Table<'s> {
    pub(super) fn new(bytes: &'s [u8], layout: &Layout, tier: &TierLayout, number: usize) -> Self {
        let buckets = elements(bytes, &tier.buckets);
        let is_whole = buckets.len() == (1 << tier.bucket_bits) + 1;
        Table {
            tier: number as u32,
            key: Key::new(tier.offset, tier.key, layout.fold),
            bucket_bits: if is_whole { tier.bucket_bits } else { 1 },
            fold: layout.fold,
            kind: layout.kind,
            is_alone: layout.kind != MatchKind::Overlapping && layout.tiers.len() == 1 && layout.empty.is_empty(),
            buckets: if is_whole { buckets } else { &[[0; 4]; 3] },
            entries: elements(bytes, &tier.entries),
            text: bytes.get(tier.text.clone()).unwrap_or_default(),
            id_ends: elements(bytes, &tier.id_ends),
            ids: elements(bytes, &tier.ids),
            links: elements(bytes, &tier.links),
        }
    }

    /// Has [`verify`](Table::verify) find all that starts at a place, whatever the kind of matches.
    pub(super) fn find_all(&mut self) {
        (self.kind, self.is_alone) = (MatchKind::Overlapping, false);
    }

    /// Has [`verify`](Table::verify) find the longest pattern that starts at a place, whatever the kind of matches.
    pub(super) fn keep_longest(&mut self) {
        (self.kind, self.is_alone) = (MatchKind::LeftmostLongest, false);
    }

    /// How many patterns there are: each has a rank below.
    pub(super) fn len(&self) -> u32 {
        self.entries.len().saturating_sub(1) as u32
    }

    /// How many bytes the patterns have in all.
    pub(super) fn text_len(&self) -> usize {
        self.text.len()
    }

    /// True when ASCII letters match those of the other case; patterns are in lower case then.
    pub(super) fn folds(&self) -> bool {
        self.fold
    }

    /// Which tier it is of.
    pub(super) fn number(&self) -> u32 {
        self.tier
    }

    /// The pattern of a rank, with case folded where it is ignored; an empty one where the tables are damaged.
    pub(super) fn pattern(&self, rank: u32) -> &'s [u8] {
        let rank = rank as usize;
        match self.entries.get(rank..).unwrap_or_default() {
            [this, next, ..] => self.text.get(word(this, 0) as usize..word(next, 0) as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The ids of a rank, ascending.
    pub(super) fn ids(&self, rank: u32) -> impl Iterator<Item = u32> + use<'s> {
        let rank = rank as usize;
        let end_of = |rank: usize| self.id_ends.get(rank).map_or(0, |end| word(end, 0) as usize);
        let range = match (self.id_ends.is_empty(), rank.checked_sub(1)) {
            (true, _) => rank..rank + 1,
            (false, None) => 0..end_of(0),
            (false, Some(before)) => end_of(before)..end_of(rank),
        };
        self.ids.get(range).unwrap_or_default().iter().map(|id| word(id, 0))
    }

    /// Appends what starts at the places, which ascend and count from `base`: all of it, or one pattern for each place
    /// where the kind of matches wants no more. Ascending by place, then by length.
    ///
    /// The haystack has as many bytes from each place on as the shortest pattern. Candidates before `next` are left
    /// out: where matches do not overlap and there is no other tier, it moves to the end of each match.
    pub(super) fn verify(&self, haystack: &[u8], base: usize, places: &[u32], next: &mut u32, found: &mut Findings) {
        match (self.fold, self.buckets.len() * 4 + self.entries.len() * 8 > FAR) {
            (false, false) => self.verify_as::<false, false>(haystack, base, places, next, found),
            (false, true) => self.verify_as::<false, true>(haystack, base, places, next, found),
            (true, false) => self.verify_as::<true, false>(haystack, base, places, next, found),
            (true, true) => self.verify_as::<true, true>(haystack, base, places, next, found),
        }
    }

    fn verify_as<const FOLD: bool, const AHEAD: bool>(
        &self,
        haystack: &[u8],
        base: usize,
        places: &[u32],
        next: &mut u32,
        found: &mut Findings,
    ) {
        found.work += PLACE * places.len() as u64;
        let (key, bits, buckets, entries) = (self.key, self.bucket_bits, self.buckets, self.entries);
        let hash_at = |place: u32| key.hash(haystack, base + place as usize);
        // In steps, each of which asks memory for what the next one reads.
        for places in places.chunks(BATCH) {
            let mut hashes = [Hash::default(); BATCH];
            if AHEAD {
                for (hash, &place) in hashes.iter_mut().zip(places) {
                    *hash = hash_at(place);
                    prefetch(buckets, hash.bucket(bits));
                }
            }
            let mut suspects = [Suspect::default(); BATCH];
            let mut count = 0;
            for (&place, &hash) in places.iter().zip(&hashes) {
                let hash = if AHEAD { hash } else { hash_at(place) };
                let bucket = hash.bucket(bits);
                // SAFETY: `new` has made sure that there is one bucket more than bits can choose.
                let [from, to] = [bucket, bucket + 1].map(|i| word(unsafe { buckets.get_unchecked(i) }, 0));
                suspects[count] = Suspect { place, from, to, tag: hash.tag() };
                count += usize::from(from < to);
                if AHEAD {
                    prefetch(entries, from as usize);
                }
            }
            let mut left = 0;
            for i in 0..count {
                let suspect = suspects[i];
                suspects[left] = suspect;
                let entry = entries.get(suspect.from as usize).copied().unwrap_or_default();
                left += usize::from((word(&entry, 1) == suspect.tag) | (suspect.to - suspect.from != 1));
                if AHEAD {
                    prefetch(self.text, word(&entry, 0) as usize);
                    prefetch(self.ids, suspect.from as usize);
                }
            }
            found.work += SUSPECT * left as u64;
            for suspect in &suspects[..left] {
                if suspect.place < *next {
                    continue;
                }
                let before = found.list.len();
                self.compare::<FOLD>(&haystack[base + suspect.place as usize..], *suspect, found);
                if self.is_alone
                    && let Some(first) = found.list.get(before)
                {
                    *next = first.start.saturating_add(first.len);
                }
            }
        }
    }

    /// Appends the patterns of the bucket that the text starts with.
    #[inline(always)]
    fn compare<const FOLD: bool>(&self, text: &[u8], suspect: Suspect, found: &mut Findings) {
        let Some(bucket) = self.entries.get(suspect.from as usize..=suspect.to as usize) else { return };
        if bucket.len() > FEW + 1 && !self.links.is_empty() {
            return self.search::<FOLD>(text, suspect, found);
        }
        let Findings { list: found, work } = found;
        let before = found.len();
        for (rank, pair) in (suspect.from..).zip(bucket.windows(2)) {
            if word(&pair[0], 1) != suspect.tag {
                continue;
            }
            let Some(pattern) = self.text.get(word(&pair[0], 0) as usize..word(&pair[1], 0) as usize) else { continue };
            *work += PATTERN + EIGHT_BYTES * (pattern.len() / 8) as u64;
            if starts_with::<FOLD>(text, pattern) {
                let this = Found { start: suspect.place, len: pattern.len() as u32, rank, tier: self.tier };
                match (self.kind, found.len() > before) {
                    (MatchKind::Overlapping, _) | (_, false) => found.push(this),
                    (MatchKind::LeftmostLongest, true) => found[before] = this,
                    (MatchKind::LeftmostFirst, true) => {
                        if self.first_id(rank) < self.first_id(found[before].rank) {
                            found[before] = this;
                        }
                    }
                }
            }
        }
    }

    /// As [`compare`](Table::compare), of a large bucket.
    #[cold]
    fn search<const FOLD: bool>(&self, text: &[u8], suspect: Suspect, found: &mut Findings) {
        let Findings { list: found, work } = found;
        // The text is not less than the pattern before `low`, and less than that at `high`; how many bytes each of the
        // two has in common with it, all between have as well.
        let (mut low, mut high) = (suspect.from, suspect.to);
        let (mut low_common, mut high_common) = (0, 0);
        while low < high {
            let middle = low + (high - low) / 2;
            let pattern = self.pattern(middle);
            let known = low_common.min(high_common);
            let common = common_len::<FOLD>(text, pattern, known);
            *work += STEP + EIGHT_BYTES * ((common - known) / 8) as u64;
            let is_less = match (pattern.get(common), text.get(common)) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(&theirs), Some(&ours)) => fold_byte::<FOLD>(ours) < theirs,
            };
            if is_less {
                (high, high_common) = (middle, common);
            } else {
                (low, low_common) = (middle + 1, common);
            }
        }
        if low == suspect.from {
            return;
        }
        let mut rank = low - 1;
        // Links of a damaged set may lead anywhere; these lead to smaller ranks, or the walk stops.
        let up = |rank: u32, which: usize| match self.links.get(rank as usize) {
            Some(link) if word(link, which) < rank => word(link, which),
            _ => NONE,
        };
        let fits = |rank: u32| rank == NONE || self.pattern(rank).len() <= low_common;
        while !fits(rank) {
            *work += STEP;
            let far = up(rank, 1);
            rank = if fits(far) { up(rank, 0) } else { far };
        }
        if rank == NONE {
            return;
        }
        let of =
            |rank: u32| Found { start: suspect.place, len: self.pattern(rank).len() as u32, rank, tier: self.tier };
        match self.kind {
            MatchKind::LeftmostLongest => found.push(of(rank)),
            MatchKind::LeftmostFirst => {
                let first = self.links.get(rank as usize).map_or(rank, |link| word(link, 2));
                found.push(of(first.min(rank)));
            }
            MatchKind::Overlapping => {
                let before = found.len();
                while rank != NONE {
                    *work += STEP;
                    found.push(of(rank));
                    rank = up(rank, 0);
                }
                found[before..].reverse();
            }
        }
    }

    /// The lowest id of a rank.
    pub(super) fn first_id(&self, rank: u32) -> u32 {
        self.ids(rank).next().unwrap_or(NONE)
    }
}

/// The links of the patterns of a bucket, whose ranks begin at `first_rank`. `pattern` and `id` tell of each in the
/// order of ranks.
pub(super) fn links(first_rank: u32, patterns: &[&[u8]], first_id: impl Fn(u32) -> u32, links: &mut Vec<[u32; 3]>) {
    debug_assert_eq!(links.len(), first_rank as usize);
    let mut depths = Vec::with_capacity(patterns.len());
    let depth = |depths: &[u32], rank: u32| if rank == NONE { 0 } else { depths[(rank - first_rank) as usize] };
    let jump = |links: &[[u32; 3]], rank: u32| if rank == NONE { NONE } else { links[rank as usize][1] };
    for (rank, pattern) in (first_rank..).zip(patterns) {
        // What precedes in the order is the parent, or has it among its ancestors.
        let mut parent = if rank == first_rank { NONE } else { rank - 1 };
        while parent != NONE && !pattern.starts_with(patterns[(parent - first_rank) as usize]) {
            parent = links[parent as usize][0];
        }
        let above = jump(links, parent);
        let equal_steps = depth(&depths, parent) + depth(&depths, jump(links, above)) == 2 * depth(&depths, above);
        let first = match parent {
            NONE => rank,
            _ => {
                let best = links[parent as usize][2];
                if first_id(best) < first_id(rank) { best } else { rank }
            }
        };
        links.push([parent, if equal_steps && parent != NONE { jump(links, above) } else { parent }, first]);
        depths.push(depth(&depths, parent) + 1);
    }
}

/// A number in an element of a table.
#[inline(always)]
pub(super) fn word<const N: usize>(element: &[u8; N], which: usize) -> u32 {
    u32::from_le_bytes(element.as_chunks().0[which])
}

/// Eight bytes from a place on, the first lowest; zeros for those behind the end.
#[inline(always)]
pub(super) fn first_bytes(haystack: &[u8], at: usize) -> u64 {
    match haystack[at..].first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => last_bytes(&haystack[at..]),
    }
}

#[cold]
fn last_bytes(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

fn fold_byte<const FOLD: bool>(byte: u8) -> u8 {
    if FOLD { byte.to_ascii_lowercase() } else { byte }
}

/// Lower case for eight ASCII letters; other bytes stay.
#[inline(always)]
fn fold_word<const FOLD: bool>(word: u64) -> u64 {
    if !FOLD {
        return word;
    }
    const fn all(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    // The highest bit of each byte tells; sums of seven bits stay in theirs.
    let low = word & all(0x7f);
    let upper = (low + all(0x80 - b'A')) & !(low + all(0x7f - b'Z')) & !word & all(0x80);
    word | (upper >> 2)
}

/// True when the text starts with the pattern, which is folded already.
#[inline(always)]
fn starts_with<const FOLD: bool>(text: &[u8], pattern: &[u8]) -> bool {
    let Some(text) = text.get(..pattern.len()) else { return false };
    match (text.last_chunk::<8>(), pattern.last_chunk::<8>()) {
        (Some(text_end), Some(pattern_end)) => {
            let equal = |ours: &[u8; 8], theirs: &[u8; 8]| {
                fold_word::<FOLD>(u64::from_le_bytes(*ours)) == u64::from_le_bytes(*theirs)
            };
            equal(text_end, pattern_end)
                && text.as_chunks().0.iter().zip(pattern.as_chunks().0).all(|(ours, theirs)| equal(ours, theirs))
        }
        _ => text.iter().zip(pattern).all(|(&ours, &theirs)| fold_byte::<FOLD>(ours) == theirs),
    }
}

/// How many bytes the two have in common at their start, which is known to be `at_least` as many.
fn common_len<const FOLD: bool>(text: &[u8], pattern: &[u8], at_least: usize) -> usize {
    let (ours, theirs) = (text.get(at_least..).unwrap_or_default(), pattern.get(at_least..).unwrap_or_default());
    let words = ours.as_chunks().0.iter().zip(theirs.as_chunks().0);
    let equal = |(ours, theirs): &(&[u8; 8], &[u8; 8])| {
        fold_word::<FOLD>(u64::from_le_bytes(**ours)) == u64::from_le_bytes(**theirs)
    };
    let done = 8 * words.take_while(equal).count();
    let rest = ours[done..].iter().zip(&theirs[done..]);
    at_least + done + rest.take_while(|&(&ours, &theirs)| fold_byte::<FOLD>(ours) == theirs).count()
}

/// Asks memory for an element that will be read soon.
#[inline(always)]
fn prefetch<T>(table: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 has this instruction, and it reads nothing: any address will do.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(table.as_ptr().wrapping_add(index).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (table, index);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_folded_as_bytes_are() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                let mut bytes = *b"@AZ[`az\xC1";
                bytes[at] = byte;
                let folded = fold_word::<true>(u64::from_le_bytes(bytes));
                assert_eq!(folded.to_le_bytes().as_slice(), bytes.to_ascii_lowercase());
            }
        }
    }

    proptest! {
        #[test]
        fn comparisons_are_those_of_slices(
            text in prop::collection::vec(prop_oneof![Just(b'a'), Just(b'A'), any::<u8>()], 0..40),
            pattern in prop::collection::vec(prop_oneof![Just(b'a'), any::<u8>()], 0..40),
            same in 0..40_usize,
        ) {
            let mut pattern = pattern.to_ascii_lowercase();
            let same = same.min(text.len()).min(pattern.len());
            pattern[..same].copy_from_slice(&text[..same].to_ascii_lowercase());
            let folded = text.to_ascii_lowercase();
            prop_assert_eq!(starts_with::<true>(&text, &pattern), folded.starts_with(&pattern));
            prop_assert_eq!(starts_with::<false>(&text, &pattern), text.starts_with(&pattern));
            let common = |text: &[u8]| text.iter().zip(&pattern).take_while(|(a, b)| a == b).count();
            prop_assert_eq!(common_len::<true>(&text, &pattern, same / 2), common(&folded));
            let exact = common(&text);
            prop_assert_eq!(common_len::<false>(&text, &pattern, exact / 2), exact);
        }
    }
}
