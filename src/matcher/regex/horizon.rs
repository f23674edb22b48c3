//! Matches one behind the other, in time linear in the text.
//!
//! A search for one match may have to read far behind its end before it knows that nothing longer, or earlier, comes of
//! what it has read: `.*[^A-Z]|[A-Z]` reads to the end of a line of capitals for each of them. One such search is
//! linear, all of them together are quadratic. (For tokens this is solved by T. Reps, "Maximal-munch tokenization in
//! linear time", TOPLAS 1998, by noting which pairs of a state and an offset came to nothing.)
//!
//! Here, where searches turn out to read far, one pass from right to left tells for each offset the *live* states:
//! those from which a match is reported further on. A search from left to right then never starts where no match does,
//! and never goes on when its state is not live, so that it reads one byte behind its match. The sets of live states
//! are few: they are numbered, and the steps from one to another noted, as in an automaton that is built lazily. Of the
//! numbers, those of one block are in memory; the others are found again from marks that stand at the starts of blocks.
//!
//! The pass goes over what was read in vain, so it costs no more than that did. All states count as live where it
//! begins, unless that is the end of the haystack; a search that comes as far goes on as it would without.

use std::{collections::HashMap, ops::Range};

use crate::{
    matcher::regex::dfa::{Dfa, Table},
    span::Span,
};

/// How many bytes all searches together may have to read, by their number and what is left of the haystack, before it
/// is looked at how many they do read.
const UNSEEN: usize = 16 << 20;

/// How many bytes may be read in vain before a pass is made; each byte that the matches go over adds some.
const BUDGET: usize = 64 << 10;
const FOR_EACH_BYTE: usize = 4;

/// Of so many searches, one is looked at; of the first ones more.
const SAMPLED: usize = 64;

/// How far behind the range of live states a search may read without any that finds a match.
const FAR: usize = 4 << 10;

/// Offsets between two marks.
const BLOCK: usize = 64 << 10;

/// How many sets of live states there may be, and how often a search may come upon bytes that the automaton was not
/// made for, before this is given up.
const MOST_SETS: usize = 1024;
const MOST_LOST: usize = 64;

const NONE: u16 = u16::MAX;

/// What a walk over matches knows of the text before it. It belongs to one walk over one haystack with one automaton.
#[derive(Clone, Debug, Default)]
pub(crate) struct Horizon {
    /// How many searches there were up to the last that was looked at, how many of them since the one before, and how
    /// many will pass before the next.
    searches: usize,
    since: usize,
    unlooked: usize,
    /// Where the last one that was looked at ended.
    upto: usize,
    /// How many bytes the matches went over, and how many more were read, since the last pass.
    walked: usize,
    in_vain: usize,
    live: Option<Box<Live>>,
    lost: usize,
    is_off: bool,
}

/// What was found by a search with live states.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    Match(Span),
    /// No match starts before this offset.
    Nothing {
        upto: usize,
    },
    /// There is a byte that the automaton was not made for.
    Lost,
}

impl Horizon {
    /// Whether live states are known at an offset.
    #[inline]
    pub(crate) fn is_known(&self, at: usize) -> bool {
        self.live.as_ref().is_some_and(|live| live.range.contains(&at))
    }

    /// The first match that starts at `at`, where [live states are known](Horizon::is_known), or behind it.
    pub(crate) fn find(&mut self, dense: &Dfa, haystack: &[u8], at: usize) -> Sight {
        let Some(live) = &mut self.live else { return Sight::Nothing { upto: at } };
        let sight = live.find(dense, haystack, at);
        if sight == Sight::Lost {
            self.lost += 1;
            if self.lost > MOST_LOST {
                (self.live, self.is_off) = (None, true);
            }
        }
        sight
    }

    /// Notes a search without live states, which began at `at` and found a match. `dense` builds the automaton where it
    /// is wanted.
    #[inline]
    pub(crate) fn note<'d>(
        &mut self,
        dense: impl FnOnce() -> Option<&'d Dfa>,
        haystack: &[u8],
        at: usize,
        found: Span,
    ) {
        match self.unlooked.checked_sub(1) {
            Some(unlooked) => self.unlooked = unlooked,
            None => self.look(dense, haystack, at, found),
        }
    }

    /// Looks how far the search did read, and makes the pass where that was far once too often.
    #[cold]
    fn look<'d>(&mut self, dense: impl FnOnce() -> Option<&'d Dfa>, haystack: &[u8], at: usize, found: Span) {
        if self.is_off {
            self.unlooked = usize::MAX;
            return;
        }
        let of_all = self.since.max(1);
        self.searches += of_all;
        self.walked += found.end - if self.since == 0 { at } else { self.upto };
        self.upto = found.end;
        self.since = self.searches.min(SAMPLED);
        self.unlooked = self.since - 1;
        if self.searches.saturating_mul(haystack.len() - found.end) < UNSEEN {
            return;
        }
        let Some(dense) = dense() else {
            self.is_off = true;
            return;
        };
        let tried = [at, at + (found.start - at) / 2, found.start];
        let read = tried.iter().map(|&start| dense.reads_to(haystack, start)).max().unwrap_or(0);
        self.in_vain += of_all * read.saturating_sub(found.end);
        if self.in_vain <= BUDGET + FOR_EACH_BYTE * self.walked {
            return;
        }
        (self.in_vain, self.walked) = (0, 0);
        let live = self.live.get_or_insert_default();
        if !live.learn(dense.anchored(), haystack, found.end..read) {
            (self.live, self.is_off) = (None, true);
        }
    }
}

/// A set of states: a bit for each.
type States = [u64; 4];

/// The live states at the offsets of a range.
#[derive(Clone, Debug, Default)]
struct Live {
    range: Range<usize>,
    sets: Sets,
    /// The numbers of the sets at the starts of blocks, and at the end of the range.
    marks: Vec<u16>,
    at_end: u16,
    /// The set of all states.
    all: u16,
    /// The numbers of the sets at all offsets of one block, which is empty or begins at `block`.
    block: usize,
    numbers: Vec<u16>,
}

impl Live {
    /// Goes over a range from its end to its start. False where there are too many sets.
    fn learn(&mut self, table: &Table, haystack: &[u8], range: Range<usize>) -> bool {
        self.range = range.clone();
        self.numbers.clear();
        self.marks.clear();
        self.marks.resize(range.len().div_ceil(BLOCK), NONE);
        let Some(all) = self.sets.number(states(table, |state| state != usize::from(Table::DEAD))) else {
            return false;
        };
        let mut number = all;
        if range.end == haystack.len() {
            let Some(matching) = self.sets.number(states(table, |state| table.matches_at_end(state as u8))) else {
                return false;
            };
            number = matching;
        }
        (self.all, self.at_end) = (all, number);
        for at in range.clone().rev() {
            let Some(before) = self.sets.before(table, number, haystack[at]) else { return false };
            number = before;
            if (at - range.start).is_multiple_of(BLOCK) {
                self.marks[(at - range.start) / BLOCK] = number;
            }
        }
        true
    }

    /// Whether a state before the byte at an offset of the range is live.
    #[inline(always)]
    fn is_live(&mut self, table: &Table, haystack: &[u8], at: usize, state: u8) -> bool {
        if at < self.block || at - self.block >= self.numbers.len() {
            self.load(table, haystack, at);
        }
        let set = &self.sets.sets[usize::from(self.numbers[at - self.block])];
        has(set, state)
    }

    #[cold]
    fn load(&mut self, table: &Table, haystack: &[u8], at: usize) {
        let which = (at - self.range.start) / BLOCK;
        self.block = self.range.start + which * BLOCK;
        let end = self.range.end.min(self.block + BLOCK);
        let mut number = self.marks.get(which + 1).copied().unwrap_or(self.at_end);
        self.numbers.clear();
        self.numbers.resize(end - self.block, NONE);
        for at in (self.block..end).rev() {
            // The text of a mapped file may have changed since the first pass. Where all states are live, nothing is
            // left out.
            let byte = haystack.get(at).copied().unwrap_or_default();
            number = self.sets.before(table, number, byte).unwrap_or(self.all);
            self.numbers[at - self.block] = number;
        }
    }

    fn find(&mut self, dense: &Dfa, haystack: &[u8], at: usize) -> Sight {
        let table = dense.anchored();
        let mut from = at;
        while let Some(start) = dense.next_first(haystack, from).filter(|&start| start < self.range.end) {
            from = start + 1;
            let mut state = table.start(haystack, start);
            let (mut upto, mut last) = (start, None);
            while state != Table::DEAD {
                if upto == haystack.len() {
                    last = if table.matches_at_end(state) { Some(upto) } else { last };
                    break;
                }
                if upto < self.range.end && !self.is_live(table, haystack, upto, state) {
                    break;
                }
                state = table.step(state, haystack[upto]);
                if state == Table::GAVE_UP {
                    return Sight::Lost;
                }
                if table.is_match(state) {
                    last = Some(upto);
                }
                upto += 1;
            }
            // What was read beyond the range came to nothing: the range is to go as far.
            let end = last.unwrap_or(start);
            let is_far = upto > self.range.end && (last.is_none() || upto - end > FAR);
            if is_far && !self.learn(table, haystack, end..upto) {
                self.range = end..end;
            }
            if last.is_some() {
                return Sight::Match(Span::new(start, end));
            }
            if self.range.is_empty() {
                return Sight::Nothing { upto: start };
            }
        }
        Sight::Nothing { upto: self.range.end.max(at) }
    }
}

/// Sets of live states, by number.
#[derive(Clone, Debug, Default)]
struct Sets {
    sets: Vec<States>,
    numbers: HashMap<States, u16>,
    /// For each set behind a byte, and each byte, the set before it.
    before: Vec<[u16; 256]>,
}

impl Sets {
    /// The number of a set. None where there would be too many.
    fn number(&mut self, set: States) -> Option<u16> {
        if let Some(&number) = self.numbers.get(&set) {
            return Some(number);
        }
        let number = u16::try_from(self.sets.len()).ok().filter(|&number| usize::from(number) < MOST_SETS)?;
        self.sets.push(set);
        self.before.push([NONE; 256]);
        self.numbers.insert(set, number);
        Some(number)
    }

    /// The states that are live before a byte, where those of a set are behind it.
    #[inline(always)]
    fn before(&mut self, table: &Table, number: u16, byte: u8) -> Option<u16> {
        match self.before[usize::from(number)][usize::from(byte)] {
            NONE => self.find_before(table, number, byte),
            before => Some(before),
        }
    }

    #[cold]
    fn find_before(&mut self, table: &Table, number: u16, byte: u8) -> Option<u16> {
        let behind = self.sets[usize::from(number)];
        let is_live = |state: usize| {
            let next = table.step(state as u8, byte);
            next != Table::DEAD && (next == Table::GAVE_UP || table.is_match(next) || has(&behind, next))
        };
        let before = self.number(states(table, is_live))?;
        self.before[usize::from(number)][usize::from(byte)] = before;
        Some(before)
    }
}

fn has(set: &States, state: u8) -> bool {
    set[usize::from(state >> 6)] >> (state & 63) & 1 == 1
}

fn states(table: &Table, is_live: impl Fn(usize) -> bool) -> States {
    let mut set = States::default();
    for state in (0..table.states()).filter(|&state| is_live(state)) {
        set[state >> 6] |= 1 << (state & 63);
    }
    set
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_automata::{Input, meta};

    use super::*;
    use crate::matcher::terminator::LineTerminator;

    fn dense(regex: &str) -> Dfa {
        let hir = regex_syntax::ParserBuilder::new().utf8(false).multi_line(true).build().parse(regex).unwrap();
        Dfa::new(&hir, LineTerminator::Lf).unwrap_or_else(|| panic!("{regex:?} has few states"))
    }

    const REGEXES: &[&str] = &[
        ".*[^A-Z]|[A-Z]",
        "[a-z]+[0-9]",
        "[a-z]+[0-9]|x",
        "a(?s:.)*b|a",
        "(?:ab)*c|a|b",
        r"(?-u:\b)[ab]+(?-u:\b)",
        "^a+|b$|[a-c]",
        "a+?b??[ac]",
        "(?s:.)+1|[a-z]",
        "(?:abcabcabc)+d|[a-d]",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn with_live_states_the_same_is_found(
            regex in prop::sample::select(REGEXES),
            text in prop::collection::vec(prop::sample::select(b"aaabbccdx1AB \n\xC3".to_vec()), 0..60),
            ends in prop::collection::vec(0..61_usize, 3),
        ) {
            let (dense, oracle) = (dense(regex), meta::Regex::builder().syntax(
                regex_automata::util::syntax::Config::new().utf8(false).multi_line(true)).build(regex).unwrap());
            let first =
                |at: usize| oracle.search(&Input::new(&text).range(at..)).map(|m| Span::new(m.start(), m.end()));
            for &end in &ends {
                let (from, end) = (ends[0].min(end).min(text.len()), ends[0].max(end).min(text.len()));
                let mut live = Live::default();
                prop_assert!(live.learn(dense.anchored(), &text, from..end));
                for at in (from..end).rev().chain(from..end) {
                    if !live.range.contains(&at) {
                        continue;
                    }
                    match live.find(&dense, &text, at) {
                        Sight::Match(span) => prop_assert_eq!(Some(span), first(at)),
                        Sight::Nothing { upto } => {
                            prop_assert!(upto >= at.max(end) && first(at).is_none_or(|m| m.start >= upto));
                        }
                        Sight::Lost => prop_assert!(false, "an automaton for all bytes"),
                    }
                }
            }
        }
    }

    /// How many bytes are read is bounded, not how long that takes.
    #[test]
    fn all_matches_take_one_pass_back_and_forth() {
        for (regex, text) in [(".*[^A-Z]|[A-Z]", vec![b'A'; 200_000]), ("[a-z]+[0-9]|x", b"aaaaaaaaax".repeat(20_000))]
        {
            let dense = dense(regex);
            let mut live = Live::default();
            assert!(live.learn(dense.anchored(), &text, 0..text.len()));
            let (mut at, mut count) = (0, 0);
            while let Sight::Match(found) = live.find(&dense, &text, at) {
                // A search would read to the end of the text.
                assert_eq!(dense.reads_to(&text, found.start.min(at)), text.len());
                (at, count) = (found.end, count + 1);
                if count > 50 {
                    break;
                }
            }
            assert!(count > 50);
            assert!(live.sets.sets.len() < 20, "{}", live.sets.sets.len());
        }
    }

    #[test]
    fn a_pass_is_made_where_searches_read_far() {
        let dense = dense(".*[^A-Z]|[A-Z]");
        let text = vec![b'A'; 1 << 20];
        let mut horizon = Horizon::default();
        let mut at = 0;
        while !horizon.is_known(at) {
            horizon.note(|| Some(&dense), &text, at, Span::new(at, at + 1));
            at += 1;
        }
        assert_eq!(at, 32);
        for at in at..text.len() {
            assert_eq!(horizon.find(&dense, &text, at), Sight::Match(Span::new(at, at + 1)));
        }
    }
}
