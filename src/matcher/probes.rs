//! Which bytes of a needle to look for in front of comparing the whole: those that are seldom seen.
//!
//! The first choice is a guess from a table. Where that turns out to be a bad one, some of the haystack is sampled, and the
//! choice is made anew: what is rare in prose is common in source code, and what is rare in both fills some log. Bytes that
//! are rare can still come together, as those of a word that is like the needle but for an ending. So the first byte is the
//! rarest of the sample, and each of the others is the one that dismisses most of the places which those before it left.

/// Four bytes of the needle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Probes {
    /// Where they are in it. The first two are searched for everywhere, the others where those are found. Each byte of a
    /// needle of up to four is among them, some of them twice.
    pub(super) offsets: [usize; Probes::COUNT],
    /// Whether the first two are so common that it is worth it to search for the third everywhere.
    pub(super) is_pair_common: bool,
}

impl Probes {
    /// How many bytes are probed.
    pub(super) const COUNT: usize = 4;

    /// How much haystack a [`sample`](Probes::sample) is taken of, so that no page far away is touched.
    pub(super) const SAMPLED: usize = 64 << 10;

    /// How many runs of neighbours a sample has. Single bytes at regular strides would all come from the same column of a
    /// table.
    const RUNS: usize = 16;

    /// How many bytes of a run are counted, and in how many the first byte is looked for.
    const COUNTED: usize = 32;
    const LOOKED_AT: usize = 256;

    /// How many places are kept of those that have the first byte, and how many bytes of a needle are compared there.
    const PLACES: usize = 16;
    const COMPARED: usize = 64;

    /// A pair that is found more often than once in so many bytes is common: of two blocks at once, one in four has it.
    const SELDOM: u32 = 512;

    /// For no needle.
    const NONE: Self = Probes { offsets: [0; Self::COUNT], is_pair_common: false };

    /// Picks bytes by what is usual in text.
    pub(super) fn guess(needle: &[u8]) -> Self {
        let Some(last) = needle.len().checked_sub(1) else { return Self::NONE };
        let first = rarest(needle, guess);
        // Equal bytes come in runs, where one tells nothing that the other does not.
        let others = (0..=last).filter(|&offset| needle[offset] != needle[first]);
        let second = others.min_by_key(|&offset| guess(needle[offset])).unwrap_or(last);
        // These lie where words that begin or end alike differ.
        let mut others = [last, 0, needle.len() / 2, needle.len() / 4].into_iter();
        let mut others = others.by_ref().filter(|offset| ![first, second].contains(offset));
        let third = others.next().unwrap_or(first);
        let offsets = [first, second, third, others.next().unwrap_or(third)];
        Probes { offsets, is_pair_common: false }
    }

    /// Picks bytes by what they are worth in these bytes, [`SAMPLED`](Probes::SAMPLED) of them and those that are searched
    /// next. Half a KiB of them is counted, and four are searched for the first byte.
    pub(super) fn sample(needle: &[u8], bytes: &[u8]) -> Self {
        if needle.is_empty() {
            return Self::NONE;
        }
        let stride = bytes.len().div_ceil(Self::RUNS).max(1);
        let runs = || bytes.chunks(stride).zip((0..).step_by(stride));
        let mut counts = [0_u32; 256];
        for (run, _) in runs() {
            for &byte in &run[..run.len().min(Self::COUNTED)] {
                counts[usize::from(byte)] += 1;
            }
        }
        let commonness = |byte: u8| counts[usize::from(byte)] * 8 + guess(byte);
        let first = rarest(needle, commonness);
        let places = runs().flat_map(|(run, at)| {
            memchr::memchr_iter(needle[first], &run[..run.len().min(Self::LOOKED_AT)]).map(move |found| at + found)
        });
        let places = places.filter_map(|at| bytes.get(at.checked_sub(first)?..)?.get(..needle.len()));
        // For each byte of the needle, the places that have it.
        let compared = needle.len().min(Self::COMPARED);
        let mut agreeing = [0_u32; Self::COMPARED];
        let mut left = 0_u32;
        for (bit, place) in (0..Self::PLACES).zip(places) {
            left |= 1 << bit;
            for ((agreeing, one), other) in agreeing[..compared].iter_mut().zip(place).zip(needle) {
                *agreeing |= u32::from(one == other) << bit;
            }
        }
        let mut probes = [first; Self::COUNT];
        for chosen in 1..Self::COUNT {
            let worth = |&offset: &usize| {
                let is_known = probes[..chosen].iter().any(|&probe| needle[probe] == needle[offset]);
                ((agreeing[offset] & left).count_ones(), is_known, commonness(needle[offset]))
            };
            let others = (0..compared).filter(|offset| !probes[..chosen].contains(offset));
            let Some(best) = others.min_by_key(worth) else { break };
            probes[chosen] = best;
            left &= agreeing[best];
        }
        // In how many of these bytes squared both would be found, if one did not depend on the other.
        let [one, other] = [probes[0], probes[1]].map(|offset| counts[usize::from(needle[offset])]);
        let sampled = (Self::RUNS * Self::COUNTED) as u32;
        let is_pair_common = one * other > sampled * sampled / Self::SELDOM;
        Probes { offsets: probes, is_pair_common }
    }
}

/// The offset of the byte that is least common.
fn rarest(needle: &[u8], commonness: impl Fn(u8) -> u32) -> usize {
    (0..needle.len()).min_by_key(|&offset| commonness(needle[offset])).unwrap_or(0)
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

    /// Bytes that are all rare, but come together, say nothing.
    #[test]
    fn a_sample_picks_what_tells_a_word_from_one_that_is_like_it() {
        let text = "the quick brown dfs.DataNode$PacketResponder jumps over the lazy dog. ".repeat(1_000);
        let needle = b"dfs.DataNode$PacketResponser";
        let Probes { offsets, is_pair_common } = Probes::sample(needle, text.as_bytes());
        assert!(offsets[..2].contains(&25), "{offsets:?}");
        assert!(!is_pair_common);
    }

    #[test]
    fn a_pair_of_common_bytes_is_known_as_such() {
        let text = b"0123456789abcdef0f1e2d3c4b5a6978".repeat(2_048);
        assert!(Probes::sample(b"0a1b2c3d", &text).is_pair_common);
    }

    #[test]
    fn a_sample_of_anything_is_of_offsets_in_the_needle() {
        for len in [0, 1, 2, 5, 63, 64, 65, 255, 256, 5_000] {
            for needle_len in [0, 1, 2, 3, 64, 65, 300] {
                let Probes { offsets, .. } = Probes::sample(&vec![7; needle_len], &vec![7; len]);
                assert!(offsets.iter().all(|&offset| offset < needle_len.max(1)), "{needle_len} in {len}: {offsets:?}");
            }
        }
    }

    #[test]
    fn no_byte_of_a_short_needle_is_left_out() {
        for len in 1..=4_u32 {
            for letters in 0..4_u32.pow(len) {
                let needle: Vec<u8> = (0..len).map(|i| b"aeqz"[(letters / 4_u32.pow(i) % 4) as usize]).collect();
                for Probes { offsets, .. } in
                    [Probes::guess(&needle), Probes::sample(&needle, b"quiz"), Probes::sample(&needle, b"")]
                {
                    let first = &offsets[..needle.len().next_power_of_two()];
                    assert!((0..needle.len()).all(|offset| first.contains(&offset)), "{needle:?}: {offsets:?}");
                }
            }
        }
    }
}
