//! The 96 regexes of `datasets/secrets.txt`, told apart: `matcher::regex_set` and `regex::bytes::RegexSet`, side by
//! side. Both answer the same question: which of the regexes match on each line. The benchmark asserts first that they
//! agree on how many lines each of them matches.
//!
//! The text is source code that is made here, with secrets planted in it, or the start of the file that the environment
//! variable `MAPGREP_BENCH_FILE` names: `MAPGREP_BENCH_SIZE` bytes of it, 32 MiB unless that says otherwise.

use std::{
    hint::black_box,
    io::Read,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mapgrep::{
    mapping::{MapOptions, Mapping},
    matcher::{
        MatcherBuilder,
        regex_set::{RegexSet, SetCache},
    },
};
use regex::bytes::{Regex, RegexSet as Peer, RegexSetBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};

#[allow(dead_code)] // Other benchmarks want other texts.
#[path = "measure/texts.rs"]
mod texts;

/// On how many lines each regex matches.
type Counts = Vec<u64>;

fn is_test() -> bool {
    std::env::args().any(|arg| arg == "--test") || !std::env::args().any(|arg| arg == "--bench")
}

fn patterns() -> Vec<&'static str> {
    include_str!("../datasets/secrets.txt").lines().collect()
}

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, upto: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 33) * upto as u64) >> 31) as usize
    }
}

/// Appends what a regex matches, but for what it wants to stand around it.
fn append_match(hir: &Hir, numbers: &mut Numbers, out: &mut Vec<u8>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.extend_from_slice(&literal.0),
        HirKind::Class(class) => {
            let has = |byte: &u8| match class {
                Class::Unicode(class) => {
                    class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&char::from(*byte)))
                }
                Class::Bytes(class) => class.ranges().iter().any(|range| (range.start()..=range.end()).contains(byte)),
            };
            let bytes: Vec<u8> = (b' '..=b'~').filter(has).collect();
            out.push(bytes[numbers.below(bytes.len())]);
        }
        HirKind::Repetition(repetition) => {
            let more = repetition.max.map_or(8, |max| (max - repetition.min).min(8));
            for _ in 0..repetition.min as usize + numbers.below(more as usize + 1) {
                append_match(&repetition.sub, numbers, out);
            }
        }
        HirKind::Capture(capture) => append_match(&capture.sub, numbers, out),
        HirKind::Concat(subs) => subs.iter().for_each(|sub| append_match(sub, numbers, out)),
        HirKind::Alternation(subs) => append_match(&subs[numbers.below(subs.len())], numbers, out),
    }
}

/// A line that a regex matches.
fn secret(pattern: &str, numbers: &mut Numbers) -> Vec<u8> {
    let hir = regex_syntax::parse(pattern).expect("a regex");
    let regex = Regex::new(pattern).expect("a regex");
    loop {
        let mut line = b"    let secret = ".to_vec();
        append_match(&hir, numbers, &mut line);
        line.extend_from_slice(b" ;\n");
        if regex.is_match(&line) {
            return line;
        }
    }
}

/// Source code with a secret on about one line in 1,000.
fn with_secrets(len: usize) -> Vec<u8> {
    let (code, patterns) = (texts::code(), patterns());
    let (mut text, mut numbers) = (Vec::with_capacity(len + 1000), Numbers(3));
    let every = if is_test() { 20 } else { 1000 };
    for (i, line) in code.split_inclusive(|&byte| byte == b'\n').cycle().enumerate() {
        if text.len() >= len {
            break;
        }
        text.extend_from_slice(line);
        if i % every == 0 {
            text.extend(secret(patterns[i / every % patterns.len()], &mut numbers));
        }
    }
    text
}

/// The text to search, and whether it is one of which it is known that each secret is there.
fn text() -> (Vec<u8>, bool) {
    let Some(path) = std::env::var_os("MAPGREP_BENCH_FILE").filter(|_| !is_test()) else {
        return (with_secrets(if is_test() { 256 << 10 } else { 16 << 20 }), true);
    };
    let size = std::env::var("MAPGREP_BENCH_SIZE").map_or(32 << 20, |size| size.parse().expect("a number of bytes"));
    let mut text = vec![];
    let file = std::fs::File::open(path).expect("MAPGREP_BENCH_FILE names a file");
    file.take(size).read_to_end(&mut text).expect("MAPGREP_BENCH_FILE can be read");
    (text, false)
}

fn count(set: &RegexSet, cache: &mut SetCache, text: &[u8]) -> Counts {
    let mut counts = vec![0; set.len()];
    let _ = set.for_each_line(cache, text, |_, ids| {
        ids.iter().for_each(|id| counts[id.index()] += 1);
        ControlFlow::<()>::Continue(())
    });
    counts
}

fn mapped(text: &[u8]) -> Mapping {
    let mut memory = MapOptions::new().len(text.len()).map_anonymous().expect("memory");
    memory.set_slice(.., text).expect("the length is that of the text");
    memory
}

/// Counts with the peer.
type Way = fn(&Peer, &[u8], &mut Counts);

/// How the peer can be used.
const WAYS: &[(&str, Way)] = &[
    ("matches on each line", each_line),
    ("is_match, then matches, on each line", each_matching_line),
    ("is_match on blocks, then on lines", blocks),
];

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}

fn each_line(set: &Peer, text: &[u8], counts: &mut Counts) {
    lines(text).for_each(|line| set.matches(line).iter().for_each(|id| counts[id] += 1));
}

fn each_matching_line(set: &Peer, text: &[u8], counts: &mut Counts) {
    lines(text)
        .filter(|line| set.is_match(line))
        .for_each(|line| set.matches(line).iter().for_each(|id| counts[id] += 1));
}

/// None of the regexes looks for the start or the end of the text, so what matches on a line does so in a block.
fn blocks(set: &Peer, mut text: &[u8], counts: &mut Counts) {
    const BLOCK: usize = 4 << 10;
    while !text.is_empty() {
        let end = memchr::memchr(b'\n', &text[BLOCK.min(text.len())..]);
        let (block, rest) = text.split_at(end.map_or(text.len(), |end| BLOCK + end + 1));
        if set.is_match(block) {
            each_matching_line(set, block, counts);
        }
        text = rest;
    }
}

fn time(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn secrets(criterion: &mut Criterion) {
    let patterns = patterns();
    let ours = MatcherBuilder::new().build_set(&patterns).expect("regexes");
    // The default of 2 MiB for the automaton is too little for so many.
    let theirs = RegexSetBuilder::new(&patterns).dfa_size_limit(64 << 20).build().expect("regexes");
    println!("{}", ours.description());

    let (text, has_all) = text();
    let part = lines(&text).take(20_000).map(|line| line.len() + 1).sum::<usize>().min(text.len());
    let mut counts = vec![0; patterns.len()];
    let took = |way: Way| {
        let mut counts = vec![0; patterns.len()];
        way(&theirs, &text[..part], &mut counts);
        time(|| way(&theirs, &text[..part], &mut counts))
    };
    let (name, fastest) = WAYS.iter().min_by_key(|(_, way)| took(*way)).expect("there are some");
    fastest(&theirs, &text, &mut counts);

    let mut cache = ours.create_cache();
    assert_eq!(count(&ours, &mut cache, &text), counts, "one thread");
    let memory = mapped(&text);
    assert_eq!(ours.count_each(&memory).expect("nobody changes it"), counts, "all threads");
    assert!(!has_all || counts.iter().all(|&count| count > 0), "each secret was planted: {counts:?}");
    println!("{} matches; the fastest way of the peer: {name}", counts.iter().sum::<u64>());

    let mut group = criterion.benchmark_group("secrets");
    group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
    group.bench_function(BenchmarkId::from_parameter("mapgrep, one thread"), |b| {
        b.iter(|| count(&ours, &mut cache, black_box(&text)));
    });
    group.bench_function(BenchmarkId::from_parameter("mapgrep, all threads"), |b| {
        b.iter(|| ours.count_each(&memory).expect("nobody changes it"));
    });
    group.bench_function(BenchmarkId::from_parameter("regex"), |b| {
        b.iter(|| {
            let mut counts = vec![0; patterns.len()];
            fastest(&theirs, black_box(&text), &mut counts);
            counts
        });
    });
    group.finish();
}

criterion_group!(regex_set, secrets);
criterion_main!(regex_set);
