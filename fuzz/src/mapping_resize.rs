//! Mappings that change their length while they are used, and the files behind them, compared with a `Vec`.

use std::{
    fmt,
    fs::File,
    io::{SeekFrom, Write},
    os::unix::fs::FileExt,
};

use arbitrary::Arbitrary;
use mapgrep::{
    Error,
    mapping::{Access, MapFlags, MapOptions, Mapping, page_size},
};

use super::shared::Text;

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Backing {
    File { is_default: bool, second_page: bool, len: Option<Len> },
    FileCopy,
    FileRead,
    FileUntracked,
    Private,
    Copy,
    Shared,
}

/// A length: some pages, a bit more or less than some, or one that nothing has.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Len {
    Zero,
    Bytes(u16),
    Pages(u8, i8),
    Enormous(u8),
}

#[derive(Arbitrary)]
enum Call {
    Resize(Len),
    Get(u16),
    Set(u16, u8),
    /// At a place, so many bytes.
    Slice(u16, u16),
    SetSlice(u16, Text),
    CopyWithin(u16, u16, u16),
    Seek(u16),
    Stay,
    ReadBytes(u16),
    ReadByte,
    ReadLine,
    Write(Text),
    Find(Text),
    Rfind(Text),
    Flush(Option<(u8, i8, u16)>),
    Size,
}

#[derive(Arbitrary)]
pub struct Case {
    backing: Backing,
    text: Text,
    repeats: u8,
    calls: Vec<Call>,
}

impl Len {
    fn get(self) -> usize {
        match self {
            Len::Zero => 0,
            Len::Bytes(n) => n.into(),
            Len::Pages(pages, more) => (usize::from(pages % 8) * page_size()).saturating_add_signed(more.into()),
            Len::Enormous(less) => {
                [usize::MAX, isize::MAX as usize, 1 << 62][usize::from(less % 3)] - usize::from(less / 3)
            }
        }
    }
}

impl Backing {
    fn access(self) -> Access {
        match self {
            Backing::File { is_default: false, .. } | Backing::FileUntracked => Access::Write,
            Backing::FileCopy | Backing::Copy => Access::Copy,
            Backing::FileRead => Access::Read,
            Backing::File { .. } | Backing::Private | Backing::Shared => Access::Default,
        }
    }

    fn is_file(self) -> bool {
        !matches!(self, Backing::Private | Backing::Copy | Backing::Shared)
    }

    fn offset(self) -> usize {
        if matches!(self, Backing::File { second_page: true, .. }) { page_size() } else { 0 }
    }

    /// How many bytes are mapped of a file, or of memory, of `size`.
    fn len(self, size: usize) -> usize {
        let rest = size - self.offset();
        match self {
            Backing::File { len: Some(len), .. } => 1 + len.get() % rest,
            _ => rest,
        }
    }

    /// The mapping, and the file.
    fn map(self, text: &[u8]) -> (Mapping, Option<File>) {
        let mut options = MapOptions::new();
        options.access(self.access()).offset(self.offset() as u64).len(self.len(text.len()));
        if self.is_file() {
            let file = tempfile::tempfile_in("/dev/shm").or_else(|_| tempfile::tempfile());
            let mut file = file.expect("a file");
            file.write_all(text).expect("room for it");
            options.track_fd(!matches!(self, Backing::FileUntracked));
            // SAFETY: nobody else has the file.
            return (unsafe { options.map_file(&file) }.expect("a file that is not empty"), Some(file));
        }
        if matches!(self, Backing::Private) {
            // SAFETY: the memory is not shared, and that is all.
            unsafe { options.flags(MapFlags::PRIVATE) };
        }
        let mut mapping = options.map_anonymous().expect("memory");
        mapping.set_slice(.., text).expect("as much as there is");
        (mapping, None)
    }
}

impl Case {
    fn text(&self) -> Option<Vec<u8>> {
        let text = self.text.bytes()?;
        let repeats = match (self.repeats, self.backing.offset()) {
            (0..200, 0) => 1,
            (more, offset) => (offset + usize::from(more) * 64) / text.len() + 1,
        };
        Some(text.repeat(repeats))
    }
}

/// Statements that do what the target did.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(text) = self.text() else { return writeln!(f, "// nothing to map") };
        let short = self.text.bytes().unwrap_or_default();
        writeln!(f, "let text = b\"{}\".repeat({});", short.escape_ascii(), text.len() / short.len())?;
        writeln!(f, "let mut options = MapOptions::new();")?;
        let (offset, len) = (self.backing.offset(), self.backing.len(text.len()));
        writeln!(f, "options.access(Access::{:?}).offset({offset}).len({len});", self.backing.access())?;
        match self.backing {
            Backing::Private | Backing::Copy | Backing::Shared => {
                if matches!(self.backing, Backing::Private) {
                    writeln!(f, "unsafe {{ options.flags(MapFlags::PRIVATE) }};")?;
                }
                writeln!(f, "let mut m = options.map_anonymous().unwrap();")?;
                writeln!(f, "m.set_slice(.., &text).unwrap();")?;
            }
            _ => {
                writeln!(f, "options.track_fd({});", !matches!(self.backing, Backing::FileUntracked))?;
                writeln!(f, "let mut file = tempfile::tempfile_in(\"/dev/shm\").unwrap();")?;
                writeln!(f, "file.write_all(&text).unwrap();")?;
                writeln!(f, "let mut m = unsafe {{ options.map_file(&file) }}.unwrap();")?;
            }
        }
        let mut model = Model::new(self.backing, text);
        for call in &self.calls {
            let shown = match call {
                Call::Resize(len) => format!("resize({})", len.get()),
                Call::Get(at) => format!("get({at})"),
                Call::Set(at, byte) => format!("set({at}, {byte})"),
                Call::Slice(at, len) => {
                    let end = usize::from(*at) + usize::from(*len);
                    format!("guarded({at}..{end}, <[u8]>::to_vec)")
                }
                Call::SetSlice(at, text) => {
                    let bytes = text.bytes().unwrap_or_default();
                    let end = usize::from(*at) + bytes.len();
                    let bytes = bytes.escape_ascii();
                    format!("guarded_mut({at}..{end}, |bytes| bytes.copy_from_slice(b\"{bytes}\"))")
                }
                Call::CopyWithin(start, len, to) => {
                    format!("copy_within({start}..{}, {to})", usize::from(*start) + usize::from(*len))
                }
                Call::Seek(to) => format!("seek(SeekFrom::Start({to}))"),
                Call::Stay => "seek(SeekFrom::Current(0))".to_owned(),
                Call::ReadBytes(n) => format!("read_bytes({n})"),
                Call::ReadByte => "read_byte()".to_owned(),
                Call::ReadLine => "read_line()".to_owned(),
                Call::Write(text) => format!("write(b\"{}\")", text.bytes().unwrap_or_default().escape_ascii()),
                Call::Find(text) => format!("find(b\"{}\")", text.bytes().unwrap_or_default().escape_ascii()),
                Call::Rfind(text) => format!("rfind(b\"{}\")", text.bytes().unwrap_or_default().escape_ascii()),
                Call::Flush(None) => "flush()".to_owned(),
                Call::Flush(Some(range)) => {
                    let [start, end] = flushed(*range);
                    format!("flush_range({start}..{end})")
                }
                Call::Size => "size()".to_owned(),
            };
            let wanted = match model.run(call) {
                Value::Bytes(bytes) if bytes.len() > 50 => format!("{} bytes", bytes.len()),
                wanted => format!("{wanted:?}"),
            };
            writeln!(f, "println!(\"{{:?}}\", m.{shown}); // {wanted}")?;
        }
        Ok(())
    }
}

/// What a call gives.
#[derive(Debug, PartialEq)]
enum Value {
    Nothing,
    Number(u64),
    Bytes(Vec<u8>),
    Place(Option<usize>),
    Error(&'static str),
}

struct Model {
    backing: Backing,
    /// All of the file; of memory, whole pages, as those keep what is behind the end.
    bytes: Vec<u8>,
    offset: usize,
    len: usize,
    position: usize,
}

impl Model {
    fn new(backing: Backing, mut text: Vec<u8>) -> Self {
        let (offset, len) = (backing.offset(), backing.len(text.len()));
        if !backing.is_file() {
            text.resize(text.len().next_multiple_of(page_size()), 0);
        }
        Model { backing, bytes: text, offset, len, position: 0 }
    }

    fn mapped(&self) -> &[u8] {
        &self.bytes[self.offset..self.offset + self.len]
    }

    /// A range of what is mapped, from `at` on.
    fn range(&mut self, at: usize, len: usize) -> Option<&mut [u8]> {
        let mapped = &mut self.bytes[self.offset..self.offset + self.len];
        mapped.get_mut(at..at + len)
    }

    fn is_writable(&self) -> bool {
        self.backing.access() != Access::Read
    }

    fn run(&mut self, call: &Call) -> Value {
        let changes = matches!(call, Call::Set(..) | Call::SetSlice(..) | Call::CopyWithin(..) | Call::Write(_));
        if changes && !self.is_writable() {
            return Value::Error("read-only");
        }
        self.run_writable(call).unwrap_or(Value::Error("out of range"))
    }

    /// Nothing when something is out of range.
    fn run_writable(&mut self, call: &Call) -> Option<Value> {
        let position = self.position.min(self.len);
        let value = match call {
            Call::Resize(len) => self.resize(len.get())?,
            Call::Get(at) => Value::Number(self.range(usize::from(*at), 1)?[0].into()),
            Call::Set(at, byte) => {
                self.range(usize::from(*at), 1)?[0] = *byte;
                Value::Nothing
            }
            Call::Slice(at, len) => Value::Bytes(self.range(usize::from(*at), usize::from(*len))?.to_vec()),
            Call::SetSlice(at, text) => {
                let bytes = text.bytes().unwrap_or_default();
                self.range(usize::from(*at), bytes.len())?.copy_from_slice(&bytes);
                Value::Nothing
            }
            Call::CopyWithin(start, len, to) => {
                let moved = self.range(usize::from(*start), usize::from(*len))?.to_vec();
                self.range(usize::from(*to), usize::from(*len))?.copy_from_slice(&moved);
                Value::Nothing
            }
            Call::Seek(to) => {
                self.range(usize::from(*to), 0)?;
                self.position = usize::from(*to);
                Value::Number(u64::from(*to))
            }
            Call::Stay => {
                self.range(self.position, 0)?;
                Value::Number(self.position as u64)
            }
            Call::ReadBytes(n) => self.read((self.len - position).min(usize::from(*n))),
            Call::ReadByte => {
                let byte = self.range(self.position, 1)?[0];
                self.position += 1;
                Value::Number(byte.into())
            }
            Call::ReadLine => {
                let rest = &self.mapped()[position..];
                self.read(rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |newline| newline + 1))
            }
            Call::Write(text) => {
                let bytes = text.bytes().unwrap_or_default();
                self.range(self.position, bytes.len())?.copy_from_slice(&bytes);
                self.position += bytes.len();
                Value::Number(bytes.len() as u64)
            }
            Call::Find(text) => Value::Place(self.find(&text.bytes().unwrap_or_default(), false)),
            Call::Rfind(text) => Value::Place(self.find(&text.bytes().unwrap_or_default(), true)),
            Call::Flush(None) => Value::Nothing,
            Call::Flush(Some(range)) => {
                let [start, end] = flushed(*range);
                self.range(start, end.checked_sub(start)?)?;
                let flushes = !matches!(self.backing.access(), Access::Read | Access::Copy);
                if flushes && start % page_size() != 0 { Value::Error("EINVAL") } else { Value::Nothing }
            }
            Call::Size if !self.backing.is_file() || matches!(self.backing, Backing::FileUntracked) => {
                Value::Error("EBADF")
            }
            Call::Size => Value::Number(self.bytes.len() as u64),
        };
        Some(value)
    }

    /// From the cursor, or from the end where that is before it.
    fn read(&mut self, n: usize) -> Value {
        let start = self.position.min(self.len);
        let bytes = self.mapped()[start..start + n].to_vec();
        self.position += n;
        Value::Bytes(bytes)
    }

    fn find(&self, needle: &[u8], is_last: bool) -> Option<usize> {
        let mapped = self.mapped();
        let mut places = self.position.min(self.len)..=mapped.len().checked_sub(needle.len())?;
        let is_at = |&at: &usize| mapped[at..].starts_with(needle);
        if is_last { places.rfind(is_at) } else { places.find(is_at) }
    }

    /// Nothing when no file is so long.
    fn resize(&mut self, len: usize) -> Option<Value> {
        if matches!(self.backing, Backing::FileUntracked) {
            return Some(Value::Error("invalid input"));
        }
        if matches!(self.backing.access(), Access::Read | Access::Copy) {
            return Some(Value::Error("read-only"));
        }
        if len == 0 {
            return Some(Value::Error("invalid input"));
        }
        let end = self.offset.checked_add(len).filter(|&end| end <= i64::MAX as usize)?;
        // Shared memory has the pages that it was made with, and keeps what is in them.
        let is_shared = matches!(self.backing, Backing::Shared);
        if is_shared && len > self.bytes.len() {
            return Some(Value::Error("EINVAL"));
        }
        if len > 1 << 40 {
            return Some(Value::Error("the system's"));
        }
        let end = if self.backing.is_file() { end } else { end.next_multiple_of(page_size()) };
        if !is_shared {
            self.bytes.resize(end, 0);
        }
        self.len = len;
        Some(Value::Nothing)
    }
}

/// Both ends of a range that is flushed.
fn flushed((page, more, len): (u8, i8, u16)) -> [usize; 2] {
    let start = (usize::from(page % 8) * page_size()).saturating_add_signed(more.into());
    [start, start + usize::from(len)]
}

#[allow(clippy::seek_from_current)] // The other way to ask for the place, which is no error where this is one.
fn run(mapping: &mut Mapping, call: &Call, is_shared: bool) -> Value {
    match call {
        Call::Resize(len) => match mapping.resize(len.get()) {
            // No two systems agree on what to say about a length that they do not have.
            Err(error) if len.get() > 1 << 40 && error.is_io() && !is_shared => Value::Error("the system's"),
            resized => value(resized, |()| Value::Nothing),
        },
        Call::Get(at) => value(mapping.get(*at as isize), |byte| Value::Number(byte.into())),
        Call::Set(at, byte) => value(mapping.set(*at as isize, *byte), |()| Value::Nothing),
        Call::Slice(at, len) => {
            let at = usize::from(*at);
            value(mapping.guarded(at..at + usize::from(*len), <[u8]>::to_vec), Value::Bytes)
        }
        Call::SetSlice(at, text) => {
            let (at, bytes) = (usize::from(*at), text.bytes().unwrap_or_default());
            let set = mapping.guarded_mut(at..at + bytes.len(), |place| place.copy_from_slice(&bytes));
            value(set, |()| Value::Nothing)
        }
        Call::CopyWithin(start, len, to) => {
            let start = usize::from(*start);
            let moved = mapping.copy_within(start..start + usize::from(*len), usize::from(*to));
            value(moved, |()| Value::Nothing)
        }
        Call::Seek(to) => value(mapping.seek(SeekFrom::Start((*to).into())), Value::Number),
        Call::Stay => value(mapping.seek(SeekFrom::Current(0)), Value::Number),
        Call::ReadBytes(n) => value(mapping.read_bytes(usize::from(*n)), Value::Bytes),
        Call::ReadByte => value(mapping.read_byte(), |byte| Value::Number(byte.into())),
        Call::ReadLine => value(mapping.read_line(), Value::Bytes),
        Call::Write(text) => value(mapping.write(&text.bytes().unwrap_or_default()), |n| Value::Number(n as u64)),
        Call::Find(text) => value(mapping.find(&text.bytes().unwrap_or_default()), Value::Place),
        Call::Rfind(text) => value(mapping.rfind(&text.bytes().unwrap_or_default()), Value::Place),
        Call::Flush(None) => value(Mapping::flush(mapping), |()| Value::Nothing),
        Call::Flush(Some(range)) => {
            let [start, end] = flushed(*range);
            value(mapping.flush_range(start..end), |()| Value::Nothing)
        }
        Call::Size => value(mapping.size(), Value::Number),
    }
}

fn value<T>(outcome: Result<T, Error>, make: impl FnOnce(T) -> Value) -> Value {
    outcome.map_or_else(|error| Value::Error(kind(&error)), make)
}

fn kind(error: &Error) -> &'static str {
    const EBADF: i32 = 9;
    const EINVAL: i32 = 22;
    match error.io_error().map(|error| error.raw_os_error()) {
        Some(Some(EBADF)) => "EBADF",
        Some(Some(EINVAL)) => "EINVAL",
        Some(_) => "another error of the system",
        None if error.is_out_of_range() => "out of range",
        None if error.is_read_only() => "read-only",
        None if error.is_invalid_input() => "invalid input",
        None => "unexpected",
    }
}

/// Checks one case.
pub fn check(case: Case) {
    let Some(text) = case.text() else { return };
    let (mut mapping, file) = case.backing.map(&text);
    let mut model = Model::new(case.backing, text.clone());
    for (number, call) in case.calls.iter().take(32).enumerate() {
        let found = run(&mut mapping, call, matches!(case.backing, Backing::Shared));
        let wanted = model.run(call);
        assert_eq!(found, wanted, "call {number}");
        assert_eq!(mapping.len(), model.len, "call {number}");
        assert_eq!(mapping.tell().expect("a place"), model.position, "call {number}");
        if wanted == Value::Error("the system's") && file.is_some() {
            // The file may have been extended before the system found that nothing so long can be mapped.
            break;
        }
    }
    assert_eq!(mapping.slice(..).expect("all of it"), model.mapped());
    drop(mapping);
    let Some(file) = file else { return };
    let wanted = if matches!(case.backing, Backing::FileCopy) { &text } else { &model.bytes };
    let mut bytes = vec![0; wanted.len()];
    file.read_exact_at(&mut bytes, 0).expect("a file that is long enough");
    assert_eq!(bytes, *wanted);
    let size = file.metadata().expect("a size").len();
    assert!(size == wanted.len() as u64 || size > 1 << 40, "{size} bytes, not {}", wanted.len());
}
