//! From a pattern to the condition on a line for a match.
//!
//! Each part of a pattern has either the complete set of strings that it matches, or sets of prefixes and suffixes and
//! a condition. The sets of a whole follow from those of its parts. The method is that of Russ Cox ("Regular Expression
//! Matching with a Trigram Index"), with strings of any length.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir};

use super::{
    condition::{Condition, KELVIN, LONG_S, LONGEST},
    strings::{End, Odd, Strings},
};
use crate::matcher::syntax::fold::{self, Algebra, Times, fold};

/// Classes of more characters than this count as any string.
const LARGEST_CLASS: usize = 40;

/// A repeated part of several strings is written out at most this often.
const MOST_COPIES: u32 = 8;

/// All patterns together may require this many literals, plus one for each four bytes of their text, as a list of plain
/// strings has.
pub(crate) const MOST_LITERALS: usize = 1 << 16;

/// The suffix of a literal that was cut, in bytes. It is joined with what follows.
const KEPT_END: usize = 8;

/// A condition on a line. A line that has one of the `odd` characters need not meet it.
#[derive(Clone, Debug)]
pub(crate) struct Required {
    condition: Condition,
    odd: Odd,
}

impl Required {
    const ANYTHING: Required = Required { condition: Condition::Anything, odd: Odd { long_s: false, kelvin: false } };

    fn new(condition: Condition, odd: Odd) -> Self {
        match condition {
            Condition::Anything => Required::ANYTHING,
            condition => Required { condition, odd },
        }
    }

    fn all(all: Vec<Required>) -> Self {
        let odd = all.iter().fold(Odd::default(), |odd, required| odd.or(required.odd));
        Required::new(Condition::all(all.into_iter().map(|required| required.condition)), odd)
    }

    pub(crate) fn any(any: Vec<Required>) -> Self {
        let odd = any.iter().fold(Odd::default(), |odd, required| odd.or(required.odd));
        Required::new(Condition::any(any.into_iter().map(|required| required.condition)), odd)
    }

    pub(crate) fn into_condition(self) -> Condition {
        match self.condition {
            Condition::Anything => Condition::Anything,
            condition => Condition::any(self.odd.literals().chain([condition])),
        }
    }
}

/// What a part of a pattern matches.
#[derive(Debug)]
pub(crate) enum Part {
    /// Exactly these strings.
    Exact(Strings),
    /// Strings that start with one of `starts`, end with one of `ends`, and meet a condition.
    Open { starts: Strings, ends: Strings, required: Required },
}

impl Part {
    fn anything() -> Self {
        Part::Open { starts: Strings::empty(), ends: Strings::empty(), required: Required::ANYTHING }
    }

    fn starts(&self) -> &Strings {
        match self {
            Part::Exact(strings) | Part::Open { starts: strings, .. } => strings,
        }
    }

    fn ends(&self) -> &Strings {
        match self {
            Part::Exact(strings) | Part::Open { ends: strings, .. } => strings,
        }
    }
}

/// Extracts the conditions of patterns.
#[derive(Debug)]
pub(crate) struct Extractor {
    /// How many more literals may be required.
    left: usize,
}

impl Extractor {
    /// An extractor for patterns of this many bytes in all.
    pub(crate) fn new(bytes: usize) -> Self {
        Extractor { left: MOST_LITERALS + bytes / 4 }
    }

    /// The condition of a pattern.
    pub(crate) fn pattern(&mut self, hir: &Hir) -> Required {
        let part = fold(hir, self);
        self.required(part)
    }

    /// The condition of a plain string of any bytes: the string itself, or variants of it if it has characters beyond
    /// ASCII with another case.
    pub(crate) fn plain(&mut self, text: &[u8], ignore_case: bool) -> Required {
        let bytes = &text[..text.len().min(LONGEST)];
        if !ignore_case {
            return Required::new(Condition::literal(bytes), Odd::default());
        }
        if bytes.is_ascii() {
            return Required::new(Condition::literal(bytes), Odd::of_letters(bytes));
        }
        let mut run = Run::new();
        // Only the longest part that is UTF-8 is used.
        let text = text.utf8_chunks().map(|chunk| chunk.valid()).max_by_key(|part| part.len()).unwrap_or_default();
        for char in text.chars() {
            let mut class = ClassUnicode::new([ClassUnicodeRange::new(char, char)]);
            class.case_fold_simple();
            run.push(class_part(&Class::Unicode(class)), self);
        }
        let part = run.into_part();
        self.required(part)
    }

    fn required(&mut self, part: Part) -> Required {
        match part {
            Part::Exact(strings) => self.one_of(strings),
            Part::Open { starts, ends, required } => {
                let all = vec![self.one_of(starts), required, self.one_of(ends)];
                Required::all(all)
            }
        }
    }

    /// The condition that one of these strings is on the line.
    fn one_of(&mut self, strings: Strings) -> Required {
        if strings.is_implied {
            return Required::ANYTHING;
        }
        let strings = strings.trimmed();
        let Some(left) = self.left.checked_sub(strings.len().saturating_sub(1)) else { return Required::ANYTHING };
        let required = Required::new(strings.condition(), strings.odd);
        if !matches!(required.condition, Condition::Anything) {
            self.left = left;
        }
        required
    }
}

impl Algebra for Extractor {
    type Value = Part;

    fn empty(&mut self) -> Part {
        Part::Exact(Strings::empty())
    }

    fn literal(&mut self, bytes: &[u8]) -> Part {
        literal_part(bytes)
    }

    fn class(&mut self, class: &Class) -> Part {
        class_part(class)
    }

    fn repetition(&mut self, Times { min, max, .. }: Times, part: fold::Part<'_>) -> Part {
        match (min, max) {
            (_, Some(0)) => return Part::Exact(Strings::empty()),
            (0, Some(1)) => {
                let part = part.fold(self);
                let optional = match &part {
                    Part::Exact(strings) => Strings::union([strings, &Strings::empty()].into_iter()),
                    Part::Open { .. } => None,
                };
                return optional.map_or_else(Part::anything, Part::Exact);
            }
            (0, _) => return Part::anything(),
            (1, Some(1)) => return part.fold(self),
            _ => {}
        }
        match part.fold(self) {
            Part::Exact(one) => {
                let most = if one.len() == 1 { LONGEST as u32 } else { MOST_COPIES };
                let (mut run, mut copies) = (one.clone(), 1);
                while copies < min.min(most) && run.append(&one) {
                    copies += 1;
                }
                match max == Some(copies) {
                    true => Part::Exact(run),
                    false => Part::Open { starts: run.clone(), ends: run, required: Required::ANYTHING },
                }
            }
            Part::Open { starts, ends, mut required } => {
                let mut border = ends.clone();
                if min > 1 && border.append(&starts) {
                    required = Required::all(vec![required, self.one_of(border)]);
                }
                Part::Open { starts, ends, required }
            }
        }
    }

    fn concat(&mut self, parts: fold::Parts<'_>) -> Part {
        let mut run = Run::new();
        for part in parts {
            let part = part.fold(self);
            run.push(part, self);
        }
        run.into_part()
    }

    fn alternation(&mut self, parts: fold::Parts<'_>) -> Part {
        let parts: Vec<Part> = parts.map(|part| part.fold(self)).collect();
        let is_exact = parts.iter().all(|part| matches!(part, Part::Exact(_)));
        if is_exact && let Some(strings) = Strings::union(parts.iter().map(Part::starts)) {
            return Part::Exact(strings);
        }
        let starts = Strings::common(parts.iter().map(Part::starts), End::Start);
        let ends = Strings::common(parts.iter().map(Part::ends), End::Stop);
        let required = Required::any(parts.into_iter().map(|part| self.required(part)).collect());
        match required.condition {
            Condition::Anything => Part::Open { starts, ends, required },
            _ => Part::Open { starts: starts.implied(), ends: ends.implied(), required },
        }
    }
}

/// A concatenation of parts.
struct Run {
    /// The prefixes, once they are not the whole strings.
    starts: Option<Strings>,
    /// The suffixes; the whole strings as long as there are no prefixes.
    ends: Strings,
    required: Vec<Required>,
}

impl Run {
    fn new() -> Self {
        Run { starts: None, ends: Strings::empty(), required: vec![] }
    }

    fn push(&mut self, part: Part, extractor: &mut Extractor) {
        match part {
            Part::Exact(strings) => self.append(strings, extractor),
            Part::Open { starts, ends, required } => {
                self.append(starts, extractor);
                self.required.push(required);
                self.begin(ends, extractor);
            }
        }
    }

    fn append(&mut self, strings: Strings, extractor: &mut Extractor) {
        if !self.ends.append(&strings) {
            let ends = self.ends.append_to_ends(&strings);
            self.begin(ends, extractor);
        }
    }

    /// Starts new suffixes after something unknown.
    fn begin(&mut self, ends: Strings, extractor: &mut Extractor) {
        let before = std::mem::replace(&mut self.ends, ends);
        match self.starts {
            None => self.starts = Some(before),
            Some(_) => self.required.push(extractor.one_of(before)),
        }
    }

    fn into_part(self) -> Part {
        match self.starts {
            None => Part::Exact(self.ends),
            Some(starts) => Part::Open { starts, ends: self.ends, required: Required::all(self.required) },
        }
    }
}

fn literal_part(literal: &[u8]) -> Part {
    let one = |bytes: &[u8]| Strings::one(bytes, Odd::default());
    match literal.len() <= LONGEST {
        true => Part::Exact(one(literal)),
        false => Part::Open {
            starts: one(&literal[..LONGEST]),
            ends: one(&literal[literal.len() - KEPT_END..]),
            required: Required::ANYTHING,
        },
    }
}

/// The characters of a class, if they are few.
fn class_part(class: &Class) -> Part {
    // Both cases of each ASCII letter may be in the class.
    const MOST: usize = 2 * LARGEST_CLASS;
    let chars: Option<Vec<Vec<u8>>> = match class {
        Class::Unicode(class) => {
            let encode = |char: char| char.encode_utf8(&mut [0; 4]).as_bytes().to_vec();
            let count: usize = class.ranges().iter().map(|range| range.len()).sum();
            (count <= MOST).then(|| class.ranges().iter().flat_map(|r| r.start()..=r.end()).map(encode).collect())
        }
        Class::Bytes(class) => {
            let count: usize = class.ranges().iter().map(|range| range.len()).sum();
            (count <= MOST).then(|| class.ranges().iter().flat_map(|r| r.start()..=r.end()).map(|b| vec![b]).collect())
        }
    };
    let Some(mut chars) = chars else { return Part::anything() };
    let mut odd = Odd::default();
    for (letter, other, is_there) in [(b's', LONG_S, &mut odd.long_s), (b'k', KELVIN, &mut odd.kelvin)] {
        let has_letter = chars.iter().any(|char| char.eq_ignore_ascii_case(&[letter]));
        if has_letter && let Some(at) = chars.iter().position(|char| char == other.as_bytes()) {
            chars.swap_remove(at);
            *is_there = true;
        }
    }
    let strings = Strings::new(chars, odd);
    if strings.len() <= LARGEST_CLASS { Part::Exact(strings) } else { Part::anything() }
}
