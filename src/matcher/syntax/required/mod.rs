//! Literals of which every match of a pattern contains one.
//!
//! A search for them tells where the pattern has to be tried at all. They may stand anywhere in a match, so there are
//! more patterns that have them than such that begin or end with a literal.

mod algebra;
mod choose;
mod fewer;
mod rarity;

#[cfg(test)]
mod tests;

use regex_syntax::hir::{Hir, HirKind};

pub(crate) use self::{
    algebra::Required,
    choose::choose,
    fewer::without_longer,
    rarity::{LEAST_BITS, byte_bits},
};
use self::{
    algebra::{Parser, best},
    fewer::fewer,
    rarity::bits,
};
use super::fold;

impl Required {
    /// The literals of a pattern, in lower case when ASCII letters are to be looked for in both cases. None when there
    /// are none, or only such that are frequent everywhere.
    ///
    /// A pattern that may match the empty string has none.
    pub(crate) fn of(hir: &Hir, fold: bool) -> Option<Required> {
        let parts = fold::fold(hir, &mut Parser { fold });
        if let Some(all) = parts.all(LEAST_BITS) {
            return Some(all);
        }
        let best = best(parts.into_options())?;
        (bits(&best) >= LEAST_BITS).then(|| Required { literals: fewer(best), is_all: false, also: vec![] })
    }
}

/// Literals of which every match of any of these patterns contains one, with case. None where a pattern has none.
pub(crate) fn of_all(patterns: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let mut literals = vec![];
    for hir in patterns.iter().flat_map(alternatives) {
        let required = Required::of(hir, false)?;
        if bits(&required.literals) < LEAST_BITS {
            return None;
        }
        literals.extend(required.literals);
    }
    literals.sort_unstable();
    literals.dedup();
    Some(literals)
}

/// The alternatives of a pattern, whatever has to be around all of them.
pub(crate) fn alternatives(hir: &Hir) -> Vec<&Hir> {
    match hir.kind() {
        HirKind::Alternation(subs) => subs.iter().flat_map(alternatives).collect(),
        HirKind::Concat(subs) => match &subs[..] {
            [before, sub, after] if is_look(before) && is_look(after) => alternatives(sub),
            _ => vec![hir],
        },
        _ => vec![hir],
    }
}

fn is_look(hir: &Hir) -> bool {
    matches!(hir.kind(), HirKind::Look(_))
}
