//! The transcripts that `record_mmap.py` writes; its header documents the format.

use std::fmt;

use mapgrep::{Error, mapping::Access};

/// The class of an error: of one of Python's exceptions, or of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Closed,
    ReadOnly,
    OutOfRange,
    Invalid,
    WrongSize,
    Os(i32),
    /// Python's `OverflowError`: an integer that a C type does not hold.
    Overflow,
    /// Of ours only: no class, or two of them.
    Other(String),
}

impl Class {
    fn parse(text: &str) -> Class {
        match text {
            "closed" => Class::Closed,
            "ro" => Class::ReadOnly,
            "oor" => Class::OutOfRange,
            "inv" => Class::Invalid,
            "ws" => Class::WrongSize,
            "overflow" => Class::Overflow,
            _ => Class::Os(text.strip_prefix("os").unwrap().parse().unwrap()),
        }
    }
}

impl From<&Error> for Class {
    fn from(error: &Error) -> Class {
        let errno = error.io_error().and_then(|e| e.raw_os_error());
        let classes = [
            (error.is_closed(), Class::Closed),
            (error.is_read_only(), Class::ReadOnly),
            (error.is_out_of_range(), Class::OutOfRange),
            (error.is_invalid_input(), Class::Invalid),
            (error.is_wrong_size(), Class::WrongSize),
            (error.is_io() && errno.is_some(), Class::Os(errno.unwrap_or(0))),
            (error.is_truncated() || error.is_changed() || error.is_pattern(), Class::Other(error.to_string())),
        ];
        let mut true_ones = classes.into_iter().filter(|(is, _)| *is).map(|(_, class)| class);
        match (true_ones.next(), true_ones.next()) {
            (Some(class), None) => class,
            _ => Class::Other(format!("{error:?}")),
        }
    }
}

/// Bytes that a transcript has, or only their number and hash.
#[derive(Clone, Debug)]
pub(crate) enum Digest {
    Bytes(Vec<u8>),
    Hash { len: usize, hash: u64 },
}

impl Digest {
    pub(crate) fn is_of(&self, bytes: &[u8]) -> bool {
        match self {
            Digest::Bytes(own) => own == bytes,
            Digest::Hash { len, hash } => *len == bytes.len() && *hash == fnv(bytes),
        }
    }
}

/// What an operation gave, in Python.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Nothing,
    Int(i64),
    Bytes(Digest),
    Error(Class),
}

#[derive(Clone, Debug)]
pub(crate) enum Arg {
    None,
    Int(i64),
    Bytes(Vec<u8>),
    Word(&'static str),
}

pub(crate) struct Op {
    pub(crate) line: usize,
    pub(crate) text: &'static str,
    pub(crate) name: &'static str,
    pub(crate) args: Vec<Arg>,
    pub(crate) outcome: Outcome,
    /// The cursor and the length afterwards, where they changed.
    pub(crate) position: Option<usize>,
    pub(crate) length: Option<usize>,
}

impl Op {
    pub(crate) fn int(&self, index: usize) -> i64 {
        match self.args[index] {
            Arg::Int(value) => value,
            _ => panic!("line {}: argument {index} is no integer: {}", self.line, self.text),
        }
    }

    /// An integer, or none where there is no such argument or it is Python's `None`.
    pub(crate) fn maybe_int(&self, index: usize) -> Option<i64> {
        self.args.get(index).filter(|arg| !matches!(arg, Arg::None)).map(|_| self.int(index))
    }

    pub(crate) fn bytes(&self, index: usize) -> &[u8] {
        match &self.args[index] {
            Arg::Bytes(bytes) => bytes,
            _ => panic!("line {}: argument {index} is no bytes: {}", self.line, self.text),
        }
    }
}

pub(crate) struct Program {
    pub(crate) line: usize,
    pub(crate) text: &'static str,
    pub(crate) kind: &'static str,
    /// The file's bytes.
    pub(crate) content: Vec<u8>,
    pub(crate) len: usize,
    pub(crate) offset: u64,
    pub(crate) access: Access,
    pub(crate) flags: &'static str,
    pub(crate) prot: &'static str,
    pub(crate) track_fd: bool,
    /// The class of the constructor's exception.
    pub(crate) error: Option<Class>,
    pub(crate) ops: Vec<Op>,
    pub(crate) file_at_end: Option<Digest>,
    pub(crate) map_at_end: Option<Digest>,
}

impl Program {
    /// The access that the constructor arrives at: the default is decided by the protection.
    pub(crate) fn effective_access(&self) -> Access {
        match (self.access, self.prot.contains('r'), self.prot.contains('w')) {
            (Access::Default, true, true) => Access::Default,
            (Access::Default, false, true) => Access::Write,
            (Access::Default, _, false) => Access::Read,
            (access, ..) => access,
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

pub(crate) fn parse(transcript: &'static str) -> Vec<Program> {
    let mut programs: Vec<Program> = Vec::new();
    let mut alphabet = 0;
    for (line, text) in (1..).zip(transcript.lines()) {
        let words: Vec<&'static str> = text.split(' ').collect();
        match words[0] {
            "#" => {}
            "P" => {
                alphabet = words[3].parse().unwrap();
                programs.push(parse_program(line, text, &words));
            }
            "E" => {
                let program = programs.last_mut().unwrap();
                program.file_at_end = (words[1] != "-").then(|| parse_digest(words[1]));
                program.map_at_end = (words[2] != "-").then(|| parse_digest(words[2]));
            }
            _ => programs.last_mut().unwrap().ops.push(parse_op(line, text, &words, alphabet)),
        }
    }
    programs
}

fn parse_program(line: usize, text: &'static str, words: &[&'static str]) -> Program {
    let &[_, kind, size, alphabet, seed, len, offset, access, flags, prot, track_fd, _, outcome] = words else {
        panic!("line {line}: not a program: {text}");
    };
    let access = match access {
        "D" => Access::Default,
        "R" => Access::Read,
        "W" => Access::Write,
        _ => Access::Copy,
    };
    Program {
        line,
        text,
        kind,
        content: fill(alphabet.parse().unwrap(), seed.parse().unwrap(), size.parse().unwrap()),
        len: len.parse().unwrap(),
        offset: offset.parse().unwrap(),
        access,
        flags,
        prot,
        track_fd: track_fd == "1",
        error: outcome.strip_prefix('!').map(Class::parse),
        ops: Vec::new(),
        file_at_end: None,
        map_at_end: None,
    }
}

fn parse_op(line: usize, text: &'static str, words: &[&'static str], alphabet: usize) -> Op {
    let equals = words.iter().position(|word| word.starts_with('=')).unwrap();
    let args = words[1..equals].iter().map(|word| parse_arg(word, alphabet)).collect();
    let result = &words[equals][1..];
    let outcome = match result.as_bytes().first() {
        None => Outcome::Nothing,
        Some(b'!') => Outcome::Error(Class::parse(&result[1..])),
        Some(b'\'' | b'*') => Outcome::Bytes(parse_digest(result)),
        Some(_) => Outcome::Int(result.parse().unwrap()),
    };
    let after = |mark| words[equals + 1..].iter().find_map(|word| word.strip_prefix(mark)).map(|n| n.parse().unwrap());
    Op { line, text, name: words[0], args, outcome, position: after('@'), length: after('#') }
}

fn parse_arg(word: &'static str, alphabet: usize) -> Arg {
    match word.as_bytes()[0] {
        b'_' => Arg::None,
        b'\'' => Arg::Bytes(unescape(&word[1..])),
        b'~' => {
            let (len, seed) = word[1..].split_once(':').unwrap();
            Arg::Bytes(fill(alphabet, seed.parse().unwrap(), len.parse().unwrap()))
        }
        b'A'..=b'Z' => Arg::Word(word),
        _ => Arg::Int(word.parse().unwrap()),
    }
}

fn parse_digest(word: &str) -> Digest {
    match word.strip_prefix('*') {
        Some(rest) => {
            let (len, hash) = rest.split_once(':').unwrap();
            Digest::Hash { len: len.parse().unwrap(), hash: u64::from_str_radix(hash, 16).unwrap() }
        }
        None => Digest::Bytes(unescape(&word[1..])),
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend(&piece.as_bytes()[2..]);
    }
    bytes
}

/// The recorder's generator of contents.
fn fill(alphabet: usize, seed: u64, len: usize) -> Vec<u8> {
    const ALPHABETS: [&[u8]; 7] = [b"ab", b"ab\n", b"a\n", b"\r\nax", b"abcdefgh \n", b"\x00\xff\n~", b"aaaaaaaaaaab"];
    let letters = ALPHABETS[alphabet];
    let mut state = seed;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        letters[(state >> 33) as usize % letters.len()]
    };
    (0..len).map(|_| letter()).collect()
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}
