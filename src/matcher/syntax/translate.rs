//! What happens to a pattern between its text and the engines: parsing, and rewriting the syntax tree so that matches
//! stay within one line.

use std::convert::Infallible;

use regex_syntax::{
    ast::{self, Ast, ClassSetItem, Visitor},
    hir::{
        self, Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look, LookSet,
        translate,
    },
};

use crate::{error::Error, matcher::terminator::LineTerminator};

/// Parses one pattern. The text comes back with the tree because errors found later point into it.
pub(crate) fn parse(pattern: &str) -> Result<(String, Ast), Error> {
    let ast = ast::parse::Parser::new().parse(pattern).map_err(|e| {
        let is_perl =
            matches!(e.kind(), ast::ErrorKind::UnsupportedBackreference | ast::ErrorKind::UnsupportedLookAround);
        let text = regex_syntax::Error::Parse(e).to_string();
        if is_perl { Error::perl_pattern(text) } else { Error::pattern(text) }
    })?;
    Ok((pattern.to_owned(), ast))
}

/// Whether no character of a pattern is special, and it is UTF-8.
pub(crate) fn is_plain(pattern: &[u8]) -> bool {
    // Some characters are special within a class only, which takes a bracket.
    let is_special = |c: char| regex_syntax::is_meta_character(c) && !matches!(c, '#' | '&' | '-' | '~');
    str::from_utf8(pattern).is_ok_and(|pattern| !pattern.chars().any(is_special))
}

/// A regex that matches a plain string, which may have any bytes.
pub(crate) fn escape(string: &[u8]) -> String {
    let mut escaped = String::with_capacity(string.len());
    for chunk in string.utf8_chunks() {
        regex_syntax::escape_into(chunk.valid(), &mut escaped);
        for byte in chunk.invalid() {
            escaped.push_str(&format!(r"(?-u:\x{byte:02X})"));
        }
    }
    escaped
}

/// The text of a regex.
///
/// # Errors
///
/// When it is not UTF-8.
pub(crate) fn text(pattern: &[u8]) -> Result<&str, Error> {
    str::from_utf8(pattern).map_err(|error| {
        Error::pattern(format!(
            "the pattern is not valid UTF-8, from its byte {} on: \"{}\"; in a regex a byte is written as in \
             (?-u:\\xFF)",
            error.valid_up_to(),
            pattern.escape_ascii()
        ))
    })
}

/// The options of a translation from text to tree.
pub(crate) struct Syntax {
    pub(crate) ignore_case: bool,
    pub(crate) terminator: LineTerminator,
    pub(crate) dot_matches_newline: bool,
    /// Classes, case and words are those of Unicode, not of ASCII.
    pub(crate) unicode: bool,
}

impl Syntax {
    /// Translates a parsed pattern, with `^` and `$` matching at line ends, `.` at anything but those, and any bytes
    /// allowed in the haystack.
    pub(crate) fn translate(&self, pattern: &str, ast: &Ast) -> Result<Hir, Error> {
        translate::TranslatorBuilder::new()
            .utf8(false)
            .unicode(self.unicode)
            .multi_line(true)
            .crlf(self.terminator == LineTerminator::Crlf)
            .line_terminator(self.terminator.byte())
            .dot_matches_new_line(self.dot_matches_newline)
            .case_insensitive(self.ignore_case)
            .build()
            .translate(pattern, ast)
            .map_err(|e| Error::pattern(regex_syntax::Error::Translate(e).to_string()))
    }
}

/// The assertions for the start and the end of a line. What the engine takes for its terminator is its own setting. To
/// `EndCRLF`, a line ends at a lone `\r` too: see [`has_crlf_end`].
pub(crate) fn line_ends(terminator: LineTerminator) -> (Look, Look) {
    match terminator {
        LineTerminator::Crlf => (Look::StartLF, Look::EndCRLF),
        LineTerminator::Lf | LineTerminator::Nul => (Look::StartLF, Look::EndLF),
    }
}

/// True when the engine takes a lone `\r` for the end of a line, and should not. Where lines end with `\r\n`, a lone
/// `\r` is a character like others.
pub(crate) fn has_crlf_end(hir: &Hir, terminator: LineTerminator) -> bool {
    terminator == LineTerminator::Crlf && hir.properties().look_set().contains(Look::EndCRLF)
}

/// The same pattern for a haystack that is one line without its terminator: `$` matches at the end of it.
pub(crate) fn for_one_line(hir: Hir, terminator: LineTerminator) -> Hir {
    match has_crlf_end(&hir, terminator) {
        true => with_crlf_end(hir, || Hir::look(Look::End)),
        false => hir,
    }
}

/// The same pattern but that `$` matches nowhere.
pub(crate) fn without_crlf_end(hir: Hir) -> Hir {
    with_crlf_end(hir, Hir::fail)
}

fn with_crlf_end(hir: Hir, end: impl Fn() -> Hir) -> Hir {
    let replaced = |leaf: Hir| {
        let is_end = matches!(leaf.kind(), HirKind::Look(Look::EndCRLF));
        Ok::<_, Infallible>(if is_end { end() } else { leaf })
    };
    match rewrite(hir, Groups::Keep { add: 0 }, &replaced) {
        Ok(hir) => hir,
        Err(never) => match never {},
    }
}

/// What becomes of groups that capture.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Groups {
    /// They are made groups that do not, since engines pay for them.
    Drop,
    /// They lose their names, and have this added to their numbers.
    Keep { add: u32 },
}

/// The same pattern with nothing changed but its groups, and that no line starts behind a lone `\r`.
pub(crate) fn with_groups(hir: Hir, groups: Groups, terminator: LineTerminator) -> Hir {
    let leaf = |leaf| Ok::<_, Infallible>(at_line_start(leaf, terminator));
    match rewrite(hir, groups, &leaf) {
        Ok(hir) => hir,
        Err(never) => match never {},
    }
}

/// Where lines end with `\r\n`, they start behind `\n` as everywhere.
fn at_line_start(leaf: Hir, terminator: LineTerminator) -> Hir {
    match leaf.kind() {
        HirKind::Look(Look::StartCRLF) if terminator == LineTerminator::Crlf => Hir::look(Look::StartLF),
        _ => leaf,
    }
}

/// The same pattern with matches confined to one line: classes lose what is part of a line terminator, and the anchors
/// of the haystack become those of the line.
///
/// # Errors
///
/// A pattern in which a literal terminator stands could never match; it is refused, so that its author learns why.
pub(crate) fn keep_within_line(hir: Hir, groups: Groups, terminator: LineTerminator) -> Result<Hir, Error> {
    let banned = terminator.bytes();
    let refused = |byte: u8| {
        let text = match byte {
            0 => "\\0",
            b'\r' => "\\r",
            _ => "\\n",
        };
        Err(Error::terminator_in_pattern(format!(
            "the literal \"{text}\" is not allowed in a pattern: lines are searched one by one, so that no match can \
             contain a line end",
        )))
    };
    let (start, end) = line_ends(terminator);
    rewrite(hir, groups, &|leaf: Hir| match leaf.kind() {
        HirKind::Literal(literal) => match literal.0.iter().find(|byte| banned.contains(byte)) {
            Some(&byte) => refused(byte),
            None => Ok(leaf),
        },
        HirKind::Class(class) => {
            match banned.iter().try_fold(class.clone(), |class, &byte| without(&class, byte).ok_or(byte)) {
                Ok(class) => Ok(Hir::class(class)),
                Err(byte) => refused(byte),
            }
        }
        HirKind::Look(Look::Start) => Ok(Hir::look(start)),
        HirKind::Look(Look::End) => Ok(Hir::look(end)),
        _ => Ok(at_line_start(leaf, terminator)),
    })
}

/// Refuses a pattern of which a part can match nothing but NUL.
///
/// # Errors
///
/// [`is_nul_in_pattern`](Error::is_nul_in_pattern).
pub(crate) fn refuse_nul(hir: &Hir) -> Result<(), Error> {
    let only_nul = match hir.kind() {
        HirKind::Literal(literal) => literal.0.contains(&0),
        HirKind::Class(Class::Unicode(class)) => {
            matches!(class.ranges(), [range] if range.start() == '\0' && range.end() == '\0')
        }
        HirKind::Class(Class::Bytes(class)) => {
            matches!(class.ranges(), [range] if range.start() == 0 && range.end() == 0)
        }
        _ => false,
    };
    if only_nul {
        return Err(Error::nul_in_pattern(
            "the pattern contains \"\\0\", which is impossible to match while files that hold NUL bytes count as \
             binary",
        ));
    }
    hir.kind().subs().iter().try_for_each(refuse_nul)
}

/// True when a pattern asks for what takes an automaton many states beyond ASCII: for large classes, or for what a word
/// is.
pub(crate) fn is_large_beyond_ascii(hir: &Hir) -> bool {
    /// A class of all but a few characters of ASCII has fewer ranges beyond it, as does a letter with its other cases.
    const RANGES: usize = 4;
    let is_large = match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            class.ranges().iter().filter(|range| !range.end().is_ascii()).count() > RANGES
        }
        HirKind::Look(look) => LookSet::singleton(*look).contains_word_unicode(),
        _ => false,
    };
    is_large || hir.kind().subs().iter().any(is_large_beyond_ascii)
}

/// A pattern that matches the same in ASCII, with nothing beyond it in its classes.
pub(crate) fn ascii_part(hir: Hir) -> Hir {
    let narrow = |leaf: Hir| {
        Ok::<_, Infallible>(match leaf.kind() {
            HirKind::Class(Class::Unicode(class)) => {
                let mut class = class.clone();
                class.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7F')]));
                Hir::class(Class::Unicode(class))
            }
            _ => leaf,
        })
    };
    match rewrite(hir, Groups::Drop, &narrow) {
        Ok(hir) => hir,
        Err(never) => match never {},
    }
}

/// Which cases the literal letters of a pattern have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LetterCase {
    any_literal: bool,
    any_upper: bool,
}

impl LetterCase {
    /// The cases of what was looked at so far, and of one more pattern.
    pub(crate) fn and(self, ast: &Ast) -> Self {
        match ast::visit(ast, self) {
            Ok(case) => case,
            Err(never) => match never {},
        }
    }

    /// The same for a pattern in which no character is special.
    pub(crate) fn and_plain(mut self, pattern: &[u8]) -> Self {
        let mut chars = pattern.utf8_chunks().flat_map(|chunk| chunk.valid().chars());
        self.any_literal |= !pattern.is_empty();
        self.any_upper |= chars.any(char::is_uppercase);
        self
    }

    /// True when there is a literal, and none is an upper-case letter.
    pub(crate) fn is_all_lower(self) -> bool {
        self.any_literal && !self.any_upper
    }

    fn literal(&mut self, literal: &ast::Literal) {
        self.any_literal = true;
        self.any_upper |= literal.c.is_uppercase();
    }
}

impl Visitor for LetterCase {
    type Output = LetterCase;
    type Err = Infallible;

    fn finish(self) -> Result<LetterCase, Infallible> {
        Ok(self)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Infallible> {
        if let Ast::Literal(literal) = ast {
            self.literal(literal);
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Infallible> {
        match item {
            ClassSetItem::Literal(literal) => self.literal(literal),
            ClassSetItem::Range(range) => {
                self.literal(&range.start);
                self.literal(&range.end);
            }
            _ => {}
        }
        Ok(())
    }
}

/// True when a match could contain a part of a line terminator, or depends on where the haystack begins or ends.
pub(crate) fn crosses_lines(hir: &Hir, terminator: LineTerminator) -> bool {
    let parts = terminator.bytes();
    let has = |start: u32, end: u32| parts.iter().any(|&byte| (start..=end).contains(&u32::from(byte)));
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.iter().any(|byte| parts.contains(byte)),
        HirKind::Class(Class::Unicode(class)) => {
            class.iter().any(|range| has(range.start().into(), range.end().into()))
        }
        HirKind::Class(Class::Bytes(class)) => class.iter().any(|range| has(range.start().into(), range.end().into())),
        HirKind::Look(look) => matches!(look, Look::Start | Look::End),
        kind => kind.subs().iter().any(|sub| crosses_lines(sub, terminator)),
    }
}

/// Whether a match could have this byte, which is an ASCII character, in it.
pub(crate) fn has_byte(hir: &Hir, byte: u8) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.contains(&byte),
        HirKind::Class(Class::Unicode(class)) => {
            class.iter().any(|range| (range.start()..=range.end()).contains(&char::from(byte)))
        }
        HirKind::Class(Class::Bytes(class)) => class.iter().any(|range| (range.start()..=range.end()).contains(&byte)),
        kind => kind.subs().iter().any(|sub| has_byte(sub, byte)),
    }
}

/// False only when every match has a byte. The least length is not known of what has a class of nothing in it, also
/// where the rest may be empty.
pub(crate) fn may_be_empty(hir: &Hir) -> bool {
    hir.properties().minimum_len().is_none_or(|len| len == 0)
}

/// Whether a match may depend on which characters around it are those of words, as Unicode has them.
pub(crate) fn looks_at_words(patterns: &[Hir]) -> bool {
    patterns.iter().any(|hir| hir.properties().look_set().contains_word_unicode())
}

/// The names of the groups that capture, in the order of their numbers, of which the first is 1.
pub(crate) fn group_names(ast: &Ast) -> Vec<Option<String>> {
    match ast::visit(ast, GroupNames(vec![])) {
        Ok(names) => names,
        Err(never) => match never {},
    }
}

struct GroupNames(Vec<Option<String>>);

impl Visitor for GroupNames {
    type Output = Vec<Option<String>>;
    type Err = Infallible;

    fn finish(self) -> Result<Self::Output, Infallible> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Infallible> {
        // The parser numbers groups by their opening parentheses, which is the order of this walk.
        if let Ast::Group(group) = ast
            && group.is_capturing()
        {
            self.0.push(match &group.kind {
                ast::GroupKind::CaptureName { name, .. } => Some(name.name.clone()),
                _ => None,
            });
        }
        Ok(())
    }
}

/// Rebuilds a tree from its leaves and its groups.
fn rewrite<E>(hir: Hir, groups: Groups, leaf: &impl Fn(Hir) -> Result<Hir, E>) -> Result<Hir, E> {
    let all = |subs: Vec<Hir>| subs.into_iter().map(|sub| rewrite(sub, groups, leaf)).collect::<Result<Vec<_>, E>>();
    Ok(match hir.into_kind() {
        HirKind::Empty => leaf(Hir::empty())?,
        HirKind::Literal(literal) => leaf(Hir::literal(literal.0))?,
        HirKind::Class(class) => leaf(Hir::class(class))?,
        HirKind::Look(look) => leaf(Hir::look(look))?,
        HirKind::Repetition(mut repetition) => {
            repetition.sub = Box::new(rewrite(*repetition.sub, groups, leaf)?);
            Hir::repetition(repetition)
        }
        HirKind::Capture(capture) => {
            let sub = rewrite(*capture.sub, groups, leaf)?;
            match groups {
                Groups::Drop => sub,
                Groups::Keep { add } => {
                    Hir::capture(hir::Capture { index: capture.index + add, name: None, sub: Box::new(sub) })
                }
            }
        }
        HirKind::Concat(subs) => Hir::concat(all(subs)?),
        HirKind::Alternation(subs) => Hir::alternation(all(subs)?),
    })
}

/// The class without an ASCII character; none when nothing else was in it. A class that was empty to begin with stays.
fn without(class: &Class, byte: u8) -> Option<Class> {
    match class {
        Class::Unicode(class) => {
            let (mut rest, char) = (class.clone(), char::from(byte));
            rest.difference(&ClassUnicode::new([ClassUnicodeRange::new(char, char)]));
            (!rest.ranges().is_empty() || class.ranges().is_empty()).then_some(Class::Unicode(rest))
        }
        Class::Bytes(class) => {
            let mut rest = class.clone();
            rest.difference(&ClassBytes::new([ClassBytesRange::new(byte, byte)]));
            (!rest.ranges().is_empty() || class.ranges().is_empty()).then_some(Class::Bytes(rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::matcher::{builder::MatcherBuilder, parse::Case, reach::Reach, terminator::LineTerminator};

    #[test]
    fn by_line_no_class_crosses_a_line_end() {
        let matcher = MatcherBuilder::new().by_line(true).build([r"a[^b]c", r"x\sy", r"(?s)p.q"]).unwrap();
        let mut cache = matcher.create_cache();
        for text in ["a\nc", "x\ny", "p\nq"] {
            assert!(!matcher.is_match(&mut cache, text.as_bytes()), "{text:?}");
        }
        for text in ["a-c", "x y", "p.q"] {
            assert!(matcher.is_match(&mut cache, text.as_bytes()), "{text:?}");
        }
        assert_eq!(matcher.reach(), Reach::Line);
    }

    #[test]
    fn by_line_a_literal_line_end_is_refused() {
        for pattern in [r"a\nb", "a\nb", r"[\n]", r"(xy|\n)"] {
            let error = MatcherBuilder::new().by_line(true).build([pattern]).unwrap_err();
            assert!(error.to_string().contains(r#"the literal "\n" is not allowed"#), "{pattern:?}: {error}");
        }
        assert!(MatcherBuilder::new().by_line(true).fixed_strings(true).build(["a\nb"]).is_err());
        assert!(MatcherBuilder::new().build(["a\nb"]).is_ok());
    }

    #[test]
    fn by_line_the_terminator_decides_what_is_refused() {
        let build = |terminator, pattern: &str| {
            MatcherBuilder::new().line_terminator(terminator).by_line(true).build([pattern])
        };
        assert!(build(LineTerminator::Lf, r"a\rb").is_ok());
        assert!(build(LineTerminator::Crlf, r"a\rb").is_err());
        assert!(build(LineTerminator::Crlf, r"[\r\n]").is_err());
        assert!(build(LineTerminator::Nul, r"a\nb").is_ok());
        assert!(build(LineTerminator::Nul, r"a\x00b").is_err());
        let ends = |terminator, text: &[u8]| {
            let matcher = build(terminator, "^b$").unwrap();
            matcher.is_match(&mut matcher.create_cache(), text)
        };
        assert!(ends(LineTerminator::Lf, b"a\nb\nc") && !ends(LineTerminator::Lf, b"a\nb\r\n"));
        assert!(ends(LineTerminator::Crlf, b"a\r\nb\r\nc") && ends(LineTerminator::Crlf, b"a\nb\n"));
        assert!(ends(LineTerminator::Nul, b"a\0b\0c") && !ends(LineTerminator::Nul, b"a\nb\nc"));
    }

    #[test]
    fn by_line_the_anchors_of_the_text_are_those_of_the_line() {
        let matcher = MatcherBuilder::new().by_line(true).build([r"\Ab\z"]).unwrap();
        assert!(matcher.is_match(&mut matcher.create_cache(), b"a\nb\nc"));
        assert!(!matcher.is_match(&mut matcher.create_cache(), b"ab\nbc"));
    }

    #[test]
    fn by_line_a_lone_cr_ends_no_line() {
        let find = |pattern: &str, text: &[u8]| {
            let mut builder = MatcherBuilder::new();
            let matcher = builder.line_terminator(LineTerminator::Crlf).by_line(true).build([pattern]).unwrap();
            let mut cache = matcher.create_cache();
            let found: Vec<_> = matcher.find_iter(&mut cache, text).map(|m| (m.start, m.end)).collect();
            assert_eq!(matcher.find_on_line(&mut cache, text, 0).is_some(), !found.is_empty(), "{pattern:?}");
            found
        };
        for text in [&b"a\rb"[..], b"a\rb\r\n", b"a\r\rb\n"] {
            let b = text.iter().position(|&byte| byte == b'b').unwrap();
            for (pattern, wanted) in [
                ("^b", vec![]),
                ("a$", vec![]),
                ("^a", vec![(0, 1)]),
                ("b$", vec![(b, b + 1)]),
                ("a$|a|b", vec![(0, 1), (b, b + 1)]),
                (r"a?$|b", vec![(b, b + 1)]),
                (r"(?:a$|)b\b", vec![(b, b + 1)]),
                (r"a\z", vec![]),
                ("(?R:a$)", vec![]),
            ] {
                let found = find(pattern, text);
                let is_end = |&&(start, end): &&(usize, usize)| start == end && start > b;
                // What is empty at the end of the line is another matter.
                let found: Vec<_> = found.iter().filter(|span| !is_end(span)).copied().collect();
                assert_eq!(found, wanted, "{pattern:?} in {:?}", text.escape_ascii().to_string());
            }
        }
        assert_eq!(find("$", b"a\rb\r\n\r\r\n\r"), [(3, 3), (6, 6), (9, 9)]);
    }

    #[test]
    fn by_line_a_record_may_contain_line_ends() {
        let mut builder = MatcherBuilder::new();
        let matcher = builder.line_terminator(LineTerminator::Nul).by_line(true).build(["a.b"]).unwrap();
        let matches = |text: &[u8]| matcher.is_match(&mut matcher.create_cache(), text);
        assert!(matches(b"a\nb\0") && matches(b"a\rb") && !matches(b"a\0b"));
    }

    #[test]
    fn a_pattern_that_needs_a_nul_is_refused_on_request() {
        for pattern in [r"a\x00", r"[\x00]", "a\0b"] {
            let error = MatcherBuilder::new().refuse_nul(true).build([pattern]).unwrap_err();
            assert!(error.is_nul_in_pattern() && error.is_pattern(), "{pattern:?}");
        }
        assert!(MatcherBuilder::new().refuse_nul(true).build([r"[\x00-\x02]"]).is_ok());
    }

    #[test]
    fn smart_case_looks_at_all_literals_together() {
        let matches = |patterns: &[&str], text: &str| {
            let matcher = MatcherBuilder::new().case(Case::Smart).build(patterns).unwrap();
            matcher.is_match(&mut matcher.create_cache(), text.as_bytes())
        };
        assert!(matches(&["foo"], "FOO"));
        assert!(!matches(&["Foo"], "FOO"));
        assert!(!matches(&["foo", "Bar"], "FOO"));
        assert!(!matches(&[r"[A-z]x"], "AX"));
        assert!(matches(&[r"\Sx"], "AX"));
        assert!(!matches(&[r"\w\pL\d"], "fó"));
    }

    #[test]
    fn a_syntax_error_shows_its_position() {
        let error = MatcherBuilder::new().build(["fine", "a(b"]).unwrap_err().to_string();
        assert!(error.contains("    a(b\n     ^"), "{error}");
    }
}
