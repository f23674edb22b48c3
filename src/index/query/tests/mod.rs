//! What patterns need, and that no line that matches is missed.

mod cases;
mod limits;
mod lines;

use memchr::memmem;

use super::needs::Needs;
use crate::matcher::{Case, MatcherBuilder};

/// Options as the letters of the flags that they have in the command: `i`, `S` for smart case, `w`, `x`, `F`, `U`.
fn builder(flags: &str) -> MatcherBuilder {
    let mut builder = MatcherBuilder::new();
    builder.by_line(!flags.contains('U'));
    builder.word(flags.contains('w')).whole_line(flags.contains('x')).fixed_strings(flags.contains('F'));
    builder.case(match () {
        () if flags.contains('i') => Case::Insensitive,
        () if flags.contains('S') => Case::Smart,
        () => Case::Sensitive,
    });
    builder
}

/// As it says, literal by literal, with ASCII letters of the line in lower case.
fn holds(needs: &Needs, line: &[u8]) -> bool {
    match needs {
        Needs::Anything => true,
        Needs::Nothing => false,
        Needs::Literal(literal) => memmem::find(&line.to_ascii_lowercase(), literal).is_some(),
        Needs::All(all) => all.iter().all(|needs| holds(needs, line)),
        Needs::Any(any) => any.iter().any(|needs| holds(needs, line)),
    }
}
