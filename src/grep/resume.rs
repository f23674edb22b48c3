//! Where a search that was stopped can be taken up again.

use super::{core::Core, mode::Outcome, order::ResumeAt, run::Stop};
use crate::{error::Error, scan::pieces::Pieces};

/// The offset from which a search of these pieces would go on; the end of the search where all of them are done with.
pub(super) fn resume(core: &Core<'_>, pieces: &Pieces<'_>, outcome: &Outcome, stop: &Stop) -> Result<u64, Error> {
    let window = match pieces.windows().nth(stop.item) {
        _ if stop.in_line || outcome.resume_at == ResumeAt::Output => return Ok(stop.upto),
        Some(window) => window,
        None => return Ok(core.end()),
    };
    let start = window.own().start;
    if outcome.resume_at == ResumeAt::Match {
        return Ok(start.max(stop.upto));
    }
    // A line that is searched in parts is dealt with when its last part is.
    let line = match core.in_parts() && window.layout(core.near)?.head.is_some() {
        true => match outcome.open {
            Some(open) if open <= start => open,
            _ => window.line_start(start)?,
        },
        false => start,
    };
    Ok(line.max(stop.upto))
}
