//! Where one of a few patterns could start: vectors that look up the halves of bytes.
//!
//! The patterns are put into eight buckets, each of which is a bit, or twice as many if the patterns are many. For each
//! of the first bytes of a pattern there are two tables of 16 bytes: which buckets have a pattern with this lower half
//! of the byte, and with this upper half. A byte shuffle looks up as many bytes of the haystack as a vector has; where
//! the bits of all the lookups have one in common, a pattern of its bucket may start. (Hyperscan calls this *Teddy*.)
#![allow(unsafe_code)] // Vector instructions, and loads without a check of bounds in front of each.

use std::sync::LazyLock;

use super::candidates::Candidates;
use crate::{
    matcher::frequency,
    simd::{
        dispatch::{ShuffleKernel, Shuffles},
        nibbles::Nibbles,
    },
};

/// Up to how many patterns this can be made of.
pub(crate) const MAX: usize = 96;
/// How many bytes of a pattern are looked at, at most.
pub(crate) const DEPTH: usize = 4;
/// How many places are looked at at once, at most.
const BLOCK: usize = 64;
/// How many buckets the bits of a table are for.
const BUCKETS: usize = 8;
/// How many tables there are at most for the same half of the same byte.
const GROUPS: usize = 2;

#[derive(Clone, Debug)]
pub(crate) struct Teddy {
    /// How many bytes from a place on are looked at.
    depth: usize,
    /// How many groups of buckets there are.
    groups: usize,
    /// For each of these bytes and each group, the buckets for lower halves and for upper halves.
    halves: [[[[u8; 16]; 2]; GROUPS]; DEPTH],
    /// The same for whole bytes, and all buckets.
    whole: Box<[[u16; 256]; DEPTH]>,
    /// Buckets with a pattern that ends before this byte.
    shorter: [u16; DEPTH],
}

impl Teddy {
    /// A filter for these patterns, none of which is empty; they are lower case where case is ignored.
    pub(super) fn new(patterns: &[&[u8]], fold: bool) -> Self {
        debug_assert!(patterns.len() <= MAX && patterns.iter().all(|pattern| !pattern.is_empty()));
        let depth = patterns.iter().map(|pattern| pattern.len()).max().unwrap_or(1).min(DEPTH);
        Teddy::of_buckets(patterns.iter().map(|pattern| Bucket::of(pattern, fold)).collect(), depth, 1)
    }

    /// A filter for bytes of these classes, at most [`DEPTH`] of them, one behind the other.
    pub(crate) fn of_classes(classes: &[Vec<Vec<u8>>]) -> Self {
        const FEW: usize = 16;
        let groups = if classes.len() > FEW { GROUPS } else { 1 };
        Teddy::of_buckets(classes.iter().map(|classes| Bucket::of_classes(classes)).collect(), DEPTH, groups)
    }

    fn of_buckets(all: Vec<Bucket>, depth: usize, groups: usize) -> Self {
        let mut packed = Teddy {
            depth,
            groups,
            halves: Default::default(),
            whole: Box::new([[0; 256]; DEPTH]),
            shorter: [0; DEPTH],
        };
        for (i, bucket) in buckets(all, depth, groups * BUCKETS).iter().enumerate() {
            let (group, bit) = (i / BUCKETS, i % BUCKETS);
            for (at, halves) in bucket.halves.iter().enumerate().take(depth) {
                for half in 0..16 {
                    packed.halves[at][group][0][half] |= u8::from(halves[0] >> half & 1 != 0) << bit;
                    packed.halves[at][group][1][half] |= u8::from(halves[1] >> half & 1 != 0) << bit;
                }
                packed.shorter[at] |= u16::from(bucket.shortest <= at) << i;
            }
        }
        for (whole, halves) in packed.whole.iter_mut().zip(&packed.halves).take(depth) {
            for (byte, whole) in whole.iter_mut().enumerate() {
                *whole = u16::from_le_bytes(halves.map(|halves| halves[0][byte & 15] & halves[1][byte >> 4]));
            }
        }
        packed
    }

    /// Adds places in `from..to` at which a pattern could start, as [`Windows::find`](super::windows::Windows::find)
    /// does.
    pub(crate) fn find(&self, haystack: &[u8], from: usize, to: usize, places: &mut Candidates) -> usize {
        let mut from = from;
        for shuffles in Shuffles::widest_first() {
            from = shuffles.run(Find { teddy: self, haystack, from, to, places });
        }
        // Vectors stop where there is no room for all of a block; the loop is for what is left behind the last one.
        if places.room() < BLOCK && from < to { from } else { self.find_scalar(haystack, from, to, places) }
    }

    fn find_scalar(&self, haystack: &[u8], from: usize, to: usize, places: &mut Candidates) -> usize {
        for at in from..to {
            if places.room() == 0 {
                return at;
            }
            let mut buckets = u16::MAX;
            for i in 0..self.depth {
                buckets &= match haystack.get(at + i) {
                    Some(&byte) => self.whole[i][usize::from(byte)],
                    None => self.shorter[i],
                };
            }
            if buckets != 0 {
                places.push(at);
            }
        }
        to
    }
}

/// As [`Teddy::find_scalar`], as far as whole vectors go.
struct Find<'a> {
    teddy: &'a Teddy,
    haystack: &'a [u8],
    from: usize,
    to: usize,
    places: &'a mut Candidates,
}

impl ShuffleKernel for Find<'_> {
    type Output = usize;

    #[inline(always)]
    unsafe fn run<V: Nibbles, const OF_64: usize>(self) -> usize {
        // SAFETY: the contract of `run` is that of `find_deep`: that the processor has the instructions of `V`.
        unsafe {
            match (self.teddy.depth, self.teddy.groups) {
                (1, 1) => self.find_deep::<V, 1, 1>(),
                (2, 1) => self.find_deep::<V, 2, 1>(),
                (3, 1) => self.find_deep::<V, 3, 1>(),
                (_, 1) => self.find_deep::<V, DEPTH, 1>(),
                _ => self.find_deep::<V, DEPTH, GROUPS>(),
            }
        }
    }
}

impl Find<'_> {
    /// # Safety
    ///
    /// * The processor must have the instructions of `V`.
    #[inline(always)]
    unsafe fn find_deep<V: Nibbles, const DEEP: usize, const GROUPS: usize>(self) -> usize {
        let Find { teddy, haystack, from, to, places } = self;
        const PARTS: usize = 2;
        let stride = PARTS * V::LANES;
        // Loops in place of closures: what is a function of its own is compiled for any processor, unless the compiler
        // happens to inline it.
        //
        // SAFETY: the contract of this function promises the instructions of `V`.
        let mut tables = [[[unsafe { V::splat(0) }; 2]; GROUPS]; DEEP];
        for (tables, halves) in tables.iter_mut().zip(&teddy.halves) {
            for (tables, halves) in tables.iter_mut().zip(halves) {
                for (table, half) in tables.iter_mut().zip(halves) {
                    // SAFETY: as promised; each table has the 16 bytes that are loaded.
                    *table = unsafe { V::table(half) };
                }
            }
        }
        let mut at = from;
        while at + stride <= to && at + stride + DEPTH <= haystack.len() && places.room() >= BLOCK {
            // SAFETY: the contract of this function promises the instructions of `V`. The condition of the loop says
            // that `stride + DEPTH` bytes follow; the last load begins less than `stride` from `at`, and `DEPTH`
            // further.
            let masks = unsafe {
                let start = haystack.as_ptr().add(at);
                let mut buckets = [[V::splat(0xFF); PARTS]; GROUPS];
                // All vectors are looked up in one table before the next: there are more tables than registers.
                for (i, tables) in tables.iter().enumerate() {
                    let mut halves = [[V::splat(0); 2]; PARTS];
                    for (part, halves) in halves.iter_mut().enumerate() {
                        *halves = V::halves(V::load(start.add(part * V::LANES + i)));
                    }
                    for (buckets, table) in buckets.iter_mut().zip(tables) {
                        for (buckets, halves) in buckets.iter_mut().zip(halves) {
                            *buckets = buckets.and(V::look_up(*table, halves));
                        }
                    }
                }
                let mut masks = [0; PARTS];
                for (part, mask) in masks.iter_mut().enumerate() {
                    let mut all = buckets[0][part];
                    for buckets in &buckets[1..] {
                        all = all.or(buckets[part]);
                    }
                    *mask = all.nonzero();
                }
                masks
            };
            match V::LANE_BITS {
                1 => places.push_all(at, masks[0] | masks[1] << V::LANES),
                _ => {
                    for (part, mut mask) in masks.into_iter().enumerate() {
                        while mask != 0 {
                            let lane = mask.trailing_zeros() as usize / V::LANE_BITS;
                            mask &= mask - 1;
                            places.push(at + part * V::LANES + lane);
                        }
                    }
                }
            }
            at += stride;
        }
        at
    }
}

/// What patterns of a bucket begin with.
#[derive(Clone, Debug)]
struct Bucket {
    /// For each of the first bytes, a bit for each lower half that occurs, and for each upper half.
    halves: [[u16; 2]; DEPTH],
    shortest: usize,
}

impl Bucket {
    const EMPTY: Bucket = Bucket { halves: [[0; 2]; DEPTH], shortest: usize::MAX };

    fn of(pattern: &[u8], fold: bool) -> Self {
        let halves = std::array::from_fn(|at| match pattern.get(at) {
            None => [u16::MAX; 2],
            Some(&byte) => {
                let bits = |byte: u8| [1 << (byte & 15), 1 << (byte >> 4)];
                let (one, other) = (bits(byte), bits(if fold { byte.to_ascii_uppercase() } else { byte }));
                [one[0] | other[0], one[1] | other[1]]
            }
        });
        Bucket { halves, shortest: pattern.len() }
    }

    fn of_classes(classes: &[Vec<u8>]) -> Self {
        let half = |bytes: &[u8], shift: u8| bytes.iter().fold(0, |all, byte| all | 1 << (byte >> shift & 15));
        let halves =
            std::array::from_fn(|at| classes.get(at).map_or([u16::MAX; 2], |class| [half(class, 0), half(class, 4)]));
        Bucket { halves, shortest: classes.len() }
    }

    fn merged(&self, other: &Self) -> Self {
        let or = |at: usize, half: usize| self.halves[at][half] | other.halves[at][half];
        let halves = std::array::from_fn(|at| [or(at, 0), or(at, 1)]);
        Bucket { halves, shortest: self.shortest.min(other.shortest) }
    }

    /// How much is let through: the share of places, as far as that can be known without the haystack.
    fn cost(&self, depth: usize) -> f32 {
        let of_kind = |(weight, shares): &(f32, [[f32; 16]; 16])| {
            let share = |&[low, high]: &[u16; 2]| {
                let row = |row: &[f32; 16]| (0..16).map(|lower| row[lower] * f32::from(low >> lower & 1)).sum::<f32>();
                (0..16).filter(|upper| high >> upper & 1 != 0).map(|upper| row(&shares[upper])).sum::<f32>()
            };
            weight * self.halves[..depth].iter().map(share).product::<f32>()
        };
        SHARES.iter().map(of_kind).sum()
    }
}

/// For each kind of runs of bytes, how much of a text it is, and how frequent bytes are there, by their upper half and
/// their lower half.
static SHARES: LazyLock<[(f32, [[f32; 16]; 16]); frequency::KINDS]> = LazyLock::new(|| {
    frequency::of_kinds().map(|(weight, shares)| {
        let row = |upper: usize| std::array::from_fn(|lower| shares[upper << 4 | lower] as f32);
        (weight as f32, std::array::from_fn(row))
    })
});

/// Puts patterns into so many buckets, such that they let little through: each where it costs the least, then again and
/// again those elsewhere that cost less there.
fn buckets(mut all: Vec<Bucket>, depth: usize, count: usize) -> Vec<Bucket> {
    const ROUNDS: usize = 4;
    if all.len() <= count {
        return all;
    }
    all.sort_by(|a, b| b.cost(depth).total_cmp(&a.cost(depth)));
    let mut placed: Vec<usize> = vec![];
    let mut buckets: Vec<(Bucket, f32)> = vec![(Bucket::EMPTY, 0.0); count];
    for round in 0..ROUNDS {
        let placed_before = placed.clone();
        for (i, pattern) in all.iter().enumerate() {
            if round > 0 {
                let from = placed[i];
                let others = all.iter().zip(&placed).enumerate().filter(|(j, (_, at))| *j != i && **at == from);
                let without = others.fold(Bucket::EMPTY, |merged, (_, (other, _))| merged.merged(other));
                let cost = without.cost(depth);
                buckets[from] = (without, cost);
            }
            let merged = buckets.iter().map(|(bucket, cost)| {
                let merged = bucket.merged(pattern);
                let of_merged = merged.cost(depth);
                (merged, of_merged, of_merged - cost)
            });
            let best = merged.enumerate().min_by(|(_, a), (_, b)| a.2.total_cmp(&b.2));
            let (at, (bucket, cost, _)) = best.expect("there are buckets");
            buckets[at] = (bucket, cost);
            match placed.get_mut(i) {
                Some(place) => *place = at,
                None => placed.push(at),
            }
        }
        if placed == placed_before {
            break;
        }
    }
    buckets.into_iter().map(|(bucket, _)| bucket).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

        /// Where one group of buckets is too little.
        #[test]
        fn places_of_many_classes_are_found(
            classes in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(prop_oneof![b'a'..b'e', any::<u8>()], 1..4), 1..=DEPTH),
                1..40,
            ),
            haystack in prop::collection::vec(prop_oneof![b'a'..b'e', any::<u8>()], 0..300),
            from in 0..100_usize,
        ) {
            let packed = Teddy::of_classes(&classes);
            let (from, to) = (from.min(haystack.len()), haystack.len());
            let (mut found, mut scalar) = (Candidates::new(0), Candidates::new(0));
            prop_assert_eq!(packed.find(&haystack, from, to, &mut found), to);
            prop_assert_eq!(packed.find_scalar(&haystack, from, to, &mut scalar), to);
            prop_assert_eq!(found.as_slice(), scalar.as_slice());
            for at in from..to {
                let starts = |classes: &Vec<Vec<u8>>| {
                    let text = haystack[at..].get(..classes.len());
                    text.is_some_and(|text| text.iter().zip(classes).all(|(byte, class)| class.contains(byte)))
                };
                prop_assert!(!classes.iter().any(starts) || found.as_slice().contains(&(at as u32)));
            }
        }

    }

    proptest! {
        /// All vectors find the same as the loop, and all that there is to be found.
        #[test]
        fn places_are_found(
            patterns in prop::collection::vec(prop::collection::vec(prop_oneof![b'a'..b'e', any::<u8>()], 1..6), 1..20),
            haystack in prop::collection::vec(prop_oneof![b'a'..b'e', any::<u8>()], 0..300),
            from in 0..100_usize,
            fold in any::<bool>(),
        ) {
            let mut patterns = patterns;
            if fold {
                patterns.iter_mut().for_each(|pattern| pattern.make_ascii_lowercase());
            }
            let borrowed: Vec<&[u8]> = patterns.iter().map(|pattern| &pattern[..]).collect();
            let packed = Teddy::new(&borrowed, fold);
            let (from, to) = (from.min(haystack.len()), haystack.len());
            let (mut found, mut scalar) = (Candidates::new(0), Candidates::new(0));
            prop_assert_eq!(packed.find(&haystack, from, to, &mut found), to);
            prop_assert_eq!(packed.find_scalar(&haystack, from, to, &mut scalar), to);
            prop_assert_eq!(found.as_slice(), scalar.as_slice());
            for shuffles in Shuffles::widest_first() {
                let mut found = Candidates::new(0);
                let at = shuffles.run(Find { teddy: &packed, haystack: &haystack, from, to, places: &mut found });
                packed.find_scalar(&haystack, at, to, &mut found);
                prop_assert_eq!(found.as_slice(), scalar.as_slice());
            }
            for at in from..to {
                let starts = |pattern: &Vec<u8>| {
                    let text = haystack[at..].get(..pattern.len());
                    text.is_some_and(|text| if fold { text.eq_ignore_ascii_case(pattern) } else { text == pattern })
                };
                prop_assert!(!patterns.iter().any(starts) || found.as_slice().contains(&(at as u32)));
            }
        }
    }

    #[test]
    fn more_places_than_there_is_room_for() {
        let (packed, haystack) = (Teddy::new(&[b"aa"], false), vec![b'a'; 5000]);
        let all = |find: &dyn Fn(usize, &mut Candidates) -> usize| {
            let (mut at, mut all) = (0, vec![]);
            while at < haystack.len() {
                let mut places = Candidates::new(at);
                let before = at;
                at = find(at, &mut places);
                all.extend(places.as_slice().iter().map(|place| before + *place as usize));
                assert!(at > before);
            }
            all
        };
        let wanted: Vec<usize> = (0..4999).collect();
        assert_eq!(all(&|at, places| packed.find(&haystack, at, haystack.len(), places)), wanted);
        assert_eq!(all(&|at, places| packed.find_scalar(&haystack, at, haystack.len(), places)), wanted);
        for shuffles in Shuffles::widest_first() {
            let find = |at, places: &mut Candidates| {
                let (from, to) = (at, haystack.len());
                let upto = shuffles.run(Find { teddy: &packed, haystack: &haystack, from, to, places });
                if upto > at { upto } else { packed.find_scalar(&haystack, at, to, places) }
            };
            assert_eq!(all(&find), wanted);
        }
    }
}
