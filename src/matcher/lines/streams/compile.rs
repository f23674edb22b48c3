//! From regexes to operations on streams.

use std::collections::HashMap;

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::program::{Beyond, Id, Program, Step};
use crate::{
    matcher::{syntax::required, terminator::LineTerminator},
    simd::dispatch::Shuffles,
};

/// How many streams there may be. Each takes 256 bytes, and all of them should stay in the first cache.
const MOST: usize = 64;

/// Where a match may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Markers {
    Nowhere,
    Everywhere,
    At(Id),
}

/// Bytes of ASCII, a bit for each.
type Set = u128;

impl Program {
    /// The program that finds lines with a match of any of these regexes, which are confined to lines.
    ///
    /// None where there is none, because they repeat what is more than a byte, are too long, or match every line or
    /// none; where lines end with `\r\n`; and where the processor has no byte shuffle.
    pub(crate) fn new(regexes: &[Hir], terminator: LineTerminator) -> Option<Self> {
        if terminator == LineTerminator::Crlf {
            return None;
        }
        Shuffles::widest_first().next()?;
        let mut compiler =
            Compiler { steps: vec![], known: HashMap::new(), beyond: Beyond::Nothing, terminator: terminator.byte() };
        compiler.step(Step::Byte(terminator.byte()))?;
        let mut hits = Markers::Nowhere;
        for regex in regexes {
            let more = compiler.regex(regex, Markers::Everywhere, true)?;
            hits = compiler.or(hits, more)?;
        }
        let Markers::At(hits) = hits else { return None };
        let is_always_best = required::of_all(regexes).is_none();
        let Compiler { mut steps, beyond, terminator, .. } = compiler;
        if beyond != Beyond::Nothing {
            steps.push(Step::Range(0x80, 0xFF));
        }
        Some(Program { steps, hits, beyond, terminator, is_always_best })
    }
}

struct Compiler {
    steps: Vec<Step>,
    /// What was made before is not made again.
    known: HashMap<Step, Id>,
    beyond: Beyond,
    terminator: u8,
}

impl Compiler {
    /// The stream of the ends of lines.
    const ENDS: Id = Id(0);

    fn step(&mut self, step: Step) -> Option<Id> {
        if let Some(&id) = self.known.get(&step) {
            return Some(id);
        }
        if self.steps.len() == MOST {
            return None;
        }
        let id = Id(self.steps.len() as u8);
        self.steps.push(step.clone());
        self.known.insert(step, id);
        Some(id)
    }

    /// Where a match of `hir` ends that begins at one of the markers. Of the whole regex's last part, the markers may
    /// stand at the last byte of a match in place of the one behind, and matches may be cut short.
    fn regex(&mut self, hir: &Hir, from: Markers, is_last: bool) -> Option<Markers> {
        match hir.kind() {
            HirKind::Empty => Some(from),
            HirKind::Look(look) => self.look(*look, from),
            HirKind::Capture(capture) => self.regex(&capture.sub, from, is_last),
            HirKind::Class(_) => {
                let set = self.class(hir)?;
                self.byte(set, from, is_last)
            }
            HirKind::Literal(literal) => {
                let mut markers = from;
                for (i, &byte) in literal.0.iter().enumerate() {
                    let set = self.one_byte(byte);
                    markers = self.byte(set, markers, is_last && i + 1 == literal.0.len())?;
                }
                Some(markers)
            }
            HirKind::Repetition(repetition) => self.repetition(repetition, from, is_last),
            HirKind::Concat(parts) => {
                // What may be missing at the end decides nothing.
                let is_optional =
                    |hir: &Hir| matches!(hir.kind(), HirKind::Repetition(Repetition { min: 0, .. }) | HirKind::Empty);
                let kept = match is_last {
                    true => parts.iter().rposition(|part| !is_optional(part)).map_or(0, |last| last + 1),
                    false => parts.len(),
                };
                let mut markers = from;
                for (i, part) in parts[..kept].iter().enumerate() {
                    markers = self.regex(part, markers, is_last && i + 1 == kept)?;
                }
                Some(markers)
            }
            HirKind::Alternation(parts) => {
                let mut markers = Markers::Nowhere;
                for part in parts {
                    let more = self.regex(part, from, is_last)?;
                    markers = self.or(markers, more)?;
                }
                Some(markers)
            }
        }
    }

    fn repetition(&mut self, repetition: &Repetition, from: Markers, is_last: bool) -> Option<Markers> {
        let Repetition { min, max, sub, .. } = repetition;
        // Where anything may come before or behind, more than the least number of times says nothing more.
        let max = if is_last || from == Markers::Everywhere { Some(*min) } else { *max };
        if *min as usize > MOST || max.is_some_and(|max| max as usize > MOST) {
            return None;
        }
        let mut markers = from;
        for i in 0..*min {
            markers = self.regex(sub, markers, is_last && i + 1 == *min)?;
        }
        match max {
            Some(max) => {
                let mut ended = markers;
                for _ in *min..max {
                    markers = self.regex(sub, markers, false)?;
                    ended = self.or(ended, markers)?;
                }
                Some(ended)
            }
            None => {
                let set = self.class(sub)?;
                match markers {
                    Markers::At(id) if set != 0 => {
                        let set = self.set(set)?;
                        self.at(Step::Through(id, set))
                    }
                    _ => Some(markers),
                }
            }
        }
    }

    /// The bytes of ASCII that a regex matches which matches one character. None for others.
    fn class(&mut self, hir: &Hir) -> Option<Set> {
        let ranges: Vec<(u32, u32)> = match hir.kind() {
            HirKind::Capture(capture) => return self.class(&capture.sub),
            HirKind::Literal(literal) => match *literal.0 {
                [byte] => return Some(self.one_byte(byte)),
                _ => return None,
            },
            HirKind::Class(Class::Unicode(class)) => {
                class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
            }
            HirKind::Class(Class::Bytes(class)) => {
                class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
            }
            _ => return None,
        };
        if ranges.iter().any(|(_, end)| *end > 0x7F) {
            self.note(Beyond::MayMatch);
        }
        let within = |byte: u8| ranges.iter().any(|(start, end)| (*start..=*end).contains(&u32::from(byte)));
        Some((0..0x80).filter(|&byte| within(byte)).fold(0, |set, byte| set | self.one_byte(byte)))
    }

    /// The set of this byte. No match goes over the end of a line.
    fn one_byte(&mut self, byte: u8) -> Set {
        if !byte.is_ascii() {
            self.note(Beyond::MayMatch);
        }
        if byte.is_ascii() && byte != self.terminator { 1 << byte } else { 0 }
    }

    fn note(&mut self, beyond: Beyond) {
        self.beyond = self.beyond.max(beyond);
    }

    /// The stream of a set that is not empty.
    fn set(&mut self, set: Set) -> Option<Id> {
        let (first, last) = (set.trailing_zeros() as u8, 127 - set.leading_zeros() as u8);
        if first == last {
            return self.step(Step::Byte(first));
        }
        if set.count_ones() == u32::from(last - first) + 1 {
            return self.step(Step::Range(first, last));
        }
        let half = |lower: usize| (0..8).map(|upper| u8::from(set >> (upper << 4 | lower) & 1 != 0) << upper).sum();
        self.step(Step::Set(std::array::from_fn(half)))
    }

    /// Behind one byte of a set; or at that byte, where that is the last one.
    fn byte(&mut self, set: Set, from: Markers, is_last: bool) -> Option<Markers> {
        if set == 0 {
            return Some(Markers::Nowhere);
        }
        let set = self.set(set)?;
        match self.and(from, set)? {
            Markers::At(id) if !is_last => self.at(Step::Advance(id, false)),
            markers => Some(markers),
        }
    }

    fn look(&mut self, look: Look, from: Markers) -> Option<Markers> {
        let holds = match look {
            Look::StartLF => self.step(Step::Advance(Self::ENDS, true))?,
            Look::EndLF => Self::ENDS,
            // Where only one of two characters is a word's.
            Look::WordAscii | Look::WordUnicode => {
                let (before, behind) = self.words()?;
                self.step(Step::Xor(before, behind))?
            }
            Look::WordAsciiNegate | Look::WordUnicodeNegate => {
                let (before, behind) = self.words()?;
                let differ = self.step(Step::Xor(before, behind))?;
                self.step(Step::Not(differ))?
            }
            Look::WordStartAscii | Look::WordStartUnicode => {
                let (before, behind) = self.words()?;
                let before = self.step(Step::Not(before))?;
                self.step(Step::And(before, behind))?
            }
            Look::WordEndAscii | Look::WordEndUnicode => {
                let (before, behind) = self.words()?;
                let behind = self.step(Step::Not(behind))?;
                self.step(Step::And(before, behind))?
            }
            Look::WordStartHalfAscii | Look::WordStartHalfUnicode => {
                let (before, _) = self.words()?;
                self.step(Step::Not(before))?
            }
            Look::WordEndHalfAscii | Look::WordEndHalfUnicode => {
                let (_, behind) = self.words()?;
                self.step(Step::Not(behind))?
            }
            // Where lines are searched, these have become those of the line.
            Look::Start | Look::End | Look::StartCRLF | Look::EndCRLF => return None,
        };
        let is_of_unicode = matches!(
            look,
            Look::WordUnicode
                | Look::WordUnicodeNegate
                | Look::WordStartUnicode
                | Look::WordEndUnicode
                | Look::WordStartHalfUnicode
                | Look::WordEndHalfUnicode
        );
        if is_of_unicode {
            self.note(Beyond::Decides);
        }
        self.and(from, holds)
    }

    /// Where the byte before is a word's, and where the byte behind is.
    fn words(&mut self) -> Option<(Id, Id)> {
        let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let behind = self.set((0..0x80).filter(is_of_word).fold(0, |set, byte| set | 1 << byte))?;
        Some((self.step(Step::Advance(behind, false))?, behind))
    }

    fn and(&mut self, markers: Markers, with: Id) -> Option<Markers> {
        match markers {
            Markers::Nowhere => Some(Markers::Nowhere),
            Markers::Everywhere => Some(Markers::At(with)),
            Markers::At(id) => self.at(Step::And(id, with)),
        }
    }

    fn or(&mut self, one: Markers, other: Markers) -> Option<Markers> {
        match (one, other) {
            (Markers::Everywhere, _) | (_, Markers::Everywhere) => Some(Markers::Everywhere),
            (Markers::Nowhere, markers) | (markers, Markers::Nowhere) => Some(markers),
            (Markers::At(one), Markers::At(other)) if one == other => Some(Markers::At(one)),
            (Markers::At(one), Markers::At(other)) => self.at(Step::Or(one, other)),
        }
    }

    fn at(&mut self, step: Step) -> Option<Markers> {
        self.step(step).map(Markers::At)
    }
}
