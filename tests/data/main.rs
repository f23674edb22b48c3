//! Cases as data: each search of `tests/data/*.toml` gives the matches and the lines that stand beside it, by every
//! engine that can run it, in chunks of all sizes, on any number of threads.
//!
//! A case is a table `[[case]]`:
//!
//! ```toml
//! name = "a border in every match"
//! patterns = ["aa"]              # or one `pattern`
//! options = ["fixed"]            # and by-line, ignore-case, word, whole-line; for sets overlapping, longest
//! text = "aab\\xA9\n"            # \\xNN is a byte
//! matches = [[0, 2]]             # start, end, and the number of the pattern where that is not 0
//! lines = [1]                    # with by-line: the numbers of the lines that are selected
//! ```
//!
//! The expected values do not come from this crate. Where the `regex` crate has the same meaning, it is asked once
//! more.

#[path = "../oracle/mod.rs"]
mod oracle;

use std::{collections::BTreeSet, fs, io::Cursor, ops::ControlFlow, path::Path, sync::Arc};

use mapgrep::{
    grep::{GrepBuilder, Plain},
    mapping::Mapping,
    matcher::{
        Case as LetterCase, MatcherBuilder,
        set::{MatchKind, PatternSet},
    },
    scan::Scanner,
};
use oracle::{
    matches::{self, Found},
    memory::{memory, pool},
};
use toml::{Table, Value};

/// Chunks of all sizes up to this one, which puts a border through every match of most cases.
const MOST_CHUNK: usize = 64;

/// The options that a case may have.
const OPTIONS: [&str; 7] = ["fixed", "by-line", "ignore-case", "word", "whole-line", "overlapping", "longest"];

struct Case {
    /// The file and the name.
    name: String,
    patterns: Vec<String>,
    options: BTreeSet<String>,
    text: Vec<u8>,
    matches: Vec<Found>,
    lines: Option<Vec<u64>>,
}

impl Case {
    fn new(file: &str, case: &Table) -> Case {
        let name = format!("{file}: {}", case["name"].as_str().unwrap());
        let strings = |key: &str| -> Vec<String> {
            let list = case.get(key).map_or(&[][..], |list| list.as_array().expect("a list"));
            list.iter().map(|value| value.as_str().expect("a string").to_owned()).collect()
        };
        let pattern = case.get("pattern").map(|pattern| vec![pattern.as_str().unwrap().to_owned()]);
        let options: BTreeSet<String> = strings("options").into_iter().collect();
        assert!(options.iter().all(|option| OPTIONS.contains(&option.as_str())), "{name}: {options:?}");
        let keys = ["name", "pattern", "patterns", "options", "text", "matches", "lines"];
        assert!(case.keys().all(|key| keys.contains(&key.as_str())), "{name}: a field of another name");
        let number = |value: &Value| usize::try_from(value.as_integer().unwrap()).unwrap();
        let found = |value: &Value| {
            let value = value.as_array().unwrap();
            (number(&value[0]), number(&value[1]), value.get(2).map_or(0, number))
        };
        Case {
            patterns: pattern.unwrap_or_else(|| strings("patterns")),
            options,
            text: bytes(case["text"].as_str().unwrap()),
            matches: case["matches"].as_array().unwrap().iter().map(found).collect(),
            lines: case.get("lines").map(|l| l.as_array().unwrap().iter().map(|n| number(n) as u64).collect()),
            name,
        }
    }

    fn has(&self, option: &str) -> bool {
        self.options.contains(option)
    }

    fn builder(&self) -> MatcherBuilder {
        let mut builder = MatcherBuilder::new();
        builder
            .fixed_strings(self.has("fixed"))
            .by_line(self.has("by-line"))
            .case(if self.has("ignore-case") { LetterCase::Insensitive } else { LetterCase::Sensitive })
            .word(self.has("word"))
            .whole_line(self.has("whole-line"))
            .longest(self.has("longest"));
        builder
    }

    fn check(&self) {
        self.check_oracle();
        if self.has("fixed") && !["by-line", "word", "whole-line"].iter().any(|option| self.has(option)) {
            self.check_set();
        }
        // A matcher knows the longest match of strings without line ends only.
        let is_refused = self.has("longest") && self.patterns.iter().any(|pattern| pattern.contains('\n'));
        if is_refused {
            assert!(self.builder().build(&self.patterns).is_err(), "{}", self.name);
        } else if !self.has("overlapping") {
            self.check_scans();
        }
        if let Some(lines) = &self.lines {
            self.check_lines(lines);
        }
    }

    /// The definition, where it is the regex crate's.
    fn check_oracle(&self) {
        let others = ["fixed", "word", "whole-line", "overlapping", "longest"];
        // The crate sees no line before: what a broken character means at a line's start is another question there.
        let is_broken = self.text.windows(2).any(|pair| pair[0] == b'\n' && pair[1] & 0xC0 == 0x80);
        if others.iter().any(|option| self.has(option)) || is_broken || self.patterns.is_empty() {
            return;
        }
        let flags = if self.has("ignore-case") { "(?i:" } else { "(?:" };
        let wrapped: Vec<String> = self.patterns.iter().map(|pattern| format!("{flags}{pattern})")).collect();
        let regex = matches::one_regex(&wrapped);
        let found = match self.has("by-line") {
            true => matches::regexes_by_line(&regex, &self.text),
            false => matches::regexes(&regex, &self.text),
        };
        assert_eq!(found, self.matches, "{}: the regex crate", self.name);
    }

    fn check_set(&self) {
        let kind = match (self.has("overlapping"), self.has("longest")) {
            (true, _) => MatchKind::Overlapping,
            (false, true) => MatchKind::LeftmostLongest,
            (false, false) => MatchKind::LeftmostFirst,
        };
        let mut builder = PatternSet::builder();
        let set = builder.kind(kind).ascii_case_insensitive(self.has("ignore-case")).build(&self.patterns).unwrap();
        let found: Vec<Found> = set.find_iter(&self.text).map(|m| (m.start, m.end, m.pattern.index())).collect();
        assert_eq!(found, self.matches, "{}: a set", self.name);
        let stored = PatternSet::from_bytes(set.as_bytes().to_vec()).unwrap();
        if let Some(mapping) = self.mapping() {
            let found = stored.par_find_iter(Arc::new(mapping)).map(Result::unwrap);
            let found: Vec<Found> = found.map(|m| (m.start as usize, m.end as usize, m.pattern.index())).collect();
            assert_eq!(found, self.matches, "{}: a stored set, in parallel", self.name);
        }
    }

    fn check_scans(&self) {
        let matcher = self.builder().build(&self.patterns).unwrap();
        let mut cache = matcher.create_cache();
        let found = matcher.find_iter(&mut cache, &self.text);
        let found: Vec<Found> = found.map(|m| (m.start, m.end, m.pattern.index())).collect();
        assert_eq!(found, self.matches, "{}: one pass, {}", self.name, matcher.description());
        let Some(mapping) = self.mapping() else { return };
        let mapping = Arc::new(mapping);
        for (chunk, threads) in ways(self.text.len()) {
            let mut scanner = Scanner::new(matcher.clone());
            scanner.chunk_size(chunk);
            let mut found: Vec<Found> = vec![];
            let each = |m: mapgrep::FileMatch| {
                found.push((m.start as usize, m.end as usize, m.pattern.index()));
                ControlFlow::Continue(())
            };
            scanner.for_each_in(pool(threads), &mapping, each).unwrap();
            assert_eq!(found, self.matches, "{}: chunks of {chunk}, {threads} threads", self.name);
            let found = scanner.find_iter(Arc::clone(&mapping)).map(Result::unwrap);
            let found: Vec<Found> = found.map(|m| (m.start as usize, m.end as usize, m.pattern.index())).collect();
            assert_eq!(found, self.matches, "{}: an iterator, chunks of {chunk}", self.name);
        }
    }

    fn check_lines(&self, wanted: &[u64]) {
        let matcher = self.builder().build(&self.patterns).unwrap();
        let selected = (1..).zip(self.text.split_inclusive(|&byte| byte == b'\n'));
        let selected = selected.filter(|(number, _)| wanted.contains(number));
        let printed: Vec<u8> = selected.flat_map(|(_, line)| line.to_vec()).collect();
        for (chunk, threads) in ways(self.text.len()) {
            let how = format!("{}: lines, chunks of {chunk}, {threads} threads", self.name);
            let mut builder = GrepBuilder::new();
            let grep = builder.line_numbers(true).chunk_size(chunk).build(matcher.clone()).unwrap();
            let mut out = vec![];
            let mut emit = |bytes: &[u8]| {
                out.extend_from_slice(bytes);
                ControlFlow::Continue(())
            };
            grep.search_reader(Cursor::new(self.text.clone()), &Plain, pool(threads), &mut emit).unwrap();
            assert_eq!(ended(&out), ended(&printed), "{how}, a stream");
            let Some(mapping) = self.mapping() else { continue };
            let mut numbers = vec![];
            grep.for_each_line(&mapping, pool(threads), &mut |line| {
                numbers.push(line.number.unwrap());
                ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!(numbers, wanted, "{how}");
        }
    }

    /// The text as mapped memory, which cannot be empty.
    fn mapping(&self) -> Option<Mapping> {
        (!self.text.is_empty()).then(|| memory(&self.text))
    }
}

/// Sizes of chunks, and numbers of threads.
fn ways(len: usize) -> impl Iterator<Item = (usize, usize)> {
    let borders = (1..=len.min(MOST_CHUNK) + 1).map(|chunk| (chunk, 1 + chunk % 4));
    borders.chain([1, 2, 4].map(|threads| (1 << 16, threads)))
}

/// A last line gets its end when it is printed.
fn ended(lines: &[u8]) -> &[u8] {
    lines.strip_suffix(b"\n").unwrap_or(lines)
}

/// A text in which `\xNN` stands for a byte.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split(r"\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

/// Checks the cases of a file, and says how many there are.
fn check(file: &str) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    let table: Table = fs::read_to_string(path).unwrap().parse().unwrap();
    let cases = table["case"].as_array().unwrap();
    cases.iter().for_each(|case| Case::new(file, case.as_table().unwrap()).check());
    cases.len()
}

#[test]
fn literals() {
    assert!(check("literals.toml") >= 15);
}

#[test]
fn sets() {
    assert!(check("sets.toml") >= 20);
}

#[test]
fn regexes() {
    assert!(check("regexes.toml") >= 40);
}

#[test]
fn lines() {
    assert!(check("lines.toml") >= 30);
}
