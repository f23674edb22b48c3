//! Patterns, and what they need.

use super::{builder, holds};
use crate::index::query::patterns::Query;

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
        assert!(holds(&query.condition, word.as_bytes()), "{word}: {query}");
    }
    assert!(!holds(&query.condition, "кот и до".as_bytes()), "{query}");
}
