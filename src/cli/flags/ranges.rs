//! Ranges of bytes and of lines, as people write them.

use std::ops::Range;

use crate::cli::flags::numbers::{MILLION, decimal, parse_bytes, parse_number};

/// A part of a file that is searched. Where it lies may depend on the file's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteRange {
    pub(crate) start: Offset,
    pub(crate) end: Offset,
}

/// An offset in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offset {
    /// This many bytes from the start.
    Start(u64),
    /// This many bytes before the end.
    End(u64),
    /// This part of the length, in units of 1 / [`WHOLE`].
    Part(u64),
}

/// What [`Offset::Part`] counts in: the smallest part that can be written is a millionth of a percent.
const WHOLE: u64 = 100 * MILLION;

impl Offset {
    /// The offset in a file of `len` bytes. It is never behind the end of the file, unless it was given from the start.
    fn resolve(self, len: u64) -> u64 {
        match self {
            Offset::Start(offset) => offset,
            Offset::End(before) => len.saturating_sub(before),
            Offset::Part(part) => (u128::from(len) * u128::from(part) / u128::from(WHOLE)) as u64,
        }
    }
}

impl ByteRange {
    /// The range in a file of `len` bytes. It is empty where the end lies before the start.
    pub(crate) fn resolve(&self, len: u64) -> Range<u64> {
        let start = self.start.resolve(len);
        start..self.end.resolve(len).max(start)
    }

    /// The range, if it is the same in every file.
    pub(crate) fn fixed(&self) -> Option<Range<u64>> {
        match (self.start, self.end) {
            (Offset::Start(start), Offset::Start(end)) => Some(start..end),
            (Offset::Start(start), Offset::End(0)) => Some(start..u64::MAX),
            _ => None,
        }
    }
}

/// Some lines of a file, from the first to the last, which belongs to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineRange {
    pub(crate) first: Line,
    pub(crate) last: Line,
}

/// A line of a file, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Counted from the start; the first is 1.
    Start(u64),
    /// Counted from the end; the last is 1.
    End(u64),
}

/// An offset: from the start, before the end where it has a dash, or a percentage.
fn parse_offset(text: &str) -> Result<Offset, String> {
    if let Some(percent) = text.strip_suffix('%') {
        return match decimal(percent, MILLION) {
            Ok(part @ 0..=WHOLE) => Ok(Offset::Part(part)),
            _ => Err(format!("\"{text}\" is not a percentage from 0% to 100%")),
        };
    }
    match text.strip_prefix('-') {
        Some(text) => parse_bytes(text).map(Offset::End),
        None => parse_bytes(text).map(Offset::Start),
    }
}

/// Two offsets with two dots between them.
pub(crate) fn parse_range(text: &str) -> Result<ByteRange, String> {
    let Some((start, end)) = text.split_once("..") else {
        return Err("a range is START..END, START.. or ..END".to_owned());
    };
    let start = if start.is_empty() { Offset::Start(0) } else { parse_offset(start)? };
    let end = if end.is_empty() { Offset::End(0) } else { parse_offset(end)? };
    let is_backwards = match (start, end) {
        (Offset::Start(start), Offset::Start(end)) | (Offset::Part(start), Offset::Part(end)) => end < start,
        (Offset::End(start), Offset::End(end)) => start < end,
        // The length of the file decides.
        _ => false,
    };
    if is_backwards {
        return Err(format!("END before START in \"{text}\""));
    }
    Ok(ByteRange { start, end })
}

/// The numbers of the first and the last of some lines, with two dots between them.
pub(crate) fn parse_lines(text: &str) -> Result<LineRange, String> {
    let line = |text: &str| {
        let (digits, from_end) = text.strip_prefix('-').map_or((text, false), |digits| (digits, true));
        match parse_number::<u64>(digits) {
            Ok(0) => Err("lines are counted from 1, and from -1 at the end".to_owned()),
            Ok(number) if from_end => Ok(Line::End(number)),
            Ok(number) => Ok(Line::Start(number)),
            Err(_) => Err(format!(
                "\"{text}\" is not the number of a line: lines are FIRST..LAST, FIRST.., ..LAST, or one number"
            )),
        }
    };
    let (first, last) = match text.split_once("..") {
        Some((first, last)) => {
            let first = if first.is_empty() { Line::Start(1) } else { line(first)? };
            (first, if last.is_empty() { Line::End(1) } else { line(last)? })
        }
        None => (line(text)?, line(text)?),
    };
    let is_backwards = match (first, last) {
        (Line::Start(first), Line::Start(last)) => last < first,
        (Line::End(first), Line::End(last)) => first < last,
        _ => false,
    };
    if is_backwards {
        return Err(format!("LAST before FIRST in \"{text}\""));
    }
    Ok(LineRange { first, last })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::numbers::TOO_LARGE;

    #[test]
    fn ranges_are_offsets() {
        let range = |start, end| Ok(ByteRange { start, end });
        let start = Offset::Start;
        assert_eq!(parse_range("0..10"), range(start(0), start(10)));
        assert_eq!(parse_range("1k..2M"), range(start(1 << 10), start(2 << 20)));
        assert_eq!(parse_range("1G.."), range(start(1 << 30), Offset::End(0)));
        assert_eq!(parse_range("..3T"), range(start(0), start(3 << 40)));
        assert_eq!(parse_range("7..7"), range(start(7), start(7)));
        assert_eq!(parse_range(".."), range(start(0), Offset::End(0)));
        assert_eq!(parse_range("-1G.."), range(Offset::End(1 << 30), Offset::End(0)));
        assert_eq!(parse_range("-1.5K..-0"), range(Offset::End(1536), Offset::End(0)));
        assert_eq!(parse_range("10%..20.5%"), range(Offset::Part(10 * MILLION), Offset::Part(20_500_000)));
        assert_eq!(parse_range("-10..50%"), range(Offset::End(10), Offset::Part(50 * MILLION)));
        let error = |text| parse_range(text).unwrap_err();
        assert_eq!(error("2K..1K"), "END before START in \"2K..1K\"");
        assert_eq!(error("-1K..-2K"), "END before START in \"-1K..-2K\"");
        assert_eq!(error("2%..1%"), "END before START in \"2%..1%\"");
        assert_eq!(error("5"), "a range is START..END, START.. or ..END");
        assert!(error("a..5").starts_with("\"a\" is not a number of bytes"));
        assert!(error("--1..5").contains("not a number") && error("1..5...").contains("not a number"));
        assert!(error("101%..").contains("not a percentage") && error("%..").contains("not a percentage"));
        assert_eq!(error("99999999999999999999.."), TOO_LARGE);
        assert_eq!(error("..99999999999T"), TOO_LARGE);
    }

    #[test]
    fn offsets_follow_from_the_length() {
        let resolve = |text: &str, len: u64| parse_range(text).unwrap().resolve(len);
        assert_eq!(resolve("-10..", 100), 90..100);
        assert_eq!(resolve("-200..-50", 100), 0..50);
        assert_eq!(resolve("10%..20%", 1000), 100..200);
        assert_eq!(resolve("0%..100%", u64::MAX), 0..u64::MAX);
        assert_eq!(resolve("50..10%", 100), 50..50);
        assert_eq!(parse_range("5..").unwrap().fixed(), Some(5..u64::MAX));
        assert_eq!(parse_range("5..7").unwrap().fixed(), Some(5..7));
        assert_eq!(parse_range("5..-7").unwrap().fixed(), None);
        assert_eq!(parse_range("5%..").unwrap().fixed(), None);
        // Percentages that follow each other leave nothing out.
        for len in [0, 1, 7, 99, 101, 12345, u64::MAX] {
            let parts: Vec<_> = (0..10).map(|i| resolve(&format!("{}%..{}%", 10 * i, 10 * i + 10), len)).collect();
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start), "{parts:?}");
            assert_eq!((parts[0].start, parts[9].end), (0, len));
        }
    }

    #[test]
    fn lines_are_counted_from_either_end() {
        let lines = |first, last| Ok(LineRange { first, last });
        let (start, end) = (Line::Start, Line::End);
        assert_eq!(parse_lines("3"), lines(start(3), start(3)));
        assert_eq!(parse_lines("3..5"), lines(start(3), start(5)));
        assert_eq!(parse_lines("3.."), lines(start(3), end(1)));
        assert_eq!(parse_lines("..5"), lines(start(1), start(5)));
        assert_eq!(parse_lines("-10.."), lines(end(10), end(1)));
        assert_eq!(parse_lines("-1"), lines(end(1), end(1)));
        assert_eq!(parse_lines("5..-2"), lines(start(5), end(2)));
        let error = |text| parse_lines(text).unwrap_err();
        assert_eq!(error("5..3"), "LAST before FIRST in \"5..3\"");
        assert_eq!(error("-3..-5"), "LAST before FIRST in \"-3..-5\"");
        assert!(error("0").contains("counted from 1") && error("-0..").contains("counted from 1"));
        assert!(error("x").contains("not the number of a line") && error("3...5").contains("not the number"));
    }
}
