//! The flags of `mapgrep`.
//!
//! Each theme has a file: its flags, with their help and tests. They set `options`. A new flag is an entry in the table
//! of its theme. Parsing checks what was given and does nothing.

mod config;
pub(crate) mod files;
mod flag;
pub(crate) mod format;
pub(crate) mod generate;
mod help;
pub(crate) mod index;
pub(crate) mod messages;
pub(crate) mod numbers;
pub(crate) mod options;
pub(crate) mod other;
pub(crate) mod output;
mod parse;
pub(crate) mod patterns;
pub(crate) mod performance;
pub(crate) mod ranges;
pub(crate) mod selection;
pub(crate) mod shown;
pub(crate) mod table;
pub(crate) mod text;
mod values;
pub(crate) mod when;

use std::ffi::OsString;

pub(crate) use self::options::Options;

/// Parses a command line, the first argument of which is the name of the program. What the user's file of flags
/// says comes before it.
///
/// # Errors
///
/// When it is wrong: what is wrong, in one line.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Options, String> {
    let arguments: Vec<OsString> = arguments.into_iter().skip(1).collect();
    let mut given = Options::default();
    parse::parse(&mut given, arguments.iter().cloned())?;
    let flags = if given.other.no_config { None } else { config::flags(given.other.config)? };
    let options = match flags {
        None => given,
        Some((path, flags)) => {
            let mut options = Options::default();
            let (lines, flags): (Vec<u64>, Vec<OsString>) = flags.into_iter().unzip();
            parse::parse(&mut options, flags.iter().cloned()).map_err(|wrong| {
                // The first line with which the same is wrong.
                let is_wrong = |&end: &usize| {
                    let parsed = parse::parse(&mut Options::default(), flags[..end].iter().cloned());
                    parsed.is_err_and(|other| other == wrong)
                };
                let end = (1..=flags.len()).find(is_wrong).unwrap_or(flags.len());
                format!("{}:{}: {wrong}", path.display(), lines[end - 1])
            })?;
            parse::parse(&mut options, arguments)?;
            options
        }
    };
    options.check()?;
    Ok(options)
}

/// The options that these arguments set, for the tests of themes.
#[cfg(test)]
pub(crate) fn parsed(args: &[&str]) -> Result<Options, String> {
    parse(["mapgrep", "--no-config"].iter().chain(args).map(OsString::from))
}

#[cfg(test)]
mod tests {
    use super::{options::Mode, table::all, *};
    use mapgrep::grep::Goal;

    fn parse(args: &[&str]) -> Options {
        parsed(args).unwrap()
    }

    fn error(args: &[&str]) -> String {
        parsed(args).unwrap_err()
    }

    /// A name that two flags have would reach the first of them only.
    #[test]
    fn names_are_of_one_flag() {
        let longs = all().flat_map(|flag| flag.aliases.iter().copied().chain([flag.long]).chain(flag.negation));
        let shorts = all().filter_map(|flag| flag.short);
        let mut names: Vec<String> = longs.map(str::to_owned).chain(shorts.map(String::from)).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert!(names.len() == count && count > 100, "{count}");
    }

    #[test]
    fn a_flag_and_its_negation() {
        assert!(!parse(&["-n", "-N", "x"]).line_numbers(true));
        assert!(parse(&["-N", "-n", "x"]).line_numbers(false));
        assert!(parse(&["--column", "x"]).line_numbers(false));
        assert!(!parse(&["--column", "-N", "x"]).line_numbers(true));
    }

    #[test]
    fn counting_follows_from_the_flags_together() {
        assert_eq!(parse(&["-c", "-o", "x"]).mode(), Mode::CountMatches);
        assert_eq!(parse(&["-c", "-o", "-v", "x"]).mode(), Mode::Count);
        assert_eq!(parse(&["--count-matches", "-v", "x"]).mode(), Mode::Count);
        assert_eq!(parse(&["-q", "x"]).goal(), Goal::AnyLine);
        assert_eq!(parse(&["-q", "--stats", "x"]).goal(), Goal::CountMatches);
    }

    #[test]
    fn a_mode_that_does_not_count_conflicts_with_nothing() {
        assert!(error(&["--count-by-pattern", "-v", "x"]).contains("cannot be used with"));
        assert!(error(&["--pattern-ids", "-U", "x"]).contains("cannot be used with"));
        assert_eq!(parse(&["--count-by-pattern", "-v", "-c", "x"]).mode(), Mode::Count);
    }

    #[test]
    fn json_has_numbers_and_statistics() {
        let options = parse(&["--json", "x"]);
        assert!(options.mode() == Mode::Json && options.wants_stats() && options.line_numbers(false));
        assert!(!parse(&["--json", "-N", "x"]).line_numbers(true));
        assert_eq!(parse(&["--json", "-c", "x"]).mode(), Mode::Count);
        assert_eq!(parse(&["--json", "-q", "x"]).goal(), Goal::CountMatches);
    }

    #[test]
    fn each_u_takes_more() {
        assert!(!parse(&["-uu", "x"]).searches_binary());
        assert!(parse(&["-u", "-uu", "x"]).searches_binary() && parse(&["--binary", "x"]).searches_binary());
    }
}
