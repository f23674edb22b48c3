//! A search for lines: options and compiled patterns.

use std::{
    ops::{Range, RangeBounds},
    sync::Arc,
};

use super::{
    core::Caches,
    options::{Binary, Context, GrepBuilder},
};
use crate::{error::Error, index::Query, matcher::Matcher, scan::window::Spare};

impl GrepBuilder {
    /// Puts the options and a matcher together. Where the matcher was not built [by
    /// line](crate::matcher::MatcherBuilder::by_line), matches may cross lines, and lines that share a match are
    /// reported together, as one [`Line`](super::Line); [`max_count`](GrepBuilder::max_count) counts these, and both
    /// ways of counting count matches.
    ///
    /// # Errors
    ///
    /// Invalid input when the chunk size is 0, and for what does not go together: [`reverse`](GrepBuilder::reverse)
    /// with context, or with patterns that were not built [by line](crate::matcher::MatcherBuilder::by_line), and
    /// [`last`](GrepBuilder::last) with such patterns.
    ///
    /// # Examples
    ///
    /// See [the module](crate::grep).
    pub fn build(&self, matcher: Matcher) -> Result<Grep, Error> {
        if self.chunk_size == 0 {
            return Err(Error::invalid_input("a chunk size of 0 bytes: it has to be 1 at least"));
        }
        let backwards = self.last.is_some() || self.reverse;
        if backwards && !matcher.is_by_line() {
            return Err(Error::invalid_input(
                "matches across lines can only be found from the front: build the matcher by line to have the last \
                 ones, or all in the opposite order",
            ));
        }
        if self.reverse && (self.passthru || !self.context.is_none()) {
            return Err(Error::invalid_input("lines in the opposite order come without context"));
        }
        let mut options = self.clone();
        if options.passthru {
            options.context = Context::EVERYTHING;
        }
        Ok(Grep { matcher, options, query: None, caches: Caches::default(), spare: Spare::default(), origin: 0 })
    }
}

/// A search for lines, to be run on any number of files. Shared between threads as it is.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use mapgrep::{grep::{Binary, GrepBuilder}, matcher::MatcherBuilder, scan::Pool};
///
/// let grep = GrepBuilder::new().compile(&MatcherBuilder::new(), &["a"])?;
/// assert_eq!(grep.binary_detection(), Binary::Text);
/// assert!(grep.matcher().is_by_line());
/// let count = |grep: &mapgrep::Grep| {
///     let summary = grep.for_each_line_of(b"a\nba\nab\n", &Pool::inline(), &mut |_| ControlFlow::Continue(()));
///     summary.map(|summary| summary.matched_lines)
/// };
/// assert_eq!(count(&grep)?, 3);
/// // The same patterns in a part of a file, and on another thread.
/// assert_eq!(count(&grep.within(2..))?, 2);
/// assert_eq!(std::thread::scope(|scope| scope.spawn(|| count(&grep.apart())).join().unwrap())?, 3);
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Grep {
    pub(super) matcher: Matcher,
    pub(super) options: GrepBuilder,
    /// What a line needs in order to match, where that is known.
    pub(super) query: Option<Arc<Query>>,
    /// Caches that earlier searches have filled. For small files, making one takes longer than the search.
    pub(super) caches: Caches,
    /// Memory that earlier streams were read into.
    pub(super) spare: Spare,
    /// Where in a mapped file the text begins.
    pub(super) origin: u64,
}

impl Grep {
    /// The same search with caches and memory of its own, for a thread that searches many small files.
    #[must_use]
    pub fn apart(&self) -> Self {
        Grep { caches: Caches::default(), spare: Spare::default(), ..self.clone() }
    }

    /// The compiled patterns.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// The same search of another [range](GrepBuilder::range).
    #[must_use]
    pub fn within(&self, range: impl RangeBounds<u64>) -> Self {
        let mut grep = self.clone();
        grep.options.range(range);
        grep
    }

    /// The same search of mapped files of which the bytes before an offset are no part of the text: a line begins
    /// there, and it is byte 0 of line 1. [`within`](Grep::within), and parts, are still told by the offsets of the
    /// mapping. For searches by line.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, mapping::Mapping, scan::Pool};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-starting-at-{}", std::process::id()));
    /// std::fs::write(&path, "\u{FEFF}text")?;
    /// let grep = GrepBuilder::new().compile(&MatcherBuilder::new(), &["^text"])?;
    /// let mut offsets = vec![];
    /// grep.starting_at(3).for_each_line(&Mapping::open(&path)?, &Pool::inline(), &mut |line| {
    ///     offsets.push(line.offset);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(offsets, [0]);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn starting_at(&self, origin: u64) -> Self {
        let mut grep = self.clone();
        grep.origin = origin;
        let Range { start, end } = grep.options.range;
        grep.options.range = start.saturating_add(origin)..end.saturating_add(origin);
        grep
    }

    /// What a NUL byte means to it.
    pub fn binary_detection(&self) -> Binary {
        self.options.binary
    }
}
