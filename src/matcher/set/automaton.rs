//! Automata for text on which it does not pay to look for candidates.
//!
//! A filter is fast where few places pass it, and a bucket is compared fast where patterns do not begin alike. There is
//! text on which neither is so: short patterns match everywhere, or patterns are long runs of what the text is a long
//! run of. An automaton takes about the same time for each byte whatever the text. It is built in far more time than a
//! set, and takes more memory; so searches keep account of their [`work`](super::table::Findings::work), and build it
//! when they have lost as much as it takes to build.
//!
//! From then on a search that finds candidates to be costly goes on with the automaton for a stretch. Then it tries
//! candidates again, for a few bytes; each stretch is twice as long as the one before, until candidates pay again.
//!
//! The automata are those of the crate aho-corasick (A. Aho, M. Corasick, *Efficient String Matching*, 1975).

use std::{
    collections::BTreeSet,
    ops::{ControlFlow, Range},
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use aho_corasick::{
    Anchored,
    automaton::{Automaton as Steps, Candidate, StateID},
    dfa::DFA,
    nfa::contiguous::NFA,
};

use super::{
    kind::MatchKind,
    table::{Found, Table},
    walk::Walk,
};
use crate::span::{Match, PatternId, Span};

/// More matches than this are not kept at once, but for those of the longest pattern's bytes.
const MANY: usize = 1 << 16;

const BLOCK: usize = 1 << 14;

/// For patterns of more bytes than this no automaton is built: it would take hundreds of megabytes.
const MOST_BYTES: usize = 4 << 20;

/// So many matches are kept at once where patterns are nested as deep as their lengths allow: see `gather`.
const MOST_HITS: usize = 8 << 20;

/// So many patterns and fewer are a DFA, as the crate chooses.
const MOST_IN_DFA: usize = 100;

/// About how long it takes to build an automaton for each byte of the patterns, in the unit of work.
const BUILDING_DFA: u64 = 5_000;
const BUILDING_NFA: u64 = 300;

/// What an automaton takes for a byte, and for a match, in the unit of work.
const BYTE_OF_PREFILTER: u64 = 1;
const BYTE_OF_DFA: u64 = 2;
const BYTE_OF_NFA: u64 = 4;
const MATCH: u64 = 10;

/// The automata of a set, which are built when they are needed.
#[derive(Debug, Default)]
pub(super) struct Automata {
    /// How much more searches did than an automaton would have.
    lost: AtomicU64,
    /// Whether all patterns begin with a few bytes, for which an automaton looks much faster than it goes.
    begins_alike: OnceLock<bool>,
    is_building: AtomicBool,
    not_overlapping: OnceLock<Option<Automaton>>,
    overlapping: OnceLock<Option<Automaton>>,
}

#[derive(Debug)]
pub(super) struct Automaton {
    states: States,
    /// What each of its patterns is in the set.
    patterns: Vec<Pattern>,
    longest: usize,
}

#[derive(Debug)]
enum States {
    Dfa(DFA),
    Nfa(NFA),
}

#[derive(Clone, Copy, Debug)]
struct Pattern {
    tier: u32,
    rank: u32,
    len: u32,
    /// The lowest id.
    id: u32,
    /// There are other ids.
    has_more: bool,
}

/// How many bytes of the haystack an automaton is given: more and more, as long as candidates do not pay.
#[derive(Debug)]
pub(super) struct Stretch(usize);

impl Default for Stretch {
    fn default() -> Self {
        Stretch(Self::SHORTEST)
    }
}

impl Stretch {
    const SHORTEST: usize = 64 << 10;
    const LONGEST: usize = 64 << 20;

    pub(super) fn next(&mut self) -> usize {
        let now = self.0;
        self.0 = (2 * now).min(Self::LONGEST);
        now
    }
}

impl Automata {
    fn built(&self) -> impl Iterator<Item = &Automaton> {
        [&self.not_overlapping, &self.overlapping].into_iter().filter_map(|automaton| automaton.get()?.as_ref())
    }

    /// True when a search has built an automaton.
    pub(super) fn is_built(&self) -> bool {
        self.built().next().is_some()
    }

    /// How many bytes the automata have.
    pub(super) fn memory_usage(&self) -> usize {
        self.built().map(Automaton::memory_usage).sum()
    }

    /// The automaton for matches of a kind. None as long as it has not paid to build one. `work` is what was done for
    /// so many bytes of the haystack and matches of the set.
    pub(super) fn instead<'s>(
        &self,
        kind: MatchKind,
        tables: impl Iterator<Item = &'s Table<'s>> + Clone,
        ids: u32,
        (work, bytes, matches): (u64, usize, usize),
    ) -> Option<&Automaton> {
        if work <= BYTE_OF_PREFILTER * bytes as u64 {
            return None;
        }
        let count: usize = tables.clone().map(|table| table.len() as usize).sum();
        let is_dfa = count <= MOST_IN_DFA;
        let begins_alike = self.begins_alike.get_or_init(|| begin_alike(tables.clone()));
        let per_byte = match (begins_alike, is_dfa) {
            (true, _) => BYTE_OF_PREFILTER,
            (false, true) => BYTE_OF_DFA,
            (false, false) => BYTE_OF_NFA,
        };
        let lost = work.checked_sub(per_byte * bytes as u64 + MATCH * matches as u64)?;
        let automaton = match kind {
            MatchKind::Overlapping => &self.overlapping,
            MatchKind::LeftmostFirst | MatchKind::LeftmostLongest => &self.not_overlapping,
        };
        if let Some(built) = automaton.get() {
            return built.as_ref();
        }
        let all = self.lost.fetch_add(lost, Ordering::Relaxed) + lost;
        let size: usize = tables.clone().map(Table::text_len).sum();
        if all < size as u64 * if is_dfa { BUILDING_DFA } else { BUILDING_NFA } {
            return None;
        }
        // One thread builds it; the others go on without.
        if self.is_building.swap(true, Ordering::Relaxed) {
            return None;
        }
        let built = Automaton::new(kind, tables, ids, is_dfa);
        let built = automaton.get_or_init(|| built).as_ref();
        self.is_building.store(false, Ordering::Relaxed);
        built
    }
}

impl Automaton {
    /// An automaton for all of a set, whose ids are less than `ids`. None where it would be too large.
    pub(super) fn new<'s>(
        kind: MatchKind,
        tables: impl Iterator<Item = &'s Table<'s>>,
        ids: u32,
        is_dfa: bool,
    ) -> Option<Self> {
        let (mut patterns, mut fold) = (vec![], false);
        for table in tables {
            fold = table.folds();
            patterns.extend((0..table.len()).map(|rank| {
                let text = table.pattern(rank);
                let (tier, id, has_more) = (table.number(), table.first_id(rank), table.ids(rank).nth(1).is_some());
                (Pattern { tier, rank, len: text.len() as u32, id, has_more }, text)
            }));
        }
        // Tables that are damaged may have anything.
        patterns.retain(|(pattern, text)| pattern.id < ids && !text.is_empty());
        // Of matches at one place the automaton prefers the pattern that was given to it first.
        patterns.sort_unstable_by_key(|(pattern, _)| pattern.id);
        let longest = patterns.iter().map(|(_, text)| text.len()).max()?;
        if patterns.iter().map(|(_, text)| text.len()).sum::<usize>() > MOST_BYTES {
            return None;
        }
        let lengths: BTreeSet<u32> = patterns.iter().map(|(pattern, _)| pattern.len).collect();
        if kind == MatchKind::Overlapping && 2 * longest * lengths.len() > MOST_HITS {
            return None;
        }
        let kind = match kind {
            MatchKind::LeftmostFirst => aho_corasick::MatchKind::LeftmostFirst,
            MatchKind::LeftmostLongest => aho_corasick::MatchKind::LeftmostLongest,
            MatchKind::Overlapping => aho_corasick::MatchKind::Standard,
        };
        let texts = patterns.iter().map(|(_, text)| text);
        let states = match is_dfa {
            true => States::Dfa(DFA::builder().match_kind(kind).ascii_case_insensitive(fold).build(texts).ok()?),
            false => States::Nfa(NFA::builder().match_kind(kind).ascii_case_insensitive(fold).build(texts).ok()?),
        };
        Some(Automaton { states, patterns: patterns.into_iter().map(|(pattern, _)| pattern).collect(), longest })
    }

    /// How many starts are gathered in one go, where there are few matches. What is behind them is read twice.
    pub(super) fn block(&self) -> usize {
        BLOCK.max(4 * self.longest)
    }

    fn memory_usage(&self) -> usize {
        let states = match &self.states {
            States::Dfa(dfa) => dfa.memory_usage(),
            States::Nfa(nfa) => nfa.memory_usage(),
        };
        states + size_of_val(&self.patterns[..])
    }

    /// Calls `each` with the matches that do not overlap and start between the walk and `upto`, and moves the walk
    /// there, or to the end of the last match. Their patterns are those with the lowest ids.
    pub(super) fn walk<B>(
        &self,
        haystack: &[u8],
        walk: &mut Walk,
        upto: usize,
        each: &mut impl FnMut(Match) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        // What starts before `upto` ends here.
        let haystack = &haystack[..haystack.len().min(upto + self.longest - 1)];
        while walk.at < upto {
            let found = match &self.states {
                States::Dfa(dfa) => find(dfa, haystack, walk.at),
                States::Nfa(nfa) => find(nfa, haystack, walk.at),
            };
            match found {
                Some((span, pattern)) if span.start < upto => {
                    each(Match::new(span, PatternId::new(self.patterns[pattern].id as usize)))?;
                    *walk = Walk::after(span.end);
                }
                _ => walk.at = upto,
            }
        }
        ControlFlow::Continue(())
    }

    /// Collects all matches that start in a range, ascending by start, then by length. Says up to where all are there:
    /// less than the range where there are many.
    pub(super) fn gather(&self, haystack: &[u8], starts: Range<usize>, hits: &mut Hits) -> usize {
        hits.list.clear();
        let haystack = &haystack[..haystack.len().min(starts.end + self.longest - 1)];
        let upto = match &self.states {
            States::Dfa(dfa) => self.gather_by(dfa, haystack, starts.clone(), &mut hits.list),
            States::Nfa(nfa) => self.gather_by(nfa, haystack, starts.clone(), &mut hits.list),
        };
        hits.sort_by_start(upto - starts.start);
        upto
    }

    fn gather_by<A: Steps>(
        &self,
        automaton: &A,
        haystack: &[u8],
        Range { start: from, end: upto }: Range<usize>,
        hits: &mut Vec<Hit>,
    ) -> usize {
        let mut state = start(automaton);
        let Some(mut at) = possible_start(automaton, haystack, from) else { return upto };
        while at < haystack.len() {
            state = automaton.next_state(Anchored::No, state, haystack[at]);
            at += 1;
            if !automaton.is_special(state) {
                continue;
            }
            if !automaton.is_match(state) {
                if automaton.is_start(state) {
                    let Some(start) = possible_start(automaton, haystack, at) else { break };
                    at = start;
                }
                continue;
            }
            for index in 0..automaton.match_len(state) {
                let pattern = automaton.match_pattern(state, index);
                let start = at - automaton.pattern_len(pattern);
                if start < upto {
                    hits.push(Hit { start: (start - from) as u32, pattern: pattern.as_u32() });
                }
            }
            // What starts before this has ended. The longest pattern is read twice for each part then.
            let complete = (at + 1).saturating_sub(self.longest);
            if hits.len() > MANY && complete >= from + self.longest {
                return complete.min(upto);
            }
        }
        upto
    }

    /// What a hit is, as candidates that were verified are reported.
    #[inline]
    pub(super) fn found(&self, hit: Hit) -> Found {
        let Pattern { tier, rank, len, .. } = self.patterns[hit.pattern as usize];
        Found { start: hit.start, len, rank, tier }
    }

    /// The match of a hit, if its pattern has one id only. `base` is where the range of starts began.
    #[inline]
    pub(super) fn match_of(&self, base: usize, hit: Hit) -> Option<Match> {
        let Pattern { len, id, has_more, .. } = self.patterns[hit.pattern as usize];
        let start = base + hit.start as usize;
        (!has_more).then(|| Match { start, end: start + len as usize, pattern: PatternId::new(id as usize) })
    }
}

/// Whether the patterns begin with few different bytes.
fn begin_alike<'s>(tables: impl Iterator<Item = &'s Table<'s>>) -> bool {
    /// As many as the crate looks for at once.
    const FEW: usize = 3;
    let mut firsts: Vec<u8> = vec![];
    for table in tables {
        for first in (0..table.len()).filter_map(|rank| table.pattern(rank).first()) {
            let cases = if table.folds() { [*first, first.to_ascii_uppercase()] } else { [*first; 2] };
            for first in cases {
                if !firsts.contains(&first) {
                    firsts.push(first);
                }
            }
            if firsts.len() > FEW {
                return false;
            }
        }
    }
    true
}

fn start<A: Steps>(automaton: &A) -> StateID {
    automaton.start_state(Anchored::No).expect("automata for searches that are not anchored")
}

/// The first match at or after `at`, and its pattern.
#[inline]
fn find<A: Steps>(automaton: &A, haystack: &[u8], mut at: usize) -> Option<(Span, usize)> {
    let (mut state, mut last) = (start(automaton), None);
    if automaton.prefilter().is_some() {
        at = possible_start(automaton, haystack, at)?;
    }
    while at < haystack.len() {
        state = automaton.next_state(Anchored::No, state, haystack[at]);
        at += 1;
        if automaton.is_special(state) {
            if automaton.is_match(state) {
                let pattern = automaton.match_pattern(state, 0);
                last = Some((Span::new(at - automaton.pattern_len(pattern), at), pattern.as_usize()));
            } else if automaton.is_dead(state) {
                break;
            } else if last.is_none() && automaton.is_start(state) {
                at = possible_start(automaton, haystack, at)?;
            }
        }
    }
    last
}

/// Where a match could start at the earliest, from `at` on. None when there is none.
#[inline]
fn possible_start<A: Steps>(automaton: &A, haystack: &[u8], at: usize) -> Option<usize> {
    let Some(prefilter) = automaton.prefilter() else { return Some(at) };
    match prefilter.find_in(haystack, aho_corasick::Span { start: at, end: haystack.len() }) {
        Candidate::None => None,
        Candidate::Match(m) => Some(m.start()),
        Candidate::PossibleStartOfMatch(start) => Some(start),
    }
}

/// A match: where it starts, from the start of a range on, and the pattern's number in the automaton.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hit {
    start: u32,
    pattern: u32,
}

/// Matches, and room to sort them.
#[derive(Debug, Default)]
pub(super) struct Hits {
    pub(super) list: Vec<Hit>,
    sorted: Vec<Hit>,
    counts: Vec<u32>,
}

impl Hits {
    /// Sorts by start what ascends by end; what does not start within `len` bytes is left out.
    fn sort_by_start(&mut self, len: usize) {
        // Where that many start at each byte, few are in order.
        if self.list.len() > 4 * len || !insert_by_start(&mut self.list) {
            self.distribute_by_start();
        }
        let within = self.list.partition_point(|hit| (hit.start as usize) < len);
        self.list.truncate(within);
    }

    /// Sorts in linear time, stably.
    fn distribute_by_start(&mut self) {
        let most = self.list.iter().map(|hit| hit.start as usize).max().unwrap_or(0);
        self.counts.clear();
        self.counts.resize(most + 2, 0);
        for hit in &self.list {
            self.counts[hit.start as usize + 1] += 1;
        }
        for start in 1..self.counts.len() {
            self.counts[start] += self.counts[start - 1];
        }
        self.sorted.clear();
        self.sorted.resize(self.list.len(), Hit::default());
        for hit in &self.list {
            let place = &mut self.counts[hit.start as usize];
            self.sorted[*place as usize] = *hit;
            *place += 1;
        }
        std::mem::swap(&mut self.list, &mut self.sorted);
    }
}

/// Sorts by insertion, stably, which is fastest where few are out of order. False where there are too many, and not all
/// are sorted; then the order of those with the same start is as it was.
fn insert_by_start(hits: &mut [Hit]) -> bool {
    let mut moves = 4 * hits.len();
    for at in 1..hits.len() {
        let (hit, mut place) = (hits[at], at);
        while place > 0 && hits[place - 1].start > hit.start {
            hits[place] = hits[place - 1];
            place -= 1;
        }
        hits[place] = hit;
        moves = moves.saturating_sub(at - place);
        if moves == 0 {
            return false;
        }
    }
    true
}
