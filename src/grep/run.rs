//! Running the stages of a mode, and emitting what they format.

use std::ops::ControlFlow;

use super::{
    core::{Core, Seam},
    long::emit::emit_long,
    output::Output,
    summary::Summary,
};
use crate::{
    error::Error,
    scan::{
        Pool,
        feed::Feed,
        ordered::{self, Stages},
    },
};

/// Where the formatted lines go.
pub(crate) type Emit<'e> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'e;

/// Where a search was stopped from outside.
pub(crate) struct Stop {
    /// All items before this one are done with.
    pub(crate) item: usize,
    /// All lines before this offset were emitted.
    pub(crate) upto: u64,
    /// The line that starts there was the next to be emitted, or was emitted in part.
    pub(crate) in_line: bool,
}

/// How a search ended.
pub(crate) struct Ended {
    pub(crate) summary: Summary,
    /// Where it was stopped from outside.
    pub(crate) stop: Option<Stop>,
    /// It had all that was wanted, or was not to go on, before it came to the end.
    pub(crate) had_enough: bool,
}

/// Runs the stages of a mode, and emits what they format. Returns what the mode carried at the end as well.
pub(crate) fn run<S, O>(
    core: &Core<'_>,
    stages: &S,
    feed: Feed<'_, S::Item>,
    seam: Seam<O>,
    pool: &Pool,
    emit: &mut Emit<'_>,
) -> Result<(Ended, O), Error>
where
    S: Stages<Output = Output, Seam = Seam<O>>,
{
    let mut failed = None;
    let (mut upto, mut in_line) = (0, false);
    let cancel = core.options.cancel.as_ref();
    let ended = ordered::run(stages, feed, seam, pool, cancel, &mut |output: &Output| {
        // A long line comes behind the others, and is dealt with when all its pieces are.
        upto = output.long.as_ref().map_or(output.upto, |line| line.range.start);
        in_line = output.long.is_some();
        if !output.bytes.is_empty() && emit(&output.bytes).is_break() {
            return ControlFlow::Break(());
        }
        let (Some(line), Some(file)) = (&output.long, &core.file) else { return ControlFlow::Continue(()) };
        let (flow, is_whole) = emit_long(core, file.mapping, line, emit).unwrap_or_else(|error| {
            failed = Some(error);
            (ControlFlow::Break(()), false)
        });
        if is_whole {
            (upto, in_line) = (output.upto, false);
        }
        flow
    })?;
    if let Some(error) = failed.or_else(|| core.matcher.failure()) {
        return Err(error);
    }
    let Seam { binary, mut summary, had_enough, own, .. } = ended.seam;
    let (lines, matches) = core.formatted();
    summary.binary = binary;
    summary.matched_lines += lines;
    summary.matches += matches;
    let stop = ended.stopped_in.map(|item| Stop { item, upto, in_line });
    Ok((Ended { summary, stop, had_enough }, own))
}
