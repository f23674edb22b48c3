//! Which parts of a huge file can match at all, so that nothing else has to be read.

mod parts;
mod query;

pub use self::{parts::Part, query::Query};
