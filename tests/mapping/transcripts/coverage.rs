//! Which outcomes of which calls on which mappings the transcripts reach: all that can be reached, and no other.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

use mapgrep::mapping::Access;

use super::transcript::{Class, Outcome, Program};

/// Python's calls. Those that change bytes come first.
const METHODS: [&str; 25] = [
    "move",
    "set",
    "set_slice",
    "write",
    "write_byte",
    "resize",
    "close",
    "closed",
    "find",
    "flush",
    "get",
    "in",
    "iter",
    "len",
    "madvise",
    "new",
    "read",
    "read_byte",
    "readline",
    "rfind",
    "seek",
    "seekable",
    "size",
    "slice",
    "tell",
];
const CHANGING: [&str; 5] = ["move", "set", "set_slice", "write", "write_byte"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Column {
    Default,
    /// The default access, with `MAP_PRIVATE`.
    Private,
    Read,
    Write,
    Copy,
}

const COLUMNS: [Column; 5] = [Column::Default, Column::Private, Column::Read, Column::Write, Column::Copy];

impl Column {
    pub(crate) fn of(program: &Program) -> Column {
        match program.effective_access() {
            Access::Read => Column::Read,
            Access::Write => Column::Write,
            Access::Copy => Column::Copy,
            _ if program.flags.contains('p') => Column::Private,
            _ => Column::Default,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Ok,
    /// A search that finds nothing.
    None,
    /// Whatever is answered after close.
    Closed,
    ReadOnly,
    OutOfRange,
    Invalid,
    WrongSize,
    Os,
}

const CELLS: [Cell; 8] =
    [Cell::Ok, Cell::None, Cell::Closed, Cell::ReadOnly, Cell::OutOfRange, Cell::Invalid, Cell::WrongSize, Cell::Os];

/// What a call can answer, by the rules of the mapping.
fn is_reachable(method: &str, column: Column, cell: Cell) -> bool {
    let changes = CHANGING.contains(&method);
    // What a mapping does not allow is refused before the arguments are looked at.
    let refused = changes && column == Column::Read;
    let resizes = matches!(column, Column::Default | Column::Private | Column::Write);
    match (method, cell) {
        (_, Cell::Ok) if refused => false,
        ("resize", Cell::Ok | Cell::Os) => resizes,
        (_, Cell::Ok) => true,
        ("find" | "rfind", Cell::None) => true,
        (_, Cell::None) => false,
        ("new", Cell::Closed) => false,
        // A difference with a name.
        ("len", Cell::Closed) => false,
        (_, Cell::Closed) => true,
        ("resize", Cell::ReadOnly) => !resizes,
        (_, Cell::ReadOnly) => refused,
        ("resize", Cell::OutOfRange) => resizes,
        ("move" | "set" | "write" | "write_byte", Cell::OutOfRange) => !refused,
        ("get" | "read_byte" | "seek" | "flush" | "madvise", Cell::OutOfRange) => true,
        // A slice has no bounds that it could violate.
        (_, Cell::OutOfRange) => false,
        // That no descriptor is kept is asked before the access is.
        ("slice" | "resize" | "new", Cell::Invalid) => true,
        ("set_slice", Cell::Invalid) => !refused,
        (_, Cell::Invalid) => false,
        (_, Cell::WrongSize) => method == "set_slice" && !refused,
        ("size" | "madvise" | "new", Cell::Os) => true,
        // Where changes do not reach a file, flush does nothing and nothing fails.
        ("flush", Cell::Os) => resizes,
        (_, Cell::Os) => false,
    }
}

#[derive(Default)]
pub(crate) struct Coverage {
    counts: BTreeMap<(&'static str, Column, Cell), usize>,
}

impl Coverage {
    /// Counts an outcome that Python and we agree on.
    pub(crate) fn count(&mut self, method: &'static str, column: Column, outcome: &Outcome, was_closed: bool) {
        let cell = match outcome {
            Outcome::Error(Class::Closed) => Cell::Closed,
            Outcome::Error(Class::ReadOnly) => Cell::ReadOnly,
            Outcome::Error(Class::OutOfRange) => Cell::OutOfRange,
            Outcome::Error(Class::Invalid) => Cell::Invalid,
            Outcome::Error(Class::WrongSize) => Cell::WrongSize,
            Outcome::Error(Class::Os(_)) => Cell::Os,
            Outcome::Error(class) => panic!("{class:?} is only part of a difference"),
            Outcome::Int(-1) if matches!(method, "find" | "rfind") => Cell::None,
            _ if was_closed => Cell::Closed,
            _ => Cell::Ok,
        };
        *self.counts.entry((method, column, cell)).or_default() += 1;
    }

    pub(crate) fn merge(&mut self, other: Coverage) {
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
    }

    /// What is reachable and was not reached, and the reverse.
    pub(crate) fn holes(&self) -> Vec<String> {
        let mut holes = Vec::new();
        for method in METHODS {
            for column in COLUMNS {
                for cell in CELLS {
                    let count = self.get(method, column, cell);
                    if is_reachable(method, column, cell) != (count > 0) {
                        holes.push(format!("{method} on {column:?}: {count} times {cell:?}"));
                    }
                }
            }
        }
        let unknown = self.counts.keys().filter(|(method, ..)| !METHODS.contains(method));
        holes.extend(unknown.map(|(method, ..)| format!("{method} is missing in the table of methods")));
        holes
    }

    fn get(&self, method: &'static str, column: Column, cell: Cell) -> usize {
        self.counts.get(&(method, column, cell)).copied().unwrap_or(0)
    }
}

/// A line per method and access, a column per outcome; `-` is what cannot be reached.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:22}", "")?;
        for cell in CELLS {
            write!(f, "{:>11}", format!("{cell:?}"))?;
        }
        for method in METHODS {
            for column in COLUMNS {
                write!(f, "\n{method:12}{:10}", format!("{column:?}"))?;
                for cell in CELLS {
                    let mut shown = String::from("-");
                    if is_reachable(method, column, cell) {
                        shown.clear();
                        write!(shown, "{}", self.get(method, column, cell))?;
                    }
                    write!(f, "{shown:>11}")?;
                }
            }
        }
        Ok(())
    }
}
