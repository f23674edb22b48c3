//! Regexes and texts of any shape, made from a source of numbers: where the numbers come from random bytes or from a
//! fuzzer, so does the variety.
//!
//! Shared by the tests and the fuzz targets.

/// Parts of which regexes are made. Few different letters, so that they meet again in the texts.
const ATOMS: &[&str] = &[
    "a",
    "b",
    "c",
    "0",
    "ab",
    " ",
    r"\.",
    "[ab]",
    "[a-c]",
    "[0-9]",
    "[^a]",
    "[^ab0]",
    "[a-z]",
    "[A-Z]",
    ".",
    "(?s:.)",
    r"\w",
    r"\W",
    r"\d",
    r"\s",
    r"\S",
    r"\pL",
    r"\n",
    "é",
    "[éa]",
    "[à-ü]",
    "(?i:ab)",
    "(?i:k)",
    "(?i:s0)",
    r"(?-u:\w)",
    r"(?-u:[\x80-\xFF])",
    r"(?-u:\xC3)",
    r"(?s-u:.)",
];

const ASSERTIONS: &[&str] = &[
    "^",
    "$",
    r"\A",
    r"\z",
    r"\b",
    r"\B",
    r"(?-u:\b)",
    r"(?-u:\B)",
    r"\b{start}",
    r"\b{end}",
    r"\b{start-half}",
    r"\b{end-half}",
    r"(?-u:\b{start})",
    "(?R:^)",
    "(?R:$)",
];

const REPETITIONS: &[&str] = &["*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,2}", "*?", "+?", "??", "{1,3}?", "{2,}?"];

const PIECES: &[&[u8]] = &[
    b"a",
    b"a",
    b"b",
    b"b",
    b"c",
    b"0",
    b"1",
    b"A",
    b"B",
    b"ab",
    b"aab0",
    b"s0",
    b"k",
    b"_",
    b" ",
    b".",
    b"\n",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"ababababababababab",
    b"00000000000000000",
    b"................",
    b"        ",
    "é".as_bytes(),
    "ü".as_bytes(),
    "\u{212A}".as_bytes(),
    "\u{10FFFF}".as_bytes(),
    b"\xFF",
    b"\xC3",
    b"\xA9",
];

/// A regex, of about as many parts as `parts`. It may match the empty string.
pub(crate) fn regex(numbers: &mut impl FnMut() -> u8, parts: usize) -> String {
    let number = numbers();
    let mut sub = |parts: usize| regex(numbers, parts);
    match (number % 8, parts) {
        (0 | 1, 3..) => format!("(?:{}|{})", sub(parts / 2), sub(parts / 2)),
        (2, 2..) => {
            let sub = sub(parts - 1);
            format!("(?:{sub}){}", pick(numbers, REPETITIONS))
        }
        (3..=5, 2..) => format!("{}{}", sub(parts / 2), sub(parts - parts / 2)),
        (6, 2..) => {
            let sub = sub(parts - 1);
            match numbers() % 2 {
                0 => format!("{}{sub}", pick(numbers, ASSERTIONS)),
                _ => format!("{sub}{}", pick(numbers, ASSERTIONS)),
            }
        }
        (7, _) => format!("{}{}", pick(numbers, ATOMS), pick(numbers, REPETITIONS)),
        _ => pick(numbers, ATOMS).to_owned(),
    }
}

/// A text for such regexes, valid UTF-8 or not.
pub(crate) fn text(numbers: impl IntoIterator<Item = u8>) -> Vec<u8> {
    numbers.into_iter().flat_map(|number| PIECES[usize::from(number) % PIECES.len()]).copied().collect()
}

fn pick<'a>(numbers: &mut impl FnMut() -> u8, list: &[&'a str]) -> &'a str {
    list[usize::from(numbers()) % list.len()]
}
