//! How a search uses the machine: threads, mappings, the page cache. The result does not depend on it.

use crate::cli::flags::{
    flag::{Flag, Section},
    numbers::{parse_size, parse_threads},
    options::{MapFiles, PageCache},
    values::{set, text, word},
};

/// The flags about how a search uses the machine.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::value(
        Section::Other,
        ("cache", "HOW"),
        "Whether the system keeps in memory what was read",
        "Whether the pages of files that the search reads stay in the page cache (keep, the default) or not (drop). \
         Pages that were there before stay.",
        |o, v| {
            let meanings = [PageCache::Keep, PageCache::Drop];
            set(&mut o.performance.page_cache, word(v, &["keep", "drop"], &meanings))
        },
    )
    .words(&["keep", "drop"]),
    Flag::switch(
        Section::Search,
        "mmap",
        "Map files into memory, also those in directories",
        "Map files into memory, also files in directories. Without this flag and --no-mmap, files that were named are \
         mapped, and small files in directories are read.",
        |o, on| o.performance.map = if on { MapFiles::All } else { MapFiles::None },
    )
    .negation("no-mmap"),
    Flag::value(
        Section::Search,
        ("threads", "NUM"),
        "How many threads to use",
        "The number of threads, up to 1024. 0, the default, is one for each core.",
        |o, v| set(&mut o.performance.threads, text(v).and_then(parse_threads)),
    )
    .short('j'),
    Flag::value(
        Section::Other,
        ("chunk-size", "BYTES"),
        "The bytes of a file that a worker takes at once. For tests: results do not depend on it.",
        "How many bytes of a file a worker takes at once. For tests: results do not depend on it.",
        |o, v| set(&mut o.performance.chunk_size, text(v).and_then(parse_size).map(Some)),
    )
    .hidden(),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::parsed;

    #[test]
    fn the_last_way_to_read_counts() {
        let options = |args: &[&str]| parsed(args).unwrap().performance;
        assert_eq!((options(&[]).map, options(&[]).page_cache), (MapFiles::Named, PageCache::Keep));
        assert_eq!(options(&["--mmap", "--no-mmap"]).map, MapFiles::None);
        assert_eq!(options(&["--no-mmap", "--mmap", "--cache=drop"]).map, MapFiles::All);
        assert_eq!(options(&["--chunk-size=64K", "-j3"]).chunk_size, Some(65536));
    }
}
