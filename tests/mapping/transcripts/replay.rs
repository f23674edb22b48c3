//! One program, on the same kind of file and with our calls.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, BufRead, PipeReader, PipeWriter, Read, Seek, SeekFrom, Write},
    ops::Range,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::FileExt,
    },
    path::Path,
};

use mapgrep::{
    Error,
    mapping::{Access, Advice, Discard, MapFlags, MapOptions, Mapping, Prot, RawAdvice, Slice, page_size},
};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use super::{
    coverage::{Column, Coverage},
    transcript::{Arg, Class, Op, Outcome, Program},
};

/// Where we differ from CPython 3.13, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    /// `len()` of a closed mapping raises; ours is 0, since `len` is no call that can fail in Rust.
    LengthOfClosed,
    /// `resize(0)` cuts the file and then fails, with a mapping that faults; ours fails first, as invalid input.
    ResizeToZero,
    /// Shared anonymous memory grows beyond the pages that it was made with, and what it has grown by faults; ours
    /// fails, and the mapping stays as it is.
    SharedAnonymousGrowth,
    /// `flush(offset)` takes the whole length for the size, so that only 0 is in bounds; ours reaches to the end, as
    /// Python 3.15's does.
    FlushToTheEnd,
    /// Memory without `PROT_READ` is read all the same, which kills the process or not as the processor likes; ours is
    /// an error.
    UnreadableMapping,
    /// A size that does not fit into a C integer is an overflow error; the ends of our ranges are clamped.
    OverflowingSize,
}

impl Difference {
    pub(crate) const ALL: [Difference; 6] = [
        Difference::LengthOfClosed,
        Difference::ResizeToZero,
        Difference::SharedAnonymousGrowth,
        Difference::FlushToTheEnd,
        Difference::UnreadableMapping,
        Difference::OverflowingSize,
    ];
}

/// What a call of ours gave.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Given {
    Nothing,
    Int(i64),
    Bytes(Vec<u8>),
    Error(Class),
}

#[derive(Default)]
pub(crate) struct Report {
    pub(crate) programs: usize,
    pub(crate) ops: usize,
    pub(crate) coverage: Coverage,
    pub(crate) differences: Vec<Difference>,
    pub(crate) mismatches: Vec<String>,
}

/// Replays `program`. A mismatch ends it, since what follows would be about another state.
pub(crate) fn replay(program: &Program, dir: &Path, report: &mut Report) {
    report.programs += 1;
    report.ops += program.ops.len();
    if let Err(mismatch) = try_replay(program, dir, report) {
        report.mismatches.push(format!("{program}\n  {mismatch}"));
    }
}

fn try_replay(program: &Program, dir: &Path, report: &mut Report) -> Result<(), String> {
    let mut source = Source::new(program, dir).expect("cannot make what is mapped");
    let column = Column::of(program);
    let mapped = source.map(program);
    let given = mapped.as_ref().err().map(Class::from);
    if given != program.error {
        return Err(format!("new: expected {:?}, got {given:?}: {:?}", program.error, mapped.as_ref().err()));
    }
    let outcome = program.error.clone().map_or(Outcome::Nothing, Outcome::Error);
    report.coverage.count("new", column, &outcome, false);

    if program.line.is_multiple_of(2) {
        // The mapping has a descriptor of its own.
        source.mapped = Mapped::Memory;
    }
    if let Ok(mapping) = mapped {
        let len = mapping.len();
        let mut state = State { program, source: &source, len, made: len, mapping, position: 0 };
        if state.mapping.access() != program.effective_access() {
            return Err(format!("expected {:?}, got {:?}", program.effective_access(), state.mapping.access()));
        }
        for (index, op) in program.ops.iter().enumerate() {
            state
                .step(op, column, report)
                .map_err(|what| format!("op {index}, line {}: {}\n  {what}", op.line, op.text))?;
        }
        state.check_content()?;
    }
    if let Mapped::File(file) = &source.mapped {
        file.metadata().map_err(|e| format!("the mapping closed a descriptor that is not its own: {e}"))?;
    }
    match (&program.file_at_end, source.contents()) {
        (Some(expected), Some(bytes)) if !expected.is_of(&bytes) => {
            Err(format!("the file at the end: expected {expected:?}, got {} bytes", bytes.len()))
        }
        _ => Ok(()),
    }
}

struct State<'a> {
    program: &'a Program,
    source: &'a Source,
    mapping: Mapping,
    /// The cursor and the length after the last operation.
    position: usize,
    len: usize,
    /// The first length.
    made: usize,
}

impl State<'_> {
    /// Does one operation and compares what it gave, and what it left.
    fn step(&mut self, op: &Op, column: Column, report: &mut Report) -> Result<(), String> {
        let difference = self.difference(op);
        let was_closed = self.mapping.is_closed();
        let expected = difference.as_ref().map_or(&op.outcome, |(_, ours)| ours);
        let given = self.run(op);
        if !given.is(expected) {
            return Err(format!("expected {expected:?}, got {given:?} ({difference:?})"));
        }

        let before = self.position;
        self.position = op.position.unwrap_or(before);
        match difference {
            None => {
                if !matches!(op.name, "file_size" | "write_file") {
                    report.coverage.count(op.name, column, expected, was_closed);
                }
                let grows = self.grows_shared_memory(op);
                let len = self.len;
                self.len = op.length.unwrap_or(len);
                if grows {
                    // That is the last operation of a program; what was recorded at the end is from before it.
                    self.check(self.position)?;
                    self.mapping.resize(len).map_err(|e| e.to_string())?;
                    self.len = len;
                }
            }
            Some((difference, _)) => {
                report.differences.push(difference);
                self.check(before)?;
                self.catch_up(op).map_err(|e| e.to_string())?;
            }
        }
        self.check(self.position)
    }

    /// After a call that does nothing but for Python: brings cursor and bytes to where the program goes on.
    fn catch_up(&mut self, op: &Op) -> Result<(), Error> {
        if self.mapping.is_closed() {
            return Ok(());
        }
        if op.position.is_some() {
            self.mapping.seek(SeekFrom::Start(self.position as u64))?;
        }
        // Memory without a file cannot be seen at the end either.
        if let ("move", Some(file)) = (op.name, &self.source.other) {
            let mut bytes = vec![0; op.int(2) as usize];
            file.read_exact_at(&mut bytes, self.program.offset + op.int(1) as u64).unwrap();
            let dest = op.int(0) as isize;
            self.mapping.set_slice(dest..dest + bytes.len() as isize, &bytes)?;
        }
        Ok(())
    }

    fn check(&self, position: usize) -> Result<(), String> {
        let (len, cursor) = (self.mapping.len(), self.mapping.tell());
        if self.mapping.is_closed() {
            return match cursor {
                Err(e) if e.is_closed() && len == 0 => Ok(()),
                _ => Err(format!("closed, and of {len} bytes with the cursor at {cursor:?}")),
            };
        }
        match cursor {
            Ok(cursor) if cursor == position && len == self.len => Ok(()),
            _ => Err(format!("expected {} bytes with the cursor at {position}, got {len} and {cursor:?}", self.len)),
        }
    }

    /// The bytes of the mapping at the end.
    fn check_content(&self) -> Result<(), String> {
        let Some(expected) = self.program.map_at_end.as_ref().filter(|_| self.program.prot.contains('r')) else {
            return Ok(());
        };
        match self.mapping.guarded(.., <[u8]>::to_vec) {
            Ok(bytes) if expected.is_of(&bytes) => Ok(()),
            got => {
                Err(format!("the mapping at the end: expected {expected:?}, got {:?}", got.map(|bytes| bytes.len())))
            }
        }
    }

    /// Whether the operation makes shared anonymous memory longer.
    fn grows_shared_memory(&self, op: &Op) -> bool {
        let is_shared_memory = self.program.kind == "anon" && self.program.flags.contains('s');
        is_shared_memory && op.name == "resize" && matches!(op.outcome, Outcome::Nothing) && op.int(0) > self.len as i64
    }

    /// What we answer where that is not what Python does.
    fn difference(&self, op: &Op) -> Option<(Difference, Outcome)> {
        use Difference::*;
        let fails = |class| Outcome::Error(class);
        // The kernel's answer for a start that is not at a page's border, in the calls that get that far.
        let checked_by_kernel = |start: i64| match start % page_size() as i64 {
            0 => Outcome::Nothing,
            _ => Outcome::Error(Class::Os(22)),
        };
        let flushes = matches!(self.program.effective_access(), Access::Default | Access::Write);
        match (op.name, &op.outcome) {
            ("len", Outcome::Error(Class::Closed)) => Some((LengthOfClosed, Outcome::Int(0))),
            ("resize", Outcome::Error(Class::Os(_))) if op.int(0) == 0 => Some((ResizeToZero, fails(Class::Invalid))),
            ("resize", Outcome::Nothing)
                if self.grows_shared_memory(op) && op.int(0) > self.made.next_multiple_of(page_size()) as i64 =>
            {
                Some((SharedAnonymousGrowth, fails(Class::Os(22))))
            }
            ("flush", Outcome::Error(Class::OutOfRange)) if op.args.len() == 1 => {
                let start = op.int(0);
                let is_inside = (0..=self.len as i64).contains(&start);
                is_inside.then(|| (FlushToTheEnd, if flushes { checked_by_kernel(start) } else { Outcome::Nothing }))
            }
            ("madvise", Outcome::Error(Class::Overflow)) => Some((OverflowingSize, checked_by_kernel(op.int(1)))),
            (_, Outcome::Error(_)) => None,
            ("read" | "read_byte" | "readline" | "get" | "slice" | "find" | "rfind" | "in" | "iter" | "move", _)
                if !self.program.prot.contains('r') =>
            {
                Some((UnreadableMapping, fails(Class::Invalid)))
            }
            _ => None,
        }
    }

    /// Calls what is the counterpart of Python's. Where there are two, the line of the transcript decides.
    fn run(&mut self, op: &Op) -> Given {
        let other = op.line.is_multiple_of(2);
        let mapping = &mut self.mapping;
        match op.name {
            "close" => {
                mapping.close();
                Given::Nothing
            }
            "closed" => Given::Int(mapping.is_closed().into()),
            "seekable" => Given::Int(mapping.seekable().into()),
            "len" => Given::Int(mapping.len() as i64),
            "size" => mapping.size().into(),
            "tell" if other => mapping.stream_position().into(),
            "tell" => mapping.tell().into(),
            "seek" => {
                let distance = op.int(0);
                let to = match op.maybe_int(1).unwrap_or(0) {
                    0 => SeekFrom::Start(distance as u64),
                    1 => SeekFrom::Current(distance),
                    _ => SeekFrom::End(distance),
                };
                if other { Seek::seek(mapping, to).into() } else { mapping.seek(to).into() }
            }
            "read" => {
                let count = op.maybe_int(0).filter(|&count| count >= 0).map(|count| count as usize);
                match count {
                    None if other => read_to_end(mapping).into(),
                    Some(count) if other => read_some(mapping, count.min(self.len + 1)).into(),
                    _ => mapping.read_bytes(count).into(),
                }
            }
            "read_byte" => mapping.read_byte().into(),
            "readline" if other => read_until_newline(mapping).into(),
            "readline" => mapping.read_line().into(),
            "write" if other => Write::write(mapping, op.bytes(0)).into(),
            "write" => mapping.write(op.bytes(0)).into(),
            "write_byte" => mapping.write_byte(op.int(0) as u8).into(),
            "find" | "rfind" => find(mapping, op, other),
            "in" if other => contains(mapping, op.bytes(0)[0]).into(),
            "in" => mapping.find_in(op.bytes(0), 0..).map(|found| i64::from(found.is_some())).into(),
            "iter" if other => (&*mapping).into_iter().collect::<Result<Vec<u8>, Error>>().into(),
            "iter" => mapping.iter().collect::<Result<Vec<u8>, Error>>().into(),
            "get" => mapping.get(op.int(0) as isize).into(),
            "set" => mapping.set(op.int(0) as isize, op.int(1) as u8).into(),
            "slice" => mapping.slice(slice(op)).into(),
            "set_slice" => mapping.set_slice(slice(op), op.bytes(3)).into(),
            "move" => mapping.copy_within(part(op.int(1), op.int(2)), op.int(0) as usize).into(),
            "resize" => mapping.resize(op.int(0) as usize).into(),
            "flush" => match (op.maybe_int(0), op.maybe_int(1)) {
                (None, _) if other => Write::flush(mapping).into(),
                (None, _) => mapping.flush().into(),
                (Some(start), None) => mapping.flush_range(start as usize..).into(),
                (Some(start), Some(len)) => mapping.flush_range(part(start, len)).into(),
            },
            "madvise" => advise(mapping, op, other).into(),
            "file_size" => {
                self.source.other.as_ref().unwrap().set_len(op.int(0) as u64).unwrap();
                Given::Nothing
            }
            "write_file" => {
                self.source.other.as_ref().unwrap().write_all_at(op.bytes(1), op.int(0) as u64).unwrap();
                Given::Nothing
            }
            _ => panic!("line {}: unknown operation {}", op.line, op.name),
        }
    }
}

/// The range that starts at `start` and is `len` long. What is negative in Python has no counterpart: a huge number and
/// a range that ends before it starts stand for it.
fn part(start: i64, len: i64) -> Range<usize> {
    let start = start as usize;
    match usize::try_from(len) {
        Ok(len) => start..start.saturating_add(len),
        Err(_) => start.max(1)..start.max(1) - 1,
    }
}

fn slice(op: &Op) -> Slice {
    let [start, stop, step] = [0, 1, 2].map(|i| op.maybe_int(i).map(|n| n as isize));
    Slice::new(start, stop, step)
}

fn find(mapping: &Mapping, op: &Op, other: bool) -> Given {
    let needle = op.bytes(0);
    let [start, stop] = [1, 2].map(|i| op.maybe_int(i).map(|n| n as isize));
    let bounds: Slice = match (start, stop) {
        (Some(start), Some(stop)) if other => (start..stop).into(),
        (Some(start), None) if other => (start..).into(),
        _ => Slice::new(start, stop, None),
    };
    let found = match (op.name, start) {
        ("find", None) => mapping.find(needle),
        ("find", Some(_)) => mapping.find_in(needle, bounds),
        (_, None) => mapping.rfind(needle),
        (_, Some(_)) => mapping.rfind_in(needle, bounds),
    };
    found.map(|at| at.map_or(-1, |at| at as i64)).into()
}

fn contains(mapping: &Mapping, byte: u8) -> Result<i64, Error> {
    for found in mapping {
        if found? == byte {
            return Ok(1);
        }
    }
    Ok(0)
}

fn read_to_end(mapping: &mut Mapping) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    mapping.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_some(mapping: &mut Mapping, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    let len = Read::read(mapping, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}

fn read_until_newline(mapping: &mut Mapping) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    mapping.buffered().read_until(b'\n', &mut bytes)?;
    Ok(bytes)
}

fn advise(mapping: &mut Mapping, op: &Op, other: bool) -> Result<(), Error> {
    let Arg::Word(name) = op.args[0] else { panic!("line {}: no advice", op.line) };
    let (safe, raw) = match name {
        "NORMAL" => (Advice::Normal, RawAdvice::NORMAL),
        "RANDOM" => (Advice::Random, RawAdvice::RANDOM),
        "SEQUENTIAL" => (Advice::Sequential, RawAdvice::SEQUENTIAL),
        "WILLNEED" => (Advice::WillNeed, RawAdvice::WILLNEED),
        "DONTFORK" => (Advice::DontFork, RawAdvice::DONTFORK),
        "DOFORK" => (Advice::DoFork, RawAdvice::DOFORK),
        "DONTDUMP" => (Advice::DontDump, RawAdvice::DONTDUMP),
        "DODUMP" => (Advice::DoDump, RawAdvice::DODUMP),
        _ => return discard(mapping, op, other),
    };
    let bounds = bounds(op);
    if !other {
        return match bounds {
            None => mapping.advise(safe),
            Some(range) => mapping.advise_range(safe, range),
        };
    }
    // SAFETY: the advice changes no bytes.
    unsafe {
        match bounds {
            None => mapping.advise_raw(raw, ..),
            Some(range) => mapping.advise_raw(raw, range),
        }
    }
}

/// `DONTNEED`. The safe call wants borders of pages, so what has others goes the other way.
fn discard(mapping: &mut Mapping, op: &Op, other: bool) -> Result<(), Error> {
    let range = bounds(op).unwrap_or(0..mapping.len());
    let is_border = |at: usize| at.is_multiple_of(page_size()) || at >= mapping.len();
    if !other && is_border(range.start) && is_border(range.end) && range.end <= mapping.len() {
        return mapping.discard(Discard::DontNeed, range);
    }
    // SAFETY: nobody looks at the bytes meanwhile.
    unsafe { mapping.advise_raw(RawAdvice::DONTNEED, range) }
}

/// The range of an advice; `None` is all of it.
fn bounds(op: &Op) -> Option<Range<usize>> {
    let start = op.maybe_int(1)?;
    Some(op.maybe_int(2).map_or(start as usize..usize::MAX, |len| part(start, len)))
}

/// What a program maps, and another descriptor that sees the file whatever the mapping's may do.
struct Source {
    mapped: Mapped,
    other: Option<File>,
}

enum Mapped {
    Memory,
    File(File),
    Reader(PipeReader, #[expect(dead_code, reason = "keeps the other end open")] PipeWriter),
    Writer(#[expect(dead_code, reason = "keeps the other end open")] PipeReader, PipeWriter),
}

impl Source {
    fn new(program: &Program, dir: &Path) -> io::Result<Source> {
        let mut other = None;
        let mapped = match program.kind {
            "anon" => Mapped::Memory,
            "rw" | "ro" | "wo" => {
                let path = dir.join("file");
                let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
                file.write_all(&program.content)?;
                other = Some(file);
                let (reads, writes) = (program.kind != "wo", program.kind != "ro");
                Mapped::File(OpenOptions::new().read(reads).write(writes).open(&path)?)
            }
            "mem" => {
                let fd = memfd_create("oracle", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
                let mut file = File::from(fd);
                file.write_all(&program.content)?;
                fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW)?;
                other = Some(file.try_clone()?);
                Mapped::File(file)
            }
            "zero" => Mapped::File(OpenOptions::new().read(true).write(true).open("/dev/zero")?),
            "proc" => Mapped::File(File::open("/proc/self/status")?),
            "dir" => Mapped::File(File::open(dir)?),
            "pr" => io::pipe().map(|(reader, writer)| Mapped::Reader(reader, writer))?,
            "pw" => io::pipe().map(|(reader, writer)| Mapped::Writer(reader, writer))?,
            kind => panic!("unknown kind {kind}"),
        };
        Ok(Source { mapped, other })
    }

    fn map(&self, program: &Program) -> Result<Mapping, Error> {
        let mut options = MapOptions::new();
        options.offset(program.offset).len(program.len).access(program.access).track_fd(program.track_fd);
        options.prot(prot(program.prot));
        // SAFETY: none of the recorded flags maps over other memory.
        unsafe { options.flags(flags(program.flags)) };
        let fd: BorrowedFd<'_> = match &self.mapped {
            Mapped::Memory => return options.map_anonymous(),
            Mapped::File(file) => file.as_fd(),
            Mapped::Reader(reader, _) => reader.as_fd(),
            Mapped::Writer(_, writer) => writer.as_fd(),
        };
        // SAFETY: the file is changed between calls only, and by this thread.
        unsafe { options.map_file(&fd) }
    }

    fn contents(&self) -> Option<Vec<u8>> {
        let file = self.other.as_ref()?;
        let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
        file.read_exact_at(&mut bytes, 0).unwrap();
        Some(bytes)
    }
}

fn prot(letters: &str) -> Prot {
    letters.chars().fold(Prot::empty(), |prot, letter| {
        prot | match letter {
            'r' => Prot::READ,
            'w' => Prot::WRITE,
            'x' => Prot::EXEC,
            _ => Prot::empty(),
        }
    })
}

fn flags(letters: &str) -> MapFlags {
    letters.chars().fold(MapFlags::empty(), |flags, letter| {
        flags
            | match letter {
                's' => MapFlags::SHARED,
                'p' => MapFlags::PRIVATE,
                'a' => MapFlags::ANONYMOUS,
                'o' => MapFlags::POPULATE,
                'n' => MapFlags::NORESERVE,
                _ => MapFlags::empty(),
            }
    })
}

impl Given {
    fn is(&self, outcome: &Outcome) -> bool {
        match (self, outcome) {
            (Given::Nothing, Outcome::Nothing) => true,
            (Given::Int(given), Outcome::Int(int)) => given == int,
            (Given::Bytes(bytes), Outcome::Bytes(digest)) => digest.is_of(bytes),
            (Given::Error(given), Outcome::Error(class)) => given == class,
            _ => false,
        }
    }
}

trait Value {
    fn given(self) -> Given;
}

impl Value for () {
    fn given(self) -> Given {
        Given::Nothing
    }
}

impl Value for Vec<u8> {
    fn given(self) -> Given {
        Given::Bytes(self)
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Value for $integer {
            fn given(self) -> Given {
                Given::Int(self as i64)
            }
        }
    )*};
}

integers!(u8 i64 u64 usize);

impl<T: Value> From<Result<T, Error>> for Given {
    fn from(result: Result<T, Error>) -> Given {
        result.map_or_else(|e| Given::Error(Class::from(&e)), T::given)
    }
}

/// Our error is inside std's.
impl<T: Value> From<io::Result<T>> for Given {
    fn from(result: io::Result<T>) -> Given {
        result.map_or_else(
            |e| {
                let inner = e.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
                Given::Error(inner.map_or_else(|| Class::Other(e.to_string()), Class::from))
            },
            T::given,
        )
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
