//! Ordered, bounded, cancellable parallel execution: the pipeline behind [`Scanner`](crate::scan::Scanner) and
//! [`Grep`](crate::grep::Grep). Programs need it for work of their own on many items, such as a search of many files;
//! to search one file, they do not.
//!
//! A search is a pipeline over a sequence of items (chunks of a file, windows of a stream):
//!
//! 1. `scan` looks at one item; in parallel, in any order;
//! 2. `join` sees the findings in file order, one after the other, and decides what becomes of them; it is cheap;
//! 3. `format` turns an item and that decision into output; in parallel, and in pieces, so that an item whose output
//!    is far larger than itself does not fill the memory;
//! 4. `emit` takes the output in file order, on the thread that called [`run`].
//!
//! Nothing but "stop" flows back; a [`Cancel`](crate::scan::Cancel) may say it too, at any time. Items are dispatched
//! in ascending order and only while few of them are under way and little output waits, which is what bounds the
//! memory whatever a file holds. Workers never block: one that finds nothing to do returns its thread to the pool, and
//! whoever makes work available again spawns it anew. The caller, when it is itself a worker of a rayon pool, lends a
//! hand instead of waiting, so that a pool of one thread is enough.

mod queue;
mod run;
mod stages;
#[cfg(test)]
mod tests;
mod workers;

pub use self::{
    run::{Ended, run},
    stages::{Joined, Output, Stages},
};
pub use super::feed::Feed;
