//! Which parts of a huge file can match at all, so that nothing else has to be read.

mod bits;
mod builder;
mod commit;
mod compare;
mod file;
mod format;
mod freshness;
mod grams;
mod identity;
mod lock;
mod owner;
mod parts;
mod place;
mod plan;
mod query;
mod reader;
mod renamed;
mod rows;
mod seal;
mod segment;
mod storage;
mod unfit;
mod work;

pub use self::{
    builder::{IndexBuilder, Outcome, Stat, Verified},
    freshness::{Freshness, Stale},
    parts::Part,
    plan::Candidates,
    query::Query,
    reader::Index,
    unfit::{Compression, Unfit},
};
#[cfg(feature = "cli")]
pub(crate) use self::{
    file::open_text,
    place::{has_name_of_index, is_index},
    plan::Unhelped,
};
#[doc(hidden)]
pub use self::{
    seal::seal,
    work::{Work, work},
};

/// Files of fewer bytes are searched before an index is opened: none is made for them, and none is looked for.
pub(crate) const LEAST_SIZE: u64 = 1 << 20;
