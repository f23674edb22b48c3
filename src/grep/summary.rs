//! What a search found.

/// What a search found.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
///
/// let text = b"b\na\nb\n";
/// let mut builder = GrepBuilder::new();
/// let first = builder.max_count(1).compile(&MatcherBuilder::new(), &["b"])?;
/// let summary = first.for_each_line_of(text, &Pool::inline(), &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!((summary.matched_lines, summary.stopped_at), (1, Some(2)));
/// // The rest.
/// let rest = first.within(summary.stopped_at.unwrap()..);
/// let summary = rest.for_each_line_of(text, &Pool::inline(), &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!(summary.matched_lines, 1);
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// How many lines were selected.
    pub matched_lines: u64,
    /// How many matches there are in them; counted with [`Goal::CountMatches`](super::Goal::CountMatches), and with
    /// [`Goal::Lines`](super::Goal::Lines) when the format wants matches.
    pub matches: u64,
    /// Up to which offset the file was searched.
    pub bytes_searched: u64,
    /// Where to resume a search that stopped, or had all it wanted, before the end of the file or range: pass this
    /// offset as the start of a [`range`](super::GrepBuilder::range). All lines before it are done with. `None` when
    /// the search reached the end, and for searches from the end. A stream may end right there.
    pub stopped_at: Option<u64>,
    /// The offset of the NUL byte that made the file binary, when it was noticed.
    pub binary: Option<u64>,
}
