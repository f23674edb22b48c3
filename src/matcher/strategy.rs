//! The strategies that run patterns: which there are, how one is chosen, and what it is called.

use std::sync::Arc;

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::{
    error::Error,
    matcher::{
        literal::{forward::Finder, tuning::Tuning},
        literals::Literals,
        parse::PatternOptions,
        regex::{
            engine::{self, Regexes},
            filtered::Filtered,
            pcre2::Pcre2,
        },
        regex_set::dispatched::{self, Dispatched},
    },
    span::PatternId,
};

/// A closed set: adding a strategy makes the compiler name every place that has to know about it.
#[derive(Clone, Debug)]
pub(crate) enum Strategy {
    /// There are no patterns.
    Never,
    /// One literal, never empty.
    Literal(Arc<Finder<'static>>, PatternId),
    /// Several literals, which may have to be words or lines.
    Literals(Literals),
    Regexes(Regexes),
    Filtered(Filtered),
    /// Patterns with look-around and backreferences.
    Pcre2(Pcre2),
    /// A long list of patterns.
    Dispatched(Dispatched),
}

/// What a strategy changes while it searches.
#[derive(Clone, Debug)]
pub(crate) enum State {
    None,
    /// Which bytes of the literal are rare in what was searched.
    Literal(Tuning),
    Regexes(Box<engine::Cache>),
    Dispatched(Box<dispatched::Cache>),
}

impl Strategy {
    /// The strategy for patterns that are one engine's. `given` is how many there were before they were made one.
    ///
    /// # Errors
    ///
    /// When a pattern is too large.
    pub(crate) fn choose(patterns: Vec<Hir>, given: usize, options: &PatternOptions) -> Result<Self, Error> {
        if patterns.is_empty() {
            return Ok(Strategy::Never);
        }
        let mut literals = vec![];
        for (index, hir) in patterns.iter().enumerate() {
            let id = PatternId::new(if options.merge { 0 } else { index });
            if !push_literals(hir, id, &mut literals) {
                let regexes = Regexes::new(&patterns, given, options.terminator, options.by_line, options.limits)?;
                if !options.by_line {
                    return Ok(Strategy::Regexes(regexes));
                }
                let filtered = Filtered::new(&patterns, regexes)?;
                return Ok(filtered.map_or_else(Strategy::Regexes, Strategy::Filtered));
            }
        }
        match &literals[..] {
            [(needle, id)] => Ok(Strategy::Literal(Arc::new(Finder::new(needle).into_owned()), *id)),
            _ => Ok(Strategy::Literals(Literals::new(&literals, false)?)),
        }
    }

    /// What a search by this strategy starts with.
    pub(crate) fn state(&self) -> State {
        match self {
            Strategy::Never | Strategy::Literals(_) | Strategy::Pcre2(_) => State::None,
            Strategy::Literal(finder, _) => State::Literal(finder.tuning()),
            Strategy::Regexes(regexes) => State::Regexes(Box::new(regexes.create_cache())),
            Strategy::Filtered(filtered) => State::Regexes(Box::new(filtered.create_cache())),
            Strategy::Dispatched(dispatched) => State::Dispatched(Box::new(dispatched.create_cache())),
        }
    }

    /// What it is, in one line for people.
    pub(crate) fn description(&self) -> String {
        match self {
            Strategy::Never => "no patterns: nothing can match".to_owned(),
            Strategy::Literal(finder, _) => {
                format!("one literal of {} bytes: SIMD substring search (memmem)", finder.needle().len())
            }
            Strategy::Literals(literals) => literals.description(),
            Strategy::Regexes(regexes) => regexes.description(),
            Strategy::Filtered(filtered) => filtered.description(),
            Strategy::Pcre2(pcre2) => pcre2.description(),
            Strategy::Dispatched(dispatched) => dispatched.description(),
        }
    }
}

/// Adds the literals that `hir` is an alternation of; false when it is anything else, or when one of them is empty.
fn push_literals(hir: &Hir, id: PatternId, literals: &mut Vec<(Vec<u8>, PatternId)>) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => {
            literals.push((literal.0.to_vec(), id));
            true
        }
        // The parser turns `a|b` and `[ab]` into the same thing; single ASCII characters stay literals.
        HirKind::Class(Class::Bytes(class)) => match class.literal() {
            Some(literal) => {
                literals.push((literal, id));
                true
            }
            None => false,
        },
        HirKind::Alternation(branches) => branches.iter().all(|branch| push_literals(branch, id, literals)),
        _ => false,
    }
}
