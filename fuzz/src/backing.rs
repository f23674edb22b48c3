//! What stands behind the mappings of those targets that do not change its length.

use std::{
    fmt,
    io::{self},
};

use arbitrary::Arbitrary;
use mapgrep::mapping::{Access, MapOptions, Mapping};

use super::oracle::memory::memory;

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Backing {
    Anonymous,
    FileCopy,
    FileRead,
}

impl Backing {
    pub(crate) fn is_read_only(self) -> bool {
        matches!(self, Backing::FileRead)
    }

    pub(crate) fn map(self, text: &[u8]) -> Mapping {
        let access = match self {
            Backing::Anonymous => return memory(text),
            Backing::FileCopy => Access::Copy,
            Backing::FileRead => Access::Read,
        };
        let mut file = tempfile::tempfile().expect("a file");
        io::Write::write_all(&mut file, text).expect("room for it");
        // SAFETY: nobody else has the file.
        unsafe { MapOptions::new().access(access).map_file(&file) }.expect("a file that is not empty")
    }

    /// Statements that map a repeated text as `m`.
    pub(crate) fn write_source(self, short: &[u8], repeats: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "let text = b\"{}\".repeat({repeats});", short.escape_ascii())?;
        if matches!(self, Backing::Anonymous) {
            writeln!(f, "let mut m = MapOptions::new().len(text.len()).map_anonymous().unwrap();")?;
            return writeln!(f, "m.set_slice(.., &text).unwrap();");
        }
        let access = if self.is_read_only() { "Read" } else { "Copy" };
        writeln!(f, "let mut file = tempfile::tempfile().unwrap();")?;
        writeln!(f, "file.write_all(&text).unwrap();")?;
        writeln!(f, "let mut m = unsafe {{ MapOptions::new().access(Access::{access}).map_file(&file) }}.unwrap();")
    }
}
