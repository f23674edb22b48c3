//! Hints at patterns that mean something else than they seem to.

use std::ffi::OsStr;

use regex_syntax::ast::{Ast, ClassSet, ClassSetItem, Visitor, parse::Parser, visit};

use crate::cli::flags::table::all;

/// The names of POSIX classes of characters.
const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// What somebody should know who wrote this regex, if there is anything: `[:space:]` is the set of these letters and a
/// colon.
pub(crate) fn of_regex(pattern: &str) -> Option<String> {
    if !pattern.contains("[:") {
        return None;
    }
    let ast = Parser::new().parse(pattern).ok()?;
    let class = visit(&ast, FindPosixName { pattern, found: None }).ok()??;
    Some(format!("{class} matches one of the characters between the brackets; the class is written [{class}]"))
}

/// What somebody should know who wrote `-rn`: the replacement is one letter, which may have been meant as a flag.
pub(crate) fn of_replacement(text: &OsStr) -> Option<String> {
    let letter = text.to_str().filter(|text| text.len() == 1)?;
    let is_flag = all().any(|flag| flag.short.is_some_and(|short| letter.starts_with(short)));
    is_flag.then(|| format!("-r takes a value: matches are shown as \"{letter}\"; the flag -{letter} goes before it"))
}

/// Looks for a set that is written as the name of a class.
struct FindPosixName<'p> {
    pattern: &'p str,
    found: Option<&'p str>,
}

impl<'p> Visitor for FindPosixName<'p> {
    type Output = Option<&'p str>;
    type Err = ();

    fn finish(self) -> Result<Self::Output, ()> {
        Ok(self.found)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), ()> {
        if let Ast::ClassBracketed(class) = ast
            && let ClassSet::Item(ClassSetItem::Union(_)) = class.kind
        {
            let text = &self.pattern[class.span.start.offset..class.span.end.offset];
            let name = text.strip_prefix("[:").and_then(|text| text.strip_suffix(":]"));
            if name.is_some_and(|name| CLASSES.contains(&name.trim_start_matches('^'))) {
                self.found.get_or_insert(text);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_that_may_be_flags() {
        for (text, is_flag) in [("n", true), ("i", true), ("7", false), ("nn", false), ("", false), ("é", false)] {
            assert_eq!(of_replacement(text.as_ref()).is_some(), is_flag, "{text}");
        }
    }

    #[test]
    fn names_of_classes_outside_of_brackets() {
        for (pattern, class) in [
            ("[:space:]", Some("[:space:]")),
            ("a+[:digit:]*b", Some("[:digit:]")),
            ("([:^alpha:]|x)", Some("[:^alpha:]")),
            ("[[:space:]]", None),
            ("[[:space:][:digit:]x]", None),
            ("[:spice:]", None),
            (r"\[:space:]", None),
            ("[:space:", None),
            ("[:]", None),
        ] {
            assert_eq!(of_regex(pattern).is_some(), class.is_some(), "{pattern}");
            if let Some(class) = class {
                assert!(of_regex(pattern).unwrap().starts_with(class), "{pattern}");
            }
        }
    }
}
