//! Iterators over matches, ranges of files, and cancelled scans: all against one sequential walk of the [`Matcher`].
//!
//! `MAPGREP_CASES` sets how many random cases each property is tried with.

use std::{
    io::Write,
    ops::{ControlFlow, Range},
    sync::{Arc, OnceLock},
    thread,
    time::{Duration, Instant},
};

use mapgrep::{
    Error, FileMatch,
    mapping::{Access, MapOptions, Mapping, page_size},
    matcher::{Matcher, MatcherBuilder, Reach},
    scan::{Cancel, Scanner},
};
use proptest::{prelude::*, sample::select};

use crate::oracle::memory::{memory, pool};
use crate::oracle::regexes::{REGEXES, REGEXES_BY_LINE};

/// Where a match starts, where it ends, and its pattern.
type Found = (u64, u64, usize);

fn found(m: FileMatch) -> Found {
    (m.start, m.end, m.pattern.index())
}

fn matcher(pattern: &str, by_line: bool) -> Matcher {
    MatcherBuilder::new().by_line(by_line).build([pattern]).unwrap()
}

/// The matches that start in a range, by a walk that begins with it and knows no chunks.
fn walk(matcher: &Matcher, text: &[u8], range: Range<u64>) -> Vec<Found> {
    let mut cache = matcher.create_cache();
    let (mut all, mut at, mut last_end) = (vec![], range.start as usize, None);
    while at <= text.len()
        && let Some(m) = matcher.find_at(&mut cache, text, at)
        && (m.start as u64) < range.end
    {
        if !m.is_empty() || last_end != Some(m.end) {
            all.push((m.start as u64, m.end as u64, m.pattern.index()));
        }
        last_end = Some(m.end);
        at = m.end + usize::from(m.is_empty());
    }
    all
}

/// What a scan of a range has to deliver.
fn wanted(matcher: &Matcher, text: &[u8], range: Range<u64>) -> Vec<Found> {
    if !matcher.is_by_line() {
        return walk(matcher, text, range);
    }
    walk(matcher, text, 0..u64::MAX).into_iter().filter(|m| range.contains(&m.0)).collect()
}

/// A rayon pool, to call from.
fn rayon(threads: usize) -> &'static rayon::ThreadPool {
    static POOLS: [OnceLock<rayon::ThreadPool>; 5] = [const { OnceLock::new() }; 5];
    POOLS[threads].get_or_init(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap())
}

fn collect(matches: impl Iterator<Item = Result<FileMatch, Error>>) -> Vec<Found> {
    matches.map(|m| found(m.unwrap())).collect()
}

/// All ways to the matches must agree.
fn agree(scanner: &Scanner, text: &[u8], range: Range<u64>, threads: usize) -> Result<(), TestCaseError> {
    let wanted = wanted(scanner.matcher(), text, range);
    let mapping = Arc::new(memory(text));
    let mut pushed = vec![];
    let stats = scanner
        .for_each_in(pool(threads), &mapping, |m| {
            pushed.push(found(m));
            ControlFlow::Continue(())
        })
        .unwrap();
    prop_assert_eq!(&pushed, &wanted, "for_each");
    prop_assert_eq!(stats.matches, wanted.len() as u64);
    prop_assert_eq!(collect(scanner.find_iter(Arc::clone(&mapping))), &wanted[..], "find_iter");
    // Started by a worker of a pool, and taken by it or by somebody else.
    let started = rayon(threads).install(|| scanner.par_find_iter(Arc::clone(&mapping)));
    prop_assert_eq!(collect(started), &wanted[..], "par_find_iter");
    let taken = rayon(threads).install(|| collect(scanner.par_find_iter(Arc::clone(&mapping))));
    prop_assert_eq!(taken, wanted, "par_find_iter, on a worker");
    Ok(())
}

fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("MAPGREP_CASES").map_or(cases, |n| n.parse().expect("MAPGREP_CASES is a number"));
    ProptestConfig { cases, ..ProptestConfig::default() }
}

/// Of bounded and unbounded length, empty and not, within lines and across them.
fn any_matcher() -> impl Strategy<Value = Matcher> {
    let anywhere = prop_oneof![
        3 => select(REGEXES),
        1 => select(&["aaa", "a{3}", "", "a*", r"(?s)a.*b", r"\n|$", "(?:ab)+", "x*", r"\b", "(?s).{3}"][..]),
    ];
    let by_line = prop_oneof![3 => select(REGEXES_BY_LINE), 1 => select(&["a*", "aa", "$", "^", r"\b"][..])];
    prop_oneof![
        2 => anywhere.prop_map(|pattern| matcher(pattern, false)),
        1 => by_line.prop_map(|pattern| matcher(pattern, true)),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    const ALPHABETS: &[&[&str]] =
        &[&["a"], &["a", "b", "\n"], &["a", "a", "a", "\n"], &["foo", " ", "a", "\n"], &["é", "a", " "]];
    (select(ALPHABETS), prop::collection::vec((any::<prop::sample::Index>(), 1..=8_usize), 1..60)).prop_map(
        |(pieces, runs)| {
            runs.iter()
                .flat_map(|(piece, times)| pieces[piece.index(pieces.len())].repeat(*times).into_bytes())
                .collect()
        },
    )
}

fn offset() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0), 8 => 0..300_u64, 1 => Just(u64::MAX)]
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn iterators_are_one_walk(
        matcher in any_matcher(),
        text in text(),
        chunk in prop_oneof![1..=4_usize, 1..=300_usize],
        threads in 1..=4_usize,
    ) {
        let mut scanner = Scanner::new(matcher);
        agree(scanner.chunk_size(chunk), &text, 0..u64::MAX, threads)?;
    }

    #[test]
    fn a_range_has_the_matches_that_start_in_it(
        matcher in any_matcher(),
        text in text(),
        chunk in 1..=100_usize,
        threads in 1..=4_usize,
        (start, end) in (offset(), offset()),
    ) {
        let mut scanner = Scanner::new(matcher);
        agree(scanner.chunk_size(chunk).range(start..end), &text, start..end, threads)?;
    }

    /// What is confined to lines is found in any ranges as in the whole, and the rest where no match reaches from one
    /// range into the next.
    #[test]
    fn ranges_add_up_to_the_whole(
        matcher in any_matcher(),
        text in text(),
        chunk in 1..=100_usize,
        mut cuts in prop::collection::vec(0..400_u64, 0..6),
    ) {
        let whole = wanted(&matcher, &text, 0..u64::MAX);
        if !matcher.is_by_line() {
            cuts.retain(|cut| !whole.iter().any(|m| m.0 < *cut && *cut <= m.1));
        }
        cuts.sort_unstable();
        let borders = [&[0], &cuts[..], &[u64::MAX]].concat();
        let mapping = Arc::new(memory(&text));
        let mut scanner = Scanner::new(matcher);
        scanner.chunk_size(chunk);
        let mut part = |range: Range<u64>| collect(scanner.range(range).find_iter(Arc::clone(&mapping)));
        let parts = borders.windows(2).map(|pair| part(pair[0]..pair[1]));
        let parts: Vec<_> = parts.collect::<Vec<_>>().concat();
        prop_assert_eq!(parts, whole, "{:?}", borders);
    }

    #[test]
    fn a_scan_that_its_sink_cancels_has_delivered_a_prefix(
        matcher in any_matcher(),
        text in text(),
        chunk in 1..=100_usize,
        threads in 1..=4_usize,
        share in 0.0..1.0_f64,
    ) {
        let whole = wanted(&matcher, &text, 0..u64::MAX);
        let wanted = (whole.len() as f64 * share) as usize + 1;
        let cancel = Cancel::new();
        let mut scanner = Scanner::new(matcher);
        scanner.chunk_size(chunk).cancel(cancel.clone());
        let mut taken = vec![];
        scanner.for_each_in(pool(threads), &memory(&text), |m| {
            taken.push(found(m));
            if taken.len() == wanted {
                cancel.cancel();
            }
            ControlFlow::Continue(())
        }).unwrap();
        prop_assert!(taken.len() >= wanted.min(whole.len()));
        prop_assert_eq!(&taken[..], &whole[..taken.len()]);
    }
}

#[test]
fn the_bounds_of_a_range_are_those_of_std() {
    let mapping = memory(b"aaaaaa");
    let mut scanner = Scanner::new(matcher("a", false));
    let mut count = |range: (std::ops::Bound<u64>, std::ops::Bound<u64>)| scanner.range(range).count(&mapping).unwrap();
    use std::ops::Bound::{Excluded, Included, Unbounded};
    assert_eq!(count((Unbounded, Unbounded)), 6);
    assert_eq!(count((Included(1), Included(4))), 4);
    assert_eq!(count((Excluded(1), Excluded(4))), 2);
    assert_eq!(count((Included(4), Included(1))), 0);
    assert_eq!(count((Included(7), Unbounded)), 0);
    assert_eq!(count((Unbounded, Included(u64::MAX))), 6);
    assert_eq!(count((Excluded(u64::MAX), Unbounded)), 0);
}

/// Empty matches lie at both sides of every border, and at the end of the file, which is no byte's.
#[test]
fn empty_matches_at_borders() {
    let text = b"ab\nb\n\n";
    let mapping = Arc::new(memory(text));
    for pattern in ["a*", "", "$", "(?s)c.*|b*"] {
        for by_line in [false, true] {
            let matcher = matcher(pattern, by_line && !pattern.contains("(?s)"));
            for chunk in 1..=7 {
                let mut scanner = Scanner::new(matcher.clone());
                scanner.chunk_size(chunk);
                for start in 0..=7 {
                    for end in start..=8 {
                        let wanted = wanted(&matcher, text, start..end);
                        let found = collect(scanner.range(start..end).find_iter(Arc::clone(&mapping)));
                        assert_eq!(found, wanted, "{pattern:?} in {start}..{end}, chunks of {chunk}");
                        assert_eq!(scanner.count(&mapping).unwrap(), wanted.len() as u64);
                    }
                }
            }
        }
    }
}

/// More matches than are ever kept, and longer chains than any chunk.
#[test]
fn three_letters_in_a_file_of_one_letter() {
    let text = b"a".repeat(1 << 20);
    let mapping = Arc::new(memory(&text));
    for pattern in ["aaa", "a{3}", "(?s)aaa|b.*c"] {
        let mut scanner = Scanner::new(matcher(pattern, false));
        scanner.chunk_size(page_size());
        for threads in [1, 3] {
            let matches = rayon(threads).install(|| scanner.par_find_iter(Arc::clone(&mapping)));
            let mut next = 0;
            for m in matches.chain(scanner.find_iter(Arc::clone(&mapping))) {
                let m = m.unwrap();
                assert_eq!((m.start, m.end), (next, next + 3));
                next = if next + 6 > text.len() as u64 { 0 } else { next + 3 };
            }
            assert_eq!(next, 0);
        }
    }
}

#[test]
fn stats_tell_how_much_was_searched() {
    let mapping = memory(&b"ab\n".repeat(1000));
    let mut scanner = Scanner::new(matcher("b", false));
    scanner.chunk_size(100);
    for threads in [1, 2] {
        let all = scanner.for_each_in(pool(threads), &mapping, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((all.bytes_scanned, all.matches, all.chunks), (3000, 1000, 30));
        let first = scanner.for_each_in(pool(threads), &mapping, |_| ControlFlow::Break(())).unwrap();
        assert_eq!((first.matches, first.bytes_scanned), (1, 100 * first.chunks));
        assert!(first.chunks <= 10, "{first:?}");
    }
    let part = scanner.range(150..420).for_each(&mapping, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((part.bytes_scanned, part.matches, part.chunks), (270, 90, 4));
    let unbounded = Scanner::new(matcher("(?s)a.*c|b", false));
    assert_eq!(unbounded.matcher().reach(), Reach::Unbounded);
    let all = unbounded.for_each(&mapping, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((all.bytes_scanned, all.matches, all.chunks), (3000, 1000, 1));
    let first = unbounded.for_each(&mapping, |_| ControlFlow::Break(())).unwrap();
    assert_eq!((first.bytes_scanned, first.matches, first.chunks), (2, 1, 1));
}

/// Waits for something that happens soon.
fn soon(what: &str, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what} takes too long");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_parallel_iterator_that_is_dropped_lets_go_of_the_mapping() {
    let mapping = Arc::new(memory(&b"ab\n".repeat(1 << 20)));
    for pattern in ["b", "(?s)b|c.*d", "not there"] {
        let mut scanner = Scanner::new(matcher(pattern, false));
        scanner.chunk_size(page_size());
        for taken in [0, 1, 1000, 100_000] {
            let mut matches = scanner.par_find_iter(Arc::clone(&mapping));
            assert!(matches.by_ref().take(taken).all(|m| m.is_ok()));
            drop(matches);
            soon("the end of the threads", || Arc::strong_count(&mapping) == 1);
        }
        // At the end nobody has to wait.
        let matches = &mut scanner.par_find_iter(Arc::clone(&mapping));
        matches.for_each(drop);
        assert_eq!(Arc::strong_count(&mapping), 1);
        assert!(matches.next().is_none());
    }
}

#[test]
fn a_parallel_iterator_that_is_forgotten_harms_nobody() {
    let mapping = Arc::new(memory(&b"ab\n".repeat(1 << 20)));
    let mut scanner = Scanner::new(matcher("b", false));
    scanner.chunk_size(page_size());
    let mut matches = scanner.par_find_iter(Arc::clone(&mapping));
    assert_eq!(matches.next().unwrap().unwrap().start, 1);
    std::mem::forget(matches);
    assert_eq!(scanner.count(&mapping).unwrap(), 1 << 20);
}

/// The only worker of a pool waits for each of two iterators in turn.
#[test]
fn parallel_iterators_on_the_only_worker_of_a_pool() {
    let mapping = Arc::new(memory(&b"ab\n".repeat(100_000)));
    let mut scanner = Scanner::new(matcher("b\na", false));
    scanner.chunk_size(page_size());
    let pairs = rayon(1).install(|| {
        let (one, two) = (scanner.par_find_iter(Arc::clone(&mapping)), scanner.par_find_iter(Arc::clone(&mapping)));
        one.zip(two).filter(|(one, two)| one.as_ref().unwrap() == two.as_ref().unwrap()).count()
    });
    assert_eq!(pairs, 99_999);
}

#[test]
fn cancelled_from_another_thread() {
    let mapping = Arc::new(memory(&b"a".repeat(1 << 20)));
    for pattern in ["a", "(?s)a|b.*c"] {
        let cancel = Cancel::new();
        let mut scanner = Scanner::new(matcher(pattern, false));
        scanner.chunk_size(page_size()).cancel(cancel.clone());
        let mut par = scanner.par_find_iter(Arc::clone(&mapping));
        let mut seq = scanner.find_iter(Arc::clone(&mapping));
        assert!(par.next().is_some() && seq.next().is_some());
        thread::spawn(move || cancel.cancel()).join().unwrap();
        let rest = par.map(|m| m.unwrap().start).collect::<Vec<_>>();
        assert!(rest.len() < 1 << 20 && rest.iter().enumerate().all(|(n, start)| *start == n as u64 + 1));
        assert!(seq.count() < 2000);
        assert_eq!(scanner.count(&mapping).unwrap(), 0);
        assert!(scanner.find_iter(Arc::clone(&mapping)).next().is_none());
        assert!(scanner.par_find_iter(Arc::clone(&mapping)).next().is_none());
    }
}

fn map(file: &std::fs::File) -> Mapping {
    #[allow(unsafe_code)]
    // SAFETY: the temporary file belongs to the test alone, which does not change it while anything reads it.
    unsafe { MapOptions::new().access(Access::Read).map_file(file) }.unwrap()
}

/// Windows keeps a file that is mapped from becoming shorter.
#[cfg(unix)]
#[test]
fn a_file_that_became_shorter_is_an_error_and_the_last_item() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&b"needle\n".repeat(10_000)).unwrap();
    let mapping = Arc::new(map(&file));
    file.set_len(3 * page_size() as u64).unwrap();
    let mut scanner = Scanner::new(matcher("needle", false));
    scanner.chunk_size(page_size());
    fn check(mut matches: impl Iterator<Item = Result<FileMatch, Error>>) {
        let before = matches.by_ref().map_while(Result::ok).count() * 7;
        assert!(before > page_size() && before <= 3 * page_size(), "{before}");
        assert!(matches.next().is_none() && matches.next().is_none());
    }
    check(scanner.find_iter(Arc::clone(&mapping)));
    check(scanner.par_find_iter(Arc::clone(&mapping)));
    let last = scanner.find_iter(Arc::clone(&mapping)).last().unwrap();
    assert!(last.unwrap_err().is_truncated());
    let last = rayon(2).install(|| scanner.par_find_iter(mapping).last().unwrap());
    assert!(last.unwrap_err().is_truncated());
}
