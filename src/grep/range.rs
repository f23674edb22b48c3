//! The range in which matches have to start.

use std::ops::Range;

use crate::{
    matcher::{Cache, Matcher},
    span::Span,
};

use super::{
    lines::{self, Counts},
    view::View,
};

/// Range that a match's start must lie in, where single matches are reported or counted. Without bounds when the range
/// of a search selects lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct MatchRange(Option<Range<u64>>);

impl MatchRange {
    /// This range of a file of `len` bytes. An empty match behind the last byte of the file belongs to the range of
    /// that byte, so that ranges up to the end of the file have all matches.
    pub(crate) fn new(range: Range<u64>, len: u64) -> Self {
        MatchRange(Some(match range {
            Range { start, .. } if start >= len => u64::MAX..u64::MAX,
            Range { start, end } => start..if end >= len { u64::MAX } else { end },
        }))
    }

    /// The range, where there is one.
    pub(crate) fn bounds(&self) -> Option<&Range<u64>> {
        self.0.as_ref()
    }

    /// True when a part of the lines lies outside of the range.
    pub(crate) fn cuts(&self, lines: &Range<u64>) -> bool {
        self.0.as_ref().is_some_and(|range| lines.start < range.start || lines.end > range.end)
    }

    /// Whether a match that starts there is wanted.
    pub(crate) fn contains(&self, start: u64) -> bool {
        self.0.as_ref().is_none_or(|range| range.contains(&start))
    }

    /// Removes the matches on a line that do not start in the range. Their offsets count from the line's start.
    pub(crate) fn retain(&self, line: &Range<u64>, matches: &mut Vec<Span>) {
        if let Some(range) = &self.0
            && self.cuts(line)
        {
            matches.retain(|m| range.contains(&(line.start + m.start as u64)));
        }
    }

    /// The first `limit` lines with matches that start in the range, and how many matches those are.
    pub(crate) fn select(
        &self,
        matcher: &Matcher,
        cache: &mut Cache,
        view: View<'_>,
        limit: u64,
    ) -> (Vec<Span>, Counts) {
        let (mut hits, mut counts, mut kept) = (vec![], Counts::default(), vec![]);
        lines::select_with_matches(matcher, cache, view.bytes, &mut vec![], |line, matches| {
            kept.clear();
            kept.extend_from_slice(matches);
            self.retain(&view.in_file(line), &mut kept);
            if !kept.is_empty() && counts.lines < limit {
                hits.push(line);
                counts.lines += 1;
                counts.matches += kept.len() as u64;
                counts.end = line.end;
            }
            counts.lines < limit
        });
        (hits, counts)
    }
}
