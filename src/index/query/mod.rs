//! What has to stand on a line for patterns to match there.

mod needs;
mod require;
mod strings;

use std::fmt;

pub(crate) use self::needs::Needs;
use self::require::{Required, Requirer};
use crate::{error::Error, matcher::MatcherBuilder};

/// What has to stand on a line, with ASCII letters in lower case, for some patterns to match there.
///
/// This is necessary, and not enough: a line without it does not match, a line with it may. It is made of literals, of at least
/// three bytes each, since these are what an index knows. Its text, as of [`Display`](fmt::Display), is for people, and short.
///
/// # Examples
///
/// ```
/// use mapgrep::{index::Query, matcher::{Case, MatcherBuilder}};
///
/// let mut builder = MatcherBuilder::new();
/// builder.by_line(true);
/// let query = Query::new(&builder, &["error: [a-z]+ (?:at|in) line [0-9]+"])?;
/// assert_eq!(query.to_string(), r#""error: " and (" at line " or " in line ")"#);
///
/// // What Unicode takes for another case of `s` is not an ASCII letter.
/// let query = Query::new(builder.case(Case::Insensitive), &["Session"])?;
/// assert_eq!(query.to_string(), r#""session" or "\u{17f}""#);
/// assert!(Query::new(&builder, &["[a-z]+"])?.is_anything());
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub(crate) needs: Needs,
}

impl Query {
    /// What these patterns need, with the options of a builder. With none at all, no line matches.
    ///
    /// # Errors
    ///
    /// As [`MatcherBuilder::build`], but for patterns that are too large: they are not compiled.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the patterns, but for sorting what many of them need. How many literals that may be is limited by
    /// the length of the patterns too; beyond that, less is asked of a line than the patterns need.
    pub fn new<P: AsRef<[u8]>>(builder: &MatcherBuilder, patterns: &[P]) -> Result<Self, Error> {
        let bytes = patterns.iter().map(|pattern| pattern.as_ref().len()).sum();
        let mut requirer = Requirer::new(bytes);
        let required = match builder.ignores_case_of_plain(patterns) {
            Some(ignore_case) => patterns.iter().map(|pattern| requirer.plain(pattern.as_ref(), ignore_case)).collect(),
            None => builder.parse(patterns)?.iter().map(|hir| requirer.pattern(hir)).collect(),
        };
        Ok(Query { needs: Required::any(required).into_needs() })
    }

    /// What a line needs on which these bytes stand, whatever the case of ASCII letters. Fewer than three bytes may stand on
    /// any line.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::index::Query;
    ///
    /// assert_eq!(Query::literal("Needle").to_string(), r#""needle""#);
    /// assert!(Query::literal(b"\0\xFF").is_anything());
    /// ```
    pub fn literal(bytes: impl AsRef<[u8]>) -> Self {
        Query { needs: Needs::literal(bytes.as_ref()) }
    }

    /// What a line needs that needs all of this. With nothing in it, any line may match.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::index::Query;
    ///
    /// let query = Query::all(["foo", "bar"].map(Query::literal));
    /// assert_eq!(query.to_string(), r#""foo" and "bar""#);
    /// assert_eq!(Query::all([query, Query::literal("foobar")]), Query::literal("foobar"));
    /// ```
    pub fn all(queries: impl IntoIterator<Item = Query>) -> Self {
        Query { needs: Needs::all(queries.into_iter().map(|query| query.needs)) }
    }

    /// What a line needs that needs one of these at least. With none at all, no line matches.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::index::Query;
    ///
    /// assert_eq!(Query::any(["foo", "bar"].map(Query::literal)).to_string(), r#""bar" or "foo""#);
    /// assert!(Query::any(["foo", ""].map(Query::literal)).is_anything());
    /// ```
    pub fn any(queries: impl IntoIterator<Item = Query>) -> Self {
        Query { needs: Needs::any(queries.into_iter().map(|query| query.needs)) }
    }

    /// Whether any line may match, so that an index is of no help.
    pub fn is_anything(&self) -> bool {
        self.needs == Needs::Anything
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.needs.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use memchr::memmem;
    use proptest::prelude::*;

    use super::{require::MOST_LITERALS, *};
    use crate::matcher::{Case, LineTerminator};

    /// Options as the letters of the flags that they have in the command: `i`, `S` for smart case, `w`, `x`, `F`, `U`.
    fn builder(flags: &str) -> MatcherBuilder {
        let mut builder = MatcherBuilder::new();
        builder.by_line(!flags.contains('U'));
        builder.word(flags.contains('w')).whole_line(flags.contains('x')).fixed_strings(flags.contains('F'));
        builder.case(match () {
            () if flags.contains('i') => Case::Insensitive,
            () if flags.contains('S') => Case::Smart,
            () => Case::Sensitive,
        });
        builder
    }

    fn query(flags: &str, patterns: &[&str]) -> String {
        Query::new(&builder(flags), patterns).unwrap().to_string()
    }

    #[track_caller]
    fn check(cases: &[(&str, &[&str], &str)]) {
        for (flags, patterns, expected) in cases {
            assert_eq!(query(flags, patterns), *expected, "{flags:?} {patterns:?}");
        }
    }

    #[test]
    fn plain_literals() {
        check(&[
            ("", &["needle"], r#""needle""#),
            ("", &["Needle"], r#""needle""#),
            ("i", &["NEEDLE in a haystac"], r#""needle in a haystac" or "\u{17f}""#),
            ("", &["ab"], "anything"),
            ("", &[""], "anything"),
            ("", &[], "nothing"),
            ("", &["é"], "anything"),
            ("", &["größe"], r#""größe""#),
            ("", &["foo", "bar"], r#""bar" or "foo""#),
            ("", &["foobar", "foo"], r#""foo""#),
            ("", &["foo", "a"], "anything"),
            ("w", &["foo", "bar"], r#""bar" or "foo""#),
            ("x", &["foo"], r#""foo""#),
            ("wi", &["Foo|bar"], r#""bar" or "foo""#),
            ("U", &["foo\nbar"], r#""foo\nbar""#),
        ]);
    }

    #[test]
    fn other_cases() {
        check(&[
            ("i", &["session"], r#""session" or "\u{17f}""#),
            ("i", &["token"], r#""token" or "\u{212a}""#),
            ("i", &["Task"], r#""task" or "\u{17f}" or "\u{212a}""#),
            ("", &["(?i)session"], r#""session" or "\u{17f}""#),
            ("", &["(?i-u)session"], r#""session""#),
            ("", &["session"], r#""session""#),
            ("", &["\u{17F}"], r#""\u{17f}""#),
            ("", &["a\u{17F}b"], r#""a\u{17f}b""#),
            ("i", &["\u{17F}"], "anything"),
            ("i", &["\u{212A}ey"], r#""key" or "\u{212a}""#),
            ("i", &["session.*token"], r#""\u{17f}" or "\u{212a}" or ("session" and "token")"#),
            // The odd character is of a part that is not required, or not long enough.
            ("i", &["foobar[0-9]+s"], r#""foobar""#),
            ("i", &["foobars*"], r#""foobar""#),
            ("i", &["foobar", "session"], r#""foobar" or "session" or "\u{17f}""#),
            ("S", &["session"], r#""session" or "\u{17f}""#),
            ("S", &["Session"], r#""session""#),
            ("S", &["session", "Token"], r#""session" or "token""#),
            ("i", &["ärger"], r#""Ärger" or "ärger""#),
            ("i", &["[sx]yz"], r#""syz" or "xyz" or "\u{17f}""#),
        ]);
    }

    #[test]
    fn fixed_strings() {
        check(&[
            ("F", &["a.b*"], r#""a.b*""#),
            ("F", &["foo", "foobar", "(bar)"], r#""(bar)" or "foo""#),
            ("F", &["foo", "ab"], "anything"),
            ("F", &["foo", ""], "anything"),
            ("F", &[], "nothing"),
            ("Fi", &["Session.", "TOKEN"], r#""session." or "token" or "\u{17f}" or "\u{212a}""#),
            ("Fi", &["ÄRGER"], r#""Ärger" or "ärger""#),
            ("FS", &["session"], r#""session" or "\u{17f}""#),
            ("FS", &["Session", "abc"], r#""abc" or "session""#),
            ("Fx", &["a.b*"], r#""a.b*""#),
            ("Fw", &["a.b*", "foo"], r#""a.b*" or "foo""#),
            ("Fwi", &["session"], r#""session" or "\u{17f}""#),
            ("FU", &["a\nb"], r#""a\nb""#),
        ]);
        assert!(Query::new(&builder("F"), &["a\nb"]).unwrap_err().is_pattern());
    }

    #[test]
    fn sequences() {
        check(&[
            ("", &["foo.*bar"], r#""foo" and "bar""#),
            ("", &["foo.bar"], r#""foo" and "bar""#),
            ("", &["error: [a-z]+ at line [0-9]+"], r#""error: " and " at line ""#),
            ("", &["^foo$"], r#""foo""#),
            ("", &[r"\bfoo\b bar"], r#""foo bar""#),
            ("", &["x[0-9]y"], r#""x0y" or "x1y" or "x2y" or "x3y" or "x4y" or 5 more"#),
            ("", &["x[0-9][0-9]y"], "anything"),
            ("", &["foo[0-9]"], r#""foo""#),
            ("", &["foo[0-9][0-9][0-9]bar"], r#""foo" and "bar""#),
            ("", &[r"foo\dbar"], r#""foo" and "bar""#),
            ("", &["foo(?i:BAR)"], r#""foobar""#),
            ("", &["foo.*foobar"], r#""foobar""#),
            ("", &["a.*b.*c"], "anything"),
            ("", &[r"192\.168\.[0-9]{1,3}\.1:80"], r#""192.168." and ".1:80""#),
            ("", &["[gG]rep.[cC]onfig"], r#""grep" and "config""#),
            ("", &["[^a]foo[^b]"], r#""foo""#),
        ]);
    }

    #[test]
    fn alternatives() {
        check(&[
            ("", &["foo|bar"], r#""bar" or "foo""#),
            ("", &["(foo|bar)baz"], r#""barbaz" or "foobaz""#),
            ("", &["(foo.*|bar)baz"], r#"("bar" or "foo") and "baz""#),
            ("", &["(foo.*|bar.*)[xy]"], r#""bar" or "foo""#),
            ("", &["foo|bar.*baz"], r#""foo" or ("bar" and "baz")"#),
            ("", &["a(b|c)d|foo"], r#""abd" or "acd" or "foo""#),
            ("", &["(a|b)c"], "anything"),
            ("", &["foo|[a-z]"], "anything"),
            ("", &["(foo|bar|)x"], "anything"),
            ("", &["foo(bar|)"], r#""foo""#),
            ("", &["(?:GET|POST) /(?:index|main)"], r#""get /index" or "get /main" or "post /index" or "post /main""#),
            ("", &["connection|connected|connecting"], r#""connected" or "connecting" or "connection""#),
            ("", &["[a&&b]"], "nothing"),
            ("", &["[a&&b]|foo"], r#""foo""#),
        ]);
    }

    #[test]
    fn repetitions() {
        check(&[
            ("", &["colou?r"], r#""color" or "colour""#),
            ("", &["https?://x"], r#""http://x" or "https://x""#),
            ("", &["foo(bar)?"], r#""foo""#),
            ("", &["foo(bar)*baz"], r#""foo" and "baz""#),
            ("", &["foo(bar){0,3}baz"], r#""foo" and "baz""#),
            ("", &["(foobar)*"], "anything"),
            ("", &["(foo){0}bar"], r#""bar""#),
            ("", &["(foo)+"], r#""foo""#),
            ("", &["(foo){2,}"], r#""foofoo""#),
            ("", &["(foo){3}"], r#""foofoofoo""#),
            ("", &["x(foo){2,3}y"], r#""xfoofoo" and "foofooy""#),
            ("", &["(foo.*bar){2}"], r#""barfoo""#),
            ("", &["a{5}"], r#""aaaaa""#),
            ("", &["a{2,}b"], r#""aab""#),
            ("", &["[ab]{2}cd"], r#""aacd" or "abcd" or "bacd" or "bbcd""#),
            ("", &["[a-z]{8}"], "anything"),
            ("", &["-{5}BEGIN [A-Z ]{0,9}KEY"], r#""-----begin " and "key""#),
        ]);
    }

    #[test]
    fn beyond_ascii() {
        check(&[
            ("", &[r"(?-u:\xff\xfe\xfd)"], r#""\xff\xfe\xfd""#),
            ("", &[r"(?-u:\xff)ab"], r#""\xffab""#),
            ("", &["日本"], r#""日本""#),
            ("", &["x[äöü]y"], r#""xäy" or "xöy" or "xüy""#),
            ("i", &["日本語"], r#""日本語""#),
            ("", &[r"\w+foo\W"], r#""foo""#),
            ("", &[r"foo\p{Greek}bar"], r#""foo" and "bar""#),
        ]);
        let query = Query::new(&builder("i"), &["дом"]).unwrap();
        for word in ["дом", "Дом", "ДОМ", "дОм"] {
            assert!(holds(&query.needs, word.as_bytes()), "{word}: {query}");
        }
        assert!(!holds(&query.needs, "кот и до".as_bytes()), "{query}");
    }

    /// As it says, literal by literal, with ASCII letters of the line in lower case.
    fn holds(needs: &Needs, line: &[u8]) -> bool {
        match needs {
            Needs::Anything => true,
            Needs::Nothing => false,
            Needs::Literal(literal) => memmem::find(&line.to_ascii_lowercase(), literal).is_some(),
            Needs::All(all) => all.iter().all(|needs| holds(needs, line)),
            Needs::Any(any) => any.iter().any(|needs| holds(needs, line)),
        }
    }

    fn leaves(needs: &Needs) -> usize {
        match needs {
            Needs::All(needs) | Needs::Any(needs) => needs.iter().map(leaves).sum(),
            _ => 1,
        }
    }

    #[test]
    fn nothing_blows_up() {
        let classes = "[ab]".repeat(4_000);
        let optional = "(?:[ab]{0,9}x?)".repeat(2_000);
        let letters = "(?i)".to_owned() + &"дом".repeat(1_000);
        let words = (0..2_000).map(|n| format!("{n:x}ma[st]k")).collect::<Vec<_>>().join("|");
        let nested = (0..40).fold("a".to_owned(), |inner, n| format!("(?:{inner}|foo{n}.*b[cd]r){{2}}x"));
        for pattern in [
            "(a|b|c){50}",
            "(a|b|c|){50}",
            "((a{20}){20}){20}",
            "((a?){20}){20}",
            "(?:(?:[a-z]{8}){8}.*){8}",
            "(?:a|bc|def|){100}x{100}",
            "(?i)[sk]{200}",
            r"\w{5}\pL{5}foo\w{5}",
            "(?:){1000}",
            &classes,
            &optional,
            &letters,
            &words,
            &nested,
        ] {
            for flags in ["", "wi"] {
                let query = Query::new(&builder(flags), &[pattern]).unwrap();
                let most = MOST_LITERALS + pattern.len();
                assert!(leaves(&query.needs) <= most, "{}", &pattern[..pattern.len().min(100)]);
                assert!(query.to_string().len() < 100_000, "{}", &pattern[..pattern.len().min(100)]);
            }
        }
    }

    #[test]
    fn a_list_of_strings_is_a_list_of_literals() {
        let strings: Vec<String> = (0..20_000).map(|n| format!("Ask{n:06}")).collect();
        for (flags, more) in [("F", 0), ("Fi", 2), ("FS", 0)] {
            let Needs::Any(any) = Query::new(&builder(flags), &strings).unwrap().needs else { panic!("{flags}") };
            assert_eq!(any.len(), strings.len() + more, "{flags}");
            assert_eq!(any[0], Needs::Literal(b"ask000000".to_vec()));
        }
        // Case is ignored of so many letters beyond ASCII that not all can be written out.
        let strings: Vec<String> = (0..2_000).map(|n| format!("дом, здравствуй{n:06}")).collect();
        let query = Query::new(&builder("Fi"), &strings).unwrap();
        assert!(query.is_anything() || leaves(&query.needs) <= MOST_LITERALS + 20 * strings.len());
    }

    #[test]
    fn what_stands_around_a_repetition() {
        let times = ["", "?", "*", "+", "{0}", "{2}", "{1,3}", "{2,3}", "{2,}", "{0,2}", "{3}?"];
        for before in ["", "x", "foo", ".", "(a|foo.*)"] {
            for part in ["bar", "ab|cde", "q", "[ab]c?", "bar.*r", "(?i:sk)"] {
                for (times, after) in times.iter().flat_map(|times| ["", "y", "baz"].map(|after| (times, after))) {
                    let pattern = format!("{before}(?:{part}){times}{after}");
                    let matcher = builder("").build([&pattern]).unwrap();
                    let query = Query::new(&builder(""), &[&pattern]).unwrap();
                    let repeated = ["bar", "abcde", "cdeab", "q", "ac", "SK", "bar-r"].into_iter();
                    let inner = repeated.flat_map(|part| (0..5).map(|times| part.repeat(times)));
                    let around = ["", "x", "foo", "a"].into_iter().flat_map(|a| ["", "y", "baz"].map(|b| (a, b)));
                    for (inner, (before, after)) in
                        inner.flat_map(|inner| around.clone().map(move |a| (inner.clone(), a)))
                    {
                        let line = format!("{before}{inner}{after}").into_bytes();
                        if matcher.is_match(&mut matcher.cache(), &line) {
                            assert!(holds(&query.needs, &line), "{pattern}: {query}: {}", line.escape_ascii());
                        }
                    }
                }
            }
        }
    }

    /// A part of a pattern, of which matches can be made.
    #[derive(Clone, Debug)]
    enum Part {
        /// As it is in a pattern and in a text.
        Text(&'static str),
        /// What it is in a pattern, and texts that it matches.
        Class(&'static str, &'static [&'static [u8]]),
        Concat(Vec<Part>),
        Alternation(Vec<Part>),
        Repetition(Box<Part>, &'static str, std::ops::RangeInclusive<usize>),
    }

    impl Part {
        fn pattern(&self) -> String {
            let all = |parts: &[Part]| parts.iter().map(Part::pattern).collect::<Vec<_>>();
            match self {
                Part::Text(text) => regex_syntax::escape(text),
                Part::Class(pattern, _) => pattern.to_string(),
                Part::Concat(parts) => all(parts).concat(),
                Part::Alternation(parts) => format!("({})", all(parts).join("|")),
                Part::Repetition(part, times, _) => format!("(?:{}){times}", part.pattern()),
            }
        }

        /// A text that it matches, but for what assertions ask for.
        fn text(&self, numbers: &mut impl FnMut() -> usize) -> Vec<u8> {
            match self {
                Part::Text(text) => text.as_bytes().to_vec(),
                Part::Class(_, texts) => texts[numbers() % texts.len()].to_vec(),
                Part::Concat(parts) => parts.iter().flat_map(|part| part.text(numbers)).collect(),
                Part::Alternation(parts) => parts[numbers() % parts.len()].text(numbers),
                Part::Repetition(part, _, times) => {
                    let times = times.start() + numbers() % (times.end() - times.start() + 1);
                    (0..times).flat_map(|_| part.text(numbers)).collect()
                }
            }
        }
    }

    fn parts() -> impl Strategy<Value = Part> {
        let texts = prop::sample::select(vec![
            "a", "b", "ab", "Ab", "sk", "kiss", "SASK", "foo", "Foobar", "é", "É", "ß", "дом", "\u{17F}", "\u{212A}",
            "a.b", "-", " ",
        ]);
        let classes = prop::sample::select(vec![
            Part::Class("[ab]", &[b"a", b"b"]),
            Part::Class("[a-z]", &[b"a", b"k", b"s", b"z"]),
            Part::Class("[^a]", &[b"b", b"K", b"\xC5\xBF"]),
            Part::Class("(?i:[ks])", &[b"K", b"s", b"\xC5\xBF", b"\xE2\x84\xAA"]),
            Part::Class("(?i:kiss)", &[b"KISS", b"ki\xC5\xBFs", b"\xE2\x84\xAAiss"]),
            Part::Class("(?i-u:ask)", &[b"ask", b"ASK"]),
            Part::Class("[0-9]", &[b"0", b"7"]),
            Part::Class("[sx\u{17F}]", &[b"s", b"x", b"\xC5\xBF"]),
            Part::Class("[x\u{17F}]", &[b"x", b"\xC5\xBF"]),
            Part::Class("(?i:é)", &[b"\xC3\xA9", b"\xC3\x89"]),
            Part::Class("(?i:дом)", &[b"\xD0\xB4\xD0\x9E\xD0\xBC", b"\xD0\x94\xD0\xBE\xD0\xBC"]),
            Part::Class(r"(?-u:\xC5)", &[b"\xC5"]),
            Part::Class(r"(?-u:[\xBF\xC0])", &[b"\xBF", b"\xC0"]),
            Part::Class(r"(?s-u:.)", &[b"\xFF", b"\xBF", b"a"]),
            Part::Class(r"\w", &[b"a", b"S", b"\xC3\x89"]),
            Part::Class(".", &[b"-", b"k", b"\xC5\xBF"]),
            Part::Class(r"\b", &[b""]),
            Part::Class(r"\B", &[b""]),
            Part::Class("^", &[b""]),
            Part::Class("$", &[b""]),
            Part::Class("", &[b""]),
        ]);
        let leaf = prop_oneof![2 => texts.prop_map(Part::Text), 1 => classes];
        leaf.prop_recursive(4, 16, 4, |inner| {
            let times = prop::sample::select(vec![
                ("?", 0..=1),
                ("*", 0..=3),
                ("+", 1..=3),
                ("{2}", 2..=2),
                ("{3,}", 3..=4),
                ("{0}", 0..=0),
                ("{0,2}?", 0..=2),
                ("{1,3}", 1..=3),
                ("{2,3}", 2..=3),
                ("{12}", 12..=12),
            ]);
            prop_oneof![
                3 => prop::collection::vec(inner.clone(), 2..6).prop_map(Part::Concat),
                2 => prop::collection::vec(inner.clone(), 1..5).prop_map(Part::Alternation),
                2 => (inner, times).prop_map(|(part, (text, times))| Part::Repetition(Box::new(part), text, times)),
            ]
        })
    }

    /// Writes some letters in another case, changes some bytes, and puts something around it.
    fn change(mut text: Vec<u8>, numbers: &mut impl FnMut() -> usize) -> Vec<u8> {
        const PIECES: &[&[u8]] =
            &[b"", b"a", b" ", b"k", b"foo", b"\xBF", b"\xC5", "ſ".as_bytes(), "\u{212A}".as_bytes()];
        match numbers() % 4 {
            0 => {
                text = text
                    .iter()
                    .flat_map(|&byte| match (byte, numbers() % 4) {
                        (b's' | b'S', 0) => "ſ".as_bytes().to_vec(),
                        (b'k' | b'K', 0) => "\u{212A}".as_bytes().to_vec(),
                        (_, 1 | 2) => vec![byte.to_ascii_uppercase()],
                        _ => vec![byte],
                    })
                    .collect()
            }
            1 => text = String::from_utf8_lossy(&text).to_uppercase().into_bytes(),
            2 if !text.is_empty() => {
                let at = numbers() % text.len();
                text[at] = PIECES[1..][numbers() % (PIECES.len() - 1)][0];
            }
            _ => {}
        }
        match numbers() % 2 {
            0 => text,
            _ => [PIECES[numbers() % PIECES.len()], &text, PIECES[numbers() % PIECES.len()]].concat(),
        }
    }

    const FLAGS: &[&str] = &["", "i", "S", "w", "wi", "x", "xi", "wS", "U", "Ui", "F", "Fi", "FS", "Fwi", "Fxi", "FUi"];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        /// A line that matches has what the patterns need.
        #[test]
        fn no_line_that_matches_is_missed(
            parts in prop::collection::vec(parts(), 1..3),
            flags in prop::sample::select(FLAGS),
            merge in any::<bool>(),
            terminator in prop::sample::select(vec![LineTerminator::Lf, LineTerminator::Crlf, LineTerminator::Nul]),
            numbers in prop::collection::vec(any::<u16>(), 64),
        ) {
            let mut at = 0;
            let mut number = || {
                at += 1;
                usize::from(numbers[at % numbers.len()].rotate_left((at / numbers.len()) as u32))
            };
            let mut builder = builder(flags);
            builder.merge(merge).line_terminator(terminator);
            // A plain string is one of the texts.
            let patterns: Vec<String> = parts.iter().map(|part| match flags.contains('F') {
                true => String::from_utf8_lossy(&part.text(&mut number)).into_owned(),
                false => part.pattern(),
            }).collect();
            let matcher = builder.build(&patterns).unwrap();
            let query = Query::new(&builder, &patterns).unwrap();
            let mut cache = matcher.cache();
            for _ in 0..24 {
                let part = number() % parts.len();
                let text = match flags.contains('F') {
                    true => patterns[part].clone().into_bytes(),
                    false => parts[part].text(&mut number),
                };
                let line = change(text, &mut number);
                if !line.contains(&terminator.byte()) && matcher.is_match(&mut cache, &line) {
                    prop_assert!(
                        holds(&query.needs, &line),
                        "{:?} {:?} on {:?}: {}", flags, patterns, line.escape_ascii().to_string(), query,
                    );
                }
            }
        }
    }
}
