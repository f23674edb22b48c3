//! Lines that reach over blocks.

use std::ops::Range;

use crate::{
    error::Error,
    index::{
        format::{bits::Bits, manifest::Entry},
        open::segment::Segment,
    },
};

/// Runs of blocks that share a line.
pub(crate) struct Links {
    runs: Vec<Range<usize>>,
    /// Runs whose line continues in another segment.
    open: Vec<Range<usize>>,
    /// The number of blocks in all runs.
    pub(crate) blocks: u64,
}

impl Links {
    pub(crate) fn of(segment: &Segment<'_>, next: Option<&Segment<'_>>) -> Result<Links, Error> {
        let (mut runs, mut open) = (vec![], vec![]);
        let goes_on = next.is_some_and(|next| next.entry.flags & Entry::CONTINUES != 0);
        if segment.entry.flags & Entry::LINKED != 0 {
            let mut links = Bits::zeros(0);
            segment.read_links(&mut links)?;
            for block in links.ones_iter() {
                match runs.last_mut() {
                    Some(Range { end, .. }) if *end == block => *end = block + 1,
                    _ => runs.push(block.saturating_sub(1)..block + 1),
                }
            }
        }
        if segment.entry.flags & Entry::CONTINUES != 0 && !runs.is_empty() {
            open.push(runs.remove(0));
        }
        let blocks = segment.blocks();
        if goes_on {
            open.push(runs.pop_if(|run| run.end == blocks).unwrap_or(blocks - 1..blocks));
        }
        let of_runs = runs.iter().chain(&open).map(|run: &Range<usize>| run.len() as u64).sum();
        Ok(Links { runs, open, blocks: of_runs })
    }

    /// A gram in one block of a line may be on the same line as a gram in another, so a run has the rows of all its
    /// blocks.
    pub(crate) fn spread(&self, row: &mut Bits) {
        for run in &self.runs {
            if run.clone().any(|block| row.get(block)) {
                run.clone().for_each(|block| row.set(block));
            }
        }
        for run in &self.open {
            run.clone().for_each(|block| row.set(block));
        }
    }
}
