//! Choosing the literals of many patterns, such that few patterns have one in common.

use std::{
    borrow::Borrow,
    cmp::{Ordering, Reverse},
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
};

use memchr::memmem;
use regex_syntax::hir::Hir;

use super::{
    algebra::{LONGEST, Parser, Required},
    fewer::{fewer, short},
    rarity::{VERY_RARE_BITS, bits},
};
use crate::matcher::syntax::fold;

/// The literals of each of many patterns, as [`Required::of`] says, but such that few patterns have one in common: what
/// is found is to tell them apart. Says also whether ASCII letters are to be looked for in both cases: as `fold` does,
/// unless more patterns have literals, or are one, otherwise. Literals that are not all of a pattern have to be as rare
/// as `least_bits` says.
pub(crate) fn choose(patterns: &[Hir], fold: bool, least_bits: u32) -> (bool, Vec<Option<Required>>) {
    // Which it is to be is told by a few patterns: of one in which case is ignored there are many literals with case.
    const SAMPLE: usize = 256;
    let step = patterns.len().div_ceil(SAMPLE).max(1);
    let rank = |fold: bool| Choices::rank(patterns.iter().step_by(step).map(|hir| Choices::of(hir, fold, least_bits)));
    let ours = rank(fold);
    // Where case is ignored, a pattern that has a literal has fewer in lower case.
    let fold = match ours.0 > 0 || (ours.1 > 0 && !fold) {
        // Fewer lines have a literal where case counts.
        true => match rank(!fold).cmp(&ours) {
            Ordering::Less => !fold,
            Ordering::Equal => false,
            Ordering::Greater => fold,
        },
        false => fold,
    };
    let (mut fold, mut all) = (fold, Choices::of_all(patterns, fold, least_bits));
    if step > 1 && all.iter().any(Choices::is_none) {
        let other = Choices::of_all(patterns, !fold, least_bits);
        if Choices::rank(other.iter()) < Choices::rank(all.iter()) {
            (fold, all) = (!fold, other);
        }
    }
    all.iter_mut().for_each(Choices::add_shorter);
    (fold, Choices::decide(all, fold))
}

/// What one pattern may be looked for by.
enum Choices {
    None,
    All(Required),
    /// Any of these will do; none is empty.
    Some(Vec<Vec<Vec<u8>>>),
}

impl Choices {
    fn of_all(patterns: &[Hir], fold: bool, least_bits: u32) -> Vec<Choices> {
        patterns.iter().map(|hir| Choices::of(hir, fold, least_bits)).collect()
    }

    /// How many have no literal, and how many have such as are not all of the pattern.
    fn rank(all: impl Iterator<Item = impl Borrow<Choices>>) -> (usize, usize) {
        all.fold((0, 0), |(none, some), choices| match choices.borrow() {
            Choices::None => (none + 1, some),
            Choices::All(_) => (none, some),
            Choices::Some(_) => (none, some + 1),
        })
    }

    fn of(hir: &Hir, fold: bool, least_bits: u32) -> Choices {
        let parts = fold::fold(hir, &mut Parser { fold });
        if let Some(all) = parts.all(least_bits) {
            return Choices::All(all);
        }
        let options: Vec<_> = parts.into_options().filter(|option| bits(option) >= least_bits).collect();
        if options.is_empty() { Choices::None } else { Choices::Some(options) }
    }

    /// Adds fewer literals, in the place of many.
    fn add_shorter(&mut self) {
        let Choices::Some(options) = self else { return };
        let many = options.iter().filter(|option| option.len() > 1);
        let shorter: Vec<_> = many.flat_map(|option| [fewer(option.clone()), short(option)]).collect();
        options.extend(shorter);
    }

    fn is_none(&self) -> bool {
        matches!(self, Choices::None)
    }

    fn decide(all: Vec<Choices>, fold: bool) -> Vec<Option<Required>> {
        /// How many bits a literal is worth less for twice as many patterns that have it.
        const SHARED_BITS: u32 = 4;
        let hasher = RandomState::new();
        let mut sharers: HashMap<u64, u32> = HashMap::new();
        let several = all.iter().filter(|choices| matches!(choices, Choices::Some(_))).count() > 1;
        for choices in all.iter().filter(|_| several) {
            let Choices::Some(options) = choices else { continue };
            let mut hashes: Vec<u64> = options.iter().flatten().map(|literal| hasher.hash_one(literal)).collect();
            hashes.sort_unstable();
            hashes.dedup();
            hashes.into_iter().for_each(|hash| *sharers.entry(hash).or_default() += 1);
        }
        let sharers = |literal: &Vec<u8>| sharers.get(&hasher.hash_one(literal)).copied().unwrap_or(1).max(1);
        let worth = |option: &Vec<Vec<u8>>| {
            let most = option.iter().map(&sharers).max().unwrap_or(1);
            let worth = bits(option).min(VERY_RARE_BITS).saturating_sub(SHARED_BITS * most.ilog2());
            (worth, Reverse(option.len()), bits(option))
        };
        let decide = |choices| match choices {
            Choices::None => None,
            Choices::All(required) => Some(required),
            Choices::Some(mut options) => {
                let best = (0..options.len()).max_by_key(|&index| worth(&options[index])).unwrap_or(0);
                let also = if fold { vec![] } else { also(&options, &options[best]) };
                Some(Required { literals: options.swap_remove(best), is_all: false, also })
            }
        };
        all.into_iter().map(decide).collect()
    }
}

/// The rarest single literal that says more than those which are looked for; empty if there is none.
fn also(options: &[Vec<Vec<u8>>], chosen: &[Vec<u8>]) -> Vec<u8> {
    let contains = |whole: &[u8], part: &[u8]| memmem::find(whole, part).is_some();
    let says_more = |literal: &&Vec<u8>| {
        let is_same = |other: &Vec<u8>| contains(other, literal) || contains(literal, other);
        !chosen.iter().any(is_same)
    };
    let single = options.iter().filter_map(|option| match &option[..] {
        [literal] => Some(literal),
        _ => None,
    });
    let rarity = |literal: &&Vec<u8>| bits(std::slice::from_ref(*literal));
    let rarest = single.filter(says_more).max_by_key(rarity);
    rarest.map_or(vec![], |literal| literal[..literal.len().min(LONGEST)].to_vec())
}
