//! Searching backwards for one literal: mapgrep's vectors and memchr's Two-Way, side by side. Every benchmark asserts
//! first that both find the same.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mapgrep::matcher::reverse::ReverseFinder;
use memchr::memmem::FinderRev;

#[path = "../datasets/generator/mod.rs"]
mod generator;

/// What fits in a cache close to the core, and what does not.
const LENS: [(usize, &str); 2] = [(64 << 10, "64K"), (16 << 20, "16M")];

/// A haystack, with needles that it lacks.
type Task = (&'static str, Vec<u8>, &'static [&'static str]);

/// What is usual, and what is hard for a pair of bytes or for Two-Way.
fn tasks() -> Vec<Task> {
    let len = LENS[1].0;
    let mut log = Vec::with_capacity(len);
    let kind = generator::Kind::ALL.into_iter().find(|kind| kind.name() == "hdfs").expect("a kind of log");
    generator::generate(kind, 1, len as u64, &mut log).expect("writing to memory");
    let mut state = 1_u64;
    let dna = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b"ACGT"[(state >> 62) as usize]
    });
    vec![
        ("log", log, &["zqxj", "Exception!", "an error that is not in there"]),
        ("dna", dna.take(len).collect(), &["GATTACAGATTACAGATTACA"]),
        ("a", b"a".repeat(len), &["aaaaaaab", "baaa"]),
        ("ab", b"ab".repeat(len / 2), &["abba", "abababababababaaa"]),
    ]
}

fn benches(criterion: &mut Criterion) {
    for (name, haystack, needles) in tasks() {
        for (len, len_name) in LENS {
            let haystack = &haystack[haystack.len().saturating_sub(len)..];
            let mut group = criterion.benchmark_group(format!("reverse/{name}/{len_name}"));
            group.throughput(Throughput::Bytes(haystack.len() as u64));
            for needle in needles {
                let (ours, theirs) = (ReverseFinder::new(needle.as_bytes()), FinderRev::new(needle));
                assert_eq!(ours.rfind(haystack), None, "{needle:?}");
                assert_eq!(theirs.rfind(haystack), None, "{needle:?}");
                group.bench_function(format!("mapgrep/{needle}"), |b| b.iter(|| ours.rfind(black_box(haystack))));
                group.bench_function(format!("memchr/{needle}"), |b| b.iter(|| theirs.rfind(black_box(haystack))));
            }
            group.finish();
        }
    }
}

criterion_group!(reverse, benches);
criterion_main!(reverse);
