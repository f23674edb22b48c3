//! Conditions on a line: AND and OR over literals, simplified.

use std::fmt;

use memchr::memmem;

/// The shortest literal that an index can look up, in bytes. Shorter ones are no condition.
const SHORTEST: usize = 3;

/// Longer literals are cut to this many bytes. The rest would hardly narrow the search.
pub(crate) const LONGEST: usize = 256;

/// Conditions of up to this many literals are compared pairwise, to drop redundant ones.
const FEW: usize = 128;

/// The characters beyond ASCII that Unicode takes for another case of an ASCII letter. An index has a row for each.
pub(crate) const LONG_S: &str = "\u{17F}";
pub(crate) const KELVIN: &str = "\u{212A}";

/// A condition on a line whose ASCII letters are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    /// Any line may match.
    Anything,
    /// No line does.
    Nothing,
    /// The line contains these bytes, in lower case. There are at least three, or they are [`LONG_S`].
    Literal(Vec<u8>),
    /// All of these.
    All(Vec<Condition>),
    /// At least one of these.
    Any(Vec<Condition>),
}

impl Condition {
    /// The line contains these bytes, in any case of ASCII letters.
    pub(crate) fn literal(bytes: &[u8]) -> Self {
        match bytes.len() >= SHORTEST || bytes == LONG_S.as_bytes() {
            true => Condition::Literal(bytes[..bytes.len().min(LONGEST)].to_ascii_lowercase()),
            false => Condition::Anything,
        }
    }

    pub(crate) fn all(conditions: impl IntoIterator<Item = Condition>) -> Self {
        let mut all = vec![];
        for condition in conditions {
            match condition {
                Condition::Anything => {}
                Condition::Nothing => return Condition::Nothing,
                Condition::All(more) => all.extend(more),
                other => all.push(other),
            }
        }
        match are_few(&all) {
            true => all = without(all, |condition, other| other.implies(condition)),
            false => {
                all.sort_unstable();
                all.dedup();
            }
        }
        match all.len() {
            0 => Condition::Anything,
            1 => all.remove(0),
            _ => Condition::All(all),
        }
    }

    pub(crate) fn any(conditions: impl IntoIterator<Item = Condition>) -> Self {
        let mut any = vec![];
        for condition in conditions {
            match condition {
                Condition::Anything => return Condition::Anything,
                Condition::Nothing => {}
                Condition::Any(more) => any.extend(more),
                other => any.push(other),
            }
        }
        any.sort_unstable();
        any.dedup();
        if are_few(&any) {
            any = without(any, |condition, other| condition.implies(other));
        }
        match any.len() {
            0 => Condition::Nothing,
            1 => any.remove(0),
            _ => Condition::Any(any),
        }
    }

    /// Whether every line that meets `self` clearly meets `other`. False if that is not obvious. The time is the
    /// product of their sizes.
    fn implies(&self, other: &Condition) -> bool {
        match (self, other) {
            (_, Condition::Anything) | (Condition::Nothing, _) => true,
            (Condition::Anything, _) | (_, Condition::Nothing) => false,
            (Condition::Literal(text), Condition::Literal(part)) => memmem::find(text, part).is_some(),
            (Condition::Any(any), _) => any.iter().all(|condition| condition.implies(other)),
            (_, Condition::All(all)) => all.iter().all(|condition| self.implies(condition)),
            (Condition::All(all), _) => all.iter().any(|condition| condition.implies(other)),
            (_, Condition::Any(any)) => any.iter().any(|condition| self.implies(condition)),
        }
    }

    /// The number of literals; counting stops beyond `most`.
    fn count(&self, most: usize) -> usize {
        match self {
            Condition::All(conditions) | Condition::Any(conditions) => count(conditions, most),
            _ => 1,
        }
    }
}

fn are_few(conditions: &[Condition]) -> bool {
    count(conditions, FEW) <= FEW
}

fn count(conditions: &[Condition], most: usize) -> usize {
    let mut sum = 0;
    for condition in conditions {
        sum += condition.count(most);
        if sum > most {
            break;
        }
    }
    sum
}

/// The conditions that no other one makes redundant.
fn without(conditions: Vec<Condition>, is_needless: impl Fn(&Condition, &Condition) -> bool) -> Vec<Condition> {
    let mut kept: Vec<Condition> = vec![];
    for condition in conditions {
        if !kept.iter().any(|other| is_needless(&condition, other)) {
            kept.retain(|other| !is_needless(other, &condition));
            kept.push(condition);
        }
    }
    kept
}

/// Short, for people: long lists and long literals are abbreviated.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Anything => f.write_str("anything"),
            Condition::Nothing => f.write_str("nothing"),
            Condition::Literal(literal) => write_literal(f, literal),
            Condition::All(all) => write_list(f, all, " and "),
            Condition::Any(any) => write_list(f, any, " or "),
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, list: &[Condition], between: &str) -> fmt::Result {
    const MOST: usize = 8;
    const SHOWN: usize = 5;
    let shown = if list.len() > MOST { SHOWN } else { list.len() };
    for (index, condition) in list[..shown].iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        match condition {
            Condition::All(_) | Condition::Any(_) => write!(f, "({condition})")?,
            _ => write!(f, "{condition}")?,
        }
    }
    match list.len() - shown {
        0 => Ok(()),
        more => write!(f, "{between}{more} more"),
    }
}

fn write_literal(f: &mut fmt::Formatter<'_>, literal: &[u8]) -> fmt::Result {
    const MOST: usize = 48;
    const SHOWN: usize = 40;
    let shown = if literal.len() > MOST { SHOWN } else { literal.len() };
    f.write_str("\"")?;
    for chunk in literal[..shown].utf8_chunks() {
        for char in chunk.valid().chars() {
            // Written as escapes: they look like the letters of which they are cases.
            match [LONG_S, KELVIN].contains(&&*char.encode_utf8(&mut [0; 4])) {
                true => write!(f, "{}", char.escape_unicode())?,
                false if char == '\'' => f.write_str("'")?,
                false => write!(f, "{}", char.escape_debug())?,
            }
        }
        chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
    }
    f.write_str("\"")?;
    match literal.len() - shown {
        0 => Ok(()),
        more => write!(f, " and {more} bytes more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Condition {
        Condition::literal(text.as_bytes())
    }

    fn literals(texts: &[&str]) -> Vec<Condition> {
        texts.iter().map(|text| literal(text)).collect()
    }

    fn all(texts: &[&str]) -> Condition {
        Condition::all(literals(texts))
    }

    fn any(texts: &[&str]) -> Condition {
        Condition::any(literals(texts))
    }

    #[test]
    fn what_says_nothing_new_is_left_out() {
        assert_eq!(all(&["foobar", "foo", "bar", "oba"]), literal("foobar"));
        assert_eq!(all(&["foo", "xfoo", "foo"]), literal("xfoo"));
        assert_eq!(any(&["foobar", "foo", "abarb", "bar"]), any(&["foo", "bar"]));
        assert_eq!(any(&["foo", "foo"]), literal("foo"));
        assert_eq!(Condition::all([literal("foobar"), any(&["foo", "xyz"])]), literal("foobar"));
        assert_eq!(Condition::any([all(&["foo", "xyz"]), literal("foo")]), literal("foo"));
        assert_eq!(Condition::all([any(&["afoo", "bfoo"]), literal("foo")]), any(&["afoo", "bfoo"]));
        assert_eq!(
            Condition::any([Condition::any([literal("foo")]), any(&["bar", "baz"])]),
            any(&["bar", "baz", "foo"])
        );
    }

    #[test]
    fn what_decides_the_whole_is_the_whole() {
        assert_eq!(all(&[]), Condition::Anything);
        assert_eq!(any(&[]), Condition::Nothing);
        assert_eq!(all(&["foo", "ab", ""]), literal("foo"));
        assert_eq!(any(&["foo", "ab"]), Condition::Anything);
        assert_eq!(Condition::all([literal("foo"), Condition::Nothing]), Condition::Nothing);
        assert_eq!(Condition::any([literal("foo"), Condition::Nothing]), literal("foo"));
    }

    #[test]
    fn short_literals_are_no_condition_but_for_one() {
        assert_eq!(literal("ab"), Condition::Anything);
        assert_eq!(literal("é"), Condition::Anything);
        assert_eq!(literal("\u{17F}"), Condition::Literal(vec![0xC5, 0xBF]));
        assert_eq!(literal("\u{212A}"), Condition::Literal(vec![0xE2, 0x84, 0xAA]));
        assert_eq!(literal("FoÉ"), Condition::Literal("foÉ".into()));
    }

    #[test]
    fn long_literals_are_cut() {
        assert_eq!(literal(&"ab".repeat(1000)), literal(&"ab".repeat(LONGEST / 2)));
    }

    #[test]
    fn many_literals_are_only_compared_with_the_same() {
        let many = || (0..100_000).map(|n| literal(&format!("word{}", n % 50_000)));
        let Condition::Any(any) = Condition::any(many()) else { panic!() };
        assert_eq!(any.len(), 50_000);
        let Condition::All(all) = Condition::all(many()) else { panic!() };
        assert_eq!(all.len(), 50_000);
    }

    #[test]
    fn what_is_shown_is_short() {
        let show = |condition: Condition| condition.to_string();
        assert_eq!(show(Condition::all([literal("foo"), any(&["bar", "baz"])])), r#""foo" and ("bar" or "baz")"#);
        assert_eq!(show(Condition::any([literal("xyz"), all(&["foo", "bar"])])), r#""xyz" or ("foo" and "bar")"#);
        assert_eq!(
            show(any(&["aa0", "aa1", "aa2", "aa3", "aa4", "aa5", "aa6", "aa7", "aa8"])),
            r#""aa0" or "aa1" or "aa2" or "aa3" or "aa4" or 4 more"#,
        );
        assert_eq!(show(literal("a\"'\\\t\0é")), r#""a\"'\\\t\0é""#);
        assert_eq!(show(Condition::literal(b"a\xFF\xC5")), r#""a\xff\xc5""#);
        assert_eq!(show(any(&["\u{17F}", "\u{212A}"])), r#""\u{17f}" or "\u{212a}""#);
        assert_eq!(show(literal(&"a".repeat(100))), format!("\"{}\" and 60 bytes more", "a".repeat(40)));
        assert_eq!(show(Condition::Anything), "anything");
        assert_eq!(show(Condition::Nothing), "nothing");
    }
}
