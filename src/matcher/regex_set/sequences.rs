//! A search for the shapes of many patterns at once.
//!
//! Vectors look for four bytes of each shape, and for all shapes at once; they let some other places through. There,
//! tables tell for each of the four bytes which shapes have it, and then the other bytes of these few shapes are looked
//! at.

use crate::{
    matcher::{
        set::{
            candidates::Candidates,
            teddy::{DEPTH, Teddy},
        },
        syntax::sequence::{ByteSet, Sequence},
    },
    span::PatternId,
};

/// How much is searched at once.
const BLOCK: usize = 64 << 10;

/// Sequences, one bit for each.
pub(crate) type Which = u128;

/// A search for the shapes of patterns.
#[derive(Clone, Debug)]
pub(crate) struct Sequences {
    shapes: Vec<Sequence>,
    /// Whose shape each is.
    owners: Vec<Vec<PatternId>>,
    parts: Teddy,
    /// For each byte of the parts, which of them have this byte there, or have ended before.
    fits: Box<[[Which; 256]; DEPTH]>,
    /// Those that have ended before.
    shorter: [Which; DEPTH],
    /// For each shape, the rarest of its other classes, and how far from its part.
    probes: Vec<(isize, ByteSet)>,
}

/// Candidates of which it is not known yet whether there is a shape.
#[derive(Debug)]
pub(crate) struct Found {
    places: Candidates,
    /// How many of them were looked at.
    done: usize,
    base: usize,
    /// Up to where the text was searched.
    end: usize,
}

impl Found {
    pub(crate) fn new() -> Self {
        Found { places: Candidates::new(0), done: 0, base: 0, end: 0 }
    }

    /// Begins anew, with another text.
    pub(crate) fn restart(&mut self) {
        self.places.restart(0);
        (self.done, self.base, self.end) = (0, 0, 0);
    }
}

impl Sequences {
    /// How many different shapes there can be.
    const MAX: usize = Which::BITS as usize;

    /// A search for the shapes of these patterns. None when there are none, or too many.
    pub(crate) fn new(patterns: &[(PatternId, Vec<Sequence>)]) -> Option<Sequences> {
        let mut all: Vec<(&Sequence, PatternId)> =
            patterns.iter().flat_map(|(id, shapes)| shapes.iter().map(|shape| (shape, *id))).collect();
        all.sort_unstable();
        let (mut shapes, mut owners): (Vec<Sequence>, Vec<Vec<PatternId>>) = (vec![], vec![]);
        for (shape, id) in all {
            match owners.last_mut().filter(|_| shapes.last() == Some(shape)) {
                Some(ids) => ids.push(id),
                None => {
                    if shapes.len() == Self::MAX {
                        return None;
                    }
                    shapes.push(shape.clone());
                    owners.push(vec![id]);
                }
            }
        }
        if shapes.is_empty() {
            return None;
        }
        let mut fits = Box::new([[0; 256]; DEPTH]);
        let mut shorter = [0; DEPTH];
        for (i, shape) in shapes.iter().enumerate() {
            for at in 0..DEPTH {
                let class = shape.part().get(at);
                shorter[at] |= Which::from(class.is_none()) << i;
                for byte in 0..=u8::MAX {
                    fits[at][usize::from(byte)] |= Which::from(class.is_none_or(|class| class.has(byte))) << i;
                }
            }
        }
        let classes = |shape: &Sequence| shape.part().iter().map(|class| class.bytes().collect()).collect();
        let parts: Vec<Vec<Vec<u8>>> = shapes.iter().map(classes).collect();
        let probes = shapes.iter().map(Sequence::probe).collect();
        Some(Sequences { parts: Teddy::of_classes(&parts), shapes, owners, fits, shorter, probes })
    }

    /// How many shapes there are.
    pub(crate) fn len(&self) -> usize {
        self.shapes.len()
    }

    /// The next place from `at` on where shapes are, and which: within them, not at their start. A place that was
    /// passed by is not seen again.
    pub(crate) fn next(&self, found: &mut Found, text: &[u8], at: usize) -> Option<(usize, Which)> {
        loop {
            while let Some(&place) = found.places.as_slice().get(found.done) {
                found.done += 1;
                let place = found.base + place as usize;
                let which = self.at(text, place);
                if which != 0 && place >= at {
                    return Some((place, which));
                }
            }
            found.end = found.end.max(at);
            if found.end >= text.len() {
                return None;
            }
            (found.base, found.done) = (found.end, 0);
            found.places.restart(found.end);
            found.end = self.parts.find(text, found.end, text.len().min(found.end + BLOCK), &mut found.places);
        }
    }

    /// Which shapes there are around their parts at a place.
    #[inline(always)]
    fn at(&self, text: &[u8], place: usize) -> Which {
        let mut which = match text[place..].first_chunk::<DEPTH>() {
            Some(bytes) => (0..DEPTH).fold(Which::MAX, |which, i| which & self.fits[i][usize::from(bytes[i])]),
            None => (0..DEPTH).fold(Which::MAX, |which, i| {
                which & text.get(place + i).map_or(self.shorter[i], |&byte| self.fits[i][usize::from(byte)])
            }),
        };
        if which != 0 {
            for i in ones(which) {
                let (offset, class) = &self.probes[i];
                let byte = text.get(place.wrapping_add_signed(*offset));
                if !byte.is_some_and(|byte| class.has(*byte)) || !self.shapes[i].is_around(text, place) {
                    which ^= 1 << i;
                }
            }
        }
        which
    }

    /// Whose shapes these are. A pattern may come more than once.
    pub(crate) fn owners_of(&self, which: Which) -> impl Iterator<Item = PatternId> {
        ones(which).flat_map(|i| self.owners[i].iter().copied())
    }
}

/// The bits that are set, ascending.
fn ones(mut which: Which) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let first = (which != 0).then(|| which.trailing_zeros() as usize);
        which &= which.wrapping_sub(1);
        first
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shapes(pattern: &str) -> Vec<Sequence> {
        let hir = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).unwrap();
        Sequence::of(&hir).unwrap()
    }

    /// The places, and whose shapes are there.
    fn places(shapes: &Sequences, text: &[u8]) -> Vec<(usize, Vec<PatternId>)> {
        let mut found = Found::new();
        let (mut all, mut at) = (vec![], 0);
        while let Some((place, which)) = shapes.next(&mut found, text, at) {
            all.push((place, shapes.owners_of(which).collect()));
            at = place + 1;
        }
        all
    }

    const PATTERNS: &[&str] = &[
        r"[0-9]{4}\.[a-z]{3}\.[a-z]{3,}",
        r"#[0-9]{2}#Z",
        r"(?i)key\s*[:=]",
        "AB[0-9A-F]{8}",
        "_secret_",
        "[MNO][0-9A-Za-z]{3}~",
        r"https?://[^/\s]+@",
        "\u{17F}x",
        "ab(?:cde|fgh)?i[0-9]jk",
        r"(?-u:\xFF\xFE)",
        "q[0-9]{3}q",
        "z[0-9]{3}z",
        "w[0-9]{3}w",
        r"\{[0-9]{3}\}",
        "=[0-9]{3}=",
        "@[0-9]{3}@",
        "%[0-9]{3}%",
        "!![0-9]",
        "X[Yy]Z-",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn all_shapes_are_found_and_nothing_else(
            patterns in prop::collection::vec(prop::sample::select(PATTERNS), 1..20),
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "1234.abc.abcd", "#12#Z", "KEY :", "\u{212A}ey", "AB01234567", "_secret_", "OAb1~",
                    "https://a@", "\u{17F}x",
                    "abi1jk", "abcdei1jk", "q123q", "{123}", "%123%", "!!1", "Xyz-", " ", "\n", "12", "ab", "\u{E9}",
                ]),
                0..60,
            ),
            cut in 0..8_usize,
        ) {
            let of: Vec<(PatternId, Vec<Sequence>)> =
                patterns.iter().enumerate().map(|(id, pattern)| (PatternId::new(id), shapes(pattern))).collect();
            let search = Sequences::new(&of).unwrap();
            let mut text = parts.concat().into_bytes();
            text.truncate(text.len().saturating_sub(cut));
            text.extend(if cut == 7 { &b"\xFF\xFE"[..] } else { b"" });
            let mut naive = vec![];
            for place in 0..text.len() {
                let mut ids: Vec<PatternId> = vec![];
                for (id, shapes) in &of {
                    ids.extend(shapes.iter().filter(|shape| shape.is_with_part_at(&text, place)).map(|_| *id));
                }
                ids.sort_unstable();
                if !ids.is_empty() {
                    naive.push((place, ids));
                }
            }
            let mut found = places(&search, &text);
            found.iter_mut().for_each(|(_, ids)| ids.sort_unstable());
            prop_assert_eq!(found, naive);
        }
    }

    #[test]
    fn shapes_are_found_wherever_they_are() {
        let search = |pattern: &str| Sequences::new(&[(PatternId::new(3), shapes(pattern))]).unwrap();
        for before in 0..80 {
            let mut text = vec![b' '; before];
            text.extend_from_slice(b"12345678.abcde.xyz 1234567.abcde.xyz");
            let found = places(&search(r"[0-9]{8}\.[a-z]{5}\.[a-z]{3,}"), &text);
            assert!(matches!(&found[..], [(place, ids)] if (before..before + 18).contains(place) && ids.len() == 1));
        }
        // More than there is room for at once.
        let text = b"#1234#Z".repeat(50_000);
        assert_eq!(places(&search("#[0-9]{4}#Z"), &text).len(), 50_000);
    }

    #[test]
    fn too_many_are_refused() {
        let word = |i: usize| shapes(&format!("word{i:03}"));
        let of = |count: usize| (0..count).map(|i| (PatternId::new(i), word(i))).collect::<Vec<_>>();
        assert_eq!(Sequences::new(&of(Sequences::MAX)).unwrap().len(), Sequences::MAX);
        assert!(Sequences::new(&of(Sequences::MAX + 1)).is_none() && Sequences::new(&[]).is_none());
    }
}
