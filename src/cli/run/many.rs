//! The search of many files: small ones side by side, large ones one after the other with all threads in each. The
//! output comes in the order of the files.

use std::{io::Write, ops::ControlFlow};

use crate::cli::{
    flags::options::Buffering,
    run::{
        haystack::Haystack,
        input::Input,
        search::{Greps, Outcome, Searcher, Sink},
    },
    terminal::{messages::Messages, stdout::Output},
};
use mapgrep::{
    Error,
    scan::{
        Cancel, Pool,
        ordered::{self, Feed, Joined, Stages},
    },
};

/// How many batches of files the walk of directories may be ahead of the search.
const LISTED: usize = 64;

/// How many files a worker takes at once at most: to hand one over costs as much as to search a small one.
const BATCH: usize = 32;

/// Files up to this size are searched by one worker, into memory.
const SMALL: u64 = 4 << 20;

/// All that is needed to search many files.
pub(crate) struct Many<'a> {
    pub(crate) searcher: &'a Searcher,
    pub(crate) pool: &'a Pool,
    pub(crate) messages: &'a Messages,
    /// What stands between the lines of two files.
    pub(crate) separator: Option<&'a [u8]>,
    pub(crate) buffering: Buffering,
    /// Whether the first file that is one of those looked for is enough.
    pub(crate) stop_at_match: bool,
    /// Ends the search of a file where it is, and begins no other.
    pub(crate) cancel: &'a Cancel,
}

impl Many<'_> {
    /// Searches all files and writes what is to be shown. Returns the sum of what came of them, and whether there was
    /// any file. What goes wrong with single files goes to the messages.
    ///
    /// # Errors
    ///
    /// None that a file could cause.
    pub(crate) fn search<W: Write>(
        &self,
        haystacks: impl Iterator<Item = Result<Haystack, String>> + Send + 'static,
        output: &mut Output<W>,
    ) -> Result<(Outcome, bool), Error> {
        let items = Batches { files: haystacks, listed: 0 }.map(Ok);
        let feed = if self.pool.threads() == 1 { Feed::direct(items) } else { Feed::prefetched(items, LISTED, |_| 0) };
        let stages = FileStages { searcher: self.searcher, stop_at_match: self.stop_at_match };
        let mut shown = Outcome::default();
        let total = Total::default();
        let total = ordered::run(&stages, feed, total, self.pool, Some(self.cancel), &mut |files: &FileOutput| {
            for file in &files.results {
                if let Some(outcome) = self.emit(file, output) {
                    shown += outcome;
                }
                let is_over = (shown.matched && self.stop_at_match) || self.cancel.is_cancelled();
                if is_over || output.flow().is_break() {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        let total = total.seam;
        shown += total.silent;
        Ok((shown, total.any))
    }

    /// Shows what was found in a file, or searches it now if it is large.
    fn emit<W: Write>(&self, file: &FileResult, output: &mut Output<W>) -> Option<Outcome> {
        let mut sink = Direct { output, separator: self.separator, buffering: self.buffering };
        let searched = match file {
            FileResult::Failed(message) => {
                self.messages.error(message);
                return None;
            }
            FileResult::Large(haystack) => &self.searcher.search(haystack, self.pool, &mut sink),
            FileResult::Searched { bytes, has_lines, result } => {
                if *has_lines {
                    sink.begin_lines();
                }
                let _ = sink.write(bytes);
                result
            }
        };
        match searched {
            Ok(outcome) => Some(*outcome),
            Err(error) => {
                self.messages.error(error);
                None
            }
        }
    }
}

/// A sink that writes at once.
pub(crate) struct Direct<'a, W: Write> {
    pub(crate) output: &'a mut Output<W>,
    /// What stands between the lines of two files.
    pub(crate) separator: Option<&'a [u8]>,
    /// With lines nothing waits for more: somebody may be looking on.
    pub(crate) buffering: Buffering,
}

impl<W: Write> Sink for Direct<'_, W> {
    fn is_live(&mut self) {
        if self.buffering == Buffering::Auto {
            self.buffering = Buffering::Line;
        }
    }

    fn begin_lines(&mut self) {
        if let Some(separator) = self.separator
            && self.output.written() > 0
        {
            let _ = self.output.write(separator);
        }
    }

    fn write(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        match self.output.write(bytes) {
            ControlFlow::Continue(()) if self.buffering == Buffering::Line => self.output.flush(),
            flow => flow,
        }
    }
}

/// Files in batches. The first come alone, so that few files are searched by many threads.
struct Batches<I> {
    files: I,
    listed: usize,
}

impl<I: Iterator> Iterator for Batches<I> {
    type Item = Vec<I::Item>;

    fn next(&mut self) -> Option<Vec<I::Item>> {
        let size = BATCH.min(1 + self.listed / BATCH);
        let batch: Vec<I::Item> = self.files.by_ref().take(size).collect();
        self.listed += batch.len();
        (!batch.is_empty()).then_some(batch)
    }
}

/// How much output of a batch of small files is collected. A file with more is searched again, in its turn, without
/// collecting any.
const COLLECTED: usize = 2 << 20;

/// A sink that collects the output of one small file.
struct Collected {
    bytes: Vec<u8>,
    has_lines: bool,
    /// How many bytes it may have.
    most: usize,
    overflowed: bool,
}

impl Sink for Collected {
    fn begin_lines(&mut self) {
        self.has_lines = true;
    }

    fn write(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.overflowed |= self.bytes.len() + bytes.len() > self.most;
        if self.overflowed {
            return ControlFlow::Break(());
        }
        self.bytes.extend_from_slice(bytes);
        ControlFlow::Continue(())
    }
}

/// What a worker searches small files with, by itself. Where all workers took their memory from one place, they would
/// wait for each other at each file.
struct Alone {
    pool: Pool,
    greps: Greps,
}

struct FileStages<'a> {
    searcher: &'a Searcher,
    stop_at_match: bool,
}

/// What came of the files of which nothing is shown. They are summed up where they are found, without waking whoever
/// writes the output of the others.
#[derive(Default)]
struct Total {
    silent: Outcome,
    any: bool,
}

enum FileResult {
    Searched {
        bytes: Vec<u8>,
        has_lines: bool,
        result: Result<Outcome, String>,
    },
    Large(Haystack),
    /// The walk could not go on there.
    Failed(String),
}

impl FileResult {
    /// What came of it where nothing is to be shown of it.
    fn silent(&self) -> Option<Outcome> {
        match self {
            FileResult::Searched { bytes, has_lines: false, result: Ok(outcome) } if bytes.is_empty() => Some(*outcome),
            _ => None,
        }
    }

    /// How many bytes of memory its output takes.
    fn size(&self) -> usize {
        match self {
            FileResult::Searched { bytes, .. } => bytes.capacity(),
            FileResult::Large(_) | FileResult::Failed(_) => 0,
        }
    }
}

/// What is to be shown of a batch of files.
#[derive(Default)]
struct FileOutput {
    results: Vec<FileResult>,
}

impl ordered::Output for FileOutput {
    fn size(&self) -> usize {
        self.results.iter().map(|result| 1 + result.size()).sum()
    }

    fn clear(&mut self) {
        self.results.clear();
    }
}

impl FileStages<'_> {
    /// Searches a file, of which so many bytes of output may be collected.
    fn search(&self, alone: &Alone, item: &Result<Haystack, String>, most: usize) -> FileResult {
        let haystack = match item {
            Ok(haystack) => haystack,
            Err(message) => return FileResult::Failed(message.clone()),
        };
        // What is no regular file, such as a pipe, may be of any size, and wait when it is opened. A walk finds none.
        let may_wait = haystack.explicit && haystack.path.metadata().is_ok_and(|file| !file.is_file());
        if haystack.is_stdin || may_wait {
            return FileResult::Large(haystack.clone());
        }
        let input = self.searcher.open(haystack);
        let is_large = |input: &Input| !input.is_converted() && input.len().is_none_or(|len| len > SMALL);
        if input.as_ref().is_ok_and(is_large) {
            return FileResult::Large(haystack.clone());
        }
        let mut sink = Collected { bytes: vec![], has_lines: false, most, overflowed: false };
        let result = self.searcher.search_opened(&alone.greps, haystack, input, &alone.pool, &mut sink);
        if sink.overflowed {
            return FileResult::Large(haystack.clone());
        }
        FileResult::Searched { bytes: sink.bytes, has_lines: sink.has_lines, result }
    }
}

impl Stages for FileStages<'_> {
    type Item = Vec<Result<Haystack, String>>;
    type Found = Vec<FileResult>;
    type Plan = Vec<FileResult>;
    type Seam = Total;
    type Worker = Alone;
    type Output = FileOutput;

    fn worker(&self) -> Alone {
        Alone { pool: Pool::inline(), greps: self.searcher.greps().apart() }
    }

    fn scan(&self, alone: &mut Alone, files: &Self::Item) -> Result<Vec<FileResult>, Error> {
        let (mut results, mut collected) = (Vec::with_capacity(files.len()), 0);
        for file in files {
            let found = self.search(alone, file, COLLECTED.saturating_sub(collected));
            collected += found.size();
            let is_enough = self.stop_at_match && found.silent().is_some_and(|outcome| outcome.matched);
            results.push(found);
            if is_enough {
                break;
            }
        }
        Ok(results)
    }

    fn found_size(&self, found: &Vec<FileResult>) -> usize {
        found.iter().map(FileResult::size).sum()
    }

    fn join(&self, total: &mut Total, _: &Self::Item, mut found: Vec<FileResult>) -> Result<Joined<Self::Plan>, Error> {
        total.any = true;
        found.retain(|result| match result.silent() {
            Some(outcome) => {
                total.silent += outcome;
                false
            }
            None => true,
        });
        let plan = (!found.is_empty()).then_some(found);
        Ok(Joined { plan, last: total.silent.matched && self.stop_at_match })
    }

    fn format(
        &self,
        _: &mut Alone,
        _: &Self::Item,
        plan: &mut Self::Plan,
        output: &mut FileOutput,
    ) -> Result<bool, Error> {
        output.results = std::mem::take(plan);
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_come_alone_and_many_together() {
        let sizes = |files: usize| Batches { files: 0..files, listed: 0 }.map(|batch| batch.len()).collect::<Vec<_>>();
        assert!(sizes(0).is_empty());
        assert_eq!(sizes(BATCH), [1; BATCH]);
        assert_eq!(sizes(BATCH + 3)[BATCH..], [2, 1]);
        let many = sizes(5000);
        assert_eq!((many.iter().sum::<usize>(), many.iter().max()), (5000, Some(&BATCH)));
        assert!(Batches { files: 0..5000, listed: 0 }.flatten().eq(0..5000));
    }
}
