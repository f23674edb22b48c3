//! mapgrep
#![warn(missing_docs)]

#[cfg(feature = "cli")]
pub mod cli;
mod error;
pub mod grep;
pub mod mapping;
pub mod matcher;
pub mod scan;
mod span;

pub use crate::{
    error::Error,
    span::{Match, PatternId, Span},
};
