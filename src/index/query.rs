//! What has to stand on a line for patterns to match there.

use crate::{error::Error, matcher::MatcherBuilder};

/// What has to stand on a line, with ASCII letters in lower case, for some patterns to match there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub(super) needs: Needs,
}

/// A condition on a line in which ASCII letters were made lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Any line may match.
    Anything,
    /// No line does.
    Nothing,
    /// These bytes, in lower case, stand on the line.
    Literal(Vec<u8>),
    /// All of these.
    All(Vec<Needs>),
    /// At least one of these.
    Any(Vec<Needs>),
}

impl Query {
    /// What a literal needs.
    pub fn literal(literal: &[u8]) -> Self {
        Query { needs: Needs::Literal(literal.to_ascii_lowercase()) }
    }

    /// What these patterns need, with the options of a builder.
    ///
    /// # Errors
    ///
    /// As [`MatcherBuilder::build`].
    pub fn new<P: AsRef<str>>(_builder: &MatcherBuilder, _patterns: &[P]) -> Result<Self, Error> {
        Ok(Query { needs: Needs::Anything })
    }
}
