//! From blocks to parts of a file.

use std::ops::Range;

use super::part::Part;
use crate::{
    error::Error,
    index::{
        open::reader::{Reader, is_linked, start_of},
        work,
    },
};

/// The parts of a text that runs of blocks cover, and the part that is not indexed.
pub(crate) fn parts(reader: &Reader<'_>, runs: &[Range<u64>], len: u64, after: u64) -> Result<Vec<Part>, Error> {
    let (blocks, covered) = (reader.manifest.blocks(), reader.manifest.covered);
    let mut parts: Vec<Part> = vec![];
    let mut push = |part: Part| match parts.last_mut() {
        Some(last) if last.range.end >= part.range.start => last.range.end = last.range.end.max(part.range.end),
        _ if part.range.start < part.range.end => parts.push(part),
        _ => {}
    };
    // The end of the part so far, as a block. It only grows, so no block is visited twice, however many runs lie before
    // a long line.
    let mut end = 0;
    for run in runs {
        work::steps(1);
        let record = reader.record(run.start)?;
        let mut own = run.end;
        // The lines after the last one of the run.
        if after > 0 && own < blocks {
            let newlines = reader.record(own)?.newlines.saturating_add(after);
            own = reader.block_of_line(newlines)?.max(own) + 1;
            // A block that begins within a line belongs to the block before it.
            while own > end && own < blocks && is_linked(&reader.record(own)?) {
                work::steps(1);
                own += 1;
            }
        }
        end = own.max(end);
        let end = match end < blocks {
            true => start_of(end, &reader.record(end)?),
            false => covered,
        };
        push(Part { range: start_of(run.start, &record)..end, newlines: record.newlines });
    }
    // The lines after the last indexed one.
    push(Part { range: covered..len, newlines: reader.manifest.newlines });
    Ok(parts)
}
