//! Which bytes of a needle to look for in front of comparing the whole: those that are seldom seen.
//!
//! The first choice is a guess from a table. Where that turns out to be a bad one, some of the haystack is sampled, and the
//! choice is made anew: what is rare in prose is common in source code, and what is rare in both fills some log.

/// Offsets of four bytes of the needle. The first two are searched for everywhere, the others where those are found. Each
/// byte of a needle of up to four is among them, some of them twice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probes(pub(super) [usize; 4]);

impl Probes {
    /// How much haystack a [`sample`](Probes::sample) is taken of, so that no page far away is touched.
    pub(super) const SAMPLED: usize = 64 << 10;

    /// Picks bytes by what is usual in text.
    pub(super) fn guess(needle: &[u8]) -> Self {
        Self::choose(needle, guess)
    }

    /// Picks the two least common bytes, and different ones if there are any: equal bytes come in runs, where one tells
    /// nothing that the other does not. The others lie where words that begin or end alike differ.
    fn choose(needle: &[u8], commonness: impl Fn(u8) -> u32) -> Self {
        let Some(last) = needle.len().checked_sub(1) else { return Probes([0; 4]) };
        let rarest = |but: Option<u8>| {
            let offsets = (0..=last).filter(|&offset| Some(needle[offset]) != but);
            offsets.min_by_key(|&offset| commonness(needle[offset]))
        };
        let first = rarest(None).unwrap_or(0);
        let second = rarest(Some(needle[first])).unwrap_or(last);
        let others = [last, 0, needle.len() / 2, needle.len() / 4].into_iter();
        let mut others = others.filter(|offset| ![first, second].contains(offset));
        let third = others.next().unwrap_or(first);
        Probes([first, second, third, others.next().unwrap_or(third)])
    }

    /// Picks bytes by how common they are in up to 1 KiB of these bytes, in 16 runs of neighbours: single bytes at regular
    /// strides would all come from the same column of a table. [`SAMPLED`](Probes::SAMPLED) bytes are meant to be given,
    /// those that are searched next.
    pub(super) fn sample(needle: &[u8], bytes: &[u8]) -> Self {
        let mut counts = [0_u32; 256];
        for part in bytes.chunks(bytes.len().div_ceil(16).max(1)) {
            for &byte in &part[..part.len().div_ceil(16).min(64)] {
                counts[usize::from(byte)] += 1;
            }
        }
        Self::choose(needle, |byte| counts[usize::from(byte)] * 8 + guess(byte))
    }
}

/// A guess of how common a byte is, from 0 to 7, in text, logs, source code and tables alike.
fn guess(byte: u8) -> u32 {
    static TABLE: [u8; 256] = const {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = class(byte as u8);
            byte += 1;
        }
        table
    };
    u32::from(TABLE[usize::from(byte)])
}

const fn class(byte: u8) -> u8 {
    match byte {
        b' ' | b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | 0 => 7,
        b'l' | b'c' | b'd' | b'u' | b'h' | b'm' | b'p' | b'0'..=b'2' | b'\n' => 6,
        b'f' | b'g' | b'b' | b'3'..=b'9' | b'.' | b',' | b'-' | b'_' | b'/' | b':' => 5,
        b'w' | b'y' | b'v' | b'k' | b'=' | b'"' | b'(' | b')' | b'\t' | b'\r' | 0xff => 4,
        b'A' | b'C'..=b'F' | b'I' | b'L'..=b'P' | b'R'..=b'T' | 0x80..=0xbf => 3,
        b'x' | b'j' | b'A'..=b'Z' | b'\'' | b';' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'*' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_of_a_short_needle_is_left_out() {
        for len in 1..=4_u32 {
            for letters in 0..4_u32.pow(len) {
                let needle: Vec<u8> = (0..len).map(|i| b"aeqz"[(letters / 4_u32.pow(i) % 4) as usize]).collect();
                for Probes(offsets) in
                    [Probes::guess(&needle), Probes::sample(&needle, b"quiz"), Probes::sample(&needle, b"")]
                {
                    let first = &offsets[..needle.len().next_power_of_two()];
                    assert!((0..needle.len()).all(|offset| first.contains(&offset)), "{needle:?}: {offsets:?}");
                }
            }
        }
    }
}
