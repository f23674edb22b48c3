//! What the targets have in common: texts that are worth a search, memory to hold them, and threads.

use std::sync::OnceLock;

use arbitrary::Arbitrary;
use mapgrep::{
    mapping::{MapOptions, Mapping},
    scan::Pool,
};

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

pub(crate) fn memory(text: &[u8]) -> Mapping {
    let mut mapping = MapOptions::new().len(text.len()).map_anonymous().expect("memory");
    mapping.guarded_mut(0..text.len(), |bytes| bytes.copy_from_slice(text)).expect("memory that can be written");
    mapping
}

/// The pools are kept, since starting the threads takes longer than a search. `threads` is 1 to 4.
pub(crate) fn pool(threads: usize) -> &'static Pool {
    static POOLS: [OnceLock<Pool>; 5] = [const { OnceLock::new() }; 5];
    POOLS[threads].get_or_init(|| Pool::new(threads))
}
