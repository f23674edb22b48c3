//! Building indexes, and keeping them up to date.

pub(crate) mod builder;
pub(crate) mod claim;
pub(crate) mod commit;
pub(crate) mod compare;
pub(crate) mod indexing;
pub(crate) mod lock;
pub(crate) mod outcome;
pub(crate) mod renames;
pub(crate) mod segment;
pub(crate) mod storage;
#[cfg(test)]
mod tests;
pub(crate) mod text;
