//! Several literals at once: a [`PatternSet`], and whose literals they are.

use std::ops::ControlFlow;

use crate::{
    error::Error,
    matcher::set::{Borders, MatchKind, PatternSet, Walk},
    span::{Match, PatternId},
};

/// How many spellings a plain string may have, and how many all of them may have on average, where case is ignored.
const MOST_SPELLINGS: usize = 64;
const MOST_ON_AVERAGE: usize = 8;

#[derive(Clone, Debug)]
pub(crate) struct Literals {
    set: PatternSet,
    owners: Owners,
}

/// The pattern that each literal came from: an alternation such as `foo|bar` is one pattern of two literals.
#[derive(Clone, Debug)]
enum Owners {
    /// Each is a pattern of its own.
    Themselves,
    /// All are one pattern.
    One,
    Each(Vec<PatternId>),
}

impl Literals {
    /// Those that come with the patterns that they are of, in the order in which they are preferred.
    pub(crate) fn new(literals: &[(Vec<u8>, PatternId)], ignore_ascii_case: bool) -> Result<Self, Error> {
        let set = PatternSet::builder()
            .ascii_case_insensitive(ignore_ascii_case)
            .build(literals.iter().map(|(bytes, _)| bytes))?;
        let ids = || literals.iter().map(|(_, id)| *id);
        let owners = match () {
            () if ids().enumerate().all(|(index, id)| id.index() == index) => Owners::Themselves,
            () if ids().all(|id| id.index() == 0) => Owners::One,
            () => Owners::Each(ids().collect()),
        };
        Ok(Literals { set, owners })
    }

    /// Those of plain strings, without a syntax tree for each: there may be a million. Matches have the `borders`
    /// around them: this is `-w` and `-x` without a regex. None where case is ignored of letters that have many
    /// spellings.
    pub(crate) fn of_strings<P: AsRef<[u8]>>(
        strings: &[P],
        ignore_case: bool,
        kind: MatchKind,
        merge: bool,
        borders: Borders,
    ) -> Result<Option<Self>, Error> {
        let literals = Self::of_strings_anywhere(strings, ignore_case, kind, merge)?;
        Ok(literals.map(|Literals { set, owners }| Literals { set: set.with_borders(borders), owners }))
    }

    fn of_strings_anywhere<P: AsRef<[u8]>>(
        strings: &[P],
        ignore_case: bool,
        kind: MatchKind,
        merge: bool,
    ) -> Result<Option<Self>, Error> {
        let texts = || strings.iter().map(|string| string.as_ref());
        if ignore_case && !texts().all(<[u8]>::is_ascii) {
            return Ok(None);
        }
        let mut builder = PatternSet::builder();
        builder.kind(kind).ascii_case_insensitive(ignore_case);
        if !(ignore_case && texts().any(|text| text.iter().any(|&byte| other_spelling(byte).is_some()))) {
            let owners = if merge { Owners::One } else { Owners::Themselves };
            return Ok(Some(Literals { set: builder.build(texts())?, owners }));
        }
        let Some(spelt) = spellings(strings, ignore_case) else { return Ok(None) };
        let set = builder.build(spelt.iter().map(|(text, _)| text))?;
        let owners = if merge { Owners::One } else { Owners::Each(spelt.into_iter().map(|(_, id)| id).collect()) };
        Ok(Some(Literals { set, owners }))
    }

    pub(crate) fn find_at(&self, haystack: &[u8], at: usize) -> Option<Match> {
        let mut first = None;
        self.each(haystack, Walk::new(at), |m| {
            first = Some(m);
            false
        });
        first
    }

    /// Calls `each` with the matches from where a walk stands, until it returns false.
    #[inline]
    pub(crate) fn each(&self, haystack: &[u8], mut walk: Walk, mut each: impl FnMut(Match) -> bool) {
        let each = |m| match each(self.of_owner(m)) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        };
        let _ = self.set.walk(haystack, &mut walk, haystack.len() + 1, each);
    }

    /// All matches.
    pub(crate) fn find_iter<'a>(&'a self, haystack: &'a [u8]) -> impl Iterator<Item = Match> + 'a {
        self.set.find_iter(haystack).map(|m| self.of_owner(m))
    }

    #[inline]
    fn of_owner(&self, literal: Match) -> Match {
        let pattern = match &self.owners {
            Owners::Themselves => literal.pattern,
            Owners::One => PatternId::new(0),
            Owners::Each(owners) => owners[literal.pattern.index()],
        };
        Match { pattern, ..literal }
    }

    /// Whether one of them is empty.
    pub(crate) fn has_empty(&self) -> bool {
        self.set.min_len() == 0
    }

    /// The length of the longest.
    pub(crate) fn longest(&self) -> usize {
        self.set.max_len()
    }

    pub(crate) fn description(&self) -> String {
        let description = self.set.description();
        format!("literals: {description}")
    }
}

/// All spellings of plain strings, each with its pattern: the strings themselves, and where case is ignored those that
/// differ in more than the case of ASCII letters. None where there are too many.
pub(crate) fn spellings<P: AsRef<[u8]>>(strings: &[P], ignore_case: bool) -> Option<Vec<(Vec<u8>, PatternId)>> {
    let mut all = Vec::with_capacity(strings.len());
    let mut spelt = vec![];
    for (index, string) in strings.iter().enumerate() {
        let text = string.as_ref();
        match (ignore_case, text.is_ascii()) {
            (false, _) => spelt.push(text.to_vec()),
            (true, true) if spell(text, &mut spelt) => {}
            (true, _) => return None,
        }
        all.extend(spelt.drain(..).map(|text| (text, PatternId::new(index))));
        if all.len() > MOST_SPELLINGS + MOST_ON_AVERAGE * strings.len() {
            return None;
        }
    }
    Some(all)
}

/// The character beyond ASCII that Unicode takes for another case of a letter.
fn other_spelling(byte: u8) -> Option<&'static str> {
    match byte {
        b'k' | b'K' => Some("\u{212A}"),
        b's' | b'S' => Some("\u{17F}"),
        _ => None,
    }
}

/// Appends all spellings of an ASCII string, but for the case of ASCII letters. False when there are too many.
fn spell(text: &[u8], spelt: &mut Vec<Vec<u8>>) -> bool {
    let mut spellings = vec![Vec::with_capacity(text.len())];
    for &byte in text {
        let others = match other_spelling(byte) {
            Some(_) if 2 * spellings.len() > MOST_SPELLINGS => return false,
            Some(other) => spellings.iter().map(|spelling| [&spelling[..], other.as_bytes()].concat()).collect(),
            None => vec![],
        };
        spellings.iter_mut().for_each(|spelling| spelling.push(byte));
        spellings.extend(others);
    }
    spelt.extend(spellings);
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        matcher::{
            builder::MatcherBuilder, parse::Case, search::Matcher, strategy::Strategy, terminator::LineTerminator,
        },
        span::Match,
    };

    fn found(matcher: &Matcher, text: &[u8]) -> Vec<Match> {
        matcher.find_iter(&mut matcher.create_cache(), text).collect()
    }

    /// The same strings, as regexes that are not seen to be plain.
    fn trees(strings: &[&str]) -> Vec<String> {
        strings.iter().map(|string| format!("(?:{}){{1}}", regex_syntax::escape(string))).collect()
    }

    #[test]
    fn plain_strings_match_as_their_syntax_trees_do() {
        let strings = ["needle", "Kiss", "a", "sk", "SSKK", "nee", "\u{212A}"];
        let text = "A needle, a ki\u{17F}s, a \u{212A}ISS, sK, \u{17F}k, needles, ssk\u{212A}, NEE".repeat(3);
        for count in 2..=strings.len() {
            for case in [Case::Sensitive, Case::Insensitive, Case::Smart] {
                for merge in [false, true] {
                    let mut builder = MatcherBuilder::new();
                    builder.case(case).merge(merge);
                    let plain = builder.clone().fixed_strings(true).build(&strings[..count]).unwrap();
                    let trees = builder.build(trees(&strings[..count])).unwrap();
                    assert_eq!(
                        found(&plain, text.as_bytes()),
                        found(&trees, text.as_bytes()),
                        "{count} {case:?} {merge}"
                    );
                }
            }
        }
    }

    const STRINGS: &[&str] = &[
        "foo",
        "foo-bar",
        "foo-",
        "-",
        "o",
        "oo",
        "fo",
        "é",
        "fooé",
        "",
        " ",
        "bar foo",
        "foo foo foo",
        "r",
        "a b",
        "4711",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// Words and whole lines, found by the set of strings, are those of the regex with the same assertions.
        #[test]
        fn strings_with_borders_match_as_regexes_do(
            strings in prop::collection::vec(prop::sample::select(STRINGS), 2..6),
            many in any::<bool>(),
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    &b"foo"[..], b"foo", b"bar", b"-", b" ", b"\n", b"\n\n", b"\r\n", b"\0", b"o",
                    b"f", b"\xC3\xA9", b"\xC3", b"\xA9", b"\xFF",
                    b"a b", b"4711", b"_", b"FOO",
                ]),
                0..40,
            ),
            options in 0..96_usize,
        ) {
            // With many strings the set has several tiers.
            let more: Vec<String> = if many { (0..100).map(|i| format!("{i:03}")).collect() } else { vec![] };
            let strings: Vec<&str> = strings.into_iter().chain(more.iter().map(|more| &more[..])).collect();
            let text = parts.concat();
            let terminator = [LineTerminator::Lf, LineTerminator::Crlf, LineTerminator::Nul][options % 3];
            let (word, by_line) = (options / 3 % 4 < 2, options / 12 % 2 == 0);
            let mut builder = MatcherBuilder::new();
            builder.word(word).whole_line(!word).by_line(by_line);
            builder.line_terminator(terminator).merge(options / 24 % 2 == 0);
            builder.case([Case::Sensitive, Case::Insensitive][options / 48]);
            let plain = builder.clone().fixed_strings(true).build(&strings).unwrap();
            if builder.options.case == Case::Sensitive {
                prop_assert!(matches!(plain.strategy, Strategy::Literals(_)));
            }
            let regex = builder.build(trees(&strings)).unwrap();
            if !by_line {
                // What the regex engine takes for a line end beside a lone \r is its own affair.
                if word || terminator != LineTerminator::Crlf {
                    prop_assert_eq!(found(&plain, &text), found(&regex, &text), "{}", text.escape_ascii());
                }
                return Ok(());
            }
            let mut start = 0;
            for line in text.split_inclusive(|&byte| byte == terminator.byte()) {
                let content = terminator.strip(line);
                if word || terminator != LineTerminator::Crlf || !content.contains(&b'\r') {
                    prop_assert_eq!(found(&plain, content), found(&regex, content), "{}", content.escape_ascii());
                }
                // A line matches as it does alone.
                let end = start + content.len();
                let mut alone = found(&plain, content);
                alone.iter_mut().for_each(|m| *m = m.behind(start));
                let among: Vec<_> =
                    found(&plain, &text).into_iter().filter(|m| m.start >= start && m.end <= end).collect();
                let content = content.escape_ascii().to_string();
                prop_assert_eq!(among, alone, "{:?} in {}", content, text.escape_ascii());
                start += line.len();
            }
        }
    }

    #[test]
    fn a_string_that_is_no_word_does_not_hide_a_shorter_one() {
        let mut builder = MatcherBuilder::new();
        let matcher = builder.fixed_strings(true).word(true).build(["foo-b", "foo-", "foo"]).unwrap();
        let starts: Vec<_> =
            found(&matcher, b"foo-bar foo-b xfoo foo_ foo").iter().map(|m| (m.range(), m.pattern.index())).collect();
        assert_eq!(starts, [(0..3, 2), (8..13, 0), (24..27, 2)]);
    }
}
