//! Where a search for the matches of a set stands.

/// Where a walk over the matches of a haystack stands.
///
/// Searching a range of starts moves it to where the next range begins, such that the matches of all ranges are those
/// of the whole haystack.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use mapgrep::matcher::set::{PatternSet, Walk};
///
/// let set = PatternSet::builder().build(["aa"])?;
/// let (mut walk, mut starts) = (Walk::new(0), vec![]);
/// for upto in [1, 3, 6] {
///     let each = |m: mapgrep::Match| { starts.push(m.start); ControlFlow::<()>::Continue(()) };
///     let _ = set.walk(b"aaaaa", &mut walk, upto, each);
/// }
/// assert_eq!(starts, [0, 2]);
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    pub(super) at: usize,
    pub(super) last_end: Option<usize>,
}

impl Walk {
    /// A walk that begins with matches that start at `at`, and with no match before.
    pub fn new(at: usize) -> Self {
        Walk { at, last_end: None }
    }

    /// A walk that goes on behind a match that ended at `end`.
    pub(crate) fn after(end: usize) -> Self {
        Walk::resume(end, Some(end))
    }

    /// A walk that goes on at `at`, where the last match before ended at `last_end`.
    pub(crate) fn resume(at: usize, last_end: Option<usize>) -> Self {
        Walk { at, last_end }
    }

    /// The first place at which the next match can start.
    pub fn at(&self) -> usize {
        self.at
    }
}
