//! Which matches a search for several patterns finds.

/// Which matches a search for several patterns finds.
///
/// # Examples
///
/// ```
/// use mapgrep::matcher::set::{MatchKind, PatternSet};
///
/// let found = |kind| -> Vec<&str> {
///     let set = PatternSet::builder().kind(kind).build(["ab", "abc", "c"]).unwrap();
///     set.find_iter(b"abc").map(|m| &"abc"[m.range()]).collect()
/// };
/// assert_eq!(found(MatchKind::LeftmostFirst), ["ab", "c"]);
/// assert_eq!(found(MatchKind::LeftmostLongest), ["abc"]);
/// assert_eq!(found(MatchKind::Overlapping), ["ab", "abc", "c"]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MatchKind {
    /// Matches that do not overlap. Of those that start first, that of the pattern that comes first in the list.
    #[default]
    LeftmostFirst,
    /// Matches that do not overlap. Of those that start first, the longest; of equal patterns, the first.
    LeftmostLongest,
    /// Every occurrence of every pattern, by start, then by length, then by the pattern's place in the list.
    Overlapping,
}
