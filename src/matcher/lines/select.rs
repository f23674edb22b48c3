//! Selecting and counting lines in a slice of whole lines: from matches to lines.
//!
//! The one question that whoever shows lines asks. Which strategy answers it fastest is decided here.

use std::ops::Range;

use memchr::memchr;

use crate::{
    matcher::{
        lines::{
            sinks::{Counting, LineCounts, Passed, Selecting, flip},
            streams::{self, Stop},
        },
        search::{Cache, Cursor, Matcher},
        terminator::line_at,
    },
    span::Span,
};

/// Of fewer bytes, streams take longer to begin with than the engine takes.
const LEAST_FOR_STREAMS: usize = 256;

/// Calls `selected` with each line that matches (or, inverted, does not) until it returns false. The lines come in
/// order, each with its terminator.
///
/// # Complexity
///
/// One pass over the slice for a single literal, and where parallel bit streams are the way. Otherwise one search; each
/// line that matches is looked at once more for its ends, and with `invert` the lines between matches are enumerated.
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
    if matcher.streams.is_none() {
        return select_by_engine(matcher, cache, bytes, invert, selected);
    }
    let (mut lines, mut at) = (0, 0);
    if let Some(program) = streams_for(matcher, cache, bytes) {
        let selected = |line| {
            lines += 1;
            selected(line)
        };
        let passed = Passed { start: 0, upto: 0, is_exact: true };
        let mut sink =
            Selecting { lines: bytes, terminator: matcher.terminator(), flip: flip(invert), passed, selected };
        let stop = streams::search(program, bytes, &mut sink, |line| matcher.is_match(cache, line));
        let upto = sink.passed.upto.min(bytes.len());
        cache.pace.went(upto, lines);
        match stop {
            Stop::Done => return,
            Stop::GaveUp { at: start } => at = start,
        }
        lines = 0;
        cache.pace.gave_up();
    }
    let mut upto = bytes.len();
    select_by_engine(matcher, cache, &bytes[at..], invert, |line| {
        lines += 1;
        let line = Span::new(at + line.start, at + line.end);
        let goes_on = selected(line);
        if !goes_on {
            upto = line.end;
        }
        goes_on
    });
    cache.pace.went_by_engine(upto - at, lines);
}

/// The streams, where they are the way to find the lines that match.
fn streams_for<'m>(matcher: &'m Matcher, cache: &Cache, bytes: &[u8]) -> Option<&'m streams::Program> {
    let program = matcher.streams.as_deref()?;
    (bytes.len() >= LEAST_FOR_STREAMS && cache.pace.is_for_streams(program)).then_some(program)
}

/// As [`select`], by the strategy of the patterns alone.
fn select_by_engine(
    matcher: &Matcher,
    cache: &mut Cache,
    bytes: &[u8],
    invert: bool,
    mut selected: impl FnMut(Span) -> bool,
) {
    if !invert {
        return each_matching_line(matcher, cache, bytes, selected);
    }
    let (terminator, mut at, mut goes_on) = (matcher.terminator(), 0, true);
    each_matching_line(matcher, cache, bytes, |line| {
        goes_on = each_line(bytes, at..line.start, terminator, &mut selected);
        at = line.end;
        goes_on
    });
    if goes_on {
        each_line(bytes, at..bytes.len(), terminator, &mut selected);
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

/// Counts selected lines and the matches in them, in the first `limit` selected lines. A line that is selected for what
/// it lacks counts as one match.
pub(crate) fn count(
    matcher: &Matcher,
    cache: &mut Cache,
    bytes: &[u8],
    invert: bool,
    matches_too: bool,
    limit: u64,
) -> LineCounts {
    let matches_too = matches_too && !invert;
    let mut counts = LineCounts::default();
    match matcher.literal_lines() {
        Some(literal) if matches_too => return literal.count_matches(bytes, limit),
        Some(literal) => counts = literal.count(bytes, invert, limit),
        None if limit == 0 => return counts,
        None if matches_too && let Some(lines) = rare_lines(matcher, cache, bytes) => {
            for line in lines.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)) {
                each_match_in(matcher, cache, &bytes[line.range()], |_| {
                    counts.matches += 1;
                    true
                });
                counts.lines += 1;
                counts.end = line.end;
            }
            return counts;
        }
        None if matches_too && finds_matches_of_lines(matcher) => {
            // One search for matches also tells on how many lines they are.
            matcher.each_match(cache, bytes, Cursor::new(0), |m| {
                if m.start >= counts.end {
                    if counts.lines == limit {
                        return false;
                    }
                    counts.lines += 1;
                    counts.end = line_end(bytes, m.start, matcher.terminator());
                }
                counts.matches += 1;
                true
            });
            let upto = if counts.lines == limit { counts.end } else { bytes.len() };
            cache.pace.went_by_engine(upto, counts.lines);
            return counts;
        }
        None if matches_too => {
            each_found_line(matcher, cache, bytes, |cache, line| {
                each_match_in(matcher, cache, &bytes[line.range()], |_| {
                    counts.matches += 1;
                    true
                });
                counts.lines += 1;
                counts.end = line.end;
                counts.lines < limit
            });
            return counts;
        }
        None => counts = count_lines(matcher, cache, bytes, invert, limit),
    }
    LineCounts { matches: counts.lines, ..counts }
}

/// Counts selected lines, up to a limit that is not zero.
fn count_lines(matcher: &Matcher, cache: &mut Cache, bytes: &[u8], invert: bool, limit: u64) -> LineCounts {
    let mut counting = Counting { counts: LineCounts::default(), flip: flip(invert), limit };
    let mut at = 0;
    if let Some(program) = streams_for(matcher, cache, bytes) {
        let stop = streams::search(program, bytes, &mut counting, |line| matcher.is_match(cache, line));
        let counts = counting.counts;
        cache.pace.went(if counts.lines == limit { counts.end } else { bytes.len() }, counts.lines);
        match stop {
            Stop::Done => return counts,
            Stop::GaveUp { at: start } => at = start,
        }
        cache.pace.gave_up();
    }
    // Those that come next are left to the engine; or it is asked whether streams would pay.
    let mut counts = counting.counts;
    select(matcher, cache, &bytes[at..], invert, |line| {
        counts.lines += 1;
        counts.end = at + line.end;
        counts.lines < limit
    });
    counts
}

/// The lines that match, where parallel bit streams are the way to find them and there are few: then it is faster to
/// search these lines for matches than the whole text.
fn rare_lines(matcher: &Matcher, cache: &mut Cache, bytes: &[u8]) -> Option<Vec<Span>> {
    streams_for(matcher, cache, bytes).filter(|_| cache.pace.is_rare())?;
    let mut lines = vec![];
    select(matcher, cache, bytes, false, |line| {
        lines.push(line);
        true
    });
    Some(lines)
}

/// Calls `selected` with each line that matches and the matches in it, counted from its start, until it returns false.
///
/// # Complexity
///
/// One search for matches, where no match can be empty or seen differently on its line alone; otherwise, and where few
/// lines match, one search for the line and one in it.
pub(crate) fn select_with_matches(
    matcher: &Matcher,
    cache: &mut Cache,
    bytes: &[u8],
    matches: &mut Vec<Span>,
    mut selected: impl FnMut(Span, &[Span]) -> bool,
) {
    if let Some(lines) = rare_lines(matcher, cache, bytes) {
        for line in lines {
            matches_in(matcher, cache, &bytes[line.range()], matches);
            if !selected(line, matches) {
                return;
            }
        }
        return;
    }
    if !finds_matches_of_lines(matcher) {
        return each_found_line(matcher, cache, bytes, |cache, line| {
            matches_in(matcher, cache, &bytes[line.range()], matches);
            selected(line, matches)
        });
    }
    let (mut line, mut lines, mut goes_on) = (Span::new(0, 0), 0, true);
    matches.clear();
    each_match(matcher, cache, bytes, |m| {
        if m.start >= line.end {
            lines += 1;
            goes_on = matches.is_empty() || selected(line, matches);
            matches.clear();
            line = line_at(matcher.terminator(), bytes, line.end, m.start);
        }
        matches.push(Span::new(m.start - line.start, m.end - line.start));
        goes_on
    });
    if goes_on && !matches.is_empty() {
        selected(line, matches);
    }
    cache.pace.went_by_engine(if goes_on { bytes.len() } else { line.end }, lines);
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
pub(crate) fn each_match_in(matcher: &Matcher, cache: &mut Cache, line: &[u8], each: impl FnMut(Span) -> bool) {
    // A literal is on no terminator.
    let content = if matcher.literal_lines().is_some() { line } else { matcher.line_terminator().strip(line) };
    each_match(matcher, cache, content, each);
}

/// Calls `each` with the matches in whole lines, in order, until it returns false.
fn each_match(matcher: &Matcher, cache: &mut Cache, lines: &[u8], mut each: impl FnMut(Span) -> bool) {
    match matcher.literal_lines() {
        Some(literal) => {
            let len = literal.needle().len();
            literal.matches(lines, |start| each(Span::new(start, start + len)));
        }
        None => matcher.each_match(cache, lines, Cursor::new(0), |m| each(m.span())),
    }
}

/// The offset just past the line that `at` is on.
pub(crate) fn line_end(bytes: &[u8], at: usize, terminator: u8) -> usize {
    memchr(terminator, &bytes[at..]).map_or(bytes.len(), |newline| at + newline + 1)
}

/// True when the matches in many lines are those in each line by itself, none of which is empty.
fn finds_matches_of_lines(matcher: &Matcher) -> bool {
    !matcher.matches_empty() && matcher.is_sure_of_lines()
}

/// Calls `each` with the lines that match, in order, until it returns false.
fn each_matching_line(matcher: &Matcher, cache: &mut Cache, bytes: &[u8], mut each: impl FnMut(Span) -> bool) {
    if !matcher.is_for_all_lines() {
        return each_found_line(matcher, cache, bytes, |_, line| each(line));
    }
    let (terminator, mut at) = (matcher.terminator(), 0);
    matcher.each_place(cache, bytes, |offset| {
        // An empty match behind the last terminator is on no line. One behind an unterminated line is on that line,
        // which has been seen if `at` is its end.
        let is_behind = offset == bytes.len() && (at == offset || bytes.last() == Some(&terminator));
        if offset < at || is_behind {
            return true;
        }
        let line = line_at(terminator, bytes, at, offset);
        at = line.end;
        each(line)
    });
}

/// As [`each_matching_line`], by one search for each line, between which the cache is free.
fn each_found_line(matcher: &Matcher, cache: &mut Cache, bytes: &[u8], mut each: impl FnMut(&mut Cache, Span) -> bool) {
    let (terminator, mut at) = (matcher.line_terminator(), 0);
    while at < bytes.len()
        && let Some(found) = matcher.find_on_line(cache, bytes, at)
    {
        // An empty match behind the last terminator is on no line.
        if found == bytes.len() && bytes.last() == Some(&terminator.byte()) {
            return;
        }
        let line = line_at(terminator.byte(), bytes, at, found);
        let text = &bytes[line.range()];
        let matches = matcher.is_sure_of_line(text) || matcher.is_match(cache, terminator.strip(text));
        if matches && !each(cache, line) {
            return;
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
