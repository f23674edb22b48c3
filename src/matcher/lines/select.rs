//! Selecting and counting lines in a slice of whole lines: from matches to lines.
//!
//! The one question that whoever shows lines asks. Which strategy answers it fastest is decided here.

use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::{
    matcher::{
        lines::sinks::LineCounts,
        search::{Cache, Cursor, Matcher},
    },
    span::Span,
};

/// Calls `selected` with each line that matches (or, inverted, does not) until it returns false. The lines come in
/// order, each with its terminator.
///
/// # Complexity
///
/// One pass over the slice for a single literal. Otherwise one search; each line that matches is looked at once more
/// for its ends, and with `invert` the lines between matches are enumerated.
pub(crate) fn select(
    matcher: &Matcher,
    cache: &mut Cache,
    bytes: &[u8],
    invert: bool,
    mut selected: impl FnMut(Span) -> bool,
) {
    if let Some(literal) = matcher.literal_lines() {
        return literal.select(bytes, invert, selected);
    }
    let terminator = matcher.terminator();
    let mut at = 0;
    if matcher.is_for_all_lines() {
        let mut goes_on = true;
        matcher.each_place(cache, bytes, |place| {
            // An empty match behind the last terminator is on no line. One behind an unterminated line is on that
            // line, which has been selected if `at` is its end.
            let is_behind = place == bytes.len() && (at == place || bytes.last() == Some(&terminator));
            if place < at || is_behind {
                return true;
            }
            let start = memrchr(terminator, &bytes[at..place]).map_or(at, |end| at + end + 1);
            let end = line_end(bytes, place, terminator);
            goes_on = match invert {
                true => each_line(bytes, at..start, terminator, &mut selected),
                false => selected(Span::new(start, end)),
            };
            at = end;
            goes_on
        });
        if invert && goes_on {
            each_line(bytes, at..bytes.len(), terminator, &mut selected);
        }
        return;
    }
    while at < bytes.len() {
        let line = next_matching(matcher, cache, bytes, at);
        if !invert {
            let Some(line) = line else { return };
            if !selected(line) {
                return;
            }
            at = line.end;
            continue;
        }
        let gap_end = line.map_or(bytes.len(), |line| line.start);
        if !each_line(bytes, at..gap_end, terminator, &mut selected) {
            return;
        }
        at = line.map_or(bytes.len(), |line| line.end);
    }
}

/// Calls `each` with the lines in a range, which begins and ends with one, until it returns false. Says whether it did
/// not.
fn each_line(bytes: &[u8], range: Range<usize>, terminator: u8, each: &mut impl FnMut(Span) -> bool) -> bool {
    let mut at = range.start;
    while at < range.end {
        let end = line_end(bytes, at, terminator);
        if !each(Span::new(at, end)) {
            return false;
        }
        at = end;
    }
    true
}

/// LineCounts selected lines and the matches in them, in the first `limit` selected lines.
pub(crate) fn count(
    matcher: &Matcher,
    cache: &mut Cache,
    bytes: &[u8],
    invert: bool,
    matches_too: bool,
    limit: u64,
) -> LineCounts {
    if let Some(literal) = matcher.literal_lines() {
        if matches_too && !invert {
            return literal.count_matches(bytes, limit);
        }
        // A line that is selected for what it lacks counts as one match.
        let counts = literal.count(bytes, invert, limit);
        return LineCounts { matches: counts.lines, ..counts };
    }
    let mut counts = LineCounts::default();
    if limit == 0 {
        return counts;
    }
    if matches_too && !invert && !matcher.matches_empty() && matcher.is_sure_of_lines() {
        // No match crosses a line end, so one walk over all matches also tells on how many lines they are.
        matcher.each_match(cache, bytes, Cursor::new(0), |span| {
            if span.start >= counts.end {
                if counts.lines == limit {
                    return false;
                }
                counts.lines += 1;
                counts.end = line_end(bytes, span.start, matcher.terminator());
            }
            counts.matches += 1;
            true
        });
        return counts;
    }
    if !matches_too || invert {
        select(matcher, cache, bytes, invert, |line| {
            counts.lines += 1;
            counts.end = line.end;
            counts.lines < limit
        });
        // A line that is selected for what it lacks counts as one match.
        counts.matches = counts.lines;
        return counts;
    }
    let mut spans = vec![];
    while counts.end < bytes.len()
        && counts.lines < limit
        && let Some(line) = next_matching(matcher, cache, bytes, counts.end)
    {
        matches_in(matcher, cache, &bytes[line.range()], &mut spans);
        counts.lines += 1;
        counts.matches += spans.len() as u64;
        counts.end = line.end;
    }
    counts
}

/// Calls `selected` with each line that matches and the matches in it, counted from its start, until it returns false.
///
/// # Complexity
///
/// One walk over the matches, where no match can be empty or seen differently on its line alone; otherwise one search
/// for the line and one in it.
pub(crate) fn select_with_matches(
    matcher: &Matcher,
    cache: &mut Cache,
    bytes: &[u8],
    matches: &mut Vec<Span>,
    mut selected: impl FnMut(Span, &[Span]) -> bool,
) {
    let terminator = matcher.terminator();
    if matcher.matches_empty() || !matcher.is_sure_of_lines() {
        let mut at = 0;
        while at < bytes.len()
            && let Some(line) = next_matching(matcher, cache, bytes, at)
        {
            matches_in(matcher, cache, &bytes[line.range()], matches);
            if !selected(line, matches) {
                return;
            }
            at = line.end;
        }
        return;
    }
    let mut line = Span::new(0, 0);
    matches.clear();
    let mut goes_on = true;
    let mut each = |m: Span| {
        if m.start >= line.end {
            goes_on = matches.is_empty() || selected(line, matches);
            matches.clear();
            let begin = memrchr(terminator, &bytes[line.end..m.start]).map_or(line.end, |end| line.end + end + 1);
            line = Span::new(begin, line_end(bytes, m.start, terminator));
        }
        matches.push(Span::new(m.start - line.start, m.end - line.start));
        goes_on
    };
    match matcher.literal_lines() {
        Some(literal) => {
            let len = literal.needle().len();
            literal.matches(bytes, |start| each(Span::new(start, start + len)));
        }
        None => matcher.each_match(cache, bytes, Cursor::new(0), |m| each(m.span())),
    }
    if goes_on && !matches.is_empty() {
        selected(line, matches);
    }
}

/// The matches within one line, which may come with its terminator. Behind its last byte may be an empty one, whether
/// or not a terminator follows.
pub(crate) fn matches_in(matcher: &Matcher, cache: &mut Cache, line: &[u8], matches: &mut Vec<Span>) {
    matches.clear();
    each_match_in(matcher, cache, line, |m| {
        matches.push(m);
        true
    });
}

/// Calls `each` with these matches, in order, until it returns false.
pub(crate) fn each_match_in(matcher: &Matcher, cache: &mut Cache, line: &[u8], mut each: impl FnMut(Span) -> bool) {
    if let Some(literal) = matcher.literal_lines() {
        let len = literal.needle().len();
        return literal.matches(line, |start| each(Span::new(start, start + len)));
    }
    let content = matcher.line_terminator().strip(line);
    matcher.each_match(cache, content, Cursor::new(0), |m| each(m.span()));
}

/// The offset just past the line that `at` is on.
pub(crate) fn line_end(bytes: &[u8], at: usize, terminator: u8) -> usize {
    memchr(terminator, &bytes[at..]).map_or(bytes.len(), |newline| at + newline + 1)
}

fn next_matching(matcher: &Matcher, cache: &mut Cache, bytes: &[u8], mut at: usize) -> Option<Span> {
    let terminator = matcher.terminator();
    loop {
        let found = matcher.find_on_line(cache, bytes, at)?;
        // An empty match behind the last terminator is on no line.
        if found == bytes.len() && bytes.last() == Some(&terminator) {
            return None;
        }
        let start = memrchr(terminator, &bytes[at..found]).map_or(at, |newline| at + newline + 1);
        let line = Span::new(start, line_end(bytes, found, terminator));
        let text = &bytes[line.range()];
        if matcher.is_sure_of_line(text) || matcher.is_match(cache, matcher.line_terminator().strip(text)) {
            return Some(line);
        }
        at = line.end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::builder::MatcherBuilder;

    fn selected(pattern: &str, text: &str, invert: bool) -> Vec<String> {
        let matcher = MatcherBuilder::new().by_line(true).build([pattern]).unwrap();
        let mut lines = vec![];
        select(&matcher, &mut matcher.create_cache(), text.as_bytes(), invert, |span| {
            lines.push(text[span.range()].to_owned());
            true
        });
        lines
    }

    #[test]
    fn matching_lines_and_the_others_make_up_the_text() {
        for text in ["", "a\n", "b", "a\nb\n", "b\na", "\n\na\n\n", "ba\nab\nxx"] {
            for pattern in ["a", "^", "$", "^$", "x*", "b$", "q"] {
                let matching = selected(pattern, text, false);
                let others = selected(pattern, text, true);
                let oracle = regex::Regex::new(pattern).unwrap();
                let all: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
                let (yes, no): (Vec<_>, Vec<_>) =
                    all.into_iter().partition(|line| oracle.is_match(line.trim_end_matches('\n')));
                assert_eq!(matching, yes, "{pattern:?} in {text:?}");
                assert_eq!(others, no, "-v {pattern:?} in {text:?}");
            }
        }
    }

    #[test]
    fn a_line_of_broken_utf8_matches_as_it_would_alone() {
        for (text, lines) in [(&b"\n\x80\n"[..], 1), (b"\x80\n", 0), (b"a\n\x80\x80\n\xBF  b\n", 1)] {
            let matcher = MatcherBuilder::new().by_line(true).word(true).build([""]).unwrap();
            for matches_too in [false, true] {
                let counts = count(&matcher, &mut matcher.create_cache(), text, false, matches_too, u64::MAX);
                assert_eq!(counts.lines, lines, "{:?}", text.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn counts_agree_with_the_lines() {
        let count_all = |pattern: &str, text: &str, limit| {
            let matcher = MatcherBuilder::new().by_line(true).build([pattern]).unwrap();
            let counts = count(&matcher, &mut matcher.create_cache(), text.as_bytes(), false, true, limit);
            (counts.lines, counts.matches)
        };
        assert_eq!(count_all("a", "aa\nb\na a a\n", u64::MAX), (2, 5));
        assert_eq!(count_all("a", "aa\nb\na a a\n", 1), (1, 2));
        assert_eq!(count_all("x*", "ax\nb", u64::MAX), (2, 4));
        assert_eq!(count_all("x*", "ax\nb\n", u64::MAX), (2, 4));
        assert_eq!(count_all("$", "ab\nc", u64::MAX), (2, 2));
        assert_eq!(count_all("a", "aa", 0), (0, 0));
    }
}
