//! Indexes whose bytes are not what was written: an error, or an answer that leaves no line out.
//!
//! An ordinary run flips some hundred bits, and one with `MAPGREP_TORTURE=1` ten thousand and all of the headers and
//! the manifest.
//!
//! Damage that has the right checksums may leave lines out. What it must not do is make the commands panic, be killed,
//! or do more work than the sizes of index and text allow: an ordinary run has 8 such indexes, and one with
//! `MAPGREP_TORTURE=1` a thousand, for each of which nine commands run:
//!
//! ```console
//! $ MAPGREP_TORTURE=1 cargo test --test index -- sealed --nocapture
//! ```

use std::{
    env,
    fs::{self, File, OpenOptions},
    ops::Range,
    os::unix::fs::FileExt,
    path::PathBuf,
};

use mapgrep::{
    Error,
    index::{Fresh, Freshness, Index, IndexBuilder, Query, Work, seal},
    mapping::{Access, MapOptions, Mapping},
    scan::Pool,
};

use crate::support::{
    indexes::{MIB, Random, append},
    worked,
};

fn is_thorough() -> bool {
    env::var_os("MAPGREP_TORTURE").is_some()
}

/// A text with its index, of which a part was added later, so that both headers count.
struct Indexed {
    _directory: tempfile::TempDir,
    path: PathBuf,
    /// Where the lines of the text end.
    newlines: Vec<usize>,
    mapping: Mapping,
    /// The index, and its file.
    whole: Vec<u8>,
    file: File,
    queries: Vec<(Query, Vec<Range<u64>>)>,
}

/// What came of an index that was damaged.
#[derive(Debug, PartialEq)]
enum Found {
    /// It does not open, or the file is not taken for the one that was indexed.
    Refused,
    /// Some query ended with an error.
    Noticed,
    Harmless,
}

impl Indexed {
    fn new(small: bool) -> Self {
        let mut random = Random::new(3);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("text");
        let mut text = random.log(MIB);
        append(&path, &text);
        let mut builder = IndexBuilder::new();
        builder.small(small).build(&path, &Pool::inline()).unwrap();
        let more = random.log(300_000);
        append(&path, &more);
        text.extend(more);
        builder.update(&path, &Pool::inline()).unwrap();
        // SAFETY: nobody changes the file from here on.
        let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&File::open(&path).unwrap()).unwrap() };
        let index = path.with_extension("mgx");
        let whole = fs::read(&index).unwrap();
        let file = OpenOptions::new().read(true).write(true).open(&index).unwrap();
        let mut literals: Vec<String> = (0..6).map(|_| random.literal(&text)).collect();
        literals.extend(["long line and", "of 10.0.17.33", "there is none"].map(str::to_owned));
        let queries = literals.iter().map(|literal| (Query::literal(literal), lines_with(&text, literal.as_bytes())));
        let queries = queries.collect();
        let newlines = memchr::memchr_iter(b'\n', &text).collect();
        Indexed { _directory: directory, path, newlines, mapping, whole, file, queries }
    }

    fn open(&self) -> Result<Fresh, Error> {
        Index::open(&self.path, None).map(|index| index.expect("there is one").assume_fresh(&self.mapping))
    }

    /// Asks an index whose file is damaged, and panics when it says what is wrong.
    fn ask(&self, what: &str) -> Found {
        let index = match self.open() {
            Ok(index) => index,
            Err(error) => {
                assert!(error.is_invalid_input() || error.is_truncated(), "{what}: {error}");
                assert!(error.to_string().contains("index"), "{what}: {error}");
                return Found::Refused;
            }
        };
        self.ask_open(&index, what)
    }

    fn ask_open(&self, index: &Fresh, what: &str) -> Found {
        let mut found = Found::Harmless;
        for (query, lines) in &self.queries {
            match index.candidates(query, 0) {
                Ok(candidates) => {
                    let parts = candidates.parts();
                    for line in lines {
                        let holds = |part: &Range<u64>| part.start <= line.start && line.end <= part.end;
                        assert!(parts.iter().any(|part| holds(&part.range)), "{what}: {query} leaves {line:?} out");
                    }
                    for part in parts {
                        assert_eq!(part.newlines, self.newlines_before(part.range.start), "{what}: {query}");
                    }
                }
                Err(error) => {
                    assert!(error.is_invalid_input() || error.is_truncated(), "{what}: {error}");
                    found = Found::Noticed;
                }
            }
        }
        for lines in [0, 1000, 20_000] {
            match index.before_line(lines) {
                Ok((offset, rest)) => {
                    assert_eq!(self.newlines_before(offset) + rest, lines, "{what}");
                }
                Err(_) => found = Found::Noticed,
            }
        }
        found
    }

    fn newlines_before(&self, offset: u64) -> u64 {
        self.newlines.partition_point(|&newline| (newline as u64) < offset) as u64
    }

    /// Writes over some bytes, asks, and has them be as before.
    fn with(&self, at: usize, bytes: &[u8], what: &str) -> Found {
        self.file.write_all_at(bytes, at as u64).unwrap();
        let found = self.ask(what);
        self.file.write_all_at(&self.whole[at..at + bytes.len()], at as u64).unwrap();
        found
    }

    fn flip(&self, bit: usize) -> Found {
        self.with(bit / 8, &[self.whole[bit / 8] ^ 1 << (bit % 8)], &format!("bit {bit}"))
    }

    /// Where the manifest is that counts.
    fn manifest(&self) -> Range<usize> {
        let number = |at: usize| u64::from_le_bytes(self.whole[at..at + 8].try_into().unwrap()) as usize;
        let header = if number(16) > number(4096 + 16) { 0 } else { 4096 };
        number(header + 24)..number(header + 24) + number(header + 32)
    }
}

fn lines_with(text: &[u8], literal: &[u8]) -> Vec<Range<u64>> {
    let mut lines = vec![];
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&text[at..], literal) {
        let start = memchr::memrchr(b'\n', &text[..at + found]).map_or(0, |newline| newline + 1);
        let end = memchr::memchr(b'\n', &text[at + found..]).map_or(text.len(), |newline| at + found + newline + 1);
        lines.push(start as u64..end as u64);
        at = end;
    }
    lines
}

#[test]
fn a_bit_that_is_flipped_is_noticed_or_does_no_harm() {
    let mut random = Random::new(11);
    for small in [false, true] {
        let indexed = Indexed::new(small);
        assert_eq!(indexed.ask("nothing"), Found::Harmless);
        let flips = match (is_thorough(), small) {
            (true, _) => 10_000,
            (false, false) => 250,
            (false, true) => 50,
        };
        let mut bits: Vec<usize> = (0..flips / 2).map(|_| random.below(indexed.whole.len() * 8)).collect();
        // Most of the index is never looked at for these queries: half of the bits are of what is.
        const STEP: usize = 256;
        let read: Vec<usize> = (8192..indexed.whole.len() - STEP)
            .step_by(STEP)
            .filter(|&at| indexed.with(at, &[0xAA; STEP], "a part") != Found::Harmless)
            .collect();
        bits.extend((0..flips / 2).map(|_| read[random.below(read.len())] * 8 + random.below(STEP * 8)));
        let manifest = indexed.manifest();
        let vital = (0..128 * 8).chain(4096 * 8..(4096 + 128) * 8).chain(manifest.start * 8..manifest.end * 8);
        let every = if is_thorough() { 1 } else { 29 };
        bits.extend(vital.step_by(every));
        let mut counts = [0; 3];
        for bit in bits {
            counts[indexed.flip(bit) as usize] += 1;
        }
        println!("refused {}, noticed {}, harmless {}", counts[0], counts[1], counts[2]);
        assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
        // The one header or the other counts, so that none of the flips in one of them alone does harm.
        assert_eq!(indexed.flip(100), Found::Harmless);
        assert_eq!(indexed.flip(manifest.start * 8 + 5), Found::Refused);
        assert_eq!(indexed.ask("nothing"), Found::Harmless);
        // This takes long, as hashes of the text are compared.
        let freshness = || indexed.open()?.freshness(&fs::metadata(&indexed.path).unwrap(), &indexed.mapping);
        assert_eq!(freshness().unwrap(), Freshness::Same);
        indexed.file.write_all_at(b"?", 4096).unwrap();
        assert_eq!(freshness().unwrap(), Freshness::Grown);
    }
}

#[test]
fn bytes_that_are_others_are_noticed_or_do_no_harm() {
    let indexed = Indexed::new(false);
    let mut random = Random::new(12);
    let len = indexed.whole.len();
    for i in 0..if is_thorough() { 5000 } else { 100 } {
        let size = [1, 2, 4, 8, 64, 512, 4096, 65536][random.below(8)].min(len);
        // Some of them as a disk would do it: whole sectors, or those of another place.
        let (at, from) = match random.below(2) {
            0 => (random.below((len - size) / 512 + 1) * 512, random.below((len - size) / 512 + 1) * 512),
            _ => (random.below(len - size + 1), random.below(len - size + 1)),
        };
        let size = size.min(len - at.max(from));
        let bytes = match random.below(3) {
            0 => vec![0; size],
            1 => indexed.whole[from..from + size].to_vec(),
            _ => (0..size).map(|_| random.below(256) as u8).collect(),
        };
        indexed.with(at, &bytes, &format!("{i}: {size} bytes at {at}"));
    }
}

#[test]
fn an_index_that_is_cut_is_refused() {
    let indexed = Indexed::new(true);
    let mut random = Random::new(13);
    let len = indexed.whole.len();
    let manifest = indexed.manifest();
    let mut lengths: Vec<usize> =
        [0, 1, 7, 8, 16, 64, 127, 128, 129, 4095, 4096, 4097, 4223, 4224, 8191, 8192, 8193].into();
    lengths.extend([manifest.start - 1, manifest.start, manifest.start + 1, manifest.end - 1]);
    lengths.extend((0..if is_thorough() { 2000 } else { 30 }).map(|_| random.below(len - 1)));
    for cut in lengths {
        // The mapping of an index that is open is cut with the file.
        let open = indexed.open().unwrap();
        indexed.file.set_len(cut as u64).unwrap();
        assert_eq!(indexed.ask(&format!("cut to {cut}")), Found::Refused);
        let found = indexed.ask_open(&open, &format!("open, and cut to {cut}"));
        assert!(found == Found::Noticed || cut > manifest.start / 4096 * 4096, "cut to {cut}");
        indexed.file.write_all_at(&indexed.whole, 0).unwrap();
    }
    assert_eq!(indexed.ask("nothing"), Found::Harmless);
}

#[test]
fn what_is_no_index_is_named() {
    let indexed = Indexed::new(true);
    let message = || indexed.open().unwrap_err().to_string();
    let both = |at: u64, bytes: &[u8]| {
        indexed.file.write_all_at(bytes, at).unwrap();
        indexed.file.write_all_at(bytes, 4096 + at).unwrap();
    };
    both(8, &7u32.to_le_bytes());
    assert!(message().contains("version 7, and this program reads version 3"), "{}", message());
    both(0, &indexed.whole[..16]);
    both(12, &[1, 2, 3, 4]);
    assert!(message().contains("checksums"), "{}", message());
    both(0, b"elephant");
    assert!(message().contains("not an index: the magic number is missing"), "{}", message());
    // As a transfer in text mode does it.
    both(0, b"\x89mgx\n\x1a\n\n");
    assert!(message().contains("changed on the way"), "{}", message());
    indexed.file.set_len(0).unwrap();
    assert!(message().contains("it is empty"), "{}", message());
    assert!(message().contains("text.mgx"), "{}", message());
    // A build makes a new one; nothing else dares to.
    let (builder, pool) = (IndexBuilder::new(), Pool::inline());
    assert!(builder.update(&indexed.path, &pool).unwrap_err().is_invalid_input());
    assert!(builder.verify(&indexed.path, &pool).unwrap_err().is_invalid_input());
    builder.build(&indexed.path, &pool).unwrap();
    assert_eq!(indexed.ask("nothing"), Found::Harmless);
}

#[test]
#[ignore = "runs what another test tells it to"]
fn command() {
    worked::run_as_told();
}

/// What is run for each index whose damage has the right checksums, and whether it compares text with the index.
const COMMANDS: [(&[&str], bool); 9] = [
    (&["mapgrep", "-j1", "-c", "-e", r"of 10\.0\.3\.7$", "text"], false),
    (&["mapgrep", "-j1", "-n", "-A3", "-e", "request of 10.0.17.33", "text"], false),
    (&["mapgrep", "-j1", "--last", "3", "-e", "of 10.0.1", "text"], false),
    (&["mapgrep", "-j1", "--explain", "-n", "-e", "at its end$", "text"], false),
    (&["mapgrep", "-j1", "--index=require", "--lines", "4000..9000", "-e", "there is none", "text"], false),
    (&["mapgrep", "-j1", "-F", "-f", "list", "text"], false),
    (&["mapgrep-index", "stat", "text"], false),
    (&["mapgrep-index", "verify", "-j1", "text"], true),
    (&["mapgrep-index", "update", "-j1", "text"], true),
];

/// A sealed index that is damaged, as a maker of indexes might do it: numbers that say too much.
fn sealed_mutant(whole: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let header = if number(whole, 16) > number(whole, 4096 + 16) { 0 } else { 4096 };
    let manifest = number(whole, header + 24);
    let entries = (number(whole, header + 32) - 72) / 40;
    for _ in 0..1 + random.below(4) {
        let entry = manifest + 72 + 40 * random.below(entries);
        let (segment, blocks) = (number(whole, entry), number(whole, entry + 16) & 0xFFFF);
        let table = 1544 * blocks.div_ceil(64);
        let offsets = segment + table;
        let group = random.below(2000);
        let rows = segment + (number(whole, offsets + 4 * group) & 0xFFFF_FFFF);
        // Where a number is, and how many bytes it has.
        let (at, size) = match random.below(12) {
            0 => (header + 16 + 8 * random.below(6), 8),
            1 => (4096 - header + 16 + 8 * random.below(6), 8),
            2 => (manifest + 8 * random.below(6), 8),
            3 => (manifest + 48 + 4 * random.below(2), 4),
            4 => (manifest + 56 + 8 * random.below(2), 8),
            5 => (entry + [0, 8, 24][random.below(3)], 8),
            6 => (entry + 16 + 4 * random.below(2), 4),
            7 | 8 => {
                let record = segment + random.below(blocks) / 64 * 1544 + random.below(blocks) % 64 * 24;
                (record + [0, 8, 16, 20][random.below(4)], 4)
            }
            9 => (offsets + 4 * group, 4),
            10 => (rows + 4 + random.below(40), 1),
            _ => (random.below(bytes.len() - 8), 8),
        };
        let old = number(&bytes, at.min(bytes.len() - 8)) as u64;
        let len = bytes.len() as u64;
        let value = match random.below(10) {
            0 => 0,
            1 => u64::MAX,
            2 => u64::MAX - random.below(300) as u64,
            3 => 1 << random.below(64),
            4 => len - random.below(200) as u64,
            5 => old.wrapping_add(1 << random.below(20)),
            6 => old.wrapping_sub(1 << random.below(20)),
            7 => random.below(5000) as u64,
            8 => random.next(),
            _ => old ^ 1 << random.below(64),
        };
        if let Some(place) = bytes.get_mut(at..at + size) {
            place.copy_from_slice(&value.to_le_bytes()[..size]);
        }
    }
    match random.below(20) {
        // Records, or entries, in place of others; a hole behind the end; a cut.
        0 => {
            let (from, to) = (manifest + 72 + 40 * random.below(entries), manifest + 72 + 40 * random.below(entries));
            bytes.copy_within(from..from + 40, to);
        }
        1 => bytes.resize(bytes.len() + (64 << 20), 0),
        2 => bytes.truncate(random.below(whole.len())),
        3 => {
            let (from, to) = (random.below(whole.len() - 5000), random.below(whole.len() - 5000));
            bytes.copy_within(from..from + random.below(5000), to);
        }
        _ => {}
    }
    seal(&mut bytes);
    bytes
}

#[test]
fn sealed_damage_costs_no_more_than_the_sizes_allow() {
    let mutants = if is_thorough() { 1000 } else { 8 };
    let mut random = Random::new(14);
    let (mut statuses, mut most) = ([0; 3], [0.0f64; 4]);
    for i in 0..2 {
        let indexed = Indexed::new(i == 1);
        let directory = indexed.path.parent().unwrap();
        let index = indexed.path.with_extension("mgx");
        let literals: Vec<String> = indexed.queries.iter().map(|(query, _)| query.to_string()).collect();
        fs::write(directory.join("list"), literals.join("\n").replace('"', "")).unwrap();
        // Of what is behind, the index knows nothing; updates add it, and make one segment of it and those before.
        let tail = Random::new(5).log(200_000);
        append(&indexed.path, &tail);
        let text = fs::metadata(&indexed.path).unwrap().len();
        let mut right = vec![];
        for mutant in 0..=mutants / 2 {
            // The first is not damaged, and shows that commands count their work.
            let bytes = if mutant == 0 { indexed.whole.clone() } else { sealed_mutant(&indexed.whole, &mut random) };
            for (n, (command, compares)) in COMMANDS.into_iter().enumerate() {
                fs::write(&index, &bytes).unwrap();
                let worked = worked::run("damage::command", directory, command);
                let what = || format!("index {i}, mutant {mutant}: {command:?}: {worked:?}");
                assert!((0..3).contains(&worked.status) && !worked.stderr.contains("panicked"), "{}", what());
                statuses[worked.status as usize] += 1;
                // What is refused changes nothing.
                if worked.stderr.contains("searched without its index") {
                    assert!(worked.stdout == right[n], "{}", what());
                }
                if mutant == 0 {
                    right.push(worked.stdout.clone());
                }
                let Work { rows, index_bytes, text_bytes, steps } = worked.work;
                if mutant == 0 && command[0] == "mapgrep" {
                    assert!(rows > 0 && index_bytes > 0 && text_bytes > 0, "{}", what());
                }
                // All of the index is read by what verifies or merges; a search reads some rows of each segment, and
                // some records for each block.
                let blocks = text / (64 << 10);
                let groups = 2 * (131_072 + 32_768) / 32 + 2;
                let bounds = [
                    (rows, if compares { groups * 32 * 2 } else { 4096 }),
                    (index_bytes, 4 * indexed.whole.len() as u64 + 40 * 1544 * blocks),
                    (text_bytes, if compares { 3 * text } else { 2 * 17 * (128 << 10) }),
                    (steps, 8 * blocks + 64),
                ];
                for ((did, most_allowed), most) in bounds.into_iter().zip(&mut most) {
                    assert!(did <= most_allowed, "{did} where {most_allowed} is allowed: {}", what());
                    *most = most.max(did as f64 / most_allowed as f64);
                }
            }
        }
    }
    println!(
        "statuses {statuses:?}; of what is allowed, rows, bytes of index and of text, and steps: {most:.3?} at most"
    );
}
