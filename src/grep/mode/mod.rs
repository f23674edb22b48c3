//! What a search makes of the lines that it finds: each mode is a type of its own, picked once.
//!
//! | mode | what it makes of lines | pipeline |
//! |---|---|---|
//! | [`lines`] | reports them, with context and limits | [`by_line`] |
//! | [`matches`] | reports nothing but the matches in them | [`by_line`] |
//! | [`count`] | counts them, or the matches in them | [`by_line`] |
//! | [`any_line`] | looks for one | [`by_line`] |
//! | [`blocks`] | reports or counts lines that share matches | [`blocks::by_block`] |
//! | [`last`] | finds where the last ones begin | its own |
//! | [`reverse`] | reports them in the opposite order | its own |
//!
//! `docs/guides/adding-a-mode.md` says how to add one.

mod any_line;
pub(crate) mod blocks;
pub(crate) mod by_line;
mod count;
pub(crate) mod last;
pub(crate) mod line_mode;
mod lines;
pub(crate) mod matches;
pub(crate) mod reverse;

use any_line::AnyLine;
use blocks::{
    by_block::ByBlock,
    count::{AnyBlock, CountBlocks},
    mode::BlockMode,
    report::ReportBlocks,
};
use by_line::ByLine;
use count::{Count, Counted};
use line_mode::LineMode;
use lines::Lines;
use matches::Matches;

use super::{
    core::{Core, Start},
    options::Goal,
    order::ResumeAt,
    run::{Emit, Ended},
};
use crate::{
    error::Error,
    scan::{Pool, feed::Feed, window::Window},
};

/// The windows of a search from the front, and where its output goes.
pub(crate) struct Job<'j, 'w, 'e> {
    pub(crate) feed: Feed<'j, Window<'w>>,
    pub(crate) start: Start,
    pub(crate) pool: &'j Pool,
    pub(crate) emit: &'j mut Emit<'e>,
}

/// How a search from the front ended.
pub(crate) struct Outcome {
    pub(crate) ended: Ended,
    /// Where the search can be taken up again.
    pub(crate) resume_at: ResumeAt,
    /// The long line that it was in begins there.
    pub(crate) open: Option<u64>,
}

/// Picks the mode of a search from the front, and runs it.
pub(crate) fn run(core: &Core<'_>, job: Job<'_, '_, '_>) -> Result<Outcome, Error> {
    let options = core.options;
    match (core.matcher.is_by_line(), options.goal) {
        (true, Goal::Lines) if core.format.only_matches() && !options.invert => by_line(core, Matches::new(core), job),
        (true, Goal::Lines) => by_line(core, Lines::new(core, ResumeAt::Line), job),
        (true, Goal::CountLines) => by_line(core, Count::new(core, Counted::Lines), job),
        (true, Goal::CountMatches) => by_line(core, Count::new(core, Counted::Matches), job),
        (true, Goal::AnyLine) => by_line(core, AnyLine::new(core), job),
        (false, Goal::Lines) => by_block(core, ReportBlocks::new(core), job),
        (false, Goal::CountLines | Goal::CountMatches) => by_block(core, CountBlocks::new(core), job),
        (false, Goal::AnyLine) => by_block(core, AnyBlock::new(core), job),
    }
}

fn by_line<M: LineMode>(core: &Core<'_>, mode: M, job: Job<'_, '_, '_>) -> Result<Outcome, Error> {
    let Job { feed, start, pool, emit } = job;
    let resume_at = mode.resume_at();
    let (ended, open) = ByLine::new(core, mode).run(feed, start, pool, emit)?;
    Ok(Outcome { ended, resume_at, open: open.map(|line| line.start) })
}

fn by_block<M: BlockMode>(core: &Core<'_>, mode: M, job: Job<'_, '_, '_>) -> Result<Outcome, Error> {
    let Job { feed, start, pool, emit } = job;
    let ended = ByBlock::new(core, mode).run(feed, start, pool, emit)?;
    Ok(Outcome { ended, resume_at: ResumeAt::Output, open: None })
}
