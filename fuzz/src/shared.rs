//! What the targets have in common: texts that are worth a search, and parts of them.

use arbitrary::Arbitrary;

/// A text. Most bytes become one of a few, since in a text of 256 different ones nothing matches.
#[derive(Arbitrary)]
pub(crate) struct Text {
    raw: bool,
    bytes: Vec<u8>,
}

impl Text {
    /// The text; nothing when it is empty, which cannot be mapped.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        const PIECES: [&[u8]; 8] = [b"a", b"b", b"\n", b"foo", b" ", b"\xC3\xA9", b"x", b"\r"];
        let bytes = match self.raw {
            true => self.bytes.clone(),
            false => self.bytes.iter().flat_map(|&byte| PIECES[usize::from(byte) % 8].to_vec()).collect(),
        };
        (!bytes.is_empty()).then_some(bytes)
    }
}

/// A part of a text, which is not empty, wherever it is asked for.
pub(crate) fn part_of(text: &[u8], start: u16, len: u8) -> Vec<u8> {
    let start = usize::from(start) % text.len();
    text[start..text.len().min(start + usize::from(len))].to_vec()
}
