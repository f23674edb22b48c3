//! The deterministic generator behind every data set of the project.
//!
//! One call, [`generate`], writes one data set. What it writes depends on the
//! kind, the seed and the size alone: there is no clock, no floating point and
//! no platform-dependent integer in it, and the random numbers come from
//! xoshiro256++, which is fixed for good. Memory use does not grow with the
//! size.
//!
//! The lines of a kind and a seed form one endless sequence. A data set is that
//! sequence up to the requested size, so a smaller data set is a prefix of a
//! larger one, apart from its last line (see [`Kind::Jsonl`] for how that line
//! is ended).

mod clock;
mod dna;
mod hdfs;
mod jsonl;
mod needle;
mod random;
mod syslog;
mod template;
mod text;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

/// How much text is collected before it is handed to the writer.
const CHUNK: usize = 256 << 10;

/// Room for the line that takes the buffer over [`CHUNK`]. A longer line only
/// makes the buffer grow.
const SLACK: usize = 16 << 10;

/// What a data set looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Service logs, one JSON object a line.
    ///
    /// Cutting a line would leave broken JSON at the end. Instead, the last
    /// line that fits is followed by spaces up to the requested size.
    Jsonl,
    /// Syslog lines of a few hundred hosts. The last line is cut to size.
    Syslog,
    /// The log of a distributed file system. The last line is cut to size.
    Hdfs,
    /// FASTA records in lines of 60 or 70 bases. The last line is cut to size.
    Dna,
}

impl Kind {
    /// Every kind there is.
    pub(crate) const ALL: [Self; 4] = [Self::Jsonl, Self::Syslog, Self::Hdfs, Self::Dna];

    /// The name by which the command line and the manifest call this kind.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Syslog => "syslog",
            Self::Hdfs => "hdfs",
            Self::Dna => "dna",
        }
    }

    /// The endless sequence of lines of this kind.
    fn lines(self, seed: u64) -> Box<dyn Lines> {
        match self {
            Self::Jsonl => Box::new(jsonl::Jsonl::new(seed)),
            Self::Syslog => Box::new(syslog::Syslog::new(seed)),
            Self::Hdfs => Box::new(hdfs::Hdfs::new(seed)),
            Self::Dna => Box::new(dna::Dna::new(seed)),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

/// A name that belongs to no [`Kind`].
#[derive(Debug)]
pub(crate) struct UnknownKind(String);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Kind::ALL.map(Kind::name).join(", ");
        write!(f, "unknown kind '{}': the kinds are {names}", self.0)
    }
}

impl std::error::Error for UnknownKind {}

/// An endless sequence of lines.
trait Lines {
    /// Appends the next line and its newline to `out`. The first call gets
    /// `number` 1, and each further call one more.
    fn line(&mut self, number: u64, out: &mut Vec<u8>);
}

/// Writes exactly `size` bytes of the data set given by `kind` and `seed`.
///
/// Unless `size` is zero, the last byte is a newline.
///
/// # Errors
///
/// Only those of `out`.
pub(crate) fn generate(kind: Kind, seed: u64, size: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = kind.lines(seed);
    let mut buf = Vec::with_capacity(CHUNK + SLACK);
    let mut left = size;
    let mut number = 0;
    while left > 0 {
        number += 1;
        let start = buf.len();
        lines.line(number, &mut buf);
        if buf.len() as u64 >= left {
            // This is lossless, because `left` is at most the buffer's length.
            end(kind, &mut buf, start, left as usize);
            out.write_all(&buf)?;
            break;
        }
        if start >= CHUNK {
            // The newest line stays, so that `end` always finds a line to pad.
            out.write_all(&buf[..start])?;
            left -= start as u64;
            buf.drain(..start);
        }
    }
    out.flush()
}

/// Makes `buf`, whose last line begins at `start`, exactly `len` bytes long.
fn end(kind: Kind, buf: &mut Vec<u8>, start: usize, len: usize) {
    if buf.len() == len {
        return;
    }
    if kind == Kind::Jsonl {
        buf.truncate(start.saturating_sub(1));
        buf.resize(len - 1, b' ');
    } else {
        buf.truncate(len - 1);
    }
    buf.push(b'\n');
}
