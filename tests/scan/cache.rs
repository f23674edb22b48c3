//! What searches leave in the system's page cache, on a real file of a real disk. The pages are counted by `mincore`
//! alone.
//!
//! Pages that were there can go for other reasons: the system may need the memory, or look for what is cold (DAMON). So
//! a search that seems to have lost some is tried again, and again; one that does lose them does so each time. That
//! pages have come that were not there before is never excused.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    ops::{ControlFlow, Range},
    os::{fd::AsRawFd, unix::fs::FileExt},
    panic::{AssertUnwindSafe, catch_unwind},
};

use mapgrep::{
    grep::{GrepBuilder, Plain},
    index::Part,
    mapping::{Access, MapOptions, Mapping, page_size},
    matcher::{Matcher, MatcherBuilder},
    scan::{CachePolicy, CacheReader, Pool, Scanner},
};
use tempfile::NamedTempFile;

/// No multiple of the page size, and more than one of the steps in which pages go.
const SIZE: usize = (20 << 20) + 1234;

/// One line, some of which say where they are.
const LINE: usize = 64;

/// A file of lines on the disk, none of which is in memory. `None` where the file system is nothing but memory.
fn file_on_disk(size: usize) -> Option<NamedTempFile> {
    let mut file = NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut text = Vec::with_capacity(size + LINE);
    while text.len() < size {
        let what = if text.len() % (100 * LINE) == 0 { "needle" } else { "hay" };
        let line = format!("{what} at {:.>1$}\n", text.len(), LINE - 5 - what.len());
        assert_eq!(line.len(), LINE);
        text.extend_from_slice(line.as_bytes());
    }
    text.truncate(size);
    file.write_all(&text).unwrap();
    // What is not on the disk yet cannot go from memory.
    file.as_file().sync_all().unwrap();
    advise(file.as_file(), libc::POSIX_FADV_DONTNEED);
    if resident(file.as_file()).contains(&true) {
        eprintln!("not tested: the pages of files in {} stay in memory", env!("CARGO_TARGET_TMPDIR"));
        return None;
    }
    Some(file)
}

fn advise(file: &File, advice: i32) {
    // SAFETY: the call takes numbers only.
    assert_eq!(unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, advice) }, 0);
}

/// For each page of a file, whether it is in memory.
fn resident(file: &File) -> Vec<bool> {
    // SAFETY: the bytes are not looked at.
    let map = unsafe { memmap2::Mmap::map(file) }.unwrap();
    let mut pages = vec![0u8; map.len().div_ceil(page_size())];
    // SAFETY: the range is mapped, and there is room for a byte for each page.
    assert_eq!(unsafe { libc::mincore(map.as_ptr() as *mut _, map.len(), pages.as_mut_ptr()) }, 0);
    pages.iter().map(|page| page & 1 == 1).collect()
}

/// How often something is tried that may be disturbed.
const TRIES: usize = 10;

/// Has the pages of some ranges in memory and no others, and returns which they are.
fn prepare(file: &NamedTempFile, ranges: &[Range<usize>]) -> Vec<bool> {
    let file = file.reopen().unwrap();
    advise(&file, libc::POSIX_FADV_DONTNEED);
    // Nothing is read ahead.
    advise(&file, libc::POSIX_FADV_RANDOM);
    for range in ranges {
        file.read_exact_at(&mut vec![0; range.len()], range.start as u64).unwrap();
    }
    resident(&file)
}

/// Which pages may be there before a search.
fn situations() -> Vec<Vec<Range<usize>>> {
    let page = page_size();
    let checkered = (0..SIZE).step_by(1 << 20).map(|start| start..SIZE.min(start + (512 << 10))).collect();
    let single = (0..150).map(|index| index * 29 * page..index * 29 * page + 1).collect();
    vec![vec![], vec![0..SIZE / 2], checkered, single, vec![0..SIZE]]
}

fn map(file: &NamedTempFile) -> Mapping {
    map_part(file, 0, 0)
}

fn map_part(file: &NamedTempFile, offset: u64, len: usize) -> Mapping {
    // SAFETY: the test alone has the file, and does not change it.
    unsafe { MapOptions::new().access(Access::Read).offset(offset).len(len).map_file(&file.reopen().unwrap()) }.unwrap()
}

fn matcher(pattern: &str) -> Matcher {
    MatcherBuilder::new().build([pattern]).unwrap()
}

fn scanner(pattern: &str, chunk_size: usize) -> Scanner {
    let mut scanner = Scanner::new(matcher(pattern));
    scanner.page_cache(CachePolicy::Drop).chunk_size(chunk_size);
    scanner
}

fn count(scanner: &Scanner, mapping: &Mapping, threads: usize) -> usize {
    let mut found = 0;
    let each = |_| {
        found += 1;
        ControlFlow::Continue(())
    };
    scanner.for_each_in(&Pool::new(threads), mapping, each).unwrap();
    found
}

/// Does something when the pages of some ranges are in memory, and looks whether it is the same pages after it.
#[track_caller]
fn assert_unchanged(file: &NamedTempFile, ranges: &[Range<usize>], what: &str, search: impl Fn()) {
    let mut lost = vec![];
    for _ in 0..TRIES {
        let before = prepare(file, ranges);
        search();
        let after = resident(file.as_file());
        let those = |was: bool| -> Vec<usize> {
            (0..before.len()).filter(|&page| before[page] == was && after[page] != was).collect()
        };
        let (stayed, gone) = (those(false), those(true));
        assert!(stayed.is_empty(), "{what}, {} ranges: pages {stayed:?} have stayed", ranges.len());
        let wanted: usize =
            ranges.iter().map(|range| range.end.div_ceil(page_size()) - range.start / page_size()).sum();
        if gone.is_empty() && before.iter().filter(|page| **page).count() >= wanted {
            return;
        }
        lost.push(gone);
    }
    panic!("{what}, {} ranges: pages are gone, each time: {lost:?}", ranges.len());
}

/// Most of the pages, as some may have gone already.
fn is_most(pages: &[bool]) -> bool {
    pages.iter().filter(|page| **page).count() > pages.len() / 10 * 9
}

#[test]
fn what_a_search_brought_in_goes_and_what_was_there_stays() {
    let Some(file) = file_on_disk(SIZE) else { return };
    for ranges in situations() {
        for (threads, chunk_size) in [(1, 1 << 20), (2, 64 << 10), (4, 3 << 20)] {
            assert_unchanged(&file, &ranges, &format!("{threads} threads, chunks of {chunk_size}"), || {
                assert_eq!(count(&scanner("needle", chunk_size), &map(&file), threads), SIZE.div_ceil(100 * LINE));
            });
        }
    }
}

#[test]
fn all_stays_unless_it_is_to_go() {
    let Some(file) = file_on_disk(SIZE) else { return };
    prepare(&file, &[]);
    let mapping = map(&file);
    assert!(Scanner::new(matcher("needle")).count(&mapping).unwrap() > 0);
    assert!(is_most(&resident(file.as_file())));
}

#[test]
fn pages_go_while_the_search_is_under_way() {
    /// How far behind the cursor pages may stay for a while.
    const BEHIND: usize = 24 << 20;
    let Some(file) = file_on_disk(2 * SIZE) else { return };
    for pattern in ["needle", "(?s)needle.*? at"] {
        for threads in [1, 2] {
            prepare(&file, &[]);
            let mut looked = 0;
            let mut next = BEHIND;
            let look = |m: mapgrep::FileMatch| {
                let at = m.start as usize;
                if at >= next {
                    next += 1 << 20;
                    looked += 1;
                    let behind = (at - BEHIND) / page_size();
                    assert!(!resident(file.as_file())[..behind].contains(&true), "{pattern} {threads} {at}");
                }
                ControlFlow::Continue(())
            };
            scanner(pattern, 1 << 20).for_each_in(&Pool::new(threads), &map(&file), look).unwrap();
            assert!(looked > 8);
        }
    }
}

#[test]
fn pages_go_while_lines_are_counted_and_searched_from_the_end() {
    const BEHIND: usize = 24 << 20;
    let Some(file) = file_on_disk(2 * SIZE) else { return };
    for (threads, numbers) in [(1, false), (2, false), (2, true)] {
        prepare(&file, &[]);
        let mut builder = GrepBuilder::new();
        builder.page_cache(CachePolicy::Drop).reverse(true).line_numbers(numbers).chunk_size(1 << 20);
        let grep = builder.build(MatcherBuilder::new().by_line(true).build(["needle"]).unwrap()).unwrap();
        let mapping = map(&file);
        let (mut looked, mut at) = (0, mapping.len());
        let mut look = |_: &[u8]| {
            // Each piece has the lines of one chunk.
            at = at.saturating_sub(1 << 20);
            let resident = resident(file.as_file());
            let behind = ((at + BEHIND) / page_size()).min(resident.len());
            assert!(!resident[behind..].contains(&true), "{threads} {numbers} {at}");
            if numbers {
                // What was counted is not there either, but for what is being searched.
                let before = at.saturating_sub(BEHIND) / page_size();
                assert!(!resident[..before].contains(&true), "{threads} {at}");
            }
            looked += usize::from(behind < resident.len());
            ControlFlow::Continue(())
        };
        grep.search_mapping(&mapping, &Plain, &Pool::new(threads), &mut look).unwrap();
        assert!(looked > 8);
    }
}

#[test]
fn a_search_that_ends_early_leaves_nothing_that_was_read_ahead() {
    let Some(file) = file_on_disk(SIZE) else { return };
    for ranges in situations() {
        for (pattern, threads) in [("needle", 1), ("needle", 2), ("(?s)needle.*? at", 1)] {
            for wanted in [1, 1200] {
                assert_unchanged(&file, &ranges, &format!("{wanted} of {pattern}, {threads} threads"), || {
                    let mut found = 0;
                    let stop = |_| {
                        found += 1;
                        if found == wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                    };
                    scanner(pattern, 1 << 20).for_each_in(&Pool::new(threads), &map(&file), stop).unwrap();
                    assert_eq!(found, wanted);
                });
            }
        }
    }
}

#[test]
fn a_sink_that_panics_leaves_nothing_either() {
    let Some(file) = file_on_disk(SIZE) else { return };
    let mapping = map(&file);
    let search = || scanner("needle", 1 << 20).for_each_in(&Pool::new(2), &mapping, |_| panic!("enough"));
    let whole = 0..5 << 20;
    assert_unchanged(&file, &[whole], "panic", || {
        assert!(catch_unwind(AssertUnwindSafe(search)).is_err());
    });
}

#[test]
fn the_file_around_a_part_that_is_mapped_is_left_as_it_was() {
    let Some(file) = file_on_disk(SIZE) else { return };
    for ranges in situations() {
        assert_unchanged(&file, &ranges, "a part", || {
            let mapping = map_part(&file, 5 << 20, (9 << 20) + 77);
            assert!(count(&scanner("needle", 1 << 20), &mapping, 2) > 0);
        });
    }
}

#[test]
fn a_file_that_is_read_leaves_what_was_there() {
    let Some(file) = file_on_disk(SIZE) else { return };
    for ranges in situations() {
        for (start, wanted) in [(0, u64::MAX), (0, 1), (9 << 20, 9 << 20), (SIZE as u64 + 5, 9)] {
            assert_unchanged(&file, &ranges, &format!("{wanted} bytes from {start}"), || {
                let mut source = file.reopen().unwrap();
                source.seek(SeekFrom::Start(start)).unwrap();
                let mut reader = CacheReader::new(source, CachePolicy::Drop).take(wanted);
                let read = std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
                assert_eq!(read, wanted.min((SIZE as u64).saturating_sub(start)));
            });
        }
    }
    prepare(&file, &[]);
    let mut reader = CacheReader::new(file.reopen().unwrap(), CachePolicy::Keep);
    std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
    drop(reader);
    assert!(is_most(&resident(file.as_file())));
}

#[test]
fn what_is_no_file_is_read_as_it_is() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"through a pipe").unwrap();
    drop(writer);
    let mut text = String::new();
    let mut reader = CacheReader::new(File::from(std::os::fd::OwnedFd::from(reader)), CachePolicy::Drop);
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "through a pipe");
    assert!(format!("{reader:?}").contains("read: 14"));
    let memory = MapOptions::new().len(100).map_anonymous().unwrap();
    assert_eq!(scanner("x", 10).count(&memory).unwrap(), 0);
    let empty = NamedTempFile::new().unwrap();
    assert_eq!(CacheReader::new(empty.reopen().unwrap(), CachePolicy::Drop).read(&mut [0; 9]).unwrap(), 0);
}

#[test]
fn residency_tells_what_mincore_tells_and_evict_takes_the_range() {
    let Some(file) = file_on_disk(SIZE) else { return };
    let page = page_size();
    for ranges in situations() {
        let agrees = (0..TRIES).any(|_| {
            let pages = prepare(&file, &ranges);
            let residency = map(&file).residency(..).unwrap();
            assert_eq!(residency.pages(), pages.len());
            let mut told = vec![];
            for (run, is_resident) in residency.runs(0..SIZE) {
                assert_eq!(run.start, told.len() * page);
                told.resize(run.end.div_ceil(page), is_resident);
            }
            assert_eq!(residency.resident_pages(), told.iter().filter(|page| **page).count());
            told == pages
        });
        assert!(agrees);
    }
    // The pages are in the address space too.
    let before = prepare(&file, &[0..8 << 20, (8 << 20)..16 << 20, (16 << 20)..SIZE]);
    assert!(is_most(&before));
    let mapping = map(&file);
    mapping.guarded(.., |bytes| bytes.iter().step_by(page).map(|&byte| u64::from(byte)).sum::<u64>()).unwrap();
    mapping.evict((8 << 20)..16 << 20).unwrap();
    let pages = resident(file.as_file());
    assert!(!pages[(10 << 20) / page..(14 << 20) / page].contains(&true));
    assert!(is_most(&pages[..(8 << 20) / page]) && is_most(&pages[(16 << 20) / page..]));
    mapping.evict(..).unwrap();
    assert!(!resident(file.as_file()).contains(&true));
    assert_eq!(mapping.guarded(0..6, <[u8]>::to_vec).unwrap(), b"needle");
}

/// Of a file of which parts are searched, nothing else comes into memory, but for what shares large pages with them.
#[test]
fn what_lies_between_the_parts_that_are_searched_is_not_read() {
    const SLACK: usize = 64 << 10;
    let Some(file) = file_on_disk(SIZE) else { return };
    let page = page_size();
    let part = |range: Range<usize>| Part {
        range: (range.start * LINE) as u64..(range.end * LINE) as u64,
        newlines: range.start as u64,
    };
    let lines = (1 << 20) / LINE;
    let many = (1..19).map(|mib| part(mib * lines + 77..mib * lines + 77 + lines / 10)).collect();
    let few = vec![part(2 * lines + 3..4 * lines + 5), part(9 * lines..12 * lines)];
    for parts in [many, few, vec![part(5 * lines..7 * lines)]] {
        for (reverse, last, threads) in [(false, None, 1), (false, None, 2), (true, None, 1), (false, Some(1000), 2)] {
            let _ = prepare(&file, &[]);
            let matcher = MatcherBuilder::new().by_line(true).build(["needle"]).unwrap();
            let grep = GrepBuilder::new().line_numbers(true).reverse(reverse).last(last).build(matcher).unwrap();
            let mapping = map(&file);
            grep.search_parts(&mapping, &parts, &Plain, &Pool::new(threads), &mut |_| ControlFlow::Continue(()))
                .unwrap();
            let resident = resident(file.as_file());
            for (index, _) in resident.iter().enumerate().filter(|(_, resident)| **resident) {
                let at = index * page;
                let is_near =
                    |part: &Part| at + page + SLACK > part.range.start as usize && at < part.range.end as usize + SLACK;
                assert!(parts.iter().any(is_near), "the page at {at}, of {parts:?}");
            }
        }
    }
}
