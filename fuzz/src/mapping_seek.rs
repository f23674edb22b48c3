//! The cursor of a mapping, and that of `std::io::Cursor`.

use std::{
    fmt,
    io::{self, BufRead, Cursor, Read, Seek, SeekFrom, Write},
};

use arbitrary::Arbitrary;
use mapgrep::{Error, mapping::Mapping};

use super::backing::Backing;
use super::shared::{Text, part_of};

#[derive(Arbitrary, Clone, Copy, Debug)]
enum To {
    Start(Number),
    Current(Number),
    End(Number),
}

/// Mostly a small one.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Number {
    Small(i8),
    Medium(i16),
    Any(i64),
}

#[derive(Arbitrary, Debug)]
enum Call {
    Seek(To),
    /// The same by the trait of std.
    StdSeek(To),
    Rewind,
    Tell,
    ReadBytes(Option<Number>),
    ReadByte,
    ReadLine,
    Read(u16),
    ReadExact(u8),
    Write(Vec<u8>),
    WriteAll(Vec<u8>),
    WriteByte(u8),
    Buffered(Vec<BufferedCall>),
    Find(Needle),
    Rfind(Needle),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum BufferedCall {
    /// Some of what is in the buffer.
    Consume(u16),
    ReadUntil(u8),
    ReadLine,
    Read(u16),
    ReadToEnd,
}

#[derive(Arbitrary, Debug)]
enum Needle {
    Byte(u8),
    Letters(u8, u8),
    /// A part of the text, which is there to be found.
    OfText(u16, u8),
}

#[derive(Arbitrary)]
pub struct Case {
    backing: Backing,
    text: Text,
    repeats: u8,
    calls: Vec<Call>,
}

impl To {
    fn get(self) -> SeekFrom {
        match self {
            To::Start(n) => SeekFrom::Start(n.get() as u64),
            To::Current(n) => SeekFrom::Current(n.get()),
            To::End(n) => SeekFrom::End(n.get()),
        }
    }
}

impl Number {
    fn get(self) -> i64 {
        match self {
            Number::Small(n) => n.into(),
            Number::Medium(n) => n.into(),
            Number::Any(n) => n,
        }
    }
}

impl Needle {
    fn bytes(&self, text: &[u8]) -> Vec<u8> {
        match self {
            Needle::Byte(byte) => vec![*byte],
            Needle::Letters(letter, len) => vec![b'a' + letter % 2; usize::from(len % 9)],
            Needle::OfText(start, len) => part_of(text, *start, *len),
        }
    }
}

impl Case {
    /// Few texts have more than the buffer of a reader, as those take their time.
    fn text(&self) -> Option<Vec<u8>> {
        let text = self.text.bytes()?;
        let repeats = if self.repeats < 240 || self.repeats == 255 { 1 } else { 140_000 / text.len() + 1 };
        Some(text.repeat(repeats))
    }
}

/// Statements that do what the target did.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(text) = self.text() else { return writeln!(f, "// nothing to map") };
        let short = self.text.bytes().unwrap_or_default();
        let repeats = text.len() / short.len();
        self.backing.write_source(&short, repeats, f)?;
        let mut model = Model::new(self.backing, text);
        for call in &self.calls {
            let shown = match call {
                Call::Seek(to) => format!("m.seek(SeekFrom::{:?})", to.get()),
                Call::StdSeek(to) => format!("io::Seek::seek(&mut m, SeekFrom::{:?})", to.get()),
                Call::Rewind => "m.rewind()".to_owned(),
                Call::Tell => "m.tell()".to_owned(),
                Call::ReadBytes(n) => format!("m.read_bytes({:?})", n.map(|n| n.get() as usize)),
                Call::ReadByte => "m.read_byte()".to_owned(),
                Call::ReadLine => "m.read_line()".to_owned(),
                Call::Read(n) => format!("io::Read::read(&mut m, &mut [0; {n}])"),
                Call::ReadExact(n) => format!("m.read_exact(&mut [0; {n}])"),
                Call::Write(bytes) => format!("m.write(b\"{}\")", bytes.escape_ascii()),
                Call::WriteAll(bytes) => format!("m.write_all(b\"{}\")", bytes.escape_ascii()),
                Call::WriteByte(byte) => format!("m.write_byte({byte})"),
                Call::Buffered(calls) => format!("m.buffered().{calls:?}"),
                Call::Find(needle) => format!("m.find(b\"{}\")", needle.bytes(&model.text()).escape_ascii()),
                Call::Rfind(needle) => format!("m.rfind(b\"{}\")", needle.bytes(&model.text()).escape_ascii()),
            };
            // What is searched for later depends on what was written.
            let wanted = match model.run(call) {
                Value::Bytes(bytes) if bytes.len() > 50 => format!("{} bytes", bytes.len()),
                Value::Many(values) => format!("{} values", values.len()),
                wanted => format!("{wanted:?}"),
            };
            writeln!(f, "println!(\"{{:?}}\", {shown}); // {wanted}, then at {}", model.cursor.position())?;
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
    Many(Vec<Value>),
    Error(&'static str),
}

struct Model {
    is_read_only: bool,
    cursor: Cursor<Vec<u8>>,
}

impl Model {
    fn new(backing: Backing, text: Vec<u8>) -> Self {
        Model { is_read_only: backing.is_read_only(), cursor: Cursor::new(text) }
    }

    fn text(&self) -> Vec<u8> {
        self.cursor.get_ref().clone()
    }

    fn run(&mut self, call: &Call) -> Value {
        match call {
            Call::Seek(to) | Call::StdSeek(to) => self.seek(to.get()),
            Call::Rewind => self.seek(SeekFrom::Start(0)),
            Call::Tell => Value::Number(self.cursor.position()),
            Call::ReadBytes(n) => {
                let n = n.map_or(u64::MAX, |n| n.get() as u64);
                let mut bytes = vec![];
                Read::by_ref(&mut self.cursor).take(n).read_to_end(&mut bytes).expect("memory");
                Value::Bytes(bytes)
            }
            Call::ReadByte => {
                let mut byte = [0];
                let read = self.cursor.read_exact(&mut byte);
                read.map_or(Value::Error("out of range"), |()| Value::Number(byte[0].into()))
            }
            Call::ReadLine => read_until(&mut self.cursor, b'\n'),
            Call::Read(n) => read(&mut self.cursor, *n),
            Call::ReadExact(n) => {
                let mut bytes = vec![0; usize::from(*n)];
                let read = self.cursor.read_exact(&mut bytes);
                read.map_or(Value::Error("end"), |()| Value::Bytes(bytes))
            }
            Call::Write(bytes) => match self.write(bytes) {
                Value::Nothing => Value::Number(bytes.len() as u64),
                error => error,
            },
            // Where there is nothing to write, std asks for nothing.
            Call::WriteAll(bytes) if bytes.is_empty() => Value::Nothing,
            Call::WriteAll(bytes) => self.write(bytes),
            Call::WriteByte(byte) => self.write(&[*byte]),
            Call::Buffered(calls) => buffered(&mut self.cursor, calls),
            Call::Find(needle) => Value::Place(self.find(&needle.bytes(self.cursor.get_ref()), false)),
            Call::Rfind(needle) => Value::Place(self.find(&needle.bytes(self.cursor.get_ref()), true)),
        }
    }

    /// A cursor of std goes behind the end.
    fn seek(&mut self, to: SeekFrom) -> Value {
        let len = self.cursor.get_ref().len() as i128;
        let place = match to {
            SeekFrom::Start(place) => place.into(),
            SeekFrom::Current(distance) => i128::from(self.cursor.position()) + i128::from(distance),
            SeekFrom::End(distance) => len + i128::from(distance),
        };
        if !(0..=len).contains(&place) {
            return Value::Error("out of range");
        }
        Value::Number(self.cursor.seek(to).expect("a place that there is"))
    }

    /// A cursor of std makes room.
    fn write(&mut self, bytes: &[u8]) -> Value {
        if self.is_read_only {
            return Value::Error("read-only");
        }
        if self.cursor.position() + bytes.len() as u64 > self.cursor.get_ref().len() as u64 {
            return Value::Error("out of range");
        }
        self.cursor.write_all(bytes).expect("memory");
        Value::Nothing
    }

    fn find(&self, needle: &[u8], is_last: bool) -> Option<usize> {
        let (text, start) = (self.cursor.get_ref(), self.cursor.position() as usize);
        let mut places = start..=text.len().checked_sub(needle.len())?;
        let is_at = |&at: &usize| text[at..].starts_with(needle);
        if is_last { places.rfind(is_at) } else { places.find(is_at) }
    }
}

fn run(mapping: &mut Mapping, call: &Call, model: &Model) -> Value {
    let text = model.cursor.get_ref();
    match call {
        Call::Seek(to) => value(mapping.seek(to.get()), Value::Number),
        Call::StdSeek(to) => std_value(Seek::seek(mapping, to.get()), Value::Number),
        Call::Rewind => std_value(mapping.rewind(), |()| Value::Number(0)),
        Call::Tell => value(mapping.tell(), |at| Value::Number(at as u64)),
        Call::ReadBytes(n) => value(mapping.read_bytes(n.map(|n| n.get() as usize)), Value::Bytes),
        Call::ReadByte => value(mapping.read_byte(), |byte| Value::Number(byte.into())),
        Call::ReadLine => value(mapping.read_line(), Value::Bytes),
        Call::Read(n) => read(mapping, *n),
        Call::ReadExact(n) => {
            let mut bytes = vec![0; usize::from(*n)];
            let read = mapping.read_exact(&mut bytes);
            std_value(read, |()| Value::Bytes(bytes))
        }
        Call::Write(bytes) => value(mapping.write(bytes), |n| Value::Number(n as u64)),
        Call::WriteAll(bytes) => std_value(mapping.write_all(bytes), |()| Value::Nothing),
        Call::WriteByte(byte) => value(mapping.write_byte(*byte), |()| Value::Nothing),
        Call::Buffered(calls) => buffered(&mut mapping.buffered(), calls),
        Call::Find(needle) => value(mapping.find(&needle.bytes(text)), Value::Place),
        Call::Rfind(needle) => value(mapping.rfind(&needle.bytes(text)), Value::Place),
    }
}

fn value<T>(outcome: Result<T, Error>, make: impl FnOnce(T) -> Value) -> Value {
    outcome.map_or_else(|error| Value::Error(kind(&error)), make)
}

/// An error of std has ours inside, unless std found it out by itself.
fn std_value<T>(outcome: io::Result<T>, make: impl FnOnce(T) -> Value) -> Value {
    let kind = |error: io::Error| match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => kind(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => "end",
        None => "unexpected",
    };
    outcome.map_or_else(|error| Value::Error(kind(error)), make)
}

fn kind(error: &Error) -> &'static str {
    match (error.is_out_of_range(), error.is_read_only()) {
        (true, _) => "out of range",
        (_, true) => "read-only",
        _ => "unexpected",
    }
}

fn read(reader: &mut impl Read, n: u16) -> Value {
    let mut bytes = vec![0; n.into()];
    let read = reader.read(&mut bytes);
    std_value(read, |n| {
        bytes.truncate(n);
        Value::Bytes(bytes)
    })
}

fn read_until(reader: &mut impl BufRead, end: u8) -> Value {
    let mut bytes = vec![];
    let read = reader.read_until(end, &mut bytes);
    std_value(read, |n| {
        assert_eq!(n, bytes.len());
        Value::Bytes(bytes)
    })
}

/// What is read through buffers of different sizes is the same; how much a single call gives is not.
fn buffered(reader: &mut impl BufRead, calls: &[BufferedCall]) -> Value {
    let call = |call: &BufferedCall| match *call {
        BufferedCall::Consume(n) => {
            let mut taken = vec![];
            while taken.len() < usize::from(n) {
                let bytes = reader.fill_buf().expect("memory");
                let n = bytes.len().min(usize::from(n) - taken.len());
                if n == 0 {
                    break;
                }
                taken.extend_from_slice(&bytes[..n]);
                reader.consume(n);
            }
            Value::Bytes(taken)
        }
        BufferedCall::ReadUntil(byte) => read_until(reader, byte),
        BufferedCall::ReadLine => read_until(reader, b'\n'),
        BufferedCall::Read(n) => {
            let mut bytes = vec![];
            std_value(reader.take(n.into()).read_to_end(&mut bytes), |_| Value::Bytes(bytes))
        }
        BufferedCall::ReadToEnd => {
            let mut bytes = vec![];
            std_value(reader.read_to_end(&mut bytes), |_| Value::Bytes(bytes))
        }
    };
    Value::Many(calls.iter().take(8).map(call).collect())
}

/// Checks one case.
pub fn check(case: Case) {
    let Some(text) = case.text() else { return };
    let mut mapping = case.backing.map(&text);
    let mut model = Model::new(case.backing, text);
    for (number, call) in case.calls.iter().take(32).enumerate() {
        let found = run(&mut mapping, call, &model);
        assert_eq!(found, model.run(call), "call {number}");
        assert_eq!(mapping.tell().expect("a place") as u64, model.cursor.position(), "call {number}");
    }
    assert_eq!(mapping.slice(..).expect("all of it"), *model.cursor.get_ref());
}
