//! What a search is to find out, and how: the options of a [`Grep`](super::Grep).

use std::ops::{Range, RangeBounds};

use crate::{
    scan::{CachePolicy, Cancel, DEFAULT_CHUNK_SIZE, Progress},
    span::range_of,
};

/// What a search is to find out.
///
/// # Examples
///
/// See [`GrepBuilder::goal`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// The selected lines, and those around them.
    #[default]
    Lines,
    /// How many lines are selected.
    CountLines,
    /// How many matches are in the selected lines, and how many lines those are.
    CountMatches,
    /// Whether any line is selected; the search ends with the first one.
    AnyLine,
}

/// What a NUL byte means. Text has none, so a file with one is taken for binary.
///
/// # Examples
///
/// See [`GrepBuilder::binary_detection`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binary {
    /// Nothing: every file is text.
    #[default]
    Text,
    /// Lines of a binary file are not reported, only that there are some. A mapped file is binary from its start when
    /// there is a NUL in its first 64 KiB, and otherwise from the first line with a NUL that would be reported. A
    /// stream is binary from the read on in which the NUL is found, and there the NUL ends a line.
    Suppress,
    /// The search of a binary file ends where it turns out to be one.
    Quit,
}

/// How many lines to report around selected ones.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Context {
    pub(crate) before: usize,
    pub(crate) after: usize,
}

impl Context {
    /// All lines are shown, as context of what came before.
    pub(crate) const EVERYTHING: Context = Context { before: 0, after: usize::MAX };

    pub(crate) fn is_none(self) -> bool {
        self.before == 0 && self.after == 0
    }
}

/// Options for a [`Grep`](super::Grep).
///
/// # Examples
///
/// See [the module](crate::grep).
#[derive(Clone, Debug)]
pub struct GrepBuilder {
    pub(crate) goal: Goal,
    pub(crate) multi_line: bool,
    pub(crate) invert: bool,
    pub(crate) context: Context,
    pub(crate) passthru: bool,
    pub(crate) line_numbers: bool,
    pub(crate) max_count: Option<u64>,
    pub(crate) range: Range<u64>,
    pub(crate) last: Option<u64>,
    pub(crate) reverse: bool,
    pub(crate) page_cache: CachePolicy,
    pub(crate) binary: Binary,
    pub(crate) chunk_size: usize,
    pub(crate) progress: Option<Progress>,
    pub(crate) cancel: Option<Cancel>,
}

impl Default for GrepBuilder {
    fn default() -> Self {
        GrepBuilder {
            goal: Goal::Lines,
            multi_line: false,
            invert: false,
            context: Context::default(),
            passthru: false,
            line_numbers: false,
            max_count: None,
            range: 0..u64::MAX,
            last: None,
            reverse: false,
            page_cache: CachePolicy::Keep,
            binary: Binary::Text,
            chunk_size: DEFAULT_CHUNK_SIZE,
            progress: None,
            cancel: None,
        }
    }
}

impl GrepBuilder {
    /// All lines that match, without numbers or context.
    pub fn new() -> Self {
        Self::default()
    }

    /// What to find out.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::{GrepBuilder, Goal}, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().goal(Goal::CountMatches).compile(&MatcherBuilder::new(), &["b"])?;
    /// let summary = grep.for_each_line_of(b"a\nbb\nb\n", &Pool::inline(), &mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!((summary.matched_lines, summary.matches), (2, 3));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn goal(&mut self, goal: Goal) -> &mut Self {
        self.goal = goal;
        self
    }

    /// Lets matches cross lines. Lines that share a match are reported as one [`Line`](super::Line);
    /// [`max_count`](GrepBuilder::max_count) counts these, and both ways of counting count matches. For
    /// [`compile`](GrepBuilder::compile); a matcher that is compiled already has it decided.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().multi_line(true).compile(&MatcherBuilder::new(), &[r"a\nb"])?;
    /// let mut found = vec![];
    /// grep.for_each_line_of(b"a\nb\nc\n", &Pool::inline(), &mut |line| {
    ///     found.push(line.bytes.to_vec());
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [b"a\nb\n".to_vec()]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn multi_line(&mut self, yes: bool) -> &mut Self {
        self.multi_line = yes;
        self
    }

    /// Selects the lines that do not match.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().invert_match(true).compile(&MatcherBuilder::new(), &["b"])?;
    /// let mut found = vec![];
    /// grep.for_each_line_of(b"a\nb\nc\n", &Pool::inline(), &mut |line| {
    ///     found.push(line.offset);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [0, 4]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn invert_match(&mut self, yes: bool) -> &mut Self {
        self.invert = yes;
        self
    }

    /// How many lines to report before each selected one.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().before_context(1).compile(&MatcherBuilder::new(), &["b"])?;
    /// let mut found = vec![];
    /// grep.for_each_line_of(b"x\na\nb\nc\n", &Pool::inline(), &mut |line| {
    ///     found.push(line.offset);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [2, 4]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn before_context(&mut self, lines: usize) -> &mut Self {
        self.context.before = lines;
        self
    }

    /// How many lines to report after each selected one.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().after_context(1).compile(&MatcherBuilder::new(), &["b"])?;
    /// let mut found = vec![];
    /// grep.for_each_line_of(b"a\nb\nc\nd\n", &Pool::inline(), &mut |line| {
    ///     found.push(line.offset);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [2, 4]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn after_context(&mut self, lines: usize) -> &mut Self {
        self.context.after = lines;
        self
    }

    /// Reports all lines, those that are not selected as [`LineKind::After`](super::LineKind::After). Context makes no
    /// difference then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().passthru(true).compile(&MatcherBuilder::new(), &["b"])?;
    /// let mut found = vec![];
    /// grep.for_each_line_of(b"a\nb\n", &Pool::inline(), &mut |line| {
    ///     found.push(line.kind == mapgrep::grep::LineKind::Match);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [false, true]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn passthru(&mut self, yes: bool) -> &mut Self {
        self.passthru = yes;
        self
    }

    /// Whether lines come with their numbers. They cost a count of all line ends up to the last selected line.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().line_numbers(true).compile(&MatcherBuilder::new(), &["b"])?;
    /// let mut found = vec![];
    /// grep.for_each_line_of(b"a\nb\n", &Pool::inline(), &mut |line| {
    ///     found.push(line.number);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [Some(2)]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn line_numbers(&mut self, yes: bool) -> &mut Self {
        self.line_numbers = yes;
        self
    }

    /// Ends the search after this many selected lines and the context behind the last of them. A line of that context
    /// is reported as [`LineKind::After`](super::LineKind::After), also where it matches.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().max_count(1).compile(&MatcherBuilder::new(), &["b"])?;
    /// let mut found = vec![];
    /// grep.for_each_line_of(b"b\na\nb\n", &Pool::inline(), &mut |line| {
    ///     found.push(line.offset);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [0]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn max_count(&mut self, lines: impl Into<Option<u64>>) -> &mut Self {
        self.max_count = lines.into();
        self
    }

    /// Searches the lines that start in this range of bytes; where nothing but matches is reported, without context,
    /// or counted, the matches that start in it. The results of adjacent ranges add up to those of one search, unless
    /// matches may cross lines: these are found as if none came before the range. Offsets and line numbers stay those
    /// of the file; context does not reach beyond the range. Line numbers cost a count of the line ends before it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().range(1..).compile(&MatcherBuilder::new(), &["b"])?;
    /// let mut found = vec![];
    /// grep.for_each_line_of(b"b\na\nb\n", &Pool::inline(), &mut |line| {
    ///     found.push(line.offset);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [4]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn range(&mut self, range: impl RangeBounds<u64>) -> &mut Self {
        let Range { start, end } = range_of(range, u64::MAX);
        self.range = start..end.max(start);
        self
    }

    /// Searches for this many of the selected lines, the last ones, from the end of the file (or range) on. They are
    /// reported in file order. What lies before them is read only where lines are numbered.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().last(1).compile(&MatcherBuilder::new(), &["b"])?;
    /// let mut found = vec![];
    /// grep.for_each_line_of(b"b\na\nb\n", &Pool::inline(), &mut |line| {
    ///     found.push(line.offset);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [4]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn last(&mut self, lines: impl Into<Option<u64>>) -> &mut Self {
        self.last = lines.into();
        self
    }

    /// Reports lines in the opposite order, from the end of the file (or range) on. There is no context then, and
    /// [`max_count`](GrepBuilder::max_count) limits the lines from the end.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().reverse(true).compile(&MatcherBuilder::new(), &["b"])?;
    /// let mut found = vec![];
    /// grep.for_each_line_of(b"b\na\nb\n", &Pool::inline(), &mut |line| {
    ///     found.push(line.offset);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [4, 0]);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn reverse(&mut self, yes: bool) -> &mut Self {
        self.reverse = yes;
        self
    }

    /// What becomes of the pages that a search of a mapped file brings into the page cache. They are kept unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::{GrepBuilder}, matcher::MatcherBuilder, scan::{CachePolicy, Pool}};
    ///
    /// let grep = GrepBuilder::new().page_cache(CachePolicy::Drop).compile(&MatcherBuilder::new(), &["b"])?;
    /// let summary = grep.for_each_line_of(b"b\n", &Pool::inline(), &mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!(summary.matched_lines, 1);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn page_cache(&mut self, policy: CachePolicy) -> &mut Self {
        self.page_cache = policy;
        self
    }

    /// What a NUL byte means.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::{GrepBuilder, Binary}, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().binary_detection(Binary::Quit).compile(&MatcherBuilder::new(), &["b"])?;
    /// let summary = grep.for_each_line_of(b"\0\nb\n", &Pool::inline(), &mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!((summary.matched_lines, summary.binary), (0, Some(0)));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn binary_detection(&mut self, binary: Binary) -> &mut Self {
        self.binary = binary;
        self
    }

    /// How many bytes of a file one step of a worker covers; a multiple of the page size does best. The results do not
    /// depend on it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::{GrepBuilder}, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let grep = GrepBuilder::new().chunk_size(1 << 20).compile(&MatcherBuilder::new(), &["b"])?;
    /// let summary = grep.for_each_line_of(b"b\n", &Pool::inline(), &mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!(summary.matched_lines, 1);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn chunk_size(&mut self, bytes: usize) -> &mut Self {
        self.chunk_size = bytes;
        self
    }

    /// Where the search keeps count of the bytes that it is done with.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::{Pool, Progress}};
    ///
    /// let progress = Progress::new();
    /// let grep = GrepBuilder::new().progress(progress.clone()).compile(&MatcherBuilder::new(), &["b"])?;
    /// grep.for_each_line_of(b"a\nb\n", &Pool::inline(), &mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!(progress.bytes(), 4);
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn progress(&mut self, progress: impl Into<Option<Progress>>) -> &mut Self {
        self.progress = progress.into();
        self
    }

    /// A token that stops the search when it is cancelled: the lines that were emitted stay emitted, and the summary
    /// tells what was searched until then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::{Cancel, Pool}};
    ///
    /// let cancel = Cancel::new();
    /// let grep = GrepBuilder::new().cancel(cancel.clone()).compile(&MatcherBuilder::new(), &["b"])?;
    /// cancel.cancel();
    /// let summary = grep.for_each_line_of(b"b\n", &Pool::inline(), &mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!(summary.stopped_at, Some(0));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn cancel(&mut self, token: impl Into<Option<Cancel>>) -> &mut Self {
        self.cancel = token.into();
        self
    }
}
