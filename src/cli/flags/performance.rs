//! How a search uses the machine: threads, mappings, the page cache. The result does not depend on it.

use clap::ValueEnum;

use crate::cli::flags::{
    flag::{self, Takes, parse_word, set, word},
    numbers::{parse_size, parse_threads},
};
use mapgrep::scan::CachePolicy;

/// How a search uses the machine.
#[derive(Debug, Default)]
pub(crate) struct PerformanceOptions {
    pub(crate) page_cache: PageCache,
    pub(crate) map: MapFiles,
    /// 0 is one for each core.
    pub(crate) threads: usize,
    pub(crate) chunk_size: Option<usize>,
}

/// What becomes of the pages of files that a search has brought into memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageCache {
    #[default]
    Keep,
    Drop,
}

/// Which files are mapped into memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MapFiles {
    /// Those that were named.
    #[default]
    Named,
    /// Those in directories too.
    All,
    None,
}

impl PageCache {
    pub(crate) fn policy(self) -> CachePolicy {
        match self {
            PageCache::Keep => CachePolicy::Keep,
            PageCache::Drop => CachePolicy::Drop,
        }
    }
}

type Flag = flag::Flag<PerformanceOptions>;

/// The flags, in the order of `--help`.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::text(
        "cache",
        word::<PageCache>("keep"),
        "HOW",
        "Whether what a search brings into the system's cache of files stays there or is dropped. What was there \
         before stays",
        |o, v| set(&mut o.page_cache, parse_word(v)),
    ),
    Flag::switch("mmap", "Map files into memory, also those found in directories", |o| o.map = MapFiles::All),
    Flag::switch("no-mmap", "Read files instead of mapping them", |o| o.map = MapFiles::None),
    Flag::text(
        "threads",
        Takes::Number,
        "NUM",
        "How many threads to use, up to 1024; 0, the default, is one for each core",
        |o, v| set(&mut o.threads, parse_threads(v)),
    )
    .short('j'),
    Flag::text(
        "chunk-size",
        Takes::Number,
        "BYTES",
        "How many bytes of a file a worker takes at once. For tests: results do not depend on it",
        |o, v| set(&mut o.chunk_size, parse_size(v).map(Some)),
    )
    .hidden(),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::flag::parse;

    #[test]
    fn the_last_way_to_read_counts() {
        let options = |args: &[&str]| parse::<PerformanceOptions>(&[FLAGS], args).unwrap();
        assert_eq!((options(&[]).map, options(&[]).page_cache), (MapFiles::Named, PageCache::Keep));
        assert_eq!(options(&["--mmap", "--no-mmap"]).map, MapFiles::None);
        assert_eq!(options(&["--no-mmap", "--mmap", "--cache=drop"]).map, MapFiles::All);
        assert_eq!(options(&["--chunk-size=64K", "-j3"]).chunk_size, Some(65536));
    }
}
