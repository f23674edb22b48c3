//! The rows of a literal.

use super::{
    class::{DNA, LINE_END, NUMBER, begins_number, class, is_address, is_number},
    dna::is_kept,
    hash::{LONGEST, ODD, dna_hash, hash_of_bytes, hash_of_odd, word},
};
use crate::index::format::scheme::Scheme;

impl Scheme {
    /// The rows of a literal in lower case: a block with the literal has all of them. None when the literal has no
    /// gram. Rows follow the order of the literal.
    pub(crate) fn rows_of_literal(self, literal: &[u8]) -> Vec<u32> {
        if ODD.contains(&literal) {
            return vec![self.row(hash_of_odd(literal)) as u32];
        }
        let mut rows: Vec<u32> = vec![];
        for row in (0..literal.len()).filter_map(|at| self.row_at(&literal[at..])) {
            let row = row as u32;
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        // Rows of three bytes are dense, so they are added only where there are few others.
        const ENOUGH: usize = 3;
        if rows.len() < ENOUGH {
            let of_three = literal.windows(3).filter_map(|gram| self.row_of_three(gram));
            rows.extend(of_three.map(|row| row as u32));
        }
        rows
    }

    /// The row of the gram at the start of a literal, if the gram is the same whatever follows the literal.
    fn row_at(self, literal: &[u8]) -> Option<usize> {
        if let Some(gram) = literal.get(..LONGEST)
            && gram[..8].iter().all(|&byte| class(byte) & DNA != 0)
        {
            return is_kept(gram).then(|| dna_hash(gram)).flatten().map(|hash| self.row_of_dna(hash));
        }
        self.hash_at(literal).map(|hash| self.row(hash))
    }

    /// The hash of a gram that is not of DNA.
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
        // With fewer than eight letters it is unknown whether the text is DNA.
        if all(8, DNA) {
            return None;
        }
        let classes = [0, 1, 2, 3].map(|at| class(known[at]));
        if is_number(classes) {
            let first = known.first_chunk().map(|first: &[u8; 6]| first.map(class))?;
            return gram(if self.is_large() && is_address(first) { 8 } else { 6 });
        }
        match self.is_large() && begins_number(classes) {
            // With only four bytes it is unknown whether the number goes on.
            true => known.get(4).and_then(|&next| gram(if class(next) & NUMBER != 0 { 5 } else { 4 })),
            false => gram(4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The length of each gram of a literal, `-` where there is none.
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
