//! What is printed about an index.

use std::{fs::File, path::Path, time::Instant};

use indicatif::HumanBytes;

use super::{advice, run::Run};
use mapgrep::{
    Error,
    index::{Freshness, Index, Outcome, Stat, Unfit},
    mapping::Mapping,
};

impl Run<'_> {
    pub(crate) fn tell_outcome(&self, path: &Path, outcome: &Outcome, started: Instant) {
        let path = path.display();
        match outcome {
            Outcome::Written(stat) => {
                let seconds = started.elapsed().as_secs_f64();
                self.say(format_args!("{path}: indexed in {seconds:.2} s; {}", Summary(stat)));
            }
            Outcome::UpToDate(stat) => self.say(format_args!("{path}: up to date; {}", Summary(stat))),
            Outcome::TooSmall => {
                self.say(format_args!(
                    "{path}: skipped; files of less than 1 MiB are searched as fast without an index"
                ));
            }
            Outcome::Unfit(unfit) => self.say(format_args!("{path}: skipped; {unfit}{}", Advice(*unfit, &path))),
            // The work was cancelled.
            _ => {}
        }
    }

    pub(crate) fn stat(&self, path: &Path) -> Result<(), Error> {
        let Some(index) = Index::open(path, self.common.index_dir.as_deref())? else {
            self.say(format_args!("{}: there is no index", path.display()));
            return Ok(());
        };
        let stat = index.stat();
        self.say(format_args!(
            "{}\n  index     {}\n  size      {} bytes, {}; of no more use {}\n  grams     {}\n  covers    {} bytes, \
             {} lines, {} blocks in {} segments\n  state     {}",
            path.display(),
            stat.path.display(),
            stat.bytes,
            Summary(&stat),
            HumanBytes(stat.dead),
            if stat.is_small { "small" } else { "default" },
            stat.covered,
            stat.lines,
            stat.blocks,
            stat.segments,
            state(path, &index)?,
        ));
        Ok(())
    }
}

/// The size of an index, in bytes and as a part of the text.
struct Summary<'a>(&'a Stat);

impl std::fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Stat { bytes, text, .. } = self.0;
        let percent = 100.0 * *bytes as f64 / (*text).max(1) as f64;
        write!(f, "{} for {}, {percent:.1} %", HumanBytes(*bytes), HumanBytes(*text))
    }
}

/// What to do with a file for which an index is useless.
struct Advice<'a>(Unfit, &'a std::path::Display<'a>);

impl std::fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Unfit::Compressed(how) => write!(f, "; {} {} | mapgrep ... searches it", how.command(), self.1),
            _ => Ok(()),
        }
    }
}

/// The state of an index, in words.
fn state(path: &Path, index: &Index) -> Result<String, Error> {
    let cannot = |error| Error::from(error).with_path(path);
    let metadata = path.metadata().map_err(cannot)?;
    if !metadata.is_file() {
        return Ok("not used: the file is no longer a regular file".to_owned());
    }
    let file = File::open(path).map_err(cannot)?;
    if metadata.len() == 0 {
        return Ok("the file is empty".to_owned());
    }
    if let Some(unfit) = Unfit::of_file(&file).map_err(cannot)? {
        return Ok(format!("not used: {unfit}"));
    }
    let text = Mapping::open_file(&file).map_err(|error| error.with_path(path))?;
    Ok(match index.freshness(&metadata, &text)? {
        Freshness::Same => "up to date".to_owned(),
        Freshness::Stale(stale) => format!("not used: {}", advice::of_stale(stale)),
        // It has grown.
        _ => {
            format!(
                "used; {} at the end are not indexed yet, and searched without it",
                HumanBytes(metadata.len() - index.covered())
            )
        }
    })
}
