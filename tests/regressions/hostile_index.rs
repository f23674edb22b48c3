//! An index of some kilobytes, with the right checksums, made searches, updates and verifications of its file take
//! seconds to hours: groups of rows of any length, read again for each row; entries that name the same segment again
//! and again; a walk over the same linked blocks for each match with context; a list of segments as long as a hole. A
//! commit behind the last sequence number was never looked at, and was called written.
//!
//! Each of these indexes is made here byte by byte, by the description in `src/index/format/mod.rs`.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use mapgrep::index::seal;

use crate::support::{
    commands::{mapgrep, mapgrep_index, said},
    worked::{self, Worked},
};

const BLOCK: u64 = 64 << 10;
/// How many groups of 32 rows a small index has.
const GROUPS: usize = 2049;
const MANIFEST: usize = 72;

fn run(dir: &Path, arguments: &[&str]) -> Worked {
    worked::run("hostile_index::command", dir, arguments)
}

#[test]
#[ignore = "runs what another test tells it to"]
fn command() {
    worked::run_as_told();
}

/// A file of so many blocks, all of them a hole but for some words at its end, whose index can be anything.
struct Hostile {
    dir: tempfile::TempDir,
    text: PathBuf,
    blocks: u64,
}

/// A segment: how many blocks it has, and its bytes.
#[derive(Clone)]
struct Segment {
    blocks: u32,
    newlines: u64,
    bytes: Vec<u8>,
}

/// `record` gives the line ends before a block and where its first line starts; `group` 32 rows, behind their checksum.
fn segment(blocks: usize, record: impl Fn(usize) -> (u64, u32), group: impl Fn(usize) -> Vec<u8>) -> Segment {
    let mut bytes = vec![];
    for first in (0..blocks).step_by(64) {
        for block in first..first + 64 {
            let (newlines, first_line) = if block < blocks { record(block) } else { (0, 0) };
            bytes.extend(newlines.to_le_bytes());
            bytes.extend([0; 8]);
            bytes.extend(first_line.to_le_bytes());
            bytes.extend([0; 4]);
        }
        bytes.extend([0; 8]);
    }
    let groups: Vec<Vec<u8>> = (0..GROUPS).map(|i| [vec![0; 4], group(i)].concat()).collect();
    let mut at = bytes.len() + 4 * (GROUPS + 1);
    for group in &groups {
        bytes.extend((at as u32).to_le_bytes());
        at += group.len();
    }
    bytes.extend((at as u32).to_le_bytes());
    bytes.extend(groups.concat());
    Segment { blocks: blocks as u32, newlines: 0, bytes }
}

/// Rows of which none has a one.
fn no_rows(_: usize) -> Vec<u8> {
    vec![0]
}

/// 32 times the same row, as it is.
fn rows(row: &[u8]) -> Vec<u8> {
    let len = row.len() as u64;
    let width = u64::BITS - len.leading_zeros();
    let mut bits = vec![];
    for _ in 0..32 {
        bits.extend((0..width).map(|bit| len >> bit & 1 == 1));
    }
    let lengths = bits.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit)));
    [vec![width as u8], lengths.collect(), row.repeat(32)].concat()
}

impl Hostile {
    fn new(blocks: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("text");
        let file = File::create(&text).unwrap();
        // More than one line, and no block that is not indexed.
        file.set_len(blocks * BLOCK).unwrap();
        file.write_all_at(b"\na needle in here\n", blocks * BLOCK - 18).unwrap();
        Hostile { dir, text, blocks }
    }

    fn index(&self) -> PathBuf {
        self.text.with_extension("mgx")
    }

    /// Writes an index with segments at these places.
    fn write(&self, sequence: u64, segments: &[(u64, &Segment)]) {
        let end = segments.iter().map(|(at, segment)| at + segment.bytes.len() as u64).max().unwrap_or(8192);
        let manifest = self.manifest(segments);
        let at = end.next_multiple_of(64);
        let mut index = vec![0; at as usize];
        for (at, segment) in segments {
            index[*at as usize..][..segment.bytes.len()].copy_from_slice(&segment.bytes);
        }
        index.extend(&manifest);
        let header = header(sequence, at, manifest.len() as u64);
        let place = if sequence.is_multiple_of(2) { 4096 } else { 0 };
        index[place..place + 128].copy_from_slice(&header);
        seal(&mut index);
        fs::write(self.index(), index).unwrap();
    }

    fn manifest(&self, segments: &[(u64, &Segment)]) -> Vec<u8> {
        let metadata = fs::metadata(&self.text).unwrap();
        let nanoseconds = |seconds: i64, rest: i64| (seconds * 1_000_000_000 + rest) as u64;
        let (modified, changed) = (
            nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        );
        let mut manifest = vec![];
        // It says that the text was looked at long after its last change, so that no hashes are compared.
        for number in [metadata.dev(), metadata.ino(), metadata.len(), modified, changed, changed + 60_000_000_000] {
            manifest.extend(number.to_le_bytes());
        }
        manifest.extend(1u32.to_le_bytes());
        manifest.extend((segments.len() as u32).to_le_bytes());
        let blocks: u64 = segments.iter().map(|(_, segment)| u64::from(segment.blocks)).sum();
        manifest.extend((blocks * BLOCK).to_le_bytes());
        manifest.extend(segments.last().map_or(0, |(_, segment)| segment.newlines).to_le_bytes());
        for (at, segment) in segments {
            manifest.extend(at.to_le_bytes());
            manifest.extend((segment.bytes.len() as u64).to_le_bytes());
            manifest.extend(segment.blocks.to_le_bytes());
            manifest.extend([0; 4]);
            manifest.extend(segment.newlines.to_le_bytes());
            manifest.extend([0; 8]);
        }
        manifest
    }

    /// A search, which finds the needle whatever the index says, as that is refused: it goes on without.
    #[track_caller]
    fn is_refused(&self, why: &str) {
        let found = run(self.dir.path(), &["mapgrep", "-j1", "-a", "-c", "-e", "a needle in here", "text"]);
        assert_eq!((found.status, found.stdout.as_str()), (0, "1\n"), "{}", found.stderr);
        assert!(found.stderr.contains(why), "{}", found.stderr);
        self.is_cheap(&found);
        for command in ["stat", "verify", "update"] {
            let failed = run(self.dir.path(), &["mapgrep-index", command, "-j1", "text"]);
            assert_eq!(failed.status, 2, "{command}: {}", failed.stdout);
            assert!(failed.stderr.contains(why), "{command}: {}", failed.stderr);
            self.is_cheap(&failed);
        }
        // It is no dead end.
        let built = run(self.dir.path(), &["mapgrep-index", "build", "-j1", "text"]);
        assert_eq!(built.status, 0, "{}", built.stderr);
    }

    /// No more of the index was looked at than its headers speak of in the first place.
    #[track_caller]
    fn is_cheap(&self, worked: &Worked) {
        let work = worked.work;
        assert!(work.index_bytes <= 64 << 10 && work.rows == 0 && work.steps <= self.blocks, "{worked:?}");
        assert!(work.text_bytes == 0, "{worked:?}");
    }
}

fn header(sequence: u64, manifest: u64, len: u64) -> Vec<u8> {
    let mut header = b"\x89mgx\r\n\x1a\n".to_vec();
    header.extend(3u32.to_le_bytes());
    header.extend(0x0102_0304u32.to_le_bytes());
    for number in [sequence, manifest, len, 0, manifest + len, 0] {
        header.extend(number.to_le_bytes());
    }
    header.resize(128, 0);
    header
}

#[test]
fn rows_that_are_longer_than_rows_can_be() {
    let hostile = Hostile::new(32);
    // 64 KiB for 32 rows of 32 blocks, which have 5 bytes each at most: first so many that the segment is too long as a
    // whole.
    let long = |_| vec![0; 64 << 10];
    hostile.write(1, &[(8192, &segment(32, |_| (0, 0), long))]);
    hostile.is_refused("a segment is not where it should be");

    // Then some, which shows where they are read.
    let some = |i| if i < 4 { vec![0; 64 << 10] } else { no_rows(i) };
    let honest = segment(32, |_| (0, 0), no_rows);
    let segment = segment(32, |_| (0, 0), some);
    assert!(segment.bytes.len() < honest.bytes.len() + GROUPS * 150);
    hostile.write(1, &[(8192, &segment)]);
    let verified = run(hostile.dir.path(), &["mapgrep-index", "verify", "-j1", "text"]);
    assert_eq!(verified.status, 2, "{}", verified.stdout);
    assert!(verified.stderr.contains("its rows are not where they should be, or not as long"), "{}", verified.stderr);
    assert!(verified.work.index_bytes < 64 << 10, "{verified:?}");
}

#[test]
fn segments_that_overlap_or_repeat() {
    let hostile = Hostile::new(32);
    let one = segment(1, |_| (0, 0), no_rows);
    hostile.write(1, &[(8192, &one); 32]);
    hostile.is_refused("a segment is not where it should be");

    let hostile = Hostile::new(32);
    let half = segment(16, |_| (0, 0), no_rows);
    hostile.write(1, &[(8192 + (1 << 20), &half), (8192, &half)]);
    hostile.is_refused("a segment is not where it should be");

    // Over the headers, and over the list of segments.
    let hostile = Hostile::new(32);
    let whole = segment(32, |_| (0, 0), no_rows);
    hostile.write(1, &[(4096 + 128, &whole)]);
    hostile.is_refused("a segment is not where it should be");
}

#[test]
fn more_segments_than_updates_leave() {
    let hostile = Hostile::new(32);
    let one = segment(1, |_| (0, 0), no_rows);
    let size = one.bytes.len().next_multiple_of(64) as u64;
    let segments: Vec<(u64, &Segment)> = (0..32).map(|i| (8192 + i * size, &one)).collect();
    hostile.write(1, &segments);
    hostile.is_refused("more segments than it should have");
}

#[test]
fn a_list_of_segments_as_long_as_a_hole() {
    let hostile = Hostile::new(32);
    let count = (256u64 << 20) / 40;
    let mut manifest = hostile.manifest(&[]);
    manifest[52..56].copy_from_slice(&(count as u32).to_le_bytes());
    let mut index = header(1, 8192, MANIFEST as u64);
    index.resize(8192, 0);
    index.extend(manifest);
    seal(&mut index);
    // Its checksum is wrong, which nobody gets to see: the first entry that cannot be ends it.
    index[32..40].copy_from_slice(&(MANIFEST as u64 + count * 40).to_le_bytes());
    index[48..56].copy_from_slice(&(8192 + MANIFEST as u64 + count * 40).to_le_bytes());
    let sum = xxhash_rust::xxh3::xxh3_64(&index[..120]);
    index[120..128].copy_from_slice(&sum.to_le_bytes());
    fs::write(hostile.index(), index).unwrap();
    File::options().write(true).open(hostile.index()).unwrap().set_len(300 << 20).unwrap();
    hostile.is_refused("a segment is not where it should be");
}

#[test]
fn a_sequence_number_behind_which_there_is_none() {
    const LAST: u64 = 1 << 48;
    for sequence in [0, LAST + 1, u64::MAX - 1, u64::MAX] {
        let hostile = Hostile::new(32);
        hostile.write(sequence, &[(8192, &segment(32, |_| (0, 0), no_rows))]);
        hostile.is_refused("sequence numbers");
    }

    // With the last one an index is used, and says why nothing is added to it.
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let lines = |numbers: std::ops::Range<u32>| numbers.map(|i| format!("this is line {i}\n")).collect::<String>();
    let text = dir.join("text");
    fs::write(&text, lines(0..100_000)).unwrap();
    let index = dir.join("text.mgx");
    assert_eq!(said(&mut mapgrep_index(dir, &["build", "-q", "text"])), (0, String::new(), String::new()));
    let mut bytes = fs::read(&index).unwrap();
    bytes.copy_within(..128, 4096);
    bytes[..128].fill(0);
    bytes[4096 + 16..4096 + 24].copy_from_slice(&LAST.to_le_bytes());
    seal(&mut bytes);
    fs::write(&index, bytes).unwrap();
    let mut appending = File::options().append(true).open(&text).unwrap();
    appending.write_all(lines(100_000..120_000).as_bytes()).unwrap();
    let (status, lines, errors) = said(&mut mapgrep_index(dir, &["update", "text"]));
    assert_eq!((status, lines.as_str()), (2, ""));
    assert!(errors.contains("written more often than can be counted"), "{errors}");
    let search = ["-n", "--index=require", "line 1099..$", "text"];
    let (status, lines, errors) = said(&mut mapgrep(dir, &search));
    assert_eq!((status, lines.lines().count(), errors.as_str()), (0, 100, ""));
    let (status, lines, errors) = said(&mut mapgrep_index(dir, &["build", "text"]));
    assert!(status == 0 && lines.contains("indexed"), "{lines}{errors}");
    let (status, lines, errors) = said(&mut mapgrep_index(dir, &["update", "text"]));
    assert!(status == 0 && lines.contains("up to date"), "{lines}{errors}");
}

#[test]
fn a_line_over_many_blocks_behind_many_matches() {
    const BLOCKS: usize = 512;
    let hostile = Hostile::new(BLOCKS as u64);
    // Lines begin in the first half of the blocks, of which every fourth can match; all of the others are one line. The
    // lines behind each match reach to the middle, and so to the end.
    let record = |block: usize| if block < BLOCKS / 2 { (block.min(1) as u64, 0) } else { (1 << 20, u32::MAX) };
    let row = [vec![0xFE], vec![0x11; BLOCKS / 16], vec![0; BLOCKS / 16]].concat();
    let mut segment = segment(BLOCKS, record, |group| if group == GROUPS - 1 { no_rows(0) } else { rows(&row) });
    segment.newlines = 1;
    hostile.write(1, &[(8192, &segment)]);
    let search = ["mapgrep", "-j1", "-a", "-c", "-A3", "--explain", "-e", "a needle in here", "text"];
    let found = run(hostile.dir.path(), &search);
    assert!(found.stderr.contains("64 of 512 blocks"), "{}", found.stderr);
    // A step for each run of blocks, and one for each block of the line.
    let steps = found.work.steps;
    assert!((BLOCKS / 4..=BLOCKS * 2).contains(&(steps as usize)), "{found:?}");
    assert!(found.work.index_bytes < 64 * BLOCKS as u64 * 100, "{found:?}");
}
