//! Which of the patterns matched: their numbers next to what they found, and how many lines each of them matches.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use mapgrep::{
    PatternId, Span,
    grep::{Format, Line, LineKind, LongMatches},
    matcher::regex_set::{LinePatterns, RegexSet, SetCache},
};

/// The patterns, told apart.
#[derive(Debug)]
pub(crate) struct PatternIds {
    set: RegexSet,
    /// The number of each, as people know it: its place among all that were given, counted from 1.
    numbers: Vec<u64>,
    /// Caches that nobody is using.
    caches: Mutex<Vec<SetCache>>,
}

/// What stands in front of a line, and in front of each match in it.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) line: String,
    pub(crate) matches: Vec<String>,
}

impl PatternIds {
    pub(crate) fn new(set: RegexSet, numbers: Vec<u64>) -> Self {
        PatternIds { set, numbers, caches: Mutex::new(vec![]) }
    }

    /// How the patterns are found.
    pub(crate) fn description(&self) -> String {
        self.set.description()
    }

    /// The patterns that match on a line.
    pub(crate) fn matching(&self, line: &[u8]) -> LinePatterns {
        self.with_cache(|cache| self.set.on_line(cache, line))
    }

    /// Which of these found the match that starts at `place`.
    pub(crate) fn at(&self, line: &[u8], place: usize, matching: &LinePatterns) -> Option<PatternId> {
        match matching.ids() {
            [one] => Some(*one),
            _ => self.with_cache(|cache| self.set.first_at(cache, line, place, matching)),
        }
    }

    pub(crate) fn numbers(&self, matching: &LinePatterns) -> Vec<u64> {
        matching.ids().iter().map(|id| self.number(*id)).collect()
    }

    /// What stands in front of a line, and in front of these matches in it.
    pub(crate) fn fields(&self, line: &[u8], matches: &[Span]) -> Fields {
        let matching = self.matching(line);
        let text = |id: &PatternId| self.number(*id).to_string();
        let of_match = |m: &Span| self.at(line, m.start, &matching).as_ref().map_or(String::new(), text);
        Fields {
            line: matching.ids().iter().map(text).collect::<Vec<_>>().join(","),
            matches: matches.iter().map(of_match).collect(),
        }
    }

    /// Calls `each` with the patterns that match on a line.
    fn each_of_line(&self, line: &[u8], each: impl FnMut(&PatternId)) {
        self.with_cache(|cache| self.set.matches(cache, line).iter().for_each(each));
    }

    /// The number by which people know a pattern.
    pub(crate) fn number(&self, id: PatternId) -> u64 {
        self.numbers[id.index()]
    }

    fn with_cache<T>(&self, run: impl FnOnce(&mut SetCache) -> T) -> T {
        let lock = || self.caches.lock().unwrap_or_else(PoisonError::into_inner);
        let spare = lock().pop();
        let mut cache = spare.unwrap_or_else(|| self.set.create_cache());
        let result = run(&mut cache);
        // What a panic left behind is not used again.
        lock().push(cache);
        result
    }
}

/// Counts on how many lines of a file each pattern matches, in place of showing these lines.
pub(crate) struct PatternCounts<'a> {
    ids: &'a PatternIds,
    counts: Vec<AtomicU64>,
    /// All matches are counted, too.
    wants_matches: bool,
}

impl<'a> PatternCounts<'a> {
    pub(crate) fn new(ids: &'a PatternIds, wants_matches: bool) -> Self {
        PatternCounts { ids, wants_matches, counts: ids.numbers.iter().map(|_| AtomicU64::new(0)).collect() }
    }

    /// The number of each pattern, its index, and on how many lines it was found, in the order in which they were
    /// given.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (u64, usize, u64)> + '_ {
        let counts = self.ids.numbers.iter().zip(&self.counts).enumerate();
        counts.map(|(index, (number, count))| (*number, index, count.load(Ordering::Relaxed)))
    }
}

impl Format for PatternCounts<'_> {
    fn wants_matches(&self) -> bool {
        self.wants_matches
    }

    fn line(&self, line: &Line<'_>, _: &mut Vec<u8>) {
        if line.kind == LineKind::Match {
            self.ids.each_of_line(line.bytes, |id| _ = self.counts[id.index()].fetch_add(1, Ordering::Relaxed));
        }
    }

    fn long_line(&self, line: &Line<'_>, _: &LongMatches<'_>, _: &mut dyn FnMut(&[u8])) {
        self.line(line, &mut vec![]);
    }
}
