//! Tests of required literals.

use regex_syntax::hir::Hir;

use super::{LEAST_BITS, Required, choose, without_longer};

fn required(pattern: &str, fold: bool) -> Option<(Vec<String>, bool)> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).multi_line(true).build().parse(pattern).unwrap();
    let text = |literal: &Vec<u8>| String::from_utf8_lossy(literal).into_owned();
    Required::of(&hir, fold).map(|required| (required.literals.iter().map(text).collect(), required.is_all))
}

#[track_caller]
fn check(pattern: &str, fold: bool, literals: &[&str], is_all: bool) {
    let literals = literals.iter().map(|literal| literal.to_string()).collect();
    assert_eq!(required(pattern, fold), Some((literals, is_all)), "{pattern}");
}

#[test]
fn the_rarest_part_that_every_match_has_is_taken() {
    check("AKIA[0-9A-Z]{16}", false, &["AKIA"], false);
    check(r"\w+@example\.com", false, &["@example.com"], false);
    check("gh[pousr]_[0-9A-Za-z]{36}", false, &["gho_", "ghp_", "ghr_", "ghs_", "ghu_"], false);
    check("[a-z]+(?:token|secret)[a-z]+", false, &["token", "secret"], false);
    check("x(?:foobar){2,}", false, &["foobarfoobar"], false);
    check("https?://hooks", false, &["https://hooks", "http://hooks"], true);
    check("-----BEGIN [A-Z ]{0,9}KEY", false, &["-----BEGIN "], false);
    check("ab(?:cd|ef)?gh", false, &["abcdgh", "abefgh", "abgh"], true);
    check(r"\bfunction\b", false, &["function"], false);
    check("function", false, &["function"], true);
}

#[test]
fn what_need_not_be_there_or_is_everywhere_is_no_help() {
    for pattern in ["[a-z]+", "(?:foobar)?x", "foobar|[a-z]", "(?:foobar)*", "a", "(?:foobar|)", "$", "[^a]{30}"] {
        assert!(required(pattern, false).is_none_or(|(_, is_all)| is_all), "{pattern}");
    }
    assert_eq!(required("[a-z]+", false), None);
    assert_eq!(required("(?:foobar)*", false), None);
}

#[test]
fn of_many_patterns_each_has_a_literal_that_few_others_have() {
    let hirs: Vec<Hir> = (0..300)
        .map(|i| regex_syntax::parse(&format!(r"user{}\b.*latency=17\d+ms", 1000 + i)).unwrap())
        .chain([regex_syntax::parse(r"latency=17\d+ms").unwrap()])
        .collect();
    let (fold, chosen) = choose(&hirs, false, LEAST_BITS);
    assert!(!fold);
    for (i, required) in chosen[..300].iter().enumerate() {
        let literals = vec![format!("user{}", 1000 + i).into_bytes()];
        let also = b"latency=17".to_vec();
        assert_eq!(required, &Some(Required { literals, is_all: false, also }));
    }
    assert_eq!(chosen[300].as_ref().unwrap().literals, [b"latency=17"]);
}

#[test]
fn a_few_of_many_patterns_tell_whether_case_is_ignored() {
    let hir = |pattern: &str| regex_syntax::parse(pattern).unwrap();
    let mut hirs: Vec<Hir> = (0..1000).map(|i| hir(&format!("(?i)another{i}x"))).collect();
    let is_all = |chosen: &[Option<Required>]| chosen.iter().flatten().filter(|required| required.is_all).count();
    let (fold, chosen) = choose(&hirs, false, LEAST_BITS);
    assert!(fold && is_all(&chosen) == 1000);
    // One that is not among the few has a literal all the same.
    hirs[1] = hir("another[0-9]");
    let (fold, chosen) = choose(&hirs, false, LEAST_BITS);
    assert!(fold && is_all(&chosen) == 999 && chosen[1].as_ref().unwrap().literals == [b"another"]);
}

#[test]
fn literals_of_one_pattern_stay_in_the_order_in_which_they_are_preferred() {
    check("foobar(?:baz)?", false, &["foobarbaz", "foobar"], true);
    check("foobar(?:baz)??", false, &["foobar", "foobarbaz"], true);
    check("foobar|foo|foobarbaz", false, &["foobar", "foo", "foobarbaz"], true);
}

#[test]
fn one_literal_stands_for_a_few_longer_ones_at_most() {
    let id = |_: usize| 0;
    let mut literals: Vec<_> = (0..100).map(|i| (format!("error_code_{i}_").into_bytes(), id(i))).collect();
    literals.push((b"error_code".to_vec(), id(100)));
    without_longer(&mut literals, |_| true);
    assert_eq!(literals.iter().filter(|(literal, _)| literal == b"error_code").count(), 17);
}

#[test]
fn case_can_be_ignored() {
    assert_eq!(required("(?i)password", false).unwrap().0.len(), 16);
    check("(?i-u)password", true, &["password"], true);
    check("(?i-u)pass[0-9]+word", true, &["pass"], false);
    // A literal that is not for both cases has to be looked at once more.
    check("PassWord", true, &["password"], false);
    check("12345", true, &["12345"], true);
    check("(?i)api_key", true, &["api_key", "api_\u{212A}ey"], true);
}
