//! Formats what was found: lines, messages in JSON, counts, statistics.

pub(crate) mod color;
pub(crate) mod json;
mod long;
pub(crate) mod pattern_ids;
mod pieces;
pub(crate) mod standard;
pub(crate) mod stats;
pub(crate) mod style;
