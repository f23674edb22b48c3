//! The data sets: what is checked in, what the generator makes, and what the
//! manifest says about both.
//!
//! The expected counts in `datasets/manifest.toml` come from other search
//! tools. Here they are checked once more with the `regex` crate, line by line,
//! so that this test says something about the data and nothing about mapgrep.

#[path = "../../datasets/generator/mod.rs"]
mod generator;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use generator::{Kind, generate};
use regex::bytes::{Regex, RegexBuilder};
use toml::{Table, Value};
use xxhash_rust::xxh3::Xxh3;

/// The most that all checked-in data sets may take together.
const CHECKED_IN_LIMIT: u64 = 1_000_000;
/// Larger data sets than this are left to the test for huge ones.
const LARGE_LIMIT: u64 = 64 << 20;

/// A data set of the manifest.
struct Dataset {
    name: String,
    kind: Kind,
    seed: u64,
    bytes: u64,
    lines: u64,
    xxh3: String,
    checked_in: bool,
    counts: Vec<Count>,
}

/// How many lines of a data set match a pattern.
struct Count {
    name: String,
    regex: Regex,
    /// Whether the lines that do not match are counted.
    invert: bool,
    count: u64,
}

impl Dataset {
    /// Reads an entry of the manifest.
    fn new(table: &Value) -> Self {
        let kind = text(table, "generator").parse().expect("the generator of a data set is a kind");
        let counts = table["count"].as_array().expect("a data set has counts");
        Self {
            name: text(table, "name").to_owned(),
            kind,
            seed: number(table, "seed"),
            bytes: number(table, "bytes"),
            lines: number(table, "lines"),
            xxh3: text(table, "xxh3").to_owned(),
            checked_in: table["checked_in"].as_bool().expect("checked_in is a boolean"),
            counts: counts.iter().map(Count::new).collect(),
        }
    }

    /// Where the file is if it is checked in.
    fn path(&self) -> PathBuf {
        directory().join(&self.name)
    }

    /// The whole data set.
    fn generate(&self) -> Vec<u8> {
        generated(self.kind, self.seed, self.bytes)
    }

    /// Generates the data set, piece by piece, and compares it with all that
    /// the manifest says.
    fn check(&self) {
        let mut meter = Meter::new(self);
        generate(self.kind, self.seed, self.bytes, &mut meter).expect("a meter takes everything");
        meter.check();
    }
}

impl Count {
    /// Reads a count of an entry.
    fn new(table: &Value) -> Self {
        let mut pattern = text(table, "pattern").to_owned();
        let mut ignore_case = false;
        let mut invert = false;
        for flag in table["flags"].as_array().expect("flags is an array") {
            match flag.as_str() {
                Some("-F") => pattern = regex::escape(&pattern),
                Some("-i") => ignore_case = true,
                Some("-v") => invert = true,
                _ => panic!("this test does not know the flag {flag}"),
            }
        }
        let regex = RegexBuilder::new(&pattern)
            .case_insensitive(ignore_case)
            .build()
            .expect("a pattern of the manifest is a regular expression");
        Self { name: text(table, "name").to_owned(), regex, invert, count: number(table, "count") }
    }
}

/// Measures what is written to it.
struct Meter<'d> {
    dataset: &'d Dataset,
    hash: Xxh3,
    bytes: u64,
    lines: u64,
    /// The counts so far, in the order of the manifest.
    counts: Vec<u64>,
    /// The beginning of a line that is not complete.
    rest: Vec<u8>,
}

impl<'d> Meter<'d> {
    fn new(dataset: &'d Dataset) -> Self {
        Self { dataset, hash: Xxh3::new(), bytes: 0, lines: 0, counts: vec![0; dataset.counts.len()], rest: Vec::new() }
    }

    /// Counts one line, given without its newline.
    fn line(&mut self, line: &[u8]) {
        self.lines += 1;
        for (count, wanted) in self.counts.iter_mut().zip(&self.dataset.counts) {
            *count += u64::from(wanted.regex.is_match(line) != wanted.invert);
        }
    }

    /// Compares what was measured with the manifest.
    fn check(&self) {
        let dataset = self.dataset;
        let name = &dataset.name;
        assert!(self.rest.is_empty(), "{name}: the last line has no newline");
        assert_eq!(self.bytes, dataset.bytes, "{name}: bytes");
        assert_eq!(format!("{:016x}", self.hash.digest()), dataset.xxh3, "{name}: xxh3");
        assert_eq!(self.lines, dataset.lines, "{name}: lines");
        for (count, wanted) in self.counts.iter().zip(&dataset.counts) {
            assert_eq!(*count, wanted.count, "{name}: lines for {}", wanted.name);
        }
    }
}

impl Write for Meter<'_> {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.hash.update(chunk);
        self.bytes += chunk.len() as u64;
        for piece in chunk.split_inclusive(|&byte| byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(line) if self.rest.is_empty() => self.line(line),
                Some(end) => {
                    let mut line = std::mem::take(&mut self.rest);
                    line.extend_from_slice(end);
                    self.line(&line);
                }
                None => self.rest.extend_from_slice(piece),
            }
        }
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where the manifest and the checked-in data sets are.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets")
}

/// All data sets of the manifest.
fn manifest() -> Vec<Dataset> {
    let text = fs::read_to_string(directory().join("manifest.toml")).expect("there is a manifest");
    let table: Table = text.parse().expect("the manifest is TOML");
    let datasets = table["dataset"].as_array().expect("the manifest lists data sets");
    datasets.iter().map(Dataset::new).collect()
}

/// A text in a table of the manifest.
fn text<'t>(table: &'t Value, key: &str) -> &'t str {
    table[key].as_str().unwrap_or_else(|| panic!("{key} is a text"))
}

/// A number in a table of the manifest.
fn number(table: &Value, key: &str) -> u64 {
    let number = table[key].as_integer().unwrap_or_else(|| panic!("{key} is a number"));
    number.try_into().unwrap_or_else(|_| panic!("{key} is not negative"))
}

/// A data set in memory.
fn generated(kind: Kind, seed: u64, size: u64) -> Vec<u8> {
    let mut data = Vec::new();
    generate(kind, seed, size, &mut data).expect("memory takes everything");
    data
}

/// The lines of a data set, without their newlines.
fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.strip_suffix(b"\n").unwrap_or(data).split(|&byte| byte == b'\n')
}

#[test]
fn manifest_is_sound() {
    let datasets = manifest();
    let names: BTreeSet<_> = datasets.iter().map(|dataset| &dataset.name).collect();
    assert_eq!(names.len(), datasets.len(), "two data sets have the same name");
    for dataset in &datasets {
        let counts: BTreeSet<_> = dataset.counts.iter().map(|count| &count.name).collect();
        assert_eq!(counts.len(), dataset.counts.len(), "{}: two counts have the same name", dataset.name);
        for count in &dataset.counts {
            assert!(count.count <= dataset.lines, "{}: {} counts too much", dataset.name, count.name);
        }
    }
    for kind in Kind::ALL {
        assert!(datasets.iter().any(|dataset| dataset.kind == kind), "no data set of kind {kind}");
    }
    let checked_in: Vec<_> = datasets.iter().filter(|dataset| dataset.checked_in).collect();
    assert!(!checked_in.is_empty(), "no data set is checked in");
    let total: u64 = checked_in.iter().map(|dataset| dataset.bytes).sum();
    assert!(total <= CHECKED_IN_LIMIT, "{total} bytes are too much to check in");
}

#[test]
fn checked_in_files_are_what_the_manifest_says() {
    for dataset in manifest().iter().filter(|dataset| dataset.checked_in) {
        let data = fs::read(dataset.path()).expect("a checked-in data set can be read");
        let mut meter = Meter::new(dataset);
        meter.write_all(&data).expect("a meter takes everything");
        meter.check();
    }
}

#[test]
fn checked_in_files_are_what_the_generator_writes() {
    for dataset in manifest().iter().filter(|dataset| dataset.checked_in) {
        let data = fs::read(dataset.path()).expect("a checked-in data set can be read");
        // A mismatch of half a megabyte is not worth printing.
        assert!(data == dataset.generate(), "{}: the generator writes something else", dataset.name);
    }
}

#[test]
#[ignore = "generates and searches 64 MiB of every kind: use --release"]
fn large_data_sets_are_what_the_manifest_says() {
    let datasets = manifest();
    for dataset in datasets.iter().filter(|dataset| !dataset.checked_in && dataset.bytes <= LARGE_LIMIT) {
        dataset.check();
    }
}

#[test]
#[ignore = "generates and searches gigabytes: use --release"]
fn huge_data_sets_are_what_the_manifest_says() {
    for dataset in manifest().iter().filter(|dataset| dataset.bytes > LARGE_LIMIT) {
        dataset.check();
    }
}

#[test]
fn same_seed_gives_same_bytes_and_another_seed_others() {
    for kind in Kind::ALL {
        let size = 1 << 20;
        let data = generated(kind, 7, size);
        assert!(data == generated(kind, 7, size), "{kind}: not the same again");
        assert!(data != generated(kind, 8, size), "{kind}: the seed changes nothing");
    }
}

#[test]
fn sizes_are_exact_and_smaller_ones_are_prefixes() {
    // Sizes around that of the generator's buffer are where a mistake would be.
    let sizes = [1, 2, 3, 59, 60, 61, 255, 4096, 100_000, 262_143, 262_144, 262_145, 270_000, 524_288, 1_500_000];
    for kind in Kind::ALL {
        let long = generated(kind, 3, (2 << 20) + 1);
        assert_eq!(long.len(), (2 << 20) + 1, "{kind}");
        assert!(generated(kind, 3, 0).is_empty(), "{kind}");
        for size in sizes {
            let data = generated(kind, 3, size);
            assert_eq!(data.len() as u64, size, "{kind}");
            let mut text = data.strip_suffix(b"\n").unwrap_or_else(|| panic!("{kind}, {size}: no newline at the end"));
            if kind == Kind::Jsonl {
                text = text.trim_ascii_end();
            }
            assert!(long.starts_with(text), "{kind}, {size}: not a prefix");
        }
    }
}

#[test]
fn json_lines_are_whole_objects() {
    for size in [10_000, 300_000, 300_001, 1 << 20] {
        let data = generated(Kind::Jsonl, 5, size);
        for line in lines(&data) {
            let line = line.trim_ascii_end();
            assert!(line.starts_with(b"{\"ts\":\"2025-"), "{size}");
            assert!(line.ends_with(b"\"}"), "{size}");
        }
    }
}

#[test]
fn dna_lines_have_the_length_that_the_header_gives() {
    let data = generated(Kind::Dna, 5, 2 << 20);
    let header = Regex::new("^>contig_[0-9]{8} length=([0-9]+) width=(60|70)").expect("this is a regular expression");
    let (mut left, mut width) = (0, 0);
    // The last line has been cut.
    let complete = lines(&data).count() - 1;
    for line in lines(&data).take(complete) {
        if left == 0 {
            let groups = header.captures(line).expect("a record begins with a header");
            let [length, columns] = [&groups[1], &groups[2]]
                .map(|digits| std::str::from_utf8(digits).expect("digits are ASCII").parse::<usize>());
            (left, width) = (length.expect("a number"), columns.expect("a number"));
        } else {
            assert_eq!(line.len(), width.min(left));
            assert!(line.iter().all(|base| b"ACGTacgtN".contains(base)));
            left -= line.len();
        }
    }
}

#[test]
fn needles_are_on_their_lines_only() {
    let needles: [(&[u8], usize); 4] =
        [(b"plover", 1000), (b"heron", 10_000), (b"osprey", 100_000), (b"kestrel", 1_000_000)];
    for kind in [Kind::Jsonl, Kind::Syslog, Kind::Hdfs] {
        let data = generated(kind, 2, 3 << 20);
        for (word, rate) in needles {
            let regex = Regex::new(&regex::escape(&String::from_utf8_lossy(word))).expect("a word is a pattern");
            let complete = lines(&data).count() - 1;
            for (index, line) in lines(&data).take(complete).enumerate() {
                let number = index + 1;
                let expected = number % rate == rate / 4 + 7;
                assert_eq!(regex.is_match(line), expected, "{kind}, line {number}, {}", word.escape_ascii());
            }
        }
    }
}

#[test]
fn secrets_are_96_regexes_of_lines() {
    let text = fs::read_to_string(directory().join("secrets.txt")).expect("the regexes can be read");
    let patterns: Vec<&str> = text.lines().collect();
    assert_eq!(patterns.len(), 96);
    assert_eq!(patterns.iter().collect::<BTreeSet<_>>().len(), 96, "a regex is there twice");
    for pattern in &patterns {
        let regex = Regex::new(pattern).unwrap_or_else(|err| panic!("{pattern}: {err}"));
        assert!(!regex.is_match(b""), "{pattern} matches nothing at all");
    }
    let set = mapgrep::matcher::MatcherBuilder::new().build_set(&patterns).expect("mapgrep takes what regex takes");
    assert_eq!(set.len(), 96);
}
