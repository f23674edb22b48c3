//! Which lines of a slice of whole lines match. `matcher` decides how they are found.

pub(super) use crate::matcher::lines::{
    LineCounts as Counts,
    select::{count, each_match_in, line_end, matches_in, select, select_with_matches},
};
