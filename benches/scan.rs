//! The library's own speed: one worker and all of them over text in memory. Every benchmark asserts its count first, so
//! that each is a test as well. Whole processes, against other tools, are compared in `cli.rs`.

use std::{hint::black_box, ops::ControlFlow};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mapgrep::{
    grep::{Goal, GrepBuilder, Plain},
    mapping::{MapOptions, Mapping},
    matcher::{Matcher, MatcherBuilder},
    scan::{Pool, Scanner},
};

#[path = "../datasets/generator/mod.rs"]
mod generator;

/// How much text is searched: much more than fits in the caches, and little enough for many rounds. Test mode wants no
/// more than the counts.
fn text_len() -> u64 {
    if std::env::args().any(|arg| arg == "--test") { 4 << 20 } else { 256 << 20 }
}

fn log_lines() -> Mapping {
    let len = text_len();
    let mut text = Vec::with_capacity(len as usize);
    let kind = generator::Kind::ALL.into_iter().find(|kind| kind.name() == "hdfs").expect("a kind of log");
    generator::generate(kind, 1, len, &mut text).expect("writing to memory");
    let mut mapping = MapOptions::new().len(text.len()).map_anonymous().expect("memory for the text");
    mapping.guarded_mut(0..text.len(), |bytes| bytes.copy_from_slice(&text)).expect("the mapping is writable");
    mapping
}

fn matcher(pattern: &str) -> Matcher {
    MatcherBuilder::new().by_line(true).build([pattern]).expect("a valid pattern")
}

/// Lines that match, counted without any of the machinery that is measured.
fn naive_count(text: &Mapping, pattern: &str) -> u64 {
    let regex = regex::bytes::Regex::new(pattern).expect("a valid pattern");
    let count = |bytes: &[u8]| bytes.split_inclusive(|&b| b == b'\n').filter(|line| regex.is_match(line)).count();
    text.guarded(0..text.len(), count).expect("memory is not truncated") as u64
}

/// Matches, counted one by one.
fn naive_match_count(text: &Mapping, pattern: &str) -> u64 {
    let regex = regex::bytes::Regex::new(pattern).expect("a valid pattern");
    text.guarded(0..text.len(), |bytes| regex.find_iter(bytes).count()).expect("memory is not truncated") as u64
}

const PATTERNS: [(&str, &str); 5] = [
    ("rare literal", "kestrel"),
    ("literal on every fifth line", "Received"),
    ("dense literal", "blk_"),
    ("dense byte", "e"),
    ("regex", r"10\.250\.[0-9]+\.102:5"),
];

fn benches(criterion: &mut Criterion) {
    let text = log_lines();
    for (name, pattern) in PATTERNS {
        let (expected, all) = (naive_count(&text, pattern), naive_count(&text, ""));
        let matches = naive_match_count(&text, pattern);
        for threads in [1, 0] {
            let pool = Pool::new(threads);
            let label = if threads == 1 { "1 thread" } else { "all threads" };

            let mut group = criterion.benchmark_group(format!("{name}, {label}"));
            group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);

            let counting = GrepBuilder::new().goal(Goal::CountLines).build(matcher(pattern)).unwrap();
            let count = || {
                let summary =
                    counting.search_mapping(&text, &Plain, &pool, &mut |_| ControlFlow::Continue(())).unwrap();
                assert_eq!(summary.matched_lines, expected);
            };
            group.bench_function("count lines", |bencher| bencher.iter(count));

            let counting =
                GrepBuilder::new().goal(Goal::CountLines).invert_match(true).build(matcher(pattern)).unwrap();
            let count = || {
                let summary =
                    counting.search_mapping(&text, &Plain, &pool, &mut |_| ControlFlow::Continue(())).unwrap();
                assert_eq!(summary.matched_lines, all - expected);
            };
            group.bench_function("count other lines", |bencher| bencher.iter(count));

            let counting = GrepBuilder::new().goal(Goal::CountMatches).build(matcher(pattern)).unwrap();
            let count = || {
                let summary =
                    counting.search_mapping(&text, &Plain, &pool, &mut |_| ControlFlow::Continue(())).unwrap();
                assert_eq!((summary.matched_lines, summary.matches), (expected, matches));
            };
            group.bench_function("count matches", |bencher| bencher.iter(count));

            let printing = GrepBuilder::new().line_numbers(true).build(matcher(pattern)).unwrap();
            let print = || {
                let mut bytes = 0;
                let summary = printing
                    .search_mapping(&text, &Plain, &pool, &mut |output| {
                        bytes += black_box(output).len();
                        ControlFlow::Continue(())
                    })
                    .unwrap();
                assert_eq!(summary.matched_lines, expected);
                assert!(bytes > 0 || expected == 0);
            };
            group.bench_function("format lines with numbers", |bencher| bencher.iter(print));

            let scanner = Scanner::new(matcher(pattern));
            let find = || {
                let mut matches = 0;
                let each = |_| {
                    matches += 1;
                    ControlFlow::Continue(())
                };
                scanner.for_each_in(&pool, &text, each).unwrap();
                assert!(matches >= expected);
            };
            group.bench_function("find matches", |bencher| bencher.iter(find));
            group.finish();
        }
    }
}

criterion_group!(scan, benches);
criterion_main!(scan);
