//! What patterns need is limited.

use super::builder;
use crate::index::query::{condition::Condition, patterns::Query, require::MOST_LITERALS};

fn leaves(condition: &Condition) -> usize {
    match condition {
        Condition::All(conditions) | Condition::Any(conditions) => conditions.iter().map(leaves).sum(),
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
            assert!(leaves(&query.condition) <= most, "{}", &pattern[..pattern.len().min(100)]);
            assert!(query.to_string().len() < 100_000, "{}", &pattern[..pattern.len().min(100)]);
        }
    }
}

#[test]
fn a_list_of_strings_is_a_list_of_literals() {
    let strings: Vec<String> = (0..20_000).map(|n| format!("Ask{n:06}")).collect();
    for (flags, more) in [("F", 0), ("Fi", 2), ("FS", 0)] {
        let Condition::Any(any) = Query::new(&builder(flags), &strings).unwrap().condition else { panic!("{flags}") };
        assert_eq!(any.len(), strings.len() + more, "{flags}");
        assert_eq!(any[0], Condition::Literal(b"ask000000".to_vec()));
    }
    // Case is ignored of so many letters beyond ASCII that not all can be written out.
    let strings: Vec<String> = (0..2_000).map(|n| format!("дом, здравствуй{n:06}")).collect();
    let query = Query::new(&builder("Fi"), &strings).unwrap();
    assert!(query.is_anything() || leaves(&query.condition) <= MOST_LITERALS + 20 * strings.len());
}
