//! How searches use indexes.

use std::{
    fmt::Display,
    fs::Metadata,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use anyhow::{anyhow, bail};
use indicatif::HumanBytes;

use crate::cli::{
    flags::{
        Options,
        options::{Context, IndexUse},
    },
    index::advice::explained,
    terminal::notes::Notes,
};
use mapgrep::{
    Error,
    index::{Candidates, Fresh, IndexFault, LEAST_SIZE, Query, Unhelped},
    mapping::Mapping,
    matcher::{LineTerminator, Matcher, MatcherBuilder},
};

/// A file has to have so many bytes for each pattern that is planned for, where there are more than a few: to plan for
/// one takes a hundredth of the time that it takes to search so many.
const BYTES_A_PATTERN: u64 = 8 << 20;
const FEW_PATTERNS: u64 = 64;

/// Whether and how indexes are used.
pub(crate) struct Indexes {
    how: IndexUse,
    directory: Option<PathBuf>,
    /// Why an index cannot help with this search.
    helpless: Option<&'static str>,
    builder: MatcherBuilder,
    /// How many lines behind those that match are shown.
    after: u64,
    notes: Notes,
    patterns: Arc<[Vec<u8>]>,
    query: OnceLock<Query>,
}

impl Indexes {
    pub(crate) fn new(
        options: &Options,
        (builder, matcher): (&MatcherBuilder, &Matcher),
        patterns: Arc<[Vec<u8>]>,
    ) -> Self {
        let mut builder = builder.clone();
        builder.by_line(true);
        let helpless = if options.selection.invert_match {
            Some("-v selects lines that do not match")
        } else if options.selection.context == Context::All {
            Some("--passthru shows all lines")
        } else if !matcher.is_by_line() {
            Some("with -U matches may cross lines")
        } else if options.text.terminator == LineTerminator::Nul {
            Some("--null-data has other lines than were indexed")
        } else {
            None
        };
        Indexes {
            how: options.index.use_index,
            directory: options.index.directory.clone(),
            helpless,
            builder,
            after: options.selection.context.sizes().1 as u64,
            notes: Notes::new(options),
            patterns,
            query: OnceLock::new(),
        }
    }

    /// True for files that are large enough, unless no indexes are used.
    pub(crate) fn are_looked_for(&self, metadata: &Metadata) -> bool {
        self.how != IndexUse::Never && metadata.len() >= LEAST_SIZE
    }

    /// Called for what is searched as a stream, with its length if it has one.
    ///
    /// # Errors
    ///
    /// Where an index is required.
    pub(crate) fn do_without(&self, len: Option<u64>, why: &str) -> anyhow::Result<()> {
        if self.how == IndexUse::Require && len.is_none_or(|len| len >= LEAST_SIZE) {
            bail!("--index=require, and no index is used: {why}");
        }
        Ok(())
    }

    /// The index of a mapped file, if there is one that can be relied on. `metadata` is what the open file had before
    /// it was mapped.
    ///
    /// # Errors
    ///
    /// Where an index is required, and there is none to be used.
    pub(crate) fn open(&self, path: &Path, metadata: &Metadata, text: &Mapping) -> anyhow::Result<Option<Fresh>> {
        if !self.are_looked_for(metadata) {
            return Ok(None);
        }
        let opened = Fresh::open(path, metadata, text, self.directory.as_deref());
        match (self.how, opened) {
            (IndexUse::Require, Ok(None)) => {
                Err(anyhow!("--index=require, and {}", explained(&IndexFault::Missing.into())))
            }
            (_, Ok(index)) => Ok(index),
            (IndexUse::Require, Err(error)) => Err(anyhow!("--index=require, and {}", explained(&error))),
            (_, Err(error)) => {
                self.warn(path, explained(&error));
                Ok(None)
            }
        }
    }

    /// The parts of a file that an index leaves to be searched; none where all of it has to be.
    ///
    /// # Errors
    ///
    /// Where an index is required, and cannot help with this search.
    pub(crate) fn candidates(&self, path: &Path, index: &Fresh, text: &Mapping) -> anyhow::Result<Option<Candidates>> {
        if let Some(why) = self.helpless {
            if self.how == IndexUse::Require {
                bail!("--index=require, and the index cannot help: {why}");
            }
            self.notes.explain(path, || format!("its index cannot help: {why}"));
            return Ok(None);
        }
        if self.patterns.len() as u64 > (text.len() as u64 / BYTES_A_PATTERN).max(FEW_PATTERNS) {
            self.notes.explain(path, || {
                format!("its index is not used: searching for {} patterns is faster", self.patterns.len())
            });
            return Ok(None);
        }
        let query = match self.query.get() {
            Some(query) => query,
            None => {
                let query = Query::new(&self.builder, &self.patterns)?;
                self.query.get_or_init(|| query)
            }
        };
        let candidates = match index.candidates(query, self.after) {
            Ok(candidates) => candidates,
            Err(error) => return self.go_on_without(path, error).map(|()| None),
        };
        self.notes.explain(path, || plan(index, query, &candidates));
        Ok((!candidates.is_everything()).then_some(candidates))
    }

    /// An offset at or before the start of the line before which there are so many, and how many lines come between.
    ///
    /// # Errors
    ///
    /// Where an index is required, and is damaged.
    pub(crate) fn before_line(&self, path: &Path, index: &Fresh, lines: u64) -> anyhow::Result<(u64, u64)> {
        match index.before_line(lines) {
            Ok(place) => Ok(place),
            Err(error) => self.go_on_without(path, error).map(|()| (0, lines)),
        }
    }

    fn go_on_without(&self, path: &Path, error: Error) -> anyhow::Result<()> {
        if self.how == IndexUse::Require {
            bail!(explained(&error));
        }
        self.warn(path, explained(&error));
        Ok(())
    }

    fn warn(&self, path: &Path, why: impl Display) {
        self.notes.warn_or_explain(path, || format!("searched without its index: {why}"));
    }
}

/// What an index was asked, and what it said.
fn plan(index: &Fresh, query: &Query, candidates: &Candidates) -> String {
    let said = match candidates.unhelped() {
        Some(Unhelped::NoNeeds) => "lines that match need not have anything that is indexed".to_owned(),
        Some(Unhelped::TooMany) => "more than a third of the blocks can match, so that all are searched".to_owned(),
        Some(Unhelped::TooCostly) => "planning takes more work than it may, so that all is searched".to_owned(),
        None => format!(
            "{} of {} blocks can match; with what is not indexed, {} in {} parts are searched",
            candidates.blocks(),
            candidates.all_blocks(),
            HumanBytes(candidates.bytes()),
            candidates.parts().len()
        ),
    };
    format!("index {}: lines need {query}; {} rows read; {said}", index.path().display(), candidates.rows())
}
