//! Which parts of a huge file can match at all, so that nothing else has to be read.
//!
//! * `format`: the bytes of an index file. A leaf: read it first.
//! * `grams`: the short byte strings by which a text is indexed, and those of a literal.
//! * `query`: from patterns to a condition on a line.
//! * `plan`: from a condition to the parts of a file.
//! * `open`: finding the index of a file, and whether it is trusted and fresh.
//! * `build`: build, update, verify and remove, with one writer at a time, and safe against crashes.

mod build;
mod fault;
mod format;
mod grams;
mod open;
mod plan;
mod query;
mod work;

pub use self::{
    build::{
        builder::IndexBuilder,
        outcome::{Outcome, Stat, Verified},
    },
    fault::IndexFault,
    open::{
        fresh::Fresh,
        index::Index,
        place::is_index,
        stale::{Freshness, Stale},
        unfit::{Compression, LEAST_SIZE, Unfit},
    },
    plan::{
        candidates::{Candidates, Unhelped},
        part::Part,
    },
    query::patterns::Query,
};
#[cfg(feature = "__test-hooks")]
pub use self::{
    format::seal::seal,
    work::{Work, work},
};
