//! What patterns need, and that no line that matches is missed.

mod cases;
mod limits;
mod lines;

use memchr::memmem;

use super::condition::Condition;
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
fn holds(condition: &Condition, line: &[u8]) -> bool {
    match condition {
        Condition::Anything => true,
        Condition::Nothing => false,
        Condition::Literal(literal) => memmem::find(&line.to_ascii_lowercase(), literal).is_some(),
        Condition::All(all) => all.iter().all(|condition| holds(condition, line)),
        Condition::Any(any) => any.iter().any(|condition| holds(condition, line)),
    }
}
