//! What one flag is: its names, its help, the value that it takes, and what it does to the options of its theme.

use std::ffi::{OsStr, OsString};

use clap::{
    Arg, ArgAction, ArgMatches, ValueEnum,
    builder::{
        OsStringValueParser, PathBufValueParser, PossibleValue, PossibleValuesParser, StringValueParser,
        TypedValueParser,
    },
    parser::ValueSource,
};

/// A flag that sets options of type `T`.
///
/// A flag is data: the parser and `--help` are made from it, and whatever else lists the flags. Its function `set`
/// assigns to the options. Flags are applied in the order of the command line, so that the last one wins of those that
/// assign to the same option.
#[derive(Debug)]
pub(crate) struct Flag<T: 'static> {
    long: &'static str,
    short: Option<char>,
    alias: Option<&'static str>,
    help: &'static str,
    is_hidden: bool,
    takes: Takes,
    /// What `--help` calls the value.
    name: &'static str,
    requires: Option<&'static str>,
    conflicts: &'static [&'static str],
    overrides: &'static [&'static str],
    set: Set<T>,
}

/// What stands behind a flag.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Takes {
    /// No value.
    Nothing,
    /// No value; each time that the flag is given counts.
    NothingEachTime,
    /// A number. A negative one is a wrong number, not a flag.
    Number,
    /// A path, of any bytes.
    Path,
    /// Any bytes, which may begin with a dash.
    Any,
    /// One of some words, and the one that stands for leaving the flag away.
    Word(fn() -> Vec<PossibleValue>, &'static str),
}

/// A value that is wrong gives a message that says what is wrong.
#[derive(Debug)]
enum Set<T> {
    Switch(fn(&mut T)),
    Text(fn(&mut T, &str) -> Result<(), String>),
    Bytes(fn(&mut T, &OsStr) -> Result<(), String>),
}

impl<T> Flag<T> {
    /// A flag without a value.
    pub(crate) const fn switch(long: &'static str, help: &'static str, set: fn(&mut T)) -> Self {
        Self::new(long, help, Takes::Nothing, "", Set::Switch(set))
    }

    /// A flag with text, which `--help` calls `name`.
    pub(crate) const fn text(
        long: &'static str,
        takes: Takes,
        name: &'static str,
        help: &'static str,
        set: fn(&mut T, &str) -> Result<(), String>,
    ) -> Self {
        Self::new(long, help, takes, name, Set::Text(set))
    }

    /// A flag with any bytes, which `--help` calls `name`.
    pub(crate) const fn bytes(
        long: &'static str,
        takes: Takes,
        name: &'static str,
        help: &'static str,
        set: fn(&mut T, &OsStr) -> Result<(), String>,
    ) -> Self {
        Self::new(long, help, takes, name, Set::Bytes(set))
    }

    const fn new(long: &'static str, help: &'static str, takes: Takes, name: &'static str, set: Set<T>) -> Self {
        let (short, alias, requires) = (None, None, None);
        Flag { long, short, alias, help, is_hidden: false, takes, name, requires, conflicts: &[], overrides: &[], set }
    }

    pub(crate) const fn short(mut self, short: char) -> Self {
        self.short = Some(short);
        self
    }

    /// Another name, which `--help` does not show.
    pub(crate) const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    /// Leaves the flag out of `--help`.
    pub(crate) const fn hidden(mut self) -> Self {
        self.is_hidden = true;
        self
    }

    /// Counts each time that the switch is given.
    pub(crate) const fn each_time(mut self) -> Self {
        self.takes = Takes::NothingEachTime;
        self
    }

    /// The flag without which this one is an error.
    pub(crate) const fn requires(mut self, other: &'static str) -> Self {
        self.requires = Some(other);
        self
    }

    /// The flags with which this one is an error.
    pub(crate) const fn conflicts(mut self, others: &'static [&'static str]) -> Self {
        self.conflicts = others;
        self
    }

    /// The flags that count as not given where this one comes later; their conflicts do not count either. It may be
    /// among them.
    pub(crate) const fn overrides(mut self, others: &'static [&'static str]) -> Self {
        self.overrides = others;
        self
    }
}

impl<T: Default + 'static> Flag<T> {
    /// The flag as the parser knows it.
    pub(crate) fn arg(&self) -> Arg {
        let others = self.overrides.iter().filter(|other| **other != self.long);
        let arg = Arg::new(self.long)
            .long(self.long)
            .short(self.short)
            .aliases(self.alias)
            .help(self.help)
            .hide(self.is_hidden)
            .conflicts_with_all(self.conflicts)
            .overrides_with_all(others);
        let arg = self.requires.iter().fold(arg, |arg, other| arg.requires(other));
        let arg = match self.takes {
            Takes::Nothing => return arg.action(ArgAction::SetTrue).overrides_with(self.long),
            Takes::NothingEachTime => return arg.action(ArgAction::Count),
            Takes::Number => arg.allow_negative_numbers(true),
            Takes::Any => arg.allow_hyphen_values(true),
            Takes::Path => arg,
            Takes::Word(words, default) => {
                let words = PossibleValuesParser::new(words()).map(OsString::from);
                return arg.value_name(self.name).action(ArgAction::Append).value_parser(words).default_value(default);
            }
        };
        // A value is tried on options that nobody uses, so that a wrong one is an error where it stands.
        let set = self.set;
        let check = move |value: OsString| set.apply(&mut T::default(), &value).map(|()| value);
        let arg = arg.value_name(self.name).action(ArgAction::Append);
        match (set, self.takes) {
            (Set::Text(_), _) => arg.value_parser(StringValueParser::new().try_map(move |text| check(text.into()))),
            (_, Takes::Path) => arg.value_parser(PathBufValueParser::new().try_map(move |path| check(path.into()))),
            _ => arg.value_parser(OsStringValueParser::new().try_map(check)),
        }
    }

    /// Where the flag is on the command line, each time with its value.
    fn given<'m>(&self, matches: &'m ArgMatches) -> Vec<(usize, &'m OsStr)> {
        if matches.value_source(self.long) != Some(ValueSource::CommandLine) {
            return vec![];
        }
        let places = matches.indices_of(self.long).into_iter().flatten();
        match self.takes {
            Takes::Nothing => places.map(|place| (place, OsStr::new(""))).collect(),
            Takes::NothingEachTime => {
                let place = places.last().unwrap_or(0);
                vec![(place, OsStr::new("")); matches.get_count(self.long).into()]
            }
            _ => {
                let values = matches.get_many::<OsString>(self.long).into_iter().flatten();
                places.zip(values.map(OsString::as_os_str)).collect()
            }
        }
    }
}

impl<T> Clone for Set<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Set<T> {}

impl<T> Set<T> {
    fn apply(self, options: &mut T, value: &OsStr) -> Result<(), String> {
        match self {
            Set::Switch(set) => set(options),
            Set::Text(set) => set(options, value.to_str().unwrap_or_default())?,
            Set::Bytes(set) => set(options, value)?,
        }
        Ok(())
    }
}

/// The options that these flags set, by what was given.
///
/// # Errors
///
/// When a value is wrong: none that the parser let pass.
pub(crate) fn resolve<T: Default>(flags: &[&[Flag<T>]], matches: &ArgMatches) -> Result<T, String> {
    let flags = flags.iter().copied().flatten();
    let mut given: Vec<_> =
        flags.flat_map(|flag| flag.given(matches).into_iter().map(move |at| (at, flag.set))).collect();
    given.sort_by_key(|((place, _), _)| *place);
    let mut options = T::default();
    for ((_, value), set) in given {
        set.apply(&mut options, value)?;
    }
    Ok(options)
}

/// What the flag takes that has one of the words of an enum, `default` where it is not given.
pub(crate) const fn word<E: ValueEnum>(default: &'static str) -> Takes {
    Takes::Word(|| E::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect(), default)
}

/// The value of an enum that a word stands for.
pub(crate) fn parse_word<E: ValueEnum>(word: &str) -> Result<E, String> {
    E::from_str(word, false)
}

/// Assigns a value that was parsed.
pub(crate) fn set<V>(option: &mut V, parsed: Result<V, String>) -> Result<(), String> {
    *option = parsed?;
    Ok(())
}

/// The options that these flags set, for tests of a theme. The error is what the parser says.
#[cfg(test)]
pub(crate) fn parse<T: Default>(flags: &[&[Flag<T>]], args: &[&str]) -> Result<T, String> {
    let all = || flags.iter().copied().flatten();
    // Flags of other themes that these conflict with.
    let mut others: Vec<_> =
        all().flat_map(|flag| flag.conflicts).filter(|other| all().all(|flag| flag.long != **other)).collect();
    others.sort();
    others.dedup();
    let others = others.into_iter().map(|other| Arg::new(other).long(other));
    let command = clap::Command::new("test").no_binary_name(true).args(all().map(Flag::arg)).args(others);
    command.try_get_matches_from(args).map_err(|error| error.to_string()).and_then(|matches| resolve(flags, &matches))
}
