//! What a byte can be part of: a number, an address, DNA.

/// No gram has this byte: grams lie within a line.
pub(crate) const LINE_END: u8 = b'\n';

/// Part of a decimal or hexadecimal number, or of an address.
pub(crate) const NUMBER: u8 = 1;
const DIGIT: u8 = 2;
pub(crate) const DNA: u8 = 4;
pub(crate) const END: u8 = 8;
const DOT: u8 = 32;
/// The first byte of a number. Letters are not: most of them belong to words.
const START: u8 = 16;

/// The classes of a byte in lower case.
#[inline]
pub(crate) fn class(byte: u8) -> u8 {
    let digit = byte.wrapping_sub(b'0') < 10;
    let start = digit | (byte == b'.') | (byte == b':');
    let number = start | (byte.wrapping_sub(b'a') < 6);
    let dna = (byte == b'a') | (byte == b'c') | (byte == b'g') | (byte == b't') | (byte == b'n');
    let (end, dot) = (byte == LINE_END, byte == b'.');
    u8::from(dot) << 5
        | u8::from(start) << 4
        | u8::from(end) << 3
        | u8::from(dna) << 2
        | u8::from(digit) << 1
        | u8::from(number)
}

/// Whether all four bytes belong to a number.
#[inline(always)]
pub(crate) fn is_number([c0, c1, c2, c3]: [u8; 4]) -> bool {
    c0 & START != 0 && c1 & c2 & c3 & NUMBER != 0 && (c0 | c1 | c2 | c3) & DIGIT != 0
}

/// Whether four bytes end with the first two or three of a number.
#[inline(always)]
pub(crate) fn begins_number([c0, c1, c2, c3]: [u8; 4]) -> bool {
    let three = !c0 & c1 & START != 0 && c2 & c3 & NUMBER != 0 && (c1 | c2 | c3) & DIGIT != 0;
    let two = !c1 & c2 & START != 0 && c3 & NUMBER != 0 && (c2 | c3) & DIGIT != 0;
    three || two
}

/// Whether six bytes of a number have a dot in each half, as an address has.
#[inline(always)]
pub(crate) fn is_address([c0, c1, c2, c3, c4, c5]: [u8; 6]) -> bool {
    (c0 | c1 | c2) & (c3 | c4 | c5) & DOT != 0
}
