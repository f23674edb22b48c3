//! What a search is to find out, and how: the options of a [`Grep`](super::Grep).

use std::{
    ops::{Range, RangeBounds},
    sync::{Arc, atomic::AtomicU64},
};

use crate::{
    scan::{CachePolicy, Cancel, DEFAULT_CHUNK_SIZE},
    span::range_of,
};

/// What a search is to find out.
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

/// Options for a [`Grep`].
#[derive(Clone, Debug)]
pub struct GrepBuilder {
    pub(crate) goal: Goal,
    pub(crate) invert: bool,
    pub(crate) context: Context,
    pub(crate) passthru: bool,
    pub(crate) line_numbers: bool,
    pub(crate) max_count: Option<u64>,
    pub(crate) range: Range<u64>,
    pub(crate) last: Option<u64>,
    pub(crate) reverse: bool,
    pub(crate) cache: CachePolicy,
    pub(crate) binary: Binary,
    pub(crate) chunk_size: usize,
    pub(crate) progress: Option<Arc<AtomicU64>>,
    pub(crate) cancel: Option<Cancel>,
}

impl Default for GrepBuilder {
    fn default() -> Self {
        GrepBuilder {
            goal: Goal::Lines,
            invert: false,
            context: Context::default(),
            passthru: false,
            line_numbers: false,
            max_count: None,
            range: 0..u64::MAX,
            last: None,
            reverse: false,
            cache: CachePolicy::Keep,
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
    pub fn goal(&mut self, goal: Goal) -> &mut Self {
        self.goal = goal;
        self
    }

    /// Selects the lines that do not match.
    pub fn invert(&mut self, yes: bool) -> &mut Self {
        self.invert = yes;
        self
    }

    /// How many lines to report before each selected one.
    pub fn before_context(&mut self, lines: usize) -> &mut Self {
        self.context.before = lines;
        self
    }

    /// How many lines to report after each selected one.
    pub fn after_context(&mut self, lines: usize) -> &mut Self {
        self.context.after = lines;
        self
    }

    /// Reports all lines, those that are not selected as [`LineKind::After`](super::LineKind::After). Context makes no
    /// difference then.
    pub fn passthru(&mut self, yes: bool) -> &mut Self {
        self.passthru = yes;
        self
    }

    /// Whether lines come with their numbers, which costs a count of all line ends up to the last selected line.
    pub fn line_numbers(&mut self, yes: bool) -> &mut Self {
        self.line_numbers = yes;
        self
    }

    /// Ends the search after this many selected lines and the context behind the last of them. A line of that context
    /// is reported as [`LineKind::After`](super::LineKind::After), also where it matches.
    pub fn max_count(&mut self, lines: Option<u64>) -> &mut Self {
        self.max_count = lines;
        self
    }

    /// Searches the lines that start in this range of bytes; where nothing but matches is reported, without context,
    /// or counted, the matches that start in it. The results of ranges that follow each other add up to those of one
    /// search, unless matches may cross lines: those are found as if none came before the range. Offsets and line
    /// numbers stay those of the file; context does not reach beyond the range. Line numbers cost a count of the line
    /// ends before it.
    pub fn range(&mut self, range: impl RangeBounds<u64>) -> &mut Self {
        let Range { start, end } = range_of(range, u64::MAX);
        self.range = start..end.max(start);
        self
    }

    /// Searches for the last so many of the selected lines only, from the end of the file (or range) on. They are
    /// reported in file order, and nothing before them is looked at but for the count of line ends where there are
    /// numbers.
    pub fn last(&mut self, lines: Option<u64>) -> &mut Self {
        self.last = lines;
        self
    }

    /// Reports lines in the opposite order, from the end of the file (or range) on. There is no context then, and
    /// [`max_count`](GrepBuilder::max_count) limits the lines from the end.
    pub fn reverse(&mut self, yes: bool) -> &mut Self {
        self.reverse = yes;
        self
    }

    /// What becomes of the pages that a search of a mapped file brings into memory; they are kept unless set.
    pub fn cache(&mut self, policy: CachePolicy) -> &mut Self {
        self.cache = policy;
        self
    }

    /// What a NUL byte means.
    pub fn binary(&mut self, binary: Binary) -> &mut Self {
        self.binary = binary;
        self
    }

    /// How many bytes of a file one step of a worker covers; a multiple of the page size does best. The results do not
    /// depend on it.
    pub fn chunk_size(&mut self, bytes: usize) -> &mut Self {
        self.chunk_size = bytes;
        self
    }

    /// A counter that a search keeps at the number of bytes that it is done with.
    pub fn progress(&mut self, counter: Option<Arc<AtomicU64>>) -> &mut Self {
        self.progress = counter;
        self
    }

    /// A token that stops the search when it is cancelled: the lines that were emitted stay emitted, and the summary
    /// tells of what was searched until then.
    pub fn cancel(&mut self, token: Cancel) -> &mut Self {
        self.cancel = Some(token);
        self
    }
}
