//! How a search runs: what its options allow, in how many chunks, and in words.

use std::ops::Range;

use super::{
    format::{Format, Plain},
    options::{Binary, Goal, GrepBuilder},
    search::Grep,
};
use crate::scan::Pool;

impl Grep {
    /// Whether [parts](Grep::search_parts) of a file can be searched for what this looks for.
    pub fn takes_parts(&self) -> bool {
        let looks_at_all = self.options.invert || self.options.passthru;
        !looks_at_all && self.matcher.is_by_line() && self.matcher.terminator() == b'\n'
    }

    /// Whether it reports lines in the opposite order, and counts the bytes it has searched from the end.
    pub fn is_backwards(&self) -> bool {
        self.options.reverse && self.options.goal == Goal::Lines
    }

    /// Whether it makes no difference to a stream if most of a long run of NULs is left out: each ends an empty line,
    /// nothing is found in these, and nothing is shown of the lines behind.
    pub fn skips_nuls_of_streams(&self) -> bool {
        let GrepBuilder { binary, invert, passthru, last, reverse, .. } = self.options;
        let looks_at_all = invert || passthru || reverse || last.is_some() || !self.matcher.is_by_line();
        binary != Binary::Text && !looks_at_all && self.matcher.terminator() != 0 && self.matcher.misses_nuls()
    }

    /// How this search runs on a stream, in one line for people.
    pub fn stream_plan(&self, pool: &Pool) -> String {
        match pool.threads() {
            _ if self.needs_all(&Plain) => "read to its end into memory, and then searched as a file is".to_owned(),
            1 => "read and searched on the calling thread".to_owned(),
            threads => format!("read ahead in windows of {} bytes, for {threads} threads", self.options.chunk_size),
        }
    }

    /// How this search runs within one file of `len` bytes, in one line for people.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// let matcher = MatcherBuilder::new().by_line(true).build(["x"])?;
    /// let grep = GrepBuilder::new().build(matcher)?;
    /// assert_eq!(grep.plan(100, &Pool::new(2)), "1 chunk, on the calling thread");
    /// assert_eq!(grep.plan(1 << 30, &Pool::new(2)), "2048 chunks of 524288 bytes on 2 threads, in file order");
    ///
    /// let matcher = MatcherBuilder::new().build(["(?s)a.*b"])?;
    /// let grep = GrepBuilder::new().build(matcher)?;
    /// assert!(grep.plan(1 << 30, &Pool::new(2)).ends_with("have any length, which one walk has to find"));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn plan(&self, len: u64, pool: &Pool) -> String {
        let Range { start, end } = self.options.range;
        let len = len.min(end).saturating_sub(start);
        let size = self.chunk_size();
        let is_sequential = !self.matcher.is_by_line() && self.matcher.longest().is_none();
        let threads = if is_sequential || len <= self.little() as u64 { 1 } else { pool.threads() };
        let chunks = match (len.div_ceil(size as u64), threads) {
            (0 | 1, _) => "1 chunk, on the calling thread".to_owned(),
            (chunks, 1) => format!("{chunks} chunks of {size} bytes, one after the other on the calling thread"),
            (chunks, threads) => format!("{chunks} chunks of {size} bytes on {threads} threads, in file order"),
        };
        match (self.matcher.is_by_line(), self.matcher.longest()) {
            (true, _) if self.options.reverse => {
                format!("from the end, {chunks}").replace("in file order", "in that order")
            }
            (true, _) if self.options.last.is_some() => {
                format!("from the end as far as it takes, then forwards from there; at most {chunks}")
            }
            (true, _) => chunks,
            (false, Some(longest)) => {
                format!("{chunks}; matches may cross lines, and each is decided within {longest} bytes")
            }
            (false, None) => {
                format!("{chunks}; matches may cross lines and have any length, which one walk has to find")
            }
        }
    }

    /// What is searched at once.
    pub(super) fn chunk_size(&self) -> usize {
        // Where matches may cross lines they are held until those before them are known, one for each byte at worst.
        const ACROSS_LINES: usize = 128 << 10;
        match self.matcher.is_by_line() {
            true => self.options.chunk_size,
            false => self.options.chunk_size.min(ACROSS_LINES),
        }
    }

    /// How many bytes one thread searches before others are there to help it: to start them takes a third of a
    /// millisecond.
    pub(super) fn little(&self) -> usize {
        let chunks = if self.matcher.is_one_literal() { 4 } else { 1 };
        chunks * self.chunk_size()
    }

    /// A stream has to be read to its end before it can be searched.
    pub(super) fn needs_all(&self, format: &dyn Format) -> bool {
        let options = &self.options;
        // What a match is can depend on all that comes before it, and where one by one they are in a range or not, the
        // line that the range begins in may be of any length.
        let has_range_of_matches = options.range != (0..u64::MAX) && self.searches_matches(format);
        !self.matcher.is_by_line() || options.last.is_some() || options.reverse || has_range_of_matches
    }

    /// Matches are reported or counted, one by one, so that it is for each of them whether it is in the range.
    pub(super) fn searches_matches(&self, format: &dyn Format) -> bool {
        let options = &self.options;
        let is_wanted = match options.goal {
            Goal::Lines => format.only_matches(),
            goal => goal == Goal::CountMatches,
        };
        let is_alone = options.context.is_none() && !options.invert && !options.reverse && options.last.is_none();
        is_wanted && is_alone && self.matcher.is_by_line()
    }
}
