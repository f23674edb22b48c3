//! Matches across lines: which lines belong together.
//!
//! Lines that share a match, or whose matches share a line, are a block, and a block is reported or not as a whole.
//! Workers [find](find) the matches that start in their chunks, and put them into blocks; where chunks meet, the
//! [join](join) reconciles the matches and joins the blocks. The join alone runs patterns of which a match may have
//! any length, chunk by chunk. What becomes of blocks is a [mode](mode) of its own: they are [reported](report) or
//! [counted](count).
//!
//! The last block of a chunk may go on in the next one, so it waits for that. Blocks on adjacent lines stay apart:
//! else a file in which every line matches would be one block, and nothing could be said of it before its end. But
//! where something else is shown in the place of a line end, what comes behind it is a part of the same line.

pub(crate) mod block;
pub(crate) mod by_block;
pub(crate) mod count;
mod find;
mod join;
pub(crate) mod mode;
pub(crate) mod report;
