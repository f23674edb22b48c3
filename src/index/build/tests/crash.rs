//! What a crash leaves behind, at every moment: each state opens as an index that was committed, or not at all.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use super::*;
use crate::index::{
    format::{header::Header, layout::BODY},
    query::patterns::Query,
};

/// What a writer asked for.
#[derive(Clone, Debug)]
enum Op {
    Write(u64, Vec<u8>),
    Sync,
    Publish,
}

/// A file in memory, that keeps what was asked for.
#[derive(Clone, Debug, Default)]
struct Recorder {
    state: Arc<Mutex<Recorded>>,
}

#[derive(Debug, Default)]
struct Recorded {
    /// True for a file that is to replace another.
    is_new: bool,
    ops: Vec<Op>,
    /// From which operation on they fail.
    failing: Option<usize>,
}

impl Recorder {
    fn new(is_new: bool, failing: Option<usize>) -> Self {
        Recorder { state: Arc::new(Mutex::new(Recorded { is_new, ops: vec![], failing })) }
    }

    fn push(&self, op: Op) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        if state.failing == Some(state.ops.len()) {
            // Of what does not fit some may be there.
            if let Op::Write(at, mut bytes) = op {
                bytes.truncate(bytes.len() / 2);
                state.ops.push(Op::Write(at, bytes));
                state.failing = Some(state.ops.len());
            }
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.ops.push(op);
        Ok(())
    }
}

impl Storage for Recorder {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.push(Op::Write(offset, bytes.to_vec()))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.push(Op::Sync)
    }

    fn publish(&mut self) -> io::Result<()> {
        self.push(Op::Publish)
    }
}

struct Random(Xoshiro256PlusPlus);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end.max(1) as u64) as usize
    }

    fn lines(&mut self, len: usize) -> Vec<u8> {
        let mut text = vec![];
        while text.len() < len {
            let number = self.0.next_u64();
            text.extend(format!("{number:x} of {}\n", number % 977).bytes());
            if number.is_multiple_of(500) {
                // A line that reaches over some blocks.
                text.extend((0..self.below(200_000)).map(|i| b"abc defghi"[(i * i) % 10]));
                text.push(b'\n');
            }
        }
        text
    }
}

fn write(file: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let (start, end) = (offset as usize, offset as usize + bytes.len());
    file.resize(file.len().max(end), 0);
    file[start..end].copy_from_slice(bytes);
}

/// What may be on the disk of some writes that were not synced: of each all, nothing, or some of its sectors or bytes,
/// and anything where a sector was torn; in any order.
fn leave_some(file: &mut Vec<u8>, pending: &[&Op], random: &mut Random) {
    let mut order: Vec<&&Op> = pending.iter().collect();
    for i in (1..order.len()).rev() {
        order.swap(i, random.below(i + 1));
    }
    for op in order {
        let Op::Write(offset, bytes) = op else { unreachable!("only writes wait") };
        let cut = random.below(bytes.len() + 1);
        match random.below(8) {
            0 | 1 => {}
            2 | 3 => write(file, *offset, bytes),
            4 => write(file, *offset, &bytes[..cut]),
            5 => write(file, offset + cut as u64, &bytes[cut..]),
            6 => {
                for (i, sector) in bytes.chunks(512).enumerate() {
                    if random.below(2) == 0 {
                        write(file, offset + 512 * i as u64, sector);
                    }
                }
            }
            _ => {
                write(file, *offset, bytes);
                let len = random.below(bytes.len() - cut + 1).min(512);
                let garbage: Vec<u8> = (0..len).map(|_| random.below(256) as u8).collect();
                write(file, offset + cut as u64, &garbage);
            }
        }
    }
    // The length of a file may be there before its bytes are.
    if random.below(4) == 0 {
        let more = random.below(100_000);
        file.resize(file.len() + more, 0);
    }
}

/// An index that was committed, by its sequence number and manifest.
type Commits = HashMap<(u64, u64), Vec<u8>>;

/// A text that grows, its index, and all that was ever committed to that.
struct World {
    directory: tempfile::TempDir,
    text: Vec<u8>,
    file: Option<Vec<u8>>,
    commits: Commits,
    random: Random,
    states: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let random = Random(Xoshiro256PlusPlus::seed_from_u64(seed));
        let directory = tempfile::tempdir().unwrap();
        World { directory, text: vec![], file: None, commits: Commits::new(), random, states: 0 }
    }

    fn text_path(&self) -> PathBuf {
        self.directory.path().join("text")
    }

    fn grow(&mut self, len: usize) {
        let more = self.random.lines(len);
        self.text.extend(&more);
        OpenOptions::new().append(true).create(true).open(self.text_path()).unwrap().write_all(&more).unwrap();
    }

    fn open(&self, file: &[u8]) -> Result<Index, Error> {
        let path = self.directory.path().join("index");
        std::fs::write(&path, file).unwrap();
        let file = File::open(&path).unwrap();
        let metadata = file.metadata().unwrap();
        Index::from_file(file, &metadata, &path)
    }

    /// Builds, or updates what the file has, and says what was asked of storage.
    fn work(&self, file: Option<&[u8]>, failing: Option<usize>) -> (Result<Done, Error>, Recorder) {
        let builder = IndexBuilder::new();
        let pool = Pool::inline();
        let opened = Text::open(&self.text_path()).unwrap();
        let text = opened.map().unwrap().unwrap();
        let work = builder.indexing(&opened, &text, Scheme::Small, &pool);
        match file {
            None => {
                let recorder = Recorder::new(true, failing);
                (work.build(recorder.clone(), Path::new("index")), recorder)
            }
            Some(file) => {
                let index = self.open(file).unwrap();
                let (there, new) = (Recorder::new(false, failing), Recorder::new(true, failing));
                let done = work.update(index, |_| Ok(there.clone()), || Ok(new.clone()));
                let is_new = !new.state.lock().unwrap().ops.is_empty();
                (done, if is_new { new } else { there })
            }
        }
    }

    /// An index that is whole: its checksums hold, and no line that matches is left out.
    fn check_whole(&self, index: Index) -> Fresh {
        index.read(|reader| reader.segments.iter().try_for_each(Segment::verify)).unwrap();
        let file = File::open(self.text_path()).unwrap();
        let opened = Text::open(&self.text_path()).unwrap();
        let text = opened.map().unwrap().unwrap();
        let index = index.check(&file.metadata().unwrap(), &text).unwrap();
        let newline = |at: usize| memchr::memchr(b'\n', &self.text[at..]).map_or(self.text.len(), |end| at + end);
        for i in 0..50 {
            let start = self.text.len() * i / 50;
            let start = start + self.text[start..].iter().take_while(|byte| !byte.is_ascii_hexdigit()).count();
            let literal = &self.text[start..newline(start).min(start + 14)];
            let candidates = index.candidates(&Query::literal(literal), 0).unwrap();
            let is_in = candidates.parts().iter().any(|part| part.range.contains(&(start as u64)));
            assert!(is_in, "{:?} at {start} is in none of {:?}", literal.escape_ascii(), candidates.parts());
        }
        index
    }

    /// Keeps what a file is that was written without a crash.
    fn commit(&mut self, file: Vec<u8>) {
        let index = self.open(&file).unwrap();
        let index = self.check_whole(index);
        self.commits.insert((index.header().sequence, index.header().manifest_sum), file.clone());
        self.file = Some(file);
    }

    /// A state that a crash left behind: what opens has, of an index that was committed, every byte that it refers to.
    fn check_state(&mut self, file: &[u8], sequences: &[u64]) -> Result<(), Error> {
        self.states += 1;
        let header = Header::read(file)?;
        assert!(sequences.contains(&header.sequence), "{header:?} is of none of {sequences:?}");
        let manifest = Manifest::read(file, &header)?;
        let whole = &self.commits[&(header.sequence, header.manifest_sum)];
        let known = Header::read(whole).unwrap();
        assert_eq!(header, known);
        let same = |offset: u64, len: u64| {
            let range = offset as usize..(offset + len) as usize;
            assert!(file[range.clone()] == whole[range.clone()], "bytes {range:?} of commit {header:?} are others");
        };
        same(header.manifest_offset, header.manifest_len);
        manifest.segments.iter().for_each(|entry| same(entry.offset, entry.len));
        Ok(())
    }

    /// Writes an index without a crash, and then with crashes and failures at each moment. The next step goes on from
    /// what one of the crashes has left.
    fn step(&mut self, is_build: bool) -> bool {
        let before = self.file.clone().filter(|_| !is_build);
        let (done, recorder) = self.work(before.as_deref(), None);
        assert!(matches!(done.unwrap(), Done::Written | Done::UpToDate));
        let recorded = std::mem::take(&mut *recorder.state.lock().unwrap());
        let start = before.clone().filter(|_| !recorded.is_new).unwrap_or_default();
        let named_before = self.file.clone();
        let mut whole = start.clone();
        for op in &recorded.ops {
            if let Op::Write(offset, bytes) = op {
                write(&mut whole, *offset, bytes);
            }
        }
        self.commit(whole);
        let [old, new] =
            [&start, self.file.as_ref().unwrap()].map(|file| Header::read(file).map_or(0, |header| header.sequence));
        let mut synced = start;
        // The one that is gone on from.
        let (mut left, mut count) = (None, 0);
        let mut pending = vec![];
        let mut is_published = !recorded.is_new;
        for (i, op) in recorded.ops.iter().enumerate() {
            match op {
                Op::Write(..) => pending.push(op),
                Op::Sync => {
                    for op in pending.drain(..) {
                        let Op::Write(offset, bytes) = op else { unreachable!("only writes wait") };
                        write(&mut synced, *offset, bytes);
                    }
                }
                Op::Publish => {
                    assert!(pending.is_empty(), "a name for what is not on the disk");
                    is_published = true;
                }
            }
            if !is_published {
                // What has the name is what had it.
                continue;
            }
            const TRIES: usize = 40;
            for _ in 0..if pending.is_empty() { 1 } else { TRIES } {
                let mut state = synced.clone();
                leave_some(&mut state, &pending, &mut self.random);
                let checked = self.check_state(&state, &[old, new]);
                checked.unwrap_or_else(|error| panic!("op {i} of {}: {error}", recorded.ops.len()));
                count += 1;
                if self.random.below(count) == 0 {
                    left = Some(state);
                }
            }
        }
        if recorded.is_new {
            assert!(matches!(recorded.ops.last(), Some(Op::Publish)));
        }
        // What fails is an error, and leaves what was there.
        let failing = [0, 1, recorded.ops.len() / 2, recorded.ops.len() - 2, recorded.ops.len() - 1];
        for failing in failing.into_iter().take(if is_build { 5 } else { 2 }) {
            let Some(before) = named_before.clone() else { break };
            let (done, recorder) =
                self.work(Some(&before).filter(|_| !is_build).map(|before| &before[..]), Some(failing));
            let error = done.unwrap_err();
            assert!(error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::StorageFull), "{error}");
            let failed = std::mem::take(&mut *recorder.state.lock().unwrap());
            assert!(!failed.ops.iter().any(|op| matches!(op, Op::Publish)));
            if !failed.is_new {
                let mut state = before;
                for op in &failed.ops {
                    if let Op::Write(offset, bytes) = op {
                        write(&mut state, *offset, bytes);
                    }
                }
                self.check_state(&state, &[old]).unwrap();
            }
        }
        if !recorded.is_new {
            self.file = left;
        }
        recorded.is_new
    }
}

/// How many histories are tried: more of them when that is asked for.
fn cases() -> u64 {
    std::env::var("MAPGREP_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1)
}

#[test]
fn a_crash_leaves_the_old_index_or_the_new_one() {
    for seed in 0..cases() {
        let mut world = World::new(seed);
        world.grow(300_000);
        assert!(world.step(true));
        let (mut updates, mut compactions) = (0, 0);
        // The short ones are less than a block.
        for len in [100_000, 700_000, 70_000, 10, 70_000, 150_000, 300_000, 10, 10, 70_000] {
            world.grow(len);
            compactions += usize::from(world.step(false));
            updates += 1;
        }
        assert!(compactions > 0 && compactions < updates, "{compactions} of {updates}");
        // Beside an index that is there.
        assert!(world.step(true));
        assert!(world.states > 300, "{}", world.states);
    }
}

/// A reader may have a header in hand while the next ones are written.
#[test]
fn what_a_commit_refers_to_is_never_written_again() {
    let mut world = World::new(7);
    world.grow(300_000);
    world.step(true);
    for _ in 0..6 {
        world.grow(80_000);
        let before = world.file.clone().unwrap();
        let header = Header::read(&before).unwrap();
        let (_, recorder) = world.work(Some(&before), None);
        let recorded = std::mem::take(&mut *recorder.state.lock().unwrap());
        let mut whole = if recorded.is_new { vec![] } else { before };
        for op in &recorded.ops {
            if let Op::Write(offset, bytes) = op {
                let is_header = offset + (bytes.len() as u64) <= BODY;
                assert!(recorded.is_new || is_header || *offset >= header.end);
                assert!(recorded.is_new || *offset != Header::place(header.sequence));
                write(&mut whole, *offset, bytes);
            }
        }
        world.commit(whole);
    }
}
