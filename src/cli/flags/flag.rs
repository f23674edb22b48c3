//! What one flag is: its names, its help, the value that it takes, and what it does to the options.

use std::ffi::OsStr;

use crate::cli::flags::options::Options;

/// A flag.
///
/// A flag is data: the parser, `-h`, `--help`, the manual page and the completions are made from it. Its function sets
/// options. Flags are applied in the order of the command line, so that the last one wins of those that set the same
/// option.
#[derive(Debug)]
pub(crate) struct Flag {
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// Other long names, which help does not show.
    pub(crate) aliases: &'static [&'static str],
    /// The long name of the flag that takes this one back.
    pub(crate) negation: Option<&'static str>,
    pub(crate) section: Section,
    /// One line, for `-h`.
    pub(crate) summary: &'static str,
    /// All there is to say, for `--help`.
    pub(crate) help: &'static str,
    /// It is left out of help.
    pub(crate) is_hidden: bool,
    /// What help calls the value; none for a flag without one.
    pub(crate) value: Option<&'static str>,
    /// The values that there are, where these are some words.
    pub(crate) words: &'static [&'static str],
    set: Set,
}

/// Where a flag stands in help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Input,
    Search,
    Part,
    Filter,
    Output,
    Mode,
    Index,
    Logging,
    Other,
}

impl Section {
    /// All sections, in the order of help, and their titles.
    pub(crate) const ALL: [(Section, &'static str); 9] = [
        (Section::Input, "INPUT"),
        (Section::Search, "SEARCH"),
        (Section::Part, "PART OF A FILE"),
        (Section::Filter, "FILES IN DIRECTORIES"),
        (Section::Output, "OUTPUT"),
        (Section::Mode, "KIND OF OUTPUT"),
        (Section::Index, "INDEXES"),
        (Section::Logging, "MESSAGES"),
        (Section::Other, "OTHER"),
    ];
}

/// A value that is wrong gives a message that says what is wrong.
type SetValue = fn(&mut Options, &OsStr) -> Result<(), String>;

#[derive(Clone, Copy, Debug)]
enum Set {
    /// Sets an option; false where the flag is taken back.
    Switch(fn(&mut Options, bool)),
    /// Sets an option by a value; the other function takes the flag back.
    Value(SetValue, fn(&mut Options)),
}

/// How a flag was given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    Alone,
    Value(&'a OsStr),
    Negation,
}

impl Flag {
    /// A flag without a value. Where it has no negation, its function is only ever called with true.
    pub(crate) const fn switch(
        section: Section,
        long: &'static str,
        summary: &'static str,
        help: &'static str,
        set: fn(&mut Options, bool),
    ) -> Self {
        Self::new(section, long, None, (summary, help), Set::Switch(set))
    }

    /// A flag with a value, which help calls by a name: "--long=NAME".
    pub(crate) const fn value(
        section: Section,
        (long, name): (&'static str, &'static str),
        summary: &'static str,
        help: &'static str,
        set: SetValue,
    ) -> Self {
        Self::new(section, long, Some(name), (summary, help), Set::Value(set, |_| ()))
    }

    const fn new(
        section: Section,
        long: &'static str,
        value: Option<&'static str>,
        (summary, help): (&'static str, &'static str),
        set: Set,
    ) -> Self {
        let (short, aliases, negation) = (None, &[], None);
        Flag { long, short, aliases, negation, section, summary, help, is_hidden: false, value, words: &[], set }
    }

    pub(crate) const fn short(mut self, short: char) -> Self {
        self.short = Some(short);
        self
    }

    pub(crate) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The name of the flag that takes back a flag without a value.
    pub(crate) const fn negation(mut self, name: &'static str) -> Self {
        self.negation = Some(name);
        self
    }

    /// The name of the flag that takes back a flag with a value, and what it does.
    pub(crate) const fn negation_of_value(mut self, name: &'static str, reset: fn(&mut Options)) -> Self {
        self.negation = Some(name);
        if let Set::Value(set, _) = self.set {
            self.set = Set::Value(set, reset);
        }
        self
    }

    /// The values that there are.
    pub(crate) const fn words(mut self, words: &'static [&'static str]) -> Self {
        self.words = words;
        self
    }

    /// Leaves the flag out of help.
    pub(crate) const fn hidden(mut self) -> Self {
        self.is_hidden = true;
        self
    }

    /// Sets what the flag sets.
    ///
    /// # Errors
    ///
    /// When the value is wrong: what is wrong with it.
    pub(crate) fn apply(&self, options: &mut Options, given: Given<'_>) -> Result<(), String> {
        match (self.set, given) {
            (Set::Switch(set), Given::Negation) => set(options, false),
            (Set::Switch(set), _) => set(options, true),
            (Set::Value(_, reset), Given::Negation) => reset(options),
            (Set::Value(set, _), Given::Value(value)) => set(options, value)?,
            (Set::Value(set, _), Given::Alone) => set(options, OsStr::new(""))?,
        }
        Ok(())
    }

    /// The flag as messages name it: `--long`, or `--long <VALUE>`.
    pub(crate) fn shown(&self) -> String {
        match self.value {
            Some(value) => format!("--{} <{value}>", self.long),
            None => format!("--{}", self.long),
        }
    }
}
