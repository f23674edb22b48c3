//! What a search tells about itself.

use crate::cli::flags::{
    flag::{self, parse_word, set, word},
    when::When,
};

/// What a search tells about itself.
#[derive(Debug, Default)]
pub(crate) struct MessageOptions {
    pub(crate) no_messages: bool,
    pub(crate) stats: bool,
    pub(crate) explain: bool,
    pub(crate) progress: When,
}

type Flag = flag::Flag<MessageOptions>;

/// The flags, in the order of `--help`.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::switch(
        "no-messages",
        "Show no messages about files that cannot be opened or read, of which the exit status still tells, nor about \
         indexes that cannot be relied on",
        |o| o.no_messages = true,
    ),
    Flag::switch(
        "stats",
        "Show statistics at the end, and where the search stopped if that was before the end: --range goes on from \
         there",
        |o| o.stats = true,
    ),
    Flag::switch(
        "explain",
        "Tell on standard error how the search is run: the engine for the patterns, and the plan for each large file",
        |o| o.explain = true,
    ),
    Flag::text(
        "progress",
        word::<When>("auto"),
        "WHEN",
        "Show progress on standard error: on a terminal, for a search of more than a second, unless lines are shown \
         there",
        |o, v| set(&mut o.progress, parse_word(v)),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::flag::parse;

    #[test]
    fn progress_takes_a_word() {
        let parsed = |args: &[&str]| parse::<MessageOptions>(&[FLAGS], args);
        assert_eq!(parsed(&["--progress=always", "--stats"]).unwrap().progress, When::Always);
        assert!(parsed(&["--progress=ever"]).unwrap_err().contains("invalid value 'ever'"));
    }
}
