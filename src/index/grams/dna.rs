//! Which grams of DNA are kept.
//!
//! A gram of twelve letters has ten triplets. It is kept if the least of them, in the order of [`ranks`], is the first
//! or the last. That is one gram in five. Whether a gram is kept depends on its own letters alone. Of nine grams that
//! follow each other at least one is kept: the least of all their triplets is the first or the last of one of them. Of
//! grams that are drawn by a hash, all nine may be left out. R. Edgar, "Syncmers are more sensitive than minimizers for
//! selecting conserved k-mers in biological sequences", 2021.

use super::hash::LONGEST;

/// How many triplets a gram has.
const TRIPLETS: usize = LONGEST - 2;

/// The rank of each triplet of the folded text.
#[inline(always)]
pub(crate) fn ranks(folded: &[u8], ranks: &mut Vec<u8>) {
    let code = |byte: u8| byte >> 1 & 3;
    let rank = |triplet: &[u8]| {
        let number = code(triplet[0]) | code(triplet[1]) << 2 | code(triplet[2]) << 4;
        // Ranks do not follow the alphabet: repeats of `a` would be kept most often.
        (number ^ 0x2D).wrapping_mul(0x9D)
    };
    ranks.clear();
    ranks.extend(folded.windows(3).map(rank));
}

/// Whether the gram at each of the first offsets is kept.
#[inline(always)]
pub(crate) fn find_kept(ranks: &[u8], kept: &mut [bool]) {
    let at: [&[u8]; TRIPLETS] = std::array::from_fn(|n| &ranks[n..][..kept.len()]);
    for (i, kept) in kept.iter_mut().enumerate() {
        let least = at.iter().fold(u8::MAX, |least, ranks| least.min(ranks[i]));
        *kept = at[0][i] == least || at[TRIPLETS - 1][i] == least;
    }
}

/// Whether a gram of twelve letters is kept.
pub(crate) fn is_kept(gram: &[u8]) -> bool {
    let (mut of_gram, mut kept) = (vec![], [false]);
    ranks(gram, &mut of_gram);
    find_kept(&of_gram, &mut kept);
    kept[0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // So 20 letters have a gram, whatever they are.
        #[test]
        fn of_nine_grams_one_is_kept(letters in prop::collection::vec(prop::sample::select(&b"acgtn"[..]), 20)) {
            prop_assert!(letters.windows(LONGEST).any(is_kept));
        }

        #[test]
        fn grams_of_a_text_are_kept_as_each_alone(text in prop::collection::vec(any::<u8>(), LONGEST..100)) {
            let mut of_text = vec![];
            ranks(&text, &mut of_text);
            let mut kept = vec![false; text.len() - LONGEST + 1];
            find_kept(&of_text, &mut kept);
            let alone: Vec<bool> = text.windows(LONGEST).map(is_kept).collect();
            prop_assert_eq!(kept, alone);
        }
    }
}
