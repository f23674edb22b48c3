//! Any bytes, opened as an index: an error, or an answer that leaves no line out. Damage that has the right checksums
//! may leave lines out, and must not do more than that: nothing panics, and no question, update or verification does
//! more work than the sizes of index and text allow, whatever the numbers in the index say.
//!
//! Under fuzzing a block has 256 bytes (see `index::format`), so that the text here has a handful.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    ops::{ControlFlow, Range},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use arbitrary::Arbitrary;
use mapgrep::{
    grep::{Grep, GrepBuilder, Plain},
    index::{Index, IndexBuilder, Outcome, Query, Work, seal, work},
    mapping::{Access, MapOptions, Mapping},
    matcher::MatcherBuilder,
    scan::Pool,
};

#[derive(Arbitrary, Debug)]
pub struct Case {
    small: bool,
    /// Bits that are flipped.
    flips: Vec<u32>,
    /// Bytes that are written over others, at places.
    damage: Vec<(u32, u8)>,
    /// Numbers that are written over others: near the start of a part, and how far from there.
    numbers: Vec<(u8, u8, u64)>,
    /// Bytes that are copied to another place.
    copies: Vec<(u32, u32, u16)>,
    cut: Option<u32>,
    /// Whether the checksums are those of the damaged bytes.
    sums: bool,
    raw: Option<Vec<u8>>,
}

struct Sample {
    _directory: tempfile::TempDir,
    path: PathBuf,
    text: Mapping,
    index: Vec<u8>,
    questions: Vec<Question>,
}

/// A literal, what is asked of the index for it, how it is searched for, and which lines have it.
struct Question {
    literal: &'static str,
    query: Query,
    grep: Grep,
    lines: Vec<Range<u64>>,
}

const LITERALS: [&str; 6] =
    ["session 7 ", "10.0.3.7 ", "acgtacgtacgtac", "no such thing", "long line and its end", "xyz"];

/// Some blocks of lines, among them one that is longer than two blocks.
fn text() -> Vec<u8> {
    let mut text = vec![];
    for i in 0..24u64 {
        let number = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        text.extend(format!("session {i} of 10.0.{}.{} {number:x}\n", number % 7, number % 97).bytes());
        if i == 9 {
            text.extend(b"a long line and ".repeat(36));
            text.extend(b"its end acgtacgtacgtacgt\n");
        }
    }
    text
}

/// A directory in memory, where the system has one: what is written here is synced at each commit.
fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn lines_with(text: &[u8], literal: &str) -> Vec<Range<u64>> {
    let (mut lines, mut start) = (vec![], 0);
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if line.windows(literal.len()).any(|window| window == literal.as_bytes()) {
            lines.push(start as u64..(start + line.len()) as u64);
        }
        start += line.len();
    }
    lines
}

impl Sample {
    /// A text of which a part was indexed, another one added to the index, and the rest was not indexed: updates add
    /// it.
    fn new(small: bool) -> Self {
        let directory = directory();
        let path = directory.path().join("text");
        let text = text();
        let (first, second) = (text.len() / 2, text.len() * 3 / 4);
        let builder = builder(small);
        std::fs::write(&path, &text[..first]).unwrap();
        builder.build(&path, &Pool::inline()).unwrap();
        let mut appending = OpenOptions::new().append(true).open(&path).unwrap();
        appending.write_all(&text[first..second]).unwrap();
        builder.update(&path, &Pool::inline()).unwrap();
        appending.write_all(&text[second..]).unwrap();
        // SAFETY: nobody changes the file from here on.
        let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&File::open(&path).unwrap()).unwrap() };
        let index = std::fs::read(path.with_extension("mgx")).unwrap();
        let questions = LITERALS.map(|literal| {
            let matcher = MatcherBuilder::new().by_line(true).fixed_strings(true).build([literal]).unwrap();
            let grep = GrepBuilder::new().build(matcher).unwrap();
            Question { literal, query: Query::literal(literal), grep, lines: lines_with(&text, literal) }
        });
        Sample { _directory: directory, path, text: mapping, index, questions: questions.into() }
    }

    fn of(small: bool) -> &'static Sample {
        static SAMPLES: [OnceLock<Sample>; 2] = [const { OnceLock::new() }; 2];
        SAMPLES[usize::from(small)].get_or_init(|| Sample::new(small))
    }

    fn write(&self, index: &[u8]) {
        // An update may have put another file in the place of the one before.
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(self.path.with_extension("mgx"));
        let file = file.unwrap();
        file.set_len(index.len() as u64).unwrap();
        file.write_all_at(index, 0).unwrap();
    }

    /// Runs something, and compares the work with what index and text allow.
    fn within_bounds<T>(&self, what: &str, index: &[u8], run: impl FnOnce() -> T) -> T {
        /// No index of so few blocks has more segments, and none more rows in one.
        const SEGMENTS: u64 = 13;
        const ROWS: u64 = 4096;
        /// How many bytes a record has, and those that share a checksum.
        const RECORD: u64 = 24;
        const RECORDS: u64 = 1544;
        let before = work();
        let result = run();
        let Work { rows, index_bytes, text_bytes, steps } = work().since(before);
        let (index, text) = (index.len() as u64, self.text.len() as u64);
        // The index may speak of more blocks than the text has, but not of more than it has records of.
        let blocks = text / 256 + index / RECORD;
        // All of it is read a few times at most, and some records for each block.
        assert!(
            index_bytes <= 4 * index + 16 * RECORDS * blocks,
            "{what}: {index_bytes} bytes of {index} of the index"
        );
        assert!(text_bytes <= 20 * 512 + 2 * text, "{what}: {text_bytes} bytes of {text} of the text");
        assert!(rows <= SEGMENTS * ROWS, "{what}: {rows} rows");
        assert!(steps <= 4 * blocks + SEGMENTS + 16, "{what}: {steps} steps");
        result
    }

    fn ask(&self, bytes: &[u8], is_sealed: bool) {
        let opened = self.within_bounds("open", bytes, || Index::open(&self.path, None));
        let Ok(Some(index)) = opened else { return };
        let index = index.assume_fresh(&self.text);
        for Question { literal, query, grep, lines } in &self.questions {
            let candidates = self.within_bounds(literal, bytes, || index.candidates(query, 2));
            let Ok(candidates) = candidates else { continue };
            if !is_sealed {
                for line in lines {
                    let holds = |part: &Range<u64>| part.start <= line.start && line.end <= part.end;
                    assert!(candidates.parts().iter().any(|part| holds(&part.range)), "{literal} at {line:?}");
                }
                continue;
            }
            // An error says that the parts cannot be.
            let _ = grep.search_parts(&self.text, candidates.parts(), &Plain, &Pool::inline(), &mut |_| {
                ControlFlow::Continue(())
            });
        }
        for lines in [0, 1, 20, u64::MAX] {
            let _ = self.within_bounds("before_line", bytes, || index.before_line(lines));
        }
        let metadata = std::fs::metadata(&self.path).unwrap();
        let _ = self.within_bounds("freshness", bytes, || index.freshness(&metadata, &self.text));
        index.stat();
    }

    /// Has what is damaged be verified, updated, which merges segments, and verified again. An update that says that it
    /// wrote an index wrote one that can be opened, and that counts.
    fn mend(&self, bytes: &[u8], small: bool) {
        let (builder, pool) = (builder(small), Pool::inline());
        let _ = self.within_bounds("verify", bytes, || builder.verify(&self.path, &pool));
        let updated = self.within_bounds("update", bytes, || builder.update(&self.path, &pool));
        if let Ok(Outcome::Written(stat)) = updated {
            let index = Index::open(&self.path, None).unwrap().expect("it was written");
            assert_eq!((stat.text, index.stat()), (self.text.len() as u64, stat));
            let written = std::fs::read(self.path.with_extension("mgx")).unwrap();
            let _ = self.within_bounds("verify again", &written, || builder.verify(&self.path, &pool));
        }
    }
}

fn builder(small: bool) -> IndexBuilder {
    let mut builder = IndexBuilder::new();
    builder.small(small).least_size(0);
    builder
}

/// Checks one case.
pub fn check(case: Case) {
    let sample = Sample::of(case.small);
    let mut bytes = case.raw.clone().unwrap_or_else(|| sample.index.clone());
    let len = bytes.len().max(1);
    if case.raw.is_none() {
        let number = |at: usize| u64::from_le_bytes(sample.index[at..at + 8].try_into().unwrap()) as usize;
        let manifest = number(4096 + 24);
        let starts = [0, 4096, manifest, manifest + 72, 8192, 8192 + 1544, number(24)];
        for &(part, at, number) in &case.numbers {
            let at = starts[usize::from(part) % starts.len()] + usize::from(at) / 4 * 4;
            if let Some(bytes) = bytes.get_mut(at..at + 8) {
                bytes.copy_from_slice(&number.to_le_bytes());
            }
        }
    }
    for &bit in &case.flips {
        if let Some(byte) = bytes.get_mut(bit as usize / 8 % len) {
            *byte ^= 1 << (bit % 8);
        }
    }
    for &(at, damage) in &case.damage {
        if let Some(byte) = bytes.get_mut(at as usize % len) {
            *byte = damage;
        }
    }
    for &(from, to, size) in &case.copies {
        let (from, to) = (from as usize % len, to as usize % len);
        let size = usize::from(size).min(bytes.len().saturating_sub(from.max(to)));
        bytes.copy_within(from..from + size, to);
    }
    if let Some(cut) = case.cut {
        bytes.truncate(cut as usize % len);
    }
    if case.sums {
        seal(&mut bytes);
    }
    sample.write(&bytes);
    sample.ask(&bytes, case.sums);
    sample.mend(&bytes, case.small);
}
