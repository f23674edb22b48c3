//! From patterns to the bytes of a set.

use std::{ops::Range, sync::Arc};

use super::{
    format::{HEADER, Layout, MAX_BUCKET_BITS, MAX_WORD_BITS, TIER, TierLayout, append},
    kind::MatchKind,
    pattern_set::PatternSet,
    table::{FEW, Key, NONE, first_bytes, links},
    teddy, tiers,
    windows::Sampling,
};
use crate::error::Error;

/// Up to how many patterns are one tier, whatever their lengths.
const ONE_TIER: usize = 64;

/// Builds a [`PatternSet`].
///
/// # Examples
///
/// ```
/// use mapgrep::matcher::set::{MatchKind, PatternSet};
///
/// let mut builder = PatternSet::builder();
/// builder.kind(MatchKind::LeftmostLongest).ascii_case_insensitive(true);
/// let set = builder.build(["Sam", "samwise"])?;
/// let m = set.find_iter(b"SAMWISE").next().unwrap();
/// assert_eq!((m.range(), m.pattern.index()), (0..7, 1));
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PatternSetBuilder {
    kind: MatchKind,
    fold: bool,
}

impl PatternSet {
    /// A builder.
    pub fn builder() -> PatternSetBuilder {
        PatternSetBuilder::new()
    }
}

impl PatternSetBuilder {
    /// A builder of sets that find leftmost-first matches, with case.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which matches are found; [`MatchKind::LeftmostFirst`] unless this says otherwise.
    pub fn kind(&mut self, kind: MatchKind) -> &mut Self {
        self.kind = kind;
        self
    }

    /// Whether ASCII letters match those of the other case. Off unless this is called.
    pub fn ascii_case_insensitive(&mut self, yes: bool) -> &mut Self {
        self.fold = yes;
        self
    }

    /// Builds a set of patterns, whose ids count from 0 in the order in which they come.
    ///
    /// Patterns may be equal, or parts of others. An empty pattern matches at every place, the end of the haystack
    /// included, and makes a search visit each of them.
    ///
    /// # Errors
    ///
    /// There are 2³² - 1 patterns or more, or together they have 4 GiB or more.
    ///
    /// # Complexity
    ///
    /// Linear in the bytes of all patterns, but for patterns that begin alike, which are sorted. Beyond the set, which
    /// [`memory_usage`](PatternSet::memory_usage) tells the size of, about twice the bytes of the patterns and 20 bytes
    /// for each are needed meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::set::PatternSet;
    ///
    /// let set = PatternSet::builder().build(["error", "warning", "error"])?;
    /// assert_eq!((set.len(), set.min_len(), set.max_len()), (3, 5, 7));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn build<P: AsRef<[u8]>>(&self, patterns: impl IntoIterator<Item = P>) -> Result<PatternSet, Error> {
        let mut list = List::default();
        for pattern in patterns {
            list.push(pattern.as_ref())?;
        }
        let (bytes, layout) = list.build(self.kind, self.fold);
        PatternSet::open(Arc::new(bytes), layout)
    }

    /// Builds a set of the lines of a file, as `-f` reads them: each line is a pattern without its `\n` or `\r\n`; the
    /// last one need not end; an empty line is an empty pattern, and a file without a byte has no pattern.
    ///
    /// # Errors
    ///
    /// As [`build`](PatternSetBuilder::build).
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{PatternId, matcher::set::PatternSet};
    ///
    /// let set = PatternSet::builder().build_lines(b"one\r\ntwo\n\nlast")?;
    /// assert_eq!(set.len(), 4);
    /// assert_eq!(set.pattern(PatternId::new(0)), b"one");
    /// assert_eq!(set.pattern(PatternId::new(2)), b"");
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn build_lines(&self, text: &[u8]) -> Result<PatternSet, Error> {
        let lines = text.split_inclusive(|&byte| byte == b'\n').map(|line| match line.strip_suffix(b"\n") {
            Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
            None => line,
        });
        self.build(lines)
    }
}

/// The patterns as they came, one behind the other.
#[derive(Default)]
struct List {
    text: Vec<u8>,
    ends: Vec<u32>,
}

impl List {
    fn push(&mut self, pattern: &[u8]) -> Result<(), Error> {
        self.text.extend_from_slice(pattern);
        match u32::try_from(self.text.len()) {
            Ok(end) if self.ends.len() < NONE as usize - 1 => self.ends.push(end),
            _ => {
                return Err(Error::pattern(format!(
                    "too many patterns for one set: at the {}th they have {} bytes; make several sets of them",
                    self.ends.len() + 1,
                    self.text.len()
                )));
            }
        }
        Ok(())
    }

    fn get(&self, id: u32) -> &[u8] {
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.text[start as usize..self.ends[id as usize] as usize]
    }

    fn build(mut self, kind: MatchKind, fold: bool) -> (Vec<u8>, Layout) {
        let spellings = if fold && self.text.iter().any(u8::is_ascii_uppercase) {
            let spellings = self.text.clone();
            self.text.make_ascii_lowercase();
            spellings
        } else {
            vec![]
        };
        let count = self.ends.len() as u32;
        let lengths = || (0..count).map(|id| self.get(id).len());
        let groups = self.groups();
        let mut layout = Layout {
            kind,
            fold,
            patterns: count,
            min_len: lengths().min().unwrap_or(0),
            max_len: lengths().max().unwrap_or(0),
            places: 0..0,
            empty: 0..0,
            spelling_ends: 0..0,
            spellings: 0..0,
            tiers: vec![],
        };
        let mut bytes = vec![0; HEADER + groups.len() * TIER];
        // An estimate, so that the bytes are not copied from one vector to another.
        bytes.reserve(self.text.len() + spellings.len() + 28 * self.ends.len());
        let mut places = vec![NONE; self.ends.len()];
        let mut first_rank = 0;
        for group in groups {
            let tier = self.tier(group, first_rank, fold, &mut places, &mut bytes);
            first_rank += tier.ranks;
            layout.tiers.push(tier);
        }
        layout.places = append_u32(&mut bytes, &places);
        drop(places);
        let empty: Vec<u32> = (0..count).filter(|&id| self.get(id).is_empty()).collect();
        layout.empty = append_u32(&mut bytes, &empty);
        if !spellings.is_empty() {
            layout.spelling_ends = append(&mut bytes, self.ends.iter().map(|&end| u64::from(end).to_le_bytes()));
            layout.spellings = append(&mut bytes, [spellings]);
        }
        layout.write(&mut bytes);
        (bytes, layout)
    }

    /// The ids of each tier, ascending.
    fn groups(&self) -> Vec<Vec<u32>> {
        let ids = 0..self.ends.len() as u32;
        let count = |lens: Range<usize>| ids.clone().filter(|&id| lens.contains(&self.get(id).len())).count();
        // Where there are a few of 2 and of 3 bytes, one pass for both is faster than two.
        let starts: &[usize] = match count(1..usize::MAX) <= ONE_TIER {
            true => &tiers::SHORTEST[..1],
            false if count(2..4) <= ONE_TIER / 2 => &[1, 2, 4, 8],
            false => &tiers::SHORTEST,
        };
        let tier_of = |id: u32| starts.partition_point(|&start| start <= self.get(id).len());
        let mut sizes = vec![0; starts.len() + 1];
        ids.clone().for_each(|id| sizes[tier_of(id)] += 1);
        let mut groups: Vec<Vec<u32>> = sizes.into_iter().map(Vec::with_capacity).collect();
        ids.for_each(|id| groups[tier_of(id)].push(id));
        // The first is of empty patterns, which have no tier.
        groups.drain(..1);
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// Appends the sections of a tier of these patterns, and notes the ranks of the patterns.
    fn tier(&self, ids: Vec<u32>, first_rank: u32, fold: bool, places: &mut [u32], bytes: &mut Vec<u8>) -> TierLayout {
        let shortest = ids.iter().map(|&id| self.get(id).len()).min().unwrap_or(1);
        let mut tier = TierLayout { first_rank, shortest: shortest as u32, ..Default::default() };
        tier.key = shortest.min(8) as u32;
        tier.bucket_bits = bucket_bits(ids.len());
        let shape = shape(ids.len(), shortest, fold);
        tier.offset = self.offset(&ids, shortest, tier.key.max(shape.window + shape.step - 1));
        let key = Key::new(tier.offset, tier.key, fold);
        let hash = |id: u32| key.hash(self.get(id), 0);

        let (ids, mut buckets) = self.sort(ids, tier.bucket_bits, key);
        // Equal patterns become one rank.
        let mut id_ends = Vec::with_capacity(ids.len());
        let mut largest = 0;
        for bucket in 0..buckets.len() - 1 {
            let members = &ids[buckets[bucket] as usize..buckets[bucket + 1] as usize];
            let begins = id_ends.len();
            let before = buckets[bucket];
            buckets[bucket] = begins as u32;
            for (i, &id) in members.iter().enumerate() {
                if i == 0 || self.get(id) != self.get(members[i - 1]) {
                    id_ends.push(0);
                }
                let rank = id_ends.len() - 1;
                id_ends[rank] = before + i as u32 + 1;
                places[id as usize] = first_rank + rank as u32;
            }
            largest = largest.max(id_ends.len() - begins);
        }
        tier.ranks = id_ends.len() as u32;
        if let Some(last) = buckets.last_mut() {
            *last = tier.ranks;
        }
        let first_id = |rank: u32| ids[rank.checked_sub(1).map_or(0, |before| id_ends[before as usize]) as usize];
        let pattern = |rank: u32| self.get(first_id(rank));

        tier.buckets = append_u32(bytes, &buckets);
        let mut start = 0;
        tier.entries = append(
            bytes,
            (0..=tier.ranks).map(|rank| {
                let (len, tag) = match rank < tier.ranks {
                    true => (pattern(rank).len() as u32, hash(first_id(rank)).tag()),
                    false => (0, 0),
                };
                start += len;
                entry(start - len, tag)
            }),
        );
        tier.text = append(bytes, (0..tier.ranks).map(pattern));
        if largest > FEW {
            let mut all = Vec::with_capacity(tier.ranks as usize);
            for bucket in buckets.windows(2) {
                let patterns: Vec<&[u8]> = (bucket[0]..bucket[1]).map(pattern).collect();
                links(bucket[0], &patterns, first_id, &mut all);
            }
            tier.links = append(bytes, all.as_flattened().iter().map(|link| link.to_le_bytes()));
        }
        drop(buckets);
        if tier.ranks as usize > if shortest < 7 { teddy::MAX } else { ONE_TIER / 2 } {
            let shape = Sampling { offset: tier.offset, ..shape };
            (tier.window, tier.step, tier.word_bits) = (shape.window, shape.step, shape.word_bits);
            tier.filter = append_u32(bytes, &shape.build((0..tier.ranks).map(pattern)));
        }
        if ids.len() != id_ends.len() {
            tier.id_ends = append_u32(bytes, &id_ends);
        }
        tier.ids = append_u32(bytes, &ids);
        tier
    }

    /// Where in the patterns to hash `len` bytes: where the most of them differ, and in front rather than behind.
    fn offset(&self, ids: &[u32], shortest: usize, len: u32) -> u32 {
        const TRIED: usize = 64;
        const SAMPLED: usize = 512;
        let most = shortest - len as usize;
        let sample: Vec<u32> =
            (0..ids.len().min(SAMPLED)).map(|i| ids[i * ids.len() / ids.len().min(SAMPLED)]).collect();
        let distinct = |offset: usize| {
            let mut keys: Vec<u64> = sample.iter().map(|&id| first_bytes(self.get(id), offset)).collect();
            keys.sort_unstable();
            keys.dedup();
            keys.len()
        };
        let (mut best, mut found) = (0, distinct(0));
        for i in 1..=most.min(TRIED) {
            let offset = i * most / most.min(TRIED);
            let count = distinct(offset);
            // A little better is not worth it that patterns are told apart later.
            if count > found + found / 8 {
                (best, found) = (offset, count);
            }
        }
        best as u32
    }

    /// Sorts by bucket, then by pattern, then by id; and says where each bucket begins.
    fn sort(&self, ids: Vec<u32>, bits: u32, key: Key) -> (Vec<u32>, Vec<u32>) {
        let bucket_of: Vec<u32> = ids.iter().map(|&id| key.hash(self.get(id), 0).bucket(bits) as u32).collect();
        let mut starts = vec![0_u32; (1 << bits) + 1];
        bucket_of.iter().for_each(|&bucket| starts[bucket as usize + 1] += 1);
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut sorted = vec![0; ids.len()];
        // Each start moves on until it is that of the next bucket.
        for (&id, &bucket) in ids.iter().zip(&bucket_of) {
            let next = &mut starts[bucket as usize];
            sorted[*next as usize] = id;
            *next += 1;
        }
        starts.rotate_right(1);
        starts[0] = 0;
        for bucket in starts.windows(2) {
            let members = &mut sorted[bucket[0] as usize..bucket[1] as usize];
            if members.len() > 1 {
                members.sort_unstable_by(|&a, &b| self.get(a).cmp(self.get(b)).then(a.cmp(&b)));
            }
        }
        (sorted, starts)
    }
}

/// Buckets for so many patterns: a few for each while that is little memory, and one for each where they are many.
fn bucket_bits(patterns: usize) -> u32 {
    let wanted = if patterns <= 1 << 16 { 4 * patterns } else { patterns };
    wanted.next_power_of_two().trailing_zeros().clamp(4, MAX_BUCKET_BITS)
}

/// The windows of a filter for so many patterns. Long steps are taken as long as the windows that they need, short and
/// many, are not found all over the text; this was measured with words of it. There are 32 bits for each window, and
/// half as many for windows that do not fit in a cache close to the core.
fn shape(patterns: usize, shortest: usize, fold: bool) -> Sampling {
    const FAR: usize = 1 << 18;
    let step = match (patterns, shortest) {
        (..2048, 7..) | (..FAR, 11..) => 4,
        (..FAR, 6..) | (_, 9..) => 2,
        _ => 1,
    };
    let window = (shortest - step + 1).min(8);
    let words = if patterns < FAR { patterns * step } else { patterns * step / 2 };
    let word_bits = words.next_power_of_two().trailing_zeros().clamp(6, MAX_WORD_BITS);
    Sampling { window: window as u32, step: step as u32, word_bits, offset: 0, fold }
}

fn entry(start: u32, tag: u32) -> [u8; 8] {
    (u64::from(start) | u64::from(tag) << 32).to_le_bytes()
}

fn append_u32(bytes: &mut Vec<u8>, numbers: &[u32]) -> Range<usize> {
    append(bytes, numbers.iter().map(|number| number.to_le_bytes()))
}
