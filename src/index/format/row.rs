//! The code of a row, which is a bit vector over the blocks of a segment.
//!
//! ```text
//! nothing      no bit is set
//! 0xFF         all bits are set
//! 0xFE         then the bits as they are, eight to a byte, the first in the lowest place
//! k, 0x10 + k  then Rice codes of the gaps between the ones (k) or between the zeros (0x10 + k). A gap g is the
//!              number of bits between two of them. Its code is g >> k zeros, a one, and the k lower bits of g.
//!              The first bit is the lowest of its byte. The last byte is filled up with zeros.
//! ```
//!
//! With the best k, Rice codes are within a few per cent of the entropy of such rows, and fast to read. R. F. Rice,
//! "Some practical universal noiseless coding techniques", 1979.

use super::{bits::Bits, layout::MOST_BLOCKS};
use crate::error::Error;
use crate::index::fault::damaged;

const FULL: u8 = 0xFF;
const RAW: u8 = 0xFE;
const INVERTED: u8 = 0x10;
const MOST_BITS: u32 = 12;

/// Appends a row. With `cut_dense`, a row with more than half of its bits set is stored as full.
pub(crate) fn encode(row: &Bits, cut_dense: bool, out: &mut Vec<u8>) {
    let (len, count) = (row.len(), row.count());
    if count == 0 {
        return;
    }
    if count == len || (cut_dense && 2 * count > len) {
        out.push(FULL);
        return;
    }
    let start = out.len();
    let is_dense = 2 * count > len;
    let rare = if is_dense { len - count } else { count };
    // k is the logarithm of the median gap, which is about seven tenths of the mean gap.
    let mean = (len - rare) * 7 / (10 * rare);
    let k = (usize::BITS - mean.leading_zeros()).min(MOST_BITS);
    out.push(k as u8 | if is_dense { INVERTED } else { 0 });
    let fits = match is_dense {
        false => encode_gaps(row.words().iter().copied(), k, len.div_ceil(8), out),
        true => {
            let mut inverted = row.clone();
            inverted.invert();
            encode_gaps(inverted.words().iter().copied(), k, len.div_ceil(8), out)
        }
    };
    if !fits {
        out.truncate(start);
        out.push(RAW);
        let bytes = row.words().iter().flat_map(|word| word.to_le_bytes());
        out.extend(bytes.take(len.div_ceil(8)));
    }
}

/// Appends the gaps between the ones. False if they take more than `most` bytes.
fn encode_gaps(words: impl Iterator<Item = u64>, k: u32, most: usize, out: &mut Vec<u8>) -> bool {
    let mut codes = [0u64; MOST_BLOCKS / 64 + 2];
    // How many bits there are.
    let mut len = 0;
    let mut next = 0;
    for (i, mut word) in words.enumerate() {
        while word != 0 {
            let at = 64 * i + word.trailing_zeros() as usize;
            word &= word - 1;
            let gap = at - next;
            next = at + 1;
            len += gap >> k;
            // The one and the lower bits may span two words.
            let code = (gap as u64 & ((1 << k) - 1)) << 1 | 1;
            let (index, shift) = (len / 64, len % 64);
            if index >= MOST_BLOCKS / 64 {
                return false;
            }
            codes[index] |= code << shift;
            codes[index + 1] = (code >> 1) >> (63 - shift);
            len += k as usize + 1;
        }
    }
    let bytes = len.div_ceil(8);
    if bytes <= most {
        let (whole, rest) = codes[..].split_at(bytes / 8);
        out.extend(whole.iter().flat_map(|word| word.to_le_bytes()));
        out.extend(&rest[0].to_le_bytes()[..bytes % 8]);
    }
    bytes <= most
}

/// Reads a row of `len` bits.
///
/// # Errors
///
/// When the bytes are not the code of such a row.
pub(crate) fn decode(bytes: &[u8], len: usize, row: &mut Bits) -> Result<(), Error> {
    row.reset(len);
    let wrong = || damaged("a row is not what a row should be");
    let Some((&tag, rest)) = bytes.split_first() else { return Ok(()) };
    match tag {
        FULL => row.invert(),
        RAW => {
            if rest.len() != len.div_ceil(8) {
                return Err(wrong());
            }
            let words = rest.chunks(8).map(|bytes| {
                let mut word = [0; 8];
                word[..bytes.len()].copy_from_slice(bytes);
                u64::from_le_bytes(word)
            });
            *row = Bits::from_words(words.collect(), len);
        }
        _ => {
            let k = u32::from(tag & 0xF);
            if tag & !(INVERTED | 0xF) != 0 || k > MOST_BITS {
                return Err(wrong());
            }
            decode_gaps(rest, k, row).ok_or_else(wrong)?;
            if tag & INVERTED != 0 {
                row.invert();
            }
        }
    }
    Ok(())
}

/// Sets the ones. None if one is beyond the last bit.
fn decode_gaps(bytes: &[u8], k: u32, row: &mut Bits) -> Option<()> {
    let mut reader = BitReader { bytes, waiting: 0, bits: 0 };
    let mut at = 0;
    loop {
        reader.fill();
        let mut zeros = 0;
        while reader.waiting == 0 {
            if reader.bytes.is_empty() {
                return Some(());
            }
            zeros += reader.bits as usize;
            reader.bits = 0;
            reader.fill();
        }
        let run = reader.waiting.trailing_zeros();
        zeros += run as usize;
        reader.skip(run + 1);
        reader.fill();
        let low = (reader.waiting & ((1 << k) - 1)) as usize;
        if reader.bits < k {
            return None;
        }
        reader.skip(k);
        at += (zeros << k) + low;
        if at >= row.len() {
            return None;
        }
        row.set(at);
        at += 1;
    }
}

/// Bits that are read from bytes; zeros at the end.
struct BitReader<'a> {
    bytes: &'a [u8],
    waiting: u64,
    bits: u32,
}

impl BitReader<'_> {
    /// Loads 56 bits at least, if there are as many.
    #[inline]
    fn fill(&mut self) {
        if let Some((word, _)) = self.bytes.split_first_chunk::<8>() {
            self.waiting |= u64::from_le_bytes(*word) << self.bits;
            let taken = (63 - self.bits) / 8;
            self.bytes = &self.bytes[taken as usize..];
            self.bits += taken * 8;
            // What came of the next byte is read again.
            self.waiting &= u64::MAX >> (64 - self.bits);
            return;
        }
        while self.bits < 56
            && let Some((&byte, rest)) = self.bytes.split_first()
        {
            self.waiting |= u64::from(byte) << self.bits;
            self.bits += 8;
            self.bytes = rest;
        }
    }

    #[inline]
    fn skip(&mut self, bits: u32) {
        self.waiting = self.waiting.checked_shr(bits).unwrap_or(0);
        self.bits -= bits;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(row: &Bits) -> usize {
        let mut bytes = vec![];
        encode(row, false, &mut bytes);
        let mut decoded = Bits::zeros(3);
        decode(&bytes, row.len(), &mut decoded).unwrap();
        assert_eq!(&decoded, row);
        bytes.len()
    }

    #[test]
    fn sparse_and_dense_rows() {
        for len in [1, 7, 8, 63, 64, 65, 1000, 4096] {
            assert_eq!(round_trip(&Bits::zeros(len)), 0);
            assert_eq!(round_trip(&Bits::from_words(vec![u64::MAX; len.div_ceil(64)], len)), 1);
            for step in [1, 2, 3, 5, 64, 65, 999, 4095] {
                let mut row = Bits::zeros(len);
                (0..len).rev().step_by(step).for_each(|at| row.set(at));
                round_trip(&row);
                row.invert();
                round_trip(&row);
            }
        }
        let mut one = Bits::zeros(4096);
        one.set(4095);
        assert!(round_trip(&one) <= 3);
    }

    #[test]
    fn dense_rows_of_little_use_are_full() {
        let mut row = Bits::zeros(10);
        (0..6).for_each(|at| row.set(at));
        let mut bytes = vec![];
        encode(&row, true, &mut bytes);
        assert_eq!(bytes, [FULL]);
    }

    proptest! {
        #[test]
        fn rows_come_back(len in 1usize..4097, density in 0.0f64..1.0, seed in any::<u64>()) {
            let mut state = seed | 1;
            let mut row = Bits::zeros(len);
            for at in 0..len {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                if (state >> 11) as f64 / (1u64 << 53) as f64 <= density * density * density {
                    row.set(at);
                }
            }
            let bytes = round_trip(&row);
            prop_assert!(bytes <= 1 + len.div_ceil(8));
        }

        #[test]
        fn any_bytes_are_a_row_or_an_error(
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
            len in 1usize..4097,
        ) {
            let mut row = Bits::zeros(0);
            let _ = decode(&bytes, len, &mut row);
            prop_assert_eq!(row.words().len(), len.div_ceil(64));
        }
    }
}
