//! Sets of 10 to 1,000,000 patterns: `matcher::set`, aho-corasick and daachorse, side by side. Every benchmark asserts
//! first that all find the same number of matches.
//!
//! The haystack is made by the generator of `datasets/`, or is the start of the file that the environment variable
//! `FILE` names. Patterns are words of the haystack, which are found, or random hexadecimal digits, which are not.
//! `PEERS=0` leaves the others out: with a million patterns they take long, and much memory, to build.

use std::{collections::HashSet, hint::black_box, io::Read, ops::ControlFlow};

use aho_corasick::AhoCorasick;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use daachorse::DoubleArrayAhoCorasick;
use mapgrep::matcher::set::{MatchKind, PatternSet};

#[path = "../datasets/generator/mod.rs"]
mod generator;

fn is_test() -> bool {
    std::env::args().any(|arg| arg == "--test")
}

fn haystack() -> Vec<u8> {
    let len = if is_test() { 1 << 20 } else { 16 << 20 };
    let mut text = Vec::with_capacity(len as usize);
    match std::env::var_os("FILE") {
        Some(path) => {
            let file = std::fs::File::open(&path).expect("FILE names a file");
            file.take(len).read_to_end(&mut text).expect("FILE can be read");
        }
        None => generator::generate(generator::Kind::Jsonl, 1, len, &mut text).expect("writing to memory"),
    }
    text
}

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 24
    }
}

/// Different words of so many bytes that are in the text, at equal distances.
fn words(text: &[u8], count: usize, lens: std::ops::RangeInclusive<usize>) -> Vec<Vec<u8>> {
    let mut seen = HashSet::new();
    let words =
        text.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').filter(|word| lens.contains(&word.len()));
    let all: Vec<&[u8]> = words.filter(|word| seen.insert(*word)).collect();
    let count = count.min(all.len());
    (0..count).map(|i| all[i * all.len() / count].to_vec()).collect()
}

/// Different words of 8 to 20 hexadecimal digits.
fn hex(count: usize) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(1);
    let mut seen = HashSet::new();
    while seen.len() < count {
        let word = format!("{:010x}{:010x}", numbers.next(), numbers.next()).into_bytes();
        seen.insert(word[..8 + numbers.next() as usize % 13].to_vec());
    }
    let mut words: Vec<_> = seen.into_iter().collect();
    words.sort();
    words
}

/// One word of these on every line.
fn dense(words: &[Vec<u8>], len: usize) -> Vec<u8> {
    let mut numbers = Numbers(5);
    let mut text = vec![];
    while text.len() < len {
        let word = &words[numbers.next() as usize % words.len()];
        let noise = format!(" the quick brown fox {:x} ", numbers.next());
        for part in [noise.as_bytes(), word, b" jumps over the lazy dog", b"\n"] {
            text.extend_from_slice(part);
        }
    }
    text
}

fn count(set: &PatternSet, haystack: &[u8]) -> u64 {
    let mut count = 0;
    let _ = set.for_each(haystack, 0..haystack.len() + 1, |_| {
        count += 1;
        ControlFlow::<()>::Continue(())
    });
    count
}

fn compare(criterion: &mut Criterion, name: &str, haystack: &[u8], patterns: &[Vec<u8>]) {
    let peers = std::env::var_os("PEERS").is_none_or(|peers| peers != "0");
    for (kind, kind_name) in [(MatchKind::Overlapping, "overlapping"), (MatchKind::LeftmostFirst, "leftmost")] {
        let mut group = criterion.benchmark_group(format!("{name}/{}/{kind_name}", patterns.len()));
        group.throughput(Throughput::Bytes(haystack.len() as u64)).sample_size(10);
        let set = PatternSet::builder().kind(kind).build(patterns).expect("not too many patterns");
        let expected = count(&set, haystack);
        println!("{} in {} bytes, {expected} matches", set.description(), set.memory_usage());
        group.bench_function(BenchmarkId::from_parameter("mapgrep"), |b| b.iter(|| count(&set, black_box(haystack))));
        if !peers {
            continue;
        }
        let overlaps = kind == MatchKind::Overlapping;
        let its_kind =
            if overlaps { aho_corasick::MatchKind::Standard } else { aho_corasick::MatchKind::LeftmostFirst };
        let theirs = AhoCorasick::builder().match_kind(its_kind).build(patterns).expect("not too many patterns");
        let count = |haystack: &[u8]| match overlaps {
            true => theirs.find_overlapping_iter(haystack).count() as u64,
            false => theirs.find_iter(haystack).count() as u64,
        };
        assert_eq!(count(haystack), expected, "aho-corasick");
        group.bench_function(BenchmarkId::from_parameter("aho-corasick"), |b| b.iter(|| count(black_box(haystack))));
        drop(theirs);
        let its_kind = if overlaps { daachorse::MatchKind::Standard } else { daachorse::MatchKind::LeftmostFirst };
        let builder = daachorse::DoubleArrayAhoCorasickBuilder::new().match_kind(its_kind);
        let theirs: DoubleArrayAhoCorasick<u32> = builder.build(patterns).expect("not too many patterns");
        let count = |haystack: &[u8]| match overlaps {
            true => theirs.find_overlapping_iter(haystack).count() as u64,
            false => theirs.leftmost_find_iter(haystack).count() as u64,
        };
        assert_eq!(count(haystack), expected, "daachorse");
        group.bench_function(BenchmarkId::from_parameter("daachorse"), |b| b.iter(|| count(black_box(haystack))));
        group.finish();
    }
}

fn benches(criterion: &mut Criterion) {
    let text = haystack();
    let sizes: &[usize] = if is_test() { &[10, 1_000] } else { &[10, 1_000, 100_000, 1_000_000] };
    for &size in sizes {
        // As many as there are; the same once again would tell nothing new.
        let words = words(&text, size, 8..=20);
        if words.len() > size / 10 {
            compare(criterion, "words", &text, &words);
        }
        compare(criterion, "hex", &text, &hex(size));
    }
    compare(criterion, "short", &text, &words(&text, 10, 3..=7));
    let words = hex(if is_test() { 100 } else { 10_000 });
    let dense = dense(&words, text.len());
    compare(criterion, "dense", &dense, &words);
}

/// Text on which nearly everything is a candidate, and short patterns and dense matches.
fn costly(criterion: &mut Criterion) {
    let text = haystack();
    let a = |count: usize| vec![b'a'; count];
    let run = a(if is_test() { 1 << 14 } else { 4 << 20 });
    let number = |n: usize| format!("b{n}").into_bytes();
    compare(criterion, "letters", &text, &(b'a'..=b'z').map(|byte| vec![byte]).collect::<Vec<_>>());
    compare(criterion, "short words", &text, &words(&text, 1_000, 1..=3));
    compare(criterion, "all words", &text, &words(&text, usize::MAX, 1..=1_000));
    compare(criterion, "words from 4 on", &text, &words(&text, 30_000, 4..=30));
    let mut compare_in_run = |name: &str, count: usize, pattern: &dyn Fn(usize) -> Vec<u8>| {
        compare(criterion, name, &run, &(0..count).map(pattern).collect::<Vec<_>>());
    };
    compare_in_run("a{30}bN", 1_000, &|n| [a(30), number(n)].concat());
    compare_in_run("bNa{30}", 1_000, &|n| [number(n), a(30)].concat());
    compare_in_run("a{i}b", 300, &|n| [a(n + 1), b"b".to_vec()].concat());
    let one_b = |n: usize| [a(n % 200), b"b".to_vec(), a(199 - n % 200), number(n / 200)].concat();
    compare_in_run("one b among a{200}", 1_000, &one_b);
    compare_in_run("a{i}", 100, &|n| a(n + 1));
}

fn building(criterion: &mut Criterion) {
    let sizes: &[usize] = if is_test() { &[1_000] } else { &[1_000, 100_000, 1_000_000] };
    let mut group = criterion.benchmark_group("building");
    group.sample_size(10);
    for &size in sizes {
        let patterns = hex(size);
        let build = || PatternSet::builder().build(&patterns).expect("not too many patterns");
        group.bench_function(format!("{size}/mapgrep"), |b| b.iter(|| build().len()));
        let bytes = build().as_bytes().to_vec();
        group.bench_function(format!("{size}/mapgrep, opened"), |b| {
            b.iter_with_setup(|| bytes.clone(), |bytes| PatternSet::from_bytes(bytes).expect("a set").len());
        });
    }
}

criterion_group!(pattern_set, benches, costly, building);
criterion_main!(pattern_set);
