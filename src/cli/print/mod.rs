//! Formats what was found: lines, messages in JSON, counts, statistics.

pub(crate) mod color;
pub(crate) mod control;
pub(crate) mod hyperlink;
pub(crate) mod json;
mod long;
pub(crate) mod pattern_ids;
mod per_match;
mod pieces;
pub(crate) mod standard;
pub(crate) mod stats;
pub(crate) mod style;
