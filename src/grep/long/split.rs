//! Searching the parts of a long line.

use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memrchr;

use crate::{
    error::Error,
    grep::core::{Core, Worker},
    matcher::{Cache, Cursor, Reach},
    scan::window::{Part, Window},
    span::FileMatch,
};

/// Which matches of a long line are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One, which tells that there are any.
    Any,
    Every,
}

/// Searches parts of long lines.
pub(crate) struct Parts<'c> {
    core: &'c Core<'c>,
    wanted: Wanted,
    /// The long line that the join is in has a match, and more of them are not wanted.
    is_settled: AtomicBool,
}

/// What a worker found in a part of a long line.
pub(crate) struct PartFound {
    pub(crate) part: Part,
    pub(crate) matches: PartMatches,
}

/// The matches that start in a part.
pub(crate) enum PartMatches {
    /// Whether there are any.
    Any(bool),
    /// All of them.
    Every(Vec<FileMatch>),
    /// The part was not searched, as the line seemed to have a match before it.
    Unsearched,
}

impl PartFound {
    /// How many bytes of memory the matches take.
    pub(crate) fn size(&self) -> usize {
        match &self.matches {
            PartMatches::Every(matches) => matches.capacity() * size_of::<FileMatch>(),
            _ => 0,
        }
    }
}

/// From where on a part is searched.
#[derive(Clone, Copy)]
pub(crate) enum Begin {
    /// From this offset on.
    At(u64),
    /// Behind a match that ended at this offset.
    Behind(u64),
}

impl<'c> Parts<'c> {
    pub(crate) fn new(core: &'c Core<'c>, wanted: Wanted) -> Self {
        Parts { core, wanted, is_settled: AtomicBool::new(false) }
    }

    /// Tells the workers whether the long line that the join is in has all that is wanted of it.
    pub(crate) fn settle(&self, yes: bool) {
        self.is_settled.store(yes, Ordering::Relaxed);
    }

    /// What is in a window that lies within a long line, where it does. That no line ends in it, and what matches
    /// there, is found out block by block, so that the bytes come from memory once.
    pub(crate) fn search_inside(
        &self,
        worker: &mut Worker<'_>,
        window: &Window<'_>,
    ) -> Result<Option<PartFound>, Error> {
        const BLOCK_BYTES: u64 = 128 << 10;
        let (own, near) = (window.own(), self.core.near);
        let is_inside = own.start > window.start()
            && own.end < window.end()
            && window.is_far(own.start, near)?
            && window.is_far(own.end, near)?;
        if !is_inside {
            return Ok(None);
        }
        let every = self.wanted == Wanted::Every;
        let is_unsearched = !every && self.is_settled.load(Ordering::Relaxed);
        let (mut any, mut matches) = (false, vec![]);
        let mut match_end = None;
        let mut at = own.start;
        while at < own.end {
            let block = Part { range: at..own.end.min(at + BLOCK_BYTES), ends: false };
            at = block.range.end;
            if window.after_terminator(block.range.start, block.range.end)?.is_some() {
                return Ok(None);
            }
            let from = match match_end {
                Some(end) if end >= block.range.start => Begin::Behind(end),
                _ => Begin::At(block.range.start),
            };
            let (Begin::At(offset) | Begin::Behind(offset)) = from;
            if offset < block.range.end && (every || !(any || is_unsearched)) {
                self.walk(&mut worker.cache, window, &block, from, &mut |m| {
                    any = true;
                    match_end = Some(m.end);
                    if every {
                        matches.push(m);
                    }
                    every
                })?;
            }
        }
        let matches = match is_unsearched {
            true => PartMatches::Unsearched,
            false if every => PartMatches::Every(matches),
            false => PartMatches::Any(any),
        };
        Ok(Some(PartFound { part: Part { range: own, ends: false }, matches }))
    }

    /// What is in a part of a long line.
    pub(crate) fn search(&self, worker: &mut Worker<'_>, window: &Window<'_>, part: Part) -> Result<PartFound, Error> {
        if self.wanted == Wanted::Any {
            let any = self.has_match(&mut worker.cache, window, &part)?;
            return Ok(PartFound { part, matches: PartMatches::Any(any) });
        }
        let mut matches = std::mem::take(&mut worker.spare_matches);
        matches.clear();
        self.walk(&mut worker.cache, window, &part, Begin::At(part.range.start), &mut |m| {
            matches.push(m);
            true
        })?;
        Ok(PartFound { part, matches: PartMatches::Every(matches) })
    }

    /// Whether a match starts in a part.
    pub(crate) fn has_match(&self, cache: &mut Cache, window: &Window<'_>, part: &Part) -> Result<bool, Error> {
        let mut any = false;
        self.walk(cache, window, part, Begin::At(part.range.start), &mut |_| {
            any = true;
            false
        })?;
        Ok(any)
    }

    /// Calls `each` with the matches that start in a part, in order, until it returns false.
    pub(crate) fn walk(
        &self,
        cache: &mut Cache,
        window: &Window<'_>,
        part: &Part,
        from: Begin,
        each: &mut dyn FnMut(FileMatch) -> bool,
    ) -> Result<(), Error> {
        let matcher = self.core.matcher;
        let first = window.start().max(part.range.start.saturating_sub(Reach::LOOK_BEHIND as u64));
        let longest = matcher.longest().unwrap_or(0) as u64;
        let end = if part.ends { part.range.end } else { window.end().min(part.range.end.saturating_add(longest)) };
        window.read(first..end, |bytes| {
            // Matching never depends on the previous line.
            let before = &bytes[..(part.range.start - first) as usize];
            let skipped = memrchr(matcher.terminator(), before).map_or(0, |at| at + 1);
            let (base, bytes) = (first + skipped as u64, &bytes[skipped..]);
            let content = if part.ends { matcher.line_terminator().strip(bytes) } else { bytes };
            // Behind the last byte of an unterminated line there may be an empty match.
            let limit = part.range.end + u64::from(part.ends && content.len() == bytes.len());
            let cursor = match from {
                Begin::At(at) => Cursor::new((at - base) as usize),
                Begin::Behind(end) => Cursor::after((end - base) as usize),
            };
            matcher.each_match(cache, content, cursor, |m| {
                let found = m.in_file(base);
                found.start < limit && each(found)
            });
        })
    }
}
