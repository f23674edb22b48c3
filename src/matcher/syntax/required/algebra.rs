//! The fold over a syntax tree that says which literals every match of it contains.

use regex_syntax::hir::Class;

use super::rarity::bits;
use crate::matcher::syntax::fold::{self, Algebra, Part, Times};

/// How many literals stand for one pattern at most.
const MOST: usize = 64;

/// How long they are at most. What is longer is cut.
pub(super) const LONGEST: usize = 32;

/// How many sets of literals are known of one pattern at most, each of which would do.
const OPTIONS: usize = 8;

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

/// What is known of a part of a pattern.
pub(super) struct Parts {
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
    pub(super) fn all(&self, least_bits: u32) -> Option<Required> {
        let is_rare = |strings: &[Vec<u8>]| strings.len() == 1 || bits(strings) >= least_bits;
        let exact = self.exact.as_ref()?;
        let is_all = exact.is_all && !exact.has_empty() && is_rare(&exact.strings);
        is_all.then(|| Required { literals: exact.strings.clone(), is_all: true, also: vec![] })
    }

    /// All that each match contains one of.
    pub(super) fn into_options(self) -> impl Iterator<Item = Vec<Vec<u8>>> {
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

pub(super) struct Parser {
    pub(super) fold: bool,
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
pub(super) fn best(options: impl Iterator<Item = Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    options.reduce(|best, option| if bits(&option) > bits(&best) { option } else { best })
}

fn is_usable(strings: &[Vec<u8>]) -> bool {
    !strings.is_empty() && strings.iter().all(|string| !string.is_empty())
}
