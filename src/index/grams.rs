//! Grams: the few bytes at each place of a text by which it is indexed, and those of a literal.
//!
//! How many bytes a gram has depends on the first of them, so that it is the same wherever it stands, and known of a literal
//! without the text around it. Words are told apart by four bytes. Numbers are not, as every block has most short ones: of what
//! looks like a number, an address or an identifier in hexadecimal six are taken. In DNA, where every block has all words of
//! eight letters, twelve, of which one in eight is kept to bound the size. Besides, the default has all grams of three bytes,
//! for literals that have no other. What this mix costs and saves was measured: see ARCHITECTURE.md.

/// Where a gram cannot be: it would not fit into the line.
const LINE_END: u8 = b'\n';
/// The most bytes that a gram has.
pub(super) const LONGEST: usize = 12;
/// One in so many of the grams of DNA is kept.
const DNA_KEPT: u64 = 8;
/// Letters that equal ASCII letters but for their case. They are grams by themselves, as queries that ignore case ask for them.
pub(super) const ODD: [&[u8]; 2] = ["\u{17F}".as_bytes(), "\u{212A}".as_bytes()];

/// Which grams are indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Default,
    /// Half as many rows, and no grams of three bytes.
    Small,
}

impl Scheme {
    pub(super) fn number(self) -> u32 {
        match self {
            Scheme::Default => 0,
            Scheme::Small => 1,
        }
    }

    pub(super) fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Scheme::Default),
            1 => Some(Scheme::Small),
            _ => None,
        }
    }

    /// The binary logarithm of how many rows there are for grams.
    fn bits(self) -> u32 {
        match self {
            Scheme::Default => 17,
            Scheme::Small => 16,
        }
    }

    /// The same for grams of three bytes.
    fn bits_of_three(self) -> Option<u32> {
        match self {
            Scheme::Default => Some(16),
            Scheme::Small => None,
        }
    }

    /// How many rows of grams there are.
    pub(super) fn rows(self) -> usize {
        (1 << self.bits()) + self.bits_of_three().map_or(0, |bits| 1 << bits)
    }

    /// How many times 32 rows, with those that are of no gram.
    pub(super) fn row_groups(self) -> usize {
        self.rows() / super::format::ROW_GROUP + 1
    }

    /// The row of the blocks that begin within a line.
    pub(super) fn row_of_links(self) -> usize {
        self.rows()
    }

    /// True for the rows of grams of three bytes. Those that are in more than half of the blocks are full: they tell little.
    pub(super) fn is_of_three(self, row: usize) -> bool {
        row >= 1 << self.bits()
    }

    fn row(self, hash: u64) -> usize {
        (hash >> (64 - self.bits())) as usize
    }

    fn row_of_three(self, bytes: u32) -> Option<usize> {
        let bits = self.bits_of_three()?;
        Some((1 << self.bits()) + (hash_of_three(bytes) >> (64 - bits)) as usize)
    }

    /// The rows of a literal, in lower case: a block in which it stands has all of them. None where nothing is known.
    pub(super) fn rows_of_literal(self, literal: &[u8]) -> Vec<u32> {
        if ODD.contains(&literal) {
            return vec![self.row(hash_of_odd(literal)) as u32];
        }
        let mut rows: Vec<u32> = vec![];
        let mut push = |row: usize| {
            let row = row as u32;
            if !rows.contains(&row) {
                rows.push(row);
            }
        };
        for at in 0..literal.len() {
            if let Some(hash) = hash_at(&literal[at..]) {
                push(self.row(hash));
            }
        }
        // The others say more, where there are some.
        const ENOUGH: usize = 3;
        if rows.len() < ENOUGH {
            let three = literal.windows(3).map(|gram| u32::from_le_bytes([gram[0], gram[1], gram[2], 0]));
            let rows_of_three: Vec<u32> =
                three.filter_map(|gram| self.row_of_three(gram)).map(|row| row as u32).collect();
            rows.extend(rows_of_three);
        }
        rows
    }
}

const NUMBER: u8 = 1;
const DIGIT: u8 = 2;
const DNA: u8 = 4;
const END: u8 = 8;

/// What a byte in lower case can be part of.
#[inline]
fn class(byte: u8) -> u8 {
    let digit = byte.wrapping_sub(b'0') < 10;
    let number = digit | (byte.wrapping_sub(b'a') < 6) | (byte == b'.') | (byte == b':') | (byte == b'-');
    let dna = (byte == b'a') | (byte == b'c') | (byte == b'g') | (byte == b't') | (byte == b'n');
    u8::from(number) | u8::from(digit) << 1 | u8::from(dna) << 2 | u8::from(byte == LINE_END) << 3
}

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline]
fn hash_of_word(bytes: u64) -> u64 {
    (bytes & 0xFFFF_FFFF).wrapping_mul(FACTOR)
}

#[inline]
fn hash_of_number(bytes: u64) -> u64 {
    ((bytes & 0xFFFF_FFFF_FFFF) | 6 << 56).wrapping_mul(FACTOR)
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

#[inline]
fn hash_of_three(bytes: u32) -> u64 {
    u64::from(bytes & 0xFF_FFFF).wrapping_mul(FACTOR)
}

fn hash_of_odd(letter: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    bytes[..letter.len()].copy_from_slice(letter);
    (u64::from_le_bytes(bytes) | 1 << 56).wrapping_mul(FACTOR)
}

/// The hash of the gram at the start of a literal, if there is one whatever stands behind the literal.
fn hash_at(literal: &[u8]) -> Option<u64> {
    let mut bytes = [0; LONGEST];
    let known = literal.len().min(LONGEST);
    bytes[..known].copy_from_slice(&literal[..known]);
    let all = |n: usize, wanted: u8| bytes[..known.min(n)].iter().all(|&byte| class(byte) & wanted != 0);
    if known < 4 || bytes[..known].contains(&LINE_END) && bytes[..4].contains(&LINE_END) {
        return None;
    }
    let word = u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]);
    let end = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
    let fits = |n: usize| known >= n && !bytes[..n].contains(&LINE_END);
    if all(8, DNA) {
        let hash = hash_of_dna(word, end);
        return (fits(12) && is_kept(hash)).then_some(hash);
    }
    if all(4, NUMBER) && bytes[..4].iter().any(|&byte| class(byte) & DIGIT != 0) {
        return fits(6).then(|| hash_of_number(word));
    }
    Some(hash_of_word(word))
}

/// Sets the bits of the grams of a block.
pub(super) struct Collector {
    scheme: Scheme,
    /// The text in lower case, with line ends behind it.
    folded: Vec<u8>,
    classes: Vec<u8>,
}

/// How many bytes are looked at in one step.
const STEP: usize = 64;
/// What has to be readable behind a step: a gram that starts in it, and loads of eight bytes.
const AFTER: usize = 64;

impl Collector {
    pub(super) fn new(scheme: Scheme) -> Self {
        Collector { scheme, folded: vec![], classes: vec![] }
    }

    /// Sets the bit of each gram that starts in the first `own` bytes of a text, and ends in it. There is a bit for each row.
    pub(super) fn collect(&mut self, text: &[u8], own: usize, rows: &mut [u64]) {
        let len = text.len().next_multiple_of(STEP) + STEP + AFTER;
        self.folded.clear();
        self.folded.extend(text.iter().map(u8::to_ascii_lowercase));
        self.folded.resize(len, LINE_END);
        self.classes.clear();
        self.classes.extend(self.folded.iter().map(|&byte| class(byte)));
        match self.scheme {
            Scheme::Default => self.collect_steps::<47, 48>(own, rows),
            Scheme::Small => self.collect_steps::<48, 0>(own, rows),
        }
        if text.iter().any(|&byte| byte >= 0x80) {
            self.collect_odd(own, rows);
        }
    }

    /// `SHIFT` takes a hash to its row, `THREE` that of three bytes; 0 is for none.
    fn collect_steps<const SHIFT: u32, const THREE: u32>(&self, own: usize, rows: &mut [u64]) {
        let first_of_three = 1usize << (64 - SHIFT);
        let mut next = Masks::of(&self.classes[..STEP]);
        for at in (0..own).step_by(STEP) {
            let now = next;
            next = Masks::of(&self.classes[at + STEP..at + 2 * STEP]);
            let window: &[u8; STEP + AFTER] =
                self.folded[at..at + STEP + AFTER].try_into().expect("as many bytes as asked for");
            let owned = if own - at < STEP { (1 << (own - at)) - 1 } else { u64::MAX };
            let wide = |a: u64, b: u64| u128::from(a) | u128::from(b) << 64;
            let ends = wide(now.end, next.end);
            let end2 = ends | ends >> 1;
            let (end3, end4) = (end2 | ends >> 2, end2 | end2 >> 2);
            let (end6, end12) = (end4 | end2 >> 4, end4 | end4 >> 4 | end4 >> 8);
            let number = wide(now.number, next.number);
            let number = number & number >> 1;
            let number = (number & number >> 2) as u64;
            let digit = wide(now.digit, next.digit);
            let digit = digit | digit >> 1;
            let digit = (digit | digit >> 2) as u64;
            let dna = wide(now.dna, next.dna);
            let dna = dna & dna >> 1;
            let dna = dna & dna >> 2;
            let dna = (dna & dna >> 4) as u64;
            let number = number & digit & !dna;
            let load = |i: usize| {
                let bytes: [u8; 8] = window[i..i + 8].try_into().expect("eight bytes");
                u64::from_le_bytes(bytes)
            };
            for i in Ones(!(end4 as u64) & !number & !dna & owned) {
                set(rows, (hash_of_word(load(i)) >> SHIFT) as usize);
            }
            for i in Ones(!(end6 as u64) & number & owned) {
                set(rows, (hash_of_number(load(i)) >> SHIFT) as usize);
            }
            for i in Ones(!(end12 as u64) & dna & owned) {
                let hash = hash_of_dna(load(i), load(i + 8) as u32);
                if is_kept(hash) {
                    set(rows, (hash >> SHIFT) as usize);
                }
            }
            if THREE != 0 {
                for i in Ones(!(end3 as u64) & owned) {
                    set(rows, first_of_three + (hash_of_three(load(i) as u32) >> THREE) as usize);
                }
            }
        }
    }

    fn collect_odd(&self, own: usize, rows: &mut [u64]) {
        for odd in ODD {
            // It stands in the text or not; where it begins is enough.
            let end = (own + odd.len() - 1).min(self.folded.len());
            if memchr::memmem::find(&self.folded[..end], odd).is_some() {
                set(rows, self.scheme.row(hash_of_odd(odd)));
            }
        }
    }
}

#[inline]
fn set(rows: &mut [u64], row: usize) {
    rows[row / 64] |= 1 << (row % 64);
}

/// One bit for each of 64 bytes.
#[derive(Clone, Copy)]
struct Masks {
    number: u64,
    digit: u64,
    dna: u64,
    end: u64,
}

impl Masks {
    #[inline]
    fn of(classes: &[u8]) -> Self {
        let mut masks = Masks { number: 0, digit: 0, dna: 0, end: 0 };
        let (words, _) = classes.as_chunks::<8>();
        for (i, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            // The lowest bits of eight bytes, side by side.
            let gather = |bit: u32| {
                ((word >> bit & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * i)
            };
            masks.number |= gather(0);
            masks.digit |= gather(1);
            masks.dna |= gather(2);
            masks.end |= gather(3);
        }
        masks
    }
}

/// The places of the ones in a word.
struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let at = self.0.trailing_zeros() as usize & 63;
        self.0 &= self.0 - 1;
        Some(at)
    }
}
