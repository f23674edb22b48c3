//! What stands in for PCRE2 in a build without it: an engine of which there can be none.

use crate::{
    error::Error,
    matcher::parse::PatternOptions,
    span::{Match, Span},
};

/// No patterns are ever compiled.
#[derive(Clone, Debug)]
pub(crate) enum Pcre2 {}

/// No groups are ever captured.
pub(crate) enum Groups {}

/// There is none.
pub(crate) fn version() -> Option<String> {
    None
}

impl Pcre2 {
    /// # Errors
    ///
    /// Always.
    pub(crate) fn new<P: AsRef<[u8]>>(_: &[P], _: &PatternOptions) -> Result<Self, Error> {
        Err(Error::pattern(
            "PCRE2, the engine for look-around and backreferences, is not in this build: the cargo feature `pcre2` \
             adds it",
        ))
    }

    pub(crate) fn failure(&self) -> Option<Error> {
        match *self {}
    }

    pub(crate) fn find_at(&self, _: &[u8], _: usize) -> Option<Match> {
        match *self {}
    }

    pub(crate) fn group_names(&self) -> &[Option<String>] {
        match *self {}
    }

    pub(crate) fn groups(&self, _: &[u8], _: usize, _: Span) -> Option<Groups> {
        match *self {}
    }

    pub(crate) fn description(&self) -> String {
        match *self {}
    }
}

impl Groups {
    pub(crate) fn get(&self, _: usize) -> Option<Span> {
        match *self {}
    }
}
