//! Pieces of text for a regex engine that gives up its automata at bytes beyond ASCII.
//!
//! Where a regex looks at Unicode words (`\b`), the automata of the engine give up at the first byte beyond ASCII, and
//! what is left of the range is searched by a simulation that takes up to 100 times as long. So ranges end before a
//! line that has such a byte, and such a line is a range of its own.

use memchr::{memchr, memrchr};

/// How long the first range is, and the longest; each is twice as long as the one before.
const SHORTEST: usize = 1 << 10;
const LONGEST: usize = 64 << 10;

/// Calls `find` with ranges of whole lines, from `at` to the end of the haystack, until it finds something: that
/// together with its offset. Matches are confined to lines. What is found at the end of a range is looked for again in
/// the next one: it may be more there than the empty match that ends the line before.
///
/// # Complexity
///
/// Each byte is in one range.
pub(super) fn search<T>(
    terminator: u8,
    haystack: &[u8],
    mut at: usize,
    mut find: impl FnMut(usize, usize) -> Option<(usize, T)>,
) -> Option<T> {
    let mut len = SHORTEST;
    loop {
        let end = end_of_piece(terminator, haystack, at, len);
        match find(at, end) {
            Some((offset, found)) if offset < end || end == haystack.len() => return Some(found),
            _ if end == haystack.len() => return None,
            _ => {}
        }
        (at, len) = (end, (2 * len).min(LONGEST));
    }
}

/// Where a piece ends that begins at `at` and has about `len` bytes.
fn end_of_piece(terminator: u8, haystack: &[u8], at: usize, len: usize) -> usize {
    let near = haystack.len().min(at + len);
    let upto = at + first_beyond_ascii(&haystack[at..near]).unwrap_or(near - at);
    let line_end = |from: usize| memchr(terminator, &haystack[from..]).map_or(haystack.len(), |end| from + end + 1);
    match memrchr(terminator, &haystack[at..upto]) {
        _ if upto == haystack.len() => upto,
        Some(end) => at + end + 1,
        None => line_end(upto),
    }
}

fn first_beyond_ascii(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 64;
    let ascii = bytes.chunks(BLOCK).take_while(|block| block.is_ascii()).count() * BLOCK;
    let rest = bytes.get(ascii..)?;
    Some(ascii + rest.iter().position(|byte| !byte.is_ascii())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_ascii_are_pieces_of_their_own() {
        let long = "x".repeat(3_000);
        let text = ["a\nb\n", "é\n", "c\n", &long, "\n", &long, "é\n", "d"].concat();
        let mut pieces = vec![];
        let found = search(b'\n', text.as_bytes(), 0, |start, end| {
            pieces.push(start..end);
            None::<(usize, ())>
        });
        assert_eq!(found, None);
        assert_eq!(pieces, [0..4, 4..7, 7..3010, 3010..6013, 6013..6014]);
    }

    #[test]
    fn the_pieces_are_the_whole_text() {
        for unit in ["", "é", "a", "\n", "é\n", "abc é\nabc\n", "abcdefgh abcdefgh\n"] {
            let text = unit.repeat(20_000);
            let (mut end_before, mut count) = (0, 0);
            search(b'\n', text.as_bytes(), 0, |start, end| {
                assert_eq!(start, end_before);
                assert!(end > start || text.is_empty());
                (end_before, count) = (end, count + 1);
                None::<(usize, ())>
            });
            assert_eq!(end_before, text.len());
            assert!(count < 50 || unit.contains('é'));
        }
    }

    #[test]
    fn what_is_found_at_the_end_of_a_piece_is_looked_for_again() {
        let text = "é\nfoo\n";
        let ends = std::cell::RefCell::new(vec![]);
        let found = search(b'\n', text.as_bytes(), 0, |start, end| {
            ends.borrow_mut().push(end);
            // An empty match at the end of the first piece, and one that is more at the start of the second.
            Some(if start == 0 { (end, "empty") } else { (start, "foo") })
        });
        assert_eq!((found, ends.into_inner()), (Some("foo"), vec![3, 7]));
    }
}
