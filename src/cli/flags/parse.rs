//! From the arguments of the command line, and those of a file of flags, to options.

use std::ffi::{OsStr, OsString};

use lexopt::{Arg, Parser};

use crate::cli::flags::{
    flag::{Flag, Given},
    options::{Options, Shown},
    table::all,
};

/// How much of a name may have to be changed to make another of it that is proposed in its place: one in so many
/// letters.
const CHANGED: usize = 3;

/// Applies the flags to options in their order, and collects the arguments that are no flags.
///
/// # Errors
///
/// When there is no such flag, a value is missing or wrong: what is wrong, in one line.
pub(crate) fn parse(options: &mut Options, arguments: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    let mut parser = Parser::from_args(arguments);
    loop {
        let (flag, is_negation, name) = match parser.next() {
            Ok(None) => return Ok(()),
            Ok(Some(Arg::Value(value))) => {
                options.positional.push(value);
                continue;
            }
            // They say less than the long flags.
            Ok(Some(Arg::Short('h'))) => {
                options.other.show(Shown::Summary);
                continue;
            }
            Ok(Some(Arg::Short('V'))) => {
                options.other.show(Shown::Version);
                continue;
            }
            Ok(Some(Arg::Short(short))) => match all().find(|flag| flag.short == Some(short)) {
                Some(flag) => (flag, false, format!("-{short}")),
                None => return Err(format!("unknown flag '-{short}'")),
            },
            Ok(Some(Arg::Long(long))) => match find(long) {
                Some((flag, is_negation)) => (flag, is_negation, format!("--{long}")),
                None => return Err(unknown(long)),
            },
            Err(error) => return Err(wrong_argument(error)),
        };
        let value;
        let given = match (is_negation, flag.value) {
            (true, _) => Given::Negation,
            (false, None) => Given::Alone,
            (false, Some(_)) => {
                value = parser.value().map_err(|_| format!("'{}' needs a value", flag.shown()))?;
                Given::Value(&value)
            }
        };
        flag.apply(options, given).map_err(|wrong| match given {
            Given::Value(value) => wrong_value(flag, value, &wrong),
            _ => format!("'{name}': {wrong}"),
        })?;
    }
}

/// The flag of this name, and whether the name takes it back.
fn find(long: &str) -> Option<(&'static Flag, bool)> {
    all().find_map(|flag| {
        if flag.long == long || flag.aliases.contains(&long) {
            Some((flag, false))
        } else {
            (flag.negation == Some(long)).then_some((flag, true))
        }
    })
}

fn unknown(long: &str) -> String {
    let names = all().flat_map(|flag| [Some(flag.long), flag.negation].into_iter().flatten());
    let changes = names.map(|name| (strsim::osa_distance(long, name), name));
    let alike = changes.filter(|(changes, name)| *changes <= name.len().max(long.len()).div_ceil(CHANGED));
    match alike.min_by_key(|(changes, _)| *changes) {
        Some((_, name)) => format!("unknown flag '--{long}'; did you mean '--{name}'?"),
        None => format!("unknown flag '--{long}'"),
    }
}

fn wrong_value(flag: &Flag, value: &OsStr, wrong: &str) -> String {
    let value = value.to_string_lossy();
    match flag.words {
        [] => format!("invalid value '{value}' for '{}': {wrong}", flag.shown()),
        words => format!("invalid value '{value}' for '{}' [possible values: {}]", flag.shown(), words.join(", ")),
    }
}

fn wrong_argument(error: lexopt::Error) -> String {
    match error {
        lexopt::Error::UnexpectedValue { option, value } => {
            format!("'{option}' takes no value, and was given '{}'", value.to_string_lossy())
        }
        error => error.to_string(),
    }
}
