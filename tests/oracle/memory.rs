//! Texts in memory, and threads to search them.
//!
//! Shared by the tests and the fuzz targets.

use std::sync::OnceLock;

use mapgrep::{
    mapping::{MapOptions, Mapping},
    scan::Pool,
};

/// Anonymous memory that holds a text, which must not be empty.
pub(crate) fn memory(text: &[u8]) -> Mapping {
    let mut mapping = MapOptions::new().len(text.len()).map_anonymous().expect("memory");
    mapping.guarded_mut(.., |bytes| bytes.copy_from_slice(text)).expect("memory that can be written");
    mapping
}

/// The pools are kept, since starting the threads takes longer than most searches. `threads` is 1 to 8.
pub(crate) fn pool(threads: usize) -> &'static Pool {
    static POOLS: [OnceLock<Pool>; 9] = [const { OnceLock::new() }; 9];
    POOLS[threads].get_or_init(|| Pool::new(threads))
}
