//! Numbers and sizes, as people write them.

use std::{
    num::{IntErrorKind, ParseIntError},
    str::FromStr,
};

/// A number of lines, bytes or directories.
pub(crate) fn parse_number<N: FromStr<Err = ParseIntError>>(text: &str) -> Result<N, String> {
    text.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => "so large a number does not fit into 64 bits".to_owned(),
        _ => "this has to be a whole number, 0 or more".to_owned(),
    })
}

pub(crate) fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads @ 0..=1024) => Ok(threads),
        _ => Err("the number of threads has to be from 0 to 1024".to_owned()),
    }
}

pub(crate) const MILLION: u64 = 1_000_000;

/// A size that is not 0.
pub(crate) fn parse_size(text: &str) -> Result<usize, String> {
    let size = usize::try_from(parse_bytes(text)?).map_err(|_| TOO_LARGE.to_owned())?;
    if size > 0 { Ok(size) } else { Err("the size has to be at least 1".to_owned()) }
}

/// A number of bytes: digits, or a decimal fraction, and a unit.
pub(crate) fn parse_bytes(text: &str) -> Result<u64, String> {
    let none = || {
        format!(
            "\"{text}\" is not a number of bytes: 4096, 64K or 64KiB (of 1024 bytes), 64KB (of 1000), 1.5G and so on"
        )
    };
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits);
    let unit = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        unit => {
            // The first letter may have several bytes.
            let power = unit.get(..1).and_then(|letter| "KMGT".find(letter)).ok_or_else(none)? as u32 + 1;
            match &unit[1..] {
                "" | "IB" => 1024_u64.pow(power),
                "B" => 1000_u64.pow(power),
                _ => return Err(none()),
            }
        }
    };
    decimal(digits, unit).map_err(|wrong| match wrong {
        Wrong::TooLarge => TOO_LARGE.to_owned(),
        Wrong::NoNumber => none(),
    })
}

/// Why text is not a number.
pub(crate) enum Wrong {
    TooLarge,
    NoNumber,
}

/// A decimal number times a unit, rounded down to a whole one.
pub(crate) fn decimal(text: &str, unit: u64) -> Result<u64, Wrong> {
    let number = |digits: &str| {
        digits.parse::<u64>().map_err(|error| match error.kind() {
            IntErrorKind::PosOverflow => Wrong::TooLarge,
            _ => Wrong::NoNumber,
        })
    };
    let (whole, fraction) = match text.split_once('.') {
        // There is no half of a byte.
        Some((whole, fraction)) if unit > 1 => (whole, fraction),
        Some(_) => return Err(Wrong::NoNumber),
        None => (text, "0"),
    };
    let whole = number(whole)?.checked_mul(unit).ok_or(Wrong::TooLarge)?;
    // More digits than these make no difference.
    let digits = &fraction[..fraction.len().min(18)];
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Wrong::NoNumber);
    }
    let part = u128::from(number(digits)?) * u128::from(unit) / 10_u128.pow(digits.len() as u32);
    whole.checked_add(part as u64).ok_or(Wrong::TooLarge)
}

pub(crate) const TOO_LARGE: &str = "this number of bytes does not fit into 64 bits";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("64K"), Ok(65536));
        assert_eq!(parse_size("7"), Ok(7));
        for (text, bytes) in [
            ("1GB", 1_000_000_000),
            ("1GiB", 1 << 30),
            ("1gib", 1 << 30),
            ("1.5G", 3 << 29),
            ("0.5kb", 500),
            ("1.9999K", 2047),
            ("2TiB", 2 << 40),
            ("12B", 12),
            ("1.000000000000000000000000001K", 1024),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "x", "1.5", ".5K", "1.K", "1..5K", "1P", "1Kb1", "1Ki", "K", "+1", "1.5.5K", "1\u{212a}", "1é"]
        {
            assert!(parse_bytes(text).unwrap_err().contains("is not a number of bytes"), "{text}");
        }
        assert!(parse_size("0").is_err());
        for text in ["99999999999999999999", "99999999999T", "18446744073709551615.9K"] {
            assert_eq!(parse_bytes(text), Err(TOO_LARGE.to_owned()), "{text}");
        }
    }
}
