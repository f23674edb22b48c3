//! A regex as an automaton with all its states, for regexes that have few.
//!
//! The meta engine sets up each search anew, and runs over a match twice, which is much where matches are short and
//! many. Here a search is a loop over a table, in two ways:
//!
//! * Where a match is: the bytes that a match can begin with are looked for, and from each such place an *anchored*
//!   automaton tells whether and how far a match goes. That is not linear when many beginnings come to nothing, so
//!   such a search gives up after a while.
//! * Whether there is a match, and on which line: one pass of an *unanchored* automaton, 16 states of which fit into a
//!   vector (see [`Steps`]).
//!
//! Where a regex has large Unicode classes or Unicode word boundaries, its automaton is made for ASCII alone, and
//! gives up at any other byte. What to do when it gives up is the caller's business.
//!
//! The automata are those of regex-automata, copied into tables with a row of 256 states for each byte: no state and
//! no byte is out of their bounds, and no classes of bytes have to be looked up. They report a match one byte late,
//! when they have seen what comes behind it.

use std::collections::{HashMap, HashSet};

use regex_automata::{
    Anchored, MatchKind,
    dfa::{Automaton as _, StartError, StartKind, dense},
    nfa::thompson::{self, WhichCaptures},
    util::{look::LookMatcher, primitives::StateID, start},
};
use regex_syntax::hir::Hir;

use crate::{
    matcher::{regex::steps::Steps, syntax::translate, terminator::LineTerminator},
    simd::byteset::ByteSet,
    span::Span,
};

/// The largest NFA from which an automaton is made. The time for that grows with the product of the sizes of both; this
/// keeps it within a millisecond or so.
const NFA_STATES: usize = 400;

/// The memory that such an NFA may take.
const NFA_SIZE: usize = 256 << 10;

/// How many states are built at most, anchored and unanchored ones together.
const DFA_STATES: usize = 400;

/// What may be spent on beginnings of matches that come to nothing, in steps, before a search gives up; every byte that
/// it got ahead adds two.
const BUDGET: usize = 128;

/// What a beginning that comes to nothing costs beside its steps.
const ATTEMPT: usize = 8;

#[derive(Clone, Debug)]
pub(crate) struct Dfa {
    /// The bytes that a match can begin with, and those at which the automaton gives up.
    first: ByteSet,
    anchored: Table,
    unanchored: Table,
    steps: Option<Steps>,
    only_ascii: bool,
}

/// How far a search went that did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GaveUp {
    /// No match starts before this offset, or, for [`Dfa::find_end`], ends there or before.
    pub(crate) at: usize,
}

impl Dfa {
    /// The automata of a regex that matches no empty string. None when they are too large.
    pub(crate) fn new(hir: &Hir, terminator: LineTerminator) -> Option<Self> {
        debug_assert!(!translate::may_be_empty(hir));
        let only_ascii = translate::is_large_beyond_ascii(hir);
        let hir = if only_ascii { &translate::ascii_part(hir.clone()) } else { hir };
        let mut look = LookMatcher::new();
        look.set_line_terminator(terminator.byte());
        let config = thompson::Config::new()
            .utf8(false)
            .nfa_size_limit(Some(NFA_SIZE))
            .which_captures(WhichCaptures::None)
            .look_matcher(look);
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(hir).ok()?;
        if nfa.states().len() > NFA_STATES {
            return None;
        }
        let row = nfa.byte_classes().alphabet_len().next_power_of_two() * size_of::<u32>();
        let mut config = dense::Config::new()
            .match_kind(MatchKind::LeftmostFirst)
            .start_kind(StartKind::Both)
            .accelerate(false)
            .dfa_size_limit(Some(DFA_STATES * row + 4096))
            .determinize_size_limit(Some(1 << 20));
        if only_ascii {
            config = (0x80..=0xFF).fold(config, |config, byte| config.quit(byte, true));
        }
        let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        let looks_at_words = nfa.look_set_any().contains_word();
        let anchored = Table::new(&dfa, Anchored::Yes, looks_at_words)?;
        let unanchored = Table::new(&dfa, Anchored::No, looks_at_words)?;
        let first = ByteSet::new(|byte| anchored.starts().any(|start| anchored.step(start, byte) != Table::DEAD));
        let steps = Steps::new(unanchored.states, Table::MATCH + 1, |state, byte| unanchored.step(state, byte));
        Some(Dfa { first, anchored, unanchored, steps, only_ascii })
    }

    /// The first match that starts at or after `at`. This gives up at a byte that it was not made for, and when it
    /// takes longer than a linear search.
    pub(crate) fn find(&self, haystack: &[u8], at: usize) -> Result<Option<Span>, GaveUp> {
        let mut spent = 0;
        let mut from = at;
        while let Some(start) = self.first.find(haystack, from) {
            match self.anchored.run(haystack, start) {
                Run::Match { end } => return Ok(Some(Span::new(start, end))),
                Run::GaveUp => return Err(GaveUp { at: start }),
                Run::Dead { at: dead } => {
                    from = self.anchored.next_beginning(haystack, start, dead);
                    spent += ATTEMPT + (dead - start);
                    if spent > BUDGET + 2 * (from - at) {
                        return Err(GaveUp { at: from });
                    }
                }
            }
        }
        Ok(None)
    }

    /// The end of some match that starts at or after `at`: of the one that ends first. This gives up at a byte that it
    /// was not made for.
    pub(crate) fn find_end(&self, haystack: &[u8], at: usize) -> Result<Option<usize>, GaveUp> {
        let table = &self.unanchored;
        let mut state = table.start(haystack, at);
        let mut upto = at;
        if let Some(steps) = &self.steps
            && state > Table::MATCH
        {
            (state, upto) = steps.walk(state, haystack, at);
        }
        while state > Table::MATCH
            && let Some(&byte) = haystack.get(upto)
        {
            state = table.step(state, byte);
            upto += 1;
        }
        // The byte that decided; at a start that cannot be judged, there is none.
        let last = upto.saturating_sub(1).max(at);
        match state {
            Table::DEAD => Ok(None),
            Table::GAVE_UP => Err(GaveUp { at: last }),
            Table::MATCH => Ok(Some(last)),
            _ => Ok(table.matches_at_end[usize::from(state)].then_some(haystack.len())),
        }
    }

    /// The offset behind the byte at which it is known what starts at `start`: all that a search from there reads.
    pub(crate) fn reads_to(&self, haystack: &[u8], start: usize) -> usize {
        let table = &self.anchored;
        let mut state = table.start(haystack, start);
        let mut upto = start;
        while state > Table::GAVE_UP
            && let Some(&byte) = haystack.get(upto)
        {
            state = table.step(state, byte);
            upto += 1;
        }
        upto
    }

    /// The next offset at which a match could start, as far as its first byte tells.
    #[inline(always)]
    pub(crate) fn next_first(&self, haystack: &[u8], from: usize) -> Option<usize> {
        self.first.find(haystack, from)
    }

    /// The automaton of matches that start at a given offset.
    pub(crate) fn anchored(&self) -> &Table {
        &self.anchored
    }

    /// True when [`find_end`](Dfa::find_end) is faster than anything but a prefilter for matches that are far apart.
    pub(crate) fn is_vectorized(&self) -> bool {
        self.steps.is_some()
    }

    pub(crate) fn description(&self) -> String {
        let states = self.unanchored.states;
        let vector = if self.steps.is_some() { " in a vector" } else { "" };
        let ascii = if self.only_ascii { " for ASCII" } else { "" };
        format!("a DFA of {states} states{ascii}{vector}")
    }
}

/// What became of an anchored search.
enum Run {
    Match {
        end: usize,
    },
    /// No match: decided by the byte at this offset.
    Dead {
        at: usize,
    },
    GaveUp,
}

/// An automaton of at most 256 states.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// For each byte, the state that follows on each state.
    next: Box<[[u8; 256]; 256]>,
    /// The state to begin in, by the byte before.
    start: Box<[u8; 256]>,
    /// The state to begin in at the start of the haystack.
    start_of_text: u8,
    /// The states in which the end of the haystack completes a match.
    matches_at_end: Box<[bool; 256]>,
    /// The last state that is dead, gave up, or tells of a match that ended before the last byte.
    last_special: u8,
    states: usize,
}

impl Table {
    pub(crate) const DEAD: u8 = 0;
    pub(crate) const GAVE_UP: u8 = 1;
    /// The first state of a match. An unanchored automaton has no other, and never leaves it.
    const MATCH: u8 = 2;

    /// The largest number of states beside those that are in every automaton.
    const STATES: usize = 250;

    fn new(dfa: &dense::DFA<Vec<u32>>, anchored: Anchored, looks_at_words: bool) -> Option<Self> {
        let ends_at_match = anchored == Anchored::No;
        let start = |before: Option<u8>| {
            // Without word boundaries, a byte beyond ASCII is like any other that is no part of a line terminator.
            let before = before.map(|byte| if looks_at_words || byte.is_ascii() { byte } else { b'a' });
            match dfa.start_state(&start::Config::new().anchored(anchored).look_behind(before)) {
                Ok(id) => Some(Some(id)),
                Err(StartError::Quit { .. }) => Some(None),
                Err(_) => None,
            }
        };
        let start_of_text = start(None)?;
        let starts = (0..=u8::MAX).map(|before| start(Some(before))).collect::<Option<Vec<_>>>()?;

        // Where a state is not one that every automaton has, it gets a number, those that tell of matches first.
        let common = |id: StateID| match id {
            _ if dfa.is_dead_state(id) => Some(Table::DEAD),
            _ if dfa.is_quit_state(id) => Some(Table::GAVE_UP),
            _ if ends_at_match && dfa.is_match_state(id) => Some(Table::MATCH),
            _ => None,
        };
        let mut ids = vec![];
        let mut seen = HashSet::new();
        let mut see = |id: StateID, ids: &mut Vec<StateID>| {
            if common(id).is_none() && seen.insert(id) {
                ids.push(id);
            }
        };
        starts.iter().chain([&start_of_text]).flatten().for_each(|&id| see(id, &mut ids));
        let mut explored = 0;
        while let Some(&id) = ids.get(explored) {
            if ids.len() > Self::STATES {
                return None;
            }
            (0..=u8::MAX).for_each(|byte| see(dfa.next_state(id, byte), &mut ids));
            explored += 1;
        }
        ids.sort_by_key(|&id| !dfa.is_match_state(id));
        let matches = ids.iter().filter(|&&id| dfa.is_match_state(id)).count() as u8;
        let first = if ends_at_match { Self::MATCH + 1 } else { Self::MATCH };
        let numbers: HashMap<StateID, u8> = ids.iter().copied().zip(first..).collect();
        let number = |id: StateID| common(id).unwrap_or_else(|| numbers[&id]);

        let mut table = Table {
            next: vec![[0; 256]; 256].into_boxed_slice().try_into().ok()?,
            start: Box::new(std::array::from_fn(|before| starts[before].map_or(Self::GAVE_UP, number))),
            start_of_text: start_of_text.map_or(Self::GAVE_UP, number),
            matches_at_end: Box::new([false; 256]),
            last_special: first + matches - 1,
            states: usize::from(first) + ids.len(),
        };
        for (byte, row) in table.next.iter_mut().enumerate() {
            for state in 0..first {
                row[usize::from(state)] = state;
            }
            for (&id, state) in ids.iter().zip(usize::from(first)..) {
                row[state] = number(dfa.next_state(id, byte as u8));
            }
        }
        for (&id, state) in ids.iter().zip(usize::from(first)..) {
            table.matches_at_end[state] = dfa.is_match_state(dfa.next_eoi_state(id));
        }
        Some(table)
    }

    /// How many states there are; their numbers are less than this.
    pub(crate) fn states(&self) -> usize {
        self.states
    }

    /// Whether a state of an anchored automaton tells of a match that ended before the last byte.
    #[inline(always)]
    pub(crate) fn is_match(&self, state: u8) -> bool {
        (Self::MATCH..=self.last_special).contains(&state)
    }

    /// Whether the end of the haystack completes a match.
    #[inline(always)]
    pub(crate) fn matches_at_end(&self, state: u8) -> bool {
        self.matches_at_end[usize::from(state)]
    }

    #[inline(always)]
    pub(crate) fn step(&self, state: u8, byte: u8) -> u8 {
        self.next[usize::from(byte)][usize::from(state)]
    }

    /// The state in which a search from `at` on begins.
    #[inline(always)]
    pub(crate) fn start(&self, haystack: &[u8], at: usize) -> u8 {
        match at.checked_sub(1) {
            Some(before) => self.start[usize::from(haystack[before])],
            None => self.start_of_text,
        }
    }

    /// All states that a search may begin in.
    fn starts(&self) -> impl Iterator<Item = u8> {
        self.start.iter().copied().chain([self.start_of_text])
    }

    /// Whether there is a match that starts at `start`, in an anchored automaton.
    #[inline(always)]
    fn run(&self, haystack: &[u8], start: usize) -> Run {
        let mut state = self.start(haystack, start);
        let mut last = None;
        for (&byte, at) in haystack[start..].iter().zip(start..) {
            state = self.step(state, byte);
            if state <= self.last_special {
                match state {
                    Self::DEAD => return last.map_or(Run::Dead { at }, |end| Run::Match { end }),
                    Self::GAVE_UP => return Run::GaveUp,
                    _ => last = Some(at),
                }
            }
        }
        if self.matches_at_end[usize::from(state)] {
            last = Some(haystack.len());
        }
        last.map_or(Run::Dead { at: haystack.len() }, |end| Run::Match { end })
    }

    /// Where a match can begin behind `start`, after a run from there that was dead at `dead`.
    ///
    /// A run that begins while this one was under way need not be made when both are in the same state after their
    /// first common byte: it would come to nothing at the same place. In a run of digits, one attempt is enough then.
    fn next_beginning(&self, haystack: &[u8], start: usize, dead: usize) -> usize {
        let mut state = self.start(haystack, start);
        for at in start..dead {
            state = self.step(state, haystack[at]);
            if at > start {
                let other = self.step(self.start(haystack, at), haystack[at]);
                if other != Self::DEAD && other != state {
                    return at;
                }
            }
        }
        dead.max(start + 1)
    }
}

#[cfg(test)]
mod tests {
    use regex_automata::{Input, meta};

    use super::*;

    fn hir(regex: &str) -> Hir {
        regex_syntax::ParserBuilder::new().utf8(false).multi_line(true).build().parse(regex).unwrap()
    }

    fn dense(regex: &str) -> Dfa {
        Dfa::new(&hir(regex), LineTerminator::Lf).unwrap_or_else(|| panic!("{regex:?} has few states"))
    }

    #[test]
    fn regexes_of_few_states_get_an_automaton() {
        for (regex, only_ascii) in [
            ("[0-9]+", false),
            ("[a-z]{4}[0-9]{3}[A-Z]", false),
            ("(?:[0-9]{1,3}[.]){3}[0-9]{1,3}", false),
            ("[^a]b", false),
            ("(?i)kelvins?", false),
            ("é.", false),
            ("^a+$", false),
            (r"(?-u)\bfoo\b", false),
            (r"\w+\s+\w+", true),
            (r"\bfoo\b", true),
            (r"(?i)\bfoo\d{2,9}\B", true),
        ] {
            assert_eq!(dense(regex).only_ascii, only_ascii, "{regex:?}");
        }
        for regex in ["[0-9]{500}", "(?s)a.{60}b", "[ab]*a[ab]{9}"] {
            assert!(Dfa::new(&hir(regex), LineTerminator::Lf).is_none(), "{regex:?}");
        }
    }

    #[test]
    fn a_search_gives_up_before_it_is_quadratic() {
        let letters = [b'a'; 10_000];
        assert!(matches!(dense("[a-z]{4}[0-9]").find(&letters, 0), Err(GaveUp { at: 1..100 })));
        assert_eq!(dense("[a-z]{4}[0-9]").find_end(&letters, 0), Ok(None));
        // Here every attempt would go to the end, but one tells all.
        assert_eq!(dense("[a-z]+[0-9]").find(&letters, 0), Ok(None));
        assert_eq!(dense("(?:a|bc)+?[0-9]").find(&letters, 0), Ok(None));
    }

    #[test]
    fn an_automaton_for_ascii_gives_up_elsewhere() {
        let words = dense(r"\w+ \w+");
        assert_eq!(words.find(b"--- one two", 0), Ok(Some(Span::new(4, 11))));
        assert_eq!(words.find("one - née".as_bytes(), 0), Err(GaveUp { at: 6 }));
        assert_eq!(words.find_end("one - née".as_bytes(), 0), Err(GaveUp { at: 7 }));
        let bounded = dense(r"\bfoo\b");
        assert_eq!(bounded.find("é foo".as_bytes(), 2), Err(GaveUp { at: 2 }));
        assert_eq!(bounded.find("é foo".as_bytes(), 3), Ok(Some(Span::new(3, 6))));
        assert_eq!(bounded.find_end("é foo".as_bytes(), 2), Err(GaveUp { at: 2 }));
        // Without word boundaries it does not matter what comes before.
        assert_eq!(dense(r"\w+ ").find("éa b".as_bytes(), 2), Ok(Some(Span::new(2, 4))));
    }

    #[test]
    fn matches_of_all_lengths_end_where_they_should() {
        let (regex, oracle) = (dense("[a-z]+[0-9]"), meta::Regex::new("[a-z]+[0-9]").unwrap());
        for (before, letters) in (0..70).flat_map(|before| [1, 2, 15, 16, 17, 31, 32, 33].map(|n| (before, n))) {
            for after in ["", " ", "a", "1", "          a 1   a1          "] {
                let text = format!("{}{}1{after}", "-".repeat(before), "x".repeat(letters));
                let wanted = oracle.search(&Input::new(&text)).unwrap();
                let wanted = Span::new(wanted.start(), wanted.end());
                assert_eq!(regex.find(text.as_bytes(), 0), Ok(Some(wanted)), "{text:?}");
                assert_eq!(regex.find_end(text.as_bytes(), 0), Ok(Some(wanted.end)), "{text:?}");
            }
        }
    }
}
