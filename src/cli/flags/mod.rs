//! The flags of `mapgrep`.
//!
//! Each theme has a file: the help, the parser and the tests of its flags, and the options that they set. A new flag is
//! an entry in the table of its theme, and an assignment to an option there. Parsing checks what was given and does
//! nothing.

pub(crate) mod files;
mod flag;
pub(crate) mod format;
pub(crate) mod index;
pub(crate) mod messages;
pub(crate) mod numbers;
pub(crate) mod output;
pub(crate) mod patterns;
pub(crate) mod performance;
pub(crate) mod ranges;
pub(crate) mod selection;
pub(crate) mod text;
pub(crate) mod usage;
pub(crate) mod when;

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command, builder::OsStringValueParser, error::ErrorKind};

use self::{
    files::FileOptions,
    flag::{Flag, resolve},
    format::FormatOptions,
    index::IndexOptions,
    messages::MessageOptions,
    output::{Mode, OutputOptions},
    patterns::PatternOptions,
    performance::PerformanceOptions,
    selection::SelectionOptions,
    text::{BinaryFiles, TextOptions},
};
use mapgrep::grep::Goal;

const ABOUT: &str = "Search files for lines that match a pattern, with all cores in each file";

const LONG_ABOUT: &str = "Search files for lines that match a pattern, with all cores in each file.

Without PATH, standard input is searched, or the current directory when standard input is a terminal. Directories are \
walked; hidden files, binary files, indexes and what .gitignore and similar files name are passed over. Output is in \
file order, whatever the number of threads.

Standard input that is a regular file is searched from its offset on, mapped where that is of use (--last, --reverse, \
--range, --lines, -U, -a, an index), and left at its end, or behind the last line that was wanted (-m, -q, -l). A file \
that is also the output is an error where its lines would be printed; in directories it is passed over.

Exit status: 0 when a line was selected, 1 when none was, 2 when there was an error (with -q, 0 when a line was \
selected in spite of it), 130 when it was interrupted.";

const USAGE: &str = "mapgrep [OPTIONS] PATTERN [PATH...]
       mapgrep [OPTIONS] -e PATTERN... [PATH...]
       mapgrep [OPTIONS] -f FILE... [PATH...]";

/// The argument that is no flag.
const POSITIONAL: &str = "PATTERN|PATH";

const POSITIONAL_HELP: &str =
    "The pattern, unless -e or -f is given; then files and directories to search. \"-\" is standard input";

/// What was asked for, theme by theme.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The pattern, unless there are others, and paths.
    pub(crate) positional: Vec<OsString>,
    pub(crate) patterns: PatternOptions,
    pub(crate) text: TextOptions,
    pub(crate) selection: SelectionOptions,
    pub(crate) output: OutputOptions,
    pub(crate) format: FormatOptions,
    pub(crate) files: FileOptions,
    pub(crate) index: IndexOptions,
    pub(crate) performance: PerformanceOptions,
    pub(crate) messages: MessageOptions,
}

/// The flags for the parser and for `--help`, in its order.
pub(crate) fn command() -> Command {
    fn args<T: Default>(flags: &'static [Flag<T>]) -> impl Iterator<Item = Arg> {
        flags.iter().map(Flag::arg)
    }
    Command::new("mapgrep")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .override_usage(USAGE)
        .max_term_width(100)
        .arg(
            Arg::new(POSITIONAL)
                .value_name(POSITIONAL)
                .help(POSITIONAL_HELP)
                .action(ArgAction::Append)
                .num_args(1..)
                .value_parser(OsStringValueParser::new()),
        )
        .args(args(patterns::FLAGS))
        .args(args(text::LINE_ENDS))
        .args(args(selection::INVERT))
        .args(args(format::NUMBERS))
        .args(args(output::FLAGS))
        .args(args(format::MATCHES))
        .args(args(selection::LIMITS))
        .args(args(format::LINES))
        .args(args(text::BINARY))
        .args(args(selection::RANGES))
        .args(args(index::FLAGS))
        .args(args(selection::FROM_THE_END))
        .args(args(performance::FLAGS))
        .args(args(files::FLAGS))
        .args(args(messages::FLAGS))
}

impl Options {
    /// Parses a command line, the first argument of which is the name of the program.
    ///
    /// # Errors
    ///
    /// When it is wrong, and for `--help` and `--version`: what there is to print.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Options, clap::Error> {
        let mut command = command();
        let matches = command.try_get_matches_from_mut(arguments)?;
        Self::resolve(&matches).map_err(|message| command.error(ErrorKind::ValueValidation, message))
    }

    fn resolve(matches: &ArgMatches) -> Result<Options, String> {
        let positional = matches.get_many(POSITIONAL).into_iter().flatten().cloned().collect();
        Ok(Options {
            positional,
            patterns: resolve(&[patterns::FLAGS], matches)?,
            text: resolve(&[text::LINE_ENDS, text::BINARY], matches)?,
            selection: resolve(
                &[selection::INVERT, selection::LIMITS, selection::RANGES, selection::FROM_THE_END],
                matches,
            )?,
            output: resolve(&[output::FLAGS], matches)?,
            format: resolve(&[format::NUMBERS, format::MATCHES, format::LINES], matches)?,
            files: resolve(&[files::FLAGS], matches)?,
            index: resolve(&[index::FLAGS], matches)?,
            performance: resolve(&[performance::FLAGS], matches)?,
            messages: resolve(&[messages::FLAGS], matches)?,
        })
    }

    /// What is shown of a file. Which matches are counted depends on which lines are selected.
    pub(crate) fn mode(&self) -> Mode {
        // Lines that do not match hold no matches to count.
        let has_matches = !self.selection.invert_match;
        match self.output.mode {
            Mode::CountMatches if !has_matches => Mode::Count,
            Mode::Count if has_matches && self.format.only_matching => Mode::CountMatches,
            mode => mode,
        }
    }

    /// What a search has to find out for what is shown.
    pub(crate) fn goal(&self) -> Goal {
        use Mode::{Count, CountByPattern, CountMatches, FilesWithMatches, FilesWithoutMatch, Json, Lines};
        match (self.output.quiet, self.mode(), self.wants_stats()) {
            // Statistics want every match counted.
            (true, _, true) | (_, Count | FilesWithMatches | FilesWithoutMatch, true) => Goal::CountMatches,
            (true, _, _) | (_, FilesWithMatches | FilesWithoutMatch, _) => Goal::AnyLine,
            (_, Count, _) => Goal::CountLines,
            (_, CountMatches, _) => Goal::CountMatches,
            (_, Lines | Json | CountByPattern, _) => Goal::Lines,
        }
    }

    /// Whether it matters which of the patterns matched.
    pub(crate) fn tells_patterns_apart(&self) -> bool {
        !self.output.quiet
            && match self.mode() {
                Mode::CountByPattern => true,
                Mode::Lines | Mode::Json => self.output.pattern_ids,
                _ => false,
            }
    }

    /// Whether there are statistics at the end.
    pub(crate) fn wants_stats(&self) -> bool {
        self.messages.stats || self.mode() == Mode::Json
    }

    /// Whether lines are numbered; `by_default` where no flag says so.
    pub(crate) fn line_numbers(&self, by_default: bool) -> bool {
        let by_default = self.format.column || by_default || self.mode() == Mode::Json;
        self.goal() == Goal::Lines && self.format.line_number.unwrap_or(by_default)
    }

    /// Whether binary files in directories are searched to their end.
    pub(crate) fn searches_binary(&self) -> bool {
        self.text.binary == BinaryFiles::Search || self.files.unrestricted >= 3
    }

    /// Whether messages are shown that are no errors.
    pub(crate) fn shows_notes(&self) -> bool {
        !(self.output.quiet || self.messages.no_messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Options {
        Options::parse(["mapgrep"].iter().chain(args).map(OsString::from)).unwrap()
    }

    fn error(args: &[&str]) -> String {
        Options::parse(["mapgrep"].iter().chain(args).map(OsString::from)).unwrap_err().to_string()
    }

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
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
