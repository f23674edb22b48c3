//! Opening an index: where it is, whether its owner is trusted, and whether it still describes its file.

pub(crate) mod file;
pub(crate) mod fresh;
pub(crate) mod freshness;
pub(crate) mod identity;
pub(crate) mod index;
pub(crate) mod owner;
pub(crate) mod place;
pub(crate) mod reader;
pub(crate) mod segment;
pub(crate) mod stale;
pub(crate) mod unfit;
