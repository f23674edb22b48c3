//! Grams: the few bytes at each place of a text by which it is indexed, and those of a literal.
//!
//! How many bytes a gram has depends on the first of them, so that it is the same wherever it stands, and known of a literal
//! without the text around it. Words are told apart by four bytes. Numbers are not, as every block has most short ones: of what
//! looks like a number or an identifier in hexadecimal six are taken, of addresses eight, and five where a number begins behind
//! the first byte or the second, for literals that end within it. In DNA, where every block has all words of eight letters,
//! twelve, of which one in eight is kept to bound the size. Besides, the default has all grams of three bytes, for literals that
//! have hardly any other. What this mix costs and saves was measured: see ARCHITECTURE.md.
//!
//! The loops are plain Rust that the compiler turns into code for each kind of vectors.

use crate::{
    index::format::scheme::{BITS, BITS_OF_THREE, SMALL_BITS, Scheme},
    simd::dispatch::{Loops, vectorize},
};

/// Where a gram cannot be: it would not fit into the line.
const LINE_END: u8 = b'\n';
/// The most bytes that a gram has.
pub(crate) const LONGEST: usize = 12;
/// One in so many of the grams of DNA is kept.
const DNA_KEPT: u64 = 8;
/// Letters that equal ASCII letters but for their case. They are grams by themselves, as queries that ignore case ask for them.
pub(crate) const ODD: [&[u8]; 2] = ["\u{17F}".as_bytes(), "\u{212A}".as_bytes()];

impl Scheme {
    fn row(self, hash: u64) -> usize {
        (hash >> (64 - self.bits())) as usize
    }

    fn row_of_three(self, gram: &[u8]) -> Option<usize> {
        let bits = self.bits_of_three()?;
        Some((1 << self.bits()) + (hash_of_bytes(word(gram)) >> (64 - bits)) as usize)
    }

    /// The rows of a literal, in lower case: a block in which it stands has all of them. None where nothing is known.
    pub(crate) fn rows_of_literal(self, literal: &[u8]) -> Vec<u32> {
        if ODD.contains(&literal) {
            return vec![self.row(hash_of_odd(literal)) as u32];
        }
        let mut rows: Vec<u32> = vec![];
        for hash in (0..literal.len()).filter_map(|at| self.hash_at(&literal[at..])) {
            let row = self.row(hash) as u32;
            // In the order of the literal: whoever reads a few takes some that lie apart.
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        // The others say more, where there are some.
        const ENOUGH: usize = 3;
        if rows.len() < ENOUGH {
            let of_three = literal.windows(3).filter_map(|gram| self.row_of_three(gram));
            rows.extend(of_three.map(|row| row as u32));
        }
        rows
    }

    /// The hash of the gram at the start of a literal, if there is one whatever stands behind the literal.
    fn hash_at(self, literal: &[u8]) -> Option<u64> {
        let known = &literal[..literal.len().min(LONGEST)];
        if known.len() < 4 {
            return None;
        }
        let all = |n: usize, wanted: u8| known[..known.len().min(n)].iter().all(|&byte| class(byte) & wanted != 0);
        let gram = |n: usize| {
            let gram = known.get(..n).filter(|gram| !gram.contains(&LINE_END))?;
            Some(hash_of_bytes(word(gram)))
        };
        // Of fewer than eight letters it is not known whether there are as many.
        if all(8, DNA) {
            return known.get(..LONGEST).and_then(dna_hash);
        }
        let classes = [0, 1, 2, 3].map(|at| class(known[at]));
        if is_number(classes) {
            let first = known.first_chunk().map(|first: &[u8; 6]| first.map(class))?;
            return gram(if self.is_large() && is_address(first) { 8 } else { 6 });
        }
        match self.is_large() && begins_number(classes) {
            // Of four bytes it is not known whether the number goes on.
            true => known.get(4).and_then(|&next| gram(if class(next) & NUMBER != 0 { 5 } else { 4 })),
            false => gram(4),
        }
    }
}

/// Decimal and hexadecimal numbers, and addresses.
const NUMBER: u8 = 1;
const DIGIT: u8 = 2;
const DNA: u8 = 4;
const END: u8 = 8;
const DOT: u8 = 32;
/// What a number begins with: no letter, as most of them are of words.
const START: u8 = 16;

/// What a byte in lower case can be part of.
#[inline]
fn class(byte: u8) -> u8 {
    let digit = byte.wrapping_sub(b'0') < 10;
    let start = digit | (byte == b'.') | (byte == b':');
    let number = start | (byte.wrapping_sub(b'a') < 6);
    let dna = (byte == b'a') | (byte == b'c') | (byte == b'g') | (byte == b't') | (byte == b'n');
    let (end, dot) = (byte == LINE_END, byte == b'.');
    u8::from(dot) << 5
        | u8::from(start) << 4
        | u8::from(end) << 3
        | u8::from(dna) << 2
        | u8::from(digit) << 1
        | u8::from(number)
}

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// True for the classes of six bytes of a number that have a dot in either half, as an address has.
#[inline(always)]
fn is_address([c0, c1, c2, c3, c4, c5]: [u8; 6]) -> bool {
    (c0 | c1 | c2) & (c3 | c4 | c5) & DOT != 0
}

/// Up to eight bytes, and zeros behind them.
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// The hash of a gram of up to eight bytes, behind which there are zeros.
#[inline]
fn hash_of_bytes(bytes: u64) -> u64 {
    bytes.wrapping_mul(FACTOR)
}

/// `end` are the four bytes behind the eight.
#[inline]
fn hash_of_dna(bytes: u64, end: u32) -> u64 {
    (bytes.wrapping_mul(FACTOR).rotate_left(32) ^ u64::from(end)).wrapping_mul(FACTOR)
}

/// Whether a gram of DNA is one of those that are kept.
#[inline]
fn is_kept(hash: u64) -> bool {
    // The upper bits are those of the row.
    (hash >> 16).is_multiple_of(DNA_KEPT)
}

fn hash_of_odd(letter: &[u8]) -> u64 {
    hash_of_bytes(word(letter) | 1 << 56)
}

/// True for the classes of four bytes that are all of a number.
#[inline(always)]
fn is_number([c0, c1, c2, c3]: [u8; 4]) -> bool {
    c0 & START != 0 && c1 & c2 & c3 & NUMBER != 0 && (c0 | c1 | c2 | c3) & DIGIT != 0
}

/// True for the classes of four bytes that end with the first two or three of a number.
#[inline(always)]
fn begins_number([c0, c1, c2, c3]: [u8; 4]) -> bool {
    let three = !c0 & c1 & START != 0 && c2 & c3 & NUMBER != 0 && (c1 | c2 | c3) & DIGIT != 0;
    let two = !c1 & c2 & START != 0 && c3 & NUMBER != 0 && (c2 | c3) & DIGIT != 0;
    three || two
}

/// Finds the grams of blocks.
pub(crate) struct Collector {
    scheme: Scheme,
    /// The text in lower case, with line ends behind it.
    folded: Vec<u8>,
    classes: Vec<u8>,
    /// For each place of the text, what kind of gram starts there.
    kinds: Vec<u8>,
    /// A byte for each row, 1 where the block has it. To set a bit takes twice as long.
    map: Vec<u8>,
}

/// A gram of four bytes starts there.
const FOUR: u8 = 0;
const FIVE: u8 = 1;
const SIX: u8 = 2;
const EIGHT: u8 = 3;
/// None.
const NONE: u8 = 4;
/// One of twelve, if it is kept and fits into the line.
const TWELVE: u8 = 5;
/// Which of eight bytes are those of a gram of a kind.
const BYTES: [u64; 8] = [0xFFFF_FFFF, 0xFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF, u64::MAX, 0, 0, 0, 0];

impl Collector {
    pub(crate) fn new(scheme: Scheme) -> Self {
        Collector { scheme, folded: vec![], classes: vec![], kinds: vec![], map: vec![0; scheme.rows()] }
    }

    /// The rows of the grams that start in the first `own` bytes of a text, and end in it: a bit for each row.
    pub(crate) fn collect(&mut self, text: &[u8], own: usize, rows: &mut [u64]) {
        vectorize(Collect { collector: self, text, own, rows });
    }

    #[inline(always)]
    fn collect_any(&mut self, text: &[u8], own: usize, rows: &mut [u64]) {
        self.folded.clear();
        self.folded.extend(text.iter().map(u8::to_ascii_lowercase));
        self.folded.resize(text.len() + 2 * LONGEST, LINE_END);
        self.classes.clear();
        self.classes.extend(self.folded.iter().map(|&byte| class(byte)));
        self.kinds.resize(own, 0);
        find_kinds(&self.classes, self.scheme.is_large(), &mut self.kinds);
        match self.scheme {
            Scheme::Default => self.map_grams::<{ 64 - BITS }, { 64 - BITS_OF_THREE }>(),
            Scheme::Small => self.map_grams::<{ 64 - SMALL_BITS }, 0>(),
        }
        if !text.is_ascii() {
            self.map_odd();
        }
        // One bit of eight bytes, side by side; and zeros for the next block.
        for (bytes, bits) in self.map.as_chunks_mut::<64>().0.iter_mut().zip(rows) {
            let mut all = 0;
            for (i, word) in bytes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                all |= (u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * i);
            }
            *bytes = [0; 64];
            *bits = all;
        }
    }

    /// `SHIFT` takes a hash to its row, `THREE` that of three bytes; 0 is for none.
    #[inline(always)]
    fn map_grams<const SHIFT: u32, const THREE: u32>(&mut self) {
        let (map, of_three) = self.map.split_at_mut(1 << (64 - SHIFT));
        let map = &mut map[..1 << (64 - SHIFT)];
        let of_three = &mut of_three[..if THREE == 0 { 0 } else { 1 << (64 - THREE) }];
        for (word, &kind) in self.folded.windows(8).zip(&self.kinds) {
            let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
            // Where there is no gram, row 0 is set, of which nothing is known then.
            let gram = word & BYTES[usize::from(kind & 7)];
            map[(hash_of_bytes(gram) >> SHIFT) as usize] = 1;
            if THREE != 0 {
                // Some reach over the end of the line, which does no harm: nobody asks for them.
                of_three[(hash_of_bytes(word & 0xFF_FFFF) >> THREE) as usize] = 1;
            }
        }
        if memchr::memchr(TWELVE, &self.kinds).is_some() {
            for (word, &kind) in self.folded.windows(LONGEST).zip(&self.kinds) {
                if kind == TWELVE
                    && let Some(hash) = dna_hash(word)
                {
                    map[(hash >> SHIFT) as usize] = 1;
                }
            }
        }
    }

    fn map_odd(&mut self) {
        for odd in ODD {
            // It is the block's where it begins there.
            let end = self.kinds.len() + odd.len() - 1;
            if memchr::memmem::find(&self.folded[..end], odd).is_some() {
                self.map[self.scheme.row(hash_of_odd(odd))] = 1;
            }
        }
    }
}

/// What [`Collector::collect`] is called with.
struct Collect<'a> {
    collector: &'a mut Collector,
    text: &'a [u8],
    own: usize,
    rows: &'a mut [u64],
}

impl Loops for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.collector.collect_any(self.text, self.own, self.rows);
    }
}

/// The kinds of the grams at the first places of a text, behind which there are enough others.
#[inline(always)]
fn find_kinds(classes: &[u8], is_large: bool, kinds: &mut [u8]) {
    let at = |n: usize| &classes[n..][..kinds.len()];
    let (c0, c1, c2, c3) = (at(0), at(1), at(2), at(3));
    let (c4, c5, c6, c7) = (at(4), at(5), at(6), at(7));
    for (i, kind) in kinds.iter_mut().enumerate() {
        let classes = [c0[i], c1[i], c2[i], c3[i]];
        let any4 = c0[i] | c1[i] | c2[i] | c3[i];
        let any6 = any4 | c4[i] | c5[i];
        let all8 = c0[i] & c1[i] & c2[i] & c3[i] & c4[i] & c5[i] & c6[i] & c7[i];
        let is_five = is_large & begins_number(classes) & (c4[i] & NUMBER != 0);
        let word = if is_five { FIVE } else { FOUR };
        let word = if any4 & END != 0 { NONE } else { word };
        let any8 = any6 | c6[i] | c7[i];
        let number = if any6 & END != 0 { NONE } else { SIX };
        let dotted = if any8 & END != 0 { NONE } else { EIGHT };
        let is_eight = is_large & is_address([c0[i], c1[i], c2[i], c3[i], c4[i], c5[i]]);
        let number = if is_eight { dotted } else { number };
        let kind_of_rest = if is_number(classes) { number } else { word };
        *kind = if all8 & DNA != 0 { TWELVE } else { kind_of_rest };
    }
}

/// The hash of twelve letters of DNA, if they are on one line and of those that are kept.
fn dna_hash(bytes: &[u8]) -> Option<u64> {
    let (word, end) = bytes.split_first_chunk::<8>()?;
    let end = u32::from_le_bytes(end.try_into().ok()?);
    let hash = hash_of_dna(u64::from_le_bytes(*word), end);
    (is_kept(hash) && !bytes.contains(&LINE_END)).then_some(hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // What a literal is looked for by is what a text that has it is indexed by, whatever stands around it.
        #[test]
        fn a_text_has_the_rows_of_all_its_literals(
            text in prop::collection::vec(prop::sample::select(&b"0123456789abcdef.:-_ xyzgtn\n"[..]), 0..80),
            dna in prop::collection::vec(prop::sample::select(&b"acgtn"[..]), 0..40),
            small in any::<bool>(),
        ) {
            let scheme = if small { Scheme::Small } else { Scheme::Default };
            let text = [text.as_slice(), &dna].concat();
            let mut rows = vec![0; scheme.rows() / 64];
            Collector::new(scheme).collect(&text, text.len(), &mut rows);
            for line in text.split(|&byte| byte == LINE_END) {
                for start in 0..line.len() {
                    for end in start + 1..=line.len() {
                        for row in scheme.rows_of_literal(&line[start..end]) {
                            let has = rows[row as usize / 64] >> (row % 64) & 1 == 1;
                            prop_assert!(has, "{}: row {row}", line[start..end].escape_ascii());
                        }
                    }
                }
            }
        }
    }

    /// How many bytes each gram of a literal has, `-` where there is none.
    fn lengths(scheme: Scheme, literal: &str) -> String {
        let literal = literal.as_bytes();
        let hash = |bytes: &[u8]| hash_of_bytes(word(bytes));
        let length = |at: usize| {
            let found = scheme.hash_at(&literal[at..]);
            let lengths = 4..=8.min(literal.len() - at);
            found.map_or("-".to_owned(), |found| match lengths.clone().find(|&n| found == hash(&literal[at..at + n])) {
                Some(n) => n.to_string(),
                None => "?".to_owned(),
            })
        };
        (0..literal.len()).map(length).collect()
    }

    #[test]
    fn the_bytes_of_a_gram_depend_on_where_numbers_begin() {
        for (literal, default, small) in [
            ("elephant", "44444---", "44444---"),
            ("blk_4711", "4455----", "4444----"),
            ("blk_471 ", "44544---", "44444---"),
            ("blk_471", "445----", "4444---"),
            ("blk_-8579", "44455----", "44444----"),
            ("sha1", "4---", "4---"),
            ("sha25", "4----", "44---"),
            ("17:02:59", "666-----", "666-----"),
            ("10.0.17.33", "888-------", "66666-----"),
            ("to 10.251.3", "4556-------", "444666-----"),
            ("node260", "445----", "4444---"),
            ("decade", "444---", "444---"),
        ] {
            assert_eq!(lengths(Scheme::Default, literal), default, "{literal}");
            assert_eq!(lengths(Scheme::Small, literal), small, "{literal}");
        }
    }
}
