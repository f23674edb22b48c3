//! Patterns whose matches may have any length: one thread walks over the whole file.

use std::panic::{self, AssertUnwindSafe};

use super::{cache::CacheKeeper, ordered::Flow};
use crate::{error::Error, mapping::Mapping, matcher::Matcher, span::Match};

/// How many matches are delivered together at most.
const MOST: usize = 1024;

/// Calls `sink` with each match in order. Matches are delivered while the search is under way, but not before the file
/// was found to have all its bytes still, as any of them may have decided where a match ends: in batches, as that takes a
/// system call. The first has one match and each has twice as many as the one before, so that who stops early is not kept
/// waiting.
pub(super) fn for_each(
    matcher: &Matcher,
    mapping: &Mapping,
    keeper: &CacheKeeper<'_>,
    sink: &mut dyn FnMut(Match) -> Flow,
) -> Result<(), Error> {
    let mut batch = Vec::with_capacity(MOST);
    let mut flow = Flow::Continue;
    // What the sink throws is its caller's, and no sign of a file that was changed.
    let mut thrown = None;
    let mut deliver = |batch: &mut Vec<Match>| {
        for m in batch.drain(..) {
            match panic::catch_unwind(AssertUnwindSafe(|| sink(m))) {
                Ok(Flow::Continue) => {}
                Ok(Flow::Stop) => return Flow::Stop,
                Err(payload) => {
                    thrown = Some(payload);
                    return Flow::Stop;
                }
            }
        }
        Flow::Continue
    };
    let searched = mapping.read_before_fault(0..mapping.len(), |bytes| {
        let mut cache = matcher.cache();
        let mut size = 1;
        for (span, pattern) in matcher.find_iter(&mut cache, bytes) {
            batch.push(Match { start: span.start as u64, end: span.end as u64, pattern });
            if batch.len() < size {
                continue;
            }
            mapping.check_intact(mapping.len())?;
            flow = deliver(&mut batch);
            keeper.done_upto(span.start as u64);
            if flow == Flow::Stop {
                break;
            }
            size = MOST.min(size * 2);
        }
        Ok(())
    });
    if flow == Flow::Continue
        && let Ok(Ok(())) = searched
    {
        deliver(&mut batch);
    }
    if let Some(payload) = thrown {
        panic::resume_unwind(payload);
    }
    // Whoever has stopped has what was wanted, whatever became of the rest.
    if flow == Flow::Stop { Ok(()) } else { searched? }
}
