//! How rare bytes and literals are in what is usually searched: text, logs and sources.

/// How rare the most frequent one has to be, in bits: fewer than one place in 2 to this many has it, as far as that can
/// be told.
pub(crate) const LEAST_BITS: u32 = 11;

/// How rare literals are of which nothing more than their start is needed.
pub(super) const VERY_RARE_BITS: u32 = 24;

/// How rare the literals are, together.
pub(super) fn bits(strings: &[Vec<u8>]) -> u32 {
    let least = strings.iter().map(|string| string.iter().map(|&byte| byte_bits(byte)).sum()).min();
    least.map_or(0, |least: u32| least.min(64).saturating_sub(strings.len().ilog2()))
}

/// How rare a byte is in what is usually searched, in bits: text, logs and sources.
pub(crate) fn byte_bits(byte: u8) -> u32 {
    match byte {
        b' ' | b'e' | b't' => 3,
        b'a' | b'i' | b'n' | b'o' | b'r' | b's' | b'l' | b'd' | b'c' | b'0' | b'1' | b'\t' | b'_' | b'.' => 4,
        b'a'..=b'z' | b'0'..=b'9' | b'=' | b'-' | b'/' | b',' | b'(' | b')' | b'*' | b'"' | b':' | b';' => 5,
        b'A'..=b'Z' => 6,
        _ => 7,
    }
}
