//! Indices, slices and searches in a mapping, and what Python's rules make of them in a `Vec`.

use std::fmt;

use arbitrary::Arbitrary;
use mapgrep::{
    Error,
    mapping::{Mapping, Slice},
};

use super::backing::Backing;
use super::shared::{Text, part_of};

/// A place: mostly one near the text, and now and then one that overflows whatever it is added to.
#[derive(Arbitrary, Clone, Copy)]
enum Place {
    Near(i8),
    Far(i16),
    Any(isize),
    FromLowest(u8),
    FromHighest(u8),
}

#[derive(Arbitrary, Clone, Copy)]
struct Bounds {
    start: Option<Place>,
    stop: Option<Place>,
    step: Option<Place>,
}

#[derive(Arbitrary)]
enum Call {
    Get(Place),
    Set(Place, u8),
    Slice(Bounds),
    /// Bytes of the right number, unless some more are asked for.
    SetSlice(Bounds, u8, Option<u8>),
    CopyWithin(Place, Place, Place),
    Find(Needle, Bounds),
    Rfind(Needle, Bounds),
    Iter,
}

#[derive(Arbitrary)]
enum Needle {
    Bytes(Text),
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

impl Place {
    fn get(self) -> isize {
        match self {
            Place::Near(at) => at.into(),
            Place::Far(at) => at.into(),
            Place::Any(at) => at,
            Place::FromLowest(distance) => isize::MIN + isize::from(distance),
            Place::FromHighest(distance) => isize::MAX - isize::from(distance),
        }
    }
}

impl Bounds {
    fn slice(self) -> Slice {
        Slice::new(self.start.map(Place::get), self.stop.map(Place::get), self.step.map(Place::get))
    }
}

impl Needle {
    fn bytes(&self, text: &[u8]) -> Vec<u8> {
        match self {
            Needle::Bytes(bytes) => bytes.bytes().unwrap_or_default(),
            Needle::OfText(start, len) => part_of(text, *start, *len),
        }
    }
}

impl Case {
    /// Few texts are long, as those take their time: some have more than a block of an iterator, fewer more than a
    /// chunk of a search.
    fn text(&self) -> Option<Vec<u8>> {
        let text = self.text.bytes()?;
        let repeats = match self.repeats {
            0xC8..=0xD2 => 9000 / text.len() + 1,
            0xD3 => (1 << 20) / text.len() + 2,
            _ => 1,
        };
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
        let mut model = Model { is_read_only: self.backing.is_read_only(), bytes: text };
        for call in &self.calls {
            let (name, arguments) = match call {
                Call::Get(at) => ("get", at.get().to_string()),
                Call::Set(at, byte) => ("set", format!("{}, {byte}", at.get())),
                Call::Slice(bounds) => ("slice", source_of(bounds.slice())),
                Call::SetSlice(bounds, seed, more) => {
                    let bytes = model.bytes_for(bounds.slice(), *seed, *more);
                    ("set_slice", format!("{}, b\"{}\"", source_of(bounds.slice()), bytes.escape_ascii()))
                }
                Call::CopyWithin(start, end, dest) => {
                    let [start, end, dest] = [start, end, dest].map(|place| place.get() as usize);
                    ("copy_within", format!("{start}..{end}, {dest}"))
                }
                Call::Find(needle, bounds) | Call::Rfind(needle, bounds) => {
                    let name = if matches!(call, Call::Find(..)) { "find_in" } else { "rfind_in" };
                    let needle = needle.bytes(&model.bytes);
                    (name, format!("b\"{}\", {}", needle.escape_ascii(), source_of(bounds.slice())))
                }
                Call::Iter => ("iter().collect::<Result<Vec<u8>, _>>", String::new()),
            };
            // What is written later depends on what is there.
            let wanted = match model.run(call) {
                Value::Bytes(bytes) if bytes.len() > 50 => format!("{} bytes", bytes.len()),
                wanted => format!("{wanted:?}"),
            };
            writeln!(f, "println!(\"{{:?}}\", m.{name}({arguments})); // {wanted}")?;
        }
        Ok(())
    }
}

fn source_of(slice: Slice) -> String {
    format!("Slice::new({:?}, {:?}, {:?})", slice.start, slice.stop, slice.step)
}

/// Python's rules, in numbers that do not overflow.
struct Model {
    is_read_only: bool,
    bytes: Vec<u8>,
}

type Outcome<T> = Result<T, &'static str>;

/// What a call gives.
#[derive(Debug, PartialEq)]
enum Value {
    Nothing,
    Byte(u8),
    Bytes(Vec<u8>),
    Place(Option<usize>),
    Error(&'static str),
}

impl<T: Into<Value>> From<Outcome<T>> for Value {
    fn from(outcome: Outcome<T>) -> Self {
        outcome.map_or_else(Value::Error, Into::into)
    }
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Value::Nothing
    }
}

impl From<u8> for Value {
    fn from(byte: u8) -> Self {
        Value::Byte(byte)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Value::Bytes(bytes)
    }
}

impl From<Option<usize>> for Value {
    fn from(place: Option<usize>) -> Self {
        Value::Place(place)
    }
}

impl Model {
    fn run(&mut self, call: &Call) -> Value {
        match call {
            Call::Get(at) => Value::from(self.place(at.get()).map(|at| self.bytes[at])),
            Call::Set(at, byte) => {
                Value::from(self.writable().and_then(|()| self.place(at.get())).map(|at| self.bytes[at] = *byte))
            }
            Call::Slice(bounds) => {
                let indices = indices(bounds.slice(), self.bytes.len());
                indices.map(|indices| indices.into_iter().map(|at| self.bytes[at]).collect::<Vec<u8>>()).into()
            }
            Call::SetSlice(bounds, seed, more) => {
                let bytes = self.bytes_for(bounds.slice(), *seed, *more);
                Value::from(self.set_slice(bounds.slice(), &bytes))
            }
            Call::CopyWithin(start, end, dest) => {
                Value::from(self.copy_within([start, end, dest].map(|place| place.get() as usize)))
            }
            Call::Find(needle, bounds) => Value::from(self.find(&needle.bytes(&self.bytes), bounds.slice(), false)),
            Call::Rfind(needle, bounds) => Value::from(self.find(&needle.bytes(&self.bytes), bounds.slice(), true)),
            Call::Iter => Value::Bytes(self.bytes.clone()),
        }
    }

    fn writable(&self) -> Outcome<()> {
        if self.is_read_only { Err("read-only") } else { Ok(()) }
    }

    fn place(&self, index: isize) -> Outcome<usize> {
        let len = self.bytes.len() as i128;
        let at = if index < 0 { index as i128 + len } else { index as i128 };
        if (0..len).contains(&at) { Ok(at as usize) } else { Err("out of range") }
    }

    fn bytes_for(&self, slice: Slice, seed: u8, more: Option<u8>) -> Vec<u8> {
        let count = indices(slice, self.bytes.len()).map_or(1, |at| at.len()) + usize::from(more.unwrap_or(0));
        (0..count).map(|i| seed.wrapping_add(i as u8)).collect()
    }

    fn set_slice(&mut self, slice: Slice, bytes: &[u8]) -> Outcome<()> {
        self.writable()?;
        let indices = indices(slice, self.bytes.len())?;
        if indices.len() != bytes.len() {
            return Err("wrong size");
        }
        for (at, &byte) in indices.into_iter().zip(bytes) {
            self.bytes[at] = byte;
        }
        Ok(())
    }

    fn copy_within(&mut self, [start, end, dest]: [usize; 3]) -> Outcome<()> {
        self.writable()?;
        let [first, behind, to, len] = [start, end, dest, self.bytes.len()].map(|n| n as i128);
        if first > behind || behind > len || to + (behind - first) > len {
            return Err("out of range");
        }
        let moved = self.bytes[start..end].to_vec();
        self.bytes[dest..dest + moved.len()].copy_from_slice(&moved);
        Ok(())
    }

    fn find(&self, needle: &[u8], slice: Slice, is_last: bool) -> Outcome<Option<usize>> {
        if slice.step.is_some_and(|step| step != 1) {
            return Err("invalid input");
        }
        let len = self.bytes.len() as i128;
        let place = |at: isize| (if at < 0 { at as i128 + len } else { at as i128 }).clamp(0, len) as usize;
        let (start, end) = (slice.start.map_or(0, place), slice.stop.map_or(self.bytes.len(), place));
        if start > end || needle.len() > end - start {
            return Ok(None);
        }
        let mut places = start..=end - needle.len();
        let is_at = |&at: &usize| self.bytes[at..].starts_with(needle);
        Ok(if is_last { places.rfind(is_at) } else { places.find(is_at) })
    }
}

/// Python's `range(*slice.indices(len))`.
fn indices(slice: Slice, len: usize) -> Outcome<Vec<usize>> {
    let (len, step) = (len as i128, slice.step.unwrap_or(1) as i128);
    if step == 0 {
        return Err("invalid input");
    }
    let (lowest, highest) = if step < 0 { (-1, len - 1) } else { (0, len) };
    let place = |at: isize| {
        let at = at as i128;
        if at < 0 { (at + len).max(lowest) } else { at.min(highest) }
    };
    let start = slice.start.map_or(if step < 0 { highest } else { lowest }, place);
    let stop = slice.stop.map_or(if step < 0 { lowest } else { highest }, place);
    let mut indices = vec![];
    let mut at = start;
    while if step > 0 { at < stop } else { at > stop } {
        indices.push(at as usize);
        at += step;
    }
    Ok(indices)
}

fn run(mapping: &mut Mapping, call: &Call, model: &Model) -> Value {
    let kind = |error: Error| kind(&error);
    match call {
        Call::Get(at) => Value::from(mapping.get(at.get()).map_err(kind)),
        Call::Set(at, byte) => Value::from(mapping.set(at.get(), *byte).map_err(kind)),
        Call::Slice(bounds) => Value::from(mapping.slice(bounds.slice()).map_err(kind)),
        Call::SetSlice(bounds, seed, more) => {
            let bytes = model.bytes_for(bounds.slice(), *seed, *more);
            Value::from(mapping.set_slice(bounds.slice(), &bytes).map_err(kind))
        }
        Call::CopyWithin(start, end, dest) => {
            let [start, end, dest] = [start, end, dest].map(|place| place.get() as usize);
            Value::from(mapping.copy_within(start..end, dest).map_err(kind))
        }
        Call::Find(needle, bounds) => {
            Value::from(mapping.find_in(&needle.bytes(&model.bytes), bounds.slice()).map_err(kind))
        }
        Call::Rfind(needle, bounds) => {
            Value::from(mapping.rfind_in(&needle.bytes(&model.bytes), bounds.slice()).map_err(kind))
        }
        Call::Iter => Value::from(mapping.iter().collect::<Result<Vec<u8>, Error>>().map_err(kind)),
    }
}

fn kind(error: &Error) -> &'static str {
    let kinds = [
        (error.is_out_of_range(), "out of range"),
        (error.is_read_only(), "read-only"),
        (error.is_invalid_input(), "invalid input"),
        (error.is_wrong_size(), "wrong size"),
    ];
    kinds.into_iter().find(|(is, _)| *is).map_or("unexpected", |(_, name)| name)
}

/// Checks one case.
pub fn check(case: Case) {
    let Some(text) = case.text() else { return };
    let mut mapping = case.backing.map(&text);
    let mut model = Model { is_read_only: case.backing.is_read_only(), bytes: text };
    for (number, call) in case.calls.iter().take(24).enumerate() {
        let found = run(&mut mapping, call, &model);
        let wanted = model.run(call);
        assert_eq!(found, wanted, "call {number}");
    }
    assert_eq!(mapping.slice(..).expect("all of it"), model.bytes);
    assert_eq!(mapping.tell().expect("a place"), 0, "no call moves the cursor");
}
