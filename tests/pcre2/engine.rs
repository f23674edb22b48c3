//! PCRE2 as the engine: in the library against its own iterator over matches, line by line.

use std::ops::ControlFlow;

use mapgrep::{
    Span,
    grep::GrepBuilder,
    matcher::{Case, Engine, LineTerminator, Matcher, MatcherBuilder},
    scan::Pool,
};
use pcre2::bytes::RegexBuilder;

const PATTERNS: [&str; 16] = [
    r"(\w)\1",
    r"foo(?=bar)",
    r"(?<=foo)bar",
    r"(?<!o)b",
    r"^(?!a)",
    r"a\Kb",
    "x*",
    "$",
    r"\bé",
    r"[^a]\s",
    r"(?s)a.b",
    "o$",
    "^b",
    r"\Aa",
    r"o\z",
    r"(?i)FOO\b",
];

const TEXTS: [&[u8]; 8] = [
    b"",
    b"foo",
    b"foobar\nfoo bar\n\nbar foo\n",
    b"\n\naa\nab\nba\n",
    "é éé x\n".as_bytes(),
    b"\x80a\nb\xFF\xFFb\n\xC3\n",
    b"foo\r\nbar\r\na\rb\r\n",
    b"a\nb a b\nfoo\nFoo!",
];

fn builder() -> MatcherBuilder {
    let mut builder = MatcherBuilder::new();
    builder.engine(Engine::Pcre2).by_line(true);
    builder
}

/// The lines without what ends them, and where they begin.
fn lines(text: &[u8], terminator: LineTerminator) -> Vec<(usize, &[u8])> {
    let mut lines = vec![];
    let mut at = 0;
    for line in text.split_inclusive(|&byte| byte == terminator.byte()) {
        lines.push((at, terminator.strip(line)));
        at += line.len();
    }
    lines
}

fn selected(matcher: &Matcher, text: &[u8], chunk: usize) -> Vec<(u64, Vec<(usize, usize)>)> {
    let grep = GrepBuilder::new().chunk_size(chunk).build(matcher.clone()).unwrap();
    let (mut found, mut cache) = (vec![], matcher.create_cache());
    grep.for_each_line_of(text, &Pool::inline(), &mut |line| {
        let content = matcher.line_terminator().strip(line.bytes);
        let matches = matcher.find_iter(&mut cache, content).map(|m| (m.start, m.end)).collect();
        found.push((line.offset, matches));
        ControlFlow::Continue(())
    })
    .unwrap();
    found
}

#[test]
fn each_line_is_searched_by_itself() {
    for (pattern, text) in PATTERNS.iter().flat_map(|pattern| TEXTS.map(|text| (pattern, text))) {
        for terminator in [LineTerminator::Lf, LineTerminator::Crlf] {
            let matcher = builder().line_terminator(terminator).build([pattern]).unwrap();
            let oracle = RegexBuilder::new()
                .multi_line(true)
                .crlf(terminator == LineTerminator::Crlf)
                .utf(true)
                .ucp(true)
                .jit_if_available(true)
                .build(pattern)
                .unwrap();
            let wanted: Vec<_> = lines(text, terminator)
                .into_iter()
                .filter(|(_, line)| oracle.is_match(line).unwrap())
                .map(|(start, line)| {
                    let matches = oracle.find_iter(line).map(|m| m.map(|m| (m.start(), m.end())).unwrap());
                    (start as u64, matches.collect::<Vec<_>>())
                })
                .collect();
            for chunk in [1, 3, 1000] {
                let found = selected(&matcher, text, chunk);
                assert_eq!(found, wanted, "{pattern} in {:?}", text.escape_ascii().to_string());
            }
        }
    }
}

#[test]
fn matches_go_over_lines_where_they_may() {
    let find = |pattern: &str, text: &str| -> Vec<_> {
        let matcher = builder().by_line(false).build([pattern]).unwrap();
        matcher.find_iter(&mut matcher.create_cache(), text.as_bytes()).map(|m| m.range()).collect()
    };
    assert_eq!(find(r"(\w)\n\1", "a\na\nb\nb\n"), [0..3, 4..7]);
    assert_eq!(find(r"(?<=a\n)b$", "b\na\nb\na\nb"), [4..5, 8..9]);
    // As by other engines, empty matches are between bytes.
    assert_eq!(find("x*", "é"), [0..0, 1..1, 2..2]);
}

#[test]
fn several_patterns() {
    for merge in [false, true] {
        let matcher = builder().merge(merge).build(["b(?=c)", "a", "ab"]).unwrap();
        let found: Vec<_> =
            matcher.find_iter(&mut matcher.create_cache(), b"bc ab").map(|m| (m.range(), m.pattern.index())).collect();
        assert_eq!(found, [(0..1, 0), (3..4, if merge { 0 } else { 1 })]);
        let error = builder().merge(merge).build(["a", "(b"]).unwrap_err();
        assert_eq!(error.pattern_index(), Some(1));
        assert!(error.to_string().contains("offset 2"), "{error}");
        assert!(builder().merge(merge).build(["a", "b\\"]).is_err());
    }
}

#[test]
fn options_are_those_of_other_engines() {
    let matches = |builder: &MatcherBuilder, pattern: &str, text: &str| {
        let matcher = builder.build([pattern]).unwrap();
        matcher.is_match(&mut matcher.create_cache(), text.as_bytes())
    };
    assert!(matches(builder().case(Case::Insensitive), "(?=é)", "É"));
    assert!(matches(builder().case(Case::Smart), r"(?=\S)b", "aB"));
    assert!(!matches(builder().case(Case::Smart), r"(?=\S)B", "ab"));
    assert!(!matches(builder().word(true), "o(?=b)|fo", "foob") && matches(builder().word(true), "fo|b", "fo.x"));
    assert!(
        !matches(builder().whole_line(true), "fo|foo", "foob") && matches(builder().whole_line(true), "fo|foo", "foo")
    );
    assert!(matches(&builder(), r"^\w$", "é") && !matches(builder().unicode(false), r"^\w$", "é"));
    assert!(matches(builder().fixed_strings(true), "(?=", "x(?=y"));
}

#[test]
fn groups_are_put_into_replacements() {
    let replaced = |patterns: &[&str], replacement: &str, line: &str| {
        let matcher = builder().build(patterns).unwrap();
        let found: Vec<Span> =
            matcher.find_iter(&mut matcher.create_cache(), line.as_bytes()).map(|m| m.span()).collect();
        let replacer = matcher.replacer(replacement).unwrap();
        replacer.replace(line.as_bytes(), &found, |text, _| String::from_utf8(text.to_vec()).unwrap())
    };
    assert_eq!(replaced(&[r"(\w)\1(?<rest>\w*)"], "<$rest:$1>", "foo aab"), "f<:o> <b:a>");
    assert_eq!(replaced(&[r"(a)\K(b)"], "<$2$1>", "abab\n"), "a<ba>a<ba>\n");
    assert_eq!(replaced(&[r"(?<=(a))b", "(c)"], "<$1$2>", "ab c"), "a<a> <c>");
    assert_eq!(replaced(&["(b)$"], "$0$1", "ab\n"), "abb\n");
}

#[test]
fn a_search_that_is_given_up_is_an_error_and_the_next_is_not() {
    let matcher = builder().build([r"(?:x+x+)+y|b"]).unwrap();
    let hard = ["b\n".repeat(5), "x".repeat(40), "\nb\n".repeat(5)].concat();
    for (chunk, invert) in [(4, false), (4, true), (1 << 20, false), (1 << 20, true)] {
        let grep = GrepBuilder::new().chunk_size(chunk).invert_match(invert).build(matcher.clone()).unwrap();
        let search = |text: &str, pool: &Pool| {
            let mut found = vec![];
            let ended = grep.for_each_line_of(text.as_bytes(), pool, &mut |line| {
                found.push(String::from_utf8(line.bytes.to_vec()).unwrap());
                ControlFlow::Continue(())
            });
            (found, ended)
        };
        for pool in [Pool::inline(), Pool::new(2)] {
            let (found, ended) = search(&hard, &pool);
            assert!(ended.unwrap_err().to_string().contains("match limit"));
            assert!(found.len() <= 5 && found.iter().all(|line| line == "b\n" && !invert), "{found:?}");
            assert!(search("a\nb\n", &pool).1.is_ok());
        }
    }
    let mut cache = matcher.create_cache();
    assert!(!matcher.is_match(&mut cache, hard.as_bytes().split_at(10).1) && matcher.failure().is_some());
    assert!(matcher.clone().failure().is_none());
}
