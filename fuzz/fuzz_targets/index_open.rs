//! Any bytes, opened as an index: an error, or an answer that leaves no line out. Damage that has the right checksums may leave
//! lines out, and must not do more than that.

#![no_main]

use std::{
    fs::{File, OpenOptions},
    io::Write,
    ops::Range,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::OnceLock,
};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mapgrep::{
    grep::{Flow, GrepBuilder, Plain},
    index::{Index, IndexBuilder, Query, seal},
    mapping::{Access, MapOptions, Mapping},
    matcher::MatcherBuilder,
    scan::Pool,
};

#[derive(Arbitrary, Debug)]
struct Case {
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
    file: File,
    queries: Vec<(&'static str, Query, Vec<Range<u64>>)>,
}

const LITERALS: [&str; 6] =
    ["session 77 ", "10.0.3.7 ", "acgtacgtacgtac", "no such thing", "long line and its end", "xyz"];

fn text() -> Vec<u8> {
    let mut text = vec![];
    for i in 0..9000u64 {
        let number = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        text.extend(format!("session {i} of 10.0.{}.{} {number:x}\n", number % 7, number % 97).bytes());
        if i % 3000 == 2000 {
            text.extend(b"a long line and ".repeat(14_000));
            text.extend(b"its end acgtacgtacgtacgt\n");
        }
    }
    text
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
    fn new(small: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("text");
        let text = text();
        let mut builder = IndexBuilder::new();
        builder.small(small).least_size(0);
        std::fs::write(&path, &text[..text.len() / 3 * 2]).unwrap();
        builder.build(&path, &Pool::inline()).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(&text[text.len() / 3 * 2..]).unwrap();
        builder.update(&path, &Pool::inline()).unwrap();
        // SAFETY: nobody changes the file from here on.
        let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&File::open(&path).unwrap()).unwrap() };
        let index = std::fs::read(path.with_extension("mgx")).unwrap();
        let file = OpenOptions::new().write(true).open(path.with_extension("mgx")).unwrap();
        let queries = LITERALS.map(|literal| (literal, Query::literal(literal), lines_with(&text, literal))).into();
        Sample { _directory: directory, path, text: mapping, index, file, queries }
    }

    fn of(small: bool) -> &'static Sample {
        static SAMPLES: [OnceLock<Sample>; 2] = [const { OnceLock::new() }; 2];
        SAMPLES[usize::from(small)].get_or_init(|| Sample::new(small))
    }

    fn ask(&self, is_sealed: bool) {
        let Ok(Some(index)) = Index::open(&self.path, None) else { return };
        for (literal, query, lines) in &self.queries {
            let Ok(candidates) = index.candidates(query, &self.text, 2) else { continue };
            if !is_sealed {
                for line in lines {
                    let holds = |part: &Range<u64>| part.start <= line.start && line.end <= part.end;
                    assert!(candidates.parts().iter().any(|part| holds(&part.range)), "{literal} at {line:?}");
                }
                continue;
            }
            let matcher = MatcherBuilder::new().by_line(true).fixed_strings(true).build([literal]).unwrap();
            let grep = GrepBuilder::new().build(matcher).unwrap();
            // An error says that the parts cannot be.
            let _ = grep.search_parts(&self.text, candidates.parts(), &Plain, &Pool::inline(), &mut |_| Flow::Continue);
        }
        for lines in [0, 1, 4500, u64::MAX] {
            let _ = index.before_line(lines);
        }
        let _ = index.freshness(&std::fs::metadata(&self.path).unwrap(), &self.text);
        index.stat();
    }
}

fuzz_target!(|case: Case| {
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
    sample.file.set_len(bytes.len() as u64).unwrap();
    sample.file.write_all_at(&bytes, 0).unwrap();
    sample.ask(case.sums);
});
