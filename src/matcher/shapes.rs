//! Shapes of which every match of a pattern contains one: runs of classes of bytes.
//!
//! A pattern like `[0-9a-z]{24}\.[0-9a-z]{6}\.[0-9a-z]{27}` has no literal worth looking for. But two dots at that distance, with
//! letters before, between and behind them, are rare. Vectors look for four bytes of each shape, and for all shapes at
//! once; where they find something, the other bytes are looked at.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::{
    required::byte_bits,
    set::{
        packed::{self, Packed},
        places::Places,
    },
};

/// How many bytes of a match are looked at, at most.
const LONGEST: usize = 32;

/// How rare a shape has to be, in bits: fewer than one place in 2 to this many has it.
const LEAST_BITS: f64 = 16.0;

/// How rare the four bytes that are looked for have to be.
const LEAST_BITS_OF_PART: f64 = 5.0;

/// What the shares of all bytes add up to that are often in text, which are rough.
const ALL: f64 = 2.85;

/// How much is searched at once.
const BLOCK: usize = 64 << 10;

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    const NONE: ByteSet = ByteSet([0; 4]);

    fn add(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
    }

    fn with(&self, other: &ByteSet) -> ByteSet {
        ByteSet(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(|byte| self.has(*byte))
    }

    /// How rare they are, together.
    fn bits(&self) -> f64 {
        let share: f64 = self.bytes().map(|byte| 0.5_f64.powi(byte_bits(byte) as i32)).sum();
        -(share / ALL).min(1.0).log2()
    }
}

/// A class of bytes for each of so many bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    classes: Vec<ByteSet>,
    /// Which of them to look at, the rarest first.
    order: Vec<usize>,
    /// Where the part is that vectors look for.
    part: usize,
}

impl Shape {
    /// A rare shape that every match has, if there is one.
    pub(super) fn of(hir: &Hir) -> Option<Shape> {
        let mut runs = Runs::default();
        runs.add(hir);
        runs.end();
        let shapes = runs.all.into_iter().filter_map(Shape::new);
        shapes.max_by(|a, b| a.bits().total_cmp(&b.bits()))
    }

    fn new(classes: Vec<ByteSet>) -> Option<Shape> {
        let part_bits = |at: usize| classes[at..at + packed::DEPTH].iter().map(ByteSet::bits).sum::<f64>();
        let last = classes.len().checked_sub(packed::DEPTH)?;
        let part = (0..=last).max_by(|&a, &b| part_bits(a).total_cmp(&part_bits(b)))?;
        let mut order: Vec<usize> = (0..classes.len()).collect();
        order.sort_by(|&a, &b| classes[b].bits().total_cmp(&classes[a].bits()));
        let is_rare = part_bits(part) >= LEAST_BITS_OF_PART;
        Some(Shape { classes, order, part }).filter(|shape| is_rare && shape.bits() >= LEAST_BITS)
    }

    fn bits(&self) -> f64 {
        self.classes.iter().map(ByteSet::bits).sum()
    }

    /// Whether it is there, with its part at this place.
    fn is_at(&self, text: &[u8], part: usize) -> bool {
        let bytes = part.checked_sub(self.part).and_then(|start| text.get(start..)?.get(..self.classes.len()));
        bytes.is_some_and(|bytes| self.order.iter().all(|&i| self.classes[i].has(bytes[i])))
    }
}

/// The runs of bytes of which the classes are known, in the order of the pattern.
#[derive(Default)]
struct Runs {
    all: Vec<Vec<ByteSet>>,
    /// The run that goes on.
    open: Vec<ByteSet>,
}

impl Runs {
    /// Ends the run: what comes next may be anywhere behind it.
    fn end(&mut self) {
        let run = std::mem::take(&mut self.open);
        if !run.is_empty() {
            self.all.push(run);
        }
    }

    /// Appends a class, and leaves the front of the run behind where it becomes too long.
    fn push(&mut self, class: ByteSet) {
        if self.open.len() == LONGEST {
            self.all.push(self.open.clone());
            self.open.drain(..LONGEST / 2);
        }
        self.open.push(class);
    }

    fn add(&mut self, hir: &Hir) {
        if let Some(classes) = fixed(hir) {
            return classes.into_iter().for_each(|class| self.push(class));
        }
        match hir.kind() {
            HirKind::Capture(capture) => self.add(&capture.sub),
            HirKind::Concat(subs) => subs.iter().for_each(|sub| self.add(sub)),
            HirKind::Repetition(repetition) if repetition.min > 0 => {
                // The first of them follow what is before, and the last are followed by what is behind.
                let one = fixed(&repetition.sub);
                let times = repetition.min.min(LONGEST as u32 / 2) as usize;
                let some = one.map(|one| one.repeat(times));
                match &some {
                    Some(classes) => classes.iter().for_each(|class| self.push(*class)),
                    None => self.add(&repetition.sub),
                }
                self.end();
                some.iter().flatten().for_each(|class| self.push(*class));
            }
            _ => self.end(),
        }
    }
}

/// The classes of the bytes of all matches, where all have the same length, and are not long.
fn fixed(hir: &Hir) -> Option<Vec<ByteSet>> {
    let of = |bytes: &[u8]| -> Vec<ByteSet> {
        let class = |byte: &u8| {
            let mut class = ByteSet::NONE;
            class.add(*byte);
            class
        };
        bytes.iter().map(class).collect()
    };
    let classes = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![],
        HirKind::Literal(literal) => of(&literal.0),
        HirKind::Class(class) => {
            let ranges: Vec<(u8, u8)> = match class {
                Class::Bytes(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
                Class::Unicode(class) => {
                    let ascii = |c: char| u8::try_from(c).ok().filter(u8::is_ascii);
                    class
                        .ranges()
                        .iter()
                        .map(|range| ascii(range.start()).zip(ascii(range.end())))
                        .collect::<Option<_>>()?
                }
            };
            let mut class = ByteSet::NONE;
            ranges.into_iter().flat_map(|(start, end)| start..=end).for_each(|byte| class.add(byte));
            vec![class]
        }
        HirKind::Capture(capture) => fixed(&capture.sub)?,
        HirKind::Repetition(repetition) => {
            let one = fixed(&repetition.sub)?;
            let times = repetition.min as usize;
            if repetition.max != Some(repetition.min) || one.len().saturating_mul(times) > 2 * LONGEST {
                return None;
            }
            one.repeat(times)
        }
        HirKind::Concat(subs) => {
            let mut all = vec![];
            for sub in subs {
                all.extend(fixed(sub)?);
                if all.len() > 2 * LONGEST {
                    return None;
                }
            }
            all
        }
        HirKind::Alternation(subs) => {
            let mut subs = subs.iter().map(fixed);
            let mut all = subs.next()??;
            for sub in subs {
                let sub = sub?;
                if sub.len() != all.len() {
                    return None;
                }
                all.iter_mut().zip(&sub).for_each(|(class, other)| *class = class.with(other));
            }
            all
        }
    };
    Some(classes)
}

/// A search for several shapes.
#[derive(Clone, Debug)]
pub(super) struct Shapes {
    shapes: Vec<Shape>,
    parts: Packed,
}

/// Places of which it is not known yet whether there is a shape.
#[derive(Debug)]
pub(super) struct Found {
    places: Places,
    /// How many of them were looked at.
    done: usize,
    base: usize,
    /// Up to where the text was searched.
    end: usize,
}

impl Shapes {
    /// None when there are too many.
    pub(super) fn new(shapes: Vec<Shape>) -> Option<Shapes> {
        let part = |shape: &Shape| std::array::from_fn(|i| shape.classes[shape.part + i].bytes().collect());
        let parts: Vec<[Vec<u8>; packed::DEPTH]> = shapes.iter().map(part).collect();
        (shapes.len() <= packed::MAX).then(|| Shapes { parts: Packed::of_classes(&parts), shapes })
    }

    /// What a search from `at` on changes.
    pub(super) fn start(&self, at: usize) -> Found {
        Found { places: Places::new(at), done: 0, base: at, end: at }
    }

    /// The next place from `at` on where a shape is: within it, not at its start. A place that was passed by is not seen again.
    pub(super) fn next(&self, found: &mut Found, text: &[u8], at: usize) -> Option<usize> {
        loop {
            while let Some(&place) = found.places.as_slice().get(found.done) {
                found.done += 1;
                let place = found.base + place as usize;
                if place >= at && self.shapes.iter().any(|shape| shape.is_at(text, place)) {
                    return Some(place);
                }
            }
            found.end = found.end.max(at);
            if found.end >= text.len() {
                return None;
            }
            (found.base, found.done) = (found.end, 0);
            found.places = Places::new(found.end);
            found.end = self.parts.find(text, found.end, text.len().min(found.end + BLOCK), &mut found.places);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(pattern: &str) -> Option<Shape> {
        let hir = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).unwrap();
        Shape::of(&hir)
    }

    fn places(patterns: &[&str], text: &[u8]) -> Vec<usize> {
        let shapes = Shapes::new(patterns.iter().map(|pattern| shape(pattern).unwrap()).collect()).unwrap();
        let mut found = shapes.start(0);
        let mut all = vec![];
        while let Some(place) = shapes.next(&mut found, text, all.last().map_or(0, |last| last + 1)) {
            all.push(place);
        }
        all
    }

    #[test]
    fn rare_shapes() {
        for pattern in [
            r"\b[MNO][0-9A-Za-z_-]{23,25}\.[0-9A-Za-z_-]{6}\.[0-9A-Za-z_-]{27,38}\b",
            r"\bSK[0-9a-f]{32}\b",
            r#"["'][0-9A-Za-z+/]{43}=["']"#,
            "[a-z]+(?:[0-9]{8}-[0-9]{4}|[A-F]{8}:[A-F]{4})",
        ] {
            assert!(shape(pattern).is_some(), "{pattern}");
        }
        for pattern in ["[a-z]+", "(?:x{20})?[a-z]", ".*", "", "[^a]{40}", r"\w{30}", "ab|cdefghijklmnopq", "x"] {
            assert_eq!(shape(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn shapes_are_found_wherever_they_are() {
        let patterns = [r"[0-9]{8}\.[a-z]{5}\.[a-z]{3,}", r"#[0-9]{4}#Z"];
        for before in 0..80 {
            let mut text = vec![b' '; before];
            text.extend_from_slice(b"12345678.abcde.xyz #1234#Z 1234567.abcde.xyz #123#Z");
            let found = places(&patterns, &text);
            assert_eq!(found.len(), 2, "{found:?}");
            assert!((before..before + 18).contains(&found[0]) && (before + 19..before + 26).contains(&found[1]));
        }
        // More than there is room for at once.
        let text = b"#1234#Z".repeat(5000);
        assert_eq!(places(&patterns[1..], &text).len(), 5000);
    }
}
