//! A file that somebody cuts, grows and writes to while it is mapped, between calls and in the middle of them.
//!
//! What a page reads as after each change is known: what the file has; zeros behind its end within a page; and of a
//! page that is gone a fault, after which it is zeros to the end of the mapping, for good, and every call is an error.
//! The model says which byte each look sees, which call is an error, and at which offset the file ends then. In cases
//! with a second thread the order is not known, and what holds in any order is asked for: of a file that is only cut,
//! what a call returns is the original.
//!
//! Short inputs have no steps. With `-len_control=0 -max_len=400` a fault in the model is found within seconds, and
//! without in minutes.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    os::unix::fs::FileExt,
    sync::Barrier,
    thread,
};

use arbitrary::Arbitrary;
use mapgrep::{
    Error,
    mapping::{Access, MapOptions, Mapping, Slice, page_size},
};

/// Reads of more bytes ask for the size of the file first.
const SMALL_BYTES: usize = 4096;

/// A place or a length: pages, and bytes near the border of one.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Place {
    pages: u8,
    bytes: i8,
    /// Bytes far from a border, now and then.
    more: Option<u16>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Change {
    SetLen(Place),
    Write {
        at: Place,
        len: u8,
        byte: u8,
    },
    /// Cut and grown again: what was behind the cut is zeros.
    Clear {
        from: Place,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Inside {
    Look(Place),
    Change(Change),
}

#[derive(Arbitrary, Debug)]
enum Step {
    Change(Change),
    Guarded { start: Place, end: Place, steps: Vec<Inside> },
    Pointer { place: Place },
    Check { start: Place, end: Place },
    Get(Place),
    Slice { start: Place, end: Place },
    SteppedSlice { start: Place, end: Place, step: u8 },
    ReadByte(Place),
    ReadBytes { start: Place, end: Place },
    ReadLine(Place),
    Read { start: Place, end: Place },
    CopyOut { start: Place, end: Place },
    Set(Place, u8),
    SetSlice { start: Place, end: Place, byte: u8 },
    CopyIn { at: Place, len: u8, byte: u8 },
    Find { byte: u8, is_last: bool },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    Read,
    Write,
    Copy,
}

#[derive(Arbitrary, Debug)]
pub struct Case {
    kind: Kind,
    len: Place,
    starts_with_second_page: bool,
    is_tracked: bool,
    checks_small_reads: bool,
    has_zeros: bool,
    steps: Vec<Step>,
    /// Changes that another thread makes at the same time.
    others: Option<Vec<Change>>,
}

impl Place {
    /// At most five pages.
    fn get(self) -> usize {
        let at = usize::from(self.pages % 5) * page_size();
        let at = at.saturating_add_signed(self.bytes.into());
        at + usize::from(self.more.unwrap_or(0)) % page_size()
    }
}

impl Case {
    fn bytes(&self) -> Vec<u8> {
        let zero = |i: usize| self.has_zeros && i % 11 == 3;
        (0..self.len.get().max(1)).map(|i| if zero(i) { 0 } else { (i % 255) as u8 + 1 }).collect()
    }

    fn offset(&self, len: usize) -> usize {
        if self.starts_with_second_page && len > page_size() { page_size() } else { 0 }
    }

    fn options(&self, offset: usize) -> MapOptions {
        let mut options = MapOptions::new();
        options.access(match self.kind {
            Kind::Read => Access::Read,
            Kind::Write => Access::Write,
            Kind::Copy => Access::Copy,
        });
        options.offset(offset as u64).track_fd(self.is_tracked).check_small_reads(self.checks_small_reads);
        options
    }
}

fn change(file: &File, change: Change) -> io::Result<()> {
    match change {
        Change::SetLen(len) => file.set_len(len.get() as u64),
        Change::Write { at, len, byte } => file.write_all_at(&vec![byte; len.into()], at.get() as u64),
        Change::Clear { from } => {
            let len = file.metadata()?.len();
            file.set_len(len.min(from.get() as u64))?;
            file.set_len(len)
        }
    }
}

/// What the file has, and what a mapping of it shows.
struct Model {
    file: Vec<u8>,
    offset: usize,
    len: usize,
    /// From here on the mapping has zeros of its own.
    lost: Option<usize>,
    is_tracked: bool,
    checks_small_reads: bool,
    can_write: bool,
    /// There was a fault, and the model does not know where.
    is_vague: bool,
}

/// A call that fails because of the file: where that ends.
type Outcome<T> = Result<T, Option<u64>>;

impl Model {
    fn change(&mut self, change: Change) {
        match change {
            Change::SetLen(len) => self.file.resize(len.get(), 0),
            Change::Write { at, len, byte } => {
                let end = at.get() + usize::from(len);
                if len > 0 {
                    self.file.resize(self.file.len().max(end), 0);
                    self.file[at.get()..end].fill(byte);
                }
            }
            Change::Clear { from } => {
                let len = self.file.len();
                let from = from.get().min(len);
                self.file[from..].fill(0);
            }
        }
    }

    /// A byte of the mapping, which somebody looks at.
    fn look(&mut self, at: usize) -> u8 {
        if self.lost.is_some_and(|lost| at >= lost) {
            return 0;
        }
        let page = at - at % page_size();
        if self.offset + page >= self.file.len() {
            self.lost = Some(page);
            return 0;
        }
        self.file.get(self.offset + at).copied().unwrap_or(0)
    }

    fn check_faults(&self, end: usize) -> Outcome<()> {
        let Some(lost) = self.lost.filter(|&lost| lost < end) else { return Ok(()) };
        let at = self.offset + lost;
        // Without a descriptor nobody knows the size.
        Err(Some(if self.is_tracked { at.min(self.file.len()) } else { at } as u64))
    }

    fn check_size(&self, end: usize) -> Outcome<()> {
        let is_short = self.is_tracked && self.file.len() < self.offset + end;
        if is_short { Err(Some(self.file.len() as u64)) } else { Ok(()) }
    }

    fn check(&self, end: usize) -> Outcome<()> {
        self.check_faults(end)?;
        self.check_size(end)
    }

    /// A call that returns bytes, and looks at the size first if there are more than a few.
    fn copy(&mut self, start: usize, end: usize, asks_first: bool) -> Outcome<Vec<u8>> {
        self.check_faults(usize::MAX)?;
        let is_small = end - start <= SMALL_BYTES;
        if !is_small && asks_first {
            self.check(end)?;
        }
        let bytes: Vec<u8> = (start..end).map(|at| self.look(at)).collect();
        self.check_faults(end)?;
        if !is_small || (self.checks_small_reads && bytes.contains(&0)) {
            self.check_size(end)?;
        }
        Ok(bytes)
    }

    /// Only the bytes of the slice are looked at, and their first and last one are its ends.
    fn copy_stepped(&mut self, start: usize, end: usize, step: usize) -> Outcome<Vec<u8>> {
        self.check_faults(usize::MAX)?;
        let places: Vec<usize> = (start..end).step_by(step).collect();
        let end = places.last().map_or(0, |last| last + 1);
        let is_small = end.saturating_sub(start) <= SMALL_BYTES;
        if !is_small {
            self.check(end)?;
        }
        let bytes: Vec<u8> = places.into_iter().map(|at| self.look(at)).collect();
        self.check_faults(end)?;
        if !is_small || (self.checks_small_reads && bytes.contains(&0)) {
            self.check_size(end)?;
        }
        Ok(bytes)
    }

    fn write(&mut self, start: usize, bytes: &[u8]) -> Outcome<()> {
        self.check_faults(usize::MAX)?;
        if !self.can_write {
            return Err(None);
        }
        self.check(start + bytes.len())?;
        // Without a descriptor a write can go to a page that is not there, or behind the end within one, where it is
        // seen until the file changes. The calls of such cases are left out.
        self.file[self.offset + start..][..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn place(&self, place: Place) -> usize {
        place.get() % self.len
    }

    fn range(&self, start: Place, end: Place) -> (usize, usize) {
        let (a, b) = (start.get() % (self.len + 1), end.get() % (self.len + 1));
        (a.min(b), a.max(b))
    }
}

/// The outcome of a call in the model's terms.
#[track_caller]
fn of<T>(outcome: Result<T, Error>) -> Outcome<T> {
    outcome.map_err(|error| match error.is_truncated() {
        true => Some(error.offset().expect("truncated files have an end")),
        false => {
            assert!(error.is_read_only(), "{error:?}");
            None
        }
    })
}

fn seek(mapping: &mut Mapping, place: usize) -> Outcome<()> {
    of(mapping.seek(SeekFrom::Start(place as u64)).map(drop))
}

fn run(step: &Step, file: &File, m: &mut Mapping, model: &mut Model) {
    match *step {
        Step::Change(what) => {
            change(file, what).expect("a change of the file");
            model.change(what);
        }
        Step::Guarded { start, end, ref steps } => {
            let (start, end) = model.range(start, end);
            let wanted = model.check_faults(usize::MAX).and_then(|()| model.check(end));
            let mut was_run = false;
            let outcome = m.guarded(start..end, |bytes| {
                was_run = true;
                for step in steps.iter().take(16) {
                    match *step {
                        Inside::Change(what) => {
                            change(file, what).expect("a change of the file");
                            model.change(what);
                        }
                        Inside::Look(place) if !bytes.is_empty() => {
                            let at = place.get() % bytes.len();
                            // SAFETY: the byte is one of the slice; it may change at any time.
                            let byte = unsafe { bytes.as_ptr().add(at).read_volatile() };
                            assert_eq!(byte, model.look(start + at), "byte {}", start + at);
                        }
                        Inside::Look(_) => {}
                    }
                }
            });
            assert_eq!(was_run, wanted.is_ok());
            assert_eq!(of(outcome), wanted.and_then(|()| model.check(end)));
        }
        Step::Pointer { place } => {
            let at = model.place(place);
            // SAFETY: the mapping is open, and the byte lies in it.
            let byte = unsafe { m.as_ptr().add(at).read_volatile() };
            assert_eq!(byte, model.look(at));
            assert_eq!(of(m.check_faults()), model.check_faults(usize::MAX));
        }
        Step::Check { start, end } => {
            let (start, end) = model.range(start, end);
            assert_eq!(of(m.check(start..end)), model.check_faults(usize::MAX).and_then(|()| model.check(end)));
        }
        Step::Get(place) => {
            let at = model.place(place);
            assert_eq!(of(m.get(at as isize)), model.copy(at, at + 1, true).map(|bytes| bytes[0]));
        }
        Step::Slice { start, end } => {
            let (start, end) = model.range(start, end);
            assert_eq!(of(m.slice(start as isize..end as isize)), model.copy(start, end, true));
        }
        Step::SteppedSlice { start, end, step } => {
            let (start, end) = model.range(start, end);
            let step = usize::from(step) + 2;
            let found = of(m.slice(Slice::new(start as isize, end as isize, step as isize)));
            assert_eq!(found, model.copy_stepped(start, end, step));
        }
        Step::ReadByte(place) => {
            let at = model.place(place);
            let found = seek(m, at).and_then(|()| of(m.read_byte()));
            assert_eq!(found, model.copy(at, at + 1, true).map(|bytes| bytes[0]));
        }
        Step::ReadBytes { start, end } => {
            let (start, end) = model.range(start, end);
            let found = seek(m, start).and_then(|()| of(m.read_bytes(end - start)));
            assert_eq!(found, model.copy(start, end, true));
        }
        Step::ReadLine(place) => {
            let at = model.place(place);
            let found = seek(m, at).and_then(|()| of(m.read_line()));
            let line_end = (at..model.len).find(|&at| model.file.get(model.offset + at) == Some(&b'\n'));
            match (found, line_end) {
                // How far the search for a line's end looks ahead is its own affair: only lines are judged.
                (Ok(line), Some(end)) => {
                    assert!(model.lost.is_none());
                    assert_eq!(line, model.file[model.offset + at..=model.offset + end]);
                }
                (Ok(line), None) => {
                    let all: Vec<u8> = (at..model.len).map(|at| model.look(at)).collect();
                    assert!(model.lost.is_none());
                    assert_eq!(line, all);
                    if model.checks_small_reads {
                        assert!(all.is_empty() || model.check_size(model.len).is_ok());
                    }
                }
                (Err(_), _) => {
                    assert!(model.lost.is_some() || model.file.len() < model.offset + model.len);
                    model.learn(m);
                }
            }
        }
        Step::Read { start, end } => {
            let (start, end) = model.range(start, end);
            let mut bytes = vec![0; end - start];
            let found = seek(m, start).and_then(|()| {
                let read = io::Read::read(m, &mut bytes);
                of(read.map_err(|error| error.downcast::<Error>().expect("an error of ours")))
            });
            assert_eq!(found.map(|read| bytes[..read].to_vec()), model.copy(start, end, true));
        }
        Step::CopyOut { start, end } => {
            let (start, end) = model.range(start, end);
            let mut bytes = vec![0; end - start];
            let found = of(m.copy_out(start, &mut bytes));
            assert_eq!(found.map(|()| bytes), model.copy(start, end, false));
        }
        Step::Set(place, byte) => {
            let at = model.place(place);
            if model.can_be_judged_when_written() {
                assert_eq!(of(m.set(at as isize, byte)), model.write(at, &[byte]));
            }
        }
        Step::SetSlice { start, end, byte } => {
            let (start, end) = model.range(start, end);
            let bytes = vec![byte; end - start];
            if model.can_be_judged_when_written() {
                // An empty slice has no place that could be lost.
                let place = if bytes.is_empty() { 0 } else { start };
                assert_eq!(of(m.set_slice(start as isize..end as isize, &bytes)), model.write(place, &bytes));
            }
        }
        Step::CopyIn { at, len, byte } => {
            let at = model.place(at);
            let bytes = vec![byte; usize::from(len).min(model.len - at)];
            if model.can_be_judged_when_written() {
                // SAFETY: nobody has a reference to the bytes.
                assert_eq!(of(unsafe { m.copy_in(at, &bytes) }), model.write(at, &bytes));
            }
        }
        Step::Find { byte, is_last } => {
            let found = of(if is_last { m.rfind_in(&[byte], ..) } else { m.find_in(&[byte], ..) });
            let end = model.file.len().min(model.offset + model.len);
            let all = model.file.get(model.offset..end).unwrap_or_default();
            let place = if is_last {
                all.iter().rposition(|&found| found == byte)
            } else {
                all.iter().position(|&found| found == byte)
            };
            match (found, model.check_faults(usize::MAX).and_then(|()| model.check_size(model.len))) {
                (found, Ok(())) if model.is_tracked => assert_eq!(found, Ok(place)),
                // Without a descriptor zeros behind the end are found as well, and pages that are gone fault.
                (Ok(found), Ok(())) => assert!(byte == 0 || found == place || place.is_none()),
                (Ok(found), Err(_)) => {
                    assert!(model.lost.is_none() && found.is_some() && found == place && !is_last);
                }
                (Err(_), _) => assert!(model.lost.is_some() || model.file.len() < model.offset + model.len),
            }
            model.learn(m);
        }
    }
}

impl Model {
    /// What is written through a mapping without a descriptor, or into private pages, shows elsewhere than in the file.
    fn can_be_judged_when_written(&self) -> bool {
        !self.can_write || self.is_tracked
    }

    /// After a call that may have looked at pages that are gone.
    fn learn(&mut self, m: &Mapping) {
        if self.lost.is_none() && m.check_faults().is_err() {
            assert!(self.file.len() < self.offset + self.len);
            // Where exactly is the call's affair. Every call fails from here on, and the case is over.
            self.lost = Some(0);
            self.is_vague = true;
        }
    }
}

/// The other thread's changes come at any time. Of a file that is only cut, what is returned is the original.
fn run_beside_others(case: &Case, others: &[Change], file: &File, m: &mut Mapping, original: &[u8], offset: usize) {
    let only_cuts = others.iter().all(|change| matches!(change, Change::SetLen(_)));
    let writes = case
        .steps
        .iter()
        .any(|step| matches!(step, Step::Change(_) | Step::Set(..) | Step::SetSlice { .. } | Step::CopyIn { .. }));
    let is_exact = only_cuts && !writes && case.is_tracked && case.checks_small_reads;
    let barrier = Barrier::new(2);
    let len = m.len();
    let range = |start: Place, end: Place| {
        let (a, b) = (start.get() % (len + 1), end.get() % (len + 1));
        (a.min(b), a.max(b))
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            barrier.wait();
            let mut size = original.len() as u64;
            for &what in others.iter().take(8) {
                match what {
                    // A file that is only cut never grows.
                    Change::SetLen(len) if only_cuts => {
                        size = size.min(len.get() as u64);
                        file.set_len(size).expect("a cut");
                    }
                    what => change(file, what).expect("a change of the file"),
                }
            }
        });
        barrier.wait();
        for step in case.steps.iter().take(24) {
            let (found, start) = match *step {
                Step::Get(place) | Step::ReadByte(place) | Step::Pointer { place } => {
                    let at = place.get() % len;
                    (m.get(at as isize).map(|byte| vec![byte]), at)
                }
                Step::Slice { start, end } | Step::ReadBytes { start, end } | Step::SteppedSlice { start, end, .. } => {
                    let (start, end) = range(start, end);
                    (m.slice(start as isize..end as isize), start)
                }
                Step::Guarded { start, end, .. } | Step::Check { start, end } => {
                    let (start, end) = range(start, end);
                    (m.guarded(start..end, <[u8]>::to_vec), start)
                }
                Step::Read { start, end } | Step::CopyOut { start, end } => {
                    let (start, end) = range(start, end);
                    let mut bytes = vec![0; end - start];
                    (m.copy_out(start, &mut bytes).map(|()| bytes), start)
                }
                Step::ReadLine(place) => {
                    let at = place.get() % len;
                    let line = m.seek(SeekFrom::Start(at as u64)).and_then(|_| m.read_line());
                    (line, at)
                }
                Step::Find { byte, .. } => (m.find_in(&[byte], ..).map(|_| vec![]), 0),
                Step::Change(what) => {
                    change(file, what).expect("a change of the file");
                    continue;
                }
                Step::Set(place, byte) | Step::CopyIn { at: place, byte, .. } => {
                    (m.set((place.get() % len) as isize, byte).map(|()| vec![]), 0)
                }
                Step::SetSlice { start, end, byte } => {
                    let (start, end) = range(start, end);
                    (m.set_slice(start as isize..end as isize, &vec![byte; end - start]).map(|()| vec![]), 0)
                }
            };
            match found {
                Ok(bytes) if is_exact => assert_eq!(bytes, original[offset + start..][..bytes.len()]),
                Ok(_) => {}
                Err(error) if error.is_read_only() => assert!(matches!(case.kind, Kind::Read)),
                Err(error) => assert!(error.is_truncated() || error.is_io() && !is_exact, "{error:?}"),
            }
        }
    });
}

/// Checks one case.
pub fn check(case: Case) {
    let bytes = case.bytes();
    let offset = case.offset(bytes.len());
    let mut file = tempfile::tempfile().expect("a file");
    io::Write::write_all(&mut file, &bytes).expect("room for it");
    file.rewind().expect("a file");
    // SAFETY: the bytes do change under the calls, as that is what is tried; they are taken for bytes only.
    let mut m = unsafe { case.options(offset).map_file(&file) }.expect("a mapping");
    if let Some(others) = &case.others {
        return run_beside_others(&case, others, &file, &mut m, &bytes, offset);
    }
    let mut model = Model {
        len: bytes.len() - offset,
        file: bytes,
        offset,
        lost: None,
        is_tracked: case.is_tracked,
        checks_small_reads: case.checks_small_reads,
        can_write: !matches!(case.kind, Kind::Read),
        is_vague: false,
    };
    for step in case.steps.iter().take(24) {
        let is_write = matches!(step, Step::Set(..) | Step::SetSlice { .. } | Step::CopyIn { .. });
        // What is written to private pages shows in no file.
        if !(is_write && matches!(case.kind, Kind::Copy)) {
            run(step, &file, &mut m, &mut model);
        }
        if model.is_vague {
            break;
        }
    }
}
