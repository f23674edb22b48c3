//! Which parts of a huge file can match at all, so that nothing else has to be read.
//!
//! * `format`: the bytes of an index file. A leaf: read it first.
//! * `grams`: the few bytes at each offset of a text by which it is indexed, and those of a literal.
//! * `query`: what a line needs to match, from patterns.
//! * `plan`: from a query to the parts of a file.
//! * `open`: an index of a file: which one, whether it is relied on, and whether it is still fresh.
//! * `build`: build, update, verify, remove; so that a crash does no harm, and with one writer.

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
