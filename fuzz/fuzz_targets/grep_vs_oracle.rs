//! Lines that a search of a mapping and of a stream reports, and what they are by definition.

#![no_main]

#[path = "../../tests/oracle/memory.rs"]
mod memory;
#[path = "../../tests/oracle/lines.rs"]
mod oracle;
#[allow(dead_code)] // No parts of texts are wanted here.
mod shared;

use std::{cell::RefCell, collections::HashMap, fmt, io::Read};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mapgrep::{
    grep::{Binary, Flow, Format, GrepBuilder, Line, LineKind},
    matcher::{Matcher, MatcherBuilder},
};
use memory::{memory, pool};
use shared::Text;

const REGEXES: &[&str] = &[
    "foo",
    "a",
    "foo|bx",
    "a+b",
    "^",
    "$",
    "^$",
    "",
    "x*",
    "a??",
    r"\b",
    r"\bfoo\b",
    "^foo",
    "foo$",
    "^a+$",
    r"\w+",
    r"\s",
    "(?i)FOO",
    ".",
    "(?s)a.*b",
    "[^a]",
    "é",
    r"\Afoo",
    r"a\z",
    "\r$",
    ".{3,9}x",
    r"(?-u)\xFF",
    r"\x00",
];

#[derive(Arbitrary)]
struct Case {
    pattern: u8,
    invert: bool,
    before: u8,
    after: u8,
    max_count: Option<u8>,
    chunk: u16,
    threads: u8,
    /// How many bytes a read of the stream brings.
    step: u16,
    text: Text,
}

impl Case {
    fn pattern(&self) -> &'static str {
        REGEXES[usize::from(self.pattern) % REGEXES.len()]
    }

    fn wanted(&self) -> oracle::Wanted {
        oracle::Wanted {
            invert: self.invert,
            before: usize::from(self.before % 6),
            after: usize::from(self.after % 6),
            max_count: self.max_count.map(u64::from),
        }
    }

    fn chunk(&self) -> usize {
        usize::from(self.chunk).max(1)
    }

    fn threads(&self) -> usize {
        1 + usize::from(self.threads) % 4
    }

    fn builder(&self) -> GrepBuilder {
        let wanted = self.wanted();
        let mut builder = GrepBuilder::new();
        builder
            .invert(wanted.invert)
            .before_context(wanted.before)
            .after_context(wanted.after)
            .max_count(wanted.max_count)
            .line_numbers(true)
            .binary(Binary::Text)
            .chunk_size(self.chunk());
        builder
    }
}

/// A test that shows what the target saw.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = self.wanted();
        writeln!(f, "let text = b\"{}\";", self.text.bytes().unwrap_or_default().escape_ascii())?;
        writeln!(f, "let mut memory = MapOptions::new().len(text.len()).map_anonymous().unwrap();")?;
        writeln!(f, "memory.guarded_mut(0..text.len(), |bytes| bytes.copy_from_slice(text)).unwrap();")?;
        writeln!(f, "let matcher = MatcherBuilder::new().by_line(true).build([{:?}]).unwrap();", self.pattern())?;
        writeln!(f, "let mut builder = GrepBuilder::new();")?;
        writeln!(f, "builder.invert({}).max_count({:?});", wanted.invert, wanted.max_count)?;
        writeln!(f, "builder.before_context({}).after_context({});", wanted.before, wanted.after)?;
        writeln!(f, "let grep = builder.line_numbers(true).chunk_size({}).build(matcher).unwrap();", self.chunk())?;
        writeln!(f, "let mut out = vec![];")?;
        writeln!(f, "grep.search_mapping(&memory, &Plain, &Pool::new({}), &mut |bytes| {{", self.threads())?;
        writeln!(f, "    out.extend_from_slice(bytes);")?;
        writeln!(f, "    Flow::Continue")?;
        writeln!(f, "}})")?;
        writeln!(f, ".unwrap();")?;
        writeln!(f, "panic!(\"{{}}\", out.escape_ascii()); // reads of {} bytes", self.step.max(1))
    }
}

/// Number and offset of each line, as the oracle prints them.
struct Printer;

impl Format for Printer {
    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        let mark = if line.kind == LineKind::Match { ':' } else { '-' };
        out.extend_from_slice(format!("{}{mark}{}{mark}", line.number.unwrap_or(0), line.offset).as_bytes());
        out.extend_from_slice(line.bytes.strip_suffix(b"\n").unwrap_or(line.bytes));
        out.push(b'\n');
    }

    fn context_break(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--\n");
    }
}

struct Steps {
    text: Vec<u8>,
    at: usize,
    step: usize,
}

impl Read for Steps {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let rest = &self.text[self.at..];
        let count = buffer.len().min(rest.len()).min(self.step);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Compiled patterns are kept, since compiling takes far longer than a search.
fn compiled(pattern: &'static str) -> (Matcher, regex::bytes::Regex) {
    thread_local! {
        static COMPILED: RefCell<HashMap<&'static str, (Matcher, regex::bytes::Regex)>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        let compile = || {
            let oracle = regex::bytes::RegexBuilder::new(pattern).multi_line(true).build().expect("a valid pattern");
            (MatcherBuilder::new().by_line(true).build([pattern]).expect("a valid pattern"), oracle)
        };
        compiled.entry(pattern).or_insert_with(compile).clone()
    })
}

fuzz_target!(|case: Case| {
    let Some(text) = case.text.bytes() else { return };
    let (matcher, regex) = compiled(case.pattern());
    let (wanted, lines) = oracle::report(&text, |line| regex.is_match(line), case.wanted());
    let grep = case.builder().build(matcher).expect("valid options");
    let pool = pool(case.threads());
    for mapped in [true, false] {
        let mut out = vec![];
        let mut emit = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            Flow::Continue
        };
        let summary = match mapped {
            true => grep.search_mapping(&memory(&text), &Printer, pool, &mut emit),
            false => {
                let reader = Steps { text: text.clone(), at: 0, step: usize::from(case.step.max(1)) };
                grep.search_reader(reader, &Printer, pool, &mut emit)
            }
        };
        let shown = |out: &[u8]| out.escape_ascii().to_string();
        assert_eq!(shown(&out), shown(&wanted), "mapped {mapped}");
        assert_eq!(summary.expect("nothing fails").matched_lines, lines, "mapped {mapped}");
    }
});
