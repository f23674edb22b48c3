//! Indexes against the text that they are of: no line that matches is left out, whatever became of the file.

use std::{
    fs::{File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use mapgrep::{
    index::{Candidates, Freshness, Index, IndexBuilder, Outcome, Query, Stale},
    mapping::{Access, MapOptions, Mapping},
    scan::Pool,
};
use proptest::prelude::*;
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

const MIB: usize = 1 << 20;

/// Pseudo-random choices that a seed tells.
struct Random(Xoshiro256PlusPlus);

impl Random {
    fn new(seed: u64) -> Self {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Text of lines of all kinds and lengths.
    fn text(&mut self, len: usize) -> Vec<u8> {
        let mut text = vec![];
        let longest = [60, 200, 3000, 70_000, 300_000][self.below(5)];
        while text.len() < len {
            let line = self.below(longest);
            let end = (text.len() + line).min(len);
            let kind = self.below(5);
            while text.len() < end {
                match kind {
                    0 => text.extend(format!("{:016x} ", self.0.next_u64()).bytes()),
                    1 => {
                        text.extend(format!("10.{}.{}.{}:", self.below(256), self.below(256), self.below(256)).bytes())
                    }
                    2 => text.push(b"acgtnACGTN"[self.below(10)]),
                    3 => {
                        let words = [
                            "Session",
                            "error",
                            "\u{17F}tart",
                            "\u{212A}elvin",
                            "warten",
                            "caf\u{e9}",
                            "-",
                            "tact",
                            "contact",
                            "\r",
                        ];
                        text.extend(words[self.below(words.len())].bytes());
                        text.push(b' ');
                    }
                    _ => text.push(self.below(256) as u8),
                }
            }
            text.push(b'\n');
        }
        text.truncate(len);
        text
    }

    /// Some bytes of a text that stand on one line, or bytes that do not stand there.
    fn literal(&mut self, text: &[u8]) -> Vec<u8> {
        let len = [3, 4, 5, 8, 12, 20, 40, 300][self.below(8)];
        let start = match self.below(3) {
            // At the border of a block.
            0 => (self.below(text.len() / 65536 + 1) * 65536).saturating_sub(self.below(len + 2)),
            _ => self.below(text.len()),
        };
        let line = text[start.min(text.len())..].split(|&byte| byte == b'\n').next().unwrap_or_default();
        let mut literal = line[..line.len().min(len)].to_vec();
        if self.one_in(4) && !literal.is_empty() {
            let at = self.below(literal.len());
            literal[at] = self.below(256) as u8;
            literal.retain(|&byte| byte != b'\n');
        }
        literal
    }
}

struct Indexed {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl Indexed {
    fn new(text: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("text");
        std::fs::write(&path, text).unwrap();
        Indexed { _directory: directory, path }
    }

    fn open(&self) -> (Index, Mapping, Freshness) {
        let index = Index::open(&self.path, None).unwrap().unwrap();
        let file = File::open(&self.path).unwrap();
        let text = map(&file);
        let freshness = index.freshness(&file.metadata().unwrap(), &text).unwrap();
        (index, text, freshness)
    }

    fn append(&self, bytes: &[u8]) {
        OpenOptions::new().append(true).open(&self.path).unwrap().write_all(bytes).unwrap();
    }
}

fn map(file: &File) -> Mapping {
    // SAFETY: nobody else knows the file.
    unsafe { MapOptions::new().access(Access::Read).map_file(file).unwrap() }
}

/// The lines that have a literal, with ASCII case ignored.
fn lines_with(text: &[u8], literal: &[u8]) -> Vec<Range<u64>> {
    let (folded, literal) = (text.to_ascii_lowercase(), literal.to_ascii_lowercase());
    let mut lines = vec![];
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&folded[at..], &literal) {
        let start = memchr::memrchr(b'\n', &folded[..at + found]).map_or(0, |newline| newline + 1);
        let end = memchr::memchr(b'\n', &folded[at + found..]).map_or(text.len(), |newline| at + found + newline + 1);
        lines.push(start as u64..end as u64);
        at = end;
        if at >= text.len() {
            break;
        }
    }
    lines
}

/// All parts are lines, in order, with the numbers that they have; and the lines are in them.
fn check(text: &[u8], candidates: &Candidates, lines: &[Range<u64>], after: usize) -> Result<(), TestCaseError> {
    let mut last = None;
    for part in candidates.parts() {
        let Range { start, end } = part.range.clone();
        prop_assert!(start < end && last.is_none_or(|last| last < start), "{part:?} behind {last:?}");
        prop_assert!(start == 0 || text[start as usize - 1] == b'\n');
        prop_assert!(end as usize == text.len() || text[end as usize - 1] == b'\n');
        prop_assert_eq!(part.newlines, memchr::memchr_iter(b'\n', &text[..start as usize]).count() as u64);
        last = Some(end);
    }
    for line in lines {
        let mut end = line.end as usize;
        for _ in 0..after {
            end = memchr::memchr(b'\n', &text[end..]).map_or(text.len(), |newline| end + newline + 1);
        }
        let is_in =
            candidates.parts().iter().any(|part| part.range.start <= line.start && end as u64 <= part.range.end);
        prop_assert!(is_in, "{line:?} is in none of {:?}", candidates.parts());
    }
    Ok(())
}

fn check_some(indexed: &Indexed, text: &[u8], random: &mut Random, count: usize) -> Result<u64, TestCaseError> {
    let (index, mapping, freshness) = indexed.open();
    prop_assert!(matches!(freshness, Freshness::Same | Freshness::Grown), "{freshness:?}");
    let index = index.assume_fresh(&mapping);
    let mut left_out = 0;
    for _ in 0..count {
        let literal = random.literal(text);
        let after = [0, 0, 1, 5, 1000][random.below(5)];
        let candidates = index.candidates(&Query::literal(&literal), after as u64).unwrap();
        check(text, &candidates, &lines_with(text, &literal), after)?;
        left_out += candidates.all_blocks() - candidates.blocks();
    }
    Ok(left_out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(8), ..ProptestConfig::default() })]

    #[test]
    fn no_line_is_left_out(seed in any::<u64>(), small in any::<bool>()) {
        let mut random = Random::new(seed);
        let len = MIB + random.below(4 * MIB);
        let text = random.text(len);
        let indexed = Indexed::new(&text);
        let outcome = IndexBuilder::new().small(small).build(&indexed.path, &Pool::new(2)).unwrap();
        prop_assert!(matches!(outcome, Outcome::Written(_)));
        check_some(&indexed, &text, &mut random, 40)?;
    }

    #[test]
    fn nor_after_something_was_appended(seed in any::<u64>(), small in any::<bool>()) {
        let mut random = Random::new(seed);
        let len = MIB + random.below(MIB);
        let mut text = random.text(len);
        let indexed = Indexed::new(&text);
        let mut builder = IndexBuilder::new();
        builder.small(small).build(&indexed.path, &Pool::inline()).unwrap();
        for _ in 0..6 {
            let len = [10, 1000, 100_000, MIB, 2 * MIB][random.below(5)];
            let more = random.text(len);
            text.extend(&more);
            indexed.append(&more);
            check_some(&indexed, &text, &mut random, 10)?;
            builder.update(&indexed.path, &Pool::new(2)).unwrap();
            check_some(&indexed, &text, &mut random, 10)?;
        }
        let verified = builder.verify(&indexed.path, &Pool::new(2)).unwrap();
        prop_assert_eq!(verified.changed, vec![]);
    }
}

/// How many cases there are: more of them when that is asked for.
fn cases(usual: u32) -> u32 {
    std::env::var("MAPGREP_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

fn log(lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|i| format!("{i} request {:x} took {} us\n", i * 7919, i % 977).into_bytes()).collect()
}

#[test]
fn an_index_says_what_can_match() {
    let text = log(300_000);
    let indexed = Indexed::new(&text);
    IndexBuilder::new().build(&indexed.path, &Pool::new(2)).unwrap();
    let (index, mapping, freshness) = indexed.open();
    assert_eq!(freshness, Freshness::Same);
    let index = index.assume_fresh(&mapping);
    let candidates = |literal: &str| index.candidates(&Query::literal(literal.as_bytes()), 0).unwrap();
    assert!(candidates("REQUEST 48664c9 took").blocks() <= 2);
    assert_eq!(candidates("no such thing").blocks(), 0);
    assert!(candidates("request ").is_everything());
    assert!(candidates("x").is_everything());
    // What is behind the last whole block is looked at in any case.
    assert!(candidates("no such thing").bytes() < 2 << 16);
}

#[test]
fn a_file_that_was_changed_has_no_index() {
    let text = log(100_000);
    let indexed = Indexed::new(&text);
    let builder = IndexBuilder::new();
    let pool = Pool::new(2);
    builder.build(&indexed.path, &pool).unwrap();
    // In its middle, with the same size.
    let mut changed = text.clone();
    changed[text.len() / 2] ^= 1;
    std::thread::sleep(std::time::Duration::from_millis(20));
    let mut file = OpenOptions::new().write(true).open(&indexed.path).unwrap();
    file.write_all(&changed).unwrap();
    assert_eq!(indexed.open().2, Freshness::Stale(Stale::Changed));
    let verified = builder.verify(&indexed.path, &pool).unwrap();
    let at = (text.len() / 2) as u64;
    assert!(matches!(&verified.changed[..], [range] if range.contains(&at)));
    assert!(builder.update(&indexed.path, &pool).unwrap_err().to_string().contains("changed"));
    // Back to what it was.
    file = OpenOptions::new().write(true).open(&indexed.path).unwrap();
    file.write_all(&text).unwrap();
    assert_eq!(indexed.open().2, Freshness::Stale(Stale::Changed));
    assert_eq!(builder.verify(&indexed.path, &pool).unwrap().changed, []);
    assert_eq!(indexed.open().2, Freshness::Same);
    // Shorter.
    file.set_len(text.len() as u64 - 1).unwrap();
    assert_eq!(indexed.open().2, Freshness::Stale(Stale::Shrunk));
    // Another file. Windows replaces none that is open.
    drop(file);
    let other = indexed.path.with_extension("other");
    std::fs::write(&other, &text).unwrap();
    std::fs::rename(&other, &indexed.path).unwrap();
    assert_eq!(indexed.open().2, Freshness::Stale(Stale::Replaced));
    assert!(matches!(builder.build(&indexed.path, &pool).unwrap(), Outcome::Written(_)));
    assert_eq!(indexed.open().2, Freshness::Same);
    assert!(builder.remove(&indexed.path).unwrap());
    assert!(Index::open(&indexed.path, None).unwrap().is_none());
    assert!(!builder.remove(&indexed.path).unwrap());
}

/// The attributes of before were kept, so that a change in the middle passed for one at the end.
#[test]
fn an_update_without_a_block_keeps_the_attributes() {
    let text = log(100_000);
    let indexed = Indexed::new(&text);
    let (builder, pool) = (IndexBuilder::new(), Pool::new(2));
    builder.build(&indexed.path, &pool).unwrap();
    let (index, ..) = indexed.open();
    for more in [&b"a line that goes"[..], b" on\n", b"another\n"] {
        indexed.append(more);
        assert_eq!(indexed.open().2, Freshness::Grown);
        let outcome = builder.update(&indexed.path, &pool).unwrap();
        let Outcome::UpToDate(stat) = outcome else { panic!("{outcome:?}") };
        assert_eq!((stat.covered, stat.lines), (index.stat().covered, index.stat().lines));
        assert_eq!(stat.text, std::fs::metadata(&indexed.path).unwrap().len());
        assert_eq!(indexed.open().2, Freshness::Same);
    }
    // In a block that is none of the samples.
    let mut file = OpenOptions::new().write(true).open(&indexed.path).unwrap();
    file.seek(SeekFrom::Start(100_000)).unwrap();
    file.write_all(b"?").unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    assert_eq!(indexed.open().2, Freshness::Stale(Stale::Changed));
    // Nothing is kept of what was not compared.
    let before = std::fs::read(indexed.path.with_extension("mgx")).unwrap();
    builder.update(&indexed.path, &pool).unwrap_err();
    assert_eq!(std::fs::read(indexed.path.with_extension("mgx")).unwrap(), before);
}

#[test]
fn small_files_are_not_indexed() {
    let indexed = Indexed::new(&log(1000));
    assert_eq!(IndexBuilder::new().build(&indexed.path, &Pool::inline()).unwrap(), Outcome::TooSmall);
    assert!(!indexed.path.with_extension("mgx").exists());
}

#[test]
fn a_file_without_line_ends_is_not_covered() {
    let indexed = Indexed::new(&vec![b'x'; 3 * MIB]);
    let outcome = IndexBuilder::new().build(&indexed.path, &Pool::new(2)).unwrap();
    let Outcome::Written(stat) = outcome else { panic!("{outcome:?}") };
    assert_eq!((stat.covered, stat.blocks), (0, 0));
    let (index, mapping, _) = indexed.open();
    let candidates = index.assume_fresh(&mapping).candidates(&Query::literal(b"nothing"), 0).unwrap();
    assert_eq!(candidates.bytes(), 3 * MIB as u64);
}

#[test]
fn many_small_updates_leave_few_segments() {
    let mut text = log(60_000);
    let indexed = Indexed::new(&text);
    let builder = IndexBuilder::new();
    let pool = Pool::new(2);
    builder.build(&indexed.path, &pool).unwrap();
    for _ in 0..30 {
        let more = log(6000);
        indexed.append(&more);
        text.extend(more);
        builder.update(&indexed.path, &pool).unwrap();
    }
    let (index, ..) = indexed.open();
    let stat = index.stat();
    assert!(stat.segments <= 6, "{stat:?}");
    assert!(stat.dead * 10 <= stat.bytes * 5, "{stat:?}");
    assert!(stat.covered > text.len() as u64 - (2 << 16), "{stat:?}");
    assert_eq!(builder.verify(&indexed.path, &pool).unwrap().changed, []);
}

#[test]
fn indexes_may_be_kept_elsewhere() {
    let indexed = Indexed::new(&log(100_000));
    let directory = tempfile::tempdir().unwrap();
    let mut builder = IndexBuilder::new();
    builder.directory(Some(directory.path().join("deep").join("er")));
    builder.build(&indexed.path, &Pool::new(2)).unwrap();
    assert!(Index::open(&indexed.path, None).unwrap().is_none());
    let index = Index::open(&indexed.path, Some(&directory.path().join("deep/er"))).unwrap().unwrap();
    assert!(index.path().starts_with(directory.path()) && Path::new(index.path()).exists());
}
