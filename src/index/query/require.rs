//! From a pattern to what a line needs for it to match there.
//!
//! Of each part of a pattern is known what all of it may be, or what it begins and ends with and what has to be in it;
//! what is known of a whole follows from its parts. The method is that of Russ Cox ("Regular Expression Matching with
//! a Trigram Index"), with strings of any length.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir};

use super::{
    needs::{KELVIN, LONG_S, LONGEST, Needs},
    strings::{End, Odd, Strings},
};
use crate::matcher::syntax::fold::{self, Algebra, Times, fold};

/// Larger classes of characters may be anything.
const LARGEST_CLASS: usize = 40;

/// How often a repeated part of several strings is written out at most.
const MOST_COPIES: u32 = 8;

/// How many literals all patterns together may need, beyond one in four bytes of their text: that many can stand in it.
pub(crate) const MOST_LITERALS: usize = 1 << 16;

/// What the end of a cut literal is put together with what follows.
const KEPT_END: usize = 8;

/// A condition on a line, which need not hold where an odd character stands.
#[derive(Clone, Debug)]
pub(crate) struct Required {
    needs: Needs,
    odd: Odd,
}

impl Required {
    const ANYTHING: Required = Required { needs: Needs::Anything, odd: Odd { long_s: false, kelvin: false } };

    fn new(needs: Needs, odd: Odd) -> Self {
        match needs {
            Needs::Anything => Required::ANYTHING,
            needs => Required { needs, odd },
        }
    }

    fn all(all: Vec<Required>) -> Self {
        let odd = all.iter().fold(Odd::default(), |odd, required| odd.or(required.odd));
        Required::new(Needs::all(all.into_iter().map(|required| required.needs)), odd)
    }

    pub(crate) fn any(any: Vec<Required>) -> Self {
        let odd = any.iter().fold(Odd::default(), |odd, required| odd.or(required.odd));
        Required::new(Needs::any(any.into_iter().map(|required| required.needs)), odd)
    }

    pub(crate) fn into_needs(self) -> Needs {
        match self.needs {
            Needs::Anything => Needs::Anything,
            needs => Needs::any(self.odd.literals().chain([needs])),
        }
    }
}

/// What is known of a part of a pattern.
#[derive(Debug)]
pub(crate) enum Part {
    /// All that it matches.
    Exact(Strings),
    /// What every match begins and ends with, and what else it needs.
    Open { starts: Strings, ends: Strings, needs: Required },
}

impl Part {
    fn anything() -> Self {
        Part::Open { starts: Strings::empty(), ends: Strings::empty(), needs: Required::ANYTHING }
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

/// Finds what patterns need.
#[derive(Debug)]
pub(crate) struct Requirer {
    /// How many more literals they may need.
    left: usize,
}

impl Requirer {
    /// For patterns of so many bytes of text.
    pub(crate) fn new(bytes: usize) -> Self {
        Requirer { left: MOST_LITERALS + bytes / 4 }
    }

    /// What a pattern needs.
    pub(crate) fn pattern(&mut self, hir: &Hir) -> Required {
        let part = fold(hir, self);
        self.required(part)
    }

    /// What a plain string needs. It is the literal that it is, but for characters beyond ASCII with another case.
    /// It may have any bytes.
    pub(crate) fn plain(&mut self, text: &[u8], ignore_case: bool) -> Required {
        let bytes = &text[..text.len().min(LONGEST)];
        if !ignore_case {
            return Required::new(Needs::literal(bytes), Odd::default());
        }
        if bytes.is_ascii() {
            return Required::new(Needs::literal(bytes), Odd::of_letters(bytes));
        }
        let mut run = Run::new();
        // What is no UTF-8 is left out: the longest part between is needed as well.
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
            Part::Open { starts, ends, needs } => {
                let all = vec![self.one_of(starts), needs, self.one_of(ends)];
                Required::all(all)
            }
        }
    }

    /// What is needed where one of these strings stands.
    fn one_of(&mut self, strings: Strings) -> Required {
        if strings.is_implied {
            return Required::ANYTHING;
        }
        let strings = strings.trimmed();
        let Some(left) = self.left.checked_sub(strings.len().saturating_sub(1)) else { return Required::ANYTHING };
        let required = Required::new(strings.needs(), strings.odd);
        if !matches!(required.needs, Needs::Anything) {
            self.left = left;
        }
        required
    }
}

impl Algebra for Requirer {
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
                    false => Part::Open { starts: run.clone(), ends: run, needs: Required::ANYTHING },
                }
            }
            Part::Open { starts, ends, mut needs } => {
                let mut border = ends.clone();
                if min > 1 && border.append(&starts) {
                    needs = Required::all(vec![needs, self.one_of(border)]);
                }
                Part::Open { starts, ends, needs }
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
        let needs = Required::any(parts.into_iter().map(|part| self.required(part)).collect());
        match needs.needs {
            Needs::Anything => Part::Open { starts, ends, needs },
            _ => Part::Open { starts: starts.implied(), ends: ends.implied(), needs },
        }
    }
}

/// Parts that follow each other.
struct Run {
    /// What they begin with, once that is not all of them.
    starts: Option<Strings>,
    /// What they end with; all of them as long as there is nothing else.
    ends: Strings,
    needs: Vec<Required>,
}

impl Run {
    fn new() -> Self {
        Run { starts: None, ends: Strings::empty(), needs: vec![] }
    }

    fn push(&mut self, part: Part, requirer: &mut Requirer) {
        match part {
            Part::Exact(strings) => self.append(strings, requirer),
            Part::Open { starts, ends, needs } => {
                self.append(starts, requirer);
                self.needs.push(needs);
                self.begin(ends, requirer);
            }
        }
    }

    fn append(&mut self, strings: Strings, requirer: &mut Requirer) {
        if !self.ends.append(&strings) {
            let ends = self.ends.append_to_ends(&strings);
            self.begin(ends, requirer);
        }
    }

    /// Has other ends from here on, after something that is not known.
    fn begin(&mut self, ends: Strings, requirer: &mut Requirer) {
        let before = std::mem::replace(&mut self.ends, ends);
        match self.starts {
            None => self.starts = Some(before),
            Some(_) => self.needs.push(requirer.one_of(before)),
        }
    }

    fn into_part(self) -> Part {
        match self.starts {
            None => Part::Exact(self.ends),
            Some(starts) => Part::Open { starts, ends: self.ends, needs: Required::all(self.needs) },
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
            needs: Required::ANYTHING,
        },
    }
}

/// The characters of a class, unless they are many.
fn class_part(class: &Class) -> Part {
    // Each ASCII letter may be there in both cases.
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
