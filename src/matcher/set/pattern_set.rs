//! A set of byte strings, opened from its bytes.

use std::{fmt, ops::ControlFlow, ops::Range, sync::Arc};

use super::{
    automaton::Automata,
    borders::Borders,
    format::{Layout, elements},
    kind::MatchKind,
    search::{FIRST_BLOCK, MANY, Search},
    table::{self, NONE, word},
    tiers::{Prepared, Tier},
    walk::Walk,
};
use crate::{
    error::Error,
    span::{Match, PatternId},
};

/// Byte strings to search for.
///
/// A clone shares the bytes of the set.
#[derive(Clone)]
pub struct PatternSet {
    owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    pub(super) layout: Arc<Layout>,
    prepared: Arc<[Prepared]>,
    pub(super) automata: Arc<Automata>,
    borders: Borders,
}

// The owner is asked for its bytes and nothing else, which changes nothing.
impl std::panic::UnwindSafe for PatternSet {}
impl std::panic::RefUnwindSafe for PatternSet {}

impl PatternSet {
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

    pub(super) fn open(owner: Arc<dyn AsRef<[u8]> + Send + Sync>, layout: Layout) -> Result<Self, Error> {
        let bytes = (*owner).as_ref();
        let prepared = layout.tiers.iter().map(|tier| Prepared::new(bytes, &layout, tier)).collect::<Result<_, _>>()?;
        Ok(PatternSet { owner, layout: Arc::new(layout), prepared, automata: Arc::default(), borders: Borders::None })
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

    /// The length of the longest pattern; 0 when there is none. Matches that start in a range end less than this many
    /// bytes behind its last byte: whoever searches a part of a haystack has to give one byte less behind it.
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

    /// How many bytes the set has, those that it was opened from included, and the automata that searches have built.
    pub fn memory_usage(&self) -> usize {
        let automata = self.automata.memory_usage();
        self.as_bytes().len() + size_of_val(&*self.prepared) + size_of::<Layout>() + automata
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

    /// What was chosen to search, in one line for people. Names an automaton when one was built.
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
        if self.automata.is_built() {
            parts.push("an Aho-Corasick automaton where candidates are costly".to_owned());
        }
        format!("{count} of {lengths} ({kind}{case}{borders}): {}", parts.join("; "))
    }

    /// True when a pattern occurs.
    ///
    /// # Complexity
    ///
    /// As [`for_each`](PatternSet::for_each), up to the first match and some hundreds of bytes further.
    pub fn is_match(&self, haystack: &[u8]) -> bool {
        self.for_each(haystack, 0..haystack.len() + 1, |_| ControlFlow::Break(())).is_break()
    }

    /// The matches in the haystack, in the order that [`MatchKind`] tells.
    ///
    /// An empty pattern matches at every place, also at the end of the haystack. Where matches do not overlap, an empty
    /// match right behind another match does not count.
    ///
    /// # Complexity
    ///
    /// As [`for_each`](PatternSet::for_each).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = mapgrep::matcher::set::PatternSet::builder().build(["b", "abc"])?;
    /// let found: Vec<_> = set.find_iter(b"abcb").map(|m| (m.start, m.pattern.index())).collect();
    /// assert_eq!(found, [(0, 1), (3, 0)]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn find_iter<'s, 'h>(&'s self, haystack: &'h [u8]) -> FindIter<'s, 'h> {
        FindIter { set: self, haystack, walk: Walk::default(), block: FIRST_BLOCK, found: vec![].into_iter() }
    }

    /// Calls `each` with the matches that start in a range, until it says that it wants no more. The end of the
    /// haystack is a place where an empty pattern matches: the range of all starts is `0..haystack.len() + 1`.
    ///
    /// A match may end behind the range, up to the end of the haystack. Where matches do not overlap, they are those of
    /// a walk that begins with the range; use [`walk`](PatternSet::walk) for parts that are to agree with a whole.
    ///
    /// # Complexity
    ///
    /// Linear in the range and in the matches reported, whatever the patterns are; for patterns of more than 4 MiB in
    /// all, where many of them begin alike, and as the haystack does at many places, times the logarithm of their
    /// number, and times their length.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// let set = mapgrep::matcher::set::PatternSet::builder().build(["ab", "cd"])?;
    /// let first = set.for_each(b"ab cd ab", 1..6, |m| ControlFlow::Break(m.start));
    /// assert_eq!(first, ControlFlow::Break(3));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn for_each<B>(
        &self,
        haystack: &[u8],
        starts: Range<usize>,
        each: impl FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.walk(haystack, &mut Walk::new(starts.start), starts.end, each)
    }

    /// As [`for_each`](PatternSet::for_each), for matches that start before `upto`, from where a walk stands. The walk
    /// then stands where that of the following part begins. Where `each` has stopped it, it does not move.
    pub fn walk<B>(
        &self,
        haystack: &[u8],
        walk: &mut Walk,
        upto: usize,
        each: impl FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.search(haystack).walk(walk, upto, each)
    }

    /// Calls `each` with the longest pattern that starts at each place in a range, whatever the kind of matches, until
    /// it says that it wants no more. Shorter ones may be reported as well: at most one of those of about the same
    /// length.
    pub(crate) fn longest_at_each<B>(
        &self,
        haystack: &[u8],
        starts: Range<usize>,
        each: impl FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut search = self.search(haystack);
        search.kind = MatchKind::Overlapping;
        search.automata = None;
        search.tiers.iter_mut().flatten().for_each(Tier::keep_longest);
        search.walk(&mut Walk::new(starts.start), starts.end, each)
    }

    /// One search: the bytes of the set are asked for once.
    pub(super) fn search<'h>(&self, haystack: &'h [u8]) -> Search<'_, 'h> {
        let (bytes, layout) = (self.as_bytes(), &*self.layout);
        let tier = |(number, prepared)| Tier::new(bytes, layout, number, prepared, self.borders);
        Search {
            haystack,
            kind: layout.kind,
            borders: self.borders,
            patterns: layout.patterns,
            empty: elements(bytes, &layout.empty),
            tiers: self.prepared.iter().enumerate().map(tier).collect(),
            automata: Some(&*self.automata).filter(|_| self.len() > 1),
        }
    }

    /// The same patterns with another kind of matches.
    pub(crate) fn with_kind(&self, kind: MatchKind) -> Self {
        PatternSet {
            layout: Arc::new(Layout { kind, ..(*self.layout).clone() }),
            automata: Arc::default(),
            ..self.clone()
        }
    }

    /// The same patterns, which match only where these borders are around them. What is serialised knows nothing of
    /// them.
    pub(crate) fn with_borders(self, borders: Borders) -> Self {
        PatternSet { borders, ..self }
    }
}

/// How much an iterator looks at in one go.
const FIND_ITER_BLOCK: usize = 1 << 18;

impl fmt::Debug for PatternSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PatternSet").field(&self.description()).finish()
    }
}

/// An iterator over matches; see [`PatternSet::find_iter`].
#[derive(Clone, Debug)]
pub struct FindIter<'s, 'h> {
    pub(super) set: &'s PatternSet,
    pub(super) haystack: &'h [u8],
    walk: Walk,
    block: usize,
    pub(super) found: std::vec::IntoIter<Match>,
}

impl Iterator for FindIter<'_, '_> {
    type Item = Match;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.found.next() {
                return Some(found);
            }
            if self.walk.at > self.haystack.len() {
                return None;
            }
            let mut found: Vec<Match> = vec![];
            let upto = self.walk.at + self.block;
            let each = |m: Match| {
                match found.last() {
                    // All that start where the last one does are there, so that this is a place to go on from.
                    Some(&last) if found.len() >= MANY && m.start != last.start => ControlFlow::Break(last),
                    _ => {
                        found.push(m);
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
