//! Literals of which every match of a pattern contains one.
//!
//! A search for them tells where the pattern has to be tried at all. They may stand anywhere in a match, so there are
//! more patterns that have them than such that begin or end with a literal.

use std::{
    borrow::Borrow,
    cmp::{Ordering, Reverse},
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
};

use memchr::memmem::{self, Finder};
use regex_syntax::hir::{Class, Hir, HirKind};

use super::fold::{self, Algebra, Part, Times};

/// How many literals stand for one pattern at most.
const MOST: usize = 64;

/// How long they are at most. What is longer is cut.
const LONGEST: usize = 32;

/// How many sets of literals are known of one pattern at most, each of which would do.
const OPTIONS: usize = 8;

/// How rare the most frequent one has to be, in bits: fewer than one place in 2 to this many has it, as far as that can
/// be told.
pub(crate) const LEAST_BITS: u32 = 11;

/// How rare a literal is that stands for longer ones of other patterns.
const RARE_BITS: u32 = 18;

/// How rare literals are of which nothing more than their start is needed, and how long that is at least.
const VERY_RARE_BITS: u32 = 24;
const SHORT: usize = 4;

/// Literals of which every match contains one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Required {
    pub(crate) literals: Vec<Vec<u8>>,
    /// They are all that the pattern matches, and nothing has to be around them.
    pub(crate) is_all: bool,
    /// What every match contains as well, if that is known; empty otherwise. With case, whatever there is of the
    /// others.
    pub(crate) also: Vec<u8>,
}

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
fn fewer(mut literals: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
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
fn short(literals: &[Vec<u8>]) -> Vec<Vec<u8>> {
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

/// What is known of a part of a pattern.
struct Parts {
    /// All that it matches, if that is few literals.
    exact: Option<Exact>,
    /// Literals of which each of its matches contains one, each of these for itself; [`OPTIONS`] at most.
    options: Vec<Vec<Vec<u8>>>,
}

impl Parts {
    fn exact(exact: Exact) -> Self {
        Parts { exact: Some(exact), options: vec![] }
    }

    /// What the pattern matches, if these are a few literals and nothing has to be around them.
    fn all(&self, least_bits: u32) -> Option<Required> {
        let is_rare = |strings: &[Vec<u8>]| strings.len() == 1 || bits(strings) >= least_bits;
        let exact = self.exact.as_ref()?;
        let is_all = exact.is_all && !exact.has_empty() && is_rare(&exact.strings);
        is_all.then(|| Required { literals: exact.strings.clone(), is_all: true, also: vec![] })
    }

    /// All that each match contains one of.
    fn into_options(self) -> impl Iterator<Item = Vec<Vec<u8>>> {
        let exact = self.exact.map(|exact| exact.strings).filter(|strings| is_usable(strings));
        exact.into_iter().chain(self.options)
    }
}

#[derive(Clone)]
struct Exact {
    strings: Vec<Vec<u8>>,
    /// It matches these wherever they stand, in both cases where case is ignored.
    is_all: bool,
}

impl Exact {
    fn of(string: &[u8], is_all: bool) -> Self {
        Exact { strings: vec![string.to_vec()], is_all }
    }

    fn has_empty(&self) -> bool {
        self.strings.iter().any(Vec::is_empty)
    }

    /// What one after the other matches, unless that is too much.
    fn followed_by(&self, next: &Exact) -> Option<Exact> {
        let longest = |strings: &[Vec<u8>]| strings.iter().map(Vec::len).max().unwrap_or(0);
        let is_small = self.strings.len() * next.strings.len() <= MOST
            && longest(&self.strings) + longest(&next.strings) <= LONGEST;
        is_small.then(|| {
            let join =
                |first: &Vec<u8>| next.strings.iter().map(|second| [&first[..], second].concat()).collect::<Vec<_>>();
            Exact { strings: self.strings.iter().flat_map(join).collect(), is_all: self.is_all && next.is_all }
        })
    }
}

struct Parser {
    fold: bool,
}

impl Parser {
    /// The characters of a small class.
    fn characters(&self, class: &Class) -> Option<Exact> {
        const SMALL: usize = 10;
        let mut chars: Vec<Vec<u8>> = vec![];
        match class {
            Class::Unicode(class) => {
                for range in class.ranges() {
                    if range.len() > SMALL || chars.len() > SMALL {
                        return None;
                    }
                    let encode = |char: char| char.encode_utf8(&mut [0; 4]).as_bytes().to_vec();
                    chars.extend((range.start()..=range.end()).map(encode));
                }
            }
            Class::Bytes(class) => {
                for range in class.ranges() {
                    if range.len() > SMALL || chars.len() > SMALL {
                        return None;
                    }
                    chars.extend((range.start()..=range.end()).map(|byte| vec![byte]));
                }
            }
        }
        let mut is_all = true;
        if self.fold {
            let other = |char: &[u8]| match char {
                [byte] if byte.is_ascii_lowercase() => Some(byte.to_ascii_uppercase()),
                [byte] if byte.is_ascii_uppercase() => Some(byte.to_ascii_lowercase()),
                _ => None,
            };
            is_all = chars.iter().all(|char| other(char).is_none_or(|other| chars.contains(&vec![other])));
            chars.iter_mut().for_each(|char| char.make_ascii_lowercase());
            chars.sort_unstable();
            chars.dedup();
        }
        (chars.len() <= SMALL && !chars.is_empty()).then_some(Exact { strings: chars, is_all })
    }
}

impl Algebra for Parser {
    type Value = Parts;

    fn empty(&mut self) -> Parts {
        Parts::exact(Exact::of(b"", true))
    }

    fn look(&mut self) -> Parts {
        Parts::exact(Exact::of(b"", false))
    }

    fn literal(&mut self, bytes: &[u8]) -> Parts {
        let is_all = !(self.fold && bytes.iter().any(u8::is_ascii_alphabetic));
        let string = if self.fold { bytes.to_ascii_lowercase() } else { bytes.to_vec() };
        if string.len() <= LONGEST || is_all {
            return Parts::exact(Exact::of(&string, is_all));
        }
        // Many patterns may begin alike, or end alike.
        let (first, last) = (&string[..LONGEST], &string[string.len() - LONGEST..]);
        Parts { exact: None, options: vec![vec![first.to_vec()], vec![last.to_vec()]] }
    }

    fn class(&mut self, class: &Class) -> Parts {
        Parts { exact: self.characters(class), options: vec![] }
    }

    fn repetition(&mut self, Times { min, max, greedy }: Times, part: Part<'_>) -> Parts {
        let parts = part.fold(self);
        if let (0, Some(1), Some(exact)) = (min, max, &parts.exact)
            && exact.strings.len() < MOST
        {
            let mut strings = exact.strings.clone();
            // In the order of preference.
            strings.insert(if greedy { strings.len() } else { 0 }, vec![]);
            return Parts::exact(Exact { strings, is_all: exact.is_all });
        }
        if min == 0 {
            return Parts { exact: (max == Some(0)).then(|| Exact::of(b"", true)), options: vec![] };
        }
        let Some(one) = &parts.exact else { return parts };
        // As many of them as may stand for all.
        let (mut run, mut count) = (one.clone(), 1);
        while count < min
            && let Some(longer) = run.followed_by(one)
            && (longer.strings.len() > run.strings.len() || longer.strings[0].len() > run.strings[0].len())
        {
            (run, count) = (longer, count + 1);
        }
        if count == min && max == Some(min) {
            return Parts::exact(run);
        }
        let mut options = parts.options;
        add(&mut options, run.strings);
        Parts { exact: None, options }
    }

    fn concat(&mut self, all: fold::Parts<'_>) -> Parts {
        let mut run = Exact::of(b"", true);
        let (mut options, mut is_exact) = (vec![], true);
        for part in all {
            let parts = part.fold(self);
            parts.options.into_iter().for_each(|option| add(&mut options, option));
            let next = parts.exact;
            match next.as_ref().and_then(|next| run.followed_by(next)) {
                Some(longer) => run = longer,
                None => {
                    is_exact = false;
                    let before = std::mem::replace(&mut run, next.unwrap_or_else(|| Exact::of(b"", true)));
                    add(&mut options, before.strings);
                }
            }
        }
        if is_exact {
            return Parts { exact: Some(run), options };
        }
        add(&mut options, run.strings);
        Parts { exact: None, options }
    }

    fn alternation(&mut self, all: fold::Parts<'_>) -> Parts {
        let mut exact = Some(Exact { strings: vec![], is_all: true });
        let mut any = Some(vec![]);
        for part in all {
            let part = part.fold(self);
            exact = exact.take().zip(part.exact.as_ref()).map(|(mut all, part)| {
                all.strings.extend_from_slice(&part.strings);
                Exact { strings: all.strings, is_all: all.is_all && part.is_all }
            });
            exact = exact.filter(|exact| exact.strings.len() <= MOST);
            any = any.take().zip(best(part.into_options())).map(|(mut all, part): (Vec<Vec<u8>>, _)| {
                all.extend(part);
                all
            });
            any = any.filter(|any| any.len() <= MOST);
        }
        Parts { exact, options: any.into_iter().filter(|any| is_usable(any)).collect() }
    }
}

/// Adds what each match contains one of. Where there is too much already, in the place of the most frequent.
fn add(options: &mut Vec<Vec<Vec<u8>>>, option: Vec<Vec<u8>>) {
    if !is_usable(&option) {
        return;
    }
    options.push(option);
    if options.len() > OPTIONS
        && let Some(worst) = (0..OPTIONS).min_by_key(|&index| bits(&options[index]))
    {
        options.remove(worst);
    }
}

/// The rarest of these, and of equally rare ones the first.
fn best(options: impl Iterator<Item = Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    options.reduce(|best, option| if bits(&option) > bits(&best) { option } else { best })
}

fn is_usable(strings: &[Vec<u8>]) -> bool {
    !strings.is_empty() && strings.iter().all(|string| !string.is_empty())
}

/// How rare the literals are, together.
fn bits(strings: &[Vec<u8>]) -> u32 {
    let least = strings.iter().map(|string| string.iter().map(|&byte| byte_bits(byte)).sum()).min();
    least.map_or(0, |least: u32| least.min(64).saturating_sub(strings.len().ilog2()))
}

/// How rare a byte is in what is usually searched, in bits: text, logs and sources.
pub(crate) fn byte_bits(byte: u8) -> u32 {
    match byte {
        b' ' | b'e' | b't' => 3,
        b'a' | b'i' | b'n' | b'o' | b'r' | b's' | b'l' | b'd' | b'c' | b'0' | b'1' | b'\t' | b'_' | b'.' => 4,
        b'a'..=b'z' | b'0'..=b'9' | b'=' | b'-' | b'/' | b',' | b'(' | b')' | b'*' | b'"' | b':' | b';' => 5,
        b'A'..=b'Z' => 6,
        _ => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn required(pattern: &str, fold: bool) -> Option<(Vec<String>, bool)> {
        let hir = regex_syntax::ParserBuilder::new().utf8(false).multi_line(true).build().parse(pattern).unwrap();
        let text = |literal: &Vec<u8>| String::from_utf8_lossy(literal).into_owned();
        Required::of(&hir, fold).map(|required| (required.literals.iter().map(text).collect(), required.is_all))
    }

    #[track_caller]
    fn check(pattern: &str, fold: bool, literals: &[&str], is_all: bool) {
        let literals = literals.iter().map(|literal| literal.to_string()).collect();
        assert_eq!(required(pattern, fold), Some((literals, is_all)), "{pattern}");
    }

    #[test]
    fn the_rarest_part_that_every_match_has_is_taken() {
        check("AKIA[0-9A-Z]{16}", false, &["AKIA"], false);
        check(r"\w+@example\.com", false, &["@example.com"], false);
        check("gh[pousr]_[0-9A-Za-z]{36}", false, &["gho_", "ghp_", "ghr_", "ghs_", "ghu_"], false);
        check("[a-z]+(?:token|secret)[a-z]+", false, &["token", "secret"], false);
        check("x(?:foobar){2,}", false, &["foobarfoobar"], false);
        check("https?://hooks", false, &["https://hooks", "http://hooks"], true);
        check("-----BEGIN [A-Z ]{0,9}KEY", false, &["-----BEGIN "], false);
        check("ab(?:cd|ef)?gh", false, &["abcdgh", "abefgh", "abgh"], true);
        check(r"\bfunction\b", false, &["function"], false);
        check("function", false, &["function"], true);
    }

    #[test]
    fn what_need_not_be_there_or_is_everywhere_is_no_help() {
        for pattern in ["[a-z]+", "(?:foobar)?x", "foobar|[a-z]", "(?:foobar)*", "a", "(?:foobar|)", "$", "[^a]{30}"] {
            assert!(required(pattern, false).is_none_or(|(_, is_all)| is_all), "{pattern}");
        }
        assert_eq!(required("[a-z]+", false), None);
        assert_eq!(required("(?:foobar)*", false), None);
    }

    #[test]
    fn of_many_patterns_each_has_a_literal_that_few_others_have() {
        let hirs: Vec<Hir> = (0..300)
            .map(|i| regex_syntax::parse(&format!(r"user{}\b.*latency=17\d+ms", 1000 + i)).unwrap())
            .chain([regex_syntax::parse(r"latency=17\d+ms").unwrap()])
            .collect();
        let (fold, chosen) = choose(&hirs, false, LEAST_BITS);
        assert!(!fold);
        for (i, required) in chosen[..300].iter().enumerate() {
            let literals = vec![format!("user{}", 1000 + i).into_bytes()];
            let also = b"latency=17".to_vec();
            assert_eq!(required, &Some(Required { literals, is_all: false, also }));
        }
        assert_eq!(chosen[300].as_ref().unwrap().literals, [b"latency=17"]);
    }

    #[test]
    fn a_few_of_many_patterns_tell_whether_case_is_ignored() {
        let hir = |pattern: &str| regex_syntax::parse(pattern).unwrap();
        let mut hirs: Vec<Hir> = (0..1000).map(|i| hir(&format!("(?i)another{i}x"))).collect();
        let is_all = |chosen: &[Option<Required>]| chosen.iter().flatten().filter(|required| required.is_all).count();
        let (fold, chosen) = choose(&hirs, false, LEAST_BITS);
        assert!(fold && is_all(&chosen) == 1000);
        // One that is not among the few has a literal all the same.
        hirs[1] = hir("another[0-9]");
        let (fold, chosen) = choose(&hirs, false, LEAST_BITS);
        assert!(fold && is_all(&chosen) == 999 && chosen[1].as_ref().unwrap().literals == [b"another"]);
    }

    #[test]
    fn literals_of_one_pattern_stay_in_the_order_in_which_they_are_preferred() {
        check("foobar(?:baz)?", false, &["foobarbaz", "foobar"], true);
        check("foobar(?:baz)??", false, &["foobar", "foobarbaz"], true);
        check("foobar|foo|foobarbaz", false, &["foobar", "foo", "foobarbaz"], true);
    }

    #[test]
    fn one_literal_stands_for_a_few_longer_ones_at_most() {
        let id = |_: usize| 0;
        let mut literals: Vec<_> = (0..100).map(|i| (format!("error_code_{i}_").into_bytes(), id(i))).collect();
        literals.push((b"error_code".to_vec(), id(100)));
        without_longer(&mut literals, |_| true);
        assert_eq!(literals.iter().filter(|(literal, _)| literal == b"error_code").count(), 17);
    }

    #[test]
    fn case_can_be_ignored() {
        assert_eq!(required("(?i)password", false).unwrap().0.len(), 16);
        check("(?i-u)password", true, &["password"], true);
        check("(?i-u)pass[0-9]+word", true, &["pass"], false);
        // A literal that is not for both cases has to be looked at once more.
        check("PassWord", true, &["password"], false);
        check("12345", true, &["12345"], true);
        check("(?i)api_key", true, &["api_key", "api_\u{212A}ey"], true);
    }
}
