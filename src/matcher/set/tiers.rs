//! Patterns by length, so that a few short ones do not spoil the search for long ones.
//!
//! A tier has a filter, which finds places, and tables, which tell what starts there. Few patterns are one tier. Many
//! are in a tier for each length from 1 to 3, one for 4 to 7, and one for all longer ones: windows of all patterns of a
//! tier have the same length, which is bounded by its shortest pattern.

use super::{
    borders::Borders,
    candidates::Candidates,
    format::{Layout, TierLayout, elements},
    table::{Findings, Table},
    teddy::{self, Teddy},
    windows::{Sampling, Windows},
};
use crate::{error::Error, matcher::literal::forward};

/// How long the shortest patterns of each tier of a large set can be.
pub(super) const SHORTEST: [usize; 5] = [1, 2, 3, 4, 8];

/// What is made of a tier when its set is opened, next to what is read.
#[derive(Clone, Debug)]
pub(super) enum Prepared {
    /// One pattern, with case.
    Literal(Box<forward::Finder<'static>>),
    Few(Box<Teddy>),
    /// The filter is in the bytes.
    Many(Sampling),
}

impl Prepared {
    pub(super) fn new(bytes: &[u8], layout: &Layout, tier: &TierLayout) -> Result<Self, Error> {
        if let Some(shape) = Sampling::of(tier) {
            return Ok(Prepared::Many(Sampling { fold: layout.fold, ..shape }));
        }
        let table = Table::new(bytes, layout, tier, 0);
        let patterns: Vec<&[u8]> = (0..tier.ranks.min(teddy::MAX as u32 + 1)).map(|rank| table.pattern(rank)).collect();
        if patterns.len() > teddy::MAX || patterns.iter().any(|pattern| pattern.is_empty()) {
            return Err(Error::invalid_input(
                "the serialised pattern set is damaged: a tier has no filter, and too many patterns or empty ones; \
                 build it anew",
            ));
        }
        Ok(match patterns[..] {
            [pattern] if !layout.fold => Prepared::Literal(Box::new(forward::Finder::new(pattern).into_owned())),
            _ => Prepared::Few(Box::new(Teddy::new(&patterns, layout.fold))),
        })
    }

    /// For people.
    pub(super) fn description(&self) -> String {
        match self {
            Prepared::Literal(_) => "SIMD substring search".to_owned(),
            Prepared::Few(_) => "packed SIMD search for 8 buckets".to_owned(),
            Prepared::Many(shape) => {
                let step = match shape.step {
                    1 => "every byte",
                    2 => "every 2nd byte",
                    _ => "every 4th byte",
                };
                let size = ((4_usize << shape.word_bits) >> 10).max(1);
                format!("windows of {} bytes at {step} in a bitmap of {size} KiB", shape.window)
            }
        }
    }
}

/// When a search stops early: at so many matches, or so much work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Enough {
    pub(super) found: usize,
    pub(super) work: u64,
}

/// A tier, ready for one search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tier<'s> {
    shortest: usize,
    filter: Filter<'s>,
    table: Table<'s>,
    borders: Borders,
}

#[derive(Clone, Copy, Debug)]
enum Filter<'s> {
    Literal(&'s forward::Finder<'static>),
    Few(&'s Teddy),
    Many(Windows<'s>),
}

impl<'s> Tier<'s> {
    pub(super) fn new(
        bytes: &'s [u8],
        layout: &Layout,
        number: usize,
        prepared: &'s Prepared,
        borders: Borders,
    ) -> Option<Self> {
        let tier = &layout.tiers[number];
        let filter = match prepared {
            Prepared::Literal(finder) => Filter::Literal(finder),
            Prepared::Few(packed) => Filter::Few(packed),
            Prepared::Many(shape) => Filter::Many(Windows::new(*shape, elements(bytes, &tier.filter))?),
        };
        let mut table = Table::new(bytes, layout, tier, number);
        if !borders.is_none() {
            // The pattern that would be the one may lack the border behind it that another one has.
            table.find_all();
        }
        Some(Tier { shortest: tier.shortest as usize, filter, table, borders })
    }

    /// Has the longest pattern found that starts at each place.
    pub(super) fn keep_longest(&mut self) {
        self.table.keep_longest();
    }

    pub(super) fn table(&self) -> &Table<'s> {
        &self.table
    }

    /// Appends what starts in `from..to`, until that is enough; see [`Table::verify`]. Says how far it came.
    pub(super) fn find(&self, haystack: &[u8], from: usize, to: usize, enough: Enough, found: &mut Findings) -> usize {
        // What starts where no pattern fits would have to be looked at twice.
        let last = to.min((haystack.len() + 1).saturating_sub(self.shortest));
        let mut places = Candidates::new(from);
        let (mut at, mut next) = (from, 0);
        while at < last {
            at = match self.filter {
                Filter::Literal(finder) => find_literal(finder, haystack, at, last, &mut places),
                Filter::Few(packed) => packed.find(haystack, at, last, &mut places),
                Filter::Many(windows) => windows.find(haystack, at, last, &mut places),
            };
            match self.borders {
                Borders::None => self.table.verify(haystack, from, places.as_slice(), &mut next, found),
                borders => self.verify_with_borders(borders, haystack, from, &mut places, found),
            }
            places.clear();
            if (found.list.len() > enough.found || found.work > enough.work) && at < last {
                return at;
            }
        }
        to
    }

    /// Appends what starts at the places and has borders on both sides.
    fn verify_with_borders(
        &self,
        borders: Borders,
        haystack: &[u8],
        from: usize,
        places: &mut Candidates,
        found: &mut Findings,
    ) {
        places.retain(|place| borders.starts(haystack, place));
        let before = found.list.len();
        self.table.verify(haystack, from, places.as_slice(), &mut 0, found);
        let found = &mut found.list;
        let mut kept = before;
        for at in before..found.len() {
            let this = found[at];
            if borders.ends(haystack, from + this.start as usize + this.len as usize) {
                found[kept] = this;
                kept += 1;
            }
        }
        found.truncate(kept);
    }
}

fn find_literal(finder: &forward::Finder, haystack: &[u8], from: usize, to: usize, places: &mut Candidates) -> usize {
    let end = haystack.len().min(to + finder.needle().len() - 1);
    let mut at = from;
    while at < to && places.room() > 0 {
        let Some(offset) = finder.find(&haystack[at..end]) else { return to };
        places.push(at + offset);
        at += offset + 1;
    }
    at
}
