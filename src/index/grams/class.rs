//! What a byte can be part of: a number, an address, DNA.

/// Where a gram cannot be: it would not fit into the line.
pub(crate) const LINE_END: u8 = b'\n';

/// Decimal and hexadecimal numbers, and addresses.
pub(crate) const NUMBER: u8 = 1;
pub(crate) const DIGIT: u8 = 2;
pub(crate) const DNA: u8 = 4;
pub(crate) const END: u8 = 8;
pub(crate) const DOT: u8 = 32;
/// What a number begins with: no letter, as most of them are of words.
pub(crate) const START: u8 = 16;

/// What a byte in lower case can be part of.
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

/// True for the classes of four bytes that are all of a number.
#[inline(always)]
pub(crate) fn is_number([c0, c1, c2, c3]: [u8; 4]) -> bool {
    c0 & START != 0 && c1 & c2 & c3 & NUMBER != 0 && (c0 | c1 | c2 | c3) & DIGIT != 0
}

/// True for the classes of four bytes that end with the first two or three of a number.
#[inline(always)]
pub(crate) fn begins_number([c0, c1, c2, c3]: [u8; 4]) -> bool {
    let three = !c0 & c1 & START != 0 && c2 & c3 & NUMBER != 0 && (c1 | c2 | c3) & DIGIT != 0;
    let two = !c1 & c2 & START != 0 && c3 & NUMBER != 0 && (c2 | c3) & DIGIT != 0;
    three || two
}

/// True for the classes of six bytes of a number that have a dot in either half, as an address has.
#[inline(always)]
pub(crate) fn is_address([c0, c1, c2, c3, c4, c5]: [u8; 6]) -> bool {
    (c0 | c1 | c2) & (c3 | c4 | c5) & DOT != 0
}
