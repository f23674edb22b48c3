//! The search of many files: small ones side by side, large ones one after the other with all threads in each. The
//! output comes in the order of the files.

use std::io::Write;

use super::{
    haystack::Haystack,
    input::Input,
    messages::Messages,
    output::Output,
    search::{Outcome, Searcher, Sink},
};
use crate::{
    error::Error,
    grep::Flow,
    scan::{
        Cancel, Pool,
        feed::Feed,
        ordered::{self, Joined, Stages},
    },
};

/// How many files the walk of directories may be ahead of the search.
const LISTED: usize = 256;

/// Files up to this size are searched by one worker, into memory.
const SMALL: u64 = 4 << 20;

/// All that is needed to search many files.
pub(super) struct Many<'a> {
    pub(super) searcher: &'a Searcher,
    pub(super) pool: &'a Pool,
    pub(super) messages: &'a Messages,
    /// What stands between the lines of two files.
    pub(super) separator: Option<&'static [u8]>,
    /// Whether the first file that is one of those looked for is enough.
    pub(super) stop_at_match: bool,
    /// Ends the search of a file where it is, and begins no other.
    pub(super) cancel: &'a Cancel,
}

impl Many<'_> {
    /// Searches all files and writes what is to be shown. Returns the sum of what came of them, and whether there was
    /// any file. What goes wrong with single files goes to the messages.
    ///
    /// # Errors
    ///
    /// None that a file could cause.
    pub(super) fn search<W: Write>(
        &self,
        haystacks: impl Iterator<Item = Result<Haystack, String>> + Send + 'static,
        output: &mut Output<W>,
    ) -> Result<(Outcome, bool), Error> {
        let items = haystacks.map(Ok);
        let feed = if self.pool.threads() == 1 { Feed::direct(items) } else { Feed::prefetched(items, LISTED, |_| 0) };
        let stages = FileStages { searcher: self.searcher, stop_at_match: self.stop_at_match };
        let mut shown = Outcome::default();
        let total = Total::default();
        let total = ordered::run(&stages, feed, total, self.pool, Some(self.cancel), &mut |file: &FileOutput| {
            if let Some(outcome) = self.emit(file, output) {
                shown += outcome;
            }
            if shown.matched && self.stop_at_match { Flow::Stop } else { output.flow() }
        })?;
        let total = total.seam;
        shown += total.silent;
        Ok((shown, total.any))
    }

    /// Shows what was found in a file, or searches it now if it is large.
    fn emit<W: Write>(&self, file: &FileOutput, output: &mut Output<W>) -> Option<Outcome> {
        let mut sink = Direct { output, separator: self.separator, flushes: false };
        let searched = match file.result.as_ref()? {
            FileResult::Failed(message) => {
                self.messages.error(message);
                return None;
            }
            FileResult::Large(haystack) => &self.searcher.search(haystack, self.pool, &mut sink),
            FileResult::Searched { bytes, has_lines, result } => {
                if *has_lines {
                    sink.begin_lines();
                }
                sink.write(bytes);
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
pub(super) struct Direct<'a, W: Write> {
    pub(super) output: &'a mut Output<W>,
    /// What stands between the lines of two files.
    pub(super) separator: Option<&'static [u8]>,
    /// Nothing waits for more: somebody may be looking on.
    pub(super) flushes: bool,
}

impl<W: Write> Sink for Direct<'_, W> {
    fn is_live(&mut self) {
        self.flushes = true;
    }

    fn begin_lines(&mut self) {
        if let Some(separator) = self.separator
            && self.output.written() > 0
        {
            self.output.write(separator);
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Flow {
        match self.output.write(bytes) {
            Flow::Continue if self.flushes => self.output.flush(),
            flow => flow,
        }
    }
}

/// How much output of a small file is collected. One with more is searched again, in its turn, without collecting any.
const COLLECTED: usize = 2 << 20;

/// A sink that collects the output of one small file.
#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    has_lines: bool,
    overflowed: bool,
}

impl Sink for Collected {
    fn begin_lines(&mut self) {
        self.has_lines = true;
    }

    fn write(&mut self, bytes: &[u8]) -> Flow {
        self.overflowed |= self.bytes.len() + bytes.len() > COLLECTED;
        if self.overflowed {
            return Flow::Stop;
        }
        self.bytes.extend_from_slice(bytes);
        Flow::Continue
    }
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
        result: Result<Outcome, Error>,
    },
    Large(Haystack),
    /// The walk could not go on there.
    Failed(String),
}

#[derive(Default)]
struct FileOutput {
    result: Option<FileResult>,
}

impl ordered::Output for FileOutput {
    fn size(&self) -> usize {
        match &self.result {
            None => 0,
            Some(FileResult::Searched { bytes, .. }) => 1 + bytes.capacity(),
            Some(FileResult::Large(_) | FileResult::Failed(_)) => 1,
        }
    }

    fn clear(&mut self) {
        self.result = None;
    }
}

impl Stages for FileStages<'_> {
    type Item = Result<Haystack, String>;
    type Found = FileResult;
    type Plan = Option<FileResult>;
    type Seam = Total;
    type Worker = Pool;
    type Output = FileOutput;

    fn worker(&self) -> Pool {
        Pool::inline()
    }

    fn scan(&self, alone: &mut Pool, item: &Self::Item) -> Result<FileResult, Error> {
        let haystack = match item {
            Ok(haystack) => haystack,
            Err(message) => return Ok(FileResult::Failed(message.clone())),
        };
        // What is no regular file, such as a pipe, may be of any size, and wait when it is opened. A walk finds none.
        let may_wait = haystack.explicit && haystack.path.metadata().is_ok_and(|file| !file.is_file());
        if haystack.is_stdin || may_wait {
            return Ok(FileResult::Large(haystack.clone()));
        }
        let input = Input::open(haystack);
        if input.as_ref().is_ok_and(|input| input.len().is_none_or(|len| len > SMALL)) {
            return Ok(FileResult::Large(haystack.clone()));
        }
        let mut sink = Collected::default();
        let result = self.searcher.search_opened(haystack, input, alone, &mut sink);
        if sink.overflowed {
            return Ok(FileResult::Large(haystack.clone()));
        }
        Ok(FileResult::Searched { bytes: sink.bytes, has_lines: sink.has_lines, result })
    }

    fn found_size(&self, found: &FileResult) -> usize {
        match found {
            FileResult::Searched { bytes, .. } => bytes.capacity(),
            FileResult::Large(_) | FileResult::Failed(_) => 0,
        }
    }

    fn join(&self, total: &mut Total, _: &Self::Item, found: FileResult) -> Result<Joined<Self::Plan>, Error> {
        total.any = true;
        match found {
            FileResult::Searched { bytes, has_lines: false, result: Ok(outcome) } if bytes.is_empty() => {
                total.silent += outcome;
                Ok(Joined { plan: None, last: total.silent.matched && self.stop_at_match })
            }
            found => Ok(Joined { plan: Some(Some(found)), last: false }),
        }
    }

    fn format(
        &self,
        _: &mut Pool,
        _: &Self::Item,
        plan: &mut Self::Plan,
        output: &mut FileOutput,
    ) -> Result<bool, Error> {
        output.result = plan.take();
        Ok(false)
    }
}
