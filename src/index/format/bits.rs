//! Bit vectors.

/// Bits in words of 64, the first in the lowest bit. Bits after the last one are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    pub(crate) fn zeros(len: usize) -> Self {
        Bits { words: vec![0; len.div_ceil(64)], len }
    }

    /// Bits from whole words.
    pub(crate) fn from_words(words: Vec<u64>, len: usize) -> Self {
        let mut bits = Bits { words, len };
        bits.trim();
        bits
    }

    fn trim(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    #[inline]
    pub(crate) fn set(&mut self, at: usize) {
        self.words[at / 64] |= 1 << (at % 64);
    }

    pub(crate) fn clear(&mut self, at: usize) {
        self.words[at / 64] &= !(1 << (at % 64));
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> bool {
        self.words[at / 64] >> (at % 64) & 1 == 1
    }

    /// Sets the length, and clears all bits.
    pub(crate) fn reset(&mut self, len: usize) {
        self.words.clear();
        self.words.resize(len.div_ceil(64), 0);
        self.len = len;
    }

    /// Takes the first bits of these words.
    pub(crate) fn copy_from_words(&mut self, words: &[u64], len: usize) {
        self.words.clear();
        self.words.extend_from_slice(&words[..len.div_ceil(64)]);
        self.len = len;
        self.trim();
    }

    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    pub(crate) fn and(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
    }

    pub(crate) fn or(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    pub(crate) fn invert(&mut self) {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
    }

    /// Copies other bits to the offset `at`.
    pub(crate) fn put(&mut self, at: usize, other: &Bits) {
        for (i, &word) in other.words.iter().enumerate() {
            let (to, shift) = ((at + 64 * i) / 64, (at + 64 * i) % 64);
            self.words[to] |= word << shift;
            if shift > 0 && word >> (64 - shift) != 0 {
                self.words[to + 1] |= word >> (64 - shift);
            }
        }
    }

    /// The offsets of the ones.
    pub(crate) fn ones_iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(i, &word)| {
            let mut word = word;
            std::iter::from_fn(move || {
                let at = (word != 0).then(|| 64 * i + word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(at)
            })
        })
    }
}

/// Transposes a square of 64 x 64 bits: bit *i* of word *j* becomes bit *j* of word *i*. The method is that of Hacker's
/// Delight, 7-3: squares of half the size are swapped, for each size.
pub(crate) fn transpose(words: &mut [u64; 64]) {
    let mut half = 32;
    let mut mask = u64::MAX >> 32;
    while half != 0 {
        let mut i = 0;
        while i < 64 {
            for j in i..i + half {
                let swap = (words[j] >> half ^ words[j + half]) & mask;
                words[j] ^= swap << half;
                words[j + half] ^= swap;
            }
            i += 2 * half;
        }
        half /= 2;
        mask ^= mask << half;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(places: &[usize], len: usize) -> Bits {
        let mut bits = Bits::zeros(len);
        places.iter().for_each(|&at| bits.set(at));
        bits
    }

    fn ones(len: usize) -> Bits {
        Bits::from_words(vec![u64::MAX; len.div_ceil(64)], len)
    }

    #[test]
    fn operations() {
        let (a, b) = (of(&[0, 63, 64, 99], 100), of(&[1, 64], 100));
        let mut and = a.clone();
        and.and(&b);
        assert_eq!(and, of(&[64], 100));
        let mut or = a.clone();
        or.or(&b);
        assert_eq!(or.ones_iter().collect::<Vec<_>>(), [0, 1, 63, 64, 99]);
        let mut not = a.clone();
        not.invert();
        assert_eq!((not.count(), not.get(0), not.get(1)), (96, false, true));
        assert_eq!(ones(100).count(), 100);
        assert_eq!(Bits::from_words(vec![u64::MAX; 2], 70).count(), 70);
        assert!(Bits::zeros(0).is_empty());
        let mut whole = Bits::zeros(200);
        whole.put(0, &of(&[3], 37));
        whole.put(37, &a);
        whole.put(137, &ones(63));
        assert_eq!(whole.ones_iter().take(5).collect::<Vec<_>>(), [3, 37, 100, 101, 136]);
        assert_eq!(whole.count(), 5 + 63);
    }

    proptest! {
        #[test]
        fn transposed_bits_change_places(words in proptest::array::uniform32(any::<[u64; 2]>())) {
            let mut turned: [u64; 64] = std::array::from_fn(|i| words[i / 2][i % 2]);
            let before = turned;
            transpose(&mut turned);
            for (i, row) in turned.iter().enumerate() {
                for (j, column) in before.iter().enumerate() {
                    prop_assert_eq!(row >> j & 1, column >> i & 1);
                }
            }
        }
    }
}
