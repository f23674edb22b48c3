//! Lines that are too long for one worker, and for memory.
//!
//! Where a match is bounded, a line that reaches far past the end of a window is [split](split): as many workers as
//! there are search its parts. The [join](join) of the parts tells whether the line is selected. A line that is too
//! long to be formatted in memory is [emitted](emit) piece by piece.

pub(crate) mod emit;
pub(crate) mod join;
pub(crate) mod open;
pub(crate) mod split;
