//! Runs of classes of bytes of which every match of a pattern contains one: *shapes*.
//!
//! A literal is a shape whose classes have one byte each, but a shape can say more: that of `key\s*[:=]` is `key` and
//! then one of the bytes that may follow. And some patterns have a shape that have no literal worth looking for. In
//! `[0-9a-z]{24}\.[0-9a-z]{6}\.[0-9a-z]{27}` there are only two dots, but two dots at that distance, with letters
//! before, between and behind them, are rare.

use regex_syntax::{
    hir::{Class, Hir},
    utf8::{Utf8Sequence, Utf8Sequences},
};

use super::fold::{self, Algebra, Part, Times, fold};
use crate::matcher::{frequency, set::teddy::DEPTH};

/// How many shapes stand for one pattern at most.
const MOST: usize = 16;

/// How many bytes before a place of a pattern are looked at, and how many behind it.
const LONGEST: usize = 16;

/// How long all matches may be where they are few.
const LONGEST_EXACT: usize = 64;

/// How frequent shapes may be that stand for one pattern.
const MOST_FREQUENT: f64 = 1.0 / 4096.0;

/// How frequent the bytes of them may be that are looked for first.
const MOST_FREQUENT_PARTS: f64 = 1.0 / 32.0;

/// What it costs to have one shape more, and to run a pattern where its shape is, if looking at a place costs 1.
const COST_OF_SHAPE: f64 = 1.0 / 32768.0;
const COST_OF_RUN: f64 = 64.0;

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    const NONE: ByteSet = ByteSet([0; 4]);

    fn of(bytes: impl IntoIterator<Item = u8>) -> Self {
        let mut set = ByteSet::NONE;
        bytes.into_iter().for_each(|byte| set.0[usize::from(byte >> 6)] |= 1 << (byte & 63));
        set
    }

    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
    }

    fn with(&self, other: &ByteSet) -> ByteSet {
        ByteSet(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    pub(crate) fn bytes(&self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(|byte| self.has(*byte))
    }

    /// How much of a text is of these bytes.
    fn share(&self) -> f64 {
        let mut share = 0.0;
        for (word, from) in self.0.into_iter().zip((0..).step_by(64)) {
            let mut left = word;
            while left != 0 {
                share += frequency::share(from + left.trailing_zeros() as u8);
                left &= left - 1;
            }
        }
        share
    }
}

/// A class of bytes for each of so many bytes, at least one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sequence {
    classes: Vec<ByteSet>,
    /// Where the part is that is looked for first.
    part: usize,
    /// The other classes and where they are, the rarest first.
    others: Vec<(usize, ByteSet)>,
}

impl Sequence {
    /// Rare shapes of which every match has one, if there are some.
    pub(crate) fn of(hir: &Hir) -> Option<Vec<Sequence>> {
        let mut parser = Parser { odd: vec![] };
        let parts = fold(hir, &mut parser);
        let mut runs = better(parts.exact.map(|exact| cut_to(exact, 2 * LONGEST)), parts.best)?;
        runs.extend(parser.odd);
        runs.sort_unstable();
        runs.dedup();
        let shapes: Vec<Sequence> = runs.into_iter().map(Sequence::new).collect();
        let is_rare = shapes.iter().map(Sequence::share).sum::<f64>() <= MOST_FREQUENT
            && shapes.iter().map(Sequence::share_of_part).sum::<f64>() <= MOST_FREQUENT_PARTS;
        is_rare.then_some(shapes)
    }

    fn new(classes: Vec<ByteSet>) -> Sequence {
        let shares: Vec<f64> = classes.iter().map(ByteSet::share).collect();
        let part = part_at(&shares);
        let mut others: Vec<usize> = (0..part).chain(part + DEPTH..classes.len()).collect();
        others.sort_by(|&a, &b| shares[a].total_cmp(&shares[b]));
        let others = others.into_iter().map(|at| (at, classes[at])).collect();
        Sequence { classes, part, others }
    }

    /// The bytes that are looked for first.
    pub(crate) fn part(&self) -> &[ByteSet] {
        part_of(&self.classes, self.part)
    }

    /// At how many of all places it is, roughly.
    fn share(&self) -> f64 {
        self.classes.iter().map(ByteSet::share).product()
    }

    fn share_of_part(&self) -> f64 {
        self.part().iter().map(ByteSet::share).product()
    }

    /// The rarest of the other classes, and how far from the part it is; if there is none, the first of the part.
    pub(crate) fn probe(&self) -> (isize, ByteSet) {
        let (at, class) = self.others.first().copied().unwrap_or((self.part, self.classes[self.part]));
        (at as isize - self.part as isize, class)
    }

    /// Whether it is around its part, which is at this place.
    pub(crate) fn is_around(&self, text: &[u8], part: usize) -> bool {
        let bytes = part.checked_sub(self.part).and_then(|start| text.get(start..)?.get(..self.classes.len()));
        bytes.is_some_and(|bytes| self.others.iter().all(|(at, class)| class.has(bytes[*at])))
    }
}

/// Where the bytes are that are the rarest together.
fn part_at(shares: &[f64]) -> usize {
    let of_part = |at: usize| part_of(shares, at).iter().product::<f64>();
    (0..=shares.len().saturating_sub(DEPTH)).min_by(|&a, &b| of_part(a).total_cmp(&of_part(b))).unwrap_or(0)
}

fn part_of<T>(classes: &[T], at: usize) -> &[T] {
    &classes[at..classes.len().min(at + DEPTH)]
}

/// A run of classes.
type Run = Vec<ByteSet>;

/// What a search for these runs costs; too much where one of them is empty.
fn cost(runs: &[Run]) -> f64 {
    let cost = |run: &Run| {
        let shares: Vec<f64> = run.iter().map(ByteSet::share).collect();
        let of_part: f64 = part_of(&shares, part_at(&shares)).iter().product();
        of_part + COST_OF_RUN * shares.iter().product::<f64>() + COST_OF_SHAPE
    };
    runs.iter().map(cost).sum()
}

/// The better ones of two sets of runs, each of which would do.
fn better(a: Option<Vec<Run>>, b: Option<Vec<Run>>) -> Option<Vec<Run>> {
    let usable = |runs: &Vec<Run>| !runs.is_empty() && runs.iter().all(|run| !run.is_empty());
    match (a.filter(usable), b.filter(usable)) {
        (Some(a), Some(b)) => Some(if cost(&a) <= cost(&b) { a } else { b }),
        (a, b) => a.or(b),
    }
}

/// The first bytes of each run.
fn cut_to(mut runs: Vec<Run>, len: usize) -> Vec<Run> {
    runs.iter_mut().for_each(|run| run.truncate(len));
    without_doubles(runs)
}

/// The last bytes of each run.
fn cut_to_last(mut runs: Vec<Run>, len: usize) -> Vec<Run> {
    runs.iter_mut().for_each(|run| drop(run.drain(..run.len().saturating_sub(len))));
    without_doubles(runs)
}

fn without_doubles(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_unstable();
    runs.dedup();
    runs
}

/// One run for all, as long as the shortest of them: whatever starts with one of them starts with it.
fn common_head(runs: &[Run]) -> Vec<Run> {
    let len = runs.iter().map(Vec::len).min().unwrap_or(0);
    let class = |at: usize| runs.iter().fold(ByteSet::NONE, |class, run| class.with(&run[at]));
    vec![(0..len).map(class).collect()]
}

/// The same for ends.
fn common_tail(runs: &[Run]) -> Vec<Run> {
    let len = runs.iter().map(Vec::len).min().unwrap_or(0);
    let class = |at: usize| runs.iter().fold(ByteSet::NONE, |class, run| class.with(&run[run.len() - len + at]));
    vec![(0..len).map(class).collect()]
}

/// Each of the first and each of the second behind it, unless these are too many.
fn product(first: &[Run], second: &[Run]) -> Option<Vec<Run>> {
    let join = |one: &Run| second.iter().map(|other| [&one[..], other].concat()).collect::<Vec<_>>();
    (first.len() * second.len() <= MOST).then(|| without_doubles(first.iter().flat_map(join).collect()))
}

/// The best way to say that one of the first is there, and one of the second behind it.
fn joined(first: &[Run], second: &[Run]) -> Option<Vec<Run>> {
    let (tail, head) = (common_tail(first), common_head(second));
    let ways = [product(first, second), product(first, &head), product(&tail, second), product(&tail, &head)];
    ways.into_iter().fold(None, better)
}

/// What is known of a part of a pattern.
struct Parts {
    /// All that it matches, if that is little.
    exact: Option<Vec<Run>>,
    /// What is not empty begins with one of these, and ends with one of those.
    head: Vec<Run>,
    tail: Vec<Run>,
    may_be_empty: bool,
    /// The best runs of which each of its matches contains one.
    best: Option<Vec<Run>>,
}

impl Parts {
    fn exact(runs: Vec<Run>) -> Self {
        let some: Vec<Run> = runs.iter().filter(|run| !run.is_empty()).cloned().collect();
        let may_be_empty = some.len() < runs.len();
        let (head, tail) = (cut_to(some.clone(), LONGEST), cut_to_last(some, LONGEST));
        Parts { exact: Some(without_doubles(runs)), head, tail, may_be_empty, best: None }
    }

    /// What every match of it begins with, as far as that is known, and of what follows it.
    fn head_before(&self, next: &[Run]) -> Vec<Run> {
        if let Some(runs) = self.exact.as_ref() {
            let runs = cut_to(runs.clone(), LONGEST);
            let some = product(&runs, next).or_else(|| product(&runs, &common_head(next)));
            return cut_to(some.unwrap_or_else(|| common_head(&runs)), LONGEST);
        }
        match self.may_be_empty {
            false => self.head.clone(),
            true => common_head(&[&self.head[..], next].concat()),
        }
    }

    /// The same for ends, with what precedes it.
    fn tail_behind(&self, before: &[Run]) -> Vec<Run> {
        if let Some(runs) = self.exact.as_ref() {
            let runs = cut_to_last(runs.clone(), LONGEST);
            let some = product(before, &runs).or_else(|| product(&common_tail(before), &runs));
            return cut_to_last(some.unwrap_or_else(|| common_tail(&runs)), LONGEST);
        }
        match self.may_be_empty {
            false => self.tail.clone(),
            true => common_tail(&[&self.tail[..], before].concat()),
        }
    }
}

struct Parser {
    /// What stands for characters beyond ASCII that equal an ASCII letter but for its case: `\u{17F}` for `s`. They are
    /// rare, so they are looked for by themselves.
    odd: Vec<Run>,
}

impl Algebra for Parser {
    type Value = Parts;

    fn empty(&mut self) -> Parts {
        Parts::exact(vec![vec![]])
    }

    fn literal(&mut self, bytes: &[u8]) -> Parts {
        let run: Run = bytes.iter().map(|&byte| ByteSet::of([byte])).collect();
        if run.len() <= LONGEST_EXACT {
            return Parts::exact(vec![run]);
        }
        let (head, tail) = (cut_to(vec![run.clone()], LONGEST), cut_to_last(vec![run.clone()], LONGEST));
        Parts { exact: None, head, tail, may_be_empty: false, best: Some(cut_to(vec![run], 2 * LONGEST)) }
    }

    fn class(&mut self, class: &Class) -> Parts {
        let class = match class {
            Class::Bytes(class) => {
                let bytes = class.ranges().iter().flat_map(|range| range.start()..=range.end());
                return Parts::exact(vec![vec![ByteSet::of(bytes)]]);
            }
            Class::Unicode(class) => class,
        };
        const FEW: usize = 3;
        let (mut ascii, mut first, mut last) = (ByteSet::NONE, ByteSet::NONE, ByteSet::NONE);
        let mut others: Vec<Run> = vec![];
        for sequence in class.ranges().iter().flat_map(|range| Utf8Sequences::new(range.start(), range.end())) {
            let run = run_of(&sequence);
            (first, last) = (first.with(&run[0]), last.with(&run[run.len() - 1]));
            match run.len() {
                1 => ascii = ascii.with(&run[0]),
                _ if others.len() <= FEW => others.push(run),
                _ => {}
            }
        }
        let is_one = |run: &Run| run.iter().all(|class| class.bytes().count() == 1);
        if ascii != ByteSet::NONE && others.len() < FEW && others.iter().all(is_one) {
            self.odd.extend(others);
            return Parts::exact(vec![vec![ascii]]);
        }
        if others.len() <= FEW {
            others.extend((ascii != ByteSet::NONE).then(|| vec![ascii]));
            // Of a class that has no characters there is no match.
            return Parts::exact(others);
        }
        Parts { exact: None, head: vec![vec![first]], tail: vec![vec![last]], may_be_empty: false, best: None }
    }

    fn repetition(&mut self, Times { min, max, .. }: Times, part: Part<'_>) -> Parts {
        if max == Some(0) {
            return Parts::exact(vec![vec![]]);
        }
        let parts = part.fold(self);
        let Some(one) = &parts.exact else {
            let best = parts.best.filter(|_| min > 0);
            return Parts { exact: None, best, may_be_empty: parts.may_be_empty || min == 0, ..parts };
        };
        if min == 0 {
            if max == Some(1) && one.len() < MOST {
                return Parts::exact([&one[..], &[vec![]]].concat());
            }
            return Parts { exact: None, best: None, may_be_empty: true, ..parts };
        }
        // As many of them as may stand for all.
        let (mut run, mut count) = (one.clone(), 1);
        while count < min
            && let Some(longer) = product(&run, one)
            && longer != run
            && longer.iter().all(|run| run.len() <= LONGEST_EXACT)
        {
            (run, count) = (longer, count + 1);
        }
        let exact = Parts::exact(run);
        match count == min && max == Some(min) {
            true => exact,
            false => Parts { best: exact.exact.clone().map(|exact| cut_to(exact, 2 * LONGEST)), exact: None, ..exact },
        }
    }

    fn concat(&mut self, parts: fold::Parts<'_>) -> Parts {
        let parts: Vec<Parts> = parts.map(|part| part.fold(self)).collect();
        let mut exact = Some(vec![vec![]]);
        for part in &parts {
            exact = exact.zip(part.exact.as_ref()).and_then(|(before, part)| product(&before, part));
            exact = exact.filter(|exact| exact.iter().all(|run| run.len() <= LONGEST_EXACT));
        }
        let mut heads = vec![vec![vec![]]];
        for part in parts.iter().rev() {
            heads.push(part.head_before(&heads[heads.len() - 1]));
        }
        heads.reverse();
        let (mut tail, mut best) = (vec![vec![]], None);
        for (part, head) in parts.into_iter().zip(&heads) {
            best = better(better(best, joined(&tail, head)), part.best.clone());
            tail = part.tail_behind(&tail);
        }
        best = better(best, Some(tail.clone()));
        match exact {
            Some(exact) => Parts { best, ..Parts::exact(exact) },
            None => {
                let head = heads.swap_remove(0);
                Parts { exact: None, head, tail, may_be_empty: false, best }
            }
        }
    }

    fn alternation(&mut self, parts: fold::Parts<'_>) -> Parts {
        let mut exact = Some(vec![]);
        let (mut head, mut tail, mut may_be_empty) = (vec![], vec![], false);
        let mut best = Some(vec![]);
        for part in parts {
            let part = part.fold(self);
            exact = exact.zip(part.exact.as_ref()).map(|(all, part): (Vec<Run>, _)| [&all[..], part].concat());
            exact = exact.filter(|exact| exact.len() <= MOST);
            let both = |all: Vec<Run>, part: Vec<Run>| without_doubles([all, part].concat());
            (head, tail) = (both(head, part.head), both(tail, part.tail));
            may_be_empty |= part.may_be_empty;
            let of_part = better(part.exact.map(|exact| cut_to(exact, 2 * LONGEST)), part.best);
            best = best.zip(of_part).map(|(all, part)| both(all, part)).filter(|best| best.len() <= MOST);
        }
        head = if head.len() > MOST { common_head(&head) } else { head };
        tail = if tail.len() > MOST { common_tail(&tail) } else { tail };
        match exact {
            Some(exact) => Parts { best, ..Parts::exact(exact) },
            None => Parts { exact: None, head, tail, may_be_empty, best },
        }
    }
}

fn run_of(sequence: &Utf8Sequence) -> Run {
    sequence.as_slice().iter().map(|range| ByteSet::of(range.start..=range.end)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_automata::meta::Regex;

    use super::*;

    impl Sequence {
        /// Whether it is there, with its part at this place.
        pub(crate) fn is_with_part_at(&self, text: &[u8], place: usize) -> bool {
            let bytes = place.checked_sub(self.part).and_then(|start| text.get(start..start + self.classes.len()));
            bytes.is_some_and(|bytes| bytes.iter().zip(&self.classes).all(|(byte, class)| class.has(*byte)))
        }
    }

    fn parse(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).unwrap()
    }

    #[test]
    fn rare_shapes() {
        for pattern in [
            r"\b[MNO][0-9A-Za-z_-]{23,25}\.[0-9A-Za-z_-]{6}\.[0-9A-Za-z_-]{27,38}\b",
            r"\bSK[0-9a-f]{32}\b",
            r#"["'][0-9A-Za-z+/]{43}=["']"#,
            "[a-z]+(?:[0-9]{8}-[0-9]{4}|[A-F]{8}:[A-F]{4})",
            r"(?i)(?:api[_-]?key|secret|token)\s*[:=]",
            "foobar|[0-9]{4}-[0-9]{4}",
            "(?:foobar)+",
        ] {
            assert!(Sequence::of(&parse(pattern)).is_some(), "{pattern}");
        }
        for pattern in [
            "[a-z]+",
            "(?:x{20})?[a-z]",
            ".*",
            "",
            "[^a]{40}",
            r"\w{30}",
            "ab|cdefghijklmnopq",
            "x",
            "(?:foobar)*",
            "foobar|",
            "$",
            "(?:foobar){0}",
        ] {
            assert_eq!(Sequence::of(&parse(pattern)), None, "{pattern}");
        }
    }

    #[test]
    fn what_may_follow_is_a_class() {
        let has_end = |pattern: &str, end: &[u8]| {
            let shapes = Sequence::of(&parse(pattern)).unwrap();
            let is_end = |shape: &Sequence| shape.classes.last().unwrap().bytes().eq(end.iter().copied());
            assert!(shapes.iter().any(is_end), "{pattern}: {shapes:?}");
        };
        has_end("foobar[0-9]*[:=]", b"0123456789:=");
        has_end("foobar(?:1|2)?x*;", b"12;x");
        has_end("foobar[12][34]*", b"12");
    }

    const PARTS: &[&str] = &[
        "foo",
        "[0-9]",
        "[0-9]{3}",
        "[a-f]{2,}",
        "(?i)key",
        "(?i)s",
        "x?",
        "[:=]",
        r"\s*",
        "(?:ab|cde)",
        "(?:ab|)",
        "(?:ab){2,3}",
        "[^x]",
        ".",
        r"\b",
        "-",
        "\u{E9}",
        r"\w",
        "(?:foo|[0-9]-[0-9])",
        "(?:x{20})?",
        "(?-u:[\\x80-\\xFF])",
        "(?:[ab]{3}|(?:c|de)*)",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is matched has one of the shapes in it.
        #[test]
        fn every_match_has_a_shape(
            parts in prop::collection::vec(prop::sample::select(PARTS), 1..7),
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "foo", "1", "123", "key", "KEY", "\u{212A}ey", "\u{17F}", "s", "x", ":", "=", " ", "ab",
                    "cde", "-", "\u{E9}", "abc", "de", "é",
                ]),
                0..30,
            ),
        ) {
            let hir = parse(&parts.concat());
            let Some(shapes) = Sequence::of(&hir) else { return Ok(()) };
            let text = words.concat().into_bytes();
            let config = Regex::config().utf8_empty(false);
            let regex = Regex::builder().configure(config).build_from_hir(&hir).unwrap();
            for found in regex.find_iter(&text) {
                let text = &text[found.range()];
                let is_in = |shape: &Sequence| (0..text.len()).any(|place| shape.is_with_part_at(text, place));
                let text = String::from_utf8_lossy(text);
                prop_assert!(shapes.iter().any(is_in), "{:?} in {:?}: {:?}", parts, text, shapes);
            }
        }
    }
}
