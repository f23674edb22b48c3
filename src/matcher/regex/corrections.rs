//! What the regex engine finds, made right where it takes something else for the end of a line than a search by line.
//!
//! With line ends of two bytes the engine takes a lone `\r` for one.
//!
//! And to decide on a word boundary it decodes the character that ends before it, going back over at most three
//! continuation bytes of UTF-8. At the start of a line that begins with such bytes, which no character does, it arrives
//! at the line terminator and takes that for the character, where there is none in the line alone. Where matches are
//! confined to lines, a line has the matches that it has alone, whatever is before it.

use std::sync::{Arc, OnceLock};

use memchr::{memrchr, memrchr2};
use regex_automata::{Input, meta::Regex};
use regex_syntax::hir::Hir;

use crate::{
    matcher::{
        regex::engine::{NFA_SIZE_LIMIT, to_match},
        syntax::translate,
        terminator::{LineTerminator, begins_broken, broken_line, line_at},
    },
    span::{Match, Span},
};

/// What has to be made right of what the engine finds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Corrections {
    lone_cr: Option<Arc<LoneCr>>,
    /// What ends a line, where the engine may find something on a line that the line alone has not.
    broken: Option<LineTerminator>,
}

/// Tells the matches that are none: those for which the engine took a lone `\r` for the end of a line.
///
/// A match that is confined to a line has no `\r`, so it ends where `$` matched in it. What the engine found is right
/// unless it ends in front of a lone `\r`; and then it is what is found there, up to the `\r`, by the patterns without
/// `$`, if anything is.
#[derive(Debug)]
struct LoneCr {
    /// The patterns in which `$` matches nowhere.
    without_end: Vec<Hir>,
    compiled: OnceLock<Regex>,
}

impl LoneCr {
    /// None where it makes no difference to the patterns.
    fn new(patterns: &[Hir], terminator: LineTerminator) -> Option<Self> {
        Corrections::concern_lone_cr(patterns, terminator).then(|| LoneCr {
            without_end: patterns.iter().cloned().map(translate::without_crlf_end).collect(),
            compiled: OnceLock::new(),
        })
    }

    /// The first match at or after `at`. `find` is the engine's search.
    #[inline]
    fn find(
        this: Option<&Self>,
        haystack: &[u8],
        mut at: usize,
        mut find: impl FnMut(usize) -> Option<Match>,
    ) -> Option<Match> {
        let Some(this) = this else { return find(at) };
        loop {
            let found = find(at)?;
            let Match { start, end, .. } = found;
            if !is_lone_cr(haystack, end) {
                return Some(found);
            }
            if let Some(found) = this.regex().search(&Input::new(haystack).range(start..end)) {
                return Some(to_match(&found));
            }
            at = end + 1;
        }
    }

    /// The end of some match on the first line that has one. `find_end` is the engine's search, for the end that comes
    /// first.
    #[inline]
    fn find_end(
        this: Option<&Self>,
        haystack: &[u8],
        mut at: usize,
        mut find_end: impl FnMut(usize) -> Option<usize>,
    ) -> Option<usize> {
        let Some(this) = this else { return find_end(at) };
        loop {
            let end = find_end(at)?;
            if !is_lone_cr(haystack, end) {
                return Some(end);
            }
            let start = memrchr2(b'\r', b'\n', &haystack[at..end]).map_or(at, |before| at + before + 1);
            if this.regex().is_match(Input::new(haystack).range(start..end)) {
                return Some(end);
            }
            at = end + 1;
        }
    }

    fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| {
            let config = Regex::config().utf8_empty(false).nfa_size_limit(Some(NFA_SIZE_LIMIT));
            let built = Regex::builder().configure(config).build_many_from_hir(&self.without_end);
            built.expect("parts of patterns that were compiled")
        })
    }
}

fn is_lone_cr(haystack: &[u8], at: usize) -> bool {
    haystack.get(at) == Some(&b'\r') && haystack.get(at + 1) != Some(&b'\n')
}

impl Corrections {
    /// For patterns that are confined to lines.
    pub(crate) fn of_lines(patterns: &[Hir], terminator: LineTerminator) -> Self {
        Corrections {
            lone_cr: LoneCr::new(patterns, terminator).map(Arc::new),
            broken: translate::looks_at_words(patterns).then_some(terminator),
        }
    }

    /// Whether a lone `\r` makes a difference to the patterns.
    pub(crate) fn concern_lone_cr(patterns: &[Hir], terminator: LineTerminator) -> bool {
        patterns.iter().any(|hir| translate::has_crlf_end(hir, terminator))
    }

    /// Whether a lone `\r` makes a difference.
    pub(crate) fn has_lone_cr(&self) -> bool {
        self.lone_cr.is_some()
    }

    /// The first match at or after `at`. `find` is the engine's search in a text from a place on.
    #[inline]
    pub(crate) fn find(
        &self,
        haystack: &[u8],
        mut at: usize,
        mut find: impl FnMut(&[u8], usize) -> Option<Match>,
    ) -> Option<Match> {
        let lone_cr = self.lone_cr.as_deref();
        loop {
            let m = LoneCr::find(lone_cr, haystack, at, |at| find(haystack, at))?;
            let Some(terminator) = self.broken else { return Some(m) };
            let Some(start) = broken_line(terminator.byte(), haystack, m.start) else { return Some(m) };
            let line = BrokenLine::new(terminator, haystack, start, m.start);
            if let Some((content, from)) = line.content_from(at)
                && let Some(m) = LoneCr::find(lone_cr, content, from, |at| find(content, at))
            {
                return Some(m.behind(line.span.start));
            }
            at = line.next()?;
        }
    }

    /// The end of some match on the first line that has one. `find_end` is the engine's search, for the end that comes
    /// first.
    #[inline]
    pub(crate) fn find_end(
        &self,
        haystack: &[u8],
        mut at: usize,
        mut find_end: impl FnMut(&[u8], usize) -> Option<usize>,
    ) -> Option<usize> {
        let lone_cr = self.lone_cr.as_deref();
        loop {
            let end = LoneCr::find_end(lone_cr, haystack, at, |at| find_end(haystack, at))?;
            let Some(terminator) = self.broken else { return Some(end) };
            let start = memrchr(terminator.byte(), &haystack[..end]).map_or(0, |before| before + 1);
            if start == 0 || !begins_broken(&haystack[start..]) {
                return Some(end);
            }
            let line = BrokenLine::new(terminator, haystack, start, end);
            if let Some((content, from)) = line.content_from(at)
                && let Some(end) = LoneCr::find_end(lone_cr, content, from, |at| find_end(content, at))
            {
                return Some(line.span.start + end);
            }
            at = line.next()?;
        }
    }

    /// Whether a match that the engine found may be none in its line alone. Then [`find`](Corrections::find) tells.
    ///
    /// What starts further behind the start of its line is right. The line alone has no match that the engine does not
    /// find, since an assertion that holds in it holds behind the other line as well.
    #[inline]
    pub(crate) fn concern(&self, haystack: &[u8], start: usize) -> bool {
        self.broken.is_some_and(|terminator| broken_line(terminator.byte(), haystack, start).is_some())
    }
}

/// A line behind another one that begins with a continuation byte of UTF-8.
struct BrokenLine<'h> {
    haystack: &'h [u8],
    terminator: LineTerminator,
    span: Span,
}

impl<'h> BrokenLine<'h> {
    /// The line that starts at `start` and that `offset` is on.
    fn new(terminator: LineTerminator, haystack: &'h [u8], start: usize, offset: usize) -> Self {
        BrokenLine { haystack, terminator, span: line_at(terminator.byte(), haystack, start, offset) }
    }

    /// The line without its terminator, and where in it a search is to begin that begins at a place of the haystack.
    fn content_from(&self, at: usize) -> Option<(&'h [u8], usize)> {
        let content = self.terminator.strip(&self.haystack[self.span.range()]);
        let from = at.saturating_sub(self.span.start);
        (from <= content.len()).then_some((content, from))
    }

    /// Where the next line starts, if there is one.
    fn next(&self) -> Option<usize> {
        (self.haystack[..self.span.end].last() == Some(&self.terminator.byte())).then_some(self.span.end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        matcher::{builder::MatcherBuilder, search::Cursor, terminator::LineTerminator},
        span::Match,
    };

    const PATTERNS: &[&str] = &[
        r"foo",
        r"\Bfoo",
        r"\B",
        r"\B\W?f",
        r"\w+",
        r"(?-u:[\x80-\xFF])*\Bf|oo$",
        r"[a-z]+",
        r"\b{start-half}f",
        r"o\b{end-half}|^\B",
    ];

    const WORDS: &[&[u8]] =
        &[b"foo", b"f", b" ", b"\xA9", b"\xA9", b"\n", b"\n", b"\r\n", b"\r", b"\xFF", "\u{e9}".as_bytes()];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_line_has_the_matches_that_it_has_alone(
            pattern in prop::sample::select(PATTERNS),
            text in prop::collection::vec(prop::sample::select(WORDS), 0..40),
            options in 0..4_usize,
            dense in prop::bool::weighted(0.1),
        ) {
            let mut text = text.concat();
            let mut builder = MatcherBuilder::new();
            builder.by_line(true).word(options % 2 == 1);
            builder.line_terminator([LineTerminator::Lf, LineTerminator::Crlf][options / 2]);
            let matcher = builder.build([pattern]).unwrap();
            let mut cache = matcher.create_cache();
            if dense {
                // Enough for an automaton to be built.
                text.splice(0..0, [&b" ".repeat(520 << 10)[..], b"\n"].concat());
            }
            let (mut wanted, mut contents, mut start): (Vec<Match>, Vec<_>, _) = (vec![], vec![], 0);
            for line in text.split_inclusive(|&byte| byte == b'\n') {
                let content = matcher.line_terminator().strip(line);
                wanted.extend(matcher.find_iter(&mut cache, content).map(|m| m.behind(start)));
                contents.push(start..=start + content.len());
                start += line.len();
            }
            // An empty match may be within a line's terminator, or behind the last one, which is on no line.
            let is_on_line = |m: &Match| {
                let line = contents.partition_point(|content| *content.end() < m.start);
                contents.get(line).is_some_and(|content| content.contains(&m.start))
            };
            let near = text[text.len().saturating_sub(99)..].escape_ascii();
            let mut found = vec![];
            matcher.each_match(&mut cache, &text, Cursor::new(0), |m| {
                found.push(m);
                true
            });
            found.retain(is_on_line);
            prop_assert!(found == wanted, "{}", near);
            let found: Vec<Match> = matcher.find_iter(&mut cache, &text).filter(is_on_line).collect();
            prop_assert!(found == wanted, "{}", near);
            let lines: Vec<_> = contents.iter().filter(|line| wanted.iter().any(|m| line.contains(&m.start))).collect();
            let mut at = 0;
            let found: Vec<_> = std::iter::from_fn(|| {
                let place = matcher.find_on_line(&mut cache, &text, at).filter(|_| at < text.len())?;
                let line = contents.get(contents.partition_point(|content| *content.end() < place))?;
                at = text.len().min(*line.end() + 1 + usize::from(text[*line.end()..].starts_with(b"\r\n")));
                Some(line)
            })
            .collect();
            prop_assert!(matcher.matches_empty() || found == lines, "{}", near);
        }
    }
}
