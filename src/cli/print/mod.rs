//! Formats what was found: lines, messages in JSON, counts, statistics.

pub(crate) mod json;
pub(crate) mod long;
pub(crate) mod pattern_ids;
pub(crate) mod standard;
pub(crate) mod stats;
