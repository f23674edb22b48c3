//! One thread walks over a file: for patterns whose matches may have any length, and for whoever takes matches one by
//! one.
//!
//! There are no seams, since the walk goes on behind each chunk as it is. Matches come in batches, each under one guard
//! of the mapping, which costs a few system calls: the first has one match and each has up to twice as many as the one
//! before, so that who stops early is not kept waiting.

use std::ops::{ControlFlow, Range};

use super::{
    cancel::Cancel,
    ordered::Stages,
    seam::{MatchStages, Part, RangeChunks},
};
use crate::{error::Error, matcher::Cache, span::FileMatch};

/// How many matches a batch has at most.
const MOST: usize = 1024;

/// Where a walk stands.
#[derive(Debug)]
pub(super) struct Walk {
    chunks: RangeChunks,
    /// The chunk that the walk has not left, and what is to be looked at for it.
    part: Option<(Range<usize>, Part)>,
    /// Where the last match ended.
    end: Option<u64>,
    /// Up to where the bytes were counted.
    counted: u64,
    cache: Cache,
    /// How many matches the next batch may have.
    size: usize,
}

impl Walk {
    /// A walk over these chunks.
    pub(super) fn new(chunks: RangeChunks, cache: Cache) -> Self {
        Walk { chunks, part: None, end: None, counted: 0, cache, size: 1 }
    }

    /// Replaces the batch by the matches that come next. It is empty only at the end, or when the walk was cancelled.
    /// None is delivered before the bytes that decided about it were found to be the file's still.
    pub(super) fn next(
        &mut self,
        stages: &MatchStages<'_>,
        cancel: Option<&Cancel>,
        batch: &mut Vec<FileMatch>,
    ) -> Result<(), Error> {
        batch.clear();
        while batch.is_empty() && !cancel.is_some_and(Cancel::is_cancelled) {
            let (chunk, part) = match self.part.take() {
                Some(entered) => entered,
                None => {
                    let Some(chunk) = self.chunks.next() else { break };
                    let part = stages.enter(&chunk)?;
                    stages.count(1, 0..0);
                    self.counted = chunk.start as u64;
                    (chunk, part)
                }
            };
            // The last match may end in this chunk, or behind it.
            let after = self.end.filter(|&end| end >= part.owned.start);
            let from = after.unwrap_or(part.owned.start);
            if from < part.owned.end {
                let walked = stages.walk(&mut self.cache, &part, from, after, |m| {
                    batch.push(m);
                    batch.len() < self.size
                });
                walked.inspect_err(|_| batch.clear())?;
                self.end = batch.last().map(|m| m.end).or(self.end);
            }
            let upto = match batch.last() {
                Some(last) if batch.len() == self.size => {
                    self.part = Some((chunk.clone(), part));
                    self.size = MOST.min(self.size * 2);
                    last.end.min(chunk.end as u64)
                }
                _ => chunk.end as u64,
            };
            stages.count(0, self.counted..upto);
            self.counted = self.counted.max(upto);
            batch.retain(|m| !stages.is_early(m));
            stages.done_upto(self.counted);
        }
        match stages.failure() {
            Some(error) => {
                batch.clear();
                Err(error)
            }
            None => Ok(()),
        }
    }
}

/// Walks to the end, or until `emit` wants no more.
pub(super) fn run(
    stages: &MatchStages<'_>,
    mut walk: Walk,
    cancel: Option<&Cancel>,
    emit: &mut dyn FnMut(&[FileMatch]) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut batch = vec![];
    loop {
        walk.next(stages, cancel, &mut batch)?;
        if batch.is_empty() || emit(&batch).is_break() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mapping::MapOptions, matcher::MatcherBuilder};

    /// Nothing is searched before it is asked for, and what was searched is counted to the byte.
    #[test]
    fn a_walk_goes_no_further_than_it_is_asked_to() {
        let mut mapping = MapOptions::new().len(1000).map_anonymous().unwrap();
        mapping.guarded_mut(.., |bytes| bytes.fill(b'a')).unwrap();
        for (pattern, chunks) in [("aa", [1, 1, 1, 2]), ("(?s)aa|b.*c", [1, 1, 1, 1])] {
            let matcher = MatcherBuilder::new().build([pattern]).unwrap();
            let stages = MatchStages::new(&matcher, &mapping, 0..u64::MAX);
            let mut walk = Walk::new(stages.chunks(10).unwrap(), matcher.create_cache());
            assert_eq!(stages.counted(), (0, 0));
            let mut batch = vec![];
            let mut bytes = 0;
            for (asked, chunks) in chunks.into_iter().enumerate() {
                walk.next(&stages, None, &mut batch).unwrap();
                // Of the five matches in the first chunk, one comes first, then two, then what is left.
                bytes += 2 * batch.len();
                assert_eq!(stages.counted().0, chunks, "{pattern}, {asked}");
                assert!(stages.counted().1 >= bytes as u64 && stages.counted().1 <= bytes.next_multiple_of(10) as u64);
            }
            let mut all = bytes / 2;
            while !batch.is_empty() {
                walk.next(&stages, None, &mut batch).unwrap();
                all += batch.len();
            }
            assert_eq!((all, stages.counted().1), (500, 1000));
        }
    }
}
