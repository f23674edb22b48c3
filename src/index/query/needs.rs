//! Conditions on a line: AND and OR over literals, kept as small as they can be.

use std::fmt;

use memchr::memmem;

/// What an index cannot look up is no condition: it has rows for three bytes at least.
const SHORTEST: usize = 3;

/// Of longer literals, this many bytes are required. More of them tell nothing that these do not.
pub(crate) const LONGEST: usize = 256;

/// Up to this many literals are compared with each other, to leave out those that say nothing new.
const FEW: usize = 128;

/// The characters beyond ASCII that Unicode takes for another case of an ASCII letter. An index has rows for both of
/// them.
pub(crate) const LONG_S: &str = "\u{17F}";
pub(crate) const KELVIN: &str = "\u{212A}";

/// A condition on a line in which ASCII letters were made lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Needs {
    /// Any line may match.
    Anything,
    /// No line does.
    Nothing,
    /// These bytes, in lower case, stand on the line. There are three of them at least, or they are [`LONG_S`].
    Literal(Vec<u8>),
    /// All of these.
    All(Vec<Needs>),
    /// At least one of these.
    Any(Vec<Needs>),
}

impl Needs {
    /// These bytes stand on the line, whatever the case of ASCII letters in them.
    pub(crate) fn literal(bytes: &[u8]) -> Self {
        match bytes.len() >= SHORTEST || bytes == LONG_S.as_bytes() {
            true => Needs::Literal(bytes[..bytes.len().min(LONGEST)].to_ascii_lowercase()),
            false => Needs::Anything,
        }
    }

    pub(crate) fn all(needs: impl IntoIterator<Item = Needs>) -> Self {
        let mut all = vec![];
        for needs in needs {
            match needs {
                Needs::Anything => {}
                Needs::Nothing => return Needs::Nothing,
                Needs::All(more) => all.extend(more),
                other => all.push(other),
            }
        }
        match are_few(&all) {
            true => all = without(all, |needs, other| other.implies(needs)),
            false => {
                all.sort_unstable();
                all.dedup();
            }
        }
        match all.len() {
            0 => Needs::Anything,
            1 => all.remove(0),
            _ => Needs::All(all),
        }
    }

    pub(crate) fn any(needs: impl IntoIterator<Item = Needs>) -> Self {
        let mut any = vec![];
        for needs in needs {
            match needs {
                Needs::Anything => return Needs::Anything,
                Needs::Nothing => {}
                Needs::Any(more) => any.extend(more),
                other => any.push(other),
            }
        }
        any.sort_unstable();
        any.dedup();
        if are_few(&any) {
            any = without(any, |needs, other| needs.implies(other));
        }
        match any.len() {
            0 => Needs::Nothing,
            1 => any.remove(0),
            _ => Needs::Any(any),
        }
    }

    /// False where it is not plain that every line which has what `self` says has what `other` says. Takes time in the
    /// product of their sizes.
    fn implies(&self, other: &Needs) -> bool {
        match (self, other) {
            (_, Needs::Anything) | (Needs::Nothing, _) => true,
            (Needs::Anything, _) | (_, Needs::Nothing) => false,
            (Needs::Literal(text), Needs::Literal(part)) => memmem::find(text, part).is_some(),
            (Needs::Any(any), _) => any.iter().all(|needs| needs.implies(other)),
            (_, Needs::All(all)) => all.iter().all(|needs| self.implies(needs)),
            (Needs::All(all), _) => all.iter().any(|needs| needs.implies(other)),
            (_, Needs::Any(any)) => any.iter().any(|needs| self.implies(needs)),
        }
    }

    /// Literals, or more of them than `most`.
    fn count(&self, most: usize) -> usize {
        match self {
            Needs::All(needs) | Needs::Any(needs) => count(needs, most),
            _ => 1,
        }
    }
}

fn are_few(needs: &[Needs]) -> bool {
    count(needs, FEW) <= FEW
}

fn count(needs: &[Needs], most: usize) -> usize {
    let mut sum = 0;
    for needs in needs {
        sum += needs.count(most);
        if sum > most {
            break;
        }
    }
    sum
}

/// Those that are not needless next to another one.
fn without(needs: Vec<Needs>, is_needless: impl Fn(&Needs, &Needs) -> bool) -> Vec<Needs> {
    let mut kept: Vec<Needs> = vec![];
    for needs in needs {
        if !kept.iter().any(|other| is_needless(&needs, other)) {
            kept.retain(|other| !is_needless(other, &needs));
            kept.push(needs);
        }
    }
    kept
}

/// Short, for people: long lists and long literals are not shown as a whole.
impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Needs::Anything => f.write_str("anything"),
            Needs::Nothing => f.write_str("nothing"),
            Needs::Literal(literal) => write_literal(f, literal),
            Needs::All(all) => write_list(f, all, " and "),
            Needs::Any(any) => write_list(f, any, " or "),
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, list: &[Needs], between: &str) -> fmt::Result {
    const MOST: usize = 8;
    const SHOWN: usize = 5;
    let shown = if list.len() > MOST { SHOWN } else { list.len() };
    for (index, needs) in list[..shown].iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        match needs {
            Needs::All(_) | Needs::Any(_) => write!(f, "({needs})")?,
            _ => write!(f, "{needs}")?,
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
            // They look like the letters that they are cases of.
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

    fn literal(text: &str) -> Needs {
        Needs::literal(text.as_bytes())
    }

    fn literals(texts: &[&str]) -> Vec<Needs> {
        texts.iter().map(|text| literal(text)).collect()
    }

    fn all(texts: &[&str]) -> Needs {
        Needs::all(literals(texts))
    }

    fn any(texts: &[&str]) -> Needs {
        Needs::any(literals(texts))
    }

    #[test]
    fn what_says_nothing_new_is_left_out() {
        assert_eq!(all(&["foobar", "foo", "bar", "oba"]), literal("foobar"));
        assert_eq!(all(&["foo", "xfoo", "foo"]), literal("xfoo"));
        assert_eq!(any(&["foobar", "foo", "abarb", "bar"]), any(&["foo", "bar"]));
        assert_eq!(any(&["foo", "foo"]), literal("foo"));
        assert_eq!(Needs::all([literal("foobar"), any(&["foo", "xyz"])]), literal("foobar"));
        assert_eq!(Needs::any([all(&["foo", "xyz"]), literal("foo")]), literal("foo"));
        assert_eq!(Needs::all([any(&["afoo", "bfoo"]), literal("foo")]), any(&["afoo", "bfoo"]));
        assert_eq!(Needs::any([Needs::any([literal("foo")]), any(&["bar", "baz"])]), any(&["bar", "baz", "foo"]));
    }

    #[test]
    fn what_decides_the_whole_is_the_whole() {
        assert_eq!(all(&[]), Needs::Anything);
        assert_eq!(any(&[]), Needs::Nothing);
        assert_eq!(all(&["foo", "ab", ""]), literal("foo"));
        assert_eq!(any(&["foo", "ab"]), Needs::Anything);
        assert_eq!(Needs::all([literal("foo"), Needs::Nothing]), Needs::Nothing);
        assert_eq!(Needs::any([literal("foo"), Needs::Nothing]), literal("foo"));
    }

    #[test]
    fn short_literals_are_no_condition_but_for_one() {
        assert_eq!(literal("ab"), Needs::Anything);
        assert_eq!(literal("é"), Needs::Anything);
        assert_eq!(literal("\u{17F}"), Needs::Literal(vec![0xC5, 0xBF]));
        assert_eq!(literal("\u{212A}"), Needs::Literal(vec![0xE2, 0x84, 0xAA]));
        assert_eq!(literal("FoÉ"), Needs::Literal("foÉ".into()));
    }

    #[test]
    fn long_literals_are_cut() {
        assert_eq!(literal(&"ab".repeat(1000)), literal(&"ab".repeat(LONGEST / 2)));
    }

    #[test]
    fn many_literals_are_only_compared_with_the_same() {
        let many = || (0..100_000).map(|n| literal(&format!("word{}", n % 50_000)));
        let Needs::Any(any) = Needs::any(many()) else { panic!() };
        assert_eq!(any.len(), 50_000);
        let Needs::All(all) = Needs::all(many()) else { panic!() };
        assert_eq!(all.len(), 50_000);
    }

    #[test]
    fn what_is_shown_is_short() {
        let show = |needs: Needs| needs.to_string();
        assert_eq!(show(Needs::all([literal("foo"), any(&["bar", "baz"])])), r#""foo" and ("bar" or "baz")"#);
        assert_eq!(show(Needs::any([literal("xyz"), all(&["foo", "bar"])])), r#""xyz" or ("foo" and "bar")"#);
        assert_eq!(
            show(any(&["aa0", "aa1", "aa2", "aa3", "aa4", "aa5", "aa6", "aa7", "aa8"])),
            r#""aa0" or "aa1" or "aa2" or "aa3" or "aa4" or 4 more"#,
        );
        assert_eq!(show(literal("a\"'\\\t\0é")), r#""a\"'\\\t\0é""#);
        assert_eq!(show(Needs::literal(b"a\xFF\xC5")), r#""a\xff\xc5""#);
        assert_eq!(show(any(&["\u{17F}", "\u{212A}"])), r#""\u{17f}" or "\u{212a}""#);
        assert_eq!(show(literal(&"a".repeat(100))), format!("\"{}\" and 60 bytes more", "a".repeat(40)));
        assert_eq!(show(Needs::Anything), "anything");
        assert_eq!(show(Needs::Nothing), "nothing");
    }
}
