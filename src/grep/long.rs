//! Lines that are too long for one worker, and for memory.
//!
//! Where a match is bounded, a line that reaches far past the end of a window is searched in parts, by as many workers as
//! there are: see [`Window::layout`]. Whether the line is selected is known when all its parts have come to the join, in
//! order; where nothing but matches is wanted, those of each part are reported as they come.

use std::{ops::Range, sync::atomic::Ordering};

use memchr::{memchr2, memrchr};

use super::{
    Goal,
    lines::Counts,
    section::{Hits, Progress, Section},
    stages::{GrepStages, LinesFound, Plan, Seam, Worker},
    walk::Walk,
};
use crate::{
    error::Error,
    matcher::{Cache, Cursor, Reach},
    scan::{
        seam::Matches,
        window::{Part, Window},
    },
    span::{Match, Span},
};

/// How many bytes are looked at in one step where a line may be of any length.
const STEP: u64 = 4 << 20;

/// What a worker found in a part of a long line.
pub(super) struct PartFound {
    pub(super) part: Part,
    /// The part has a match.
    any: bool,
    /// It was not searched, as the line seemed to have a match before it.
    is_unsearched: bool,
    /// All matches that start in the part, where every one is wanted.
    pub(super) matches: Vec<Match>,
}

/// A long line of which not all parts have come yet.
#[derive(Clone, Debug)]
pub(super) struct OpenLine {
    pub(super) start: u64,
    number: u64,
    any: bool,
    matches: u64,
    /// Where the last match ended.
    match_end: Option<u64>,
    /// Its matches are being reported.
    reported: bool,
    /// It has a NUL and is not to be reported as text.
    has_nul: bool,
}

impl OpenLine {
    pub(super) fn new(start: u64, number: u64) -> Self {
        OpenLine { start, number, any: false, matches: 0, match_end: None, reported: false, has_nul: false }
    }
}

impl<'a> GrepStages<'a, '_> {
    /// True when all matches of a line are wanted, not only whether there is one.
    fn wants_every_match(&self) -> bool {
        !self.options.invert && (self.only_matches || self.options.goal == Goal::CountMatches)
    }

    /// What is in a window that lies within a long line, where it does. That no line ends in it and what matches there is found
    /// out block by block, so that the bytes come from memory once.
    pub(super) fn look_inside(&self, worker: &mut Worker<'a>, window: &Window<'_>) -> Result<Option<PartFound>, Error> {
        const BLOCK: u64 = 128 << 10;
        let own = window.own();
        let is_inside = own.start > window.start()
            && own.end < window.end()
            && window.is_far(own.start, self.near)?
            && window.is_far(own.end, self.near)?;
        if !is_inside {
            return Ok(None);
        }
        let every = self.wants_every_match();
        let mut found = PartFound {
            part: Part { range: own.clone(), ends: false },
            any: false,
            is_unsearched: false,
            matches: vec![],
        };
        found.is_unsearched = !every && self.is_selected.load(Ordering::Relaxed);
        let mut match_end = None;
        let mut at = own.start;
        while at < own.end {
            let block = Part { range: at..own.end.min(at + BLOCK), ends: false };
            at = block.range.end;
            if window.after_terminator(block.range.start, block.range.end)?.is_some() {
                return Ok(None);
            }
            let after = match_end.filter(|&end| end >= block.range.start);
            let from = after.unwrap_or(block.range.start);
            if from < block.range.end && (every || !(found.any || found.is_unsearched)) {
                self.walk_part(&mut worker.cache, window, &block, from, after, &mut |m| {
                    found.any = true;
                    match_end = Some(m.end);
                    if every {
                        found.matches.push(m);
                    }
                    every
                })?;
            }
        }
        Ok(Some(found))
    }

    /// What is in a part of a long line.
    pub(super) fn look_at_part(
        &self,
        worker: &mut Worker<'a>,
        window: &Window<'_>,
        part: Part,
    ) -> Result<PartFound, Error> {
        let mut matches = std::mem::take(&mut worker.spare_matches);
        matches.clear();
        let mut any = false;
        let every = self.wants_every_match();
        self.walk_part(&mut worker.cache, window, &part, part.range.start, None, &mut |m| {
            any = true;
            if every {
                matches.push(m);
            }
            every
        })?;
        Ok(PartFound { part, any, is_unsearched: false, matches })
    }

    /// Goes over the matches that start in a part, from `from` on, behind a match that ended at `after`.
    fn walk_part(
        &self,
        cache: &mut Cache,
        window: &Window<'_>,
        part: &Part,
        from: u64,
        after: Option<u64>,
        each: &mut dyn FnMut(Match) -> bool,
    ) -> Result<(), Error> {
        let terminator = self.matcher.terminator();
        let first = window.start().max(part.range.start.saturating_sub(Reach::LOOK_BEHIND as u64));
        let longest = self.matcher.longest().unwrap_or(0) as u64;
        let end = if part.ends { part.range.end } else { window.end().min(part.range.end.saturating_add(longest)) };
        window.read(first..end, |bytes| {
            // Of the line before nothing is seen.
            let before = &bytes[..(part.range.start - first) as usize];
            let skipped = memrchr(terminator, before).map_or(0, |at| at + 1);
            let (base, bytes) = (first + skipped as u64, &bytes[skipped..]);
            let content = if part.ends { self.matcher.line_terminator().strip(bytes) } else { bytes };
            // Behind the last byte of an unterminated line there may be an empty match.
            let limit = part.range.end + u64::from(part.ends && content.len() == bytes.len());
            let cursor = match after {
                Some(end) => Cursor::after((end - base) as usize),
                None => Cursor::new((from - base) as usize),
            };
            self.matcher.each_match(cache, content, cursor, |span, pattern| {
                let found = Match { start: base + span.start as u64, end: base + span.end as u64, pattern };
                found.start < limit && each(found)
            });
        })
    }

    /// Takes the next part of the open line. True when the search is over.
    pub(super) fn join_part(
        &self,
        seam: &mut Seam,
        window: &Window<'_>,
        found: PartFound,
        plan: &mut Plan,
    ) -> Result<bool, Error> {
        // What begins before the range that is searched is nobody's.
        let Some(mut open) = seam.open.take() else { return Ok(false) };
        let PartFound { part, any, is_unsearched, matches } = found;
        open.any |= any;
        if is_unsearched && !open.any {
            // The match was on another line.
            let mut cache = self.matcher.cache();
            self.walk_part(&mut cache, window, &part, part.range.start, None, &mut |_| {
                open.any = true;
                false
            })?;
        }
        self.is_selected.store(open.any && !part.ends, Ordering::Relaxed);
        if self.wants_every_match() {
            let mut matches = Matches::reconcile(matches, open.match_end, &part.range, |from, each| {
                self.walk_part(&mut self.matcher.cache(), window, &part, from, Some(from), each)
            })?;
            open.match_end = matches.end().or(open.match_end);
            if let Some(range) = &self.match_range
                && self.is_cut_by_range(&(open.start..part.range.end))
            {
                matches.retain_within(range);
                open.any = open.matches > 0 || matches.len() > 0;
            }
            open.matches += matches.len() as u64;
            let is_reported = self.only_matches && matches.len() > 0;
            if is_reported && self.join_matches(seam, window, &mut open, part.range.clone(), matches, plan)? {
                return Ok(true);
            }
        }
        if self.options.goal == Goal::AnyLine && open.any && !self.options.invert && !self.quits_at_nul() {
            seam.summary.matched_lines += 1;
            seam.summary.bytes_searched = part.range.end;
            return Ok(true);
        }
        if part.ends {
            return self.join_end_of_line(seam, window, open, part.range.end, plan);
        }
        if self.match_range.is_some() && part.range.end == self.end && self.options.goal != Goal::Lines {
            // What is left of the line is nobody's.
            let counts = Counts { lines: u64::from(open.any), matches: open.matches, end: 0 };
            return Ok(self.add_counts(seam, counts, part.range.end));
        }
        seam.open = Some(open);
        Ok(false)
    }

    /// Plans the report of the matches in a part. True when the search is over before them.
    fn join_matches(
        &self,
        seam: &mut Seam,
        window: &Window<'_>,
        open: &mut OpenLine,
        part: Range<u64>,
        matches: Matches,
        plan: &mut Plan,
    ) -> Result<bool, Error> {
        if open.reported {
            let at = Progress { in_part: true, ..Progress::new(Walk::new(seam.carry), part.start, open.number) };
            let (lines, start) = (part.clone(), part.start);
            let part_of = Some(open.start);
            plan.push(Section { lines, start, hits: Hits::All(vec![]), known: matches.into_vec(), part_of, at });
            seam.carry.upto = part.end;
            return Ok(false);
        }
        // Behind the last line that may be selected, a line is context at most, and shown as a whole.
        if seam.carry.left == Some(0) {
            return Ok(false);
        }
        if self.checks_lines && !open.has_nul {
            open.has_nul = self.nul_in_line(window, open.start)?;
        }
        // What is not text is dealt with when the whole line is there.
        if seam.binary.is_some() || open.has_nul {
            return Ok(false);
        }
        open.reported = true;
        let hit = Span::new(0, (part.end - open.start) as usize);
        let lines = LinesFound::new(open.start..part.end, Hits::All(vec![hit]), false);
        self.join_lines(seam, window, lines, open.number, plan)?;
        let section = plan.last().expect("a section for the line that is selected");
        section.known = matches.into_vec();
        section.part_of = Some(open.start);
        Ok(section.at.events.is_some())
    }

    /// What becomes of a long line when its end has come. True when the search is over.
    fn join_end_of_line(
        &self,
        seam: &mut Seam,
        window: &Window<'_>,
        open: OpenLine,
        end: u64,
        plan: &mut Plan,
    ) -> Result<bool, Error> {
        let range = open.start..end;
        let terminator = self.matcher.terminator();
        seam.newlines += u64::from(window.read(end - 1..end, |bytes| bytes[0] == terminator)?);
        let selected = open.any != self.options.invert;
        if self.options.goal != Goal::Lines {
            if selected && self.quits_at_nul() {
                seam.binary = window.first_nul(range)?;
                if seam.binary.is_some() {
                    return Ok(true);
                }
            }
            // Where matches are not counted, nobody asks how many there are.
            let matches = if self.options.invert { 1 } else { open.matches };
            let counts = Counts { lines: u64::from(selected), matches: if selected { matches } else { 0 }, end: 0 };
            return Ok(self.add_counts(seam, counts, end));
        }
        if open.reported {
            seam.carry.upto = end;
            seam.carry.selected_upto = end;
            return Ok(self.is_over(seam));
        }
        let hits = if selected { vec![Span::new(0, (end - open.start) as usize)] } else { vec![] };
        let is_shown = selected || seam.carry.owed > 0;
        let has_nul = self.checks_lines && is_shown && window.first_nul(range.clone())?.is_some();
        self.join_lines(seam, window, LinesFound::new(range, Hits::All(hits), has_nul), open.number, plan)
    }

    /// Whether there is a NUL on the line that starts at `start`.
    fn nul_in_line(&self, window: &Window<'_>, start: u64) -> Result<bool, Error> {
        let terminator = self.matcher.terminator();
        let mut at = start;
        while at < window.end() {
            let upto = window.end().min(at + STEP);
            let found = window.read(at..upto, |bytes| memchr2(0, terminator, bytes).map(|found| bytes[found]))?;
            if let Some(byte) = found {
                return Ok(byte == 0);
            }
            at = upto;
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        grep::{Format, GrepBuilder, Line},
        mapping::{MapOptions, Mapping},
        matcher::MatcherBuilder,
        scan::{CachePolicy, cache::CacheKeeper, chunk::Chunks, ordered::Stages},
    };

    struct OnlyMatches;

    impl Format for OnlyMatches {
        fn only_matches(&self) -> bool {
            true
        }

        fn line(&self, _: &Line<'_>, _: &mut Vec<u8>) {}
    }

    fn memory(text: &[u8]) -> Mapping {
        let mut mapping = MapOptions::new().len(text.len()).map_anonymous().unwrap();
        mapping.guarded_mut(.., |bytes| bytes.copy_from_slice(text)).unwrap();
        mapping
    }

    /// How many parts are searched, how many matches the workers find in them, and how many the join leaves.
    fn parts(pattern: &str, text: &[u8], chunk: usize) -> (usize, usize, usize) {
        let matcher = MatcherBuilder::new().by_line(true).build([pattern]).unwrap();
        let grep = GrepBuilder::new().chunk_size(chunk).build(matcher).unwrap();
        let (mapping, terminator) = (memory(text), b'\n');
        let keeper = CacheKeeper::of_mapping(CachePolicy::Keep, &mapping, 0);
        let stages = GrepStages::new(&grep, &OnlyMatches, Some((text.len() as u64, text.len() as u64, &keeper)));
        let (mut worker, mut seam) = (stages.worker(), Seam::new(&grep.options, 0, 0));
        let (mut parts, mut found, mut joined) = (0, 0, 0);
        for range in Chunks::new(text.len(), chunk) {
            let window = Window::of_whole(&mapping, range, terminator);
            let layout = window.layout(stages.near).unwrap();
            let Some(part) = layout.head.or(layout.tail) else { continue };
            if part.range.start == 0 {
                seam.open = Some(OpenLine::new(0, 1));
            }
            parts += 1;
            let matches = stages.look_at_part(&mut worker, &window, part).unwrap();
            found += matches.matches.len();
            stages.join_part(&mut seam, &window, matches, &mut Plan::default()).unwrap();
            joined = seam.open.as_ref().map_or(joined, |open| open.matches as usize);
        }
        (parts, found, joined)
    }

    #[test]
    fn a_line_of_many_small_chunks_is_searched_in_as_many_parts() {
        let text = b"ab".repeat(10_000);
        for chunk in [1, 2, 3, 10, 1000, 4096] {
            // The last chunk that is full may have what is behind it as well.
            let chunks = text.len().div_ceil(chunk);
            for pattern in ["ab", "(?:ab){2}", r"a\b|ba?"] {
                let (parts, ..) = parts(pattern, &text, chunk);
                assert!((chunks - 1..=chunks).contains(&parts), "{pattern} in chunks of {chunk}: {parts}");
            }
            // Where a match may have any length there are no parts.
            let matcher = MatcherBuilder::new().by_line(true).build(["a.*b"]).unwrap();
            assert_eq!(matcher.longest(), None);
        }
    }

    /// No part agrees with the one before it. Each is walked over once by a worker and once more by the join at most, which
    /// is [`Matches::reconcile`]'s doing; here, that workers look for matches in their own part alone.
    #[test]
    fn matches_that_chain_over_all_parts_are_found_once_by_the_workers() {
        let text = b"a".repeat(20_000);
        for pattern in ["aaa", "aa", "a{7}", "aa|b"] {
            let matcher = MatcherBuilder::new().by_line(true).build([pattern]).unwrap();
            let wanted = matcher.find_iter(&mut matcher.cache(), &text).count();
            for chunk in [1, 2, 3, 10, 64, 1000, 4096] {
                let (parts, found, joined) = parts(pattern, &text, chunk);
                assert!(found <= wanted + parts, "{pattern} in chunks of {chunk}: {found} found for {wanted}");
                // What is in the last part goes with the line.
                assert!(joined <= wanted && joined + 2 * chunk + 1 >= wanted, "{pattern} in chunks of {chunk}");
            }
        }
    }
}
