//! Files by their paths, with their indexes.

use std::{
    fs::{File, Metadata},
    ops::ControlFlow,
    path::Path,
};

use super::{
    Grep, GrepBuilder, Line, Summary,
    events::{Packed, Unpacker},
};
use crate::{
    error::Error,
    index::{Candidates, Fresh, Query},
    mapping::Mapping,
    matcher::MatcherBuilder,
    scan::Pool,
};

/// Searches a file for the lines that match a regex: the shortest way from a path to lines. Lines come with their
/// numbers and matches, in file order, until `each` returns [`ControlFlow::Break`]. All processors are used, and the
/// index of the file where it has one. [`GrepBuilder`] has the options.
///
/// # Errors
///
/// As [`MatcherBuilder::build`] and [`Grep::search_path`].
///
/// # Panics
///
/// Passes on panics of `each`.
///
/// # Complexity
///
/// As [`Grep::search_path`].
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
///
/// # let path = std::env::temp_dir().join(format!("mapgrep-doc-lines-{}", std::process::id()));
/// # std::fs::write(&path, "ok\nERROR 17\nok\n")?;
/// let mut errors = vec![];
/// mapgrep::search_lines(r"ERROR \d+", &path, |line| {
///     errors.push((line.number, line.bytes[line.matches[0].range()].to_vec()));
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(errors, [(Some(2), b"ERROR 17".to_vec())]);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn search_lines(
    pattern: &str,
    path: impl AsRef<Path>,
    mut each: impl FnMut(&Line<'_>) -> ControlFlow<()>,
) -> Result<Summary, Error> {
    let grep = GrepBuilder::new().line_numbers(true).compile(&MatcherBuilder::new(), &[pattern])?;
    grep.search_path(path, &Pool::default(), &mut each)
}

impl GrepBuilder {
    /// Puts the options and patterns together. Unlike a search that is [built](GrepBuilder::build) from a matcher,
    /// this one knows what a line needs in order to match, and so [`search_path`](Grep::search_path) uses indexes.
    /// The patterns match within lines, unless [`multi_line`](GrepBuilder::multi_line) is set.
    ///
    /// # Errors
    ///
    /// As [`MatcherBuilder::build`] and [`build`](GrepBuilder::build).
    ///
    /// # Examples
    ///
    /// See [`search_path`](Grep::search_path).
    pub fn compile<P: AsRef<[u8]>>(&self, builder: &MatcherBuilder, patterns: &[P]) -> Result<Grep, Error> {
        let mut builder = builder.clone();
        builder.by_line(!self.multi_line);
        let mut grep = self.build(builder.build(patterns)?)?;
        if grep.takes_parts() {
            let query = Query::new(&builder, patterns)?;
            grep.query = (!query.is_anything()).then(|| query.into());
        }
        Ok(grep)
    }
}

impl Grep {
    /// Searches a file by its path: mapped into memory where it is a regular file, with its index where it has one
    /// that can be relied on, and read as a stream otherwise. `each` is called as by
    /// [`for_each_line`](Grep::for_each_line); the lines are the same with an index and without.
    ///
    /// What is promised when other programs write to the file meanwhile: no signal and no panic. Lines that are
    /// appended during the search may or may not be found. A file that is cut gives an error behind the lines that
    /// come before the cut. Of a file that is written to in the middle, lines may be found that are half old and half
    /// new.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or read, and [`is_truncated`](Error::is_truncated) when it became shorter
    /// meanwhile; with its path. An index that is damaged, or not of this file, is no error: all is searched.
    ///
    /// # Panics
    ///
    /// Passes on panics of `each`.
    ///
    /// # Complexity
    ///
    /// As [`for_each_line`](Grep::for_each_line); with an index, that of the parts that can match, and a few reads of
    /// the index for each literal that lines need. An index is used where the search was
    /// [compiled](GrepBuilder::compile) from patterns that require literals of three bytes at least, by line, and is
    /// for lines that match.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use mapgrep::{grep::GrepBuilder, matcher::MatcherBuilder, scan::Pool};
    ///
    /// # let path = std::env::temp_dir().join(format!("mapgrep-doc-path-{}", std::process::id()));
    /// # std::fs::write(&path, "ok\nERROR 1\nok\nERROR 2\n")?;
    /// let grep = GrepBuilder::new().line_numbers(true).compile(&MatcherBuilder::new(), &["ERROR"])?;
    /// let mut found = vec![];
    /// grep.search_path(&path, &Pool::default(), &mut |line| {
    ///     found.push((line.number.unwrap(), String::from_utf8_lossy(line.bytes).into_owned()));
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(found, [(2, "ERROR 1\n".to_owned()), (4, "ERROR 2\n".to_owned())]);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn search_path(
        &self,
        path: impl AsRef<Path>,
        pool: &Pool,
        each: &mut dyn FnMut(&Line<'_>) -> ControlFlow<()>,
    ) -> Result<Summary, Error> {
        let path = path.as_ref();
        let mut searched = || {
            let file = File::open(path).map_err(|error| Error::io("", error))?;
            let metadata = file.metadata().map_err(|error| Error::io("", error))?;
            // Files of the kernel's making, such as those in /proc, have no size until they are read.
            if !metadata.is_file() || metadata.len() == 0 {
                let mut unpacker = Unpacker::default();
                let emit = &mut |packed: &[u8]| unpacker.hand_on(packed, each);
                let summary = self.search_reader(file, &Packed, pool, emit)?;
                return Ok(unpacker.finish(summary, u64::MAX));
            }
            let mapping = Mapping::open_file(&file)?;
            match self.candidates(path, &metadata, &mapping) {
                Some(candidates) => {
                    let mut unpacker = Unpacker::default();
                    let emit = &mut |packed: &[u8]| unpacker.hand_on(packed, each);
                    let summary = self.search_parts(&mapping, candidates.parts(), &Packed, pool, emit)?;
                    Ok(unpacker.finish(summary, mapping.len() as u64))
                }
                None => self.for_each_line(&mapping, pool, each),
            }
        };
        searched().map_err(|error: Error| error.with_path(path))
    }

    /// What the index of a file leaves to be searched, if it has one that can be relied on and that is of help.
    fn candidates(&self, path: &Path, metadata: &Metadata, text: &Mapping) -> Option<Candidates> {
        let query = self.query.as_ref()?;
        let index = Fresh::open(path, metadata, text, None).ok()??;
        let after = self.options.context.after as u64;
        index.candidates(query, after).ok().filter(|candidates| !candidates.is_everything())
    }
}
