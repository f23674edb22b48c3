//! What a search tells about itself.

use log::Level;

use crate::cli::flags::{
    flag::{Flag, Section},
    values::set,
    when::When,
};

/// The flags about messages.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::switch(
        Section::Logging,
        "no-messages",
        "Show no messages about files that cannot be read",
        "Show no messages about files that cannot be opened or read, or indexes that cannot be used. The exit status \
         is the same.",
        |o, on| o.messages.no_messages = on,
    )
    .negation("messages"),
    Flag::switch(
        Section::Logging,
        "no-ignore-messages",
        "Show no messages about ignore files",
        "Show no messages about what is wrong with ignore files.",
        |o, on| o.messages.no_ignore_messages = on,
    )
    .negation("ignore-messages"),
    Flag::switch(
        Section::Logging,
        "stats",
        "Show statistics at the end",
        "Show statistics at the end. After a search that stopped early they have the byte at which --range continues \
         it.",
        |o, on| o.messages.stats = on,
    )
    .negation("no-stats"),
    Flag::switch(
        Section::Logging,
        "explain",
        "Tell how the search is run",
        "Explain on standard error how the search is run: the engine for the patterns, and the plan for each large \
         file.",
        |o, _| o.messages.explain = true,
    ),
    Flag::switch(
        Section::Logging,
        "debug",
        "Tell why files are skipped, and more",
        "Tell on standard error what is otherwise of no interest: why files are skipped, and which engine runs.",
        |o, _| o.messages.log = Some(Level::Debug),
    ),
    Flag::switch(
        Section::Logging,
        "trace",
        "Tell even more than --debug",
        "Tell on standard error all that is logged, which is more than --debug tells.",
        |o, _| o.messages.log = Some(Level::Trace),
    ),
    Flag::value(
        Section::Logging,
        ("progress", "WHEN"),
        "When to show progress",
        "Show progress on standard error: always, never, or on a terminal for a search of more than a second, unless \
         lines are shown there (auto, the default).",
        |o, v| set(&mut o.messages.progress, When::of(v)),
    )
    .words(When::WORDS),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::parsed;

    #[test]
    fn progress_takes_a_word() {
        let parsed = |args: &[&str]| parsed(args).map(|options| options.messages);
        assert_eq!(parsed(&["--progress=always", "--stats"]).unwrap().progress, When::Always);
        assert!(parsed(&["--progress=ever"]).unwrap_err().contains("invalid value 'ever'"));
    }
}
