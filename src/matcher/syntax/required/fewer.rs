//! Fewer and shorter literals that do as well.

use memchr::memmem::{self, Finder};

use super::{
    algebra::LONGEST,
    rarity::{VERY_RARE_BITS, bits},
};

/// How rare a literal is that stands for longer ones of other patterns.
const RARE_BITS: u32 = 18;

/// How long the start of a very rare literal is at least, where nothing more of it is needed.
const SHORT: usize = 4;

/// Of literals that have to be confirmed, leaves out those that contain one that is rare enough by itself, which then
/// stands for their patterns too. A search for fewer literals is faster.
pub(crate) fn without_longer<I: Copy>(literals: &mut [(Vec<u8>, I)], is_confirmed: impl Fn(I) -> bool) {
    // Each is compared with each.
    const MOST_LITERALS: usize = 1024;
    /// For how many longer ones one may stand. All of them are tried where it is.
    const MOST_OWNERS: usize = 16;
    if literals.len() > MOST_LITERALS {
        return;
    }
    let is_rare = |literal: &&Vec<u8>| bits(std::slice::from_ref(*literal)) >= RARE_BITS;
    let short: Vec<Vec<u8>> = literals.iter().map(|(literal, _)| literal).filter(is_rare).cloned().collect();
    let finders: Vec<Finder<'_>> = short.iter().map(Finder::new).collect();
    let mut owners = vec![0; finders.len()];
    for (literal, _) in literals.iter_mut().filter(|(_, id)| is_confirmed(*id)) {
        let is_part = |index: &usize| {
            let part = &finders[*index];
            owners[*index] < MOST_OWNERS && part.needle().len() < literal.len() && part.find(literal).is_some()
        };
        if let Some(shortest) = (0..finders.len()).filter(is_part).min_by_key(|&index| finders[index].needle().len()) {
            owners[shortest] += 1;
            *literal = finders[shortest].needle().to_vec();
        }
    }
}

/// Fewer and shorter literals that do as well, if there are some.
pub(super) fn fewer(mut literals: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    // What equals an ASCII letter but for its case, and is rare: of many literals of one word only one is likely.
    for odd in ["\u{17F}", "\u{212A}"].map(str::as_bytes) {
        let has_odd = |literal: &&mut Vec<u8>| memmem::find(literal, odd).is_some();
        literals.iter_mut().filter(has_odd).for_each(|literal| *literal = odd.to_vec());
    }
    literals = without_doubles(literals);
    // As many of their first bytes as are rare enough.
    let shorter = (SHORT..LONGEST).map(|len| {
        let mut cut: Vec<_> = literals.iter().map(|literal| literal[..len.min(literal.len())].to_vec()).collect();
        cut.sort_unstable();
        cut.dedup();
        cut
    });
    let best = shorter
        .filter(|shorter| bits(shorter) >= VERY_RARE_BITS)
        .min_by_key(|shorter| (shorter.len(), -longest(shorter)));
    best.filter(|best| best.len() < literals.len()).map(without_doubles).unwrap_or(literals)
}

/// At most [`FEW`] of them, which are as long as that allows, or else as short as there is any use in.
pub(super) fn short(literals: &[Vec<u8>]) -> Vec<Vec<u8>> {
    const FEW: usize = 16;
    let cut = |len: usize| {
        let mut cut: Vec<_> = literals.iter().map(|literal| literal[..len.min(literal.len())].to_vec()).collect();
        cut.sort_unstable();
        cut.dedup();
        cut
    };
    (SHORT..=LONGEST).rev().map(cut).find(|cut| cut.len() <= FEW).unwrap_or_else(|| cut(SHORT))
}

/// Without those that contain others.
fn without_doubles(mut literals: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    literals.sort_by(|a, b| a.len().cmp(&b.len()).then(a.cmp(b)));
    let mut kept: Vec<Vec<u8>> = vec![];
    for literal in literals {
        if !kept.iter().any(|part| memmem::find(&literal, part).is_some()) {
            kept.push(literal);
        }
    }
    kept
}

fn longest(literals: &[Vec<u8>]) -> i64 {
    literals.iter().map(Vec::len).max().unwrap_or(0) as i64
}
