//! Replacing matches: what the groups of a pattern captured, put into a text.
//!
//! A search knows nothing of groups, for engines pay for them. When a line is to be shown with its matches replaced,
//! the matches are known; each is matched once more, by an engine that keeps groups and looks at nothing else.

use std::{fmt, ops::Range};

use regex_automata::{
    Anchored, Input,
    meta::{Cache, Regex},
    util::{captures::Captures, pool::Pool},
};
use regex_syntax::hir::Hir;

use crate::{
    error::Error,
    matcher::{
        parse::Grouped,
        regex::{engine, pcre2::Pcre2},
        search::Matcher,
        strategy::Strategy,
        syntax::translate::{self, Groups},
        terminator::LineTerminator,
    },
    span::Span,
};

/// Puts a text in the place of matches. In it, `$1` or `${1}` stands for what the first group of the pattern matched,
/// `$name` or `${name}` for what the group of that name did, `$0` for the whole match, and `$$` for a dollar sign. A
/// name is as long as it can be: `$1a` is a group named `1a`. What no group matched is empty.
///
/// Made by [`Matcher::replacer`]. Threads share it without waiting for each other.
pub struct Replacer {
    template: Vec<Part>,
    /// Only where the text refers to a group.
    engine: Option<Engine>,
    /// What the lines end with that matches were confined to.
    by_line: Option<LineTerminator>,
    scratch: Pool<Scratch, MakeScratch>,
}

type MakeScratch = fn() -> Scratch;

/// What finds groups.
enum Engine {
    Meta(Regex),
    Pcre2(Pcre2),
}

/// What one replacement needs, kept for the next one.
#[derive(Default)]
struct Scratch {
    /// None before the first use, and after a panic of the engine.
    engine: Option<Box<(Cache, Captures)>>,
    text: Vec<u8>,
    replaced: Vec<Span>,
}

/// A piece of the text to put in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    WholeMatch,
    /// One of these groups: patterns may have groups of the same name, of which no more than one matches.
    Groups(Vec<usize>),
}

impl fmt::Debug for Replacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replacer").field("template", &self.template).finish_non_exhaustive()
    }
}

impl Matcher {
    /// A replacer that puts `replacement` in the place of matches of this matcher. Groups are counted through all
    /// patterns, as if they were one: the first group of the second pattern comes after the last one of the first.
    ///
    /// # Errors
    ///
    /// [`is_pattern`](Error::is_pattern) when the patterns are too large with their groups. A reference to a group that
    /// does not exist is no error: it stands for nothing.
    ///
    /// # Complexity
    ///
    /// Where the text refers to groups, the patterns are compiled once more, with their groups.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{matcher::MatcherBuilder, Span};
    ///
    /// let matcher = MatcherBuilder::new().build([r"(\w+)@(?<host>\w+)"])?;
    /// let replacer = matcher.replacer("$host:$1")?;
    /// let line = b"from ann@home to bob@work";
    /// let found: Vec<Span> = matcher.find_iter(&mut matcher.create_cache(), line).map(|m| m.span()).collect();
    /// replacer.replace(line, &found, |text, replaced| {
    ///     assert_eq!(text, b"from home:ann to work:bob");
    ///     assert_eq!(&text[replaced[1].range()], b"work:bob");
    /// });
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn replacer(&self, replacement: impl AsRef<[u8]>) -> Result<Replacer, Error> {
        let replacement = replacement.as_ref();
        let (template, engine) = match (&self.strategy, &self.grouped) {
            (Strategy::Pcre2(pcre2), _) => {
                let template = parse(replacement, pcre2.group_names());
                let engine = refers_to_groups(&template).then(|| Engine::Pcre2(pcre2.clone()));
                (template, engine)
            }
            (_, Some(grouped)) => compile(grouped, replacement)?,
            (_, None) => (parse(replacement, &[]), None),
        };
        let by_line = self.by_line.then_some(self.terminator);
        Ok(Replacer { template, engine, by_line, scratch: Pool::new(Scratch::default) })
    }
}

impl Replacer {
    /// Hands a text and the places of all replacements in it to `read`: the haystack with `matches` replaced. A
    /// haystack that matches were confined to a line of may come with its terminator.
    ///
    /// The matches are those of a matcher with the same options and patterns, in order.
    ///
    /// # Panics
    ///
    /// Panics when a match does not lie in the haystack, or begins before the end of the one before.
    ///
    /// # Complexity
    ///
    /// Linear in the haystack and what is put in; where the text refers to groups, the engine runs once over each
    /// match.
    pub fn replace<T>(&self, haystack: &[u8], matches: &[Span], read: impl FnOnce(&[u8], &[Span]) -> T) -> T {
        let mut scratch = self.scratch.get();
        let Scratch { engine, text, replaced } = &mut *scratch;
        text.clear();
        replaced.clear();
        let mut at = 0;
        for m in matches {
            text.extend_from_slice(&haystack[at..m.start]);
            let start = text.len();
            self.expand_with(engine, haystack, (at, *m), text);
            at = m.end;
            replaced.push(Span::new(start, text.len()));
        }
        text.extend_from_slice(&haystack[at..]);
        read(text, replaced)
    }

    /// Appends what stands in the place of one match in a haystack, as for [`replace`](Replacer::replace).
    ///
    /// # Panics
    ///
    /// Panics when the match does not lie in the haystack.
    ///
    /// # Complexity
    ///
    /// Linear in the match and what is appended, however long the haystack is.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::{matcher::MatcherBuilder, Span};
    ///
    /// let replacer = MatcherBuilder::new().build([r"(\w+)@(\w+)"])?.replacer("$2:$1")?;
    /// let mut text = vec![];
    /// replacer.expand(b"from ann@home", Span::new(5, 13), &mut text);
    /// assert_eq!(text, b"home:ann");
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn expand(&self, haystack: &[u8], found: Span, text: &mut Vec<u8>) {
        self.expand_with(&mut self.scratch.get().engine, haystack, (found.start, found), text);
    }

    /// `from` is where the search began that found the match.
    fn expand_with(
        &self,
        engine: &mut Option<Box<(Cache, Captures)>>,
        haystack: &[u8],
        (from, found): (usize, Span),
        text: &mut Vec<u8>,
    ) {
        let content = &haystack[..self.content_end(haystack)];
        let regex = match &self.engine {
            None => return self.interpolate(haystack, found, |_| None, text),
            Some(Engine::Pcre2(pcre2)) => {
                let groups = pcre2.groups(content, from, found);
                return self.interpolate(haystack, found, |group| groups.as_ref()?.get(group), text);
            }
            Some(Engine::Meta(regex)) => regex,
        };
        // Taken out, so that what a panic leaves behind is not used again.
        let mut running = engine.take().unwrap_or_else(|| Box::new((regex.create_cache(), regex.create_captures())));
        let (cache, captures) = &mut *running;
        find_groups(regex, cache, captures, content, found.range());
        let group = |group| captures.get_group(group).map(|span| Span::new(span.start, span.end));
        self.interpolate(haystack, found, group, text);
        *engine = Some(running);
    }

    fn interpolate(&self, haystack: &[u8], found: Span, group: impl Fn(usize) -> Option<Span>, text: &mut Vec<u8>) {
        for part in &self.template {
            match part {
                Part::Text(bytes) => text.extend_from_slice(bytes),
                Part::WholeMatch => text.extend_from_slice(&haystack[found.range()]),
                Part::Groups(groups) => {
                    if let Some(span) = groups.iter().copied().find_map(&group) {
                        text.extend_from_slice(&haystack[span.range()]);
                    }
                }
            }
        }
    }

    /// Where the text ends that the search looked at: a pattern may match at the end of a line that it does not match
    /// at in front of a terminator.
    fn content_end(&self, haystack: &[u8]) -> usize {
        self.by_line.map_or(haystack.len(), |terminator| terminator.strip(haystack).len())
    }
}

/// Finds what the groups of a known match are. Where it ends is known too; what is behind can be looked at, and nothing
/// else is tried.
fn find_groups(regex: &Regex, cache: &mut Cache, captures: &mut Captures, content: &[u8], found: Range<usize>) {
    captures.set_pattern(None);
    if found.end <= content.len() {
        let input = Input::new(content).range(found).anchored(Anchored::Yes);
        regex.search_captures_with(cache, &input, captures);
    }
}

/// A replacement, and an engine that keeps groups where it refers to one. The engine is only ever run on known matches,
/// so that nothing in it is for finding them.
fn compile(Grouped { options, patterns }: &Grouped, replacement: &[u8]) -> Result<(Vec<Part>, Option<Engine>), Error> {
    let asts = options.asts(patterns)?;
    let (mut names, mut before) = (vec![], vec![]);
    for (_, ast) in &asts {
        before.push(names.len());
        names.extend(translate::group_names(ast));
    }
    let template = parse(replacement, &names);
    if !refers_to_groups(&template) {
        return Ok((template, None));
    }
    let syntax = options.syntax(options.ignores_case(patterns)?);
    let hirs = asts.iter().zip(before).map(|((text, ast), before)| {
        // The parser allows for fewer groups than fit into 32 bits, as the length of a pattern does.
        let groups = Groups::Keep { add: u32::try_from(before).unwrap_or(u32::MAX / 2) };
        options.confine(syntax.translate(text, ast)?, groups)
    });
    let mut hir = options.wrap_one(Hir::alternation(hirs.collect::<Result<Vec<_>, _>>()?));
    if options.by_line {
        hir = translate::for_one_line(hir, options.terminator);
    }
    let config = Regex::config()
        .utf8_empty(false)
        .line_terminator(options.terminator.byte())
        .nfa_size_limit(Some(engine::NFA_SIZE_LIMIT))
        .onepass_size_limit(Some(10 << 20))
        .auto_prefilter(false)
        .hybrid(false)
        .dfa(false);
    let regex = Regex::builder().configure(config).build_from_hir(&hir).map_err(|e| engine::refused(&e))?;
    Ok((template, Some(Engine::Meta(regex))))
}

fn refers_to_groups(template: &[Part]) -> bool {
    template.iter().any(|part| matches!(part, Part::Groups(_)))
}

/// Takes a text apart at its references.
fn parse(text: &[u8], names: &[Option<String>]) -> Vec<Part> {
    let mut parts = vec![];
    let mut literal = vec![];
    let mut rest = text;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        literal.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(behind) = rest.strip_prefix(b"$") {
            literal.push(b'$');
            rest = behind;
            continue;
        }
        let Some((name, behind)) = reference(rest) else {
            literal.push(b'$');
            continue;
        };
        rest = behind;
        if let Some(part) = part(name, names) {
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(part);
        }
    }
    literal.extend_from_slice(rest);
    if !literal.is_empty() {
        parts.push(Part::Text(literal));
    }
    parts
}

/// The name behind a dollar sign, and what follows it; none where there is no name, or no brace that closes it.
fn reference(text: &[u8]) -> Option<(&str, &[u8])> {
    let braced = text.strip_prefix(b"{");
    let start = braced.unwrap_or(text);
    let len = start.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let (name, behind) = start.split_at(len);
    let behind = if braced.is_some() { behind.strip_prefix(b"}")? } else { behind };
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    Some((name, behind))
}

/// What a name stands for; none for a group that does not exist.
fn part(name: &str, names: &[Option<String>]) -> Option<Part> {
    let groups: Vec<usize> = match name.parse::<u32>() {
        Ok(0) => return Some(Part::WholeMatch),
        Ok(number) => Some(number as usize).filter(|&number| number <= names.len()).into_iter().collect(),
        Err(_) => {
            let is_named = |other: &Option<String>| other.as_deref() == Some(name);
            names.iter().enumerate().filter(|(_, other)| is_named(other)).map(|(i, _)| i + 1).collect()
        }
    };
    (!groups.is_empty()).then_some(Part::Groups(groups))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::builder::MatcherBuilder;

    fn replaced(builder: &MatcherBuilder, patterns: &[&str], replacement: &str, line: &str) -> String {
        let matcher = builder.build(patterns).unwrap();
        let replacer = matcher.replacer(replacement).unwrap();
        let content = line.trim_end_matches(['\r', '\n']);
        let found: Vec<Span> =
            matcher.find_iter(&mut matcher.create_cache(), content.as_bytes()).map(|m| m.span()).collect();
        replacer.replace(line.as_bytes(), &found, |text, spans| {
            assert_eq!(spans.len(), found.len());
            // What is between the replacements is what was between the matches.
            let kept = |text: &[u8], spans: &[Span]| {
                let mut at = 0;
                let mut kept = vec![];
                for span in spans {
                    kept.push(text[at..span.start].to_vec());
                    at = span.end;
                }
                kept.push(text[at..].to_vec());
                kept
            };
            assert_eq!(kept(text, spans), kept(line.as_bytes(), &found));
            String::from_utf8_lossy(text).into_owned()
        })
    }

    #[test]
    fn groups_are_those_of_the_regex_crate() {
        let patterns =
            [r"(\w)(\w*)", "(a)|(b)", "(?<x>a+)(?<y>b*)?", "x*", r"\b", "()", "(a){0}(b)", "((a)(b)?)+", "$", "^(.)"];
        let templates = ["<$0>", "[$1]", "${2}_${1}", "$x-$y", "$$1", "$", "a$1b", "${1}b", "$9", "$nope", "", "$1$1"];
        for pattern in patterns {
            let oracle = ::regex::bytes::Regex::new(pattern).unwrap();
            for template in templates {
                for line in ["", "abc", "aab b", "xxaxx", "ab ab ba", "- aabb -"] {
                    let wanted = oracle.replace_all(line.as_bytes(), template.as_bytes()).into_owned();
                    let wanted = String::from_utf8(wanted).unwrap();
                    let got = replaced(&MatcherBuilder::new(), &[pattern], template, line);
                    assert_eq!(got, wanted, "{pattern:?} by {template:?} in {line:?}");
                }
            }
        }
    }

    #[test]
    fn groups_are_counted_through_all_patterns() {
        let patterns = ["(a)(b)", "c(?<n>d)", "(?:e)(?<n>f)"];
        for merge in [false, true] {
            let mut builder = MatcherBuilder::new();
            builder.merge(merge);
            assert_eq!(replaced(&builder, &patterns, "<$2$3$4>", "ab cd ef"), "<b> <d> <f>");
            // The name is that of the pattern that matched.
            assert_eq!(replaced(&builder, &patterns, "<$n>", "ab cd ef"), "<> <d> <f>");
        }
    }

    #[test]
    fn the_options_are_those_of_the_search() {
        let mut builder = MatcherBuilder::new();
        builder.by_line(true);
        assert_eq!(
            replaced(builder.clone().word(true), &["(fo+)"], "<$1>", "foo foobar foo\n"),
            "<foo> foobar <foo>\n"
        );
        assert_eq!(replaced(builder.clone().whole_line(true), &["(a)(b)?", "x"], "$2$1", "ab\n"), "ba\n");
        assert_eq!(
            replaced(builder.clone().case(crate::matcher::Case::Insensitive), &["(k)"], "<$1>", "K\u{212a}\n"),
            "<K><\u{212a}>\n"
        );
        assert_eq!(replaced(builder.clone().fixed_strings(true), &["(a)", "$1"], "$0$1!", "(a) $1\n"), "(a)! $1!\n");
        assert_eq!(replaced(&builder, &["(b)$"], "<$1>", "ab\n"), "a<b>\n");
        let mut crlf = builder.clone();
        crlf.line_terminator(LineTerminator::Crlf);
        assert_eq!(replaced(&crlf, &["(b)$"], "<$1>", "ab\r\n"), "a<b>\r\n");
        assert_eq!(replaced(&builder, &[r"(\bb)"], "<$1>", "ab b\n"), "ab <b>\n");
    }

    #[test]
    fn what_looks_around_sees_what_the_search_saw() {
        let builder = MatcherBuilder::new();
        assert_eq!(replaced(&builder, &[r"\B(b)\b"], "<$1>", "ab bb b"), "a<b> b<b> b");
        assert_eq!(replaced(&builder, &[r"(a|ab)(c|bcd)?(?:\b|$)"], "[$1,$2]", "abcd"), "[a,bcd]");
    }

    #[test]
    fn references_are_taken_as_far_as_they_go() {
        let names = [Some("a".to_owned()), None, Some("1x".to_owned()), Some("a".to_owned())];
        let parsed = |text: &str| parse(text.as_bytes(), &names);
        let text = |text: &str| Part::Text(text.into());
        assert_eq!(parsed("$1x$2y"), [Part::Groups(vec![3])]);
        assert_eq!(parsed("${1}x"), [Part::Groups(vec![1]), text("x")]);
        assert_eq!(parsed("$a"), [Part::Groups(vec![1, 4])]);
        assert_eq!(parsed("$$a$ $-${a"), [text("$a$ $-${a")]);
        assert_eq!(parsed("$0$00x"), [Part::WholeMatch]);
        assert_eq!(parsed("x${a-b}${}$5y"), [text("x${a-b}${}")]);
        assert_eq!(parsed("$4294967296"), []);
    }

    #[test]
    fn without_references_no_engine_is_built() {
        let matcher = MatcherBuilder::new().build(["(a)"]).unwrap();
        assert!(matcher.replacer("x$0$7").unwrap().engine.is_none());
        assert!(matcher.replacer("$1").unwrap().engine.is_some());
    }

    #[test]
    fn threads_share_a_replacer() {
        let replacer = MatcherBuilder::new().build(["(a)(b)"]).unwrap().replacer("$2$1").unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        replacer.replace(b"xab", &[Span::new(1, 3)], |text, _| assert_eq!(text, b"xba"));
                    }
                });
            }
        });
    }
}
