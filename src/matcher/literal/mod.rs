//! Searching for one literal, forwards and backwards, with vectors.

pub(crate) mod forward;
mod pair;
pub(crate) mod probes;
pub(crate) mod reverse;
pub(crate) mod tuning;
pub(crate) mod walk;

pub use self::{forward::Finder, reverse::ReverseFinder};
