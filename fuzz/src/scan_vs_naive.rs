//! Matches of a parallel scan, of one sequential pass, and of an oracle that shares no code with them.

use std::{cell::RefCell, collections::HashMap, fmt, ops::ControlFlow};

use arbitrary::Arbitrary;
use mapgrep::{
    FileMatch,
    matcher::{Matcher, MatcherBuilder},
    scan::Scanner,
};

use super::oracle::regexes::{REGEXES, REGEXES_BY_LINE};
use super::oracle::{
    matches,
    memory::{memory, pool},
};
use super::shared::Text;

#[derive(Arbitrary)]
enum Patterns {
    Literals { first: Needle, more: Vec<Needle> },
    Regexes { first: u8, more: Option<u8> },
}

/// A literal of one to eight letters.
#[derive(Arbitrary)]
struct Needle {
    letters: [u8; 8],
    length: u8,
}

#[derive(Arbitrary)]
pub struct Case {
    patterns: Patterns,
    by_line: bool,
    chunk: u16,
    threads: u8,
    text: Text,
}

impl Needle {
    fn text(&self) -> String {
        let letters = ["a", "b", "\n", "foo", "a", "é", "x", "b"];
        let length = 1 + usize::from(self.length) % 8;
        self.letters[..length].iter().map(|&letter| letters[usize::from(letter) % 8]).collect()
    }
}

impl Case {
    fn is_fixed(&self) -> bool {
        matches!(self.patterns, Patterns::Literals { .. })
    }

    fn patterns(&self) -> Vec<String> {
        match &self.patterns {
            Patterns::Literals { first, more } => {
                let needles = std::iter::once(first).chain(more.iter().take(5)).map(Needle::text);
                // By line, a needle with a line end is refused.
                needles.map(|needle| if self.by_line { needle.replace('\n', "a") } else { needle }).collect()
            }
            Patterns::Regexes { first, more } => {
                let list = if self.by_line { REGEXES_BY_LINE } else { REGEXES };
                std::iter::once(first).chain(more).map(|&n| list[usize::from(n) % list.len()].to_owned()).collect()
            }
        }
    }

    fn chunk(&self) -> usize {
        usize::from(self.chunk).max(1)
    }

    fn threads(&self) -> usize {
        1 + usize::from(self.threads) % 4
    }
}

/// A test that fails as the target did.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "let text = b\"{}\";", self.text.bytes().unwrap_or_default().escape_ascii())?;
        writeln!(f, "let mut memory = MapOptions::new().len(text.len()).map_anonymous().unwrap();")?;
        writeln!(f, "memory.guarded_mut(0..text.len(), |bytes| bytes.copy_from_slice(text)).unwrap();")?;
        writeln!(f, "let mut builder = MatcherBuilder::new();")?;
        writeln!(f, "builder.fixed_strings({}).by_line({});", self.is_fixed(), self.by_line)?;
        writeln!(f, "let matcher = builder.build({:?}).unwrap();", self.patterns())?;
        writeln!(f, "let wanted: Vec<_> = matcher.find_iter(&mut matcher.create_cache(), text)")?;
        writeln!(f, "    .map(|m| (m.start as u64, m.end as u64)).collect();")?;
        writeln!(f, "let mut found = vec![];")?;
        writeln!(f, "Scanner::new(matcher.clone())")?;
        writeln!(f, "    .chunk_size({})", self.chunk())?;
        writeln!(f, "    .for_each_in(&Pool::new({}), &memory, |m: FileMatch| {{", self.threads())?;
        writeln!(f, "        found.push((m.start, m.end));")?;
        writeln!(f, "        ControlFlow::Continue(())")?;
        writeln!(f, "    }})")?;
        writeln!(f, "    .unwrap();")?;
        writeln!(f, "assert_eq!(found, wanted);")
    }
}

/// The patterns, whether they are fixed strings, and whether they are confined to lines.
type Key = (Vec<String>, bool, bool);

/// What a case is run with.
type Compiled = (Matcher, regex::bytes::Regex);

/// Compiles the patterns, or takes them from those of late: compiling takes far longer than a search.
fn with_compiled<T>(case: &Case, patterns: Vec<String>, run: impl FnOnce(&Compiled) -> T) -> T {
    const KEPT: usize = 200;
    thread_local! {
        static COMPILED: RefCell<HashMap<Key, Compiled>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        if compiled.len() > KEPT {
            compiled.clear();
        }
        let (fixed, by_line) = (case.is_fixed(), case.by_line);
        run(compiled.entry((patterns, fixed, by_line)).or_insert_with_key(|(patterns, ..)| {
            let matcher =
                MatcherBuilder::new().fixed_strings(fixed).by_line(by_line).build(patterns).expect("patterns");
            let regex = if fixed { matches::one_regex(&[""]) } else { matches::one_regex(patterns) };
            (matcher, regex)
        }))
    })
}

/// Checks one case.
pub fn check(case: Case) {
    let Some(text) = case.text.bytes() else { return };
    let patterns = case.patterns();
    with_compiled(&case, patterns.clone(), |(matcher, regex)| {
        let mut cache = matcher.create_cache();
        let whole = matcher.find_iter(&mut cache, &text).map(|m| (m.start, m.end, m.pattern.index()));
        let whole: Vec<_> = whole.collect();
        let wanted = match (case.is_fixed(), case.by_line) {
            (true, _) => matches::literals(&patterns, &text),
            (false, true) => matches::regexes_by_line(regex, &text),
            (false, false) => matches::regexes(regex, &text),
        };
        assert_eq!(whole, wanted, "one pass and the oracle");
        let mut found = vec![];
        Scanner::new(matcher.clone())
            .chunk_size(case.chunk())
            .for_each_in(pool(case.threads()), &memory(&text), |m: FileMatch| {
                found.push((m.start as usize, m.end as usize, m.pattern.index()));
                ControlFlow::Continue(())
            })
            .expect("memory does not change");
        assert_eq!(found, whole, "chunks and one pass");
    });
}
