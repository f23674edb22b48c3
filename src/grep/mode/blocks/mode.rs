//! What a mode that takes blocks has to say.

use std::ops::ControlFlow;

use super::block::{BlockSeam, WholeBlocks};
use crate::{
    error::Error,
    grep::{
        core::{Core, Worker},
        order::{Step, section::Plan},
        output::Output,
    },
    scan::window::Window,
};

/// The join of a chunk where matches may cross lines.
pub(crate) type BlockStep<'s, 'w> = Step<'s, 'w, BlockSeam>;

/// A mode that takes blocks. [`ByBlock`](super::by_block::ByBlock) runs it.
pub(crate) trait BlockMode: Sync {
    /// What all modes share.
    fn core(&self) -> &Core<'_>;

    /// Takes complete blocks, and the lines around them.
    fn join(&self, step: &mut BlockStep<'_, '_>, blocks: WholeBlocks) -> Result<ControlFlow<()>, Error>;

    /// Whether the matches are wanted, not only the blocks.
    fn keeps_matches(&self) -> bool {
        false
    }

    /// Whether two blocks are one where a match has the line end between them.
    fn joins_lines(&self) -> bool {
        false
    }

    /// Whether any block is enough, complete or not.
    fn takes_first(&self) -> bool {
        false
    }

    /// Formats the next piece of a plan. True while there is more to come.
    fn format(
        &self,
        _worker: &mut Worker<'_>,
        _window: &Window<'_>,
        _plan: &mut Plan,
        _out: &mut Output,
    ) -> Result<bool, Error> {
        Ok(false)
    }
}
