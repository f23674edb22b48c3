//! One to a million byte strings and more, searched for at once.
//!
//! A [`PatternSet`] finds every occurrence of every pattern ([`MatchKind::Overlapping`]), or matches that do not overlap, in
//! one of two senses. Its size decides how: one pattern is a substring search; up to 64 are looked up with byte shuffles, 32
//! bytes of the haystack at once; of more, a few bytes at every place, or at every second or fourth, are hashed and looked up in a
//! bitmap. What passes is compared with the patterns that have the same hash of their first bytes. There is no
//! automaton, so building is fast, and a built set is little larger than its patterns.
//!
//! A built set is one piece of bytes, which can be [written](PatternSet::as_bytes) to a file and mapped into memory
//! [again](PatternSet::from_bytes) without being built anew.
//!
//! # Examples
//!
//! ```
//! use mapgrep::matcher::set::{MatchKind, PatternSet};
//!
//! let set = PatternSet::builder().kind(MatchKind::Overlapping).build(["she", "he", "hers"])?;
//! let found: Vec<_> = set.find_iter(b"ushers").map(|(span, id)| (span.range(), id.index())).collect();
//! assert_eq!(found, [(1..4, 0), (2..4, 1), (2..6, 2)]);
//! # Ok::<(), mapgrep::Error>(())
//! ```

mod borders;
mod builder;
pub(crate) mod candidates;
mod format;
mod table;
pub(crate) mod teddy;
mod tiers;
mod windows;

use std::{fmt, ops::ControlFlow, ops::Range, sync::Arc};

pub(crate) use self::borders::Borders;
pub use self::builder::PatternSetBuilder;
use self::{
    format::{Layout, elements},
    table::{Found, NONE, word},
    tiers::{Prepared, Tier},
};
use crate::{
    error::Error,
    span::{PatternId, Span},
};

/// Which matches a search for several patterns finds.
///
/// # Examples
///
/// ```
/// use mapgrep::matcher::set::{MatchKind, PatternSet};
///
/// let found = |kind| -> Vec<&str> {
///     let set = PatternSet::builder().kind(kind).build(["ab", "abc", "c"]).unwrap();
///     set.find_iter(b"abc").map(|(span, _)| &"abc"[span.range()]).collect()
/// };
/// assert_eq!(found(MatchKind::LeftmostFirst), ["ab", "c"]);
/// assert_eq!(found(MatchKind::LeftmostLongest), ["abc"]);
/// assert_eq!(found(MatchKind::Overlapping), ["ab", "abc", "c"]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MatchKind {
    /// Matches that do not overlap. Of those that start first, that of the pattern that comes first in the list.
    #[default]
    LeftmostFirst,
    /// Matches that do not overlap. Of those that start first, the longest; of equal patterns, the first.
    LeftmostLongest,
    /// Every occurrence of every pattern, by start, then by length, then by the pattern's place in the list.
    Overlapping,
}

/// Byte strings to search for.
///
/// A clone shares the bytes of the set.
#[derive(Clone)]
pub struct PatternSet {
    owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    layout: Arc<Layout>,
    prepared: Arc<[Prepared]>,
    borders: Borders,
}

// The owner is asked for its bytes and nothing else, which changes nothing.
impl std::panic::UnwindSafe for PatternSet {}
impl std::panic::RefUnwindSafe for PatternSet {}

/// Where a walk over the matches of a haystack stands.
///
/// Searching a range of starts moves it to where the next range begins, such that the matches of all ranges are those of the
/// whole haystack.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use mapgrep::matcher::set::{PatternSet, Walk};
///
/// let set = PatternSet::builder().build(["aa"])?;
/// let (mut walk, mut starts) = (Walk::new(0), vec![]);
/// for upto in [1, 3, 6] {
///     let each = |span: mapgrep::Span, _| { starts.push(span.start); ControlFlow::<()>::Continue(()) };
///     let _ = set.walk(b"aaaaa", &mut walk, upto, each);
/// }
/// assert_eq!(starts, [0, 2]);
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    at: usize,
    last_end: Option<usize>,
}

impl Walk {
    /// A walk that begins with matches that start at `at`, and with no match before.
    pub fn new(at: usize) -> Self {
        Walk { at, last_end: None }
    }

    /// A walk that goes on behind a match that ended at `end`.
    pub(crate) fn after(end: usize) -> Self {
        Walk::resume(end, Some(end))
    }

    /// A walk that goes on at `at`, where the last match before ended at `last_end`.
    pub(super) fn resume(at: usize, last_end: Option<usize>) -> Self {
        Walk { at, last_end }
    }

    /// The first place at which the next match can start.
    pub fn at(&self) -> usize {
        self.at
    }
}

impl PatternSet {
    /// A builder.
    pub fn builder() -> PatternSetBuilder {
        PatternSetBuilder::new()
    }

    /// Opens a set from the bytes of one, without copying or decoding them.
    ///
    /// The bytes may be those of a mapped file. Should they change afterwards, searches may find wrong matches.
    ///
    /// # Errors
    ///
    /// The bytes are not those of a set, are of another version of the format, or are damaged: the checksum is
    /// compared.
    ///
    /// # Complexity
    ///
    /// Linear in the number of bytes, at the speed of memory: milliseconds for a million patterns.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::matcher::set::PatternSet;
    ///
    /// let set = PatternSet::builder().build(["needle", "pin"])?;
    /// let stored = set.as_bytes().to_vec();
    /// let opened = PatternSet::from_bytes(stored)?;
    /// assert!(opened.is_match(b"a pincushion"));
    /// assert!(PatternSet::from_bytes(b"something else").is_err());
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    ///
    /// From a file, through memmap2:
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::fs::{self, File};
    /// use mapgrep::matcher::set::PatternSet;
    ///
    /// let path = std::env::temp_dir().join(format!("mapgrep-doc-set-{}", std::process::id()));
    /// fs::write(&path, PatternSet::builder().build(["needle", "pin"])?.as_bytes())?;
    /// // SAFETY: nobody changes the file, or cuts it, as long as the set is in use.
    /// let map = unsafe { memmap2::Mmap::map(&File::open(&path)?)? };
    /// assert!(PatternSet::from_bytes(map)?.is_match(b"a pincushion"));
    /// # fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_bytes(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self, Error> {
        let layout = Layout::read(owner.as_ref())?;
        Self::open(Arc::new(owner), layout)
    }

    fn open(owner: Arc<dyn AsRef<[u8]> + Send + Sync>, layout: Layout) -> Result<Self, Error> {
        let bytes = (*owner).as_ref();
        let prepared = layout.tiers.iter().map(|tier| Prepared::new(bytes, &layout, tier)).collect::<Result<_, _>>()?;
        Ok(PatternSet { owner, layout: Arc::new(layout), prepared, borders: Borders::None })
    }

    /// The set as bytes, to be stored and [opened](PatternSet::from_bytes) again, on any machine.
    pub fn as_bytes(&self) -> &[u8] {
        (*self.owner).as_ref()
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.layout.patterns as usize
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of the shortest pattern; 0 when there is none.
    pub fn min_len(&self) -> usize {
        self.layout.min_len
    }

    /// The length of the longest pattern; 0 when there is none. Matches that start in a range end less than this many bytes behind
    /// its last byte: whoever searches a part of a haystack has to give one byte less behind it.
    pub fn max_len(&self) -> usize {
        self.layout.max_len
    }

    /// Which matches are found.
    pub fn kind(&self) -> MatchKind {
        self.layout.kind
    }

    /// True when ASCII letters match those of the other case.
    pub fn is_ascii_case_insensitive(&self) -> bool {
        self.layout.fold
    }

    /// How many bytes the set has, those that it was opened from included.
    pub fn memory_usage(&self) -> usize {
        self.as_bytes().len() + size_of_val(&*self.prepared) + size_of::<Layout>()
    }

    /// A pattern, as it was given.
    ///
    /// # Panics
    ///
    /// Panics when the set has no pattern of this id.
    pub fn pattern(&self, id: PatternId) -> &[u8] {
        let (bytes, layout, id) = (self.as_bytes(), &*self.layout, id.index());
        assert!(id < self.len(), "there is no pattern {id} in a set of {}", self.len());
        if !layout.spelling_ends.is_empty() {
            let ends = elements::<8>(bytes, &layout.spelling_ends);
            let end = |id: usize| ends.get(id).map_or(0, |end| u64::from_le_bytes(*end) as usize);
            let range = id.checked_sub(1).map_or(0, end)..end(id);
            return bytes.get(layout.spellings.clone()).unwrap_or_default().get(range).unwrap_or_default();
        }
        let place = elements::<4>(bytes, &layout.places).get(id).map_or(NONE, |place| word(place, 0));
        let tier = layout.tiers.iter().rev().find(|tier| tier.first_rank <= place && place != NONE);
        tier.map_or(&[], |tier| table::Table::new(bytes, layout, tier, 0).pattern(place - tier.first_rank))
    }

    /// What was chosen to search, in one line for people.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = mapgrep::matcher::set::PatternSet::builder().build(["needle"])?;
    /// assert_eq!(set.description(), "1 pattern of 6 bytes (leftmost-first): SIMD substring search");
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn description(&self) -> String {
        let count = match self.len() {
            1 => "1 pattern".to_owned(),
            count => format!("{count} patterns"),
        };
        let lengths = match (self.min_len(), self.max_len()) {
            (min, max) if min == max => format!("{min} bytes"),
            (min, max) => format!("{min} to {max} bytes"),
        };
        let kind = match self.layout.kind {
            MatchKind::LeftmostFirst => "leftmost-first",
            MatchKind::LeftmostLongest => "leftmost-longest",
            MatchKind::Overlapping => "overlapping",
        };
        let case = if self.layout.fold { ", ASCII case ignored" } else { "" };
        let mut parts: Vec<String> = vec![];
        if !self.layout.empty.is_empty() {
            parts.push("an empty one everywhere".to_owned());
        }
        for (tier, prepared) in self.layout.tiers.iter().zip(&*self.prepared) {
            let of = match self.prepared.len() {
                1 => String::new(),
                _ => format!("{} from {} bytes on by ", tier.ranks, tier.shortest),
            };
            parts.push(of + &prepared.description());
        }
        if parts.is_empty() {
            parts.push("nothing can match".to_owned());
        }
        let borders = self.borders.description();
        format!("{count} of {lengths} ({kind}{case}{borders}): {}", parts.join("; "))
    }

    /// True when a pattern occurs.
    ///
    /// # Complexity
    ///
    /// As [`for_each`](PatternSet::for_each), up to the first match and some hundreds of bytes further.
    pub fn is_match(&self, haystack: &[u8]) -> bool {
        self.for_each(haystack, 0..haystack.len() + 1, |_, _| ControlFlow::Break(())).is_break()
    }

    /// The matches in the haystack, in the order that [`MatchKind`] tells.
    ///
    /// An empty pattern matches at every place, also at the end of the haystack. Where matches do not overlap, an empty match
    /// right behind another match does not count.
    ///
    /// # Complexity
    ///
    /// As [`for_each`](PatternSet::for_each).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = mapgrep::matcher::set::PatternSet::builder().build(["b", "abc"])?;
    /// let found: Vec<_> = set.find_iter(b"abcb").map(|(span, id)| (span.start, id.index())).collect();
    /// assert_eq!(found, [(0, 1), (3, 0)]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn find_iter<'s, 'h>(&'s self, haystack: &'h [u8]) -> FindIter<'s, 'h> {
        FindIter { set: self, haystack, walk: Walk::default(), block: FIRST_BLOCK, found: vec![].into_iter() }
    }

    /// Calls `each` with the matches that start in a range, until it says that it wants no more. The end of the haystack is a place
    /// where an empty pattern matches: the range of all starts is `0..haystack.len() + 1`.
    ///
    /// A match may end behind the range, up to the end of the haystack. Where matches do not overlap, they are those of a walk that
    /// begins with the range; use [`walk`](PatternSet::walk) for parts that are to agree with a whole.
    ///
    /// # Complexity
    ///
    /// Linear in the range and in the matches reported; where many patterns begin alike, and as the haystack does at
    /// many places, times the logarithm of the number of patterns, and times their length.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// let set = mapgrep::matcher::set::PatternSet::builder().build(["ab", "cd"])?;
    /// let first = set.for_each(b"ab cd ab", 1..6, |span, _| ControlFlow::Break(span.start));
    /// assert_eq!(first, ControlFlow::Break(3));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn for_each<B>(
        &self,
        haystack: &[u8],
        starts: Range<usize>,
        each: impl FnMut(Span, PatternId) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.walk(haystack, &mut Walk::new(starts.start), starts.end, each)
    }

    /// As [`for_each`](PatternSet::for_each), for matches that start before `upto`, from where a walk stands. The walk then stands
    /// where that of the following part begins. Where `each` has stopped it, it does not move.
    pub fn walk<B>(
        &self,
        haystack: &[u8],
        walk: &mut Walk,
        upto: usize,
        each: impl FnMut(Span, PatternId) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        Search::new(self, haystack).walk(walk, upto, each)
    }

    /// Calls `each` with the longest pattern that starts at each place in a range, whatever the kind of matches, until it says that it
    /// wants no more. Shorter ones may be reported as well: at most one of those of about the same length.
    pub(crate) fn longest_at_each<B>(
        &self,
        haystack: &[u8],
        starts: Range<usize>,
        each: impl FnMut(Span, PatternId) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut search = Search::new(self, haystack);
        search.kind = MatchKind::Overlapping;
        search.tiers.iter_mut().flatten().for_each(Tier::keep_longest);
        search.walk(&mut Walk::new(starts.start), starts.end, each)
    }

    /// The same patterns with another kind of matches.
    pub(crate) fn with_kind(&self, kind: MatchKind) -> Self {
        PatternSet { layout: Arc::new(Layout { kind, ..(*self.layout).clone() }), ..self.clone() }
    }

    /// The same patterns, which match only where these borders are around them. What is serialised knows nothing of
    /// them.
    pub(super) fn with_borders(self, borders: Borders) -> Self {
        PatternSet { borders, ..self }
    }
}

/// Writes the checksum that these bytes should have, so that tests can damage the rest of a serialised set.
#[doc(hidden)]
pub fn seal(bytes: &mut [u8]) {
    format::seal(bytes);
}

const FIRST_BLOCK: usize = 1 << 9;
const MAX_BLOCK: usize = 1 << 14;
/// How much an iterator looks at in one go.
const FIND_ITER_BLOCK: usize = 1 << 18;
/// About how many matches are kept at once.
const MANY: usize = 1 << 14;

impl fmt::Debug for PatternSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PatternSet").field(&self.description()).finish()
    }
}

/// An iterator over matches; see [`PatternSet::find_iter`].
#[derive(Clone, Debug)]
pub struct FindIter<'s, 'h> {
    set: &'s PatternSet,
    haystack: &'h [u8],
    walk: Walk,
    block: usize,
    found: std::vec::IntoIter<(Span, PatternId)>,
}

impl Iterator for FindIter<'_, '_> {
    type Item = (Span, PatternId);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.found.next() {
                return Some(found);
            }
            if self.walk.at > self.haystack.len() {
                return None;
            }
            let mut found: Vec<(Span, PatternId)> = vec![];
            let upto = self.walk.at + self.block;
            let each = |span: Span, id| {
                match found.last() {
                    // All that start where the last one does are there, so that this is a place to go on from.
                    Some(&(last, _)) if found.len() >= MANY && span.start != last.start => ControlFlow::Break(last),
                    _ => {
                        found.push((span, id));
                        ControlFlow::Continue(())
                    }
                }
            };
            if let ControlFlow::Break(last) = self.set.walk(self.haystack, &mut self.walk, upto, each) {
                self.walk = match self.set.kind() {
                    MatchKind::Overlapping => Walk::new(last.start + 1),
                    _ => Walk { at: last.end.max(last.start + 1), last_end: Some(last.end) },
                };
            }
            self.block = (self.block * 2).min(FIND_ITER_BLOCK);
            self.found = found.into_iter();
        }
    }
}

/// One search: a set whose bytes have been asked for, and a haystack.
struct Search<'s, 'h> {
    haystack: &'h [u8],
    kind: MatchKind,
    borders: Borders,
    patterns: u32,
    /// The ids of empty patterns.
    empty: &'s [[u8; 4]],
    tiers: Vec<Option<Tier<'s>>>,
}

impl<'s, 'h> Search<'s, 'h> {
    fn new(set: &'s PatternSet, haystack: &'h [u8]) -> Self {
        let bytes = set.as_bytes();
        let tier = |(number, prepared)| Tier::new(bytes, &set.layout, number, prepared, set.borders);
        Search {
            haystack,
            kind: set.layout.kind,
            borders: set.borders,
            patterns: set.layout.patterns,
            empty: elements(bytes, &set.layout.empty),
            tiers: set.prepared.iter().enumerate().map(tier).collect(),
        }
    }

    /// Reports what starts before `upto`, and moves the walk there, unless `each` has stopped it.
    fn walk<B>(
        &self,
        walk: &mut Walk,
        upto: usize,
        mut each: impl FnMut(Span, PatternId) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let upto = upto.min(self.haystack.len() + 1);
        let (mut now, mut block, mut found) = (*walk, FIRST_BLOCK, vec![]);
        while now.at < upto {
            let end = upto.min(now.at + block);
            self.block(&mut now, end, &mut found, &mut each)?;
            // Blocks are short at first, for who wants the first match.
            block = (block * 2).min(MAX_BLOCK);
        }
        *walk = now;
        ControlFlow::Continue(())
    }

    /// Reports what starts between the walk and `end`, and moves the walk there, or to the end of the last match. Where there
    /// are many matches, it does not get that far.
    #[inline]
    fn block<B>(
        &self,
        walk: &mut Walk,
        end: usize,
        found: &mut Vec<Found>,
        each: &mut impl FnMut(Span, PatternId) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let (base, mut end) = (walk.at, end);
        found.clear();
        for tier in self.tiers.iter().flatten() {
            let to = end.min(self.haystack.len());
            let before = found.len();
            let reached = tier.find(self.haystack, base, to, before + MANY, found);
            if reached < to {
                end = reached;
            }
        }
        if self.tiers.len() > 1 {
            found.retain(|found| base + (found.start as usize) < end);
            // Sequences that ascend, which a stable sort finds and merges. Later tiers have longer patterns.
            found.sort_by_key(|found| (found.start, found.tier));
        }
        if !self.empty.is_empty() {
            return self.report_with_empty(walk, end, found, each);
        }
        match self.kind {
            MatchKind::Overlapping => {
                for &found in &*found {
                    self.report(base, found, each)?;
                }
                walk.at = end;
            }
            MatchKind::LeftmostFirst | MatchKind::LeftmostLongest => {
                let mut next = base;
                let mut rest = &found[..];
                while let Some(&first) = rest.first() {
                    let here = rest.iter().take_while(|found| found.start == first.start).count();
                    let start = base + first.start as usize;
                    if start >= next
                        && let Some((span, id)) = self.best(base, &rest[..here])
                    {
                        each(span, id)?;
                        next = span.end;
                        walk.last_end = Some(next);
                    }
                    rest = &rest[here..];
                }
                walk.at = end.max(next);
            }
        }
        ControlFlow::Continue(())
    }

    /// As [`block`](Search::block), where empty patterns match at every place that has borders.
    fn report_with_empty<B>(
        &self,
        walk: &mut Walk,
        end: usize,
        found: &[Found],
        each: &mut impl FnMut(Span, PatternId) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let base = walk.at;
        let mut rest = found;
        let mut next_empty = None;
        while walk.at < end {
            let before = rest.iter().take_while(|found| base + (found.start as usize) < walk.at).count();
            rest = &rest[before..];
            let empty_at = match next_empty {
                Some(place) if place >= walk.at => place,
                _ => *next_empty.insert(self.borders.next_empty(self.haystack, walk.at, end)),
            };
            let at = rest.first().map_or(end, |found| base + found.start as usize).min(empty_at);
            walk.at = at;
            if at >= end {
                break;
            }
            let here = rest.iter().take_while(|found| base + found.start as usize == at).count();
            let (here, empty, is_empty_here) = (&rest[..here], Span::new(at, at), empty_at == at);
            if self.kind == MatchKind::Overlapping {
                let empties = if is_empty_here { self.empty } else { &[] };
                for id in empties.iter().map(|id| word(id, 0)).filter(|&id| id < self.patterns) {
                    each(empty, PatternId::new(id as usize))?;
                }
                for &found in here {
                    self.report(base, found, each)?;
                }
                walk.at = at + 1;
                continue;
            }
            let first_empty = PatternId::new(word(&self.empty[0], 0) as usize);
            let is_better = |id| self.kind != MatchKind::LeftmostFirst || !is_empty_here || id < first_empty;
            let best = self.best(base, here).filter(|&(_, id)| is_better(id));
            match best {
                Some((span, id)) => {
                    each(span, id)?;
                    *walk = Walk { at: span.end, last_end: Some(span.end) };
                }
                None => {
                    if is_empty_here && walk.last_end != Some(at) && first_empty.index() < self.patterns as usize {
                        each(empty, first_empty)?;
                    }
                    walk.at = at + 1;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Of matches that start at one place, the one that counts where matches do not overlap.
    fn best(&self, base: usize, here: &[Found]) -> Option<(Span, PatternId)> {
        let ids = here.iter().filter_map(|found| {
            let id = self.table(found.tier)?.first_id(found.rank);
            self.span(base, found, id)
        });
        match self.kind {
            MatchKind::LeftmostLongest => ids.max_by_key(|(span, _)| span.end),
            _ => ids.min_by_key(|&(_, id)| id),
        }
    }

    /// Reports all ids of a pattern.
    #[inline(always)]
    fn report<B>(
        &self,
        base: usize,
        found: Found,
        each: &mut impl FnMut(Span, PatternId) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        for id in self.table(found.tier).into_iter().flat_map(|table| table.ids(found.rank)) {
            if let Some((span, id)) = self.span(base, &found, id) {
                each(span, id)?;
            }
        }
        ControlFlow::Continue(())
    }

    #[inline(always)]
    fn table(&self, tier: u32) -> Option<&table::Table<'s>> {
        self.tiers.get(tier as usize)?.as_ref().map(Tier::table)
    }

    /// The match, unless tables that are damaged have led to one that cannot be.
    #[inline(always)]
    fn span(&self, base: usize, found: &Found, id: u32) -> Option<(Span, PatternId)> {
        let start = base + found.start as usize;
        let end = start + found.len as usize;
        (end <= self.haystack.len() && id < self.patterns).then(|| (Span::new(start, end), PatternId::new(id as usize)))
    }
}
