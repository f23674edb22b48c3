//! How much an index leaves to be searched, and how large it is: the bounds that the choice of grams has to keep.
//!
//! The texts are those of the generator of `datasets/`, and one of made words, so that they and the samples from them
//! are the same each time. No time is measured. The blocks in which a literal stands have to be searched anyway;
//! bounded is how many others are left, *in vain*, on average, which depends little on the size of the text. The bounds
//! hold for 16 MiB and for 128 MiB, with some room. Without grams of six bytes, of five or of three, with half as many
//! rows, or with half or twice as many grams of DNA, some are broken.
//!
//! Asked for is:
//!
//! - Of identifiers of 8 bytes and more at most 0.5 % of the blocks are left. That is kept.
//! - Of IP addresses at most 6 %. That is kept for JSONL, and for a syslog, whose addresses are of few networks, with
//!   16 MiB (1.2 %) and 256 MiB (1.5 %). With 128 MiB it is 6.4 %: for two of 38 all is left, as the only gram that
//!   tells them from their neighbours shares its row with a frequent one. Small indexes, with grams of six bytes for
//!   addresses, leave 10 to 11 %.
//! - Of DNA of 32 letters less than 1 %. That is kept: 0.3 %, and 0.9 % with a small index.
//! - For regexes with a literal of 6 bytes and more at most half as many again as there are with matches, or 1 % of
//!   all. That is not kept by one in four to two in three of those that are in few blocks, and so bounded is how many
//!   times as much is left on average. An index knows which grams a block has, and not that they stand together: all
//!   those of `which is mapp` are in most blocks of source. And of a number with which the literal ends, as in
//!   `Feb 27 06:34`, the last gram is not whole.
//! - An index is at most 12 % of its text, and 7 % if it is a small one. That is kept, but that short texts like these
//!   have less in common from block to block: of JSONL 7.7 % at 16 MiB, 6.9 % at 128.
//!
//! `MAPGREP_BOUNDS_MIB` says how many MiB of each kind are indexed, 16 if it is not set, and `-- --nocapture` shows
//! what was measured. `benches/index.rs` measures the same on any file.

use std::{collections::BTreeSet, fs::File, path::PathBuf};

use mapgrep::{
    index::{Fresh, Index, IndexBuilder, Outcome, Query},
    mapping::{Access, MapOptions, Mapping},
    matcher::MatcherBuilder,
    scan::Pool,
};
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};
use regex::bytes::Regex;

use crate::generator::{Kind, generate};

/// How many samples are taken of each class.
const SAMPLES: usize = 100;
/// Those that are in more blocks tell nothing: half as many again are more than a third, where all is searched.
const RARE: f64 = 0.22;
/// A block has the lines that begin in so many bytes.
const BLOCK: usize = 64 << 10;

/// For the default, and for a small index.
type Bound = [f64; 2];

/// The bounds for a text.
struct Bounds {
    name: &'static str,
    text: fn() -> Vec<u8>,
    /// How many percent of the text the index has at most.
    size: Bound,
    classes: &'static [Class],
    /// How many blocks may be left for regexes: times those that are asked for, which are 1 % of all or half as many
    /// again as there are with matches.
    regexes: Option<Bound>,
}

/// Literals, and how many percent of the blocks may be left in vain, on average.
struct Class {
    name: &'static str,
    /// Finds literals: its last group, or the whole match.
    sample: &'static str,
    in_vain: Bound,
}

/// A pattern, and in which part of the blocks it matches.
struct Sample {
    pattern: String,
    truth: f64,
}

struct Text {
    bytes: Vec<u8>,
    mapping: Mapping,
    path: PathBuf,
    _directory: tempfile::TempDir,
}

impl Text {
    fn new(bytes: Vec<u8>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("text");
        std::fs::write(&path, &bytes).unwrap();
        let file = File::open(&path).unwrap();
        // SAFETY: nobody else knows the file.
        let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&file).unwrap() };
        Text { bytes, mapping, path, _directory: directory }
    }

    /// In which part of the blocks a regex matches.
    fn truth(&self, pattern: &str) -> f64 {
        let regex = Regex::new(pattern).unwrap();
        let line = |at| memchr::memrchr(b'\n', &self.bytes[..at]).map_or(0, |newline| newline + 1);
        let blocks: BTreeSet<usize> = regex.find_iter(&self.bytes).map(|found| line(found.start()) / BLOCK).collect();
        blocks.len() as f64 / (self.bytes.len() / BLOCK) as f64
    }

    /// Patterns, without those that are in too many blocks.
    fn rare(&self, patterns: impl IntoIterator<Item = String>) -> Vec<Sample> {
        let patterns: BTreeSet<String> = patterns.into_iter().collect();
        let samples = patterns.into_iter().map(|pattern| Sample { truth: self.truth(&pattern), pattern });
        samples.filter(|sample| sample.truth <= RARE).collect()
    }

    /// What a regex matches first behind some places of the text.
    fn cut(&self, count: usize, regex: &str) -> Vec<&str> {
        let mut random = Random::new();
        let regex = Regex::new(regex).unwrap();
        let cut = |_| {
            let start = random.below(self.bytes.len() / 2);
            let found = regex.captures_at(&self.bytes, start).expect("the second half of the text has some");
            let found = found.iter().flatten().last().expect("the match is a group");
            std::str::from_utf8(found.as_bytes()).expect("samples are ASCII")
        };
        (0..count).map(cut).collect()
    }

    fn literals(&self, class: &Class) -> Vec<Sample> {
        self.rare(self.cut(SAMPLES, class.sample).into_iter().map(regex::escape))
    }

    /// 6 to 14 bytes from the start of a word on, and a class of what stands behind them.
    fn regexes(&self) -> Vec<Sample> {
        let cut = self.cut(3 * SAMPLES, r"(?-u:\b\w)[ -~]{14}");
        let mut random = Random::new();
        self.rare(cut.into_iter().map(|found| {
            let (literal, rest) = found.split_at(6 + random.below(9));
            let class = match rest.as_bytes()[0] {
                b'0'..=b'9' => "[0-9]+",
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => "[A-Za-z_]+",
                _ => r"[^\w\n]",
            };
            regex::escape(literal) + class
        }))
    }
}

/// Pseudo-random choices, always the same.
struct Random(Xoshiro256PlusPlus);

impl Random {
    fn new() -> Self {
        Random(Xoshiro256PlusPlus::seed_from_u64(1))
    }

    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }
}

/// Which part of the blocks an index leaves for a pattern.
fn left(index: &Fresh, sample: &Sample) -> f64 {
    let query = Query::new(MatcherBuilder::new().by_line(true), &[&sample.pattern]).unwrap();
    let ask = || index.candidates(&query, 0).unwrap();
    // On a busy machine the time for planning may run out, and then everything is left.
    let candidates = (0..20).map(|_| ask()).find(|found| !found.is_everything()).unwrap_or_else(ask);
    let left = candidates.blocks() as f64 / candidates.all_blocks() as f64;
    assert!(left >= sample.truth, "{}: {left} of the blocks are left, and {} match", sample.pattern, sample.truth);
    left
}

fn mean(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let len = numbers.len() as f64;
    numbers.sum::<f64>() / len
}

/// Measures, and says which bounds are broken.
fn check(bounds: &Bounds) {
    let text = Text::new((bounds.text)());
    let absent = |format: fn(u64) -> String| {
        let numbers = (1..=SAMPLES as u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        text.rare(numbers.map(format))
    };
    let mut classes = vec![
        ("absent numbers", absent(|n| format!("{n:016x}")), ABSENT),
        ("absent words", absent(|n| format!("qzx{:x}wvk", n >> 32)), ABSENT),
        ("absent words of 3 letters", absent(three_letters), THREE),
    ];
    for class in bounds.classes {
        classes.push((class.name, text.literals(class), class.in_vain));
    }
    let regexes = bounds.regexes.map(|at_most| (text.regexes(), at_most));
    for (i, small) in [false, true].into_iter().enumerate() {
        let name = format!("{}{}", bounds.name, if small { ", small" } else { "" });
        let mut broken = vec![];
        let mut keep = |what: &str, samples: usize, measured: f64, at_most: Bound| {
            println!("{name}: {what} ({samples}): {measured:.3}, at most {}", at_most[i]);
            if measured.is_nan() || measured > at_most[i] {
                broken.push(format!("{what}: {measured:.3}, and not at most {}", at_most[i]));
            }
        };
        let outcome = IndexBuilder::new().small(small).build(&text.path, &Pool::new(0)).unwrap();
        let Outcome::Written(stat) = outcome else { panic!("{outcome:?}") };
        let index = Index::open(&text.path, None).unwrap().unwrap().assume_fresh(&text.mapping);
        keep("percent of the text", 1, 100.0 * stat.bytes as f64 / text.bytes.len() as f64, bounds.size);
        for (class, samples, at_most) in &classes {
            let in_vain: Vec<f64> = samples.iter().map(|sample| left(&index, sample) - sample.truth).collect();
            keep(class, samples.len(), 100.0 * mean(in_vain.iter().copied()), *at_most);
            let worst = in_vain.iter().zip(samples).max_by(|a, b| a.0.total_cmp(b.0));
            let (in_vain, sample) = worst.expect("there are samples");
            println!("{name}: {class}, the worst: {:.3} for {}", 100.0 * in_vain, sample.pattern);
        }
        if let Some((samples, at_most)) = &regexes {
            let asked = |sample: &Sample| (1.5 * sample.truth).max(0.01);
            let times = mean(samples.iter().map(|sample| left(&index, sample))) / mean(samples.iter().map(asked));
            let kept = samples.iter().filter(|sample| left(&index, sample) <= asked(sample)).count();
            println!("{name}: {kept} of {} regexes within what is asked for", samples.len());
            keep("regexes, times what is asked for", samples.len(), times, *at_most);
        }
        assert!(broken.is_empty(), "{name}: {broken:#?}");
    }
}

const ABSENT: Bound = [0.1, 0.1];
/// A small index knows nothing of them.
const THREE: Bound = [40.0, 100.0];

/// Letters that do not stand together in words.
fn three_letters(n: u64) -> String {
    [0, 3, 6].map(|shift| b"bjqvwxzk"[(n >> (61 - shift) & 7) as usize] as char).iter().collect()
}

const IP: &str = r"(?-u:\b)[0-9]{1,3}(?:\.[0-9]{1,3}){3}";
/// They end where the number goes on.
const ENDS_WITHIN: &str = r"([A-Za-z_=:/]{3,}-?[0-9]{4})[0-9]";

#[test]
fn hdfs() {
    check(&Bounds {
        text: || generated(Kind::Hdfs),
        name: "hdfs",
        size: [10.5, 7.0],
        classes: &[
            Class { name: "identifiers", sample: r"(?-u:\b)[0-9]{12,}", in_vain: [0.5, 0.5] },
            Class { name: "8 digits of them", sample: r"[0-9]{2}([0-9]{8})[0-9]{2}", in_vain: [0.5, 0.5] },
            Class { name: "their first 4 digits", sample: ENDS_WITHIN, in_vain: [3.0, 45.0] },
        ],
        regexes: Some([3.5, 13.0]),
    });
}

#[test]
fn jsonl() {
    check(&Bounds {
        text: || generated(Kind::Jsonl),
        name: "jsonl",
        size: [12.0, 8.0],
        classes: &[
            Class { name: "identifiers", sample: "[0-9a-f]{32}", in_vain: [0.5, 0.5] },
            Class { name: "8 digits of them", sample: r"[0-9a-f]{2}([0-9a-f]{8})[0-9a-f]{2}", in_vain: [0.5, 0.5] },
            Class { name: "users", sample: "u-[0-9]{7}", in_vain: [0.2, 3.0] },
            Class { name: "the first 4 digits of keys", sample: ENDS_WITHIN, in_vain: [4.0, 60.0] },
            Class { name: "addresses", sample: IP, in_vain: [1.5, 3.0] },
        ],
        regexes: Some([2.5, 6.5]),
    });
}

#[test]
fn syslog() {
    check(&Bounds {
        text: || generated(Kind::Syslog),
        name: "syslog",
        size: [10.0, 6.5],
        classes: &[
            Class { name: "the first 4 digits of numbers", sample: ENDS_WITHIN, in_vain: [4.0, 50.0] },
            Class { name: "addresses", sample: IP, in_vain: [9.0, 16.0] },
        ],
        regexes: Some([5.5, 9.0]),
    });
}

#[test]
fn dna() {
    check(&Bounds {
        text: || generated(Kind::Dna),
        name: "dna",
        size: [10.0, 7.0],
        classes: &[
            Class { name: "32 letters", sample: "[ACGT]{32}", in_vain: [1.0, 3.0] },
            Class { name: "48 letters", sample: "[ACGT]{48}", in_vain: [0.2, 0.5] },
        ],
        // Of less than twelve letters there is no gram but of three, which every block has.
        regexes: None,
    });
}

/// The other texts have few words that are not everywhere.
#[test]
fn words() {
    check(&Bounds {
        text: words_of_syllables,
        name: "words",
        size: [6.0, 4.5],
        classes: &[Class { name: "words", sample: r"(?-u:\b)[a-z]{8,30}(?-u:\b)", in_vain: [18.0, 20.0] }],
        regexes: Some([11.0, 11.0]),
    });
}

/// How many bytes of text are indexed.
fn size() -> usize {
    std::env::var("MAPGREP_BOUNDS_MIB").map_or(16, |mib| mib.parse().expect("a number of MiB")) << 20
}

fn generated(kind: Kind) -> Vec<u8> {
    let mut bytes = vec![];
    generate(kind, 1, size() as u64, &mut bytes).unwrap();
    bytes
}

/// Lines of words, half of them those that every file has, half those of a file of about 100 KB, as in source.
fn words_of_syllables() -> Vec<u8> {
    let len = size() / 2;
    let starts = "b c d f g h j k l m n p r s t v w ch pr st tr".split(' ').collect::<Vec<_>>();
    let vowels = "a e i o u ea ou y".split(' ').collect::<Vec<_>>();
    let ends = ["", "", "ck", "l", "n", "ng", "r", "s", "t"];
    let mut random = Random::new();
    let mut word = |_| {
        let syllables = 2 + random.below(3);
        (0..syllables)
            .flat_map(|_| [&starts[..], &vowels, &ends].map(|parts| parts[random.below(parts.len())]))
            .collect()
    };
    let words: Vec<String> = (0..50_000).map(&mut word).collect();
    let mut text = vec![];
    while text.len() < len {
        let file: Vec<&String> = (0..500).map(|_| &words[random.below(words.len())]).collect();
        for i in 0..15_000 {
            let word = if random.below(2) == 0 { &words[random.below(200)] } else { file[random.below(file.len())] };
            text.extend(word.bytes());
            text.push(if i % 10 == 9 { b'\n' } else { b' ' });
        }
    }
    text.truncate(len - 1);
    text.push(b'\n');
    text
}
