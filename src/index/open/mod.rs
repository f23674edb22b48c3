//! Opening an index: which file it is, whether it is relied on, and whether it still says what is in its text.

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
