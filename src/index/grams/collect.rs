//! The grams of a block.

use super::{
    class::{DNA, END, LINE_END, NUMBER, begins_number, class, is_address, is_number},
    dna::{find_kept, ranks},
    hash::{LONGEST, ODD, dna_hash, hash_of_bytes, hash_of_odd},
};
use crate::{
    index::format::scheme::{BITS, BITS_OF_THREE, SMALL_BITS, Scheme},
    simd::dispatch::{Loops, vectorize},
};

/// Finds the grams of blocks.
pub(crate) struct Collector {
    scheme: Scheme,
    /// The text in lower case, with line ends behind it.
    folded: Vec<u8>,
    classes: Vec<u8>,
    /// For each offset of the text, the kind of gram that starts there.
    kinds: Vec<u8>,
    /// For each offset of a text with DNA, the rank of the triplet there, and whether a gram of DNA is kept.
    ranks: Vec<u8>,
    kept: Vec<bool>,
    /// A byte for each row, 1 where the block has it. Setting a bit takes twice as long.
    map: Vec<u8>,
}

/// The kinds of grams: of four to eight bytes,
const FOUR: u8 = 0;
const FIVE: u8 = 1;
const SIX: u8 = 2;
const EIGHT: u8 = 3;
/// no gram,
const NONE: u8 = 4;
/// and twelve letters of DNA, if the gram is kept and fits into the line.
const TWELVE: u8 = 5;
/// For each kind, the mask of its bytes in a word of eight.
const BYTES: [u64; 8] = [0xFFFF_FFFF, 0xFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF, u64::MAX, 0, 0, 0, 0];

impl Collector {
    pub(crate) fn new(scheme: Scheme) -> Self {
        let (folded, classes, kinds, ranks, kept) = (vec![], vec![], vec![], vec![], vec![]);
        Collector { scheme, folded, classes, kinds, ranks, kept, map: vec![0; scheme.rows()] }
    }

    /// Sets a bit of `rows` for each gram that starts in the first `own` bytes of `text`, and ends in it.
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
        if memchr::memchr(TWELVE, &self.kinds).is_some() {
            self.map_dna();
        }
        if !text.is_ascii() {
            self.map_odd();
        }
        // Packs eight bytes into eight bits, and clears them for the next block.
        for (bytes, bits) in self.map.as_chunks_mut::<64>().0.iter_mut().zip(rows) {
            let mut all = 0;
            for (i, word) in bytes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                all |= (u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * i);
            }
            *bytes = [0; 64];
            *bits = all;
        }
    }

    /// `hash >> SHIFT` is a row, and `hash >> THREE` one of the rows of three bytes; 0 means that there are none.
    #[inline(always)]
    fn map_grams<const SHIFT: u32, const THREE: u32>(&mut self) {
        let (map, of_three) = self.map.split_at_mut(1 << (64 - SHIFT));
        let map = &mut map[..1 << (64 - SHIFT)];
        let of_three = &mut of_three[..if THREE == 0 { 0 } else { 1 << (64 - THREE) }];
        for (word, &kind) in self.folded.windows(8).zip(&self.kinds) {
            let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
            // Without a gram, row 0 is set, and never tells anything.
            let gram = word & BYTES[usize::from(kind & 7)];
            map[(hash_of_bytes(gram) >> SHIFT) as usize] = 1;
            if THREE != 0 {
                // Grams that cross a line end do no harm: no literal has them.
                of_three[(hash_of_bytes(word & 0xFF_FFFF) >> THREE) as usize] = 1;
            }
        }
    }

    #[inline(always)]
    fn map_dna(&mut self) {
        ranks(&self.folded, &mut self.ranks);
        self.kept.resize(self.kinds.len(), false);
        find_kept(&self.ranks, &mut self.kept);
        for ((gram, &kind), &is_kept) in self.folded.windows(LONGEST).zip(&self.kinds).zip(&self.kept) {
            if is_kept
                && kind == TWELVE
                && let Some(hash) = dna_hash(gram)
            {
                self.map[self.scheme.row_of_dna(hash)] = 1;
            }
        }
    }

    fn map_odd(&mut self) {
        for odd in ODD {
            // It belongs to the block in which it begins.
            let end = self.kinds.len() + odd.len() - 1;
            if memchr::memmem::find(&self.folded[..end], odd).is_some() {
                self.map[self.scheme.row(hash_of_odd(odd))] = 1;
            }
        }
    }
}

/// The arguments of [`Collector::collect`].
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

/// The kinds of the grams at the first offsets of a text that is longer by [`LONGEST`].
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // A text has all rows of every literal in it, whatever stands around the literal.
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
}
