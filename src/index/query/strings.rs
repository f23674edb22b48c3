//! Small sets of strings, one of which a match contains at some offset.

use std::collections::BTreeSet;

use super::condition::{Condition, KELVIN, LONG_S, LONGEST};

/// Limits of a set that is made by concatenation: strings, and bytes of all strings.
const MOST: usize = 64;
const MOST_BYTES: usize = 4096;

/// Limits of the suffixes with which a set goes on when it would be too large: bytes of a suffix, and suffixes.
const END: usize = 8;
const MOST_ENDS: usize = 8;

/// At most this many bytes are cut off either end of all strings, to have fewer of them.
const TRIMMED: usize = 8;

/// The characters beyond ASCII that may stand for an ASCII letter. A condition need not hold on a line that has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Odd {
    pub(crate) long_s: bool,
    pub(crate) kelvin: bool,
}

impl Odd {
    pub(crate) fn or(self, other: Odd) -> Odd {
        Odd { long_s: self.long_s || other.long_s, kelvin: self.kelvin || other.kelvin }
    }

    /// The characters that may stand for letters of a text whose case is ignored.
    pub(crate) fn of_letters(text: &[u8]) -> Odd {
        let has = |letter: u8| text.iter().any(|byte| byte.eq_ignore_ascii_case(&letter));
        Odd { long_s: has(b's'), kelvin: has(b'k') }
    }

    pub(crate) fn literals(self) -> impl Iterator<Item = Condition> {
        let literals = [(self.long_s, LONG_S), (self.kelvin, KELVIN)];
        literals.into_iter().filter(|(has, _)| *has).map(|(_, literal)| Condition::literal(literal.as_bytes()))
    }
}

/// A set of strings in lower case, one of which a match contains at some offset. An empty set means that there is no
/// match.
#[derive(Clone, Debug)]
pub(crate) struct Strings {
    strings: Vec<Vec<u8>>,
    /// A line with one of these characters need not contain any of the strings.
    pub(crate) odd: Odd,
    /// Another condition implies that the line contains one of the strings.
    pub(crate) is_implied: bool,
}

/// Either end of strings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Start,
    Stop,
}

impl End {
    fn of(self, string: &[u8], len: usize) -> &[u8] {
        let len = len.min(string.len());
        match self {
            End::Start => &string[..len],
            End::Stop => &string[string.len() - len..],
        }
    }

    fn other(self) -> End {
        match self {
            End::Start => End::Stop,
            End::Stop => End::Start,
        }
    }
}

impl Strings {
    /// The set of the empty string, which stands everywhere.
    pub(crate) fn empty() -> Self {
        Strings::new(vec![vec![]], Odd::default())
    }

    /// The set of one string of any length.
    pub(crate) fn one(string: &[u8], odd: Odd) -> Self {
        Strings::new(vec![string.to_vec()], odd)
    }

    pub(crate) fn new(mut strings: Vec<Vec<u8>>, odd: Odd) -> Self {
        strings.iter_mut().for_each(|string| string.make_ascii_lowercase());
        strings.sort_unstable();
        strings.dedup();
        Strings { strings, odd, is_implied: false }
    }

    pub(crate) fn len(&self) -> usize {
        self.strings.len()
    }

    /// The same strings, implied by another condition.
    pub(crate) fn implied(self) -> Self {
        Strings { is_implied: true, ..self }
    }

    fn is_empty_string(&self) -> bool {
        self.len() == 1 && self.has_empty()
    }

    fn bytes(&self) -> usize {
        self.strings.iter().map(Vec::len).sum()
    }

    fn longest(&self) -> usize {
        self.strings.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn has_empty(&self) -> bool {
        self.strings.iter().any(Vec::is_empty)
    }

    /// Concatenates each string with each of `next`. Returns false, and changes nothing, if the result would be too
    /// large.
    pub(crate) fn append(&mut self, next: &Strings) -> bool {
        let bytes = self.bytes() * next.len() + next.bytes() * self.len();
        let is_small = self.len() * next.len() <= MOST
            && (bytes <= MOST_BYTES || self.len() * next.len() == 1)
            && self.longest() + next.longest() <= LONGEST;
        if !is_small {
            return false;
        }
        let odd = self.odd.or(next.odd);
        let is_implied = (self.is_implied && next.is_empty_string()) || (next.is_implied && self.is_empty_string());
        match &next.strings[..] {
            [next] => self.strings.iter_mut().for_each(|string| string.extend_from_slice(next)),
            _ => {
                let join =
                    |first: &Vec<u8>| next.strings.iter().map(|next| [&first[..], next].concat()).collect::<Vec<_>>();
                *self = Strings::new(self.strings.iter().flat_map(join).collect(), odd);
            }
        }
        (self.odd, self.is_implied) = (odd, is_implied);
        true
    }

    /// Concatenates suffixes with `next`, where whole strings would be too many. The suffixes are as long as possible.
    pub(crate) fn append_to_ends(&self, next: &Strings) -> Strings {
        for len in (1..=END).rev() {
            if let Some(mut ends) = Self::ends([self], End::Stop, len)
                && ends.len() * next.len() <= MOST_ENDS
                && ends.append(next)
            {
                return ends;
            }
        }
        next.clone()
    }

    /// The union of these sets, if it is small.
    pub(crate) fn union<'a>(sets: impl Iterator<Item = &'a Strings>) -> Option<Strings> {
        let (mut strings, mut odd, mut bytes) = (vec![], Odd::default(), 0);
        for set in sets {
            odd = odd.or(set.odd);
            bytes += set.bytes();
            if strings.len() + set.len() > MOST || bytes > MOST_BYTES {
                return None;
            }
            strings.extend_from_slice(&set.strings);
        }
        Some(Strings::new(strings, odd))
    }

    /// The longest prefixes or suffixes that cover all these strings: a small set, of the empty string at worst.
    pub(crate) fn common<'a>(sets: impl Iterator<Item = &'a Strings> + Clone, end: End) -> Strings {
        let common = || match sets.clone().any(Strings::has_empty) {
            true => None,
            false => {
                Self::union(sets.clone()).or_else(|| (1..=END).rev().find_map(|len| Self::ends(sets.clone(), end, len)))
            }
        };
        common().unwrap_or_else(Strings::empty)
    }

    /// The prefixes or suffixes of a length, if they are few.
    fn ends<'a>(sets: impl IntoIterator<Item = &'a Strings>, end: End, len: usize) -> Option<Strings> {
        let (mut ends, mut odd) = (BTreeSet::new(), Odd::default());
        for set in sets {
            odd = odd.or(set.odd);
            for string in &set.strings {
                ends.insert(end.of(string, len));
                if ends.len() > MOST_ENDS {
                    return None;
                }
            }
        }
        Some(Strings::new(ends.into_iter().map(<[u8]>::to_vec).collect(), odd))
    }

    /// The same strings or shorter ones, if that makes them fewer at little loss.
    ///
    /// A class of many characters at an end is cut off. Between literals it is worth its strings.
    pub(crate) fn trimmed(mut self) -> Strings {
        for end in [End::Stop, End::Start] {
            let mut best: Option<Strings> = None;
            for len in 1..=TRIMMED {
                if self.len() < 2 || self.strings.iter().any(|string| string.len() <= len) {
                    break;
                }
                let rest = |string: &Vec<u8>| end.other().of(string, string.len() - len).to_vec();
                let shorter = Strings::new(self.strings.iter().map(rest).collect(), self.odd);
                if shorter.is_better_than(best.as_ref().unwrap_or(&self)) {
                    best = Some(shorter);
                }
            }
            self = best.unwrap_or(self);
        }
        self
    }

    fn is_better_than(&self, other: &Strings) -> bool {
        let (frequency, of_other) = (self.frequency(), other.frequency());
        frequency < of_other || (frequency == of_other && self.len() < other.len())
    }

    /// An estimate of how frequent they are. Each byte counts as two bits, as bytes within a word depend on each other.
    fn frequency(&self) -> f64 {
        let frequency = |string: &Vec<u8>| match Condition::literal(string) {
            Condition::Anything => 1.0,
            _ => 0.25_f64.powi(string.len() as i32),
        };
        self.strings.iter().map(frequency).sum()
    }

    /// The condition that one of them is on the line.
    pub(crate) fn condition(&self) -> Condition {
        Condition::any(self.strings.iter().map(|string| Condition::literal(string)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Strings {
        Strings::new(texts.iter().map(|text| text.as_bytes().to_vec()).collect(), Odd::default())
    }

    fn digits() -> Strings {
        strings(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
    }

    #[test]
    fn a_class_at_an_end_is_left_out() {
        let joined = |parts: &[&Strings]| {
            let mut all = Strings::empty();
            parts.iter().for_each(|part| assert!(all.append(part)));
            all.trimmed().strings
        };
        let (foo, bar, ab) = (strings(&["foo"]), strings(&["bar"]), strings(&["a", "b"]));
        assert_eq!(joined(&[&foo, &digits()]), [b"foo"]);
        assert_eq!(joined(&[&digits(), &foo]), [b"foo"]);
        assert_eq!(joined(&[&ab, &digits(), &foo]), [b"foo"]);
        assert_eq!(joined(&[&foo, &digits(), &bar]).len(), 10);
        assert_eq!(joined(&[&foo, &ab]), [b"fooa", b"foob"]);
        assert_eq!(joined(&[&strings(&["fo"]), &digits()]).len(), 10);
    }

    #[test]
    fn too_much_is_put_together_with_ends() {
        let (mut long, two) = (strings(&[&"x".repeat(LONGEST)]), strings(&["ab", "ac"]));
        assert!(!long.append(&two));
        assert_eq!(long.append_to_ends(&two).strings, [b"xxxxxxxxab", b"xxxxxxxxac"]);
        let mut many = digits();
        assert!(!many.append(&digits()));
        assert_eq!(many.append_to_ends(&two).strings, two.strings);
    }

    #[test]
    fn what_many_have_in_common() {
        let many = strings(
            &(0..100).map(|n| format!("word{n:02}")).collect::<Vec<_>>().iter().map(|s| &s[..]).collect::<Vec<_>>(),
        );
        assert_eq!(Strings::common([&many].into_iter(), End::Start).strings, [b"word"]);
        assert_eq!(Strings::common([&many].into_iter(), End::Stop).strings, [b""]);
        assert_eq!(Strings::common([&digits(), &Strings::empty()].into_iter(), End::Start).strings, [b""]);
    }
}
