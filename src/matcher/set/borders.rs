//! What has to stand on either side of a match: word borders (`-w`) and line ends (`-x`).
//!
//! A [`PatternSet`](super::PatternSet) is given borders with `with_borders`. Its matches are then those occurrences
//! whose borders hold, in the order of its [`MatchKind`](super::MatchKind): where a pattern has no border behind it,
//! the others that start at the same place are tried, as the regex `\b{start-half}(?:long|lo)\b{end-half}` does. The
//! border in front depends on the place alone, so it is looked at before the tables are.
//!
//! Borders belong to a search, not to the serialised set.

use memchr::{memchr, memmem, memrchr};
use regex_automata::util::look::LookMatcher;

use crate::matcher::terminator::LineTerminator;

/// What has to stand on either side of a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Borders {
    /// Anything.
    #[default]
    None,
    /// No word character of Unicode: `\b{start-half}` in front of a match, `\b{end-half}` behind it. Next to bytes that
    /// are not UTF-8 there is no border.
    Word {
        /// The byte that ends a line, where a line is to match as it would alone: a border in front does not depend on
        /// the line before.
        line: Option<u8>,
    },
    /// The start and the end of a line.
    Line(LineTerminator),
}

/// What a byte says about a border next to it.
const NOT_A_WORD: u8 = 0;
const WORD: u8 = 1;
/// It is part of a longer character, or of none.
const UNKNOWN: u8 = 2;

const KINDS: [u8; 256] = {
    let mut kinds = [NOT_A_WORD; 256];
    let mut byte = 0;
    while byte < 256 {
        if byte >= 0x80 {
            kinds[byte] = UNKNOWN;
        } else if (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_' {
            kinds[byte] = WORD;
        }
        byte += 1;
    }
    kinds
};

/// The longest character in UTF-8.
const CHARACTER: usize = 4;

impl Borders {
    pub(super) fn is_none(self) -> bool {
        self == Borders::None
    }

    /// Whether a match may start at a place.
    #[inline(always)]
    pub(super) fn starts(self, haystack: &[u8], at: usize) -> bool {
        let Some(&before) = at.checked_sub(1).and_then(|before| haystack.get(before)) else { return true };
        match self {
            Borders::None => true,
            Borders::Word { line } => match KINDS[usize::from(before)] {
                UNKNOWN => starts_beyond_ascii(haystack, at, line),
                kind => kind == NOT_A_WORD,
            },
            Borders::Line(terminator) => before == terminator.byte(),
        }
    }

    /// Whether a match may end at a place.
    #[inline(always)]
    pub(super) fn ends(self, haystack: &[u8], at: usize) -> bool {
        let Some(&behind) = haystack.get(at) else { return true };
        match self {
            Borders::None => true,
            Borders::Word { .. } => match KINDS[usize::from(behind)] {
                UNKNOWN => ends_beyond_ascii(haystack, at),
                kind => kind == NOT_A_WORD,
            },
            Borders::Line(LineTerminator::Crlf) => behind == b'\n' || haystack[at..].starts_with(b"\r\n"),
            Borders::Line(terminator) => behind == terminator.byte(),
        }
    }

    /// The first place in a range where the empty string has its borders; the end of the range where there is none.
    pub(super) fn next_empty(self, haystack: &[u8], from: usize, to: usize) -> usize {
        let is_empty = |at: usize| self.starts(haystack, at) && self.ends(haystack, at);
        if from >= to || is_empty(from) {
            return from;
        }
        let terminator = match self {
            Borders::Line(terminator) => terminator,
            _ => return (from..to).find(|&at| is_empty(at)).unwrap_or(to),
        };
        // An empty line begins behind a terminator, and is the next terminator or the end of the haystack.
        let end = haystack.len().min(to + 1);
        let two: &[u8] = match terminator {
            LineTerminator::Lf => b"\n\n",
            LineTerminator::Nul => b"\0\0",
            LineTerminator::Crlf => {
                let mut at = from;
                while let Some(found) = memchr(b'\n', haystack.get(at..end).unwrap_or_default()) {
                    at += found + 1;
                    if is_empty(at) {
                        return at.min(to);
                    }
                }
                return to;
            }
        };
        match memmem::find(haystack.get(from..end).unwrap_or_default(), two) {
            Some(found) => (from + found + 1).min(to),
            None if haystack.len() < to && haystack.last() == Some(&terminator.byte()) && from <= haystack.len() => {
                haystack.len()
            }
            None => to,
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Borders::None => "",
            Borders::Word { .. } => ", whole words",
            Borders::Line(_) => ", whole lines",
        }
    }
}

#[cold]
fn starts_beyond_ascii(haystack: &[u8], at: usize, line: Option<u8>) -> bool {
    let before = &haystack[at.saturating_sub(CHARACTER)..at];
    let begin = line.and_then(|terminator| memrchr(terminator, before)).map_or(0, |end| end + 1);
    let before = &before[begin..];
    LookMatcher::new().is_word_start_half_unicode(before, before.len()).unwrap_or(false)
}

#[cold]
fn ends_beyond_ascii(haystack: &[u8], at: usize) -> bool {
    LookMatcher::new().is_word_end_half_unicode(haystack, at).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_automata::meta::Regex;

    use super::*;

    /// Where the empty string has its borders, as the regex engine finds it on each line alone.
    fn oracle(borders: Borders, line: &[u8]) -> Vec<usize> {
        let regex = match borders {
            Borders::None => "",
            Borders::Word { .. } => r"\b{start-half}\b{end-half}",
            Borders::Line(_) => r"\A\z",
        };
        let config = Regex::config().utf8_empty(false);
        let syntax = regex_automata::util::syntax::Config::new().utf8(false);
        let regex = Regex::builder().configure(config).syntax(syntax).build(regex).unwrap();
        regex.find_iter(line).map(|found| found.start()).collect()
    }

    proptest! {
        #[test]
        fn empty_strings_are_found_as_on_each_line_alone(
            parts in prop::collection::vec(
                prop::sample::select(vec![&b"a"[..], b" ", b"\n", b"\n", b"\r\n", b"\r", b"\0", b"\xC3\xA9", b"\x80",
                    b"\xFF", b"\xE2\x82", b"_"]),
                0..30,
            ),
        ) {
            let text = parts.concat();
            for terminator in [LineTerminator::Lf, LineTerminator::Crlf, LineTerminator::Nul] {
                let word = Borders::Word { line: Some(terminator.byte()) };
            for borders in [word, Borders::Line(terminator), Borders::None] {
                    let mut wanted = vec![];
                    let mut start = 0;
                    for line in text.split(|&byte| byte == terminator.byte()) {
                        let is_last = start + line.len() == text.len();
                        let content = match terminator {
                            LineTerminator::Crlf if !is_last => line.strip_suffix(b"\r").unwrap_or(line),
                            _ => line,
                        };
                        wanted.extend(oracle(borders, content).iter().map(|at| start + at));
                        start += line.len() + 1;
                    }
                    let mut found = vec![];
                    let mut at = 0;
                    while at <= text.len() {
                        at = borders.next_empty(&text, at, text.len() + 1);
                        // Between the two bytes of a line end is no place of a line.
                        let is_inside =
                        terminator == LineTerminator::Crlf && at > 0 && text[at - 1..].starts_with(b"\r\n");
                        if at <= text.len() && !is_inside {
                            found.push(at);
                        }
                        at += 1;
                    }
                    prop_assert_eq!(found, wanted, "{:?} in {:?}", borders, text.escape_ascii().to_string());
                }
            }
        }
    }
}
