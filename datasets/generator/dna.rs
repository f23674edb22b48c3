//! FASTA records: a header line, then the sequence in lines of 60 or 70 bases.

use super::Lines;
use super::needle::{self, Needle};
use super::random::Random;
use super::text::Text;

/// The lengths of records are spread from 2^`SHORTEST` on ...
const SHORTEST: u64 = 8;
/// ... up to 2^`LONGEST` bases.
const LONGEST: u64 = 19;

/// The state of the generator.
pub(super) struct Dna {
    random: Random,
    /// The two bases for every value of a random byte.
    pairs: [[u8; 2]; 256],
    /// Records begun so far.
    records: u64,
    /// Bases that the record still lacks.
    left: u64,
    /// Bases on each line of the record.
    width: u64,
    stretch: Stretch,
    /// Bases that the stretch still lacks.
    stretch_left: u64,
    /// A needle that waits for a line that is long enough.
    pending: Option<&'static Needle>,
}

/// What a part of a sequence is made of.
#[derive(Clone, Copy)]
enum Stretch {
    /// Upper case bases.
    Plain,
    /// Lower case bases: a repeat that has been masked.
    Masked,
    /// The letter N: bases that are not known.
    Gap,
}

impl Dna {
    /// The sequences of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        // Ten in sixteen bases are A or T, about as in yeast.
        let bases = b"AAAAACCCGGGTTTTT";
        let mut pairs = [[0; 2]; 256];
        for (byte, pair) in pairs.iter_mut().enumerate() {
            *pair = [bases[byte >> 4], bases[byte & 15]];
        }
        Self {
            random: Random::new(seed),
            pairs,
            records: 0,
            left: 0,
            width: 0,
            stretch: Stretch::Plain,
            stretch_left: 0,
            pending: None,
        }
    }

    /// Begins a record: writes its header.
    fn header(&mut self, out: &mut Vec<u8>) {
        self.records += 1;
        self.left = self.random.long_tail(SHORTEST, LONGEST) + 1;
        self.width = if self.random.one_in(2) { 60 } else { 70 };
        self.stretch_left = 0;
        out.text(">contig_").digits(self.records, 8);
        out.text(" length=").number(self.left);
        out.text(" width=").number(self.width);
        if self.random.one_in(20) {
            out.text(" plasmid circular");
        }
    }

    /// Writes one line of the sequence.
    fn sequence(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        let bases = self.width.min(self.left);
        let mut missing = bases;
        while missing > 0 {
            if self.stretch_left == 0 {
                self.next_stretch();
            }
            let count = missing.min(self.stretch_left);
            self.bases(count as usize, out);
            self.stretch_left -= count;
            missing -= count;
        }
        self.left -= bases;

        if let Some(needle) = self.pending {
            let motif = needle.motif.as_bytes();
            if let Some(room) = bases.checked_sub(motif.len() as u64) {
                let at = start + self.random.below(room + 1) as usize;
                out[at..at + motif.len()].copy_from_slice(motif);
                self.pending = None;
            }
        }
    }

    /// Decides what comes next in the sequence.
    fn next_stretch(&mut self) {
        (self.stretch, self.stretch_left) = match self.random.below(100) {
            0 => (Stretch::Gap, self.random.long_tail(3, 13) + 1),
            1..=30 => (Stretch::Masked, self.random.long_tail(4, 12) + 1),
            _ => (Stretch::Plain, self.random.long_tail(5, 13) + 1),
        };
    }

    /// Appends bases of the present stretch.
    fn bases(&mut self, count: usize, out: &mut Vec<u8>) {
        let start = out.len();
        if let Stretch::Gap = self.stretch {
            out.resize(start + count, b'N');
            return;
        }
        while out.len() < start + count {
            let mut sixteen = [0; 16];
            let bytes = self.random.bits().to_le_bytes();
            for (pair, byte) in sixteen.chunks_exact_mut(2).zip(bytes) {
                pair.copy_from_slice(&self.pairs[usize::from(byte)]);
            }
            out.extend_from_slice(&sixteen);
        }
        out.truncate(start + count);
        if let Stretch::Masked = self.stretch {
            out[start..].make_ascii_lowercase();
        }
    }
}

impl Lines for Dna {
    fn line(&mut self, number: u64, out: &mut Vec<u8>) {
        self.pending = needle::on_line(number).or(self.pending);
        if self.left == 0 {
            self.header(out);
        } else {
            self.sequence(out);
        }
        out.push(b'\n');
    }
}
