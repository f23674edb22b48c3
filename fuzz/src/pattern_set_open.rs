//! Any bytes, opened as a serialised set: an error, or a set that can be searched for. Damage that has the right
//! checksum is the most that can be done to one.

use std::sync::{Arc, OnceLock, RwLock};

use arbitrary::Arbitrary;
use mapgrep::{
    PatternId,
    matcher::set::{MatchKind, PatternSet},
};

#[derive(Arbitrary, Debug)]
pub struct Case {
    sample: u8,
    /// Bytes that are written over others, at places.
    damage: Vec<(u32, u8)>,
    /// Numbers that are written over others, at places.
    numbers: Vec<(u16, u32)>,
    /// Whether the bytes change before the set is opened, and not afterwards.
    before: bool,
    /// Whether the checksum is that of the damaged bytes.
    sums: bool,
    haystack: Vec<u8>,
    raw: Option<Vec<u8>>,
}

/// Bytes that change behind the set's back.
struct Changing(Arc<RwLock<&'static [u8]>>);

impl AsRef<[u8]> for Changing {
    fn as_ref(&self) -> &[u8] {
        *self.0.read().unwrap()
    }
}

fn samples() -> &'static [Vec<u8>] {
    static SAMPLES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let mut samples = vec![];
        for kind in [MatchKind::LeftmostFirst, MatchKind::LeftmostLongest, MatchKind::Overlapping] {
            for fold in [false, true] {
                let few = ["a", "Ab", "abc", "abcabc", "a"].map(str::to_owned).to_vec();
                let nested = (1..40).map(|len| "a".repeat(len)).collect();
                let many = (0..100).map(|i| format!("{i:b}abcdefgh")).collect();
                for patterns in [vec!["needle".to_owned()], few, nested, many, vec![String::new(), "b".to_owned()]] {
                    let set = PatternSet::builder().kind(kind).ascii_case_insensitive(fold).build(patterns).unwrap();
                    samples.push(set.as_bytes().to_vec());
                }
            }
        }
        samples
    })
}

fn damaged(case: &Case) -> (&'static [u8], Vec<u8>) {
    let whole = &samples()[usize::from(case.sample) % samples().len()];
    let mut bytes = whole.clone();
    for &(at, byte) in &case.damage {
        let at = at as usize % bytes.len();
        bytes[at] = byte;
    }
    for &(at, number) in &case.numbers {
        let at = usize::from(at) * 4 % (bytes.len() - 3);
        bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    if case.sums {
        mapgrep::matcher::set::seal(&mut bytes);
    }
    (whole, bytes)
}

fn search(set: &PatternSet, haystack: &[u8]) {
    for m in set.find_iter(haystack).take(10_000) {
        assert!(m.start <= m.end && m.end <= haystack.len() && m.pattern.index() < set.len());
        set.pattern(m.pattern);
    }
    set.is_match(haystack);
    for id in (0..set.len()).take(200) {
        set.pattern(PatternId::new(id));
    }
    set.description();
}

/// Checks one case.
pub fn check(case: Case) {
    if let Some(raw) = &case.raw {
        if let Ok(set) = PatternSet::from_bytes(raw.clone()) {
            search(&set, &case.haystack);
        }
        return;
    }
    let haystack: Vec<u8> =
        case.haystack.iter().flat_map(|&byte| [byte, b'a', b"01ab"[usize::from(byte) % 4]]).collect();
    let (whole, bytes) = damaged(&case);
    if case.before {
        if let Ok(set) = PatternSet::from_bytes(bytes) {
            search(&set, &haystack);
        }
        return;
    }
    let shared = Arc::new(RwLock::new(whole));
    let set = PatternSet::from_bytes(Changing(Arc::clone(&shared))).unwrap();
    let kept: &'static [u8] = Box::leak(bytes.into_boxed_slice());
    *shared.write().unwrap() = kept;
    search(&set, &haystack);
    drop(set);
    // SAFETY: it was a box, and nothing refers to it any more.
    drop(unsafe { Box::from_raw(std::ptr::from_ref(kept).cast_mut()) });
}
