//! How a list of patterns is to be searched for.

use std::sync::{Arc, OnceLock};

use regex_syntax::hir::Hir;

use super::patterns::{Dispatched, Others, Pattern, Patterns};
use crate::{
    error::Error,
    matcher::{
        literals::Literals,
        parse::Limits,
        parse::{Case, PatternOptions},
        regex::engine::Regexes,
        regex_set::{confirm::Confirming, owned::OwnedLiterals},
        set::Borders,
        syntax::{
            required::{self, Required},
            translate,
        },
    },
    span::PatternId,
};

/// Shorter lists are one automaton, which is small enough.
pub(super) const LEAST_PATTERNS: usize = 64;

/// Shorter lists are one automaton if there are patterns without a literal, for which there has to be one in any case.
pub(super) const LEAST_MIXED_PATTERNS: usize = 512;

/// How rare a literal has to be, in bits, for its pattern to be tried wherever it is.
const LEAST_BITS: u32 = 6;

/// How a list of patterns is to be searched for.
#[derive(Debug)]
pub(crate) enum Choice {
    Dispatched(Dispatched),
    /// All of them are literals, and nothing else: a set.
    Literals(Literals),
    /// They are few, too many of them have no literal, or one of them may be empty, which matches on every line.
    Refused(Vec<Hir>),
}

impl Dispatched {
    /// How to search for patterns.
    ///
    /// # Errors
    ///
    /// When a pattern is too large.
    pub(crate) fn choose(patterns: Vec<Hir>, options: &PatternOptions) -> Result<Choice, Error> {
        let (merge, terminator) = (options.merge, options.terminator);
        if patterns.len() < LEAST_PATTERNS || patterns.iter().any(translate::may_be_empty) {
            return Ok(Choice::Refused(patterns));
        }
        let (fold, required) = required::choose(&patterns, options.case != Case::Sensitive, LEAST_BITS);
        let without = required.iter().filter(|required| required.is_none()).count();
        if without > 0 && (patterns.len() < LEAST_MIXED_PATTERNS || without > patterns.len() / 2) {
            return Ok(Choice::Refused(patterns));
        }
        let mut all = Vec::with_capacity(patterns.len());
        let (mut owned, mut alone, mut others) = (vec![], vec![], vec![]);
        for (index, (hir, required)) in patterns.into_iter().zip(required).enumerate() {
            let id = PatternId::new(index);
            let Some(Required { literals, is_all, also }) = required else {
                others.push((hir.clone(), id));
                all.push(Pattern::Other(hir));
                continue;
            };
            if is_all {
                alone.extend(literals.iter().map(|literal| (literal.clone(), id)));
            }
            all.push(match is_all {
                true => Pattern::Alone(hir),
                false => Pattern::Confirmed(Confirming::new(hir, also, terminator)?),
            });
            owned.extend(literals.into_iter().map(|literal| (literal, id)));
        }
        if all.iter().all(|pattern| matches!(pattern, Pattern::Alone(_))) {
            let id = |id| if merge { PatternId::new(0) } else { id };
            let alone: Vec<_> = alone.into_iter().map(|(literal, of)| (literal, id(of))).collect();
            return Ok(Choice::Literals(Literals::new(&alone, fold)?));
        }
        required::without_longer(&mut owned, |id| matches!(all[id.index()], Pattern::Confirmed(_)));
        let literals = OwnedLiterals::new(owned, fold, Borders::None)?;
        let alone = if alone.is_empty() { None } else { Some(Literals::new(&alone, fold)?) };
        let others = match others.is_empty() {
            true => None,
            false => {
                let (hirs, ids): (Vec<Hir>, _) = others.into_iter().unzip();
                Some(Others { regexes: Regexes::new(&hirs, hirs.len(), terminator, true, Limits::default())?, ids })
            }
        };
        let whole = OnceLock::new();
        Ok(Choice::Dispatched(Dispatched(Arc::new(Patterns {
            patterns: all,
            literals,
            alone,
            others,
            whole,
            merge,
            terminator,
        }))))
    }
}
