//! Regexes of any shape, by the engine that is chosen for them and by the meta engine of regex-automata.

use std::{cell::RefCell, collections::HashMap, fmt};

use arbitrary::Arbitrary;

use super::oracle::engines::Engines;

#[derive(Arbitrary)]
pub struct Case {
    numbers: [u8; 12],
    parts: u8,
    options: u8,
    text: Vec<u8>,
}

impl Case {
    fn regex(&self) -> String {
        let mut numbers = self.numbers.iter().cycle();
        super::oracle::grammar::regex(&mut || numbers.next().copied().unwrap_or(0), 1 + usize::from(self.parts) % 8)
    }

    fn text(&self) -> Vec<u8> {
        super::oracle::grammar::text(self.text.iter().copied().take(100))
    }
}

/// A test that fails as the target did.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "let mut engines = Engines::new({:?}, {:#x}).unwrap();", self.regex(), self.options)?;
        write!(f, "engines.compare(b\"{}\");", self.text().escape_ascii())
    }
}

/// Compiles the regex, or takes it from those of late: compiling takes far longer than a search.
fn with_engines(case: &Case, run: impl FnOnce(&mut Engines)) {
    const KEPT: usize = 200;
    thread_local! {
        static COMPILED: RefCell<HashMap<(String, u8), Option<Engines>>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        if compiled.len() > KEPT {
            compiled.clear();
        }
        let engines = compiled
            .entry((case.regex(), case.options))
            .or_insert_with_key(|(regex, options)| Engines::new(regex, *options));
        engines.as_mut().map(run);
    })
}

/// Checks one case.
pub fn check(case: Case) {
    with_engines(&case, |engines| engines.compare(&case.text()));
}
