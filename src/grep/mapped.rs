//! Searching mapped files.

use std::ops::ControlFlow;

use super::{format::Format, search::Grep, summary::Summary};
use crate::{error::Error, index::Part, mapping::Mapping, scan::Pool};

impl Grep {
    /// Searches a mapped file in parallel. The formatted lines arrive in file order, in pieces that end with a line.
    ///
    /// # Errors
    ///
    /// [`is_truncated`](Error::is_truncated) when the file became shorter meanwhile. What comes before has been
    /// emitted then.
    ///
    /// # Panics
    ///
    /// Passes on panics of `format` and `emit`, after all workers have stopped.
    ///
    /// # Complexity
    ///
    /// One search over the file, plus a look at each reported line. Memory is bounded by the number of threads, not by
    /// the file or the number of matches.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::{GrepBuilder, Plain}, mapping::Mapping, matcher::MatcherBuilder, scan::Pool};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-search-mapping-{}", std::process::id()));
    /// std::fs::write(&path, "hay\nneedle\n")?;
    /// let grep = GrepBuilder::new().compile(&MatcherBuilder::new(), &["needle"])?;
    /// let mut out = vec![];
    /// let summary = grep.search_mapping(&Mapping::open(&path)?, &Plain, &Pool::new(2), &mut |bytes| {
    ///     out.extend_from_slice(bytes);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!((out, summary.matched_lines), (b"needle\n".to_vec(), 1));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn search_mapping(
        &self,
        mapping: &Mapping,
        format: &dyn Format,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        match self.search_sparse(mapping, None, format, pool, emit) {
            Some(searched) => searched,
            None => self.search_whole(mapping, format, pool, emit),
        }
    }

    /// Searches parts of a mapped file, with the result of a search of the whole file, where the caller knows that
    /// there is nothing in the rest: no line outside of the parts is selected. With
    /// [context](super::GrepBuilder::after_context) behind the lines, that of any line that may be selected lies in
    /// the same part as the line. The parts come in file order, begin where a line does, and end with a line or the
    /// file. Their [`newlines`](Part::newlines) are of interest where lines come with their
    /// [numbers](super::GrepBuilder::line_numbers). Where the parts are not what they should be, the result means
    /// nothing.
    ///
    /// What lies between parts is not looked at, nor read by the system, but for context before a line, the start of
    /// the file where it matters what is [binary](super::GrepBuilder::binary_detection), and the lines in which a
    /// [range](super::GrepBuilder::range) begins and ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{
    ///     grep::{GrepBuilder, Plain},
    ///     index::Part,
    ///     mapping::MapOptions,
    ///     matcher::MatcherBuilder,
    ///     scan::Pool,
    /// };
    ///
    /// let text = b"hay\nhay\nneedle\nhay\n";
    /// let mut memory = MapOptions::new().len(text.len()).map_anonymous()?;
    /// memory.set_slice(.., text)?;
    /// let grep = GrepBuilder::new().build(MatcherBuilder::new().by_line(true).build(["needle"])?)?;
    /// let mut out = vec![];
    /// let parts = [Part { range: 4..15, newlines: 1 }];
    /// let summary = grep.search_parts(&memory, &parts, &Plain, &Pool::inline(), &mut |bytes| {
    ///     out.extend_from_slice(bytes);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(out, b"needle\n");
    /// assert_eq!((summary.matched_lines, summary.bytes_searched), (1, 19));
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`search_mapping`](Grep::search_mapping). Invalid input where the parts do not come in order, reach beyond
    /// the file or are empty, and for searches that look at all lines, or at more than lines: with
    /// [`invert`](super::GrepBuilder::invert_match) or [`passthru`](super::GrepBuilder::passthru), for patterns that
    /// were not built [by line](crate::matcher::MatcherBuilder::by_line), and where lines end with NUL.
    ///
    /// # Panics
    ///
    /// As [`search_mapping`](Grep::search_mapping).
    ///
    /// # Complexity
    ///
    /// As [`search_mapping`](Grep::search_mapping) of a file that has nothing but the parts.
    pub fn search_parts(
        &self,
        mapping: &Mapping,
        parts: &[Part],
        format: &dyn Format,
        pool: &Pool,
        emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        if !self.takes_parts() {
            return Err(Error::invalid_input(
                "parts of a file can only be searched for lines that match, by line, and where lines end with \\n: \
                 search the whole file",
            ));
        }
        let mut end = 0;
        for Part { range, .. } in parts {
            if range.start < end || range.is_empty() || range.end > mapping.len() as u64 {
                let (start, upto, len) = (range.start, range.end, mapping.len());
                return Err(Error::invalid_input(format!(
                    "part {start}..{upto} behind one that ends at {end}, of a file of {len} bytes: parts have to come \
                     in order, within the file, and none may be empty"
                )));
            }
            end = range.end;
        }
        match self.search_sparse(mapping, Some(parts), format, pool, emit) {
            Some(searched) => searched,
            None => self.search_some(mapping, parts, format, pool, emit),
        }
    }
}
